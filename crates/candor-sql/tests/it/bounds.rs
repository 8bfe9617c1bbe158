//! What a statement may not do, see or take.

use std::sync::Arc;
use std::time::Duration;

use candor_event::Record;
use candor_sql::{Error, Form, Position};
use serde_json::json;

use crate::world::{Asker, DAY, asker, event, said, view};

fn many(people: u8, events: i64) -> Asker {
    let one = |person: u8, at: i64| {
        event(
            person,
            at * 1_000,
            "view",
            &[("n", at.into()), ("t", "x".repeat(64).as_str().into())],
        )
    };
    let of = |person: u8| (0..events).map(move |at| one(person, at));
    asker(view((0..people).flat_map(of).collect::<Vec<Record>>()))
}

#[tokio::test]
async fn what_is_masked_is_neither_shown_nor_asked_about() {
    let records = vec![
        event(1, DAY, "View", &[("Email", "a@x.test".into()), ("plan", "gold".into())]),
        said(1, "Email", "a@x.test".into()),
        said(1, "plan", "gold".into()),
    ];
    let mut asker = asker(view(records));
    asker.masked = Arc::new(|name| name == "Email");
    for sql in [
        "SELECT Email FROM events",
        "SELECT e.\"Email\" FROM events e",
        "SELECT count(*) FROM people WHERE Email LIKE 'a%'",
        "SELECT count(*) FROM people GROUP BY Email",
        "SELECT person FROM people ORDER BY Email",
        "SELECT 1 FROM events e JOIN people p ON e.name = p.Email",
        "WITH p AS (SELECT Email FROM people) SELECT count(*) FROM p",
        "SELECT count(*) FILTER (WHERE Email > 'a') FROM people",
        "SELECT plan FROM people GROUP BY plan HAVING max(Email) > 'a'",
        "SELECT row_number() OVER (ORDER BY Email) FROM people",
        "SELECT DISTINCT ON (Email) plan FROM people",
        "SELECT CASE WHEN Email IS NULL THEN 1 END FROM people",
        "SELECT CAST(Email AS bytea) FROM candor.public.people",
        "SELECT substr(public.people.Email, 1, 1) FROM public.people",
        "SELECT 1 FROM events e WHERE EXISTS (SELECT 1 FROM people p WHERE p.Email = e.name)",
        "SELECT (SELECT max(Email) FROM people)",
        "SELECT 1 FROM people UNION ALL SELECT length(Email) FROM people",
        "SELECT * EXCLUDE (plan), Email FROM people",
        "EXPLAIN SELECT max(Email) FROM people",
    ] {
        let error = asker.refused(sql).await;
        let column = "Email".to_owned();
        assert!(
            matches!(&error, Error::Masked { column: c, .. } if *c == column),
            "{sql}: {error}"
        );
    }
    for sql in [
        "SELECT * FROM events",
        "SELECT * FROM people",
        "SHOW COLUMNS FROM people",
        "DESCRIBE people",
        "SELECT * FROM information_schema.columns",
        "SELECT e.*, p.* FROM events e JOIN people p USING (person)",
        "SELECT * FROM events NATURAL JOIN people",
        "EXPLAIN VERBOSE SELECT * FROM people",
    ] {
        let rows = json!(asker.rows(sql).await).to_string();
        assert!(!rows.contains("Email") && !rows.contains("a@x.test"), "{sql}: {rows}");
    }
    asker.masked = Arc::new(|_| false);
    let running = asker.engine.plan(asker.ask("SELECT max(Email) FROM people")).await.unwrap();
    assert_eq!(running.reads, ["Email"]);
    assert_eq!(running.answer().await.unwrap().rows, 1);
    let running = asker.engine.plan(asker.ask("SELECT plan FROM people")).await.unwrap();
    assert_eq!(running.reads, ["plan"]);
}

