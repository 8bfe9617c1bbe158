//! Rows of tables that people bring, taken column by column where they are plain: an id, a name, a
//! time, and details that are texts, numbers or flags. All others are read row by row (`rows`),
//! which says what is wrong with them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use ahash::RandomState;
use candor_event::{Column, IdKind, Properties, Timestamp, Value};
use candor_store::{Cell, ColumnCells, NumberKind, Piece};

use super::cell::{id_text, instant_of_cell, property, session};
use super::value::{check_text, check_value};
use super::{Body, Incoming, Limit, PROPERTIES_MAX, Role};
use crate::who::Ids;

/// Events as a file has them, not yet resolved or allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncomingSheet {
    /// The devices or identities that are named; one may be there twice.
    pub ids: Vec<Arc<str>>,
    /// Whether they are devices.
    pub devices: bool,
    /// By event: the place of its id.
    pub owners: Vec<u32>,
    /// By event: when it happened, in ms since 1970.
    pub times: Vec<i64>,
    /// What happened.
    pub names: Vec<Arc<str>>,
    /// By event: the place of its name.
    pub codes: Vec<u32>,
    /// The visits that are named, as the reserved property that they come as.
    pub sessions: Column,
    /// Their details, by name.
    pub columns: Vec<Column>,
}

impl IncomingSheet {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// About how many bytes of memory its values and places take.
    pub fn bytes(&self) -> usize {
        let columns = self.columns.iter().chain([&self.sessions]);
        let bytes = columns.flat_map(|column| &column.values).map(Value::bytes_within);
        let places = (self.columns.len() + 4) * self.len() * size_of::<u32>();
        bytes.sum::<usize>() + places
    }

    /// Which kind of id it names people by.
    pub fn kind(&self) -> IdKind {
        if self.devices { IdKind::Guid } else { IdKind::Identity }
    }

    /// The id of an event's person.
    pub(crate) fn ids_of(&self, owner: u32) -> Ids {
        let id = Some(self.ids[owner as usize].as_ref().to_owned());
        match self.devices {
            true => Ids { guid: id, ..Ids::default() },
            false => Ids { identity: id, ..Ids::default() },
        }
    }

    /// An event as a record of its own.
    pub fn record(&self, at: usize) -> Incoming {
        let mut properties = Properties::with_capacity(self.columns.len() + 1);
        let named = self.columns.iter().chain([&self.sessions]);
        for column in named.filter(|column| !column.codes.is_empty()) {
            if let Some(value) = column.get(at) {
                properties.insert(column.name.clone(), value.clone());
            }
        }
        let name = self.names[self.codes[at] as usize].clone();
        Incoming {
            index: at,
            ids: self.ids_of(self.owners[at]),
            at: Some(Timestamp(self.times[at])),
            id: None,
            body: Body::Event { name, properties },
        }
    }
}

/// Fills sheets from pieces of a table.
pub struct SheetReader {
    ids: Source,
    names: Source,
    times: usize,
    sessions: Option<Source>,
    columns: Vec<(Arc<str>, Source)>,
    devices: bool,
    /// When each event happened.
    at: Vec<i64>,
    /// Whose rows were left out since the last sheet.
    aside: HashSet<Arc<str>, RandomState>,
}

/// A column of the table, and what its cells are in the sheet.
#[derive(Default)]
struct Source {
    column: usize,
    /// The dictionary of the piece before, and what each of its cells is; 0 for those not met yet.
    dictionary: Option<(Arc<[Cell]>, Vec<u32>)>,
    /// Texts that stood in cells without a dictionary, and numbers.
    texts: HashMap<Arc<str>, u32, RandomState>,
    numbers: Met,
    values: Vec<Value>,
    /// By event: the place of its value plus one.
    codes: Vec<u32>,
    /// About how many bytes the values take.
    bytes: usize,
}

/// Numbers that were met, and what each is in the sheet.
#[derive(Default)]
struct Met {
    kind: Option<NumberKind>,
    places: HashMap<u64, u32, RandomState>,
    /// How many were looked for.
    asked: usize,
}

/// When so many numbers were looked for and fewer than half of them had been met, the others are
/// not looked for.
const LOOKED_FOR: usize = 4_096;

impl Met {
    /// What a number is; `make` tells it of one that was not met.
    fn place(&mut self, bits: u64, make: impl FnOnce() -> u32) -> u32 {
        if self.asked > LOOKED_FOR && self.places.is_empty() {
            return make();
        }
        self.asked += 1;
        let place = *self.places.entry(bits).or_insert_with(make);
        if self.asked > LOOKED_FOR && self.places.len() * 2 > self.asked {
            self.places.clear();
        }
        place
    }

    fn forget(&mut self) {
        self.places.clear();
        self.asked = 0;
    }
}

/// About what a number takes.
const NUMBER_BYTES: usize = 8;

/// Of a cell that is not plain.
const ODD: u32 = u32::MAX;

