//! Requests as SDKs and servers write them, into a buffer that is used again.

use crate::people::{EVENTS_PER_SESSION, People, Session, Traits};
use crate::random::{Random, mix, zipf};
use crate::server::Credentials;

/// Records of a request.
pub const BATCH: u64 = 50;

/// Digits that are left for a body's length.
const LENGTH_DIGITS: usize = 8;

/// Items of the shop.
const ITEMS: usize = 300_000;

/// Names of events with how many of a million the generator makes of each, and whether they carry
/// an item and a price.
const NAMES: [(&str, u32, bool, bool); 20] = [
    ("Product Viewed", 367_867, true, false),
    ("Category Viewed", 169_540, false, false),
    ("Home Viewed", 75_695, false, false),
    ("App Launched", 64_763, false, false),
    ("Search Performed", 52_769, false, false),
    ("Added To Cart", 45_271, true, true),
    ("Search Result Clicked", 26_393, true, false),
    ("Cart Viewed", 18_093, false, false),
    ("Product Image Zoomed", 17_329, true, false),
    ("Checkout Started", 15_962, false, true),
    ("Review Read", 13_188, true, false),
    ("Push Clicked", 11_322, false, false),
    ("Wishlist Added", 10_437, true, false),
    ("Removed From Cart", 9_790, true, true),
    ("Payment Info Entered", 8_981, false, false),
    ("Wishlist Viewed", 8_872, false, false),
    ("Email Opened", 7_837, false, false),
    ("Charged", 6_490, true, true),
    ("Coupon Applied", 5_895, false, false),
    ("Profile Viewed", 63_506, false, false),
];

/// How records come in.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// `/api/v1/events`: a server sends what many people did.
    Events,
    /// `/a1`: a device sends what its person did.
    Mobile,
    /// `/api/v1/events`: each record is of a person who was never seen before.
    Identities,
}

/// What to send.
pub struct Bodies {
    way: Way,
    head: Vec<u8>,
    people: People,
    random: Random,
    /// A name for each ten-thousandth.
    names: Vec<u8>,
    identities: u64,
    /// Of each device: the last second that one of its events has.
    seconds: std::collections::HashMap<u64, u64>,
}

impl Bodies {
    /// For about so many events.
    pub fn new(way: Way, credentials: &Credentials, events: u64) -> Bodies {
        let Credentials { account, account_token, api_token } = credentials;
        let head = match way {
            Way::Events | Way::Identities => format!(
                "POST /api/v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {api_token}\r\n\
                 Content-Type: application/json\r\nContent-Length:{:LENGTH_DIGITS$}\r\n\r\n",
                ""
            ),
            Way::Mobile => format!(
                "POST /a1?os=Android&t=80200&z={account}&ts=1795500000 HTTP/1.1\r\nHost: bench\r\n\
                 Content-Type: application/json; charset=utf-8\r\n\
                 X-CleverTap-Account-ID: {account}\r\nX-CleverTap-Token: {account_token}\r\n\
                 Content-Length:{:LENGTH_DIGITS$}\r\n\r\n",
                ""
            ),
        };
        let mut names = Vec::with_capacity(10_000);
        for (place, (_, share, ..)) in NAMES.iter().enumerate() {
            names.extend(std::iter::repeat_n(place as u8, (share / 100) as usize));
        }
        Bodies {
            way,
            head: head.into_bytes(),
            // One seed for each way: their people are the same kind, not the same persons.
            people: People::new(way as u64 + 1, events),
            random: Random::new(way as u64 + 100),
            names,
            identities: 0,
            seconds: std::collections::HashMap::new(),
        }
    }

    /// Writes the next request over what the buffer holds, and tells how many of its records are
    /// events.
    pub fn next(&mut self, request: &mut Vec<u8>, now_ms: u64) -> u64 {
        request.clear();
        request.extend_from_slice(&self.head);
        let events = match self.way {
            Way::Events => self.events(request, now_ms),
            Way::Mobile => self.mobile(request, now_ms),
            Way::Identities => self.identities(request, now_ms),
        };
        let mut length = request.len() - self.head.len();
        let mut at = self.head.len() - 5;
        while length > 0 {
            request[at] = b'0' + (length % 10) as u8;
            length /= 10;
            at -= 1;
        }
        events
    }

    /// How many people were sent.
    pub fn people(&self) -> u64 {
        match self.way {
            Way::Identities => self.identities,
            _ => self.people.seen(),
        }
    }

