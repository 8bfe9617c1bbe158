//! Which class each property name has: the SDKs' own names come classified, a publisher adds the
//! rest.

use std::collections::HashMap;

use ahash::RandomState;

use candor_event::DataClass;
use candor_event::DataClass::{Behaviour, Contact, Device, Identity, Location};

/// Names that CleverTap's SDKs and REST API send by themselves (protocol sections 4.2, 4.6 and
/// 10.3), with their classes by the contract.
const BUILT_IN: [(DataClass, &[&str]); 5] = [
    (
        Identity,
        &[
            "Name",
            "Gender",
            "DOB",
            "Age",
            "Photo",
            "FBID",
            "GPID",
            "Education",
            "Employed",
            "Married",
            "Identity",
            "GoogleAdID",
            "mt_GoogleAdID",
            "GoogleAdIDLimit",
            "ifaA",
            "ifv",
            "mt_ifv",
        ],
    ),
    (
        Contact,
        &[
            "Email",
            "Phone",
            "MSG-email",
            "MSG-push",
            "MSG-sms",
            "MSG-whatsapp",
            "MSG-push-all",
            "MSG-dndPhone",
            "push_token",
        ],
    ),
    (Location, &["Latitude", "Longitude", "country"]),
    (
        Device,
        &[
            "Make",
            "Model",
            "OS",
            "OS Version",
            "Carrier",
            "wdt",
            "hgt",
            "dpi",
            "dt",
            "locale",
            "cc",
            "tz",
            "wifi",
            "BluetoothEnabled",
            "BluetoothVersion",
            "Radio",
            "browser",
            "browser_version",
            "abckt",
            "ddnd",
        ],
    ),
    (
        Behaviour,
        &[
            "session",
            "Version",
            "Build",
            "SDK Version",
            "lib",
            "page",
            "referrer",
            "us",
            "um",
            "uc",
            "wm",
            "utm_source",
            "utm_medium",
            "utm_campaign",
            "wzrk_id",
            "wzrk_pivot",
            "wzrk_c2a",
            "wzrk_dl",
            "wzrk_mid",
            "Items",
            "Charged ID",
            "campaign",
            "channel",
            "variant",
            "campaign_name",
            "message_id",
            "drop_reason",
        ],
    ),
];

/// The classes of one publisher's property names, for events and traits alike. Names are compared
/// as they are written: `email` is another property than `Email`, and waits for a class.
#[derive(Clone, Debug)]
pub struct Classes {
    names: HashMap<String, DataClass, RandomState>,
    unclassified: Option<DataClass>,
}

impl Classes {
    /// The built-in names alone. `unclassified` is what a name without a class counts as: nothing
    /// (it is stripped), or `behaviour` under the preset `open`.
    pub fn built_in(unclassified: Option<DataClass>) -> Classes {
        let pairs = BUILT_IN
            .iter()
            .flat_map(|(class, names)| names.iter().map(move |name| ((*name).to_owned(), *class)));
        Classes { names: pairs.collect(), unclassified }
    }

    /// Gives a name a class; a publisher may also re-class a built-in name.
    pub fn set(&mut self, name: &str, class: DataClass) {
        self.names.insert(name.to_owned(), class);
    }

    /// All names with their classes, by name.
    pub fn names(&self) -> Vec<(&str, DataClass)> {
        let names = self.names.iter().map(|(name, class)| (name.as_str(), *class));
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    /// The class of a name, if it has one.
    pub fn class_of(&self, name: &str) -> Option<DataClass> {
        self.names.get(name).copied().or(self.unclassified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_built_in_name_has_two_classes() {
        let names: usize = BUILT_IN.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(Classes::built_in(None).names.len(), names);
    }

    #[test]
    fn a_name_without_a_class_has_none_unless_the_policy_is_open() {
        let mut classes = Classes::built_in(None);
        assert_eq!(classes.class_of("Email"), Some(Contact));
        assert_eq!(classes.class_of("email"), None);
        classes.set("plan", Behaviour);
        assert_eq!(classes.class_of("plan"), Some(Behaviour));
        assert_eq!(Classes::built_in(Some(Behaviour)).class_of("plan"), Some(Behaviour));
    }
}
