//! Short statements that ask for more than there is: each is refused, with what to change, before
//! it takes it, and what is near them and useful is answered.

use candor_event::Record;
use candor_sql::Error;
use serde_json::json;

use crate::world::{Asker, asker, event, view};

fn some() -> Asker {
    let one = |at: i64| {
        let text = format!("t{at}");
        event(1, at, "view", &[("n", at.into()), ("t", text.as_str().into())])
    };
    asker(view((0..100).map(one).collect::<Vec<Record>>()))
}

/// Says what to change.
async fn bad(asker: &Asker, sql: &str, words: &str) {
    let shown: String = sql.chars().take(120).collect();
    match asker.refused(sql).await {
        Error::Bad { message, .. } => assert!(message.contains(words), "{shown}: {message}"),
        error => panic!("{shown}: {error}"),
    }
}

/// `WITH w0 AS (first), w1 AS (…)`, in each of which NEXT is the one before.
fn again(first: &str, next: &str, times: usize) -> String {
    let next = |at: usize| {
        let next = next.replace("NEXT", &format!("w{}", at - 1));
        format!(", w{at} AS ({next})")
    };
    let all: String = (1..=times).map(next).collect();
    format!("WITH w0 AS ({first}){all}")
}

#[tokio::test]
async fn types_with_sizes_and_lists_without_end_are_refused() {
    let asker = some();
    for (sql, words) in [
        ("SELECT CAST(NULL AS BIGINT[2000000000][1000000])", "without a size"),
        ("SELECT TRY_CAST(NULL AS BIGINT[2000000000])", "without a size"),
        ("SELECT NULL::INT[3]", "without a size"),
        ("SELECT INT[2000000000] '{}'", "without a size"),
        ("SELECT CAST(NULL AS ARRAY<ARRAY<ARRAY<ARRAY<INT>>>>)", "lists within"),
        ("SELECT NULL::INT[][][][]", "lists within"),
        ("SELECT [[[[1]]]]", "lists within"),
        ("SELECT arrow_cast(NULL, 'FixedSizeList(2000000000, Int64)')", "arrow_cast"),
        ("SELECT arrow_try_cast(NULL, 'FixedSizeList(2000000000, Int64)')", "arrow_try_cast"),
        ("SELECT cast_to_type(NULL, [1])", "cast_to_type"),
        ("SELECT try_cast_to_type(NULL, [1])", "try_cast_to_type"),
        ("SELECT array_agg(n)::text || 'x' FROM events", "array_to_string"),
    ] {
        bad(&asker, sql, words).await;
    }
    let sql = "SELECT CAST([1, 2] AS VARCHAR[]), '5'::int, array_to_string([1, 2], '-')";
    assert_eq!(asker.rows(sql).await, [json!([["1", "2"], 5, "1-2"])]);
}

#[tokio::test]
async fn numbers_that_say_how_much_is_held_are_small() {
    let asker = some();
    let centroids = "1000000000000000";
    for sql in [
        format!("SELECT approx_percentile_cont(n, 0.5, {centroids}) FROM events"),
        format!("SELECT approx_percentile_cont(n, 0.5, 1000 * {centroids}) FROM events"),
        format!("SELECT approx_percentile_cont_with_weight(n, 1, 0.5, {centroids}) FROM events"),
        format!("SELECT approx_percentile_cont(n, 0.5, {centroids}) OVER () FROM events"),
    ] {
        bad(&asker, &sql, "exact to a number").await;
    }
    let sql = "SELECT approx_percentile_cont(n, 0.5, 200), median(n) FROM events";
    assert_eq!(asker.rows(sql).await, [json!([49.5, 49.5])]);
    for (sql, rows) in [
        (
            "SELECT count(*) FROM (SELECT name, min(at) AS m FROM events GROUP BY name ORDER BY m
             LIMIT 1000000000000000)",
            1,
        ),
        ("SELECT n FROM events ORDER BY n LIMIT 1000000000000000", 100),
        ("SELECT lag(n, 1000000000000000) OVER (ORDER BY n) FROM events", 100),
        ("SELECT lead(n, -9223372036854775807) OVER (ORDER BY n) FROM events", 100),
        ("SELECT ntile(1000000000000000) OVER (ORDER BY n) FROM events", 100),
        ("SELECT nth_value(n, 1000000000000000) OVER (ORDER BY n) FROM events", 100),
        (
            "SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1000000000000000 PRECEDING AND
             1000000000000000 FOLLOWING) FROM events",
            100,
        ),
        ("SELECT nth_value(n, 1000000000000000) FROM events", 1),
        ("SELECT substr(t, -1000000000000000, 2000000000000000) FROM events", 100),
        ("SELECT array_slice([1, 2], -1000000000000000, 1000000000000000)", 1),
        ("SELECT split_part(t, 't', 1000000000000000) FROM events", 100),
        ("SELECT \"left\"(t, 1000000000000000), round(1.5, 1000000000) FROM events", 100),
    ] {
        match asker.answer(sql).await {
            Ok(answer) => assert_eq!(answer.rows, rows, "{sql}"),
            Err(error) => assert!(matches!(error, Error::Bad { .. }), "{sql}: {error}"),
        }
    }
}

