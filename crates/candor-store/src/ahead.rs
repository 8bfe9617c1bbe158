//! Files that a start will want, read before they are asked for: the disk works while keys are
//! still unwrapped and rows are decoded. What the system does not have at hand is read past its
//! cache: what is decoded stays in memory, so it is hardly read again soon, and a copy would cost
//! more than the reading.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Bytes;
use rustix::fs::{Advice, OFlags, fadvise, fcntl_setfl};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};

/// Files that are read at one time.
const READERS: usize = 2;

/// Bytes that were read and not asked for, from which on no further file is begun: the disk is
/// faster than who decodes, and memory that is used again costs less than new.
const UNASKED_MAX: usize = 4 << 20;

/// Bytes of buffers that are kept to be used again.
const FREE_MAX: usize = 2 * UNASKED_MAX;

/// A larger file is left to who wants it, who knows how large it is to be.
const FILE_MAX: u64 = 256 << 20;

/// Where what is read past the cache must begin and end, in memory and in the file.
const ALIGNED: usize = 4096;

/// Files of publishers' folders, of which those that [`crate::Store::open`] reads whole are read
/// ahead. Dropped, nothing more is read.
///
/// It is a hint: a file that is not here is read by who wants it, and so is one that cannot be
/// read, who then says what is wrong with it.
pub struct Ahead(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Not begun, the first one first.
    waiting: VecDeque<PathBuf>,
    reading: HashSet<PathBuf>,
    /// Read, and not asked for yet.
    read: Vec<(PathBuf, Bytes)>,
    /// Bytes of what is read.
    unasked: usize,
    /// Buffers that were given back.
    free: Vec<Vec<u8>>,
    ended: bool,
}

impl Ahead {
    /// Begins to read, on threads of its own.
    pub fn of(folders: impl IntoIterator<Item = PathBuf>) -> Ahead {
        let ahead = Ahead(Arc::default());
        ahead.0.state().waiting = folders.into_iter().flat_map(wanted_of).collect();
        for _ in 0..READERS {
            let shared = ahead.0.clone();
            // Where there can be no thread, nothing is read ahead.
            let _ = thread::Builder::new().spawn(move || while shared.read_one() {});
        }
        ahead
    }

    /// The bytes of a file, if it was read ahead or is just being read.
    pub(crate) fn take(&self, path: &Path) -> Option<Bytes> {
        let mut state = self.0.state();
        // Files are asked for about in their order: it is among the first.
        if let Some(at) = state.waiting.iter().position(|waiting| waiting == path) {
            state.waiting.remove(at);
            return None;
        }
        while state.reading.contains(path) {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let at = state.read.iter().position(|read| read.0 == path)?;
        let bytes = state.read.swap_remove(at).1;
        state.unasked -= bytes.len();
        drop(state);
        self.0.changed.notify_all();
        Some(bytes)
    }

    /// Nothing more of a folder is asked for: what no manifest names does not hold up the rest.
    pub(crate) fn leave(&self, folder: &Path) {
        let of_folder = |path: &Path| path.parent() == Some(folder);
        let mut state = self.0.state();
        state.waiting.retain(|path| !of_folder(path));
        let read = std::mem::take(&mut state.read);
        let (left, read): (Vec<_>, Vec<_>) = read.into_iter().partition(|one| of_folder(&one.0));
        state.read = read;
        state.unasked -= left.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        drop(state);
        self.0.changed.notify_all();
        // Buffers go back with nobody holding what they go back to.
        drop(left);
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state();
        let (waiting, read) = (state.waiting.len(), state.read.len());
        f.debug_struct("Ahead").field("waiting", &waiting).field("read", &read).finish()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ended = true;
        let unwanted = (std::mem::take(&mut state.read), std::mem::take(&mut state.free));
        drop(state);
        self.0.changed.notify_all();
        drop(unwanted);
    }
}

/// The files of a folder about in the order in which opening its store reads them: volume by
/// volume.
fn wanted_of(folder: PathBuf) -> Vec<PathBuf> {
    let wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with("-history.parquet") || name.ends_with("-people.parquet")
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(wanted).collect();
    files.sort_unstable();
    files
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the next file, once there is room; whether there was one.
    fn read_one(self: &Arc<Shared>) -> bool {
        let mut state = self.state();
        while state.unasked >= UNASKED_MAX && !state.ended {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.ended {
            return false;
        }
        let Some(path) = state.waiting.pop_front() else { return false };
        state.reading.insert(path.clone());
        drop(state);
        let mut begun = Begun { shared: self, path, read: None };
        begun.read = self.read(&begun.path).ok();
        true
    }

    fn read(self: &Arc<Shared>, path: &Path) -> io::Result<Bytes> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        if len > FILE_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let len = len as usize;
        let mut buffer = Buffer::of(self, len);
        let (start, room) = (buffer.start, len.next_multiple_of(ALIGNED));
        let bytes = &mut buffer.bytes[start..start + room];
        if cached(&file, bytes) || past_cache(&file, bytes, len).is_err() {
            let _ = fcntl_setfl(&file, OFlags::empty());
            file.read_exact_at(&mut bytes[..len], 0)?;
        }
        Ok(Bytes::from_owner(buffer))
    }
}

/// A file that is being read: ends with what was read of it, whatever happens.
struct Begun<'a> {
    shared: &'a Shared,
    path: PathBuf,
    read: Option<Bytes>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let (path, mut read) = (std::mem::take(&mut self.path), self.read.take());
        let mut state = self.shared.state();
        state.reading.remove(&path);
        if !state.ended
            && let Some(bytes) = read.take()
        {
            state.unasked += bytes.len();
            state.read.push((path, bytes));
        }
        drop(state);
        self.shared.changed.notify_all();
        // A buffer goes back with nobody holding what it goes back to.
        drop(read);
    }
}

