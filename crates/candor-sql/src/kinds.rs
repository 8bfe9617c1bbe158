//! Of which types values may be: those with a size of their own, and lists of lists without end,
//! are larger than any memory before there is a single value.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, TryCast};

use crate::allowed::each_expression;
use crate::error::Error;

/// Lists within each other.
pub(crate) const LISTS_MAX: usize = 3;

/// Looks at the columns of every step of a plan, and at what is cast.
///
/// # Errors
/// Something is of a type that no value here may have.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|plan| {
        plan.schema().fields().iter().try_for_each(|field| fits(field.data_type()))?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    each_expression(plan, &mut |expression| match expression {
        Expr::Cast(Cast { field, .. }) | Expr::TryCast(TryCast { field, .. }) => {
            fits(field.data_type())
        }
        Expr::Literal(value, _) => fits(&value.data_type()),
        _ => Ok(()),
    })
}

/// Looks, when all types are known, at casts that would write lists out as text.
///
/// # Errors
/// Names the function that does it within bounds.
pub(crate) fn check_casts(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|plan| {
        let schema = merge_schema(&plan.inputs());
        plan.apply_expressions(|expression| {
            expression.apply(|one| {
                let (Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field })) =
                    one
                else {
                    return Ok(TreeNodeRecursion::Continue);
                };
                let of_lists = expr.get_type(&schema).is_ok_and(|kind| kind.is_nested());
                match of_lists && !field.data_type().is_nested() {
                    true => Err(bad("a list as text is array_to_string(list, ',')")),
                    false => Ok(TreeNodeRecursion::Continue),
                }
            })
        })
    })?;
    Ok(())
}

fn fits(kind: &DataType) -> Result<()> {
    let (mut kind, mut lists) = (kind, 0);
    loop {
        kind = match kind {
            DataType::List(item) | DataType::LargeList(item) => item.data_type(),
            DataType::Dictionary(_, values) => values,
            kind if kind.is_nested() => {
                return Err(bad("a list without a size, or a column for each value"));
            }
            _ => return Ok(()),
        };
        lists += 1;
        if lists > LISTS_MAX {
            return Err(bad(format!("at most {LISTS_MAX} lists within each other")));
        }
    }
}

fn bad(message: impl Into<String>) -> DataFusionError {
    Error::bad(message).within()
}
