//! From memory to sealed parts: what the log still holds alone gets files and a new manifest.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use candor_event::PersonId;
use candor_keys::PublisherKeys;

use crate::error::Error;
use crate::manifest::{Listed, Manifest};
use crate::part::{self, Part, SealedPart};
use crate::resident::join::Join;
use crate::resident::people::Trait;
use crate::resident::segment::Segment;
use crate::store::{State, Store};
use crate::threads::side_by_side;
use crate::volume::{Saved, Volume, held_arrivals};

/// A base takes in what was saved since when it is not more than so many times as large: each row
/// is copied a few times, and few people have rows beside it.
const BASE_PARTS: usize = 8;

/// As small as that when nothing arrives.
const SETTLED_PARTS: usize = 256;

/// Fewer rows than this beside the bases slow no question.
const SETTLED_ROWS_MIN: usize = 32_768;

/// What a flush takes out of a volume, while more arrives behind it.
struct Taken {
    /// Segments that only the log holds, oldest first.
    segments: Vec<Arc<Segment>>,
    /// Ordinals of people who were erased.
    gone: BTreeSet<u32>,
    changed: BTreeSet<u32>,
    traits: Traits,
    first_person: u32,
    people: Vec<PersonId>,
    /// Someone was erased since the last flush: people and traits are written anew.
    anew: bool,
}

type Traits = Vec<(u32, Arc<Vec<Trait>>)>;

/// The files of a volume that a flush wrote.
#[derive(Default)]
struct Written {
    people: Option<Listed>,
    traits: Vec<Listed>,
    parts: Vec<(Part, Arc<Segment>)>,
}

impl Store {
    /// Writes everything applied so far to files, and then the manifest with the log offset, in
    /// one atomic step. Questions and appliers go on meanwhile.
    ///
    /// # Errors
    /// [`Error::Disk`] when the disk refuses: nothing is lost or changed, try again later.
    pub fn flush(&self) -> Result<(), Error> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_traits()?;
        let mut state = self.state();
        let applied = self.applied();
        if applied == state.manifest.covered {
            return Ok(());
        }
        let mut taken: Vec<Taken> = take(&mut state);
        let generation = state.manifest.generation + 1;
        // Merges and erasures belong to the records covered, so they are copied now.
        let mut manifest = Manifest {
            covered: applied,
            generation,
            events: state.events.list().to_vec(),
            properties: state.properties.list().to_vec(),
            merges: state.merges.clone(),
            erased: state.erased.clone(),
            ..state.manifest.clone()
        };
        let anew = |listed: &Listed| taken[usize::from(listed.volume)].anew;
        let old: Vec<String> = manifest
            .people
            .iter()
            .chain(&manifest.traits)
            .filter(|listed| anew(listed))
            .map(|listed| listed.file.name.clone())
            .collect();
        manifest.people.retain(|listed| !anew(listed));
        manifest.traits.retain(|listed| !anew(listed));
        let name_of = state.name_of();
        drop(state);

        let written = self.write_all(keys, generation, &mut taken, &name_of).and_then(|written| {
            let mut parts = Vec::new();
            for volume in written {
                manifest.people.extend(volume.people);
                manifest.traits.extend(volume.traits);
                manifest.parts.extend(volume.parts.iter().map(|(part, _)| part.clone()));
                parts.extend(volume.parts);
            }
            manifest.write(&self.config.folder, keys)?;
            Ok(parts)
        });

        let mut state = self.state();
        match written {
            Ok(parts) => {
                commit(&mut state, &self.config.folder, manifest, &taken, parts);
                drop(state);
                self.join_bases(BASE_PARTS);
                old.iter().try_for_each(|name| self.remove(name))
            }
            Err(e) => {
                for (volume, taken) in state.volumes.iter_mut().zip(taken) {
                    volume.changed.extend(taken.changed);
                    volume.flushing = 0;
                }
                Err(e)
            }
        }
    }

    /// Whether so many rows lie beside the bases that questions are slower for it.
    pub fn settle_due(&self) -> bool {
        let state = self.state();
        let sizes = state.volumes.iter().map(|volume| (volume.base.rows(), volume.beside_rows()));
        let (base, beside) = sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        beside >= SETTLED_ROWS_MIN.max(base / SETTLED_PARTS)
    }

    /// As [`Store::flush`], and takes nearly all of it into the bases, where questions are fastest:
    /// for when nothing arrives, since it copies what is in memory.
    ///
    /// # Errors
    /// As [`Store::flush`].
    pub fn settle(&self) -> Result<(), Error> {
        self.flush()?;
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.join_bases(SETTLED_PARTS);
        Ok(())
    }

    /// Writes the files of every volume, some volumes side by side; in the volumes' order.
    fn write_all(
        &self,
        keys: &PublisherKeys,
        generation: u64,
        taken: &mut [Taken],
        name_of: &(dyn Fn(u32) -> Arc<str> + Sync),
    ) -> Result<Vec<Written>, Error> {
        let failed = AtomicBool::new(false);
        let mut written: Vec<Result<Written, Error>> =
            taken.iter().map(|_| Ok(Written::default())).collect();
        let each = taken.iter_mut().zip(&mut written).enumerate().collect();
        side_by_side(self.config.threads, each, |(volume, (taken, written))| {
            if failed.load(Ordering::Relaxed) {
                return;
            }
            *written = self.write_volume(keys, generation, volume as u16, taken, name_of);
            failed.fetch_or(written.is_err(), Ordering::Relaxed);
        });
        written.into_iter().collect()
    }

    fn write_volume(
        &self,
        keys: &PublisherKeys,
        generation: u64,
        volume: u16,
        taken: &mut Taken,
        name_of: &dyn Fn(u32) -> Arc<str>,
    ) -> Result<Written, Error> {
        let (class_of, now) = (&*self.class_of, self.clock.now().0);
        let mut written = Written::default();
        let buckets = self.gather(volume, taken);
        let place = self.place(keys, volume, 0, generation);
        if !taken.people.is_empty() {
            let file = part::write_people(&place, taken.first_person, &taken.people)?;
            written.people = Some(Listed { volume, generation, file });
        }
        for file in part::write_traits(&place, &taken.traits, name_of, class_of)? {
            written.traits.push(Listed { volume, generation, file });
        }
        for (bucket, segment) in buckets {
            let arrivals = held_arrivals(std::slice::from_ref(&segment)).remove(0);
            let place = self.place(keys, volume, bucket, generation);
            let part = part::write_part(&place, &segment, &arrivals, name_of, class_of, now)?;
            written.parts.push((part, segment));
        }
        Ok(written)
    }

    /// Makes what was taken out of a volume one segment for each bucket, and puts these in the
    /// place of the many: so only one volume at a time is there twice.
    fn gather(&self, volume: u16, taken: &mut Taken) -> Vec<(i64, Arc<Segment>)> {
        if taken.segments.is_empty() {
            return Vec::new();
        }
        let buckets = by_bucket(taken);
        taken.segments.clear();
        let mut state = self.state();
        let volume = &mut state.volumes[usize::from(volume)];
        let segments = buckets.iter().map(|(_, segment)| segment.clone());
        volume.unsaved.splice(..volume.flushing, segments);
        volume.flushing = buckets.len();
        state.forget_view();
        buckets
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.config.folder.join(name);
        fs::remove_file(&path).map_err(|e| Error::disk("remove", &path, e))
    }
}

