//! A person's events as byte strings: ids, gaps in seconds, jumps, milliseconds.

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

/// Decodes one person's events onto the ends of `times` and `codes`. Returns what disagrees when
/// the byte strings do not fit each other.
pub(crate) fn decode(
    history: (&[u8], &[u8], &[u8], &[u8]),
    wide: bool,
    bucket_start: i64,
    times: &mut Vec<i64>,
    codes: &mut Vec<u16>,
) -> Result<(), &'static str> {
    let (event, gap, jump, ms) = history;
    let n = gap.len();
    if event.len() != if wide { 2 * n } else { n } {
        return Err("as many event ids as gaps");
    }
    if !ms.is_empty() && ms.len() != n + n.div_ceil(4) {
        return Err("milliseconds for each event");
    }
    match wide {
        true => codes.extend(event.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]))),
        false => codes.extend(event.iter().map(|code| u16::from(*code))),
    }
    let mut jumps = jump.chunks_exact(3);
    if gap.first().is_some_and(|first| *first != JUMP) {
        return Err("a first event that jumps");
    }
    let first = times.len();
    times.resize(first + n, 0);
    let mut time = 0i64;
    for (out, gap) in times[first..].iter_mut().zip(gap) {
        time = match *gap {
            JUMP => {
                let three = jumps.next().ok_or("a jump for each gap of 255")?;
                let since = u32::from_le_bytes([three[0], three[1], three[2], 0]);
                (bucket_start + i64::from(since)) * 1000
            }
            gap => time + i64::from(gap) * 1000,
        };
        *out = time;
    }
    if !ms.is_empty() {
        let (low, high) = ms.split_at(n);
        for ((times, low), high) in times[first..].chunks_mut(4).zip(low.chunks(4)).zip(high) {
            for (place, (time, low)) in times.iter_mut().zip(low).enumerate() {
                *time += i64::from(*low) | i64::from((high >> (2 * place)) & 3) << 8;
            }
        }
    }
    match jumps.next().is_none() && jumps.remainder().is_empty() {
        true => Ok(()),
        false => Err("no more jumps than gaps of 255"),
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
            decode((&h.event, &h.gap, &h.jump, &h.ms), wide, start, &mut t, &mut c).expect("fits");
            prop_assert_eq!((t, c), (times, codes));
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
            let _ = decode((&event, &gap, &jump, &ms), wide, 0, &mut t, &mut c);
        }
    }
}
