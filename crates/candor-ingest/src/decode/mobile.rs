//! `POST /a1`: the batch of the Android and iOS SDKs (protocol section 4).

use std::sync::Arc;

use candor_event::Value;
use serde_json::Value as Json;

use super::json::parse;
use super::sdk::{Sender, asks_variables, sdk_record};
use super::value::check_text;
use super::{Decoded, Limit, RECORDS_MAX};

/// Reads `[meta, record, …]`.
///
/// # Errors
/// What is wrong with the body as a whole; nothing was then taken.
pub fn mobile(body: &[u8]) -> Result<Decoded, &'static str> {
    let Ok(Json::Array(entries)) = parse(body) else {
        return Err("the body is a JSON array of meta and records");
    };
    let (meta, records): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| entry.get("type").is_some_and(|t| t == "meta"));
    if records.len() > RECORDS_MAX {
        return Err("a batch has at most 1000 records");
    }
    let guid = meta.first().and_then(|meta| meta.get("g")?.as_str()).unwrap_or_default();
    if guid.is_empty() || guid.len() > 256 {
        return Err("the meta record names the device in 'g'");
    }
    let sender = Sender { guid: guid.to_owned(), ..Sender::default() };
    let (guid, sent) = (sender.guid.clone(), records.len());
    let network = meta.first().and_then(|meta| meta.get("af")?.get("useIP"));
    let uses_address = network.is_some_and(|allowed| allowed == true);
    let of_device = of_device(meta.first().and_then(|meta| meta.get("af")));
    let mut decoded = Decoded { guid, sent, uses_address, of_device, ..Decoded::default() };
    for (index, record) in records.into_iter().enumerate() {
        decoded.asks_variables |= asks_variables(record);
        decoded.launches |= record.get("evtName").is_some_and(|name| name == "App Launched");
        match sdk_record(index, record, &sender) {
            Ok(record) => decoded.records.extend(record),
            Err(refused) => decoded.refused.push(refused),
        }
    }
    Ok(decoded)
}

/// Of the app fields (section 4.2) those that questions are asked by. They stand once in a batch
/// and belong to every event of it.
fn of_device(fields: Option<&Json>) -> Vec<(Arc<str>, Value)> {
    let told = |name: &&str| {
        let value = check_text(fields?.get(*name)?.as_str()?, Limit::Value).ok()?;
        (!value.is_empty()).then(|| (Arc::from(*name), Value::from(value)))
    };
    ["OS", "Version", "Make", "Model"].iter().filter_map(told).collect()
}

/// The three texts of an encrypted body: ciphertext, key, nonce (section 6).
pub fn encrypted(body: &[u8]) -> Option<(String, String, String)> {
    let json = parse(body).ok()?;
    let text = |name: &str| Some(json.get(name)?.as_str()?.to_owned());
    Some((text("itp")?, text("itk")?, text("itv")?))
}
