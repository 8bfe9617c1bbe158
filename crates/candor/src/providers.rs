//! A publisher's providers: their settings sealed in the catalog, and those that are open.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use candor_catalog::{Credential, Lane, Standing};
use candor_engage::channel::outbox::Outbox;
use candor_engage::channel::{BadSetting, Channel};
use candor_engage::dispatch::Sender;
use candor_engage::provider::{Place, Provider, ProviderSettings};
use candor_event::DataClass;
use candor_keys::PublisherKeys;
use tokio::sync::Mutex;

use crate::server::{Server, Tenant};

/// The open providers of one publisher, and its outbox.
#[derive(Default)]
pub struct Providers {
    /// Held while one is opened or changed: who asks next gets what is in force.
    open: Mutex<HashMap<(Channel, String), Arc<Provider>>>,
    /// Messages that stay in the house.
    pub outbox: Arc<Outbox>,
}

/// A provider by channel and name.
pub type Named<'a> = (Channel, &'a str);

/// A provider as it was saved.
pub struct Saved {
    pub channel: Channel,
    pub name: String,
    pub settings: ProviderSettings,
    pub credential: Credential,
}

/// What settings are sealed for: nobody can put them in the place of others.
fn aad(tenant: &Tenant, channel: &str, name: &str) -> Vec<u8> {
    format!("{}/{channel}/{name}", tenant.publisher.account_id.as_str()).into_bytes()
}

/// Signs addresses that bounces go to.
pub fn bounce_mac(keys: PublisherKeys) -> impl Fn(&[u8]) -> [u8; 8] + Send + Sync + 'static {
    move |id| {
        let mac = keys.mac(&[b"candor bounce address 1\0", id].concat());
        std::array::from_fn(|place| mac[place])
    }
}

fn opened(tenant: &Tenant, credential: Credential) -> anyhow::Result<Saved> {
    let Credential { channel, provider, sealed, .. } = &credential;
    let what = || format!("read the settings of {channel}/{provider}");
    let aad = aad(tenant, channel, provider);
    let document = tenant.keys.open_sealed(DataClass::Contact, &aad, sealed).with_context(what)?;
    // The reader's words may quote what it read.
    let Ok(settings) = serde_json::from_slice(&document) else { bail!(what()) };
    let channel = Channel::from_word(channel).with_context(what)?;
    Ok(Saved { channel, name: provider.clone(), settings, credential })
}

/// All providers of a publisher, by channel and name.
///
/// # Errors
/// When the catalog cannot be read, or a key does not open what it holds.
pub async fn saved(server: &Server, tenant: &Tenant) -> anyhow::Result<Vec<Saved>> {
    let all = server.catalog.credentials(&tenant.publisher.account_id).await?;
    all.into_iter().map(|credential| opened(tenant, credential)).collect()
}

/// One of them.
///
/// # Errors
/// As [`saved`].
pub async fn find(
    server: &Server,
    tenant: &Tenant,
    (channel, name): Named<'_>,
) -> anyhow::Result<Option<Saved>> {
    let account = &tenant.publisher.account_id;
    let credential = server.catalog.credential(account, channel.word(), name).await?;
    credential.map(|credential| opened(tenant, credential)).transpose()
}

/// Opens a provider, off the threads that wait.
///
/// # Errors
/// Names the setting that will not do.
pub async fn open(
    server: &Server,
    tenant: &Tenant,
    (channel, name): Named<'_>,
    settings: &ProviderSettings,
) -> anyhow::Result<Result<Provider, BadSetting>> {
    let place = Place {
        channel,
        name: name.to_owned(),
        outbox: tenant.providers.outbox.clone(),
        private_webhooks: server.config.engage.private_webhooks,
    };
    let (settings, mac) = (settings.clone(), bounce_mac(tenant.keys.clone()));
    let opened = tokio::task::spawn_blocking(move || Provider::open(&settings, place, mac));
    opened.await.context("open a provider")
}

/// The provider of a name, open; none where there is no such.
///
/// # Errors
/// As [`saved`], or when its settings no longer do.
pub async fn provider(
    server: &Server,
    tenant: &Tenant,
    channel: Channel,
    name: &str,
) -> anyhow::Result<Option<Arc<Provider>>> {
    let mut all = tenant.providers.open.lock().await;
    if let Some(provider) = all.get(&(channel, name.to_owned())) {
        return Ok(Some(provider.clone()));
    }
    let Some(saved) = find(server, tenant, (channel, name)).await? else { return Ok(None) };
    let provider = Arc::new(open(server, tenant, (channel, name), &saved.settings).await??);
    all.insert((channel, saved.name), provider.clone());
    Ok(Some(provider))
}

/// Saves settings; who asks for the provider from now on gets it by these.
///
/// # Errors
/// When the catalog cannot be written.
pub async fn save(
    server: &Server,
    tenant: &Tenant,
    (channel, name): Named<'_>,
    settings: &ProviderSettings,
    actor: &str,
) -> anyhow::Result<()> {
    let sender = tenant.sender().await?;
    let document = serde_json::to_vec(settings).context("write settings")?;
    let sealer = tenant.keys.sealer(DataClass::Contact);
    let new = Credential {
        channel: channel.word().to_owned(),
        provider: name.to_owned(),
        sealed: sealer.seal(&aad(tenant, channel.word(), name), &document)?,
        changed_at: server.now(),
        actor: actor.to_owned(),
        standing: Standing::default(),
    };
    let mut all = tenant.providers.open.lock().await;
    server.catalog.put_credential(&tenant.publisher.account_id, &new).await?;
    leave(all.remove(&(channel, name.to_owned())));
    looks_again(server, tenant, sender, (channel, name));
    Ok(())
}

/// Removes a provider; false when there was none.
///
/// # Errors
/// When the catalog cannot be written.
pub async fn remove(
    server: &Server,
    tenant: &Tenant,
    (channel, name): Named<'_>,
) -> anyhow::Result<bool> {
    let (account, sender) = (&tenant.publisher.account_id, tenant.sender().await?);
    let mut all = tenant.providers.open.lock().await;
    let removed = server.catalog.remove_credential(account, channel.word(), name).await?;
    leave(all.remove(&(channel, name.to_owned())));
    looks_again(server, tenant, sender, (channel, name));
    Ok(removed)
}

/// Whoever sends by a provider that was changed looks again by which one.
fn looks_again(server: &Server, tenant: &Tenant, sender: &Sender, (channel, name): Named<'_>) {
    sender.halts.all_changed();
    server.engine.renew(&Lane {
        account: tenant.publisher.account_id.clone(),
        channel: channel.word().to_owned(),
        provider: name.to_owned(),
    });
}

/// Takes leave of a server without waiting for it.
fn leave(provider: Option<Arc<Provider>>) {
    if let Some(provider) = provider {
        tokio::spawn(async move { provider.close().await });
    }
}
