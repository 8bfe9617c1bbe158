//! What of a table a statement asks for, as far as a scan can pass over the rest: conditions on
//! the person, the name and the time of an event.

use std::collections::BTreeSet;

use candor_event::PersonId;
use candor_store::{PeopleSet, VolumeView};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// Names of events that a pass over them tells from others.
const NAMES_MAX: usize = 255;

/// Rows that a scan gives; the same as the conditions say, neither more nor fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    names: Option<Vec<String>>,
    people: Option<Vec<String>>,
    /// At or after this moment, in ms.
    pub(crate) from: i64,
    /// Before this moment.
    pub(crate) to: i64,
}

impl Wanted {
    /// Everything.
    pub(crate) fn all() -> Wanted {
        Wanted { names: None, people: None, from: i64::MIN, to: i64::MAX }
    }

    /// What all conditions allow together; those that are not understood are left to others.
    pub(crate) fn of(conditions: &[Expr]) -> Wanted {
        conditions.iter().filter_map(Wanted::read).fold(Wanted::all(), Wanted::and)
    }

    /// What a condition allows; none where it is about anything else.
    pub(crate) fn read(condition: &Expr) -> Option<Wanted> {
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                Some(Wanted::read(left)?.and(Wanted::read(right)?))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Wanted::read(left)?.or(Wanted::read(right)?)
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (Expr::Column(column), Expr::Literal(value, _)) = (&**left, &**right) else {
                    return None;
                };
                match op {
                    Operator::Eq if column.name != "at" => {
                        Wanted::text(&column.name, vec![text(value)?])
                    }
                    op if column.name == "at" => Wanted::time(*op, moment(value)?),
                    _ => None,
                }
            }
            Expr::Between(between) if !between.negated => {
                let Expr::Column(column) = &*between.expr else { return None };
                let (Expr::Literal(low, _), Expr::Literal(high, _)) =
                    (&*between.low, &*between.high)
                else {
                    return None;
                };
                let until = Wanted::time(Operator::LtEq, moment(high)?)?;
                let from = Wanted::time(Operator::GtEq, moment(low)?)?;
                (column.name == "at").then(|| from.and(until))
            }
            Expr::InList(list) if !list.negated => {
                let Expr::Column(column) = &*list.expr else { return None };
                let literal = |one: &Expr| match one {
                    Expr::Literal(value, _) => text(value),
                    _ => None,
                };
                let values: Option<Vec<String>> = list.list.iter().map(literal).collect();
                Wanted::text(&column.name, values?)
            }
            _ => None,
        }
    }

    fn text(column: &str, values: Vec<String>) -> Option<Wanted> {
        match column {
            "name" if values.len() <= NAMES_MAX => {
                Some(Wanted { names: Some(values), ..Wanted::all() })
            }
            "person" => Some(Wanted { people: Some(values), ..Wanted::all() }),
            _ => None,
        }
    }

    fn time(op: Operator, at: i64) -> Option<Wanted> {
        let after = at.checked_add(1)?;
        let (from, to) = match op {
            Operator::Eq => (at, after),
            Operator::Gt => (after, i64::MAX),
            Operator::GtEq => (at, i64::MAX),
            Operator::Lt => (i64::MIN, at),
            Operator::LtEq => (i64::MIN, after),
            _ => return None,
        };
        Some(Wanted { from, to, ..Wanted::all() })
    }

    fn and(self, other: Wanted) -> Wanted {
        let both = |a: Option<Vec<String>>, b: Option<Vec<String>>| match (a, b) {
            (Some(a), Some(b)) => Some(a.into_iter().filter(|one| b.contains(one)).collect()),
            (a, b) => a.or(b),
        };
        Wanted {
            names: both(self.names, other.names),
            people: both(self.people, other.people),
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
    }

    /// Only where both are about names alone, or about people alone.
    fn or(self, other: Wanted) -> Option<Wanted> {
        let any_time = |one: &Wanted| one.from == i64::MIN && one.to == i64::MAX;
        if !any_time(&self) || !any_time(&other) {
            return None;
        }
        match (self, other) {
            (
                Wanted { names: Some(mut a), people: None, .. },
                Wanted { names: Some(b), people: None, .. },
            ) => {
                a.extend(b);
                Wanted::text("name", a)
            }
            (
                Wanted { people: Some(mut a), names: None, .. },
                Wanted { people: Some(b), names: None, .. },
            ) => {
                a.extend(b);
                Some(Wanted { people: Some(a), ..Wanted::all() })
            }
            _ => None,
        }
    }

    /// Whether it asks about nothing but who: of people, nothing else is always there.
    pub(crate) fn is_about_people(&self) -> bool {
        let Wanted { names, people: _, from, to } = self;
        names.is_none() && *from == i64::MIN && *to == i64::MAX
    }

    /// The codes of the names of events that are wanted in a volume; none where all are.
    pub(crate) fn codes(&self, volume: &VolumeView) -> Option<Vec<u16>> {
        let names = self.names.as_ref()?;
        let codes: BTreeSet<u16> =
            names.iter().filter_map(|name| volume.event_code(name)).collect();
        Some(codes.into_iter().collect())
    }

    /// The people who are wanted in a volume; none where all are.
    pub(crate) fn people(&self, volume: &VolumeView) -> Option<PeopleSet> {
        let ids = self.people.as_ref()?.iter();
        let known = |id: &String| PersonId::parse(id).filter(|person| person.to_string() == *id);
        Some(ids.filter_map(known).filter_map(|person| volume.ordinal(person)).collect())
    }
}

fn text(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}

fn moment(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampMillisecond(at, _) => *at,
        _ => None,
    }
}
