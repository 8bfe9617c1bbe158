//! Fewer, larger pieces: parts of a bucket become one, and what was saved since joins the base.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use candor_keys::PublisherKeys;

use crate::error::Error;
use crate::part::{self, BaseFiles, Part, Place, SealedPart};
use crate::people_set::PeopleSet;
use crate::resident::arrivals::Arrivals;
use crate::resident::join::Join;
use crate::resident::names::Names;
use crate::resident::order::ALWAYS;
use crate::resident::segment::Segment;
use crate::store::{State, Store};
use crate::threads::side_by_side;
use crate::volume::{Saved, held_arrivals};

/// A bucket of a volume is compacted when it has this many parts.
const PARTS_PER_BUCKET_MAX: usize = 6;

/// Parts of a volume that are to become one.
struct Chosen {
    volume: usize,
    parts: Vec<Arc<SealedPart>>,
    /// Ordinals of people who were erased.
    erased: BTreeSet<u32>,
    /// Some of them have rows in there.
    holds_erased: bool,
}

/// A part that was made of others, and who has rows in it.
type New = (Arc<SealedPart>, PeopleSet);

impl Store {
    /// Joins small parts and rewrites those that hold erased people. Answers stay the same.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub fn compact(&self) -> Result<(), Error> {
        let Some(keys) = &self.keys else { return Ok(()) };
        while self.compact_once(keys)? {}
        Ok(())
    }

    /// Some volumes side by side; whether there was anything.
    fn compact_once(&self, keys: &PublisherKeys) -> Result<bool, Error> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state();
        let now = self.clock.now().0;
        let volumes = 0..state.volumes.len();
        let chosen = volumes.filter_map(|volume| choose(&state, volume, now));
        let chosen: Vec<Chosen> = chosen.take(self.config.threads.max(1)).collect();
        let name_of = state.name_of();
        let generation = state.manifest.generation + 1;
        let events = state.events.list().len() as u32;
        drop(state);

        let mut written: Vec<Result<Option<New>, Error>> =
            chosen.iter().map(|_| Ok(None)).collect();
        let each = chosen.iter().zip(&mut written).collect();
        side_by_side(self.config.threads, each, |(chosen, written)| {
            *written = self.rewrite(keys, chosen, (events, generation, now), &name_of);
        });
        let any = !chosen.is_empty();
        for (chosen, written) in chosen.into_iter().zip(written) {
            self.replace(keys, chosen, generation, written?)?;
        }
        Ok(any)
    }

    /// Writes the parts as one; nothing where nobody's rows are left.
    fn rewrite(
        &self,
        keys: &PublisherKeys,
        chosen: &Chosen,
        (events, generation, now): (u32, u64, i64),
        name_of: &dyn Fn(u32) -> Arc<str>,
    ) -> Result<Option<New>, Error> {
        let (volume, bucket) = (chosen.volume as u16, chosen.parts[0].bucket);
        let joined = self.read_joined(keys, chosen, events)?;
        if joined.rows() == 0 {
            return Ok(None);
        }
        let held: Arc<Arrivals> = held_arrivals(std::slice::from_ref(&joined)).remove(0);
        let place = self.place(keys, volume, bucket, generation);
        let part = part::write_part(&place, &joined, &held, name_of, &*self.class_of, now)?;
        let part = SealedPart::new(self.config.folder.clone(), part);
        Ok(Some((part, joined.owners().who())))
    }

    /// Puts the new part in the place of those that it was made of.
    fn replace(
        &self,
        keys: &PublisherKeys,
        chosen: Chosen,
        generation: u64,
        new: Option<New>,
    ) -> Result<(), Error> {
        // What stands for a part that is gone stands in the base from now on.
        self.join_base(chosen.volume);
        let gone = |part: &Part| chosen.parts.iter().any(|old| ***old == *part);
        let mut state = self.state();
        let mut manifest = state.manifest.clone();
        let stand = manifest.parts.iter().position(&gone).unwrap_or(manifest.parts.len());
        manifest.parts.retain(|part| !gone(part));
        if let Some((part, _)) = &new {
            manifest.parts.insert(stand, Part::clone(part));
        }
        // A part of an older version may have told of some only now.
        manifest.properties = state.properties.list().to_vec();
        manifest.generation = generation;
        manifest.write(&self.config.folder, keys)?;
        state.manifest = manifest;
        if let Some(files) = state.volumes[chosen.volume].base.files() {
            files.replace(&gone, new.as_ref().map(|(part, _)| part.clone()));
        }
        let saved = &mut state.volumes[chosen.volume].saved;
        let stand = saved.iter().position(|saved| gone(&saved.part)).unwrap_or(saved.len());
        saved.retain(|saved| !gone(&saved.part));
        if let Some((part, people)) = new {
            saved.insert(stand, Saved { part, people, segment: None });
        }
        drop(state);
        chosen.parts.into_iter().map(SealedPart::leave).fold(Ok(()), Result::and)?;
        if chosen.holds_erased {
            // They leave memory too.
            self.join_base(chosen.volume);
        }
        Ok(())
    }

    /// The parts as one segment, without those who were erased, read from their files.
    fn read_joined(
        &self,
        keys: &PublisherKeys,
        chosen: &Chosen,
        events: u32,
    ) -> Result<Arc<Segment>, Error> {
        let (mut segments, mut arrivals) = (Vec::new(), Vec::new());
        for part in &chosen.parts {
            let place: Place<'_> = self.place(keys, part.volume, part.bucket, part.generation);
            let intern = &mut |name: &str| Names::intern(&mut self.state().properties, name);
            let all = part::read_arrivals(&place, part, 0..part.events as usize)?;
            arrivals.push(Arc::new(all));
            let segment = part::read_segment(place, part, events, intern)?;
            segments.push(Arc::new(segment));
        }
        let keep = |ordinal: u32| !chosen.erased.contains(&ordinal);
        Ok(Arc::new(Join::new(&segments, &keep, ALWAYS).all(Some(&arrivals))))
    }

    /// Takes what was saved since into the bases that are no more than `times` as large. Who calls
    /// holds `writing`.
    pub(crate) fn join_bases(&self, times: usize) {
        let state = self.state();
        let due = |(index, volume): (usize, &crate::volume::Volume)| {
            let own = volume.saved.iter().filter_map(|saved| saved.segment.as_ref());
            let rows: usize = own.map(|segment| segment.rows()).sum();
            (rows >= self.config.beside_min() && rows * times >= volume.base.rows())
                .then_some(index)
        };
        let due: Vec<usize> = state.volumes.iter().enumerate().filter_map(due).collect();
        drop(state);
        side_by_side(self.config.threads, due, |volume| self.join_base(volume));
    }

    /// Takes what was saved since into the base of a volume; who was erased leaves it. Who calls
    /// holds `writing`, so that no part comes or goes meanwhile.
    fn join_base(&self, volume: usize) {
        let Some(keys) = &self.keys else { return };
        let state = self.state();
        let erased = erased_of(&state, volume);
        let held = &state.volumes[volume];
        let mut sources = vec![held.base.clone()];
        sources.extend(held.saved.iter().filter_map(|saved| saved.segment.clone()));
        let parts: Vec<_> = held.saved.iter().map(|saved| saved.part.clone()).collect();
        let own = |own: bool| {
            let places = held.saved.iter().enumerate();
            let places = places.filter(move |(_, saved)| saved.segment.is_some() == own);
            places.map(|(place, _)| place).collect::<Vec<usize>>()
        };
        let (of_base, of_own) = (own(false), own(true));
        let name_of = state.name_of();
        drop(state);
        let leaves = erased.iter().any(|ordinal| !sources[0].of(*ordinal).is_empty());
        if sources.len() == 1 && !leaves {
            return;
        }
        let keep = |ordinal: u32| !erased.contains(&ordinal);
        let origins = sources[0].files().map(|files| files.of_origin()).unwrap_or_default();
        let nowhere = parts.len();
        let origin = |source: u32, row: u32| match source.checked_sub(1) {
            Some(own) => of_own[own as usize],
            None => origins[sources[0].origin(row)].map_or(nowhere, |place| of_base[place]),
        };
        let files = Arc::new(BaseFiles::new(self.config.folder.clone(), keys.clone(), parts));
        let joined = Join::new(&sources, &keep, ALWAYS).base(&files, &origin, &name_of, Vec::new());
        let joined = Arc::new(joined);
        let mut state = self.state();
        let held = &mut state.volumes[volume];
        held.base = joined;
        held.saved.iter_mut().for_each(|saved| saved.segment = None);
        state.forget_view();
    }
}

