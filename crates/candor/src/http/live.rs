//! What happens right now: a picture of each publisher, made once for all who look at one time.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use candor_event::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use crate::http::access::allow;
use crate::http::insights::ask;
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// Between two pictures of the stream.
const PERIOD: Duration = Duration::from_secs(1);

/// How old a picture may be that somebody is shown. What was acknowledged is to be seen within a
/// second, and takes a part of that to get into the store.
const AGE_MS_MAX: i64 = 500;

/// The pictures of one publisher.
pub struct Live {
    latest: watch::Sender<Option<Picture>>,
    /// Held by the one who makes a picture; the others wait for it.
    making: tokio::sync::Mutex<()>,
    /// Whether pictures are made for watchers.
    running: Mutex<bool>,
    /// Pictures made since the start.
    made: AtomicU64,
}

#[derive(Clone)]
struct Picture {
    made_at: Timestamp,
    /// None where the store did not answer.
    answer: Option<Arc<Value>>,
}

impl Default for Live {
    fn default() -> Live {
        Live {
            latest: watch::Sender::new(None),
            making: tokio::sync::Mutex::default(),
            running: Mutex::new(false),
            made: AtomicU64::new(0),
        }
    }
}

/// `GET /api/v1/insights/live`.
pub async fn now(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let answer = picture(&server, &tenant).await?;
    Ok(Json(Arc::unwrap_or_clone(answer)))
}

/// `GET /api/v1/insights/live/stream`: a picture a second, as server-sent events.
pub async fn stream(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let tenant = allow(&server, &headers, "read").await?;
    let pictures = WatchStream::new(watch(&server, &tenant)).filter_map(|picture| {
        let event = match picture?.answer {
            Some(answer) => Event::default().event("live").data(answer.to_string()),
            None => Event::default().event("failed").data("{}"),
        };
        Some(Ok(event))
    });
    let closing = WatchStream::new(server.closing.subscribe()).filter(|closing| *closing);
    let pictures = pictures.map(Some).merge(closing.map(|_| None)).map_while(|picture| picture);
    Ok(Sse::new(pictures).keep_alive(KeepAlive::default()))
}

/// The latest picture, or a new one where that is too old.
async fn picture(server: &Server, tenant: &Arc<Tenant>) -> Result<Arc<Value>, Problem> {
    let live = &tenant.live;
    let _one = live.making.lock().await;
    let now = server.now();
    if let Some(picture) = &*live.latest.borrow()
        && let Some(answer) = &picture.answer
        // A clock that was set back makes no picture young.
        && (0..AGE_MS_MAX).contains(&(now.0 - picture.made_at.0))
    {
        return Ok(answer.clone());
    }
    live.made.fetch_add(1, Ordering::Relaxed);
    let made = ask(server, tenant, move |view, _| Ok(candor_query::live(view, now))).await;
    let made = made.map(|Json(answer)| Arc::new(answer));
    let answer = made.as_ref().ok().cloned();
    live.latest.send_replace(Some(Picture { made_at: now, answer }));
    made
}

/// The pictures from now on; the first watcher has them made.
fn watch(server: &Arc<Server>, tenant: &Arc<Tenant>) -> watch::Receiver<Option<Picture>> {
    let live = &tenant.live;
    let mut running = live.running.lock().unwrap_or_else(PoisonError::into_inner);
    if !*running {
        *running = true;
        // One that nobody watched may be of any age.
        live.latest.send_replace(None);
        tokio::spawn(make_pictures(server.clone(), tenant.clone()));
    }
    live.latest.subscribe()
}

/// Makes pictures until nobody watches.
async fn make_pictures(server: Arc<Server>, tenant: Arc<Tenant>) {
    let live = &tenant.live;
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = live.latest.closed() => {}
        }
        {
            let mut running = live.running.lock().unwrap_or_else(PoisonError::into_inner);
            if live.latest.receiver_count() == 0 {
                *running = false;
                return;
            }
        }
        // Whoever watches is told of a failure as of a picture.
        let _ = picture(&server, &tenant).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::{Body, BodyDataStream};
    use axum::http::Request;
    use axum::response::Response;
    use tower::ServiceExt;

    use super::*;
    use crate::http::tests::Open;

    const WATCHERS: usize = 50;

    fn asked(open: &Open, path: &str) -> impl Future<Output = Response> + use<> {
        let token = open.shop["api_token"].as_str().unwrap();
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let router = open.router.clone();
        async move { router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap() }
    }

    async fn watcher(open: &Open) -> BodyDataStream {
        let response = asked(open, "/api/v1/insights/live/stream").await;
        assert_eq!(response.status(), 200);
        response.into_body().into_data_stream()
    }

    async fn next(stream: &mut BodyDataStream) -> String {
        let text = stream.next().await.unwrap().unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.starts_with("event: live\ndata: {\"active_30m\":0"), "{text}");
        text
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_who_look_at_the_same_time_share_one_picture_and_none_is_made_for_nobody() {
        let open = Open::new("strict").await;
        let tenant = open.server.tenant("TEST-7").unwrap();
        let made = || tenant.live.made.load(Ordering::Relaxed);
        let mut watchers = Vec::new();
        for _ in 0..WATCHERS {
            watchers.push(watcher(&open).await);
        }
        let mut seen = BTreeSet::new();
        for _ in 0..2 {
            for stream in &mut watchers {
                seen.insert(next(stream).await);
            }
        }
        // Of 100 pictures seen few are different, and few were made.
        assert!(seen.len() >= 2 && seen.len() as u64 <= made(), "{} of {}", seen.len(), made());
        assert!(made() < WATCHERS as u64 / 2, "{} were made", made());
        drop(watchers);
        while *tenant.live.running.lock().unwrap() {
            tokio::task::yield_now().await;
        }
        let before = made();
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..WATCHERS {
            readers.spawn(asked(&open, "/api/v1/insights/live"));
        }
        let answers = readers.join_all().await;
        assert!(answers.iter().all(|answer| answer.status() == 200));
        assert!(made() - before < WATCHERS as u64 / 2, "{} were made", made() - before);
        // Whoever comes after a time without watchers begins with a picture of now.
        let before = made();
        tokio::time::sleep(Duration::from_millis(AGE_MS_MAX as u64)).await;
        assert_eq!(made(), before, "nobody watches");
        next(&mut watcher(&open).await).await;
        assert!(made() > before);
    }
}
