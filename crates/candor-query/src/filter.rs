//! `where`: conditions on properties of an event or traits of a person.

use std::cell::Cell;
use std::cmp::Ordering;

use candor_event::{Value, ValueRef};
use candor_store::{Cells, Having, VolumeView};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Whether a condition looks at the event or at the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A property of the event.
    #[default]
    Event,
    /// A trait of the person.
    Person,
}

/// How a property is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Op {
    Eq,
    Ne,
    In,
    NotIn,
    Gt,
    Gte,
    Lt,
    Lte,
    Between,
    Contains,
    NotContains,
    StartsWith,
    Exists,
    NotExists,
}

/// One condition of a question, as it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The property's or trait's name.
    pub property: String,
    /// How it is compared.
    pub op: Op,
    /// With what: a list for `in`, `not_in`, two values for `between`, none for `exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Of the event or the person.
    #[serde(default, skip_serializing_if = "Scope::is_event")]
    pub scope: Scope,
}

impl Scope {
    fn is_event(&self) -> bool {
        *self == Scope::Event
    }
}

/// A condition with its property found in a volume.
#[derive(Debug)]
pub(crate) struct Filter<'q> {
    op: Op,
    operands: &'q [Value],
    of: Of,
}

/// What a filter looks at.
#[derive(Debug)]
enum Of {
    Person(Option<u32>),
    /// A value that comes again is not compared again: by its code, what was said of it.
    Event(Cells, Box<[Cell<Said>]>),
}

#[derive(Clone, Copy, Debug, Default)]
enum Said {
    #[default]
    Nothing,
    No,
    Yes,
}

/// Values that `in` may list.
const OPERANDS_MAX: usize = 1_000;

impl Condition {
    /// Says what is wrong with the condition, if anything is; `pointer` is where it stands.
    pub(crate) fn check(&self, pointer: &str) -> Result<(), Error> {
        let at = format!("{pointer}/value");
        let list = match &self.value {
            Some(Value::List(list)) => Some(list),
            _ => None,
        };
        match self.op {
            Op::Exists | Op::NotExists => match self.value {
                Some(_) => Err(Error::bad(at, "`exists` and `not_exists` take no value")),
                None => Ok(()),
            },
            Op::In | Op::NotIn => match list {
                Some(list) if (1..=OPERANDS_MAX).contains(&list.len()) => Ok(()),
                _ => Err(Error::bad(at, format!("a list of 1 to {OPERANDS_MAX} values"))),
            },
            Op::Between => match list {
                Some(list)
                    if list.len() == 2
                        && compare((&list[0]).into(), (&list[1]).into()).is_some() =>
                {
                    Ok(())
                }
                _ => Err(Error::bad(at, "a list of two numbers or two texts")),
            },
            Op::StartsWith => match &self.value {
                Some(Value::Text(_)) => Ok(()),
                _ => Err(Error::bad(at, "a text")),
            },
            _ => match &self.value {
                Some(Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_)) => {
                    Ok(())
                }
                _ => Err(Error::bad(at, "one number, text, true or false")),
            },
        }
    }

    /// Whether a property of the event must equal one of some values.
    pub(crate) fn is_equal_of_event(&self) -> bool {
        self.scope == Scope::Event && matches!(self.op, Op::Eq | Op::In)
    }

    /// The same as a fold looks for it; nothing where the volume knows no such property.
    pub(crate) fn having(&self, volume: &VolumeView) -> Option<Having<'_>> {
        Some(Having { property: volume.property_code(&self.property)?, any: self.operands() })
    }

    fn operands(&self) -> &[Value] {
        match &self.value {
            Some(Value::List(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    pub(crate) fn find(&self, volume: &VolumeView) -> Filter<'_> {
        self.find_of(self.scope, volume)
    }

    /// The same, whatever the condition says that it looks at.
    pub(crate) fn find_of(&self, scope: Scope, volume: &VolumeView) -> Filter<'_> {
        let of = match scope {
            Scope::Person => Of::Person(volume.property_code(&self.property)),
            Scope::Event => {
                let cells = volume.cells(&self.property);
                let said = vec![Cell::default(); cells.codes()];
                Of::Event(cells, said.into())
            }
        };
        Filter { op: self.op, operands: self.operands(), of }
    }
}

impl Filter<'_> {
    #[inline]
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, row: u32) -> bool {
        let (cells, said) = match &self.of {
            Of::Event(cells, said) => (cells, said),
            Of::Person(code) => {
                let found = code.and_then(|code| volume.trait_value(ordinal, code));
                return matches(self.op, found, self.operands);
            }
        };
        let Some(code) = cells.code(row) else {
            return matches(self.op, cells.get(volume, row), self.operands);
        };
        let said = &said[code as usize];
        match said.get() {
            Said::Yes => true,
            Said::No => false,
            Said::Nothing => {
                let yes = matches(self.op, cells.value(code), self.operands);
                said.set(if yes { Said::Yes } else { Said::No });
                yes
            }
        }
    }

    pub(crate) fn is_of_person(&self) -> bool {
        matches!(self.of, Of::Person(_))
    }
}

