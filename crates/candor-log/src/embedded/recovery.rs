//! Opens what an earlier process left: whole files, then one that may end in a torn write.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::frame::{self, FILE_HEAD_BYTES, HEAD_BYTES, Next};
use crate::error::Error;

/// One file of the log: the offset of its first frame, and how many bytes of frames it holds.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    pub(super) start: u64,
    pub(super) bytes: u64,
}

impl LogFile {
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes
    }
}

pub(super) fn file_path(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("{start:016x}.log"))
}

/// The files of the log in order, and the offset at which it ends. The torn tail of the last file
/// is cut off. A last file without a record stays: all before it may be gone, and then it alone
/// knows the end. One that was never begun whole is removed.
pub(super) fn recover(folder: &Path, payload_max: usize) -> Result<(Vec<LogFile>, u64), Error> {
    let mut starts = list(folder)?;
    starts.sort_unstable();
    let mut files: Vec<LogFile> = Vec::with_capacity(starts.len());
    for (place, start) in starts.iter().enumerate() {
        let path = file_path(folder, *start);
        let last = place + 1 == starts.len();
        if let Some(before) = files.last()
            && before.end() != *start
        {
            return Err(Error::Corrupt { file: path, at: 0, what: "the file before is cut short" });
        }
        match check_file(&path, *start, last, payload_max)? {
            // Who began it may not have come to sync it, and one day it alone knows the end.
            bytes if last && (bytes == Some(0) || bytes.is_none() && files.is_empty()) => {
                begin(&path, *start)?;
                files.push(LogFile { path, start: *start, bytes: 0 });
            }
            Some(bytes) => files.push(LogFile { path, start: *start, bytes }),
            None => {
                fs::remove_file(&path).map_err(|e| Error::disk("remove the torn", &path, &e))?;
                sync_folder(folder)?;
            }
        }
    }
    // The name of a torn one says where those before it end, too.
    let end = starts.last().copied().unwrap_or(0);
    let end = files.last().map_or(end, |file| file.end().max(end));
    Ok((files, end))
}

/// Makes a file that holds no record whole, and synced together with its name.
fn begin(path: &Path, start: u64) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::disk("begin anew", path, &e);
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(&frame::file_head(start)).and_then(|()| file.sync_all()).map_err(failed)?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn list(folder: &Path) -> Result<Vec<u64>, Error> {
    let failed = |e: std::io::Error| Error::disk("list", folder, &e);
    let mut starts = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let start = name.to_str().and_then(|name| name.strip_suffix(".log"));
        starts.extend(start.and_then(|start| u64::from_str_radix(start, 16).ok()));
    }
    Ok(starts)
}

/// The bytes of whole frames in a file; nothing when even its head is torn. Of the last file the
/// torn tail is cut off on the disk.
fn check_file(
    path: &Path,
    start: u64,
    last: bool,
    payload_max: usize,
) -> Result<Option<u64>, Error> {
    let all = fs::read(path).map_err(|e| Error::disk("read", path, &e))?;
    let corrupt = |at, what| Error::Corrupt { file: path.to_owned(), at, what };
    let Some((head, frames)) = all.split_at_checked(FILE_HEAD_BYTES) else {
        // Killed while the file was made: nothing was acknowledged of it.
        return if last { Ok(None) } else { Err(corrupt(0, "the file's head is cut")) };
    };
    if !frame::is_file_head(head, start) {
        let torn = last && frames.iter().all(|byte| *byte == 0);
        return if torn { Ok(None) } else { Err(corrupt(0, "the file's head does not hold")) };
    }
    let mut at = 0;
    loop {
        match frame::next(&frames[at..], payload_max) {
            Next::Frame { payload, .. } => at += HEAD_BYTES + payload.len(),
            Next::End => return Ok(Some(at as u64)),
            Next::Broken(what) => {
                if !last || later_group(frames, at, payload_max) {
                    return Err(corrupt((FILE_HEAD_BYTES + at) as u64, what));
                }
                cut(path, (FILE_HEAD_BYTES + at) as u64)?;
                return Ok(Some(at as u64));
            }
        }
    }
}

/// Whether a frame of a group that begins after `broken` can be found: then the bytes at `broken`
/// had been synced, so they are damaged and not torn.
fn later_group(frames: &[u8], broken: usize, payload_max: usize) -> bool {
    (broken + 1..frames.len()).any(|at| match frame::next(&frames[at..], payload_max) {
        Next::Frame { back, .. } => at as u64 > broken as u64 + u64::from(back),
        _ => false,
    })
}

fn cut(path: &Path, length: u64) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::disk("cut the torn tail of", path, &e);
    let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    file.set_len(length).and_then(|()| file.sync_all()).map_err(failed)
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| Error::disk("sync the folder", folder, &e))
}
