//! One entry for each decoder of untrusted bytes: it may refuse, and must not panic, hang or grow
//! beyond its bound. libFuzzer calls these (`make fuzz`), and `cargo test` replays the seeds and some
//! thousand mutations of them.

use std::fs;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use candor_engage::channel::email::{BounceAddress, bounce};
use candor_engage::links::Token;
use candor_event::{DataClass, SystemClock};
use candor_ingest::{account_of, decode, lzstring, open_frame};
use candor_keys::{PublisherKeys, open_in_transit};
use candor_log::{EmbeddedLog, Log, LogConfig, Offset};
use candor_store::{Store, StoreConfig, TableReader};

/// Takes bytes and must come back.
pub type Entry = fn(&[u8]);

/// Every entry by the name of its target.
pub const ENTRIES: [(&str, Entry); 14] = [
    ("lz_string", lz_string),
    ("web_query", web_query),
    ("mobile_body", mobile_body),
    ("envelope", envelope),
    ("upload_body", upload_body),
    ("events_body", events_body),
    ("definitions", definitions),
    ("import_line", import_line),
    ("import_csv", import_csv),
    ("record_codec", record_codec),
    ("log_frames", log_frames),
    ("manifest", manifest),
    ("bounce_mail", bounce_mail),
    ("link_token", link_token),
];

const UNITS_MAX: usize = 256 << 10;

/// LZString text of the Web SDK.
pub fn lz_string(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(read) = lzstring::decompress(&text, UNITS_MAX) {
        assert!(read.encode_utf16().count() <= UNITS_MAX, "the bound holds");
    }
}

/// The query of `/a`, and what its request asks to keep; the query of `/e`.
pub fn web_query(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let decrypt = |itp: &str, itk: &str, itv: &str| open_encoded(itp, itk, itv);
    let _ = decode::email_page(&decode::pairs(&query), &decrypt);
    if let Ok(request) = decode::web(&decode::pairs(&query), &decrypt) {
        check(&request.records("g"));
    }
}

/// The body of `/a1`.
pub fn mobile_body(data: &[u8]) {
    if let Ok(decoded) = decode::mobile(data) {
        check(&decoded);
    }
}

/// An encrypted body of `/a1`, and what is in it.
pub fn envelope(data: &[u8]) {
    let Some((itp, itk, itv)) = decode::encrypted(data) else { return };
    if let Some(plain) = open_encoded(&itp, &itk, &itv) {
        mobile_body(&plain);
    }
}

fn open_encoded(itp: &str, itk: &str, itv: &str) -> Option<Vec<u8>> {
    let bytes = |text: &str| STANDARD.decode(text).ok();
    open_in_transit(&bytes(itk)?, &bytes(itv)?, &bytes(itp)?)
}

/// The body of `/1/upload`.
pub fn upload_body(data: &[u8]) {
    let Ok(upload) = decode::upload(data) else { return };
    assert_eq!(upload.records.len() + upload.unprocessed.len(), upload.sent.len());
    assert!(upload.unprocessed.iter().all(|one| one.index < upload.sent.len()));
}

/// The body of `/api/v1/events`.
pub fn events_body(data: &[u8]) {
    if let Ok(decoded) = decode::records(data, &|_| None) {
        assert_eq!(decoded.records.len() + decoded.refused.len(), decoded.sent);
        check(&decoded);
    }
}

/// The bodies of `/defineVars` and `/defineTemplates`.
pub fn definitions(data: &[u8]) {
    let _ = decode::define::credentials(data);
    let _ = decode::define::templates(data);
    if let Ok(new) = decode::define::variables(data) {
        let mut known = new.clone();
        decode::define::leave_groups(&mut known, &new);
        assert!(decode::define::values(&new).len() <= new.len());
    }
}

/// What every decoder promises of what it read.
fn check(decoded: &decode::Decoded) {
    assert!(decoded.records.len() + decoded.refused.len() <= decoded.sent.max(1));
    assert!(decoded.refused.iter().all(|one| one.index < decode::RECORDS_MAX));
    for record in &decoded.records {
        if let decode::Body::Event { name, properties } = &record.body {
            assert!(name.chars().count() <= decode::TEXT_CHARS_MAX, "the bound of names holds");
            // The session of the SDK is kept beside its properties.
            assert!(properties.len() <= decode::PROPERTIES_MAX + 1);
        }
    }
}

/// Keys that frame instead of sealing: what lies behind the cipher is reached.
fn keys() -> &'static PublisherKeys {
    static KEYS: OnceLock<PublisherKeys> = OnceLock::new();
    KEYS.get_or_init(|| PublisherKeys::without_cipher_for_tests(7))
}

/// A frame's payload as it lies in the log, and the same bytes as the sections of a whole frame:
/// A line of JSON that is imported, as an event and as a profile, of our form and of others.
pub fn import_line(data: &[u8]) {
    let clocks = decode::Clocks { instant: &|_| None, wall: &|_| None };
    for product in [decode::Product::CleverTap, decode::Product::Mixpanel] {
        let elsewhere = decode::Elsewhere { product, event: None };
        let _ = elsewhere.line(0, data, clocks);
    }
    for profiles in [false, true] {
        let roles = decode::Roles::new(&[], &[], profiles).unwrap_or_default();
        let _ = roles.line(0, data, &|_| None);
    }
}

