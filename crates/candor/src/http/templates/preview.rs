//! How content looks for one person, before anything is sent, and which fields it may use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use candor_engage::content::{Compiled, Content, ContentDrop, Rendered, language_of, values_of};
use candor_engage::links::{Parameters, Tracking};
use candor_engage::template::{Language, Limits, Values};
use candor_event::{PersonId, Purpose};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::access::{Caller, admit, json_body};
use crate::http::insights::read;
use crate::http::masked::{CLEAR, tells_who};
use crate::http::people::looks;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::http::templates::{CONTENT_BYTES_MAX, TEMPLATE, compiled, content_of};
use crate::offer::Offer;
use crate::server::{Server, Tenant};

/// What mails are for where nothing else is said.
const OF_MAILS: &str = "marketing:email";

/// What a preview sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    content: Option<Content>,
    template: Option<String>,
    person: Option<String>,
    /// Values beside the person's, and in their place.
    #[serde(default)]
    values: Map<String, Value>,
    language: Option<String>,
    purpose: Option<String>,
}

/// A person whom content is looked at for.
struct Reader {
    values: Values,
    language: Option<Language>,
    /// Whether the purpose is in force for them: else they would get nothing.
    in_force: bool,
}

/// `POST /api/v1/templates/preview`.
pub async fn preview(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let asked: Preview = json_body(sent, CONTENT_BYTES_MAX).await?;
    let language = asked.language.as_deref().map(|tag| {
        let message = "a tag like en or pt-BR".to_owned();
        Language::new(tag).ok_or_else(|| wrong("/language", message))
    });
    let language = language.transpose()?;
    let (content, name, pointer) = match (asked.content, &asked.template) {
        (Some(content), None) => (content, "Preview".to_owned(), "/content"),
        (None, Some(id)) => {
            let saved = TEMPLATE.found(&server, &caller, id).await?;
            (content_of(&saved)?, saved.name, "/template")
        }
        _ => return Err(wrong("", "either a 'content' or the id of a 'template'".to_owned())),
    };
    let compiled = compiled(&content, pointer).await?;
    let purpose = purpose_of(asked.purpose.as_deref(), "/purpose")?;
    let reader = match &asked.person {
        None => None,
        Some(id) => {
            let purpose = match (purpose, &content) {
                (Some(purpose), _) => purpose,
                (None, Content::Email(_)) => of_mails()?,
                (None, Content::Webhook(_)) => {
                    let message = "the purpose of the webhook, like personalisation";
                    return Err(wrong("/purpose", message.to_owned()));
                }
            };
            Some(reader(&server, &caller, id, &purpose, &name).await?)
        }
    };
    let in_force = reader.as_ref().map(|reader| reader.in_force);
    let (mut values, own) = match reader {
        Some(reader) => (reader.values, reader.language),
        // Who looks at nobody in particular wants to see the content's own language.
        None => (values_of(&BTreeMap::new(), &|_| false, &name), default_of(&content)),
    };
    values.take_in(asked.values);
    let (tenant, base) = (Arc::clone(&caller.tenant), server.config.base());
    let rendering = tokio::task::spawn_blocking(move || {
        rendered(&tenant, &base, &compiled, values, language.or(own).as_ref())
    });
    let mut answer = rendering.await.map_err(|_| Problem::internal())?;
    if let Some(in_force) = in_force {
        answer["in_force"] = json!(in_force);
    }
    Ok(Json(answer))
}

fn default_of(content: &Content) -> Option<Language> {
    match content {
        Content::Email(email) => Language::new(&email.default_language),
        Content::Webhook(_) => None,
    }
}

fn purpose_of(named: Option<&str>, pointer: &str) -> Result<Option<Purpose>, Problem> {
    let message = "a purpose of the policy, like marketing:email".to_owned();
    named.map(|name| Purpose::new(name).ok_or_else(|| wrong(pointer, message))).transpose()
}

fn of_mails() -> Result<Purpose, Problem> {
    Purpose::new(OF_MAILS).ok_or_else(Problem::internal)
}

