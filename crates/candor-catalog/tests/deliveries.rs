//! Promises of runs and deliveries, against a real file.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use candor_catalog::{
    Campaign, CampaignState, CampaignVersion, Cap, Catalog, DeliveryState, Group, Lane, Lease,
    Moved, NewPublisher, Publisher, Run, RunState, Suppression, SuppressionReason, Visit,
    VisitKind, Wanted,
};
use candor_event::{AccountId, PersonId, Record, Timestamp};

use DeliveryState::{Accepted, Dropped, Failed, HandingOver, Planned};

fn account() -> AccountId {
    AccountId::new("A-1").unwrap()
}

fn person(n: u32) -> PersonId {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    PersonId(id)
}

async fn catalog(folder: &std::path::Path) -> Catalog {
    Catalog::open(&folder.join("catalog.db")).await.unwrap()
}

fn run(key: &str, due: i64) -> Run {
    Run {
        account: account(),
        run: key.into(),
        campaign: "c".into(),
        version: 1,
        channel: "email".into(),
        provider: "main".into(),
        state: RunState::Scheduled,
        due: Timestamp(due),
        until: Timestamp(1_000),
        people: 0,
        as_of: Timestamp(0),
        changed_at: Timestamp(1),
        repeated: 0,
        note: None,
    }
}

fn lane() -> Lane {
    Lane { account: account(), channel: "email".into(), provider: "main".into() }
}

/// A run of so many people, due at 10, its audience fixed.
async fn begun(catalog: &Catalog, people: u32) {
    let new = NewPublisher {
        publisher: Publisher {
            account_id: account(),
            name: "Shop".into(),
            region: "in1".into(),
            timezone: "UTC".into(),
            token_hash: vec![1; 32],
            passcode_hash: vec![2; 32],
        },
        api_token: (vec![1], "ingest".into()),
        admin: ("a@x.test".into(), "$argon2id$".into()),
        policy: "{}".into(),
    };
    catalog.create_publisher(&new, Timestamp(0)).await.unwrap();
    let run = run("r", 10);
    assert!(catalog.plan_run(&run).await.unwrap());
    assert!(!catalog.plan_run(&run).await.unwrap(), "a run is planned once");
    assert_eq!(catalog.runs_due(RunState::Scheduled, Timestamp(9)).await.unwrap(), []);
    assert_eq!(catalog.runs_due(RunState::Scheduled, Timestamp(10)).await.unwrap(), [run]);
    let groups = [Group { due: Timestamp(10), people: (0..people).map(person).collect() }];
    let shop = account();
    let fix = || catalog.fix_audience(&shop, "r", &groups, Timestamp(9), Timestamp(11));
    assert!(fix().await.unwrap());
    assert!(!fix().await.unwrap(), "an audience is fixed once");
}

fn step(place: u32, from: DeliveryState, to: DeliveryState, reason: Option<&'static str>) -> Moved {
    Moved {
        place,
        from,
        to,
        reason,
        code: None,
        provider_id: None,
        attempts: 1,
        due: Timestamp(11),
        counts_since: None,
    }
}

async fn moves(catalog: &Catalog, lease: &Lease, steps: &[Moved], now: Timestamp) -> bool {
    catalog.move_deliveries(lease, steps.to_vec(), None, now).await.unwrap() == Some(Vec::new())
}

async fn tally(catalog: &Catalog) -> BTreeMap<String, u64> {
    let tally = catalog.tally(&account(), "r").await.unwrap();
    tally.into_iter().map(|((state, reason), n)| (format!("{state} {reason}"), n)).collect()
}

fn counts<const N: usize>(of: [(&str, u64); N]) -> BTreeMap<String, u64> {
    of.into_iter().map(|(name, n)| (name.to_owned(), n)).collect()
}

async fn take(catalog: &Catalog, now: i64, until: i64) -> Option<Lease> {
    catalog.lease(&lane(), Timestamp(now), Timestamp(until)).await.unwrap()
}

