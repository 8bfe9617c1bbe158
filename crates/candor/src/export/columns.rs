//! Which columns a table of an export has: those that every row has, and one of the fitting type
//! for each property. Values that do not fit it stand beside it as JSON.

use std::sync::Arc;

use candor_event::ValueRef;
use candor_ingest::decode::{JSON_COLUMN, PROPERTY_COLUMN};
use candor_store::ColumnKind;

/// Columns that are no properties, in any table, and what a line of JSON is told by: a property of
/// such a name is called otherwise.
const RESERVED: [&str; 8] =
    ["person", "identity", "guid", "event", "time", "session", "id", "type"];

/// Whole numbers up to here are the same as floats.
const EXACT_MAX: u64 = 1 << 53;

/// What the values of one property are, over everybody.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    bools: u64,
    integers: u64,
    /// Of these, those that would not be the same as floats.
    inexact: u64,
    floats: u64,
    texts: u64,
    /// Of these, dates as the SDKs write them.
    dates: u64,
    nested: u64,
}

impl Seen {
    pub fn add(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Bool(_) => self.bools += 1,
            ValueRef::Integer(number) => {
                self.integers += 1;
                self.inexact += u64::from(number.unsigned_abs() > EXACT_MAX);
            }
            ValueRef::Float(_) => self.floats += 1,
            ValueRef::Text(text) => {
                self.texts += 1;
                self.dates += u64::from(date(text).is_some());
            }
            ValueRef::Uuid(_) => self.texts += 1,
            ValueRef::List(_) | ValueRef::Object(_) => self.nested += 1,
        }
    }

    fn all(&self) -> u64 {
        self.bools + self.integers + self.floats + self.texts + self.nested
    }

    /// The type of most values, and how many are of it.
    fn kind(&self) -> (Option<ColumnKind>, u64) {
        let numbers = match self.floats {
            0 => (ColumnKind::Integer, self.integers),
            floats => (ColumnKind::Float, floats + self.integers - self.inexact),
        };
        let texts = match self.dates == self.texts {
            true => (ColumnKind::Time, self.dates),
            false => (ColumnKind::Text, self.texts),
        };
        let bools = (ColumnKind::Bool, self.bools);
        let most = [texts, numbers, bools].into_iter().max_by_key(|(_, count)| *count);
        most.filter(|(_, count)| *count > 0).map_or((None, 0), |(kind, count)| (Some(kind), count))
    }
}

/// The moment in ms of a text that is a date as the SDKs write them, and would be written so again.
fn date(text: &str) -> Option<i64> {
    let seconds: i64 = text.strip_prefix("$D_")?.parse().ok()?;
    (format!("$D_{seconds}") == text).then(|| seconds.checked_mul(1000)).flatten()
}

/// Where the values of one property go.
#[derive(Debug)]
struct Place {
    name: Arc<str>,
    /// What it is called in a line of JSON.
    field: Arc<str>,
    /// Its rank among all by name.
    rank: u32,
    typed: Option<(usize, ColumnKind)>,
    json: Option<usize>,
}

/// The columns of one table.
#[derive(Debug)]
pub struct Columns {
    /// Those that every row has.
    pub fixed: &'static [(&'static str, ColumnKind)],
    /// All, in their order.
    pub list: Vec<(Arc<str>, ColumnKind)>,
    /// By the code of the property.
    places: Vec<Option<Place>>,
}

/// A value as a cell of a column.
pub enum Cell<'a> {
    /// As it is.
    Plain(usize, ValueRef<'a>),
    /// As JSON.
    Json(usize),
}