#[tokio::test]
async fn conditions_that_grow_on_their_way_down_are_refused() {
    let asker = some();
    let doubled = again("SELECT n AS x FROM events", "SELECT x + x AS x FROM NEXT", 30);
    for tail in [
        "SELECT count(*) FROM w30 WHERE x > 1",
        "SELECT count(*) FROM w30 AS w WHERE w.x > random()",
        "SELECT count(*) FROM w30 JOIN events e ON w30.x = e.n WHERE e.n > 1",
        "SELECT count(*) FROM events e JOIN w30 ON w30.x > e.n",
        "SELECT count(*) FROM (SELECT x FROM w30 UNION ALL SELECT n FROM events) WHERE x > 1",
        "SELECT x, count(*) FROM w30 GROUP BY x HAVING x > 1",
        "SELECT count(*) FROM (SELECT x, row_number() OVER (PARTITION BY x) r FROM w30) WHERE x > 1",
        "SELECT count(*) FROM w30 WHERE EXISTS (SELECT 1 FROM events e WHERE e.n = w30.x)",
        "SELECT count(*) FROM events WHERE n IN (SELECT x FROM w30 WHERE x > 1)",
        "SELECT count(*) FROM w30 WHERE x IN (SELECT n FROM events)",
    ] {
        bad(&asker, &format!("{doubled} {tail}"), "a condition on a column").await;
    }
    for tail in [
        "SELECT x FROM w30 ORDER BY x LIMIT 5",
        "SELECT max(x) FROM w30",
        "SELECT * FROM (SELECT sum(x) AS s FROM w30) WHERE s > 1",
        "SELECT min(x) AS m FROM w30 HAVING min(x) < 1",
        "SELECT DISTINCT x FROM w30 ORDER BY x DESC LIMIT 5",
    ] {
        let sql = format!("{doubled} {tail}");
        assert!(asker.answer(&sql).await.is_ok(), "{tail}");
    }
    let few = again("SELECT n AS x FROM events", "SELECT x + x AS x FROM NEXT", 6);
    let sql = format!("{few} SELECT count(*), max(x) FROM w6 WHERE x > 640");
    assert_eq!(asker.rows(&sql).await, [json!([89, 6336])]);
}

