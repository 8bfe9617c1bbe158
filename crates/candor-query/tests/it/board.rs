//! The app board against loops over plain lists: the dates on which people were active and paid.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::Timestamp;
use candor_query::{Board, Cancel, rfc3339, zone};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{NOW, World, world};

/// What one person did: active on these dates, paid so much on those.
#[derive(Default)]
struct Life {
    active: BTreeSet<Date>,
    paid: Vec<(Date, f64)>,
}

fn share(part: f64, whole: usize) -> Json {
    if whole == 0 { Json::Null } else { json!(part / whole as f64) }
}

fn figures(
    lives: &BTreeMap<u8, Life>,
    days: &[Date],
    start: &dyn Fn(Date) -> i64,
    label: &dyn Fn(Date) -> String,
) -> Json {
    let end = days[days.len() - 1].tomorrow().unwrap();
    let inside = |date: &Date| (days[0]..end).contains(date);
    let over = |date: Date| start(date.tomorrow().unwrap()) <= NOW;
    let count = |is: &dyn Fn(&Life) -> bool| lives.values().filter(|life| is(life)).count();
    let back = |day: Date, span: i32| day.checked_sub(span.days()).unwrap()..=day;
    let active =
        |day: Date, span: i32| count(&|life| life.active.range(back(day, span)).next().is_some());
    let paying = |day: Date, span: i32| {
        count(&|life| life.paid.iter().any(|(date, _)| back(day, span).contains(date)))
    };
    let all_paid = || lives.values().flat_map(|life| &life.paid);
    let born = |life: &Life| life.active.first().copied();
    let line = |day: &Date| {
        let known = |value: Json| if start(*day) <= NOW { value } else { Json::Null };
        let revenue: f64 = all_paid().filter(|(date, _)| date == day).map(|paid| paid.1).sum();
        json!({
            "at": label(*day),
            "dau": known(json!(active(*day, 0))), "wau": known(json!(active(*day, 6))),
            "mau": known(json!(active(*day, 29))),
            "dau_mau": known(json!(active(*day, 0) as f64 / active(*day, 29).max(1) as f64)),
            "new": known(json!(count(&|life| born(life) == Some(*day)))),
            "paying": known(json!(paying(*day, 0))), "paying_week": known(json!(paying(*day, 6))),
            "paying_month": known(json!(paying(*day, 29))), "revenue": known(json!(revenue)),
        })
    };
    let done: Vec<Date> = days.iter().copied().take_while(|day| over(*day)).collect();
    let sum = |span: i32| done.iter().map(|day| active(*day, span)).sum::<usize>();
    let retained = |after: i32| {
        let then = |life: &Life| born(life).unwrap().checked_add(after.days()).unwrap();
        let new = lives.values().filter(|life| born(life).is_some_and(|date| inside(&date)));
        let new: Vec<&Life> = new.filter(|life| over(then(life))).collect();
        let back = new.iter().filter(|life| life.active.contains(&then(life))).count();
        share(back as f64, new.len())
    };
    let is_active = |life: &Life| life.active.iter().any(inside);
    let is_paying = |life: &Life| life.paid.iter().any(|(date, _)| inside(date));
    let is_new = |life: &Life| born(life).is_some_and(|date| inside(&date));
    let revenue: f64 = all_paid().filter(|(date, _)| inside(date)).map(|paid| paid.1).sum();
    json!({
        "from": label(days[0]), "to": label(end),
        "active": count(&is_active), "new": count(&is_new), "paying": count(&is_paying),
        "new_paying": count(&|life| is_new(life) && is_paying(life)),
        "revenue": revenue,
        "arpu": share(revenue, count(&is_active)), "arppu": share(revenue, count(&is_paying)),
        "dau": share(sum(0) as f64, done.len()), "wau": share(sum(6) as f64, done.len()),
        "mau": share(sum(29) as f64, done.len()), "stickiness": share(sum(0) as f64, sum(29)),
        "retention": {"day_1": retained(1), "day_3": retained(3), "day_7": retained(7)},
        "days": days.iter().map(line).collect::<Vec<_>>(),
        "incomplete": Some(done.len()).filter(|done| *done < days.len()),
    })
}

fn check(world: &World, name: &str, active: &str, first: i32, len: usize) {
    let zone = zone(name).unwrap();
    let start = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond();
    let label = |date: Date| rfc3339(Timestamp(start(date)), &zone);
    let of =
        |time: i64| jiff::Timestamp::from_millisecond(time).unwrap().to_zoned(zone.clone()).date();
    let mut lives: BTreeMap<u8, Life> = BTreeMap::new();
    for (person, events) in world.people() {
        let life = lives.entry(person).or_default();
        for seen in events {
            if active == "*" || seen.name == active {
                life.active.insert(of(seen.time));
            }
            if seen.name == "pay" {
                let amount = seen.properties.get("amount").and_then(|amount| amount.as_number());
                life.paid.push((of(seen.time), amount.unwrap_or(0.0)));
            }
        }
    }
    let from: Date = "1970-01-01".parse::<Date>().unwrap().checked_add(first.days()).unwrap();
    let days = |from: Date| -> Vec<Date> {
        std::iter::successors(Some(from), |day| day.tomorrow().ok()).take(len).collect()
    };
    let before = from.checked_sub((len as i32).days()).unwrap();
    let expected = json!({
        "current": figures(&lives, &days(from), &start, &label),
        "previous": figures(&lives, &days(before), &start, &label),
    });
    let question = json!({
        "from": from.to_string(), "to": from.checked_add((len as i32).days()).unwrap().to_string(),
        "active": active, "paid": "pay", "amount": "amount",
    });
    let board: Board = serde_json::from_value(question).unwrap();
    let answer = board.ask(&world.view(), &zone, &Cancel::default()).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert!(crate::retention::close(&answer, &expected), "{answer} is not {expected}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn boards_agree(
        world in world(),
        zone in prop::sample::select(vec!["UTC", "America/Santiago", "Asia/Kolkata"]),
        active in prop::sample::select(vec!["*", "view"]),
        first in 0i32..34,
        len in 1usize..9,
    ) {
        check(&world, zone, active, first, len);
    }
}
