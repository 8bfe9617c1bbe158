//! The kinds of question: how each is answered, and what is settled before.

use candor_query::{
    Board, Cancel, Compared, Definition, Error, Find, Funnel, Paths, Pivot, Retention, Rfm,
    Stickiness, Trend, board, find, funnel, paths, pivot, retention, rfm, stickiness, trend,
};
use candor_store::View;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A question of one kind.
pub trait Insight: DeserializeOwned + Serialize + Send + 'static {
    /// What it is answered with.
    type Answer: Send + 'static;

    /// The zone that it names.
    fn zone(&self) -> Option<&str>;

    /// Whose events count.
    fn people(&mut self) -> &mut Option<Definition>;

    /// Whose are compared.
    fn compared(&mut self) -> &mut [Compared];

    /// Its answer.
    fn answer(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Self::Answer, Error>;
}

macro_rules! insight {
    ($question:ident, $answer:ty, |$own:ident| $compared:expr) => {
        impl Insight for $question {
            type Answer = $answer;

            fn zone(&self) -> Option<&str> {
                self.timezone.as_deref()
            }

            fn people(&mut self) -> &mut Option<Definition> {
                &mut self.people
            }

            fn compared(&mut self) -> &mut [Compared] {
                let $own = self;
                $compared
            }

            fn answer(
                &self,
                view: &View,
                zone: &TimeZone,
                cancel: &Cancel,
            ) -> Result<$answer, Error> {
                self.ask(view, zone, cancel)
            }
        }
    };
}

insight!(Trend, trend::Answer, |own| &mut own.segments);
insight!(Funnel, funnel::Answer, |own| &mut own.segments);
insight!(Retention, retention::Answer, |_own| &mut []);
insight!(Stickiness, stickiness::Answer, |_own| &mut []);
insight!(Paths, paths::Answer, |_own| &mut []);
insight!(Rfm, rfm::Answer, |_own| &mut []);
insight!(Pivot, pivot::Answer, |_own| &mut []);
insight!(Board, board::Answer, |_own| &mut []);
insight!(Find, find::Answer, |_own| &mut []);
