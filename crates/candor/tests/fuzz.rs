//! The fuzz targets without a fuzzer: every seed, and mutations of them, through the same entries.
//! `UPDATE_SEEDS=1` writes the seeds anew from the captures.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../fuzz/entries.rs"]
mod entries;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use candor_engage::links::{Purpose, Token};
use candor_event::{
    AccountId, DataClass, Event, FirstSeen, IdKind, Link, Merge, PersonId, Record, SystemClock,
    Timestamp, TraitChange, TraitOp, Value,
};
use candor_ingest::BatchSealer;
use candor_keys::PublisherKeys;
use candor_store::{Store, StoreConfig};
use entries::ENTRIES;
use serde_json::Value as Json;

/// Mutations of each target in a test; those that open files take a hundred times as long.
const MUTATIONS: usize = 3_000;
const MUTATIONS_ON_DISK: usize = 60;

/// A seed is at most so large, so that the repository stays small.
const SEED_BYTES_MAX: usize = 4_096;

fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds")
}

/// SplitMix64: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Pieces at which decoders decide.
const PIECES: [&[u8]; 14] = [
    b"{",
    b"[",
    b"]",
    b"}",
    b"\"",
    b":OO",
    b"%",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"1e308",
    b"-9223372036854775808",
    b"\\ud800",
    b"\"type\":",
    b"$incr",
];

