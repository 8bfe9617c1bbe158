//! `POST /defineVars` and `/defineTemplates`: what an app's code knows of by name (protocol section
//! 9). Definitions are the publisher's own and say nothing about anyone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::TEXT_CHARS_MAX;
use super::json::parse;

/// Variables, or templates, that a publisher may have.
pub const DEFINITIONS_MAX: usize = 500;
/// The largest document of definitions, in bytes.
pub const DEFINITIONS_BYTES_MAX: usize = 256 << 10;
/// Arguments of one template.
const ARGUMENTS_MAX: usize = 100;

/// The account id and token that the meta record of a body carries, for those who send no headers.
pub type Credentials = (Option<String>, Option<String>);

/// A variable of the app's code: its type, and its value where nothing else is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A file has none.
    #[serde(rename = "defaultValue", default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
}

/// What the values of a variable are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    String,
    Number,
    Boolean,
    File,
}

/// A template or function of the app's code, as the SDK describes it.
pub type Template = Map<String, Json>;

/// All variables of a publisher, by dotted name.
pub type Variables = BTreeMap<String, Variable>;

/// All templates of a publisher, by name.
pub type Templates = BTreeMap<String, Template>;

/// Who the meta record of a body says it is from.
pub fn credentials(body: &[u8]) -> Credentials {
    let text = |meta: &Json, name: &str| Some(meta.get(name)?.as_str()?.to_owned());
    let Some((meta, _)) = parts(body, "") else { return (None, None) };
    (text(&meta, "id"), text(&meta, "tk"))
}

/// Reads the variables of a body.
///
/// # Errors
/// What to change, for the developer who reads the device's log.
pub fn variables(body: &[u8]) -> Result<Variables, String> {
    let entries = payload(body, "varsPayload", "vars")?;
    let mut variables = Variables::new();
    for (name, json) in entries {
        check_name(&name)?;
        let variable: Variable = serde_json::from_value(json)
            .map_err(|_| "a variable has a 'type' string, number, boolean or file".to_owned())?;
        let fits = match (variable.kind, &variable.default) {
            (Kind::String, Some(Json::String(text))) => text.chars().count() <= TEXT_CHARS_MAX,
            (Kind::Number, Some(Json::Number(_))) => true,
            (Kind::Boolean, Some(Json::Bool(_))) => true,
            (Kind::File, None | Some(Json::Null)) => true,
            _ => false,
        };
        if !fits {
            let message = "the 'defaultValue' of a variable is of its type, a text of at most \
                           1,024 characters; a file has none";
            return Err(message.to_owned());
        }
        variables.insert(name, variable);
    }
    let below = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|rest| rest.starts_with('.'));
    if variables.keys().any(|a| variables.keys().any(|b| below(a, b))) {
        return Err("a variable cannot be the group of another, as in 'a' and 'a.b'".to_owned());
    }
    Ok(variables)
}

/// Reads the templates of a body.
///
/// # Errors
/// As [`variables`].
pub fn templates(body: &[u8]) -> Result<Templates, String> {
    let mut templates = Templates::new();
    for (name, json) in payload(body, "templatePayload", "definitions")? {
        check_name(&name)?;
        let Json::Object(template) = json else { return Err("a template is an object".into()) };
        if !matches!(template.get("type").and_then(Json::as_str), Some("template" | "function")) {
            return Err("the 'type' of a template is template or function".to_owned());
        }
        let arguments = match template.get("vars") {
            None => 0,
            Some(Json::Object(arguments)) => {
                arguments.keys().try_for_each(|argument| check_name(argument))?;
                let described =
                    |one: &Json| one.get("type").is_some_and(Json::is_string) && depth(one) <= 4;
                if !arguments.values().all(described) {
                    return Err("an argument of a template has a 'type'".to_owned());
                }
                arguments.len()
            }
            Some(_) => return Err("the 'vars' of a template are an object".to_owned()),
        };
        if arguments > ARGUMENTS_MAX || template.keys().any(|key| key != "type" && key != "vars") {
            let message = "a template has a 'type' and at most 100 'vars'";
            return Err(message.to_owned());
        }
        templates.insert(name, template);
    }
    Ok(templates)
}

/// The values of variables where nothing else is said: by dotted name, files left out.
pub fn values(variables: &Variables) -> Map<String, Json> {
    let value = |(name, one): (&String, &Variable)| Some((name.clone(), one.default.clone()?));
    variables.iter().filter_map(value).collect()
}

/// Makes room for new variables: a group that became a variable, or the other way round, goes.
pub fn leave_groups(known: &mut Variables, new: &Variables) {
    for name in new.keys() {
        let above = |old: &str| name.strip_prefix(old).is_some_and(|rest| rest.starts_with('.'));
        let below = |old: &str| old.strip_prefix(name.as_str()).is_some_and(|r| r.starts_with('.'));
        known.retain(|old, _| !above(old) && !below(old));
    }
}

