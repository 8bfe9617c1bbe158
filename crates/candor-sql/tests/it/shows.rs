//! What the tables show, and of which type.

use std::sync::Arc;

use candor_event::{Merge, Record, Timestamp, Value};
use candor_sql::{Kind, Table};
use serde_json::json;

use crate::world::{DAY, asker, consent, event, id, said, view};

fn shop() -> Vec<Record> {
    let list = |values: &[&str]| Value::List(values.iter().map(|one| (*one).into()).collect());
    vec![
        event(1, DAY, "View", &[("Amount", 3.into()), ("mixed", 3.into()), ("tags", list(&["a"]))]),
        event(1, DAY + 1, "Pay", &[("Amount", 0.5.into()), ("mixed", "x".into())]),
        event(2, 2 * DAY, "View", &[("new", true.into()), ("name", "own".into()), ("n", 7.into())]),
        said(1, "plan", "gold".into()),
        said(1, "Email", "a@x.test".into()),
        said(2, "plan", "free".into()),
        said(2, "guids", list(&["g1", "g2"])),
        consent(1, "analytics", true),
        consent(2, "marketing:email", false),
    ]
}

#[tokio::test]
async fn events_are_rows_with_a_typed_column_for_each_property() {
    let asker = asker(view(shop()));
    let rows = asker.rows("SELECT * FROM events ORDER BY at").await;
    let (one, two) = (id(1).to_string(), id(2).to_string());
    assert_eq!(
        rows,
        [
            json!([
                one,
                "View",
                "1970-01-02T00:00:00Z",
                "~1970-01-02T00:00:00Z",
                3.0,
                "3",
                3.0,
                null,
                null,
                null,
                ["a"]
            ]),
            json!([
                one,
                "Pay",
                "1970-01-02T00:00:00.001Z",
                "~1970-01-02T00:00:00Z",
                0.5,
                "x",
                null,
                null,
                null,
                null,
                null
            ]),
            json!([
                two,
                "View",
                "1970-01-03T00:00:00Z",
                "~1970-01-03T00:00:00Z",
                null,
                null,
                null,
                7,
                "own",
                true,
                null
            ]),
        ]
    );
    let answer = asker.answer("SELECT * FROM events").await.unwrap();
    let columns: Vec<_> =
        answer.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(
        columns,
        [
            ("person", "text"),
            ("name", "text"),
            ("at", "timestamp"),
            ("session", "text"),
            ("Amount", "number"),
            ("mixed", "text"),
            ("mixed.number", "number"),
            ("n", "integer"),
            ("property.name", "text"),
            ("new", "boolean"),
            ("tags", "list"),
        ]
    );
    assert_eq!((answer.rows, answer.scanned, answer.truncated), (3, 3, false));
}

#[tokio::test]
async fn people_are_rows_with_traits_and_consents() {
    let asker = asker(view(shop()));
    let rows = asker.rows("SELECT * FROM people ORDER BY plan").await;
    let (one, two) = (id(1).to_string(), id(2).to_string());
    assert_eq!(
        rows,
        [
            json!([two, null, false, null, ["g1", "g2"], "free"]),
            json!([one, true, null, "a@x.test", null, "gold"])
        ]
    );
    let names = asker.rows("SHOW COLUMNS FROM people").await;
    let names: Vec<&str> = names.iter().map(|row| row[3].as_str().unwrap()).collect();
    let expected =
        ["person", "consent_analytics", "consent_marketing_email", "Email", "guids", "plan"];
    assert_eq!(names, expected);
    let tables = asker.engine.tables(asker.view.clone(), Arc::new(|name| name == "Email"));
    let tables: Vec<Table> = tables.await.unwrap();
    let email = tables[1].columns.iter().find(|column| column.name == "Email").unwrap();
    assert_eq!((email.kind, email.masked), (Kind::Text, true));
    assert_eq!(tables[0].columns[4].property.as_deref(), Some("Amount"));
}

#[tokio::test]
async fn merged_people_are_one_and_erased_ones_none() {
    let mut records = shop();
    records.push(event(3, DAY, "View", &[]));
    let (winner, loser) = (id(1), id(2));
    let (at, reason) = (Timestamp(0), "login".into());
    records.push(Record::Merge(Merge { winner, loser, at, reason }));
    records.push(Record::Erase { person: id(3), at: Timestamp(0) });
    let asker = asker(view(records));
    let people = asker.rows("SELECT person, plan, guids FROM people").await;
    assert_eq!(people, [json!([winner.to_string(), "gold", ["g1", "g2"]])]);
    let events = asker.rows("SELECT person, count(*) FROM events GROUP BY person").await;
    assert_eq!(events, [json!([winner.to_string(), 3])]);
    let gone = format!("SELECT count(*) FROM events WHERE person = '{loser}'");
    assert_eq!(asker.rows(&gone).await, [json!([0])]);
}

