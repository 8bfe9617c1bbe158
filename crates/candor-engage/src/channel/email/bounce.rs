//! Mail that comes back: delivery status notifications (RFC 3464) and complaints (ARF, RFC 5965).
//!
//! Servers write them as they like: OpenSMTPD's is not a `multipart/report`, says `5.0.0` and keeps
//! the real code in its text, and a notice that a mail is late looks almost like a failure. Only a
//! status part makes a bounce, so that an automatic answer never is one.

use super::super::{Answer, MessageId};
use super::parts::{self, Part, field};
use super::reply::{self, Stage, Status};
use super::verp::{BounceAddress, Sign};

/// What comes after this is the original message, of which the start is enough.
pub const BOUNCE_BYTES_MAX: usize = 1 << 20;
/// How much of its text is searched for a code.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Where a server writes which address a mail was delivered to.
const DELIVERED_TO: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-RCPT-TO", "To"];

/// What became of a message later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The message it is about.
    pub id: MessageId,
    /// What happened.
    pub kind: Kind,
    /// Like `550 5.1.1`, or the kind of a complaint; nothing of the text.
    pub code: String,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was not delivered and will not be.
    Failed {
        /// Sure enough for the address to be left alone from now on. Never so without our MAC.
        retire: bool,
    },
    /// It is still being tried: nothing is to be done. OpenSMTPD says so once more, with `4.4.7`,
    /// when it gives up for lack of time.
    Delayed,
    /// It lies in the reader's mailbox. Never so without our MAC.
    Delivered,
    /// The reader called it spam.
    Complaint,
}

/// Which message is meant, and whether our MAC says so.
#[derive(Clone, Copy)]
struct Named {
    id: MessageId,
    by_mac: bool,
}

/// Reads a mail that came to the bounce domain. `delivered_to` is the envelope recipient where it
/// is known; otherwise the headers are asked. None for everything that is no bounce of a message of
/// ours, forged ones among it.
pub fn read(raw: &[u8], delivered_to: Option<&str>, ours: &BounceAddress) -> Option<Bounce> {
    let (head, parts) = parts::read(&raw[..raw.len().min(BOUNCE_BYTES_MAX)]);
    let text = |kind: &str| Some(parts::lines(&parts.iter().find(|part| part.kind == kind)?.body));
    let report = text("message/feedback-report");
    let mut words: Vec<String> = delivered_to.map(str::to_owned).into_iter().collect();
    words.extend(DELIVERED_TO.iter().flat_map(|name| field(&head, name)).flat_map(addresses));
    let sender = field(report.as_deref().unwrap_or_default(), "Original-Mail-From");
    words.extend(sender.flat_map(addresses));
    let named = name(words, &original(&parts), ours)?;
    if let Some(report) = report {
        return complaint(&report, named);
    }
    let status = text("message/delivery-status")?;
    let recipients: Vec<Recipient> =
        blocks(&status).iter().filter_map(|block| recipient(block)).collect();
    let acted = |action| recipients.iter().find(|recipient| recipient.action == action);
    if let Some(failed) = acted(Action::Failed) {
        return Some(failed.bounce(named, &parts));
    }
    let (kind, about) = match acted(Action::Delayed) {
        Some(delayed) => (Kind::Delayed, delayed),
        None => (Kind::Delivered, acted(Action::Delivered).filter(|_| named.by_mac)?),
    };
    let code = about.status.map(status_text).unwrap_or_default();
    Some(Bounce { id: named.id, kind, code })
}

/// The message meant, by the words that may be its address or by the headers of the original. An
/// address that looks like ours with a wrong MAC ends the search: whoever made it up may have made
/// up the rest.
fn name(mut words: Vec<String>, original: &str, ours: &BounceAddress) -> Option<Named> {
    words.extend(field(original, "Return-Path").flat_map(addresses));
    let signs: Vec<Sign> = words.iter().map(|word| ours.read(word)).collect();
    if signs.contains(&Sign::Forged) {
        return None;
    }
    for sign in signs {
        if let Sign::Ours(id) = sign {
            return Some(Named { id, by_mac: true });
        }
    }
    let message_id = field(original, "Message-ID").next()?;
    let (id, domain) = message_id.strip_prefix('<')?.strip_suffix('>')?.split_once('@')?;
    let ours = domain.eq_ignore_ascii_case(ours.domain());
    Some(Named { id: id.parse().ok().filter(|_| ours)?, by_mac: false })
}

fn addresses(value: &str) -> impl Iterator<Item = String> + '_ {
    value.split([',', ' ', '<', '>', ';', '\t']).map(str::to_owned)
}

