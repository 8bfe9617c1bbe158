//! The addresses in a mail: followed by signed tokens, and read back from them.
//!
//! A token says which link of which message it is; where it leads is taken from the template that
//! the message was made of. Only an address that differs from person to person travels in the
//! token itself, under the same signature: nobody can make us lead anywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use candor_event::AccountId;

use crate::template::RenderError;
use crate::template::escape::percent_part;

/// Links in one mail.
pub const LINKS_MAX: usize = 500;
/// The longest address that a link may lead to, in bytes.
pub const ADDRESS_BYTES_MAX: usize = 2_000;

/// Values that every mail offers; they lead to us and are not followed.
pub const OWN_ADDRESSES: [&str; 2] = [UNSUBSCRIBE_URL, PREFERENCES_URL];
pub(crate) const UNSUBSCRIBE_URL: &str = "unsubscribe_url";
pub(crate) const PREFERENCES_URL: &str = "preferences_url";

const MAC_BYTES: usize = 16;
/// Set before what is signed, so that no signature made for something else fits.
const PURPOSE: &[u8] = b"candor mail token 1\0";

/// Signs tokens, with a key that never comes here.
pub trait Sign {
    /// The first 16 bytes of a MAC, like HMAC-SHA-256, over `bytes`.
    fn mac(&self, bytes: &[u8]) -> [u8; 16];
}

impl<F: Fn(&[u8]) -> [u8; 16]> Sign for F {
    fn mac(&self, bytes: &[u8]) -> [u8; 16] {
        self(bytes)
    }
}

/// What a token is for. A token for one is never good for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A link was followed.
    Link {
        /// Which, in the order of the template.
        number: u16,
        /// Where it leads, when that differs from person to person; else the template knows.
        address: Option<String>,
    },
    /// The person wants no more of this.
    Unsubscribe,
    /// The mail was opened.
    Open,
    /// The person looks at their preferences.
    Preferences,
    /// The same from elsewhere than a message: the token names the person in the message's place.
    Person {
        /// Seconds since 1970 after which it says nothing any more; none: for good.
        until: Option<u64>,
    },
}

/// What an address of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is for.
    pub purpose: Purpose,
    /// The message it stands in; of [`Purpose::Person`], the person's id.
    pub id: [u8; 16],
    /// Whose message it is.
    pub account: AccountId,
}

impl Token {
    /// The token as it stands in an address: letters, digits, `-` and `_`.
    pub fn write(&self, sign: &dyn Sign) -> String {
        let account = self.account.as_str().as_bytes();
        let end;
        let (kind, number, address) = match &self.purpose {
            Purpose::Link { number, address: None } => (0, *number, ""),
            Purpose::Link { number, address: Some(address) } => (1, *number, address.as_str()),
            Purpose::Unsubscribe => (2, 0, ""),
            Purpose::Open => (3, 0, ""),
            Purpose::Preferences => (4, 0, ""),
            Purpose::Person { until: None } => (5, 0, ""),
            Purpose::Person { until: Some(until) } => {
                end = until.to_string();
                (5, 0, end.as_str())
            }
        };
        let mut bytes = PURPOSE.to_vec();
        bytes.push(kind);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&number.to_be_bytes());
        // At most 64 bytes, as every account id.
        bytes.push(account.len() as u8);
        bytes.extend_from_slice(account);
        bytes.extend_from_slice(address.as_bytes());
        let mac = sign.mac(&bytes);
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(&bytes[PURPOSE.len()..])
    }

    /// Reads a token that we have signed; nothing for any other text.
    pub fn verify(text: &str, sign: &dyn Sign) -> Option<Token> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, mac) = sealed.split_at_checked(sealed.len().checked_sub(MAC_BYTES)?)?;
        let expected = sign.mac(&[PURPOSE, signed].concat());
        equal_in_constant_time(mac, &expected).then_some(())?;
        Token::read(signed)
    }

    /// Whose token it says it is, with nothing proven: by whose key it is to be verified.
    pub fn claims(text: &str) -> Option<AccountId> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Token::read(sealed.get(..sealed.len().checked_sub(MAC_BYTES)?)?)?.account)
    }

    fn read(bytes: &[u8]) -> Option<Token> {
        let (kind, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<2>()?;
        let (len, rest) = rest.split_first()?;
        let (account, address) = rest.split_at_checked(usize::from(*len))?;
        let account = AccountId::new(std::str::from_utf8(account).ok()?)?;
        let address = std::str::from_utf8(address).ok()?;
        let number = u16::from_be_bytes(*number);
        let purpose = match (kind, address) {
            (0, "") => Purpose::Link { number, address: None },
            (1, address) => Purpose::Link { number, address: Some(address.to_owned()) },
            (2, "") => Purpose::Unsubscribe,
            (3, "") => Purpose::Open,
            (4, "") => Purpose::Preferences,
            (5, "") => Purpose::Person { until: None },
            (5, until) => Purpose::Person { until: Some(until.parse().ok()?) },
            _ => return None,
        };
        Some(Token { purpose, id: *id, account })
    }
}