#[tokio::test]
async fn a_run_goes_from_planned_to_done_and_its_counts_balance() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 5_000).await;
    assert_eq!(tally(&catalog).await, counts([("planned ", 5_000)]));
    assert_eq!(take(&catalog, 9, 50).await, None, "not before it is due");
    let first = take(&catalog, 12, 50).await.unwrap();
    let second = take(&catalog, 12, 50).await.unwrap();
    assert_eq!((first.people.len(), second.people.len()), (4_096, 904));
    assert_eq!(take(&catalog, 12, 50).await, None, "each part has one worker");

    let id = |person: PersonId| person.0;
    let due = Timestamp(11);
    let planned = catalog.deliveries_of(&second, Timestamp(13), id, due).await.unwrap().unwrap();
    assert_eq!((planned.len(), planned[0].person), (904, person(4_096)));
    let steps: Vec<_> = (0..904).map(|n| step(n, Planned, HandingOver, None)).collect();
    assert!(moves(&catalog, &second, &steps, Timestamp(14)).await);
    let expected = counts([("handing_over ", 904), ("planned ", 4_096)]);
    assert_eq!(tally(&catalog).await, expected);
    let steps: Vec<_> = (0..904).map(|n| step(n, HandingOver, Accepted, None)).collect();
    assert!(moves(&catalog, &second, &steps, Timestamp(15)).await);
    // All or nothing: one of these does not stand where it is thought to.
    let steps =
        [step(1, Accepted, DeliveryState::Delivered, None), step(2, Planned, Dropped, None)];
    assert!(catalog.move_deliveries(&second, steps.to_vec(), None, Timestamp(16)).await.is_err());
    assert_eq!(tally(&catalog).await, counts([("accepted ", 904), ("planned ", 4_096)]));
    assert!(catalog.release(&second, None).await.unwrap());

    catalog.deliveries_of(&first, Timestamp(16), id, due).await.unwrap().unwrap();
    let reason = Some("no_consent");
    let steps: Vec<_> = (0..4_096).map(|n| step(n, Planned, Dropped, reason)).collect();
    assert!(moves(&catalog, &first, &steps, Timestamp(17)).await);
    assert!(!catalog.is_done(&account(), "r").await.unwrap());
    assert!(catalog.release(&first, None).await.unwrap());
    assert!(catalog.is_done(&account(), "r").await.unwrap());
    let expected = counts([("accepted ", 904), ("dropped no_consent", 4_096)]);
    assert_eq!(tally(&catalog).await, expected);
}

#[tokio::test]
async fn a_worker_whose_lease_was_taken_over_commits_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let frozen = catalog(folder.path()).await;
    begun(&frozen, 10).await;
    let old = take(&frozen, 12, 50).await.unwrap();
    let id = |person: PersonId| person.0;
    let due = Timestamp(11);
    frozen.deliveries_of(&old, Timestamp(12), id, due).await.unwrap().unwrap();
    let going = [step(0, Planned, HandingOver, None)];
    assert!(moves(&frozen, &old, &going, Timestamp(13)).await);

    // Another process, after the lease ran out.
    let other = catalog(folder.path()).await;
    let new = take(&other, 50, 90).await.unwrap();
    assert_eq!((new.chunk, new.epoch), (old.chunk, old.epoch + 1));
    let seen = other.deliveries_of(&new, Timestamp(51), id, due).await.unwrap().unwrap();
    assert_eq!(seen[0].state, HandingOver, "nobody knows what became of it");

    let late = [step(0, HandingOver, Accepted, None)];
    assert!(!moves(&frozen, &old, &late, Timestamp(52)).await);
    assert!(!frozen.extend(&old, Timestamp(99)).await.unwrap());
    assert!(!frozen.release(&old, None).await.unwrap());
    assert_eq!(frozen.deliveries_of(&old, Timestamp(52), id, due).await.unwrap(), None);
    assert!(moves(&other, &new, &late, Timestamp(53)).await);
    assert_eq!(tally(&other).await, counts([("accepted ", 1), ("planned ", 9)]));
}

#[tokio::test]
async fn what_is_stopped_is_due_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 9_000).await;
    let worked_on = take(&catalog, 12, 50).await.unwrap();
    assert!(catalog.release(&worked_on, Some(Timestamp(900))).await.unwrap());
    let now = catalog.run(&account(), "r").await.unwrap().unwrap();
    assert_eq!(now.state, RunState::Running);
    let stop = |of: Run| {
        let catalog = catalog.clone();
        async move { catalog.move_run(&of, RunState::Stopped, None, Timestamp(14)).await.unwrap() }
    };
    assert!(!stop(Run { state: RunState::Paused, ..now.clone() }).await);
    assert!(stop(now).await);
    assert_eq!(catalog.lanes_due(Timestamp(15)).await.unwrap(), [(lane(), vec!["r".to_owned()])]);
    let mut parts = 0;
    while let Some(part) = take(&catalog, 15, 60).await {
        assert!(catalog.release(&part, None).await.unwrap());
        parts += 1;
    }
    assert_eq!(parts, 3, "also the one that was put off");
    assert!(catalog.is_done(&account(), "r").await.unwrap());
}

