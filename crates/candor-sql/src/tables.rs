//! The tables as the planner finds them: made when a statement names them, of one view.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use candor_store::View;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

use crate::columns::{Column, EVENTS, Masked, PEOPLE, Table};
use crate::error::Error;
use crate::scan::Stored;

/// What a statement reads.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Events that were looked at.
    pub(crate) scanned: AtomicU64,
    properties: Mutex<BTreeSet<String>>,
    /// Columns that the asker may not see, of the tables that the statement names.
    hidden: Mutex<BTreeSet<String>>,
}

impl Watch {
    /// Notes properties that are read.
    pub(crate) fn reads<'a>(&self, properties: impl Iterator<Item = &'a str>) {
        let mut all = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(properties.map(str::to_owned));
    }

    /// The properties that are read.
    pub(crate) fn properties(&self) -> Vec<String> {
        let all = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().cloned().collect()
    }

    /// Whether a column is there, but hidden from the asker.
    pub(crate) fn hides(&self, column: &str) -> bool {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).contains(column)
    }
}

/// Both tables of one view.
pub(crate) struct Tables {
    pub(crate) view: Arc<View>,
    pub(crate) masked: Masked,
    pub(crate) watch: Arc<Watch>,
    pub(crate) threads: usize,
    /// How many tables the statement reads, and whether it asks for all columns of one.
    pub(crate) named: usize,
    pub(crate) all_columns: bool,
    /// Both, each made when it is first named: that is a look at every trait of everyone.
    pub(crate) made: Made,
}

#[derive(Default)]
pub(crate) struct Made {
    events: OnceLock<Table>,
    people: OnceLock<Table>,
}

/// Columns of all tables that a statement reads: each step of its plan knows them all.
const COLUMNS_MAX: usize = 20_000;
/// The same where all columns of a table are asked for, and each step of the plan hands them on.
const ALL_COLUMNS_MAX: usize = 4_000;

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

impl Tables {
    /// All tables with all columns.
    pub(crate) fn all(view: &View, masked: &Masked) -> Vec<Table> {
        vec![Table::events(view, masked), Table::people(view, masked)]
    }

    fn find(&self, name: &str) -> Option<&Table> {
        let Made { events, people } = &self.made;
        match name.to_lowercase().as_str() {
            EVENTS => Some(events.get_or_init(|| Table::events(&self.view, &self.masked))),
            PEOPLE => Some(people.get_or_init(|| Table::people(&self.view, &self.masked))),
            _ => None,
        }
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        vec![EVENTS.to_owned(), PEOPLE.to_owned()]
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = self.find(name) else { return Ok(None) };
        let most = if self.all_columns { ALL_COLUMNS_MAX } else { COLUMNS_MAX };
        if self.named > 1 && self.named * table.columns.len() > most {
            let of = table.columns.len();
            let message = format!("at most {most} columns in all tables; {} has {of}", table.name);
            return Err(Error::bad(message).within());
        }
        let mut hidden = self.watch.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.extend(table.hidden().map(str::to_owned));
        drop(hidden);
        let columns: Vec<Column> = table.columns.iter().filter(|c| !c.masked).cloned().collect();
        let stored = Stored {
            name: table.name,
            view: self.view.clone(),
            columns,
            watch: self.watch.clone(),
            threads: self.threads,
        };
        Ok(Some(Arc::new(stored)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().contains(&name.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use candor_event::{ManualClock, Timestamp};
    use candor_store::Store;

    use super::*;

    #[test]
    fn a_table_is_made_once_however_it_is_spelled() {
        let store = Store::in_memory(1, Arc::new(ManualClock::new(Timestamp(0))));
        let tables = Tables {
            view: store.view(),
            masked: Arc::new(|_| false),
            watch: Arc::default(),
            threads: 1,
            named: 1,
            all_columns: false,
            made: Made::default(),
        };
        for (one, other) in [("people", "PEOPLE"), ("events", "eVents")] {
            let (one, other) = (tables.find(one).unwrap(), tables.find(other).unwrap());
            assert!(std::ptr::eq(one, other));
        }
        assert!(tables.find("visits").is_none());
    }
}