/// No token of ours is longer: its parts, with the longest address and account, in base64.
const TOKEN_BYTES_MAX: usize = 4 * (1 + 16 + 2 + 1 + 64 + ADDRESS_BYTES_MAX + MAC_BYTES) / 3 + 1;

/// Takes the same time wherever two MACs differ, so that a forger learns nothing from it.
fn equal_in_constant_time(a: &[u8], b: &[u8; MAC_BYTES]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

/// Parameters that tell the site where a visitor comes from, like `utm_source`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parameters in the order they are added. Names and values are encoded as needed.
    pub fn new(parameters: &[(&str, &str)]) -> Parameters {
        let encoded = |(name, value): &(&str, &str)| (percent_part(name), percent_part(value));
        Parameters(parameters.iter().map(encoded).collect())
    }

    /// Adds the parameters to an address of the web: behind its query, before its fragment. One
    /// that the address has already stays as it is.
    pub fn add_to(&self, address: &str) -> String {
        if self.0.is_empty() || !is_web(address) {
            return address.to_owned();
        }
        let (front, fragment) = match address.find('#') {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
        let query = front.split_once('?').map_or("", |(_, query)| query);
        let has = |name: &str| {
            query.split('&').any(|part| part.split('=').next().is_some_and(|it| it == name))
        };
        let mut out = front.to_owned();
        for (name, value) in self.0.iter().filter(|(name, _)| !has(name)) {
            match out.contains('?') {
                false => out.push('?'),
                true if out.ends_with(['?', '&']) => {}
                true => out.push('&'),
            }
            out.push_str(name);
            out.push('=');
            out.push_str(value);
        }
        out.push_str(fragment);
        out
    }
}

/// What the addresses of one message are made of.
pub struct Tracking<'a> {
    /// Where tokens are answered, like `https://mail.example.org`, without a slash at the end.
    pub base: &'a str,
    /// The message.
    pub message_id: [u8; 16],
    /// Whose it is.
    pub account: &'a AccountId,
    /// Signs the tokens.
    pub sign: &'a dyn Sign,
    /// What the number of the first link is: each language of a message has numbers of its own.
    pub first_link: u16,
    /// Whether links lead through us. Otherwise they lead where the template says, with the
    /// parameters.
    pub links: bool,
    /// Whether the mail holds the picture that tells of an opening.
    pub opens: bool,
    /// What is added to the address of each link.
    pub parameters: &'a Parameters,
}

impl Tracking<'_> {
    fn url(&self, folder: char, purpose: Purpose) -> String {
        format!("{}/{folder}/{}", self.base, self.token(purpose))
    }

    fn token(&self, purpose: Purpose) -> String {
        let token = Token { purpose, id: self.message_id, account: self.account.clone() };
        token.write(self.sign)
    }

    /// Where the person says that they want no more of this; also for `List-Unsubscribe`.
    pub fn unsubscribe_url(&self) -> String {
        self.url('u', Purpose::Unsubscribe)
    }

    /// Where the person sees their preferences.
    pub fn preferences_url(&self) -> String {
        page(self.base, self.account, &self.token(Purpose::Preferences))
    }

    /// What stands in the mail for a link. A `constant` address is known from the template.
    pub(crate) fn link(
        &self,
        number: u16,
        constant: bool,
        address: &str,
    ) -> Result<String, RenderError> {
        let number = self.first_link.saturating_add(number);
        if constant && self.links {
            return Ok(self.url('l', Purpose::Link { number, address: None }));
        }
        let full = self.parameters.add_to(checked(address)?);
        let full = checked(&full)?;
        if !self.links || follow(full) == Ok(Follow::Leave) {
            return Ok(full.to_owned());
        }
        Ok(self.url('l', Purpose::Link { number, address: Some(full.to_owned()) }))
    }

    pub(crate) fn pixel(&self) -> Option<String> {
        let url = || self.url('o', Purpose::Open);
        let image =
            |url| format!(r#"<img src="{url}" width="1" height="1" alt="" style="display:block">"#);
        self.opens.then(url).map(image)
    }
}

/// The address of a person's own page. What names the person stands behind `#`, which no browser
/// sends to a server or tells another site.
pub fn page(base: &str, account: &AccountId, token: &str) -> String {
    format!("{base}/privacy/{}#{token}", account.as_str())
}

/// Whether an address leads through us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// It does.
    Track,
    /// A mail, a call, or a place in the same mail: nothing of ours to follow.
    Leave,
}

/// Whether an address leads through us, or why it cannot stand in a mail.
pub(crate) fn follow(address: &str) -> Result<Follow, &'static str> {
    if address.len() > ADDRESS_BYTES_MAX {
        return Err("the address is longer than 2,000 bytes");
    }
    if address.chars().any(|c| c.is_control() || c == ' ') {
        return Err("the address holds a space or a control character");
    }
    if is_web(address) {
        return Ok(Follow::Track);
    }
    match begins(address, "mailto:") || begins(address, "tel:") || address.starts_with('#') {
        true => Ok(Follow::Leave),
        false => Err("an address begins with http, https, mailto, tel or #"),
    }
}

