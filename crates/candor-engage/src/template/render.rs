//! Walks a compiled template with the values of one person.
//!
//! Every node, path, filter and turn of a loop costs an instruction, and so does every 32 bytes
//! that are read or written; the measure is taken before the work is done. That bounds the time of
//! a render whatever the template says and whatever the values hold.

use super::error::RenderError;
use super::escape::{self, Place};
use super::syntax::{Chain, Comparison, Condition, For, Node, Operand, Over, Path, Position};
use super::value::Datum;
use super::{Limits, Template, Values};
use crate::links::Tracking;

/// Bytes, or places of a list, that are handled for one instruction.
const BYTES_PER_INSTRUCTION: usize = 32;

pub(super) struct Render<'v> {
    template: &'v Template,
    values: &'v Values,
    tracking: Option<&'v Tracking<'v>>,
    limits: &'v Limits,
    fuel: u32,
    /// What the template itself has set, by slot. It hides a value of the same name.
    locals: Vec<Option<Datum<'v>>>,
    turns: Vec<usize>,
    out: String,
    in_link: bool,
}

/// Whether the nodes after this one are still to be rendered.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

type Rendered<T> = Result<T, RenderError>;

impl<'v> Render<'v> {
    pub(super) fn run(
        template: &'v Template,
        values: &'v Values,
        limits: &'v Limits,
        tracking: Option<&'v Tracking<'v>>,
    ) -> Rendered<String> {
        let mut render = Render {
            template,
            values,
            tracking,
            limits,
            fuel: limits.instructions,
            locals: vec![None; template.names.len()],
            turns: vec![0; template.cycles],
            out: String::with_capacity(template.bytes.min(limits.output_bytes)),
            in_link: false,
        };
        render.nodes(&template.nodes)?;
        Ok(render.out)
    }

