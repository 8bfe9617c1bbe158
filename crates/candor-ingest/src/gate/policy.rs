//! A publisher's policy: which purposes there are, on what basis, and what each may use.

use std::collections::BTreeMap;

use candor_event::{ClassSet, ConsentChange, DataClass, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use super::Classes;

/// The three policies that a publisher can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Every purpose on consent: the default.
    Strict,
    /// Analytics of behaviour and device on a declared basis, everything else on consent.
    Measured,
    /// Every purpose and class on a declared basis; a name without a class counts as behaviour.
    Open,
}

/// On what a use of data stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The person said yes.
    Consent,
    /// The publisher declares another ground, in its own words; shown on the privacy page.
    Declared(String),
}

/// One purpose of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// On what it stands.
    pub basis: Basis,
    /// The classes that it may use, and that may therefore be kept.
    pub classes: Vec<DataClass>,
    /// What people are told, by language.
    #[serde(default)]
    pub text: BTreeMap<String, String>,
    /// How long its data is kept, in days; `None` is until erased.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// Who else receives its data.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// The notice that people see: its id and version.
    #[serde(default)]
    pub notice: Option<(String, String)>,
}

impl Rule {
    /// The person's word counts; without one, what the publisher declares.
    fn holds(&self, purpose: &Purpose, said: &Said) -> bool {
        said.about(purpose).unwrap_or(matches!(self.basis, Basis::Declared(_)))
    }
}

/// A policy as a publisher states it. A purpose that it does not name is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The preset it began with.
    pub preset: Preset,
    /// The rules by purpose.
    pub purposes: BTreeMap<Purpose, Rule>,
}

impl Policy {
    /// A preset as the contract describes it. Identity and sensitive data are allowed only where
    /// a policy names them, save under `open`.
    pub fn preset(preset: Preset) -> Policy {
        let rule = |name: &str| {
            let consented: &[DataClass] = match name {
                "analytics" => &[DataClass::Behaviour, DataClass::Device],
                "personalisation" => {
                    &[DataClass::Behaviour, DataClass::Device, DataClass::Location]
                }
                _ => &[DataClass::Contact, DataClass::Behaviour],
            };
            let (basis, classes) = match (preset, name) {
                (Preset::Open, _) => (declared(), DataClass::ALL.as_slice()),
                (Preset::Measured, "analytics") => (declared(), consented),
                _ => (Basis::Consent, consented),
            };
            Rule {
                basis,
                classes: classes.to_vec(),
                text: BTreeMap::new(),
                retention_days: None,
                recipients: Vec::new(),
                notice: None,
            }
        };
        let purposes = Purpose::BUILT_IN.iter();
        let purposes = purposes.filter_map(|name| Some((Purpose::new(name)?, rule(name))));
        Policy { preset, purposes: purposes.collect() }
    }

    /// The classes that may be kept of a person who said `said`: those of every purpose that is in
    /// force. A refusal wins over a declared basis.
    pub fn allowed(&self, said: &Said) -> ClassSet {
        let in_force = self.purposes.iter().filter(|(purpose, rule)| rule.holds(purpose, said));
        in_force.flat_map(|(_, rule)| rule.classes.iter().copied()).collect()
    }

    /// The classes that a use for one purpose may look at: those of the purpose, and with them
    /// those of personalisation where the person lets itself be known for that. None where the
    /// purpose is not in force.
    pub fn usable(&self, said: &Said, purpose: &Purpose) -> Option<ClassSet> {
        let in_force =
            |purpose: &Purpose| self.purposes.get(purpose).filter(|rule| rule.holds(purpose, said));
        let mut classes: ClassSet = in_force(purpose)?.classes.iter().copied().collect();
        if let Some(rule) = Purpose::new("personalisation").and_then(|other| in_force(&other)) {
            classes = classes.union(rule.classes.iter().copied().collect());
        }
        Some(classes)
    }

    /// Whether a purpose is in force for a person who said `said`; one that is not named is for
    /// nobody.
    pub fn in_force(&self, purpose: &Purpose, said: &Said) -> bool {
        self.purposes.get(purpose).is_some_and(|rule| rule.holds(purpose, said))
    }

    /// The property classes that a publisher with this policy begins with.
    pub fn classes(&self) -> Classes {
        let open = self.preset == Preset::Open;
        Classes::built_in(open.then_some(DataClass::Behaviour))
    }
}

fn declared() -> Basis {
    Basis::Declared("declared by the publisher when the policy was chosen".to_owned())
}

/// What one person has said so far: the latest answer for each purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    answers: BTreeMap<Purpose, (Timestamp, bool)>,
}

impl Said {
    /// Takes in a change. Of two answers the later counts, of equal times the one applied later;
    /// so changes that arrive out of order do no harm.
    pub fn apply(&mut self, change: &ConsentChange) {
        for (purpose, yes) in &change.purposes {
            let known = self.answers.get(purpose);
            if known.is_none_or(|(at, _)| *at <= change.at) {
                self.answers.insert(purpose.clone(), (change.at, *yes));
            }
        }
    }

