//! What a message says: the document that an author writes, and what it becomes for each person.
//!
//! A document is compiled once for each version; then only Liquid runs. Links are numbered over
//! all languages of a mail, so that a number says which link of which language was followed.

use std::collections::BTreeMap;

use candor_event::Value;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::email_body::{EmailBody, Markup};
use crate::links::{LINKS_MAX, PREFERENCES_URL, Tracking, UNSUBSCRIBE_URL};
use crate::template::{
    Escape, Language, Limits, MissingTranslation, NoTranslation, RenderError, Template,
    TemplateError, Translations, Values,
};

/// Languages of one mail.
pub const LANGUAGES_MAX: usize = 40;
/// Characters of a subject and of a preheader, as they are written.
pub const SUBJECT_CHARS_MAX: usize = 500;

/// What a message says, as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A mail.
    Email(EmailContent),
    /// The body of a request to another system.
    Webhook(WebhookContent),
}

/// A mail in one or several languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailContent {
    /// One of the languages.
    pub default_language: String,
    /// What becomes of a person whose language is not there.
    #[serde(default)]
    pub missing_translation: MissingTranslation,
    /// What is said in each language, by its tag (BCP 47).
    pub languages: BTreeMap<String, EmailVariant>,
}

/// A mail in one language. All of it is Liquid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailVariant {
    /// The subject.
    pub subject: String,
    /// The body as MJML; this or `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mjml: Option<String>,
    /// The body as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The body in words; without it they are taken from the markup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What mail programs show beside the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preheader: Option<String>,
}

/// A request to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookContent {
    /// JSON with Liquid in it.
    pub body: String,
}

/// A document that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct ContentError {
    /// Where in the document, as an RFC 6901 pointer from its top.
    pub pointer: String,
    /// What to change; within a source it begins with `line 3, column 17: `.
    pub message: String,
}

impl ContentError {
    fn new(pointer: impl Into<String>, message: impl Into<String>) -> ContentError {
        ContentError { pointer: pointer.into(), message: message.into() }
    }

    fn at(pointer: &str, field: &str) -> impl FnOnce(TemplateError) -> ContentError {
        let pointer = format!("{pointer}/{field}");
        move |error| ContentError { pointer, message: error.to_string() }
    }
}

impl Content {
    /// The channel it is for.
    pub fn channel(&self) -> &'static str {
        match self {
            Content::Email(_) => "email",
            Content::Webhook(_) => "webhook",
        }
    }

    /// Compiles all languages.
    ///
    /// # Errors
    /// [`ContentError`] at the first place that its author has to change.
    pub fn compile(&self) -> Result<Compiled, ContentError> {
        match self {
            Content::Email(email) => email.compile(),
            Content::Webhook(webhook) => {
                let body = Template::compile(&webhook.body, Escape::Json);
                Ok(Compiled(Made::Webhook(body.map_err(ContentError::at("/webhook", "body"))?)))
            }
        }
    }
}

impl EmailContent {
    fn compile(&self) -> Result<Compiled, ContentError> {
        let wrong = |message: String| ContentError::new("/email/languages", message);
        if self.languages.len() > LANGUAGES_MAX {
            return Err(wrong(format!("at most {LANGUAGES_MAX} languages")));
        }
        let mut sorted = BTreeMap::new();
        for (tag, variant) in &self.languages {
            let Some(language) = Language::new(tag) else {
                return Err(wrong("a language is a tag like en or pt-BR".to_owned()));
            };
            if sorted.insert(language, (tag, variant)).is_some() {
                return Err(wrong(format!("the language {tag} is there twice")));
            }
        }
        let default = Language::new(&self.default_language);
        let default = default.filter(|default| sorted.contains_key(default)).ok_or_else(|| {
            ContentError::new("/email/default_language", "one of the languages of the mail")
        })?;
        let mut translations = Translations::new(default, 0, self.missing_translation);
        let mut variants = Vec::with_capacity(sorted.len());
        for (language, (tag, variant)) in sorted {
            translations.add(language, variants.len());
            variants.push(variant.compile(&format!("/email/languages/{tag}"))?);
        }
        Ok(Compiled(Made::Email { translations, variants }))
    }
}

