//! One publisher's events and traits: columns in memory for questions, sealed parts on disk.
//!
//! The store is a fold over the log: [`Store::apply`] takes records in order and shows them to the
//! next [`Store::view`]; [`Store::flush`] writes them as encrypted Parquet and commits files and
//! log offset in one atomic step, so that a restart applies exactly what the files do not hold.
//! Everything of a person lies in one logical volume, ordered by time, so that a question folds
//! one person after the other and never sorts.
//!
//! It does not know why a row exists: the gate stood before the log. It does not know what is
//! asked either: that is candor-query's.
//!
//! Read in this order: `store` (what records change), `view`, `run` and `fold` (what questions
//! see), `volume`, `resident/` (columns, tail, people), `flush` and `compact` (files), `part/`
//! (their bytes), `manifest`, `ahead` and `load` (a start), `shrink`. Beside them `table` reads the
//! files that people bring and writes those that they take.

mod ahead;
mod beside;
mod cells;
mod compact;
mod config;
mod error;
mod flush;
mod fold;
mod load;
mod manifest;
mod part;
mod pending;
mod people_set;
mod resident;
mod run;
mod sheet;
mod shrink;
mod store;
mod table;
mod threads;
mod touched;
mod view;
mod volume;

pub use ahead::Ahead;
pub use candor_event::CONSENT_TRAIT;
pub use cells::Cells;
pub use config::{ClassOf, StoreConfig};
pub use error::Error;
pub use fold::{Active, Having, Looked, Scratch, Stage};
pub use people_set::PeopleSet;
pub use resident::active::ActiveDays;
pub use run::Run;
pub use shrink::Resident;
pub use store::Store;
pub use table::{
    Cell, ColumnCells, ColumnKind, NumberKind, Numbers, Piece, TableReader, TableWriter,
};
pub use touched::{Mark, Since, Touched, What};
pub use view::{View, VolumeView};
