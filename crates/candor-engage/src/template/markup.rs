//! Where in markup one stands: enough of HTML's grammar to escape a value for its place.

use super::escape::Place;

/// A place in markup, moved forward by the markup's own text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Markup {
    state: State,
    /// The element whose tag one is in, or whose raw text; empty otherwise.
    element: String,
    attribute: String,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Text,
    Comment,
    Declaration,
    /// Inside of `script` and `style`.
    RawText,
    Element,
    Closing,
    BetweenAttributes,
    Attribute,
    BeforeValue,
    Value(u8),
    BareValue,
}

/// How much of an address there was already.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Nothing,
    Start,
    Query,
    /// Branches before this differ.
    Mixed,
}

/// What a stretch of markup ended with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Met {
    End,
    LinkBegins,
    LinkEnds,
}

/// Attributes that hold one address.
const ADDRESSES: [&str; 11] = [
    "href",
    "src",
    "action",
    "formaction",
    "background",
    "poster",
    "cite",
    "data",
    "xlink:href",
    "longdesc",
    "ping",
];

impl Markup {
    pub(super) fn new() -> Markup {
        Markup {
            state: State::Text,
            element: String::new(),
            attribute: String::new(),
            seen: Seen::Nothing,
        }
    }

    /// Moves over `text`, at most to where the address of an anchor begins or ends. Says how many
    /// bytes it went.
    pub(super) fn feed(&mut self, text: &str) -> (usize, Met) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let was = self.in_link();
            let len = self.advance(&bytes[at..]);
            match (was, self.in_link()) {
                (false, true) => return (at + len, Met::LinkBegins),
                // The quote that ends it does not belong to it.
                (true, false) => return (at, Met::LinkEnds),
                _ => at += len,
            }
        }
        (bytes.len(), Met::End)
    }

    /// Whether one stands in the address of an anchor.
    pub(super) fn in_link(&self) -> bool {
        matches!(self.state, State::Value(_))
            && self.attribute == "href"
            && matches!(self.element.as_str(), "a" | "area")
    }

    /// Where a value would stand, or why none can.
    pub(super) fn place(&self) -> Result<Place, &'static str> {
        match self.state {
            State::Text | State::Comment => Ok(Place::Html),
            State::RawText if self.element == "style" => Ok(Place::Css),
            State::RawText => Err("a value cannot stand in a script"),
            State::Value(_) => self.place_in_attribute(),
            State::BeforeValue | State::BareValue => {
                Err("put the attribute's value in quotes, so that no value can end it")
            }
            _ => Err("a value cannot stand for the name of an element or an attribute"),
        }
    }

    fn place_in_attribute(&self) -> Result<Place, &'static str> {
        let name = self.attribute.as_str();
        if name.starts_with("on") || matches!(name, "srcdoc" | "srcset") {
            return Err("a value cannot stand in this attribute");
        }
        if name == "style" {
            return Ok(Place::Css);
        }
        if !ADDRESSES.contains(&name) {
            return Ok(Place::Html);
        }
        match self.seen {
            Seen::Nothing => Ok(Place::AddressStart),
            Seen::Start => Ok(Place::AddressPath),
            Seen::Query => Ok(Place::AddressQuery),
            Seen::Mixed => Err("the address before this value differs between branches"),
        }
    }

    /// A value was written here.
    pub(super) fn value_passed(&mut self) {
        if self.seen == Seen::Nothing && matches!(self.state, State::Value(_)) {
            self.seen = Seen::Start;
        }
    }

    /// Where one is after either of two branches; nothing when they end in different places.
    pub(super) fn join(mut self, other: &Markup) -> Option<Markup> {
        if self.seen != other.seen {
            self.seen = Seen::Mixed;
        }
        let same = self.state == other.state
            && self.element == other.element
            && self.attribute == other.attribute;
        same.then_some(self)
    }

    /// One step; answers how many bytes it took, at least one.
    fn advance(&mut self, rest: &[u8]) -> usize {
        let b = rest[0];
        match self.state {
            State::Text if b == b'<' => return self.less_than(rest),
            State::Text => {}
            State::Comment if rest.starts_with(b"-->") => {
                self.leave();
                return 3;
            }
            State::Declaration | State::Closing if b == b'>' => self.leave(),
            State::Comment | State::Declaration | State::Closing => {}
            State::RawText if self.closes_raw_text(rest) => {
                self.state = State::Closing;
                self.element.clear();
            }
            State::RawText => {}
            State::Element => match b {
                b'>' => self.opened(),
                b'/' => self.state = State::BetweenAttributes,
                _ if b.is_ascii_whitespace() => self.state = State::BetweenAttributes,
                _ => push(&mut self.element, b),
            },
            State::BetweenAttributes => match b {
                b'>' => self.opened(),
                b'=' if !self.attribute.is_empty() => self.state = State::BeforeValue,
                b'/' => {}
                _ if b.is_ascii_whitespace() => {}
                _ => {
                    self.attribute.clear();
                    push(&mut self.attribute, b);
                    self.state = State::Attribute;
                }
            },
            State::Attribute => match b {
                b'>' => self.opened(),
                b'=' => self.state = State::BeforeValue,
                b'/' => self.state = State::BetweenAttributes,
                _ if b.is_ascii_whitespace() => self.state = State::BetweenAttributes,
                _ => push(&mut self.attribute, b),
            },
            State::BeforeValue => match b {
                b'>' => self.opened(),
                b'"' | b'\'' => {
                    self.state = State::Value(b);
                    self.seen = Seen::Nothing;
                }
                _ if b.is_ascii_whitespace() => {}
                _ => self.state = State::BareValue,
            },
            State::Value(quote) if b == quote => {
                self.state = State::BetweenAttributes;
                self.attribute.clear();
                self.seen = Seen::Nothing;
            }
            State::Value(_) => self.seen_in_value(b),
            State::BareValue => match b {
                b'>' => self.opened(),
                _ if b.is_ascii_whitespace() => {
                    self.state = State::BetweenAttributes;
                    self.attribute.clear();
                }
                _ => {}
            },
        }
        1
    }

    fn less_than(&mut self, rest: &[u8]) -> usize {
        if rest.starts_with(b"<!-->") || rest.starts_with(b"<!--->") {
            return 4 + usize::from(rest[4] == b'-') + 1;
        }
        if rest.starts_with(b"<!--") {
            self.state = State::Comment;
            return 4;
        }
        match rest.get(1) {
            Some(b'!' | b'?') => self.state = State::Declaration,
            Some(b'/') => self.state = State::Closing,
            Some(b) if b.is_ascii_alphabetic() => self.state = State::Element,
            // At the end of a text, the name may be about to come.
            None => self.state = State::Element,
            Some(_) => {}
        }
        1
    }

    fn opened(&mut self) {
        match self.element.as_str() {
            "script" | "style" => {
                self.state = State::RawText;
                self.attribute.clear();
            }
            _ => self.leave(),
        }
    }

    fn leave(&mut self) {
        *self = Markup::new();
    }

    fn closes_raw_text(&self, rest: &[u8]) -> bool {
        let name = rest.strip_prefix(b"</").and_then(|rest| rest.get(..self.element.len()));
        name.is_some_and(|name| name.eq_ignore_ascii_case(self.element.as_bytes()))
    }

    fn seen_in_value(&mut self, b: u8) {
        match self.seen {
            _ if b == b'?' || b == b'#' => self.seen = Seen::Query,
            Seen::Nothing if !b.is_ascii_whitespace() => self.seen = Seen::Start,
            _ => {}
        }
    }
}

/// Names longer than any that matters are cut: they only have to be told apart from those.
const NAME_BYTES_MAX: usize = 32;

fn push(name: &mut String, b: u8) {
    if name.len() < NAME_BYTES_MAX {
        name.push(char::from(b.to_ascii_lowercase()));
    }
}
