//! The picture of paths: nodes and links step by step, and the most frequent ways in full.

use std::collections::HashMap;
use std::sync::Arc;

use candor_store::View;
use serde::Serialize;

use crate::group::OTHER;
use crate::paths::Plan;
use crate::paths::ways::Way;

/// The answer to a question about paths.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// By step, the most frequent first, `(other)` last.
    pub nodes: Vec<Node>,
    /// The same.
    pub links: Vec<Link>,
    /// The most frequent paths in full.
    pub sequences: Vec<Sequence>,
}

/// An event at a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// How far from the start, or from the end; 0 is that event itself.
    pub step: usize,
    /// The event's name; `(other)` for the rest.
    pub event: String,
    /// Paths that come through.
    pub count: u64,
}

/// Two events that follow each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The step of the one that is nearer to the start, or to the end.
    pub step: usize,
    /// The event that comes first.
    pub from: String,
    /// The one that comes next.
    pub to: String,
    /// Paths that go along.
    pub count: u64,
}

/// One path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sequence {
    /// Its events as they happened; fewer than asked for where the visit has no more.
    pub events: Vec<String>,
    /// How often it was gone.
    pub count: u64,
}

/// All that is known of all ways.
pub(super) struct Totals {
    /// By step and by code of an event.
    nodes: Vec<Vec<u64>>,
    /// By step, the event there and the one of the next step.
    links: HashMap<(usize, u16, u16), u64, ahash::RandomState>,
    /// The most frequent ways: how often, and the events in the order of time.
    best: Vec<(u64, Vec<u16>)>,
    names: Vec<Arc<str>>,
    /// By code: the place of the name among all names.
    rank: Vec<u16>,
}

impl Totals {
    pub(super) fn new(plan: &Plan<'_>, view: &View) -> Totals {
        let names = view.volumes.first().map_or(Vec::new(), |v| v.event_names().to_vec());
        let mut sorted: Vec<u16> = (0..names.len() as u16).collect();
        sorted.sort_unstable_by_key(|code| &names[usize::from(*code)]);
        let mut rank = vec![0; names.len()];
        for (place, code) in sorted.into_iter().enumerate() {
            rank[usize::from(code)] = place as u16;
        }
        let nodes = vec![vec![0; names.len()]; plan.question.steps + 1];
        Totals { nodes, links: HashMap::default(), best: Vec::new(), names, rank }
    }

    /// Adds ways that are in no other part.
    pub(super) fn add<const WORDS: usize>(
        &mut self,
        plan: &Plan<'_>,
        counts: HashMap<Way<WORDS>, u64, ahash::RandomState>,
    ) {
        for (way, count) in &counts {
            let mut before = None;
            for (step, code) in way.codes().enumerate() {
                self.nodes[step][usize::from(code)] += count;
                if let Some(before) = before {
                    *self.links.entry((step - 1, before, code)).or_default() += count;
                }
                before = Some(code);
            }
        }
        let ranks = |way: &Way<WORDS>| {
            let mut ranks = [None; super::STEPS_MAX + 1];
            for (at, code) in way.codes().enumerate() {
                ranks[at] = Some(self.rank[usize::from(code)]);
            }
            if plan.backwards {
                let len = way.codes().count();
                ranks[..len].reverse();
            }
            ranks
        };
        let mut ways: Vec<(Way<WORDS>, u64)> = counts.into_iter().collect();
        let shown = plan.question.sequences;
        if ways.len() > shown {
            ways.select_nth_unstable_by(shown - 1, |(a, x), (b, y)| {
                y.cmp(x).then_with(|| ranks(a).cmp(&ranks(b)))
            });
            ways.truncate(shown);
        }
        self.best.extend(ways.into_iter().map(|(way, count)| {
            let mut codes: Vec<u16> = way.codes().collect();
            if plan.backwards {
                codes.reverse();
            }
            (count, codes)
        }));
        let rank = &self.rank;
        let ranks = |codes: &Vec<u16>| -> Vec<u16> {
            codes.iter().map(|code| rank[usize::from(*code)]).collect()
        };
        self.best.sort_by_cached_key(|(count, codes)| (u64::MAX - count, ranks(codes)));
        self.best.truncate(shown);
    }

    /// The events of a step that are shown, the most frequent first.
    pub(super) fn top(&self, step: usize, plan: &Plan<'_>) -> Vec<u16> {
        let counts = &self.nodes[step];
        let mut codes: Vec<u16> = (0..counts.len() as u16).collect();
        codes.retain(|code| counts[usize::from(*code)] > 0);
        codes.sort_by_key(|code| {
            let code = usize::from(*code);
            (u64::MAX - counts[code], self.rank[code])
        });
        codes.truncate(plan.question.top);
        codes
    }

    pub(super) fn answer(&self, plan: &Plan<'_>) -> Answer {
        let tops: Vec<Vec<u16>> = (0..self.nodes.len()).map(|step| self.top(step, plan)).collect();
        let name = |code: Option<u16>| match code {
            Some(code) => self.names[usize::from(code)].to_string(),
            None => OTHER.to_owned(),
        };
        let mut nodes = Vec::new();
        for (step, (top, counts)) in tops.iter().zip(&self.nodes).enumerate() {
            let count = |code: &u16| counts[usize::from(*code)];
            let shown = top.iter().map(|code| (Some(*code), count(code)));
            let rest = counts.iter().sum::<u64>() - top.iter().map(count).sum::<u64>();
            let rest = (rest > 0).then_some((None, rest));
            nodes.extend(shown.chain(rest).map(|(code, count)| Node {
                step,
                event: name(code),
                count,
            }));
        }
        Answer { nodes, links: self.links(plan, &tops, name), sequences: self.sequences() }
    }

    fn links(
        &self,
        plan: &Plan<'_>,
        tops: &[Vec<u16>],
        name: impl Fn(Option<u16>) -> String,
    ) -> Vec<Link> {
        let shown = |step: usize, code: u16| tops[step].iter().position(|top| *top == code);
        type Shown = (usize, Option<usize>, Option<usize>);
        let mut joined: HashMap<Shown, u64> = HashMap::new();
        for ((step, here, next), count) in &self.links {
            let (here, next) = (shown(*step, *here), shown(step + 1, *next));
            *joined.entry((*step, here, next)).or_default() += count;
        }
        let mut links: Vec<(Shown, u64)> = joined.into_iter().collect();
        let last = |place: Option<usize>| place.unwrap_or(usize::MAX);
        links.sort_by_key(|((step, here, next), count)| {
            let rest = here.is_none() || next.is_none();
            (*step, rest, u64::MAX - count, last(*here), last(*next))
        });
        let link = |((step, here, next), count): (Shown, u64)| {
            let here = name(here.map(|place| tops[step][place]));
            let next = name(next.map(|place| tops[step + 1][place]));
            let (from, to) = if plan.backwards { (next, here) } else { (here, next) };
            Link { step, from, to, count }
        };
        links.into_iter().map(link).collect()
    }

    fn sequences(&self) -> Vec<Sequence> {
        let name = |code: &u16| self.names[usize::from(*code)].to_string();
        let sequence = |(count, codes): &(u64, Vec<u16>)| Sequence {
            events: codes.iter().map(name).collect(),
            count: *count,
        };
        self.best.iter().map(sequence).collect()
    }
}
