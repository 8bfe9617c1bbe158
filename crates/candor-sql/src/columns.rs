//! The tables that there are, and of which type each column is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use candor_event::Types;
use candor_store::{CONSENT_TRAIT, View, VolumeView};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it is called.
    pub name: &'static str,
    /// What it holds; columns that are masked for the asker are named, but cannot be read.
    pub columns: Vec<Column>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As it stands in a statement; in double quotes where it is not a plain word.
    pub name: String,
    /// Of which type its values are.
    pub kind: Kind,
    /// The property or trait that it shows.
    pub property: Option<Arc<str>>,
    /// Whether it is hidden from the asker.
    pub masked: bool,
    pub(crate) source: Source,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Boolean,
    Integer,
    /// A floating-point number of 64 bits.
    Number,
    Text,
    /// A list of texts.
    List,
    /// In ms, UTC.
    Timestamp,
}

/// Where a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Person,
    Name,
    At,
    Session,
    /// A property or trait, by its code.
    Property(u32),
}

/// Which properties are hidden from the asker.
pub type Masked = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Events, one row each.
pub(crate) const EVENTS: &str = "events";
/// People, one row each.
pub(crate) const PEOPLE: &str = "people";

impl Kind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::List => "list",
            Kind::Timestamp => "timestamp",
        }
    }

    /// The type that holds all values of a property; values of several types are text.
    fn of(types: Types) -> Kind {
        if types.within(Types::BOOL) {
            Kind::Boolean
        } else if types.within(Types::INTEGER) {
            Kind::Integer
        } else if types.within(Types::NUMBER) {
            Kind::Number
        } else if types.within(Types::LIST) {
            Kind::List
        } else {
            Kind::Text
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Kind::Boolean => DataType::Boolean,
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::List => DataType::new_list(DataType::Utf8, true),
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }
}

impl Table {
    /// All events, with a column for each property that any of them has.
    pub(crate) fn events(view: &View, masked: &Masked) -> Table {
        let mut columns = Columns::default();
        columns.push("person", Kind::Text, Source::Person);
        columns.push("name", Kind::Text, Source::Name);
        columns.push("at", Kind::Timestamp, Source::At);
        columns.push("session", Kind::Text, Source::Session);
        for (name, (code, types)) in held(view, VolumeView::types) {
            columns.add(&name, "property", code, types, masked);
        }
        Table { name: EVENTS, columns: columns.list }
    }

    /// All people, with a column for each trait that any of them has and for each purpose that any
    /// of them spoke about.
    pub(crate) fn people(view: &View, masked: &Masked) -> Table {
        let mut columns = Columns::default();
        columns.push("person", Kind::Text, Source::Person);
        let (consents, traits): (Vec<_>, Vec<_>) = held(view, VolumeView::trait_types)
            .into_iter()
            .partition(|(name, _)| name.starts_with(CONSENT_TRAIT));
        for (name, (code, _)) in consents {
            let purpose = name[CONSENT_TRAIT.len()..].replace(':', "_");
            let name = columns.free(format!("consent_{purpose}"), "consent");
            columns.push(name, Kind::Boolean, Source::Property(code));
        }
        for (name, (code, types)) in traits {
            columns.add(&name, "trait", code, types, masked);
        }
        Table { name: PEOPLE, columns: columns.list }
    }

    /// The names that are hidden from the asker.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.masked).map(|column| column.name.as_str())
    }
}

/// Columns while they are put together.
#[derive(Default)]
struct Columns {
    list: Vec<Column>,
    taken: HashSet<String>,
}

impl Columns {
    fn push(&mut self, name: impl Into<String>, kind: Kind, source: Source) {
        let name = name.into();
        self.taken.insert(name.clone());
        self.list.push(Column { name, kind, property: None, masked: false, source });
    }

    /// The column of a property; where some of several types are numbers, one more for those.
    fn add(&mut self, name: &Arc<str>, whose: &str, code: u32, types: Types, masked: &Masked) {
        let (first, hidden) = (self.list.len(), masked(name));
        let column = self.free(name.to_string(), whose);
        self.push(column, Kind::of(types), Source::Property(code));
        if types.meets(Types::NUMBER) && !types.within(Types::NUMBER) {
            let column = self.free(format!("{name}.number"), whose);
            self.push(column, Kind::Number, Source::Property(code));
        }
        for column in &mut self.list[first..] {
            (column.property, column.masked) = (Some(name.clone()), hidden);
        }
    }

    /// A name that no column has yet: the columns that are always there keep theirs.
    fn free(&self, mut name: String, whose: &str) -> String {
        while self.taken.contains(&name) {
            name = format!("{whose}.{name}");
        }
        name
    }
}

/// How columns are described to the library.
pub(crate) fn schema_of(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| {
        let always = !matches!(column.source, Source::Property(_));
        Field::new(&column.name, column.kind.data_type(), !always)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// Code and types of each property that has values, by name.
fn held(
    view: &View,
    types_of: impl Fn(&VolumeView) -> Vec<Types>,
) -> BTreeMap<Arc<str>, (u32, Types)> {
    let mut held: BTreeMap<Arc<str>, (u32, Types)> = BTreeMap::new();
    for volume in &view.volumes {
        let types = types_of(volume).into_iter();
        for ((code, name), types) in (0..).zip(volume.property_names()).zip(types) {
            if !types.is_empty() {
                held.entry(name.clone()).or_insert((code, types)).1.add(types);
            }
        }
    }
    held
}