fn mutate(seed: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let place = numbers.below(bytes.len() + 1);
        match numbers.below(7) {
            0 if place < bytes.len() => bytes[place] ^= 1 << numbers.below(8),
            1 if place < bytes.len() => bytes[place] = numbers.next() as u8,
            2 => bytes.truncate(place),
            3 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                bytes.splice(place..place, piece.iter().copied());
            }
            4 => {
                let end = place + numbers.below(bytes.len() - place + 1);
                bytes.drain(place..end);
            }
            5 => {
                let end = place + numbers.below((bytes.len() - place + 1).min(64));
                let again = bytes[place..end].to_vec();
                bytes.splice(place..place, again);
            }
            _ => {
                let from = numbers.below(other.len() + 1);
                bytes.truncate(place);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

#[test]
fn no_seed_and_no_mutation_of_one_breaks_a_decoder() {
    if std::env::var_os("UPDATE_SEEDS").is_some() {
        write_seeds();
    }
    std::thread::scope(|scope| {
        for (name, entry) in ENTRIES {
            scope.spawn(move || {
                let folder = fs::read_dir(seeds().join(name));
                let folder = folder.unwrap_or_else(|_| panic!("{name} has seeds"));
                let mut files: Vec<PathBuf> = folder.map(|file| file.unwrap().path()).collect();
                files.sort();
                let seeds: Vec<Vec<u8>> =
                    files.iter().map(|file| fs::read(file).unwrap()).collect();
                assert!(!seeds.is_empty(), "{name} has seeds");
                seeds.iter().for_each(|seed| entry(seed));
                let mut numbers = Numbers(name.len() as u64);
                let on_disk = ["log_frames", "manifest"].contains(&name);
                for _ in 0..if on_disk { MUTATIONS_ON_DISK } else { MUTATIONS } {
                    let seed = &seeds[numbers.below(seeds.len())];
                    let other = &seeds[numbers.below(seeds.len())];
                    entry(&mutate(seed, other, &mut numbers));
                }
            });
        }
    });
}

#[test]
fn every_entry_is_a_target_and_the_other_way_round() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let targets = fs::read_dir(folder.join("fuzz_targets")).unwrap().count();
    assert_eq!(targets, ENTRIES.len());
    for (name, _) in ENTRIES {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(folder.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
    }
}

fn write_seeds() {
    let _ = fs::remove_dir_all(seeds());
    let mut counts = std::collections::BTreeMap::new();
    let mut put = |target: &str, bytes: &[u8]| {
        if bytes.is_empty() || bytes.len() > SEED_BYTES_MAX {
            return;
        }
        let folder = seeds().join(target);
        fs::create_dir_all(&folder).unwrap();
        let count: &mut usize = counts.entry(target.to_owned()).or_default();
        fs::write(folder.join(format!("{count:02}")), bytes).unwrap();
        *count += 1;
    };
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../candor-ingest/tests/captures");
    let mut files: Vec<PathBuf> =
        fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "json")) {
        let capture: Json = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        // The first two of a scenario; the others differ little.
        for exchange in capture["exchanges"].as_array().unwrap().iter().take(3) {
            let text = |name: &str| exchange[name].as_str().unwrap_or_default();
            let query = text("target").split_once('?').map_or("", |(_, query)| query);
            match text("path") {
                "/a" if text("method") == "GET" => {
                    put("web_query", query.as_bytes());
                    let pairs = candor_ingest::decode::pairs(query);
                    if let Some((_, d)) = pairs.iter().find(|(name, _)| name == "d") {
                        put("lz_string", d.as_bytes());
                    }
                }
                "/a1" if text("body").contains("\"itp\"") => {
                    put("envelope", text("body").as_bytes());
                }
                "/a1" => put("mobile_body", text("body").as_bytes()),
                "/1/upload" => put("upload_body", text("body").as_bytes()),
                "/defineVars" | "/defineTemplates" if !text("body").is_empty() => {
                    put("definitions", text("body").as_bytes());
                }
                _ => {}
            }
        }
    }
    put("events_body", br#"{"records":[{"type":"event","identity":"u1","guid":"g","name":"Charged","at":"2026-11-24T10:00:00Z","properties":{"amount":12.5,"Items":[{"sku":"a"}]}},{"type":"profile","identity":7,"id":"r1","set":{"plan":"gold"},"unset":["x"],"add":{"tags":"a"},"remove":{"tags":["b"]},"increment":{"visits":2}}]}"#);
    put("import_line", br#"{"identity":7,"name":"Seen","time":1795500000,"session":"s","id":"x","n":{"a":[1,2.5,null]}}"#);
    put(
        "import_line",
        br#"{"type":"profile","identity":"u1","set":{"plan":"gold"},"increment":{"visits":2}}"#,
    );
    put("import_csv", b"identity,event,time,n,\"a \"\"b\"\"\"\nu1,Seen,1795500000,12.50,true\n\"u,2\",Seen,2026-11-24T10:00:00Z,,007\n");
    let sections = |records: &[Record]| {
        let keys = PublisherKeys::without_cipher_for_tests(7);
        let class_of = |name: &str| DataClass::ALL[name.len() % DataClass::ALL.len()];
        BatchSealer::new(&keys).seal(records, &class_of).unwrap()
    };
    let all = records();
    put("record_codec", &sections(&all));
    for record in &all {
        let frame = sections(std::slice::from_ref(record));
        put("record_codec", &frame);
        put("record_codec", &as_sections(&frame));
    }
    put("record_codec", &as_sections(&sections(&all)));
    for (keep, tail) in
        [(9_999u16, vec![]), (40, vec![1, 2, 3]), (30, vec![0; 20]), (0, vec![9; 30])]
    {
        put("log_frames", &[keep.to_le_bytes().as_slice(), &tail].concat());
    }
    put("manifest", &a_manifest());
    for (_, mail) in samples("../candor-engage/tests/bounces") {
        put("bounce_mail", &mail);
    }
    put("bounce_mail", A_COMPLAINT.replace('\n', "\r\n").as_bytes());
    for purpose in [
        Purpose::Link { number: 3, address: None },
        Purpose::Link { number: 3, address: Some("https://shop.test/?a=é".to_owned()) },
        Purpose::Unsubscribe,
        Purpose::Person { until: Some(1_795_500_000) },
    ] {
        let account = AccountId::new("TEST-1").unwrap();
        let text = Token { purpose, id: [7; 16], account }.write(&|_: &[u8]| [7; 16]);
        let sealed = URL_SAFE_NO_PAD.decode(&text).unwrap();
        put("link_token", text.as_bytes());
        put("link_token", &sealed[..sealed.len() - 16]);
    }
}

/// The files of a folder by name.
fn samples(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.map(|file| (file.clone(), fs::read(file).unwrap())).collect();
    files.sort();
    files
}

/// As RFC 5965 has it.
const A_COMPLAINT: &str = "\
Content-Type: multipart/report; boundary=b

--b
Content-Type: text/plain

spam
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Mail-From: <bounce+00000000000000000000000000000003.a5a5a5a5a5a5a5a6@bounce.test>

--b
Content-Type: message/rfc822

Message-ID: <00000000000000000000000000000003@bounce.test>

--b--
";

/// A frame's sections in the form that the entry takes them in.
fn as_sections(frame: &[u8]) -> Vec<u8> {
    let mut rest = &frame[2 + usize::from(frame[1])..];
    let mut sections = Vec::new();
    while rest.len() > 5 {
        let length = u32::from_le_bytes(rest[1..5].try_into().unwrap()) as usize;
        let plain = &rest[5 + 24..5 + length - 16];
        sections.push(rest[0]);
        sections.extend_from_slice(&(plain.len() as u16).to_le_bytes());
        sections.extend_from_slice(plain);
        rest = &rest[5 + length..];
    }
    sections
}

fn records() -> Vec<Record> {
    let (person, other) = (PersonId([1; 16]), PersonId([2; 16]));
    let at = Timestamp(1_795_500_000_000);
    let set = |value: Value| {
        let property = "plan".into();
        Record::Trait(TraitChange { person, at, property, op: TraitOp::Set(value) })
    };
    vec![
        Record::Event(Event {
            person,
            occurred_at: at,
            received_at: at,
            name: "Viewed".into(),
            session: Some(7),
            fingerprint: 9,
            properties: [
                ("a".to_owned(), Value::Integer(-3)),
                ("price".to_owned(), Value::Float(59.99)),
                ("pi".to_owned(), Value::Float(std::f64::consts::PI)),
                (
                    "Items".to_owned(),
                    Value::List(vec![Value::Object([("b".to_owned(), "c".into())].into())]),
                ),
            ]
            .into(),
        }),
        set("gold".into()),
        set(Value::Bool(true)),
        Record::Link(Link { kind: IdKind::Guid, hash: [3; 16], person, at }),
        Record::Merge(Merge { winner: person, loser: other, at, reason: "login".into() }),
        Record::FirstSeen(FirstSeen { person, fingerprint: 11, at }),
        Record::Erase { person, at },
    ]
}

/// The plain text of a manifest of a store with a part.
fn a_manifest() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let keys = PublisherKeys::without_cipher_for_tests(7);
    let mut config = StoreConfig::new(folder.path());
    config.volumes = 2;
    let class_of = Arc::new(|_: &str| DataClass::Behaviour);
    let store = Store::open(config, keys, class_of, Arc::new(SystemClock)).unwrap();
    store.apply(records(), 5).unwrap();
    store.flush().unwrap();
    let bytes = fs::read(folder.path().join("manifest")).unwrap();
    bytes[8 + 24..bytes.len() - 16].to_vec()
}
