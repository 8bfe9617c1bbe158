//! Promises of the store, each checked against a model of a few lines.
#![allow(clippy::unwrap_used)]

mod apart;
mod disk;
mod having;
mod model;
mod repeats;
mod sheets;
mod types;
