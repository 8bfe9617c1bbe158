//! Crashes and failing disks, simulated under the real writer and the real recovery.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::mpsc;

use proptest::prelude::*;

use super::writer::{MakeSink, Sink, real_file};
use super::*;

/// What the disk does next; counts are of calls on any file.
#[derive(Clone, Debug, Default)]
struct Faults {
    /// The write of this number fails as full, after half of it was written.
    full_at: Option<u32>,
    /// The sync of this number fails.
    sync_fails_at: Option<u32>,
}

struct Faulty {
    sink: Box<dyn Sink>,
    faults: Arc<Mutex<(Faults, u32, u32)>>,
}

impl Sink for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.faults.lock().unwrap();
        state.1 += 1;
        if state.0.full_at == Some(state.1) {
            self.sink.write(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.sink.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.faults.lock().unwrap();
        state.2 += 1;
        match state.0.sync_fails_at == Some(state.2) {
            true => Err(io::Error::other("simulated")),
            false => self.sink.sync(),
        }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.sink.cut(length)
    }
}

fn faulty(faults: Faults) -> MakeSink {
    let state = Arc::new(Mutex::new((faults, 0, 0)));
    Box::new(move |path: &Path| {
        let sink = real_file(path)?;
        Ok(Box::new(Faulty { sink, faults: Arc::clone(&state) }) as Box<dyn Sink>)
    })
}

fn append(log: &EmbeddedLog, payload: &[u8]) -> Result<crate::Appended, Error> {
    let (told, answer) = mpsc::channel();
    log.append(payload.to_vec(), Box::new(move |appended| told.send(appended).unwrap()));
    answer.recv().unwrap()
}

fn read_all(log: &EmbeddedLog) -> Vec<Vec<u8>> {
    let (mut at, mut all) = (log.start(), Vec::new());
    loop {
        let batch = log.read(at, 100).unwrap();
        if batch.records.is_empty() {
            assert_eq!(at, log.end());
            return all;
        }
        at = batch.next;
        all.extend(batch.records.into_iter().map(|record| record.payload.to_vec()));
    }
}

fn small(folder: &Path) -> LogConfig {
    LogConfig { file_bytes_max: 200, ..LogConfig::new(folder) }
}

#[test]
fn a_full_disk_refuses_and_recovers_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults { full_at: Some(3), ..Faults::default() };
    let log = EmbeddedLog::open_on(LogConfig::new(folder.path()), faulty(faults)).unwrap();
    append(&log, b"one").unwrap();
    assert!(matches!(append(&log, b"two"), Err(Error::Full(_))));
    append(&log, b"three").unwrap();
    let expected = vec![b"one".to_vec(), b"three".to_vec()];
    assert_eq!(read_all(&log), expected);
    drop(log);
    let log = EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    assert_eq!(read_all(&log), expected);
}

#[test]
fn a_failed_sync_poisons_the_log_until_it_is_reopened() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults { sync_fails_at: Some(3), ..Faults::default() };
    let log = EmbeddedLog::open_on(LogConfig::new(folder.path()), faulty(faults)).unwrap();
    append(&log, b"one").unwrap();
    assert!(matches!(append(&log, b"two"), Err(Error::Poisoned(_))));
    assert!(matches!(append(&log, b"three"), Err(Error::Poisoned(_))));
    assert!(log.poisoned().is_some());
    assert_eq!(read_all(&log), vec![b"one".to_vec()]);
    drop(log);
    let log = EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    assert_eq!(read_all(&log)[0], b"one");
    append(&log, b"four").unwrap();
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    let second = EmbeddedLog::open(LogConfig::new(folder.path()));
    assert!(matches!(second, Err(Error::InUse(_))));
    drop(first);
    EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
}

#[test]
fn damage_before_a_later_group_is_reported_and_nothing_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    append(&log, b"first record").unwrap();
    append(&log, b"second record").unwrap();
    drop(log);
    let path = recovery::file_path(folder.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[frame::FILE_HEAD_BYTES + frame::HEAD_BYTES] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let opened = EmbeddedLog::open(LogConfig::new(folder.path()));
    assert!(matches!(opened, Err(Error::Corrupt { .. })));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_log_above_its_limit_names_the_slowest_follower() {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig { log_bytes_max: 100, ..small(folder.path()) };
    let log = EmbeddedLog::open(config).unwrap();
    append(&log, &[1; 60]).unwrap();
    log.follow("load", Offset(0));
    let Err(Error::Full(why)) = append(&log, &[2; 60]) else { panic!("it was taken") };
    assert!(why.contains("load"), "{why}");
}

#[test]
fn trimming_keeps_offsets_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(small(folder.path())).unwrap();
    let ends: Vec<Offset> = (1..=12).map(|n| append(&log, &[n; 60]).unwrap().next).collect();
    assert_eq!(log.trim().unwrap(), 0, "nobody follows yet");
    log.follow("load", ends[8]);
    assert!(log.trim().unwrap() > 0);
    let kept = read_all(&log);
    assert_eq!(log.read(ends[8], 1).unwrap().records[0].payload, vec![10; 60]);
    let end = log.end();
    drop(log);
    let log = EmbeddedLog::open(small(folder.path())).unwrap();
    assert_eq!((read_all(&log), log.end()), (kept, end));
}