fn is_web(address: &str) -> bool {
    begins(address, "https://") || begins(address, "http://")
}

fn begins(address: &str, scheme: &str) -> bool {
    address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// A rendered address that may stand in a mail.
pub(crate) fn checked(address: &str) -> Result<&str, RenderError> {
    match follow(address) {
        Ok(_) => Ok(address),
        Err(message) => Err(RenderError::unfit(0, message)),
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use proptest::prelude::*;

    use super::*;

    /// A stand-in for a MAC: it differs when the bytes do.
    fn sign(bytes: &[u8]) -> [u8; 16] {
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            (seed, bytes).hash(&mut hasher);
            hasher.finish().to_be_bytes()
        };
        [half(1), half(2)].concat().try_into().unwrap()
    }

    fn token(purpose: Purpose) -> Token {
        Token { purpose, id: [7; 16], account: AccountId::new("TEST-WEB_1").unwrap() }
    }

    fn any_purpose() -> impl Strategy<Value = Purpose> {
        prop_oneof![
            (any::<u16>(), prop::option::of("https://[a-zé]{1,30}"))
                .prop_map(|(number, address)| Purpose::Link { number, address }),
            Just(Purpose::Unsubscribe),
            Just(Purpose::Open),
            Just(Purpose::Preferences),
            any::<Option<u64>>().prop_map(|until| Purpose::Person { until }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_token_is_read_back(purpose in any_purpose()) {
            let token = token(purpose);
            let text = token.write(&sign);
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            prop_assert!(text.bytes().all(plain));
            prop_assert_eq!(Token::verify(&text, &sign), Some(token));
        }

        #[test]
        fn a_token_with_any_bit_flipped_is_none(purpose in any_purpose()) {
            let text = token(purpose).write(&sign);
            for bit in 0..text.len() * 8 {
                let mut bytes = text.clone().into_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                if let Ok(flipped) = String::from_utf8(bytes) {
                    prop_assert_eq!(Token::verify(&flipped, &sign), None, "bit {}", bit);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "[A-Za-z0-9_-]{0,200}|\\PC{0,50}") {
            prop_assert_eq!(Token::verify(&text, &sign), None);
        }
    }

    #[test]
    fn a_token_is_short() {
        let text = token(Purpose::Link { number: 3, address: None }).write(&sign);
        assert_eq!(text.len(), 62);
    }

    #[test]
    fn a_token_of_another_key_is_none() {
        let text = token(Purpose::Unsubscribe).write(&sign);
        let other = |bytes: &[u8]| sign(&[b"other", bytes].concat());
        assert_eq!(Token::verify(&text, &other), None);
    }

    #[test]
    fn the_longest_token_is_still_read() {
        let address = Some(format!("https://{}", "a".repeat(ADDRESS_BYTES_MAX - 8)));
        let account = AccountId::new(&"a".repeat(64)).unwrap();
        let purpose = Purpose::Link { number: u16::MAX, address };
        let token = Token { purpose, id: [0; 16], account };
        assert_eq!(Token::verify(&token.write(&sign), &sign), Some(token));
    }

    #[test]
    fn parameters_survive_queries_and_fragments() {
        let parameters = Parameters::new(&[("utm_source", "mail"), ("utm_campaign", "a b&c")]);
        for (address, expected) in [
            ("https://a", "https://a?utm_source=mail&utm_campaign=a%20b%26c"),
            ("https://a/?x=1", "https://a/?x=1&utm_source=mail&utm_campaign=a%20b%26c"),
            ("https://a/?", "https://a/?utm_source=mail&utm_campaign=a%20b%26c"),
            ("https://a/?x=1&#f?g", "https://a/?x=1&utm_source=mail&utm_campaign=a%20b%26c#f?g"),
            ("https://a#f", "https://a?utm_source=mail&utm_campaign=a%20b%26c#f"),
            ("https://a/?utm_source=x", "https://a/?utm_source=x&utm_campaign=a%20b%26c"),
            ("mailto:a@b?subject=x", "mailto:a@b?subject=x"),
        ] {
            assert_eq!(parameters.add_to(address), expected);
        }
    }

    #[test]
    fn only_the_web_is_followed() {
        for (address, expected) in [
            ("https://a", Some(Follow::Track)),
            ("HTTP://a", Some(Follow::Track)),
            ("mailto:a@b", Some(Follow::Leave)),
            ("tel:+49", Some(Follow::Leave)),
            ("#top", Some(Follow::Leave)),
            ("javascript:x", None),
            ("data:x", None),
            ("/path", None),
            ("", None),
            ("https://a b", None),
            ("https://a\r\nb", None),
            (&format!("https://{}", "a".repeat(ADDRESS_BYTES_MAX)), None),
        ] {
            assert_eq!(follow(address).ok(), expected, "{address}");
        }
    }
}
