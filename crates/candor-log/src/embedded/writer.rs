//! The writer thread: everything that is queued becomes one write and one sync.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::frame::{self, FILE_HEAD_BYTES, HEAD_BYTES};
use super::recovery::{LogFile, file_path, sync_folder};
use super::{LogConfig, Shared};
use crate::error::Error;
use crate::{Appended, Done, Offset};

/// The most that one group may hold; what is queued beyond it makes the next group.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// Where groups go. Tests put a failing disk in its place.
pub(super) trait Sink: Send {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    /// Takes back what was written since the last sync.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Makes the file of a path; tests wrap it.
pub(super) type MakeSink = Box<dyn Fn(&Path) -> io::Result<Box<dyn Sink>> + Send>;

/// Appending, so that a cut file is continued at its new end.
pub(super) fn real_file(path: &Path) -> io::Result<Box<dyn Sink>> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    Ok(Box::new(file))
}

/// Records that wait for the writer.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    filled: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<(Vec<u8>, Done)>,
    bytes: usize,
    /// Who wants the next file to begin.
    turn: Option<Turned>,
    closed: bool,
}

/// Tells whether the next file was begun.
type Turned = SyncSender<Result<(), Error>>;

/// What the writer does next.
enum Work {
    Group(Vec<(Vec<u8>, Done)>),
    Turn(Turned),
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a record, or gives it back when `bytes_max` would be exceeded.
    pub(super) fn push(&self, payload: Vec<u8>, done: Done, bytes_max: usize) -> Option<Done> {
        let mut state = self.lock();
        if state.closed || state.bytes + payload.len() > bytes_max {
            return Some(done);
        }
        state.bytes += payload.len();
        state.waiting.push_back((payload, done));
        self.filled.notify_one();
        None
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    /// Begins the next file behind the group that is being written; returns once that is done.
    pub(super) fn turn(&self) -> Result<(), Error> {
        let (turned, answer) = mpsc::sync_channel(1);
        let mut state = self.lock();
        if state.closed {
            return Ok(());
        }
        state.turn = Some(turned);
        drop(state);
        self.filled.notify_all();
        // Another asked in between: it is done for both.
        answer.recv().unwrap_or(Ok(()))
    }

    /// The next work; `None` once the queue is closed and empty.
    fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            // Before what waits: something always may.
            if let Some(turned) = state.turn.take() {
                return Some(Work::Turn(turned));
            }
            if !state.waiting.is_empty() {
                break;
            }
            if state.closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some((payload, _)) = state.waiting.front() {
            bytes += payload.len() + HEAD_BYTES;
            if bytes > GROUP_BYTES_MAX && !group.is_empty() {
                break;
            }
            state.bytes -= payload.len();
            group.extend(state.waiting.pop_front());
        }
        Some(Work::Group(group))
    }
}

pub(super) struct Writer {
    config: LogConfig,
    shared: Arc<Shared>,
    make_sink: MakeSink,
    current: Option<Current>,
    group: Vec<u8>,
}

struct Current {
    sink: Box<dyn Sink>,
    path: PathBuf,
    /// Bytes of the file that are synced, its head included.
    synced: u64,
}

impl Writer {
    pub(super) fn new(config: LogConfig, shared: Arc<Shared>, make_sink: MakeSink) -> Writer {
        Writer { config, shared, make_sink, current: None, group: Vec::new() }
    }

    /// Runs until the queue is closed and everything in it has been answered.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(work) = shared.queue.take() {
            match work {
                Work::Group(records) => self.write_group(records),
                Work::Turn(turned) => {
                    let _ = turned.send(self.turn());
                }
            }
        }
    }

    fn turn(&mut self) -> Result<(), Error> {
        if let Some(why) = self.shared.poisoned() {
            return Err(Error::Poisoned(why));
        }
        // Nothing goes to the old one any more, also where the next cannot be begun: what may be
        // left of that has the offset at which the next group tries again.
        self.current = None;
        self.current = Some(self.next_file(self.shared.end().0)?);
        Ok(())
    }

    fn write_group(&mut self, records: Vec<(Vec<u8>, Done)>) {
        let start = self.shared.end();
        self.group.clear();
        let mut answers = Vec::with_capacity(records.len());
        for (payload, done) in records {
            let at = Offset(start.0 + self.group.len() as u64);
            frame::put(&mut self.group, &payload);
            let next = Offset(start.0 + self.group.len() as u64);
            answers.push((done, Appended { at, next }));
        }
        match self.commit(start.0) {
            Ok(()) => {
                self.shared.advance(self.group.len() as u64);
                answers.into_iter().for_each(|(done, appended)| done(Ok(appended)));
            }
            Err(error) => answers.into_iter().for_each(|(done, _)| done(Err(error.clone()))),
        }
    }

    fn commit(&mut self, start: u64) -> Result<(), Error> {
        if let Some(why) = self.shared.poisoned() {
            return Err(Error::Poisoned(why));
        }
        let bytes = self.shared.bytes();
        if bytes + self.group.len() as u64 > self.config.log_bytes_max {
            let slowest = self.shared.slowest_follower();
            let who = slowest.map_or("no follower has read it".to_owned(), |(name, at)| {
                format!("the follower {name} is at offset {}", at.0)
            });
            return Err(Error::Full(format!("{bytes} bytes wait in it and {who}")));
        }
        let full = |current: &Current| current.synced >= self.config.file_bytes_max;
        if self.current.as_ref().is_none_or(full) {
            self.current = Some(self.next_file(start)?);
        }
        let Some(current) = &mut self.current else {
            return Err(Error::Full("no file is open".to_owned()));
        };
        if let Err(error) = current.sink.write(&self.group) {
            if let Err(second) = current.sink.cut(current.synced) {
                return Err(self.shared.poison(format!("a half-written group stays: {second}")));
            }
            return Err(refused("write", &current.path, &error));
        }
        if let Err(error) = current.sink.sync() {
            return Err(self.shared.poison(error.to_string()));
        }
        current.synced += self.group.len() as u64;
        Ok(())
    }

    /// A file with records is never continued by another process. It begins with its head, synced
    /// together with its name.
    fn next_file(&self, start: u64) -> Result<Current, Error> {
        let path = file_path(&self.config.folder, start);
        let mut sink = (self.make_sink)(&path).map_err(|e| refused("make", &path, &e))?;
        if self.shared.begins_at(start) {
            return Ok(Current { sink, path, synced: FILE_HEAD_BYTES as u64 });
        }
        // One that could not be begun may have been left.
        let headed = sink.cut(0).and_then(|()| sink.write(&frame::file_head(start)));
        let headed = headed.and_then(|()| sink.sync());
        if let Err(error) = headed {
            let _ = std::fs::remove_file(&path);
            return Err(refused("begin", &path, &error));
        }
        sync_folder(&self.config.folder)?;
        self.shared.add_file(LogFile { path: path.clone(), start, bytes: 0 });
        Ok(Current { sink, path, synced: FILE_HEAD_BYTES as u64 })
    }
}

/// A full disk is not a broken one: it is answered as full and tried again with the next group.
fn refused(action: &'static str, path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::Full("the disk has no space left".to_owned())
        }
        _ => Error::disk(action, path, error),
    }
}
