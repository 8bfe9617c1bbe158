//! Who waits for a connection, and how one message hands its connection on to the next.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::session::Session;

/// A connection to which the envelope of a message went already, and the place that it fills.
pub(super) struct Passed {
    pub(super) session: Session,
    pub(super) place: OwnedSemaphorePermit,
}

/// A message that waits, as whoever has a connection sees it.
pub(super) struct Waiting {
    number: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) length: usize,
    still: Box<dyn Fn() -> bool + Send + Sync>,
    gets: oneshot::Sender<Passed>,
}

impl Waiting {
    /// Gives the connection to the message. Nobody uses it where the message does not wait any
    /// more: its envelope is in it.
    pub(super) fn pass(self, session: Session, place: OwnedSemaphorePermit) {
        let _ = self.gets.send(Passed { session, place });
    }
}

/// The messages that wait, first come, first served.
#[derive(Default)]
pub(super) struct Line {
    waiting: Mutex<(u64, VecDeque<Waiting>)>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, (u64, VecDeque<Waiting>)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message wait, `behind` the others, or before them where it waited already for a
    /// connection that did not come.
    pub(super) fn join(
        &self,
        (from, to, length): (&str, &str, usize),
        still: impl Fn() -> bool + Send + Sync + 'static,
        behind: bool,
    ) -> (Ticket<'_>, oneshot::Receiver<Passed>) {
        let (gets, passes) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.0 += 1;
        let number = waiting.0;
        let (from, to, still) = (from.to_owned(), to.to_owned(), Box::new(still));
        let one = Waiting { number, from, to, length, still, gets };
        match behind {
            true => waiting.1.push_back(one),
            false => waiting.1.push_front(one),
        }
        (Ticket { line: self, number }, passes)
    }

    /// The first message that is still to go. Who is passed over looks for themselves why.
    pub(super) fn next(&self) -> Option<Waiting> {
        loop {
            let first = self.lock().1.pop_front()?;
            if (first.still)() {
                return Some(first);
            }
        }
    }
}

/// A message's place in the line, given up when this is dropped.
pub(super) struct Ticket<'l> {
    line: &'l Line,
    number: u64,
}

impl Ticket<'_> {
    /// Leaves the line; false when somebody was about to pass a connection.
    pub(super) fn leave(&self) -> bool {
        let mut waiting = self.line.lock();
        let place = waiting.1.iter().position(|one| one.number == self.number);
        place.and_then(|place| waiting.1.remove(place)).is_some()
    }

    /// Whether nobody was about to pass a connection so far.
    pub(super) fn waits(&self) -> bool {
        self.line.lock().1.iter().any(|one| one.number == self.number)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
