//! A publisher's secrets and the file they lie in.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use candor_event::{AccountId, DataClass, IdKind, PersonId};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;
use crate::recent::RecentIds;
use crate::seal::{FileKey, OpenKeys, Sealer};

const FORMAT: u32 = 1;

/// A key file is about 700 bytes; more is not ours.
const FILE_BYTES_MAX: u64 = 16 * 1024;

pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// All keys of one publisher. Cheap to clone; the secrets are wiped when the last clone goes.
#[derive(Clone)]
pub struct PublisherKeys {
    inner: Arc<Inner>,
}

struct Inner {
    account: AccountId,
    classes: [Secret; 6],
    id_key: hmac::Key,
    fingerprint_key: [u8; 16],
    mac_key: hmac::Key,
    signing: Ed25519KeyPair,
    encrypts: bool,
    open_keys: OpenKeys,
    /// From the first id on: to draw the first random bytes of a process takes 20 ms. None in it
    /// where no random key is to be had.
    recent_ids: OnceLock<Option<RecentIds>>,
}

impl PublisherKeys {
    /// Makes fresh keys and writes them to `folder/<account>.keys`, mode 0600, synced. The folder
    /// is made, mode 0700, when it is missing.
    ///
    /// # Errors
    /// [`Error::Exists`] when the publisher has keys: they are never overwritten.
    pub fn create(folder: &Path, account: &AccountId) -> Result<PublisherKeys, Error> {
        let mut seeds = Zeroizing::new([[0u8; 32]; 8]);
        for seed in seeds.iter_mut() {
            rand::fill(seed).map_err(|_| Error::Library("draw random bytes"))?;
        }
        let path = path_of(folder, account);
        write_file(folder, &path, &KeyFile::new(account, &seeds))?;
        PublisherKeys::from_seeds(account.clone(), &seeds, true)
    }

    /// Reads the keys that [`PublisherKeys::create`] wrote.
    ///
    /// # Errors
    /// [`Error::Exposed`] when others may read the file, [`Error::Damaged`] when it is not whole.
    pub fn open(folder: &Path, account: &AccountId) -> Result<PublisherKeys, Error> {
        let path = path_of(folder, account);
        let failed = |source| Error::File { action: "read", path: path.clone(), source };
        let file = File::open(&path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Error::Exposed(path));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        let damaged = |what| Error::Damaged(path.clone(), what);
        let read: KeyFile = serde_json::from_str(&text).map_err(|_| damaged("not a key file"))?;
        let seeds = read.seeds(account).map_err(damaged)?;
        PublisherKeys::from_seeds(account.clone(), &seeds, true)
    }

    /// Keys that depend on `seed` alone, with the real cipher and nothing on disk. For tests.
    pub fn for_tests(seed: u8) -> PublisherKeys {
        PublisherKeys::fixed(seed, true)
    }

    /// Keys that frame instead of sealing, so that a test can search what lies on a disk. No
    /// command, setting or file leads here.
    pub fn without_cipher_for_tests(seed: u8) -> PublisherKeys {
        PublisherKeys::fixed(seed, false)
    }

    fn fixed(seed: u8, encrypts: bool) -> PublisherKeys {
        let seeds: [[u8; 32]; 8] = std::array::from_fn(|i| [seed ^ (i as u8) << 5; 32]);
        let account = AccountId::new(&format!("TEST-{seed}")).expect("letters and digits");
        PublisherKeys::from_seeds(account, &seeds, encrypts).expect("fixed seeds make keys")
    }

    fn from_seeds(
        account: AccountId,
        seeds: &[[u8; 32]; 8],
        encrypts: bool,
    ) -> Result<PublisherKeys, Error> {
        let signing = Ed25519KeyPair::from_seed_unchecked(&seeds[7])
            .map_err(|_| Error::Library("make a signing key"))?;
        let id_key = hmac::Key::new(hmac::HMAC_SHA256, &seeds[6]);
        let fingerprint = hmac::sign(&id_key, b"candor fingerprint");
        let mac = hmac::sign(&id_key, b"candor mac");
        let inner = Inner {
            account,
            classes: std::array::from_fn(|i| Zeroizing::new(seeds[i])),
            fingerprint_key: first_bytes(fingerprint.as_ref()),
            mac_key: hmac::Key::new(hmac::HMAC_SHA256, mac.as_ref()),
            id_key,
            signing,
            encrypts,
            open_keys: OpenKeys::default(),
            recent_ids: OnceLock::new(),
        };
        Ok(PublisherKeys { inner: Arc::new(inner) })
    }

    /// False only for the keys of [`PublisherKeys::without_cipher_for_tests`].
    pub fn encrypts(&self) -> bool {
        self.inner.encrypts
    }

