//! What the gate did, counted by closed lists, and the names that wait for a class.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::PersonId;

use crate::accept::Receipt;

/// Names that wait for a class at once.
const WAITING_MAX: usize = 1_000;
/// People who must have sent a name before it is shown: a name that one person sent may tell who.
const PEOPLE_SHOWN_MIN: usize = 5;

/// What came, was refused and was taken out. In memory only.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Records that were accepted.
    pub accepted: u64,
    /// Records refused, by the contract's codes.
    pub refused: BTreeMap<&'static str, u64>,
    /// Properties taken out, by the contract's reasons.
    pub stripped: BTreeMap<&'static str, u64>,
    waiting: BTreeMap<String, Waiting>,
}

#[derive(Clone, Debug, Default)]
struct Waiting {
    seen: u64,
    people: BTreeSet<PersonId>,
}

impl Tally {
    pub(crate) fn count(&mut self, receipt: &Receipt) {
        self.accepted += receipt.accepted as u64;
        for refused in &receipt.refused {
            *self.refused.entry(refused.code.word()).or_default() += 1;
        }
        for (_, stripped) in &receipt.stripped {
            *self.stripped.entry(stripped.reason.word()).or_default() += 1;
        }
    }

    pub(crate) fn waits(&mut self, name: &str, person: PersonId) {
        if !self.waiting.contains_key(name) {
            if self.waiting.len() >= WAITING_MAX || !may_be_shown(name) {
                return;
            }
            self.waiting.insert(name.to_owned(), Waiting::default());
        }
        let Some(waiting) = self.waiting.get_mut(name) else { return };
        waiting.seen += 1;
        if waiting.people.len() < PEOPLE_SHOWN_MIN {
            waiting.people.insert(person);
        }
    }

    pub(crate) fn classed<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        names.for_each(|name| {
            self.waiting.remove(name);
        });
    }

    /// Names without a class that enough people sent, with how often they came.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, u64)> {
        let shown = |waiting: &Waiting| waiting.people.len() >= PEOPLE_SHOWN_MIN;
        let waiting = self.waiting.iter().filter(move |(_, waiting)| shown(waiting));
        waiting.map(|(name, waiting)| (name.as_str(), waiting.seen))
    }
}

/// `[A-Za-z][A-Za-z0-9 _.-]{0,63}`
fn may_be_shown(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b" _.-".contains(&b);
    name.len() <= 64
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && name.bytes().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_once_five_people_sent_it() {
        let mut tally = Tally::default();
        for person in [1, 1, 2, 3, 4] {
            tally.waits("plan", PersonId([person; 16]));
            tally.waits("asha@example.test", PersonId([person; 16]));
        }
        assert_eq!(tally.waiting().count(), 0);
        tally.waits("plan", PersonId([5; 16]));
        tally.waits("asha@example.test", PersonId([5; 16]));
        assert_eq!(tally.waiting().collect::<Vec<_>>(), [("plan", 6)]);
        tally.classed(["plan"].into_iter());
        assert_eq!(tally.waiting().count(), 0);
    }
}
