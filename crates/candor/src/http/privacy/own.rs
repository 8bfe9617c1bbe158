//! The page of one person: what their data is used for, what is held, and what they said.

use axum::http::StatusCode;
use axum::response::Response;
use candor_event::{ConsentChange, DataClass, Purpose, Timestamp, Value};
use candor_ingest::gate::{Basis, Policy, Preset, Rule, Said};
use jiff::tz::TimeZone;
use serde_json::json;

use super::frame::page;
use super::held::Held;
use super::html::Html;
use super::language::Languages;
use super::token::Shows;

/// Events and receipts that are listed; the rest is counted.
const LISTED_MAX: usize = 500;

/// All that the page shows.
pub struct Own<'a> {
    /// Whose page it is to answer for.
    pub publisher: &'a str,
    /// Its account, which receipts and support name.
    pub account: &'a str,
    /// In whose time instants are written.
    pub zone: &'a TimeZone,
    pub policy: &'a Policy,
    pub said: &'a Said,
    pub held: &'a Held,
    pub languages: &'a Languages,
    pub shows: Shows,
    pub until: Option<Timestamp>,
    /// Goes with each button.
    pub token: &'a str,
    /// The number of a receipt.
    pub receipt: &'a dyn Fn(&ConsentChange) -> String,
    /// What was recorded just now; `Some(None)` where nothing differed.
    pub done: Option<Option<&'a ConsentChange>>,
}

