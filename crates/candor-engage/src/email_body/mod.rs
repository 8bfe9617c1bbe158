//! The body of a mail: markup with followed links, and the text for those who read without it.
//!
//! MJML becomes HTML once, when a version is compiled, with what is Liquid kept aside (`mjml`);
//! for each person only Liquid runs. So MJML costs nothing later, and no value is ever read as
//! MJML: it is escaped for the place it has in the final HTML.
//!
//! Read in this order: `mjml`, `plain_text`, `preheader`.

mod mjml;
mod plain_text;
mod preheader;

use crate::links::{PREFERENCES_URL, Tracking, UNSUBSCRIBE_URL};
use crate::template::{Escape, Limits, RenderError, Template, TemplateError, Values};

/// What an author writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup<'a> {
    /// MJML, from its `<mjml>` on.
    Mjml(&'a str),
    /// HTML, used as it is.
    Html(&'a str),
}

/// A compiled body.
#[derive(Debug)]
pub struct EmailBody {
    html: Template,
    text: Option<Template>,
    preheader: Option<Template>,
}

/// A body for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedBody {
    /// The markup.
    pub html: String,
    /// The same in words.
    pub text: String,
}

impl EmailBody {
    /// Compiles the markup, and the text beside it where there is one; otherwise each person's text
    /// is made from their markup.
    pub fn compile(markup: Markup<'_>, text: Option<&str>) -> Result<EmailBody, TemplateError> {
        let html = match markup {
            Markup::Html(source) => Template::compile(source, Escape::Html)?,
            Markup::Mjml(source) => mjml::compile(source)?,
        };
        let text = text.map(|source| Template::compile(source, Escape::Text)).transpose()?;
        Ok(EmailBody { html, text, preheader: None })
    }

    /// The same with words that mail programs show beside the subject, and nobody in the mail.
    pub fn with_preheader(self, source: &str) -> Result<EmailBody, TemplateError> {
        let preheader = Some(Template::compile(source, Escape::Html)?);
        Ok(EmailBody { preheader, ..self })
    }

    /// Each followed link by its number: where it leads, without parameters; nothing where that
    /// differs from person to person and stands in the token.
    pub fn links(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        self.html.links().iter().map(Option::as_deref)
    }

    /// Renders for one person. Sets `unsubscribe_url` and `preferences_url` in the values, in place
    /// of whatever was there.
    pub fn render(
        &self,
        values: &mut Values,
        limits: &Limits,
        tracking: &Tracking<'_>,
    ) -> Result<RenderedBody, RenderError> {
        values.set(UNSUBSCRIBE_URL, tracking.unsubscribe_url());
        values.set(PREFERENCES_URL, tracking.preferences_url());
        let mut html = self.html.render_tracked(values, limits, Some(tracking))?;
        let text = match &self.text {
            Some(text) => text.render(values, limits)?,
            None => plain_text::of(&html),
        };
        if let Some(preheader) = &self.preheader {
            let words = preheader.render(values, limits)?;
            preheader::put(&mut html, &words);
        }
        Ok(RenderedBody { html, text })
    }
}

#[cfg(test)]
mod tests;
