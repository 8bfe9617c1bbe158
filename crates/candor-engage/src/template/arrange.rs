//! After parsing: gives every output its place, and finds the links and where a mail ends.
//!
//! Branches are walked one after the other from the same place and must end in the same place;
//! then the place of each output is known before anybody's values are, and costs nothing later.

use super::error::TemplateError;
use super::escape::{Escape, Place, html, one_line, unescape_html};
use super::markup::{Markup, Met};
use super::parser::Parsed;
use super::scan::shown;
use super::syntax::{Chain, Node, Operand, Position};
use crate::links::{self, Follow, LINKS_MAX, OWN_ADDRESSES};

/// Gives outputs their places; answers the address of each link, where it is the same for all.
pub(super) fn arrange(
    parsed: &mut Parsed,
    escape: Escape,
) -> Result<Vec<Option<Box<str>>>, TemplateError> {
    let mut arranger = Arranger {
        names: &parsed.names,
        context: Context::new(escape),
        loops: Vec::new(),
        links: Vec::new(),
        at: Position { line: 1, column: 1 },
    };
    let mut nodes = arranger.list(std::mem::take(&mut parsed.nodes))?;
    let links = arranger.links;
    if escape == Escape::Html {
        place_pixel(&mut nodes);
    }
    parsed.nodes = nodes;
    Ok(links)
}

#[derive(Clone, PartialEq)]
enum Context {
    Markup(Markup),
    Json { quoted: bool, escaped: bool },
    Same(Place),
}

struct Arranger<'p> {
    names: &'p [Box<str>],
    context: Context,
    /// Where each loop that one is in began: `break` and `continue` go back there.
    loops: Vec<Context>,
    links: Vec<Option<Box<str>>>,
    at: Position,
}

impl Context {
    fn new(escape: Escape) -> Context {
        match escape {
            Escape::Html => Context::Markup(Markup::new()),
            Escape::Json => Context::Json { quoted: false, escaped: false },
            Escape::Url => Context::Same(Place::AddressPart),
            Escape::Text => Context::Same(Place::Text),
            Escape::Header => Context::Same(Place::Header),
        }
    }

    fn in_link(&self) -> bool {
        matches!(self, Context::Markup(markup) if markup.in_link())
    }

    fn feed(&mut self, text: &str) -> (usize, Met) {
        match self {
            Context::Markup(markup) => return markup.feed(text),
            Context::Json { quoted, escaped } => {
                for b in text.bytes() {
                    match b {
                        _ if std::mem::take(escaped) => {}
                        b'\\' => *escaped = *quoted,
                        b'"' => *quoted = !*quoted,
                        _ => {}
                    }
                }
            }
            Context::Same(_) => {}
        }
        (text.len(), Met::End)
    }

    fn place(&self) -> Result<Place, &'static str> {
        match self {
            Context::Markup(markup) => markup.place(),
            Context::Json { escaped: true, .. } => Err("a value cannot stand after a backslash"),
            Context::Json { quoted: true, .. } => Ok(Place::JsonString),
            Context::Json { quoted: false, .. } => Ok(Place::JsonValue),
            Context::Same(place) => Ok(*place),
        }
    }

    fn join(self, other: &Context) -> Option<Context> {
        match (self, other) {
            (Context::Markup(one), Context::Markup(other)) => one.join(other).map(Context::Markup),
            (
                Context::Json { quoted, escaped },
                Context::Json { quoted: other_quoted, escaped: other_escaped },
            ) => {
                let same = quoted == *other_quoted && escaped == *other_escaped;
                same.then_some(Context::Json { quoted, escaped })
            }
            (Context::Same(place), _) => Some(Context::Same(place)),
            _ => None,
        }
    }
}