impl Own<'_> {
    /// The page.
    pub fn page(&self) -> Response {
        let title = format!("Your data and choices: {}", self.publisher);
        page(StatusCode::OK, &title, |html| {
            html.line("p", &[("class", "of")], self.publisher);
            html.line("h1", &[], "Your data and choices");
            self.opening(html);
            self.uses(html);
            self.kept(html);
            self.messages(html);
            self.history(html);
        })
    }

    fn opening(&self, html: &mut Html) {
        if let Some(done) = self.done {
            html.element("p", &[("class", "strip done"), ("role", "status")], |html| match done {
                Some(change) => {
                    html.text(&format!("Recorded. {}. Receipt ", self.words(change)));
                    html.line("code", &[], &(self.receipt)(change));
                }
                None => html.text("That is how it is already. Nothing had to be changed."),
            });
        }
        let publisher = self.publisher;
        html.element("p", &[], |html| {
            html.text(&format!(
                "{publisher} is responsible for this data (account {}). This page is yours: \
                 whoever has its link sees it and can answer for you.",
                self.account,
            ));
        });
        if let Some(until) = self.until {
            html.element("p", &[("class", "quiet")], |html| {
                html.text("The link works until ");
                self.time(html, until);
                html.text(".");
            });
        }
        match self.policy.preset {
            Preset::Open => html.line(
                "p",
                &[("class", "strip")],
                &format!(
                    "{publisher} has chosen the policy “open”: it keeps and uses data of every \
                     kind without asking first, on grounds that it declares below. You can \
                     refuse each use here; a refusal holds at once."
                ),
            ),
            Preset::Measured => html.line(
                "p",
                &[],
                "The policy “measured” holds: how the site or app is used is measured without \
                 asking, on a ground declared below; all else needs your yes. You can refuse each \
                 use.",
            ),
            Preset::Strict => html.line(
                "p",
                &[],
                "The policy “strict” holds: a use needs your yes first, unless another ground is \
                 declared below. What no use allows is not kept.",
            ),
        }
    }

    fn uses(&self, html: &mut Html) {
        html.line("h2", &[], "What it is used for");
        for (purpose, rule) in &self.policy.purposes {
            let class = [("class", "card use")];
            html.element("section", &class, |html| self.used(html, purpose, rule));
        }
        if self.policy.purposes.keys().any(|purpose| self.policy.in_force(purpose, self.said)) {
            let say = ("*", "no");
            self.button(html, say, "Withdraw everything", "Withdraw everything");
        }
    }

    fn used(&self, html: &mut Html, purpose: &Purpose, rule: &Rule) {
        let (name, in_force) = (title(purpose), self.policy.in_force(purpose, self.said));
        html.element("div", &[("class", "head")], |html| {
            html.line("h3", &[], &name);
            let class = if in_force { "state on" } else { "state" };
            html.element("span", &[("class", class)], |html| {
                html.text(if in_force { "Allowed" } else { "Not allowed" });
                match self.said.answer(purpose) {
                    Some((at, _)) => {
                        html.text(" since ");
                        self.time(html, at);
                    }
                    None if in_force => html.text(" without asking"),
                    None => html.text(": you did not say yes"),
                }
            });
        });
        if let Some((language, text)) = self.languages.choose(&rule.text) {
            html.line("p", &[("lang", language), ("dir", "auto")], text);
        }
        html.element("dl", &[], |html| {
            let mut row = |what: &str, text: &str| {
                html.line("dt", &[], what);
                html.line("dd", &[], text);
            };
            match &rule.basis {
                Basis::Consent => row("Ground", "your consent"),
                Basis::Declared(words) => row("Ground", words),
            }
            let classes: Vec<_> = rule.classes.iter().map(|class| class_title(*class)).collect();
            row("May use", &classes.join(", ").to_lowercase());
            match rule.retention_days {
                Some(days) => row("Kept", &format!("{days} days")),
                None => row("Kept", "until it is erased"),
            }
            if !rule.recipients.is_empty() {
                row("Goes to", &rule.recipients.join(", "));
            }
        });
        let (say, label) = if in_force { ("no", "Withdraw") } else { ("yes", "Allow") };
        self.button(html, (purpose.as_str(), say), label, &format!("{label}: {name}"));
    }

    fn button(&self, html: &mut Html, say: (&str, &str), label: &str, whole: &str) {
        html.element("form", &[("method", "post"), ("class", "act")], |html| {
            for (name, value) in [("token", self.token), ("purpose", say.0), ("say", say.1)] {
                html.void("input", &[("type", "hidden"), ("name", name), ("value", value)]);
            }
            html.line("button", &[("aria-label", whole)], label);
        });
    }

    fn kept(&self, html: &mut Html) {
        html.line("h2", &[], "What is held");
        let held = self.held;
        let nothing = held.traits.is_empty() && held.events.is_empty() && held.devices == 0;
        if nothing {
            html.line("p", &[], "Nothing but what you said below.");
            return;
        }
        if self.shows == Shows::Names {
            html.line(
                "p",
                &[("class", "quiet")],
                "This link came by mail, which others may read, so it shows what kinds of things \
                 are held and not what they say. Open this page where you are logged in to see \
                 all.",
            );
        }
        for class in DataClass::ALL {
            let traits = held.traits.get(&class).map_or(&[][..], Vec::as_slice);
            let events = if class == DataClass::Behaviour { held.events.as_slice() } else { &[] };
            let devices = if class == DataClass::Device { held.devices } else { 0 };
            if traits.is_empty() && events.is_empty() && devices == 0 {
                continue;
            }
            html.element("section", &[("class", "card")], |html| {
                html.line("h3", &[], class_title(class));
                self.traits(html, traits);
                match devices {
                    0 => {}
                    1 => html.line("p", &[], "1 device or browser"),
                    many => html.line("p", &[], &format!("{many} devices or browsers")),
                }
                self.events(html, events);
            });
        }
    }

    fn traits(&self, html: &mut Html, traits: &[(String, Value)]) {
        if traits.is_empty() {
            return;
        }
        if self.shows == Shows::Names {
            let names: Vec<&str> = traits.iter().map(|(name, _)| name.as_str()).collect();
            html.line("p", &[], &names.join(", "));
            return;
        }
        html.element("dl", &[], |html| {
            for (name, value) in traits {
                html.line("dt", &[], name);
                html.element("dd", &[], |html| html.line("bdi", &[], &written(value)));
            }
        });
    }

    fn events(&self, html: &mut Html, events: &[candor_query::EventCount]) {
        if events.is_empty() {
            return;
        }
        table(html, &["What you did", "Times", "First", "Last"], |html| {
            for event in events.iter().take(LISTED_MAX) {
                html.element("tr", &[], |html| {
                    html.line("td", &[("dir", "auto")], &event.name);
                    html.line("td", &[("data-of", "Times")], &event.count.to_string());
                    html.element("td", &[("data-of", "First")], |html| {
                        self.time(html, event.first)
                    });
                    html.element("td", &[("data-of", "Last")], |html| self.time(html, event.last));
                });
            }
        });
        rest(html, events.len());
    }

    fn messages(&self, html: &mut Html) {
        if self.held.messages.is_empty() {
            return;
        }
        html.line("h2", &[], "What was sent to you");
        html.element("section", &[("class", "card")], |html| {
            table(html, &["When", "What", "Became", "Why"], |html| {
                for (at, what, became, why) in self.held.messages.iter().take(LISTED_MAX) {
                    html.element("tr", &[], |html| {
                        html.element("td", &[], |html| self.time(html, *at));
                        html.line("td", &[("data-of", "What")], what);
                        html.line("td", &[("data-of", "Became")], became);
                        html.line("td", &[("data-of", "Why")], why);
                    });
                }
            });
            rest(html, self.held.messages.len());
        });
    }

    fn history(&self, html: &mut Html) {
        html.line("h2", &[], "What you said");
        let said = &self.held.said;
        if said.is_empty() {
            html.line("p", &[], "Nothing yet.");
            return;
        }
        html.element("section", &[("class", "card")], |html| {
            table(html, &["When", "What", "How", "Receipt"], |html| {
                for change in said.iter().take(LISTED_MAX) {
                    html.element("tr", &[], |html| {
                        html.element("td", &[], |html| self.time(html, change.at));
                        html.line("td", &[("data-of", "What")], &self.words(change));
                        html.line("td", &[("data-of", "How")], &change.method);
                        html.element("td", &[("data-of", "Receipt")], |html| {
                            html.line("code", &[], &(self.receipt)(change));
                        });
                    });
                }
            });
            rest(html, said.len());
        });
    }

    /// What was said, like `Not allowed: E-mails`.
    fn words(&self, change: &ConsentChange) -> String {
        let of = |word: &str, wanted: bool| {
            let named = change.purposes.iter().filter(|(_, yes)| **yes == wanted);
            let titles: Vec<_> = named.map(|(purpose, _)| title(purpose)).collect();
            (!titles.is_empty()).then(|| format!("{word}: {}", titles.join(", ")))
        };
        let words = [of("Allowed", true), of("Not allowed", false)].into_iter().flatten();
        words.collect::<Vec<_>>().join(". ")
    }

    fn time(&self, html: &mut Html, at: Timestamp) {
        let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return };
        let local = at.to_zoned(self.zone.clone());
        let shown = local.strftime("%-d %b %Y, %H:%M %Z").to_string();
        html.line("time", &[("datetime", &at.to_string())], &shown);
    }
}

