//! The hour and the weekday of moments in a zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Years whose changes of the clock are looked up beforehand.
const FIRST: i64 = 0;
const LAST_S: i64 = 4_102_444_800;

/// A zone's clock. What lies before 1970 or after 2100 has the offset of these.
#[derive(Clone, Debug)]
pub(crate) struct LocalTime {
    /// When an offset begins, ascending, in ms.
    since: Vec<i64>,
    /// In ms, parallel.
    offsets: Vec<i64>,
}

impl LocalTime {
    pub(crate) fn new(zone: &TimeZone) -> LocalTime {
        let offset_ms = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * SECOND_MS;
        let first = Timestamp::UNIX_EPOCH;
        let (mut since, mut offsets) = (vec![FIRST], vec![offset_ms(zone.to_offset(first))]);
        let changes = zone.following(first);
        for change in changes.take_while(|change| change.timestamp().as_second() < LAST_S) {
            since.push(change.timestamp().as_millisecond());
            offsets.push(offset_ms(change.offset()));
        }
        LocalTime { since, offsets }
    }

    fn local(&self, moment: i64) -> i64 {
        let place = self.since.partition_point(|since| *since <= moment).saturating_sub(1);
        moment.saturating_add(self.offsets[place])
    }

    /// 0 to 23.
    pub(crate) fn hour(&self, moment: i64) -> u8 {
        (self.local(moment).rem_euclid(DAY_MS) / HOUR_MS) as u8
    }

    /// 1, a Monday, to 7.
    pub(crate) fn weekday(&self, moment: i64) -> u8 {
        // The first day of 1970 was a Thursday.
        ((self.local(moment).div_euclid(DAY_MS) + 3).rem_euclid(7) + 1) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_weekdays_are_the_zone_s_own_also_when_the_clock_changes() {
        for name in ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"] {
            let zone = TimeZone::get(name).unwrap();
            let local = LocalTime::new(&zone);
            // Each 37 minutes through ten years, so that every change is met from both sides.
            for step in 0..142_000 {
                let moment = 1_262_304_000_000 + step * 37 * 60_000;
                let at = Timestamp::from_millisecond(moment).unwrap().to_zoned(zone.clone());
                let found = (local.hour(moment), local.weekday(moment));
                let wanted = (at.hour() as u8, at.weekday().to_monday_one_offset() as u8);
                assert_eq!(found, wanted, "{at}");
            }
        }
        let utc = LocalTime::new(&TimeZone::UTC);
        assert_eq!((utc.hour(-1), utc.weekday(-1)), (23, 3));
    }
}
