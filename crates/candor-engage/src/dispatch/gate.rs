//! Whether a message may go: asked when it is made and, what can change at any moment, once more
//! right before it is handed over (spec: engagement, 1.5, in its order).

use candor_catalog::{Delivery, RunState};
use candor_event::{ClassSet, PersonId, Timestamp};

use super::reason::DropReason;
use super::sender::{Plan, Sender, Traits, id_of};
use crate::campaign::{A_DAY, Then, length};
use crate::channel::email::{Mailbox, Unsubscribe};
use crate::channel::{Answer, MessageId};
use crate::content::{ContentDrop, Rendered, language_of, values_of};
use crate::links::Tracking;
use crate::provider::{Composed, Outgoing, OutgoingEmail};
use crate::template::Limits;

/// Why a message does not go now.
pub(super) enum Stop {
    /// It does not go; where data is missing, which.
    Drop(DropReason, Option<String>),
    /// Not now.
    Later(Timestamp),
    /// It cannot be made, as a provider would say it.
    Cannot(Answer),
}

/// A message that may go.
pub(super) struct Ready {
    pub(super) composed: Composed,
    pub(super) address: String,
    /// The keyed hash of the address.
    pub(super) hash: [u8; 16],
    /// In which language it is.
    pub(super) variant: Option<String>,
    /// Since when the person's messages count for how often they are written to.
    pub(super) counts_since: Option<Timestamp>,
}

/// Why a message that was ready does not go at the last moment.
pub(super) enum Recall {
    /// Somebody changed its run, or switched something off.
    Halted,
    /// The person must not get it any more.
    Dropped(DropReason),
}

/// What a message is made for.
pub(super) struct Wanted {
    pub(super) person: PersonId,
    pub(super) id: [u8; 16],
    /// Whether it was put off before, so that a newer one may stand in its place.
    pub(super) newer: bool,
}

impl Sender {
    /// Whether the person has a newer message of a campaign that keeps only the newest one.
    pub(super) fn has_newer(
        &self,
        plan: &Plan,
        delivery: &Delivery,
        runtime: &tokio::runtime::Handle,
    ) -> bool {
        let keeps = plan.campaign.quiet_hours.is_some_and(|quiet| quiet.then == Then::KeepNewest);
        if !keeps || !plan.has_newer_runs || delivery.due <= plan.run.due {
            return false;
        }
        let asked = self.catalog.has_newer(&self.account, &plan.run.run, delivery.person);
        // Nobody gets none because of a disk that does not read: the newest goes by itself.
        runtime.block_on(asked).unwrap_or(false)
    }

