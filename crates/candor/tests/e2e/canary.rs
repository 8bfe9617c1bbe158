//! T-2018: the payload of the story with marks of its own, every way in that it can be sent by, and
//! a search for the marks in any form. Used from outside the binary and from within.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

/// One person's data, each text with a random mark.
pub struct Story {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub photo: String,
    pub gender: String,
    pub make: String,
    pub carrier: String,
    pub latitude: String,
    pub identity: String,
    pub guid: String,
    pub push_token: String,
}

impl Story {
    pub fn new() -> Story {
        let digits = |count: usize| -> String {
            random::<8>().iter().take(count).map(|byte| char::from(b'0' + byte % 10)).collect()
        };
        Story {
            name: format!("Canary Asha {}", mark()),
            email: format!("canary.{}@example.test", mark()),
            phone: format!("+9198765{}", digits(5)),
            photo: format!("https://img.example.test/{}.jpg", mark()),
            gender: format!("gender-{}", mark()),
            make: format!("Phone {}", mark()),
            carrier: format!("Tel {}", mark()),
            // Not ending in 0: as a number it is written as it stands here.
            latitude: format!("28.{}7", digits(7)),
            identity: format!("id-{}", mark()),
            guid: format!("__{}", mark()),
            push_token: format!("token-{}", mark()),
        }
    }

    /// The payload, by the names that the SDKs give.
    pub fn traits(&self) -> Json {
        json!({
            "Name": self.name, "Email": self.email, "Phone": self.phone, "Photo": self.photo,
            "Gender": self.gender, "Make": self.make, "Carrier": self.carrier,
            "Latitude": self.latitude,
        })
    }

    /// What `analytics` alone allows of the payload.
    pub fn of_the_device(&self) -> [&str; 2] {
        [&self.make, &self.carrier]
    }

    /// The rest of it.
    pub fn of_the_person(&self) -> [&str; 6] {
        [&self.name, &self.email, &self.phone, &self.photo, &self.gender, &self.latitude]
    }

