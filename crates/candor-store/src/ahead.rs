//! Files that a start will want, read before they are asked for: the disk works while keys are
//! still unwrapped and rows are decoded. What the system does not have at hand is read past its
//! cache: nobody will read it again, and a copy would cost more than the reading.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Bytes;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};

/// Files that are read at one time.
const READERS: usize = 2;

/// Bytes that were read and not asked for, from which on no further file is begun: the disk is
/// faster than who decodes, and memory that is used again costs less than new.
const UNASKED_MAX: usize = 4 << 20;

/// Where what is read past the cache must begin and end, in memory and in the file.
const ALIGNED: usize = 4096;

/// Files of publishers' folders, of which those that [`crate::Store::open`] reads whole are read
/// ahead. Dropped, nothing more is read.
///
/// It is a hint: a file that is not here is read by who wants it, and so is one that cannot be
/// read, who then says what is wrong with it.
#[derive(Debug)]
pub struct Ahead(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
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
            thread::spawn(move || while shared.read_one() {});
        }
        ahead
    }

    /// The bytes of a file, if it was read ahead or is just being read.
    pub(crate) fn take(&self, path: &Path) -> Option<Bytes> {
        let mut state = self.0.state();
        state.waiting.retain(|waiting| waiting != path);
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

/// The files of a folder in the order in which opening its store reads them: volume by volume.
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
        let read = self.read(&path);
        let mut state = self.state();
        state.reading.remove(&path);
        if let Ok(bytes) = read
            && !state.ended
        {
            state.unasked += bytes.len();
            state.read.push((path, bytes));
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    fn read(self: &Arc<Shared>, path: &Path) -> io::Result<Bytes> {
        let file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
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
        let free = state.free.iter().position(|free| free.len() >= need);
        let free = free.map(|at| state.free.swap_remove(at));
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
        if !state.ended {
            state.free.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{Advice, fadvise};

    use super::*;

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
}
