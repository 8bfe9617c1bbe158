use serde_json::{Value as Json, json};

use super::*;
use crate::channel::email::read_back;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn settings(document: Json) -> ProviderSettings {
    serde_json::from_value(document).unwrap()
}

fn smtp() -> Json {
    json!({
        "kind": "smtp", "host": "smtp.shop.test", "port": 587, "tls": "starttls",
        "username": "shop", "password": "pass word", "from": {"address": "news@shop.test"},
        "bounce_domain": "bounce.shop.test",
    })
}

fn changed(mut document: Json, changes: Json) -> Json {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Json::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name] = value.clone(),
        }
    }
    document
}

fn open(channel: Channel, document: &Json) -> Result<Provider, BadSetting> {
    open_in(&Arc::default(), channel, document)
}

fn open_in(
    outbox: &Arc<Outbox>,
    channel: Channel,
    document: &Json,
) -> Result<Provider, BadSetting> {
    let place =
        Place { channel, name: "main".to_owned(), outbox: outbox.clone(), private_webhooks: false };
    Provider::open(&settings(document.clone()), place, |id| id[..8].try_into().unwrap())
}

fn mail() -> OutgoingEmail {
    OutgoingEmail {
        id: MessageId(7),
        date: Timestamp::from_seconds(1_795_614_000),
        to: Mailbox { name: None, address: "ada@home.test".to_owned() },
        from: None,
        subject: "Grüße".to_owned(),
        html: "<p>Hällo</p>".to_owned(),
        text: "Hällo".to_owned(),
        unsubscribe: Some(Unsubscribe { url: "https://shop.test/u/1".to_owned(), mailto: None }),
        feedback_id: None,
    }
}

#[test]
fn what_will_not_do_is_named() {
    let check = |changes: Json, setting: &str| {
        let refused = open(Channel::Email, &changed(smtp(), changes.clone())).unwrap_err();
        assert_eq!(refused.setting, setting, "{changes}: {refused}");
    };
    assert!(open(Channel::Email, &smtp()).is_ok());
    check(json!({"host": "smtp shop"}), "host");
    check(json!({"port": 0}), "port");
    check(json!({"connections": 101}), "connections");
    check(json!({"per_second": 0}), "per_second");
    check(json!({"messages_per_session": 0}), "messages_per_session");
    check(json!({"answer_seconds": 4}), "answer_seconds");
    check(json!({"answer_seconds": 601}), "answer_seconds");
    check(json!({"hello_name": "a b"}), "hello_name");
    check(json!({"bounce_domain": ""}), "bounce_domain");
    check(json!({"list_id": "a b"}), "list_id");
    check(json!({"from": {"address": "news"}}), "from");
    check(json!({"reply_to": {"address": "a@b\r\nBcc: c@d"}}), "reply_to");
    check(json!({"authorities": "x"}), "authorities");
    let dkim = json!({"domain": "shop.test", "selector": "s", "private_key": "x"});
    check(json!({"dkim": [dkim]}), "dkim");
    let webhook = |changes: Json| {
        let whole = json!({"kind": "webhook", "url": "https://a.test/x", "secrets": [SECRET]});
        open(Channel::Webhook, &changed(whole, changes)).map_err(|refused| refused.setting)
    };
    assert!(webhook(json!({})).is_ok());
    assert_eq!(webhook(json!({"url": "ftp://a.test"})).unwrap_err(), "url");
    assert_eq!(webhook(json!({"secrets": []})).unwrap_err(), "secrets");
    assert_eq!(webhook(json!({"secrets": ["whsec_x"]})).unwrap_err(), "secrets");
    assert_eq!(webhook(json!({"kind": "outbox", "url": null, "secrets": null})).err(), None);
    assert_eq!(open(Channel::Webhook, &smtp()).unwrap_err().setting, "kind");
    for unknown in [json!({"kind": "pigeon"}), changed(smtp(), json!({"hots": "x"}))] {
        assert!(serde_json::from_value::<ProviderSettings>(unknown).is_err());
    }
}

#[test]
fn a_secret_is_masked_and_kept_where_it_is_left_out() {
    let key = |selector: &str, pem: Json| json!({"domain": "shop.test", "selector": selector, "private_key": pem});
    let old = settings(changed(smtp(), json!({"dkim": [key("a", json!("PEM"))]})));
    let masked = serde_json::to_value(old.masked(true)).unwrap();
    assert!(!masked.to_string().contains("pass word") && !masked.to_string().contains("PEM"));
    assert_eq!(masked["password"], json!({"set": true}));
    assert!(!format!("{old:?}").contains("pass word"));
    // What was shown can be sent back; so can a document without the secrets.
    for changes in [json!({}), json!({"password": null, "from": {"address": "a@shop.test"}})] {
        let mut new = settings(changed(masked.clone(), changes));
        new.keep_secrets_of(Some(&old)).unwrap();
        let new = serde_json::to_value(new).unwrap();
        assert_eq!(
            (&new["password"], &new["dkim"][0]["private_key"]),
            (&json!("pass word"), &json!("PEM"))
        );
    }
    let refused = |changes: Json, old: Option<&ProviderSettings>| {
        let mut new = settings(changed(masked.clone(), changes));
        new.keep_secrets_of(old).unwrap_err().setting
    };
    for elsewhere in [
        json!({"host": "smtp.thief.test"}),
        json!({"port": 25}),
        json!({"tls": "none"}),
        json!({"username": "other"}),
        json!({"authorities": "x"}),
    ] {
        assert_eq!(refused(elsewhere, Some(&old)), "password");
    }
    assert_eq!(refused(json!({}), None), "password");
    assert_eq!(refused(json!({"username": null}), Some(&old)), "username");
    assert_eq!(refused(json!({"dkim": [key("b", json!({"set": true}))]}), Some(&old)), "dkim");
    let unclear = changed(smtp(), json!({"password": {"set": false}}));
    assert!(serde_json::from_value::<ProviderSettings>(unclear).is_err());
}

