//! Opening a store: the files that the manifest names become resident again, volume by volume on
//! all cores.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use candor_keys::PublisherKeys;

use crate::error::Error;
use crate::manifest::{Listed, Manifest};
use crate::part::{self, ArrivalReader, BaseFiles, Place, SealedPart};
use crate::resident::names::Names;
use crate::resident::people::People;
use crate::store::Store;
use crate::threads::side_by_side;
use crate::volume::{Saved, Volume};

/// What all volumes are loaded with.
struct Loader<'a> {
    store: &'a Store,
    keys: &'a PublisherKeys,
    manifest: &'a Manifest,
    erased: HashSet<(u16, u32)>,
    /// Names are shared by the volumes; they are interned once per column.
    properties: Mutex<&'a mut Arc<Names>>,
}

impl Store {
    /// Decodes the files of the manifest; for opening.
    pub(crate) fn load(&self) -> Result<(), Error> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let mut state = self.state();
        let state = &mut *state;
        let manifest = state.manifest.clone();
        manifest.check_files(&self.config.folder)?;
        let loader = Loader {
            store: self,
            keys,
            manifest: &manifest,
            erased: manifest.erased.iter().copied().collect(),
            properties: Mutex::new(&mut state.properties),
        };
        loader.all(&mut state.volumes)?;
        let mut reader = ArrivalReader::new(self);
        for (loser, winner) in &manifest.merges {
            state.fold(*loser, *winner, &mut reader)?;
        }
        Ok(())
    }
}

impl Loader<'_> {
    fn all(&self, volumes: &mut [Volume]) -> Result<(), Error> {
        let failed: Mutex<Option<Error>> = Mutex::new(None);
        let failed_so_far = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        side_by_side(threads, volumes.iter_mut().enumerate().collect(), |(number, volume)| {
            if failed_so_far().is_some() {
                return;
            }
            if let Err(error) = self.one(number as u16, volume) {
                *failed_so_far() = Some(error);
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn one(&self, number: u16, volume: &mut Volume) -> Result<(), Error> {
        let people = Arc::make_mut(&mut volume.people);
        for listed in self.manifest.people.iter().filter(|listed| listed.volume == number) {
            self.people(listed, people)?;
        }
        for listed in self.manifest.traits.iter().filter(|listed| listed.volume == number) {
            self.traits(listed, people)?;
        }
        let parts = self.manifest.parts.iter().filter(|part| part.volume == number);
        let folder = &self.store.config.folder;
        let parts: Vec<_> = parts.map(|one| SealedPart::new(folder.clone(), one.clone())).collect();
        let place = |part: &Arc<SealedPart>| {
            self.store.place(self.keys, part.volume, part.bucket, part.generation)
        };
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
        let place = self.store.place(self.keys, listed.volume, 0, listed.generation);
        let ids = part::read_people(&place, &listed.file, people.len())?;
        let first = people.len();
        let erased = |at: usize| self.erased.contains(&(listed.volume, first + at as u32));
        people.extend(ids.into_iter().enumerate().map(|(at, id)| (!erased(at)).then_some(id)));
        Ok(())
    }

    fn traits(&self, listed: &Listed, people: &mut People) -> Result<(), Error> {
        let place = self.store.place(self.keys, listed.volume, 0, listed.generation);
        // Traits name their property in each row, and neighbours are often alike.
        let mut last: Option<(String, u32)> = None;
        let mut intern = |name: &str| match &last {
            Some((known, code)) if known == name => *code,
            _ => {
                let code = self.intern(name);
                last = Some((name.to_owned(), code));
                code
            }
        };
        part::read_traits(&place, &listed.file, &mut intern, |ordinal, new| {
            if ordinal < people.len() && people.visible(ordinal) {
                people.put_traits(ordinal, new);
            }
        })
    }

    fn intern(&self, name: &str) -> u32 {
        let mut properties = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        Names::intern(&mut properties, name)
    }
}
