//! What a mail server answers (RFC 5321, 3463), and what that means for the message.

use super::super::Answer;

/// RFC 5321 allows 512; some servers write more.
const LINE_BYTES_MAX: usize = 4096;
const LINES_MAX: usize = 100;

/// `X.Y.Z` of RFC 3463.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub u16, pub u16, pub u16);

impl Status {
    /// Reads a status at the start of a text.
    pub(super) fn leading(text: &str) -> Option<Status> {
        let word = text.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
        let mut numbers = word
            .split('.')
            .map(|number| (number.len() <= 3).then(|| number.parse::<u16>().ok()).flatten());
        let status = Status(numbers.next()??, numbers.next()??, numbers.next()??);
        (matches!(status.0, 2 | 4 | 5) && numbers.next().is_none()).then_some(status)
    }

    /// The mailbox or its domain is not there, and nobody has to guess.
    fn names_a_missing_mailbox(self) -> bool {
        matches!(self, Status(5, 1, 1 | 2 | 3 | 6 | 10))
    }
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    pub status: Option<Status>,
    /// The lines without their codes.
    pub text: String,
}

/// The server does not speak SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads one whole reply from the start of `bytes` and says how long it was; None if there is more
/// to come.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Malformed> {
    let mut text = String::new();
    let mut start = 0;
    for _ in 0..LINES_MAX {
        let rest = &bytes[start..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return if rest.len() > LINE_BYTES_MAX { Err(Malformed) } else { Ok(None) };
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        let digits = line.get(..3).ok_or(Malformed)?;
        if line.len() > LINE_BYTES_MAX || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Malformed);
        }
        start += end + 1;
        text.push_str(&String::from_utf8_lossy(line.get(4..).unwrap_or_default()));
        match line.get(3) {
            Some(b'-') => text.push('\n'),
            None | Some(b' ') => {
                let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
                let status = Status::leading(&text).filter(|status| status.0 == code / 100);
                return Ok(Some((Reply { code, status, text }, start)));
            }
            Some(_) => return Err(Malformed),
        }
    }
    Err(Malformed)
}

/// Which part of the hand-over is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The connection and the first words; nothing of the message was said.
    Greeting,
    /// Name and password.
    Login,
    Sender,
    Recipient,
    /// `DATA`, or the message after its last dot.
    Message,
}

impl Reply {
    pub(super) fn is_positive(&self) -> bool {
        matches!(self.code, 200..=399)
    }

    /// Like `550 5.1.1`: nothing of the text, which may repeat the address.
    pub(super) fn brief(&self) -> String {
        brief(self.code, self.status)
    }

    /// The session has carried enough and another one will do: no error of the message.
    pub(super) fn ends_the_session(&self) -> bool {
        self.code == 421 || (self.code == 452 && self.status == Some(Status(4, 5, 3)))
    }

    /// What the server calls an accepted message: its first word that looks like a made-up id.
    pub(super) fn provider_id(&self) -> Option<String> {
        let text = if self.status.is_some() { self.text.split_once(' ')?.1 } else { &self.text };
        let words = text.split_whitespace().map(|word| word.strip_prefix("id=").unwrap_or(word));
        let id = |word: &&str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=@<>".contains(&byte);
            // Hexadecimal ids without a digit exist; words of people are not made of a to f.
            let made_up = word.bytes().any(|byte| byte.is_ascii_digit())
                || (word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
            (6..=100).contains(&word.len()) && word.bytes().all(known) && made_up
        };
        words.take(12).find(id).map(str::to_owned)
    }

    /// What this reply means at this stage.
    pub(super) fn answer(&self, stage: Stage) -> Answer {
        match self.code {
            200..=299 => Answer::Accepted { provider_id: self.provider_id() },
            400..=499 => self.temporary(),
            500..=599 => permanent(self.code, self.status, stage),
            // Out of step: the message went out, and this is not about it.
            _ if stage == Stage::Message => Answer::unknown(self.brief()),
            _ => Answer::later(self.brief()),
        }
    }

    fn temporary(&self) -> Answer {
        let too_fast = match self.status {
            Some(Status(4, 5, 3)) => true,
            Some(Status(4, 7, _)) if self.code == 421 => true,
            Some(Status(4, 7, 1)) if self.code == 450 => true,
            _ => false,
        };
        match too_fast {
            true => Answer::TooFast { code: self.brief(), retry_after: None },
            false => Answer::later(self.brief()),
        }
    }
}

pub(super) fn brief(code: u16, status: Option<Status>) -> String {
    match status {
        Some(Status(class, subject, detail)) => format!("{code} {class}.{subject}.{detail}"),
        None => code.to_string(),
    }
}

