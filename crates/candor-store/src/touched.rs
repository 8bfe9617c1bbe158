//! Of whom something changed lately, so that what is kept about people follows without looking at
//! everybody.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::store::Store;
use crate::view::View;

/// How far somebody has followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// Somebody of whom something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The place of the volume in the view.
    pub volume: u16,
    /// Who, in that volume. They may be hidden by now.
    pub ordinal: u32,
    /// What changed.
    pub what: What,
}

/// What changed of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An event came, with this code.
    Event(u16),
    /// A trait, or a word about a purpose.
    Trait,
    /// Who they are: they were merged, parted or erased. Events and traits changed with it.
    Who,
}

/// A view, and who changed since an earlier one.
#[derive(Debug)]
pub struct Since {
    /// It shows all that the touches are about.
    pub view: Arc<View>,
    /// To follow on from here.
    pub mark: Mark,
    /// In the order of the log, with repeats; none: they were too many, or it is not known since
    /// when. Everybody may have changed then.
    pub touched: Option<Vec<Touched>>,
}

/// Touches that are remembered: 8 bytes each.
const TOUCHES_MAX: usize = 1 << 18;

const TRAIT: u16 = u16::MAX;
const WHO: u16 = u16::MAX - 1;

/// The latest touches; none are remembered before somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    followed: bool,
    /// The number of the one after the last.
    next: u64,
    /// What in 16 bits, volume in 16, ordinal in 32.
    latest: VecDeque<u64>,
}

impl Touches {
    #[inline]
    pub(crate) fn push(&mut self, volume: usize, ordinal: u32, what: What) {
        if !self.followed {
            return;
        }
        let what = match what {
            // Codes end far below: names have a limit.
            What::Event(code) => code,
            What::Trait => TRAIT,
            What::Who => WHO,
        };
        if self.latest.len() == TOUCHES_MAX {
            self.latest.pop_front();
        }
        self.next += 1;
        self.latest.push_back(u64::from(what) << 48 | (volume as u64) << 32 | u64::from(ordinal));
    }

    fn since(&mut self, mark: Option<Mark>) -> (Mark, Option<Vec<Touched>>) {
        self.followed = true;
        let read = |touch: &u64| Touched {
            volume: (touch >> 32) as u16,
            ordinal: *touch as u32,
            what: match (touch >> 48) as u16 {
                TRAIT => What::Trait,
                WHO => What::Who,
                code => What::Event(code),
            },
        };
        let touched = mark.and_then(|mark| {
            let missed = usize::try_from(self.next.checked_sub(mark.0)?).ok()?;
            let first = self.latest.len().checked_sub(missed)?;
            Some(self.latest.range(first..).map(read).collect())
        });
        (Mark(self.next), touched)
    }
}

impl Store {
    /// What a question may see now, and who changed since a mark of this store.
    pub fn view_since(&self, mark: Option<Mark>) -> Since {
        let mut state = self.state();
        let (mark, touched) = state.touches.since(mark);
        Since { view: self.view_of(&mut state), mark, touched }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_follower_is_told_what_it_has_not_seen() {
        let mut touches = Touches::default();
        touches.push(1, 2, What::Event(3));
        let (start, unknown) = touches.since(None);
        assert_eq!(unknown, None);
        touches.push(1, 2, What::Event(3));
        touches.push(65_535, u32::MAX, What::Who);
        let (after, touched) = touches.since(Some(start));
        let event = Touched { volume: 1, ordinal: 2, what: What::Event(3) };
        let who = Touched { volume: 65_535, ordinal: u32::MAX, what: What::Who };
        assert_eq!(touched, Some(vec![event, who]));
        touches.push(0, 7, What::Trait);
        let changed = Touched { volume: 0, ordinal: 7, what: What::Trait };
        assert_eq!(touches.since(Some(after)).1, Some(vec![changed]));
        assert_eq!(touches.since(Some(start)).1, Some(vec![event, who, changed]));
        let (end, _) = touches.since(None);
        assert_eq!(touches.since(Some(end)).1, Some(vec![]));
    }

    #[test]
    fn who_lies_too_far_behind_is_told_so() {
        let mut touches = Touches::default();
        let (start, _) = touches.since(None);
        touches.push(0, 0, What::Event(0));
        let (after, _) = touches.since(None);
        for ordinal in 0..TOUCHES_MAX as u32 {
            touches.push(0, ordinal, What::Event(0));
        }
        assert_eq!(touches.since(Some(start)).1, None);
        assert_eq!(touches.since(Some(after)).1.map(|all| all.len()), Some(TOUCHES_MAX));
        assert_eq!(touches.latest.len(), TOUCHES_MAX);
    }
}
