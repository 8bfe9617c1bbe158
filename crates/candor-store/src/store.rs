//! One publisher's store: a fold over the log, in memory and in sealed parts.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candor_event::{
    ByPerson, CONSENT_TRAIT, Clock, DataClass, Event, Merge, PersonId, Record, Split, TraitOp,
    Value,
};
use candor_keys::PublisherKeys;

use crate::config::{ClassOf, StoreConfig};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::part::{ArrivalReader, Place, Print, is_nested};
use crate::pending::Pending;
use crate::resident::names::{BatchCodes, Names};
use crate::resident::people::{People, Trait};
use crate::resident::slot::count_question;
use crate::resident::tail::Row;
use crate::threads::side_by_side;
use crate::touched::{Touches, What};
use crate::view::View;
use crate::volume::Volume;

/// One publisher's events and traits. All methods may be called from any thread and block; none
/// waits for a question.
pub struct Store {
    pub(crate) config: StoreConfig,
    /// None: nothing is kept on disk.
    pub(crate) keys: Option<PublisherKeys>,
    pub(crate) class_of: ClassOf,
    pub(crate) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// The offset after the last record applied; changed by who holds the state alone, and read
    /// without waiting for it.
    applied: AtomicU64,
    /// All that files hold of traits was read.
    pub(crate) traits_read: AtomicBool,
    /// Held by the one who writes files.
    pub(crate) writing: Mutex<()>,
}

pub(crate) struct State {
    pub(crate) volumes: Vec<Volume>,
    pub(crate) events: Arc<Names>,
    pub(crate) properties: Arc<Names>,
    /// As it lies on disk.
    pub(crate) manifest: Manifest,
    /// (loser, winner) of merges in force, oldest first.
    pub(crate) merges: Vec<(PersonId, PersonId)>,
    /// (volume, ordinal) of erased people.
    pub(crate) erased: Vec<(u16, u32)>,
    /// Loser to winner, for merges in force, and winner to those folded directly into them.
    pub(crate) merged: ByPerson<PersonId>,
    losers: ByPerson<Vec<PersonId>>,
    pub(crate) touches: Touches,
    view: Option<Arc<View>>,
}

impl Store {
    /// Opens a publisher's store and decodes who did what when; all else is read when it is looked
    /// at.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Keys`] name the file; nothing is changed then. Of files that
    /// are read later only their sizes are looked at.
    pub fn open(
        mut config: StoreConfig,
        keys: PublisherKeys,
        class_of: ClassOf,
        clock: Arc<dyn Clock>,
    ) -> Result<Store, Error> {
        let ahead = config.ahead.take();
        let folder = config.folder.clone();
        fs::create_dir_all(&folder).map_err(|e| Error::disk("create folder", &folder, e))?;
        let manifest = Manifest::read(&folder, &keys)?;
        let manifest =
            manifest.unwrap_or_else(|| Manifest { volumes: config.volumes, ..Manifest::default() });
        manifest.sweep(&folder)?;
        let store = Store::new(config, Some(keys), class_of, clock, manifest);
        let loaded = store.load(ahead.as_deref());
        ahead.iter().for_each(|ahead| ahead.leave(&store.config.folder));
        loaded?;
        Ok(store)
    }

    /// A store without files, for asking questions in tests.
    pub fn in_memory(volumes: u16, clock: Arc<dyn Clock>) -> Store {
        let config = StoreConfig { volumes, ..StoreConfig::new(PathBuf::new()) };
        let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
        Store::new(config, None, class_of, clock, Manifest { volumes, ..Manifest::default() })
    }

