//! Segments: rules that answer which people match.
//!
//! `definition` is what is asked and saved, `rule` asks it of one person, `count` of everyone.

mod count;
mod definition;
mod rule;

pub(crate) use count::members;
pub use count::{Count, Reach, count, people};
pub use definition::{
    Consented, Definition, Did, Ever, Inactive, Listed, Period, Sample, Saved, Times, Within,
};
pub(crate) use rule::OF_MESSAGES;
