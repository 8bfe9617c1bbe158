//! Who did it.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A person of one publisher: the first 16 bytes of an HMAC-SHA-256, under the publisher's id
/// key, of the id that was seen first. Resolving a new id therefore writes nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonId(pub [u8; 16]);

impl Hash for PersonId {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // The id is a keyed hash: eight of its bytes are as good as any hash of it.
        let [.., a, b, c, d, e, f, g, h] = self.0;
        hasher.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// Something for each person.
pub type ByPerson<T> = HashMap<PersonId, T, BuildHasherDefault<HashedAlready>>;

/// Takes a keyed or random hash as it is: nobody without its key can make two of them collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashedAlready(u64);

impl Hasher for HashedAlready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }

    fn write_u128(&mut self, number: u128) {
        self.0 ^= number as u64;
    }
}

impl PersonId {
    /// Whom an id is linked to when it is taken away from everyone.
    pub const NOBODY: PersonId = PersonId([0; 16]);

    /// The logical volume of this person among `volumes` (a power of two). It never changes.
    pub fn volume(self, volumes: u16) -> u16 {
        assert!(volumes.is_power_of_two(), "the number of volumes is a power of two");
        u16::from_le_bytes([self.0[0], self.0[1]]) & (volumes - 1)
    }

    /// The id that `p_` and 32 hexadecimal digits name.
    pub fn parse(text: &str) -> Option<PersonId> {
        let hex = text.strip_prefix("p_").filter(|hex| hex.len() == 32 && hex.is_ascii())?;
        let mut bytes = [0; 16];
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(PersonId(bytes))
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p_")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of id by which a person is found. The id itself is kept only as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// An id of a device or browser; a person may have many.
    Guid,
    /// The publisher's own id of the person; at most one each.
    Identity,
    /// An e-mail address, trimmed and lower-cased.
    Email,
    /// A phone number as digits without the plus.
    Phone,
    /// What a push service calls a device; it belongs to whoever registered it last.
    PushToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_is_shown() {
        let id = PersonId(std::array::from_fn(|i| i as u8 * 17));
        assert_eq!(PersonId::parse(&id.to_string()), Some(id));
        for bad in ["", "p_", "p_zz", "0123", "p_+1112131415161718191a1b1c1d1e1f"] {
            assert_eq!(PersonId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_person_lies_in_one_volume() {
        let id = PersonId([0xff; 16]);
        assert_eq!(id.volume(16), 15);
        assert_eq!(id.volume(1), 0);
    }
}
