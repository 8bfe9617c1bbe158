//! The whole server in the process of the test, under keys that do not encrypt: what leaks can be
//! read in its files.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use candor_keys::PublisherKeys;
use candor_log::Log;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt;

use self::canary::{Found, Search, Story, Way, Ways};
use super::peer::Peer;
use crate::command::{self, Create};
use crate::config::Config;
use crate::server::{Doors, Server};

#[path = "../../tests/e2e/canary.rs"]
mod canary;
mod closed;

/// A server on a folder of its own.
pub struct Open {
    folder: TempDir,
    pub server: Arc<Server>,
    pub router: Router,
    pub shop: Json,
    loader: Option<JoinHandle<()>>,
}

impl Open {
    pub async fn new(policy: &str) -> Open {
        let (mut open, doors) = Open::closed(policy).await;
        doors.open().await.unwrap();
        open.load();
        open
    }

    /// The same while it is not known who is who.
    async fn closed(policy: &str) -> (Open, Doors) {
        trace_everything();
        let folder = tempfile::tempdir().unwrap();
        let keys = PublisherKeys::without_cipher_for_tests(7);
        let create = Create {
            name: "Shop".to_owned(),
            region: "local".to_owned(),
            timezone: "UTC".to_owned(),
            admin_email: "admin@localhost".to_owned(),
            policy: policy.to_owned(),
            account_id: Some(keys.account().as_str().to_owned()),
            account_token: None,
            passcode: None,
        };
        let data = folder.path().to_owned();
        let made = tokio::task::spawn_blocking(move || command::create_publisher(&data, &create));
        let shop = made.await.unwrap().unwrap();
        let config = Config::load(None, std::iter::empty()).unwrap();
        let (server, doors) = Server::begin_with(folder.path(), config, keys).await.unwrap();
        let router = super::router(server.clone());
        (Open { folder, router, server, shop, loader: None }, doors)
    }

    /// Lets the log be followed.
    fn load(&mut self) {
        let (loading, runtime) = (self.server.clone(), tokio::runtime::Handle::current());
        self.loader = Some(std::thread::spawn(move || loading.load(&runtime)));
    }

    /// Status and body.
    pub async fn send(&self, way: &Way) -> (u16, String) {
        send(self.router.clone(), way).await
    }

    /// Waits until what is in the log is in the store.
    async fn settle(&self) {
        let tenant = self.server.tenant(self.shop["account_id"].as_str().unwrap()).unwrap();
        while tenant.store.applied() < self.server.log.end().0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Writes what is in the store to parts.
    async fn flush(&self) {
        let (server, runtime) = (self.server.clone(), tokio::runtime::Handle::current());
        tokio::task::spawn_blocking(move || server.flush(&runtime)).await.unwrap().unwrap();
    }

    /// What is found in the files of the data folder.
    fn found(&self, search: &Search) -> Vec<Found> {
        search.find(self.folder.path())
    }

    fn parts(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("publishers").join("TEST-7");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| is_part(path)).collect()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.server.stop();
        self.loader.take().map(JoinHandle::join);
    }
}

