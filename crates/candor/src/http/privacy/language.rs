//! Which of the languages that a text has fits a reader.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};

/// Languages of one request that are looked at.
const LANGUAGES_MAX: usize = 32;

/// Languages that a reader understands, the best first.
pub struct Languages(Vec<String>);

impl Languages {
    /// Those that a browser sends.
    pub fn of(headers: &HeaderMap) -> Languages {
        let sent = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Languages::read(sent.unwrap_or_default())
    }

    fn read(sent: &str) -> Languages {
        let one = |part: &str| {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            let tag = tag.trim().to_ascii_lowercase();
            (weight > 0.0 && !tag.is_empty() && tag != "*").then_some((weight, tag))
        };
        let mut all: Vec<_> = sent.split(',').take(LANGUAGES_MAX).filter_map(one).collect();
        all.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Languages(all.into_iter().map(|(_, tag)| tag).collect())
    }

    /// The text to show, with its language: one that the reader understands, else the English one,
    /// else the first.
    pub fn choose<'t>(&self, texts: &'t BTreeMap<String, String>) -> Option<(&'t str, &'t str)> {
        let plain = |tag: &str| tag.to_ascii_lowercase().replace('_', "-");
        let primary = |tag: &str| plain(tag).split('-').next().unwrap_or_default().to_owned();
        let exact = |tag: &String| texts.iter().find(|(known, _)| plain(known) == *tag);
        let near = |tag: &String| texts.iter().find(|(known, _)| primary(known) == primary(tag));
        let understood = self.0.iter().find_map(|tag| exact(tag).or_else(|| near(tag)));
        let english = || near(&"en".to_owned());
        let found = understood.or_else(english).or_else(|| texts.first_key_value());
        found.map(|(language, text)| (language.as_str(), text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sent: &str, known: &[&str], expected: Option<&str>) {
        let texts = known.iter().map(|tag| ((*tag).to_owned(), format!("in {tag}"))).collect();
        let chosen = Languages::read(sent).choose(&texts).map(|(language, _)| language.to_owned());
        assert_eq!(chosen.as_deref(), expected, "{sent} of {known:?}");
    }

    #[test]
    fn the_best_language_that_is_there_is_shown() {
        check("de-AT,de;q=0.9,en;q=0.8", &["de", "en"], Some("de"));
        check("en;q=0.2,hi", &["en", "hi"], Some("hi"));
        check("pt-BR", &["pt-PT", "pt-br"], Some("pt-br"));
        check("pt", &["fr", "pt_BR"], Some("pt_BR"));
        check("fr;q=0,de", &["fr", "de"], Some("de"));
        check("ja,*;q=0.1", &["de", "en"], Some("en"));
        check("ja", &["de", "fr"], Some("de"));
        check("", &["hi"], Some("hi"));
        check(",;,q=1;;x;q=", &["hi"], Some("hi"));
        check("en", &[], None);
    }
}
