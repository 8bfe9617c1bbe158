//! Reading a table: batches of its rows, volume by volume, with the columns asked for alone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use candor_store::{Cells, Looked, PeopleSet, Scratch, Stage, View, VolumeView};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session as Planning, TableProvider};
use datafusion::common::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::columns::{Column, PEOPLE, Source, schema_of};
use crate::picked::{Needs, Picked};
use crate::tables::Watch;
use crate::wanted::Wanted;

/// Rows of a batch.
pub(crate) const BATCH_ROWS: usize = 8_192;
/// Rows of the first batch of a part: how large rows are is known after it.
const FIRST_ROWS: usize = 1_024;
/// Bytes of a batch, about: rows of many columns, or of long texts, come fewer at a time.
const BATCH_BYTES: usize = 4 << 20;
/// Stages of a fold, some thousand events each, that are gone through for one batch, so that a scan
/// that finds little can be stopped, too.
const STAGES_MAX: usize = 8;

/// A table of one view.
pub(crate) struct Stored {
    pub(crate) name: &'static str,
    pub(crate) view: Arc<View>,
    pub(crate) columns: Vec<Column>,
    pub(crate) watch: Arc<Watch>,
    /// Streams that a scan is parted into.
    pub(crate) threads: usize,
}

/// The library shows what it plans: nothing of what is stored.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Stored {
    fn schema(&self) -> SchemaRef {
        schema_of(&self.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let fits = |wanted: &Wanted| self.name != PEOPLE || wanted.is_about_people();
        let support = |filter: &&Expr| match Wanted::read(filter).is_some_and(|one| fits(&one)) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        _: &dyn Planning,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns: Vec<Column> = match projection {
            Some(places) => places.iter().map(|at| self.columns[*at].clone()).collect(),
            None => self.columns.clone(),
        };
        self.watch.reads(columns.iter().filter_map(|column| column.property.as_deref()));
        let schema = schema_of(&columns);
        let scan = Arc::new(Scan {
            of_people: self.name == PEOPLE,
            view: self.view.clone(),
            watch: self.watch.clone(),
            needs: Needs::of(&columns),
            columns,
            schema: schema.clone(),
            wanted: Wanted::of(filters),
            limit,
        });
        let part = |first| Part { scan: scan.clone(), first, step: self.threads };
        let parts = (0..self.threads).map(|first| Arc::new(part(first)) as _);
        let plan = StreamingTableExec::try_new(schema, parts.collect(), None, None, false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// What is read, and of it what.
struct Scan {
    of_people: bool,
    view: Arc<View>,
    watch: Arc<Watch>,
    columns: Vec<Column>,
    needs: Needs,
    schema: SchemaRef,
    wanted: Wanted,
    limit: Option<usize>,
}

/// Every `step`-th volume of a scan, from the `first` on: the same ones however often it is read.
struct Part {
    scan: Arc<Scan>,
    first: usize,
    step: usize,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("first", &self.first).finish_non_exhaustive()
    }
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.scan.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = Batches {
            scan: self.scan.clone(),
            next_volume: self.first,
            step: self.step,
            left: self.scan.limit.unwrap_or(usize::MAX),
            rows: FIRST_ROWS,
            open: None,
            scratch: Scratch::default(),
            picked: Picked::default(),
        };
        let stream = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(self.scan.schema.clone(), stream))
    }
}

/// A part of a scan while it is read.
struct Batches {
    scan: Arc<Scan>,
    next_volume: usize,
    step: usize,
    /// Rows that are still asked for.
    left: usize,
    /// Rows of the next batch.
    rows: usize,
    open: Option<Open>,
    scratch: Scratch,
    /// Found in the open volume, and not in a batch yet.
    picked: Picked,
}