#[tokio::test]
async fn faults_say_where_and_what_to_change() {
    let asker = asker(view(vec![event(1, DAY, "View", &[("Amount", 3.into())])]));
    let place = |line, column| Some(Position { line, column });
    for (sql, at, words) in [
        ("SELECT\n  amount FROM events", place(2, 3), "Amount"),
        ("SELECT 1 FROM\nvisits", place(2, 1), "visits"),
        ("SELECT nosuch(1)", None, "nosuch"),
        ("SELECT FROM WHERE", place(1, 13), "FROM"),
        ("SELECT 'open", place(1, 8), "string"),
        ("SELECT cast('x' AS int)", None, "x"),
        ("SELECT * FROM 'secrets.csv'", None, "secrets.csv"),
        ("SELECT * FROM \"file:///etc/passwd\"", None, "passwd"),
        ("SELECT * FROM read_csv('/etc/passwd')", None, "read_csv"),
        ("SELECT * FROM parquet_metadata('/etc/passwd')", None, "parquet_metadata"),
        ("SELECT * FROM candor.information_schema.files", None, "files"),
        ("SELECT * INTO t FROM events", None, "DDL"),
        ("SELECT $1", None, "$1"),
        ("SELECT repeat('x', 1000000000)", None, "repeat"),
        ("SELECT range(1, 1000000000)", None, "range"),
    ] {
        match asker.refused(sql).await {
            Error::Bad { message, position } => {
                assert!(message.contains(words), "{sql}: {message}");
                if at.is_some() {
                    assert_eq!(position, at, "{sql}: {message}");
                }
            }
            error => panic!("{sql}: {error}"),
        }
    }
}

#[tokio::test]
async fn what_needs_more_memory_is_refused() {
    let mut asker = many(8, 20_000);
    asker.engine = candor_sql::Engine::start(2 << 20).unwrap();
    for sql in [
        "SELECT * FROM events ORDER BY t, n",
        "SELECT person, n, count(*), max(t) FROM events GROUP BY person, n",
        "SELECT count(*) FROM events a JOIN events b ON a.n = b.n AND a.t || 'x' = b.t || 'x'",
        "SELECT string_agg(t, ',') FROM events",
    ] {
        let error = asker.refused(sql).await;
        assert_eq!(error, Error::TooLarge { bytes_max: 2 << 20 }, "{sql}");
    }
    asker.rows_max = 1_000_000;
    assert_eq!(asker.refused("SELECT * FROM events").await, Error::TooLarge { bytes_max: 2 << 20 });
    assert_eq!(asker.rows("SELECT count(*) FROM events").await, [json!([160_000])]);
    let sql = "SELECT n FROM events ORDER BY n DESC LIMIT 1";
    assert_eq!(asker.rows(sql).await, [json!([19_999])]);
}

#[tokio::test]
async fn what_windows_hold_is_counted() {
    let mut asker = many(8, 20_000);
    asker.engine = candor_sql::Engine::start(2 << 20).unwrap();
    for sql in [
        "SELECT t, sum(n) OVER () FROM events LIMIT 1",
        "SELECT t, count(*) OVER (PARTITION BY person) FROM events LIMIT 1",
        "SELECT t, last_value(n) OVER (ROWS BETWEEN 5 PRECEDING AND UNBOUNDED FOLLOWING) FROM events
         LIMIT 1",
    ] {
        let error = asker.refused(sql).await;
        assert_eq!(error, Error::TooLarge { bytes_max: 2 << 20 }, "{sql}");
    }
    let sql = "SELECT max(r) FROM (SELECT row_number() OVER () r FROM events)";
    assert_eq!(asker.rows(sql).await, [json!([160_000])]);
}

