//! The same work on several things at once.

use std::sync::{Mutex, OnceLock, PoisonError};

/// Works on each of the things, on at most so many threads; returns when all is done.
pub(crate) fn side_by_side<T: Send>(threads: usize, things: Vec<T>, work: impl Fn(T) + Sync) {
    let threads = threads.min(things.len());
    let waiting = Mutex::new(things.into_iter());
    let go_on = || loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(thing) = next else { return };
        work(thing);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(go_on);
        }
        go_on();
    });
}

/// The same of what may fail: the first failure is returned, and nothing more is begun after it.
pub(crate) fn try_side_by_side<T: Send, E: Send + Sync>(
    threads: usize,
    things: Vec<T>,
    work: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let failed: OnceLock<E> = OnceLock::new();
    side_by_side(threads, things, |thing| {
        if failed.get().is_none()
            && let Err(error) = work(thing)
        {
            let _ = failed.set(error);
        }
    });
    failed.into_inner().map_or(Ok(()), Err)
}
