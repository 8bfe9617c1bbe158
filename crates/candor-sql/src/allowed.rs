//! The functions that a statement may call: those that are named here, and no others, so that a
//! newer library brings none that nobody looked at.
//!
//! Left out is what makes much out of little in one step, where no bound is asked before
//! (`repeat`, `lpad`, `array_repeat`, `array_resize`, `range` as a value), what takes the square of
//! what it is called with (`levenshtein`, `array_has_all`, `array_has_any`), what has values of
//! other types in it (`struct`, `map`, `arrays_zip`) or makes any type (`arrow_cast`), and what
//! tells of the server.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::expr::WindowFunctionDefinition;
use datafusion::logical_expr::{
    AggregateUDF, BinaryExpr, Expr, LogicalPlan, Operator, ScalarUDF, WindowUDF,
};

use crate::error::Error;
use crate::folded::{FOLDING, folded};

/// Scalar functions whose value is never larger than all that they are called with.
#[rustfmt::skip]
const WITHIN: [&str; 114] = [
    // Choosing.
    "coalesce", "greatest", "least", "nullif", "nvl", "nvl2",
    // Numbers.
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos",
    "cosh", "cot", "degrees", "exp", "factorial", "floor", "gcd", "isnan", "iszero", "lcm", "ln",
    "log", "log10", "log2", "nanvl", "pi", "power", "radians", "random", "round", "signum", "sin",
    "sinh", "sqrt", "tan", "tanh", "trunc",
    // Texts.
    "ascii", "bit_length", "btrim", "character_length", "chr", "contains", "decode", "ends_with",
    "find_in_set", "left", "ltrim", "octet_length", "regexp_count", "regexp_instr", "regexp_like",
    "reverse", "right", "rtrim", "split_part", "starts_with", "strpos", "substr", "substr_index",
    "to_hex", "uuid",
    // Time.
    "current_date", "current_time", "date_bin", "date_part", "date_trunc", "from_unixtime",
    "make_date", "make_time", "now", "to_date", "to_local_time", "to_time", "to_timestamp",
    "to_timestamp_micros", "to_timestamp_millis", "to_timestamp_nanos", "to_timestamp_seconds",
    "to_unixtime",
    // Lists.
    "array_any_value", "array_avg", "array_compact", "array_dims", "array_distinct",
    "array_element", "array_except", "array_has", "array_intersect", "array_length", "array_max",
    "array_min", "array_ndims", "array_pop_back", "array_pop_front", "array_position",
    "array_product", "array_remove", "array_remove_all", "array_remove_n", "array_reverse",
    "array_slice", "array_sort", "array_sum", "cardinality", "empty", "flatten",
];

/// Scalar functions whose value is at most so many times as large.
const TIMES: [(&str, usize); 16] = [
    ("array_append", 1),
    ("array_concat", 1),
    ("array_positions", 8),
    ("array_prepend", 1),
    ("array_union", 1),
    ("concat", 1),
    ("encode", 2),
    ("initcap", 3),
    ("lower", 3),
    ("make_array", 8),
    ("overlay", 1),
    // As often as groups can stand within each other.
    ("regexp_match", 256),
    // An item for each letter.
    ("string_to_array", 8),
    // `%+` is 35 letters.
    ("to_char", 32),
    // Four bytes for one.
    ("translate", 4),
    ("upper", 3),
];

/// Scalar functions that put what they are given at this place between the pieces of another.
const SEPARATING: [(&str, usize); 2] = [("array_to_string", 1), ("concat_ws", 0)];

/// Scalar functions that put one thing, the third, in the place of every piece of another.
const REPLACING: [&str; 5] =
    ["array_replace", "array_replace_all", "array_replace_n", "regexp_replace", "replace"];

