//! Rows that a scan found in a volume, and the columns that are made of them.

use std::sync::Arc;

use candor_query::{Session, sessions};
use candor_store::{Cells, Run, VolumeView};
use datafusion::arrow::array::{ArrayRef, StringArray, StringBuilder};

use crate::cells;
use crate::columns::{Column, Source};
use crate::wanted::Wanted;

/// What of a row its columns are made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    ordinals: bool,
    rows: bool,
    times: bool,
    codes: bool,
    /// Then a fold looks at all that a person did.
    pub(crate) sessions: bool,
}

impl Needs {
    pub(crate) fn of(columns: &[Column]) -> Needs {
        let mut needs = Needs::default();
        for column in columns {
            match column.source {
                Source::Person => needs.ordinals = true,
                Source::Name => needs.codes = true,
                Source::At => needs.times = true,
                Source::Session => needs.sessions = true,
                Source::Property(_) => needs.rows = true,
            }
        }
        needs
    }
}

/// Rows that wait to become a batch, all of one volume; side by side, as far as they are needed.
#[derive(Default)]
pub(crate) struct Picked {
    /// How many there are, and how many of those were taken.
    all: usize,
    taken: usize,
    ordinals: Vec<u32>,
    rows: Vec<u32>,
    times: Vec<i64>,
    codes: Vec<u16>,
    sessions: Vec<Session>,
}

impl Picked {
    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.all - self.taken
    }

    /// Adds people.
    pub(crate) fn people(&mut self, ordinals: impl Iterator<Item = u32>) {
        self.ordinals.extend(ordinals);
        self.all = self.ordinals.len();
    }

    /// Adds those events of a person that are wanted; of these codes alone, where any are given.
    pub(crate) fn events(
        &mut self,
        needs: Needs,
        wanted: &Wanted,
        codes: Option<&[u16]>,
        of: (&VolumeView, u32, Run<'_>),
    ) {
        let (volume, ordinal, run) = of;
        let of_code = |at: &usize| codes.is_none_or(|codes| codes.contains(&run.code(*at)));
        let places = || (run.before(wanted.from)..run.before(wanted.to)).filter(of_code);
        let found = places().count();
        if found == 0 {
            return;
        }
        self.all += found;
        if needs.ordinals {
            self.ordinals.extend(std::iter::repeat_n(ordinal, found));
        }
        if needs.rows {
            self.rows.extend(places().map(|at| run.row(at)));
        }
        if needs.times {
            self.times.extend(places().map(|at| run.time(at)));
        }
        if needs.codes {
            self.codes.extend(places().map(|at| run.code(at)));
        }
        if needs.sessions {
            let told = (0..run.len()).map(|at| volume.session(run.row(at)));
            let all: Vec<Session> = sessions((0..run.len()).map(|at| run.time(at)), told).collect();
            self.sessions.extend(places().map(|at| all[at]));
        }
    }

    /// A column of the next so many rows.
    pub(crate) fn column(
        &self,
        rows: usize,
        column: &Column,
        cells: Option<&Cells>,
        volume: &VolumeView,
    ) -> ArrayRef {
        let range = self.taken..self.taken + rows;
        match (column.source, cells) {
            (Source::Person, _) => Arc::new(ids(&self.ordinals[range], volume)),
            (Source::Name, _) => {
                let names = volume.event_names();
                let names = self.codes[range].iter().map(|code| &names[usize::from(*code)]);
                Arc::new(StringArray::from_iter_values(names))
            }
            (Source::At, _) => cells::moments(&self.times[range]),
            (Source::Session, _) => {
                let texts = self.sessions[range].iter().map(|session| session_text(*session));
                Arc::new(StringArray::from_iter_values(texts))
            }
            (Source::Property(_), Some(cells)) => {
                let values = self.rows[range].iter().map(|row| cells.get(volume, *row));
                cells::column(column.kind, values)
            }
            (Source::Property(code), None) => {
                let values = self.ordinals[range].iter().map(|at| volume.trait_value(*at, code));
                cells::column(column.kind, values)
            }
        }
    }

    /// Takes the next so many rows.
    pub(crate) fn take(&mut self, rows: usize) {
        self.taken += rows;
        if self.taken == self.all {
            (self.all, self.taken) = (0, 0);
            self.ordinals.clear();
            self.rows.clear();
            self.times.clear();
            self.codes.clear();
            self.sessions.clear();
        }
    }
}

/// People's ids as the API shows them; those of one person follow each other.
fn ids(ordinals: &[u32], volume: &VolumeView) -> StringArray {
    let mut ids = StringBuilder::new();
    let (mut last, mut text) = (None, String::new());
    for ordinal in ordinals {
        if last != Some(*ordinal) {
            (last, text) = (Some(*ordinal), volume.person_id(*ordinal).to_string());
        }
        ids.append_value(&text);
    }
    ids.finish()
}

/// The SDK's id; else a tilde and when the visit began, as in a person's timeline.
fn session_text(session: Session) -> String {
    match session {
        Session::Told(id) => id.to_string(),
        Session::Since(begun) => match jiff::Timestamp::from_millisecond(begun.0) {
            Ok(begun) => format!("~{begun}"),
            Err(_) => "~".to_owned(),
        },
    }
}
