//! The stages of accepting: resolve the person, ask the gate, stamp, seal. What comes out is one
//! frame for the log and a receipt; nothing of what was refused is in either.

mod prepare;
mod repeats;
mod sheet;
mod shown;
mod stages;

use std::sync::{Arc, Mutex, PoisonError};

use candor_event::{
    ByPerson, ClassSet, ConsentChange, DataClass, IdKind, PersonId, Properties, Purpose, Record,
    Timestamp, Value,
};
use candor_keys::PublisherKeys;
use candor_log::Offset;

use crate::decode::{Incoming, Refused};
use crate::error::Error;
use crate::gate::{Classes, Policy, Said, Stripped};
use crate::handed::{Handed, Parcel};
use crate::seal::BatchSealer;
use crate::tally::Tally;
use crate::who::{Ids, WhoIsWho};
use prepare::Prepared;
use repeats::Repeats;
use shown::Shown;
use stages::{Batch, State, Stop};

/// The trait that lists a person's devices.
pub const GUIDS_TRAIT: &str = "guids";

/// What the sender of a request said about all of it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// When it arrived.
    pub now: Timestamp,
    /// Events older than this are refused.
    pub event_age_max_ms: i64,
    /// Records that must be told from their repeats by an index, at most; 7 days' worth.
    pub repeats_remembered_max: usize,
    /// The `Idempotency-Key` of the request.
    pub idempotency_key: Option<String>,
    /// What came with the request and not with a record, for events that may tell it and do not say
    /// it themselves: the country of the address, the device.
    pub derived: Vec<(Arc<str>, Value)>,
}

/// What became of a request.
#[derive(Debug, Default)]
pub struct Receipt {
    /// Records that were accepted, stripped ones included.
    pub accepted: usize,
    /// Records that were refused, in their order.
    pub refused: Vec<Refused>,
    /// Properties that were taken out: (record's place, what).
    pub stripped: Vec<(usize, Stripped)>,
}

/// A receipt, and the frame that must be in the log before it is given.
pub struct Accepted {
    /// What to answer.
    pub receipt: Receipt,
    /// What to append; none when nothing may be kept.
    pub frame: Option<Vec<u8>>,
    /// What the frame says, for [`Door::hand_over`].
    pub parcel: Option<Parcel>,
    /// To be given back by [`Door::not_kept`] when the log did not take the frame.
    pub joins: Vec<Record>,
    /// Records that came first with this frame: for [`Door::kept`], or for [`Door::not_kept`].
    pub firsts: Vec<u64>,
}

/// An event that the server itself knows of a person.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Of whom.
    pub person: PersonId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub name: &'static str,
    /// Tells it from others of its name: told twice, it counts once.
    pub id: String,
    /// Its details.
    pub properties: Properties,
}

/// One publisher's way in.
pub struct Door {
    keys: PublisherKeys,
    sealer: BatchSealer,
    state: Mutex<State>,
    handed: Handed,
}

