//! The leaf `rfm`: people of a kind, by how recently, often and for how much they did something.

use std::sync::Arc;

use candor_store::{Run, View, VolumeView};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::period;
use crate::rfm::{AMOUNT, Asked, Borders, CHARGED, Habits, Name};
use crate::scan::Cancel;
use crate::segment::span::Span;

/// They are of a kind among all who did something lately, as an RFM question with five bins calls
/// them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// The kind.
    pub name: Name,
    /// The event's name; `Charged` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The property that holds the money; `Amount` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// The time up to now that counts, like `90d`; `365d` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

const LAST: &str = "365d";
const BINS: usize = 5;

/// Of a kind among everybody, once it is known who they are.
#[derive(Debug)]
pub(crate) struct Scored<'q> {
    name: Name,
    asked: Asked<'q>,
    pub(crate) span: Span,
    borders: Arc<Borders>,
}

/// Found in one volume.
pub(crate) struct FoundKind<'q> {
    name: Name,
    habits: Habits<'q>,
    borders: Arc<Borders>,
    span: Span,
}

/// What was looked up for one rule: leaves that differ in the kind alone share it.
pub(crate) type Known<'q> = Vec<(Asked<'q>, Span, Arc<Borders>)>;

impl Kind {
    pub(crate) fn scored(&self, as_of: i64, at: &str) -> Result<Scored<'_>, Error> {
        let last = self.last.as_deref().unwrap_or(LAST);
        let span = Span::trailing(period::duration(last, &format!("{at}/last"))?, as_of);
        let event = self.event.as_deref().unwrap_or(CHARGED);
        let amount = self.amount.as_deref().unwrap_or(AMOUNT);
        let asked = Asked { event, conditions: &[], amount, bins: BINS };
        Ok(Scored { name: self.name, asked, span, borders: Arc::default() })
    }
}

impl<'q> Scored<'q> {
    pub(crate) fn event(&self) -> &'q str {
        self.asked.event
    }

    /// Looks up where the bins of everybody end.
    pub(crate) fn look_up(
        &mut self,
        view: &View,
        known: &mut Known<'q>,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let same =
            |(asked, span, _): &&(Asked<'_>, Span, _)| (*asked, *span) == (self.asked, self.span);
        if let Some((.., borders)) = known.iter().find(same) {
            self.borders = borders.clone();
            return Ok(());
        }
        let seen = self.asked.habits(view, None, &(self.span.from..self.span.to), None, cancel)?;
        let habits = seen.iter().flatten().map(|seen| &seen.now);
        let with_money = habits.clone().any(|habit| habit.paid);
        self.borders = Arc::new(self.asked.borders(habits, with_money));
        known.push((self.asked, self.span, self.borders.clone()));
        Ok(())
    }

    pub(crate) fn find(&self, volume: &VolumeView) -> FoundKind<'q> {
        FoundKind {
            name: self.name,
            habits: self.asked.find(volume),
            borders: self.borders.clone(),
            span: self.span,
        }
    }
}

impl FoundKind<'_> {
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        let habit = self.habits.habit(volume, ordinal, run, &(self.span.from..self.span.to));
        habit.times > 0 && Name::of(self.borders.score(&habit), BINS) == self.name
    }
}
