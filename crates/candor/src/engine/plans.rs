//! What was published, as a run needs it.

use std::sync::{Arc, PoisonError};

use anyhow::{Context, bail};
use candor_catalog::{Run, RunState};
use candor_engage::campaign::Campaign;
use candor_engage::channel::Channel;
use candor_engage::content::Compiled;
use candor_engage::dispatch::Plan;
use candor_engage::links::Parameters;
use candor_engage::provider::{ProviderSettings, TriedOut};
use candor_event::{AccountId, Purpose};

use super::Engine;
use crate::providers;
use crate::server::{Server, Tenant};

/// Plans that are kept, so that they are not compiled for each lease.
const PLANS_MAX: usize = 64;

/// A run's plan, and its run's changes when it was made.
pub type Seen = (u64, Arc<Plan>);

/// What was published, by account, campaign and version.
pub type Version = (AccountId, String, u64);

/// A published version of a campaign.
pub struct Published {
    pub campaign: Campaign,
    pub purpose: Purpose,
    pub content: Compiled,
}

impl Published {
    /// Reads a version: its content stands in it.
    ///
    /// # Errors
    /// When it cannot be read; it was checked when it was published.
    pub async fn read(document: &str) -> anyhow::Result<Published> {
        let campaign: Campaign = serde_json::from_str(document).context("read a campaign")?;
        let purpose = campaign.purpose()?;
        let content = campaign.content.content().context("a published campaign has content")?;
        let compiled = tokio::task::spawn_blocking(move || content.compile()).await?;
        let content = compiled.map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Published { campaign, purpose, content })
    }
}

/// What of a published version is needed once its messages are out.
pub struct Sent {
    pub campaign: String,
    pub name: String,
    pub channel: Channel,
    pub purpose: Purpose,
    content: Compiled,
    parameters: Parameters,
}

impl Sent {
    /// Where the link of a number leads, as it stood in the message.
    pub fn link(&self, number: u16) -> Option<String> {
        let address = self.content.link(number)?;
        Some(self.parameters.add_to(address))
    }
}

impl Engine {
    /// What a run sent; none of a run that there is not.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn sent(
        &self,
        server: &Server,
        account: &AccountId,
        key: &str,
    ) -> anyhow::Result<Option<Arc<Sent>>> {
        let Some(run) = server.catalog.run(account, key).await? else { return Ok(None) };
        let at = (account.clone(), run.campaign.clone(), run.version);
        let cached = self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        if cached.is_some() {
            return Ok(cached);
        }
        let version = server.catalog.campaign_version(account, &run.campaign, run.version).await?;
        let Some(version) = version else { return Ok(None) };
        let Published { campaign, purpose, content } = Published::read(&version.document).await?;
        let sent = Arc::new(Sent {
            campaign: run.campaign,
            name: campaign.name.clone(),
            channel: campaign.channel,
            purpose,
            content,
            parameters: campaign.track.parameters(),
        });
        let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PLANS_MAX {
            all.clear();
        }
        all.insert(at, sent.clone());
        Ok(Some(sent))
    }
}

/// Why there is no plan for a run.
pub enum NoPlan {
    /// Nobody works on it now.
    Rests,
    /// Something is missing; somebody must look at it.
    Missing(String),
}

/// The plan of a run that goes on, with its run's changes when it was made.
pub async fn plan_of(
    server: &Server,
    tenant: &Tenant,
    key: &str,
) -> anyhow::Result<Result<Seen, NoPlan>> {
    let account = &tenant.publisher.account_id;
    // Counted before the state is read: what changes in between is seen.
    let seen = tenant.sender().await?.halts.changes(key);
    let run = server.catalog.run(account, key).await?.context("a leased run is there")?;
    if !matches!(run.state, RunState::Running | RunState::Stopped) {
        return Ok(Err(NoPlan::Rests));
    }
    let channel = Channel::from_word(&run.channel);
    let channel = channel.context("a run has a channel that there is")?;
    let named = (channel, run.provider.as_str());
    let provider = match providers::provider(server, tenant, named.0, named.1).await {
        Ok(Some(provider)) => provider,
        // Of one that was stopped nothing goes any more: its people are told so by any provider.
        _ if run.state == RunState::Stopped => {
            let nowhere = ProviderSettings::Outbox(TriedOut::default());
            Arc::new(providers::open(server, tenant, named, &nowhere).await??)
        }
        Ok(None) => {
            let missing = format!("the provider {}/{} is gone", run.channel, run.provider);
            return Ok(Err(NoPlan::Missing(missing)));
        }
        Err(error) => return Ok(Err(NoPlan::Missing(format!("{error:#}")))),
    };
    let cached = || {
        let plans = server.engine.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.get(&(account.clone(), key.to_owned())).cloned()
    };
    if let Some((known, plan)) = cached()
        && known == seen
        && Arc::ptr_eq(&plan.provider, &provider)
    {
        return Ok(Ok((seen, plan)));
    }
    let plan = Arc::new(made(server, run, provider).await?);
    let mut plans = server.engine.plans.lock().unwrap_or_else(PoisonError::into_inner);
    if plans.len() >= PLANS_MAX {
        plans.clear();
    }
    plans.insert((account.clone(), key.to_owned()), (seen, plan.clone()));
    Ok(Ok((seen, plan)))
}

async fn made(
    server: &Server,
    run: Run,
    provider: Arc<candor_engage::provider::Provider>,
) -> anyhow::Result<Plan> {
    let version = server.catalog.campaign_version(&run.account, &run.campaign, run.version).await?;
    let Some(version) = version else { bail!("a run's version is gone") };
    let Published { campaign, purpose, content } = Published::read(&version.document).await?;
    let runs = server.catalog.runs(&run.account, &run.campaign).await?;
    let newer = runs.iter().any(|other| other.due > run.due);
    Ok(Plan::new(run, campaign, purpose, content, provider, newer))
}
