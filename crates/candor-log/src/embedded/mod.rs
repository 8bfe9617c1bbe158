//! The log in files of this machine.

mod frame;
mod reader;
mod recovery;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use recovery::LogFile;
use writer::{MakeSink, Queue, Writer};

use crate::error::Error;
use crate::{Batch, Done, Log, Offset};

/// Where the log lies and how large it may grow.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The folder of the log's files; made when it is missing.
    pub folder: PathBuf,
    /// A file is closed once it is this large.
    pub file_bytes_max: u64,
    /// Records that may wait for the writer at once, in bytes.
    pub queue_bytes_max: usize,
    /// The log refuses records above this size.
    pub log_bytes_max: u64,
    /// The largest record.
    pub record_bytes_max: usize,
}

impl LogConfig {
    /// 64 MiB files, 64 MiB waiting, 8 GiB in all, records up to 16 MiB.
    pub fn new(folder: impl Into<PathBuf>) -> LogConfig {
        LogConfig {
            folder: folder.into(),
            file_bytes_max: 64 << 20,
            queue_bytes_max: 64 << 20,
            log_bytes_max: 8 << 30,
            record_bytes_max: 16 << 20,
        }
    }
}

/// The log in files. One process at a time; closing it finishes what is queued.
pub struct EmbeddedLog {
    config: LogConfig,
    shared: Arc<Shared>,
    buffer: reader::Buffer,
    writer: Option<JoinHandle<()>>,
    _lock: File,
}

/// As much that nobody will read again is worth a new file.
const READ_BYTES_MIN: u64 = 1 << 20;

struct Shared {
    queue: Queue,
    state: Mutex<State>,
    grew: Condvar,
}

struct State {
    files: Vec<LogFile>,
    end: u64,
    followers: BTreeMap<String, u64>,
    poisoned: Option<String>,
}

impl EmbeddedLog {
    /// Opens the log, cutting off what a killed process had begun to write and never acknowledged.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has it, [`Error::Corrupt`] when synced bytes have
    /// changed: nothing is then cut or written.
    pub fn open(config: LogConfig) -> Result<EmbeddedLog, Error> {
        EmbeddedLog::open_on(config, Box::new(writer::real_file))
    }