/// Takes new definitions in among known ones: what has the same name is replaced. The names that
/// another app of the publisher defined stay.
///
/// # Errors
/// Too many, or too large together.
pub fn take_in<D: Serialize>(
    known: &mut BTreeMap<String, D>,
    new: BTreeMap<String, D>,
) -> Result<(), String> {
    known.extend(new);
    if known.len() > DEFINITIONS_MAX {
        return Err(format!("a publisher has at most {DEFINITIONS_MAX} of them"));
    }
    let bytes = serde_json::to_vec(known).map_or(usize::MAX, |document| document.len());
    if bytes > DEFINITIONS_BYTES_MAX {
        return Err(format!("all of them together take at most {DEFINITIONS_BYTES_MAX} bytes"));
    }
    Ok(())
}

/// The meta record and the payload of a type.
fn parts(body: &[u8], kind: &str) -> Option<(Json, Option<Json>)> {
    let Ok(Json::Array(entries)) = parse(body) else { return None };
    let of = |kind: &str| entries.iter().find(|entry| entry.get("type").is_some_and(|t| t == kind));
    Some((of("meta").cloned().unwrap_or_default(), of(kind).cloned()))
}

fn payload(body: &[u8], kind: &str, field: &str) -> Result<Map<String, Json>, String> {
    let payload = parts(body, kind).and_then(|(_, payload)| payload);
    let mut payload = payload.ok_or_else(|| format!("the body is [meta, {kind}]"))?;
    match payload.get_mut(field).map(Json::take) {
        Some(Json::Object(entries)) if entries.len() <= DEFINITIONS_MAX => Ok(entries),
        Some(Json::Object(_)) => Err(format!("at most {DEFINITIONS_MAX} at once")),
        _ => Err(format!("'{field}' is an object")),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let whole = name.split('.').all(|part| !part.trim().is_empty());
    match whole && name.chars().count() <= TEXT_CHARS_MAX {
        true => Ok(()),
        false => Err("a name has 1 to 1,024 characters, and no empty part between dots".to_owned()),
    }
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Json::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(vars: Json) -> Result<Variables, String> {
        let body = json!([{"type": "meta", "id": "A"}, {"type": "varsPayload", "vars": vars}]);
        variables(body.to_string().as_bytes())
    }

    #[test]
    fn variables_are_read_and_their_values_are_flat() {
        let read = read(json!({
            "welcome": {"type": "string", "defaultValue": "hello"},
            "theme.size.w": {"type": "number", "defaultValue": 2},
            "banner": {"type": "file"},
        }))
        .unwrap();
        let values = Json::Object(values(&read));
        assert_eq!(values, json!({"welcome": "hello", "theme.size.w": 2}));
    }

    #[test]
    fn what_does_not_fit_is_refused_as_a_whole() {
        for wrong in [
            json!({"a": {"type": "string", "defaultValue": 1}}),
            json!({"a": {"type": "number", "defaultValue": "1"}}),
            json!({"a": {"type": "file", "defaultValue": "x"}}),
            json!({"a": {"type": "colour", "defaultValue": "x"}}),
            json!({"a..b": {"type": "number", "defaultValue": 1}}),
            json!({"": {"type": "number", "defaultValue": 1}}),
            json!({"a": {"type": "string", "defaultValue": "x".repeat(1025)}}),
            json!({"a": {"type": "number", "defaultValue": 1},
                   "a.b": {"type": "number", "defaultValue": 1}}),
            json!([]),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        for body in ["", "{}", "[]", "[{\"type\":\"meta\"}]"] {
            assert!(variables(body.as_bytes()).is_err() && templates(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn a_later_definition_replaces_what_it_collides_with_and_the_number_is_bounded() {
        let number = |n: usize| Variable { kind: Kind::Number, default: Some(json!(n)) };
        let mut known: Variables =
            [("a".to_owned(), number(1)), ("b".to_owned(), number(2))].into();
        let new = [("a.x".to_owned(), number(3))].into();
        leave_groups(&mut known, &new);
        take_in(&mut known, new).unwrap();
        assert_eq!(known.keys().collect::<Vec<_>>(), ["a.x", "b"]);
        let many = |from: usize| (from..from + 499).map(|n| (format!("v{n}"), number(n))).collect();
        assert!(take_in(&mut known, many(0)).is_err());
        let mut known = Variables::new();
        take_in(&mut known, many(0)).unwrap();
        assert!(take_in(&mut known, many(400)).is_err());
    }
}
