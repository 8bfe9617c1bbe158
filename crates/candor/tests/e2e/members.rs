//! How many are in saved segments, kept while things change.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

const SEGMENTS: &str = "/api/v1/segments";

struct Shop {
    server: Server,
    publisher: Json,
}

impl Shop {
    fn send(&self, records: Json) {
        let sent = json!({"records": records});
        let (_, answer) = self.server.post("/api/v1/events", &self.publisher, &sent);
        assert_eq!(answer["rejected"], json!([]), "{answer}");
    }

    fn save(&self, definition: &Json) -> String {
        let new = json!({"name": "Saved", "definition": definition});
        let (status, saved) = self.server.post(SEGMENTS, &self.publisher, &new);
        assert_eq!((status, &saved["members"]), (201, &Json::Null), "{saved}");
        saved["id"].as_str().unwrap().to_owned()
    }

    fn change(&self, id: &str, definition: &Json) {
        let new = json!({"name": "Saved", "definition": definition}).to_string();
        let (path, token) = (format!("{SEGMENTS}/{id}"), bearer(&self.publisher));
        let (status, saved) = self.server.send("PUT", &path, &token, &new).unwrap();
        assert_eq!((status, &saved["members"]), (200, &Json::Null), "{saved}");
    }

    /// As the segment says.
    fn members(&self, id: &str) -> Json {
        let (status, one) = self.server.get(&format!("{SEGMENTS}/{id}"), &self.publisher);
        assert_eq!(status, 200, "{one}");
        one["members"]["people"].clone()
    }

    /// As the list of segments says, which looks nothing up.
    fn listed(&self, id: &str) -> Json {
        let (_, all) = self.server.get(SEGMENTS, &self.publisher);
        let all = all["segments"].as_array().unwrap();
        let one = all.iter().find(|one| one["id"] == id).unwrap();
        one["members"]["people"].clone()
    }

    fn counted(&self, id: &str) -> Json {
        let asked = json!({"definition": {"segment": id}});
        self.server.post("/api/v1/segments/count", &self.publisher, &asked).1["people"].clone()
    }

    fn until(&self, what: impl Fn(&Shop) -> Json, people: u64) {
        let found = self.server.eventually(|_| what(self), |found| *found == people);
        assert_eq!(found, people);
    }
}

fn pay(identity: &str) -> Json {
    json!({"type": "event", "identity": identity, "name": "Charged"})
}

#[test]
fn the_number_of_a_segment_follows_what_happens_and_the_clock() {
    let data = tempfile::tempdir().unwrap();
    let publisher = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let mut shop = Shop { server: Server::start(data.path()), publisher };
    shop.send(json!([pay("a"), pay("b"), {"type": "event", "identity": "c", "name": "Seen"}]));
    let paid = shop.save(&json!({"did": {"event": "Charged", "within": {"last": "1d"}}}));
    let others = shop.save(&json!({"not": {"segment": paid}}));
    let moment = shop.save(&json!({"did": {"event": "Moment", "within": {"last": "5s"}}}));
    assert_eq!(shop.listed(&paid), Json::Null);
    shop.until(|shop| shop.members(&paid), 2);
    shop.until(|shop| shop.members(&others), 1);
    assert_eq!((shop.listed(&paid), shop.listed(&others)), (json!(2), json!(1)));

    // The list follows by itself; time alone lets out again whoever it let in.
    assert_eq!(shop.members(&moment), 0);
    shop.send(json!([pay("c"), pay("d"), {"type": "event", "identity": "a", "name": "Moment"}]));
    shop.until(|shop| shop.members(&moment), 1);
    shop.until(|shop| shop.listed(&paid), 4);
    shop.until(|shop| shop.listed(&moment), 0);
    assert_eq!((shop.members(&others), shop.members(&moment)), (json!(0), json!(0)));

    // What is changed is another, and so is what is made of it.
    shop.change(&paid, &json!({"did": {"event": "Charged", "times": {"at_least": 2}}}));
    assert_eq!((shop.listed(&paid), shop.listed(&others)), (Json::Null, Json::Null));
    assert_eq!((shop.members(&paid), shop.members(&others)), (json!(0), json!(4)));
    let token = bearer(&shop.publisher);
    for id in [&others, &paid] {
        let path = format!("{SEGMENTS}/{id}");
        assert_eq!(shop.server.send("DELETE", &path, &token, "").unwrap().0, 204);
    }
    assert_eq!(shop.server.get(&format!("{SEGMENTS}/{paid}"), &shop.publisher).0, 404);

    // After a start it is looked up when somebody asks.
    let paid = shop.save(&json!({"did": {"event": "Charged"}}));
    assert_eq!(shop.server.stop(), Some(0));
    shop.server = Server::start(data.path());
    assert_eq!(shop.listed(&paid), Json::Null);
    assert_eq!((shop.members(&paid), shop.listed(&paid)), (json!(4), json!(4)));
}

#[test]
fn people_who_turn_out_to_be_one_are_one_in_every_segment() {
    let data = tempfile::tempdir().unwrap();
    let publisher = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let shop = Shop { server: Server::start(data.path()), publisher };
    let on_device = |guid: &str| json!({"type": "event", "guid": guid, "name": "Charged"});
    shop.send(json!([on_device("g1"), on_device("g2"), pay("b")]));
    let paid = shop.save(&json!({"did": {"event": "Charged"}}));
    shop.until(|shop| shop.members(&paid), 3);
    let (path, token) = (format!("{SEGMENTS}/{paid}/freeze"), bearer(&shop.publisher));
    let (_, frozen) = shop.server.send("POST", &path, &token, "").unwrap();
    assert_eq!((&frozen["list"]["people"], &frozen["members"]), (&json!(3), &Json::Null));
    let on_list = shop.save(&json!({"all": [{"segment": frozen["id"]}, {"segment": paid}]}));
    assert_eq!(shop.members(&on_list), 3);
    // A profile that names device and identity says that they are one person.
    let profile = |guid: &str| json!({"type": "profile", "guid": guid, "identity": "a", "set": {"plan": "gold"}});
    shop.send(json!([profile("g1"), profile("g2")]));
    shop.until(|shop| shop.members(&paid), 2);
    shop.until(|shop| shop.members(&on_list), 2);
    assert_eq!((shop.counted(&paid), shop.counted(&on_list)), (json!(2), json!(2)));
}

#[test]
fn without_room_in_memory_a_segment_is_counted_each_time() {
    let data = tempfile::tempdir().unwrap();
    let publisher = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start_configured(data.path(), "members_bytes_max = 4095\n");
    let shop = Shop { server, publisher };
    shop.send(json!([pay("a"), pay("b")]));
    // The first waits for moments, the second does not.
    let lately = shop.save(&json!({"did": {"event": "Charged", "within": {"last": "1d"}}}));
    let ever = shop.save(&json!({"did": {"event": "Charged"}}));
    shop.until(|shop| shop.members(&lately), 2);
    assert_eq!((shop.members(&ever), shop.listed(&ever)), (json!(2), json!(2)));
    assert_eq!((shop.members(&lately), shop.listed(&lately)), (json!(2), Json::Null));
}
