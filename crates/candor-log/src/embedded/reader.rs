//! Reads synced frames from any offset.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use super::frame::{self, FILE_HEAD_BYTES, HEAD_BYTES, Next};
use super::recovery::LogFile;
use crate::error::Error;
use crate::{Batch, Offset, Record};

/// What the last read filled: who reads on has let go of it by then, and it is filled again.
#[derive(Default)]
pub(super) struct Buffer(Mutex<Bytes>);

/// More than this is not held between two reads.
const HELD_MAX: usize = 8 << 20;

impl Buffer {
    /// A buffer of so many bytes, which hold anything.
    fn take(&self, bytes: usize) -> BytesMut {
        let last = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut buffer = last.try_into_mut().unwrap_or_default();
        buffer.resize(bytes, 0);
        buffer
    }

    fn hold(&self, read: &Bytes) {
        if read.len() <= HELD_MAX {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = read.clone();
        }
    }
}

/// The frames of `file` from `from` on, about `bytes_max` of them and at least one. Nothing at or
/// beyond the file's `bytes` is looked at: it may not be synced.
pub(super) fn read(
    file: &LogFile,
    buffer: &Buffer,
    from: u64,
    bytes_max: usize,
    payload_max: usize,
) -> Result<Batch, Error> {
    let failed = |e: io::Error| Error::disk("read", &file.path, &e);
    let open = File::open(&file.path).map_err(failed)?;
    let left = file.end() - from;
    let place = FILE_HEAD_BYTES as u64 + (from - file.start);
    let mut head = [0; HEAD_BYTES];
    open.read_exact_at(&mut head, place).map_err(failed)?;
    let first = (HEAD_BYTES + frame::stated_length(&head)) as u64;
    let wanted = left.min(first.max(bytes_max as u64));
    let mut bytes = buffer.take(wanted as usize);
    open.read_exact_at(&mut bytes, place).map_err(failed)?;
    let bytes = bytes.freeze();
    buffer.hold(&bytes);

    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match frame::next(&bytes[at..], payload_max) {
            Next::Frame { payload, .. } => {
                let offset = Offset(from + at as u64);
                at += HEAD_BYTES + payload.len();
                records.push(Record { offset, payload: bytes.slice_ref(payload) });
            }
            Next::Broken(what) if records.is_empty() || wanted == left => {
                let at = place + at as u64;
                return Err(Error::Corrupt { file: file.path.clone(), at, what });
            }
            // The last frame of the piece that was read goes on beyond it.
            Next::Broken(_) | Next::End => break,
        }
    }
    Ok(Batch { records, next: Offset(from + at as u64) })
}
