//! Where messages stay that are to be looked at and go nowhere: a demo's, or those of somebody who
//! tries things out. In memory, and gone with the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use candor_event::Timestamp;

use super::{Channel, MessageId};

/// Messages of one publisher.
pub const MESSAGES_MAX: usize = 1_000;
/// What they hold together; a mail may have 2 MiB.
const BYTES_MAX: usize = 64 << 20;

/// A message as it would have gone out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its id.
    pub id: MessageId,
    /// When it was handed over.
    pub at: Timestamp,
    /// By which channel.
    pub channel: Channel,
    /// By which provider.
    pub provider: String,
    /// The reader's address; none of a webhook.
    pub to: Option<String>,
    /// None of a webhook.
    pub subject: Option<String>,
    /// The whole mail, or the body of a webhook.
    pub bytes: Vec<u8>,
}

/// The messages of one publisher that were handed over last.
#[derive(Debug, Default)]
pub struct Outbox {
    held: Mutex<Messages>,
}

#[derive(Debug, Default)]
struct Messages {
    /// The oldest first.
    all: VecDeque<Arc<Held>>,
    bytes: usize,
}

impl Outbox {
    /// Takes a message; the oldest ones make room.
    pub fn add(&self, message: Held) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += message.bytes.len();
        held.all.push_back(Arc::new(message));
        while held.all.len() > MESSAGES_MAX || (held.bytes > BYTES_MAX && held.all.len() > 1) {
            let oldest = held.all.pop_front();
            held.bytes -= oldest.map_or(0, |oldest| oldest.bytes.len());
        }
    }

    /// The newest first.
    pub fn newest(&self, limit: usize) -> Vec<Arc<Held>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all.iter().rev().take(limit).cloned().collect()
    }

    /// The message of an id, as it was handed over last.
    pub fn find(&self, id: MessageId) -> Option<Arc<Held>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all.iter().rev().find(|message| message.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u128, bytes: usize) -> Held {
        Held {
            id: MessageId(id),
            at: Timestamp(0),
            channel: Channel::Webhook,
            provider: "outbox".to_owned(),
            to: None,
            subject: None,
            bytes: vec![b' '; bytes],
        }
    }

    #[test]
    fn the_newest_stay() {
        let outbox = Outbox::default();
        for id in 0..1_010 {
            outbox.add(message(id, 10));
        }
        assert_eq!(outbox.newest(5_000).len(), MESSAGES_MAX);
        assert_eq!(outbox.newest(1)[0].id, MessageId(1_009));
        assert!(outbox.find(MessageId(9)).is_none() && outbox.find(MessageId(10)).is_some());
    }

    #[test]
    fn large_messages_make_room_sooner() {
        let outbox = Outbox::default();
        (0..10).for_each(|id| outbox.add(message(id, BYTES_MAX / 4)));
        assert_eq!(outbox.newest(10).len(), 4);
        outbox.add(message(11, BYTES_MAX + 1));
        assert_eq!(outbox.newest(10).len(), 1, "one message is always shown");
    }
}