#[tokio::test]
async fn what_functions_make_is_held_to_a_bound() {
    let mut asker = many(2, 20_000);
    let again = |first: &str, next: &str, times: usize| {
        let next = |at: usize| {
            let next = next.replace("NEXT", &format!("w{}", at - 1));
            format!(", w{at} AS ({next})")
        };
        let all: String = (1..=times).map(next).collect();
        format!("WITH w0 AS ({first}){all} SELECT x FROM w{times}")
    };
    let (of_events, of_nothing) = ("SELECT t AS x FROM events", "SELECT 'abcdefgh' AS x");
    for sql in [
        again(of_events, "SELECT x || x AS x FROM NEXT", 40),
        again(of_nothing, "SELECT x || x AS x FROM NEXT", 40),
        again(of_events, "SELECT concat(x, x) AS x FROM NEXT", 40),
        again(of_nothing, "SELECT concat(x, '-', x) AS x FROM NEXT", 40),
        again(of_events, "SELECT concat_ws(x, x, x) AS x FROM NEXT", 40),
        again(of_events, "SELECT replace(x, 'x', x) AS x FROM NEXT", 6),
        again(of_nothing, "SELECT replace(x, 'a', x) AS x FROM NEXT", 60),
        again(of_events, "SELECT regexp_replace(x, 'x', x, 'g') AS x FROM NEXT", 6),
        again(of_nothing, "SELECT regexp_replace(x, '(.*)', '\\1\\1') AS x FROM NEXT", 60),
        again("SELECT [1, 2] AS x FROM events", "SELECT array_concat(x, x) AS x FROM NEXT", 40),
        again("SELECT [1, 2] AS x", "SELECT [x, x] AS x FROM NEXT", 24),
        again(of_events, "SELECT struct(x, x) AS x FROM NEXT", 40),
        again(of_events, "SELECT (x, x) AS x FROM NEXT", 40),
        again(of_events, "SELECT {a: x, b: x} AS x FROM NEXT", 40),
        again(of_events, "SELECT MAP {x: x} AS x FROM NEXT", 40),
        again(of_events, "SELECT map([x], [x]) AS x FROM NEXT", 40),
        again("SELECT [t] AS x FROM events", "SELECT arrays_zip(x, x) AS x FROM NEXT", 40),
    ] {
        match asker.answer(&sql).await {
            Err(Error::TooLarge { .. } | Error::Bad { .. }) => {}
            other => panic!("{}…: {:?}", &sql[..90], other.map(|answer| answer.rows)),
        }
    }
    for (sql, expected) in [
        ("SELECT max(length(t || '-' || name || n)) FROM events", json!(74)),
        ("SELECT max(length(replace(t, 'x', 'four'))) FROM events", json!(256)),
        ("SELECT max(length(regexp_replace(t, '(x)', '\\1\\1', 'g'))) FROM events", json!(128)),
        ("SELECT max(length(concat_ws('-', t, name, NULL))) FROM events", json!(69)),
        ("SELECT count(DISTINCT t || NULL) FROM events", json!(0)),
        ("SELECT count(*) FROM events WHERE t || name = repeated('x', 3)", json!("Bad")),
        ("SELECT max(array_length([n, n + 1])) FROM events", json!(2)),
        ("SELECT max('n' || n) FROM events WHERE n < 10", json!("n9")),
        ("SELECT string_agg(DISTINCT name || '!', ',') FROM events", json!("view!")),
    ] {
        match asker.answer(sql).await {
            Ok(_) => assert_eq!(asker.rows(sql).await, [json!([expected])], "{sql}"),
            Err(error) => assert!(expected == "Bad", "{sql}: {error}"),
        }
    }
    // Of many columns, and of long texts, a part at a time is made and counted.
    asker.engine = candor_sql::Engine::start(16 << 20).unwrap();
    asker.rows_max = 100_000;
    for sql in [
        format!(
            "SELECT {} FROM events",
            (0..1_000).map(|at| format!("t AS t{at}")).collect::<Vec<_>>().join(", ")
        ),
        format!("SELECT t, '{}' FROM events", "x".repeat(4_000)),
    ] {
        assert!(matches!(asker.refused(&sql).await, Error::TooLarge { .. }), "{}", &sql[..40]);
    }
}

