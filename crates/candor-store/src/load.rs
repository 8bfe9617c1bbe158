//! Opening a store: the files that the manifest names become resident again, volume by volume on
//! all cores.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use candor_keys::PublisherKeys;

use crate::ahead::Ahead;
use crate::error::Error;
use crate::manifest::{Listed, Manifest};
use crate::part::{self, ArrivalReader, BaseFiles, Place, SealedPart};
use crate::resident::filed::Filed;
use crate::resident::names::Names;
use crate::resident::people::{People, Trait};
use crate::store::Store;
use crate::threads::try_side_by_side;
use crate::volume::{Saved, Volume};

/// What all volumes are loaded with.
struct Loader<'a> {
    store: &'a Store,
    keys: &'a PublisherKeys,
    manifest: &'a Manifest,
    ahead: Option<&'a Ahead>,
    erased: HashSet<(u16, u32)>,
    /// Names are shared by the volumes; they are interned once per column.
    properties: Mutex<&'a mut Arc<Names>>,
}

impl Store {
    /// Decodes the files of the manifest that hold who did what; for opening.
    pub(crate) fn load(&self, ahead: Option<&Ahead>) -> Result<(), Error> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let mut state = self.state();
        let state = &mut *state;
        let manifest = state.manifest.clone();
        manifest.check_files(&self.config.folder)?;
        let loader = Loader {
            store: self,
            keys,
            manifest: &manifest,
            ahead,
            erased: manifest.erased.iter().copied().collect(),
            properties: Mutex::new(&mut state.properties),
        };
        loader.all(&mut state.volumes)?;
        if !manifest.merges.is_empty() {
            // Those of losers are lent.
            try_side_by_side(cores(), filed(&state.volumes), |filed| filed.read())?;
        }
        let mut reader = ArrivalReader::new(self);
        for (loser, winner) in &manifest.merges {
            state.fold(*loser, *winner, &mut reader)?;
        }
        Ok(())
    }

    /// Reads what people are known by, unless that was done: a start leaves it for when somebody
    /// asks, and whatever changes or writes traits comes after it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Keys`] name the file.
    pub fn read_traits(&self) -> Result<(), Error> {
        if !self.traits_read.load(Ordering::Acquire) {
            let filed = filed(&self.state().volumes);
            // On one thread: nobody waits for it, or else a question works beside it.
            filed.iter().try_for_each(|filed| filed.read())?;
            self.traits_read.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// The files of a volume's traits, the oldest first.
struct TraitFiles {
    folder: PathBuf,
    keys: PublisherKeys,
    listed: Vec<Listed>,
}

impl TraitFiles {
    fn place(&self, listed: &Listed) -> Place<'_> {
        let (folder, keys, generation) = (&self.folder, &self.keys, listed.generation);
        Place { folder, keys, volume: listed.volume, bucket: 0, generation, ahead: None }
    }

    /// All of them, each with the ordinal of its person.
    fn read(&self, names: &Names) -> Result<Vec<(u32, Trait)>, Error> {
        let (mut all, code_of) = (Vec::new(), |name: &str| names.code(name));
        for listed in &self.listed {
            part::read_traits(&self.place(listed), &listed.file, &code_of, &mut all)?;
        }
        Ok(all)
    }
}

/// What is left to be read of traits.
fn filed(volumes: &[Volume]) -> Vec<Arc<Filed>> {
    volumes.iter().filter_map(|volume| volume.people.filed().cloned()).collect()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

impl Loader<'_> {
    fn all(&self, volumes: &mut [Volume]) -> Result<(), Error> {
        let volumes = volumes.iter_mut().enumerate().collect();
        try_side_by_side(cores(), volumes, |(number, volume)| self.one(number as u16, volume))
    }

    fn one(&self, number: u16, volume: &mut Volume) -> Result<(), Error> {
        let people = Arc::make_mut(&mut volume.people);
        for listed in self.manifest.people.iter().filter(|listed| listed.volume == number) {
            self.people(listed, people)?;
        }
        let traits = self.traits(number, people.len())?;
        people.file(traits);
        let parts = self.manifest.parts.iter().filter(|part| part.volume == number);
        let folder = &self.store.config.folder;
        let parts: Vec<_> = parts.map(|one| SealedPart::new(folder.clone(), one.clone())).collect();
        let place = |part: &Arc<SealedPart>| self.place(part.volume, part.bucket, part.generation);
        let places: Vec<Place<'_>> = parts.iter().map(place).collect();
        let events = self.manifest.events.len() as u32;
        let files = Arc::new(BaseFiles::new(folder.clone(), self.keys.clone(), parts.clone()));
        let properties = self.properties(&places, &parts)?.into_iter();
        let (base, people) = part::read_base(&places, &files, &parts, events, properties)?;
        volume.take_in(base);
        let saved = parts.into_iter().zip(people);
        let saved = saved.map(|(part, people)| Saved { part, people, segment: None });
        volume.saved = saved.collect();
        volume.saved_people = volume.people.len();
        Ok(())
    }

    fn place(&self, volume: u16, bucket: i64, generation: u64) -> Place<'_> {
        Place { ahead: self.ahead, ..self.store.place(self.keys, volume, bucket, generation) }
    }

    /// The codes and names of all properties of some parts.
    fn properties(
        &self,
        places: &[Place<'_>],
        parts: &[Arc<SealedPart>],
    ) -> Result<BTreeMap<u32, Arc<str>>, Error> {
        let mut all = BTreeMap::new();
        for (place, part) in places.iter().zip(parts) {
            let told = part.properties.iter().flatten();
            all.extend(told.map(|code| (*code, self.manifest.properties[*code as usize].clone())));
            if part.properties.is_none() {
                let names = part::read_names(place, part)?.into_iter();
                all.extend(names.map(|name| (self.intern(&name), name.into())));
            }
        }
        Ok(all)
    }

    fn people(&self, listed: &Listed, people: &mut People) -> Result<(), Error> {
        let place = self.place(listed.volume, 0, listed.generation);
        let ids = part::read_people(&place, &listed.file, people.len())?;
        let first = people.len();
        let erased = |at: usize| self.erased.contains(&(listed.volume, first + at as u32));
        people.extend(ids.into_iter().enumerate().map(|(at, id)| (!erased(at)).then_some(id)));
        Ok(())
    }

    /// The traits of a volume's people, of whom there are so many, to be read when they are first
    /// looked at.
    fn traits(&self, volume: u16, people: u32) -> Result<Filed, Error> {
        let listed = self.manifest.traits.iter().filter(|listed| listed.volume == volume);
        let folder = self.store.config.folder.clone();
        let files =
            TraitFiles { folder, keys: self.keys.clone(), listed: listed.cloned().collect() };
        // Manifests of older versions do not name them.
        if self.manifest.properties.is_empty() {
            for listed in &files.listed {
                let names = part::trait_names(&files.place(listed), &listed.file)?;
                for name in names {
                    self.intern(&name);
                }
            }
        }
        let names = self.properties.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let erased = self.manifest.erased.iter().filter(|one| one.0 == volume);
        let erased: HashSet<u32> = erased.map(|one| one.1).collect();
        Ok(Filed::new(move || {
            let mut all = files.read(&names)?;
            all.retain(|one| one.0 < people && !erased.contains(&one.0));
            Ok(all)
        }))
    }

    fn intern(&self, name: &str) -> u32 {
        let mut properties = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        Names::intern(&mut properties, name)
    }
}
