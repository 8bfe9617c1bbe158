//! Detectors for values that do not belong where they stand: whole text values only, numbers never.

use std::net::IpAddr;

use candor_event::DataClass;

/// Why a value was taken for what it is. The words are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detected {
    /// An e-mail address.
    Email,
    /// A telephone number written as one.
    Phone,
    /// A payment card's number (ISO/IEC 7812).
    Card,
    /// An Aadhaar number (UIDAI; Verhoeff's check digit).
    Aadhaar,
    /// An Indian permanent account number.
    Pan,
}

impl Detected {
    /// The word of the contract for this reason of stripping.
    pub fn reason(self) -> &'static str {
        match self {
            Detected::Email => "looks_like_email",
            Detected::Phone => "looks_like_phone",
            Detected::Card => "looks_like_card",
            Detected::Aadhaar => "looks_like_aadhaar",
            Detected::Pan => "looks_like_pan",
        }
    }

    /// The class in which such a value is at home: ways to reach someone are contact, numbers
    /// that an office gave are sensitive.
    pub fn class(self) -> DataClass {
        match self {
            Detected::Email | Detected::Phone => DataClass::Contact,
            Detected::Card | Detected::Aadhaar | Detected::Pan => DataClass::Sensitive,
        }
    }
}

/// What a whole text looks like, if it looks like anything. White space around it is passed over.
///
/// A card is asked for before a phone: both may be digits with separators, and only a card's
/// digits pass Luhn's check under a known prefix.
pub fn detect(text: &str) -> Option<Detected> {
    let text = text.trim();
    // The longest of them is an address of 254 octets (RFC 5321, 4.5.3.1.3).
    if text.len() > 254 || !may_be_something(text) || text.parse::<IpAddr>().is_ok() {
        return None;
    }
    if is_email(text) {
        return Some(Detected::Email);
    }
    if is_pan(text) {
        return Some(Detected::Pan);
    }
    let number = Number::read(text)?;
    if number.plus.is_none_or(|plus| !plus) && is_card(&number.digits) {
        return Some(Detected::Card);
    }
    if !number.plus.unwrap_or(false) && is_aadhaar(&number.digits) {
        return Some(Detected::Aadhaar);
    }
    is_phone(&number).then_some(Detected::Phone)
}

/// One look that most texts do not pass: no address is without an at sign, no permanent account
/// number has another length, and all other numbers have eight digits or more.
fn may_be_something(text: &str) -> bool {
    let (mut at_signs, mut digits) = (0, 0);
    for byte in text.bytes() {
        at_signs += usize::from(byte == b'@');
        digits += usize::from(byte.is_ascii_digit());
    }
    at_signs > 0 || digits >= 8 || (text.len() == 10 && digits == 4)
}

/// A local part, an at sign, and a host name with a dot and a top level of letters.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>(),;:\"[]\\".contains(c);
    let local_fits = !local.is_empty() && local.len() <= 64 && local.chars().all(plain);
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let top_fits = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let puny = top.starts_with("xn--") && label(top);
    local_fits && name.split('.').all(label) && (top_fits || puny)
}

/// Five letters, four digits, a letter; the fourth letter is the kind of holder.
fn is_pan(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes[..5].iter().all(u8::is_ascii_uppercase)
        && b"ABCFGHJLPT".contains(&bytes[3])
        && bytes[5..9].iter().all(u8::is_ascii_digit)
        && bytes[9].is_ascii_uppercase()
}

/// A text of digits and the separators that people write between them.
struct Number {
    /// Whether it began with a plus; `None` when it is digits alone.
    plus: Option<bool>,
    digits: Vec<u8>,
}

impl Number {
    fn read(text: &str) -> Option<Number> {
        let plus = text.starts_with('+');
        let rest = text.strip_prefix('+').unwrap_or(text);
        let mut digits = Vec::with_capacity(rest.len());
        let mut separators = 0;
        let mut after_separator = true;
        for c in rest.bytes() {
            match c {
                b'0'..=b'9' => {
                    digits.push(c - b'0');
                    after_separator = false;
                }
                b'(' if after_separator => separators += 1,
                b' ' | b'-' | b'.' | b')' | b'(' if !after_separator || c == b' ' => {
                    separators += 1;
                    after_separator = true;
                }
                _ => return None,
            }
        }
        let marked = plus || separators > 0;
        Some(Number { plus: marked.then_some(plus), digits })
    }
}

/// With a plus: a country calling code (ITU-T E.164) and 8 to 15 digits in all. With separators
/// alone: a national number of 10 or 11 digits in at most four groups. Digits alone could be any
/// count or order number, so they are not taken for a phone.
fn is_phone(number: &Number) -> bool {
    let digits = &number.digits;
    match number.plus {
        Some(true) => (8..=15).contains(&digits.len()) && has_calling_code(digits),
        Some(false) => {
            let subscriber = match digits.first() {
                Some(0 | 1) => &digits[1..],
                _ => digits.as_slice(),
            };
            subscriber.len() == 10 && subscriber[0] >= 2
        }
        None => false,
    }
}

