//! Messages that are made ahead: group by group, off the threads that wait.

use std::collections::VecDeque;
use std::sync::Arc;

use candor_catalog::Delivery;
use tokio::task::{JoinError, JoinHandle};

use super::Error;
use super::gate::{Ready, Stop, Wanted};
use super::sender::{Plan, Sender};

/// Messages that are made together.
pub(super) const MADE_TOGETHER: usize = 32;
/// Groups that are made ahead.
const GROUPS_AHEAD: usize = 2;

/// Messages with what the gates said of each.
pub(super) type Made = Vec<(Delivery, Result<Ready, Stop>)>;

/// Groups that are being made, in their order.
#[derive(Default)]
pub(super) struct Making(VecDeque<Group>);

enum Group {
    Begun(JoinHandle<Made>),
    Ended(Result<Made, JoinError>),
}

impl Making {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Begins as many groups as are made ahead.
    pub(super) fn begin(
        &mut self,
        sender: &Arc<Sender>,
        plan: &Arc<Plan>,
        todo: &mut VecDeque<Delivery>,
    ) {
        while self.0.len() < GROUPS_AHEAD && !todo.is_empty() {
            let group: Vec<Delivery> = todo.drain(..MADE_TOGETHER.min(todo.len())).collect();
            let (sender, plan) = (sender.clone(), plan.clone());
            let runtime = tokio::runtime::Handle::current();
            self.0.push_back(Group::Begun(tokio::task::spawn_blocking(move || {
                let judged = |delivery: Delivery| {
                    let newer = sender.has_newer(&plan, &delivery, &runtime);
                    let wanted = Wanted { person: delivery.person, id: delivery.id, newer };
                    let judged = sender.judge(&plan, &wanted, sender.now());
                    (delivery, judged)
                };
                group.into_iter().map(judged).collect()
            })));
        }
    }

    /// The first group, if it is made; waits for it where `wait`.
    ///
    /// # Errors
    /// [`Error::Broken`] where making it broke.
    pub(super) async fn take(&mut self, wait: bool) -> Result<Option<Made>, Error> {
        match self.0.front() {
            None => return Ok(None),
            Some(Group::Begun(first)) if !wait && !first.is_finished() => return Ok(None),
            Some(_) => self.ready().await,
        }
        let Some(Group::Ended(made)) = self.0.pop_front() else { return Ok(None) };
        made.map(Some).map_err(|_| Error::Broken("a message could not be made"))
    }

    /// Leaves what is being made to nobody.
    pub(super) fn abandon(&mut self) {
        for group in self.0.drain(..) {
            if let Group::Begun(group) = group {
                group.abort();
            }
        }
    }

    /// Ends when the first group is made.
    pub(super) async fn ready(&mut self) {
        if let Some(first) = self.0.front_mut()
            && let Group::Begun(making) = first
        {
            *first = Group::Ended(making.await);
        }
    }
}
