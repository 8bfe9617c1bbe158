//! `GET /e`: what a site's page about its mails asks through the Web SDK (protocol section 11.6).

use serde_json::Value as Json;

use super::web::{Decrypt, payload};

/// One request of such a page.
#[derive(Debug, PartialEq, Eq)]
pub struct EmailPage {
    /// The account id that the payload carries.
    pub account: String,
    /// What the link in the mail carried.
    pub token: String,
    /// What the page wants.
    pub asks: EmailAsk,
}

/// What a page about mails wants.
#[derive(Debug, PartialEq, Eq)]
pub enum EmailAsk {
    /// To know how things are.
    Tell,
    /// That the person has mails (true), or none (false).
    Mail(bool),
    /// The same for messages of every kind: the page calls itself global.
    Everything(bool),
    /// By the name of each group, whether the person has messages of it.
    Groups(Vec<(String, bool)>),
}

/// Reads a request's query.
///
/// # Errors
/// What is wrong; such a request changes nothing.
pub fn email_page(
    query: &[(String, String)],
    decrypt: Decrypt<'_>,
) -> Result<EmailPage, &'static str> {
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    let payload = payload(query, decrypt)?;
    let all = get("page_type") == Some("global");
    let asks = match (get("sub"), all) {
        (None, _) => EmailAsk::Tell,
        (Some("0"), false) => EmailAsk::Mail(false),
        (Some("1"), false) => EmailAsk::Mail(true),
        (Some("0"), true) => EmailAsk::Everything(false),
        (Some("1"), true) => EmailAsk::Everything(true),
        (Some("2"), _) => EmailAsk::Groups(groups(&payload)),
        _ => return Err("sub is 0, 1 or 2"),
    };
    Ok(EmailPage {
        account: payload.get("id").and_then(Json::as_str).unwrap_or_default().to_owned(),
        token: get("e").unwrap_or_default().to_owned(),
        asks,
    })
}

fn groups(payload: &Json) -> Vec<(String, bool)> {
    let group = |group: &Json| {
        let name = group.get("name")?.as_str()?.to_owned();
        Some((name, !group.get("isUnsubscribed")?.as_bool()?))
    };
    let groups = payload.get("unsubGroups").and_then(Json::as_array);
    groups.into_iter().flatten().filter_map(group).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::pairs;
    use super::*;

    /// `{"id":"TEST-WEB-ACCT","unsubGroups":[]}`, as a browser sent it.
    const PAYLOAD: &str =
        "N4IglgJiBcICoFEDKcC0B1BAhVBBAwvnCADQgCuAdgM7kBGA4gE4D25ADtTANoC6AvkAAA==";

    fn check(more: &str, expected: Result<EmailAsk, &'static str>) {
        let query = pairs(&format!("r=1&e=tok&d={PAYLOAD}&r=2{more}"));
        let (account, token) = ("TEST-WEB-ACCT".to_owned(), "tok".to_owned());
        let expected = expected.map(|asks| EmailPage { account, token, asks });
        assert_eq!(email_page(&query, &|_, _, _| None), expected, "{more}");
    }

    #[test]
    fn a_page_asks_or_says_what_the_person_wants() {
        check("&fetchGroups=true", Ok(EmailAsk::Tell));
        check("&sub=0", Ok(EmailAsk::Mail(false)));
        check("&sub=1", Ok(EmailAsk::Mail(true)));
        check("&sub=0&page_type=global", Ok(EmailAsk::Everything(false)));
        check("&sub=1&page_type=other", Ok(EmailAsk::Mail(true)));
        check("&sub=2", Ok(EmailAsk::Groups(Vec::new())));
        check("&sub=3", Err("sub is 0, 1 or 2"));
    }

    #[test]
    fn groups_of_another_form_are_passed_over() {
        let sent = json!({"unsubGroups": [{"name": "a", "isUnsubscribed": true}, {"name": "c"}, 7,
                                          {"name": "b", "isUnsubscribed": false}]});
        assert_eq!(groups(&sent), [("a".to_owned(), false), ("b".to_owned(), true)]);
        assert_eq!(groups(&json!({"unsubGroups": {}})), []);
    }

    #[test]
    fn what_cannot_be_read_asks_nothing() {
        for query in ["", "e=tok&sub=0", "e=tok&sub=0&d=%21%21"] {
            assert!(email_page(&pairs(query), &|_, _, _| None).is_err());
        }
    }
}