#[tokio::test]
async fn nobody_gets_one_too_many_however_many_runs_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 1).await;
    let (id, due) = (|_| [0; 16], Timestamp(11));
    let first = take(&catalog, 12, 500).await.unwrap();
    catalog.deliveries_of(&first, Timestamp(12), id, due).await.unwrap().unwrap();
    let shop = account();
    let cap = Some(Cap { channel: "email", messages: 3 });
    let going = |since| {
        let since = Some(Timestamp(since));
        vec![Moved { counts_since: since, ..step(0, Planned, HandingOver, None) }]
    };
    let sent = catalog.move_deliveries(&first, going(0), cap, Timestamp(20)).await.unwrap();
    assert_eq!(sent, Some(vec![]));
    for n in 1..20u8 {
        let key = format!("r{n}");
        catalog.plan_run(&run(&key, 10)).await.unwrap();
        let groups = [Group { due: Timestamp(10), people: vec![person(0)] }];
        let fixed = catalog.fix_audience(&shop, &key, &groups, Timestamp(9), Timestamp(11));
        assert!(fixed.await.unwrap());
        let lease = take(&catalog, 12, 500).await.unwrap();
        assert_eq!(lease.run, key);
        let id = |_| [n; 16];
        catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
        let now = Timestamp(20 + i64::from(n));
        let capped = catalog.move_deliveries(&lease, going(0), cap, now).await.unwrap().unwrap();
        assert_eq!(capped, if n < 3 { vec![] } else { vec![0] }, "message {n}");
        if n == 1 {
            // One that fails for good gives its place back; here it takes it again.
            let fails = [step(0, HandingOver, Failed, Some("no_such_address"))];
            assert!(moves(&catalog, &lease, &fails, Timestamp(22)).await);
            let message = catalog.message(&account(), [1; 16]).await.unwrap().unwrap();
            assert_eq!(message.sent_at, None);
            let key = "again";
            catalog.plan_run(&run(key, 10)).await.unwrap();
            let fixed = catalog.fix_audience(&shop, key, &groups, Timestamp(9), Timestamp(11));
            assert!(fixed.await.unwrap());
            let lease = take(&catalog, 12, 500).await.unwrap();
            let id = |_| [99; 16];
            catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
            let capped = catalog.move_deliveries(&lease, going(0), cap, now).await.unwrap();
            assert_eq!(capped, Some(vec![]));
        }
    }
    // Later, when the window has moved on, one may go again.
    let tally = catalog.tally(&account(), "r19").await.unwrap();
    assert_eq!(tally[&("dropped".to_owned(), "frequency_cap".to_owned())], 1);
}

#[tokio::test]
async fn what_a_provider_says_later_counts_once_and_only_forward() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 2).await;
    let lease = take(&catalog, 12, 500).await.unwrap();
    let due = Timestamp(11);
    let id = |person: PersonId| person.0;
    catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
    let shop = account();
    let bounced = || {
        let to = (DeliveryState::Failed, Some("bounced"));
        catalog.settle(&shop, person(0).0, to.0, to.1, "550 5.1.1", Timestamp(30))
    };
    assert!(!bounced().await.unwrap(), "it has not gone out");
    assert!(moves(&catalog, &lease, &[step(0, Planned, HandingOver, None)], Timestamp(13)).await);
    assert!(moves(&catalog, &lease, &[step(0, HandingOver, Accepted, None)], Timestamp(14)).await);
    assert!(bounced().await.unwrap());
    assert!(!bounced().await.unwrap(), "once");
    assert_eq!(tally(&catalog).await, counts([("failed bounced", 1), ("planned ", 1)]));
    let message = catalog.message(&account(), person(0).0).await.unwrap().unwrap();
    assert_eq!((message.state, message.code.as_deref()), (Failed, Some("550 5.1.1")));
    let wanted = Wanted { state: Some(Failed), ..Wanted::default() };
    let failed = catalog.messages(&account(), &wanted, 0, 10).await.unwrap();
    assert_eq!(failed, (vec![message], None));
    let wanted = |run: &str| Wanted { runs: Some(vec![run.into()]), ..Wanted::default() };
    let (all, last) = catalog.messages(&account(), &wanted("r"), 0, 1).await.unwrap();
    let (rest, end) = catalog.messages(&account(), &wanted("r"), last.unwrap(), 10).await.unwrap();
    assert_eq!((all.len(), rest.len(), rest[0].person, end), (1, 1, person(1), None));
    assert_eq!(catalog.messages(&account(), &wanted("q"), 0, 1).await.unwrap(), (vec![], None));
}

