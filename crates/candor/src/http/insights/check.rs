//! Whether a question that is to be saved would be answered: it is read, and looked at, by what
//! answers it.

use candor_query::{Board, Cancel, Error, Funnel, Paths, Pivot, Retention, Rfm, Stickiness, Trend};
use serde_json::Value;

use crate::http::access::{Caller, parsed};
use crate::http::insights::kind::Insight;
use crate::http::insights::{may_ask_all_of, read, settle};
use crate::http::problem::Problem;
use crate::http::sql;
use crate::server::Server;

/// What answers a question, as the path of the API has it; SQL has a path of its own.
pub const KINDS: [&str; 9] =
    ["trend", "funnel", "retention", "stickiness", "paths", "rfm", "pivot", "board", "sql"];

/// The question with all that it says by saying nothing.
///
/// # Errors
/// What the API answers to who asks it; pointers are those of the question.
pub async fn check(
    server: &Server,
    caller: &Caller,
    kind: &str,
    question: &Value,
) -> Result<Value, Problem> {
    let sent = question.to_string().into_bytes();
    match kind {
        "trend" => insight::<Trend>(server, caller, &sent).await,
        "funnel" => insight::<Funnel>(server, caller, &sent).await,
        "retention" => insight::<Retention>(server, caller, &sent).await,
        "stickiness" => insight::<Stickiness>(server, caller, &sent).await,
        "paths" => insight::<Paths>(server, caller, &sent).await,
        "rfm" => insight::<Rfm>(server, caller, &sent).await,
        "pivot" => insight::<Pivot>(server, caller, &sent).await,
        "board" => insight::<Board>(server, caller, &sent).await,
        "sql" => sql::check(server, caller, &sent).await,
        _ => Err(Problem::not_found()),
    }
}

async fn insight<Q: Insight>(
    server: &Server,
    caller: &Caller,
    sent: &[u8],
) -> Result<Value, Problem> {
    let mut question: Q = parsed(sent)?;
    may_ask_all_of(caller, &question)?;
    let whole = serde_json::to_value(&question).map_err(|_| Problem::internal())?;
    let zone = settle(server, &caller.tenant, &mut question, "").await?;
    let asked = read(server, &caller.tenant, move |view, _| {
        // It is checked before anything is looked at, and then its asker is gone.
        let gone = Cancel::default();
        gone.stop();
        match question.answer(view, &zone, &gone) {
            Ok(_) | Err(Error::Cancelled) => Ok(()),
            Err(error) => Err(error),
        }
    });
    asked.await?;
    Ok(whole)
}