impl Columns {
    /// `seen` is by the codes of `names`; a property without values has no column.
    pub fn new(
        fixed: &'static [(&'static str, ColumnKind)],
        names: &[Arc<str>],
        seen: &[Seen],
    ) -> Columns {
        let mut list: Vec<(Arc<str>, ColumnKind)> =
            fixed.iter().map(|(name, kind)| (Arc::from(*name), *kind)).collect();
        let mut codes: Vec<usize> = (0..seen.len()).filter(|code| seen[*code].all() > 0).collect();
        codes.sort_by_key(|code| &names[*code]);
        let mut places: Vec<Option<Place>> = (0..seen.len()).map(|_| None).collect();
        for (rank, code) in (0..).zip(codes) {
            let (kind, fitting) = seen[code].kind();
            let field = field(&names[code]);
            let mut column = |name: Arc<str>, kind| {
                list.push((name, kind));
                list.len() - 1
            };
            let typed = kind.map(|kind| (column(field.clone(), kind), kind));
            let json = (seen[code].all() > fitting).then(|| {
                let name = format!("{JSON_COLUMN}{}", names[code]);
                column(name.into(), ColumnKind::Text)
            });
            let name = names[code].clone();
            places[code] = Some(Place { name, field, rank, typed, json });
        }
        Columns { fixed, list, places }
    }

    fn place(&self, code: u32) -> &Place {
        let place = self.places.get(code as usize).and_then(Option::as_ref);
        place.expect("everything that is written was looked at before")
    }

    /// The properties that have a column.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.places.iter().flatten().map(|place| &*place.name)
    }

    /// The rank of a property among all by name, and what it is called in a line of JSON.
    pub fn field(&self, code: u32) -> (u32, &str) {
        let place = self.place(code);
        (place.rank, &place.field)
    }

    /// The cell that a value of a property fills.
    pub fn cell<'a>(&self, code: u32, value: ValueRef<'a>) -> Cell<'a> {
        let place = self.place(code);
        let plain = place.typed.and_then(|(column, kind)| Some((column, fit(kind, value)?)));
        match plain {
            Some((column, value)) => Cell::Plain(column, value),
            None => Cell::Json(place.json.expect("values that do not fit were counted")),
        }
    }
}

/// A value as one of a kind, where it is that.
fn fit(kind: ColumnKind, value: ValueRef<'_>) -> Option<ValueRef<'_>> {
    match (kind, value) {
        (ColumnKind::Bool, ValueRef::Bool(_))
        | (ColumnKind::Integer, ValueRef::Integer(_))
        | (ColumnKind::Float, ValueRef::Float(_))
        | (ColumnKind::Text, ValueRef::Text(_) | ValueRef::Uuid(_)) => Some(value),
        (ColumnKind::Float, ValueRef::Integer(number)) => {
            (number.unsigned_abs() <= EXACT_MAX).then_some(value)
        }
        (ColumnKind::Time, ValueRef::Text(text)) => date(text).map(ValueRef::Integer),
        _ => None,
    }
}

/// What a property is called among the columns.
fn field(property: &Arc<str>) -> Arc<str> {
    let taken = RESERVED.contains(&&**property)
        || [PROPERTY_COLUMN, JSON_COLUMN].iter().any(|begin| property.starts_with(begin));
    match taken {
        true => format!("{PROPERTY_COLUMN}{property}").into(),
        false => property.clone(),
    }
}

#[cfg(test)]
mod tests {
    use candor_event::Value;

    use super::*;

    /// The columns of one property with these values, and which of them each value fills.
    fn check(name: &str, values: &[Value], expected: &[(&str, ColumnKind)], fills: &[usize]) {
        let mut seen = Seen::default();
        values.iter().for_each(|value| seen.add(value.into()));
        let columns = Columns::new(&[], &[name.into()], &[seen]);
        let list: Vec<_> = columns.list.iter().map(|(name, kind)| (&**name, *kind)).collect();
        assert_eq!(list, expected);
        let filled = values.iter().map(|value| match columns.cell(0, value.into()) {
            Cell::Plain(column, _) | Cell::Json(column) => column,
        });
        assert_eq!(filled.collect::<Vec<_>>(), fills);
    }

    #[test]
    fn a_property_has_the_type_of_its_values() {
        use ColumnKind as K;
        check("a", &[1.into(), 2.into()], &[("a", K::Integer)], &[0, 0]);
        check("a", &[1.into(), 2.5.into()], &[("a", K::Float)], &[0, 0]);
        check("a", &[true.into()], &[("a", K::Bool)], &[0]);
        check("a", &["x".into()], &[("a", K::Text)], &[0]);
        check("a", &["$D_17".into()], &[("a", K::Time)], &[0]);
        check("a", &["$D_17".into(), "$D_017".into()], &[("a", K::Text)], &[0, 0]);
    }

    #[test]
    fn what_does_not_fit_stands_beside_it_as_json() {
        use ColumnKind as K;
        let beside = [("a", K::Text), ("json:a", K::Text)];
        check("a", &["x".into(), "y".into(), 7.into()], &beside, &[0, 0, 1]);
        check("a", &[Value::List(vec![])], &[("json:a", K::Text)], &[0]);
        let large = [Value::Integer(i64::MAX), 0.5.into(), 1.into()];
        check("a", &large, &[("a", K::Float), ("json:a", K::Text)], &[1, 0, 0]);
    }

    #[test]
    fn a_property_is_not_taken_for_another_column() {
        use ColumnKind as K;
        check("time", &["noon".into()], &[("property:time", K::Text)], &[0]);
        check("json:x", &["{".into()], &[("property:json:x", K::Text)], &[0]);
        check("property:x", &[1.into()], &[("property:property:x", K::Integer)], &[0]);
    }
}
