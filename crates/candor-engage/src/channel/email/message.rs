//! A mail as its author sees it, and the bytes it becomes.
//!
//! The same message becomes the same bytes each time it is composed: even the boundary between its
//! parts follows from its id.

use candor_event::Timestamp;

use super::super::{Answer, MessageId};
use super::mime::{self, Encoding};

/// RFC 5321, 4.5.3.1.
const LOCAL_PART_BYTES_MAX: usize = 64;
const ADDRESS_BYTES_MAX: usize = 254;
/// A name or subject beyond this is a mistake in a template, not something to be read.
const LINE_BYTES_MAX: usize = 1000;
/// A header value that is not folded: RFC 5322 allows lines of 998.
const URL_BYTES_MAX: usize = 900;
const BODY_BYTES_MAX: usize = 1 << 20;

/// Who writes or is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// As it is shown; may hold anything.
    pub name: Option<String>,
    /// `local@domain`; the domain may have letters beyond ASCII, the local part may not.
    pub address: String,
}

impl Mailbox {
    /// Whether it can stand in a mail.
    pub fn is_writable(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        name.len() <= LINE_BYTES_MAX && ascii_address(&self.address).is_some()
    }
}

/// How a reader leaves, for the `List-Unsubscribe` headers (RFC 2369 and 8058).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// An `https` address that takes a one-click `POST`.
    pub url: String,
    /// An address to write to instead; some providers still ask for one.
    pub mailto: Option<String>,
}

/// One mail to one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailMessage {
    /// Stands in `Message-ID` and in the envelope sender.
    pub id: MessageId,
    /// When it was written.
    pub date: Timestamp,
    /// The visible sender.
    pub from: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// The reader.
    pub to: Mailbox,
    /// Line ends in it become spaces.
    pub subject: String,
    /// May be empty if there is a text.
    pub html: String,
    /// May be empty if there is HTML.
    pub text: String,
    /// None for a message nobody can leave, like a receipt.
    pub unsubscribe: Option<Unsubscribe>,
    /// Names the list for filters, like `news.shop.example`.
    pub list_id: Option<String>,
    /// Groups complaints in the reports of providers, like `campaign:publisher:kind:sender`.
    pub feedback_id: Option<String>,
}

/// The domain in lower case and ASCII, if it is one.
pub(super) fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii(domain).ok()?;
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(known)
    };
    (!ascii.is_empty() && ascii.len() <= 253 && ascii.split('.').all(label)).then_some(ascii)
}

/// The address as it stands in the envelope: the domain in ASCII, nothing that needs quotes.
pub(super) fn ascii_address(address: &str) -> Option<String> {
    let (local, domain) = address.trim_matches(' ').rsplit_once('@')?;
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let well_formed = !local.is_empty() && local.bytes().all(atom);
    if !well_formed || local.len() > LOCAL_PART_BYTES_MAX {
        return None;
    }
    let address = format!("{local}@{}", ascii_domain(domain)?);
    (address.len() <= ADDRESS_BYTES_MAX).then_some(address)
}

impl EmailMessage {
    /// The message as it is sent, with CR LF line ends and without a signature, and the address it
    /// goes to; or why it cannot be.
    pub(super) fn bytes(&self, domain: &str) -> Result<(String, String), Answer> {
        if self.html.len().max(self.text.len()) > BODY_BYTES_MAX {
            return Err(Answer::bad_content("body too long"));
        }
        let to = ascii_address(&self.to.address).ok_or_else(|| {
            // Letters beyond ASCII and quotes are legal before the `@`, only not written by us.
            let retire = self.to.address.is_ascii() && !self.to.address.contains('"');
            Answer::NoSuchAddress { code: "not an address we write".to_owned(), retire }
        })?;
        let mut out = String::with_capacity(1024 + (self.html.len() + self.text.len()) * 5 / 4);
        mailbox("From", &self.from, &mut out)?;
        if let Some(reply_to) = &self.reply_to {
            mailbox("Reply-To", reply_to, &mut out)?;
        }
        mailbox("To", &self.to, &mut out)?;
        out.push_str("Subject: ");
        mime::unstructured(&shown("subject", &self.subject)?, "Subject: ".len(), &mut out);
        out.push_str("\r\nDate: ");
        out.push_str(&date(self.date)?);
        out.push_str(&format!("\r\nMessage-ID: <{}@{domain}>\r\n", self.id));
        self.list_headers(&mut out)?;
        out.push_str("MIME-Version: 1.0\r\n");
        self.body(&mut out);
        Ok((to, out))
    }

