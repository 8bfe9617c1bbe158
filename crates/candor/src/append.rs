//! How records that a door took in reach the log.

use std::sync::Arc;

use candor_ingest::{Accepted, Door};
use candor_log::{Appended, EmbeddedLog, Log};
use tokio::sync::oneshot;

/// Tells whether the log holds what was offered.
pub type Kept = oneshot::Receiver<Result<(), candor_log::Error>>;

/// How a door appends to the log, and what became of it. The waiting goes on when the client
/// leaves: links that the log refused must find their way back. Called within a runtime.
pub fn append(
    log: &Arc<EmbeddedLog>,
    door: &Arc<Door>,
) -> (impl FnOnce(&mut Accepted) + use<>, Kept) {
    let (tell, told) = oneshot::channel();
    let (log, door) = (log.clone(), door.clone());
    let append = move |accepted: &mut Accepted| {
        let Some(frame) = accepted.frame.take() else {
            let _ = tell.send(Ok(()));
            return;
        };
        let joins = std::mem::take(&mut accepted.joins);
        let firsts = std::mem::take(&mut accepted.firsts);
        let (synced, wait) = oneshot::channel();
        let (parcel, home) = (accepted.parcel.take(), door.clone());
        let done = move |result: Result<Appended, candor_log::Error>| {
            if let (Ok(appended), Some(parcel)) = (&result, parcel) {
                home.hand_over(appended.at, parcel);
            }
            drop(synced.send(result));
        };
        log.append(frame, Box::new(done));
        tokio::spawn(async move {
            let result = match wait.await {
                Ok(result) => result.map(|_| ()),
                Err(_) => Err(candor_log::Error::Full("the writer ended".to_owned())),
            };
            match &result {
                Ok(()) => door.kept(&firsts),
                Err(_) => door.not_kept(joins, &firsts),
            }
            let _ = tell.send(result);
        });
    };
    (append, told)
}