/// Whether the system has the beginning of a file at hand, or cannot tell.
fn cached(file: &File, bytes: &mut [u8]) -> bool {
    let first = bytes.split_at_mut(1.min(bytes.len())).0;
    let told = preadv2(file, &mut [IoSliceMut::new(first)], 0, ReadWriteFlags::NOWAIT);
    told != Err(Errno::AGAIN)
}

/// Reads so many bytes of a file past the cache into what has room for whole blocks.
fn past_cache(file: &File, bytes: &mut [u8], len: usize) -> io::Result<()> {
    fcntl_setfl(file, OFlags::DIRECT)?;
    let mut at = 0;
    while at < len {
        match pread(file, &mut bytes[at..], at as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => at += read,
        }
    }
    // The look whether it is in the cache brought its beginning there: the next would be misled.
    let _ = fadvise(file, 0, None, Advice::DontNeed);
    Ok(())
}

/// Memory for a file, used again when nobody looks at it any more.
struct Buffer {
    shared: Arc<Shared>,
    bytes: Vec<u8>,
    /// Where blocks begin in it.
    start: usize,
    len: usize,
}

impl Buffer {
    fn of(shared: &Arc<Shared>, len: usize) -> Buffer {
        let need = len.next_multiple_of(ALIGNED) + ALIGNED;
        let mut state = shared.state();
        let fits = state.free.iter().enumerate().filter(|(_, free)| free.len() >= need);
        let smallest = fits.min_by_key(|(_, free)| free.len()).map(|(at, _)| at);
        let free = smallest.map(|at| state.free.swap_remove(at));
        drop(state);
        let bytes = free.unwrap_or_else(|| vec![0; need]);
        let start = bytes.as_ptr().align_offset(ALIGNED).min(ALIGNED);
        Buffer { shared: shared.clone(), bytes, start, len }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut state = self.shared.state();
        let held: usize = state.free.iter().map(Vec::len).sum();
        if !state.ended && held + bytes.len() <= FREE_MAX {
            state.free.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use candor_event::{DataClass, Event, ManualClock, PersonId, Properties, Record, Timestamp};
    use candor_keys::PublisherKeys;

    use super::*;
    use crate::{Error, Store, StoreConfig};

    const SIZES: [usize; 7] = [0, 1, ALIGNED - 1, ALIGNED, ALIGNED + 1, 3 << 20, (3 << 20) + 77];

    /// Files of all sizes and what is in each; the system has those at hand whose number is even.
    fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let one = |(number, size): (usize, usize)| {
            let path = folder.join(format!("v{number:04}-b0-g1-history.parquet"));
            let bytes: Vec<u8> = (0..size).map(|at| (at * 31 + at / 251 + number) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            if number % 2 == 1 {
                let file = File::open(&path).unwrap();
                file.sync_all().unwrap();
                fadvise(&file, 0, None, Advice::DontNeed).unwrap();
            }
            (path, bytes)
        };
        SIZES.into_iter().chain(SIZES).enumerate().map(one).collect()
    }

    #[test]
    fn files_come_as_they_are_in_any_order_or_are_left_to_who_wants_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path());
        fs::write(folder.path().join("v0000-b0-g1-arrivals.parquet"), b"later").unwrap();
        for _ in 0..2 {
            let ahead = Ahead::of([folder.path().to_owned(), folder.path().join("none")]);
            // Whoever asks for what was not begun reads it on their own.
            while ahead.0.state().read.is_empty() {
                thread::yield_now();
            }
            let mut came = 0;
            for (path, bytes) in &files {
                if let Some(read) = ahead.take(path) {
                    assert_eq!(&read[..], &bytes[..], "{}", path.display());
                    came += 1;
                }
                assert!(ahead.take(path).is_none(), "once");
            }
            assert!(ahead.take(&folder.path().join("v0000-b0-g1-arrivals.parquet")).is_none());
            assert!(came > 0, "what was read is handed out");
            files.reverse();
        }
    }

