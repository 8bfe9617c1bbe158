//! Source to syntax: texts, outputs and tags. Blocks nest, and the parser counts how deep.

mod expression;

use super::error::TemplateError;
use super::escape::Place;
use super::scan::{Scanner, Token, shown};
use super::syntax::{Chain, For, Node, Operand, Over, Position, Slot};
use super::{NESTING_MAX, SOURCE_BYTES_MAX};

/// Every tag that opens a block, with the one that closes it.
const BLOCKS: [(&str, &str); 5] = [
    ("if", "endif"),
    ("unless", "endunless"),
    ("case", "endcase"),
    ("for", "endfor"),
    ("capture", "endcapture"),
];

/// What the parser knows at the end.
pub(super) struct Parsed {
    pub(super) nodes: Vec<Node>,
    /// The names the template uses, by slot.
    pub(super) names: Vec<Box<str>>,
    /// How many `cycle` tags take turns on their own.
    pub(super) cycles: usize,
}

pub(super) struct Parser<'s> {
    scanner: Scanner<'s>,
    names: Vec<Box<str>>,
    slots: std::collections::HashMap<&'s str, Slot>,
    cycles: Vec<String>,
    nesting: usize,
    loops: usize,
    /// The tag before ended with a dash: the text after it begins without space.
    trim_next: bool,
    /// The start of the last line that was counted, so that counting is linear in the source.
    counted: (usize, Position),
}

/// The tag that ended a list of nodes; its rest is still to be read.
struct Stop<'s> {
    name: &'s str,
}

type Parse<T> = Result<T, TemplateError>;

pub(super) fn parse(source: &str) -> Parse<Parsed> {
    let scanner = Scanner { source, at: 0 };
    if source.len() > SOURCE_BYTES_MAX {
        return Err(scanner.wrong(0, format!("more than {SOURCE_BYTES_MAX} bytes")));
    }
    let mut parser = Parser {
        scanner,
        names: Vec::new(),
        slots: Default::default(),
        cycles: Vec::new(),
        nesting: 0,
        loops: 0,
        trim_next: false,
        counted: (0, Position { line: 1, column: 1 }),
    };
    let (nodes, _) = parser.nodes(&[])?;
    Ok(Parsed { nodes, names: parser.names, cycles: parser.cycles.len() })
}

impl<'s> Parser<'s> {
    /// Reads up to one of the tags in `stops`, or to the end of the source when there are none.
    fn nodes(&mut self, stops: &[&str]) -> Parse<(Vec<Node>, Option<Stop<'s>>)> {
        let mut nodes = Vec::new();
        loop {
            let rest = self.scanner.rest();
            let len = next_tag(rest).unwrap_or(rest.len());
            let dash = rest.as_bytes().get(len + 2) == Some(&b'-');
            self.text(&rest[..len], dash, &mut nodes);
            self.scanner.at += len;
            let start = self.scanner.at;
            if len == rest.len() {
                return Ok((nodes, None));
            }
            let output = rest[len..].starts_with("{{");
            self.scanner.at += 2 + usize::from(dash);
            if output {
                let at = self.position(start);
                let chain = self.chain()?;
                self.end(true)?;
                nodes.push(Node::Output { chain, place: Place::Text, at });
                continue;
            }
            self.scanner.skip_space();
            if self.scanner.rest().starts_with('#') {
                self.remark(start)?;
                continue;
            }
            let name = self.name("a tag begins with its name")?;
            if stops.contains(&name) {
                return Ok((nodes, Some(Stop { name })));
            }
            if let Some(node) = self.tag(name, start)? {
                nodes.push(node);
            }
        }
    }

    fn text(&mut self, text: &str, trim_end: bool, nodes: &mut Vec<Node>) {
        let start = self.scanner.at + text.len();
        let text = if self.trim_next { text.trim_start() } else { text };
        let start = start - text.len();
        let text = if trim_end { text.trim_end() } else { text };
        self.trim_next = false;
        if !text.is_empty() {
            nodes.push(Node::Text { text: text.into(), at: self.position(start) });
        }
    }