/// What a 5xx means: a bounce that comes later is read by the same rule.
pub(super) fn permanent(code: u16, status: Option<Status>, stage: Stage) -> Answer {
    let said = brief(code, status);
    let login = matches!(code, 530 | 534 | 535 | 538) || stage == Stage::Login;
    let content = match status {
        // Of the message or of a policy; 5.2.3 and 5.3.4 say it is too long, 5.1.7 and 5.1.8 that
        // its sender will not do, 5.5 that the command itself was not understood.
        Some(Status(_, 5..=7, _) | Status(_, 2, 3) | Status(_, 3, 4) | Status(_, 1, 7 | 8)) => true,
        Some(_) => false,
        None => matches!(code, 500..=504 | 555) || (stage == Stage::Message && code >= 552),
    };
    let missing = status.is_some_and(Status::names_a_missing_mailbox);
    match stage {
        _ if login => Answer::bad_credentials(said),
        // The server takes nothing from us at the moment; the message has not been judged.
        Stage::Greeting => Answer::later(said),
        _ if missing && stage != Stage::Sender => {
            Answer::NoSuchAddress { code: said, retire: true }
        }
        _ if content || stage == Stage::Sender => Answer::bad_content(said),
        _ => Answer::NoSuchAddress { code: said, retire: false },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(line: &str) -> Reply {
        read(format!("{line}\r\n").as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn every_code_has_its_answer() {
        let gone = |code: &str, retire| Answer::NoSuchAddress { code: code.into(), retire };
        let fast = |code: &str| Answer::TooFast { code: code.into(), retry_after: None };
        let (to, from, message) = (Stage::Recipient, Stage::Sender, Stage::Message);
        let table = [
            ("550 5.1.1 no such user", to, gone("550 5.1.1", true)),
            ("550 5.1.10 null MX", to, gone("550 5.1.10", true)),
            ("501 5.1.3 bad address", to, gone("501 5.1.3", true)),
            ("550 5.1.1 no such user", message, gone("550 5.1.1", true)),
            ("550 no", to, gone("550", false)),
            ("550 5.2.1 disabled", to, gone("550 5.2.1", false)),
            ("552 5.2.2 full", to, gone("552 5.2.2", false)),
            ("552 full", to, gone("552", false)),
            ("554 no", to, gone("554", false)),
            ("552 5.6.0 not this", message, Answer::bad_content("552 5.6.0")),
            ("554 5.7.1 spam", message, Answer::bad_content("554 5.7.1")),
            ("554 spam", message, Answer::bad_content("554")),
            ("552 5.3.4 too big", from, Answer::bad_content("552 5.3.4")),
            ("550 5.1.8 bad sender", to, Answer::bad_content("550 5.1.8")),
            ("550 5.1.1 unknown", from, Answer::bad_content("550 5.1.1")),
            ("535 5.7.8 no", Stage::Login, Answer::bad_credentials("535 5.7.8")),
            ("530 5.7.0 log in first", from, Answer::bad_credentials("530 5.7.0")),
            ("454 4.7.0 later", Stage::Login, Answer::later("454 4.7.0")),
            ("421 4.7.28 too much", to, fast("421 4.7.28")),
            ("452 4.5.3 too many", to, fast("452 4.5.3")),
            ("450 4.7.1 slow down", to, fast("450 4.7.1")),
            ("450 4.2.0 greylisted", to, Answer::later("450 4.2.0")),
            ("421 closing", message, Answer::later("421")),
            ("451 4.3.0 trouble", message, Answer::later("451 4.3.0")),
            ("554 5.7.1 go away", Stage::Greeting, Answer::later("554 5.7.1")),
            ("354 go on", message, Answer::unknown("354")),
            ("999 what", to, Answer::later("999")),
        ];
        for (line, stage, expected) in table {
            assert_eq!(reply(line).answer(stage), expected, "{line}");
        }
    }

    #[test]
    fn finds_what_the_provider_calls_it() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(reply(line).provider_id().as_deref(), expected, "{line}");
        };
        check("250 2.0.0 Ok: queued as 4F1C32A0B1", Some("4F1C32A0B1"));
        check("250 2.0.0 3e5d9b8b Message accepted for delivery", Some("3e5d9b8b"));
        check("250 2.0.0 abcdefab Message accepted for delivery", Some("abcdefab"));
        check("250 OK id=1abc2D-0000xy-3F", Some("1abc2D-0000xy-3F"));
        check("250 2.0.0 Ok", None);
        check("250", None);
    }

    #[test]
    fn reads_many_lines_and_waits_for_the_last() {
        let bytes = b"250-mail.test\r\n250-PIPELINING\r\n250 SIZE 1000\r\n250 2.1.0 Ok\r\n";
        let (first, length) = read(bytes).unwrap().unwrap();
        assert_eq!((first.code, first.text.as_str()), (250, "mail.test\nPIPELINING\nSIZE 1000"));
        assert_eq!(read(&bytes[length..]).unwrap().unwrap().0.status, Some(Status(2, 1, 0)));
        assert_eq!(read(&bytes[..20]), Ok(None));
        for bad in ["x\r\n", "25\r\n", "250x\r\n", &"2".repeat(5000), &"250-a\r\n".repeat(200)] {
            assert_eq!(read(bad.as_bytes()), Err(Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_line_makes_it_panic(line in "[245][0-9]{2}[ -][0-9.]{0,12} \\PC{0,40}\r\n") {
            if let Ok(Some((reply, _))) = read(line.as_bytes()) {
                reply.answer(Stage::Recipient);
            }
        }
    }
}