impl Arranger<'_> {
    fn list(&mut self, nodes: Vec<Node>) -> Result<Vec<Node>, TemplateError> {
        let mut done = Vec::with_capacity(nodes.len());
        // The nodes of an address that began in this list.
        let mut link: Option<Vec<Node>> = None;
        for node in nodes {
            let node = match node {
                Node::Text { text, at } => {
                    self.at = at;
                    self.text(&text, at, &mut done, &mut link)?;
                    continue;
                }
                other => self.node(other)?,
            };
            link.as_mut().unwrap_or(&mut done).push(node);
        }
        match link {
            Some(_) => Err(self.wrong("the address begins and ends in different branches")),
            None => Ok(done),
        }
    }

    fn text(
        &mut self,
        text: &str,
        at: Position,
        done: &mut Vec<Node>,
        link: &mut Option<Vec<Node>>,
    ) -> Result<(), TemplateError> {
        let mut rest = text;
        while !rest.is_empty() {
            let inside = self.context.in_link();
            let (len, met) = self.context.feed(rest);
            let (piece, after) = rest.split_at(len);
            rest = after;
            let piece = self.literal(piece, inside);
            if !piece.is_empty() {
                link.as_mut().unwrap_or(done).push(Node::Text { text: piece, at });
            }
            match met {
                Met::End => {}
                Met::LinkBegins => {
                    let before = &text[..text.len() - rest.len()];
                    self.at = at.after(before);
                    *link = Some(Vec::new());
                }
                Met::LinkEnds => {
                    let Some(nodes) = link.take() else {
                        let message = "the address begins and ends in different branches";
                        return Err(self.wrong(message));
                    };
                    done.push(self.link(nodes)?);
                    // The quote itself is still to be passed.
                    let (quote, after) = rest.split_at(1);
                    self.context.feed(quote);
                    rest = after;
                    done.push(Node::Text { text: quote.into(), at });
                }
            }
        }
        Ok(())
    }

    /// The template's own text as it is written later.
    fn literal(&self, text: &str, in_link: bool) -> Box<str> {
        match self.context {
            _ if in_link => unescape_html(text).into(),
            Context::Same(Place::Header) => {
                let mut line = String::new();
                one_line(text, &mut line);
                line.into()
            }
            _ => text.into(),
        }
    }

    fn node(&mut self, node: Node) -> Result<Node, TemplateError> {
        Ok(match node {
            Node::Output { mut chain, at, .. } => {
                let place = self.value(at)?;
                drop_repeated_escape(&mut chain, place);
                Node::Output { chain, place, at }
            }
            Node::Cycle { turn, operands, at, .. } => {
                let place = self.value(at)?;
                Node::Cycle { turn, operands, place, at }
            }
            // What is captured is a value like any other, and escaped where it is written.
            Node::Capture(slot, body) => {
                let outer = std::mem::replace(&mut self.context, Context::Same(Place::Text));
                let body = self.list(body)?;
                self.context = outer;
                Node::Capture(slot, body)
            }
            Node::If { arms, otherwise } => {
                let (arms, otherwise) = self.branches(arms, otherwise)?;
                Node::If { arms, otherwise }
            }
            Node::Case { operand, arms, otherwise } => {
                let (arms, otherwise) = self.branches(arms, otherwise)?;
                Node::Case { operand, arms, otherwise }
            }
            Node::For(mut repetition) => {
                let start = self.context.clone();
                self.loops.push(start.clone());
                repetition.body = self.list(repetition.body)?;
                self.loops.pop();
                self.back_at(&start)?;
                let after = std::mem::replace(&mut self.context, start);
                repetition.otherwise = self.list(repetition.otherwise)?;
                self.join(&after)?;
                Node::For(repetition)
            }
            Node::Break | Node::Continue => {
                if let Some(start) = self.loops.last().cloned() {
                    self.back_at(&start)?;
                }
                node
            }
            other => other,
        })
    }

    /// The place of a value that is written here.
    fn value(&mut self, at: Position) -> Result<Place, TemplateError> {
        self.at = at;
        let place = self.context.place().map_err(|message| self.wrong(message))?;
        if let Context::Markup(markup) = &mut self.context {
            markup.value_passed();
        }
        Ok(place)
    }

    #[allow(clippy::type_complexity)]
    fn branches<T>(
        &mut self,
        arms: Vec<(T, Vec<Node>)>,
        otherwise: Vec<Node>,
    ) -> Result<(Vec<(T, Vec<Node>)>, Vec<Node>), TemplateError> {
        let start = self.context.clone();
        let mut done = Vec::with_capacity(arms.len());
        let mut ends = Vec::with_capacity(arms.len());
        for (test, body) in arms {
            done.push((test, self.list(body)?));
            ends.push(std::mem::replace(&mut self.context, start.clone()));
        }
        let otherwise = self.list(otherwise)?;
        for end in &ends {
            self.join(end)?;
        }
        Ok((done, otherwise))
    }

    fn join(&mut self, other: &Context) -> Result<(), TemplateError> {
        match self.context.clone().join(other) {
            Some(context) => {
                self.context = context;
                Ok(())
            }
            None => Err(self.wrong("branches end in different places: one leaves a tag open")),
        }
    }

    /// A turn of a loop ends where it began, or the places of the next turn would be others.
    fn back_at(&self, start: &Context) -> Result<(), TemplateError> {
        match self.context == *start {
            true => Ok(()),
            false => Err(self.wrong("a turn of the loop ends in another place than it began")),
        }
    }

    /// What stands for the whole address of an anchor.
    fn link(&mut self, destination: Vec<Node>) -> Result<Node, TemplateError> {
        let at = self.at;
        let mut constant = Some(String::new());
        for node in &destination {
            match (node, &mut constant) {
                (Node::Text { text, .. }, Some(address)) => address.push_str(text),
                _ => constant = None,
            }
        }
        let own = matches!(&destination[..], [Node::Output { chain, .. }] if self.is_own(chain));
        match constant.as_deref().map(|address| links::follow(address.trim())) {
            _ if own => return Ok(Node::Link { number: None, destination }),
            Some(Ok(Follow::Leave)) => {
                let mut text = String::new();
                html(&constant.unwrap_or_default(), &mut text);
                return Ok(Node::Text { text: text.into(), at });
            }
            Some(Err(message)) => {
                let shown = shown(&constant.unwrap_or_default());
                return Err(self.wrong(&format!("`{shown}`: {message}")));
            }
            Some(Ok(Follow::Track)) | None => {}
        }
        if self.links.len() == LINKS_MAX {
            return Err(self.wrong(&format!("more than {LINKS_MAX} links")));
        }
        let number = Some(self.links.len() as u16);
        self.links.push(constant.map(|address| address.trim().into()));
        Ok(Node::Link { number, destination })
    }

    /// `{{ unsubscribe_url }}` and the like lead to us already.
    fn is_own(&self, chain: &Chain) -> bool {
        let Operand::Path(path) = &chain.operand else { return false };
        OWN_ADDRESSES.contains(&&*self.names[path.slot]) && path.steps.is_empty()
    }

    fn wrong(&self, message: &str) -> TemplateError {
        let Position { line, column } = self.at;
        TemplateError { line, column, message: message.to_owned() }
    }
}

