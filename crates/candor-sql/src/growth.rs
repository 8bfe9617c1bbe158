//! Calls that can make much out of little, and how much they may.
//!
//! The library counts what it sorts, joins and groups. What a function makes of one batch it does
//! not: forty lines that each join the text of the line before to itself are a million million
//! times that text. So such calls are held to a bound here, row by row if need be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::{concat, kernels};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

use crate::allowed::Growth;
use crate::error::Error;
use crate::folded::too_large;
use crate::sizes::{VALUE_BYTES_MAX, largest, size};

/// Bytes that one call may make of one batch: several times those of the batch.
const CALL_BYTES_MAX: usize = 16 << 20;
/// Such calls in one statement; what is named by WITH counts as often as it is used.
const CALLS_MAX: usize = 200;

/// Puts the bound around each such call of a statement.
#[derive(Debug)]
pub(crate) struct BoundCalls;

impl AnalyzerRule for BoundCalls {
    fn name(&self) -> &'static str {
        "growth"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let calls = AtomicUsize::new(0);
        let plan = plan.transform_up_with_subqueries(|plan| {
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expression| {
                let name = names.save(&expression);
                let bounded = expression.transform_up(|one| Ok(bounded(one, &calls)))?;
                Ok(bounded.update_data(|expression| name.restore(expression)))
            })
        })?;
        match calls.load(Ordering::Relaxed) > CALLS_MAX {
            true => {
                let message =
                    format!("at most {CALLS_MAX} calls that can make texts or lists longer");
                Err(Error::bad(message).within())
            }
            false => Ok(plan.data),
        }
    }
}

fn bounded(expression: Expr, calls: &AtomicUsize) -> Transformed<Expr> {
    let (inner, args) = match expression {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            (Inner::Join(Signature::any(2, Volatility::Immutable)), vec![*left, *right])
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) => match Growth::of(func.name()) {
            Some(growth) => (Inner::Function(func, growth), args),
            None => {
                return Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args }));
            }
        },
        other => return Transformed::no(other),
    };
    calls.fetch_add(1, Ordering::Relaxed);
    let func = Arc::new(ScalarUDF::from(Bounded(inner)));
    Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args }))
}

/// A call that is held to the bound.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded(Inner);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Inner {
    /// The operator `||` of two texts.
    Join(Signature),
    Function(Arc<ScalarUDF>, Growth),
}

impl Bounded {
    /// About how much the call makes at most.
    fn estimate(&self, args: &ScalarFunctionArgs) -> usize {
        let rows = args.number_rows;
        let bytes: Vec<usize> = args.args.iter().map(|value| bytes_of(value, rows)).collect();
        let sum: usize = bytes.iter().sum();
        let growth = match &self.0 {
            Inner::Join(_) => Growth::Times(1),
            Inner::Function(_, growth) => *growth,
        };
        let (times, pieces) = match growth {
            Growth::Times(times) => (times, 0),
            // Once for each character or item, at most; a reference to a group takes two.
            Growth::Replacing => (1, longest(args.args.get(2))),
            Growth::Separating(place) => (1, longest(args.args.get(place))),
        };
        let first = bytes.first().map_or(0, |first| first + rows);
        sum.saturating_mul(times).saturating_add(first.saturating_mul(pieces))
    }

    fn call(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &self.0 {
            Inner::Function(function, _) => function.invoke_with_args(args),
            Inner::Join(_) => {
                let rows = args.number_rows;
                let texts: Vec<ArrayRef> =
                    args.args.iter().map(|text| text.to_array(rows)).collect::<Result<_>>()?;
                let joined = kernels::concat_elements::concat_elements_dyn(&texts[0], &texts[1])?;
                Ok(ColumnarValue::Array(joined))
            }
        }
    }

    /// In two halves, where all at once might be too much.
    fn by_halves(&self, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (mut made, mut halves) = (0, Vec::new());
        let middle = args.number_rows / 2;
        for (first, rows) in [(0, middle), (middle, args.number_rows - middle)] {
            let mut half = ScalarFunctionArgs { number_rows: rows, ..args.clone() };
            for value in &mut half.args {
                if let ColumnarValue::Array(array) = value {
                    *value = ColumnarValue::Array(array.slice(first, rows));
                }
            }
            let half = self.invoke_with_args(half)?.into_array(rows)?;
            made += size(half.as_ref());
            if made > CALL_BYTES_MAX {
                return Err(too_much());
            }
            halves.push(half);
        }
        let halves: Vec<&dyn Array> = halves.iter().map(|half| half.as_ref()).collect();
        Ok(ColumnarValue::Array(concat(&halves)?))
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        match &self.0 {
            Inner::Join(_) => "||",
            Inner::Function(function, _) => function.name(),
        }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match (&self.0, args) {
            (Inner::Function(function, _), _) => function.schema_name(args),
            (Inner::Join(_), [left, right]) => {
                Ok(format!("{} || {}", left.schema_name(), right.schema_name()))
            }
            (Inner::Join(_), _) => Ok(self.name().to_owned()),
        }
    }

    fn signature(&self) -> &Signature {
        match &self.0 {
            Inner::Join(signature) => signature,
            Inner::Function(function, _) => function.signature(),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match &self.0 {
            Inner::Join(_) => Ok(types.first().cloned().unwrap_or(DataType::Utf8)),
            Inner::Function(function, _) => function.return_type(types),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        match &self.0 {
            Inner::Join(_) => {
                let kind = args.arg_fields.first().map(|field| field.data_type().clone());
                let kind = kind.unwrap_or(DataType::Utf8);
                Ok(Arc::new(datafusion::arrow::datatypes::Field::new(self.name(), kind, true)))
            }
            Inner::Function(function, _) => function.return_field_from_args(args),
        }
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match &self.0 {
            Inner::Join(_) => Ok(types.to_vec()),
            Inner::Function(function, _) => function.coerce_types(types),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match (self.estimate(&args) <= CALL_BYTES_MAX, args.number_rows) {
            (true, rows) => {
                let made = self.call(args)?;
                let largest = match &made {
                    ColumnarValue::Array(array) => largest(array.as_ref()),
                    ColumnarValue::Scalar(scalar) => largest(scalar.to_array()?.as_ref()),
                };
                match largest > VALUE_BYTES_MAX {
                    true if rows > 0 => Err(too_large(self.name())),
                    _ => Ok(made),
                }
            }
            (false, 0 | 1) => Err(too_much()),
            (false, _) => self.by_halves(&args),
        }
    }
}

fn too_much() -> DataFusionError {
    let message = format!("a call makes more than {CALL_BYTES_MAX} bytes of one batch");
    DataFusionError::ResourcesExhausted(message)
}

/// Bytes of a value in all rows.
fn bytes_of(value: &ColumnarValue, rows: usize) -> usize {
    match value {
        ColumnarValue::Array(array) => size(array.as_ref()),
        ColumnarValue::Scalar(scalar) => scalar.size().saturating_mul(rows),
    }
}

/// Bytes of the longest text among the rows, at most.
fn longest(value: Option<&ColumnarValue>) -> usize {
    match value {
        None => 0,
        Some(ColumnarValue::Scalar(scalar)) => {
            scalar.try_as_str().flatten().map_or_else(|| scalar.size(), str::len)
        }
        Some(ColumnarValue::Array(array)) => largest(array.as_ref()),
    }
}
