//! Keys per publisher and data class: seal, open, name ids, sign.
//!
//! Each publisher has a key file of its own with one secret per data class, one for ids and one
//! for signatures; nothing is shared between publishers. Bytes are sealed with AES-256-GCM under
//! keys that are derived from a class secret and a random salt, so a key seals for one process
//! only and no nonce is ever used twice. Files of columns get fresh keys that are wrapped by the
//! secret of their class.
//!
//! The room does not know what it seals, keeps no list of what was sealed, and does no network
//! I/O. It is small enough to be audited in one sitting: `keyring` has the secrets and their file,
//! `seal` the sealing. The bytes are drawn in `docs/formats/keys.md`.
//!
//! ```
//! use candor_event::DataClass;
//! use candor_keys::PublisherKeys;
//! let keys = PublisherKeys::for_tests(1);
//! let sealed = keys.sealer(DataClass::Contact).seal(b"context", b"ann@example.test")?;
//! let opened = keys.open_sealed(DataClass::Contact, b"context", &sealed)?;
//! assert_eq!(opened, b"ann@example.test");
//! assert!(keys.open_sealed(DataClass::Device, b"context", &sealed).is_err());
//! # Ok::<(), candor_keys::Error>(())
//! ```

mod error;
mod keyring;
mod recent;
mod seal;

pub use error::Error;
pub use keyring::PublisherKeys;
pub use seal::{FileKey, Sealer, open_in_transit};
