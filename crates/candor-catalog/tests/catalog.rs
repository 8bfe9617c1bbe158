//! Promises of the catalog, against a real file.
#![allow(clippy::unwrap_used)]

use candor_catalog::{
    Catalog, Credential, Error, Lane, NewDefinition, NewPublisher, Publisher, Standing,
};
use candor_event::{
    AccountId, ConsentChange, DataClass, FirstSeen, IdKind, Link, Merge, PersonId, Purpose, Record,
    Split, Timestamp,
};

fn new(account: &str, email: &str) -> NewPublisher {
    NewPublisher {
        publisher: Publisher {
            account_id: AccountId::new(account).unwrap(),
            name: "Shop".into(),
            region: "in1".into(),
            timezone: "Asia/Kolkata".into(),
            token_hash: vec![1; 32],
            passcode_hash: vec![2; 32],
        },
        api_token: (account.as_bytes().to_vec(), "ingest read".into()),
        admin: (email.into(), "$argon2id$".into()),
        policy: "{}".into(),
    }
}

#[tokio::test]
async fn a_publisher_comes_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    let now = Timestamp(7);
    catalog.create_publisher(&new("A-1", "a@example.test"), now).await.unwrap();
    let taken = catalog.create_publisher(&new("A-1", "b@example.test"), now).await;
    assert!(matches!(taken, Err(Error::Exists(_))));
    let taken = catalog.create_publisher(&new("A-2", "a@example.test"), now).await;
    assert!(matches!(taken, Err(Error::Exists(_))));
    assert_eq!(catalog.publishers().await.unwrap(), [new("A-1", "").publisher]);
    let token = catalog.api_token(b"A-1").await.unwrap().unwrap();
    assert_eq!(token.scopes, ["ingest", "read"]);
    assert_eq!(catalog.api_token(b"A-2").await.unwrap(), None);
    let account = AccountId::new("A-1").unwrap();
    assert_eq!(catalog.put_policy(&account, "{\"v\":2}", "a", now).await.unwrap(), 2);
    let versions = catalog.policies(&account).await.unwrap();
    assert_eq!(versions.iter().map(|v| v.version).collect::<Vec<_>>(), [2, 1]);
    catalog.put_class(&account, "plan", DataClass::Behaviour).await.unwrap();
    let classes = catalog.classes(&account).await.unwrap();
    assert_eq!(classes, [("plan".to_owned(), DataClass::Behaviour)]);
}

#[tokio::test]
async fn a_session_ends_when_told_and_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    catalog.create_publisher(&new("A-1", "a@example.test"), Timestamp(0)).await.unwrap();
    let user = catalog.user("a@example.test").await.unwrap().unwrap();
    for hash in [b"one", b"two"] {
        catalog.open_session(hash, user.id, Timestamp(0), Timestamp(10)).await.unwrap();
    }
    assert_eq!(catalog.session(b"one", Timestamp(9)).await.unwrap(), Some(user));
    assert_eq!(catalog.session(b"one", Timestamp(10)).await.unwrap(), None);
    catalog.end_session(b"two").await.unwrap();
    assert_eq!(catalog.session(b"two", Timestamp(1)).await.unwrap(), None);
}

async fn links(catalog: &Catalog, account: &AccountId) -> Vec<(IdKind, [u8; 16], PersonId)> {
    let mut all = Vec::new();
    let mut put = |kind, hash, person| all.push((kind, hash, person));
    let mut links = catalog.links(account);
    while links.next(&mut put).await.unwrap() {}
    all
}

#[tokio::test]
async fn links_are_read_whole_however_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    let (ours, other) = (AccountId::new("A-1").unwrap(), AccountId::new("A-2").unwrap());
    let kinds = [IdKind::Email, IdKind::Guid, IdKind::Identity, IdKind::Phone, IdKind::PushToken];
    let mut expected = Vec::new();
    let mut records = Vec::new();
    // As many as are read at once, twice, and once more as many less one.
    for number in 0..3 * 65_536u32 - 1 {
        let kind = kinds[number as usize % 5];
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
        let person = PersonId([1 + (number % 250) as u8; 16]);
        expected.push((kind, hash, person));
        let link = Record::Link(Link { kind, hash, person, at: Timestamp(1) });
        records.push((ours.clone(), link.clone()));
        if number % 1_000 == 0 {
            records.push((other.clone(), link));
        }
    }
    catalog.fold(&records, 1).await.unwrap();
    let mut found = links(&catalog, &ours).await;
    found.sort_by_key(|(_, hash, _)| *hash);
    expected.sort_by_key(|(_, hash, _)| *hash);
    assert!(found == expected);
    assert_eq!(links(&catalog, &other).await.len(), records.len() - expected.len());
}

