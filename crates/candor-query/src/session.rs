//! Sessions: the visits that a person's events fall into.

use candor_event::Timestamp;

/// Silence that ends a session where the SDK gives no id.
pub const SILENCE_MS: i64 = 30 * 60_000;

/// Which visit an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Session {
    /// The SDK's id.
    Told(u64),
    /// The SDK gave none: the visit that began then, of events without an id.
    Since(Timestamp),
}

/// The session of each event of one person; `times` in order, `told` beside them. Sessions with an
/// id may interleave with others; events without one are parted by silence among themselves.
pub fn sessions(
    times: impl Iterator<Item = i64>,
    told: impl Iterator<Item = Option<u64>>,
) -> impl Iterator<Item = Session> {
    let mut silence = Silence::default();
    times.zip(told).map(move |(time, told)| match told {
        Some(id) => Session::Told(id),
        None => silence.session(time),
    })
}

/// Parts events without an id, one after the other.
#[derive(Default)]
pub(crate) struct Silence {
    /// When the visit began, and its last event.
    open: Option<(i64, i64)>,
}

impl Silence {
    /// The visit of the next event.
    pub(crate) fn session(&mut self, time: i64) -> Session {
        let begun = match self.open {
            Some((begun, last)) if time - last < SILENCE_MS => begun,
            _ => time,
        };
        self.open = Some((begun, time));
        Session::Since(Timestamp(begun))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the words say it: walk back while less than 30 minutes lie between.
    fn naive(times: &[i64], told: &[Option<u64>], at: usize) -> Session {
        if let Some(id) = told[at] {
            return Session::Told(id);
        }
        let mut begun = at;
        for earlier in (0..at).rev().filter(|earlier| told[*earlier].is_none()) {
            if times[begun] - times[earlier] >= SILENCE_MS {
                break;
            }
            begun = earlier;
        }
        Session::Since(Timestamp(times[begun]))
    }

    proptest! {
        #[test]
        fn silence_parts_events_without_an_id(
            mut events in prop::collection::vec((0..40i64, prop::option::of(0..3u64)), 0..60),
        ) {
            events.sort_by_key(|(minute, _)| *minute);
            let times: Vec<i64> = events.iter().map(|(at, _)| at * 5 * 60_000).collect();
            let told: Vec<Option<u64>> = events.iter().map(|(_, told)| *told).collect();
            let found: Vec<Session> = sessions(times.iter().copied(), told.iter().copied()).collect();
            let wanted: Vec<Session> =
                (0..times.len()).map(|at| naive(&times, &told, at)).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