    fn events(&mut self, to: &mut Vec<u8>, now_ms: u64) -> u64 {
        to.extend_from_slice(b"{\"records\":[");
        for place in 0..BATCH {
            let session = self.people.event(now_ms);
            to.extend_from_slice(if place == 0 { b"" } else { b"," });
            self.server_event(to, &session);
        }
        to.extend_from_slice(b"]}");
        BATCH
    }

    fn server_event(&mut self, to: &mut Vec<u8>, session: &Session) {
        let traits = Traits::of(session.person);
        let (name, item, price) = self.name();
        to.extend_from_slice(b"{\"type\":\"event\",");
        ids(to, traits.id);
        texts(to, &[",\"name\":\"", name, "\",\"at\":"]);
        digits(to, session.last_ms);
        to.extend_from_slice(b",\"properties\":{\"country\":\"");
        to.extend_from_slice(&traits.country);
        texts(to, &["\",\"os\":\"", traits.os, "\",\"app_version\":\"", version(session)]);
        texts(to, &["\",\"plan\":\"", traits.plan, "\","]);
        self.details(to, item, price);
        to.extend_from_slice(b"\"session\":");
        digits(to, session.began);
        to.extend_from_slice(b"}}");
    }

    /// One device's last sessions: each begins with App Launched, as the SDK raises it.
    fn mobile(&mut self, to: &mut Vec<u8>, now_ms: u64) -> u64 {
        let mut session = self.people.begin(now_ms);
        // A device that kept 50 events tells of about four sessions: it comes a quarter as often.
        while self.random.unit() > EVENTS_PER_SESSION / BATCH as f64 {
            session = self.people.begin(now_ms);
        }
        let traits = Traits::of(session.person);
        let before = self.seconds.get(&session.person).copied().unwrap_or_default();
        let mut second = (now_ms / 1000 - BATCH).max(before + 1);
        to.extend_from_slice(b"[{\"g\":\"");
        guid(to, traits.id);
        to.extend_from_slice(b"\",\"type\":\"meta\",\"af\":");
        app_fields(to, &session);
        to.extend_from_slice(META.as_bytes());
        let mut began = second;
        for place in 0..BATCH {
            let (mut name, mut item, mut price) = self.name();
            if place % 12 == 0 {
                (name, item, price) = ("App Launched", false, false);
                began = second;
            }
            texts(to, &[",{\"evtName\":\"", name, "\",\"evtData\":"]);
            if name == "App Launched" {
                app_fields(to, &session);
            } else {
                to.push(b'{');
                self.details(to, item, price);
                texts(to, &["\"plan\":\"", traits.plan, "\"}"]);
            }
            to.extend_from_slice(b",\"s\":");
            digits(to, began);
            to.extend_from_slice(b",\"pg\":1,\"type\":\"event\",\"ep\":");
            digits(to, second);
            to.extend_from_slice(
                b",\"f\":false,\"lsl\":240,\"n\":\"MainActivity\",\"dsync\":false}",
            );
            second += 1;
        }
        to.push(b']');
        self.seconds.insert(session.person, second);
        BATCH
    }

    fn identities(&mut self, to: &mut Vec<u8>, now_ms: u64) -> u64 {
        to.extend_from_slice(b"{\"records\":[");
        for place in 0..BATCH {
            let person = (1 << 40) + self.identities;
            self.identities += 1;
            to.extend_from_slice(if place == 0 { b"" } else { b"," });
            if place % 2 == 0 {
                let session = Session::of(person, now_ms);
                self.server_event(to, &session);
            } else {
                let traits = Traits::of(person);
                to.extend_from_slice(b"{\"type\":\"profile\",");
                ids(to, traits.id);
                texts(to, &[",\"set\":{\"plan\":\"", traits.plan, "\",\"country\":\""]);
                to.extend_from_slice(&traits.country);
                to.extend_from_slice(b"\"}}");
            }
        }
        to.extend_from_slice(b"]}");
        BATCH / 2
    }

    fn name(&mut self) -> (&'static str, bool, bool) {
        let place = self.names[self.random.below(self.names.len())];
        let (name, _, item, price) = NAMES[place as usize];
        (name, item, price)
    }

    /// Item and price, each followed by a comma.
    fn details(&mut self, to: &mut Vec<u8>, item: bool, price: bool) {
        if item {
            to.extend_from_slice(b"\"item_id\":\"sku-");
            let item = zipf(self.random.unit(), ITEMS, 0.85);
            hex(to, mix(item as u64 + 1) & 0xffff_ffff, 8);
            to.extend_from_slice(b"\",");
        }
        if price {
            to.extend_from_slice(b"\"price\":");
            let cents = 200 + self.random.below(30_000) as u64;
            digits(to, cents / 100);
            to.extend_from_slice(&[
                b'.',
                b'0' + (cents / 10 % 10) as u8,
                b'0' + (cents % 10) as u8,
                b',',
            ]);
        }
    }
}