#[tokio::test]
async fn what_is_folded_and_its_offset_survive_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.db");
    let catalog = Catalog::open(&file).await.unwrap();
    let account = AccountId::new("A-1").unwrap();
    let (ann, device) = (PersonId([1; 16]), PersonId([2; 16]));
    let link =
        Record::Link(Link { kind: IdKind::Guid, hash: [9; 16], person: ann, at: Timestamp(1) });
    let at = Timestamp(2);
    let merged = Merge { winner: ann, loser: device, at, reason: "login".into() };
    let merge = Record::Merge(merged.clone());
    let said = ConsentChange {
        person: ann,
        at,
        purposes: [(Purpose::new("analytics").unwrap(), true)].into(),
        notice: None,
        method: "banner".into(),
    };
    let of = |record: &Record| (account.clone(), record.clone());
    let records = [of(&link), of(&merge), of(&Record::Consent(said.clone()))];
    catalog.fold(&records, 33).await.unwrap();
    catalog.close().await;
    let catalog = Catalog::open(&file).await.unwrap();
    assert_eq!(catalog.folded().await.unwrap(), 33);
    assert_eq!(links(&catalog, &account).await, [(IdKind::Guid, [9; 16], ann)]);
    assert_eq!(catalog.merges(&account).await.unwrap(), [merged]);
    assert_eq!(catalog.consents(&account, ann).await.unwrap(), [said]);
    let split = Record::Split(Split { winner: ann, loser: device, at });
    catalog.fold(&[of(&split)], 40).await.unwrap();
    assert_eq!(links(&catalog, &account).await, [(IdKind::Guid, [9; 16], ann)]);
    assert!(catalog.merges(&account).await.unwrap().is_empty());
    let erase = Record::Erase { person: ann, at };
    catalog.fold(&[of(&erase)], 50).await.unwrap();
    assert!(links(&catalog, &account).await.is_empty());
    assert!(catalog.consents(&account, ann).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_definition_keeps_its_latest_versions() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    catalog.create_publisher(&new("A-1", "a@example.test"), Timestamp(0)).await.unwrap();
    let account = AccountId::new("A-1").unwrap();
    for number in 1..=150u64 {
        let document = number.to_string();
        let new = NewDefinition {
            kind: "variables",
            id: "variables",
            name: "Variables",
            document: &document,
            actor: "device",
        };
        assert_eq!(catalog.put_definition(&account, &new, Timestamp(1)).await.unwrap(), number);
        // The same again changes nothing.
        assert_eq!(catalog.put_definition(&account, &new, Timestamp(2)).await.unwrap(), number);
    }
    let now = catalog.definitions(&account, "variables").await.unwrap();
    assert_eq!((now.len(), now[0].version, now[0].document.as_str()), (1, 150, "150"));
    assert_eq!(now[0].actor, "device");
    let kept = catalog.definition_versions(&account, "variables", "variables").await.unwrap();
    assert_eq!((kept.len(), kept[0].version, kept[99].version), (100, 150, 51));
    let changes = catalog.definition_changes(&account, "variables", "variables").await.unwrap();
    assert_eq!((changes.len(), changes[0].version, changes[99].version), (100, 150, 51));
    assert_eq!((changes[0].at, changes[0].actor.as_str()), (Timestamp(1), "device"));
    let version = async |id: &str, version| {
        let found = catalog.definition_version(&account, "variables", id, version).await.unwrap();
        found.map(|found| found.document)
    };
    assert_eq!(version("variables", 51).await.as_deref(), Some("51"));
    for (id, none) in [("variables", 50), ("variables", 151), ("other", 51)] {
        assert_eq!(version(id, none).await, None);
    }
    assert_eq!(catalog.definition_ids(&account, "variables").await.unwrap(), ["variables"]);
    assert!(catalog.definition_ids(&account, "other").await.unwrap().is_empty());
    assert!(catalog.remove_definition(&account, "variables", "variables").await.unwrap());
    assert!(catalog.definitions(&account, "variables").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_came_first_is_known_for_seven_days_and_goes_with_its_person() {
    const DAY_MS: i64 = 86_400_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.db");
    let catalog = Catalog::open(&file).await.unwrap();
    let account = AccountId::new("A-1").unwrap();
    let first = |person: u8, fingerprint: u64, day: i64| FirstSeen {
        person: PersonId([person; 16]),
        fingerprint,
        at: Timestamp(day * DAY_MS),
    };
    let fold = async |records: &[FirstSeen], next: u64| {
        let records: Vec<_> = records.iter().cloned().map(Record::FirstSeen).collect();
        let records: Vec<_> = records.into_iter().map(|one| (account.clone(), one)).collect();
        catalog.fold(&records, next).await.unwrap();
    };
    let known = async || {
        let mut known = Vec::new();
        catalog.first_seen(&account, |first| known.push(first.fingerprint)).await.unwrap();
        known.sort_unstable();
        known
    };
    fold(&[first(1, 7, 100), first(2, u64::MAX, 101)], 1).await;
    assert_eq!(known().await, [7, u64::MAX]);
    fold(&[first(3, 9, 108)], 2).await;
    assert_eq!(known().await, [9, u64::MAX], "what is older than 7 days is gone");
    let erase = Record::Erase { person: PersonId([2; 16]), at: Timestamp(0) };
    catalog.fold(&[(account.clone(), erase)], 3).await.unwrap();
    assert_eq!(known().await, [9]);
}

#[tokio::test]
async fn a_list_is_kept_whole_and_forgets_who_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    let (account, other) = (AccountId::new("A-1").unwrap(), AccountId::new("A-2").unwrap());
    for (account, email) in [(&account, "a@x.test"), (&other, "b@x.test")] {
        catalog.create_publisher(&new(account.as_str(), email), Timestamp(0)).await.unwrap();
    }
    let person = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        PersonId(id)
    };
    // Three rows, the first of which has one person more than the others begin with.
    let people: Vec<PersonId> = (0..10_000).map(|n| person(2 * n)).collect();
    catalog.put_list(&account, "l", &[person(1)]).await.unwrap();
    catalog.put_list(&account, "l", &people).await.unwrap();
    catalog.put_list(&account, "m", &people[..1]).await.unwrap();
    catalog.put_list(&other, "l", &people).await.unwrap();
    assert_eq!(catalog.list(&account, "l").await.unwrap(), people);
    assert_eq!(catalog.list(&account, "none").await.unwrap(), []);
    // The first of all, the first of a row, one that is on no list, and one who became another.
    let at = Timestamp(1);
    let merge = Merge { winner: person(9), loser: person(40), at, reason: "one device".into() };
    let erase = |person| (account.clone(), Record::Erase { person, at });
    let records = [
        (account.clone(), Record::Merge(merge)),
        erase(person(0)),
        erase(person(2 * 4096)),
        erase(person(9)),
    ];
    catalog.fold(&records, 10).await.unwrap();
    let gone = [person(0), person(2 * 4096), person(40)];
    let left: Vec<PersonId> = people.iter().filter(|p| !gone.contains(p)).copied().collect();
    assert_eq!(catalog.list(&account, "l").await.unwrap(), left);
    assert_eq!(catalog.list(&account, "m").await.unwrap(), []);
    assert_eq!(catalog.list(&other, "l").await.unwrap(), people);
    catalog.remove_list(&account, "l").await.unwrap();
    assert_eq!(catalog.list(&account, "l").await.unwrap(), []);
}