#[tokio::test]
async fn a_table_of_many_columns_is_planned_in_time() {
    let wide: Vec<(String, candor_event::Value)> =
        (0..400).map(|at| (format!("p{at}"), at.into())).collect();
    let wide: Vec<(&str, candor_event::Value)> =
        wide.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let mut asker = asker(view(vec![event(1, DAY, "View", &wide), said(1, "plan", "gold".into())]));
    asker.engine = candor_sql::Engine::start(512 << 20).unwrap();
    let tables = |count: usize| {
        let all: Vec<String> = (0..count).map(|at| format!("events e{at}")).collect();
        all.join(", ")
    };
    let columns = |count: usize| {
        let all: Vec<String> = (0..count).map(|at| format!("p{at}")).collect();
        all.join(", ")
    };
    for (sql, answered) in [
        (["SELECT * FROM events"; 8].join(" UNION ALL "), true),
        (vec!["SELECT * FROM events"; 30].join(" UNION ALL "), false),
        (format!("SELECT count(*) FROM {}", tables(20)), true),
        (format!("SELECT count(*) FROM {}", tables(60)), false),
        (format!("SELECT * FROM {}", tables(4)), true),
        (format!("SELECT * FROM {}", tables(20)), false),
        (vec!["SELECT person FROM events"; 40].join(" UNION ALL "), true),
        (format!("SELECT count(*) FROM events GROUP BY CUBE ({})", columns(8)), true),
        (format!("SELECT count(*) FROM events GROUP BY CUBE ({})", columns(40)), false),
        (format!("SELECT count(*) FROM events GROUP BY ROLLUP ({})", columns(40)), true),
        (
            format!(
                "SELECT count(*) FROM events GROUP BY {}",
                ["CUBE (p1, p2, p3, p4)"; 8].join(", ")
            ),
            false,
        ),
        (format!("SELECT count(*) FROM events GROUP BY {} WITH CUBE", columns(40)), false),
        (format!("SELECT DISTINCT {} FROM events ORDER BY {}", columns(300), columns(300)), true),
    ] {
        let answer = asker.answer(&sql).await;
        let what = format!("{}… {:?}", &sql[..40], answer.as_ref().map(|answer| answer.rows));
        match answer {
            Ok(_) => assert!(answered, "{what}"),
            Err(error) => assert!(!answered && matches!(error, Error::Bad { .. }), "{what}"),
        }
    }
}

#[tokio::test]
async fn answers_that_wait_are_counted() {
    let mut asker = many(8, 5_000);
    asker.engine = candor_sql::Engine::start(16 << 20).unwrap();
    asker.rows_max = 1_000_000;
    let mut waiting = Vec::new();
    let full = loop {
        match asker.answer("SELECT * FROM events").await {
            Ok(answer) => waiting.push(answer),
            Err(error) => break error,
        }
        assert!(waiting.len() < 100, "they are held without end");
    };
    assert_eq!(full, Error::Full);
    assert!(waiting.len() > 1);
    waiting.clear();
    assert!(asker.answer("SELECT * FROM events").await.is_ok());
}

#[tokio::test]
async fn one_who_takes_all_that_is_theirs_leaves_as_much_for_others() {
    let mut asker = many(8, 5_000);
    asker.engine = candor_sql::Engine::start(16 << 20).unwrap();
    asker.rows_max = 1_000_000;
    asker.share = Some(asker.engine.share());
    let mut waiting = Vec::new();
    while let Ok(answer) = asker.answer("SELECT * FROM events").await {
        waiting.push(answer);
        assert!(waiting.len() < 100, "they are held without end");
    }
    let endless = "SELECT sum(value) FROM generate_series(1, 9000000000000000)";
    let both = [asker.engine.plan(asker.ask(endless)).await.unwrap()];
    let again = asker.engine.plan(asker.ask("SELECT 1"));
    assert!(tokio::time::timeout(Duration::from_millis(100), again).await.is_err());
    asker.share = Some(asker.engine.share());
    for _ in 0..waiting.len() {
        assert!(asker.answer("SELECT * FROM events").await.is_ok());
    }
    drop(both);
}

#[tokio::test]
async fn a_statement_ends_when_its_asker_leaves_and_makes_room_for_others() {
    let asker = many(4, 200);
    let endless = [
        "SELECT count(*) FROM events a, events b, events c, events d",
        "SELECT sum(value) FROM generate_series(1, 9000000000000000)",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) SELECT max(x) FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT 1 FROM r) SELECT x FROM r WHERE x > 1",
    ];
    for sql in endless.iter().cycle().take(8) {
        let left = tokio::time::timeout(Duration::from_millis(100), asker.answer(sql)).await;
        assert!(left.is_err(), "{sql}: {left:?}");
    }
    assert_eq!(asker.rows("SELECT count(*) FROM events").await, [json!([800])]);
}

