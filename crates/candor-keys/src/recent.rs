//! Hashes of the ids that came lately: most ids come again and again, and an HMAC costs twenty
//! times as much as a look-up. No id is kept here, only a hash of it under a key of this process.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;
use candor_event::{HashedAlready, IdKind};
use siphasher::sip128::{Hasher128, SipHasher24};

/// Ids of one generation; two are held.
const GENERATION_IDS: usize = 1 << 17;

pub(crate) struct RecentIds {
    key: [u8; 16],
    generations: Mutex<[Generation; 2]>,
}

type Generation = HashMap<u128, [u8; 16], BuildHasherDefault<HashedAlready>>;

impl RecentIds {
    /// None where no random key is to be had.
    pub(crate) fn new() -> Option<RecentIds> {
        let mut key = [0; 16];
        rand::fill(&mut key).ok()?;
        Some(RecentIds { key, generations: Mutex::default() })
    }

    /// The hashes of ids, by `hash` for those that did not come lately. Two ids share a place here
    /// with a probability of 2^-128, as two share an HMAC of this length.
    ///
    /// With many people each look-up waits for memory. One after the other, with nothing between
    /// them, they wait together: for a request's ids that is a third of the time.
    pub(crate) fn get(
        &self,
        ids: &[(IdKind, &str)],
        hash: impl Fn(IdKind, &str) -> [u8; 16],
    ) -> Vec<[u8; 16]> {
        let places: Vec<u128> = ids.iter().map(|(kind, id)| self.place(*kind, id)).collect();
        let lock = || self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hashes: Vec<Option<[u8; 16]>> = {
            let mut held = lock();
            let young = places.iter().map(|place| held[0].get(place).copied());
            let mut hashes: Vec<_> = young.collect();
            for (hash, place) in hashes.iter_mut().zip(&places).filter(|(hash, _)| hash.is_none()) {
                *hash = held[1].get(place).copied();
                if let Some(known) = *hash {
                    put(&mut held, *place, known);
                }
            }
            hashes
        };
        for (place, (known, (kind, id))) in hashes.iter_mut().zip(ids).enumerate() {
            if known.is_none() {
                let new = *known.insert(hash(*kind, id));
                put(&mut lock(), places[place], new);
            }
        }
        hashes.into_iter().flatten().collect()
    }

    fn place(&self, kind: IdKind, id: &str) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        std::hash::Hasher::write_u8(&mut hasher, kind as u8);
        std::hash::Hasher::write(&mut hasher, id.as_bytes());
        hasher.finish128().as_u128()
    }
}

/// Makes an id one of the young; when there are enough of them, the old are forgotten.
fn put(generations: &mut [Generation; 2], place: u128, hash: [u8; 16]) {
    if generations[0].len() >= GENERATION_IDS {
        generations.swap(0, 1);
        generations[0].clear();
    }
    generations[0].insert(place, hash);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hashed_once_while_it_comes_again() {
        let recent = RecentIds::new().expect("random bytes");
        let hashed = std::cell::Cell::new(0);
        let ask = |ids: &[(IdKind, &str)]| {
            recent.get(ids, |_, _| {
                hashed.set(hashed.get() + 1);
                [hashed.get(); 16]
            })
        };
        assert_eq!(ask(&[(IdKind::Guid, "a")]), [[1; 16]]);
        assert_eq!(ask(&[(IdKind::Identity, "a"), (IdKind::Guid, "a")]), [[2; 16], [1; 16]]);
        assert_eq!(ask(&[(IdKind::Guid, "a"), (IdKind::Guid, "b")]), [[1; 16], [3; 16]]);
        assert!(ask(&[]).is_empty());
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_came_long_ago() {
        let recent = RecentIds::new().expect("random bytes");
        let come = |ids: std::ops::Range<usize>| {
            ids.for_each(|id| {
                recent.get(&[(IdKind::Guid, &id.to_string())], |_, _| [0; 16]);
            });
        };
        // New ones, and then those before them again: what is old becomes young while there is room.
        come(0..GENERATION_IDS + 1);
        for round in 1..6 {
            let new = round * GENERATION_IDS;
            come(new..new + GENERATION_IDS - 2);
            come(0..new);
        }
        let held: usize = recent.generations.lock().unwrap().iter().map(HashMap::len).sum();
        assert!(held <= GENERATION_IDS * 2, "{held}");
        come(GENERATION_IDS * 10..GENERATION_IDS * 13);
        assert_eq!(recent.get(&[(IdKind::Guid, "0")], |_, _| [9; 16]), [[9; 16]]);
    }
}