#[tokio::test]
async fn credentials_are_a_publishers_own_and_the_newest_hold() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
    let (account, other) = (AccountId::new("A-1").unwrap(), AccountId::new("A-2").unwrap());
    for (account, email) in [(&account, "a@x.test"), (&other, "b@x.test")] {
        catalog.create_publisher(&new(account.as_str(), email), Timestamp(0)).await.unwrap();
    }
    let of = |channel: &str, provider: &str, sealed: &[u8]| Credential {
        channel: channel.into(),
        provider: provider.into(),
        sealed: sealed.to_vec(),
        changed_at: Timestamp(sealed.len() as i64),
        actor: "ann".into(),
        standing: Standing::default(),
    };
    for one in [of("webhook", "crm", b"1"), of("email", "main", b"1"), of("email", "main", b"22")] {
        catalog.put_credential(&account, &one).await.unwrap();
    }
    catalog.put_credential(&other, &of("email", "main", b"333")).await.unwrap();
    let all = catalog.credentials(&account).await.unwrap();
    assert_eq!(all, [of("email", "main", b"22"), of("webhook", "crm", b"1")]);
    let found = |channel| catalog.credential(&other, channel, "main");
    assert_eq!(found("email").await.unwrap(), Some(of("email", "main", b"333")));
    assert_eq!(found("webhook").await.unwrap(), None);
    // How one stands is kept, until its settings are saved anew.
    let lane = |provider: &str| Lane {
        account: account.clone(),
        channel: "email".into(),
        provider: provider.into(),
    };
    let standing = Standing { failing_since: Some(Timestamp(7)), off: true };
    catalog.stand(&lane("main"), standing).await.unwrap();
    catalog.stand(&lane("nobody"), standing).await.unwrap();
    let kept = |found: Option<Credential>| found.unwrap().standing;
    assert_eq!(kept(catalog.credential(&account, "email", "main").await.unwrap()), standing);
    assert_eq!(kept(found("email").await.unwrap()), Standing::default());
    catalog.put_credential(&account, &of("email", "main", b"22")).await.unwrap();
    let anew = catalog.credential(&account, "email", "main").await.unwrap();
    assert_eq!(kept(anew), Standing::default());
    assert!(catalog.remove_credential(&account, "email", "main").await.unwrap());
    assert!(!catalog.remove_credential(&account, "email", "main").await.unwrap());
    assert_eq!(catalog.credentials(&account).await.unwrap().len(), 1);
    assert!(found("email").await.unwrap().is_some());
}
