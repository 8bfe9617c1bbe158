//! The same content in several languages, and which of them a person gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A language tag like `pt` or `pt-BR`, in lower case inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

/// The longest language tag, in bytes (RFC 5646 recommends room for 35).
const TAG_BYTES_MAX: usize = 35;

impl Language {
    /// A language, when `tag` is 1 to 35 ASCII letters and digits with `-` or `_` between them.
    pub fn new(tag: &str) -> Option<Language> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = tag.len() <= TAG_BYTES_MAX && tag.bytes().all(allowed);
        let parts = tag.split(['-', '_']).all(|part| !part.is_empty());
        (fits && parts).then(|| Language(tag.to_ascii_lowercase().replace('_', "-")))
    }

    /// The tag in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is written from right to left, by the script in the tag or else the language's.
    pub fn is_right_to_left(&self) -> bool {
        let mut parts = self.0.split('-');
        let language = parts.next().unwrap_or_default();
        match parts.find(|part| part.len() == 4) {
            Some(script) => ["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"].contains(&script),
            None => RIGHT_TO_LEFT.contains(&language),
        }
    }

    /// The language without its last part: `pt-br` becomes `pt`.
    fn wider(&self) -> Option<Language> {
        self.0.rsplit_once('-').map(|(wider, _)| Language(wider.to_owned()))
    }
}

/// Languages written from right to left, by CLDR's likely scripts.
const RIGHT_TO_LEFT: [&str; 12] =
    ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ur", "yi"];

/// What a person gets whose language is not among the translations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingTranslation {
    /// The default language.
    #[default]
    Fallback,
    /// Nothing.
    Drop,
}

/// There is nothing in a person's language, and the default is not for them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no translation for {}", .0.as_ref().map_or("an unknown language", Language::as_str))]
pub struct NoTranslation(pub Option<Language>);

/// One content in one or several languages.
#[derive(Clone, Debug)]
pub struct Translations<T> {
    default: Language,
    missing: MissingTranslation,
    by_language: BTreeMap<Language, T>,
}

impl<T> Translations<T> {
    /// Content in its default language.
    pub fn new(default: Language, content: T, missing: MissingTranslation) -> Translations<T> {
        let by_language = BTreeMap::from([(default.clone(), content)]);
        Translations { default, missing, by_language }
    }

    /// Adds content in a language, in place of what was there.
    pub fn add(&mut self, language: Language, content: T) {
        self.by_language.insert(language, content);
    }

    /// What a person with that language gets, and in which language it is: their own, a wider one
    /// (`pt` for `pt-BR`), or as [`MissingTranslation`] says.
    pub fn choose(&self, wanted: Option<&Language>) -> Result<(&Language, &T), NoTranslation> {
        let mut next = wanted.cloned();
        while let Some(language) = next {
            if let Some(found) = self.by_language.get_key_value(&language) {
                return Ok(found);
            }
            next = language.wider();
        }
        match self.missing {
            MissingTranslation::Fallback => {
                let found = self.by_language.get_key_value(&self.default);
                found.ok_or_else(|| NoTranslation(wanted.cloned()))
            }
            MissingTranslation::Drop => Err(NoTranslation(wanted.cloned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        Language::new(tag).unwrap()
    }

    fn check(missing: MissingTranslation, wanted: Option<&str>, expected: Option<&str>) {
        let mut translations = Translations::new(language("en"), "en", missing);
        translations.add(language("pt"), "pt");
        translations.add(language("zh-Hant"), "zh-hant");
        let wanted = wanted.map(language);
        let chosen = translations.choose(wanted.as_ref());
        assert_eq!(chosen.as_ref().ok().map(|(_, content)| **content), expected);
        assert_eq!(chosen.ok().map(|(language, _)| language.as_str()), expected);
    }

    #[test]
    fn a_person_gets_their_own_or_a_wider_language() {
        for missing in [MissingTranslation::Fallback, MissingTranslation::Drop] {
            check(missing, Some("pt-BR"), Some("pt"));
            check(missing, Some("PT_br"), Some("pt"));
            check(missing, Some("zh-Hant-TW"), Some("zh-hant"));
            check(missing, Some("en-GB"), Some("en"));
        }
    }

    #[test]
    fn a_missing_translation_falls_back_or_drops() {
        for wanted in [Some("de"), Some("zh"), None] {
            check(MissingTranslation::Fallback, wanted, Some("en"));
            check(MissingTranslation::Drop, wanted, None);
        }
    }

    #[test]
    fn a_tag_is_short_and_plain() {
        for bad in ["", "-", "en-", "e n", "en--us", "é", &"x".repeat(36)] {
            assert_eq!(Language::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_direction_follows_script_and_language() {
        for (tag, right_to_left) in
            [("ar-EG", true), ("he", true), ("az-Arab", true), ("pt", false), ("ks-Deva", false)]
        {
            assert_eq!(language(tag).is_right_to_left(), right_to_left, "{tag}");
        }
    }
}