/// What the SDK sends with each batch, after `af` (protocol section 4.1).
const META: &str = ",\"id\":\"bench\",\"tk\":\"bench\",\"l_ts\":1795500000,\"f_ts\":1795400000,\
    \"ct_pi\":\"Identity,Email\",\"ddnd\":false,\"rtl\":[],\"rct\":0,\"ait\":0,\"frs\":false,\
    \"fl\":false,\"imp\":0,\"tlc\":[],\"_i\":12,\"_j\":3,\"arp\":{\"j_n\":\"Zw==\",\"i_n\":\"YWJj\",\
    \"r_ts\":1795500000}}";

/// Fields of the app and the device (protocol section 4.2).
fn app_fields(to: &mut Vec<u8>, session: &Session) {
    texts(to, &["{\"Build\":\"42\",\"Version\":\"", version(session)]);
    to.extend_from_slice(
        b"\",\"OS Version\":\"14\",\"SDK Version\":80200,\"Make\":\"Google\",\"Model\":\"Pixel 8\",\
          \"Carrier\":\"ExampleTel\",\"useIP\":true,\"OS\":\"Android\",\"wdt\":2.8,\"hgt\":6.1,\
          \"dpi\":420,\"dt\":1,\"locale\":\"en_GB\",\"abckt\":\"active\",\"cc\":\"gb\",\"LIAMC\":0,\
          \"wifi\":true,\"BluetoothEnabled\":false,\"BluetoothVersion\":\"ble\",\"Radio\":\"4G\"}",
    );
}

fn version(session: &Session) -> &'static str {
    const VERSIONS: [&str; 6] = ["4.8.0", "4.9.0", "5.0.0", "5.1.0", "5.2.0", "6.3.0"];
    VERSIONS[(mix(session.person ^ 77) % 6) as usize]
}

fn ids(to: &mut Vec<u8>, id: u64) {
    to.extend_from_slice(b"\"identity\":\"u-");
    hex(to, id, 16);
    to.extend_from_slice(b"\",\"guid\":\"");
    guid(to, id);
    to.push(b'"');
}

/// As Android makes them.
fn guid(to: &mut Vec<u8>, id: u64) {
    to.extend_from_slice(b"__");
    hex(to, mix(id), 16);
    hex(to, id, 16);
}

fn texts(to: &mut Vec<u8>, texts: &[&str]) {
    texts.iter().for_each(|text| to.extend_from_slice(text.as_bytes()));
}

fn hex(to: &mut Vec<u8>, number: u64, digits: u32) {
    let digit = |place: u32| b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
    to.extend((0..digits).rev().map(digit));
}

fn digits(to: &mut Vec<u8>, mut number: u64) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    to.extend_from_slice(&text[at..]);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn next(bodies: &mut Bodies) -> Value {
        let mut request = Vec::new();
        bodies.next(&mut request, 1_795_500_000_000);
        let text = String::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head.split_once("Content-Length:").unwrap().1.trim();
        assert_eq!(length.parse::<usize>().unwrap(), body.len());
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn requests_are_of_fifty_records_with_a_right_length() {
        let credentials = Credentials::default();
        for way in [Way::Events, Way::Identities, Way::Mobile] {
            let mut bodies = Bodies::new(way, &credentials, 10_000);
            for _ in 0..20 {
                let body = next(&mut bodies);
                let records = body.get("records").and_then(Value::as_array);
                let count = records.or(body.as_array()).unwrap().len() as u64;
                assert_eq!(count, BATCH + u64::from(way == Way::Mobile));
            }
        }
    }

    #[test]
    fn a_device_sends_no_second_twice() {
        let mut bodies = Bodies::new(Way::Mobile, &Credentials::default(), 1000);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..200 {
            let body = next(&mut bodies);
            for event in &body.as_array().unwrap()[1..] {
                assert!(seen.insert((body[0]["g"].to_string(), event["ep"].as_u64())));
            }
        }
    }

    #[test]
    fn the_shares_of_names_are_the_generators() {
        assert!((990_000..=1_001_000).contains(&NAMES.iter().map(|name| name.1).sum::<u32>()));
    }
}