#[tokio::test]
async fn what_failed_goes_anew_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 3).await;
    let lease = take(&catalog, 12, 500).await.unwrap();
    let (id, due) = (|person: PersonId| person.0, Timestamp(11));
    catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
    let steps: Vec<_> = (0..3).map(|n| step(n, Planned, HandingOver, None)).collect();
    assert!(moves(&catalog, &lease, &steps, Timestamp(13)).await);
    let ends = [
        step(0, HandingOver, Failed, Some("gave_up")),
        step(1, HandingOver, Failed, Some("no_such_address")),
        step(2, HandingOver, Accepted, None),
    ];
    assert!(moves(&catalog, &lease, &ends, Timestamp(14)).await);
    assert!(catalog.release(&lease, None).await.unwrap());
    let now = catalog.run(&account(), "r").await.unwrap().unwrap();
    assert!(catalog.move_run(&now, RunState::Finished, None, Timestamp(15)).await.unwrap());
    let redrive = || {
        let catalog = catalog.clone();
        async move {
            let (until, now) = (Timestamp(9_000), Timestamp(20));
            catalog.redrive(&account(), "r", "gave_up", until, now).await.unwrap()
        }
    };
    assert_eq!((redrive().await, redrive().await), (1, 0));
    let run = catalog.run(&account(), "r").await.unwrap().unwrap();
    assert_eq!((run.state, run.until), (RunState::Running, Timestamp(9_000)));
    let lease = take(&catalog, 21, 500).await.unwrap();
    let again = catalog.deliveries_of(&lease, Timestamp(21), id, due).await.unwrap().unwrap();
    let states: Vec<_> = again.iter().map(|one| (one.id, one.state)).collect();
    let of = |n: u32, state| (person(n).0, state);
    assert_eq!(states, [of(0, Planned), of(1, Failed), of(2, Accepted)]);
    let expected = counts([("accepted ", 1), ("failed no_such_address", 1), ("planned ", 1)]);
    assert_eq!(tally(&catalog).await, expected);
}

#[tokio::test]
async fn visits_are_judged_later_and_counted_by_message() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 1).await;
    let visit = |message: u8, link, at, machine| Visit {
        account: account(),
        message: [message; 16],
        number: 0,
        run: "r".into(),
        link,
        at: Timestamp(at),
        machine,
    };
    for one in [visit(1, None, 5, None), visit(1, Some(3), 6, None), visit(2, Some(3), 7, None)] {
        assert!(catalog.visit(&one).await.unwrap());
    }
    assert!(catalog.visit(&visit(3, Some(4), 8, Some(true))).await.unwrap());
    let waiting = catalog.visits_waiting(Timestamp(6), 10).await.unwrap();
    assert_eq!(waiting.iter().map(|v| v.number).collect::<Vec<_>>(), [1, 2]);
    let judged: Vec<_> = waiting.into_iter().map(|visit| (visit, false)).collect();
    catalog.judge_visits(&judged).await.unwrap();
    let tally = catalog.visits_of_run(&account(), "r").await.unwrap();
    assert_eq!((tally.opened, tally.clicked, tally.machine_clicks), (1, 1, 1));
    assert_eq!(tally.links, [(3, 1)]);
    assert_eq!(catalog.visits_of(&account(), [1; 16]).await.unwrap().len(), 2);
    for _ in 0..99 {
        catalog.visit(&visit(2, None, 9, None)).await.unwrap();
    }
    assert!(!catalog.visit(&visit(2, None, 9, None)).await.unwrap(), "more tell nothing new");
}

