//! The query language of the REST API (protocol section 12.1) as questions of ours.

use candor_event::{Timestamp, Value as Held};
use candor_query::segment::{Did, Period, Times, Within};
use candor_query::{Condition, Definition, Op, Scope, Wanted};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

/// Conditions of one query.
const CONDITIONS_MAX: usize = 50;

/// A query as it is sent. A field that is not here is refused by name: to leave it out would
/// answer another question than the one that was asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    event_name: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    #[serde(default, alias = "props")]
    event_properties: Vec<Compared>,
    #[serde(default)]
    common_profile_properties: Common,
    #[serde(default)]
    advanced_query: Advanced,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    name: String,
    operator: Option<String>,
    value: Option<Held>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    #[serde(default)]
    profile_fields: Vec<Compared>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advanced {
    #[serde(default)]
    did_all: Vec<Done>,
    #[serde(default)]
    did_any: Vec<Done>,
    #[serde(default)]
    did_not_do: Vec<Done>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    event_name: String,
    from: i64,
    to: i64,
    /// Of how often it was done.
    operator: Option<String>,
    value: Option<u64>,
    #[serde(default, alias = "props")]
    event_properties: Vec<Compared>,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// What to change; names fields, and nothing of what was sent.
    pub fn read(query: &Value) -> Result<Query, String> {
        let form = "Query is not valid: event_name, from and to as YYYYMMDD, event_properties, \
                    common_profile_properties.profile_fields or advanced_query";
        Query::deserialize(query).map_err(|_| form.to_owned())
    }

    /// The people that it asks for.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub fn people(mut self) -> Result<Definition, String> {
        let mut all = self.of_people()?;
        if let Some(event_name) = self.event_name {
            let days = days(self.from.zip(self.to))?;
            all.push(did(event_name, days, conditions(self.event_properties)?, Times::default()));
        }
        match all.len() {
            0 => Err("Query names neither an event nor a profile property".to_owned()),
            1 => Ok(all.remove(0)),
            _ => Ok(Definition::All(all)),
        }
    }

    /// The events that it asks for, by days of a zone.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub fn events(mut self, zone: &TimeZone) -> Result<Wanted, String> {
        let event = self.event_name.take().ok_or("event_name is missing")?;
        let (from, to) = days(self.from.zip(self.to))?;
        let start = |day: Date| {
            let start = day.to_zoned(zone.clone()).map_err(|_| DAYS.to_owned())?;
            Ok::<_, String>(Timestamp(start.timestamp().as_millisecond()))
        };
        let (from, to) = (start(from)?, start(to)?);
        let conditions = conditions(std::mem::take(&mut self.event_properties))?;
        let people = self.of_people()?;
        let people = (!people.is_empty()).then_some(Definition::All(people));
        Ok(Wanted { event, conditions, from, to, people })
    }

    /// What it says of people beyond the one event.
    fn of_people(&mut self) -> Result<Vec<Definition>, String> {
        let fields = std::mem::take(&mut self.common_profile_properties.profile_fields);
        let fields = conditions(fields)?.into_iter().map(Definition::Person);
        let mut all: Vec<Definition> = fields.collect();
        let advanced = std::mem::take(&mut self.advanced_query);
        let each = |list: Vec<Done>| list.into_iter().map(done).collect::<Result<Vec<_>, _>>();
        all.extend(each(advanced.did_all)?);
        let any = each(advanced.did_any)?;
        if !any.is_empty() {
            all.push(Definition::Any(any));
        }
        let not = each(advanced.did_not_do)?.into_iter();
        all.extend(not.map(|one| Definition::Not(Box::new(one))));
        Ok(all)
    }
}

const DAYS: &str = "from and to are days as YYYYMMDD, from not after to";

/// The first day, and the day after the last.
fn days(days: Option<(i64, i64)>) -> Result<(Date, Date), String> {
    let day = |number: i64| {
        let part = |number: i64| i8::try_from(number % 100).ok();
        let year =
            i16::try_from(number / 10_000).ok().filter(|year| (1970..9999).contains(year))?;
        Date::new(year, part(number / 100)?, part(number)?).ok()
    };
    let (from, to) = days.ok_or("from and to are missing")?;
    let (from, to) = day(from).zip(day(to)).filter(|(from, to)| from <= to).ok_or(DAYS)?;
    Ok((from, to.tomorrow().map_err(|_| DAYS)?))
}

