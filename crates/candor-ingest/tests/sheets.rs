//! Rows of a table that go through the door as a sheet become what they become one by one, and
//! nothing of what was refused goes with the others.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use candor_event::{ConsentChange, DataClass, PersonId, Purpose, Record, Timestamp};
use candor_ingest::decode::{Incoming, RefusalCode, Roles};
use candor_ingest::gate::{Policy, Preset};
use candor_ingest::{Accepted, Door, Ids, Receipt, Request, open_frame};
use candor_keys::PublisherKeys;
use candor_store::TableReader;
use proptest::prelude::*;

const NOW: i64 = 1_795_500_000_000;

struct Shop {
    door: Door,
    keys: PublisherKeys,
    /// What the log has.
    kept: Vec<Record>,
    accepted: usize,
    /// Line, code.
    refused: BTreeSet<(u64, &'static str)>,
    stripped: usize,
    /// In clear, what lies in the frames.
    plain: Vec<u8>,
}

fn request() -> Request {
    let now = Timestamp(NOW);
    Request { now, event_age_max_ms: 365 * 86_400_000, ..Request::default() }
}

impl Shop {
    fn new(preset: Preset) -> Shop {
        // Frames that are not sealed can be searched.
        let keys = PublisherKeys::without_cipher_for_tests(1);
        let classes = [
            ("plan", DataClass::Behaviour),
            ("n", DataClass::Behaviour),
            ("town", DataClass::Location),
        ];
        let classes = classes.map(|(name, class)| (name.to_owned(), class)).to_vec();
        let door = Door::new(keys.clone(), Policy::preset(preset), classes);
        for (number, purpose) in [(0, "analytics"), (1, "analytics"), (2, "push")] {
            let purposes = Purpose::new(purpose).map(|purpose| (purpose, true));
            let change = ConsentChange {
                person: PersonId([0; 16]),
                at: Timestamp(NOW),
                purposes: purposes.into_iter().collect(),
                notice: None,
                method: "banner".into(),
            };
            let ids = Ids { identity: Some(format!("u{number}")), ..Ids::default() };
            door.consent(&ids, change, |_| {}).unwrap();
        }
        let (kept, refused, plain) = (Vec::new(), BTreeSet::new(), Vec::new());
        Shop { door, keys, kept, accepted: 0, refused, stripped: 0, plain }
    }

    fn note(&mut self, receipt: Receipt, frame: Option<Vec<u8>>, lines: &[u64]) {
        self.accepted += receipt.accepted;
        self.stripped += receipt.stripped.len();
        let refused = receipt.refused.iter().map(|one| (lines[one.index], one.code.word()));
        self.refused.extend(refused);
        let Some(frame) = frame else { return };
        for record in open_frame(&self.keys, &frame).unwrap() {
            match record {
                Record::Sheet(sheet) => {
                    self.kept.extend((0..sheet.len()).map(|at| Record::Event(sheet.event(at))));
                }
                record => self.kept.push(record),
            }
        }
        self.plain.extend(frame);
    }

    fn rows(&mut self, records: Vec<Incoming>, lines: &[u64]) {
        let records = records.into_iter().enumerate();
        let records = records.map(|(index, record)| Incoming { index, ..record }).collect();
        let mut frame = None;
        let append = |accepted: &mut Accepted| frame = accepted.frame.take();
        let receipt = self.door.accept(records, Vec::new(), &request(), append).unwrap();
        self.note(receipt, frame, lines);
    }

    /// Takes a table in, as sheets or row by row.
    fn take(&mut self, table: &str, as_sheets: bool) {
        let mut reader = TableReader::csv("t", std::io::Cursor::new(table.to_owned())).unwrap();
        let roles = Roles::default();
        let columns = roles.columns(reader.columns()).unwrap();
        let mut sheets = roles.sheets(&columns).unwrap();
        while let Some(piece) = reader.next_piece().unwrap() {
            let (mut records, mut lines) = (Vec::new(), Vec::new());
            let mut row = |shop: &mut Shop, at: usize| {
                let line = piece.lines[at];
                let cell = |column| piece.cell(column, at);
                match roles.row(0, &columns, cell, &|_| None) {
                    Ok(record) => {
                        records.push(record);
                        lines.push(line);
                    }
                    Err((code, _)) => drop(shop.refused.insert((line, code.word()))),
                }
            };
            let odd = match as_sheets {
                true => {
                    // In two goes, as a reader of large files does.
                    let half = piece.rows() / 2;
                    let first = sheets.read(&piece, 0..half, &|_| None);
                    let then = sheets.read(&piece, half..piece.rows(), &|_| None);
                    [first, then].concat()
                }
                false => vec![true; piece.rows()],
            };
            odd.iter().enumerate().filter(|(_, odd)| **odd).for_each(|(at, _)| row(self, at));
            let sheet = sheets.sheet();
            if !sheet.is_empty() {
                let plain = odd.iter().zip(&piece.lines).filter(|(odd, _)| !**odd);
                let of_sheet: Vec<u64> = plain.map(|(_, line)| *line).collect();
                let mut frame = None;
                let append = |accepted: &mut Accepted| frame = accepted.frame.take();
                let (receipt, others) = self.door.accept_sheet(sheet, &request(), append).unwrap();
                self.note(receipt, frame, &[]);
                lines.extend(others.iter().map(|record| of_sheet[record.index]));
                records.extend(others);
                let mut both: Vec<_> = lines.into_iter().zip(records).collect();
                both.sort_by_key(|(line, _)| *line);
                (lines, records) = both.into_iter().unzip();
            }
            self.rows(records, &lines);
        }
    }

