//! What the room promises, tested from outside.

#![allow(clippy::unwrap_used)]

mod conformance;
