//! A campaign as it is saved: who is written to, what, when, and what for.

use candor_event::{Purpose, Timestamp};
use candor_query::segment::Sample;
use candor_query::{Condition, Definition};
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::content::{Content, EmailContent, WebhookContent};
use crate::links::Parameters;
use crate::schedule::{QuietHours, Schedule};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// Everything about a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// What people call it.
    pub name: String,
    /// By which channel.
    pub channel: Channel,
    /// By which of the channel's providers.
    pub provider: String,
    /// What it is for, by the words of the policy; of mails `marketing:email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// To whom.
    pub audience: Definition,
    /// What is written.
    pub content: Source,
    /// When.
    #[serde(default = "now")]
    pub schedule: Schedule,
    /// Somebody must decide where it would begin later than this after its time.
    #[serde(default = "an_hour")]
    pub catch_up: String,
    /// After this nothing more goes out.
    #[serde(default = "a_day")]
    pub send_within: String,
    /// When nobody is written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<Quiet>,
    /// How often a person is written to by this channel, whatever campaign it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_cap: Option<FrequencyCap>,
    /// At most so many messages a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Of the people it is for, this part in 100 gets nothing, to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_percent: Option<f64>,
    /// What the people are to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// The visible sender, if not the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<From>,
    /// What is followed.
    #[serde(default)]
    pub track: Track,
}

fn now() -> Schedule {
    Schedule::Now
}

fn an_hour() -> String {
    "1h".to_owned()
}

fn a_day() -> String {
    "24h".to_owned()
}

fn a_week() -> String {
    "7d".to_owned()
}

/// Where what is written comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A saved template, as it is when the campaign is published.
    Template(String),
    /// A mail of its own.
    Email(EmailContent),
    /// A webhook of its own.
    Webhook(WebhookContent),
}

impl Source {
    /// Its own content; none where a template has it.
    pub fn content(&self) -> Option<Content> {
        match self {
            Source::Template(_) => None,
            Source::Email(email) => Some(Content::Email(email.clone())),
            Source::Webhook(webhook) => Some(Content::Webhook(webhook.clone())),
        }
    }
}

impl std::convert::From<Content> for Source {
    fn from(content: Content) -> Source {
        match content {
            Content::Email(email) => Source::Email(email),
            Content::Webhook(webhook) => Source::Webhook(webhook),
        }
    }
}

/// Hours in which nobody is written to, on the person's clock, and what becomes of messages then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// They begin.
    pub from: jiff::civil::Time,
    /// They end.
    pub to: jiff::civil::Time,
    /// What becomes of a message that would go then.
    #[serde(default)]
    pub then: Then,
}

impl Quiet {
    /// The hours alone.
    pub fn hours(&self) -> QuietHours {
        QuietHours { from: self.from, to: self.to }
    }
}

/// What becomes of a message in quiet hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It goes when they end.
    #[default]
    Delay,
    /// It never goes.
    Drop,
    /// It goes when they end, unless the campaign has written a newer one by then.
    KeepNewest,
}

/// How often a person is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequencyCap {
    /// At most so many messages.
    pub messages: u32,
    /// In a `day` of the person's own calendar, or in a length like `24h` or `7d`.
    pub within: String,
}

/// What the people are to do once they were written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// An event.
    pub event: String,
    /// With these properties.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Condition>,
    /// Within this length of the message.
    #[serde(default = "a_week")]
    pub window: String,
}

/// A visible sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// As it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `local@domain`.
    pub address: String,
}

/// What is followed of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Track {
    /// Links.
    pub links: bool,
    /// That it was opened.
    pub opens: bool,
    /// What links tell the site they lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utm: Option<Utm>,
}

impl Default for Track {
    fn default() -> Track {
        Track { links: true, opens: true, utm: None }
    }
}

impl Track {
    /// The parameters that links get.
    pub fn parameters(&self) -> Parameters {
        let utm = self.utm.clone().unwrap_or_default();
        let all = [
            ("utm_source", utm.source),
            ("utm_medium", utm.medium),
            ("utm_campaign", utm.campaign),
        ];
        let set: Vec<(&str, &str)> =
            all.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        Parameters::new(&set)
    }
}

