//! The people of a volume: ordinals, traits, and who is hidden.

use std::collections::HashMap;
use std::sync::Arc;

use candor_event::{PersonId, Timestamp, TraitOp, Value};

/// One trait: its name's code, when it was said, and its value (none: unset since then).
pub(crate) type Trait = (u32, Timestamp, Option<Value>);

/// The people of one volume. Ordinals count from 0 in the order of first sight and are never
/// reused; a person who comes back after an erasure gets a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    ids: Vec<PersonId>,
    ordinals: HashMap<PersonId, u32>,
    /// Own traits, by name's code ascending.
    traits: Vec<Arc<Vec<Trait>>>,
    /// Traits of people folded into this one, the latest of each name.
    borrowed: HashMap<u32, Arc<Vec<Trait>>>,
    hidden: Vec<bool>,
}

impl People {
    pub(crate) fn len(&self) -> u32 {
        self.ids.len() as u32
    }

    pub(crate) fn id(&self, ordinal: u32) -> PersonId {
        self.ids[ordinal as usize]
    }

    pub(crate) fn ordinal(&self, person: PersonId) -> Option<u32> {
        self.ordinals.get(&person).copied()
    }

    /// The ordinal of a person, new if this is the first sight.
    pub(crate) fn admit(people: &mut Arc<People>, person: PersonId) -> u32 {
        if let Some(ordinal) = people.ordinal(person) {
            return ordinal;
        }
        Arc::make_mut(people).push(person)
    }

    /// Adds a person under the next ordinal, also when the id was there before (and erased).
    pub(crate) fn push(&mut self, person: PersonId) -> u32 {
        let ordinal = self.len();
        self.ids.push(person);
        self.ordinals.insert(person, ordinal);
        self.traits.push(Arc::default());
        self.hidden.push(false);
        ordinal
    }

    /// Adds an ordinal whose person was erased: nobody is found by it.
    pub(crate) fn push_erased(&mut self) {
        self.ids.push(PersonId([0; 16]));
        self.traits.push(Arc::default());
        self.hidden.push(true);
    }

    pub(crate) fn visible(&self, ordinal: u32) -> bool {
        !self.hidden[ordinal as usize]
    }

    pub(crate) fn set_hidden(&mut self, ordinal: u32, hidden: bool) {
        self.hidden[ordinal as usize] = hidden;
    }

    /// Forgets a person: hidden for good, without traits, the id free for a new life.
    pub(crate) fn erase(&mut self, ordinal: u32) {
        self.set_hidden(ordinal, true);
        self.traits[ordinal as usize] = Arc::default();
        self.borrowed.remove(&ordinal);
        let id = self.id(ordinal);
        if self.ordinal(id) == Some(ordinal) {
            self.ordinals.remove(&id);
        }
    }

    /// Whether an ordinal's person was erased: their id, if they came back, has another one.
    pub(crate) fn erased(&self, ordinal: u32) -> bool {
        self.ordinal(self.id(ordinal)) != Some(ordinal)
    }

    pub(crate) fn own_traits(&self, ordinal: u32) -> &Arc<Vec<Trait>> {
        &self.traits[ordinal as usize]
    }

    pub(crate) fn lend(&mut self, ordinal: u32, traits: Vec<Trait>) {
        if traits.is_empty() {
            self.borrowed.remove(&ordinal);
        } else {
            self.borrowed.insert(ordinal, Arc::new(traits));
        }
    }

    /// A trait's value; own ones before those of people folded into this one.
    pub(crate) fn trait_value(&self, ordinal: u32, name: u32) -> Option<&Value> {
        find(&self.traits[ordinal as usize], name)
            .or_else(|| self.borrowed.get(&ordinal).and_then(|traits| find(traits, name)))
            .and_then(|found| found.2.as_ref())
    }

    /// All traits with a value, by name's code.
    pub(crate) fn all_traits(&self, ordinal: u32) -> Vec<(u32, &Value)> {
        let own = &self.traits[ordinal as usize];
        let mut all: Vec<&Trait> = own.iter().collect();
        for borrowed in self.borrowed.get(&ordinal).into_iter().flat_map(|traits| traits.iter()) {
            if find(own, borrowed.0).is_none() {
                all.push(borrowed);
            }
        }
        all.iter().filter_map(|(name, _, value)| Some((*name, value.as_ref()?))).collect()
    }

