//! Values of a property as a column of the answer.

use std::borrow::Cow;
use std::sync::Arc;

use candor_event::{Value, ValueRef};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampMillisecondArray, new_null_array,
};

use crate::columns::Kind;

/// A column of these values; one that is of another type than the column is absent.
pub(crate) fn column<'v>(
    kind: Kind,
    cells: impl Iterator<Item = Option<ValueRef<'v>>>,
) -> ArrayRef {
    match kind {
        Kind::Boolean => {
            let flag = |cell| match cell {
                Some(ValueRef::Bool(flag)) => Some(flag),
                _ => None,
            };
            Arc::new(cells.map(flag).collect::<BooleanArray>())
        }
        Kind::Integer => {
            let number = |cell| match cell {
                Some(ValueRef::Integer(number)) => Some(number),
                _ => None,
            };
            let numbers: Int64Array = cells.map(number).collect();
            Arc::new(numbers)
        }
        Kind::Number => {
            let numbers = cells.map(|cell| cell.and_then(ValueRef::as_number));
            Arc::new(numbers.collect::<Float64Array>())
        }
        Kind::Text => Arc::new(cells.map(|cell| cell.map(text)).collect::<StringArray>()),
        Kind::List => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                if let Some(ValueRef::List(list)) = cell {
                    list.iter().for_each(|one| lists.values().append_value(text(one.into())));
                }
                lists.append(matches!(cell, Some(ValueRef::List(_))));
            }
            Arc::new(lists.finish())
        }
        // When something was is no property; what stands here holds nothing.
        Kind::Timestamp => new_null_array(&kind.data_type(), cells.count()),
    }
}

/// A column of moments.
pub(crate) fn moments(times: &[i64]) -> ArrayRef {
    let times = TimestampMillisecondArray::from_iter_values(times.iter().copied());
    Arc::new(times.with_timezone("UTC"))
}

/// A value as text: texts as they are, all else as JSON.
pub(crate) fn text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Text(text) => text.into(),
        other => other.as_text().unwrap_or_else(|| {
            // A value is always JSON.
            serde_json::to_string(&other).unwrap_or_default().into()
        }),
    }
}

/// The same of an owned value, for keys of answers.
pub(crate) fn text_of(value: &Option<Value>) -> Option<String> {
    value.as_ref().map(|value| text(value.into()).into_owned())
}

#[cfg(test)]
mod tests {
    use candor_event::Value;
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;

    fn shown(kind: Kind, values: &[Option<Value>]) -> Vec<String> {
        let cells = values.iter().map(|value| value.as_ref().map(ValueRef::from));
        let array = column(kind, cells);
        assert_eq!(array.data_type(), &kind.data_type());
        (0..values.len())
            .map(|at| match array.is_null(at) {
                true => "-".to_owned(),
                false => array_value_to_string(&array, at).unwrap(),
            })
            .collect()
    }

    #[test]
    fn each_type_takes_its_own_values_and_text_takes_all() {
        let list = Value::List(vec!["a".into(), 1.into()]);
        let values = [
            None,
            Some(true.into()),
            Some(3.into()),
            Some(0.5.into()),
            Some("x".into()),
            Some(list),
        ];
        for (kind, expected) in [
            (Kind::Boolean, ["-", "true", "-", "-", "-", "-"]),
            (Kind::Integer, ["-", "-", "3", "-", "-", "-"]),
            (Kind::Number, ["-", "-", "3.0", "0.5", "-", "-"]),
            (Kind::Text, ["-", "true", "3", "0.5", "x", r#"["a",1]"#]),
            (Kind::List, ["-", "-", "-", "-", "-", "[a, 1]"]),
        ] {
            assert_eq!(shown(kind, &values), expected, "{kind:?}");
        }
    }
}