fn table(html: &mut Html, columns: &[&str], rows: impl FnOnce(&mut Html)) {
    html.element("div", &[("class", "table")], |html| {
        html.element("table", &[], |html| {
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    columns.iter().for_each(|column| html.line("th", &[("scope", "col")], column));
                });
            });
            html.element("tbody", &[], rows);
        });
    });
}

fn rest(html: &mut Html, all: usize) {
    if all > LISTED_MAX {
        html.line("p", &[("class", "quiet")], &format!("and {} more", all - LISTED_MAX));
    }
}

/// What people call a purpose.
fn title(purpose: &Purpose) -> String {
    match purpose.as_str() {
        "analytics" => "Understanding how it is used".to_owned(),
        "personalisation" => "Fitting what you see to you".to_owned(),
        "marketing:email" => "E-mails".to_owned(),
        "marketing:sms" => "Text messages".to_owned(),
        "marketing:push" => "Notifications".to_owned(),
        "marketing:whatsapp" => "WhatsApp messages".to_owned(),
        "marketing:inapp" => "Messages inside the app or site".to_owned(),
        own => own.replace('_', " "),
    }
}

/// What people call a class of data.
fn class_title(class: DataClass) -> &'static str {
    match class {
        DataClass::Identity => "Who you are",
        DataClass::Contact => "How you are reached",
        DataClass::Location => "Where you are",
        DataClass::Device => "Your devices",
        DataClass::Behaviour => "What you do",
        DataClass::Sensitive => "Sensitive things",
    }
}

/// A value as people write it.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::List(values) => values.iter().map(written).collect::<Vec<_>>().join(", "),
        other => json!(other).to_string(),
    }
}
