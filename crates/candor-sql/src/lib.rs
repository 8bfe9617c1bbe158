//! SQL over a store, read-only: one statement at a time, of one view.
//!
//! The tables are `events` and `people`, with a column for each property or trait, whose type is
//! that of the values held. They are read from a [`candor_store::View`] as it is, volume by
//! volume; only the columns that a statement needs are made, and conditions on the person, the
//! name and the time of an event pass over the rest. Questions of candor-query are table
//! functions.
//!
//! Parsing, planning and running are DataFusion's, which no other room knows. What a statement may
//! do is bounded here: it only reads, and only what its asker may see; it has so much memory, so
//! many rows out, and nothing is written to a disk. Who asks, and for how long, is decided
//! elsewhere.
//!
//! Read in this order: `engine` (from a statement to its answer), `statement` (what may be asked),
//! `columns` and `tables` (what there is), `scan`, `wanted`, `picked` and `cells` (how it is read),
//! `functions` and `questions`; `allowed`, `kinds` and `inlined` (what is looked at before it
//! runs), `growth`, `folded`, `held` and `sizes` (what keeps it within bounds then), `answer`.

mod allowed;
mod answer;
mod cells;
mod columns;
mod dialect;
mod engine;
mod error;
mod folded;
mod functions;
mod growth;
mod held;
mod inlined;
mod kinds;
mod picked;
mod questions;
mod scan;
mod sizes;
mod statement;
mod tables;
mod wanted;

pub use answer::{Answer, Form};
pub use columns::{Column, Kind, Masked, Table};
pub use engine::{Ask, Engine, Running, Share};
pub use error::{Error, Position};
pub use functions::Function;
pub use questions::Question;
pub use statement::{Asked, STATEMENT_BYTES_MAX};
