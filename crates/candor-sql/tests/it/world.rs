//! Stores to ask, and how they are asked.

use std::sync::Arc;

use candor_event::{
    Event, ManualClock, PersonId, Properties, Record, Timestamp, TraitChange, TraitOp, Value,
};
use candor_sql::{Answer, Ask, Asked, Engine, Error, Form, Masked, Question, Share};
use candor_store::{CONSENT_TRAIT, Store, View};
use serde_json::Value as Json;

pub const DAY: i64 = 86_400_000;
pub const NOW: i64 = 30 * DAY;

pub fn id(person: u8) -> PersonId {
    let mut bytes = [person; 16];
    bytes[0] = person.wrapping_mul(37);
    PersonId(bytes)
}

pub fn event(person: u8, time: i64, name: &str, properties: &[(&str, Value)]) -> Record {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let properties: Properties = properties.collect();
    let print = format!("{person} {time} {name} {properties:?}");
    Record::Event(Event {
        person: id(person),
        occurred_at: Timestamp(time),
        received_at: Timestamp(NOW),
        name: name.into(),
        session: None,
        fingerprint: print.bytes().fold(7, |hash, byte| hash * 31 % 1_000_003 + u64::from(byte)),
        properties,
    })
}

pub fn said(person: u8, property: &str, value: Value) -> Record {
    let (at, op) = (Timestamp(0), TraitOp::Set(value));
    Record::Trait(TraitChange { person: id(person), at, property: property.into(), op })
}

pub fn consent(person: u8, purpose: &str, yes: bool) -> Record {
    said(person, &format!("{CONSENT_TRAIT}{purpose}"), yes.into())
}

pub fn view(records: Vec<Record>) -> Arc<View> {
    let store = Store::in_memory(4, Arc::new(ManualClock::new(Timestamp(NOW))));
    // Some as columns, some as the tail.
    let half = records.len() / 2;
    store.apply(records[..half].to_vec(), 1).unwrap();
    store.apply(records[half..].to_vec(), 2).unwrap();
    store.view()
}

pub struct Asker {
    pub engine: Engine,
    pub view: Arc<View>,
    pub masked: Masked,
    pub questions: Vec<(Asked, Question)>,
    pub rows_max: usize,
    pub form: Form,
    /// None: one of its own for each statement.
    pub share: Option<Arc<Share>>,
}

pub fn asker(view: Arc<View>) -> Asker {
    Asker {
        engine: Engine::start(64 << 20).unwrap(),
        view,
        masked: Arc::new(|_| false),
        questions: Vec::new(),
        rows_max: 10_000,
        form: Form::Json,
        share: None,
    }
}

impl Asker {
    pub fn ask(&self, sql: &str) -> Ask {
        Ask {
            sql: sql.to_owned(),
            view: self.view.clone(),
            masked: self.masked.clone(),
            questions: self.questions.clone(),
            rows_max: self.rows_max,
            form: self.form,
            now: Timestamp(NOW),
            share: self.share.clone().unwrap_or_else(|| self.engine.share()),
        }
    }

    pub async fn answer(&self, sql: &str) -> Result<Answer, Error> {
        self.engine.plan(self.ask(sql)).await?.answer().await
    }

    pub async fn rows(&self, sql: &str) -> Vec<Json> {
        let answer = self.answer(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let rows = String::from_utf8(answer.pieces.concat()).unwrap();
        serde_json::from_str(&format!("[{rows}]")).unwrap()
    }

    pub async fn refused(&self, sql: &str) -> Error {
        match self.answer(sql).await {
            Ok(_) => panic!("{sql} was answered"),
            Err(error) => error,
        }
    }
}