    fn tag(&mut self, name: &'s str, start: usize) -> Parse<Option<Node>> {
        if let Some((_, end)) = BLOCKS.iter().find(|(open, _)| *open == name) {
            self.nesting += 1;
            if self.nesting > NESTING_MAX {
                return Err(self.wrong(start, format!("more than {NESTING_MAX} levels")));
            }
            let node = match name {
                "if" | "unless" => self.choice(name == "unless", end, start),
                "case" => self.case(end, start),
                "for" => self.repetition(end, start),
                _ => self.capture(end, start),
            }?;
            self.nesting -= 1;
            return Ok(Some(node));
        }
        let node = match name {
            "assign" => {
                let name = self.name("`assign` needs a name")?;
                let slot = self.slot(name);
                self.symbol("=")?;
                Node::Assign(slot, self.chain()?)
            }
            "cycle" => self.cycle(start)?,
            "abort" => match self.scanner.peek()? {
                Token::End { .. } => Node::Abort(None),
                _ => Node::Abort(Some(self.operand()?)),
            },
            "break" | "continue" if self.loops == 0 => {
                return Err(self.wrong(start, format!("`{name}` stands outside of `for`")));
            }
            "break" => Node::Break,
            "continue" => Node::Continue,
            "comment" => {
                self.end(false)?;
                self.skip_to("comment", "endcomment", start)?;
                return Ok(None);
            }
            "raw" => {
                self.end(false)?;
                let trim = std::mem::take(&mut self.trim_next);
                let text = self.skip_to("", "endraw", start)?;
                let text = if trim { text.trim_start() } else { text };
                return Ok(Some(Node::Text { text: text.into(), at: self.position(start) }));
            }
            _ => return Err(self.wrong(start, format!("there is no tag `{}`", shown(name)))),
        };
        self.end(false)?;
        Ok(Some(node))
    }

    fn choice(&mut self, unless: bool, end: &str, start: usize) -> Parse<Node> {
        let mut condition = self.condition()?;
        if unless {
            condition = condition.negated();
        }
        let mut arms = Vec::new();
        loop {
            self.end(false)?;
            let (body, stop) = self.nodes(&["elsif", "else", end])?;
            let stop = self.stopped(stop, end, start)?;
            arms.push((condition, body));
            match stop.name {
                "elsif" => condition = self.condition()?,
                "else" => {
                    let otherwise = self.last_body(end, start)?;
                    return Ok(Node::If { arms, otherwise });
                }
                _ => {
                    self.end(false)?;
                    return Ok(Node::If { arms, otherwise: Vec::new() });
                }
            }
        }
    }

