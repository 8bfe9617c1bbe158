//! The leaf `in_region`: where someone was last known to be.

use candor_event::ValueRef;
use candor_store::{Cells, Run, VolumeView};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::segment::span::Span;

/// The properties that hold a place, of events and people alike, in degrees.
const LATITUDE: &str = "Latitude";
const LONGITUDE: &str = "Longitude";

/// The mean radius of the earth.
const RADIUS_KM: f64 = 6_371.008_8;
/// No two places are further apart.
const KM_MAX: f64 = 20_040.0;

/// Their latest known place lies at most so far from a point, on the great circle. The place is
/// what the traits `Latitude` and `Longitude` say, or a later event with these properties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// In degrees, -90 to 90.
    pub lat: f64,
    /// In degrees, -180 to 180.
    pub lon: f64,
    /// How far, at most.
    pub km: f64,
}

/// Found in one volume.
pub(crate) struct FoundRegion<'q> {
    region: &'q Region,
    latitude: Degrees,
    longitude: Degrees,
    pub(crate) span: Span,
}

/// One half of a place, as a trait and as a property of events.
struct Degrees {
    code: Option<u32>,
    cells: Cells,
}

impl Degrees {
    fn find(name: &str, volume: &VolumeView) -> Degrees {
        Degrees { code: volume.property_code(name), cells: volume.cells(name) }
    }
}

/// A place in degrees.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    lat: f64,
    lon: f64,
}

impl Place {
    /// Of two values; none where they are no place on earth.
    fn of(lat: Option<ValueRef<'_>>, lon: Option<ValueRef<'_>>) -> Option<Place> {
        let (lat, lon) = (lat?.as_number()?, lon?.as_number()?);
        (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some(Place { lat, lon })
    }

    /// Along the great circle, by the haversine formula.
    fn km_to(self, other: Place) -> f64 {
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let cosines = self.lat.to_radians().cos() * other.lat.to_radians().cos();
        let haversine = half(other.lat - self.lat) + cosines * half(other.lon - self.lon);
        2.0 * RADIUS_KM * haversine.sqrt().min(1.0).asin()
    }
}

impl Region {
    pub(crate) fn check(&self, at: &str) -> Result<(), Error> {
        let degrees = |number: f64, most: f64, name: &str| match number.abs() <= most {
            true => Ok(()),
            false => Err(Error::bad(format!("{at}/{name}"), format!("from -{most} to {most}"))),
        };
        degrees(self.lat, 90.0, "lat")?;
        degrees(self.lon, 180.0, "lon")?;
        match self.km > 0.0 && self.km <= KM_MAX {
            true => Ok(()),
            false => Err(Error::bad(format!("{at}/km"), format!("more than 0, at most {KM_MAX}"))),
        }
    }

    pub(crate) fn find(&self, volume: &VolumeView, span: Span) -> FoundRegion<'_> {
        FoundRegion {
            region: self,
            latitude: Degrees::find(LATITUDE, volume),
            longitude: Degrees::find(LONGITUDE, volume),
            span,
        }
    }
}

impl FoundRegion<'_> {
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        let (Some(latitude), Some(longitude)) = (self.latitude.code, self.longitude.code) else {
            return false;
        };
        let said = (volume.trait_said(ordinal, latitude), volume.trait_said(ordinal, longitude));
        let said = match said {
            (Some((at, lat)), Some((later, lon))) => {
                Place::of(Some(lat), Some(lon)).map(|place| (at.max(later), place))
            }
            _ => None,
        };
        let inside = self.span.inside(run);
        // Only what came after the traits were said is later than they are.
        let first = said.map_or(inside.start, |(at, _)| run.before(at.0.saturating_add(1)));
        let seen = (first..inside.end).rev().find_map(|at| self.place(volume, run, at));
        let Some(place) = seen.or(said.map(|(_, place)| place)) else { return false };
        let Region { lat, lon, km } = *self.region;
        place.km_to(Place { lat, lon }) <= km
    }

    /// The place that an event tells.
    pub(crate) fn place<'v>(
        &'v self,
        volume: &'v VolumeView,
        run: Run<'_>,
        at: usize,
    ) -> Option<Place> {
        let value = |half: &'v Degrees| half.cells.get(volume, run.row(at));
        Place::of(value(&self.latitude), value(&self.longitude))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_on_the_globe() {
        let place = |lat, lon| Place { lat, lon };
        let (delhi, mumbai) = (place(28.6139, 77.2090), place(19.0760, 72.8777));
        for (from, to, km) in [
            (delhi, mumbai, 1_148.0),
            // Over the date line, over a pole, to the other side of the earth, and nowhere.
            (place(0.0, 179.5), place(0.0, -179.5), 111.2),
            (place(89.0, 0.0), place(89.0, 180.0), 222.4),
            (place(10.0, 20.0), place(-10.0, -160.0), 20_015.1),
            (delhi, delhi, 0.0),
        ] {
            let found = from.km_to(to);
            assert!((found - km).abs() < 0.5 + km / 1_000.0, "{found} is not {km}");
        }
    }
}