impl Door {
    /// A door under a policy and the classes that the publisher gave.
    pub fn new(keys: PublisherKeys, policy: Policy, classes: Vec<(String, DataClass)>) -> Door {
        let sealer = BatchSealer::new(&keys);
        let state = State {
            classes: Arc::new(policy.classes()),
            unasked: policy.allowed(&Said::default()),
            policy,
            who: WhoIsWho::default(),
            said: ByPerson::default(),
            unkept: Vec::new(),
            repeats: Repeats::default(),
            shown: Shown::default(),
            tally: Tally::default(),
        };
        let door = Door { keys, sealer, state: Mutex::new(state), handed: Handed::default() };
        let policy = door.state().policy.clone();
        door.set_policy(policy, classes);
        door
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a policy and classes in force for the next request.
    pub fn set_policy(&self, policy: Policy, classes: Vec<(String, DataClass)>) {
        let mut all = policy.classes();
        all.set(GUIDS_TRAIT, DataClass::Device);
        classes.iter().for_each(|(name, class)| all.set(name, *class));
        let mut state = self.state();
        state.tally.classed(classes.iter().map(|(name, _)| name.as_str()));
        state.unasked = policy.allowed(&Said::default());
        state.policy = policy;
        state.classes = Arc::new(all);
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.state().policy.clone()
    }

    /// The classes in force.
    pub fn classes(&self) -> Arc<Classes> {
        self.state().classes.clone()
    }

    /// What came, was refused and was taken out since the start.
    pub fn tally(&self) -> Tally {
        self.state().tally.clone()
    }

    /// Takes in a record that the catalog or the log holds; for starting.
    pub fn replay(&self, record: &Record) {
        self.state().apply(record);
    }

    /// Takes in a link that the catalog holds; for starting.
    pub fn link(&self, kind: IdKind, id: [u8; 16], person: PersonId) {
        self.state().who.link(kind, id, person);
    }

    /// Whom ids name now.
    pub fn resolve(&self, ids: &Ids) -> Option<PersonId> {
        self.state().who.resolve(&ids.hashed(&self.keys))
    }

    /// Whether anything may be kept of whom ids name.
    pub fn keeps(&self, ids: &Ids) -> bool {
        let ids = ids.hashed(&self.keys);
        let state = self.state();
        let person = state.who.resolve(&ids);
        person.is_some_and(|person| !state.allowed(person).is_empty())
    }

    /// The classes that a use for one purpose may look at of a person; none where it is not
    /// allowed.
    pub fn usable(&self, person: PersonId, purpose: &Purpose) -> Option<ClassSet> {
        let state = self.state();
        let said = state.said.get(&state.who.canonical(person));
        state.policy.usable(said.unwrap_or(&Said::default()), purpose)
    }

    /// Whether a purpose is in force for a person: by their word, or else by what the publisher
    /// declares.
    pub fn in_force(&self, person: PersonId, purpose: &Purpose) -> bool {
        let state = self.state();
        let nothing = Said::default();
        let said = state.said.get(&state.who.canonical(person)).unwrap_or(&nothing);
        state.policy.in_force(purpose, said)
    }

    /// What a person has said so far about purposes.
    pub fn said(&self, person: PersonId) -> Said {
        let state = self.state();
        state.said.get(&state.who.canonical(person)).cloned().unwrap_or_default()
    }

    /// Whom a normalised id is linked to, if to anyone.
    pub fn linked(&self, kind: IdKind, id: &str) -> Option<PersonId> {
        self.state().who.linked(kind, self.keys.id_hash(kind, id))
    }

    /// Who was merged directly into a person.
    pub fn merged_into(&self, person: PersonId) -> Vec<PersonId> {
        self.state().who.merged_into(person)
    }

    /// The person who stands for another after all merges.
    pub fn canonical(&self, person: PersonId) -> PersonId {
        self.state().who.canonical(person)
    }

    /// Takes a request in, up to the frame for the log. Calls must append their frames in the order
    /// in which they were made here; `append` is therefore called before the next may enter.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when an index is full; [`Error::Keys`] when sealing fails.
    pub fn accept(
        &self,
        incoming: Vec<Incoming>,
        refused: Vec<Refused>,
        request: &Request,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<Receipt, Error> {
        let mut prepared = Prepared::all(&self.keys, incoming, request);
        let mut state = self.state();
        state.find_people(&mut prepared);
        let mut batch = Batch::default();
        batch.records.reserve(prepared.len());
        batch.records.append(&mut state.unkept);
        batch.receipt.refused = refused;
        for record in prepared {
            let (index, before) = (record.record.index, batch.records.len());
            match state.one(&self.keys, record, request, &mut batch) {
                Ok(()) => batch.receipt.accepted += 1,
                Err(Stop::Refused(code, message)) => {
                    let gone = batch.records.split_off(before);
                    batch.records.extend(joins_of(&gone));
                    batch.receipt.refused.push(Refused { index, code, message });
                }
                Err(Stop::Overloaded) => {
                    state.repeats.forget(&batch.firsts);
                    state.keep_for_later(batch.records);
                    return Err(Error::Overloaded);
                }
            }
        }
        batch.receipt.refused.sort_by_key(|refused| refused.index);
        state.tally.count(&batch.receipt);
        self.finish(&mut state, batch, append)
    }

    /// Records what someone said about purposes, for an id that need not have been seen before.
    ///
    /// # Errors
    /// As [`Door::accept`]; [`Error::Nobody`] when the ids name nobody.
    pub fn consent(
        &self,
        ids: &Ids,
        mut change: ConsentChange,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<PersonId, Error> {
        let ids = ids.hashed(&self.keys);
        let mut state = self.state();
        let yes = change.purposes.values().any(|yes| *yes);
        let mut batch = Batch::default();
        batch.records.append(&mut state.unkept);
        // A yes lets the ids be joined; a no leaves them as they are.
        let (person, joins) = match yes {
            true => state.who.identify(&ids, change.at).ok_or(Error::Nobody)?,
            false => (state.who.resolve(&ids).ok_or(Error::Nobody)?, Vec::new()),
        };
        change.person = person;
        for record in joins.into_iter().chain([Record::Consent(change)]) {
            state.apply(&record);
            batch.records.push(record);
        }
        self.finish(&mut state, batch, append)?;
        Ok(person)
    }

    /// Takes in events that the server itself knows of people, like what became of a message to
    /// them. The gate is asked as for any other; what it refuses is not kept.
    ///
    /// # Errors
    /// As [`Door::accept`].
    pub fn tell(
        &self,
        outcomes: Vec<Outcome>,
        request: &Request,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<Receipt, Error> {
        let mut state = self.state();
        let mut batch = Batch::default();
        batch.records.append(&mut state.unkept);
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let person = state.who.canonical(outcome.person);
            match state.outcome(&self.keys, Outcome { person, ..outcome }, request, &mut batch) {
                Ok(()) => batch.receipt.accepted += 1,
                Err(Stop::Refused(code, message)) => {
                    batch.receipt.refused.push(Refused { index, code, message });
                }
                Err(Stop::Overloaded) => return Err(Error::Overloaded),
            }
        }
        self.finish(&mut state, batch, append)
    }

    /// Appends records of the server's own: erasures, splits, and what a person says who is known
    /// by more than an id. Without any it appends what the log refused before, if there is any.
    ///
    /// # Errors
    /// As [`Door::accept`].
    pub fn record(
        &self,
        records: Vec<Record>,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<(), Error> {
        let mut state = self.state();
        let mut batch = Batch::default();
        batch.records.append(&mut state.unkept);
        records.iter().for_each(|record| state.apply(record));
        batch.records.extend(records);
        self.finish(&mut state, batch, append)?;
        Ok(())
    }

    /// Gives back what the log did not take: joins stay in force and go with the next request, and
    /// what came first with it did not come.
    pub fn not_kept(&self, joins: Vec<Record>, firsts: &[u64]) {
        let mut state = self.state();
        state.repeats.forget(firsts);
        state.keep_for_later(joins);
    }

    /// The log has the frame with which these came first.
    pub fn kept(&self, firsts: &[u64]) {
        if !firsts.is_empty() {
            self.state().repeats.kept(firsts);
        }
    }

    /// The log holds a frame, at this offset: who follows it may have what it says from here.
    /// Frames are handed over in their order. Does not block for long.
    pub fn hand_over(&self, at: Offset, parcel: Parcel) {
        self.handed.put(at, parcel);
    }

    /// What the frame at an offset says, where it was handed over and not taken yet.
    pub(crate) fn handed(&self, at: Offset) -> Option<Vec<Record>> {
        self.handed.take(at)
    }

    fn finish(
        &self,
        state: &mut State,
        batch: Batch,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<Receipt, Error> {
        let joins = joins_of(&batch.records);
        let (receipt, firsts) = (batch.receipt, batch.firsts);
        let mut accepted = Accepted { receipt, frame: None, parcel: None, joins, firsts };
        if !batch.records.is_empty() {
            let classes = state.classes.clone();
            // Under `open` a name without a class is behaviour; elsewhere none comes this far.
            let class_of = |name: &str| classes.class_of(name).unwrap_or(DataClass::Behaviour);
            match self.sealer.seal(&batch.records, &class_of) {
                Ok(frame) => {
                    accepted.frame = Some(frame);
                    accepted.parcel = self.handed.parcel(batch.records);
                }
                Err(e) => {
                    state.repeats.forget(&accepted.firsts);
                    state.keep_for_later(accepted.joins);
                    return Err(e);
                }
            }
        }
        append(&mut accepted);
        Ok(accepted.receipt)
    }
}

/// Records that change who is who or what is allowed: they must not get lost.
fn joins_of(records: &[Record]) -> Vec<Record> {
    let goes = |record: &Record| {
        matches!(
            record,
            Record::Event(_) | Record::Sheet(_) | Record::Trait(_) | Record::FirstSeen(_)
        )
    };
    let stay = |record: &&Record| !goes(record);
    records.iter().filter(stay).cloned().collect()
}
