//! The consent gate: what may be kept of what was sent.
//!
//! It stands before the log. Default deny: a class that no purpose in force allows is not kept, a
//! name without a class is not kept, and a value that looks like another class is not kept.

mod classes;
mod detect;
mod policy;

use std::sync::Arc;

use candor_event::{CONSENT_TRAIT, ClassSet, DataClass, Properties, Value};

pub use classes::Classes;
pub use detect::{Detected, detect};
pub use policy::{Basis, Policy, Preset, Rule, Said};

/// Why a property was not kept. The words are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StripReason {
    /// Its name has no class.
    Unclassified,
    /// No purpose in force allows its class.
    ClassNotAllowed,
    /// Its value belongs to another class.
    Looks(Detected),
}

impl StripReason {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            StripReason::Unclassified => "unclassified",
            StripReason::ClassNotAllowed => "class_not_allowed",
            StripReason::Looks(detected) => detected.reason(),
        }
    }
}

/// A property that the gate took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// Its name, as sent. It must not reach a trace or a metric label.
    pub property: Arc<str>,
    /// Its class, if its name has one.
    pub class: Option<DataClass>,
    /// Why it was taken out.
    pub reason: StripReason,
}

/// What becomes of one event.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It may be kept without these properties, which stand in its order.
    Keep(Vec<Stripped>),
    /// Nothing of it may be kept: no purpose in force allows `behaviour`.
    Refuse,
    /// Nothing of it may be kept: its name is no name of something that people do.
    Misnamed(Detected),
}

/// What of an event `allowed` does not cover.
pub fn check_event(
    classes: &Classes,
    allowed: ClassSet,
    name: &str,
    properties: &Properties,
) -> Verdict {
    let misnamed = stray(name, DataClass::Behaviour).map(Verdict::Misnamed);
    let refused = (!allowed.contains(DataClass::Behaviour)).then_some(Verdict::Refuse);
    if let Some(verdict) = refused.or(misnamed) {
        return verdict;
    }
    let strip = |(property, value): (&Arc<str>, &Value)| {
        let reason = check_property(classes, allowed, property, value)?;
        Some(Stripped { property: property.clone(), class: classes.class_of(property), reason })
    };
    Verdict::Keep(properties.iter().filter_map(strip).collect())
}

/// Takes out of an event's properties what [`check_event`] found in them.
pub fn take_out(properties: &mut Properties, stripped: &[Stripped]) {
    let mut gone = stripped.iter().map(|one| &one.property).peekable();
    properties.retain(|property, _| gone.next_if(|gone| *gone == property).is_none());
}

/// Why one property or trait may not be kept; `None` when it may.
pub fn check_property(
    classes: &Classes,
    allowed: ClassSet,
    name: &str,
    value: &Value,
) -> Option<StripReason> {
    let class = classes.class_of(name).filter(|_| !name.starts_with(CONSENT_TRAIT));
    let Some(class) = class else { return Some(StripReason::Unclassified) };
    if !allowed.contains(class) {
        return Some(StripReason::ClassNotAllowed);
    }
    stray(name, class).or_else(|| stray_inside(value, class)).map(StripReason::Looks)
}

/// What a text tells beyond the class that it stands in. Identity and sensitive properties hold
/// ids of any form, so nothing is looked for in them.
fn stray(text: &str, class: DataClass) -> Option<Detected> {
    if matches!(class, DataClass::Identity | DataClass::Sensitive) {
        return None;
    }
    detect(text).filter(|detected| detected.class() != class)
}

/// Nested values take the class of the top key; their keys are texts that were sent, too.
fn stray_inside(value: &Value, class: DataClass) -> Option<Detected> {
    match value {
        Value::Text(text) => stray(text, class),
        Value::List(values) => values.iter().find_map(|value| stray_inside(value, class)),
        Value::Object(entries) => entries
            .iter()
            .find_map(|(name, value)| stray(name, class).or_else(|| stray_inside(value, class))),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The payload of the 2018 story.
    fn story() -> Properties {
        [
            ("Name", "Asha Example"),
            ("Email", "asha@example.test"),
            ("Phone", "+919876543210"),
            ("Photo", "https://img.example.test/asha.jpg"),
            ("Gender", "F"),
            ("Make", "ExamplePhone"),
            ("Carrier", "ExampleTel"),
            ("Latitude", "28.61"),
            ("page", "/home"),
        ]
        .map(|(name, value)| (name, Value::from(value)))
        .into()
    }

    fn keep(allowed: ClassSet, mut properties: Properties) -> (Vec<String>, Vec<&'static str>) {
        let classes = Classes::built_in(None);
        match check_event(&classes, allowed, "Charged", &properties) {
            Verdict::Keep(stripped) => {
                take_out(&mut properties, &stripped);
                let reasons = stripped.iter().map(|s| s.reason.word()).collect();
                (properties.keys().map(ToString::to_string).collect(), reasons)
            }
            Verdict::Refuse | Verdict::Misnamed(_) => (vec![], vec!["refused"]),
        }
    }

    #[test]
    fn without_consent_nothing_of_the_story_is_kept() {
        assert_eq!(keep(ClassSet::NONE, story()), (vec![], vec!["refused"]));
    }

    #[test]
    fn with_consent_for_analytics_only_its_classes_are_kept() {
        let analytics = ClassSet::NONE.with(DataClass::Behaviour).with(DataClass::Device);
        let (kept, reasons) = keep(analytics, story());
        assert_eq!(kept, ["Carrier", "Make", "page"]);
        assert_eq!(reasons, ["class_not_allowed"; 6]);
    }

    #[test]
    fn a_name_that_is_an_address_is_refused() {
        let classes = Classes::built_in(None);
        let verdict = check_event(&classes, ClassSet::ALL, "asha@example.test", &story());
        assert_eq!(verdict, Verdict::Misnamed(Detected::Email));
    }

    #[test]
    fn what_hides_in_a_nested_value_is_found() {
        let item = Value::Object([("note".to_owned(), Value::from("asha@example.test"))].into());
        let properties = [("Items".to_owned(), Value::List(vec![item]))].into();
        assert_eq!(keep(ClassSet::ALL, properties), (vec![], vec!["looks_like_email"]));
        let key = Value::Object([("+919876543210".to_owned(), Value::from(1i64))].into());
        let properties = [("Items".to_owned(), key)].into();
        assert_eq!(keep(ClassSet::ALL, properties), (vec![], vec!["looks_like_phone"]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_kept_has_an_allowed_class(
            wanted in prop::collection::vec(prop::sample::select(DataClass::ALL.to_vec()), 0..6),
            unknown in "[a-z]{1,10}",
        ) {
            let classes = Classes::built_in(None);
            let allowed: ClassSet = wanted.into_iter().collect();
            let mut properties = story();
            properties.insert(unknown, Value::from("x"));
            let verdict = check_event(&classes, allowed, "Charged", &properties);
            let Verdict::Keep(stripped) = verdict else {
                prop_assert!(!allowed.contains(DataClass::Behaviour));
                return Ok(());
            };
            let before = properties.len();
            take_out(&mut properties, &stripped);
            prop_assert_eq!(properties.len() + stripped.len(), before);
            for name in properties.keys() {
                let class = classes.class_of(name);
                prop_assert!(class.is_some_and(|class| allowed.contains(class)), "{name}");
            }
        }
    }
}