/// A volume while it is read.
struct Open {
    volume: Arc<VolumeView>,
    /// Of events: where the values of a property are, beside the scan's columns; found with the
    /// first rows, as it may have to be read.
    cells: Vec<Option<Cells>>,
    /// The people and the events that are wanted; all of them where it is none.
    people: Option<PeopleSet>,
    codes: Option<Vec<u16>>,
    /// How far its events are looked at; people are all found at once.
    stage: Option<Stage>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        loop {
            let Some(open) = &mut self.open else {
                let volume = self.scan.view.volumes.get(self.next_volume)?.clone();
                self.next_volume += self.step;
                self.open = Open::volume(volume, &self.scan, &mut self.picked);
                continue;
            };
            for _ in 0..STAGES_MAX {
                if self.picked.len() >= self.rows || open.is_over() {
                    break;
                }
                open.pick(&self.scan, &mut self.scratch, &mut self.picked);
            }
            let rows = self.picked.len().min(self.rows).min(self.left);
            if rows == 0 && open.is_over() {
                self.open = None;
                continue;
            }
            // An empty batch, too: between two of them the scan can be stopped.
            let batch = open.batch(&self.scan, &self.picked, rows);
            self.picked.take(rows);
            self.left -= rows;
            if let Ok(batch) = &batch
                && rows > 0
            {
                let of_row = (batch.get_array_memory_size() / rows).max(1);
                self.rows = (BATCH_BYTES / of_row).clamp(1, BATCH_ROWS);
            }
            return Some(batch);
        }
    }
}

impl Open {
    /// Opens a volume, if anything in it can be wanted.
    fn volume(volume: Arc<VolumeView>, scan: &Scan, picked: &mut Picked) -> Option<Open> {
        let people = scan.wanted.people(&volume);
        let codes = scan.wanted.codes(&volume);
        if people.as_ref().is_some_and(PeopleSet::is_empty)
            || codes.as_ref().is_some_and(Vec::is_empty)
        {
            return None;
        }
        if scan.of_people {
            let wanted = |at: &u32| people.as_ref().is_none_or(|people| people.has(*at));
            let all = (0..volume.people()).filter(|at| volume.visible(*at));
            picked.people(all.filter(wanted));
        }
        let looked = looked(scan, people.as_ref(), codes.as_deref());
        let stage = (!scan.of_people).then(|| volume.stage(looked));
        Some(Open { volume, cells: Vec::new(), people, codes, stage })
    }

    /// Whether everything in it was looked at.
    fn is_over(&self) -> bool {
        self.stage.as_ref().is_none_or(Stage::is_over)
    }

    /// Looks at some thousand more events.
    fn pick(&mut self, scan: &Scan, scratch: &mut Scratch, picked: &mut Picked) {
        let Open { volume, people, codes, stage, .. } = self;
        let Some(stage) = stage else { return };
        let codes = codes.as_deref();
        let looked = looked(scan, people.as_ref(), codes);
        let sorted_out = codes.filter(|_| looked.codes.is_none());
        let mut seen = 0;
        volume.fold_on(looked, stage, scratch, &mut |ordinal, run| {
            seen += run.len() as u64;
            picked.events(scan.needs, &scan.wanted, sorted_out, (volume, ordinal, run));
        });
        scan.watch.scanned.fetch_add(seen, Ordering::Relaxed);
    }

    fn batch(&mut self, scan: &Scan, picked: &Picked, rows: usize) -> Result<RecordBatch> {
        if rows == 0 {
            return Ok(RecordBatch::new_empty(scan.schema.clone()));
        }
        if self.cells.is_empty() {
            let cells = |column: &Column| match column.source {
                Source::Property(code) if !scan.of_people => {
                    Some(self.volume.cells(&self.volume.property_names()[code as usize]))
                }
                _ => None,
            };
            self.cells = scan.columns.iter().map(cells).collect();
        }
        let columns = scan.columns.iter().zip(&self.cells);
        let columns = columns
            .map(|(column, cells)| picked.column(rows, column, cells.as_ref(), &self.volume));
        let count = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = scan.schema.clone();
        Ok(RecordBatch::try_new_with_options(schema, columns.collect(), &count)?)
    }
}

/// Sessions are told by all that somebody did: then what is wanted of it is sorted out later.
fn looked<'a>(scan: &Scan, people: Option<&'a PeopleSet>, codes: Option<&'a [u16]>) -> Looked<'a> {
    let codes = codes.filter(|_| !scan.needs.sessions);
    Looked { people, codes, ..Looked::default() }
}
