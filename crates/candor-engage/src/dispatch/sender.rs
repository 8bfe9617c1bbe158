//! What sending needs of one publisher, and what is fixed for one run.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use candor_catalog::{Catalog, Run, Suppression, SuppressionReason};
use candor_event::{
    AccountId, ClassSet, Clock, DataClass, IdKind, PersonId, Purpose, Timestamp, Value,
};
use candor_ingest::{Door, GUIDS_TRAIT, Outcome};
use candor_keys::PublisherKeys;
use candor_query::segment::Sample;
use jiff::tz::{Offset, TimeZone};

use super::Error;
use super::flow::Throttle;
use super::halts::Halts;
use super::suppressed::Suppressed;
use crate::campaign::Campaign;
use crate::channel::{Channel, MessageId};
use crate::content::Compiled;
use crate::provider::Provider;

/// Stands before what message ids are made of, so that no MAC made for something else is one.
const MESSAGE: &[u8] = b"candor message 1\0";
/// Bytes of an id that keep neighbours together: enough for the largest audience.
const NEAR_BYTES: usize = 4;

/// What suppressed addresses are sealed with.
const SUPPRESSED: &[u8] = b"suppressed address";

/// Messages refused as bad in a minute, after which a run pauses by itself.
const BAD_A_MINUTE_MAX: u32 = 50;

/// What is known of a person: the traits, by name.
pub type Traits = BTreeMap<String, Value>;

/// Reads a person's traits as they stand now; none of who is not held.
pub type ReadTraits = Box<dyn Fn(PersonId) -> Option<Traits> + Send + Sync>;

