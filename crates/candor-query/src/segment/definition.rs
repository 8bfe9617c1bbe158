//! A segment as it is asked and saved.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use candor_event::{PersonId, Purpose};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::segment::interest::Interest;
use crate::segment::kind::Kind;
use crate::segment::region::Region;
use crate::segment::sum::Sum;

/// A rule over people, as it is asked and saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// Every one of these.
    All(Vec<Definition>),
    /// At least one of these.
    Any(Vec<Definition>),
    /// Not this.
    Not(Box<Definition>),
    /// They did something so many times.
    Did(Did),
    /// The numbers of their events come to so much.
    Sum(Sum),
    /// A value prevails among their events.
    Interest(Interest),
    /// They are of a kind, by how recently, often and for how much they did something.
    Rfm(Kind),
    /// They were last known to be near a point.
    InRegion(Region),
    /// A trait compares so.
    Person(Condition),
    /// They are in a saved segment; [`Definition::with_saved`] puts its rule in this place.
    Segment(String),
    /// They did nothing for so long.
    Inactive(Inactive),
    /// They said yes to a purpose.
    Consented(Consented),
    /// They are in a part of everyone that stays the same.
    Sample(Sample),
    /// They are on a list. Nobody can send one: it comes from a saved segment that is a list.
    #[serde(skip)]
    Listed(Listed),
}

/// They did nothing for so long. What only tells how a message to them fared is nothing they did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inactive {
    /// A length like `14d`.
    #[serde(rename = "for")]
    pub length: String,
}

/// They said yes to a purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consented {
    /// Its name, like `marketing:email`.
    pub purpose: String,
}

/// A part of everyone that stays the same: whoever is in at one percentage is in at any larger one,
/// and another salt takes another part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// More than 0, at most 100.
    pub percent: f64,
    /// Which part; at most 64 bytes.
    #[serde(default)]
    pub salt: String,
}

/// People on a list, ascending, each once.
pub type Listed = Arc<[PersonId]>;

/// What a saved segment is.
#[derive(Clone, Debug)]
pub enum Saved {
    /// A rule that is asked anew each time.
    Rule(Definition),
    /// The people who were in it at a moment.
    List(Listed),
}

/// They did something so many times in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Did {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// How often; at least once when missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub times: Times,
    /// When; ever when missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub within: Within,
    /// Only the first such event of the person's life counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_ever: bool,
}

/// How often something was done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// So often or more.
    AtLeast(u64),
    /// So often or less, never included.
    AtMost(u64),
    /// Just so often.
    Exactly(u64),
}

impl Default for Times {
    fn default() -> Self {
        Times::AtLeast(1)
    }
}

/// When something was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Within {
    /// `"ever"`.
    Ever(Ever),
    /// A trailing or a fixed period.
    Period(Period),
}

/// The word `ever`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ever {
    /// Without limit.
    Ever,
}

/// A trailing period, or one from a moment to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The time up to now, like `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to, not including, this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Default for Within {
    fn default() -> Self {
        Within::Ever(Ever::Ever)
    }
}

/// What is not said is not written down either: a definition reads back as it was sent.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Saved segments within saved segments.
const NESTED_MAX: usize = 16;

impl Definition {
    /// The ids of the saved segments that it names.
    pub fn segments(&self) -> BTreeSet<&str> {
        match self {
            Definition::All(list) | Definition::Any(list) => {
                list.iter().flat_map(Definition::segments).collect()
            }
            Definition::Not(one) => one.segments(),
            Definition::Segment(id) => BTreeSet::from([id.as_str()]),
            _ => BTreeSet::new(),
        }
    }

    /// Puts the rules of saved segments in the place of their ids.
    ///
    /// # Errors
    /// [`Error::Bad`] at `pointer` where an id is not among `saved`, or a segment is within itself.
    pub fn with_saved(
        &self,
        saved: &HashMap<String, Saved>,
        pointer: &str,
    ) -> Result<Definition, Error> {
        self.put_saved(saved, pointer, &mut Vec::new())
    }

