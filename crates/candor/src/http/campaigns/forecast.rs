//! What a campaign would do if it went out now: to how many people, and why not to the others.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use candor_engage::channel::Channel;
use candor_engage::content::{ContentDrop, language_of, values_of};
use candor_engage::dispatch::Sender;
use candor_engage::links::{Parameters, Tracking};
use candor_engage::template::Limits;
use candor_event::PersonId;
use candor_query::segment;
use serde_json::{Value, json};

use super::verbs::Missing;
use super::{audience, content, found};
use crate::engine::Published;
use crate::http::access::{Caller, admit};
use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::http::segments::saved::LIST_PEOPLE_MAX;
use crate::server::Server;

/// People whose message is made to see whether it can be.
const SAMPLE_MAX: usize = 1_000;

/// What a campaign would do.
#[derive(Default)]
pub struct Forecast {
    pub people: u64,
    pub no_address: u64,
    pub no_consent: u64,
    pub suppressed: u64,
    pub control: u64,
    pub sampled: u64,
    pub missing: Missing,
}

impl Forecast {
    fn json(&self) -> Value {
        let unreachable = self.no_address + self.no_consent + self.suppressed;
        let missing: Vec<Value> = self
            .missing
            .iter()
            .map(|(path, people)| json!({"path": path, "people": people}))
            .collect();
        json!({
            "people": self.people,
            "reachable": self.people - unreachable - self.control,
            "unreachable": {"no_address": self.no_address, "no_consent": self.no_consent,
                            "suppressed": self.suppressed},
            "control": self.control, "sampled": self.sampled, "missing_data": missing,
        })
    }
}

/// `POST /api/v1/campaigns/{id}/forecast`.
pub async fn ask(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let draft = found(&server, &caller.tenant, &id).await?;
    let mut campaign = draft.campaign;
    campaign.content = content(&server, &caller, &campaign).await?.into();
    let document = serde_json::to_string(&campaign).map_err(|_| Problem::internal())?;
    let published = Published::read(&document).await;
    let published =
        published.map_err(|error| Problem::bad_request(format!("{error:#}"), vec![]))?;
    let forecast = forecast(&server, &caller, &id, published).await?;
    Ok(Json(forecast.json()))
}

/// Looks at everyone of the audience, and makes the messages of some.
pub async fn forecast(
    server: &Arc<Server>,
    caller: &Caller,
    id: &str,
    published: Published,
) -> Result<Forecast, Problem> {
    let rule = audience(server, caller, &published.campaign).await?;
    let tenant = caller.tenant.clone();
    let (zone, now) = (tenant.zone.clone(), server.now());
    let (people, ..) = read(server, &tenant, move |view, cancel| {
        segment::people(view, &rule, now, &zone, None, LIST_PEOPLE_MAX, cancel)
    })
    .await?;
    let looked = {
        let (sender, id) = (tenant.sender().await?.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || look(&sender, &people, &id, &published))
    };
    looked.await.map_err(|_| Problem::internal())
}

fn look(sender: &Sender, people: &[PersonId], id: &str, published: &Published) -> Forecast {
    let mut forecast = Forecast { people: people.len() as u64, ..Forecast::default() };
    let channel = published.campaign.channel;
    // Evenly over all of them: the first ones may be alike.
    let every = people.len().div_ceil(SAMPLE_MAX).max(1);
    let control = published.campaign.control(id);
    for (at, person) in people.iter().enumerate() {
        let traits = (sender.traits)(*person).unwrap_or_default();
        // Of who does not allow it nothing is held to write to: then that is the reason.
        let Some(classes) = sender.door.usable(*person, &published.purpose) else {
            forecast.no_consent += 1;
            continue;
        };
        let Some((_, hash)) = sender.address(channel, &traits) else {
            forecast.no_address += 1;
            continue;
        };
        if sender.suppressed.holds(channel.word(), hash, &published.purpose) {
            forecast.suppressed += 1;
            continue;
        }
        if sender.is_control(control.as_ref(), *person) {
            forecast.control += 1;
            continue;
        }
        if at % every == 0 {
            forecast.sampled += 1;
            let lacks = lacks(sender, published, &traits, classes);
            if let Some(path) = lacks {
                *forecast.missing.entry(path).or_default() += 1;
            }
        }
    }
    forecast
}

/// What a person lacks of what the content needs; nothing where their message can be made.
fn lacks(
    sender: &Sender,
    published: &Published,
    traits: &candor_engage::dispatch::Traits,
    classes: candor_event::ClassSet,
) -> Option<String> {
    let mut values = values_of(traits, &sender.allowed(classes), &published.campaign.name);
    let sign = |bytes: &[u8]| sender.keys.mac(bytes);
    let tracking = Tracking {
        base: &sender.base,
        message_id: [0; 16],
        account: &sender.account,
        sign: &sign,
        first_link: 0,
        links: published.campaign.channel == Channel::Email,
        opens: false,
        parameters: &Parameters::default(),
    };
    let language = language_of(traits);
    let limits = Limits::default();
    let made = published.content.render(&mut values, language.as_ref(), &limits, &tracking);
    match made {
        Ok(_) | Err(ContentDrop::Aborted(_)) => None,
        Err(error) => Some(error.path().unwrap_or_else(|| error.reason().to_owned())),
    }
}