/// Takes outcomes in as events; when it is done they are durable, or the error says why not.
pub type Tell = Box<
    dyn Fn(Vec<Outcome>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync,
>;

/// What sending needs of one publisher.
pub struct Sender {
    /// Whose.
    pub account: AccountId,
    /// The publisher's zone.
    pub zone: TimeZone,
    /// What the addresses in messages begin with.
    pub base: String,
    /// Where everything durable is.
    pub catalog: Catalog,
    /// Who allows what.
    pub door: Arc<Door>,
    /// Sign addresses.
    pub keys: PublisherKeys,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Reads traits.
    pub traits: ReadTraits,
    /// Takes outcomes in.
    pub tell: Tell,
    /// Addresses that are left alone.
    pub suppressed: Suppressed,
    /// What is switched off.
    pub halts: Halts,
    /// People who never get anything, to compare with; none where everybody may.
    pub control: RwLock<Option<Sample>>,
}

impl Sender {
    /// The ids of people's messages of a run: the same at each attempt and after each restart
    /// (spec: engagement, 2.2), shaped as UUIDs of version 8. An audience is in the order of its
    /// people, and neighbours there are neighbours by their ids, too: what is kept by id lies
    /// together, and not each on a page of its own.
    pub fn message_ids(&self, run: &str) -> impl Fn(PersonId) -> [u8; 16] {
        let of_run = self.keys.mac(&[MESSAGE, run.as_bytes()].concat());
        move |person| {
            let mut id = self.keys.mac(&[MESSAGE, run.as_bytes(), b"\0", &person.0].concat());
            for at in 0..NEAR_BYTES {
                id[at] = of_run[at] ^ person.0[at];
            }
            id[6] = (id[6] & 0x0f) | 0x80;
            id[8] = (id[8] & 0x3f) | 0x80;
            id
        }
    }

    /// By what a person is reached: the trait, and its keyed hash.
    pub fn address(&self, channel: Channel, traits: &Traits) -> Option<(String, [u8; 16])> {
        match channel {
            Channel::Email => {
                let address = traits.get("Email")?.as_text()?.trim().to_owned();
                let hash = self.keys.id_hash(IdKind::Email, &address.to_lowercase());
                (!address.is_empty()).then_some((address, hash))
            }
            // A webhook goes to the publisher's own server: there is nothing of the person's.
            Channel::Webhook => Some((String::new(), [0; 16])),
        }
    }

    /// Whether a person gets nothing, to compare with: of this campaign, or of all.
    pub fn is_control(&self, own: Option<&Sample>, person: PersonId) -> bool {
        let everywhere = self.control.read().unwrap_or_else(PoisonError::into_inner);
        [everywhere.as_ref(), own].into_iter().flatten().any(|sample| sample.holds(person))
    }

    /// Which traits a message may show that may look at these classes of data.
    pub fn allowed(&self, classes: ClassSet) -> impl Fn(&str) -> bool + use<> {
        let of_class = self.door.classes();
        move |name| {
            let own = name == GUIDS_TRAIT || name.starts_with('$');
            let class = of_class.class_of(name);
            !own && class.is_some_and(|class| classes.contains(class))
        }
    }

    /// A person's own zone, else the publisher's.
    pub fn zone_of(&self, traits: &Traits) -> TimeZone {
        let own = traits.get("tz").and_then(Value::as_text).and_then(zone_of);
        own.unwrap_or_else(|| self.zone.clone())
    }

    /// Leaves an address alone from now on.
    ///
    /// # Errors
    /// [`Error`] where that could not be kept; it is left alone until the next start.
    pub async fn suppress(
        &self,
        channel: Channel,
        address: &str,
        reason: SuppressionReason,
        actor: &str,
    ) -> Result<[u8; 16], Error> {
        let (word, address) = (channel.word(), address.trim().to_lowercase());
        let hash = self.keys.id_hash(IdKind::Email, &address);
        self.suppressed.add(word, hash, reason);
        let sealed = self.keys.sealer(DataClass::Contact).seal(SUPPRESSED, address.as_bytes());
        let new = Suppression {
            channel: word.to_owned(),
            hash,
            reason,
            address: sealed.ok(),
            at: self.now(),
            actor: actor.to_owned(),
        };
        self.catalog.suppress(&self.account, &new).await?;
        Ok(hash)
    }

    /// The address of a suppression; none where it was erased.
    pub fn suppressed_address(&self, suppression: &Suppression) -> Option<String> {
        let sealed = suppression.address.as_deref()?;
        let opened = self.keys.open_sealed(DataClass::Contact, SUPPRESSED, sealed).ok()?;
        String::from_utf8(opened).ok()
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A zone as SDKs send it: `Asia/Kolkata`, or `GMT+0530`.
fn zone_of(text: &str) -> Option<TimeZone> {
    if let Some(offset) = text.strip_prefix("GMT").or_else(|| text.strip_prefix("UTC")) {
        let (sign, digits) = offset.split_at_checked(1)?;
        let sign = match sign {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        let number: i32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
        let seconds = sign * (number / 100 * 3_600 + number % 100 * 60);
        return Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    }
    TimeZone::get(text).ok()
}

/// What is fixed for one run.
pub struct Plan {
    /// The run.
    pub run: Run,
    /// What was published.
    pub campaign: Campaign,
    /// What it is for.
    pub purpose: Purpose,
    /// What is written.
    pub content: Compiled,
    /// By what it goes.
    pub provider: Arc<Provider>,
    /// Whether the campaign has fired again since.
    pub has_newer_runs: bool,
    /// Who gets nothing, to compare with.
    pub(super) control: Option<Sample>,
    /// How fast it goes, whatever its provider takes.
    pub(super) throttle: Throttle,
    /// The running minute, and the messages refused as bad in it.
    bad: Mutex<(i64, u32)>,
}

impl Plan {
    /// A run with what it needs.
    pub fn new(
        run: Run,
        campaign: Campaign,
        purpose: Purpose,
        content: Compiled,
        provider: Arc<Provider>,
        has_newer_runs: bool,
    ) -> Plan {
        let throttle = Throttle::new(campaign.per_minute);
        let control = campaign.control(&run.campaign);
        let bad = Mutex::default();
        Plan { run, campaign, purpose, content, provider, has_newer_runs, control, throttle, bad }
    }

    /// Counts a message that was refused as bad; whether there are too many to go on.
    pub(super) fn is_bad(&self, now: Timestamp) -> bool {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0 / 60_000;
        *bad = if bad.0 == minute { (minute, bad.1 + 1) } else { (minute, 1) };
        bad.1 > BAD_A_MINUTE_MAX
    }
}

/// A message's id as it stands in mails.
pub(super) fn id_of(id: [u8; 16]) -> MessageId {
    MessageId(u128::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_as_sdks_send_them() {
        let offset = |text: &str| {
            let zone = zone_of(text)?;
            Some(zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds())
        };
        assert_eq!(offset("Asia/Kolkata"), Some(19_800));
        assert_eq!(offset("GMT+0530"), Some(19_800));
        assert_eq!(offset("UTC-03:30"), Some(-12_600));
        assert_eq!(offset("GMT+0000"), Some(0));
        for bad in ["", "GMT", "GMT+5", "GMT*0530", "Nowhere/None", "GMT+9999"] {
            assert_eq!(offset(bad), None, "{bad:?}");
        }
    }
}
