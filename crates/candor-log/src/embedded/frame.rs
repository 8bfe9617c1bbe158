//! Frames and file heads; `docs/formats/log.md` draws them.

/// `length u32 | back u32 | crc32 u32`, little-endian, before each payload. `back` is how many
/// bytes before this frame its group begins: the bytes before a group were synced before it was
/// written, which is how recovery tells a torn tail from damage.
pub(super) const HEAD_BYTES: usize = 12;

/// `magic | format u32 | start u64 | crc32 u32` at the start of each file.
pub(super) const FILE_HEAD_BYTES: usize = 24;

const MAGIC: &[u8; 8] = b"CANDORLG";
const FORMAT: u32 = 1;

/// The head of a file whose first frame has the offset `start`.
pub(super) fn file_head(start: u64) -> [u8; FILE_HEAD_BYTES] {
    let mut head = [0; FILE_HEAD_BYTES];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    head[12..20].copy_from_slice(&start.to_le_bytes());
    let check = crc32fast::hash(&head[..20]);
    head[20..].copy_from_slice(&check.to_le_bytes());
    head
}

/// Whether `head` is the head of a file that starts at `start`.
pub(super) fn is_file_head(head: &[u8], start: u64) -> bool {
    head == file_head(start)
}

/// Appends one frame to `group`, which holds the frames written together with it.
pub(super) fn put(group: &mut Vec<u8>, payload: &[u8]) {
    let back = group.len() as u32;
    group.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    group.extend_from_slice(&back.to_le_bytes());
    group.extend_from_slice(&check(back, payload).to_le_bytes());
    group.extend_from_slice(payload);
}

/// Length and distance are part of what is checked, so that damage to them is found.
fn check(back: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(payload.len() as u32).to_le_bytes());
    hasher.update(&back.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A whole frame, and how far before it its group begins.
    Frame { payload: &'a [u8], back: u32 },
    /// No bytes at all.
    End,
    /// The bytes end before the frame does, or hold no frame.
    Broken(&'static str),
}

/// The frame at the start of `bytes`; payloads are 1 to `payload_max` bytes.
pub(super) fn next(bytes: &[u8], payload_max: usize) -> Next<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return if bytes.is_empty() { Next::End } else { Next::Broken("a frame's head is cut") };
    };
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (length, back) = (word(0) as usize, word(4));
    if length == 0 || length > payload_max {
        return Next::Broken("a frame's length cannot be");
    }
    let Some(payload) = rest.get(..length) else { return Next::Broken("a frame is cut") };
    if check(back, payload) != word(8) {
        return Next::Broken("a frame's check does not hold");
    }
    Next::Frame { payload, back }
}

/// The payload length that a frame's head states, for reading exactly that much.
pub(super) fn stated_length(head: &[u8; HEAD_BYTES]) -> usize {
    u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_every_changed_byte_is_found() {
        let mut bytes = Vec::new();
        put(&mut bytes, b"payload");
        assert_eq!(next(&bytes, 100), Next::Frame { payload: b"payload", back: 0 });
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            assert!(matches!(next(&changed, 100), Next::Broken(_)), "byte {place}");
            assert!(!matches!(next(&bytes[..place], 100), Next::Frame { .. }), "cut at {place}");
        }
    }

    #[test]
    fn a_file_head_names_its_start() {
        assert!(is_file_head(&file_head(77), 77));
        assert!(!is_file_head(&file_head(77), 78));
    }
}
