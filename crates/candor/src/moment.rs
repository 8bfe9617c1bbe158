//! Moments as texts.

use candor_event::Timestamp;

/// RFC 3339 in UTC, with no more digits than there are: what was sent as a text comes back as it
/// was. So texts within one second are not in the order of their moments.
pub fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}
