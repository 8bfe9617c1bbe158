//! Operands, conditions, and values with their filters.

use super::{Chain, Operand, Parse, Parser, Token, shown};
use crate::template::filters;
use crate::template::syntax::{Call, Comparison, Condition, Path};
use crate::template::{ARGUMENTS_MAX, FILTERS_MAX, NESTING_MAX};

impl Condition {
    pub(super) fn negated(self) -> Condition {
        Condition::Not(Box::new(self))
    }
}

impl<'s> Parser<'s> {
    /// `x | filter: argument, …`
    pub(super) fn chain(&mut self) -> Parse<Chain> {
        let operand = self.operand()?;
        let filters = self.filters()?;
        Ok(Chain { operand, filters })
    }

    fn filters(&mut self) -> Parse<Vec<Call>> {
        let mut calls = Vec::new();
        while self.takes(Token::Symbol("|"))? {
            if calls.len() == FILTERS_MAX {
                let message = format!("more than {FILTERS_MAX} filters in a row");
                return Err(self.wrong(self.scanner.at, message));
            }
            calls.push(self.call()?);
        }
        Ok(calls)
    }

    fn call(&mut self) -> Parse<Call> {
        self.scanner.skip_space();
        let at = self.scanner.at;
        let name = self.name("a filter's name is missing")?;
        let Some(filter) = filters::find(name) else {
            return Err(self.wrong(at, format!("there is no filter `{}`", shown(name))));
        };
        let mut arguments = Vec::new();
        let mut allow_false = false;
        let mut more = self.takes(Token::Symbol(":"))?;
        while more {
            let named = self.scanner.peek()? == Token::Name("allow_false");
            if named && filter.name == "default" {
                self.scanner.next()?;
                self.symbol(":")?;
                allow_false = matches!(self.operand()?, Operand::Bool(true));
            } else if arguments.len() < ARGUMENTS_MAX {
                arguments.push(self.operand()?);
            } else {
                break;
            }
            more = self.takes(Token::Symbol(","))?;
        }
        if !filter.arguments.contains(&arguments.len()) {
            let (least, most) = (filter.arguments.start(), filter.arguments.end());
            let message = match least == most {
                true => format!("`{name}` takes {least} arguments"),
                false => format!("`{name}` takes {least} to {most} arguments"),
            };
            return Err(self.wrong(at, message));
        }
        Ok(Call { filter, arguments, allow_false })
    }

    /// `a`, `a == b`, and several of them with `and` and `or`, which bind to the right as in every
    /// Liquid. Filters may follow a single value: `if plan | default: false`.
    pub(super) fn condition(&mut self) -> Parse<Condition> {
        let mut parts = vec![(self.comparison()?, "")];
        loop {
            let word = match self.scanner.peek()? {
                Token::Name("and") => "and",
                Token::Name("or") => "or",
                _ => break,
            };
            self.scanner.next()?;
            if parts.len() == ARGUMENTS_MAX {
                let message = format!("more than {ARGUMENTS_MAX} conditions in a row");
                return Err(self.wrong(self.scanner.at, message));
            }
            parts.push((self.comparison()?, word));
        }
        let (mut right, mut word) = parts.remove(parts.len() - 1);
        while let Some((left, before)) = parts.pop() {
            right = match word {
                "and" => Condition::And(Box::new(left), Box::new(right)),
                _ => Condition::Or(Box::new(left), Box::new(right)),
            };
            word = before;
        }
        Ok(right)
    }

    fn comparison(&mut self) -> Parse<Condition> {
        let left = self.operand()?;
        let comparison = match self.scanner.peek()? {
            Token::Symbol("==") => Comparison::Equal,
            Token::Symbol("!=" | "<>") => Comparison::Unequal,
            Token::Symbol("<") => Comparison::Less,
            Token::Symbol("<=") => Comparison::LessOrEqual,
            Token::Symbol(">") => Comparison::Greater,
            Token::Symbol(">=") => Comparison::GreaterOrEqual,
            Token::Name("contains") => Comparison::Contains,
            _ => {
                let filters = self.filters()?;
                return Ok(Condition::Holds(Chain { operand: left, filters }));
            }
        };
        self.scanner.next()?;
        Ok(Condition::Compare(left, comparison, self.operand()?))
    }

    pub(super) fn operand(&mut self) -> Parse<Operand> {
        self.scanner.skip_space();
        let at = self.scanner.at;
        Ok(match self.scanner.next()? {
            Token::Text(text) => Operand::Text(text.into()),
            Token::Integer(integer) => Operand::Integer(integer),
            Token::Float(float) => Operand::Float(float),
            Token::Name("true") => Operand::Bool(true),
            Token::Name("false") => Operand::Bool(false),
            Token::Name("nil" | "null") => Operand::Nil,
            Token::Name("empty") => Operand::Empty,
            Token::Name("blank") => Operand::Blank,
            Token::Name(name) => Operand::Path(self.path(name)?),
            _ => return Err(self.wrong(at, "a value is missing here")),
        })
    }

    fn path(&mut self, name: &'s str) -> Parse<Path> {
        let slot = self.slot(name);
        let mut steps = Vec::new();
        // A dot or a bracket belongs to the path only without a space before it.
        loop {
            let rest = self.scanner.rest();
            let at = self.scanner.at;
            if steps.len() > NESTING_MAX {
                return Err(self.wrong(at, format!("more than {NESTING_MAX} levels")));
            }
            if rest.starts_with('.') && !rest.starts_with("..") {
                self.scanner.at += 1;
                steps.push(Operand::Text(self.name("a name is missing after the dot")?.into()));
            } else if rest.starts_with('[') {
                self.scanner.at += 1;
                self.nesting += 1;
                if self.nesting > NESTING_MAX {
                    return Err(self.wrong(at, format!("more than {NESTING_MAX} levels")));
                }
                steps.push(self.operand()?);
                self.nesting -= 1;
                self.symbol("]")?;
            } else {
                return Ok(Path { slot, steps });
            }
        }
    }
}
