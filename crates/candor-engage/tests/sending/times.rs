//! Quiet hours and how often people are written to, on their own clocks.

use serde_json::json;

use crate::house::{House, campaign, utc, work_on_all};

fn counts<const N: usize>(of: [(&str, u64); N]) -> Vec<(String, u64)> {
    of.into_iter().map(|(word, count)| (word.to_owned(), count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_hours_hold_a_message_until_they_end_where_the_person_is() {
    let folder = tempfile::tempdir().unwrap();
    // 17:30 in New York, 23:30 in Berlin, 03:00 in Kolkata.
    let house = House::open(folder.path(), utc("2026-06-01T21:30:00Z")).await;
    house.knows(1, &[("tz", "Europe/Berlin")]);
    house.knows(2, &[("tz", "GMT+0530")]);
    house.knows(3, &[]);
    house.knows(4, &[("tz", "Nowhere/None")]);
    let quiet = json!({"quiet_hours": {"from": "22:00", "to": "08:00"}});
    let news = campaign(&quiet);
    house.fires("news 1", &news, &[1, 2, 3, 4]).await;
    house.works(&news).await;
    assert_eq!(house.sent(), [3, 4], "an unknown zone is the shop's");
    assert_eq!(house.tally("news 1").await, counts([("accepted", 2), ("planned", 2)]));
    // A minute before the one's morning, and then the other is somewhere else by theirs.
    house.goes_to("2026-06-02T02:29:00Z");
    house.works(&news).await;
    assert_eq!(house.sent().len(), 2);
    house.goes_to("2026-06-02T02:30:00Z");
    house.works(&news).await;
    assert_eq!(house.sent(), [2, 3, 4]);
    house.knows(1, &[("tz", "America/Los_Angeles")]);
    house.goes_to("2026-06-02T06:00:00Z");
    house.works(&news).await;
    assert_eq!(house.sent().len(), 3, "where they are now it is night");
    house.goes_to("2026-06-02T15:00:00Z");
    house.works(&news).await;
    assert_eq!(house.sent(), [1, 2, 3, 4]);
    assert_eq!(house.tally("news 1").await, counts([("accepted", 4)]));

    // Not at all, where that is wanted or nothing may go so late any more.
    let quiet = json!({"from": "06:00", "to": "23:00", "then": "drop"});
    let now_or_never = campaign(&json!({"quiet_hours": quiet}));
    house.fires("never 1", &now_or_never, &[1, 3]).await;
    house.works(&now_or_never).await;
    assert_eq!(house.tally("never 1").await, counts([("dropped quiet_hours", 2)]));
    let quiet = json!({"from": "06:00", "to": "23:00"});
    let short = campaign(&json!({"quiet_hours": quiet, "send_within": "1h"}));
    house.fires("short 1", &short, &[3]).await;
    house.works(&short).await;
    assert_eq!(house.tally("short 1").await, counts([("dropped quiet_hours", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_waits_for_the_morning_only_the_newest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path(), utc("2026-06-02T03:00:00Z")).await;
    house.knows(1, &[]);
    house.knows(2, &[("tz", "Asia/Tokyo")]);
    let quiet = json!({"from": "22:00", "to": "08:00", "then": "keep_newest"});
    let news = campaign(&json!({"quiet_hours": quiet}));
    for n in 1..=5 {
        house.fires(&format!("news {n}"), &news, &[1, 2]).await;
        house.works(&news).await;
        house.clock.advance_ms(3_600_000);
    }
    assert_eq!(house.sent(), [2; 5], "it is day in Tokyo");
    house.goes_to("2026-06-02T12:00:00Z");
    house.works(&news).await;
    assert_eq!(house.sent(), [1, 2, 2, 2, 2, 2]);
    for n in 1..=4 {
        let expected = counts([("accepted", 1), ("dropped newer_message", 1)]);
        assert_eq!(house.tally(&format!("news {n}")).await, expected, "news {n}");
    }
    assert_eq!(house.tally("news 5").await, counts([("accepted", 2)]));
    assert_eq!(house.told.lock().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_campaigns_at_once_write_three_times_a_day_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    // 23:00 in Berlin.
    let house = House::open(folder.path(), utc("2026-06-01T21:00:00Z")).await;
    house.knows(1, &[("tz", "Europe/Berlin")]);
    house.knows(2, &[]);
    let capped = campaign(&json!({"frequency_cap": {"messages": 3, "within": "day"}}));
    for n in 0..20 {
        house.fires(&format!("c{n} 1"), &capped, &[1, 2]).await;
    }
    // All of them are being worked on side by side.
    work_on_all(&house, &capped).await;
    let of = |n: u8| house.sent().iter().filter(|one| **one == n).count();
    assert_eq!((of(1), of(2)), (3, 3));
    let mut spared = 0;
    for n in 0..20 {
        let tally = house.tally(&format!("c{n} 1")).await;
        let sum: u64 = tally.iter().map(|(_, count)| count).sum();
        assert_eq!(sum, 2, "{tally:?}");
        let found = tally.iter().find(|(word, _)| word == "dropped frequency_cap");
        spared += found.map_or(0, |(_, count)| *count);
    }
    assert_eq!(spared, 34);
    // The next day begins for the one and not for the other.
    house.goes_to("2026-06-01T22:00:00Z");
    house.fires("next 1", &capped, &[1, 2]).await;
    house.works(&capped).await;
    assert_eq!((of(1), of(2)), (4, 3));
    // By the hours that have passed, it is four in a day for both.
    let rolling = campaign(&json!({"frequency_cap": {"messages": 4, "within": "24h"}}));
    house.fires("rolling 1", &rolling, &[1, 2]).await;
    house.works(&rolling).await;
    assert_eq!((of(1), of(2)), (4, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_go_in_time_never_goes() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path(), utc("2026-06-01T12:00:00Z")).await;
    (1..=3).for_each(|n| house.knows(n, &[]));
    let short = campaign(&json!({"send_within": "30m"}));
    house.fires("short 1", &short, &[1, 2]).await;
    house.fires("short 2", &short, &[3]).await;
    house.goes_to("2026-06-01T12:30:00Z");
    let lease = house.lease().await.unwrap();
    let plan = house.plan(&lease.run, &short).await;
    candor_engage::dispatch::work(&house.sender, &plan, &house.flow, &lease, 0, ()).await.unwrap();
    assert_eq!(house.sent(), [1, 2], "at the last moment");
    house.clock.advance_ms(1);
    house.works(&short).await;
    assert_eq!(house.tally("short 2").await, counts([("dropped expired", 1)]));
    assert_eq!(house.sent().len(), 2);
}