    /// Replaces what is known of one trait; for loading.
    pub(crate) fn put_trait(&mut self, ordinal: u32, new: Trait) {
        let traits = Arc::make_mut(&mut self.traits[ordinal as usize]);
        match traits.binary_search_by_key(&new.0, |t| t.0) {
            Ok(place) => traits[place] = new,
            Err(place) => traits.insert(place, new),
        }
    }

    /// Applies a change: the later of two wins, of equal times the one that comes last.
    pub(crate) fn change_trait(&mut self, ordinal: u32, name: u32, at: Timestamp, op: TraitOp) {
        let known = find(&self.traits[ordinal as usize], name);
        let replaces = matches!(op, TraitOp::Set(_) | TraitOp::Unset);
        if replaces && known.is_some_and(|known| known.1 > at) {
            return;
        }
        let latest = known.map_or(at, |known| known.1.max(at));
        let old = known.and_then(|known| known.2.clone());
        self.put_trait(ordinal, (name, latest, folded(old, op)));
    }
}

fn find(traits: &[Trait], name: u32) -> Option<&Trait> {
    traits.binary_search_by_key(&name, |t| t.0).ok().map(|place| &traits[place])
}

fn folded(old: Option<Value>, op: TraitOp) -> Option<Value> {
    let as_list = |old: Option<Value>| match old {
        Some(Value::List(list)) => list,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    match op {
        TraitOp::Set(value) => Some(value),
        TraitOp::Unset => None,
        TraitOp::Add(values) => {
            let mut list = as_list(old);
            for value in values {
                if !list.contains(&value) && list.len() < LIST_VALUES_MAX {
                    list.push(value);
                }
            }
            Some(Value::List(list))
        }
        TraitOp::Remove(values) => {
            let mut list = as_list(old);
            list.retain(|value| !values.contains(value));
            Some(Value::List(list))
        }
        TraitOp::Increment(by) => Some(match old {
            Some(Value::Integer(n)) if by.fract() == 0.0 && by.abs() < 9e15 => {
                Value::Integer(n.saturating_add(by as i64))
            }
            None if by.fract() == 0.0 && by.abs() < 9e15 => Value::Integer(by as i64),
            old => Value::Float(old.and_then(|value| value.as_number()).unwrap_or(0.0) + by),
        }),
    }
}

/// Values that a multi-value trait keeps; further ones are not added.
const LIST_VALUES_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> People {
        let mut people = People::default();
        people.push(PersonId([1; 16]));
        people
    }

    #[test]
    fn the_later_word_wins_whatever_the_order_of_arrival() {
        let mut people = one();
        people.change_trait(0, 7, Timestamp(20), TraitOp::Set("late".into()));
        people.change_trait(0, 7, Timestamp(10), TraitOp::Set("early".into()));
        assert_eq!(people.trait_value(0, 7), Some(&"late".into()));
        people.change_trait(0, 7, Timestamp(20), TraitOp::Set("same time".into()));
        assert_eq!(people.trait_value(0, 7), Some(&"same time".into()));
    }

    #[test]
    fn operators_fold_over_what_is_there() {
        let mut people = one();
        let say = |people: &mut People, op| people.change_trait(0, 1, Timestamp(1), op);
        say(&mut people, TraitOp::Increment(2.0));
        say(&mut people, TraitOp::Increment(-5.0));
        assert_eq!(people.trait_value(0, 1), Some(&Value::Integer(-3)));
        say(&mut people, TraitOp::Unset);
        assert_eq!(people.trait_value(0, 1), None);
        say(&mut people, TraitOp::Add(vec!["a".into(), "b".into(), "a".into()]));
        say(&mut people, TraitOp::Remove(vec!["a".into()]));
        assert_eq!(people.trait_value(0, 1), Some(&Value::List(vec!["b".into()])));
    }

    #[test]
    fn an_erased_person_comes_back_as_someone_new() {
        let mut people = Arc::new(one());
        Arc::make_mut(&mut people).erase(0);
        assert_eq!(people.ordinal(PersonId([1; 16])), None);
        assert_eq!(People::admit(&mut people, PersonId([1; 16])), 1);
        assert!(!people.visible(0) && people.visible(1));
    }
}
