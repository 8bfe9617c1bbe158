//! Many events at once: those that come later than all of their people become segments as they
//! are, column by column; the others are added one by one.

use std::sync::Arc;

use candor_event::{Sheet, Value};

use crate::config::StoreConfig;
use crate::error::Error;
use crate::part::{ArrivalReader, Print};
use crate::pending::Pending;
use crate::resident::arrivals::Arrivals;
use crate::resident::builder::SegmentBuilder;
use crate::resident::column::ColumnBuilder;
use crate::resident::names::{BatchCodes, Names};
use crate::resident::people::People;
use crate::resident::segment::Segment;
use crate::resident::slot::Slot;
use crate::store::State;
use crate::touched::What;

/// An event of a sheet in its volume: whose, when, and where in the sheet.
type Placed = (u32, i64, u32);

/// Segments of about one size in which it takes not long to look for an event.
const FEW: usize = 16;

impl State {
    /// Adds the events of a sheet, behind all that came before.
    pub(crate) fn add_sheet(
        &mut self,
        sheet: &Sheet,
        config: &StoreConfig,
        pending: &mut [Pending],
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<(), Error> {
        self.settle(pending);
        // Codes are found by where names lie: the sheet holds them all the while.
        let mut codes = BatchCodes::default();
        if sheet.people.iter().any(|person| self.merged.contains_key(person)) {
            // What is lent goes to others, too, in the order in which it came.
            for at in 0..sheet.len() {
                self.add(sheet.event(at), &mut codes, pending, arrivals)?;
            }
            return Ok(());
        }
        let home = |state: &mut State, person| {
            let at = state.volume_of(person);
            (at, People::admit(&mut state.volumes[at].people, person))
        };
        let homes: Vec<_> = sheet.people.iter().map(|person| home(self, *person)).collect();
        let names: Vec<u16> = sheet.names.iter().map(|name| self.event_code(name)).collect();
        let columns = sheet.columns.iter();
        let properties: Vec<u32> =
            columns.map(|column| Names::intern(&mut self.properties, &column.name)).collect();
        let mut placed: Vec<Vec<Placed>> = vec![Vec::new(); self.volumes.len()];
        let mut others = Vec::new();
        for (at, (owner, time)) in sheet.owners.iter().zip(&sheet.times).enumerate() {
            let (volume, ordinal) = homes[*owner as usize];
            if !self.volumes[volume].comes_last(ordinal, *time) {
                others.push(at);
                continue;
            }
            let code = names[sheet.codes[at] as usize];
            self.touches.push(volume, ordinal, What::Event(code));
            placed[volume].push((ordinal, *time, at as u32));
        }
        // Those that are looked for in every segment want few of them.
        let alike_max = config.alike_max();
        let alike_max = if others.is_empty() { alike_max } else { alike_max.min(FEW) };
        // One after the other: who brings so much has the next sheet read and sealed meanwhile.
        for (volume, placed) in self.volumes.iter_mut().zip(&mut placed) {
            if !placed.is_empty() {
                // Each person's come one later than the other: no two are alike.
                placed.sort_unstable();
                let segment = segment(sheet, placed, &names, &properties);
                volume.push_segment(segment, alike_max);
            }
        }
        for at in others {
            self.add(sheet.event(at), &mut codes, pending, arrivals)?;
        }
        Ok(())
    }
}

/// Some events of a sheet as a segment, in their order.
fn segment(sheet: &Sheet, placed: &[Placed], names: &[u16], properties: &[u32]) -> Segment {
    let times = || placed.iter().map(|(_, time, _)| *time);
    let span = times().min().unwrap_or(0)..=times().max().unwrap_or(0);
    let mut builder = SegmentBuilder::of(placed.len(), span);
    for (ordinal, time, at) in placed {
        let at = *at as usize;
        let session = sheet.sessions.get(at).copied().unwrap_or(0);
        builder.push(*ordinal, *time, names[sheet.codes[at] as usize], session);
    }
    builder.arrivals = Arrivals::alike(sheet.received_at.0, Print::CONTENT, placed.len());
    for (property, column) in properties.iter().zip(&sheet.columns) {
        let mut built = ColumnBuilder::with_room(placed.len());
        // By value of the sheet: its code here, 0 until it is met.
        let mut known = vec![0; column.values.len()];
        for (row, (.., at)) in (0..).zip(placed) {
            let Some(place) = column.codes[*at as usize].checked_sub(1) else { continue };
            let code = &mut known[place as usize];
            if *code == 0 {
                let value: &Value = &column.values[place as usize];
                *code = built.code_of(value.into());
            }
            built.push_code(row, *code);
        }
        if !built.is_empty() {
            let slot = Slot::held(Arc::new(built.finish(placed.len())), None);
            builder.columns.insert(*property, slot);
        }
    }
    builder.finish()
}
