//! What memory takes, and giving back what files hold too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::Store;

/// Bytes of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// Who did what when, of all that is not in the tail.
    pub rows: usize,
    /// Properties of events.
    pub columns: usize,
}

impl Store {
    /// What events take in memory, without the tail.
    pub fn resident(&self) -> Resident {
        let state = self.state();
        let each = state.volumes.iter().flat_map(|volume| volume.segments());
        each.fold(Resident::default(), |sum, segment| {
            let (rows, columns) = segment.bytes();
            Resident { rows: sum.rows + rows, columns: sum.columns + columns }
        })
    }

    /// Gives back properties that files hold until those in memory take no more than so many
    /// bytes, the ones first that were not asked for longest. Questions that are being answered
    /// keep theirs; the next that needs one reads it again.
    pub fn shrink(&self, bytes_max: usize) {
        let mut state = self.state();
        let mut spare = Vec::new();
        for (place, volume) in state.volumes.iter().enumerate() {
            for property in volume.base.properties() {
                let slot = volume.base.slot(property);
                let held = slot.and_then(|slot| slot.spare());
                spare.extend(held.map(|(used, bytes)| (used, place, property, bytes)));
            }
        }
        let mut bytes: usize = spare.iter().map(|(.., bytes)| bytes).sum();
        spare.sort_unstable();
        let mut leaving: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (_, place, property, size) in spare {
            if bytes <= bytes_max {
                break;
            }
            bytes -= size;
            leaving.entry(place).or_default().push(property);
        }
        for (place, properties) in &leaving {
            let base = &mut state.volumes[*place].base;
            *base = Arc::new(base.without(properties));
        }
        if !leaving.is_empty() {
            state.forget_view();
        }
    }
}