#[tokio::test]
async fn one_value_stays_small_and_rows_are_not_repeated_without_end() {
    let mut asker = some();
    asker.engine = candor_sql::Engine::start(512 << 20).unwrap();
    for (sql, words) in [
        (
            "WITH w AS (SELECT array_agg(value) AS x FROM generate_series(1, 100000))
             SELECT max(array_length(x) + value) FROM w, generate_series(1, 8192)",
            "array_agg makes a value",
        ),
        (
            "SELECT l, unnest(l) FROM
             (SELECT array_agg(value) AS l FROM generate_series(1, 40000))",
            "array_agg makes a value",
        ),
        (
            "SELECT value % 2, array_agg(value) FROM generate_series(1, 40000) GROUP BY value % 2",
            "array_agg makes a value",
        ),
        (
            "SELECT array_agg(value ORDER BY value DESC) FROM generate_series(1, 40000)",
            "array_agg makes a value",
        ),
        (
            "SELECT array_agg(DISTINCT value) FROM generate_series(1, 40000)",
            "array_agg makes a value",
        ),
        (
            "SELECT string_agg(CAST(value AS VARCHAR), ',') FROM generate_series(1, 40000)",
            "string_agg makes a value",
        ),
        (
            "SELECT value % 2, string_agg(CAST(value AS VARCHAR), ',')
             FROM generate_series(1, 40000) GROUP BY value % 2",
            "string_agg makes a value",
        ),
        (
            "SELECT array_agg(value) OVER (ORDER BY value) FROM generate_series(1, 1000)",
            "array_agg",
        ),
        (
            "SELECT l, l AS m, unnest(l) FROM
             (SELECT array_agg(value) AS l FROM generate_series(1, 8000))",
            "unnest makes",
        ),
        (
            "SELECT count(*) FROM (SELECT array_agg(value) AS l, array_agg(value + 1) AS m
             FROM generate_series(1, 8000)) a JOIN events e ON array_length(l) > e.n + m[1]",
            "a row that is joined",
        ),
        (
            &format!(
                "{} SELECT max(length(x)) FROM w20",
                again("SELECT t AS x FROM events", "SELECT x || x AS x FROM NEXT", 20)
            ),
            "makes a value",
        ),
        (
            &format!(
                "{} SELECT max(length(x)) FROM w20",
                again(
                    "SELECT t AS x FROM events",
                    "SELECT overlay(x PLACING x FROM 1 FOR 0) AS x FROM NEXT",
                    20
                )
            ),
            "makes a value",
        ),
    ] {
        bad(&asker, sql, words).await;
    }
    let lag =
        "SELECT count(f) FROM (SELECT first_value(l) OVER () AS f FROM generate_series(1, 100000)
               CROSS JOIN (SELECT array_agg(value) AS l FROM generate_series(1, 8000)))";
    assert!(matches!(asker.refused(lag).await, Error::TooLarge { .. }));
    for (sql, expected) in [
        ("SELECT array_agg(n ORDER BY n)[2:3] FROM events", json!([[1, 2]])),
        ("SELECT string_agg(t, ',' ORDER BY n DESC) FROM events WHERE n < 3", json!(["t2,t1,t0"])),
        (
            "SELECT count(*) FROM (SELECT unnest(l) AS x FROM
             (SELECT array_agg(value) AS l FROM generate_series(1, 8000)))",
            json!([8000]),
        ),
        ("SELECT sum(x) FROM (SELECT n, unnest([n, n + 1]) AS x FROM events)", json!([10_000])),
        ("SELECT max(p) FROM (SELECT lag(t) OVER (ORDER BY n) AS p FROM events)", json!(["t98"])),
        ("SELECT overlay('abc' PLACING 'XY' FROM 2 FOR 1)", json!(["aXYc"])),
    ] {
        assert_eq!(asker.rows(sql).await, [expected], "{sql}");
    }
}

#[tokio::test]
async fn a_value_in_hundreds_of_columns_is_counted_in_each() {
    let asker = some();
    let columns = |of: &dyn Fn(usize) -> String| {
        let all: Vec<String> = (0..400).map(|at| format!("{} AS a{at}", of(at))).collect();
        all.join(", ")
    };
    let largest: Vec<String> = (0..400).map(|at| format!("max(a{at})")).collect();
    let largest = largest.join(", ");
    let long = "x".repeat(4_000);
    for (sql, words) in [
        (
            format!(
                "WITH w AS (SELECT array_agg(value) AS l FROM generate_series(1, 8000))
                 SELECT {largest} FROM (SELECT {} FROM w, generate_series(1, 1024) LIMIT 5000)
                 WHERE array_length(a1) > 1",
                columns(&|_| "l".to_owned())
            ),
            "at most",
        ),
        (
            format!(
                "WITH w AS (SELECT '{long}' AS t FROM events) SELECT {largest} FROM
                 (SELECT {} FROM w LIMIT 5000) WHERE a1 <> 'x'",
                columns(&|_| "t".to_owned())
            ),
            "at most",
        ),
        (
            format!(
                "WITH w AS (SELECT '{long}' AS t FROM events) SELECT {largest} FROM
                 (SELECT {} FROM w)",
                columns(&|at| format!("substr(t, {at})"))
            ),
            "at most",
        ),
    ] {
        bad(&asker, &sql, words).await;
    }
    let sql =
        format!("SELECT {largest} FROM (SELECT {} FROM events)", columns(&|_| "t".to_owned()));
    assert_eq!(asker.answer(&sql).await.unwrap().rows, 1);
    let texts = vec![format!("'{long}'"); 10].join(", ");
    let sql = format!("SELECT count(*) FROM events WHERE t IN ({texts}, 't7')");
    assert_eq!(asker.rows(&sql).await, [json!([1])]);
    let sql = format!("SELECT min(length(t || x)) FROM (SELECT t, '{long}' AS x FROM events)");
    assert_eq!(asker.rows(&sql).await, [json!([4_002])]);
}

