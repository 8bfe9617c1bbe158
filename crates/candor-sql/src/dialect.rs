//! The words of SQL that are understood, read within a bound of work.
//!
//! The parser tries one way and then another at nested places: the work of a statement of a few
//! hundred bytes can double with each level, and nothing stops it once it began. But it asks its
//! dialect at every turn, so the dialect counts, and ends the reading when it took too long, or
//! went too deep.

use std::any::TypeId;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// Questions that the parser may ask its dialect: several times what the longest chain of operators
/// takes (150,000), and half a second of work.
const TURNS_MAX: u32 = 1_000_000;

/// Bytes of the stack that reading may take; half of what a thread has, as what is read is gone
/// through, and given up, in steps down, too.
const STACK_BYTES_MAX: usize = 32 << 20;

/// The dialect of one reading.
#[derive(Debug)]
pub(crate) struct Counting {
    turns: Cell<u32>,
    /// Where the stack was when it began.
    began: usize,
}

/// The reading took too long.
#[derive(Debug)]
pub(crate) struct TooLong;

impl Counting {
    /// Reads with a dialect that counts; nothing where it takes too long.
    pub(crate) fn read<T>(read: impl FnOnce(&Counting) -> T) -> Result<T, TooLong> {
        let dialect = Counting { turns: Cell::new(0), began: here() };
        // What is unwound are values of the parser alone.
        catch_unwind(AssertUnwindSafe(|| read(&dialect))).map_err(|cause| {
            match cause.downcast::<TooLong>() {
                Ok(too_long) => *too_long,
                Err(other) => resume_unwind(other),
            }
        })
    }

    fn turn(&self) {
        self.turns.set(self.turns.get() + 1);
        if self.turns.get() > TURNS_MAX || here().abs_diff(self.began) > STACK_BYTES_MAX {
            // Not a panic: nothing is printed.
            resume_unwind(Box::new(TooLong));
        }
    }
}

/// About where the stack is.
#[inline(never)]
fn here() -> usize {
    let place = 0u8;
    std::ptr::from_ref(std::hint::black_box(&place)).addr()
}

macro_rules! understands {
    ($($what:ident)*) => {
        $(fn $what(&self) -> bool {
            self.turn();
            true
        })*
    };
}

impl Dialect for Counting {
    fn dialect(&self) -> TypeId {
        self.turn();
        TypeId::of::<GenericDialect>()
    }

    fn parse_prefix(&self, _: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        self.turn();
        None
    }

    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        GenericDialect.is_delimited_identifier_start(letter)
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        GenericDialect.is_identifier_start(letter)
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        GenericDialect.is_identifier_part(letter)
    }

    understands! {
        allow_extract_custom
        allow_extract_single_quotes
        supports_array_typedef_with_brackets
        supports_bitwise_shift_operators
        supports_explain_with_utility_options
        supports_extract_comma_syntax
        supports_filter_during_aggregation
        supports_from_first_select
        supports_group_by_expr
        supports_interval_options
        supports_left_associative_joins_without_parens
        supports_nested_comments
        supports_parens_around_table_factor
        supports_partition_by_after_order_by
        supports_projection_trailing_commas
        supports_select_wildcard_except
        supports_select_wildcard_exclude
        supports_select_wildcard_replace
        supports_string_escape_constant
        supports_unicode_string_literal
        supports_values_as_table_factor
        supports_window_clause_named_window_reference
        supports_window_function_null_treatment_arg
    }
}
