//! Templates against files that the preview in the browser can be held to, too; channels against
//! real servers and other people's verifiers. `scripts/mail-peers` fetches those; a test whose peer
//! is missing says SKIP and why.

#![allow(clippy::unwrap_used)]

mod bounces;
mod dkim;
mod faults;
mod golden;
mod passing;
mod peers;
mod servers;
mod webhooks;
