//! How messages end, and when their ends are worth a commit.

use candor_catalog::{Delivery, DeliveryState, Moved};
use tokio::task::JoinError;
use tokio::time::Instant;

use super::{ANSWER_WAITS_MAX, COMMIT_AT, END_WAITS_MAX, Flying, Work};
use crate::channel::Answer;
use crate::dispatch::gate::Recall;
use crate::dispatch::reason::DropReason;
use crate::dispatch::settle;

/// What became of a message, before it is durable.
pub(super) struct End {
    pub(super) delivery: Delivery,
    pub(super) moved: Moved,
    pub(super) variant: Option<String>,
}

impl Work<'_> {
    /// Ends a message that does not go. Where it is `doubted`, it may have gone before a crash:
    /// nobody may say that it did not.
    pub(super) fn drops(
        &mut self,
        delivery: Delivery,
        reason: DropReason,
        (doubted, detail): (bool, Option<String>),
        variant: Option<String>,
    ) {
        let moved = match doubted {
            true => settle::doubted(&delivery, reason),
            false => settle::dropped(&delivery, reason, detail),
        };
        self.ends_as(End { delivery, moved, variant });
    }

    pub(super) fn ends_with(
        &mut self,
        delivery: Delivery,
        variant: Option<String>,
        address: Option<String>,
        answer: &Answer,
    ) {
        let now = self.sender.now();
        let moved = settle::answered(self.plan, &delivery, answer, now);
        if moved.to == DeliveryState::Planned {
            self.put_off(moved.due);
        }
        match answer {
            // A webhook's address is nobody's own: there is none to leave alone.
            Answer::NoSuchAddress { retire: true, .. } => {
                self.retired.extend(address.filter(|address| !address.is_empty()));
            }
            Answer::BadContent { code } if self.plan.is_bad(now) => {
                self.pauses = Some(code.clone());
                self.halted = true;
            }
            _ => {}
        }
        self.ends_as(End { delivery, moved, variant });
    }

    pub(super) fn ended(&mut self, ended: Result<(u32, Result<Answer, Recall>), JoinError>) {
        // A task that broke says nothing of its message: its lease runs out, and it goes again.
        let Ok((at, answer)) = ended else { return };
        let Some(flying) = self.flown.remove(&at) else { return };
        let now = self.sender.now();
        let Flying { delivery, doubted, variant, address, place } = flying;
        self.places.push(place);
        if answer.is_err() {
            self.flow.give_back(1);
            self.plan.throttle.give_back(1);
        }
        match answer {
            Ok(answer) => {
                self.flow.answered(&answer, now);
                self.ends_with(delivery, variant, Some(address), &answer);
            }
            Err(Recall::Dropped(reason)) => self.drops(delivery, reason, (doubted, None), variant),
            Err(Recall::Halted) => {
                self.put_off(now);
                // What may have gone before stays as it is, and is asked about again.
                if !doubted {
                    let moved = settle::put_off(&delivery, now);
                    self.ends_as(End { delivery, moved, variant });
                }
            }
        }
    }

    pub(super) fn ends_as(&mut self, end: End) {
        if self.ends.is_empty() {
            self.first_end_at = Instant::now();
        }
        self.ends.push(end);
    }

    /// Ends are committed when there are many, when no more are near, and in any case soon: one
    /// message of which nobody says anything for minutes must not keep the others from being known.
    pub(super) fn worth_a_commit(&self) -> bool {
        let idle = self.flown.is_empty() && self.ready.is_empty() && self.making.is_empty();
        let soon = idle || self.pauses.is_some() || self.first_end_at.elapsed() >= END_WAITS_MAX;
        self.ends.len() >= COMMIT_AT || (soon && !self.ends.is_empty())
    }

    /// Whether nothing is left to do but to wait for answers, and for a while already: another may
    /// work meanwhile.
    pub(super) fn rests(&self) -> bool {
        let done = self.todo.is_empty() && self.making.is_empty() && self.ready.is_empty();
        done && self.ends.is_empty() && self.first_end_at.elapsed() >= ANSWER_WAITS_MAX
    }
}