    fn nodes(&mut self, nodes: &'v [Node]) -> Rendered<Flow> {
        for node in nodes {
            let flow = self.node(node)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &'v Node) -> Rendered<Flow> {
        self.spend(1)?;
        match node {
            Node::Text { text, .. } => self.write(text)?,
            Node::Output { chain, place, at } => {
                let value = self.chain(chain, at.line)?;
                self.output(&value, *place, *at)?;
            }
            Node::Assign(slot, chain) => self.locals[*slot] = Some(self.chain(chain, 0)?),
            Node::Capture(slot, body) => {
                let outer = std::mem::take(&mut self.out);
                let flow = self.nodes(body)?;
                let captured = std::mem::replace(&mut self.out, outer);
                self.locals[*slot] = Some(Datum::made(captured));
                return Ok(flow);
            }
            Node::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if self.holds(condition)? {
                        return self.nodes(body);
                    }
                }
                return self.nodes(otherwise);
            }
            Node::Case { operand, arms, otherwise } => {
                let value = self.operand(operand)?;
                for (options, body) in arms {
                    for option in options {
                        if self.same(&value, option)? {
                            return self.nodes(body);
                        }
                    }
                }
                return self.nodes(otherwise);
            }
            Node::For(repetition) => return self.repeat(repetition),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::Cycle { turn, operands, place, at } => {
                let now = self.turns[*turn];
                self.turns[*turn] = now + 1;
                let value = self.operand(&operands[now % operands.len()])?;
                self.output(&value, *place, *at)?;
            }
            Node::Abort(reason) => return Err(self.abort(reason.as_ref())?),
            Node::Link { number, destination } => self.link(*number, destination)?,
            Node::Pixel => {
                if let Some(pixel) = self.tracking.and_then(Tracking::pixel) {
                    self.write(&pixel)?;
                }
            }
        }
        Ok(Flow::On)
    }

    fn output(&mut self, value: &Datum<'v>, place: Place, at: Position) -> Rendered<()> {
        let weight = self.weigh(value)?;
        // No escape makes less than nothing of a text: what is too long now stays too long.
        if weight > self.limits.output_bytes {
            return Err(self.too_long());
        }
        let written = escape::write(value, place, self.in_link, &mut self.out);
        written.map_err(|message| RenderError::unfit(at.line, message))?;
        self.check_length()
    }

    /// Renders the destination on its own, then writes what leads there.
    fn link(&mut self, number: Option<u16>, destination: &'v [Node]) -> Rendered<()> {
        let outer = std::mem::take(&mut self.out);
        self.in_link = true;
        self.nodes(destination)?;
        self.in_link = false;
        let address = std::mem::replace(&mut self.out, outer);
        let address = address.trim();
        let followed = match (self.tracking, number) {
            (Some(tracking), Some(number)) => {
                let constant = self.template.links[usize::from(number)].is_some();
                tracking.link(number, constant, address)?
            }
            _ => crate::links::checked(address)?.to_owned(),
        };
        self.spend(followed.len() / BYTES_PER_INSTRUCTION)?;
        escape::html(&followed, &mut self.out);
        self.check_length()
    }

    fn abort(&mut self, reason: Option<&'v Operand>) -> Rendered<RenderError> {
        let reason = match reason {
            Some(operand) => self.operand(operand)?,
            None => Datum::Text(""),
        };
        let text = reason.to_text().unwrap_or_default();
        Ok(RenderError::Aborted(text.chars().take(REASON_CHARS_MAX).collect()))
    }

    fn repeat(&mut self, repetition: &'v For) -> Rendered<Flow> {
        let offset = self.count(repetition.offset.as_ref())?.unwrap_or(0);
        let limit = self.count(repetition.limit.as_ref())?.unwrap_or(usize::MAX);
        let items = Items::new(self, &repetition.over)?;
        let first = offset.min(items.len());
        let passes = limit.min(items.len() - first);
        if passes == 0 {
            return self.nodes(&repetition.otherwise);
        }
        let hidden = self.locals[repetition.slot].take();
        let hidden_loop = self.locals[repetition.forloop].take();
        for pass in 0..passes {
            self.spend(1)?;
            let index = if repetition.reversed { passes - 1 - pass } else { pass };
            self.locals[repetition.slot] = Some(items.at(first + index));
            self.locals[repetition.forloop] = Some(Datum::Loop { pass, passes });
            if self.nodes(&repetition.body)? == Flow::Break {
                break;
            }
        }
        self.locals[repetition.slot] = hidden;
        self.locals[repetition.forloop] = hidden_loop;
        Ok(Flow::On)
    }

    fn count(&mut self, operand: Option<&'v Operand>) -> Rendered<Option<usize>> {
        let Some(operand) = operand else { return Ok(None) };
        match self.operand(operand)? {
            Datum::Integer(integer) => Ok(Some(usize::try_from(integer).unwrap_or(0))),
            _ => Err(RenderError::unfit(0, "`limit` and `offset` take whole numbers")),
        }
    }

    fn holds(&mut self, condition: &'v Condition) -> Rendered<bool> {
        self.spend(1)?;
        Ok(match condition {
            Condition::Holds(chain) => self.chain(chain, 0)?.is_true(),
            Condition::Not(condition) => !self.holds(condition)?,
            Condition::And(left, right) => self.holds(left)? && self.holds(right)?,
            Condition::Or(left, right) => self.holds(left)? || self.holds(right)?,
            Condition::Compare(left, comparison, right) => match comparison {
                Comparison::Equal => self.equal(left, right)?,
                Comparison::Unequal => !self.equal(left, right)?,
                Comparison::Contains => {
                    let (whole, part) = (self.operand(left)?, self.operand(right)?);
                    self.contains(&whole, &part)?
                }
                ordered => {
                    let (left, right) = (self.operand(left)?, self.operand(right)?);
                    self.weigh(&left)?;
                    left.compare(&right).is_some_and(|order| match ordered {
                        Comparison::Less => order.is_lt(),
                        Comparison::LessOrEqual => order.is_le(),
                        Comparison::Greater => order.is_gt(),
                        _ => order.is_ge(),
                    })
                }
            },
        })
    }

    fn equal(&mut self, left: &'v Operand, right: &'v Operand) -> Rendered<bool> {
        let (value, other) = match left {
            Operand::Empty | Operand::Blank => (right, left),
            _ => (left, right),
        };
        let value = self.operand(value)?;
        self.same(&value, other)
    }

    fn same(&mut self, value: &Datum<'v>, other: &'v Operand) -> Rendered<bool> {
        self.weigh(value)?;
        Ok(match other {
            Operand::Empty => value.is_empty(),
            Operand::Blank => value.is_blank(),
            other => value.equals(&self.operand(other)?),
        })
    }

    fn contains(&mut self, whole: &Datum<'v>, part: &Datum<'v>) -> Rendered<bool> {
        self.weigh(whole)?;
        self.weigh(part)?;
        if let Some(text) = whole.as_text() {
            return Ok(part.to_text().is_some_and(|part| text.contains(&*part)));
        }
        Ok(whole.items().any(|item| item.equals(part)))
    }

    /// A value through its filters. Only `default`, and only as the first, may find nothing.
    fn chain(&mut self, chain: &'v Chain, line: u32) -> Rendered<Datum<'v>> {
        let tolerant = chain.filters.first().is_some_and(|call| call.filter.name == "default");
        let mut value = match self.operand(&chain.operand) {
            Err(RenderError::Missing(_)) if tolerant => Datum::Nil,
            found => found?,
        };
        for call in &chain.filters {
            let mut arguments = Vec::with_capacity(call.arguments.len());
            for argument in &call.arguments {
                arguments.push(self.operand(argument)?);
            }
            self.weigh(&value)?;
            for argument in &arguments {
                self.weigh(argument)?;
            }
            self.spend(call.filter.cost)?;
            if call.allow_false && matches!(value, Datum::Bool(false)) {
                continue;
            }
            let made = (call.filter.apply)(value, &arguments, self.limits.output_bytes);
            value = made.map_err(|trouble| trouble.into_error(call, line, self.limits))?;
            self.weigh(&value)?;
        }
        Ok(value)
    }

    fn operand(&mut self, operand: &'v Operand) -> Rendered<Datum<'v>> {
        Ok(match operand {
            Operand::Nil => Datum::Nil,
            Operand::Bool(truth) => Datum::Bool(*truth),
            Operand::Integer(integer) => Datum::Integer(*integer),
            Operand::Float(float) => Datum::Float(*float),
            Operand::Text(text) => Datum::Text(text),
            Operand::Empty | Operand::Blank => Datum::Text(""),
            Operand::Path(path) => self.find(path)?,
        })
    }

    fn find(&mut self, path: &'v Path) -> Rendered<Datum<'v>> {
        self.spend(1 + path.steps.len())?;
        let name = &self.template.names[path.slot];
        let mut keys = Vec::new();
        let mut found = match &self.locals[path.slot] {
            Some(local) if path.steps.is_empty() => return Ok(local.clone()),
            Some(local) => Some(local.clone()),
            None => self.values.get(name).map(Datum::from),
        };
        for step in &path.steps {
            let key = self.operand(step)?;
            // The size of a text is counted; all else is looked up.
            if let Some(text) = found.as_ref().filter(|found| found.as_text().is_some()) {
                self.weigh(text)?;
            }
            found = found.and_then(|found| found.step(&key));
            keys.push(key);
        }
        match found {
            Some(Datum::Nil) | None => Err(RenderError::Missing(shown(name, &keys))),
            Some(found) => Ok(found),
        }
    }

    fn write(&mut self, text: &str) -> Rendered<()> {
        self.spend(text.len() / BYTES_PER_INSTRUCTION)?;
        self.out.push_str(text);
        self.check_length()
    }

    fn check_length(&self) -> Rendered<()> {
        match self.out.len() > self.limits.output_bytes {
            true => Err(self.too_long()),
            false => Ok(()),
        }
    }

    fn too_long(&self) -> RenderError {
        RenderError::TooLong { bytes_max: self.limits.output_bytes }
    }

    /// Pays for handling a value, by its size.
    fn weigh(&mut self, value: &Datum<'v>) -> Rendered<usize> {
        let most = self.fuel as usize * BYTES_PER_INSTRUCTION;
        let weight = value.weight(most);
        self.spend(weight / BYTES_PER_INSTRUCTION)?;
        Ok(weight)
    }

    fn spend(&mut self, instructions: usize) -> Rendered<()> {
        let spent = u32::try_from(instructions).ok();
        match spent.and_then(|spent| self.fuel.checked_sub(spent)) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => {
                self.fuel = 0;
                Err(RenderError::OutOfFuel { instructions: self.limits.instructions })
            }
        }
    }
}

/// Characters of a reason to abort that are kept.
const REASON_CHARS_MAX: usize = 200;

/// What a loop goes over; a range is counted, never made.
enum Items<'v> {
    List(Datum<'v>),
    Pairs(Vec<Datum<'v>>),
    Range(i64, usize),
}

impl<'v> Items<'v> {
    fn new(render: &mut Render<'v>, over: &'v Over) -> Rendered<Items<'v>> {
        let operand = match over {
            Over::List(operand) => operand,
            Over::Range(from, to) => {
                let bounds = (render.operand(from)?, render.operand(to)?);
                let (Datum::Integer(from), Datum::Integer(to)) = bounds else {
                    return Err(RenderError::unfit(0, "a range goes between whole numbers"));
                };
                let len = i128::from(to) - i128::from(from) + 1;
                return Ok(Items::Range(from, usize::try_from(len).unwrap_or(0)));
            }
        };
        let value = render.operand(operand)?;
        match &value {
            Datum::Object(map) => {
                render.spend(map.len())?;
                let pair = |(key, item): (&'v String, &'v serde_json::Value)| {
                    Datum::MadeList([Datum::Text(key), Datum::from(item)].into())
                };
                Ok(Items::Pairs(map.iter().map(pair).collect()))
            }
            _ if value.list_len().is_some() => Ok(Items::List(value)),
            Datum::Nil => Ok(Items::Pairs(Vec::new())),
            _ if value.is_empty() => Ok(Items::Pairs(Vec::new())),
            _ => Err(RenderError::unfit(0, "`for` goes over a list")),
        }
    }

    fn len(&self) -> usize {
        match self {
            Items::List(list) => list.list_len().unwrap_or(0),
            Items::Pairs(pairs) => pairs.len(),
            Items::Range(_, len) => *len,
        }
    }

    fn at(&self, index: usize) -> Datum<'v> {
        match self {
            Items::List(list) => list.at(index).unwrap_or(Datum::Nil),
            Items::Pairs(pairs) => pairs[index].clone(),
            Items::Range(from, _) => Datum::Integer(from.saturating_add(index as i64)),
        }
    }
}

/// A path as its author would write it.
fn shown(name: &str, keys: &[Datum<'_>]) -> String {
    let mut path = name.to_owned();
    for key in keys {
        match key {
            Datum::Integer(index) => path.push_str(&format!("[{index}]")),
            key => {
                path.push('.');
                path.extend(key.to_text().unwrap_or_default().chars().take(KEY_CHARS_MAX));
            }
        }
    }
    path
}

/// Characters of one name of a path that are shown.
const KEY_CHARS_MAX: usize = 64;
