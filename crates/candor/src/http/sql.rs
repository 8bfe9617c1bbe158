//! SQL: one statement that only reads, over what the caller may see.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use candor_query::{Funnel, Retention};
use candor_sql::{
    Answer, Ask, Asked, Form, Function, Masked, Question, Running, STATEMENT_BYTES_MAX, Table,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::http::access::{Caller, admit, json_body, parsed};
use crate::http::insights::{settle, within_time};
use crate::http::masked::{CLEAR, masked_within, may_ask, tells_who};
use crate::http::people::audit;
use crate::http::problem::{FieldError, Problem};
use crate::server::{Server, Tenant};

/// The largest body: each byte of a statement may be written as six.
const BODY_BYTES_MAX: usize = 6 * STATEMENT_BYTES_MAX + 1_024;

/// Rows of an answer where nothing else is asked for.
const ROWS: usize = 10_000;
/// Rows of an answer in JSON.
const JSON_ROWS_MAX: usize = 100_000;
/// Rows of an answer in Arrow.
const ARROW_ROWS_MAX: usize = 1_000_000;

const ARROW: &str = "application/vnd.apache.arrow.stream";

/// What is asked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    sql: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
}

impl Statement {
    /// The same as it is asked for this caller.
    fn ask(self, server: &Server, caller: &Caller, form: Form) -> Result<Ask, Problem> {
        let rows_max = match form {
            Form::Arrow => ARROW_ROWS_MAX,
            Form::Json => JSON_ROWS_MAX,
        };
        let limit = self.limit.unwrap_or(ROWS);
        if !(1..=rows_max).contains(&limit) {
            let message = format!("a number from 1 to {rows_max}");
            let error = FieldError { pointer: "/limit".into(), message: message.clone() };
            return Err(Problem::bad_request(message, vec![error]));
        }
        Ok(Ask {
            sql: self.sql,
            view: caller.tenant.store.view(),
            masked: masked(caller),
            questions: Vec::new(),
            rows_max: limit,
            form,
            now: server.now(),
            share: caller.tenant.sql.clone(),
        })
    }
}

/// `POST /api/v1/sql`. That somebody read in clear who people are is written down first.
pub async fn ask(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, Problem> {
    let started = Instant::now();
    let caller = admit(&server, &headers, "read").await?;
    let statement: Statement = json_body(sent, BODY_BYTES_MAX).await?;
    let form = match wants_arrow(&headers) {
        true => Form::Arrow,
        false => Form::Json,
    };
    let ask = statement.ask(&server, &caller, form)?;
    let as_of = candor_query::rfc3339(ask.view.as_of, &caller.tenant.zone);
    let answer = within_time(&server, async {
        let (running, mut shown) = planned(&server, &caller, ask).await?;
        let tenant = &caller.tenant;
        shown.extend(running.reads.iter().filter(|name| tells_who(tenant, name)).cloned());
        if !shown.is_empty() {
            let shown = shown.into_iter().collect::<Vec<_>>().join(", ");
            let actor = caller.name.clone();
            audit(&server, tenant, actor, "query properties", shown).await?;
        }
        Ok(running.answer().await?)
    });
    let answer = answer.await?;
    let meta = json!({
        "elapsed_ms": started.elapsed().as_secs_f64() * 1e3,
        "events_scanned": answer.scanned,
        "as_of": as_of,
    });
    Ok(match form {
        Form::Arrow => streamed(answer, ARROW),
        Form::Json => in_json(answer, &meta),
    })
}

/// The body of a question that is to be saved, if the caller may ask it: it is planned and not run.
pub async fn check(server: &Server, caller: &Caller, sent: &[u8]) -> Result<Value, Problem> {
    let statement: Statement = parsed(sent)?;
    let whole = json!(statement);
    let ask = statement.ask(server, caller, Form::Json)?;
    within_time(server, async { planned(server, caller, ask).await.map(drop) }).await?;
    Ok(whole)
}

/// A statement that waits for leave to run, with the questions that it asks; and what these ask
/// about that tells who people are.
async fn planned(
    server: &Server,
    caller: &Caller,
    mut ask: Ask,
) -> Result<(Running, BTreeSet<String>), Problem> {
    let mut shown = BTreeSet::new();
    for asked in server.sql.questions(ask.sql.clone()).await? {
        let question = question(server, caller, &asked, &mut shown).await;
        let question = question.map_err(|problem| problem.within_sql(&asked))?;
        ask.questions.push((asked, question));
    }
    Ok((server.sql.plan(ask).await?, shown))
}

/// `GET /api/v1/sql/schema`: what there is to ask about.
pub async fn schema(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let tables = server.sql.tables(caller.tenant.store.view(), masked(&caller));
    let tables = within_time(&server, async { Ok(tables.await?) }).await?;
    let table = |table: &Table| {
        let columns = table.columns.iter().map(|column| {
            json!({"name": column.name, "type": column.kind.name(),
                   "property": column.property, "masked": column.masked})
        });
        json!({"name": table.name, "columns": columns.collect::<Vec<_>>()})
    };
    let functions = Function::ALL.map(Function::name);
    let tables: Vec<Value> = tables.iter().map(table).collect();
    Ok(Json(json!({"tables": tables, "functions": functions})))
}

/// Hides from the caller what is masked for them. Rows are people's own: the derived country is
/// hidden, too, which questions about numbers of people may ask for.
fn masked(caller: &Caller) -> Masked {
    let (clear, tenant) = (caller.may(CLEAR), caller.tenant.clone());
    Arc::new(move |name| !clear && tells_who(&tenant, name))
}

/// A question within a statement, as the caller may ask it elsewhere; `shown` learns what it asks
/// about that tells who people are.
async fn question(
    server: &Server,
    caller: &Caller,
    asked: &Asked,
    shown: &mut BTreeSet<String>,
) -> Result<Question, Problem> {
    let mut look = |question: serde_json::Result<Value>| {
        let question = question.map_err(|_| Problem::internal())?;
        may_ask(caller, &question)?;
        shown.extend(masked_within(&caller.tenant, &question));
        Ok::<_, Problem>(())
    };
    let tenant: &Tenant = &caller.tenant;
    let sent = asked.question.as_bytes();
    match asked.function {
        Function::Funnel => {
            let mut funnel: Funnel = parsed(sent)?;
            look(serde_json::to_value(&funnel))?;
            let zone = settle(server, tenant, &mut funnel, "").await?;
            Ok(Question::Funnel(Box::new(funnel), zone))
        }
        Function::Retention => {
            let mut retention: Retention = parsed(sent)?;
            look(serde_json::to_value(&retention))?;
            let zone = settle(server, tenant, &mut retention, "").await?;
            Ok(Question::Retention(Box::new(retention), zone))
        }
    }
}

fn wants_arrow(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok());
    let mut kinds = accepted.flat_map(|kinds| kinds.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == ARROW))
}

