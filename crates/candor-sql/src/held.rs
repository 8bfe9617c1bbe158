//! Steps of a plan that hold, or make, more rows than the library counts: here they are counted.
//!
//! Windows hold all rows of their frame, and give each row a value of its own. Joins and unnested
//! lists repeat a row as often as it meets others, some thousand times in one step. A row that has
//! one value in a thousand columns takes nothing until the next step copies it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};

use crate::error::Error;
use crate::scan::BATCH_ROWS as SCANNED_ROWS;
use crate::sizes::{items, largest, row_sizes, size};

/// Bytes of a row that is joined: a step makes some thousand of them.
const JOINED_BYTES_MAX: usize = 64 << 10;
/// Bytes of a row that puts values together or beside each other.
const ROW_BYTES_MAX: usize = 256 << 10;
/// Bytes that texts of the statement take in one batch, if they are written out for each row.
const TEXTS_BYTES_MAX: usize = 16 << 20;
/// Bytes that are made of the columns beside a list when it is unnested, in one step.
const UNNESTED_BYTES_MAX: usize = 16 << 20;

/// Counts what the steps of a plan hold and make; `texts` bytes of texts stand in one of them.
pub(crate) fn bound_steps(
    plan: Arc<dyn ExecutionPlan>,
    texts: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let rows = TEXTS_BYTES_MAX / texts.max(1);
    let bounded = plan.transform_up(|plan| {
        let any: &dyn std::any::Any = plan.as_ref();
        if any.downcast_ref::<ProjectionExec>().is_some_and(widens) {
            return Ok(Transformed::yes(Held::of(plan, &Step::Project)));
        }
        if any.is::<StreamingTableExec>() && rows < SCANNED_ROWS {
            return Ok(Transformed::yes(Held::of(plan, &Step::Scan(rows.max(1)))));
        }
        let Some(step) = Step::of(plan.as_ref())? else { return Ok(Transformed::no(plan)) };
        let inputs = plan.children().into_iter().map(|input| Held::of(input.clone(), &step));
        let inputs = inputs.collect();
        #[expect(deprecated, reason = "what replaces it takes the same")]
        Ok(Transformed::yes(plan.with_new_children(inputs)?))
    })?;
    Ok(bounded.data)
}

/// What a step does with its rows.
#[derive(Clone, Debug)]
enum Step {
    Window {
        /// Whether rows are held to the end; what is in order is given up when its frame is over.
        holds: bool,
        /// What values without a fixed size are made of, for each function.
        made_of: Vec<Vec<Arc<dyn PhysicalExpr>>>,
    },
    Join,
    /// Of lists in these columns.
    Unnest(Vec<usize>),
    /// What comes out of it is looked at, and not what goes in.
    Project,
    /// The same; so many rows at once.
    Scan(usize),
}

/// Whether rows may be larger behind it: it makes texts or lists, or has one several times.
fn widens(projection: &ProjectionExec) -> bool {
    let (schema, mut seen) = (projection.schema(), HashSet::new());
    let fields = schema.fields().iter().zip(projection.expr());
    fields.filter(|(field, _)| !field.data_type().is_primitive()).any(|(_, one)| {
        let expression: &dyn std::any::Any = one.expr.as_ref();
        let column = expression.downcast_ref::<Column>();
        column.is_none_or(|column| !seen.insert(column.index()))
    })
}

impl Step {
    fn of(plan: &dyn ExecutionPlan) -> Result<Option<Step>> {
        let any: &dyn std::any::Any = plan;
        if let Some(window) = any.downcast_ref::<BoundedWindowAggExec>() {
            let holds = window.input_order_mode != InputOrderMode::Sorted;
            return Ok(Some(Step::Window { holds, made_of: made_of(window.window_expr())? }));
        }
        if let Some(window) = any.downcast_ref::<WindowAggExec>() {
            return Ok(Some(Step::Window { holds: true, made_of: made_of(window.window_expr())? }));
        }
        if let Some(unnest) = any.downcast_ref::<UnnestExec>() {
            let lists = unnest.list_column_indices().iter();
            return Ok(Some(Step::Unnest(lists.map(|one| one.index_in_input_schema).collect())));
        }
        Ok(plan.name().ends_with("JoinExec").then_some(Step::Join))
    }
}

fn made_of(functions: &[Arc<dyn WindowExpr>]) -> Result<Vec<Vec<Arc<dyn PhysicalExpr>>>> {
    let mut all = Vec::new();
    for function in functions {
        let kind = function.field()?;
        let kind = kind.data_type();
        if !kind.is_null() && !kind.is_primitive() {
            all.push(function.expressions());
        }
    }
    Ok(all)
}

/// Passes on what comes, and counts it.
#[derive(Debug)]
struct Held {
    input: Arc<dyn ExecutionPlan>,
    step: Step,
    properties: Arc<PlanProperties>,
}