/// Status and body.
async fn send(router: Router, way: &Way) -> (u16, String) {
    let mut request = Request::builder().method(way.method).uri(&way.target);
    for (name, value) in &way.headers {
        request = request.header(*name, value);
    }
    let mut request = request.body(Body::from(way.body.clone())).unwrap();
    request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn is_part(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

static TRACES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Traces;

impl io::Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TRACES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of all tests of this process: each looks for marks of its own.
fn trace_everything() {
    static ONCE: Once = Once::new();
    let all = tracing::Level::TRACE;
    let traces = || tracing_subscriber::fmt().with_ansi(false).with_max_level(all);
    ONCE.call_once(|| {
        traces().with_writer(|| Traces).init();
        tracing::trace!("everything is traced");
    });
}

fn assert_not_traced(search: &Search) {
    let traces = TRACES.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(traces.windows(5).any(|level| level == b"TRACE"), "the traces were on");
    assert_eq!(search.find_in(&traces), vec![]);
}

/// Sends all; no error repeats what was sent, and none is of our own making.
async fn send_all(open: &Open, search: &Search, ways: &[Way]) {
    for way in ways {
        let (status, answer) = open.send(way).await;
        let what = format!("{} {}", way.method, way.target.split('?').next().unwrap());
        assert!(status < 500, "{what}: {status} {answer}");
        if status != 200 {
            assert_eq!(search.find_in(answer.as_bytes()), vec![], "{what}: {status} {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_nothing_of_the_story_is_in_any_file_or_trace() {
    let open = Open::new("strict").await;
    let story = Story::new();
    let ways = Ways { shop: &open.shop, story: &story, hostile: true };
    let (sent, asked) = (ways.in_(), ways.asks());
    let wires: Vec<String> = sent.iter().filter_map(Way::wire).collect();
    let mut canaries = story.canaries();
    canaries.extend(wires.iter().map(String::as_str));
    let search = Search::new(&canaries);
    send_all(&open, &search, &sent).await;
    send_all(&open, &search, &asked).await;
    send_all(&open, &search, &sent).await;
    open.settle().await;
    assert_eq!(open.found(&search), vec![]);
    open.flush().await;
    assert_eq!(open.found(&search), vec![]);
    for page in ["/metrics", "/health", "/api/openapi.json"] {
        let way = Way { method: "GET", target: page.into(), headers: vec![], body: "".into() };
        assert_eq!(search.find_in(open.send(&way).await.1.as_bytes()), vec![], "{page}");
    }
    assert_not_traced(&search);
}

/// The same requests under a policy that allows all: what the search looks for is found, in the log
/// and in the parts, so a leak would be.
#[tokio::test(flavor = "multi_thread")]
async fn the_search_finds_what_an_open_policy_keeps() {
    let open = Open::new("open").await;
    let story = Story::new();
    let search = Search::new(&story.canaries());
    let ways = Ways { shop: &open.shop, story: &story, hostile: true };
    send_all(&open, &search, &ways.in_()).await;
    open.settle().await;
    let in_log = open.found(&search);
    open.flush().await;
    let in_parts = open.found(&search).into_iter().filter(|found| is_part(&found.file));
    let in_parts: Vec<Found> = in_parts.collect();
    for canary in story.canaries() {
        for (place, found) in [("log", &in_log), ("parts", &in_parts)] {
            assert!(found.iter().any(|one| one.canary == canary), "{canary} is in the {place}");
        }
    }
    assert_not_traced(&search);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_consent_for_analytics_only_its_classes_are_in_the_files() {
    let open = Open::new("strict").await;
    let story = Story::new();
    let ways = Ways { shop: &open.shop, story: &story, hostile: false };
    for who in [json!({"identity": story.identity}), json!({"guid": story.guid})] {
        let yes = ways.consent(who, &json!({"analytics": true}));
        assert_eq!(open.send(&yes).await.0, 200);
    }
    let search = Search::new(&story.canaries());
    send_all(&open, &search, &ways.in_()).await;
    let check = |found: Vec<Found>| {
        let found = |canary: &str| found.iter().filter(|one| one.canary == canary).count();
        // The device's id is of the device.
        for allowed in story.of_the_device().into_iter().chain([story.guid.as_str()]) {
            assert!(found(allowed) > 0, "{allowed} is kept");
        }
        let ids = [story.identity.as_str(), &story.push_token];
        for other in story.of_the_person().into_iter().chain(ids) {
            assert_eq!(found(other), 0, "{other} is not kept");
        }
    };
    open.settle().await;
    check(open.found(&search));
    open.flush().await;
    check(open.found(&search));
    let parts = open.parts();
    assert!(parts.len() > 3, "{parts:?}");
    for part in &parts {
        let name = part.file_name().unwrap().to_string_lossy();
        let other = ["identity", "contact", "location", "sensitive"];
        assert!(!other.iter().any(|class| name.contains(class)), "{name}");
    }
    assert_not_traced(&search);
}