impl Source {
    fn of(column: usize) -> Source {
        Source { column, ..Source::default() }
    }

    /// Reads on. `make` says what a cell is, where it is plain; `needed` that none may be empty.
    fn read(
        &mut self,
        piece: &Piece,
        rows: &Range<usize>,
        odd: &mut [bool],
        needed: bool,
        make: impl Fn(&Cell) -> Option<Value>,
    ) {
        let Source { column, dictionary, texts, numbers: met, values, codes, bytes } = self;
        let mut put = |value: Value| {
            *bytes += NUMBER_BYTES + value.as_text().map_or(0, str::len);
            values.push(value);
            values.len() as u32
        };
        let place_of = |place: u32, odd: &mut bool| match place {
            ODD => {
                *odd = true;
                0
            }
            0 => {
                *odd |= needed;
                0
            }
            place => place,
        };
        match piece.cells(*column) {
            ColumnCells::Coded(of_rows, cells) => {
                if !dictionary.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, cells)) {
                    *dictionary = Some((cells.clone(), vec![0; cells.len()]));
                }
                let Some((_, places)) = dictionary else { return };
                codes.extend(of_rows[rows.clone()].iter().zip(odd).map(|(code, odd)| {
                    let Some(at) = code.checked_sub(1) else { return place_of(0, odd) };
                    let place = &mut places[at as usize];
                    if *place == 0 {
                        *place = make(&cells[at as usize]).map_or(ODD, &mut put);
                    }
                    place_of(*place, odd)
                }));
            }
            ColumnCells::Each(cells) => {
                codes.extend(cells[rows.clone()].iter().zip(odd).map(|(cell, odd)| {
                    let Some(cell) = cell else { return place_of(0, odd) };
                    let place = match make(cell) {
                        None => ODD,
                        Some(Value::Text(text)) => *texts
                            .entry(text)
                            .or_insert_with_key(|text| put(Value::Text(text.clone()))),
                        Some(value) => put(value),
                    };
                    place_of(place, odd)
                }))
            }
            ColumnCells::Numbers(numbers) => {
                if met.kind.replace(numbers.kind()) != Some(numbers.kind()) {
                    met.forget();
                }
                codes.extend(rows.clone().zip(odd).map(|(row, odd)| {
                    let Some(bits) = numbers.bits(row) else { return place_of(0, odd) };
                    let made = || numbers.cell(row).and_then(|cell| make(&cell));
                    place_of(met.place(bits, || made().map_or(ODD, &mut put)), odd)
                }));
            }
        }
    }

    fn take(&mut self, name: Arc<str>) -> Column {
        if let Some((_, places)) = &mut self.dictionary {
            places.fill(0);
        }
        self.texts.clear();
        self.numbers.forget();
        self.bytes = 0;
        // The next has about as many.
        let (codes, values) =
            (Vec::with_capacity(self.codes.len()), Vec::with_capacity(self.values.len()));
        Column {
            name,
            codes: std::mem::replace(&mut self.codes, codes),
            values: std::mem::replace(&mut self.values, values),
        }
    }

    /// All, of a column that has no empty cell.
    fn take_texts(&mut self) -> (Vec<Arc<str>>, Vec<u32>) {
        let Column { mut codes, values, .. } = self.take("".into());
        codes.iter_mut().for_each(|code| *code -= 1);
        let text = |value| match value {
            Value::Text(text) => text,
            _ => unreachable!("ids and names are texts"),
        };
        (values.into_iter().map(text).collect(), codes)
    }
}

impl SheetReader {
    /// For tables whose columns say this; none where they say something that a sheet cannot hold.
    pub fn new(roles: &[(usize, Role)]) -> Option<SheetReader> {
        let mut columns: Vec<(Arc<str>, Source)> = Vec::new();
        let (mut ids, mut names, mut times, mut sessions) = (None, None, None, None);
        for (column, role) in roles {
            let taken = match role {
                Role::Identity => ids.replace((*column, false)).is_some(),
                Role::Guid => ids.replace((*column, true)).is_some(),
                Role::Event => names.replace(*column).is_some(),
                Role::Time => times.replace(*column).is_some(),
                Role::Session => sessions.replace(Source::of(*column)).is_some(),
                Role::Property(name) => {
                    // Roles come in the order of the names of properties.
                    let before = columns.last().is_none_or(|(before, _)| before < name);
                    columns.push((name.clone(), Source::of(*column)));
                    !before || **name == *SESSION
                }
                Role::Nothing => false,
                Role::Id | Role::Person | Role::Json(_) => true,
            };
            if taken {
                return None;
            }
        }
        let (ids, devices) = ids?;
        (columns.len() <= PROPERTIES_MAX).then_some(SheetReader {
            ids: Source::of(ids),
            names: Source::of(names?),
            times: times?,
            sessions,
            columns,
            devices,
            at: Vec::new(),
            aside: HashSet::default(),
        })
    }