#[test]
fn what_everybody_has_read_is_let_go_and_its_offsets_are_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes_on_disk = || -> u64 {
        let files = fs::read_dir(folder.path()).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    let open = || EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    let log = open();
    append(&log, &[1; 700_000]).unwrap();
    let end = append(&log, &[2; 700_000]).unwrap().next;
    log.follow("load", Offset(end.0 - 1));
    assert_eq!(log.trim().unwrap(), 0, "some of it waits still");
    log.follow("load", end);
    assert_eq!(log.trim().unwrap(), end.0);
    assert_eq!(bytes_on_disk(), frame::FILE_HEAD_BYTES as u64);
    assert_eq!((log.start(), log.end()), (end, end));
    drop(log);
    // Stopped as often as one likes before anything comes.
    for _ in 0..2 {
        let log = open();
        assert_eq!((log.start(), log.end()), (end, end));
    }
    let torn = recovery::file_path(folder.path(), end.0);
    let mut bytes = fs::read(&torn).unwrap();
    bytes.extend([7; 30]);
    fs::write(&torn, &bytes).unwrap();
    let log = open();
    assert_eq!(append(&log, b"three").unwrap().at, end);
    drop(log);
    assert_eq!(read_all(&open()), vec![b"three".to_vec()]);
}

#[test]
fn the_end_is_known_by_a_torn_file_that_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let open = || EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    let torn = recovery::file_path(folder.path(), 77);
    for bytes in [&b""[..], b"CAND", &[0; 30]] {
        fs::write(&torn, bytes).unwrap();
        for _ in 0..2 {
            assert_eq!(open().end(), Offset(77));
        }
    }
    assert_eq!(append(&open(), b"next").unwrap().at, Offset(77));
    assert_eq!(read_all(&open()), vec![b"next".to_vec()]);
}

#[test]
fn a_next_file_that_cannot_be_begun_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The head of the first file, a record, the head of the next.
    let faults = Faults { full_at: Some(3), ..Faults::default() };
    let log = EmbeddedLog::open_on(LogConfig::new(folder.path()), faulty(faults)).unwrap();
    let end = append(&log, &[1; 1 << 20]).unwrap().next;
    log.follow("load", end);
    assert!(matches!(log.trim(), Err(Error::Full(_))));
    assert_eq!(read_all(&log), vec![vec![1; 1 << 20]]);
    // What comes goes to the next file, and not behind it.
    let path = recovery::file_path(folder.path(), end.0);
    fs::write(&path, b"left").unwrap();
    let end = append(&log, &[2; 1 << 20]).unwrap().next;
    log.follow("load", end);
    assert!(log.trim().unwrap() > 0);
    append(&log, b"two").unwrap();
    drop(log);
    let log = EmbeddedLog::open(LogConfig::new(folder.path())).unwrap();
    assert_eq!(read_all(&log), vec![b"two".to_vec()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The process is killed: what lies behind the last sync may be any prefix, or garbage.
    #[test]
    fn a_kill_at_any_moment_loses_nothing_acknowledged(
        sizes in prop::collection::vec(1usize..90, 1..20),
        torn in prop::collection::vec(any::<u8>(), 0..60),
        unsynced in 1usize..90,
        kept in any::<prop::sample::Index>(),
        garbage in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut acknowledged = Vec::new();
        for half in sizes.chunks(sizes.len().div_ceil(2)) {
            let log = EmbeddedLog::open(small(folder.path())).unwrap();
            for size in half {
                let payload = vec![*size as u8; *size];
                append(&log, &payload).unwrap();
                acknowledged.push(payload);
            }
            drop(log);
            let newest: BTreeMap<_, _> = fs::read_dir(folder.path()).unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|e| e == "log"))
                .map(|path| (path.clone(), path)).collect();
            let mut group = Vec::new();
            frame::put(&mut group, &vec![0xEE; unsynced]);
            let length = kept.index(group.len());
            let tail = if garbage { &torn } else { &group[..length] };
            let (_, path) = newest.last_key_value().unwrap();
            let mut bytes = fs::read(path).unwrap();
            bytes.extend_from_slice(tail);
            fs::write(path, bytes).unwrap();
        }
        let log = EmbeddedLog::open(small(folder.path())).unwrap();
        prop_assert_eq!(read_all(&log), acknowledged);
    }
}