fn in_json(mut answer: Answer, meta: &Value) -> Response {
    let column = |(name, kind): &(String, &str)| json!({"name": name, "type": kind});
    let columns: Vec<Value> = answer.columns.iter().map(column).collect();
    let before = format!("{{\"columns\":{},\"rows\":[", json!(columns));
    let after = format!("],\"truncated\":{},\"meta\":{meta}}}", answer.truncated);
    answer.pieces.insert(0, before.into_bytes());
    answer.pieces.push(after.into_bytes());
    streamed(answer, "application/json")
}

/// Within this time an answer is taken, and within a second more for each MiB; then it is given up,
/// and the connection with it.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// The pieces, each given back to the memory when it is on its way.
fn streamed(mut answer: Answer, kind: &'static str) -> Response {
    let held = answer.held();
    let bytes: usize = answer.pieces.iter().map(Vec::len).sum();
    let time = TAKEN_WITHIN + Duration::from_secs(bytes as u64 >> 20);
    let mut untaken = Untaken::new(answer.pieces, held, time);
    let body = Body::from_stream(tokio_stream::iter(std::iter::from_fn(move || untaken.take())));
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_LENGTH, HeaderValue::from(bytes)),
    ];
    (head, body).into_response()
}

/// The pieces of an answer that nobody has taken yet, and what is held for them, until their time
/// is over: who never reads would hold them for ever.
struct Untaken<H> {
    /// None when it is over.
    left: Arc<Mutex<Option<Left<H>>>>,
    timer: JoinHandle<()>,
}

struct Left<H> {
    pieces: VecDeque<Vec<u8>>,
    _held: H,
}

impl<H: Send + 'static> Untaken<H> {
    fn new(pieces: Vec<Vec<u8>>, held: H, time: Duration) -> Untaken<H> {
        let left = Left { pieces: pieces.into(), _held: held };
        let left = Arc::new(Mutex::new(Some(left)));
        let late = left.clone();
        let timer = tokio::spawn(async move {
            tokio::time::sleep(time).await;
            late.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
        Untaken { left, timer }
    }

    /// The next piece; an error, which cuts the answer, where the time is over.
    fn take(&mut self) -> Option<io::Result<Bytes>> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *left {
            Some(left) => left.pieces.pop_front().map(|piece| Ok(Bytes::from(piece))),
            None => Some(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl<H> Drop for Untaken<H> {
    fn drop(&mut self) {
        self.timer.abort();
        self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_nobody_takes_is_given_up_when_its_time_is_over() {
        let (held, mut given_up) = oneshot::channel::<()>();
        let pieces = vec![b"one".to_vec(), b"two".to_vec()];
        let mut untaken = Untaken::new(pieces.clone(), held, Duration::from_millis(1));
        assert_eq!(untaken.take().unwrap().unwrap(), "one");
        assert!(
            given_up.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty)
        );
        assert!((&mut given_up).await.is_err(), "what was held is let go");
        assert!(untaken.take().unwrap().is_err());

        let (held, given_up) = oneshot::channel::<()>();
        drop(Untaken::new(pieces, held, TAKEN_WITHIN));
        assert!(given_up.await.is_err(), "what was held is let go with the body");
    }
}
