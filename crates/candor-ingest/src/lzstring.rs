//! LZString, the compression of the Web SDK's `d` and `arp` (protocol section 10.2).
//!
//! The text is untrusted and can grow without bound: each code may repeat all that came before. So
//! the output is capped, and so is what may be asked for.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::Error;

/// The SDK writes padding, and proxies sometimes drop it; trailing bits are not always zero.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Codes of eight and sixteen bits for a new unit, and the end.
const EIGHT: u32 = 0;
const SIXTEEN: u32 = 1;
const END: u32 = 2;

/// The text that `compressToBase64` of lz-string was given. `units_max` bounds the output, in
/// UTF-16 units. A plus that a query string turned into a space is read as a plus.
///
/// # Errors
/// [`Error::BadText`] when the text is not base64, ends early, refers to what is not there, is
/// not UTF-16 or grows beyond the bound.
pub fn decompress(base64: &str, units_max: usize) -> Result<String, Error> {
    let restored;
    let base64 = match base64.contains(' ') {
        true => {
            restored = base64.replace(' ', "+");
            &restored
        }
        false => base64,
    };
    let bytes = LENIENT.decode(base64).map_err(|_| Error::BadText("is not base64"))?;
    let units = decode(&mut Bits { bytes: &bytes, at: 0 }, units_max)?;
    String::from_utf16(&units).map_err(|_| Error::BadText("is not UTF-16"))
}

/// Entry `n` of the dictionary is the range of the output where it first stood.
fn decode(bits: &mut Bits, units_max: usize) -> Result<Vec<u16>, Error> {
    let mut output: Vec<u16> = Vec::new();
    let mut entries: Vec<(usize, usize)> = Vec::new();
    let first = match bits.number(2)? {
        EIGHT => bits.number(8)? as u16,
        SIXTEEN => bits.number(16)? as u16,
        END => return Ok(output),
        _ => return Err(Error::BadText("begins with an unknown code")),
    };
    output.push(first);
    entries.push((0, 1));
    let mut width = 3;
    let mut countdown = 4u64;
    let mut before = (0, 1);
    loop {
        let code = bits.number(width)?;
        let start = output.len();
        let literal = match code {
            EIGHT => Some(bits.number(8)? as u16),
            SIXTEEN => Some(bits.number(16)? as u16),
            END => return Ok(output),
            _ => None,
        };
        let this = match literal {
            Some(unit) => {
                output.push(unit);
                entries.push((start, start + 1));
                count(&mut countdown, &mut width);
                (start, start + 1)
            }
            None => {
                let place = (code - 3) as usize;
                let (from, to) = match entries.get(place) {
                    Some(entry) => *entry,
                    // The entry that this very code makes: what came before, and its first unit.
                    None if place == entries.len() => (before.0, before.1 + 1),
                    None => return Err(Error::BadText("refers to what is not there")),
                };
                if output.len() + (to - from) > units_max {
                    return Err(Error::BadText("grows beyond its limit"));
                }
                for place in from..to {
                    let unit = *output.get(place).unwrap_or(&output[before.0]);
                    output.push(unit);
                }
                (start, output.len())
            }
        };
        if output.len() > units_max {
            return Err(Error::BadText("grows beyond its limit"));
        }
        entries.push((before.0, before.1 + 1));
        count(&mut countdown, &mut width);
        before = this;
    }
}

/// A code grows by a bit each time the dictionary has doubled.
fn count(countdown: &mut u64, width: &mut u32) {
    *countdown -= 1;
    if *countdown == 0 {
        *countdown = 1 << *width;
        *width += 1;
    }
}

/// Bits from the most significant of each byte; numbers have their least significant bit first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn number(&mut self, width: u32) -> Result<u32, Error> {
        let mut number = 0;
        for shift in 0..width {
            let byte = self.bytes.get(self.at / 8).ok_or(Error::BadText("ends early"))?;
            let bit = byte >> (7 - self.at % 8) & 1;
            number |= u32::from(bit).checked_shl(shift).ok_or(Error::BadText("is too long"))?;
            self.at += 1;
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each recorded request of the real Web SDK, with what the recorder's own decoder read.
    #[test]
    fn every_recorded_payload_reads_as_the_recorder_read_it() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
        let mut payloads = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let capture: serde_json::Value = serde_json::from_str(&text).unwrap();
            for exchange in capture["exchanges"].as_array().unwrap() {
                let pairs = exchange["query"].as_array().cloned().unwrap_or_default();
                for pair in pairs {
                    let name = pair[0].as_str().unwrap();
                    let expected = &exchange["decoded"][name];
                    if !["d", "arp"].contains(&name) || !expected.is_object() {
                        continue;
                    }
                    let text = decompress(pair[1].as_str().unwrap(), 1 << 20).unwrap();
                    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(&read, expected, "{}", path.display());
                    payloads += 1;
                }
            }
        }
        assert!(payloads > 50, "only {payloads} payloads were found");
    }

    #[test]
    fn text_that_grows_without_bound_is_cut_off() {
        // What a long run of one letter compresses to: each code repeats all before it.
        let bomb = {
            let mut bits = BitsOut::default();
            bits.put(EIGHT, 2);
            bits.put(u32::from(b'a'), 8);
            let (mut width, mut countdown) = (3, 4);
            for entry in 0..700 {
                bits.put(entry + 4, width);
                count(&mut countdown, &mut width);
            }
            bits.put(END, width);
            LENIENT.encode(bits.bytes)
        };
        assert!(decompress(&bomb, 300_000).unwrap().len() > 200_000);
        assert!(matches!(decompress(&bomb, 65_536), Err(Error::BadText(_))));
    }

    #[derive(Default)]
    struct BitsOut {
        bytes: Vec<u8>,
        at: usize,
    }

    impl BitsOut {
        fn put(&mut self, number: u32, width: u32) {
            for shift in 0..width {
                if self.at.is_multiple_of(8) {
                    self.bytes.push(0);
                }
                self.bytes[self.at / 8] |= ((number >> shift & 1) as u8) << (7 - self.at % 8);
                self.at += 1;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_end_without_a_panic_and_within_the_bound(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            if let Ok(text) = decompress(&LENIENT.encode(bytes), 5000) {
                prop_assert!(text.encode_utf16().count() <= 5000);
            }
        }
    }
}
