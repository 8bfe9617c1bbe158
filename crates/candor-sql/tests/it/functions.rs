//! Questions within statements.

use candor_query::{Cancel, Funnel, Retention};
use candor_sql::{Asked, Error, Function, Question};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::world::{Asker, DAY, asker, event, view};

/// Three view, two of them put into the cart, one of those pays.
fn shop() -> Asker {
    let mut records = Vec::new();
    for person in 1..=3u8 {
        let steps = ["view", "cart", "pay"];
        let taken = steps.iter().take(usize::from(person)).zip(1..);
        let country = if person == 3 { "IN" } else { "DE" };
        records.extend(
            taken.map(|(name, at)| event(person, at * DAY, name, &[("country", country.into())])),
        );
    }
    asker(view(records))
}

const FUNNEL: &str = r#"{"steps": [{"event": "view"}, {"event": "cart"}, {"event": "pay"}],
    "from": "1970-01-01", "to": "1970-01-10", "breakdown": BY}"#;

async fn with_questions(mut asker: Asker, sql: &str) -> Asker {
    let found: Vec<Asked> = asker.engine.questions(sql.to_owned()).await.unwrap();
    for asked in found {
        let (text, zone) = (asked.question.as_str(), TimeZone::UTC);
        let question = match asked.function {
            Function::Funnel => Question::Funnel(serde_json::from_str(text).unwrap(), zone),
            Function::Retention => Question::Retention(serde_json::from_str(text).unwrap(), zone),
        };
        asker.questions.push((asked, question));
    }
    asker
}

#[tokio::test]
async fn a_funnel_is_a_table_of_its_steps() {
    let sql = format!("SELECT * FROM funnel('{}')", FUNNEL.replace("BY", "[]"));
    let asker = with_questions(shop(), &sql).await;
    let third = 1.0 / 3.0;
    assert_eq!(
        asker.rows(&sql).await,
        [
            json!([1, "view", 3, 1.0, 1.0, 0, 0]),
            json!([2, "cart", 2, 2.0 * third, 2.0 * third, DAY, DAY]),
            json!([3, "pay", 1, third, 0.5, 2 * DAY, 2 * DAY]),
        ]
    );
    let funnel: Funnel = serde_json::from_str(&FUNNEL.replace("BY", "[]")).unwrap();
    let answer = funnel.ask(&asker.view, &TimeZone::UTC, &Cancel::default()).unwrap();
    assert_eq!(answer.all.steps[1].count, 2);
}

#[tokio::test]
async fn a_funnel_that_is_broken_down_has_rows_for_each_group() {
    let by = format!("funnel('{}')", FUNNEL.replace("BY", "\"country\""));
    let sql = format!("SELECT key, step, count FROM {by} ORDER BY key, step");
    let asker = with_questions(shop(), &sql).await;
    let expected = [
        json!(["DE", 1, 2]),
        json!(["DE", 2, 1]),
        json!(["DE", 3, 0]),
        json!(["IN", 1, 1]),
        json!(["IN", 2, 1]),
        json!(["IN", 3, 1]),
    ];
    assert_eq!(asker.rows(&sql).await, expected);
    let sql = format!(
        "SELECT f.event, count(*), max(f.count) FROM {by} f JOIN events e ON e.name = f.event \
         WHERE f.key = 'DE' GROUP BY f.event ORDER BY f.event LIMIT 1"
    );
    assert_eq!(asker.rows(&sql).await, [json!(["cart", 2, 1])]);
}

#[tokio::test]
async fn a_funnel_that_compares_segments_has_rows_for_each() {
    let everyone = r#"[], "segments": [{"name": "Who paid", "people":
        {"did": {"event": "pay", "within": "ever", "times": {"at_least": 1}}}}]"#;
    let sql = format!("SELECT * FROM funnel('{}')", FUNNEL.replace("BY", everyone));
    let sql = sql.replace('*', "segment, step, count");
    let asker = with_questions(shop(), &sql).await;
    let expected = [
        json!([null, 1, 3]),
        json!([null, 2, 2]),
        json!([null, 3, 1]),
        json!(["Who paid", 1, 1]),
        json!(["Who paid", 2, 1]),
        json!(["Who paid", 3, 1]),
    ];
    assert_eq!(asker.rows(&sql).await, expected);
}

#[tokio::test]
async fn a_retention_is_a_table_of_its_cohorts_by_period() {
    let question = r#"{"born": {"event": "view"}, "back": {"event": "*"}, "periods": 3,
        "from": "1970-01-02", "to": "1970-01-03""#;
    let sql = format!("SELECT * FROM retention('{question}}}')");
    let asker = with_questions(shop(), &sql).await;
    let born = "1970-01-02T00:00:00Z";
    let expected = [
        json!([born, 3, 0, 0.0, false]),
        json!([born, 3, 1, 2.0, false]),
        json!([born, 3, 2, 1.0, false]),
    ];
    assert_eq!(asker.rows(&sql).await, expected);
    let worth = format!(r#"{question}, "measure": "sum:price", "breakdown": "country"}}"#);
    let sql = format!("SELECT DISTINCT key, size, ltv FROM retention('{worth}') ORDER BY key");
    let asker = with_questions(shop(), &sql).await;
    assert_eq!(asker.rows(&sql).await, [json!(["DE", 2, 0.0]), json!(["IN", 1, 0.0])]);
    // The numbers are those of the question elsewhere.
    let question: Retention = serde_json::from_str(&worth).unwrap();
    let answer = question.ask(&asker.view, &TimeZone::UTC, &Cancel::default()).unwrap();
    assert_eq!(answer.groups[0].cohorts[0].size, 2);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_says_where() {
    let sql = r#"SELECT * FROM funnel('{"steps": [], "from": "1970-01-01", "to": "1970-01-10"}')"#;
    let asker = with_questions(shop(), sql).await;
    let Error::Question { function, source } = asker.refused(sql).await else { panic!("{sql}") };
    assert_eq!((function, source.to_string().as_str()), ("funnel", "/steps: 2 to 12 steps"));
    // Without its question a function has no rows to give.
    assert!(matches!(shop().refused(sql).await, Error::Bad { .. }));
}