/// Zones 1 and 7 have one digit; the two-digit codes are listed; all others have three digits and
/// begin with these pairs.
fn has_calling_code(digits: &[u8]) -> bool {
    const TWO: [u8; 43] = [
        20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55,
        56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95,
    ];
    const THREE: [u8; 17] = [21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 85];
    const MORE: [u8; 6] = [88, 96, 97, 98, 99, 80];
    let pair = digits[0] * 10 + digits[1];
    matches!(digits[0], 1 | 7)
        || TWO.contains(&pair)
        || THREE.contains(&pair)
        || MORE.contains(&pair)
}

/// 13 to 19 digits under a prefix that schemes issue, with Luhn's check digit.
fn is_card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let prefix = digits[..4].iter().fold(0u16, |number, digit| number * 10 + u16::from(*digit));
    let issued = match prefix {
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        5100..=5599 | 2221..=2720 => digits.len() == 16,
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&digits.len()),
        3528..=3589 | 6000..=6999 | 5000..=5099 | 5600..=5899 | 8100..=8299 => true,
        _ => false,
    };
    issued && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, *digit) {
            (0, digit) => u32::from(digit),
            (_, digit) if digit > 4 => u32::from(digit * 2 - 9),
            (_, digit) => u32::from(digit * 2),
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Twelve digits, the first from 2 to 9, with Verhoeff's check digit.
fn is_aadhaar(digits: &[u8]) -> bool {
    digits.len() == 12 && digits[0] >= 2 && verhoeff(digits)
}

/// Verhoeff 1969: products in the dihedral group of ten elements.
fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTED: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let check = digits.iter().rev().enumerate().fold(0, |check, (place, digit)| {
        let permuted = (0..place % 8).fold(*digit, |digit, _| PERMUTED[usize::from(digit)]);
        product(check, permuted)
    });
    check == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<Detected>) {
        assert_eq!(detect(text), expected, "{text:?}");
    }

    #[test]
    fn addresses_are_found_and_handles_are_not() {
        for text in ["ann@example.test", " A.B+c@sub.example.co ", "x@münchen.de"] {
            check(text, Some(Detected::Email));
        }
        for text in ["@ann", "ann@home", "a b@c.de", "mail ann@example.test", "1@2.3", "a@.de"] {
            check(text, None);
        }
    }

    #[test]
    fn phones_need_a_plus_or_separators() {
        for text in ["+14155550100", "+91 98765 43210", "(415) 555-0100", "098765-43210"] {
            check(text, Some(Detected::Phone));
        }
        for text in
            ["4155550100", "2026-11-24", "192.168.100.17", "+999", "1-2-3", "12 345", "+0123456789"]
        {
            check(text, None);
        }
    }

    #[test]
    fn cards_pass_luhn_under_an_issued_prefix() {
        for text in
            ["4111 1111 1111 1111", "5555555555554444", "378282246310005", "6011-1111-1111-1117"]
        {
            check(text, Some(Detected::Card));
        }
        for text in ["4111111111111112", "1234567890123452", "9999999999999995"] {
            check(text, None);
        }
    }

    #[test]
    fn numbers_of_offices_are_found() {
        // 2363 is Verhoeff's own example: 236 with the check digit 3.
        assert!(verhoeff(&[2, 3, 6, 3]));
        check("ABCPE1234F", Some(Detected::Pan));
        check("ABCDE1234F", None);
        check("abcpe1234f", None);
    }

    #[test]
    fn every_reason_has_the_word_of_the_contract() {
        let all =
            [Detected::Email, Detected::Phone, Detected::Card, Detected::Aadhaar, Detected::Pan];
        let words: Vec<_> = all.iter().map(|d| d.reason().strip_prefix("looks_like_")).collect();
        assert_eq!(words, ["email", "phone", "card", "aadhaar", "pan"].map(Some));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn one_wrong_digit_or_two_swapped_fail_verhoeff(
            mut digits in prop::collection::vec(0u8..10, 11),
            place in 0usize..11,
            by in 1u8..10,
        ) {
            digits[0] = digits[0].max(2);
            let last = (0..10).find(|last| verhoeff(&[digits.as_slice(), &[*last]].concat()));
            digits.push(last.expect("one of ten check digits holds"));
            prop_assert!(is_aadhaar(&digits));
            let mut wrong = digits.clone();
            wrong[place] = (wrong[place] + by) % 10;
            prop_assert!(!verhoeff(&wrong));
            let mut swapped = digits.clone();
            swapped.swap(place, place + 1);
            prop_assert_eq!(verhoeff(&swapped), swapped == digits);
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in ".{0,300}") {
            let _ = detect(&text);
        }
    }
}
