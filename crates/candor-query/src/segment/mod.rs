//! Segments: rules that answer which people match.
//!
//! `definition` is what is asked and saved, with leaves of their own in `sum`, `interest`, `kind`
//! and `region`; `span` says when events count, `rule` asks it of one person, `count` of everyone.
//! `membership` keeps who answers to a saved one; `change` says when time alone may change it.

mod change;
mod count;
mod definition;
mod interest;
mod kind;
mod membership;
mod region;
mod rule;
mod span;
mod sum;

pub(crate) use count::members;
pub use count::{Count, Reach, count, people};
pub use definition::{
    Consented, Definition, Did, Ever, Inactive, Listed, Period, Sample, Saved, Times, Within,
};
pub use interest::{Interest, Mode};
pub use kind::Kind;
pub use membership::{Change, Membership};
pub use region::Region;
pub(crate) use rule::OF_MESSAGES;
pub use sum::Sum;