    fn new(
        config: StoreConfig,
        keys: Option<PublisherKeys>,
        class_of: ClassOf,
        clock: Arc<dyn Clock>,
        manifest: Manifest,
    ) -> Store {
        assert!(manifest.volumes.is_power_of_two(), "the number of volumes is a power of two");
        let state = State {
            volumes: (0..manifest.volumes).map(|_| Volume::default()).collect(),
            events: Arc::new(Names::from_list(manifest.events.clone())),
            properties: Arc::new(Names::from_list(manifest.properties.clone())),
            merged: ByPerson::default(),
            losers: ByPerson::default(),
            touches: Touches::default(),
            view: None,
            merges: manifest.merges.clone(),
            erased: manifest.erased.clone(),
            manifest,
        };
        let applied = AtomicU64::new(state.manifest.covered);
        let (state, writing) = (Mutex::new(state), Mutex::new(()));
        let traits_read = AtomicBool::default();
        Store { config, keys, class_of, clock, state, applied, traits_read, writing }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log offset that the files cover: after a restart, apply from here.
    pub fn covered(&self) -> u64 {
        self.state().manifest.covered
    }

    /// The offset after the last record applied.
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Applies records in the order of the log; `next` is the offset after them. Repeats of events
    /// are dropped. The next view shows them.
    ///
    /// # Errors
    /// A part that must be read to tell a repeat apart may fail; then part of the records is
    /// applied, and applying the same records again is harmless.
    pub fn apply(&self, records: impl IntoIterator<Item = Record>, next: u64) -> Result<(), Error> {
        let mut records = records.into_iter().peekable();
        if records.peek().is_none() {
            let _state = self.state();
            self.applied.store(next, Ordering::Release);
            return Ok(());
        }
        self.read_traits()?;
        let mut state = self.state();
        let mut reader = ArrivalReader::new(self);
        state.apply(&mut records, &self.config, &mut reader)?;
        let rows_max = self.config.tail_rows_max;
        // Each volume at another size: they grow alike, and would all be joined at one moment.
        let sizes = (0..).map(|place| rows_max - rows_max / 32 * (place % 16));
        let grown = state.volumes.iter_mut().zip(sizes);
        let grown = grown.filter(|(volume, rows_max)| volume.tail.rows > *rows_max);
        side_by_side(self.config.threads, grown.collect(), |(volume, rows_max)| {
            volume.fold_tail(rows_max, self.config.alike_max());
        });
        self.applied.store(next, Ordering::Release);
        state.view = None;
        Ok(())
    }

    /// What a question may see now.
    pub fn view(&self) -> Arc<View> {
        count_question();
        self.view_of(&mut self.state())
    }

    pub(crate) fn view_of(&self, state: &mut State) -> Arc<View> {
        if let Some(view) = &state.view {
            return view.clone();
        }
        let volumes = state.volumes.iter();
        let volumes = volumes.map(|volume| Arc::new(volume.view(&state.events, &state.properties)));
        let view = Arc::new(View { volumes: volumes.collect(), as_of: self.clock.now() });
        state.view = Some(view.clone());
        view
    }

    /// Whether some volume has so many rows that only the log holds that a flush pays.
    pub fn flush_due(&self) -> bool {
        let rows_max = self.config.flush_rows;
        self.state().volumes.iter().any(|volume| volume.unsaved_rows() >= rows_max)
    }

    pub(crate) fn place<'a>(
        &'a self,
        keys: &'a PublisherKeys,
        volume: u16,
        bucket: i64,
        generation: u64,
    ) -> Place<'a> {
        Place { folder: &self.config.folder, keys, volume, bucket, generation, ahead: None }
    }
}

impl State {
    pub(crate) fn volume_of(&self, person: PersonId) -> usize {
        usize::from(person.volume(self.volumes.len() as u16))
    }

    /// Who a person is now, through all merges.
    fn canonical(&self, mut person: PersonId) -> PersonId {
        let mut steps = 0;
        while let Some(winner) = self.merged.get(&person) {
            person = *winner;
            steps += 1;
            assert!(steps <= self.merged.len(), "merges have no circle");
        }
        person
    }