    fn list_headers(&self, out: &mut String) -> Result<(), Answer> {
        if let Some(Unsubscribe { url, mailto }) = &self.unsubscribe {
            let fits = url.len() <= URL_BYTES_MAX && url.starts_with("https://");
            if !fits || !url.bytes().all(is_url) {
                return Err(Answer::bad_content("List-Unsubscribe is not an https URL"));
            }
            out.push_str(&format!("List-Unsubscribe: <{url}>"));
            if let Some(mailto) = mailto {
                let address = ascii_address(mailto)
                    .ok_or_else(|| Answer::bad_content("List-Unsubscribe is not an address"))?;
                out.push_str(&format!(",\r\n <mailto:{}>", for_url(&address)));
            }
            out.push_str("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        }
        if let Some(list_id) = &self.list_id {
            let list_id = ascii_domain(list_id)
                .ok_or_else(|| Answer::bad_content("List-Id is not a domain name"))?;
            out.push_str(&format!("List-Id: <{list_id}>\r\n"));
        }
        if let Some(feedback_id) = &self.feedback_id {
            let printable = feedback_id.bytes().all(|byte| byte.is_ascii_graphic());
            if !printable || feedback_id.len() > URL_BYTES_MAX || feedback_id.is_empty() {
                return Err(Answer::bad_content("Feedback-ID is not printable ASCII"));
            }
            out.push_str(&format!("Feedback-ID: {feedback_id}\r\n"));
        }
        Ok(())
    }

    fn body(&self, out: &mut String) {
        let parts = [("plain", &self.text), ("html", &self.html)];
        let filled: Vec<_> = parts.into_iter().filter(|(_, body)| !body.is_empty()).collect();
        let [_, _] = filled[..] else {
            let (kind, body) = filled.first().copied().unwrap_or(parts[0]);
            return part(kind, body, out);
        };
        // `=_` cannot occur in quoted-printable or base64, and no line of a plain body begins with
        // two hyphens: whatever a reader is called, it does not end a part.
        let boundary = format!("=_{}", self.id);
        out.push_str("Content-Type: multipart/alternative;\r\n boundary=\"");
        out.push_str(&boundary);
        out.push_str("\"\r\n\r\n");
        for (kind, body) in filled {
            out.push_str(&format!("--{boundary}\r\n"));
            part(kind, body, out);
        }
        out.push_str(&format!("--{boundary}--\r\n"));
    }
}

fn part(kind: &str, body: &str, out: &mut String) {
    let encoding = Encoding::of(body);
    out.push_str(&format!(
        "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n",
        encoding.name()
    ));
    encoding.write(body, out);
}

fn mailbox(header: &str, mailbox: &Mailbox, out: &mut String) -> Result<(), Answer> {
    let address = ascii_address(&mailbox.address)
        .ok_or_else(|| Answer::bad_content(format!("{header} is not an address")))?;
    out.push_str(header);
    out.push_str(": ");
    let name = shown(header, mailbox.name.as_deref().unwrap_or_default())?;
    if name.trim().is_empty() {
        out.push_str(&format!("{address}\r\n"));
    } else {
        mime::phrase(&name, out);
        out.push_str(&format!("\r\n <{address}>\r\n"));
    }
    Ok(())
}

/// Text of a person or an author, cut down to one line.
fn shown(what: &str, text: &str) -> Result<String, Answer> {
    if text.len() > LINE_BYTES_MAX {
        return Err(Answer::bad_content(format!("{what} too long")));
    }
    Ok(mime::one_line(text))
}

fn date(at: Timestamp) -> Result<String, Answer> {
    let zoned = jiff::Timestamp::from_second(at.seconds())
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC))
        .ok();
    zoned
        .and_then(|zoned| jiff::fmt::rfc2822::to_string(&zoned).ok())
        .ok_or_else(|| Answer::bad_content("date out of range"))
}

/// May stand between the angle brackets of a list header.
fn is_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b',')
}