fn did(
    event: String,
    (from, to): (Date, Date),
    conditions: Vec<Condition>,
    times: Times,
) -> Definition {
    let period =
        Period { from: Some(from.to_string()), to: Some(to.to_string()), ..Period::default() };
    Definition::Did(Did {
        event,
        conditions,
        times,
        first_ever: false,
        within: Within::Period(period),
    })
}

fn done(one: Done) -> Result<Definition, String> {
    let times = match (one.operator.as_deref(), one.value) {
        (None, None) => Times::default(),
        (None | Some("equals"), Some(n)) => Times::Exactly(n),
        (Some("greater_than"), Some(n)) => Times::AtLeast(n.saturating_add(1)),
        (Some("greater_than_equals"), Some(n)) => Times::AtLeast(n),
        (Some("less_than"), Some(n)) if n > 0 => Times::AtMost(n - 1),
        (Some("less_than_equals"), Some(n)) => Times::AtMost(n),
        _ => return Err("how often an event was done compares with a number".to_owned()),
    };
    let days = days(Some((one.from, one.to)))?;
    Ok(did(one.event_name, days, conditions(one.event_properties)?, times))
}

fn conditions(list: Vec<Compared>) -> Result<Vec<Condition>, String> {
    if list.len() > CONDITIONS_MAX {
        return Err(format!("a query has at most {CONDITIONS_MAX} conditions"));
    }
    list.into_iter().map(condition).collect()
}

fn condition(one: Compared) -> Result<Condition, String> {
    let several = matches!(one.value, Some(Held::List(_)));
    let op = match one.operator.as_deref().unwrap_or("equals") {
        "equals" if several => Op::In,
        "not_equals" if several => Op::NotIn,
        "equals" => Op::Eq,
        "not_equals" => Op::Ne,
        "contains" => Op::Contains,
        "does_not_contain" => Op::NotContains,
        "exists" => Op::Exists,
        "does_not_exist" => Op::NotExists,
        "greater_than" => Op::Gt,
        "greater_than_equals" => Op::Gte,
        "less_than" => Op::Lt,
        "less_than_equals" => Op::Lte,
        _ => {
            let known = "operator is one of equals, not_equals, contains, does_not_contain, \
                         exists, does_not_exist, greater_than, greater_than_equals, less_than, \
                         less_than_equals";
            return Err(known.to_owned());
        }
    };
    let value = one.value.filter(|_| !matches!(op, Op::Exists | Op::NotExists));
    Ok(Condition { property: one.name, op, value, scope: Scope::Event })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_query_of_the_client_is_read() {
        let sent = json!({"event_name": "choseFood", "from": 20260101, "to": 20260131,
            "props": [{"name": "value", "operator": "contains", "value": "piz"}]});
        let people = Query::read(&sent).unwrap().people().unwrap();
        let expected = json!({"did": {
            "event": "choseFood",
            "where": [{"property": "value", "op": "contains", "value": "piz"}],
            "within": {"from": "2026-01-01", "to": "2026-02-01"}}});
        assert_eq!(json!(people), expected);
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let wanted = Query::read(&sent).unwrap().events(&zone).unwrap();
        assert_eq!(wanted.from, Timestamp(1_767_205_800_000), "midnight in the zone");
        assert_eq!(wanted.to.0 - wanted.from.0, 31 * 86_400_000);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let days = |from: i64, to: i64| json!({"event_name": "e", "from": from, "to": to});
        for wrong in [
            json!({}),
            json!([]),
            json!({"event_name": "e"}),
            days(20260132, 20260201),
            days(20261301, 20261302),
            days(20260202, 20260201),
            days(0, i64::MAX),
            json!({"event_name": "e", "from": "x", "to": 20260101}),
            json!({"event_name": "e", "from": 20260101, "to": 20260101, "geo_fields": []}),
            json!({"event_name": "e", "from": 20260101, "to": 20260101,
                   "props": [{"name": "a", "operator": "sounds_like", "value": 1}]}),
        ] {
            assert!(Query::read(&wrong).and_then(Query::people).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_advanced_query_joins_what_it_says() {
        let done = json!({"event_name": "a", "from": 20260101, "to": 20260102,
                          "operator": "greater_than", "value": 2});
        let sent = json!({
            "common_profile_properties": {"profile_fields": [{"name": "Tier", "value": "Gold"}]},
            "advanced_query": {"did_all": [done.clone()], "did_not_do": [done]},
        });
        let people = json!(Query::read(&sent).unwrap().people().unwrap());
        assert_eq!(people["all"][0]["person"]["op"], "eq");
        assert_eq!(people["all"][1]["did"]["times"]["at_least"], 3);
        assert_eq!(people["all"][2]["not"]["did"]["event"], "a");
    }
}