impl Held {
    fn of(input: Arc<dyn ExecutionPlan>, step: &Step) -> Arc<dyn ExecutionPlan> {
        let properties = input.properties().clone();
        Arc::new(Held { input, step: step.clone(), properties })
    }
}

impl DisplayAs for Held {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

impl ExecutionPlan for Held {
    fn name(&self) -> &'static str {
        "Held"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut inputs: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Held::of(inputs.pop().unwrap_or_else(|| self.input.clone()), &self.step))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context.clone())?;
        let counted = match self.step.clone() {
            Step::Join => input.map(|batch| narrow(batch?, JOINED_BYTES_MAX)).boxed(),
            Step::Project => input.map(|batch| narrow(batch?, ROW_BYTES_MAX)).boxed(),
            Step::Scan(rows) => in_parts(input, move |batch| {
                let first = (0..batch.num_rows().max(1)).step_by(rows);
                let part = |at| batch.slice(at, rows.min(batch.num_rows() - at));
                Ok(first.map(part).collect())
            }),
            Step::Unnest(lists) => in_parts(input, move |batch| unnested(batch, &lists)),
            Step::Window { holds, made_of } => {
                let held = MemoryConsumer::new("window").register(context.memory_pool());
                let mut rows = Rows { held, holds, bytes: 0, count: 0, largest: Vec::new() };
                input.map(move |batch| rows.count(batch?, &made_of)).boxed()
            }
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)))
    }
}

/// The rows of a window.
struct Rows {
    held: MemoryReservation,
    holds: bool,
    bytes: usize,
    count: usize,
    /// Of each function, the largest value that it may give to every row.
    largest: Vec<usize>,
}

impl Rows {
    fn count(
        &mut self,
        batch: RecordBatch,
        made_of: &[Vec<Arc<dyn PhysicalExpr>>],
    ) -> Result<RecordBatch> {
        self.largest.resize(made_of.len(), 0);
        for (known, args) in self.largest.iter_mut().zip(made_of) {
            for arg in args {
                let values = arg.evaluate(&batch)?.into_array(batch.num_rows())?;
                *known = largest(values.as_ref()).max(*known);
            }
        }
        if !self.holds {
            (self.bytes, self.count) = (0, 0);
        } else {
            self.bytes += batch.get_array_memory_size();
        }
        self.count += batch.num_rows();
        let made: usize = self.largest.iter().sum();
        self.held.try_resize(self.bytes.saturating_add(made.saturating_mul(self.count)))?;
        Ok(batch)
    }
}

fn in_parts(
    input: SendableRecordBatchStream,
    part: impl Fn(&RecordBatch) -> Result<Vec<RecordBatch>> + Send + 'static,
) -> BoxStream<'static, Result<RecordBatch>> {
    let parts = input.flat_map(move |batch| {
        stream::iter(match batch.and_then(|batch| part(&batch)) {
            Ok(parts) => parts.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    });
    parts.boxed()
}

/// A batch whose rows are not larger than this: the steps behind put a thousand of them together.
fn narrow(batch: RecordBatch, bytes_max: usize) -> Result<RecordBatch> {
    let all: usize = batch.columns().iter().map(|column| size(column.as_ref())).sum();
    if all > bytes_max && row_sizes(&batch, bytes_max).iter().any(|row| *row > bytes_max) {
        let what = if bytes_max == JOINED_BYTES_MAX { "that is joined " } else { "" };
        let message = format!("a row {what}has at most {bytes_max} bytes: ask for fewer columns");
        return Err(Error::bad(message).within());
    }
    Ok(batch)
}

/// A batch in parts that each become so much at most.
fn unnested(batch: &RecordBatch, lists: &[usize]) -> Result<Vec<RecordBatch>> {
    let beside: Vec<usize> =
        (0..batch.num_columns()).filter(|column| !lists.contains(column)).collect();
    let repeated = row_sizes(&batch.project(&beside)?, UNNESTED_BYTES_MAX);
    let (mut parts, mut first, mut bytes) = (Vec::new(), 0, 0);
    for (row, (size, items)) in repeated.into_iter().zip(items(batch, lists)).enumerate() {
        let made = size.saturating_mul(items.max(1));
        if made > UNNESTED_BYTES_MAX {
            let message = format!(
                "unnest makes more than {UNNESTED_BYTES_MAX} bytes of one row: ask for fewer \
                 columns beside it"
            );
            return Err(Error::bad(message).within());
        }
        if bytes + made > UNNESTED_BYTES_MAX {
            parts.push(batch.slice(first, row - first));
            (first, bytes) = (row, 0);
        }
        bytes += made;
    }
    parts.push(batch.slice(first, batch.num_rows() - first));
    Ok(parts)
}
