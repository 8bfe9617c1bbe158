//! How large a plan becomes of what was written once: conditions that the planner moves down, and
//! texts that it puts in the place of the columns that name them.
//!
//! A condition on a column that is worked out below becomes a condition on what it is worked out
//! from, wherever the column stands in it. Thirty lines that each add the column of the line before
//! to itself are a condition of a thousand million terms, of which not one was written.

use std::collections::HashMap;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::error::Error;
use crate::sizes::largest;

/// Terms of all conditions of a statement, as they can stand below: several times what a statement
/// of the most expressions has by itself.
const TERMS_MAX: usize = 10_000;

/// Bytes of all texts and lists that stand in one step of a plan: each may be written out for each
/// row.
const TEXTS_BYTES_MAX: usize = 128 << 10;

/// Looks, when columns that name a text became that text, how much of it stands in any one step of
/// a plan.
///
/// # Errors
/// It is more than [`TEXTS_BYTES_MAX`].
pub(crate) fn texts_bytes(plan: &LogicalPlan) -> Result<usize> {
    let mut most = 0;
    plan.apply_with_subqueries(|plan| {
        let mut bytes = 0;
        plan.apply_expressions(|expression| {
            bytes += texts_of(expression)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        most = bytes.max(most);
        Ok(TreeNodeRecursion::Continue)
    })?;
    if most > TEXTS_BYTES_MAX {
        let message = format!(
            "at most {TEXTS_BYTES_MAX} bytes of texts in one row, counted as often as they are used"
        );
        return Err(Error::bad(message).within());
    }
    Ok(most)
}

fn texts_of(expression: &Expr) -> Result<usize> {
    let mut bytes = 0;
    expression.apply(|one| {
        match one {
            Expr::Literal(value, _) if !value.data_type().is_primitive() => {
                bytes += largest(value.to_array()?.as_ref());
            }
            // A list of these is looked at as it is, and not for each row.
            Expr::InList(list) => {
                bytes += texts_of(&list.expr)?;
                return Ok(TreeNodeRecursion::Jump);
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(bytes)
}

/// Terms that each column of a plan stands for.
type Terms = HashMap<Column, usize>;

/// # Errors
/// The conditions of a plan can become too large.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    let mut conditions = 0;
    of_plan(plan, &Terms::new(), &mut conditions).map(|_| ())
}

/// What the columns of a plan stand for; `outer` is known around it. Counts conditions on the way.
fn of_plan(plan: &LogicalPlan, outer: &Terms, conditions: &mut usize) -> Result<Terms> {
    let mut below = Terms::new();
    for input in plan.inputs() {
        let inner = match input {
            // Of a LATERAL table, what stands before it is around it.
            LogicalPlan::Subquery(_) => of_plan(input, &joined(outer, &below), conditions)?,
            _ => of_plan(input, outer, conditions)?,
        };
        below = joined(&below, &inner);
    }
    let is_condition = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
    let mut terms = Vec::new();
    plan.apply_expressions(|expression| {
        let own = of_expression(expression, &below, outer, conditions)?;
        if is_condition {
            *conditions = conditions.saturating_add(own);
        }
        terms.push(own);
        Ok(TreeNodeRecursion::Continue)
    })?;
    if *conditions > TERMS_MAX {
        let message = format!(
            "a condition on a column that stands for more than {TERMS_MAX} operators: put the \
             condition before what makes the column"
        );
        return Err(Error::bad(message).within());
    }
    let columns = plan.schema().columns();
    let largest = below.values().copied().max().unwrap_or(1);
    let known = |column: &Column, other: usize| below.get(column).copied().unwrap_or(other);
    let all: Vec<usize> = match plan {
        LogicalPlan::Projection(_) => terms,
        LogicalPlan::SubqueryAlias(alias) => {
            alias.input.schema().columns().iter().map(|column| known(column, 1)).collect()
        }
        // What is grouped by stands before what is counted.
        LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.as_slice() {
            [Expr::GroupingSet(_)] => vec![terms.iter().copied().max().unwrap_or(1); columns.len()],
            groups => {
                let counted = columns.len().saturating_sub(groups.len());
                terms.into_iter().take(groups.len()).chain(vec![1; counted]).collect()
            }
        },
        // The names are those of the first of several.
        LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_) => vec![largest; columns.len()],
        LogicalPlan::Unnest(_) => columns.iter().map(|one| known(one, largest)).collect(),
        _ => columns.iter().map(|column| known(column, 1)).collect(),
    };
    Ok(columns.into_iter().zip(all).collect())
}

/// Both; where a name stands for two, the larger.
fn joined(one: &Terms, other: &Terms) -> Terms {
    let mut all = one.clone();
    for (column, terms) in other {
        let known = all.entry(column.clone()).or_insert(*terms);
        *known = (*known).max(*terms);
    }
    all
}

/// Terms of an expression, with all that its columns stand for; literals are none.
fn of_expression(
    expression: &Expr,
    below: &Terms,
    outer: &Terms,
    conditions: &mut usize,
) -> Result<usize> {
    let mut terms: usize = 0;
    expression.apply(|one| {
        let own = match one {
            Expr::Literal(..) => 0,
            Expr::Column(column) => below.get(column).copied().unwrap_or(1),
            Expr::OuterReferenceColumn(_, column) => outer.get(column).copied().unwrap_or(1),
            _ => 1,
        };
        terms = terms.saturating_add(own);
        let subquery = match one {
            Expr::ScalarSubquery(subquery) => Some(subquery),
            Expr::Exists(exists) => Some(&exists.subquery),
            Expr::InSubquery(within) => Some(&within.subquery),
            Expr::SetComparison(compared) => Some(&compared.subquery),
            _ => None,
        };
        if let Some(subquery) = subquery {
            // It becomes a join by what it shares with what is around it.
            of_plan(&subquery.subquery, &joined(outer, below), conditions)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(terms)
}
