use std::collections::BTreeSet;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn utc(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn daily(time: &str, from: &str, clock: Clock) -> Schedule {
    let (at, from) = (time.parse().unwrap(), from.parse().unwrap());
    Schedule::Recurring(Recurring { at, every: Every::Day, from, until: None, clock })
}

fn first(
    schedule: &Schedule,
    zone: &TimeZone,
    mut after: Timestamp,
    count: usize,
) -> Vec<Occurrence> {
    let mut found = Vec::new();
    while found.len() < count {
        let Some(next) = schedule.next(after, zone) else { break };
        after = next.due;
        found.push(next);
    }
    found
}

#[test]
fn a_daily_time_fires_once_on_each_day_however_clocks_jump() {
    for (name, from) in [
        ("Europe/Berlin", "2026-10-20"),
        ("Europe/Berlin", "2027-03-24"),
        ("America/Sao_Paulo", "2026-10-20"),
        ("Australia/Lord_Howe", "2026-10-01"),
        ("Australia/Lord_Howe", "2027-04-01"),
        ("Asia/Kathmandu", "2026-10-20"),
        ("America/New_York", "2027-03-10"),
    ] {
        let (zone, day) = (zone(name), from.parse::<Date>().unwrap());
        let begun = moment(day.to_datetime(Time::midnight()), &zone);
        let fired = first(&daily("02:30", from, Clock::Publisher), &zone, begun, 12);
        let days: Vec<Date> = fired.iter().map(|one| one.at.unwrap().date()).collect();
        let wanted: Vec<Date> = day.series(Span::new().days(1)).take(12).collect();
        assert_eq!(days, wanted, "{name}");
        assert!(fired.windows(2).all(|w| w[0].due < w[1].due));
        let keys: BTreeSet<_> = fired.iter().map(|one| &one.key).collect();
        assert_eq!(keys.len(), 12);
    }
}

#[test]
fn a_skipped_time_is_when_clocks_go_on_and_a_doubled_one_is_the_first() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(moment(at("2027-03-28T02:30"), &berlin), utc("2027-03-28T01:00:00Z"));
    assert_eq!(moment(at("2026-10-25T02:30"), &berlin), utc("2026-10-25T00:30:00Z"));
    // Half an hour, at Lord Howe.
    let howe = zone("Australia/Lord_Howe");
    assert_eq!(moment(at("2026-10-04T02:15"), &howe), utc("2026-10-03T15:30:00Z"));
    assert_eq!(moment(at("2027-04-04T01:45"), &howe), utc("2027-04-03T14:45:00Z"));
    assert_eq!(moment(at("2026-10-04T02:30"), &howe), utc("2026-10-03T15:30:00Z"));
}

#[test]
fn each_person_has_their_turn_by_their_own_clock() {
    let when = at("2026-11-30T20:00");
    let schedule = Schedule::Once(Once { at: when, clock: Clock::Person });
    let kolkata = zone("Asia/Kolkata");
    // It fires when it is 20:00 where days begin first.
    let fired = schedule.next(utc("2026-11-29T00:00:00Z"), &kolkata).unwrap();
    assert_eq!(fired.due, utc("2026-11-30T06:00:00Z"));
    assert_eq!(schedule.next(fired.due, &kolkata), None);
    let zones = jiff::tz::db().available().map(|name| name.to_string());
    let mut offsets = BTreeSet::new();
    for name in zones {
        let zone = TimeZone::get(&name).unwrap();
        let turn = turn(when, Clock::Person, &zone, fired.due).unwrap();
        let local = jiff::Timestamp::from_millisecond(turn.0).unwrap().to_zoned(zone).datetime();
        assert_eq!(local, when, "{name}");
        offsets.insert(turn);
    }
    assert!(offsets.len() >= 36, "{}", offsets.len());
    // Published too late for the east.
    let now = utc("2026-11-30T16:00:00Z");
    let turn_in = |name: &str, clock| turn(when, clock, &zone(name), now);
    assert_eq!(turn_in("Asia/Kolkata", Clock::Person), None);
    let next_day = Some(utc("2026-12-01T14:30:00Z"));
    assert_eq!(turn_in("Asia/Kolkata", Clock::PersonOrNextDay), next_day);
    assert_eq!(turn_in("America/New_York", Clock::Person), Some(utc("2026-12-01T01:00:00Z")));
    assert_eq!(turn_in("America/New_York", Clock::Publisher), Some(now));
}

#[test]
fn weeks_months_and_ends_are_kept() {
    let zone = TimeZone::UTC;
    let every = |every| {
        Schedule::Recurring(Recurring {
            at: "09:00".parse().unwrap(),
            every,
            from: "2027-01-01".parse().unwrap(),
            until: Some("2027-03-31".parse().unwrap()),
            clock: Clock::Publisher,
        })
    };
    let keys = |schedule: &Schedule, count| -> Vec<String> {
        first(schedule, &zone, utc("2026-11-25T00:00:00Z"), count)
            .into_iter()
            .map(|o| o.key)
            .collect()
    };
    let last = every(Every::Month(31));
    assert_eq!(keys(&last, 9), ["2027-01-31T09:00", "2027-02-28T09:00", "2027-03-31T09:00"]);
    let week = every(Every::Week(vec![Day::Mon, Day::Fri]));
    assert_eq!(keys(&week, 3), ["2027-01-01T09:00", "2027-01-04T09:00", "2027-01-08T09:00"]);
    assert_eq!(keys(&week, 99).len(), 26);
    assert!(Every::Week(Vec::new()).check().is_err() && Every::Month(32).check().is_err());
    let read: Schedule = serde_json::from_str(
        r#"{"recurring":{"at":"09:00","every":{"week":["mon"]},"from":"2027-01-01"}}"#,
    )
    .unwrap();
    assert_eq!(keys(&read, 1), ["2027-01-04T09:00"]);
}

#[test]
fn quiet_hours_open_by_the_persons_clock() {
    let night = QuietHours { from: "22:00".parse().unwrap(), to: "08:00".parse().unwrap() };
    let berlin = zone("Europe/Berlin");
    let opening = |now: &str| night.opening(&berlin, utc(now));
    assert_eq!(opening("2026-11-25T20:59:59Z"), utc("2026-11-25T20:59:59Z"));
    assert_eq!(opening("2026-11-25T21:00:00Z"), utc("2026-11-26T07:00:00Z"));
    assert_eq!(opening("2026-11-26T06:59:59Z"), utc("2026-11-26T07:00:00Z"));
    assert_eq!(opening("2026-11-26T07:00:00Z"), utc("2026-11-26T07:00:00Z"));
    // The night in which clocks go back is an hour longer.
    assert_eq!(opening("2026-10-24T20:00:00Z"), utc("2026-10-25T07:00:00Z"));
    let noon = QuietHours { from: "12:00".parse().unwrap(), to: "13:00".parse().unwrap() };
    assert_eq!(noon.opening(&berlin, utc("2026-11-25T11:30:00Z")), utc("2026-11-25T12:00:00Z"));
    let never = QuietHours { from: Time::midnight(), to: Time::midnight() };
    assert_eq!(never.opening(&berlin, utc("2026-11-25T11:30:00Z")), utc("2026-11-25T11:30:00Z"));
}
