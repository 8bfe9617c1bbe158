//! Sealing: AES-256-GCM under keys derived for one sealer each.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use candor_event::DataClass;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::keyring::PublisherKeys;

const SALT_BYTES: usize = 16;
const COUNTER_BYTES: usize = 8;
const TAG_BYTES: usize = 16;

/// How many messages one derived key seals before a sealer draws a new salt.
const MESSAGES_PER_SALT_MAX: u64 = 1 << 32;

/// Derived keys that are remembered for opening; each sealer of a process has one per class.
const OPEN_KEYS_MAX: usize = 256;

/// Seals for one class of one publisher. Each sealer has a random salt and a key derived from it,
/// and counts its nonces, so two sealers never use one nonce with one key (NIST SP 800-38D, 8.2.1).
pub struct Sealer {
    keys: PublisherKeys,
    class: DataClass,
    state: Mutex<Option<Salted>>,
}

struct Salted {
    salt: [u8; SALT_BYTES],
    key: LessSafeKey,
    next: u64,
}

impl Sealer {
    pub(crate) fn new(keys: PublisherKeys, class: DataClass) -> Sealer {
        Sealer { keys, class, state: Mutex::new(None) }
    }

    /// Seals `plain`; `aad` is authenticated and not stored. The result is
    /// `salt (16) | counter (8) | ciphertext | tag (16)`.
    ///
    /// # Errors
    /// [`Error::Library`] when no random salt is to be had.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let salted = match state.take().filter(|salted| salted.next < MESSAGES_PER_SALT_MAX) {
            Some(salted) => salted,
            None => Salted::new(&self.keys, self.class)?,
        };
        let salted = state.insert(salted);
        let counter = salted.next.to_le_bytes();
        salted.next += 1;
        let head = SALT_BYTES + COUNTER_BYTES;
        let mut sealed = Vec::with_capacity(head + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(&salted.salt);
        sealed.extend_from_slice(&counter);
        sealed.extend_from_slice(plain);
        if !self.keys.encrypts() {
            sealed.extend_from_slice(&[0; TAG_BYTES]);
            return Ok(sealed);
        }
        let tag = salted
            .key
            .seal_in_place_separate_tag(nonce(counter), Aad::from(aad), &mut sealed[head..])
            .map_err(|_| Error::Library("seal"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({:?}, {})", self.keys, self.class.name())
    }
}

impl Salted {
    fn new(keys: &PublisherKeys, class: DataClass) -> Result<Salted, Error> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| Error::Library("draw a salt"))?;
        Ok(Salted { salt, key: derive(keys, class, &salt)?, next: 0 })
    }
}

/// HKDF-SHA-256 (RFC 5869) of the class secret, with the salt and the class as context.
fn derive(keys: &PublisherKeys, class: DataClass, salt: &[u8]) -> Result<LessSafeKey, Error> {
    let failed = |_| Error::Library("derive a key");
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, salt);
    let extracted = salt.extract(keys.class_secret(class).as_slice());
    let mut bytes = Zeroizing::new([0u8; 32]);
    extracted
        .expand(&[b"candor seal", class.name().as_bytes()], &AES_256_GCM)
        .and_then(|okm| okm.fill(bytes.as_mut_slice()))
        .map_err(failed)?;
    UnboundKey::new(&AES_256_GCM, bytes.as_slice()).map(LessSafeKey::new).map_err(failed)
}

fn nonce(counter: [u8; COUNTER_BYTES]) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..COUNTER_BYTES].copy_from_slice(&counter);
    Nonce::assume_unique_for_key(bytes)
}

/// One remembered key: of which class, under which salt.
type OpenKey = (DataClass, [u8; SALT_BYTES], Arc<LessSafeKey>);

/// The keys last used for opening: a log is read frame after frame under few salts.
#[derive(Default)]
pub(crate) struct OpenKeys {
    recent: Mutex<VecDeque<OpenKey>>,
}

impl OpenKeys {
    pub(crate) fn open(
        &self,
        keys: &PublisherKeys,
        class: DataClass,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let (salt, rest) = sealed.split_first_chunk::<SALT_BYTES>().ok_or(Error::DoesNotOpen)?;
        let (counter, rest) = rest.split_first_chunk().ok_or(Error::DoesNotOpen)?;
        let length = rest.len().checked_sub(TAG_BYTES).ok_or(Error::DoesNotOpen)?;
        if !keys.encrypts() {
            return Ok(rest[..length].to_vec());
        }
        let key = self.key(keys, class, salt)?;
        let mut plain = rest.to_vec();
        key.open_in_place(nonce(*counter), Aad::from(aad), &mut plain)
            .map_err(|_| Error::DoesNotOpen)?;
        plain.truncate(length);
        Ok(plain)
    }