fn take(state: &mut State) -> Vec<Taken> {
    let all_erased: BTreeSet<(u16, u32)> = state.erased.iter().copied().collect();
    let known: BTreeSet<(u16, u32)> = state.manifest.erased.iter().copied().collect();
    let erased: BTreeSet<u16> =
        state.erased.iter().filter(|one| !known.contains(one)).map(|(volume, _)| *volume).collect();
    let take = |(index, volume): (usize, &mut Volume)| {
        // All of them become one segment for each bucket in a moment.
        volume.fold_tail(0, usize::MAX);
        volume.flushing = volume.unsaved.len();
        let anew = erased.contains(&(index as u16));
        let people = &volume.people;
        let mut changed = std::mem::take(&mut volume.changed);
        if anew {
            changed = (0..people.len()).collect();
        }
        let first_person = if anew { 0 } else { volume.saved_people };
        let id = |ordinal| match people.erased(ordinal) {
            true => PersonId([0; 16]),
            false => people.id(ordinal),
        };
        let traits = changed.iter().map(|ordinal| (*ordinal, people.held_traits(*ordinal)));
        let of_volume = all_erased.range((index as u16, 0)..=(index as u16, u32::MAX));
        Taken {
            segments: volume.unsaved.clone(),
            gone: of_volume.map(|(_, ordinal)| *ordinal).collect(),
            traits: traits.collect(),
            changed,
            first_person,
            people: (first_person..people.len()).map(id).collect(),
            anew,
        }
    };
    state.volumes.iter_mut().enumerate().map(take).collect()
}

/// A segment for each bucket of time that has events; what is erased before it was ever written is
/// not written.
fn by_bucket(taken: &Taken) -> Vec<(i64, Arc<Segment>)> {
    let times = |segment: &Arc<Segment>| {
        let segment = segment.clone();
        (0..segment.rows()).map(move |row| segment.time(row))
    };
    let mut buckets = Vec::new();
    for time in taken.segments.iter().flat_map(times) {
        let bucket = part::bucket_of(time);
        if buckets.last() != Some(&bucket) && !buckets.contains(&bucket) {
            buckets.push(bucket);
        }
    }
    buckets.sort_unstable();
    if let ([segment], [bucket]) = (taken.segments.as_slice(), buckets.as_slice())
        && taken.gone.is_empty()
    {
        return vec![(*bucket, segment.clone())];
    }
    let arrivals = held_arrivals(&taken.segments);
    let keep = |ordinal: u32| !taken.gone.contains(&ordinal);
    let of = |bucket| {
        let join = Join::new(&taken.segments, &keep, part::times_of(bucket));
        (bucket, Arc::new(join.all(Some(&arrivals))))
    };
    let joined = buckets.into_iter().map(of);
    joined.filter(|(_, segment)| segment.rows() > 0).collect()
}

fn commit(
    state: &mut State,
    folder: &Path,
    manifest: Manifest,
    taken: &[Taken],
    parts: Vec<(Part, Arc<Segment>)>,
) {
    state.manifest = manifest;
    for (volume, taken) in state.volumes.iter_mut().zip(taken) {
        volume.unsaved.drain(..std::mem::take(&mut volume.flushing));
        volume.saved_people = taken.first_person + taken.people.len() as u32;
        if taken.anew {
            Arc::make_mut(&mut volume.people).forget_erased();
        }
    }
    for (part, segment) in parts {
        *segment.arrivals.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let saved = &mut state.volumes[usize::from(part.volume)].saved;
        let part = SealedPart::new(folder.to_owned(), part);
        saved.push(Saved { part, people: segment.owners().who(), segment: Some(segment) });
    }
    state.forget_view();
}
