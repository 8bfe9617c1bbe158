//! What of a person a message may show: traits whose class its purpose allows, or personalisation
//! where that is in force for the person.

use std::sync::Arc;

use candor_engage::dispatch::Sender;
use candor_event::{ClassSet, PersonId, Purpose};
use candor_ingest::gate::{Basis, Policy};

/// What messages of one purpose may show, under the policy of a moment, whether or not the purpose
/// is in force: an author looks at what would be written.
pub struct Offer {
    sender: Arc<Sender>,
    of_purpose: ClassSet,
    personal: ClassSet,
    personalisation: Option<Purpose>,
    /// Personalisation stands on a declared basis, and holds for who said nothing.
    declared: bool,
}

impl Offer {
    /// The policy as it is now. Without a purpose, or with one that the policy does not name,
    /// personalisation alone allows anything.
    pub fn new(sender: &Arc<Sender>, purpose: Option<&Purpose>) -> Offer {
        let policy = sender.door.policy();
        let personalisation = Purpose::new("personalisation");
        let rule = personalisation.as_ref().and_then(|purpose| policy.purposes.get(purpose));
        let declared = rule.is_some_and(|rule| matches!(rule.basis, Basis::Declared(_)));
        Offer {
            sender: Arc::clone(sender),
            of_purpose: classes_of(&policy, purpose),
            personal: classes_of(&policy, personalisation.as_ref()),
            personalisation,
            declared,
        }
    }

    /// Says of a trait's name whether a message to this person may show it. What people said about
    /// purposes, and the ids of their devices, are never shown.
    pub fn to(&self, person: PersonId) -> impl Fn(&str) -> bool + use<> {
        let in_force = |purpose| self.sender.door.in_force(person, purpose);
        self.with(self.personalisation.as_ref().is_some_and(in_force))
    }

    /// The same for who said nothing about personalisation, or for who said yes.
    pub fn to_anyone(&self, says_yes: bool) -> impl Fn(&str) -> bool + use<> {
        self.with(says_yes || self.declared)
    }

    fn with(&self, personal: bool) -> impl Fn(&str) -> bool + use<> {
        let classes = match personal {
            true => self.of_purpose.union(self.personal),
            false => self.of_purpose,
        };
        self.sender.allowed(classes)
    }
}

fn classes_of(policy: &Policy, purpose: Option<&Purpose>) -> ClassSet {
    let rule = purpose.and_then(|purpose| policy.purposes.get(purpose));
    rule.into_iter().flat_map(|rule| rule.classes.iter().copied()).collect()
}