impl Position {
    fn after(self, text: &str) -> Position {
        let mut position = self;
        for c in text.chars() {
            match c {
                '\n' => position = Position { line: position.line + 1, column: 1 },
                _ => position.column += 1,
            }
        }
        position
    }
}

/// `{{ name | escape }}` in markup comes from templates of engines that do not escape by
/// themselves; once is enough.
fn drop_repeated_escape(chain: &mut Chain, place: Place) {
    let repeated: &[&str] = match place {
        Place::Html => &["escape", "escape_once"],
        Place::AddressPath | Place::AddressQuery | Place::AddressPart => &["url_encode"],
        _ => &[],
    };
    while chain.filters.last().is_some_and(|call| repeated.contains(&call.filter.name)) {
        chain.filters.pop();
    }
}

/// Before the last `</body>`, or else at the end.
fn place_pixel(nodes: &mut Vec<Node>) {
    const END: &str = "</body>";
    for index in (0..nodes.len()).rev() {
        let Node::Text { text, at } = &nodes[index] else { continue };
        let Some(found) = text.to_ascii_lowercase().rfind(END) else { continue };
        let (before, after) = text.split_at(found);
        let before = Node::Text { text: before.into(), at: *at };
        let after = Node::Text { text: after.into(), at: *at };
        nodes.splice(index..=index, [before, Node::Pixel, after]);
        return;
    }
    nodes.push(Node::Pixel);
}
