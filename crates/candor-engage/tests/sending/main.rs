//! Sending under a clock of the test's own, with a real catalog and messages that stay in the house.
#![allow(clippy::unwrap_used)]

mod house;
mod leases;
mod times;
