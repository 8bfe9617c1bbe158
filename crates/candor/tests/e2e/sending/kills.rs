//! kill -9 under a campaign: nothing is lost, and little is repeated.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::campaigns::publish;
use crate::power::Disk;
use crate::server::Server;

use super::sink::Sink;
use super::{WINDOW, allowing, each_once, house, number, stands, tally, to_sink, until};

/// Long enough for the long form.
const LONG: Duration = Duration::from_secs(1_800);

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Kills a server at moments between which the sink takes about the same number of messages, and
/// starts it again.
pub fn kill_under(
    mut server: Server,
    (kills, expected): (usize, usize),
    taken: impl Fn() -> usize,
    again: impl Fn() -> Server,
) -> Server {
    let mut seed = number("SEED").map_or(u64::from(std::process::id()), |seed| seed as u64);
    eprintln!("KILLS={kills} SEED={seed}");
    for kill in 0..kills {
        let share = expected / kills;
        let at = kill * share + share / 4 + random(&mut seed) as usize % (share / 2).max(1);
        until("enough messages for a kill", LONG, || taken() >= at);
        server.kill();
        server = again();
    }
    server
}

/// With `KILLS`, 100,000 people and ten kills.
#[test]
fn kills_under_a_campaign_lose_nobody_and_repeat_little() {
    let (people, kills) = match number("KILLS") {
        Some(kills) => (100_000, kills.min(10)),
        None => (3_000, 2),
    };
    let sink = Sink::start();
    let (data, server, shop) = house(people, &sink);
    let again = || Server::start(data.path());
    none_lost((&sink, &shop), server, (people, kills), again);
}

/// With `KILLS`, 10,000 people and ten cuts.
#[test]
fn power_cuts_under_a_campaign_lose_nobody_and_repeat_little() {
    let (people, cuts) = match number("KILLS") {
        Some(kills) => (10_000, kills.min(10)),
        None => (1_500, 2),
    };
    let sink = Sink::start();
    let (data, server, shop) = house(people, &sink);
    server.kill();
    let disk = Disk::of(data.path());
    let again = || {
        disk.lose();
        Server::start_on(&disk, data.path())
    };
    none_lost((&sink, &shop), again(), (people, cuts), again);
}

/// Sends to people, with kills on the way, and looks at what came of it.
fn none_lost(
    (sink, shop): (&Sink, &Json),
    server: Server,
    (people, kills): (usize, usize),
    again: impl Fn() -> Server,
) {
    let id = publish(&server, shop, &to_sink(&json!({})));
    let expected = allowing(people);
    let begun = Instant::now();
    let server = kill_under(server, (kills, expected), || sink.taken(), &again);
    let done = stands(&server, shop, &id, "completed", LONG);
    let seconds = begun.elapsed().as_secs_f64();
    let times = sink.times();
    let (lost, repeated) = (expected - times.len(), sink.repeated());
    eprintln!(
        "{expected} messages, {kills} kills: {lost} lost, {repeated} repeated (at most {}), \
         {:.0} messages/s with {kills} starts",
        kills * WINDOW,
        sink.taken() as f64 / seconds,
    );
    assert_eq!(lost, 0);
    assert!(repeated <= kills * WINDOW, "{repeated}");
    // Each person has one id, and nobody is written to who does not allow it.
    let mut to: Vec<String> = sink.mails().into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), expected);
    let run = &done["runs"][0];
    assert_eq!((tally(&done, "accepted"), &run["state"]), (expected, &json!("finished")));
    assert_eq!(run["reasons"]["dropped"], json!({"no_consent": people - expected}));
    // What is said to be repeated covers what was.
    let said = run["repeated"].as_u64().unwrap() as usize;
    assert!((repeated..=kills * WINDOW).contains(&said), "{said} and {repeated}");
    each_once(&server, shop, "Notification Sent", expected);
    // Finished once: another start sends and tells nothing more.
    let (taken, changed) = (sink.taken(), run["changed_at"].clone());
    server.kill();
    let server = again();
    std::thread::sleep(Duration::from_millis(600));
    let later = stands(&server, shop, &id, "completed", LONG);
    assert_eq!((sink.taken(), &later["runs"][0]["changed_at"]), (taken, &changed));
    assert_eq!(later["runs"].as_array().unwrap().len(), 1);
    each_once(&server, shop, "Notification Sent", expected);
}

#[test]
fn a_kill_while_the_audience_is_fixed_sends_to_all_of_it_or_nobody() {
    let people = 600;
    let sink = Sink::start();
    let (data, mut server, shop) = house(people, &sink);
    let mut ids = Vec::new();
    for kill in 0..6 {
        ids.push(publish(&server, &shop, &to_sink(&json!({}))));
        // Somewhere in the milliseconds in which it is planned, read and fixed.
        std::thread::sleep(Duration::from_millis(kill * 3));
        server.kill();
        server = Server::start(data.path());
    }
    for id in &ids {
        let done = stands(&server, &shop, id, "completed", Duration::from_secs(60));
        let run = &done["runs"][0];
        assert_eq!((&run["people"], run["state"].as_str()), (&json!(people), Some("finished")));
        assert_eq!(tally(&done, "accepted"), allowing(people), "{done}");
        assert_eq!(done["runs"].as_array().unwrap().len(), 1);
    }
    let (times, all) = (sink.times().len(), ids.len() * allowing(people));
    eprintln!("{} kills: {all} messages, {} repeated", ids.len(), sink.repeated());
    assert_eq!(times, all);
    assert!(sink.repeated() <= ids.len() * WINDOW);
}
