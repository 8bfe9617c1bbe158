//! An event's way in: from what was sent to sealed records of the log.
//!
//! [`Door`] is one publisher's way in: it resolves, asks the gate, stamps and seals; [`read`] goes
//! on from the log to the stores. Beneath them: finding the person behind the ids of a request
//! ([`WhoIsWho`]), reading the LZString text of the Web SDK ([`lzstring`]) and the events API
//! ([`decode`]), taking out what consent does not cover ([`gate`]),
//! and turning a request's records into one sealed frame of the log and back ([`BatchSealer`],
//! [`open_frame`]), each data class under its own key.
//!
//! The room does not know HTTP, and nothing of a request reaches an error or a trace. Read `who`,
//! `lzstring`, `codec` and `seal`; `docs/formats/record.md` draws the bytes.
//!
//! ```
//! use candor_event::{DataClass, PersonId, Record, Timestamp};
//! use candor_ingest::{BatchSealer, open_frame};
//! use candor_keys::PublisherKeys;
//! let keys = PublisherKeys::for_tests(1);
//! let erase = Record::Erase { person: PersonId([1; 16]), at: Timestamp(0) };
//! let frame = BatchSealer::new(&keys).seal(&[erase.clone()], &|_| DataClass::Behaviour)?;
//! assert_eq!(open_frame(&keys, &frame)?, vec![erase]);
//! # Ok::<(), candor_ingest::Error>(())
//! ```

mod accept;
mod codec;
pub mod contact;
pub mod decode;
mod error;
pub mod gate;
mod handed;
mod load;
pub mod lzstring;
mod seal;
mod tally;
mod who;

pub use accept::{Accepted, Door, GUIDS_TRAIT, Outcome, Receipt, Request};
pub use error::Error;
pub use handed::Parcel;
pub use load::{Home, Step, read};
pub use seal::{BatchSealer, FrameOpener, account_of, open_frame};
pub use tally::Tally;
pub use who::{HashedIds, Ids, WhoIsWho};