#[test]
fn a_webhook_secret_is_replaced_in_two_steps() {
    let webhook = |secrets: Json| {
        settings(json!({"kind": "webhook", "url": "https://a.test/x?y", "secrets": secrets}))
    };
    let kept = |secrets: Json, old: &ProviderSettings| {
        let mut new = webhook(secrets);
        new.keep_secrets_of(Some(old))
            .map(|()| serde_json::to_value(new).unwrap()["secrets"].clone())
    };
    let (set, one) = (json!({"set": true}), webhook(json!([SECRET])));
    assert_eq!(kept(json!([]), &one).unwrap(), json!([SECRET]));
    assert_eq!(kept(json!([OTHER, set]), &one).unwrap(), json!([OTHER, SECRET]));
    let both = webhook(json!([OTHER, SECRET]));
    assert_eq!(kept(json!([set]), &both).unwrap(), json!([OTHER]));
    assert_eq!(kept(json!([set, set]), &one).unwrap_err().setting, "secrets");
    let shown = |whole| serde_json::to_value(both.masked(whole)).unwrap();
    assert_eq!(shown(true)["secrets"], json!([set, set]));
    assert_eq!(
        (&shown(true)["url"], &shown(false)["url"]),
        (&json!("https://a.test/x?y"), &json!("https://a.test"))
    );
}

#[tokio::test]
async fn the_outbox_keeps_what_would_have_gone_out() {
    let outbox = Arc::default();
    let document = json!({"kind": "outbox", "from": {"name": "Shop", "address": "news@shop.test"}});
    let provider = open_in(&outbox, Channel::Email, &document).unwrap();
    assert_eq!((provider.per_second(), provider.retries_unknown()), (None, true));
    let composed = provider.compose(mail().into()).unwrap();
    let now = Timestamp::from_seconds(1_795_614_009);
    let answer = provider.hand_over(&composed, now).await;
    assert_eq!((answer.word(), answer.code()), ("accepted", None));
    let held = outbox.find(MessageId(7)).unwrap();
    assert_eq!((held.at, held.to.as_deref()), (now, Some("ada@home.test")));
    let read = read_back(&held.bytes);
    assert_eq!(read.html.unwrap().trim_end(), "<p>Hällo</p>");
    assert_eq!(read.text.unwrap().trim_end(), "Hällo");
    let header = |name: &str| {
        let (_, value) = read.headers.iter().find(|(known, _)| known == name)?;
        Some(value.as_str())
    };
    assert_eq!(header("From"), Some("Shop <news@shop.test>"));
    assert_eq!(header("List-Unsubscribe"), Some("<https://shop.test/u/1>"));
    // One click needs https: without it the mail goes out, too.
    let unsubscribe = Some(Unsubscribe { url: "http://127.0.0.1/u/1".to_owned(), mailto: None });
    let plain = OutgoingEmail { id: MessageId(8), unsubscribe, ..mail() };
    let composed = provider.compose(plain.into()).unwrap();
    provider.hand_over(&composed, now).await;
    let held = &outbox.newest(1)[0];
    assert!(!String::from_utf8_lossy(&held.bytes).contains("List-Unsubscribe"));
}

#[tokio::test]
async fn a_message_of_another_channel_or_provider_does_not_go() {
    let (mails, hooks) = (Channel::Email, Channel::Webhook);
    let webhook = json!({"kind": "webhook", "url": "https://127.0.0.1/x", "secrets": [SECRET],
                         "allow_private": true});
    let (server, url) = (open(mails, &smtp()).unwrap(), open(hooks, &webhook).unwrap());
    let kept = open(hooks, &json!({"kind": "outbox"})).unwrap();
    let post = |body: String| Outgoing::Webhook { id: MessageId(1), body };
    let refused = server.compose(post("{}".to_owned())).unwrap_err();
    assert_eq!(refused.word(), "bad_content");
    assert_eq!(url.compose(mail().into()).unwrap_err().word(), "bad_content");
    assert_eq!(url.compose(post(" ".repeat(300_000))).unwrap_err().word(), "bad_content");
    let composed = kept.compose(post("{}".to_owned())).unwrap();
    assert_eq!(url.hand_over(&composed, Timestamp(0)).await.word(), "later");
    // Whoever runs the server did not allow what the settings ask for.
    let composed = url.compose(post("{}".to_owned())).unwrap();
    assert_eq!(url.hand_over(&composed, Timestamp(0)).await.word(), "no_such_address");
    assert!(url.retries_unknown() && !server.retries_unknown());
}
