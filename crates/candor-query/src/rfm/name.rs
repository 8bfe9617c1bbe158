//! The ten kinds of people that scores make, and which scores make which.

use serde::{Deserialize, Serialize};

use crate::rfm::score::Score;

/// A kind of people by how recently, often and for how much they did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Name {
    Champions,
    Loyal,
    #[serde(rename = "Potential loyalist")]
    PotentialLoyalist,
    #[serde(rename = "New customers")]
    NewCustomers,
    Promising,
    #[serde(rename = "Need attention")]
    NeedAttention,
    #[serde(rename = "About to sleep")]
    AboutToSleep,
    #[serde(rename = "At risk")]
    AtRisk,
    #[serde(rename = "Can't lose them")]
    CantLoseThem,
    Hibernating,
}

use Name::{
    AboutToSleep, AtRisk, CantLoseThem, Champions, Hibernating, Loyal, NeedAttention, NewCustomers,
    PotentialLoyalist, Promising,
};

/// All of them, from the best to those who may be lost.
pub(crate) const NAMES: [Name; 10] = [
    Champions,
    Loyal,
    PotentialLoyalist,
    NewCustomers,
    Promising,
    NeedAttention,
    AboutToSleep,
    AtRisk,
    CantLoseThem,
    Hibernating,
];

/// What the scores of 1 to 5 are called: a line for each recency, from 5 down to 1, and in it a
/// place for each worth, from 1 up to 5. Worth is the mean of frequency and money, halves up.
const GRID: [[Name; 5]; 5] = [
    [NewCustomers, PotentialLoyalist, PotentialLoyalist, Champions, Champions],
    [Promising, PotentialLoyalist, PotentialLoyalist, Loyal, Loyal],
    [AboutToSleep, AboutToSleep, NeedAttention, Loyal, Loyal],
    [Hibernating, Hibernating, AtRisk, AtRisk, CantLoseThem],
    [Hibernating, Hibernating, AtRisk, AtRisk, CantLoseThem],
];

impl Name {
    /// What a person of these scores is called. Other numbers of bins than 5 are laid over the
    /// grid evenly: the lowest bin is 1 and the highest 5.
    pub(crate) fn of(score: Score, bins: usize) -> Name {
        let of_five = |bin: u8| {
            let (bin, steps) = (usize::from(bin) - 1, bins - 1);
            // The nearest of five, halves up.
            1 + (8 * bin + steps) / (2 * steps)
        };
        let (recency, frequency) = (of_five(score.r), of_five(score.f));
        let worth = score.m.map_or(frequency, |money| (frequency + of_five(money)).div_ceil(2));
        GRID[5 - recency][worth - 1]
    }

    /// The place among [`NAMES`].
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(r: u8, f: u8, m: Option<u8>, bins: usize) -> Name {
        Name::of(Score { r, f, m }, bins)
    }

    #[test]
    fn the_corners_and_the_middle_are_what_the_field_calls_them() {
        for (r, f, m, name) in [
            (5, 5, 5, Champions),
            (5, 4, 4, Champions),
            (5, 1, 1, NewCustomers),
            (4, 1, 1, Promising),
            (4, 5, 5, Loyal),
            (3, 3, 3, NeedAttention),
            (3, 1, 2, AboutToSleep),
            (2, 3, 4, AtRisk),
            (1, 5, 5, CantLoseThem),
            (1, 1, 1, Hibernating),
            // Between 4 and 5 the higher counts.
            (1, 4, 5, CantLoseThem),
            (5, 2, 3, PotentialLoyalist),
        ] {
            assert_eq!(named(r, f, Some(m), 5), name, "{r} {f} {m}");
        }
        // Who is not scored for money is worth their frequency.
        assert_eq!(named(5, 4, None, 5), Champions);
        assert_eq!(named(1, 2, None, 5), Hibernating);
    }

    #[test]
    fn every_number_of_bins_reaches_from_corner_to_corner() {
        for bins in 2..=10u8 {
            let scores = |bin| named(bin, bin, Some(bin), bins.into());
            assert_eq!((scores(1), scores(bins)), (Hibernating, Champions), "{bins}");
            assert_eq!(named(bins, 1, Some(1), bins.into()), NewCustomers);
            assert_eq!(named(1, bins, Some(bins), bins.into()), CantLoseThem);
        }
        let ten: Vec<Name> = (1..=10).map(|r| named(r, 1, None, 10)).collect();
        assert_eq!(ten[4..6], [AboutToSleep, AboutToSleep]);
        assert_eq!(NAMES.map(Name::place), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