/// The headers of the message that came back, if they did.
fn original(parts: &[Part<'_>]) -> String {
    let kinds = ["message/rfc822", "message/global", "text/rfc822-headers"];
    let found = parts.iter().find(|part| kinds.contains(&part.kind.as_str()));
    found.map(|part| parts::head(&part.body)).unwrap_or_default()
}

fn complaint(report: &str, named: Named) -> Option<Bounce> {
    let kind = field(report, "Feedback-Type").next()?.to_ascii_lowercase();
    // `not-spam` and authentication reports are no complaints.
    let complains =
        matches!(kind.as_str(), "abuse" | "fraud" | "virus" | "other" | "miscategorized");
    complains.then_some(Bounce { id: named.id, kind: Kind::Complaint, code: kind })
}

/// The groups of fields between empty lines.
fn blocks(status: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in status.lines() {
        match (line.trim().is_empty(), blocks.last_mut()) {
            (false, Some(block)) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => blocks.push(String::new()),
        }
    }
    blocks
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Failed,
    Delayed,
    Delivered,
    /// Relayed or expanded: nothing is known of what comes after.
    Fine,
}

struct Recipient {
    action: Action,
    status: Option<Status>,
    diagnostic: Option<(u16, Option<Status>)>,
}

fn recipient(block: &str) -> Option<Recipient> {
    let action = match field(block, "Action").next()?.to_ascii_lowercase() {
        action if action.starts_with("failed") => Action::Failed,
        action if action.starts_with("delayed") => Action::Delayed,
        action if action.starts_with("delivered") => Action::Delivered,
        _ => Action::Fine,
    };
    let status = field(block, "Status").find_map(Status::leading);
    // `smtp; 550 5.1.1 …`; of another kind than smtp nothing is known about the numbers.
    let diagnostic = field(block, "Diagnostic-Code").find_map(|value| {
        let (kind, said) = value.split_once(';')?;
        kind.trim().eq_ignore_ascii_case("smtp").then(|| code_and_status(said.trim())).flatten()
    });
    Some(Recipient { action, status, diagnostic })
}

impl Recipient {
    fn bounce(&self, named: Named, parts: &[Part<'_>]) -> Bounce {
        let generic = |status: &Status| matches!(status, Status(_, 0, 0));
        let said = self.diagnostic.filter(|(_, status)| status.is_some());
        let said = said.or_else(|| match self.status.filter(|status| !generic(status)) {
            Some(_) => None,
            None => code_in_text(parts),
        });
        let (code, status) = match said.or(self.diagnostic) {
            Some((code, status)) => (Some(code), status.or(self.status)),
            None => (None, self.status),
        };
        let answer = reply::permanent(code.unwrap_or(550), status, Stage::Recipient);
        let sure = matches!(answer, Answer::NoSuchAddress { retire: true, .. });
        let code = match (code, status) {
            (Some(code), status) => reply::brief(code, status),
            (None, Some(status)) => status_text(status),
            (None, None) => String::new(),
        };
        Bounce { id: named.id, kind: Kind::Failed { retire: sure && named.by_mac }, code }
    }
}

fn status_text(Status(class, subject, detail): Status) -> String {
    format!("{class}.{subject}.{detail}")
}

/// `550 5.1.1 …` or `550-5.1.1 …` at the start of a text.
fn code_and_status(text: &str) -> Option<(u16, Option<Status>)> {
    let (code, rest) = text.split_at_checked(3)?;
    let code = code.parse().ok().filter(|code| (400..600).contains(code))?;
    let status = rest.strip_prefix([' ', '-']).and_then(Status::leading);
    Some((code, status.filter(|status| status.0 == code / 100)))
}

/// The first `5xx 5.y.z` in the text for people.
fn code_in_text(parts: &[Part<'_>]) -> Option<(u16, Option<Status>)> {
    for part in parts.iter().filter(|part| part.kind == "text/plain") {
        let text = &part.body[..part.body.len().min(TEXT_BYTES_MAX)];
        let text = String::from_utf8_lossy(text);
        for (at, _) in text.match_indices('5') {
            let starts = !text[..at].ends_with(|c: char| c.is_ascii_digit() || c == '.');
            let said = code_and_status(&text[at..]).filter(|(_, status)| status.is_some());
            if starts && said.is_some() {
                return said;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: MessageId = MessageId(0x5eed);

    fn ours() -> BounceAddress {
        BounceAddress::new("bounce.shop.test", |id| {
            id[8..].try_into().map(|id: [u8; 8]| id.map(|byte| byte ^ 0x5a)).unwrap()
        })
        .unwrap()
    }

    /// A notification to `to` with one recipient's fields and the headers of the original.
    fn notification(to: &str, fields: &str, text: &str, original: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.test\nTo: {to}\nSubject: Undelivered\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\n{text}\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n\
             Final-Recipient: rfc822; ada@home.test\n{fields}\n\n\
             --b\nContent-Type: message/rfc822\n\n{original}Subject: Hello\n\nHello\n\n--b--\n"
        )
        .replace('\n', "\r\n")
    }

    fn failed(code: &str, retire: bool) -> Option<Bounce> {
        Some(Bounce { id: ID, kind: Kind::Failed { retire }, code: code.to_owned() })
    }

    #[test]
    fn a_failure_has_its_code_and_the_message() {
        let check = |fields: &str, text: &str, expected: Option<Bounce>| {
            let raw = notification(&ours().address(ID), fields, text, "");
            assert_eq!(read(raw.as_bytes(), None, &ours()), expected, "{fields}");
        };
        let smtp =
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp;\n 550 5.1.1 no ada@home.test";
        check(smtp, "", failed("550 5.1.1", true));
        check("Action: failed\nStatus: 5.1.1", "", failed("5.1.1", true));
        check("Action: failed\nStatus: 5.2.2", "", failed("5.2.2", false));
        check("Action: failed\nStatus: 4.4.7", "", failed("4.4.7", false));
        check("Action: failed\nStatus: 5.0.0", "", failed("5.0.0", false));
        check("Action: failed\nStatus: 5.0.0", "said: 550 5.1.1 gone", failed("550 5.1.1", true));
        check("Action: failed\nStatus: 5.0.0", "said: 554-5.7.1 no", failed("554 5.7.1", false));
        check("Action: failed\nStatus: 5.0.0", "from 1.550 5.1.1.1", failed("5.0.0", false));
        let x400 = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: x400; 550 5.7.1";
        check(x400, "", failed("5.1.1", true));
    }

    #[test]
    fn what_is_late_or_arrived_is_no_failure() {
        let check = |fields: &str, expected: Option<Kind>| {
            let raw = notification(&ours().address(ID), fields, "550 5.1.1", "");
            let kind = read(raw.as_bytes(), None, &ours()).map(|bounce| bounce.kind);
            assert_eq!(kind, expected, "{fields}");
        };
        check("Action: delayed\nStatus: 4.4.1", Some(Kind::Delayed));
        check("Action: delivered\nStatus: 2.0.0", Some(Kind::Delivered));
        check("Action: relayed\nStatus: 2.0.0", None);
        check("Status: 5.1.1", None);
    }

    #[test]
    fn a_wrong_mac_is_ignored_whatever_else_is_right() {
        let address = ours().address(ID);
        let (local, domain) = address.split_once('@').unwrap();
        let flipped = if local.ends_with('0') { "1" } else { "0" };
        let forged = format!("{}{flipped}@{domain}", &local[..local.len() - 1]);
        let original = format!("Message-ID: <{ID}@bounce.shop.test>\n");
        let raw = notification(&forged, "Action: failed\nStatus: 5.1.1", "", &original);
        assert_eq!(read(raw.as_bytes(), None, &ours()), None);
        assert_eq!(read(raw.as_bytes(), Some(&forged), &ours()), None);
    }

    #[test]
    fn the_original_message_id_will_do_but_retires_nobody() {
        let fields = "Action: failed\nStatus: 5.1.1";
        let original = format!("Message-ID: <{ID}@bounce.shop.test>\n");
        let raw = notification("bounces@shop.test", fields, "", &original);
        assert_eq!(read(raw.as_bytes(), None, &ours()), failed("5.1.1", false));
        let arrived = "Action: delivered\nStatus: 2.0.0";
        let raw = notification("bounces@shop.test", arrived, "", &original);
        assert_eq!(read(raw.as_bytes(), None, &ours()), None);
        let original = format!("Message-ID: <{ID}@elsewhere.test>\n");
        let raw = notification("bounces@shop.test", fields, "", &original);
        assert_eq!(read(raw.as_bytes(), None, &ours()), None);
        assert_eq!(read(raw.as_bytes(), Some(&ours().address(ID)), &ours()), failed("5.1.1", true));
    }

    #[test]
    fn a_complaint_is_not_a_failure() {
        let report = |kind: &str| {
            format!(
                "From: fbl@mx.test\nTo: abuse@shop.test\nMIME-Version: 1.0\n\
                 Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
                 --b\nContent-Type: text/plain\n\nA complaint.\n\n\
                 --b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\n\
                 Version: 1\nOriginal-Mail-From: <{}>\n\n--b--\n",
                ours().address(ID)
            )
        };
        let read_kind = |kind: &str| read(report(kind).as_bytes(), None, &ours());
        let complaint = Bounce { id: ID, kind: Kind::Complaint, code: "abuse".to_owned() };
        assert_eq!(read_kind("abuse"), Some(complaint));
        assert_eq!(read_kind("not-spam"), None);
        assert_eq!(read_kind("auth-failure"), None);
    }

    #[test]
    fn an_automatic_answer_is_no_bounce() {
        let raw = format!(
            "From: ada@home.test\r\nTo: {}\r\nAuto-Submitted: auto-replied\r\n\r\n\
             I am away. 550 5.1.1 is my number.\r\n",
            ours().address(ID)
        );
        assert_eq!(read(raw.as_bytes(), None, &ours()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = read(&bytes, None, &ours());
        }

        #[test]
        fn no_damage_makes_it_panic(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
            end in any::<prop::sample::Index>(),
            fields in "(Action|Status|Diagnostic-Code|\\PC|[0-9 .:;\n]){0,60}",
        ) {
            let mut raw = notification(&ours().address(ID), &fields, &fields, &fields).into_bytes();
            for (place, byte) in cuts {
                let place = place.index(raw.len());
                raw[place] = byte;
            }
            let end = end.index(raw.len());
            let _ = read(&raw[..end], None, &ours());
        }
    }
}
