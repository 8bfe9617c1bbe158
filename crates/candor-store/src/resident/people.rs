//! The people of a volume: ordinals, traits, and who is hidden.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use candor_event::{ByPerson, PersonId, Timestamp, TraitOp, Value};

use crate::resident::filed::Filed;

/// One trait: its name's code, when it was said, and its value (none: unset since then).
pub(crate) type Trait = (u32, Timestamp, Option<Value>);

/// The traits of somebody, by name's code ascending.
pub(crate) type Traits = Arc<Vec<Trait>>;

/// People of a block: what a change copies while a question looks at it.
const BLOCK: u32 = 256;

/// Stands for the id of somebody who was erased.
const NOBODY: PersonId = PersonId([0; 16]);

/// The people of one volume. Ordinals count from 0 in the order of first sight and are never
/// reused; a person who comes back after an erasure gets a new one.
///
/// A clone is a picture of the moment and costs a pointer for each block; who changes something
/// afterwards copies the blocks that it changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    blocks: Vec<Arc<Block>>,
    len: u32,
    /// Shared by all pictures: an older one passes over ordinals that it does not have yet.
    ordinals: Arc<RwLock<ByPerson<u32>>>,
    /// The traits of those of whom nothing new was said since the store was opened.
    filed: Option<Arc<Filed>>,
}

/// Some people, by the last digits of their ordinals.
#[derive(Clone, Debug, Default)]
struct Block {
    ids: Vec<PersonId>,
    /// Own traits, by name's code ascending; none where they are as files hold them.
    traits: Vec<Option<Traits>>,
    /// Traits of people folded into one, the latest of each name.
    borrowed: HashMap<u32, Traits>,
    /// Bit by bit.
    hidden: [u64; (BLOCK / u64::BITS) as usize],
}

impl Block {
    fn hide(&mut self, at: usize, hidden: bool) {
        let (word, bit) = (at / 64, 1 << (at % 64));
        match hidden {
            true => self.hidden[word] |= bit,
            false => self.hidden[word] &= !bit,
        }
    }
}

impl People {
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    fn block(&self, ordinal: u32) -> (&Block, usize) {
        (&self.blocks[(ordinal / BLOCK) as usize], (ordinal % BLOCK) as usize)
    }

    fn block_mut(&mut self, ordinal: u32) -> (&mut Block, usize) {
        let block = &mut self.blocks[(ordinal / BLOCK) as usize];
        (Arc::make_mut(block), (ordinal % BLOCK) as usize)
    }

    pub(crate) fn id(&self, ordinal: u32) -> PersonId {
        let (block, at) = self.block(ordinal);
        block.ids[at]
    }

    pub(crate) fn ordinal(&self, person: PersonId) -> Option<u32> {
        let ordinals = self.ordinals.read().unwrap_or_else(PoisonError::into_inner);
        ordinals.get(&person).copied().filter(|ordinal| *ordinal < self.len)
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
        let ordinal = self.push_to_block(person, false);
        self.ordinals_mut().insert(person, ordinal);
        ordinal
    }

    /// Adds people under the next ordinals; nobody is found by that of one who was erased, of whom
    /// there is no id.
    pub(crate) fn extend(&mut self, people: impl ExactSizeIterator<Item = Option<PersonId>>) {
        let ordinals = self.ordinals.clone();
        let mut ordinals = ordinals.write().unwrap_or_else(PoisonError::into_inner);
        ordinals.reserve(people.len());
        for person in people {
            let ordinal = self.push_to_block(person.unwrap_or(NOBODY), person.is_none());
            if let Some(person) = person {
                ordinals.insert(person, ordinal);
            }
        }
    }

    fn push_to_block(&mut self, person: PersonId, hidden: bool) -> u32 {
        let ordinal = self.len;
        if ordinal.is_multiple_of(BLOCK) {
            self.blocks.push(Arc::default());
        }
        self.len += 1;
        let (block, at) = self.block_mut(ordinal);
        block.ids.push(person);
        block.traits.push(None);
        block.hide(at, hidden);
        ordinal
    }

    fn ordinals_mut(&self) -> RwLockWriteGuard<'_, ByPerson<u32>> {
        self.ordinals.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn visible(&self, ordinal: u32) -> bool {
        let (block, at) = self.block(ordinal);
        block.hidden[at / 64] >> (at % 64) & 1 == 0
    }

    /// Who of the 64 people from `64 * word` on is visible, bit by bit.
    pub(crate) fn visible_word(&self, word: u32) -> u64 {
        let first = word * u64::BITS;
        let there = match self.len.saturating_sub(first) {
            0 => return 0,
            people @ 1..64 => (1 << people) - 1,
            _ => u64::MAX,
        };
        let (block, at) = self.block(first);
        there & !block.hidden[at / 64]
    }

    pub(crate) fn set_hidden(&mut self, ordinal: u32, hidden: bool) {
        let (block, at) = self.block_mut(ordinal);
        block.hide(at, hidden);
    }