    /// How many events were added since the last sheet.
    pub fn rows(&self) -> usize {
        self.at.len()
    }

    /// About how many bytes these take.
    pub fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(|(_, column)| column);
        let sources = columns.chain([&self.ids, &self.names]).chain(&self.sessions);
        let bytes = sources.map(|source| source.bytes + source.codes.len() * NUMBER_BYTES / 2);
        self.at.len() * NUMBER_BYTES + bytes.sum::<usize>()
    }

    /// Adds the events of some rows of a piece; says which of these were left out. That are those
    /// which are not plain, and all that follow of the same person up to the next sheet: what comes
    /// before may say what is allowed, and of one moment the first comes first.
    pub fn read(
        &mut self,
        piece: &Piece,
        rows: Range<usize>,
        parse_time: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Vec<bool> {
        let (first, mut odd) = (self.at.len(), vec![false; rows.len()]);
        self.ids.read(piece, &rows, &mut odd, true, |cell| {
            Some(id_text(cell.clone(), "").ok()?.as_str().into())
        });
        self.names.read(piece, &rows, &mut odd, true, |cell| match cell {
            Cell::Value(Value::Text(name)) if !name.is_empty() => {
                check_text(name, Limit::Name).ok().map(|_| Value::Text(name.clone()))
            }
            _ => None,
        });
        let time = |cell: Option<&Cell>, odd: &mut bool| {
            let at = cell.and_then(|cell| instant_of_cell(cell.clone(), parse_time).ok());
            *odd |= at.is_none();
            at.map_or(0, |at| at.0)
        };
        match piece.cells(self.times) {
            ColumnCells::Coded(codes, cells) => {
                let cell = |code: &u32| code.checked_sub(1).map(|at| &cells[at as usize]);
                let times = codes[rows.clone()]
                    .iter()
                    .zip(&mut odd)
                    .map(|(code, odd)| time(cell(code), odd));
                self.at.extend(times);
            }
            ColumnCells::Each(cells) => {
                let times = cells[rows.clone()]
                    .iter()
                    .zip(&mut odd)
                    .map(|(cell, odd)| time(cell.as_ref(), odd));
                self.at.extend(times);
            }
            ColumnCells::Numbers(numbers) => {
                let times = rows.clone().zip(&mut odd);
                let times = times.map(|(row, odd)| time(numbers.cell(row).as_ref(), odd));
                self.at.extend(times);
            }
        }
        if let Some(sessions) = &mut self.sessions {
            sessions.read(piece, &rows, &mut odd, false, |cell| plain(session(cell.clone())));
        }
        for (_, column) in &mut self.columns {
            column.read(piece, &rows, &mut odd, false, |cell| plain(property(cell.clone())));
        }
        if odd.contains(&true) || !self.aside.is_empty() {
            self.set_aside(first, &mut odd);
            let columns = self.columns.iter_mut().map(|(_, column)| column);
            let sources = columns.chain([&mut self.ids, &mut self.names]).chain(&mut self.sessions);
            sources.for_each(|source| leave_out(&mut source.codes, first, &odd));
            leave_out(&mut self.at, first, &odd);
        }
        odd
    }

    /// Leaves out those who follow somebody's row that is left out.
    fn set_aside(&mut self, first: usize, odd: &mut [bool]) {
        for (place, odd) in self.ids.codes[first..].iter().zip(odd) {
            let Some(place) = place.checked_sub(1) else { continue };
            let Value::Text(id) = &self.ids.values[place as usize] else { continue };
            if *odd {
                self.aside.insert(id.clone());
            }
            *odd |= self.aside.contains(id);
        }
    }

    /// What was added since the last one.
    pub fn sheet(&mut self) -> IncomingSheet {
        let rows = self.at.len();
        self.aside.clear();
        let (ids, owners) = self.ids.take_texts();
        let (names, codes) = self.names.take_texts();
        let sessions = self.sessions.as_mut().map(|sessions| sessions.take(SESSION.into()));
        let columns = self.columns.iter_mut().map(|(name, column)| column.take(name.clone()));
        IncomingSheet {
            ids,
            devices: self.devices,
            owners,
            times: std::mem::replace(&mut self.at, Vec::with_capacity(rows)),
            names,
            codes,
            sessions: sessions.unwrap_or_default(),
            columns: columns.collect(),
        }
    }
}

/// The reserved property that names a visit.
const SESSION: &str = "session";

/// A value that a sheet can hold, within the limits of a record.
fn plain(value: Value) -> Option<Value> {
    let nested = matches!(value, Value::List(_) | Value::Object(_));
    (!nested && check_value(&value, &mut 0).is_ok()).then_some(value)
}

fn leave_out<T: Copy>(all: &mut Vec<T>, first: usize, odd: &[bool]) {
    let mut kept = first;
    for (at, odd) in odd.iter().enumerate() {
        if !odd {
            all[kept] = all[first + at];
            kept += 1;
        }
    }
    all.truncate(kept);
}