/// What links tell the site they lead to about where a visitor comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Utm {
    /// `utm_source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
}

/// A place in a campaign, and what should stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct CampaignError {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// What should be there.
    pub message: String,
}

fn wrong(pointer: &str, message: impl Into<String>) -> CampaignError {
    CampaignError { pointer: pointer.to_owned(), message: message.into() }
}

impl Campaign {
    /// What it is for.
    ///
    /// # Errors
    /// Where a webhook does not say, or the word is none of a purpose.
    pub fn purpose(&self) -> Result<Purpose, CampaignError> {
        let default = (self.channel == Channel::Email).then_some("marketing:email");
        let word = self.purpose.as_deref().or(default);
        let purpose = word.and_then(Purpose::new);
        purpose.ok_or_else(|| wrong("/purpose", "the purpose of the policy that it is for"))
    }

    /// Who of its people gets nothing, to compare with: the same at each firing and restart.
    pub fn control(&self, id: &str) -> Option<Sample> {
        let percent = self.control_percent.filter(|percent| *percent > 0.0)?;
        let salt: String = format!("control {id}").chars().take(64).collect();
        Some(Sample { percent, salt })
    }

    /// When nothing more of a run goes out that is due at a moment.
    pub fn until(&self, due: Timestamp) -> Timestamp {
        Timestamp(due.0.saturating_add(length(&self.send_within)))
    }

    /// Until when a run may begin that is due at a moment.
    pub fn start_by(&self, due: Timestamp) -> Timestamp {
        Timestamp(due.0.saturating_add(length(&self.catch_up)))
    }

    /// Says what cannot stand; people, content and provider are looked at elsewhere.
    ///
    /// # Errors
    /// The first place that will not do.
    pub fn check(&self) -> Result<(), CampaignError> {
        if !(1..=NAME_CHARS_MAX).contains(&self.name.trim().chars().count()) {
            return Err(wrong("/name", format!("a name of 1 to {NAME_CHARS_MAX} characters")));
        }
        self.purpose()?;
        match &self.schedule {
            Schedule::Recurring(recurring) => {
                recurring.every.check().map_err(|message| wrong("/schedule/every", message))?;
                if recurring.until.is_some_and(|until| until < recurring.from) {
                    return Err(wrong("/schedule/recurring/until", "not before the first day"));
                }
            }
            Schedule::Now | Schedule::Once(_) => {}
        }
        check_length("/catch_up", &self.catch_up)?;
        check_length("/send_within", &self.send_within)?;
        if let Some(cap) = &self.frequency_cap {
            if !(1..=1_000).contains(&cap.messages) {
                return Err(wrong("/frequency_cap/messages", "1 to 1,000"));
            }
            if cap.within != A_DAY {
                check_length("/frequency_cap/within", &cap.within)?;
            }
        }
        if self.per_minute == Some(0) {
            return Err(wrong("/per_minute", "at least 1"));
        }
        if self.control_percent.is_some_and(|percent| !(0.0..=50.0).contains(&percent)) {
            return Err(wrong("/control_percent", "0 to 50"));
        }
        if let Some(goal) = &self.goal {
            check_length("/goal/window", &goal.window)?;
            if !(1..=1024).contains(&goal.event.chars().count()) {
                return Err(wrong("/goal/event", "the name of an event"));
            }
        }
        let own = self.content.content().map(|content| content.channel());
        if own.is_some_and(|own| own != self.channel.word()) {
            return Err(wrong(
                "/content",
                format!("content for the channel {}", self.channel.word()),
            ));
        }
        Ok(())
    }
}

/// A day of the person's own calendar.
pub(crate) const A_DAY: &str = "day";

/// A length that was checked when it was saved, in ms.
pub(crate) fn length(text: &str) -> i64 {
    candor_query::duration(text, "").unwrap_or_default()
}

fn check_length(pointer: &str, text: &str) -> Result<(), CampaignError> {
    let read = candor_query::duration(text, pointer);
    read.map(|_| ()).map_err(|_| wrong(pointer, "a length like 30m, 12h, 7d or 2w"))
}