    /// Whose keys these are.
    pub fn account(&self) -> &AccountId {
        &self.inner.account
    }

    /// By what an id is looked up: the first 16 bytes of HMAC-SHA-256 over its kind and itself.
    /// The same id gives another hash at another publisher.
    pub fn id_hash(&self, kind: IdKind, normalised: &str) -> [u8; 16] {
        let [hash] = self.id_hashes(&[(kind, normalised)])[..] else {
            unreachable!("an id has one hash");
        };
        hash
    }

    /// The hashes of all ids of a request, in their order: cheaper than one by one.
    pub fn id_hashes(&self, normalised: &[(IdKind, &str)]) -> Vec<[u8; 16]> {
        let hash = |kind: IdKind, id: &str| {
            let mut context = hmac::Context::with_key(&self.inner.id_key);
            context.update(&[kind as u8]);
            context.update(id.as_bytes());
            first_bytes(context.sign().as_ref())
        };
        match self.inner.recent_ids.get_or_init(RecentIds::new) {
            Some(recent) => recent.get(normalised, hash),
            None => normalised.iter().map(|(kind, id)| hash(*kind, id)).collect(),
        }
    }

    /// The person that an id derives when it is the first that is seen of someone.
    pub fn person_id(&self, kind: IdKind, normalised: &str) -> PersonId {
        PersonId(self.id_hash(kind, normalised))
    }

    /// A keyed 64-bit hash, to tell repeats apart without keeping what was sent: SipHash-2-4
    /// (Aumasson and Bernstein 2012), made for short inputs under a secret key.
    pub fn fingerprint(&self, bytes: &[u8]) -> u64 {
        SipHasher24::new_with_key(&self.inner.fingerprint_key).hash(bytes)
    }

    /// The first 16 bytes of HMAC-SHA-256 over `message`: proof that an address or token is of our
    /// making. Whoever calls begins each kind of message with words of its own.
    pub fn mac(&self, message: &[u8]) -> [u8; 16] {
        first_bytes(hmac::sign(&self.inner.mac_key, message).as_ref())
    }

    /// A sealer under a fresh key of its own, derived from the secret of `class`.
    pub fn sealer(&self, class: DataClass) -> Sealer {
        Sealer::new(self.clone(), class)
    }

    /// Opens what a [`Sealer`] of the same class sealed with the same additional data.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when class, data or a single bit differ.
    pub fn open_sealed(
        &self,
        class: DataClass,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.inner.open_keys.open(self, class, aad, sealed)
    }

    /// A fresh key for one file, and its form wrapped under the secret of `class`.
    ///
    /// # Errors
    /// [`Error::Library`] when no random bytes are to be had.
    pub fn new_file_key(&self, class: DataClass) -> Result<FileKey, Error> {
        FileKey::new(self, class)
    }

    /// The key that [`PublisherKeys::new_file_key`] wrapped.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it was wrapped for another class or publisher.
    pub fn unwrap_file_key(&self, class: DataClass, wrapped: &[u8]) -> Result<FileKey, Error> {
        FileKey::unwrap(self, class, wrapped)
    }

    /// An Ed25519 signature (RFC 8032) of `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        first_bytes(self.inner.signing.sign(message).as_ref())
    }

    /// The Ed25519 public key by which signatures are verified.
    pub fn public_key(&self) -> [u8; 32] {
        first_bytes(self.inner.signing.public_key().as_ref())
    }

    /// A short name of the public key: 16 hexadecimal digits of its SHA-256.
    pub fn key_id(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.public_key());
        hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn class_secret(&self, class: DataClass) -> &Secret {
        &self.inner.classes[class as usize]
    }
}

impl fmt::Debug for PublisherKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublisherKeys({}, ***)", self.inner.account)
    }
}

/// The first `N` of at least `N` bytes.
fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| bytes[i])
}

fn path_of(folder: &Path, account: &AccountId) -> PathBuf {
    folder.join(format!("{account}.keys"))
}

/// The JSON of a key file; `docs/formats/keys.md`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: u32,
    account: String,
    /// Eight secrets of 32 bytes in base64: the classes in their order, ids, signatures.
    secrets: Vec<String>,
    /// The first 8 bytes of SHA-256 over account and secrets, in base64.
    check: String,
}

impl KeyFile {
    fn new(account: &AccountId, seeds: &[[u8; 32]; 8]) -> KeyFile {
        KeyFile {
            format: FORMAT,
            account: account.to_string(),
            secrets: seeds.iter().map(|seed| STANDARD.encode(seed)).collect(),
            check: check_of(account, seeds),
        }
    }

