//! Addresses in the one form by which they are looked up, whichever way they were written.

use candor_event::Value;

/// Digits of the shortest number that finds someone.
const PHONE_DIGITS_MIN: usize = 5;

/// An e-mail address, trimmed and in lower case; none where it is not one.
pub fn email(value: &Value) -> Option<String> {
    let text = value.as_text()?.trim();
    text.contains('@').then(|| text.to_lowercase())
}

/// A phone number as digits alone: SDKs send text with a plus, or the number without.
pub fn phone(value: &Value) -> Option<String> {
    let digits: String = match value {
        Value::Text(text) => text.chars().filter(char::is_ascii_digit).collect(),
        Value::Integer(number) if *number > 0 => number.to_string(),
        _ => return None,
    };
    (digits.len() >= PHONE_DIGITS_MIN).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_number_are_one() {
        let digits = Some("14155550100".to_owned());
        assert_eq!(phone(&"+1 (415) 555-0100".into()), digits);
        assert_eq!(phone(&Value::Integer(14_155_550_100)), digits);
        assert_eq!(phone(&"none".into()), None);
        assert_eq!(email(&" Ann@Example.test ".into()).as_deref(), Some("ann@example.test"));
        assert_eq!(email(&"ann".into()), None);
    }
}
