//! The description of the API is true: it names every route, and every answer that any test gets
//! has the shape that it states.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value as Json, json};

static DESCRIPTION: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

static VALIDATORS: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);

/// Panics when an answer of the JSON API is not as described.
pub fn check(method: &str, path: &str, status: u16, answer: &Json) {
    let path = path.split('?').next().unwrap();
    let Some((template, operations)) = template(path) else {
        assert!(!path.starts_with("/api/") || status == 404, "{path} is not described");
        return;
    };
    let operation = &operations[method.to_lowercase()];
    if status == 405 && operation.is_null() {
        return;
    }
    assert!(operation.is_object(), "{method} {template} is not described");
    let answers = &operation["responses"];
    let described = match &answers[status.to_string()] {
        Json::Null => &answers["default"],
        described => described,
    };
    let content = described["content"].as_object().into_iter().flatten();
    let Some((_, content)) = content.into_iter().find(|(kind, _)| kind.ends_with("json")) else {
        return;
    };
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator =
        validators.entry(format!("{method} {template} {status}")).or_insert_with(|| {
            let mut schema = content["schema"].clone();
            schema["components"] = DESCRIPTION["components"].clone();
            jsonschema::draft202012::new(&schema).unwrap()
        });
    if let Err(error) = validator.validate(answer) {
        panic!("{method} {template} answered {status} not as described: {error} in {answer}");
    }
}

fn template(path: &str) -> Option<(&'static str, &'static Json)> {
    let fits = |template: &str| {
        let (mut a, mut b) = (template.split('/'), path.split('/'));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || a.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let paths = DESCRIPTION["paths"].as_object()?;
    // A literal path before one with a place in it.
    let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    fitting.sort_by_key(|(template, _)| template.contains('{'));
    fitting.first().map(|(template, operations)| (template.as_str(), *operations))
}

/// Ways in that speak a protocol of their own.
fn is_of_the_sdks(path: &str) -> bool {
    path.starts_with("/1/")
        || path.starts_with("/assets/")
        || !path[1..].contains('/') && !path.starts_with("/ready")
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let routes = include_str!("../../src/http/mod.rs").lines().filter_map(|line| {
        let (_, route) = line.trim().split_once(".route(\"")?;
        route.split_once('"').map(|(path, _)| path.to_owned())
    });
    let routes: BTreeSet<String> = routes.filter(|path| !is_of_the_sdks(path)).collect();
    let described = DESCRIPTION["paths"].as_object().unwrap().keys().cloned();
    let described: BTreeSet<String> = described.filter(|path| !is_of_the_sdks(path)).collect();
    assert!(routes.len() > 20);
    assert_eq!(routes, described);
}

#[test]
fn a_wrong_answer_is_noticed() {
    let wrong = json!({"accepted": "many"});
    let noticed = std::panic::catch_unwind(|| check("POST", "/api/v1/events", 200, &wrong));
    assert!(noticed.is_err());
    check("POST", "/api/v1/events", 200, &json!({"accepted": 1, "rejected": [], "stripped": []}));
}