/// What of a person may be shown; that somebody looks is written down first.
async fn reader(
    server: &Server,
    caller: &Caller,
    id: &str,
    purpose: &Purpose,
    campaign: &str,
) -> Result<Reader, Problem> {
    let tenant = &caller.tenant;
    let message = "the id of a person, as /api/v1/people shows it".to_owned();
    let id = PersonId::parse(id).ok_or_else(|| wrong("/person", message))?;
    let id = tenant.door().await?.canonical(id);
    looks(server, caller, id).await?;
    let (person, ..) =
        read(server, tenant, move |view, _| Ok(candor_query::person(view, id))).await?;
    let mut person = person.ok_or_else(|| Problem::nobody("there is no such person"))?;
    let offered = Offer::new(tenant.sender().await?, Some(purpose)).to(id);
    let masked = |name: &String| offered(name) && tells_who(tenant, name);
    if !caller.may(CLEAR) && person.traits.keys().any(masked) {
        return Err(Problem::masked(CLEAR));
    }
    // Nor does the language that is chosen tell what is masked.
    person.traits.retain(|name, _| caller.may(CLEAR) || !tells_who(tenant, name));
    Ok(Reader {
        values: values_of(&person.traits, &offered, campaign),
        language: language_of(&person.traits),
        in_force: tenant.door().await?.in_force(id, purpose),
    })
}

/// The content for these values, or why there would be none. Nothing is followed: no link leads
/// through us, and the addresses of our own name no message.
fn rendered(
    tenant: &Tenant,
    base: &str,
    compiled: &Compiled,
    mut values: Values,
    language: Option<&Language>,
) -> Value {
    let sign = |bytes: &[u8]| tenant.keys.mac(bytes);
    let tracking = Tracking {
        base,
        message_id: [0; 16],
        account: &tenant.publisher.account_id,
        sign: &sign,
        first_link: 0,
        links: false,
        opens: false,
        parameters: &Parameters::default(),
    };
    let made = compiled.render(&mut values, language, &Limits::default(), &tracking);
    let missing: Vec<String> =
        made.as_ref().err().and_then(ContentDrop::path).into_iter().collect();
    let mut answer = match made {
        Ok(Rendered::Email { subject, html, text, language }) => json!({"email": {
            "subject": subject, "html": html, "text": text,
            "language": language.as_str(), "right_to_left": language.is_right_to_left(),
        }}),
        Ok(Rendered::Webhook { body }) => json!({"webhook": {"body": body}}),
        Err(drop) => json!({"dropped": {
            "reason": drop.reason(), "path": drop.path(), "message": drop.to_string(),
        }}),
    };
    let link = |(number, address)| json!({"number": number, "address": address});
    answer["links"] = compiled.links(language).into_iter().map(link).collect();
    answer["missing"] = json!(missing);
    answer
}

/// What fields are for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    purpose: Option<String>,
}

/// `GET /api/v1/templates/fields?purpose=`: the names of traits, and which of them a message of
/// the purpose may show.
pub async fn fields(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    fields: Result<Query<Fields>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = || Problem::bad_request("?purpose= (of the policy, like marketing:email)", vec![]);
    let Query(fields) = fields.map_err(|_| form())?;
    let purpose = purpose_of(fields.purpose.as_deref(), "").map_err(|_| form())?;
    let purpose = match purpose {
        Some(purpose) => purpose,
        None => of_mails()?,
    };
    let tenant = &caller.tenant;
    let (seen, ..) = read(&server, tenant, |view, _| Ok(candor_query::trait_names(view))).await?;
    let classes = tenant.classes();
    let named = classes.names().into_iter().map(|(name, _)| name.to_owned());
    let names: BTreeSet<String> = named.chain(seen.keys().cloned()).collect();
    let offer = Offer::new(tenant.sender().await?, Some(&purpose));
    let (to_anyone, to_who_says_yes) = (offer.to_anyone(false), offer.to_anyone(true));
    let field = |name: &String| {
        json!({
            "name": name,
            "class": classes.class_of(name).map(|class| class.name()),
            "allowed": to_anyone(name),
            "personalised": !to_anyone(name) && to_who_says_yes(name),
            "seen": seen.get(name).copied().unwrap_or(0),
        })
    };
    let shown = names.iter().filter(|name| *name != candor_ingest::GUIDS_TRAIT);
    Ok(Json(shown.map(field).collect()))
}
