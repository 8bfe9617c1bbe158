//! Golden files: what a template is for, values, source and output in one readable file.
//! `UPDATE_GOLDEN=1` rewrites the outputs; review reads the difference.
//!
//! Those of `escape text` hold for liquidjs 10, too (`strictVariables`, `strictFilters`,
//! `lenientIf`), but for four things: it has no `abort` and no bound on a loop, it divides whole
//! numbers into fractions, and it forgives an absent value in a condition.

use std::fs;
use std::path::{Path, PathBuf};

use candor_engage::template::{Escape, Limits, RenderError, Template, Values};
use serde_json::Value as Json;

#[test]
fn every_golden_file_holds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "the golden files are there");
    for file in files {
        check(&file);
    }
}

fn check(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let (given, expected) = text.split_once("\n--- output\n").unwrap();
    let (head, source) = given.split_once("\n--- template\n").unwrap();
    let (escape, values) = head.split_once("\n--- values\n").unwrap();
    let output = output(escape.strip_prefix("--- escape ").unwrap(), values, source);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, format!("{given}\n--- output\n{output}\n")).unwrap();
        return;
    }
    assert_eq!(format!("{output}\n"), expected, "{}", file.display());
}

fn output(escape: &str, values: &str, source: &str) -> String {
    let escape = match escape {
        "html" => Escape::Html,
        "json" => Escape::Json,
        "url" => Escape::Url,
        "text" => Escape::Text,
        "header" => Escape::Header,
        _ => panic!("no escape is called {escape}"),
    };
    let Json::Object(values) = serde_json::from_str(values).unwrap() else {
        panic!("values are an object");
    };
    let template = match Template::compile(source, escape) {
        Ok(template) => template,
        Err(error) => return format!("refused: {error}"),
    };
    match template.render(&Values::from(values), &Limits::default()) {
        Ok(output) => output,
        Err(error @ RenderError::Aborted(_)) => format!("stopped: {error}"),
        Err(error) => format!("dropped: {error}"),
    }
}