    /// Asks every gate and makes the message. Works and does not wait.
    pub(super) fn judge(
        &self,
        plan: &Plan,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Ready, Stop> {
        let dropped = |reason| Stop::Drop(reason, None);
        if plan.run.state == RunState::Stopped {
            return Err(dropped(DropReason::Stopped));
        }
        if now > plan.run.until {
            return Err(dropped(DropReason::Expired));
        }
        let traits = (self.traits)(self.door.canonical(wanted.person));
        let traits = traits.ok_or(dropped(DropReason::NoAddress))?;
        let address = self.address(plan.campaign.channel, &traits);
        let (address, hash) = address.ok_or_else(|| dropped(self.unaddressed(plan, wanted)))?;
        let classes = self.still(plan, wanted.person, hash).map_err(dropped)?;
        if self.is_control(plan.control.as_ref(), wanted.person) {
            return Err(dropped(DropReason::Control));
        }
        if wanted.newer {
            return Err(dropped(DropReason::NewerMessage));
        }
        let (outgoing, variant) =
            self.made(plan, wanted, &traits, classes, address.clone(), now)?;
        if let Some(quiet) = plan.campaign.quiet_hours {
            let opens = quiet.hours().opening(&self.zone_of(&traits), now);
            if opens > now && (quiet.then == Then::Drop || opens > plan.run.until) {
                return Err(dropped(DropReason::QuietHours));
            }
            if opens > now {
                return Err(Stop::Later(opens));
            }
        }
        let counts_since = self.counts_since(plan, &traits, now);
        let composed = plan.provider.compose(outgoing).map_err(Stop::Cannot)?;
        Ok(Ready { composed, address, hash, variant, counts_since })
    }

    /// Of who does not allow it nothing is held to write to: then that is the reason.
    fn unaddressed(&self, plan: &Plan, wanted: &Wanted) -> DropReason {
        match self.door.usable(wanted.person, &plan.purpose) {
            Some(_) => DropReason::NoAddress,
            None => DropReason::NoConsent,
        }
    }

    /// Whether nothing of a run may go out now; `seen` were its changes when its plan was made. Of
    /// one that was stopped nothing goes anyway.
    pub(super) fn is_halted(&self, plan: &Plan, seen: u64) -> bool {
        let stopped = plan.run.state == RunState::Stopped;
        let off = !stopped && self.halts.is_off(plan.campaign.channel.word());
        off || self.halts.changes(&plan.run.run) != seen
    }

    /// Whether a message that is ready may still go: asked right before its first byte.
    pub(super) fn last_word(
        &self,
        plan: &Plan,
        seen: u64,
        (person, hash): (PersonId, [u8; 16]),
    ) -> Result<(), Recall> {
        if self.is_halted(plan, seen) {
            return Err(Recall::Halted);
        }
        self.still(plan, person, hash).map(|_| ()).map_err(Recall::Dropped)
    }

    /// What can change at any moment: whether the person allows it, and the address is not left
    /// alone. The classes of data that the message may show.
    pub(super) fn still(
        &self,
        plan: &Plan,
        person: PersonId,
        hash: [u8; 16],
    ) -> Result<ClassSet, DropReason> {
        let classes = self.door.usable(person, &plan.purpose).ok_or(DropReason::NoConsent)?;
        match self.suppressed.holds(plan.campaign.channel.word(), hash, &plan.purpose) {
            true => Err(DropReason::Suppressed),
            false => Ok(classes),
        }
    }

    /// Writes the message, but for what the provider adds.
    fn made(
        &self,
        plan: &Plan,
        wanted: &Wanted,
        traits: &Traits,
        classes: ClassSet,
        address: String,
        now: Timestamp,
    ) -> Result<(Outgoing, Option<String>), Stop> {
        let mut values = values_of(traits, &self.allowed(classes), &plan.campaign.name);
        let sign = |bytes: &[u8]| self.keys.mac(bytes);
        let track = &plan.campaign.track;
        let tracking = Tracking {
            base: &self.base,
            message_id: wanted.id,
            account: &self.account,
            sign: &sign,
            first_link: 0,
            links: track.links,
            opens: track.opens,
            parameters: &track.parameters(),
        };
        let language = language_of(traits);
        let rendered =
            plan.content.render(&mut values, language.as_ref(), &Limits::default(), &tracking);
        let id = id_of(wanted.id);
        match rendered.map_err(|error| dropped_by(&error))? {
            Rendered::Webhook { body } => Ok((Outgoing::Webhook { id, body }, None)),
            Rendered::Email { subject, html, text, language } => {
                let url = tracking.unsubscribe_url();
                let marketing = plan.purpose.as_str().starts_with("marketing:");
                let mail = OutgoingEmail {
                    id,
                    date: now,
                    to: Mailbox { name: None, address },
                    from: plan.campaign.from.as_ref().map(|from| Mailbox {
                        name: from.name.clone(),
                        address: from.address.clone(),
                    }),
                    subject,
                    html,
                    text,
                    unsubscribe: marketing.then_some(Unsubscribe { url, mailto: None }),
                    feedback_id: Some(self.feedback_id(plan)),
                };
                Ok((Outgoing::Email(Box::new(mail)), Some(language.as_str().to_owned())))
            }
        }
    }

    fn feedback_id(&self, plan: &Plan) -> String {
        format!("{}:{}:email:candor", plan.run.campaign, self.account.as_str())
    }

    fn counts_since(&self, plan: &Plan, traits: &Traits, now: Timestamp) -> Option<Timestamp> {
        let cap = plan.campaign.frequency_cap.as_ref()?;
        if cap.within != A_DAY {
            return Some(Timestamp(now.0.saturating_sub(length(&cap.within))));
        }
        let instant = jiff::Timestamp::from_millisecond(now.0).ok()?;
        let local = instant.to_zoned(self.zone_of(traits));
        let begun = local.start_of_day().ok()?;
        Some(Timestamp(begun.timestamp().as_millisecond()))
    }
}

fn dropped_by(error: &ContentDrop) -> Stop {
    let reason = match error {
        ContentDrop::MissingData(_) | ContentDrop::NoTranslation(_) => DropReason::MissingData,
        ContentDrop::Aborted(_) => DropReason::Aborted,
        ContentDrop::Bad(_) => DropReason::BadContent,
    };
    Stop::Drop(reason, error.path())
}

/// A message that was made to be looked at: the same as would go, but for its id.
impl Sender {
    /// Makes a person's message of a campaign and says why not, where it would not go.
    ///
    /// # Errors
    /// The reason, and where data is missing which.
    pub fn sample(
        &self,
        plan: &Plan,
        person: PersonId,
        to: Option<&str>,
        id: MessageId,
    ) -> Result<Composed, (DropReason, Option<String>)> {
        let traits = (self.traits)(self.door.canonical(person));
        let traits = traits.ok_or((DropReason::NoAddress, None))?;
        let classes = self.door.usable(person, &plan.purpose);
        let classes = classes.ok_or((DropReason::NoConsent, None))?;
        let own = self.address(plan.campaign.channel, &traits).map(|(address, _)| address);
        let address = to.map(str::to_owned).or(own).ok_or((DropReason::NoAddress, None))?;
        let wanted = Wanted { person, id: id.0.to_be_bytes(), newer: false };
        let made = self.made(plan, &wanted, &traits, classes, address, self.now());
        let (outgoing, _) = made.map_err(|stop| match stop {
            Stop::Drop(reason, path) => (reason, path),
            _ => (DropReason::BadContent, None),
        })?;
        plan.provider.compose(outgoing).map_err(|_| (DropReason::BadContent, None))
    }
}
