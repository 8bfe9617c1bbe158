//! A compiled template: what the parser makes and the renderer walks.

use super::escape::Place;
use super::filters::Filter;

/// Where something stands in the source, both counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A name of the template, as its place in the table of names.
pub(super) type Slot = usize;

#[derive(Debug)]
pub(super) enum Node {
    Text {
        text: Box<str>,
        at: Position,
    },
    /// `{{ … }}`, and what keeps its value in its place.
    Output {
        chain: Chain,
        place: Place,
        at: Position,
    },
    Assign(Slot, Chain),
    Capture(Slot, Vec<Node>),
    If {
        arms: Vec<(Condition, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    Case {
        operand: Operand,
        arms: Vec<(Vec<Operand>, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For(Box<For>),
    Break,
    Continue,
    /// What takes turns, and the place in the table of turns.
    Cycle {
        turn: usize,
        operands: Vec<Operand>,
        place: Place,
        at: Position,
    },
    Abort(Option<Operand>),
    /// The whole `href` of an anchor, without markup's escapes. One that leads to us already has
    /// no number and is not followed.
    Link {
        number: Option<u16>,
        destination: Vec<Node>,
    },
    /// Where the picture stands that tells of an opening.
    Pixel,
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) slot: Slot,
    pub(super) forloop: Slot,
    pub(super) over: Over,
    pub(super) limit: Option<Operand>,
    pub(super) offset: Option<Operand>,
    pub(super) reversed: bool,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Over {
    List(Operand),
    Range(Operand, Operand),
}

#[derive(Debug)]
pub(super) enum Condition {
    Holds(Chain),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// A value and the filters it goes through.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) operand: Operand,
    pub(super) filters: Vec<Call>,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) filter: &'static Filter,
    pub(super) arguments: Vec<Operand>,
    /// `default: …, allow_false: true`, the one named argument there is.
    pub(super) allow_false: bool,
}

#[derive(Debug)]
pub(super) enum Operand {
    Nil,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Box<str>),
    Empty,
    Blank,
    Path(Path),
}

#[derive(Debug)]
pub(super) struct Path {
    pub(super) slot: Slot,
    pub(super) steps: Vec<Operand>,
}