/// CSV that is imported.
pub fn import_csv(data: &[u8]) {
    let Ok(mut table) = TableReader::csv("fuzz", std::io::Cursor::new(data.to_vec())) else {
        return;
    };
    let roles = decode::Roles::default();
    let Ok(columns) = roles.columns(table.columns()) else { return };
    while let Ok(Some(piece)) = table.next_piece() {
        for row in 0..piece.rows() {
            let _ = roles.row(row, &columns, |column| piece.cell(column, row), &|_| None);
        }
    }
}

/// class, length of two bytes, and so many bytes.
pub fn record_codec(data: &[u8]) {
    let _ = account_of(data);
    let _ = open_frame(keys(), data);
    let account = keys().account().as_str().as_bytes();
    let mut frame = vec![1, account.len() as u8];
    frame.extend_from_slice(account);
    let mut rest = data;
    while let [class, low, high, more @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(more.len());
        let (plain, after) = more.split_at(length);
        rest = after;
        frame.push(class % DataClass::ALL.len() as u8);
        frame.extend_from_slice(&(24 + plain.len() as u32 + 16).to_le_bytes());
        frame.extend_from_slice(&[0; 24]);
        frame.extend_from_slice(plain);
        frame.extend_from_slice(&[0; 16]);
    }
    let _ = open_frame(keys(), &frame);
}

/// A file of the log, whatever a crash or a disk made of it: it opens to whole records and takes
/// more, or says what is wrong.
pub fn log_frames(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder to write to");
    let config = || LogConfig::new(folder.path());
    let append = |log: &EmbeddedLog, payload: &[u8]| {
        let (tell, told) = std::sync::mpsc::channel();
        let done = move |result: Result<candor_log::Appended, _>| {
            let _ = tell.send(result.is_ok());
        };
        log.append(payload.to_vec(), Box::new(done));
        told.recv().unwrap_or(false)
    };
    {
        let log = EmbeddedLog::open(config()).expect("an empty folder opens");
        assert!(append(&log, b"first") && append(&log, b"second"));
    }
    let entries = fs::read_dir(folder.path()).expect("the folder is there");
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.filter(|path| path.file_name().is_some_and(|name| name != "lock")).min();
    let file = file.expect("the log wrote a file");
    // The first two bytes say how much of the file stays; the rest follows it.
    let [low, high, tail @ ..] = data else { return };
    let mut bytes = fs::read(&file).expect("the file reads");
    bytes.truncate(usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1));
    bytes.extend_from_slice(tail);
    fs::write(&file, bytes).expect("the file is written");
    let Ok(log) = EmbeddedLog::open(config()) else { return };
    let mut from = log.start();
    while let Ok(batch) = log.read(from, 1 << 20) {
        if batch.records.is_empty() {
            break;
        }
        assert!(batch.next > from, "reading goes on");
        from = batch.next;
    }
    if append(&log, b"more") {
        let end = log.end();
        drop(log);
        let again = EmbeddedLog::open(config()).expect("what was recovered opens again");
        assert_eq!(again.end(), end);
        assert!(again.read(Offset(end.0), 1).is_ok());
    }
}

/// The list of a store's files.
pub fn manifest(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder to write to");
    let mut bytes = b"CANDORM\x01".to_vec();
    bytes.extend_from_slice(&[0; 24]);
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(&[0; 16]);
    fs::write(folder.path().join("manifest"), bytes).expect("the manifest is written");
    let class_of = std::sync::Arc::new(|_: &str| DataClass::Behaviour);
    let clock = std::sync::Arc::new(SystemClock);
    let opened = Store::open(StoreConfig::new(folder.path()), keys().clone(), class_of, clock);
    if let Ok(store) = opened {
        assert!(store.applied() >= store.covered());
        let _ = store.view().events();
    }
}

/// A mail that came to the bounce domain.
pub fn bounce_mail(data: &[u8]) {
    // As the addresses in the samples are signed.
    let mac = |id: &[u8]| std::array::from_fn(|place| id[8 + place] ^ 0xa5);
    let ours = BounceAddress::new("bounce.test", mac).expect("a domain");
    let Some(read) = bounce::read(data, None, &ours) else { return };
    assert!(read.code.len() <= 64, "a code holds nothing of the text");
    assert_eq!(ours.message(&ours.address(read.id)), Some(read.id));
}

/// What stands in an address of ours, as it is and behind a signature that holds.
pub fn link_token(data: &[u8]) {
    let sign = |_: &[u8]| [7; 16];
    let signed = URL_SAFE_NO_PAD.encode([data, &[7; 16]].concat());
    for text in [&String::from_utf8_lossy(data), signed.as_str()] {
        if let Some(token) = Token::verify(text, &sign) {
            assert_eq!(Token::verify(&token.write(&sign), &sign), Some(token));
        }
    }
}
