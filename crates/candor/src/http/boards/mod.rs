//! Boards: cards that each keep a question, so that it is asked anew whenever somebody looks.

mod card;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::Definition;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, json_body};
use crate::http::boards::card::{Card, Range};
use crate::http::definitions::{Draft, Kind, text};
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::moment::utc;
use crate::server::Server;

const BOARD: Kind = Kind { word: "board", too_many: "too_many_boards", most: 200 };

/// Cards of one board: each is a question that is asked when the board is looked at.
const CARDS_MAX: usize = 30;

/// The largest board.
const BOARD_BYTES_MAX: usize = 512 << 10;

/// Characters of a name or title, and of a note.
const NAME_MAX: usize = 100;
const NOTE_MAX: usize = 2_000;

/// A board, as the catalog keeps it.
#[derive(Serialize, Deserialize)]
struct Document {
    note: Option<String>,
    range: Range,
    cards: Vec<Card>,
}

/// What saving a board sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    range: Range,
    #[serde(default)]
    cards: Vec<Card>,
    /// The version that was changed: when another came since, nothing is saved.
    #[serde(default)]
    version: Option<u64>,
}

fn read(saved: &Definition) -> Result<Document, Problem> {
    serde_json::from_str(&saved.document).map_err(|error| {
        tracing::error!(%error, "a saved board cannot be read");
        Problem::internal()
    })
}

fn shown(caller: &Caller, saved: &Definition) -> Result<Value, Problem> {
    let Document { note, range, cards } = read(saved)?;
    let cards: Vec<Value> = cards.iter().map(|card| card.shown(caller)).collect();
    Ok(json!({
        "id": saved.id, "name": saved.name, "note": note, "range": range, "cards": cards,
        "version": saved.version, "changed_at": utc(saved.changed_at), "changed_by": saved.actor,
    }))
}

/// `GET /api/v1/boards`, without what is on them.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let account = &caller.tenant.publisher.account_id;
    let mut boards = Vec::new();
    // One after the other: all of them at once may be a hundred megabytes.
    for id in server.catalog.definition_ids(account, BOARD.word).await? {
        let Some(saved) = server.catalog.definition(account, BOARD.word, &id).await? else {
            continue;
        };
        let document = read(&saved)?;
        boards.push(json!({
            "id": saved.id, "name": saved.name, "note": document.note,
            "cards": document.cards.len(), "version": saved.version,
            "changed_at": utc(saved.changed_at), "changed_by": saved.actor,
        }));
    }
    Ok(Json(json!({"boards": boards})))
}

/// `GET /api/v1/boards/{id}`.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    Ok(Json(shown(&caller, &BOARD.found(&server, &caller, &id).await?)?))
}

/// `POST /api/v1/boards`.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, BOARD_BYTES_MAX).await?;
    let version = new.version;
    let (name, document) = checked(&server, &caller, new, &[]).await?;
    let draft = Draft { name: &name, document: &document, version };
    let saved = BOARD.make(&server, &caller, &draft).await?;
    Ok((StatusCode::CREATED, Json(shown(&caller, &saved)?)))
}

/// `PUT /api/v1/boards/{id}`: the whole board as it is from now on.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, BOARD_BYTES_MAX).await?;
    let version = new.version;
    let was = read(&BOARD.found(&server, &caller, &id).await?)?;
    let (name, document) = checked(&server, &caller, new, &was.cards).await?;
    let draft = Draft { name: &name, document: &document, version };
    Ok(Json(shown(&caller, &BOARD.change(&server, &caller, &id, &draft).await?)?))
}

/// `DELETE /api/v1/boards/{id}`.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    BOARD.remove(&server, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The board that is to be saved, if it may be: by its name. What a card has kept from before is
/// not looked at again, else one whose segment is gone would stand in the way of all others.
async fn checked(
    server: &Server,
    caller: &Caller,
    new: New,
    kept: &[Card],
) -> Result<(String, Document), Problem> {
    let name = text(&new.name, NAME_MAX, "/name")?;
    let note = note(new.note, "/note")?;
    new.range.check("/range")?;
    if new.cards.len() > CARDS_MAX {
        return Err(wrong("/cards", format!("at most {CARDS_MAX} cards")));
    }
    let mut cards: Vec<Card> = Vec::with_capacity(new.cards.len());
    for (at, card) in new.cards.into_iter().enumerate() {
        let place = format!("/cards/{at}");
        let card = card.checked(server, caller, kept, &place).await?;
        if cards.iter().any(|other| other.id == card.id) {
            let message = "an id that no other card of the board has, or none";
            return Err(wrong(&format!("{place}/id"), message.to_owned()));
        }
        cards.push(card);
    }
    let document = Document { note, range: new.range, cards };
    // What a question says by saying nothing makes it longer.
    let bytes = serde_json::to_vec(&document).map_err(|_| Problem::internal())?.len();
    match bytes <= BOARD_BYTES_MAX {
        true => Ok((name, document)),
        false => Err(Problem::too_large(BOARD_BYTES_MAX)),
    }
}

/// A note; an empty one is none.
fn note(sent: Option<String>, place: &str) -> Result<Option<String>, Problem> {
    let sent = sent.filter(|note| !note.trim().is_empty());
    sent.map(|note| text(&note, NOTE_MAX, place)).transpose()
}