    fn case(&mut self, end: &str, start: usize) -> Parse<Node> {
        let operand = self.operand()?;
        self.end(false)?;
        let (_, stop) = self.nodes(&["when", "else", end])?;
        let mut stop = self.stopped(stop, end, start)?;
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            match stop.name {
                "when" => {
                    let mut options = vec![self.operand()?];
                    while self.takes(Token::Symbol(","))? || self.takes(Token::Name("or"))? {
                        options.push(self.operand()?);
                    }
                    self.end(false)?;
                    let (body, next) = self.nodes(&["when", "else", end])?;
                    arms.push((options, body));
                    stop = self.stopped(next, end, start)?;
                    continue;
                }
                "else" => otherwise = self.last_body(end, start)?,
                _ => self.end(false)?,
            }
            return Ok(Node::Case { operand, arms, otherwise });
        }
    }

    fn repetition(&mut self, end: &str, start: usize) -> Parse<Node> {
        let name = self.name("`for` needs a name")?;
        let slot = self.slot(name);
        if !self.takes(Token::Name("in"))? {
            return Err(self.wrong(self.scanner.at, "`in` is missing"));
        }
        let over = match self.takes(Token::Symbol("("))? {
            true => {
                let from = self.operand()?;
                self.symbol("..")?;
                let to = self.operand()?;
                self.symbol(")")?;
                Over::Range(from, to)
            }
            false => Over::List(self.operand()?),
        };
        let (mut limit, mut offset, mut reversed) = (None, None, false);
        while let Token::Name(option) = self.scanner.peek()? {
            self.scanner.next()?;
            match option {
                "reversed" => reversed = true,
                "limit" | "offset" => {
                    self.symbol(":")?;
                    let value = Some(self.operand()?);
                    if option == "limit" { limit = value } else { offset = value }
                }
                _ => return Err(self.wrong(self.scanner.at, "`limit`, `offset` or `reversed`")),
            }
        }
        self.end(false)?;
        self.loops += 1;
        let (body, stop) = self.nodes(&["else", end])?;
        self.loops -= 1;
        let stop = self.stopped(stop, end, start)?;
        let otherwise = match stop.name {
            "else" => self.last_body(end, start)?,
            _ => {
                self.end(false)?;
                Vec::new()
            }
        };
        let forloop = self.slot("forloop");
        let repetition = For { slot, forloop, over, limit, offset, reversed, body, otherwise };
        Ok(Node::For(Box::new(repetition)))
    }

    fn capture(&mut self, end: &str, start: usize) -> Parse<Node> {
        let name = self.name("`capture` needs a name")?;
        let slot = self.slot(name);
        self.end(false)?;
        let body = self.last_nodes(end, start)?;
        Ok(Node::Capture(slot, body))
    }

    /// `cycle "a", "b"` or `cycle group: "a", "b"`; tags of one group, or with the same texts, take
    /// turns together.
    fn cycle(&mut self, tag: usize) -> Parse<Node> {
        let at = self.position(tag);
        let start = self.scanner.at;
        let mut first = self.operand()?;
        let grouped = self.takes(Token::Symbol(":"))?;
        let named = self.scanner.source[start..self.scanner.at].trim().to_owned();
        if grouped {
            first = self.operand()?;
        }
        let mut operands = vec![first];
        while self.takes(Token::Symbol(","))? {
            operands.push(self.operand()?);
        }
        let all = self.scanner.source[start..self.scanner.at].trim();
        let group = if grouped { named } else { all.to_owned() };
        let turn = self.cycles.iter().position(|known| *known == group);
        let turn = turn.unwrap_or_else(|| {
            self.cycles.push(group);
            self.cycles.len() - 1
        });
        Ok(Node::Cycle { turn, operands, place: Place::Text, at })
    }

    /// `{% # a remark %}`.
    fn remark(&mut self, start: usize) -> Parse<()> {
        let rest = self.scanner.rest();
        match rest.find("%}") {
            Some(len) => {
                self.trim_next = rest[..len].ends_with('-');
                self.scanner.at += len + 2;
                Ok(())
            }
            None => Err(self.wrong(start, "the tag is not closed")),
        }
    }

    /// The text up to the tag `close`, which is taken; `open` inside it must be closed, too.
    fn skip_to(&mut self, open: &str, close: &str, start: usize) -> Parse<&'s str> {
        let from = self.scanner.at;
        let mut depth = 1;
        while let Some(len) = self.scanner.rest().find("{%") {
            let begin = self.scanner.at + len;
            self.scanner.at = begin + 2;
            let rest = self.scanner.rest();
            let inside = rest.strip_prefix('-').unwrap_or(rest).trim_start();
            let word_end = inside.find(|c: char| !c.is_ascii_alphanumeric());
            let word = &inside[..word_end.unwrap_or(inside.len())];
            if word == close {
                depth -= 1;
            } else if word == open {
                depth += 1;
            }
            if depth == 0 {
                self.scanner.at = self.scanner.source.len() - inside.len() + close.len();
                self.end(false)?;
                let text = &self.scanner.source[from..begin];
                return Ok(if rest.starts_with('-') { text.trim_end() } else { text });
            }
        }
        Err(self.wrong(start, format!("`{close}` is missing")))
    }

    /// After `else`: the rest of the block.
    fn last_body(&mut self, end: &str, start: usize) -> Parse<Vec<Node>> {
        self.end(false)?;
        self.last_nodes(end, start)
    }

    fn last_nodes(&mut self, end: &str, start: usize) -> Parse<Vec<Node>> {
        let (nodes, stop) = self.nodes(&[end])?;
        self.stopped(stop, end, start)?;
        self.end(false)?;
        Ok(nodes)
    }

    fn stopped(&self, stop: Option<Stop<'s>>, end: &str, start: usize) -> Parse<Stop<'s>> {
        stop.ok_or_else(|| self.wrong(start, format!("`{end}` is missing")))
    }

    /// The end of a tag or an output.
    fn end(&mut self, wanted: bool) -> Parse<()> {
        let at = self.scanner.at;
        match self.scanner.next()? {
            Token::End { output, trim } if output == wanted => {
                self.trim_next = trim;
                Ok(())
            }
            _ if wanted => Err(self.wrong(at, "`}}` is missing here")),
            _ => Err(self.wrong(at, "`%}` is missing here")),
        }
    }

    fn slot(&mut self, name: &'s str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        self.slots.insert(name, self.names.len());
        self.names.push(name.into());
        self.names.len() - 1
    }

    fn name(&mut self, missing: &str) -> Parse<&'s str> {
        let at = self.scanner.at;
        match self.scanner.next()? {
            Token::Name(name) => Ok(name),
            _ => Err(self.wrong(at, missing)),
        }
    }

    fn symbol(&mut self, symbol: &'static str) -> Parse<()> {
        match self.takes(Token::Symbol(symbol))? {
            true => Ok(()),
            false => Err(self.wrong(self.scanner.at, format!("`{symbol}` is missing here"))),
        }
    }

    /// Takes the next word when it is `wanted`.
    fn takes(&mut self, wanted: Token<'_>) -> Parse<bool> {
        let found = self.scanner.peek()? == wanted;
        if found {
            self.scanner.next()?;
        }
        Ok(found)
    }

    fn position(&mut self, at: usize) -> Position {
        let (from, mut position) = self.counted;
        for c in self.scanner.source[from..at].chars() {
            match c {
                '\n' => position = Position { line: position.line + 1, column: 1 },
                _ => position.column += 1,
            }
        }
        self.counted = (at, position);
        position
    }

    fn wrong(&self, at: usize, message: impl Into<String>) -> TemplateError {
        self.scanner.wrong(at, message)
    }
}

/// Where the next `{{` or `{%` begins.
pub(super) fn next_tag(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = text[from..].find('{') {
        let at = from + found;
        if matches!(bytes.get(at + 1), Some(b'{' | b'%')) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