#[tokio::test]
async fn a_property_called_like_a_fixed_column_is_one_of_its_own() {
    let own = [("name", "x".into()), ("at", 7.into()), ("person", "y".into())];
    let records = vec![
        event(1, DAY, "View", &own),
        said(1, "name", "Ann".into()),
        said(1, "at", 7.into()),
        said(1, "person", "y".into()),
        said(2, "name", "Bob".into()),
        said(2, "consent_analytics", "odd".into()),
        consent(2, "analytics", true),
    ];
    let asker = asker(view(records));
    for (sql, expected) in [
        ("SELECT name FROM people WHERE name = 'Ann'", json!(["Ann"])),
        ("SELECT name FROM people WHERE at = 7", json!(["Ann"])),
        ("SELECT name FROM people WHERE \"trait.person\" = 'y'", json!(["Ann"])),
        ("SELECT count(*) FROM people WHERE person = 'y'", json!([0])),
        ("SELECT count(*) FROM events WHERE name = 'x'", json!([0])),
        (
            "SELECT name FROM events WHERE \"property.name\" = 'x' AND \"property.at\" = 7",
            json!(["View"]),
        ),
        (
            "SELECT consent_analytics, \"trait.consent_analytics\" FROM people WHERE name = 'Bob'",
            json!([true, "odd"]),
        ),
    ] {
        assert_eq!(asker.rows(sql).await, [expected], "{sql}");
    }
}

#[tokio::test]
async fn names_keep_their_case_and_the_usual_functions_are_there() {
    let asker = asker(view(shop()));
    for (sql, expected) in [
        ("SELECT sum(Amount) AS Total FROM Events", json!([3.5])),
        ("SELECT SUM(\"mixed.number\") FROM events", json!([3.0])),
        ("SELECT count(DISTINCT person), max(at) FROM events", json!([2, "1970-01-03T00:00:00Z"])),
        ("SELECT date_trunc('day', at) d FROM events GROUP BY d HAVING count(*) = 2",
         json!(["1970-01-02T00:00:00Z"])),
        ("SELECT count(*) FROM events WHERE at >= '1970-01-03' AND at < timestamp '1970-01-04'",
         json!([1])),
        ("SELECT count(*) FROM events WHERE at > now() - interval '29 days'", json!([2])),
        ("SELECT upper(name) FROM events WHERE name ~ '^P'", json!(["PAY"])),
        ("SELECT plan FROM people WHERE array_has(guids, 'g2')", json!(["free"])),
        ("SELECT g FROM (SELECT unnest(guids) g FROM people) WHERE g > 'g1'", json!(["g2"])),
        ("SELECT p.plan FROM events e JOIN people p USING (person) WHERE e.name = 'Pay'",
         json!(["gold"])),
        ("SELECT date_trunc('day', at AT TIME ZONE 'Asia/Kolkata') FROM events WHERE n = 7",
         json!(["1970-01-03T00:00:00+05:30"])),
        ("WITH f AS (SELECT person, min(at) m FROM events GROUP BY person) SELECT count(*) FROM f",
         json!([2])),
        ("SELECT count(*) FROM events e WHERE EXISTS (SELECT 1 FROM people p WHERE p.person =
          e.person AND p.consent_analytics)", json!([2])),
        ("SELECT name FROM (SELECT name, row_number() OVER (PARTITION BY person ORDER BY at DESC) r
          FROM events) WHERE r = 1 ORDER BY name LIMIT 1", json!(["Pay"])),
        ("SELECT 1.5::decimal(5,2), null, 'it''s', interval '1 day', date '2026-01-02'",
         json!([1.5, null, "it's", "1 days", "2026-01-02"])),
        ("SELECT ln(0.0), count(*) FROM generate_series(1, 5)", json!([null, 5])),
    ] {
        assert_eq!(asker.rows(sql).await, [expected], "{sql}");
    }
    // Days of a zone are as long as they are there: 25 hours when clocks are set back.
    let autumn = jiff::civil::date(2026, 10, 25).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let hours = (-3..30).map(|hour| autumn.timestamp().as_millisecond() + hour * 3_600_000);
    let hours = self::asker(view(hours.map(|at| event(1, at, "Hour", &[])).collect()));
    let sql = "SELECT date_trunc('day', at AT TIME ZONE 'Europe/Berlin') d, count(*) FROM events \
               GROUP BY d ORDER BY d";
    let days = [
        json!(["2026-10-24T00:00:00+02:00", 1]),
        json!(["2026-10-25T00:00:00+02:00", 25]),
        json!(["2026-10-26T00:00:00+01:00", 7]),
    ];
    assert_eq!(hours.rows(sql).await, days);
    let tables = asker.rows("SELECT table_name FROM information_schema.tables").await;
    assert!(tables.contains(&json!(["events"])) && tables.contains(&json!(["people"])));
    assert!(!asker.rows("SHOW TABLES").await.is_empty());
    assert!(!asker.rows("DESCRIBE events").await.is_empty());
    assert!(!asker.rows("EXPLAIN ANALYZE SELECT count(*) FROM events").await.is_empty());
}

#[tokio::test]
async fn a_store_without_anything_has_tables_too() {
    let asker = asker(view(Vec::new()));
    assert_eq!(asker.rows("SELECT count(*) FROM events").await, [json!([0])]);
    assert_eq!(asker.rows("SELECT * FROM people").await, [] as [serde_json::Value; 0]);
}
