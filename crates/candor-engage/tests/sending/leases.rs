//! Two who work on the same, and what nobody knows after a crash.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use candor_catalog::{DeliveryState, Moved, RunState, Standing};
use candor_engage::dispatch::{Flow, LEASE_MS, WINDOW, work};
use candor_event::{PersonId, Timestamp};
use serde_json::json;

use crate::house::{House, account, campaign, provider, utc};

const PEOPLE: u8 = 200;

/// A mail server that takes messages and says so only once it is told to.
struct Slow {
    port: u16,
    taken: Arc<AtomicUsize>,
    speaks: Arc<AtomicBool>,
}

fn slow() -> Slow {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, speaks) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let (counts, told) = (taken.clone(), speaks.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, counts, told) = (stream.unwrap(), counts.clone(), told.clone());
            std::thread::spawn(move || talk(&stream, &counts, &told));
        }
    });
    Slow { port, taken, speaks }
}

fn talk(mut stream: &TcpStream, taken: &AtomicUsize, speaks: &AtomicBool) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    stream.write_all(b"220 slow.test\r\n").ok()?;
    loop {
        let line = lines.next()?.ok()?;
        if line == "DATA" {
            stream.write_all(b"354 go on\r\n").ok()?;
            while lines.next()?.ok()? != "." {}
            taken.fetch_add(1, Ordering::SeqCst);
            while !speaks.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        stream.write_all(b"250 2.0.0 Ok\r\n").ok()?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_froze_past_its_lease_commits_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = slow();
    let settings = json!({"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "none",
                          "from": {"address": "news@shop.test"}, "connections": 100,
                          "bounce_domain": "bounce.shop.test"});
    let mut frozen = House::open(folder.path(), utc("2026-06-01T12:00:00Z")).await;
    frozen.provider = provider(&settings, &Arc::default());
    (0..PEOPLE).for_each(|n| frozen.knows(n, &[]));
    let news = campaign(&json!({}));
    let all: Vec<u8> = (0..PEOPLE).collect();
    frozen.fires("news 1", &news, &all).await;
    let lease = frozen.lease().await.unwrap();
    let plan = frozen.plan("news 1", &news).await;
    let working = {
        let (sender, flow, lease) = (frozen.sender.clone(), frozen.flow.clone(), lease.clone());
        tokio::spawn(async move { work(&sender, &plan, &flow, &lease, 0, ()).await })
    };
    let end = Instant::now() + Duration::from_secs(10);
    while server.taken.load(Ordering::SeqCst) < WINDOW {
        assert!(Instant::now() < end, "{} taken", server.taken.load(Ordering::SeqCst));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Everything that may be on its way is, and the lease runs out.
    frozen.clock.advance_ms(LEASE_MS + 1);
    let other = frozen.another(folder.path()).await;
    other.works(&news).await;
    assert_eq!(other.sent().len(), usize::from(PEOPLE));
    let run = other.catalog.run(&account(), "news 1").await.unwrap().unwrap();
    assert_eq!(run.repeated, WINDOW as u64, "as many as were on their way");
    let done = vec![("accepted".to_owned(), u64::from(PEOPLE))];
    assert_eq!(other.tally("news 1").await, done);

    // The other one goes on as if nothing had happened, and is not heard.
    server.speaks.store(true, Ordering::SeqCst);
    working.await.unwrap().unwrap();
    let taken = server.taken.load(Ordering::SeqCst);
    assert!(taken <= WINDOW, "it handed over {taken}");
    assert_eq!(other.tally("news 1").await, done);
    assert!(other.catalog.is_done(&account(), "news 1").await.unwrap());
    assert_eq!(frozen.told.lock().unwrap().len(), 0, "it tells nothing either");
    assert_eq!(other.told.lock().unwrap().len(), usize::from(PEOPLE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_gone_before_a_crash_is_never_said_to_be_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path(), utc("2026-06-01T12:00:00Z")).await;
    (0..10).for_each(|n| house.knows(n, &[]));
    let news = campaign(&json!({}));
    let all: Vec<u8> = (0..10).collect();
    house.fires("news 1", &news, &all).await;
    let lease = house.lease().await.unwrap();
    let (id, due) = (house.sender.message_ids("news 1"), house.now());
    house.catalog.deliveries_of(&lease, house.now(), &id, due).await.unwrap().unwrap();
    let going: Vec<Moved> = (0..4)
        .map(|place| Moved {
            place,
            from: DeliveryState::Planned,
            to: DeliveryState::HandingOver,
            reason: None,
            code: None,
            provider_id: None,
            attempts: 0,
            due: Timestamp(0),
            counts_since: None,
        })
        .collect();
    house.catalog.move_deliveries(&lease, going, None, house.now()).await.unwrap().unwrap();
    // The process is gone here; before another one goes on with it, somebody stops the run.
    let run = house.catalog.run(&account(), "news 1").await.unwrap().unwrap();
    assert!(house.catalog.move_run(&run, RunState::Stopped, None, house.now()).await.unwrap());
    house.clock.advance_ms(LEASE_MS + 1);
    house.works(&news).await;
    let expected = [("dropped stopped".to_owned(), 6), ("unknown".to_owned(), 4)];
    assert_eq!(house.tally("news 1").await, expected);
    let message = house.catalog.message(&account(), id(crate::house::person(0))).await;
    assert_eq!(message.unwrap().unwrap().code.as_deref(), Some("stopped"));
    assert_eq!(house.told.lock().unwrap().len(), 6, "nobody knows: nothing is told");
    assert_eq!(house.sent(), [] as [u8; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_provider_that_was_given_up_nothing_goes_and_its_runs_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), utc("2026-06-01T12:00:00Z")).await;
    let off = Standing { failing_since: Some(Timestamp(1)), off: true };
    house.flow = Arc::new(Flow::new(None, off));
    house.knows(1, &[]);
    let news = campaign(&json!({}));
    house.fires("news 1", &news, &[1]).await;
    let lease = house.lease().await.unwrap();
    let plan = house.plan(&lease.run, &news).await;
    work(&house.sender, &plan, &house.flow, &lease, 0, ()).await.unwrap();
    assert!(house.sent().is_empty());
    let run = house.catalog.run(&account(), "news 1").await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Paused);
    assert!(run.note.unwrap().contains("save its settings anew"));
    assert_eq!(house.tally("news 1").await, [("planned".to_owned(), 1)]);
    assert_eq!(house.lease().await, None, "until somebody says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_stay_the_same_and_lie_beside_each_other_as_people_do() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path(), utc("2026-06-01T12:00:00Z")).await;
    let (one, other) = (house.sender.message_ids("news 1"), house.sender.message_ids("news 2"));
    let near = |n: u8| PersonId([7, 7, 7, 7, n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(one(near(1)), house.sender.message_ids("news 1")(near(1)));
    assert_ne!(one(near(1)), one(near(2)));
    assert_eq!(one(near(1))[..4], one(near(2))[..4]);
    assert_ne!(one(near(1))[..4], other(near(1))[..4], "nor does an id tell who somebody is");
    assert_ne!(one(near(1))[..4], near(1).0[..4]);
    assert_eq!((one(near(1))[6] >> 4, one(near(1))[8] >> 6), (8, 2), "a UUID of version 8");
}
