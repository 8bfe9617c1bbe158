//! The words inside `{{ }}` and `{% %}`.

use super::error::TemplateError;
use super::syntax::Position;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'s> {
    Name(&'s str),
    Text(&'s str),
    Integer(i64),
    Float(f64),
    /// `|`, `==`, `..` and so on.
    Symbol(&'static str),
    /// `}}` or `%}`; with a dash before it, what follows loses its leading space.
    End {
        output: bool,
        trim: bool,
    },
}

/// Longest first where one begins another.
const SYMBOLS: [&str; 17] =
    ["==", "!=", "<>", "<=", ">=", "..", "<", ">", "=", "|", ":", ",", ".", "[", "]", "(", ")"];

const ENDS: [(&str, bool, bool); 4] =
    [("-}}", true, true), ("-%}", false, true), ("}}", true, false), ("%}", false, false)];

/// A place in the source that moves forward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'s> {
    pub(super) source: &'s str,
    pub(super) at: usize,
}

impl<'s> Scanner<'s> {
    pub(super) fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// Counts lines; only asked for when something is wrong, or once for each `{{ }}`.
    pub(super) fn position(&self, at: usize) -> Position {
        let before = &self.source[..at];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
        Position { line, column }
    }

    pub(super) fn wrong(&self, at: usize, message: impl Into<String>) -> TemplateError {
        let Position { line, column } = self.position(at);
        TemplateError { line, column, message: message.into() }
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.source.len() - self.rest().trim_start().len();
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Result<Token<'s>, TemplateError> {
        let mut ahead = *self;
        ahead.next()
    }

    pub(super) fn next(&mut self) -> Result<Token<'s>, TemplateError> {
        self.skip_space();
        let rest = self.rest();
        let end = ENDS.iter().find(|(text, ..)| rest.starts_with(text));
        if let Some((text, output, trim)) = end {
            self.at += text.len();
            return Ok(Token::End { output: *output, trim: *trim });
        }
        match rest.bytes().next() {
            None => Err(self.wrong(self.at, "the tag is not closed")),
            Some(quote @ (b'"' | b'\'')) => self.text(quote),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => Ok(Token::Name(self.name())),
            Some(b) if b.is_ascii_digit() || b == b'-' || b == b'+' => self.number(),
            _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(Token::Symbol(symbol))
                }
                None => Err(self.wrong(self.at, "this does not belong in a tag")),
            },
        }
    }

    fn text(&mut self, quote: u8) -> Result<Token<'s>, TemplateError> {
        let inside = &self.rest()[1..];
        match inside.find(char::from(quote)) {
            Some(len) => {
                self.at += len + 2;
                Ok(Token::Text(&inside[..len]))
            }
            None => Err(self.wrong(self.at, "the quoted text is not closed")),
        }
    }

    /// Letters, digits, `_` and `-`; a dash that belongs to `-}}` is left.
    fn name(&mut self) -> &'s str {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut len = 1;
        while let Some(b) = bytes.get(len) {
            let dash = *b == b'-' && !matches!(bytes.get(len + 1), Some(b'}' | b'%'));
            if !(b.is_ascii_alphanumeric() || *b == b'_' || dash) {
                break;
            }
            len += 1;
        }
        self.at += len;
        &rest[..len]
    }

    fn number(&mut self) -> Result<Token<'s>, TemplateError> {
        let (start, rest) = (self.at, self.rest());
        let digits =
            |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count() + from;
        let whole = digits(usize::from(!rest.starts_with(|c: char| c.is_ascii_digit())));
        let fraction = rest[whole..].starts_with('.')
            && rest[whole + 1..].starts_with(|c: char| c.is_ascii_digit());
        let len = if fraction { digits(whole + 1) } else { whole };
        self.at += len;
        let text = &rest[..len];
        let number = match fraction {
            true => text.parse().ok().filter(|float: &f64| float.is_finite()).map(Token::Float),
            false => text.parse().ok().map(Token::Integer),
        };
        number.ok_or_else(|| self.wrong(start, format!("`{}` is not a number", shown(text))))
    }
}

/// The start of a text from the source, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