    /// Forgets a person: hidden for good, without traits, the id free for a new life.
    pub(crate) fn erase(&mut self, ordinal: u32) {
        let (block, at) = self.block_mut(ordinal);
        block.hide(at, true);
        block.traits[at] = Some(Traits::default());
        block.borrowed.remove(&ordinal);
        let id = block.ids[at];
        if self.ordinal(id) == Some(ordinal) {
            self.ordinals_mut().remove(&id);
        }
    }

    /// Whether an ordinal's person was erased: their id, if they came back, has another one.
    pub(crate) fn erased(&self, ordinal: u32) -> bool {
        self.ordinal(self.id(ordinal)) != Some(ordinal)
    }

    /// What was said of a person, of those folded into them apart.
    pub(crate) fn own_traits(&self, ordinal: u32) -> &[Trait] {
        let (block, at) = self.block(ordinal);
        match &block.traits[at] {
            Some(traits) => traits,
            None => self.filed.as_ref().map_or(&[], |filed| filed.of(ordinal)),
        }
    }

    /// The same, to be held.
    pub(crate) fn held_traits(&self, ordinal: u32) -> Traits {
        let (block, at) = self.block(ordinal);
        let filed = || Arc::new(self.own_traits(ordinal).to_vec());
        block.traits[at].clone().unwrap_or_else(filed)
    }

    pub(crate) fn lend(&mut self, ordinal: u32, traits: Vec<Trait>) {
        let (block, _) = self.block_mut(ordinal);
        if traits.is_empty() {
            block.borrowed.remove(&ordinal);
        } else {
            block.borrowed.insert(ordinal, Arc::new(traits));
        }
    }

    fn borrowed(&self, ordinal: u32) -> &[Trait] {
        self.block(ordinal).0.borrowed.get(&ordinal).map_or(&[], |traits| traits)
    }

    /// A trait's value; own ones before those of people folded into this one.
    pub(crate) fn trait_value(&self, ordinal: u32, name: u32) -> Option<&Value> {
        self.trait_of(ordinal, name).and_then(|found| found.2.as_ref())
    }

    /// The same with all that is known of it.
    pub(crate) fn trait_of(&self, ordinal: u32, name: u32) -> Option<&Trait> {
        find(self.own_traits(ordinal), name).or_else(|| find(self.borrowed(ordinal), name))
    }

    /// All traits with a value, by name's code.
    pub(crate) fn all_traits(&self, ordinal: u32) -> Vec<(u32, &Value)> {
        let own = self.own_traits(ordinal);
        let mut all: Vec<&Trait> = own.iter().collect();
        for borrowed in self.borrowed(ordinal) {
            if find(own, borrowed.0).is_none() {
                all.push(borrowed);
            }
        }
        all.iter().filter_map(|(name, _, value)| Some((*name, value.as_ref()?))).collect()
    }

    /// Of those who are there the traits lie in files; for loading.
    pub(crate) fn file(&mut self, traits: Filed) {
        self.filed = Some(Arc::new(traits));
    }

    /// What files held of those who were erased leaves memory, too; it was read.
    pub(crate) fn forget_erased(&mut self) {
        let gone = |ordinal| ordinal < self.len && self.erased(ordinal);
        self.filed = self.filed.as_ref().map(|filed| Arc::new(filed.without(&gone)));
    }

    /// What is to be read of traits before they change.
    pub(crate) fn filed(&self) -> Option<&Arc<Filed>> {
        self.filed.as_ref()
    }

    fn put_trait(&mut self, ordinal: u32, new: Trait) {
        let held = self.held_traits(ordinal);
        let (block, at) = self.block_mut(ordinal);
        let traits = Arc::make_mut(block.traits[at].insert(held));
        match traits.binary_search_by_key(&new.0, |t| t.0) {
            Ok(place) => traits[place] = new,
            Err(place) => traits.insert(place, new),
        }
    }

    /// Applies a change: the later of two wins, of equal times the one that comes last.
    pub(crate) fn change_trait(&mut self, ordinal: u32, name: u32, at: Timestamp, op: TraitOp) {
        let known = find(self.own_traits(ordinal), name);
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
    fn a_picture_does_not_change_with_what_comes_later() {
        let mut people = Arc::new(one());
        let picture = people.clone();
        for number in 2..=200u32 {
            let id = PersonId(std::array::from_fn(|i| (number >> (8 * (i % 4))) as u8));
            People::admit(&mut people, id);
        }
        Arc::make_mut(&mut people).change_trait(0, 1, Timestamp(1), TraitOp::Set("x".into()));
        assert_eq!((picture.len(), people.len()), (1, 200));
        assert_eq!(picture.trait_value(0, 1), None);
        assert_eq!(picture.ordinal(people.id(150)), None);
        assert_eq!(people.ordinal(people.id(150)), Some(150));
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
