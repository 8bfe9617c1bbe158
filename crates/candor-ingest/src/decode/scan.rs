//! JSON as senders most often write it, read where it lies. Whatever is not as usual has the answer
//! none, never an error or a guess: whoever calls reads the same once more by the library.

use std::borrow::Cow;

use candor_event::Value;

use super::value::read_value;

/// A text and how far it is read. White space before a token is passed over.
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Scan<'a> {
        Scan { text, at: 0 }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// How many bytes are read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes on at a place, whatever was read.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The first byte of the next token; none at the end.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Goes past a token of one byte, if that is the next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Goes past a token of one byte.
    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// After an entry: whether another follows, or the end.
    pub(super) fn more(&mut self, end: u8) -> Option<bool> {
        if self.eat(b',') {
            return Some(true);
        }
        self.expect(end).map(|()| false)
    }

    /// Goes past a word: `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    /// Goes past null, if that is next.
    pub(super) fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null").is_some()
    }

    /// A text or a name.
    pub(super) fn text(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        let length = rest.iter().position(|byte| ENDS_PLAIN[usize::from(*byte)])?;
        self.at += length;
        match rest[length] {
            b'"' => {
                self.at += 1;
                self.text.get(start..start + length).map(Cow::Borrowed)
            }
            b'\\' => self.escaped(start).map(Cow::Owned),
            _ => None,
        }
    }

    /// The rest of a text that begins at `start`, from the first escape on.
    fn escaped(&mut self, start: usize) -> Option<String> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(start - 1..self.at)?).ok()
    }

    /// A number; whole where it is written so.
    pub(super) fn number(&mut self) -> Option<Value> {
        self.peek()?;
        let rest = self.rest();
        let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !part(&byte)).unwrap_or(rest.len());
        self.at += length;
        let token = rest.get(..length)?;
        plain_number(token.as_bytes()).or_else(|| {
            let json: serde_json::Value = serde_json::from_str(token).ok()?;
            read_value(&json, &mut 0).ok()?
        })
    }
}

/// What a text cannot go past as it stands: its end, an escape, what is not allowed in it.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// A number without an exponent that a double holds digit for digit. One rounding of a quotient of
/// two numbers that are exact is what the library answers, too.
fn plain_number(token: &[u8]) -> Option<Value> {
    const DIGITS_MAX: usize = 15;
    const TENS: [f64; DIGITS_MAX + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    if digits.len() > DIGITS_MAX || matches!(digits, [] | [b'0', b'0'..=b'9', ..]) {
        return None;
    }
    let (mut number, mut point) = (0i64, None);
    for (place, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && place > 0 => point = Some(place),
            _ => return None,
        }
    }
    let negative = digits.len() < token.len();
    match point {
        // Minus zero is no whole number.
        None if negative => (number != 0).then_some(Value::Integer(-number)),
        None => Some(Value::Integer(number)),
        Some(place) => {
            let after = digits.len() - place - 1;
            let broken = number as f64 / TENS[after];
            (after > 0).then_some(Value::Float(if negative { -broken } else { broken }))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Option<Value> {
        let mut scan = Scan::new(text);
        scan.number().filter(|_| scan.peek().is_none())
    }

    fn by_library(text: &str) -> Option<Value> {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        json.is_number().then(|| read_value(&json, &mut 0).ok()?).flatten()
    }

    fn same(ours: Option<Value>, theirs: Option<Value>) -> bool {
        match (&ours, &theirs) {
            (Some(Value::Float(a)), Some(Value::Float(b))) => a.to_bits() == b.to_bits(),
            _ => ours == theirs,
        }
    }

    #[test]
    fn numbers_at_the_edges_are_those_of_the_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0",
            "00",
            "01",
            "1.",
            ".5",
            "-",
            "-.5",
            "1.5",
            "-1.25",
            "1e3",
            "1E-3",
            "999999999999999",
            "9999999999999999",
            "18446744073709551615",
            "1.2.3",
            "--1",
            "9223372036854775808",
            "-9223372036854775808",
            "0.1",
            "1234567890.12345",
            "1e999",
            "+1",
        ] {
            assert!(same(number(text), by_library(text)), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn numbers_are_those_of_the_library(
            text in "-?[0-9]{1,20}(\\.[0-9]{0,18})?([eE][+-]?[0-9]{1,3})?",
        ) {
            prop_assert!(same(number(&text), by_library(&text)));
        }

        #[test]
        fn texts_are_those_of_the_library(
            inside in "([a-zä€😀 ]|\\\\[\"\\\\/bnrtux0-9]|\\\\u[0-9a-fdD]{4}|\"|\t){0,12}",
        ) {
            let text = format!("\"{inside}\"");
            let mut scan = Scan::new(&text);
            let ours = scan.text().filter(|_| scan.peek().is_none());
            let theirs = serde_json::from_str::<String>(&text).ok();
            prop_assert_eq!(ours.as_deref(), theirs.as_deref());
        }
    }
}