    fn apply(
        &mut self,
        records: &mut dyn Iterator<Item = Record>,
        config: &StoreConfig,
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<(), Error> {
        let mut codes = BatchCodes::default();
        let mut pending: Vec<Pending> = Vec::new();
        pending.resize_with(self.volumes.len(), Pending::default);
        for record in records {
            match record {
                Record::Event(event) => self.add(event, &mut codes, &mut pending, arrivals)?,
                Record::Sheet(sheet) => {
                    self.add_sheet(&sheet, config, &mut pending, arrivals)?;
                }
                Record::Trait(change) => {
                    self.change_trait(change.person, &change.property, change.at, change.op);
                }
                Record::Consent(change) => {
                    for (purpose, yes) in &change.purposes {
                        let name = format!("{CONSENT_TRAIT}{purpose}");
                        let op = TraitOp::Set(Value::Bool(*yes));
                        self.change_trait(change.person, &name, change.at, op);
                    }
                }
                Record::Link(_) | Record::FirstSeen(_) => {}
                Record::Merge(Merge { winner, loser, .. }) => {
                    self.settle(&mut pending);
                    let winner = self.canonical(winner);
                    if winner != loser && !self.merged.contains_key(&loser) {
                        self.merges.push((loser, winner));
                        self.fold(loser, winner, arrivals)?;
                    }
                }
                Record::Split(Split { loser, .. }) => {
                    self.settle(&mut pending);
                    self.unfold(loser);
                }
                Record::Erase { person, .. } => {
                    self.settle(&mut pending);
                    self.erase(person);
                }
            }
        }
        self.settle(&mut pending);
        Ok(())
    }

    pub(crate) fn add(
        &mut self,
        event: Event,
        codes: &mut BatchCodes,
        pending: &mut [Pending],
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<(), Error> {
        let code = codes.events.of(&event.name, |name| self.event_code(name).into()) as u16;
        let at = self.volume_of(event.person);
        let ordinal = People::admit(&mut self.volumes[at].people, event.person);
        let properties = event.properties.into_iter();
        let properties = properties
            .map(|(name, value)| {
                (
                    codes.properties.of(&name, |name| Names::intern(&mut self.properties, name)),
                    value,
                )
            })
            .collect();
        let row = Row {
            ordinal,
            time: event.occurred_at.0,
            code,
            session: event.session.unwrap_or(0),
            received: event.received_at.0,
            print: Print::told(event.fingerprint).into(),
            lent_by: None,
            own_before: 0,
            properties,
        };
        // Most events are the latest of their person: nothing can be a repeat of what comes later.
        let comes_last = self.volumes[at].comes_last(ordinal, row.time);
        if !comes_last || row.properties.iter().any(|(_, value)| is_nested(value)) {
            arrivals.print_of(&row, &self.properties);
        }
        if !comes_last {
            let print_of = |other: &Row| arrivals.print_of(other, &self.properties);
            if pending[at].has(&row, print_of)
                || self.volumes[at].has(&row, arrivals, &self.properties)?
            {
                return Ok(());
            }
        }
        let mut next = self.merged.get(&event.person).copied();
        while let Some(above) = next {
            let home = self.volume_of(above);
            let ordinal = People::admit(&mut self.volumes[home].people, above);
            self.touches.push(home, ordinal, What::Event(code));
            let lent_by = Some(event.person);
            arrivals.print_of(&row, &self.properties);
            let mut guest = Row { ordinal, lent_by, ..row.clone() };
            if !self.volumes[home].comes_last(ordinal, guest.time) {
                self.settle(pending);
                guest.own_before = self.volumes[home].own_before(&guest, arrivals)?;
            }
            pending[home].push_guest(guest);
            next = self.merged.get(&above).copied();
        }
        self.touches.push(at, row.ordinal, What::Event(code));
        pending[at].push(row);
        Ok(())
    }

    /// Names beyond the limit share one code.
    pub(crate) fn event_code(&mut self, name: &str) -> u16 {
        let room = self.events.list().len() < EVENT_NAMES_MAX || self.events.code(name).is_some();
        Names::intern(&mut self.events, if room { name } else { TOO_MANY_NAMES }) as u16
    }

    pub(crate) fn settle(&mut self, pending: &mut [Pending]) {
        for (volume, pending) in self.volumes.iter_mut().zip(pending) {
            pending.settle(volume);
        }
    }

    fn change_trait(
        &mut self,
        person: PersonId,
        name: &str,
        at: candor_event::Timestamp,
        op: TraitOp,
    ) {
        let person = self.canonical(person);
        let code = Names::intern(&mut self.properties, name);
        let at_volume = self.volume_of(person);
        let volume = &mut self.volumes[at_volume];
        let ordinal = People::admit(&mut volume.people, person);
        Arc::make_mut(&mut volume.people).change_trait(ordinal, code, at, op);
        volume.changed.insert(ordinal);
        self.touches.push(at_volume, ordinal, What::Trait);
    }

    /// Folds one person into another: the loser is hidden and lends rows and traits.
    pub(crate) fn fold(
        &mut self,
        loser: PersonId,
        winner: PersonId,
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<(), Error> {
        let from = self.volume_of(loser);
        let hidden = People::admit(&mut self.volumes[from].people, loser);
        let rows = self.volumes[from].rows_of(hidden, loser, arrivals, &self.properties)?;
        Arc::make_mut(&mut self.volumes[from].people).set_hidden(hidden, true);
        self.merged.insert(loser, winner);
        self.losers.entry(winner).or_default().push(loser);
        let to = self.volume_of(winner);
        let ordinal = People::admit(&mut self.volumes[to].people, winner);
        let mut rows: Vec<_> = rows.into_iter().map(|row| Row { ordinal, ..row }).collect();
        for row in &mut rows {
            // What it was lent to before does not count here.
            row.own_before = match self.volumes[to].comes_last(ordinal, row.time) {
                true => 0,
                false => self.volumes[to].own_before(row, arrivals)?,
            };
        }
        self.volumes[to].guests.push(rows.into_iter().map(Arc::new).collect());
        self.touches.push(from, hidden, What::Who);
        self.lend_traits(winner);
        Ok(())
    }

    /// Takes a merge back: every event returns to the person it first had.
    fn unfold(&mut self, loser: PersonId) {
        let Some(winner) = self.unmerge(loser) else { return };
        self.merges.retain(|(other, _)| *other != loser);
        let from = self.volume_of(loser);
        if let Some(ordinal) = self.volumes[from].people.ordinal(loser) {
            Arc::make_mut(&mut self.volumes[from].people).set_hidden(ordinal, false);
            self.touches.push(from, ordinal, What::Who);
        }
        // Rows are lent by whom they first belonged to; everyone below the loser goes with them,
        // out of the winner and of everyone the winner was folded into since.
        let leaving: Vec<PersonId> =
            self.below(loser).into_iter().chain(std::iter::once(loser)).collect();
        let mut next = Some(winner);
        while let Some(above) = next {
            let home = self.volume_of(above);
            if let Some(ordinal) = self.volumes[home].people.ordinal(above) {
                self.volumes[home].guests.retain(|row| {
                    row.ordinal != ordinal || !row.lent_by.is_some_and(|by| leaving.contains(&by))
                });
            }
            self.lend_traits(above);
            next = self.merged.get(&above).copied();
        }
    }

    /// Everyone who is folded into a person, through all merges.
    fn below(&self, person: PersonId) -> Vec<PersonId> {
        let mut below = Vec::new();
        let mut next = vec![person];
        while let Some(one) = next.pop() {
            let losers = self.losers.get(&one).into_iter().flatten().copied();
            below.extend(losers.clone());
            next.extend(losers);
        }
        below
    }

    /// Ends the merge of a loser; who the winner was.
    fn unmerge(&mut self, loser: PersonId) -> Option<PersonId> {
        let winner = self.merged.remove(&loser)?;
        let losers = self.losers.get_mut(&winner)?;
        losers.retain(|other| *other != loser);
        if losers.is_empty() {
            self.losers.remove(&winner);
        }
        Some(winner)
    }

    fn lend_traits(&mut self, winner: PersonId) {
        let mut lent: Vec<Trait> = Vec::new();
        for loser in self.below(winner) {
            let volume = &self.volumes[self.volume_of(loser)];
            let Some(ordinal) = volume.people.ordinal(loser) else { continue };
            for one in volume.people.own_traits(ordinal).iter() {
                match lent.binary_search_by_key(&one.0, |t| t.0) {
                    Ok(place) if lent[place].1 < one.1 => lent[place] = one.clone(),
                    Ok(_) => {}
                    Err(place) => lent.insert(place, one.clone()),
                }
            }
        }
        let at = self.volume_of(winner);
        let people = Arc::make_mut(&mut self.volumes[at].people);
        if let Some(ordinal) = people.ordinal(winner) {
            people.lend(ordinal, lent);
            self.touches.push(at, ordinal, What::Who);
        }
    }

    /// Forgets a person and everyone folded into them.
    fn erase(&mut self, person: PersonId) {
        let person = self.canonical(person);
        let mut leaving = self.below(person);
        leaving.push(person);
        for id in leaving {
            self.unmerge(id);
            self.merges.retain(|(loser, _)| *loser != id);
            let at = self.volume_of(id);
            let volume = &mut self.volumes[at];
            let Some(ordinal) = volume.people.ordinal(id) else { continue };
            Arc::make_mut(&mut volume.people).erase(ordinal);
            volume.changed.remove(&ordinal);
            volume.tail.retain(|row| row.ordinal != ordinal);
            volume.guests.retain(|row| row.ordinal != ordinal);
            self.erased.push((at as u16, ordinal));
            self.touches.push(at, ordinal, What::Who);
        }
    }

    pub(crate) fn name_of(&self) -> impl Fn(u32) -> Arc<str> + use<> {
        let names = self.properties.clone();
        move |code| names.name(code).clone()
    }

    pub(crate) fn forget_view(&mut self) {
        self.view = None;
    }
}

/// Names of events that one publisher may have.
const EVENT_NAMES_MAX: usize = 16_384;

/// What events beyond [`EVENT_NAMES_MAX`] names are called.
const TOO_MANY_NAMES: &str = "(too many event names)";
