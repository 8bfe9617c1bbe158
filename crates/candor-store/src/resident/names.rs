//! Names as small numbers.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;

/// A list of distinct names; the place in the list is the code. Codes are never reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    list: Vec<Arc<str>>,
    codes: HashMap<Arc<str>, u32, RandomState>,
}

impl Names {
    pub(crate) fn from_list(list: Vec<Arc<str>>) -> Names {
        let codes = list.iter().enumerate().map(|(i, name)| (name.clone(), i as u32)).collect();
        Names { list, codes }
    }

    pub(crate) fn list(&self) -> &[Arc<str>] {
        &self.list
    }

    pub(crate) fn code(&self, name: &str) -> Option<u32> {
        self.codes.get(name).copied()
    }

    pub(crate) fn name(&self, code: u32) -> &Arc<str> {
        &self.list[code as usize]
    }

    pub(crate) fn intern(names: &mut Arc<Names>, name: &str) -> u32 {
        if let Some(code) = names.code(name) {
            return code;
        }
        let names = Arc::make_mut(names);
        let (name, code): (Arc<str>, u32) = (name.into(), names.list.len() as u32);
        names.list.push(name.clone());
        names.codes.insert(name, code);
        code
    }
}

/// Codes of the names of a batch, of events and of properties apart.
#[derive(Default)]
pub(crate) struct BatchCodes {
    pub(crate) events: Codes,
    pub(crate) properties: Codes,
}

/// The codes of names by where they stand. The events of a batch share their names' texts; each
/// text is held here, so that no other takes its place meanwhile.
#[derive(Default)]
pub(crate) struct Codes(HashMap<usize, (Arc<str>, u32), RandomState>);

impl Codes {
    pub(crate) fn of(&mut self, name: &Arc<str>, code_of: impl FnOnce(&str) -> u32) -> u32 {
        let place = name.as_ptr() as usize;
        match self.0.get(&place) {
            Some((_, code)) => *code,
            None => {
                let code = code_of(name);
                self.0.insert(place, (name.clone(), code));
                code
            }
        }
    }
}