    fn open_on(config: LogConfig, make_sink: MakeSink) -> Result<EmbeddedLog, Error> {
        let folder = &config.folder;
        fs::create_dir_all(folder).map_err(|e| Error::disk("make the folder", folder, &e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| Error::disk("open", &path, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::InUse(folder.clone())),
            Err(fs::TryLockError::Error(e)) => return Err(Error::disk("lock", &path, &e)),
        }
        let (files, end) = recovery::recover(folder, config.record_bytes_max)?;
        let followers = BTreeMap::new();
        let state = State { files, end, followers, poisoned: None };
        let shared = Arc::new(Shared {
            queue: Queue::default(),
            state: Mutex::new(state),
            grew: Condvar::new(),
        });
        let writer = Writer::new(config.clone(), Arc::clone(&shared), make_sink);
        let writer = std::thread::Builder::new()
            .name("candor-log".to_owned())
            .spawn(move || writer.run())
            .map_err(|e| Error::disk("start the writer of", folder, &e))?;
        let buffer = reader::Buffer::default();
        Ok(EmbeddedLog { config, shared, buffer, writer: Some(writer), _lock: lock })
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Log for EmbeddedLog {
    fn append(&self, payload: Vec<u8>, done: Done) {
        let (bytes, limit) = (payload.len(), self.config.record_bytes_max);
        assert!(bytes > 0, "a record has at least a byte");
        if bytes > limit {
            return done(Err(Error::TooLarge { bytes, limit }));
        }
        if let Some(done) = self.shared.queue.push(payload, done, self.config.queue_bytes_max) {
            done(Err(Error::Full("too many records wait for the disk".to_owned())));
        }
    }

    fn read(&self, from: Offset, bytes_max: usize) -> Result<Batch, Error> {
        let file = {
            let state = self.shared.lock();
            let start = state.files.first().map_or(state.end, |file| file.start);
            if from.0 < start || from.0 > state.end {
                return Err(Error::NoSuchOffset(from.0));
            }
            match state.files.iter().find(|file| (file.start..file.end()).contains(&from.0)) {
                Some(file) => file.clone(),
                None => return Ok(Batch { records: Vec::new(), next: from }),
            }
        };
        reader::read(&file, &self.buffer, from.0, bytes_max, self.config.record_bytes_max)
    }

    fn start(&self) -> Offset {
        let state = self.shared.lock();
        Offset(state.files.first().map_or(state.end, |file| file.start))
    }

    fn end(&self) -> Offset {
        self.shared.end()
    }

    fn wait(&self, beyond: Offset, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut state = self.shared.lock();
        while state.end <= beyond.0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.grew.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn follow(&self, follower: &str, at: Offset) {
        self.shared.lock().followers.insert(follower.to_owned(), at.0);
    }

    fn trim(&self) -> Result<u64, Error> {
        // Where no next file can be begun, those that end before are let go all the same.
        let turned = match self.shared.all_is_read() {
            true => self.shared.queue.turn(),
            false => Ok(()),
        };
        let mut state = self.shared.lock();
        let Some(behind) = state.followers.values().min().copied() else { return Ok(0) };
        let mut freed = 0;
        while state.files.len() > 1 && state.files[0].end() <= behind {
            let file = state.files[0].clone();
            fs::remove_file(&file.path).map_err(|e| Error::disk("remove", &file.path, &e))?;
            freed += file.bytes;
            state.files.remove(0);
        }
        if freed > 0 {
            recovery::sync_folder(&self.config.folder)?;
        }
        turned.map(|()| freed)
    }

    fn slowest_follower(&self) -> Option<(String, Offset)> {
        self.shared.slowest_follower()
    }

    fn bytes(&self) -> u64 {
        self.shared.bytes()
    }

    fn poisoned(&self) -> Option<String> {
        self.shared.poisoned()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> Offset {
        Offset(self.lock().end)
    }

    fn bytes(&self) -> u64 {
        let state = self.lock();
        state.end - state.files.first().map_or(state.end, |file| file.start)
    }

    fn poisoned(&self) -> Option<String> {
        self.lock().poisoned.clone()
    }

    fn slowest_follower(&self) -> Option<(String, Offset)> {
        let state = self.lock();
        let slowest = state.followers.iter().min_by_key(|(_, at)| **at);
        slowest.map(|(name, at)| (name.clone(), Offset(*at)))
    }

    /// Whether everything was read by all who follow, and is so much that it pays to let it go: a
    /// start reads the last file.
    fn all_is_read(&self) -> bool {
        let state = self.lock();
        let behind = state.followers.values().min().copied();
        let last = state.files.last().map_or(0, |file| file.bytes);
        behind.is_some_and(|behind| behind >= state.end) && last >= READ_BYTES_MIN
    }

    /// Whether the last file begins here and holds nothing.
    fn begins_at(&self, start: u64) -> bool {
        let state = self.lock();
        state.files.last().is_some_and(|file| file.start == start && file.bytes == 0)
    }

    fn add_file(&self, file: LogFile) {
        self.lock().files.push(file);
    }

    /// The group that the writer has just synced becomes readable.
    fn advance(&self, bytes: u64) {
        let mut state = self.lock();
        state.end += bytes;
        if let Some(file) = state.files.last_mut() {
            file.bytes += bytes;
        }
        self.grew.notify_all();
    }

    fn poison(&self, why: String) -> Error {
        tracing::error!(%why, "a sync of the log failed; it refuses writes until it is reopened");
        self.lock().poisoned = Some(why.clone());
        Error::Poisoned(why)
    }
}
