//! What every implementation of the seam keeps.

use std::sync::mpsc;
use std::time::Duration;

use candor_log::{Appended, EmbeddedLog, Error, Log, LogConfig, MemoryLog, Offset};
use proptest::prelude::*;

fn on_each(check: impl Fn(&dyn Log)) {
    check(&MemoryLog::default());
    let folder = tempfile::tempdir().unwrap();
    check(&EmbeddedLog::open(LogConfig::new(folder.path())).unwrap());
}

fn append(log: &dyn Log, payload: &[u8]) -> Appended {
    let (told, answer) = mpsc::channel();
    log.append(payload.to_vec(), Box::new(move |appended| told.send(appended).unwrap()));
    answer.recv().unwrap().unwrap()
}

#[test]
fn an_acknowledged_record_can_be_read_at_once() {
    on_each(|log| {
        let appended = append(log, b"one");
        assert_eq!(log.end(), appended.next);
        let batch = log.read(appended.at, 1).unwrap();
        assert_eq!(batch.records[0].payload, b"one"[..]);
        assert_eq!(batch.records[0].offset, appended.at);
        assert_eq!(batch.next, appended.next);
    });
}

#[test]
fn an_offset_beyond_the_end_is_refused() {
    on_each(|log| {
        append(log, b"one");
        let beyond = Offset(log.end().0 + 1);
        assert!(matches!(log.read(beyond, 10), Err(Error::NoSuchOffset(_))));
        assert!(log.read(log.end(), 10).unwrap().records.is_empty());
    });
}

#[test]
fn waiting_ends_with_an_append_or_with_time() {
    on_each(|log| {
        assert!(!log.wait(log.end(), Duration::from_millis(5)));
        let before = log.end();
        std::thread::scope(|scope| {
            scope.spawn(|| append(log, b"one"));
            assert!(log.wait(before, Duration::from_secs(10)));
        });
    });
}

#[test]
fn the_slowest_follower_is_named() {
    on_each(|log| {
        assert_eq!(log.slowest_follower(), None);
        let middle = append(log, b"one").next;
        let end = append(log, b"two").next;
        log.follow("load", end);
        log.follow("triggers", middle);
        assert_eq!(log.slowest_follower(), Some(("triggers".to_owned(), middle)));
    });
}

#[test]
fn appends_of_many_threads_are_each_kept_once() {
    on_each(|log| {
        std::thread::scope(|scope| {
            for thread in 0..8u8 {
                scope.spawn(move || {
                    (0..50u8).for_each(|n| {
                        append(log, &[thread, n]);
                    })
                });
            }
        });
        let records = log.read(Offset(0), usize::MAX).unwrap().records;
        assert_eq!(records.len(), 400);
        for thread in 0..8 {
            let own: Vec<u8> =
                records.iter().filter(|r| r.payload[0] == thread).map(|r| r.payload[1]).collect();
            assert_eq!(own, (0..50).collect::<Vec<u8>>(), "thread {thread}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_gives_back_what_a_list_would(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..30),
        piece in 1usize..500,
    ) {
        on_each(|log| {
            for payload in &payloads {
                append(log, payload);
            }
            let (mut at, mut read) = (log.start(), Vec::new());
            while at < log.end() {
                let batch = log.read(at, piece).unwrap();
                assert!(batch.next > at);
                at = batch.next;
                read.extend(batch.records.into_iter().map(|record| record.payload.to_vec()));
            }
            assert_eq!(read, payloads);
        });
    }
}