/// The contract's meaning of each operator.
pub(crate) fn matches(op: Op, found: Option<ValueRef<'_>>, operands: &[Value]) -> bool {
    let Some(found) = found else {
        return matches!(op, Op::NotExists | Op::Ne | Op::NotIn | Op::NotContains);
    };
    // A trait with several values equals what one of them equals.
    let any = |test: &dyn Fn(ValueRef<'_>) -> bool| match found {
        ValueRef::List(list) => list.iter().any(|value| test(value.into())),
        one => test(one),
    };
    let first = || ValueRef::from(&operands[0]);
    let ordered = |allowed: &[Ordering]| {
        any(&|value| compare(value, first()).is_some_and(|order| allowed.contains(&order)))
    };
    let contains = |value: ValueRef<'_>| match (value, first()) {
        (ValueRef::Text(text), ValueRef::Text(part)) => text.contains(part),
        (ValueRef::Uuid(uuid), ValueRef::Text(part)) => uuid.text(&mut [0; 36]).contains(part),
        (value, operand) => equal(value, operand),
    };
    match op {
        Op::Exists => true,
        Op::NotExists => false,
        Op::Eq | Op::In => {
            any(&|value| operands.iter().any(|operand| equal(value, operand.into())))
        }
        Op::Ne | Op::NotIn => {
            !any(&|value| operands.iter().any(|operand| equal(value, operand.into())))
        }
        Op::Gt => ordered(&[Ordering::Greater]),
        Op::Gte => ordered(&[Ordering::Greater, Ordering::Equal]),
        Op::Lt => ordered(&[Ordering::Less]),
        Op::Lte => ordered(&[Ordering::Less, Ordering::Equal]),
        Op::Between => any(&|value| {
            compare(value, first()).is_some_and(Ordering::is_ge)
                && compare(value, (&operands[1]).into()).is_some_and(Ordering::is_le)
        }),
        Op::Contains => any(&contains),
        Op::NotContains => !any(&contains),
        Op::StartsWith => any(&|value| {
            let (Some(text), Some(start)) = (value.as_text(), operands[0].as_text()) else {
                return false;
            };
            text.starts_with(start)
        }),
    }
}

fn equal(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    compare(a, b) == Some(Ordering::Equal)
}

/// Numbers with numbers, texts with texts (by code point), truth with truth; else nothing.
fn compare(a: ValueRef<'_>, b: ValueRef<'_>) -> Option<Ordering> {
    match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => Some(a.cmp(&b)),
        (ValueRef::Text(a), ValueRef::Text(b)) => Some(a.cmp(b)),
        (ValueRef::Uuid(a), ValueRef::Text(b)) => Some(a.text(&mut [0; 36]).cmp(b)),
        (ValueRef::Bool(a), ValueRef::Bool(b)) => Some(a.cmp(&b)),
        _ => a.as_number()?.partial_cmp(&b.as_number()?),
    }
}

#[cfg(test)]
mod tests {
    use candor_event::UuidText;

    use super::*;

    #[test]
    fn a_missing_property_matches_only_the_negative_operators() {
        let one = [Value::Integer(1), Value::Integer(2)];
        for (op, expected) in [
            (Op::Eq, false),
            (Op::Ne, true),
            (Op::In, false),
            (Op::NotIn, true),
            (Op::Gt, false),
            (Op::Lte, false),
            (Op::Between, false),
            (Op::Contains, false),
            (Op::NotContains, true),
            (Op::StartsWith, false),
            (Op::Exists, false),
            (Op::NotExists, true),
        ] {
            assert_eq!(matches(op, None, &one), expected, "{op:?}");
        }
    }

    #[test]
    fn numbers_and_texts_never_match() {
        let text: Value = "3".into();
        let number = Value::Integer(3);
        for (a, b) in [(&text, &number), (&number, &text)] {
            for op in [Op::Eq, Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::Contains, Op::StartsWith] {
                assert!(!matches(op, Some(a.into()), std::slice::from_ref(b)), "{op:?}");
            }
            assert!(matches(Op::Ne, Some(a.into()), std::slice::from_ref(b)));
        }
        assert!(matches(Op::Eq, Some(ValueRef::Float(3.0)), &[number]));
        assert!(!matches(Op::Eq, Some(ValueRef::Text("Gold")), &["gold".into()]));
    }

    #[test]
    fn a_uuid_matches_as_its_text() {
        let text = "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f";
        let uuid = UuidText::read(text).map(ValueRef::Uuid);
        let plain = text.replace('-', "");
        let others: [&str; 7] = ["5f0c", "e5f", "-", "x", "5", "6", plain.as_str()];
        let all = [Op::Eq, Op::Ne, Op::In, Op::Contains, Op::NotContains, Op::StartsWith];
        for op in all.into_iter().chain([Op::Gt, Op::Gte, Op::Lt, Op::Lte]) {
            for operand in others.into_iter().chain([text]) {
                let operands = [operand.into()];
                let expected = matches(op, Some(ValueRef::Text(text)), &operands);
                assert_eq!(matches(op, uuid, &operands), expected, "{op:?} {operand}");
            }
        }
    }

    #[test]
    fn between_is_inclusive_and_lists_match_by_any_of_their_values() {
        let bounds = [Value::Integer(1), Value::Integer(3)];
        for (value, expected) in [(0, false), (1, true), (3, true), (4, false)] {
            assert_eq!(matches(Op::Between, Some(ValueRef::Integer(value)), &bounds), expected);
        }
        let list = Value::List(vec!["a".into(), "bc".into()]);
        assert!(matches(Op::Eq, Some((&list).into()), &["a".into()]));
        assert!(matches(Op::Contains, Some((&list).into()), &["c".into()]));
        assert!(!matches(Op::Ne, Some((&list).into()), &["a".into()]));
    }
}
