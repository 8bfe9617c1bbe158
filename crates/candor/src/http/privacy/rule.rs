//! The rule by which somebody was written to, in words for the person.

use candor_event::Value;
use candor_query::segment::{Interest, Mode, Period, Region, Sum, Times, Within};
use candor_query::{Condition, Definition, Op, Scope};

/// How deep a rule is told; deeper parts are named as such.
const DEPTH_MAX: usize = 4;

/// The rule in words. Where values are not to be shown, it says what was looked at and not what was
/// found.
pub fn words(rule: &Definition, values: bool) -> String {
    told(rule, values, 0)
}

fn told(rule: &Definition, values: bool, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return "more conditions".to_owned();
    }
    let each = |rules: &[Definition], word: &str| {
        let parts: Vec<_> = rules.iter().map(|rule| told(rule, values, depth + 1)).collect();
        match depth {
            0 => parts.join(word),
            _ => format!("({})", parts.join(word)),
        }
    };
    match rule {
        Definition::All(rules) => each(rules, " and "),
        Definition::Any(rules) => each(rules, " or "),
        Definition::Not(rule) => format!("not: {}", told(rule, values, depth + 1)),
        Definition::Did(did) => {
            let event = if did.event == "*" { "anything" } else { &did.event };
            let conditions: String = did
                .conditions
                .iter()
                .map(|one| format!(" with {}", condition(one, values)))
                .collect();
            format!("you did {event}{conditions}{}{}", times(did.times), within(&did.within))
        }
        Definition::Sum(one) => format!("your {}", sum(one, values)),
        Definition::Interest(one) => interest(one, values),
        Definition::Rfm(kind) => {
            let event = kind.event.as_deref().unwrap_or("purchases");
            format!("how recently and often you did {event} was compared with what others did")
        }
        Definition::InRegion(Region { lat, lon, km }) if values => {
            format!("you were last known to be within {km} km of {lat}, {lon}")
        }
        Definition::InRegion(_) => "where you were was looked at".to_owned(),
        Definition::Person(one) => format!("your {}", condition(one, values)),
        Definition::Segment(_) => "you are in a saved group".to_owned(),
        Definition::Inactive(inactive) => format!("you did nothing for {}", inactive.length),
        Definition::Consented(consented) => format!("you allow {}", consented.purpose),
        Definition::Sample(_) => "you are in a part drawn by lot".to_owned(),
        Definition::Listed(_) => "you are on a list".to_owned(),
    }
}

fn sum(sum: &Sum, values: bool) -> String {
    let compared = Condition {
        property: format!("sum of {} in {}{}", sum.property, sum.event, within(&sum.within)),
        op: sum.op,
        value: Some(sum.value.clone()),
        scope: Scope::Event,
    };
    condition(&compared, values)
}

fn interest(interest: &Interest, values: bool) -> String {
    let told = match interest.property.as_str() {
        "$hour" => "hour",
        "$weekday" => "weekday",
        name => name,
    };
    let (event, when) = (&interest.event, within(&interest.within));
    let often = match (interest.mode, interest.percent) {
        (Mode::AtLeast, Some(percent)) => format!("in {percent} of 100"),
        _ => "mostly".to_owned(),
    };
    match values {
        true => format!("the {told} of your {event}{when} is {often} {}", text(&interest.value)),
        false => format!("the {told} of your {event}{when} was looked at"),
    }
}

fn condition(condition: &Condition, values: bool) -> String {
    let word = match condition.op {
        Op::Eq => "is",
        Op::Ne => "is not",
        Op::In => "is one of",
        Op::NotIn => "is none of",
        Op::Gt => "is more than",
        Op::Gte => "is at least",
        Op::Lt => "is less than",
        Op::Lte => "is at most",
        Op::Between => "is between",
        Op::Contains => "contains",
        Op::NotContains => "does not contain",
        Op::StartsWith => "begins with",
        Op::Exists => "is known",
        Op::NotExists => "is not known",
    };
    let needs_none = matches!(condition.op, Op::Exists | Op::NotExists);
    match (&condition.value, values) {
        (Some(value), true) => format!("{} {word} {}", condition.property, text(value)),
        _ if needs_none => format!("{} {word}", condition.property),
        _ => format!("{} was looked at", condition.property),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::List(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn times(times: Times) -> String {
    match times {
        Times::AtLeast(1) => String::new(),
        Times::AtLeast(n) => format!(" at least {n} times"),
        Times::AtMost(n) => format!(" at most {n} times"),
        Times::Exactly(n) => format!(" exactly {n} times"),
    }
}

fn within(within: &Within) -> String {
    match within {
        Within::Ever(_) => String::new(),
        Within::Period(Period { last: Some(last), .. }) => format!(" in the last {last}"),
        Within::Period(Period { from, to, .. }) => {
            let from = from.as_deref().map(|from| format!(" from {from}"));
            let to = to.as_deref().map(|to| format!(" until {to}"));
            [from, to].into_iter().flatten().collect()
        }
    }
}