    fn put_saved<'s>(
        &'s self,
        saved: &'s HashMap<String, Saved>,
        pointer: &str,
        within: &mut Vec<&'s str>,
    ) -> Result<Definition, Error> {
        let mut each = |list: &'s [Definition], name: &str| {
            let put = |(at, one): (usize, &'s Definition)| {
                one.put_saved(saved, &format!("{pointer}/{name}/{at}"), within)
            };
            list.iter().enumerate().map(put).collect::<Result<Vec<_>, _>>()
        };
        Ok(match self {
            Definition::All(list) => Definition::All(each(list, "all")?),
            Definition::Any(list) => Definition::Any(each(list, "any")?),
            Definition::Not(one) => Definition::Not(Box::new(one.put_saved(
                saved,
                &format!("{pointer}/not"),
                within,
            )?)),
            Definition::Segment(id) => {
                let bad = |message| Error::bad(format!("{pointer}/segment"), message);
                let Some(found) = saved.get(id) else {
                    return Err(bad(format!("there is no segment {id:?}")));
                };
                if within.contains(&id.as_str()) || within.len() >= NESTED_MAX {
                    return Err(bad(format!("{id:?} is within itself, or {NESTED_MAX} deep")));
                }
                match found {
                    Saved::List(list) => Definition::Listed(list.clone()),
                    Saved::Rule(rule) => {
                        within.push(id);
                        // What is wrong in there is said of its id: there is no place for it here.
                        let rule = rule.put_saved(saved, pointer, within);
                        within.pop();
                        rule?
                    }
                }
            }
            other => other.clone(),
        })
    }
}

impl Sample {
    /// Whether a person is in: a hash of the person's id and the salt, as a part of 2^64. The id is
    /// a keyed hash already; the salt is mixed in by FNV-1a and the finish of SplitMix64.
    pub fn holds(&self, person: PersonId) -> bool {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for byte in self.salt.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let (_, last) = person.0.split_at(8);
        hash = last.iter().fold(hash, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^= hash >> 31;
        (hash as f64 / 2f64.powi(64)) * 100.0 < self.percent
    }

    pub(crate) fn check(&self, pointer: &str) -> Result<(), Error> {
        if !(self.percent > 0.0 && self.percent <= 100.0) {
            return Err(Error::bad(format!("{pointer}/percent"), "more than 0, at most 100"));
        }
        if self.salt.len() > 64 {
            return Err(Error::bad(format!("{pointer}/salt"), "at most 64 bytes"));
        }
        Ok(())
    }
}

impl Consented {
    /// The purpose, as consents name it.
    pub(crate) fn name(&self, pointer: &str) -> Result<Purpose, Error> {
        let none = || Error::bad(format!("{pointer}/purpose"), "a purpose like marketing:email");
        Purpose::new(&self.purpose).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_grows_with_its_percentage_and_another_salt_takes_others() {
        let person = |n: u64| {
            let mut id = [0; 16];
            id[8..].copy_from_slice(&(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes());
            PersonId(id)
        };
        let sample = |percent, salt: &str| Sample { percent, salt: salt.to_owned() };
        let of = |sample: &Sample| (0..20_000).filter(|n| sample.holds(person(*n))).count();
        for salt in ["", "a", "b"] {
            let (ten, half) = (sample(10.0, salt), sample(50.0, salt));
            assert!((1_800..2_200).contains(&of(&ten)), "{}", of(&ten));
            assert!((0..20_000).all(|n| !ten.holds(person(n)) || half.holds(person(n))));
            assert_eq!(of(&sample(100.0, salt)), 20_000);
        }
        let (a, b) = (sample(10.0, "a"), sample(10.0, "b"));
        let both = (0..20_000).filter(|n| a.holds(person(*n)) && b.holds(person(*n))).count();
        assert!((120..280).contains(&both), "a tenth of a tenth: {both}");
    }

    #[test]
    fn saved_segments_come_in_and_circles_are_refused() {
        let read = |text: &str| serde_json::from_str::<Definition>(text).unwrap();
        let list: Listed = Arc::from([PersonId([1; 16])]);
        let saved = HashMap::from([
            ("s".to_owned(), Saved::Rule(read(r#"{"not":{"segment":"l"}}"#))),
            ("l".to_owned(), Saved::List(list.clone())),
            ("circle".to_owned(), Saved::Rule(read(r#"{"any":[{"segment":"circle"}]}"#))),
        ]);
        let put = |text: &str| read(text).with_saved(&saved, "/d");
        let wanted = Definition::Not(Box::new(Definition::Listed(list)));
        assert_eq!(put(r#"{"all":[{"segment":"s"}]}"#).unwrap(), Definition::All(vec![wanted]));
        for (text, at) in [
            (r#"{"all":[{"segment":"none"}]}"#, "/d/all/0/segment"),
            (r#"{"not":{"segment":"circle"}}"#, "/d/not/any/0/segment"),
        ] {
            let Err(Error::Bad { pointer, .. }) = put(text) else { panic!("{text}") };
            assert_eq!(pointer, at);
        }
        assert!(serde_json::from_str::<Definition>(r#"{"listed":[]}"#).is_err());
    }
}