#[tokio::test]
async fn messages_that_people_visited_are_found_as_they_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 6).await;
    let lease = take(&catalog, 12, 500).await.unwrap();
    let (id, due) = (|person: PersonId| person.0, Timestamp(11));
    catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
    let visit = |n: u32, link, machine| Visit {
        account: account(),
        message: person(n).0,
        number: 0,
        run: "r".into(),
        link,
        at: Timestamp(20),
        machine,
    };
    // Opened; opened by a machine and followed by a person; followed twice; a machine; not judged.
    for one in [
        visit(0, None, Some(false)),
        visit(1, None, Some(true)),
        visit(1, Some(3), Some(false)),
        visit(2, Some(3), Some(false)),
        visit(2, Some(4), Some(false)),
        visit(3, Some(3), Some(true)),
        visit(4, Some(3), None),
    ] {
        assert!(catalog.visit(&one).await.unwrap());
    }
    let of = |runs: Option<&str>, kind| Wanted {
        runs: runs.map(|run| vec![run.to_owned()]),
        visit: Some(kind),
        ..Wanted::default()
    };
    let found = async |wanted: &Wanted, after, limit| {
        let (found, last) = catalog.messages(&account(), wanted, after, limit).await.unwrap();
        (found.into_iter().map(|one| one.person).collect::<Vec<_>>(), last)
    };
    let tally = catalog.visits_of_run(&account(), "r").await.unwrap();
    assert_eq!((tally.opened, tally.clicked), (3, 2));
    let (opened, clicked) = ([person(0), person(1), person(2)], [person(1), person(2)]);
    for runs in [Some("r"), None] {
        let all = found(&of(runs, VisitKind::Opened), 0, 9).await;
        assert_eq!(all, (opened.to_vec(), None));
        let all = found(&of(runs, VisitKind::Clicked), 0, 9).await;
        assert_eq!(all, (clicked.to_vec(), None));
    }
    let (first, last) = found(&of(Some("r"), VisitKind::Clicked), 0, 1).await;
    let (rest, _) = found(&of(Some("r"), VisitKind::Clicked), last.unwrap(), 1).await;
    assert_eq!((first, rest), (vec![person(1)], vec![person(2)]));
}

#[tokio::test]
async fn a_campaign_fires_once_for_each_of_its_times() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 1).await;
    let campaign = Campaign {
        account: account(),
        campaign: "c".into(),
        state: CampaignState::WaitingForApproval,
        version: 4,
        next_due: None,
        changed_at: Timestamp(5),
    };
    let version = CampaignVersion {
        version: 4,
        document: "{}".into(),
        published_at: Timestamp(5),
        published_by: "ann".into(),
        approved_by: None,
    };
    catalog.publish_campaign(&campaign, &version).await.unwrap();
    assert_eq!(catalog.campaigns_due(Timestamp(1_000)).await.unwrap(), []);
    let approve = || catalog.approve_campaign(&campaign, Some(Timestamp(50)), "bob", Timestamp(6));
    assert!(approve().await.unwrap());
    assert!(!approve().await.unwrap());
    let version = catalog.campaign_version(&account(), "c", 4).await.unwrap().unwrap();
    assert_eq!(version.approved_by.as_deref(), Some("bob"));
    assert_eq!(catalog.campaigns_due(Timestamp(49)).await.unwrap(), []);
    let due = catalog.campaigns_due(Timestamp(50)).await.unwrap().remove(0);
    let next = Some(Timestamp(60));
    assert!(catalog.fire_campaign(&due, &run("c 50", 50), next).await.unwrap());
    assert!(!catalog.fire_campaign(&due, &run("c 50b", 50), next).await.unwrap());
    assert_eq!(catalog.run(&account(), "c 50b").await.unwrap(), None);
    let now = catalog.campaign(&account(), "c").await.unwrap().unwrap();
    assert_eq!((now.state, now.next_due), (CampaignState::Active, next));
    let done = catalog.move_campaign(&now, CampaignState::Completed, None, Timestamp(70));
    assert!(done.await.unwrap());
    assert_eq!(catalog.campaigns(&account()).await.unwrap()[0].state, CampaignState::Completed);
}

#[tokio::test]
async fn who_is_erased_is_in_no_message_and_no_audience() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 5_000).await;
    let lease = take(&catalog, 12, 500).await.unwrap();
    let (id, due) = (|person: PersonId| person.0, Timestamp(11));
    catalog.deliveries_of(&lease, Timestamp(12), id, due).await.unwrap().unwrap();
    let erase = |n| (account(), Record::Erase { person: person(n), at: Timestamp(20) });
    catalog.fold(&[erase(1), erase(4_500)], 1).await.unwrap();
    let of = |n| Wanted { people: vec![person(n)], ..Wanted::default() };
    assert_eq!(catalog.messages(&account(), &of(1), 0, 9).await.unwrap(), (vec![], None));
    assert_eq!(catalog.messages(&account(), &of(2), 0, 9).await.unwrap().0.len(), 1);
    let rest = take(&catalog, 12, 500).await.unwrap();
    assert_eq!(rest.people.len(), 904);
    assert!(!rest.people.contains(&person(4_500)) && rest.people.contains(&person(4_501)));
}

