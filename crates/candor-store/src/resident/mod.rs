//! What is held in memory: segments (columns sorted by person and time), the tail, people.

pub(crate) mod active;
pub(crate) mod arrivals;
pub(crate) mod builder;
pub(crate) mod codes;
pub(crate) mod column;
pub(crate) mod filed;
mod hints;
pub(crate) mod join;
pub(crate) mod listed;
mod marks;
pub(crate) mod names;
pub(crate) mod order;
pub(crate) mod origins;
pub(crate) mod owners;
pub(crate) mod packed;
pub(crate) mod people;
pub(crate) mod plain;
mod postings;
pub(crate) mod rows;
pub(crate) mod segment;
pub(crate) mod select;
pub(crate) mod sessions;
pub(crate) mod slot;
pub(crate) mod tail;
pub(crate) mod values;