    /// All marks, ids included.
    pub fn canaries(&self) -> Vec<&str> {
        let ids = [self.identity.as_str(), &self.guid, &self.push_token];
        self.of_the_device().into_iter().chain(self.of_the_person()).chain(ids).collect()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}

fn mark() -> String {
    random::<10>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One request.
pub struct Way {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

fn way(method: &'static str, target: impl Into<String>, body: impl ToString) -> Way {
    Way { method, target: target.into(), headers: Vec::new(), body: body.to_string() }
}

impl Way {
    /// A piece of what was sent that tells nothing by itself: the compressed or encrypted text.
    pub fn wire(&self) -> Option<String> {
        let packed = self.target.split_once("&d=").or(self.body.split_once("\"itp\":\""))?.1;
        (packed.len() > 120).then(|| packed[20..100].to_owned())
    }

    fn with(mut self, headers: &[(&'static str, &str)]) -> Way {
        self.headers.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }
}

/// A publisher's ids and secrets, as `publisher create` prints them.
pub struct Ways<'s> {
    pub shop: &'s Json,
    pub story: &'s Story,
    /// Also what no app does by mistake: data in names of events and properties, in headers, in
    /// addresses, in bodies that cannot be read.
    pub hostile: bool,
}

impl Ways<'_> {
    fn text(&self, name: &str) -> &str {
        self.shop[name].as_str().unwrap()
    }

    fn of_server(&self, way: Way) -> Way {
        way.with(&[("authorization", &format!("Bearer {}", self.text("api_token")))])
    }

    fn of_device(&self, way: Way) -> Way {
        way.with(&[
            ("x-clevertap-account-id", self.text("account_id")),
            ("x-clevertap-token", self.text("account_token")),
        ])
    }

    fn of_rest(&self, way: Way) -> Way {
        way.with(&[
            ("x-clevertap-account-id", self.text("account_id")),
            ("x-clevertap-passcode", self.text("passcode")),
        ])
    }

    /// A consent of the publisher's server.
    pub fn consent(&self, mut said: Json, purposes: &Json) -> Way {
        said["purposes"] = purposes.clone();
        self.of_server(way("POST", "/api/v1/consents", said))
    }

    /// The payload by every way in that takes it.
    pub fn in_(&self) -> Vec<Way> {
        let mut all = self.records();
        all.extend(self.mobile());
        all.extend(self.web());
        all.extend(self.upload());
        if self.hostile {
            all.iter_mut().for_each(|way| self.in_headers(way));
        }
        all
    }

    fn in_headers(&self, way: &mut Way) {
        let Story { name, email, phone, identity, .. } = self.story;
        way.headers.extend([
            ("user-agent", format!("{name} {email}")),
            ("referer", format!("https://shop.test/?phone={phone}&email={email}")),
            ("x-user", identity.clone()),
        ]);
    }

    /// Items, nested values, names of events and properties.
    fn events(&self) -> Vec<(String, Json)> {
        let (story, traits) = (self.story, self.story.traits());
        let mut events = vec![
            ("App Opened".to_owned(), traits.clone()),
            ("Charged".to_owned(), json!({"Amount": 3, "Items": [{"to": story.email}]})),
            ("Nested".to_owned(), json!({"basket": {"for": [traits.clone(), [traits]]}})),
        ];
        if self.hostile {
            let latitude: f64 = story.latitude.parse().unwrap();
            events.extend([
                (story.name.clone(), json!({})),
                (story.email.clone(), json!({ story.phone.clone(): story.make })),
                ("Odd".to_owned(), json!({ story.name.clone(): 1, "gender": story.gender })),
                ("Odd".to_owned(), json!({"page": story.photo, "Latitude": latitude})),
                ("Items".to_owned(), json!({"Items": [{ story.name.clone(): story.gender }]})),
            ]);
        }
        events
    }

    fn records(&self) -> Vec<Way> {
        let story = self.story;
        let mut records = vec![
            json!({"type": "profile", "identity": story.identity, "set": story.traits()}),
            json!({"type": "profile", "identity": story.identity, "guid": story.guid,
                   "add": {"Name": [story.name]}, "remove": {"Gender": [story.gender]}}),
        ];
        records.extend(self.events().into_iter().map(|(name, properties)| {
            json!({"type": "event", "identity": story.identity, "name": name,
                   "properties": properties})
        }));
        let records = json!({ "records": records });
        let mut all = vec![self.of_server(way("POST", "/api/v1/events", records))];
        if self.hostile {
            let record = json!({"type": "event", "identity": story.identity, "name": "Odd",
                                "id": story.email, "unknown": story.phone});
            let keyed = way("POST", "/api/v1/events", json!({ "records": [record] }));
            all.push(self.of_server(keyed).with(&[("idempotency-key", &story.email)]));
            let cut = format!("{{\"records\": [{}", story.traits());
            all.push(self.of_server(way("POST", "/api/v1/events", cut)));
            all.push(way("POST", "/api/v1/events", story.traits()));
        }
        all
    }

    fn sdk_records(&self) -> Vec<Json> {
        let (story, at) = (self.story, now());
        let mut records = vec![
            json!({"type": "profile", "profile": story.traits(), "ep": at}),
            json!({"type": "profile", "profile": {"Name": {"$set": story.name}}, "ep": at}),
            json!({"type": "event", "evtName": "App Launched", "evtData": story.traits(), "ep": at}),
            json!({"type": "data", "data": {"action": "register", "id": story.push_token,
                   "type": "fcm"}, "ep": at}),
            json!({"type": "ping", "ep": at, "af": story.traits()}),
        ];
        records.extend(self.events().into_iter().map(|(name, properties)| {
            json!({"type": "event", "evtName": name, "evtData": properties, "ep": at})
        }));
        if self.hostile {
            records.push(json!({"type": "page", "n": story.name, "ep": at}));
            records.push(json!({"type": story.email, "evtName": story.name, "ep": at}));
        }
        records
    }

    fn mobile(&self) -> Vec<Way> {
        let story = self.story;
        let mut batch = vec![json!({
            "type": "meta", "g": story.guid, "id": self.text("account_id"),
            "tk": self.text("account_token"), "af": story.traits(),
            "ref": {"us": "mail", "x": story.email}, "wzrk_ref": {"wzrk_to": story.email},
        })];
        batch.extend(self.sdk_records());
        let batch = Json::Array(batch).to_string();
        let target = |os: &str| {
            let target = format!("/a1?os={os}&t=80200&z={}&ts={}", self.text("account_id"), now());
            match self.hostile {
                true => format!("{target}&email={}&name={}", story.email, percent(&story.name)),
                false => target,
            }
        };
        let encrypted = encrypted(batch.as_bytes()).to_string();
        let flag = [("x-clevertap-encryption-enabled", "true")];
        let mut all = vec![
            self.of_device(way("POST", target("Android"), &batch)),
            self.of_device(way("POST", target("iOS"), encrypted)).with(&flag),
        ];
        if self.hostile {
            let cut = &batch[..batch.len() - 20];
            all.extend([
                self.of_device(way("POST", target("iOS"), cut)),
                self.of_device(way("POST", target("iOS"), &batch)).with(&flag),
                way("POST", target("iOS"), &batch).with(&[("x-clevertap-token", &story.email)]),
                self.of_device(way("GET", format!("/hello?os=Android&z={}", story.email), ""))
                    .with(&[("x-clevertap-handshake-domain", &story.email)]),
            ]);
        }
        all
    }

    fn web(&self) -> Vec<Way> {
        let (story, account) = (self.story, self.text("account_id"));
        let address = format!(
            "https://shop.test/home?email={}&name={}#{}",
            story.email,
            percent(&story.name),
            story.phone
        );
        let common = json!({"id": account, "g": story.guid, "s": now(), "pg": 2,
                            "af": {"lib": "web-sdk-v2.5.2", "Latitude": story.latitude}});
        let mut payloads = vec![
            ("page", json!({ "cpg": address, "referrer": "mail.test" })),
            ("push", json!({"type": "profile", "profile": story.traits()})),
            (
                "data",
                json!({"endpoint": story.push_token, "browser": "Chrome",
                            "keys": {"auth": story.identity}}),
            ),
            ("ping", json!({ "debug": story.traits() })),
        ];
        payloads.extend(self.events().into_iter().map(|(name, data)| {
            ("push", json!({"type": "event", "evtName": name, "evtData": data}))
        }));
        if self.hostile {
            let path = format!("https://shop.test/u/{}", story.email);
            payloads.push(("page", json!({ "cpg": path, "referrer": story.email })));
            payloads.push((
                "push",
                json!({"type": "profile", "isOUL": true, "rc": true,
                       "profile": {"Identity": story.identity, "Email": story.email}}),
            ));
        }
        let mut all = Vec::new();
        for (rn, (kind, mut payload)) in payloads.into_iter().enumerate() {
            for (name, value) in common.as_object().unwrap() {
                payload[name] = value.clone();
            }
            let plain = payload.to_string();
            let d = match rn % 2 {
                0 => compressed(&plain),
                _ => compressed(&encrypted(compressed(&plain).as_bytes()).to_string()),
            };
            let mut target = format!(
                "/a?t=96&type={kind}&rn={rn}&i={}&sn={rn}&useIP=true&r=1&gc={}&d={}",
                now(),
                story.guid,
                percent(&d)
            );
            if self.hostile {
                target += &format!("&origin={}&email={}", percent(&story.name), story.email);
            }
            let json = [("x-clevertap-encryption-enabled", "true")];
            let request = way("GET", target, "");
            all.push(if rn % 3 == 0 { request.with(&json) } else { request });
        }
        if self.hostile {
            all.push(way("GET", format!("/a?type=push&rn=1&d={}", percent(&story.email)), ""));
            let raw = percent(&story.traits().to_string());
            all.push(way("GET", format!("/a?type=push&rn=1&gc={}&d={raw}", story.email), ""));
        }
        all
    }

    fn upload(&self) -> Vec<Way> {
        let (story, at) = (self.story, now());
        let mut records = vec![
            json!({"type": "profile", "identity": story.identity, "ts": at,
                   "profileData": story.traits()}),
            json!({"type": "profile", "objectId": story.guid, "profileData": story.traits()}),
            json!({"type": "token", "objectId": story.guid,
                   "tokenData": {"id": story.push_token, "type": "fcm"}}),
        ];
        records.extend(self.events().into_iter().map(|(name, properties)| {
            json!({"type": "event", "identity": story.identity, "ts": at, "evtName": name,
                   "evtData": properties})
        }));
        if self.hostile {
            records.push(json!({"type": story.name, "FBID": story.identity}));
            records.push(json!({"type": "profile", "GPID": story.email, "x": story.phone,
                                "profileData": {"Email": "not an address", "Phone": 7}}));
        }
        let body = json!({ "d": records });
        let mut all = vec![self.of_rest(way("POST", "/1/upload", &body))];
        if self.hostile {
            all.extend([
                self.of_rest(way("POST", "/1/upload?dryRun=1", &body)),
                self.of_rest(way("POST", "/1/upload", format!("{{\"d\": [{}", story.traits()))),
                way("POST", "/1/upload", &body).with(&[("x-clevertap-passcode", &story.email)]),
            ]);
        }
        all
    }

    /// Requests that only ask, refuse or speak of the person, with the marks wherever they fit.
    pub fn asks(&self) -> Vec<Way> {
        let Story { name, email, phone, identity, guid, .. } = self.story;
        let p = percent;
        let server = |method, target: String, body: Json| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            self.of_server(way(method, target, body))
        };
        let get = |target: String| server("GET", target, Json::Null);
        let no = json!({"analytics": false});
        let period = json!({"event": name, "from": "2026-11-01", "to": "2026-12-01"});
        let condition = json!({"property": "Email", "op": "eq", "value": email, "scope": "person"});
        let funnel = json!({"steps": [{"event": name, "where": [condition]}, {"event": email}],
                            "from": "2026-11-01", "to": phone});
        let (filtered, named) = (
            json!({"common_profile_properties": {"profile_fields": [
                {"name": "Email", "operator": "equals", "value": email}]}}),
            json!({"event_name": name, "from": 20_261_101, "to": 20_261_130}),
        );
        let meta = json!({"type": "meta", "g": guid, "id": self.text("account_id"),
                          "tk": self.text("account_token"), "af": self.story.traits()});
        let vars = |vars: Json| json!([meta, {"type": "varsPayload", "vars": vars}]);
        let good = json!({"theme": {"type": "string", "defaultValue": "blue"}});
        let bad = json!({ name.clone(): {"type": email, "defaultValue": [phone]} });
        let templates = json!([meta, {"type": "templatePayload", "definitions":
                                      { name.clone(): {"type": phone} }}]);
        let rest = |method, target: String, body: Json| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            self.of_rest(way(method, target, body))
        };
        let mut all = vec![
            get(format!("/api/v1/people?email={}", p(email))),
            get(format!("/api/v1/people?identity={}", p(identity))),
            get(format!("/api/v1/people?phone={}&guid={}", p(phone), p(guid))),
            get(format!("/api/v1/people?name={}", p(name))),
            get(format!("/api/v1/people/{}", p(email))),
            get(format!("/api/v1/people/{}/timeline?before={}", p(identity), p(phone))),
            get(format!("/api/v1/properties/{}/values?contains={}", p(name), p(email))),
            get(format!("/api/v1/properties/Email/values?contains={}&scope=person", p(email))),
            get(format!("/api/v1/events/names?contains={}", p(name))),
            get(format!("/api/v1/consents?identity={}", p(identity))),
            get(format!("/api/v1/audit?actor={}&from={}", p(email), p(phone))),
            get(format!("/api/v1/{}", p(email))),
            get(format!("/{}", p(email))).with(&[("accept", "text/html")]),
            way("GET", format!("/assets/{}", p(email)), ""),
            server("POST", "/api/v1/insights/trend".into(), period),
            server("POST", "/api/v1/insights/funnel".into(), funnel),
            server(
                "POST",
                "/api/v1/segments/count".into(),
                json!({"definition": {"person": condition}}),
            ),
            server("POST", "/api/v1/login".into(), json!({"email": email, "password": phone})),
            server(
                "POST",
                "/api/v1/consents".into(),
                json!({"identity": identity, "purposes": no, "method": "form"}),
            ),
            server(
                "POST",
                "/api/v1/consents".into(),
                json!({"identity": identity, "purposes": { name.clone(): true }}),
            ),
            server(
                "POST",
                "/api/v1/consents".into(),
                json!({"identity": identity, "purposes": no, "method": email}),
            ),
            server(
                "POST",
                "/api/v1/consents".into(),
                json!({"identity": identity, "purposes": no,
                          "notice": {"id": phone, "version": "1", "language": "en"}}),
            ),
            self.of_device(way("POST", "/sdk/v1/consent", json!({"guid": guid, "purposes": no}))),
            self.of_device(way(
                "POST",
                "/sdk/v1/consent",
                json!({"identity": identity, "x": email}),
            )),
            way("POST", "/sdk/v1/consent", self.story.traits()),
            self.of_device(way("POST", "/defineVars", vars(good))),
            self.of_device(way("POST", "/defineVars", vars(bad))),
            way("POST", "/defineVars", vars(json!({}))).with(&[("x-clevertap-token", email)]),
            self.of_device(way("POST", "/defineTemplates", templates)),
            rest("GET", format!("/1/profile.json?email={email}"), Json::Null),
            rest("GET", format!("/1/profile.json?identity={identity}"), Json::Null),
            rest("POST", "/1/profiles.json?batch_size=10".into(), filtered.clone()),
            rest("GET", format!("/1/profiles.json?query={}", p(&filtered.to_string())), Json::Null),
            rest("POST", "/1/events.json?batch_size=10".into(), named),
            rest("GET", format!("/1/events.json?cursor={}", p(email)), Json::Null),
            rest(
                "POST",
                "/1/subscribe".into(),
                json!({"d": [{"type": "email", "value": email, "status": "Unsubscribe"},
                              {"type": "phone", "value": phone, "status": "Unsubscribe"}]}),
            ),
            rest(
                "POST",
                "/1/disassociate".into(),
                json!({"d": [{"type": "phone", "value": phone}]}),
            ),
            rest("POST", "/1/delete/profiles.json".into(), json!({"identity": identity})),
            rest("POST", "/1/delete/profiles.json".into(), json!({"guid": [guid, email]})),
            rest(
                "POST",
                "/1/demerge/profiles.json".into(),
                json!({"identities": [identity, email]}),
            ),
            rest("GET", format!("/1/{}.json", p(email)), Json::Null),
        ];
        all.iter_mut().for_each(|way| self.in_headers(way));
        all
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// All but the unreserved characters of RFC 3986 percent-encoded.
pub fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// LZString in base64, without its dictionary: each unit stands for itself.
pub fn compressed(text: &str) -> String {
    let (mut bits, mut width, mut countdown) = (Vec::new(), 2, 0u64);
    let mut put = |number: u32, width: u32| {
        bits.extend((0..width).map(|shift| number >> shift & 1 == 1));
    };
    for (place, unit) in text.encode_utf16().enumerate() {
        let long = unit > 0xff;
        put(u32::from(long), width);
        put(u32::from(unit), if long { 16 } else { 8 });
        if place == 0 {
            (width, countdown) = (3, 4);
            continue;
        }
        // A literal makes two entries: itself, and what came before it with it.
        for _ in 0..2 {
            countdown -= 1;
            if countdown == 0 {
                countdown = 1 << width;
                width += 1;
            }
        }
    }
    put(2, width);
    let bytes = bits.chunks(8).map(|byte| {
        let bit = |(place, bit): (usize, &bool)| u8::from(*bit) << (7 - place);
        byte.iter().enumerate().map(bit).sum::<u8>()
    });
    STANDARD.encode(bytes.collect::<Vec<u8>>())
}

/// As the SDKs encrypt in transit (protocol section 6).
fn encrypted(plain: &[u8]) -> Json {
    let (key, nonce) = (random::<32>(), random::<12>());
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
    let mut sealed = plain.to_vec();
    let nonce_of = Nonce::assume_unique_for_key(nonce);
    sealing.seal_in_place_append_tag(nonce_of, Aad::empty(), &mut sealed).unwrap();
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    json!({"itp": text(&sealed), "itk": text(&key), "itv": text(&nonce)})
}

/// A mark in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub file: PathBuf,
    pub canary: String,
    pub form: &'static str,
}

/// Looks for texts in every form that a careless writer would give them.
pub struct Search {
    patterns: Vec<(String, &'static str, Vec<u8>)>,
    /// Patterns by their first four bytes, and a first sieve by two.
    by_start: HashMap<[u8; 4], Vec<usize>>,
    starts: Vec<bool>,
}

/// The first bytes of a zstd frame.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A frame that holds more is not looked through.
const INFLATED_BYTES_MAX: u64 = 64 << 20;

impl Search {
    pub fn new(canaries: &[&str]) -> Search {
        let mut patterns = Vec::new();
        for canary in canaries {
            for (form, bytes) in forms(canary) {
                assert!(bytes.len() >= 8, "{canary} as {form} could be there by chance");
                patterns.push(((*canary).to_owned(), form, bytes));
            }
        }
        let mut search =
            Search { patterns, by_start: HashMap::new(), starts: vec![false; 1 << 16] };
        for (place, (_, _, bytes)) in search.patterns.iter().enumerate() {
            let start: [u8; 4] = bytes[..4].try_into().unwrap();
            search.by_start.entry(start).or_default().push(place);
            search.starts[usize::from(u16::from_le_bytes([start[0], start[1]]))] = true;
        }
        search
    }

    /// All that is found in the files under a folder, or in one file.
    pub fn find(&self, place: &Path) -> Vec<Found> {
        if !place.is_dir() {
            // A socket has no content; a file of a running server may just be gone.
            let bytes = std::fs::read(place).unwrap_or_default();
            let found = self.find_in(&bytes).into_iter();
            let found = found.map(|(canary, form)| Found { file: place.to_owned(), canary, form });
            return found.collect();
        }
        let entries = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| self.find(&path)).collect()
    }

    /// All that is found in bytes, and in what they hold compressed.
    pub fn find_in(&self, bytes: &[u8]) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        for (at, start) in bytes.windows(4).enumerate() {
            if start == ZSTD {
                found.extend(self.find_in(&inflated(&bytes[at..])));
            }
            if !self.starts[usize::from(u16::from_le_bytes([start[0], start[1]]))] {
                continue;
            }
            let Some(places) = self.by_start.get(start) else { continue };
            for (canary, form, pattern) in places.iter().map(|place| &self.patterns[*place]) {
                if bytes[at..].starts_with(pattern) {
                    found.push((canary.clone(), *form));
                }
            }
        }
        found.dedup();
        found
    }
}

fn inflated(frame: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut plain = Vec::new();
    if let Ok(decoder) = zstd::stream::read::Decoder::with_buffer(frame) {
        // What comes before an error counts, too.
        let _ = decoder.single_frame().take(INFLATED_BYTES_MAX).read_to_end(&mut plain);
    }
    plain
}

fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        ("text", bytes.to_vec()),
        ("lower case", text.to_lowercase().into_bytes()),
        ("upper case", text.to_uppercase().into_bytes()),
        ("reversed", bytes.iter().rev().copied().collect()),
        ("hex", hex.to_uppercase().into_bytes()),
        ("hex", hex.into_bytes()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("percent-encoded", percent(text).into_bytes()),
        ("percent-encoded", percent(text).replace("%20", "+").into_bytes()),
    ];
    for shift in 0..3 {
        let shifted = [&vec![0; shift], bytes].concat();
        // Only what does not depend on what stands beside it.
        let whole = (shift * 8).div_ceil(6)..shifted.len() * 8 / 6;
        forms.push(("base64", STANDARD.encode(&shifted).as_bytes()[whole.clone()].to_vec()));
        forms.push(("base64", URL_SAFE_NO_PAD.encode(&shifted).as_bytes()[whole].to_vec()));
    }
    let digits = text.trim_start_matches('+');
    if let Ok(number) = digits.parse::<i64>() {
        forms.push(("digits", digits.as_bytes().to_vec()));
        forms.push(("reversed digits", digits.bytes().rev().collect()));
        forms.push(("number", number.to_le_bytes().to_vec()));
    } else if let Ok(number) = text.parse::<f64>() {
        forms.push(("number", number.to_le_bytes().to_vec()));
    }
    forms.sort();
    forms.dedup_by(|a, b| a.1 == b.1);
    forms
}