#[tokio::test]
async fn a_complaint_never_hides_that_there_is_no_such_address() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 1).await;
    let new = |reason| Suppression {
        channel: "email".into(),
        hash: [1; 16],
        reason,
        address: Some(vec![1]),
        at: Timestamp(1),
        actor: "bounce".into(),
    };
    let order =
        [SuppressionReason::Complaint, SuppressionReason::HardBounce, SuppressionReason::Complaint];
    for reason in order {
        catalog.suppress(&account(), &new(reason)).await.unwrap();
    }
    let all = catalog.suppressions(&account(), None, 10).await.unwrap();
    assert_eq!(all, [new(SuppressionReason::HardBounce)]);
    let after = Some(("email", [1; 16]));
    assert_eq!(catalog.suppressions(&account(), after, 10).await.unwrap(), []);
    assert!(catalog.unsuppress(&account(), "email", [1; 16]).await.unwrap());
    assert!(!catalog.unsuppress(&account(), "email", [1; 16]).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_move_at_once_share_a_sync_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 4_096 * 3).await;
    let id = |person: PersonId| person.0;
    let mut leases = Vec::new();
    while let Some(lease) = take(&catalog, 12, 500).await {
        catalog.deliveries_of(&lease, Timestamp(12), id, Timestamp(11)).await.unwrap().unwrap();
        leases.push(lease);
    }
    // One lease is somebody else's by now, and one worker is wrong about where its message stands.
    let stolen = take(&catalog, 500, 600).await.unwrap();
    assert_eq!(stolen.chunk, leases[0].chunk);
    let mut moving = tokio::task::JoinSet::new();
    for lease in leases.clone() {
        for place in 0..200 {
            let (catalog, lease) = (catalog.clone(), lease.clone());
            let from = if lease.chunk == 1 && place % 2 == 0 { Accepted } else { Planned };
            let steps = vec![step(place, from, HandingOver, None)];
            moving.spawn(async move {
                let now = Timestamp(20 + i64::from(place));
                let moved = catalog.move_deliveries(&lease, steps, None, now).await;
                (lease.chunk, place, moved)
            });
        }
    }
    while let Some(moved) = moving.join_next().await {
        match moved.unwrap() {
            (0, _, moved) => assert_eq!(moved.unwrap(), None),
            (1, place, moved) => assert_eq!(moved.is_err(), place % 2 == 0, "{place}"),
            (_, _, moved) => assert_eq!(moved.unwrap(), Some(vec![])),
        }
    }
    let expected = counts([("handing_over ", 300), ("planned ", 4_096 * 3 - 300)]);
    assert_eq!(tally(&catalog).await, expected);
    // Each keeps its own moment: what is told again after a crash is known by it.
    let kept = catalog.deliveries_of(&leases[2], Timestamp(300), id, Timestamp(11)).await;
    for moved in &kept.unwrap().unwrap()[..200] {
        assert_eq!(moved.changed_at, Timestamp(20 + i64::from(moved.place)));
    }
}

#[tokio::test]
async fn a_small_run_has_its_turn_beside_a_large_one() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 4_096 * 5).await;
    let of = |lease: Option<Lease>| lease.map(|lease| lease.run);
    let first = take(&catalog, 12, 500).await;
    assert_eq!(
        (of(first), of(take(&catalog, 12, 500).await)),
        (Some("r".into()), Some("r".into()))
    );
    // It is due later, and has nobody: it is next, and then the one with fewer workers.
    catalog.plan_run(&run("small", 11)).await.unwrap();
    let groups = [Group { due: Timestamp(11), people: (0..9_000).map(person).collect() }];
    let shop = account();
    let fixed = catalog.fix_audience(&shop, "small", &groups, Timestamp(11), Timestamp(11));
    assert!(fixed.await.unwrap());
    let waiting = [(lane(), vec!["r".to_owned(), "small".to_owned()])];
    assert_eq!(catalog.lanes_due(Timestamp(12)).await.unwrap(), waiting);
    for expected in ["small", "small", "r", "small", "r", "r"] {
        assert_eq!(of(take(&catalog, 12, 500).await).as_deref(), Some(expected));
    }
    assert_eq!(take(&catalog, 12, 500).await, None);
    assert_eq!(catalog.lanes_due(Timestamp(12)).await.unwrap(), []);
}
