//! Who works on what: a few workers for each provider, each on a part of an audience.

use std::sync::{Arc, PoisonError};

use candor_catalog::{Lane, Lease, RunState, Standing};
use candor_engage::dispatch::{Flow, LEASE_MS, work};
use candor_engage::provider::Provider;
use candor_event::Timestamp;

use super::Engine;
use super::plans::{NoPlan, plan_of};
use crate::server::{Server, Tenant};

/// Parts of audiences that are worked on at once by one provider. Two fill the window, and the
/// fewer they are the more each commits at once.
const WORKERS_MAX: usize = 2;

/// What is known of one lane.
#[derive(Default)]
pub struct State {
    /// Who works, and who is there at all: some only wait for answers.
    busy: usize,
    there: usize,
    /// The provider whose flow this is: another one, and it begins anew.
    flow: Option<(Arc<Provider>, Arc<Flow>)>,
}

/// Whether anybody still works.
pub fn working(server: &Server) -> bool {
    let lanes = server.engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    lanes.values().any(|lane| lane.there > 0)
}

/// Gives out leases of what is due.
pub async fn lease(server: &Arc<Server>) -> anyhow::Result<()> {
    let now = server.now();
    for (lane, waiting) in server.catalog.lanes_due(now).await? {
        tell_who_waits(server, &lane, waiting);
        let Some(tenant) = server.tenant(lane.account.as_str()) else { continue };
        while let Some((busy, there)) = begins(server, &lane) {
            let until = Timestamp(server.now().0 + LEASE_MS);
            let halted =
                tenant.sender().await?.halts.is_off(&lane.channel) || is_held(server, &lane, now);
            let lease = match halted {
                true => server.catalog.lease_stopped(&lane, server.now(), until).await?,
                false => server.catalog.lease(&lane, server.now(), until).await?,
            };
            let Some(lease) = lease else { break };
            let (server, tenant, lane) = (server.clone(), tenant.clone(), lane.clone());
            tokio::spawn(async move {
                if let Err(error) = one(&server, &tenant, &lane, &lease, busy).await {
                    tracing::error!(error = format!("{error:#}"), "a worker ended");
                }
                drop(there);
            });
        }
    }
    Ok(())
}

/// A worker who counts in a lane until this is dropped: however the worker ends.
struct Counts {
    server: Arc<Server>,
    lane: Lane,
    of: fn(&mut State) -> &mut usize,
}

impl Drop for Counts {
    fn drop(&mut self) {
        let lanes = &self.server.engine.lanes;
        let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = lanes.get_mut(&self.lane) {
            *(self.of)(state) -= 1;
        }
        drop(lanes);
        self.server.engine.wake();
    }
}

/// Whoever works on one run for long makes room for others that wait.
fn tell_who_waits(server: &Server, lane: &Lane, waiting: Vec<String>) {
    let lanes = server.engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, flow)) = lanes.get(lane).and_then(|lane| lane.flow.as_ref()) {
        flow.runs_wait(waiting);
    }
}

fn is_held(server: &Server, lane: &Lane, now: Timestamp) -> bool {
    let lanes = server.engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    let flow = lanes.get(lane).and_then(|lane| lane.flow.as_ref());
    flow.is_some_and(|(_, flow)| flow.held_until(now).is_some())
}

/// Takes a worker's place, if there is one: it counts as busy, and as there.
fn begins(server: &Arc<Server>, lane: &Lane) -> Option<(Counts, Counts)> {
    let mut lanes = server.engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    let state = lanes.entry(lane.clone()).or_default();
    if state.busy >= WORKERS_MAX {
        return None;
    }
    state.busy += 1;
    state.there += 1;
    let counts = |of| Counts { server: server.clone(), lane: lane.clone(), of };
    Some((counts(|state| &mut state.busy), counts(|state| &mut state.there)))
}

/// Somebody changed a provider: whatever it said before, it is asked at once.
pub fn renew(engine: &Engine, lane: &Lane) {
    let mut lanes = engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(state) = lanes.get_mut(lane) {
        state.flow = None;
    }
    engine.flows.write().unwrap_or_else(PoisonError::into_inner).remove(lane);
}

/// Works on one lease.
async fn one(
    server: &Server,
    tenant: &Tenant,
    lane: &Lane,
    lease: &Lease,
    busy: Counts,
) -> anyhow::Result<()> {
    let (seen, plan) = match plan_of(server, tenant, &lease.run).await? {
        Ok(found) => found,
        Err(NoPlan::Rests) => {
            server.catalog.release(lease, Some(server.now())).await?;
            return Ok(());
        }
        Err(NoPlan::Missing(note)) => {
            let run = server.catalog.run(&lease.account, &lease.run).await?;
            if let Some(run) = run.filter(|run| run.state == RunState::Running) {
                let now = server.now();
                server.catalog.move_run(&run, RunState::Paused, Some(&note), now).await?;
            }
            server.catalog.release(lease, Some(server.now())).await?;
            return Ok(());
        }
    };
    let standing = standing(server, lane).await?;
    let flow = flow(server, lane, &plan.provider, standing);
    // Where it fails it is not given back: it runs out, and what was not told is told again.
    Ok(work(tenant.sender().await?, &plan, &flow, lease, seen, busy).await?)
}

/// How a provider stood when that was kept last.
async fn standing(server: &Server, lane: &Lane) -> anyhow::Result<Standing> {
    let Lane { account, channel, provider } = lane;
    let kept = server.catalog.credential(account, channel, provider).await?;
    Ok(kept.map(|kept| kept.standing).unwrap_or_default())
}

/// The flow of a provider; another one begins anew.
fn flow(server: &Server, lane: &Lane, provider: &Arc<Provider>, standing: Standing) -> Arc<Flow> {
    let mut lanes = server.engine.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    let state = lanes.entry(lane.clone()).or_default();
    match &state.flow {
        Some((known, flow)) if Arc::ptr_eq(known, provider) => flow.clone(),
        _ => {
            let flow = Arc::new(Flow::new(provider.per_second(), standing));
            state.flow = Some((provider.clone(), flow.clone()));
            let mut flows = server.engine.flows.write().unwrap_or_else(PoisonError::into_inner);
            flows.insert(lane.clone(), flow.clone());
            flow
        }
    }
}