#[tokio::test]
async fn regular_expressions_stand_in_the_statement() {
    let asker = some();
    for sql in [
        "SELECT count(*) FROM events WHERE t ~ ('\\w{150}' || n)",
        "SELECT count(*) FROM events WHERE t !~* t",
        "SELECT count(*) FROM events WHERE t SIMILAR TO t",
        "SELECT regexp_like(t, t) FROM events",
        "SELECT regexp_match(t, 'a', t) FROM events",
        "SELECT regexp_count(t, t) FROM events",
        "SELECT regexp_instr(t, t) FROM events",
        "SELECT regexp_replace(t, t, 'x') FROM events",
    ] {
        bad(&asker, sql, "a regular expression stands in the statement").await;
    }
    for (sql, expected) in [
        ("SELECT count(*) FROM events WHERE t ~ ('^t' || '1.$')", json!([10])),
        ("SELECT count(*) FROM events WHERE t SIMILAR TO 't1[0-9]'", json!([10])),
        ("SELECT max(regexp_replace(t, 't', name)) FROM events", json!(["view99"])),
        ("SELECT count(*) FROM events WHERE regexp_like(t, '^T1.$', 'i')", json!([10])),
        ("SELECT count(*) FROM events WHERE t LIKE 't1%' OR t LIKE name || '%'", json!([11])),
    ] {
        assert_eq!(asker.rows(sql).await, [expected], "{sql}");
    }
    // What a function says of its arguments is told.
    bad(&asker, "SELECT regexp_replace(name, '(', 'x') FROM events", "unclosed group").await;
    bad(&asker, "SELECT count(*) FROM events WHERE t ~ '('", "unclosed group").await;
}

#[tokio::test]
async fn functions_that_are_not_known_here_are_not_there() {
    let asker = some();
    for (sql, words) in [
        ("SELECT levenshtein(t, t) FROM events", "levenshtein"),
        ("SELECT array_has_all([1], [1])", "array_has_all"),
        ("SELECT array_has_any([1], [1])", "array_has_any"),
        ("SELECT [1] @> [1]", "array_has_all"),
        ("SELECT array_transform([1, 2], x -> x + 1)", ""),
        ("SELECT version()", "version"),
        ("SELECT arrow_typeof(1)", "arrow_typeof"),
        ("SELECT * FROM read_csv('x')", "read_csv"),
        ("SELECT lpad('x', 1000000000)", "lpad"),
    ] {
        bad(&asker, sql, words).await;
    }
}

#[tokio::test]
async fn steps_into_values_are_counted_however_they_are_written() {
    let asker = some();
    for sql in [
        format!("SELECT [n]{} FROM events", "[1:1]".repeat(13_000)),
        format!("SELECT [n]{} FROM events", "[1:1]".repeat(499)),
        format!("SELECT CAST(NULL AS int{})", "[]".repeat(32_000)),
        format!("SELECT CAST(NULL AS int{})", "[]".repeat(499)),
        format!("SELECT CAST(NULL AS {}INT{})", "ARRAY<".repeat(9_000), ">".repeat(9_000)),
        format!("SELECT {}1{}", "[".repeat(30_000), "]".repeat(30_000)),
        format!("SELECT 1 FROM events AS e (x int{})", "[]".repeat(30_000)),
        format!("SELECT n{} FROM events", ".n".repeat(30_000)),
        format!("SELECT n{} FROM events", "::int".repeat(10_000)),
        format!("SELECT t{} FROM events", " COLLATE x".repeat(6_000)),
        format!("SELECT at{} FROM events", " AT TIME ZONE 'UTC'".repeat(3_000)),
        format!("SELECT (SELECT [n]){} FROM events", "['a']".repeat(499)),
    ] {
        bad(&asker, &sql, "").await;
    }
    let sql = "SELECT count(*) FROM (SELECT [n, 2][1:2][1:1][1] AS one FROM events) WHERE one = 7";
    assert_eq!(asker.rows(sql).await, [json!([1])]);
}
