//! One pass over all people: volumes are the unit of parallel work, partial results are merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use candor_event::Value;
use candor_store::{Run, Scratch, View, VolumeView};

use crate::error::Error;

/// A way to stop a question: clone it, and call [`Cancel::stop`] from anywhere.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the question to end soon with [`Error::Cancelled`].
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Looks once in every `per` steps whether to end.
    pub(crate) fn look(&self, step: usize, per: usize) -> Result<(), Error> {
        match step.is_multiple_of(per) && self.stopped() {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// People between two looks at the cancel flag.
const PEOPLE_PER_LOOK: u32 = 256;

/// Folds every visible person of every volume into a partial result per volume.
pub(crate) fn scan<P: Send>(
    view: &View,
    cancel: &Cancel,
    new: impl Fn(&VolumeView) -> P + Sync,
    fold: impl Fn(&mut P, &VolumeView, u32, Run<'_>) + Sync,
) -> Result<Vec<P>, Error> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, P)>> = Mutex::new(Vec::new());
    let work = || {
        let mut scratch = Scratch::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(volume) = view.volumes.get(index) else { return };
            let mut partial = new(volume);
            for ordinal in 0..volume.people() {
                if ordinal % PEOPLE_PER_LOOK == 0 && cancel.stopped() {
                    return;
                }
                if volume.visible(ordinal) {
                    let run = volume.run(ordinal, &mut scratch);
                    fold(&mut partial, volume, ordinal, run);
                }
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, partial));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 1..threads.min(view.volumes.len()) {
            scope.spawn(work);
        }
        work();
    });
    if cancel.stopped() {
        return Err(Error::Cancelled);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, partial)| partial).collect())
}

/// A breakdown's key: a value per property, none where it is missing.
pub(crate) type Key = Vec<Option<Value>>;

/// Distinct keys of one volume as small numbers. A column holds each value once, so its address
/// stands for it; only an address not seen yet is looked at.
#[derive(Default)]
pub(crate) struct Keys {
    addresses: std::collections::HashMap<Vec<usize>, u32>,
    texts: std::collections::HashMap<String, u32>,
    pub(crate) keys: Vec<Key>,
    buffer: Vec<usize>,
}

impl Keys {
    pub(crate) fn place<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v Value>> + Clone,
    ) -> u32 {
        self.buffer.clear();
        self.buffer.extend(values.clone().map(|v| v.map_or(0, |v| std::ptr::from_ref(v).addr())));
        if let Some(place) = self.addresses.get(&self.buffer) {
            return *place;
        }
        let key: Key = values.map(|value| value.cloned()).collect();
        let keys = &mut self.keys;
        let place = *self.texts.entry(text_of(&key)).or_insert_with(|| {
            keys.push(key);
            keys.len() as u32 - 1
        });
        self.addresses.insert(self.buffer.clone(), place);
        place
    }
}

/// A text that is the same for the same key and sorts keys in a stable order.
pub(crate) fn text_of(key: &Key) -> String {
    serde_json::to_string(key).unwrap_or_default()
}