fn erased_of(state: &State, volume: usize) -> BTreeSet<u32> {
    let of_volume = state.erased.iter().filter(|(v, _)| usize::from(*v) == volume);
    of_volume.map(|(_, ordinal)| *ordinal).collect()
}

/// The parts of a volume to join next: first those with erased people, then those with prints that
/// tell nothing any more, then the newest of a bucket that has too many, as far back as each is at
/// most twice what follows it.
fn choose(state: &State, index: usize, now: i64) -> Option<Chosen> {
    let volume = &state.volumes[index];
    let erased = erased_of(state, index);
    let chosen = |places: Vec<usize>, holds_erased| Chosen {
        volume: index,
        parts: places.into_iter().map(|at| volume.saved[at].part.clone()).collect(),
        erased: erased.clone(),
        holds_erased,
    };
    let holds = |saved: &Saved| erased.iter().any(|ordinal| saved.people.has(*ordinal));
    if let Some(at) = volume.saved.iter().position(holds) {
        return Some(chosen(vec![at], true));
    }
    if let Some(at) = volume.saved.iter().position(|saved| saved.part.told.is_over(now)) {
        return Some(chosen(vec![at], false));
    }
    let buckets: BTreeSet<i64> = volume.saved.iter().map(|saved| saved.part.bucket).collect();
    for bucket in buckets {
        let of_bucket = |at: &usize| volume.saved[*at].part.bucket == bucket;
        let of_bucket: Vec<usize> = (0..volume.saved.len()).filter(of_bucket).collect();
        if of_bucket.len() < PARTS_PER_BUCKET_MAX {
            continue;
        }
        let (mut places, mut rows) = (Vec::new(), 0);
        for at in of_bucket.into_iter().rev() {
            let events = volume.saved[at].part.events;
            if places.len() >= 2 && events > 2 * rows {
                break;
            }
            rows += events;
            places.push(at);
        }
        places.reverse();
        return Some(chosen(places, false));
    }
    None
}
