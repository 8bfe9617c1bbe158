//! Promises of runs and deliveries, against a real file.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use candor_catalog::{
    Catalog, DeliveryState, Group, Lease, Moved, NewPublisher, Publisher, Run, RunState,
};
use candor_event::{AccountId, PersonId, Timestamp};

use DeliveryState::{Accepted, Dropped, HandingOver, Planned};

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
    let run = Run {
        account: account(),
        run: "r".into(),
        campaign: "c".into(),
        version: 1,
        state: RunState::Scheduled,
        due: Timestamp(10),
        until: Timestamp(1_000),
        people: 0,
        as_of: Timestamp(0),
        changed_at: Timestamp(1),
    };
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
    }
}

async fn tally(catalog: &Catalog) -> BTreeMap<String, u64> {
    let tally = catalog.tally(&account(), "r").await.unwrap();
    tally.into_iter().map(|((state, reason), n)| (format!("{state} {reason}"), n)).collect()
}

fn counts<const N: usize>(of: [(&str, u64); N]) -> BTreeMap<String, u64> {
    of.into_iter().map(|(name, n)| (name.to_owned(), n)).collect()
}

async fn take(catalog: &Catalog, now: i64, until: i64) -> Option<Lease> {
    catalog.lease(Timestamp(now), Timestamp(until)).await.unwrap()
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
    let due = |_| Timestamp(11);
    let planned = catalog.deliveries_of(&second, Timestamp(13), id, due).await.unwrap().unwrap();
    assert_eq!((planned.len(), planned[0].person), (904, person(4_096)));
    let steps: Vec<_> = (0..904).map(|n| step(n, Planned, HandingOver, None)).collect();
    assert!(catalog.move_deliveries(&second, &steps, Timestamp(14)).await.unwrap());
    let expected = counts([("handing_over ", 904), ("planned ", 4_096)]);
    assert_eq!(tally(&catalog).await, expected);
    let steps: Vec<_> = (0..904).map(|n| step(n, HandingOver, Accepted, None)).collect();
    assert!(catalog.move_deliveries(&second, &steps, Timestamp(15)).await.unwrap());
    // All or nothing: one of these does not stand where it is thought to.
    let steps =
        [step(1, Accepted, DeliveryState::Delivered, None), step(2, Planned, Dropped, None)];
    assert!(catalog.move_deliveries(&second, &steps, Timestamp(16)).await.is_err());
    assert_eq!(tally(&catalog).await, counts([("accepted ", 904), ("planned ", 4_096)]));
    assert!(catalog.release(&second, None).await.unwrap());

    catalog.deliveries_of(&first, Timestamp(16), id, due).await.unwrap().unwrap();
    let reason = Some("no_consent");
    let steps: Vec<_> = (0..4_096).map(|n| step(n, Planned, Dropped, reason)).collect();
    assert!(catalog.move_deliveries(&first, &steps, Timestamp(17)).await.unwrap());
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
    let due = |_| Timestamp(11);
    frozen.deliveries_of(&old, Timestamp(12), id, due).await.unwrap().unwrap();
    let going = [step(0, Planned, HandingOver, None)];
    assert!(frozen.move_deliveries(&old, &going, Timestamp(13)).await.unwrap());

    // Another process, after the lease ran out.
    let other = catalog(folder.path()).await;
    let new = take(&other, 50, 90).await.unwrap();
    assert_eq!((new.chunk, new.epoch), (old.chunk, old.epoch + 1));
    let seen = other.deliveries_of(&new, Timestamp(51), id, due).await.unwrap().unwrap();
    assert_eq!(seen[0].state, HandingOver, "nobody knows what became of it");

    let late = [step(0, HandingOver, Accepted, None)];
    assert!(!frozen.move_deliveries(&old, &late, Timestamp(52)).await.unwrap());
    assert!(!frozen.extend(&old, Timestamp(99)).await.unwrap());
    assert!(!frozen.release(&old, None).await.unwrap());
    assert_eq!(frozen.deliveries_of(&old, Timestamp(52), id, due).await.unwrap(), None);
    assert!(other.move_deliveries(&new, &late, Timestamp(53)).await.unwrap());
    assert_eq!(tally(&other).await, counts([("accepted ", 1), ("planned ", 9)]));
}

#[tokio::test]
async fn what_is_stopped_is_dropped_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(folder.path()).await;
    begun(&catalog, 9_000).await;
    let worked_on = take(&catalog, 12, 50).await.unwrap();
    let (id, due) = (|person: PersonId| person.0, |_| Timestamp(11));
    catalog.deliveries_of(&worked_on, Timestamp(12), id, due).await.unwrap().unwrap();
    let going = [step(0, Planned, HandingOver, None)];
    assert!(catalog.move_deliveries(&worked_on, &going, Timestamp(13)).await.unwrap());
    let shop = account();
    let stop = |from| catalog.move_run(&shop, "r", from, RunState::Stopped, Timestamp(14));
    assert!(!stop(RunState::Paused).await.unwrap());
    assert!(stop(RunState::Running).await.unwrap());
    assert_eq!(take(&catalog, 60, 90).await, None, "a stopped run gives no work");

    catalog.drop_stopped(Timestamp(15)).await.unwrap();
    let expected =
        counts([("dropped stopped", 9_000 - 4_096), ("handing_over ", 1), ("planned ", 4_095)]);
    assert_eq!(tally(&catalog).await, expected, "its worker still has the first part");
    let gone = [step(0, HandingOver, Accepted, None)];
    assert!(catalog.move_deliveries(&worked_on, &gone, Timestamp(16)).await.unwrap());
    assert!(catalog.release(&worked_on, Some(Timestamp(16))).await.unwrap());
    catalog.drop_stopped(Timestamp(17)).await.unwrap();
    assert_eq!(tally(&catalog).await, counts([("accepted ", 1), ("dropped stopped", 8_999)]));
    assert!(catalog.is_done(&account(), "r").await.unwrap());
}