impl EmailVariant {
    fn compile(&self, pointer: &str) -> Result<Variant, ContentError> {
        let subject = short(&self.subject, pointer, "subject")?;
        let subject = Template::compile(subject, Escape::Header);
        let subject = subject.map_err(ContentError::at(pointer, "subject"))?;
        let (markup, field) = match (&self.mjml, &self.html) {
            (Some(mjml), None) => (Markup::Mjml(mjml), "mjml"),
            (None, Some(html)) => (Markup::Html(html), "html"),
            _ => return Err(ContentError::new(pointer, "either mjml or html, the mail's body")),
        };
        // Compiled by itself first, so that the error names its field.
        let text = self.text.as_deref().filter(|text| !text.trim().is_empty());
        if let Some(text) = text {
            Template::compile(text, Escape::Text).map_err(ContentError::at(pointer, "text"))?;
        }
        let body = EmailBody::compile(markup, text);
        let mut body = body.map_err(ContentError::at(pointer, field))?;
        if let Some(preheader) = self.preheader.as_deref().filter(|text| !text.trim().is_empty()) {
            let preheader = short(preheader, pointer, "preheader")?;
            let with = body.with_preheader(preheader);
            body = with.map_err(ContentError::at(pointer, "preheader"))?;
        }
        Ok(Variant { subject, body, from_html: self.html.is_some() })
    }
}

fn short<'s>(source: &'s str, pointer: &str, field: &str) -> Result<&'s str, ContentError> {
    match source.chars().count() <= SUBJECT_CHARS_MAX && !source.trim().is_empty() {
        true => Ok(source),
        false => {
            let message = format!("1 to {SUBJECT_CHARS_MAX} characters");
            Err(ContentError::new(format!("{pointer}/{field}"), message))
        }
    }
}

/// Compiled content. It can be rendered from several threads at once.
#[derive(Debug)]
pub struct Compiled(Made);

#[derive(Debug)]
enum Made {
    /// The variants in the order of their languages' tags in lower case.
    Email {
        translations: Translations<usize>,
        variants: Vec<Variant>,
    },
    Webhook(Template),
}

#[derive(Debug)]
struct Variant {
    subject: Template,
    body: EmailBody,
    /// Lines of HTML are those that its author wrote; of MJML they are not.
    from_html: bool,
}

/// Content for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// A mail.
    Email {
        /// One line.
        subject: String,
        /// The markup.
        html: String,
        /// The same in words.
        text: String,
        /// In which language it is.
        language: Language,
    },
    /// A request.
    Webhook {
        /// Valid JSON.
        body: String,
    },
}

/// Why one person gets nothing. It is a reason to drop, never to try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentDrop {
    /// A value that the content needs is not there: its path, like `user.plan`.
    #[error("missing data: {0}")]
    MissingData(String),
    /// There is nothing in the person's language, and the content says that they get nothing then.
    #[error(transparent)]
    NoTranslation(#[from] NoTranslation),
    /// The content itself said `abort`, with a reason that may hold values of the person.
    #[error("aborted: {0}")]
    Aborted(String),
    /// What came out is no message, or took more than it may; in words without any value.
    #[error("{0}")]
    Bad(String),
}

impl ContentDrop {
    /// The reason, of the closed list of reasons. A missing translation is missing data.
    pub fn reason(&self) -> &'static str {
        match self {
            ContentDrop::MissingData(_) | ContentDrop::NoTranslation(_) => "missing_data",
            ContentDrop::Aborted(_) => "aborted",
            ContentDrop::Bad(_) => "bad_content",
        }
    }

    /// What is missing, where data is: a value's path, or `translation.de`.
    pub fn path(&self) -> Option<String> {
        match self {
            ContentDrop::MissingData(path) => Some(path.clone()),
            ContentDrop::NoTranslation(NoTranslation(language)) => {
                let language = language.as_ref().map_or("unknown", Language::as_str);
                Some(format!("translation.{language}"))
            }
            ContentDrop::Aborted(_) | ContentDrop::Bad(_) => None,
        }
    }

    fn within(place: &str, error: RenderError) -> ContentDrop {
        match error {
            RenderError::Missing(path) => ContentDrop::MissingData(path),
            RenderError::Aborted(reason) => ContentDrop::Aborted(reason),
            RenderError::Unfit { line: 0, message } => {
                ContentDrop::Bad(format!("{place}: {message}"))
            }
            error => ContentDrop::Bad(format!("{place}: {error}")),
        }
    }
}

