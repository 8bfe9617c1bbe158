//! Filters of numbers. Whole numbers stay whole, and `divided_by` between them rounds down; a text
//! that is a number counts as one.

use std::cmp::Ordering;

use super::{Datum, Filtered, Trouble, integer};

/// A number as it is computed with.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Float(f64),
}

const NOT_A_NUMBER: Trouble = Trouble::Unfit("takes a number");
const TOO_LARGE: Trouble = Trouble::Unfit("the number is too large");

impl Number {
    fn of(value: &Datum<'_>) -> Result<Number, Trouble> {
        match value {
            Datum::Integer(whole) => Ok(Number::Whole(*whole)),
            Datum::Float(float) => Ok(Number::Float(*float)),
            _ => {
                let text = value.as_text().ok_or(NOT_A_NUMBER)?.trim();
                if let Ok(whole) = text.parse() {
                    return Ok(Number::Whole(whole));
                }
                let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
                let float = text.parse().ok().filter(|_| plain);
                float.map(Number::Float).ok_or(NOT_A_NUMBER)
            }
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Float(float) => float,
        }
    }
}

fn whole<'v>(whole: Option<i64>) -> Filtered<'v> {
    whole.map(Datum::Integer).ok_or(TOO_LARGE)
}

fn float<'v>(float: f64) -> Filtered<'v> {
    if float.is_finite() { Ok(Datum::Float(float)) } else { Err(TOO_LARGE) }
}

/// Whole numbers by one function, all others by the other.
fn both<'v>(
    value: &Datum<'v>,
    argument: &Datum<'v>,
    of_whole: fn(i64, i64) -> Option<i64>,
    of_float: fn(f64, f64) -> f64,
) -> Filtered<'v> {
    match (Number::of(value)?, Number::of(argument)?) {
        (Number::Whole(a), Number::Whole(b)) => whole(of_whole(a, b)),
        (a, b) => float(of_float(a.float(), b.float())),
    }
}

pub(super) fn plus<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    both(&value, &arguments[0], i64::checked_add, |a, b| a + b)
}

pub(super) fn minus<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    both(&value, &arguments[0], i64::checked_sub, |a, b| a - b)
}

pub(super) fn times<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    both(&value, &arguments[0], i64::checked_mul, |a, b| a * b)
}

pub(super) fn divided_by<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    nonzero(&arguments[0])?;
    let down = |a: i64, b: i64| {
        let quotient = a.checked_div(b)?;
        let inexact = a % b != 0 && (a < 0) != (b < 0);
        Some(quotient - i64::from(inexact))
    };
    both(&value, &arguments[0], down, |a, b| a / b)
}

/// What is left by `divided_by`: it has the sign of the divisor.
pub(super) fn modulo<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    nonzero(&arguments[0])?;
    let rest = |a: i64, b: i64| {
        let rest = a.checked_rem(b)?;
        Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
    };
    both(&value, &arguments[0], rest, |a, b| a - b * (a / b).floor())
}

fn nonzero(divisor: &Datum<'_>) -> Result<(), Trouble> {
    match Number::of(divisor)?.float() {
        0.0 => Err(Trouble::Unfit("nothing can be divided by 0")),
        _ => Ok(()),
    }
}

pub(super) fn abs<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    match Number::of(&value)? {
        Number::Whole(number) => whole(number.checked_abs()),
        Number::Float(number) => float(number.abs()),
    }
}

pub(super) fn ceil<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    to_whole(Number::of(&value)?, f64::ceil)
}

pub(super) fn floor<'v>(value: Datum<'v>, _: &[Datum<'v>], _: usize) -> Filtered<'v> {
    to_whole(Number::of(&value)?, f64::floor)
}

/// Digits behind the point that can be asked for.
const DIGITS_MAX: i64 = 15;

pub(super) fn round<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    let number = Number::of(&value)?;
    match arguments.first().map_or(Ok(0), integer)? {
        0 => to_whole(number, f64::round),
        digits @ 1..=DIGITS_MAX => {
            let scale = 10f64.powi(digits as i32);
            match (number.float() * scale).round() / scale {
                rounded if rounded.is_finite() => float(rounded),
                _ => Ok(value),
            }
        }
        _ => Err(Trouble::Unfit("rounds to 0 to 15 digits")),
    }
}

fn to_whole<'v>(number: Number, rounded: fn(f64) -> f64) -> Filtered<'v> {
    match number {
        Number::Whole(number) => Ok(Datum::Integer(number)),
        Number::Float(number) => {
            let rounded = rounded(number);
            // Beyond 2^53 a float holds no fraction, and not every whole number.
            match rounded.abs() < 9_007_199_254_740_992.0 {
                true => Ok(Datum::Integer(rounded as i64)),
                false => Err(TOO_LARGE),
            }
        }
    }
}

pub(super) fn at_least<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    bounded(value, &arguments[0], Ordering::Less)
}

pub(super) fn at_most<'v>(value: Datum<'v>, arguments: &[Datum<'v>], _: usize) -> Filtered<'v> {
    bounded(value, &arguments[0], Ordering::Greater)
}

/// The bound where the value is on the wrong side of it.
fn bounded<'v>(value: Datum<'v>, bound: &Datum<'v>, wrong: Ordering) -> Filtered<'v> {
    let (number, limit) = (Number::of(&value)?, Number::of(bound)?);
    let order = number.float().partial_cmp(&limit.float());
    Ok(if order == Some(wrong) { bound.clone() } else { value })
}