/// Aggregates; [`FOLDING`] ones beside them.
#[rustfmt::skip]
const AGGREGATES: [&str; 37] = [
    "any_value", "approx_distinct", "approx_median", "approx_percentile_cont",
    "approx_percentile_cont_with_weight", "avg", "bit_and", "bit_or", "bit_xor", "bool_and",
    "bool_or", "corr", "count", "covar_pop", "covar_samp", "first_value", "grouping", "last_value",
    "max", "median", "min", "nth_value", "percentile_cont", "regr_avgx", "regr_avgy", "regr_count",
    "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "stddev",
    "stddev_pop", "sum", "var", "var_pop",
];

/// Functions of windows.
#[rustfmt::skip]
const WINDOWS: [&str; 11] = [
    "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
    "percent_rank", "rank", "row_number",
];

/// Functions that are tables, beside the questions; their rows come batch by batch.
const TABLES: [&str; 2] = ["generate_series", "range"];

/// How large the value of a scalar function can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Growth {
    /// So many times what it is called with.
    Times(usize),
    /// With what stands at this place between the pieces.
    Separating(usize),
    /// With the third in the place of every piece of the first.
    Replacing,
}

impl Growth {
    /// How a function's value grows; none where it does not.
    pub(crate) fn of(function: &str) -> Option<Growth> {
        let placed = |list: &[(&str, usize)]| {
            list.iter().find(|(name, _)| *name == function).map(|(_, number)| *number)
        };
        if REPLACING.contains(&function) {
            return Some(Growth::Replacing);
        }
        placed(&SEPARATING).map(Growth::Separating).or_else(|| placed(&TIMES).map(Growth::Times))
    }
}

/// All that may be called, as the library has it.
pub(crate) struct Functions {
    scalars: Vec<Arc<ScalarUDF>>,
    aggregates: Vec<Arc<AggregateUDF>>,
    windows: Vec<Arc<WindowUDF>>,
}

pub(crate) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut all = SessionStateBuilder::new_with_default_features();
    let mut scalars = all.scalar_functions().take().unwrap_or_default();
    scalars.retain(|function| is_scalar(function.name()));
    let aggregates = all.aggregate_functions().take().unwrap_or_default();
    let aggregates = aggregates.into_iter().filter_map(|function| match function.name() {
        name if FOLDING.contains(&name) => Some(folded(&function)),
        name => AGGREGATES.contains(&name).then_some(function),
    });
    let mut windows = all.window_functions().take().unwrap_or_default();
    windows.retain(|function| WINDOWS.contains(&function.name()));
    Functions { scalars, aggregates: aggregates.collect(), windows }
});

fn is_scalar(name: &str) -> bool {
    WITHIN.contains(&name) || Growth::of(name).is_some()
}

impl Functions {
    /// A builder that knows these functions alone.
    pub(crate) fn builder(&self) -> SessionStateBuilder {
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_scalar_functions(self.scalars.clone())
            .with_aggregate_functions(self.aggregates.clone())
            .with_window_functions(self.windows.clone())
            .with_higher_order_functions(Vec::new());
        if let Some(tables) = builder.table_functions() {
            tables.retain(|name, _| TABLES.contains(&name.as_str()));
        }
        builder
    }

    /// Looks once more at what a plan calls: operators and words of the language are functions,
    /// too, which the planner takes from elsewhere.
    ///
    /// # Errors
    /// Names the function that may not be called.
    pub(crate) fn check(&self, plan: &LogicalPlan) -> Result<()> {
        each_expression(plan, &mut |expression| {
            let (name, known) = match expression {
                Expr::ScalarFunction(call) => (call.func.name(), is_scalar(call.func.name())),
                Expr::AggregateFunction(call) => {
                    (call.func.name(), self.aggregates.contains(&call.func))
                }
                Expr::WindowFunction(call) => match &call.fun {
                    WindowFunctionDefinition::AggregateUDF(function) => {
                        // A row for each row, each as large as all before.
                        let folds = FOLDING.contains(&function.name());
                        (function.name(), self.aggregates.contains(function) && !folds)
                    }
                    WindowFunctionDefinition::WindowUDF(function) => {
                        (function.name(), self.windows.contains(function))
                    }
                },
                Expr::HigherOrderFunction(call) => (call.func.name(), false),
                _ => return Ok(()),
            };
            match known {
                true => Ok(()),
                false => Err(Error::bad(format!("no function {name} can be called here")).within()),
            }
        })
    }
}