#[tokio::test]
async fn the_deepest_statements_are_answered_or_refused() {
    let asker = many(1, 10);
    let chain = |one: &str, by: &str, length: usize| vec![one; length].join(by);
    let doubled = |times: usize| {
        let double = |at: usize| format!(", w{at} AS (SELECT a.x FROM w{0} a, w{0} b)", at - 1);
        let doubles: String = (1..=times).map(double).collect();
        format!("WITH w0 AS (SELECT 1 AS x){doubles} SELECT count(*) FROM w{times}")
    };
    let summed = |times: usize| {
        let sum = |at: usize| format!(", w{at} AS (SELECT x + x AS x FROM w{})", at - 1);
        let sums: String = (1..=times).map(sum).collect();
        format!("WITH w0 AS (SELECT n AS x FROM events){sums} SELECT sum(x) FROM w{times}")
    };
    for (sql, answered) in [
        (summed(60), true),
        (format!("SELECT count(*) FROM events WHERE {}", chain("n = 1", " OR ", 499)), true),
        (format!("SELECT count(*) FROM events WHERE {}", chain("n = 1", " OR ", 6_000)), false),
        (format!("SELECT {} FROM events", chain("n", "+", 499)), true),
        (format!("SELECT {} FROM events", chain("n", "+", 30_000)), false),
        (format!("SELECT count(*) FROM events WHERE n IN ({})", chain("1", ",", 20_000)), true),
        (format!("SELECT {} FROM events", chain("n+1", ",", 10_000)), false),
        (chain("SELECT 1", " UNION ALL ", 200), true),
        (chain("SELECT 1", " UNION ALL ", 3_000), false),
        (format!("SELECT {}1{}", "(".repeat(30_000), ")".repeat(30_000)), false),
        (format!("SELECT {}1", "- ".repeat(30_000)), false),
        (format!("SELECT {}true", "NOT ".repeat(15_000)), false),
        (format!("SELECT {}1", "CASE WHEN true THEN ".repeat(2_000)), false),
        (format!("SELECT {}1", "if(current_time(".repeat(40)), false),
        (format!("SELECT {}1", "x-not-b.".repeat(40)), false),
        (format!("SELECT {}1", "case\t-".repeat(40)), false),
        (format!("SELECT {}", ".foo(t--,i)".repeat(40)), false),
        (format!("SELECT 1 FROM {}", "(".repeat(10_000)), false),
        (format!("SELECT 1 FROM {}events{}", "(".repeat(20), ")".repeat(20)), true),
        (format!("SELECT {}1{}", "abs(".repeat(20), ")".repeat(20)), true),
        (doubled(4), true),
        (doubled(40), false),
    ] {
        let answer = asker.answer(&sql).await;
        let what = format!("{}… {:?}", &sql[..40], answer.as_ref().map(|answer| answer.rows));
        match answer {
            Ok(_) => assert!(answered, "{what}"),
            Err(error) => assert!(!answered && matches!(error, Error::Bad { .. }), "{what}"),
        }
    }
}

#[tokio::test]
async fn arrow_says_the_same_as_json() {
    use datafusion::arrow::ipc::reader::StreamReader;
    let mut asker = many(2, 10);
    (asker.form, asker.rows_max) = (Form::Arrow, 15);
    let answer = asker.answer("SELECT person, n FROM events ORDER BY n, person").await.unwrap();
    let bytes = answer.pieces.concat();
    let reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
    let schema = reader.schema();
    assert_eq!(schema.metadata()["truncated"], "true");
    assert_eq!(schema.metadata()["as_of"], "1970-01-31T00:00:00+00:00");
    let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!((rows, answer.truncated), (15, true));
    let nothing = asker.answer("SELECT n FROM events WHERE false").await.unwrap().pieces.concat();
    let reader = StreamReader::try_new(nothing.as_slice(), None).unwrap();
    assert_eq!(reader.schema().field(0).name(), "n");
}