/// The few characters of an address that mean something in a URL.
fn for_url(address: &str) -> String {
    address.replace('%', "%25").replace('?', "%3F").replace('&', "%26").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> EmailMessage {
        EmailMessage {
            id: MessageId(0xabc),
            date: Timestamp::from_seconds(1_795_614_000),
            from: Mailbox { name: Some("The Shop".to_owned()), address: "news@shop.test".into() },
            reply_to: None,
            to: Mailbox { name: Some("Ada".to_owned()), address: "ada@home.test".into() },
            subject: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            text: "Hello".to_owned(),
            unsubscribe: Some(Unsubscribe {
                url: "https://shop.test/u/1?a=b".to_owned(),
                mailto: Some("leave@shop.test".to_owned()),
            }),
            list_id: Some("news.shop.test".to_owned()),
            feedback_id: Some("c1:shop:news:candor".to_owned()),
        }
    }

    #[test]
    fn becomes_these_bytes_each_time() {
        let (to, bytes) = sample().bytes("bounce.shop.test").unwrap();
        assert_eq!(to, "ada@home.test");
        let expected = [
            "From: The Shop",
            " <news@shop.test>",
            "To: Ada",
            " <ada@home.test>",
            "Subject: Hello",
            "Date: Wed, 25 Nov 2026 13:40:00 +0000",
            "Message-ID: <00000000000000000000000000000abc@bounce.shop.test>",
            "List-Unsubscribe: <https://shop.test/u/1?a=b>,",
            " <mailto:leave@shop.test>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "List-Id: <news.shop.test>",
            "Feedback-ID: c1:shop:news:candor",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;",
            " boundary=\"=_00000000000000000000000000000abc\"",
            "",
            "--=_00000000000000000000000000000abc",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "",
            "Hello",
            "--=_00000000000000000000000000000abc",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "",
            "<p>Hello</p>",
            "--=_00000000000000000000000000000abc--",
            "",
        ];
        assert_eq!(bytes.split("\r\n").collect::<Vec<_>>(), expected);
        assert_eq!(sample().bytes("bounce.shop.test").unwrap().1, bytes);
    }

    #[test]
    fn names_and_subjects_cannot_add_headers() {
        let mut message = sample();
        message.to.name = Some("\"\r\nBcc: x@y.test\r\n\r\n<script>\0\u{202e}".to_owned());
        message.subject = "{{7*7}}\r\nBcc: x@y.test\n\u{2028}end".to_owned();
        let (_, bytes) = message.bytes("bounce.shop.test").unwrap();
        let read = mail_parser::MessageParser::default().parse(bytes.as_bytes()).unwrap();
        assert!(read.bcc().is_none());
        assert_eq!(read.subject(), Some("{{7*7}}  Bcc: x@y.test  end"));
        let to = read.to().and_then(|to| to.first()).unwrap();
        assert_eq!(to.address.as_deref(), Some("ada@home.test"));
        assert_eq!(to.name.as_deref(), Some("\"  Bcc: x@y.test    <script> \u{202e}"));
    }

    #[test]
    fn a_body_cannot_end_its_part() {
        let mut message = sample();
        message.text = format!("--=_{}--\r\n\r\nAnother end", message.id);
        let (_, bytes) = message.bytes("bounce.shop.test").unwrap();
        let read = mail_parser::MessageParser::default().parse(bytes.as_bytes()).unwrap();
        assert_eq!(read.parts.len(), 3);
        assert_eq!(read.body_text(0).unwrap().trim_end(), message.text);
        assert_eq!(read.body_html(0).unwrap().trim_end(), message.html);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let check = |change: fn(&mut EmailMessage), expected: &str| {
            let mut message = sample();
            change(&mut message);
            let refused = format!("{:?}", message.bytes("bounce.shop.test").unwrap_err());
            assert!(refused.contains(expected), "{refused}");
        };
        check(|m| m.to.address = "ada@home.test\r\nRCPT TO:<x@y.test>".into(), "NoSuchAddress");
        check(|m| m.to.address = "ada@home.test> SIZE=1".into(), "NoSuchAddress");
        check(|m| m.to.address = "ada".into(), "retire: true");
        check(|m| m.to.address = "jörg@home.test".into(), "retire: false");
        check(|m| m.to.address = "\"a b\"@home.test".into(), "retire: false");
        check(|m| m.to.address = format!("{}@home.test", "a".repeat(65)), "NoSuchAddress");
        check(|m| m.from.address = "a@b@c>".into(), "From is not an address");
        check(|m| m.subject = "x".repeat(1 << 20), "subject too long");
        check(|m| m.to.name = Some("x".repeat(1 << 20)), "To too long");
        check(|m| m.text = "x".repeat((1 << 20) + 1), "body too long");
        check(|m| m.list_id = Some("a\r\nb".into()), "List-Id");
        check(|m| m.feedback_id = Some("a\r\nb".into()), "Feedback-ID");
        let leave = |url: &str| Some(Unsubscribe { url: url.to_owned(), mailto: None });
        let mut message = sample();
        for url in ["http://a.test", "https://a.test/\r\nBcc: x@y", "https://a.test/>,<b"] {
            message.unsubscribe = leave(url);
            assert!(message.bytes("d.test").is_err(), "{url}");
        }
    }

    #[test]
    fn domains_beyond_ascii_are_written_in_ascii() {
        assert_eq!(ascii_address("info@bücher.test").unwrap(), "info@xn--bcher-kva.test");
        assert_eq!(ascii_address(" info@BUCH.test ").unwrap(), "info@buch.test");
        assert_eq!(ascii_address("jörg@buch.test"), None);
    }
}
