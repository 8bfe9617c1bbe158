//! The same numbers from statements as from plain loops over random events.

use std::collections::BTreeMap;

use candor_event::{Record, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{Asker, DAY, asker, event, id, view};

type Seen = (u8, i64, &'static str, Option<Value>);

fn events() -> impl Strategy<Value = Vec<Seen>> {
    let price = prop_oneof![
        (0i64..50).prop_map(Value::Integer),
        (0i64..50).prop_map(|n| Value::Float(n as f64 / 4.0)),
        Just(Value::from("dear")),
    ];
    let name = prop::sample::select(vec!["view", "cart", "pay"]);
    prop::collection::vec((0u8..8, 0i64..20, name, prop::option::of(price)), 0..120).prop_map(
        // Each moment once, so that nothing is a repeat.
        |seen| (0..).zip(seen).map(|(at, (p, d, n, v))| (p, d * DAY + at, n, v)).collect(),
    )
}

async fn check(asker: &Asker, sql: &str, expected: impl Iterator<Item = Json>) {
    let mut rows: Vec<String> = asker.rows(sql).await.iter().map(Json::to_string).collect();
    let mut expected: Vec<String> = expected.map(|row| row.to_string()).collect();
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected, "{sql}");
}

async fn check_all(seen: &[Seen], from: i64, to: i64) {
    let of = |(person, time, name, price): &Seen| {
        let price = price.iter().map(|price| ("price", price.clone())).collect::<Vec<_>>();
        event(*person, *time, name, &price)
    };
    let mut asker = asker(view(seen.iter().map(of).collect::<Vec<Record>>()));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    seen.iter().for_each(|(_, _, name, _)| *counts.entry(name).or_default() += 1);
    let sql = "SELECT name, count(*) FROM events GROUP BY name";
    check(&asker, sql, counts.iter().map(|(name, count)| json!([name, count]))).await;

    let at = |day: i64| jiff::Timestamp::from_millisecond(day * DAY).unwrap();
    let (start, end) = (at(from), at(to));
    let within = |time: i64| (from * DAY..to * DAY).contains(&time);
    let sql = format!(
        "SELECT person, at FROM events WHERE name IN ('view', 'pay') AND at >= '{start}' AND \
         at < '{end}'"
    );
    let wanted = seen.iter().filter(|(_, time, name, _)| *name != "cart" && within(*time));
    let rows = wanted.map(|(person, time, ..)| {
        let digits = if time % 1_000 == 0 { "" } else { "%.3f" };
        let time = jiff::Timestamp::from_millisecond(*time).unwrap();
        let time = time.strftime(&format!("%Y-%m-%dT%H:%M:%S{digits}Z")).to_string();
        json!([id(*person).to_string(), time])
    });
    let expected: Vec<Json> = rows.collect();
    // The same where nothing is pushed down.
    let slowly = sql.replace("name IN", "name || '' IN").replace("at >=", "NOT at <");
    check(&asker, &sql, expected.iter().cloned()).await;
    check(&asker, &slowly, expected.iter().cloned()).await;

    // No other events than those asked for are looked at.
    let carts = counts.get("cart").copied().unwrap_or(0);
    let answer = asker.answer("SELECT at FROM events WHERE name = 'cart'").await.unwrap();
    assert_eq!((answer.rows as u64, answer.scanned), (carts, carts));
    // Sessions are told by all events, and more names than can be looked for at once are found.
    let names: Vec<String> = (0..300).map(|at| format!("'n{at}'")).collect();
    for (fast, slow) in [
        ("name = 'cart'".to_owned(), "name || '' = 'cart'"),
        (format!("name IN ('pay', {})", names.join(", ")), "name || '' = 'pay'"),
        (format!("person = '{}'", id(3)), &format!("person || '' = '{}'", id(3))),
    ] {
        let sql = |condition: &str| {
            format!("SELECT person, at, name, session, price FROM events WHERE {condition}")
        };
        let seen = seen.iter().any(|(.., price)| price.is_some());
        let (fast, slow) = match seen {
            true => (sql(&fast), sql(slow)),
            false => (sql(&fast).replace(", price", ""), sql(slow).replace(", price", "")),
        };
        check(&asker, &fast, asker.rows(&slow).await.into_iter()).await;
    }

    let whose = id(3).to_string();
    let sql = format!("SELECT name FROM events WHERE person = '{whose}' AND name <> 'cart'");
    let own = seen.iter().filter(|(person, _, name, _)| *person == 3 && *name != "cart");
    check(&asker, &sql, own.map(|(_, _, name, _)| json!([name]))).await;

    let numbers: Vec<f64> =
        seen.iter().filter_map(|(_, _, _, price)| price.as_ref()?.as_number()).collect();
    let texts = seen.iter().any(|(_, _, _, price)| price == &Some("dear".into()));
    let column = if texts { "\"price.number\"" } else { "price" };
    if !numbers.is_empty() {
        let sql = format!("SELECT sum(CAST({column} AS double)), count({column}) FROM events");
        let sum = json!([numbers.iter().sum::<f64>(), numbers.len()]);
        check(&asker, &sql, std::iter::once(sum)).await;
    }

    asker.rows_max = 5;
    let answer = asker.answer("SELECT * FROM events").await.unwrap();
    assert_eq!((answer.rows, answer.truncated), (seen.len().min(5), seen.len() > 5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn statements_agree(seen in events(), from in 0i64..20, length in 0i64..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check_all(&seen, from, from + length));
    }
}
