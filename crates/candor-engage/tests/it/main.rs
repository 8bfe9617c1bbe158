//! The channels against real servers and other people's verifiers. `scripts/mail-peers` fetches
//! them; a test whose peer is missing says SKIP and why.

#![allow(clippy::unwrap_used)]

mod bounces;
mod dkim;
mod faults;
mod peers;
mod servers;
mod webhooks;