    /// What each did, in its order, and what they said; and the rest in any order: when ids were
    /// first seen may be another event's moment.
    fn all(&self) -> (BTreeMap<PersonId, Vec<String>>, Vec<String>) {
        let (mut did, mut rest) = (BTreeMap::<_, Vec<String>>::new(), Vec::new());
        for record in &self.kept {
            match record {
                Record::Link(link) => rest.push(format!("{:?} {:?}", link.hash, link.person)),
                Record::Trait(change) => rest.push(format!("{:?} {:?}", change.person, change.op)),
                other => did.entry(other.person()).or_default().push(format!("{other:?}")),
            }
        }
        rest.sort();
        (did, rest)
    }
}

fn cell(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(choices)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_table_is_kept_alike_as_sheets_and_row_by_row(
        strict in any::<bool>(),
        rows in prop::collection::vec(
            (
                cell(&["u0", "u0", "u1", "u1", "u2", "u3", ""]),
                cell(&["Seen", "Seen", "Paid", "", "asha@example.test", "ct_consent", "ct_consent"]),
                cell(&["1795400000000", "1795500500", "1795490000", "", "noon", "1700000000",
                       "1795999999"]),
                cell(&["gold", "plain", "", "+919876543210", "7"]),
                cell(&["1", "2.5", "", "true"]),
                cell(&["Pune", "", ""]),
                cell(&["", "s1", "12"]),
                cell(&["", "", "", "x"]),
                cell(&["", "", "", "true", "false"]),
            ),
            0..60,
        ),
    ) {
        let mut table = "identity,event,time,plan,n,town,session,unknown,analytics\n".to_owned();
        for (who, name, at, plan, n, town, session, unknown, yes) in rows {
            table += &format!("{who},{name},{at},{plan},{n},{town},{session},{unknown},{yes}\n");
        }
        let preset = if strict { Preset::Strict } else { Preset::Open };
        let (mut one_by_one, mut as_sheets) = (Shop::new(preset), Shop::new(preset));
        one_by_one.take(&table, false);
        as_sheets.take(&table, true);
        prop_assert_eq!(as_sheets.all(), one_by_one.all());
        prop_assert_eq!(as_sheets.accepted, one_by_one.accepted);
        prop_assert_eq!(&as_sheets.refused, &one_by_one.refused);
        prop_assert_eq!(as_sheets.stripped, one_by_one.stripped);
    }
}

#[test]
fn nothing_of_what_was_refused_lies_in_the_frame_of_the_others() {
    let mut shop = Shop::new(Preset::Strict);
    let table = "identity,event,time,plan,town,secretname\n\
                 u0,Seen,1795400000,gold,,\n\
                 u3,Left,1795400001,secretplan,,\n\
                 u0,Seen,1795400002,plain,secrettown,\n\
                 u1,Seen,1795400003,gold,Pune,1\n\
                 u0,Seen,noon,secretlate,,\n";
    shop.take(table, true);
    assert_eq!(
        shop.refused,
        BTreeSet::from([(3, RefusalCode::NoConsent.word()), (6, RefusalCode::BadTime.word()),])
    );
    assert_eq!((shop.accepted, shop.stripped), (3, 3));
    let kept = format!("{:?}", shop.kept);
    let lies = |text: &str| {
        let bytes = text.as_bytes();
        shop.plain.windows(bytes.len()).any(|window| window == bytes) || kept.contains(text)
    };
    assert!(lies("plain") && lies("gold"), "what is allowed is there");
    assert!(lies("Seen"));
    for canary in ["secretname", "Pune", "secretplan", "secrettown", "secretlate", "Left", "u3"] {
        assert!(!lies(canary), "{canary}");
    }
}

#[test]
fn what_somebody_says_in_between_holds_for_what_follows() {
    let table = "identity,event,time,plan,analytics\n\
                 u0,Seen,1795400000,one,\n\
                 u0,ct_consent,1795500001,,false\n\
                 u0,Seen,1795400002,two,\n\
                 u3,Seen,1795400003,three,\n\
                 u3,ct_consent,,,true\n\
                 u3,Seen,1795400005,four,\n\
                 u1,Seen,1795400006,five,\n";
    for as_sheets in [false, true] {
        let mut shop = Shop::new(Preset::Strict);
        shop.take(table, as_sheets);
        let no_consent = RefusalCode::NoConsent.word();
        assert_eq!(shop.refused, BTreeSet::from([(4, no_consent), (5, no_consent)]), "{as_sheets}");
        assert_eq!(shop.accepted, 5);
    }
}
