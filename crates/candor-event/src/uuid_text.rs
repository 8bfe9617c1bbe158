//! Texts that are UUIDs, in the sixteen bytes that they stand for.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A text that is a UUID (RFC 9562) in lower case, with its hyphens or without: ids of messages,
/// orders and sessions are, each another, and columns hold them in less than half the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UuidText {
    /// What the digits say.
    pub bytes: [u8; 16],
    /// Whether it is written with hyphens.
    pub hyphens: bool,
}

/// Room for the longer form.
pub type UuidBuffer = [u8; Hyphenated::LENGTH];

const PLAIN: usize = uuid::fmt::Simple::LENGTH;

impl UuidText {
    /// Reads a text; none for every other text, capitals among them.
    pub fn read(text: &str) -> Option<UuidText> {
        if !matches!(text.len(), PLAIN | Hyphenated::LENGTH) {
            return None;
        }
        let bytes = Uuid::try_parse_ascii(text.as_bytes()).ok()?.into_bytes();
        let read = UuidText { bytes, hyphens: text.len() == Hyphenated::LENGTH };
        (read.text(&mut [0; Hyphenated::LENGTH]) == text).then_some(read)
    }

    /// The text, written into a buffer.
    pub fn text<'b>(&self, buffer: &'b mut UuidBuffer) -> &'b str {
        let uuid = Uuid::from_bytes(self.bytes);
        match self.hyphens {
            true => uuid.hyphenated().encode_lower(buffer),
            false => uuid.simple().encode_lower(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_is_written_again(
            text in prop_oneof!["[0-9a-f]{32}", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"],
        ) {
            let read = UuidText::read(&text).expect("a UUID");
            prop_assert_eq!(read.text(&mut [0; 36]).to_owned(), text);
        }

        #[test]
        fn no_other_text_is_one(text in "[0-9a-fA-F-]{30,38}|\\PC{36}") {
            if let Some(read) = UuidText::read(&text) {
                prop_assert_eq!(read.text(&mut [0; 36]).to_owned(), text);
            }
        }
    }

    #[test]
    fn capitals_and_braces_stay_texts() {
        for text in ["0123456789ABCDEF0123456789abcdef", "{12345678-1234-1234-1234-123456789ab}"] {
            assert_eq!(UuidText::read(text), None);
        }
    }
}