    fn seeds(&self, account: &AccountId) -> Result<Zeroizing<[[u8; 32]; 8]>, &'static str> {
        if self.format != FORMAT {
            return Err("written by another version");
        }
        if self.account != account.as_str() {
            return Err("it is another publisher's");
        }
        let mut seeds = Zeroizing::new([[0u8; 32]; 8]);
        if self.secrets.len() != seeds.len() {
            return Err("secrets are missing");
        }
        for (seed, text) in seeds.iter_mut().zip(&self.secrets) {
            let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| "a secret is damaged")?);
            *seed = bytes.as_slice().try_into().map_err(|_| "a secret is damaged")?;
        }
        if self.check != check_of(account, &seeds) {
            return Err("its check does not hold");
        }
        Ok(seeds)
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secrets.zeroize();
    }
}

fn check_of(account: &AccountId, seeds: &[[u8; 32]; 8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(account.as_str().as_bytes());
    seeds.iter().for_each(|seed| context.update(seed));
    STANDARD.encode(&context.finish().as_ref()[..8])
}

/// Written beside its place, synced, then linked there: a key file is whole or absent, and one
/// that exists is not replaced.
fn write_file(folder: &Path, path: &Path, file: &KeyFile) -> Result<(), Error> {
    let failed =
        |action| move |source: io::Error| Error::File { action, path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed("protect"))?;
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let text = Zeroizing::new(serde_json::to_string_pretty(file).unwrap_or_default());
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()));
    let linked = written.map_err(failed("write")).and_then(|()| {
        fs::hard_link(&beside, path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
            _ => failed("place")(error),
        })
    });
    let _ = fs::remove_file(&beside);
    linked?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync the folder of"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountId {
        AccountId::new(name).unwrap()
    }

    #[test]
    fn keys_read_back_as_they_were_created() {
        let folder = tempfile::tempdir().unwrap();
        let made = PublisherKeys::create(folder.path(), &account("A")).unwrap();
        let read = PublisherKeys::open(folder.path(), &account("A")).unwrap();
        let sealed = made.sealer(DataClass::Contact).seal(b"x", b"plain").unwrap();
        assert_eq!(read.open_sealed(DataClass::Contact, b"x", &sealed).unwrap(), b"plain");
        assert_eq!(read.public_key(), made.public_key());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn keys_that_exist_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let made = PublisherKeys::create(folder.path(), &account("A")).unwrap();
        let again = PublisherKeys::create(folder.path(), &account("A"));
        assert!(matches!(again, Err(Error::Exists(_))), "{again:?}");
        let read = PublisherKeys::open(folder.path(), &account("A")).unwrap();
        assert_eq!(read.key_id(), made.key_id());
    }

    #[test]
    fn an_exposed_or_damaged_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        PublisherKeys::create(folder.path(), &account("A")).unwrap();
        let path = folder.path().join("A.keys");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let exposed = PublisherKeys::open(folder.path(), &account("A"));
        assert!(matches!(exposed, Err(Error::Exposed(_))), "{exposed:?}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let start = whole.find("secrets").unwrap() + 20;
        for place in [start, start + 50, start + 100] {
            let mut bytes = whole.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            fs::write(&path, bytes).unwrap();
            let damaged = PublisherKeys::open(folder.path(), &account("A"));
            assert!(matches!(damaged, Err(Error::Damaged(..))), "{damaged:?}");
        }
    }

    #[test]
    fn a_person_is_another_at_another_publisher() {
        let (one, two) = (PublisherKeys::for_tests(1), PublisherKeys::for_tests(2));
        assert_ne!(one.id_hash(IdKind::Email, "a@b.c"), two.id_hash(IdKind::Email, "a@b.c"));
        assert_ne!(one.id_hash(IdKind::Email, "a@b.c"), one.id_hash(IdKind::Identity, "a@b.c"));
        assert_ne!(one.fingerprint(b"x"), two.fingerprint(b"x"));
    }

    #[test]
    fn ids_keep_their_hash_from_version_to_version() {
        let hash = PublisherKeys::for_tests(1).person_id(IdKind::Identity, "ann").to_string();
        assert_eq!(hash, "p_c64ba8022e9cab881bb580e1598ba125");
    }

    #[test]
    fn a_signature_verifies_under_the_public_key() {
        use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
        let keys = PublisherKeys::for_tests(1);
        let signature = keys.sign(b"receipt");
        let public = UnparsedPublicKey::new(&ED25519, keys.public_key());
        assert!(public.verify(b"receipt", &signature).is_ok());
        assert!(public.verify(b"receipt.", &signature).is_err());
    }

    #[test]
    fn keys_show_no_secret() {
        assert_eq!(format!("{:?}", PublisherKeys::for_tests(1)), "PublisherKeys(TEST-1, ***)");
    }
}
