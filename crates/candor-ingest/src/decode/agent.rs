//! What a browser's `User-Agent` may tell: family and major version of the browser, and the
//! system's family. The rest of it tells people apart, and goes no further.
//!
//! Browsers freeze the text (RFC 9110, 10.1.5 asks for as much), so a closed list of families says
//! all that is in it; a general table of patterns costs megabytes and would find no more.

use std::sync::Arc;

use candor_event::Value;

/// Longer texts are no browser's.
const AGENT_CHARS_MAX: usize = 512;

/// (what stands before the version, family), the more special before those that they imitate.
const BROWSERS: [(&str, &str); 14] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("YaBrowser/", "Yandex"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// (what stands somewhere, family), in the order in which they are looked for: an iPad says that it
/// is like Mac OS X, Android that it is Linux.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("KAIOS", "KaiOS"),
    ("Linux", "Linux"),
];

/// Properties that a `User-Agent` tells: `browser`, `browser_version`, `OS`. What is not on the
/// lists is not told.
pub fn agent(text: &str) -> Vec<(Arc<str>, Value)> {
    let mut told = Vec::new();
    if text.len() > AGENT_CHARS_MAX || !text.starts_with("Mozilla/") {
        return told;
    }
    let of = |(mark, family): &(&str, &'static str)| {
        let at = text.find(mark)? + mark.len();
        let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        (1..=4).contains(&digits).then(|| (*family, &text[at..at + digits]))
    };
    let safari = |family: &str| family != "Safari" || text.contains("Safari/");
    let browser = BROWSERS.iter().find_map(of).filter(|(family, _)| safari(family));
    if let Some((family, version)) = browser {
        told.push(("browser".into(), family.into()));
        told.push(("browser_version".into(), version.into()));
    }
    if let Some((_, system)) = SYSTEMS.iter().find(|(mark, _)| text.contains(mark)) {
        told.push(("OS".into(), (*system).into()));
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let told: Vec<_> =
            agent(text).into_iter().map(|(_, value)| value.as_text().unwrap().to_owned()).collect();
        assert_eq!(told.join(" "), expected, "{text}");
    }

    #[test]
    fn families_and_versions_are_told_and_nothing_else() {
        let apple = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let kit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        check(
            &format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {kit} Chrome/142.0.0.0 Safari/537.36"
            ),
            "Chrome 142 Windows",
        );
        check(
            &format!(
                "Mozilla/5.0 (Windows NT 10.0) {kit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1.2"
            ),
            "Edge 142 Windows",
        );
        check(
            &format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {apple} Version/18.6 \
                      Mobile/15E148 Safari/604.1"
            ),
            "Safari 18 iOS",
        );
        check(
            &format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {apple} Version/26.1 Safari/605.1"
            ),
            "Safari 26 macOS",
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox 145 Linux",
        );
        check(
            &format!(
                "Mozilla/5.0 (Linux; Android 10; K) {kit} SamsungBrowser/28.0 Chrome/130.0.0.0"
            ),
            "Samsung Internet 28 Android",
        );
        check("curl/8.5.0", "");
        check("Mozilla/5.0 (asha@example.test) Chrome/asha", "");
        check(&format!("Mozilla/5.0 {} Chrome/142", "x".repeat(600)), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_tells_more_than_the_lists_and_a_number(text in "Mozilla/.{0,60}(Chrome/)?.{0,9}") {
            for (name, value) in agent(&text) {
                let value = value.as_text().unwrap().to_owned();
                let listed = BROWSERS.iter().chain(&SYSTEMS).any(|(_, family)| *family == value);
                let number = &*name == "browser_version" && value.parse::<u16>().is_ok();
                prop_assert!(listed || number, "{name}: {value}");
            }
        }
    }
}