    fn key(
        &self,
        keys: &PublisherKeys,
        class: DataClass,
        salt: &[u8; SALT_BYTES],
    ) -> Result<Arc<LessSafeKey>, Error> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., key)) = recent.iter().find(|(c, s, _)| (*c, s) == (class, salt)) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(derive(keys, class, salt)?);
        if recent.len() == OPEN_KEYS_MAX {
            recent.pop_back();
        }
        recent.push_front((class, *salt, Arc::clone(&key)));
        Ok(key)
    }
}

/// Opens what an SDK encrypted for transit with a key of its own (AES-256-GCM, no additional
/// data, the tag at the end); none where key, nonce and text do not fit.
pub fn open_in_transit(key: &[u8], nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut bytes = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?.len();
    bytes.truncate(plain);
    Some(bytes)
}

/// A fresh 256-bit key for one file, with the form in which it may lie beside the file.
pub struct FileKey {
    /// The key itself; wiped when dropped.
    pub bytes: Zeroizing<[u8; 32]>,
    /// The key sealed under its class.
    pub wrapped: Vec<u8>,
}

const WRAP_CONTEXT: &[u8] = b"candor file key";

impl FileKey {
    pub(crate) fn new(keys: &PublisherKeys, class: DataClass) -> Result<FileKey, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| Error::Library("draw a key"))?;
        let wrapped = keys.sealer(class).seal(WRAP_CONTEXT, bytes.as_slice())?;
        Ok(FileKey { bytes, wrapped })
    }

    pub(crate) fn unwrap(
        keys: &PublisherKeys,
        class: DataClass,
        wrapped: &[u8],
    ) -> Result<FileKey, Error> {
        let plain = Zeroizing::new(keys.open_sealed(class, WRAP_CONTEXT, wrapped)?);
        let bytes = plain.as_slice().try_into().map_err(|_| Error::DoesNotOpen)?;
        Ok(FileKey { bytes: Zeroizing::new(bytes), wrapped: wrapped.to_vec() })
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const CLASS: DataClass = DataClass::Contact;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_sealed_opens_and_a_changed_bit_does_not(
            plain in prop::collection::vec(any::<u8>(), 0..300),
            aad in prop::collection::vec(any::<u8>(), 0..30),
            place in any::<prop::sample::Index>(),
            bit in 0..8u8,
        ) {
            let keys = PublisherKeys::for_tests(7);
            let sealed = keys.sealer(CLASS).seal(&aad, &plain).unwrap();
            prop_assert_eq!(keys.open_sealed(CLASS, &aad, &sealed).unwrap(), plain);
            let mut changed = sealed.clone();
            changed[place.index(sealed.len())] ^= 1 << bit;
            prop_assert!(keys.open_sealed(CLASS, &aad, &changed).is_err());
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            prop_assert!(PublisherKeys::for_tests(7).open_sealed(CLASS, b"", &bytes).is_err());
        }
    }

    #[test]
    fn another_class_publisher_or_context_does_not_open() {
        let keys = PublisherKeys::for_tests(7);
        let sealed = keys.sealer(CLASS).seal(b"a", b"plain").unwrap();
        assert!(keys.open_sealed(DataClass::Identity, b"a", &sealed).is_err());
        assert!(keys.open_sealed(CLASS, b"b", &sealed).is_err());
        assert!(PublisherKeys::for_tests(8).open_sealed(CLASS, b"a", &sealed).is_err());
    }

    #[test]
    fn no_salt_and_counter_is_used_twice() {
        let keys = PublisherKeys::for_tests(7);
        let mut seen = HashSet::new();
        for _ in 0..50 {
            let sealer = keys.sealer(CLASS);
            for _ in 0..20 {
                let sealed = sealer.seal(b"", b"x").unwrap();
                assert!(seen.insert(sealed[..SALT_BYTES + COUNTER_BYTES].to_vec()));
            }
        }
    }

    #[test]
    fn a_file_key_unwraps_for_its_class_alone() {
        let keys = PublisherKeys::for_tests(7);
        let fresh = keys.new_file_key(CLASS).unwrap();
        let again = keys.unwrap_file_key(CLASS, &fresh.wrapped).unwrap();
        assert_eq!(again.bytes, fresh.bytes);
        assert!(keys.unwrap_file_key(DataClass::Device, &fresh.wrapped).is_err());
        assert_ne!(keys.new_file_key(CLASS).unwrap().bytes, fresh.bytes);
    }

    #[test]
    fn the_null_cipher_frames_and_leaves_the_text() {
        let keys = PublisherKeys::without_cipher_for_tests(7);
        let sealed = keys.sealer(CLASS).seal(b"", b"canary").unwrap();
        assert_eq!(&sealed[24..30], b"canary");
        assert_eq!(keys.open_sealed(CLASS, b"", &sealed).unwrap(), b"canary");
    }
}
