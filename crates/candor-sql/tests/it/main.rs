//! Statements against stores: what they show, that they agree with plain loops, and their bounds.
#![allow(clippy::unwrap_used)]

mod agrees;
mod bounds;
mod functions;
mod hostile;
mod shows;
mod world;
