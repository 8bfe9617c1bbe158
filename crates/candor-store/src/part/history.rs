//! A person's events as byte strings: ids, gaps in seconds, jumps, milliseconds.

use std::hint::select_unpredictable;

/// The byte strings of one person in one part.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct History {
    /// Event codes, one byte each, or two little-endian when the part says so.
    pub(crate) event: Vec<u8>,
    /// Whole seconds since the event before, 0 to 254; 255 takes the next jump.
    pub(crate) gap: Vec<u8>,
    /// Three bytes little-endian: seconds since the start of the bucket.
    pub(crate) jump: Vec<u8>,
    /// Low bytes of the milliseconds, then two high bits of four events a byte; empty: all zero.
    pub(crate) ms: Vec<u8>,
}

/// The columns of a history file that hold them, behind the one of people.
pub(super) const STRINGS: [&str; 4] = ["event", "gap", "jump", "ms"];

const JUMP: u8 = 255;

/// Encodes one person's events. `times` ascend, in ms, and lie in the bucket that starts at
/// `bucket_start` (seconds).
pub(crate) fn encode(times: &[i64], codes: &[u16], wide: bool, bucket_start: i64) -> History {
    let mut history = History::default();
    for code in codes {
        match wide {
            true => history.event.extend(code.to_le_bytes()),
            false => history.event.push(u8::try_from(*code).expect("a narrow part has few names")),
        }
    }
    let mut before: Option<i64> = None;
    for time in times {
        let second = time.div_euclid(1000);
        match before.map(|before| second - before) {
            Some(gap @ 0..=254) => history.gap.push(gap as u8),
            _ => {
                let since = u32::try_from(second - bucket_start).expect("an event of this bucket");
                assert!(since < 1 << 24, "a bucket is shorter than 194 days");
                history.gap.push(JUMP);
                history.jump.extend(&since.to_le_bytes()[..3]);
            }
        }
        before = Some(second);
    }
    if times.iter().any(|time| time.rem_euclid(1000) != 0) {
        history.ms.extend(times.iter().map(|time| time.rem_euclid(1000) as u8));
        for four in times.chunks(4) {
            let bits = four.iter().enumerate();
            history.ms.push(bits.fold(0, |byte, (place, time)| {
                byte | ((time.rem_euclid(1000) >> 8) as u8) << (2 * place)
            }));
        }
    }
    history
}

/// Decodes the byte strings of one person after another.
#[derive(Debug)]
pub(crate) struct Decoder {
    wide: bool,
    /// The first ms of the bucket.
    bucket_start: i64,
    /// Where the jumps of a person lead to, in ms, and one number more.
    jumps: Vec<i64>,
}

impl Decoder {
    /// Of a bucket that starts at `bucket_start` (seconds).
    pub(crate) fn new(wide: bool, bucket_start: i64) -> Decoder {
        Decoder { wide, bucket_start: bucket_start * 1000, jumps: Vec::new() }
    }

    /// Decodes one person's events (ids, gaps, jumps, milliseconds) onto the ends of `times` and
    /// `codes`. Returns what disagrees when the byte strings do not fit each other.
    pub(crate) fn decode(
        &mut self,
        (event, gap, jump, ms): (&[u8], &[u8], &[u8], &[u8]),
        times: &mut Vec<i64>,
        codes: &mut Vec<u16>,
    ) -> Result<(), &'static str> {
        let n = gap.len();
        if event.len() != if self.wide { 2 * n } else { n } {
            return Err("as many event ids as gaps");
        }
        if !ms.is_empty() && ms.len() != n + n.div_ceil(4) {
            return Err("milliseconds for each event");
        }
        if gap.first().is_some_and(|first| *first != JUMP) {
            return Err("a first event that jumps");
        }
        if jump.len() != 3 * gap.iter().filter(|gap| **gap == JUMP).count() {
            return Err("a jump for each gap of 255");
        }
        match self.wide {
            true => codes.extend(event.as_chunks().0.iter().map(|two| u16::from_le_bytes(*two))),
            false => codes.extend(event.iter().map(|code| u16::from(*code))),
        }
        let start = self.bucket_start;
        self.jumps.clear();
        self.jumps.extend(jump.as_chunks().0.iter().map(|[low, middle, high]| {
            start + i64::from(u32::from_le_bytes([*low, *middle, *high, 0])) * 1000
        }));
        self.jumps.push(0);
        let (jumps, mut next, mut time) = (&self.jumps[..], 0, 0);
        let first = times.len();
        // Which gaps jump is not to be foretold.
        times.extend(gap.iter().map(|gap| {
            let jumps_now = *gap == JUMP;
            time = select_unpredictable(jumps_now, jumps[next], time + i64::from(*gap) * 1000);
            next += usize::from(jumps_now);
            time
        }));
        if !ms.is_empty() {
            let ((low, high), times) = (ms.split_at(n), &mut times[first..]);
            let of = |low: u8, high: u8, place: usize| {
                i64::from(low) | i64::from((high >> (2 * place)) & 3) << 8
            };
            let ((fours, rest), (lows, low)) = (times.as_chunks_mut::<4>(), low.as_chunks::<4>());
            for ((four, low), high) in fours.iter_mut().zip(lows).zip(high) {
                for place in 0..4 {
                    four[place] += of(low[place], *high, place);
                }
            }
            for (place, (time, low)) in rest.iter_mut().zip(low).enumerate() {
                *time += of(*low, high[n / 4], place);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn what_is_encoded_decodes(
            mut times in proptest::collection::vec(0i64..1000 * 3600 * 24 * 128, 1..50),
            whole in any::<bool>(),
            wide in any::<bool>(),
            start in -1_000_000i64..2_000_000_000,
        ) {
            times.sort_unstable();
            for time in &mut times {
                *time = if whole { *time / 1000 * 1000 } else { *time } + start * 1000;
            }
            let codes: Vec<u16> =
                (0..times.len()).map(|i| if wide { i as u16 * 300 } else { i as u16 }).collect();
            let h = encode(&times, &codes, wide, start);
            let (mut t, mut c) = (Vec::new(), Vec::new());
            let mut decoder = Decoder::new(wide, start);
            let history = (&h.event[..], &h.gap[..], &h.jump[..], &h.ms[..]);
            // What one person leaves behind is nothing to the next.
            for _ in 0..2 {
                t.clear();
                c.clear();
                decoder.decode(history, &mut t, &mut c).expect("fits");
                prop_assert_eq!((&t, &c), (&times, &codes));
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(
            event in proptest::collection::vec(any::<u8>(), 0..20),
            gap in proptest::collection::vec(any::<u8>(), 0..20),
            jump in proptest::collection::vec(any::<u8>(), 0..40),
            ms in proptest::collection::vec(any::<u8>(), 0..30),
            wide in any::<bool>(),
        ) {
            let (mut t, mut c) = (Vec::new(), Vec::new());
            let _ = Decoder::new(wide, 0).decode((&event, &gap, &jump, &ms), &mut t, &mut c);
        }
    }
}