/// The largest number that says how exact a percentile is: so many numbers are held for each group.
const CENTROIDS_MAX: u64 = 1_000;

/// Looks, when all that can be worked out is, at what must stand in the statement: patterns, of
/// which each is made ready and kept, and how exact an aggregate is to be.
///
/// # Errors
/// Says what must stand there.
pub(crate) fn check_literals(plan: &LogicalPlan) -> Result<()> {
    let literal = |one: &Expr| matches!(one, Expr::Literal(..));
    each_expression(plan, &mut |expression| match expression {
        Expr::BinaryExpr(BinaryExpr { op, right, .. }) if is_pattern(*op) && !literal(right) => {
            Err(pattern())
        }
        Expr::SimilarTo(like) if !literal(&like.pattern) => Err(pattern()),
        Expr::ScalarFunction(call) if call.func.name().starts_with("regexp_") => {
            let is_replaced = |place: usize| place == 2 && call.func.name() == "regexp_replace";
            let mut args = call.args.iter().enumerate().skip(1);
            match args.all(|(place, arg)| literal(arg) || is_replaced(place)) {
                true => Ok(()),
                false => Err(pattern()),
            }
        }
        Expr::AggregateFunction(call) => exact(call.func.name(), &call.params.args),
        Expr::WindowFunction(call) => exact(call.fun.name(), &call.params.args),
        _ => Ok(()),
    })
}

fn is_pattern(op: Operator) -> bool {
    use Operator::{RegexIMatch, RegexMatch, RegexNotIMatch, RegexNotMatch};
    matches!(op, RegexIMatch | RegexMatch | RegexNotIMatch | RegexNotMatch)
}

fn pattern() -> DataFusionError {
    Error::bad("a regular expression stands in the statement itself, not in a column").within()
}

fn exact(aggregate: &str, args: &[Expr]) -> Result<()> {
    let place = match aggregate {
        "approx_percentile_cont" => 2,
        "approx_percentile_cont_with_weight" => 3,
        _ => return Ok(()),
    };
    let number = match args.get(place) {
        None => return Ok(()),
        Some(Expr::Literal(number, _)) => number.cast_to(&DataType::UInt64).ok(),
        Some(_) => None,
    };
    match number {
        Some(ScalarValue::UInt64(Some(1..=CENTROIDS_MAX))) => Ok(()),
        _ => {
            let message = format!("{aggregate} is exact to a number from 1 to {CENTROIDS_MAX}");
            Err(Error::bad(message).within())
        }
    }
}

/// Looks at every expression of a plan and within others, of its subqueries, too.
pub(crate) fn each_expression(
    plan: &LogicalPlan,
    look: &mut dyn FnMut(&Expr) -> Result<()>,
) -> Result<()> {
    plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|one| look(one).map(|()| TreeNodeRecursion::Continue))
        })
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_that_is_named_is_there() {
        let names = |all: Vec<&str>| {
            let mut all: Vec<String> = all.into_iter().map(str::to_owned).collect();
            all.sort();
            all
        };
        let timed = TIMES.iter().chain(&SEPARATING).map(|(name, _)| *name);
        let named = names(WITHIN.into_iter().chain(REPLACING).chain(timed).collect());
        assert_eq!(names(FUNCTIONS.scalars.iter().map(|one| one.name()).collect()), named);
        let named = names(AGGREGATES.into_iter().chain(FOLDING).collect());
        assert_eq!(names(FUNCTIONS.aggregates.iter().map(|one| one.name()).collect()), named);
        let named = names(WINDOWS.to_vec());
        assert_eq!(names(FUNCTIONS.windows.iter().map(|one| one.name()).collect()), named);
    }
}
