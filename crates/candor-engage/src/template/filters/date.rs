//! `date: format, zone`: a time in words. English names, no look at the clock.

use jiff::civil;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Datum, Filtered, Trouble, text};

/// The longest format, and the longest text that may be a time, in bytes.
const BYTES_MAX: usize = 128;

/// What may follow `%`; `-`, `_`, `0` and `^` may stand between.
const DIRECTIVES: &str = "aAbBdDeFhHIjklmMpPRSsTuUVwWyYzZ%";

/// A time is a text of ISO 8601 (in UTC, when it names no offset) or seconds since 1970. The zone
/// is a name like `Europe/Berlin`; without one it is UTC.
pub(super) fn date<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let format = text(&arguments[0])?;
    check_format(&format)?;
    let zone = match arguments.get(1) {
        Some(name) => zone(name.as_text().unwrap_or_default())?,
        None => TimeZone::UTC,
    };
    let time = time(&value)?.to_zoned(zone);
    written(&format, &time).map(Datum::made)
}

fn check_format(format: &str) -> Result<(), Trouble> {
    if format.len() > BYTES_MAX {
        return Err(Trouble::Unfit("the format is too long"));
    }
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        let next = chars.find(|c| !matches!(c, '-' | '_' | '0' | '^'));
        if !next.is_some_and(|directive| DIRECTIVES.contains(directive)) {
            return Err(Trouble::Unfit("the format has an unknown `%`"));
        }
    }
    Ok(())
}

fn zone(name: &str) -> Result<TimeZone, Trouble> {
    let unknown = Trouble::Unfit("there is no such time zone");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
    if name.len() > BYTES_MAX || !name.bytes().all(plain) {
        return Err(unknown);
    }
    TimeZone::get(name).map_err(|_| unknown)
}

fn time(value: &Datum<'_>) -> Result<Timestamp, Trouble> {
    const NOT_A_TIME: Trouble = Trouble::Unfit("takes a time");
    if let Some(seconds) = value.as_number() {
        return Timestamp::from_millisecond((seconds * 1_000.0) as i64).map_err(|_| NOT_A_TIME);
    }
    let text = value.as_text().filter(|text| text.len() <= BYTES_MAX).ok_or(NOT_A_TIME)?.trim();
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let civil: civil::DateTime = text.parse().map_err(|_| NOT_A_TIME)?;
    civil.to_zoned(TimeZone::UTC).map(|time| time.timestamp()).map_err(|_| NOT_A_TIME)
}

fn written(format: &str, time: &Zoned) -> Result<String, Trouble> {
    strtime::format(format, time).map_err(|_| Trouble::Unfit("the time cannot be written so"))
}