impl Compiled {
    /// Renders for one person, in the wanted language or as the content says instead. Sets the
    /// addresses of our own in the values, and the number of the first link in what `tracking`
    /// says.
    ///
    /// # Errors
    /// [`ContentDrop`] where this person gets nothing.
    pub fn render(
        &self,
        values: &mut Values,
        wanted: Option<&Language>,
        limits: &Limits,
        tracking: &Tracking<'_>,
    ) -> Result<Rendered, ContentDrop> {
        match &self.0 {
            Made::Email { translations, variants } => {
                let (language, index) = translations.choose(wanted)?;
                let tracking = Tracking { first_link: first_link(*index), ..*tracking };
                variants[*index].render(values, language, limits, &tracking)
            }
            Made::Webhook(template) => {
                values.set(UNSUBSCRIBE_URL, tracking.unsubscribe_url());
                values.set(PREFERENCES_URL, tracking.preferences_url());
                let body = template.render(values, limits);
                let body = body.map_err(|error| ContentDrop::within("body", error))?;
                if let Err(error) = serde_json::from_str::<IgnoredAny>(&body) {
                    let (line, column) = (error.line(), error.column());
                    let message = format!("body: no JSON at its line {line}, column {column}");
                    return Err(ContentDrop::Bad(message));
                }
                Ok(Rendered::Webhook { body })
            }
        }
    }

    /// Where the link of a number leads, without parameters; nothing where there is no such link,
    /// and where the address differs from person to person and stands in the token.
    pub fn link(&self, number: u16) -> Option<&str> {
        let (variant, number) = (usize::from(number) / LINKS_MAX, usize::from(number) % LINKS_MAX);
        let Made::Email { variants, .. } = &self.0 else { return None };
        variants.get(variant)?.body.links().nth(number)?
    }

    /// The links of what a person with that language gets, each with its number and, where it is
    /// the same for all, its address.
    pub fn links(&self, wanted: Option<&Language>) -> Vec<(u16, Option<&str>)> {
        let Made::Email { translations, variants } = &self.0 else { return Vec::new() };
        let Ok((_, index)) = translations.choose(wanted) else { return Vec::new() };
        let links = variants[*index].body.links().enumerate();
        links.map(|(at, address)| (first_link(*index) + at as u16, address)).collect()
    }
}

/// Each language has as many numbers as a mail may have links; all fit into 16 bits.
fn first_link(variant: usize) -> u16 {
    (variant * LINKS_MAX) as u16
}

const _: () = assert!(LANGUAGES_MAX * LINKS_MAX <= u16::MAX as usize);

impl Variant {
    fn render(
        &self,
        values: &mut Values,
        language: &Language,
        limits: &Limits,
        tracking: &Tracking<'_>,
    ) -> Result<Rendered, ContentDrop> {
        // The body first: it sets the addresses, which a subject may name, too.
        let body = self.body.render(values, limits, tracking).map_err(|error| match error {
            RenderError::Unfit { message, .. } if !self.from_html => {
                ContentDrop::Bad(format!("body: {message}"))
            }
            error => ContentDrop::within("body", error),
        })?;
        let subject = self.subject.render(values, limits);
        let subject = subject.map_err(|error| ContentDrop::within("subject", error))?;
        let language = language.clone();
        Ok(Rendered::Email { subject, html: body.html, text: body.text, language })
    }
}

/// What a template may show: the traits that are `allowed`, as `user`, and the campaign's name.
/// What is not allowed is absent, exactly like what is not known.
pub fn values_of(
    traits: &BTreeMap<String, Value>,
    allowed: &dyn Fn(&str) -> bool,
    campaign: &str,
) -> Values {
    let shown = traits.iter().filter(|(name, _)| allowed(name));
    // A number that is none has no JSON, and is absent.
    let user =
        shown.filter_map(|(name, value)| Some((name.clone(), serde_json::to_value(value).ok()?)));
    let mut values = Values::default();
    values.set("user", Json::Object(user.collect()));
    values.set("campaign", Json::Object(Map::from_iter([("name".to_owned(), campaign.into())])));
    values
}

/// The traits that say a person's language, the first that can be read.
const LANGUAGE_TRAITS: [&str; 2] = ["locale", "Language"];

/// A person's language, like `pt-BR` or `pt_BR.UTF-8`; it only chooses a translation.
pub fn language_of(traits: &BTreeMap<String, Value>) -> Option<Language> {
    let said = LANGUAGE_TRAITS.iter().filter_map(|name| traits.get(*name)?.as_text());
    let mut tags = said.map(|text| text.split(['.', '@']).next().unwrap_or_default().trim());
    tags.find_map(Language::new)
}

#[cfg(test)]
mod tests;
