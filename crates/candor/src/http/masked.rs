//! What is masked for callers who may not see who people are: values of the classes identity,
//! contact, location and sensitive, and the ids of devices.

use std::cell::RefCell;
use std::collections::BTreeSet;

use candor_event::DataClass;
use candor_ingest::GUIDS_TRAIT;
use serde_json::{Value, json};

use crate::http::access::Caller;
use crate::http::problem::Problem;
use crate::server::Tenant;

/// The scope that sees in clear.
pub const CLEAR: &str = "people";

/// How deep a question is looked through; the reader of questions stops before.
const DEPTH_MAX: usize = 128;

/// Whether the values of a property tell who somebody is, where, or what nobody should know.
pub fn tells_who(tenant: &Tenant, name: &str) -> bool {
    let class = tenant.classes().class_of(name);
    let open = [DataClass::Behaviour, DataClass::Device];
    name == GUIDS_TRAIT || class.is_some_and(|class| !open.contains(&class))
}

/// The contract's form of a value that is there and not shown.
pub fn mask() -> Value {
    json!({"masked": true})
}

/// Masks, in an object of properties, what the caller may not see.
pub fn mask_properties(tenant: &Tenant, properties: &mut Value) {
    let Value::Object(properties) = properties else { return };
    for (name, value) in properties {
        if !value.is_null() && tells_who(tenant, name) {
            *value = mask();
        }
    }
}

/// The properties that say where somebody is, as a segment by region looks at them.
const PLACE: [&str; 2] = ["Latitude", "Longitude"];

/// The property of money where a segment by kind names none.
const AMOUNT: &str = "Amount";

/// Masks, in a segment's definition, what masked properties are compared with.
pub fn mask_compared(tenant: &Tenant, definition: &mut Value) {
    match definition {
        Value::Array(parts) => parts.iter_mut().for_each(|part| mask_compared(tenant, part)),
        Value::Object(fields) => {
            let property = fields.get("property").and_then(Value::as_str);
            if property.is_some_and(|name| tells_who(tenant, name)) {
                fields.insert("value".to_owned(), mask());
            }
            if let Some(region) = fields.get_mut("in_region")
                && PLACE.iter().any(|name| tells_who(tenant, name))
            {
                *region = mask();
            }
            fields.values_mut().for_each(|value| mask_compared(tenant, value));
        }
        _ => {}
    }
}

/// Lets a question through that does not group, filter or measure by what is masked for its asker:
/// the answer would tell it. The derived country may be asked about: it is shown in numbers of
/// people anyway.
///
/// # Errors
/// Names the scope that is lacking.
pub fn may_ask(caller: &Caller, question: &Value) -> Result<(), Problem> {
    if caller.may(CLEAR) {
        return Ok(());
    }
    match asks_about(question, &|name| is_masked(&caller.tenant, name), 0) {
        true => Err(Problem::masked(CLEAR)),
        false => Ok(()),
    }
}

/// The names that a question asks about and that are masked for who may not see them, for the
/// audit.
pub fn masked_within(tenant: &Tenant, question: &Value) -> BTreeSet<String> {
    let found = RefCell::new(BTreeSet::new());
    let note = |name: &str| {
        if is_masked(tenant, name) {
            found.borrow_mut().insert(name.to_owned());
        }
        false
    };
    asks_about(question, &note, 0);
    found.into_inner()
}

fn is_masked(tenant: &Tenant, name: &str) -> bool {
    name != "country" && tells_who(tenant, name)
}

fn asks_about(question: &Value, masked: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return true;
    }
    let within = |value: &Value| asks_about(value, masked, depth + 1);
    match question {
        Value::Array(parts) => parts.iter().any(within),
        Value::Object(fields) => {
            fields.iter().any(|(field, value)| match (field.as_str(), value) {
                ("property" | "amount", Value::String(name)) => masked(name),
                ("breakdown" | "rows" | "columns", Value::String(name)) => masked(name),
                ("breakdown" | "hold" | "rows" | "columns", Value::Array(names)) => {
                    names.iter().any(|name| name.as_str().is_some_and(masked) || within(name))
                }
                ("measure", Value::String(measure)) => {
                    measure.split_once(':').is_some_and(|(_, name)| masked(name))
                }
                ("in_region", _) => PLACE.iter().any(|name| masked(name)),
                // It looks at money whether it says so or not.
                ("rfm", Value::Object(kind)) => {
                    let amount = kind.get("amount").and_then(Value::as_str);
                    masked(amount.unwrap_or(AMOUNT))
                }
                // What is compared with names nothing.
                ("value", _) => false,
                (_, value) => within(value),
            })
        }
        _ => false,
    }
}
