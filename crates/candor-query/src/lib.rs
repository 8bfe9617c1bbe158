//! Questions over a store: trend, funnel, retention, stickiness, paths, board, RFM, pivot, segment,
//! live, census, events, and one person.
//!
//! Each question is a plain value that is read from JSON, checked, and asked of a
//! [`candor_store::View`]; its answer is a plain value again. Behavioural questions fold one
//! person's ordered events after the other, volume by volume on all cores, and merge the partial
//! results; nothing is sorted when asked.
//!
//! This room knows neither the catalog nor HTTP: saved segments are resolved before they come
//! here, and who may ask is decided elsewhere.
//!
//! Read in this order: `filter`, `period`, `segment`, `question`, `scan`, `trend`, `funnel`,
//! `retention`, `stickiness`, `board`, `paths`, `rfm`, `pivot`, `find`.

pub mod board;
mod census;
mod days;
mod error;
mod filter;
pub mod find;
pub mod funnel;
mod goal;
mod group;
mod live;
mod local_time;
pub mod paths;
mod period;
mod person;
pub mod pivot;
mod question;
pub mod retention;
pub mod rfm;
mod scan;
pub mod segment;
mod session;
pub mod stickiness;
pub mod trend;
mod turns;
mod walk;

pub use board::Board;
pub use census::{Held, Word, consents, event_names, filled, trait_names, values};
pub use error::Error;
pub use filter::{Condition, Op, Scope};
pub use find::Find;
pub use funnel::Funnel;
pub use goal::{Attempted, goals};
pub use live::{Counted, Live, live};
pub use paths::Paths;
pub use period::{Interval, duration, rfc3339, zone};
pub use person::{Done, EventCount, Person, person, timeline, traits};
pub use pivot::Pivot;
pub use question::{Breakdown, Breakdowns, Compared, Scoped, Which};
pub use retention::Retention;
pub use rfm::Rfm;
pub use scan::Cancel;
pub use segment::Definition;
pub use session::{SILENCE_MS, Session, sessions};
pub use stickiness::Stickiness;
pub use trend::Trend;
pub use turns::Turns;
pub use walk::{Place, Wanted, people_with, walk_events, walk_people};
