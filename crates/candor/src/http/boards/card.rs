//! A card: a question with a title, and the days that it is asked about.

use jiff::Unit;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::secret;
use crate::http::access::Caller;
use crate::http::boards::{NAME_MAX, note};
use crate::http::definitions::text;
use crate::http::insights::check::{KINDS, check};
use crate::http::masked::{CLEAR, mask, mask_compared};
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::server::Server;

/// The longest range: five years.
const DAYS_MAX: i32 = 1_826;

/// Characters of a card's id.
const ID_MAX: usize = 32;

/// A card of a board.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Which it is; the server's own where none is sent.
    #[serde(default)]
    pub id: Option<String>,
    title: String,
    #[serde(default)]
    note: Option<String>,
    /// What answers it: a kind of insight, or `sql`.
    insight: String,
    /// The body of the question, whole.
    question: Value,
    /// The days it is asked about in place of its own; none: those of the board.
    #[serde(default)]
    range: Option<Range>,
    #[serde(default)]
    width: Width,
}

/// How much of a line a card takes, where there is room for two.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Width {
    #[default]
    Half,
    Whole,
}

/// Days: the last so many, today included, or those from one up to another, not included.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// Four weeks, as on every page of the dashboard.
impl Default for Range {
    fn default() -> Range {
        Range { last: Some(28), from: None, to: None }
    }
}

impl Range {
    /// Whether it is one; `place` is where it stands.
    pub fn check(&self, place: &str) -> Result<(), Problem> {
        let date = |text: &str, name: &str| {
            let date: Option<Date> = text.parse().ok().filter(|_| text.len() == "2026-11-24".len());
            let form = || wrong(&format!("{place}/{name}"), "a date like 2026-11-24".to_owned());
            date.ok_or_else(form)
        };
        match (self.last, &self.from, &self.to) {
            (Some(last), None, None) if (1..=DAYS_MAX.unsigned_abs()).contains(&last) => Ok(()),
            (Some(_), None, None) => {
                Err(wrong(&format!("{place}/last"), format!("a number from 1 to {DAYS_MAX}")))
            }
            (None, Some(from), Some(to)) => {
                let (from, to) = (date(from, "from")?, date(to, "to")?);
                let days = from.until((Unit::Day, to)).map_or(0, |span| span.get_days());
                match (1..=DAYS_MAX).contains(&days) {
                    true => Ok(()),
                    false => {
                        let message = format!("a date 1 to {DAYS_MAX} days after `from`");
                        Err(wrong(&format!("{place}/to"), message))
                    }
                }
            }
            _ => Err(wrong(place, "either `last`, or `from` and `to`".to_owned())),
        }
    }
}

impl Card {
    /// The card as it is kept, if the caller may ask its question and the server would answer it.
    pub async fn checked(
        self,
        server: &Server,
        caller: &Caller,
        kept: &[Card],
        place: &str,
    ) -> Result<Card, Problem> {
        if let Some(range) = &self.range {
            range.check(&format!("{place}/range"))?;
        }
        let id = match self.id {
            Some(id) if is_id(&id) => id,
            Some(_) => {
                let message = format!("1 to {ID_MAX} letters, digits, hyphens and underscores");
                return Err(wrong(&format!("{place}/id"), message));
            }
            None => secret(8).map_err(|_| Problem::internal())?,
        };
        if !KINDS.contains(&self.insight.as_str()) {
            let message = format!("one of {}", KINDS.join(", "));
            return Err(wrong(&format!("{place}/insight"), message));
        }
        let title = text(&self.title, NAME_MAX, &format!("{place}/title"))?;
        let note = note(self.note, &format!("{place}/note"))?;
        let was = kept.iter().find(|card| card.id.as_ref() == Some(&id));
        let stays =
            was.is_some_and(|was| was.insight == self.insight && was.question == self.question);
        let question = match stays {
            true => self.question,
            false => check(server, caller, &self.insight, &self.question)
                .await
                .map_err(|problem| problem.within(&format!("{place}/question")))?,
        };
        Ok(Card { id: Some(id), title, note, question, ..self })
    }

    /// The card as the caller may see it.
    pub fn shown(&self, caller: &Caller) -> Value {
        let mut shown = json!(self);
        if !caller.may(CLEAR) {
            match self.insight.as_str() {
                // What a statement compares with stands anywhere in it.
                "sql" => shown["question"]["sql"] = mask(),
                _ => mask_compared(&caller.tenant, &mut shown["question"]),
            }
        }
        shown
    }
}

fn is_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=ID_MAX).contains(&id.len()) && id.bytes().all(fits)
}
