//! A list of people out of a CSV file, by their identity.

use std::io::Cursor;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use candor_catalog::NewDefinition;
use candor_event::{PersonId, Value};
use candor_ingest::{Door, Ids};
use candor_store::{Cell, TableReader, View};
use serde::Deserialize;
use serde_json::{Value as Json_, json};

use crate::http::access::{admit, body};
use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::http::segments::saved::{Document, LIST_PEOPLE_MAX, REJECTS, keep, wrong};
use crate::server::Server;

/// The largest file.
const FILE_BYTES_MAX: usize = 256 << 20;

/// Lines of the rejects file; more are counted.
const REJECTS_MAX: usize = 100_000;

/// What the list is called, and which column says who.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    name: String,
    column: Option<String>,
}

/// What a file came to.
#[derive(Default)]
struct Read {
    people: Vec<PersonId>,
    /// `line,reason` each; not what stands there.
    rejects: Vec<(u64, String)>,
    rejected: u64,
}

impl Read {
    fn reject(&mut self, line: u64, reason: impl Into<String>) {
        self.rejected += 1;
        if self.rejects.len() < REJECTS_MAX {
            self.rejects.push((line, reason.into()));
        }
    }
}

/// `POST /api/v1/segments/upload?name=&column=`: the people whose identities stand in a column of a
/// CSV file with a header; `identity` unless told. Who is not known is written to a rejects file.
pub async fn upload(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
    sent: Body,
) -> Result<(StatusCode, Json<Json_>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let form = || Problem::bad_request("?name= (of the list), ?column= (identity)", vec![]);
    let Query(asked) = asked.map_err(|_| form())?;
    let file = body(sent, FILE_BYTES_MAX).await?;
    let (tenant, now) = (caller.tenant.clone(), server.now());
    let column = asked.column.unwrap_or_else(|| "identity".to_owned());
    let door = tenant.door().await?.clone();
    let (read, ..) =
        read(&server, &tenant, move |view, _| Ok(read_file(&door, view, file.to_vec(), &column)))
            .await?;
    let read = read.map_err(|message| wrong("", message))?;
    let document = Document::List { people: read.people.len() as u64, as_of: now.0, of: None };
    let mut answer = keep(&server, &caller, &asked.name, &read.people, &document).await?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    if !read.rejects.is_empty() {
        let lines = read.rejects.iter().map(|(line, reason)| format!("{line},{reason}\n"));
        let file: String = std::iter::once("line,reason\n".to_owned()).chain(lines).collect();
        let new = NewDefinition {
            kind: REJECTS,
            id: &id,
            name: "rejects",
            document: &file,
            actor: &caller.name,
        };
        server.catalog.put_definition(&tenant.publisher.account_id, &new, now).await?;
    }
    answer["rejected"] = json!(read.rejected);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The people of a file; an error says what is wrong with all of it.
fn read_file(door: &Door, view: &View, file: Vec<u8>, column: &str) -> Result<Read, String> {
    let mut table = TableReader::csv("the file", Cursor::new(file)).map_err(|e| e.to_string())?;
    let place = table.columns().iter().position(|name| **name == *column);
    let place = place.ok_or_else(|| format!("the file's header has no column {column:?}"))?;
    let mut read = Read::default();
    while let Some(piece) = table.next_piece().map_err(|e| e.to_string())? {
        piece.bad.iter().for_each(|(line, reason)| read.reject(*line, reason.replace(',', ";")));
        for (row, line) in piece.lines.iter().enumerate() {
            let identity = match piece.cell(place, row) {
                Some(Cell::Value(Value::Text(text))) => text.trim().to_owned(),
                Some(Cell::Value(Value::Integer(number))) => number.to_string(),
                Some(Cell::Unsigned(number)) => number.to_string(),
                Some(Cell::Value(value @ (Value::Bool(_) | Value::Float(_)))) => {
                    json!(value).to_string()
                }
                _ => String::new(),
            };
            if identity.is_empty() {
                read.reject(*line, "no identity");
                continue;
            }
            let person = door.resolve(&Ids { identity: Some(identity), ..Ids::default() });
            match person.filter(|person| view.find(*person).is_some()) {
                Some(person) => read.people.push(person),
                None => read.reject(*line, "nobody has this identity"),
            }
        }
        if read.people.len() > LIST_PEOPLE_MAX {
            return Err(format!("a list has at most {LIST_PEOPLE_MAX} people"));
        }
    }
    read.people.sort_unstable();
    read.people.dedup();
    Ok(read)
}

/// `GET /api/v1/segments/{id}/rejects`: the lines that were nobody, as CSV.
pub async fn rejects(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let account = &caller.tenant.publisher.account_id;
    let rejects = server.catalog.definition(account, REJECTS, &id).await?;
    let rejects = rejects.ok_or_else(Problem::not_found)?;
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((kind, rejects.document).into_response())
}