    #[test]
    fn both_ways_to_read_give_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::<Shared>::default();
        for (path, bytes) in files(folder.path()) {
            // Buffers come back with what was in them.
            for _ in 0..2 {
                assert_eq!(shared.read(&path).unwrap(), bytes, "{}", path.display());
            }
            let file = File::open(&path).unwrap();
            if fcntl_setfl(&file, OFlags::DIRECT).is_ok() {
                let mut buffer = Buffer::of(&shared, bytes.len());
                let (start, room) = (buffer.start, bytes.len().next_multiple_of(ALIGNED));
                past_cache(&file, &mut buffer.bytes[start..start + room], bytes.len()).unwrap();
                assert_eq!(buffer.as_ref(), bytes, "past the cache {}", path.display());
            }
        }
        assert!(shared.read(&folder.path().join("none")).is_err());
    }

    #[test]
    fn no_more_is_read_than_is_allowed_until_some_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let one = vec![7; UNASKED_MAX / 2];
        let path = |number: usize| folder.path().join(format!("v{number:04}-people.parquet"));
        (0..9).for_each(|number| fs::write(path(number), &one).unwrap());
        let ahead = Ahead::of([folder.path().to_owned()]);
        let read = || ahead.0.state().read.len();
        while read() < 2 {
            thread::yield_now();
        }
        thread::sleep(std::time::Duration::from_millis(50));
        assert!((2..2 + READERS).contains(&read()), "{}", read());
        let all = (0..9).filter(|number| ahead.take(&path(*number)).is_some()).count();
        assert!(all >= 2, "{all}");
    }

    /// Waits until nothing is left to be read.
    fn all_read(ahead: &Ahead) {
        let left = |state: &State| !state.waiting.is_empty() || !state.reading.is_empty();
        while left(&ahead.0.state()) {
            thread::yield_now();
        }
    }

    #[test]
    fn one_that_is_dropped_while_it_reads_lets_all_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v0000-people.parquet");
        fs::write(&path, b"people").unwrap();
        let shared = Arc::<Shared>::default();
        let read = shared.read(&path).unwrap();
        let begun = Begun { shared: &shared, path, read: Some(read) };
        shared.state().ended = true;
        drop(begun);
        let state = shared.state();
        assert!(state.read.is_empty() && state.reading.is_empty() && state.free.is_empty());
        drop(state);
        assert_eq!(Arc::strong_count(&shared), 1);
    }

    #[test]
    fn what_nobody_asks_for_does_not_hold_up_the_rest() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path =
            |folder: &Path, number: usize| folder.join(format!("v{number:04}-people.parquet"));
        for number in 0..5 {
            fs::write(path(one.path(), number), vec![1; UNASKED_MAX / 2]).unwrap();
        }
        fs::write(path(other.path(), 0), b"people").unwrap();
        let ahead = Ahead::of([one.path().to_owned(), other.path().to_owned()]);
        while ahead.0.state().read.len() < 2 {
            thread::yield_now();
        }
        ahead.leave(one.path());
        all_read(&ahead);
        ahead.leave(one.path());
        assert_eq!(ahead.take(&path(other.path(), 0)).unwrap(), "people");
        assert_eq!(ahead.0.state().unasked, 0);
    }

    #[test]
    fn a_store_opens_out_of_what_was_read_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let open = |ahead: Option<Arc<Ahead>>| -> Result<Store, Error> {
            let config = StoreConfig { volumes: 1, ahead, ..StoreConfig::new(folder.path()) };
            let clock = Arc::new(ManualClock::new(Timestamp(0)));
            let class_of = Arc::new(|_: &str| DataClass::Behaviour);
            Store::open(config, PublisherKeys::for_tests(3), class_of, clock)
        };
        let event = Event {
            person: PersonId([7; 16]),
            occurred_at: Timestamp(5),
            received_at: Timestamp(6),
            name: "Looked".into(),
            session: None,
            fingerprint: 9,
            properties: Properties::default(),
        };
        let store = open(None).unwrap();
        store.apply([Record::Event(event)], 1).unwrap();
        store.flush().unwrap();
        drop(store);
        let ahead = Ahead::of([folder.path().to_owned()]);
        all_read(&ahead);
        for path in wanted_of(folder.path().to_owned()) {
            let zeros = vec![0; fs::metadata(&path).unwrap().len() as usize];
            fs::write(&path, zeros).unwrap();
        }
        let store = open(Some(Arc::new(ahead))).unwrap();
        assert_eq!(store.view().volumes[0].people(), 1);
        drop(store);
        // What is damaged before is refused as ever.
        for ahead in [None, Some(Ahead::of([folder.path().to_owned()]))] {
            ahead.iter().for_each(all_read);
            let refused = open(ahead.map(Arc::new)).err().unwrap().to_string();
            assert!(refused.contains(".parquet"), "{refused}");
        }
    }
}
