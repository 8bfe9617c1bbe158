//! The rules of the house, as an ordinary test: which room may know which, how long a file may be,
//! and what product code does not contain.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A room may depend only on the rooms named beside it. A room that is not here is refused.
const MAY_KNOW: [(&str, &[&str]); 10] = [
    ("candor-event", &[]),
    ("candor-keys", &["candor-event"]),
    ("candor-log", &["candor-event"]),
    ("candor-store", &["candor-event", "candor-keys"]),
    ("candor-catalog", &["candor-event"]),
    (
        "candor-ingest",
        &["candor-event", "candor-keys", "candor-log", "candor-store", "candor-catalog"],
    ),
    ("candor-query", &["candor-event", "candor-store"]),
    ("candor-sql", &["candor-event", "candor-store", "candor-query"]),
    (
        "candor-engage",
        &["candor-event", "candor-keys", "candor-catalog", "candor-ingest", "candor-query"],
    ),
    (
        "candor",
        &[
            "candor-event",
            "candor-keys",
            "candor-log",
            "candor-store",
            "candor-catalog",
            "candor-ingest",
            "candor-query",
            "candor-sql",
            "candor-engage",
        ],
    ),
];

/// Heavy libraries have one owner each, so that an upgrade touches one room.
const ONE_OWNER: [(&str, &[&str]); 5] = [
    ("sqlx", &["candor-catalog"]),
    ("axum", &["candor"]),
    ("clap", &["candor"]),
    ("parquet", &["candor-store"]),
    ("datafusion", &["candor-sql"]),
];

const CODE_LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;

/// Exceptions, each with the reason. The list may only shrink.
const EXCEPTIONS: [(&str, &str); 0] = [];

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The product's own source files with the lines before their tests.
fn product_code() -> Vec<(String, Vec<String>)> {
    let mut paths = Vec::new();
    for (room, _) in MAY_KNOW {
        rust_files(&house().join("crates").join(room).join("src"), &mut paths);
    }
    let is_test = |path: &PathBuf| {
        let inside = path.strip_prefix(house()).unwrap_or(path);
        path.ends_with("tests.rs") || inside.iter().any(|folder| folder == "tests")
    };
    paths.retain(|path| !is_test(path));
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().take_while(|line| !is_test_module(line));
        let name = path.strip_prefix(house()).unwrap().display().to_string();
        (name, lines.map(str::to_owned).collect())
    };
    let mut files: Vec<(String, Vec<String>)> = paths.iter().map(read).collect();
    files.sort();
    assert!(!files.is_empty(), "no source files were found");
    files
}

/// A test module at the foot of a file; `#[cfg(test)]` on anything above it does not end the code.
fn is_test_module(line: &str) -> bool {
    line.starts_with("mod tests {")
}

fn complain(found: &BTreeMap<String, String>) {
    let open: Vec<_> = found
        .iter()
        .filter(|(file, _)| !EXCEPTIONS.iter().any(|(known, _)| known == file))
        .collect();
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn rooms_know_only_the_rooms_above_them() {
    let folders = fs::read_dir(house().join("crates")).unwrap();
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let room = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((_, may_know)) = MAY_KNOW.iter().find(|(name, _)| *name == room) else {
            panic!("{room} is not in the table of rooms");
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        // Tests may make what a room above them would hand over.
        for line in manifest.lines().take_while(|line| *line != "[dev-dependencies]") {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if MAY_KNOW.iter().any(|(other, _)| *other == name) {
                assert!(may_know.contains(&name), "{room} may not depend on {name}");
            }
            if let Some((_, owners)) = ONE_OWNER.iter().find(|(library, _)| *library == name) {
                assert!(owners.contains(&room.as_str()), "{room} may not use {name}");
            }
        }
    }
}

#[test]
fn files_are_short_and_lines_are_narrow() {
    let mut found = BTreeMap::new();
    for (name, lines) in product_code() {
        let code = lines.iter().filter(|line| !line.trim().is_empty()).count();
        if code > CODE_LINES_MAX {
            found.insert(name.clone(), format!("{code} lines of code"));
        }
        let wide = lines.iter().position(|line| line.chars().count() > COLUMNS_MAX);
        if let Some(line) = wide {
            found.insert(name, format!("line {} is too wide", line + 1));
        }
    }
    complain(&found);
}

/// The one file that may be unsafe; each of its ways is held to a plain twin.
const VECTORISED: &str = "crates/candor-store/src/resident/select.rs";

#[test]
fn product_code_neither_unwraps_nor_prints_nor_is_unsafe() {
    let forbidden = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "unsafe "];
    let mut found = BTreeMap::new();
    for (name, lines) in product_code() {
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let mut words = forbidden.iter().filter(|word| code.contains(**word));
            if let Some(word) = words.find(|word| **word != "unsafe " || name != VECTORISED) {
                found.insert(name.clone(), format!("line {}: {word}", number + 1));
            }
        }
    }
    complain(&found);
}

#[test]
fn every_room_says_what_it_is_for() {
    for (room, _) in MAY_KNOW {
        let folder = house().join("crates").join(room).join("src");
        let file = [folder.join("lib.rs"), folder.join("main.rs")].into_iter().find(|f| f.exists());
        let text = fs::read_to_string(file.unwrap()).unwrap();
        assert!(text.starts_with("//! "), "{room} does not say what it is for");
    }
}