    /// Takes in what the same person said under another id: of two answers the later counts.
    pub fn take_in(&mut self, other: &Said) {
        for (purpose, (at, yes)) in &other.answers {
            if self.answers.get(purpose).is_none_or(|(known, _)| known < at) {
                self.answers.insert(purpose.clone(), (*at, *yes));
            }
        }
    }

    /// All answers.
    pub fn answers(&self) -> impl Iterator<Item = (&Purpose, bool)> {
        self.answers.iter().map(|(purpose, (_, yes))| (purpose, *yes))
    }

    /// The answer for one purpose, if there is one.
    pub fn about(&self, purpose: &Purpose) -> Option<bool> {
        self.answer(purpose).map(|(_, yes)| yes)
    }

    /// The same, and when it was given.
    pub fn answer(&self, purpose: &Purpose) -> Option<(Timestamp, bool)> {
        self.answers.get(purpose).copied()
    }
}

#[cfg(test)]
mod tests {
    use candor_event::PersonId;

    use super::*;

    fn said(answers: &[(&str, bool, i64)]) -> Said {
        let mut said = Said::default();
        for (purpose, yes, at) in answers {
            said.apply(&ConsentChange {
                person: PersonId([1; 16]),
                at: Timestamp(*at),
                purposes: [(Purpose::new(purpose).unwrap(), *yes)].into(),
                notice: None,
                method: "api".into(),
            });
        }
        said
    }

    fn check(preset: Preset, answers: &[(&str, bool, i64)], expected: &[DataClass]) {
        let allowed = Policy::preset(preset).allowed(&said(answers));
        assert_eq!(allowed, expected.iter().copied().collect(), "{preset:?} {answers:?}");
    }

    #[test]
    fn without_an_answer_only_what_is_declared_is_allowed() {
        check(Preset::Strict, &[], &[]);
        check(Preset::Measured, &[], &[DataClass::Behaviour, DataClass::Device]);
        check(Preset::Open, &[], &DataClass::ALL);
    }

    #[test]
    fn a_yes_allows_the_classes_of_its_purpose_alone() {
        let behaviour = DataClass::Behaviour;
        check(Preset::Strict, &[("analytics", true, 1)], &[behaviour, DataClass::Device]);
        check(Preset::Strict, &[("marketing_email", true, 1)], &[behaviour, DataClass::Contact]);
        let all = [behaviour, DataClass::Device, DataClass::Location];
        check(Preset::Strict, &[("personalisation", true, 1)], &all);
    }

    #[test]
    fn the_later_answer_counts_in_whatever_order_they_arrive() {
        check(Preset::Strict, &[("analytics", true, 1), ("analytics", false, 2)], &[]);
        check(Preset::Strict, &[("analytics", false, 2), ("analytics", true, 1)], &[]);
    }

    #[test]
    fn a_refusal_wins_over_a_declared_basis() {
        check(Preset::Measured, &[("analytics", false, 1)], &[]);
    }

    #[test]
    fn a_purpose_may_use_its_own_classes_and_those_of_personalisation() {
        let mail = Purpose::new("marketing:email").unwrap();
        let usable = |preset, answers: &[_]| Policy::preset(preset).usable(&said(answers), &mail);
        let of = |classes: &[DataClass]| Some(classes.iter().copied().collect());
        assert_eq!(usable(Preset::Strict, &[]), None);
        assert_eq!(usable(Preset::Strict, &[("analytics", true, 1)]), None);
        let yes = ("marketing:email", true, 1);
        let own = [DataClass::Contact, DataClass::Behaviour];
        assert_eq!(usable(Preset::Strict, &[yes]), of(&own));
        let known = [&own[..], &[DataClass::Device, DataClass::Location]].concat();
        assert_eq!(usable(Preset::Strict, &[yes, ("personalisation", true, 1)]), of(&known));
        assert_eq!(usable(Preset::Open, &[]), of(&DataClass::ALL));
        assert_eq!(usable(Preset::Open, &[("marketing:email", false, 1)]), None);
    }

    #[test]
    fn a_purpose_is_in_force_by_a_yes_or_a_declared_basis() {
        let check = |preset, answers: &[_], purpose: &str, expected| {
            let purpose = Purpose::new(purpose).unwrap();
            let in_force = Policy::preset(preset).in_force(&purpose, &said(answers));
            assert_eq!(in_force, expected, "{preset:?} {answers:?} {purpose}");
        };
        check(Preset::Strict, &[], "marketing:email", false);
        check(Preset::Strict, &[("marketing:email", true, 1)], "marketing:email", true);
        check(Preset::Strict, &[("marketing:email", true, 1)], "marketing:sms", false);
        check(Preset::Open, &[], "marketing:email", true);
        check(Preset::Open, &[("marketing:email", false, 1)], "marketing:email", false);
        check(Preset::Open, &[], "unnamed", false);
    }

    #[test]
    fn a_policy_reads_back_and_refuses_unknown_fields() {
        let policy = Policy::preset(Preset::Measured);
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        let wrong = text.replacen("\"preset\"", "\"presets\"", 1);
        assert!(serde_json::from_str::<Policy>(&wrong).is_err());
    }
}
