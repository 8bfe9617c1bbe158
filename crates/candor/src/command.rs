//! Commands that write: by the running server of the folder, else alone. A command is a line of
//! JSON on a socket in the folder, its answer another.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use argon2::password_hash::{PasswordHasher, SaltString};
use aws_lc_rs::{digest, rand};
use candor_catalog::{Catalog, NewPublisher, Publisher};
use candor_event::{AccountId, Clock, SystemClock};
use candor_ingest::decode;
use candor_ingest::gate::{Policy, Preset};
use candor_keys::PublisherKeys;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use crate::export;
use crate::http::events::{instant, receipt_json};
use crate::http::policy::purposes_have_names;
use crate::reach::nobody;
use crate::server::{Sent, Server, catalog_file, keys_folder, lock};

/// All that a publisher begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Create {
    pub name: String,
    pub region: String,
    pub timezone: String,
    pub admin_email: String,
    /// A preset's name or the policy itself.
    pub policy: String,
    pub account_id: Option<String>,
    pub account_token: Option<String>,
    pub passcode: Option<String>,
}

impl Create {
    /// Says what is to be changed before anything is made.
    ///
    /// # Errors
    /// One line with the option and what it may be.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.name.trim().is_empty() {
            bail!("--name: what people call the publisher");
        }
        if candor_query::zone(&self.timezone).is_err() {
            bail!("--timezone {:?} is no IANA name such as Asia/Kolkata", self.timezone);
        }
        if let Some(id) = self.account_id.as_deref().filter(|id| AccountId::new(id).is_none()) {
            bail!("--account-id {id:?}: 1 to 64 letters, digits, '-' and '_'");
        }
        // A request without one would be let in.
        if [&self.account_token, &self.passcode].into_iter().flatten().any(String::is_empty) {
            bail!("--account-token and --passcode are not empty: leave them out to get new ones");
        }
        if !purposes_have_names(&self.policy()?) {
            bail!("--policy: purposes of the contract, or names of your own of a-z, 0-9 and _");
        }
        Ok(())
    }

    fn policy(&self) -> anyhow::Result<Policy> {
        Ok(match self.policy.as_str() {
            "strict" => Policy::preset(Preset::Strict),
            "measured" => Policy::preset(Preset::Measured),
            "open" => Policy::preset(Preset::Open),
            document => serde_json::from_str(document).context("read the policy")?,
        })
    }
}

/// The socket on which the running server of a folder takes commands. Only its owner may write.
pub fn socket(data: &Path) -> PathBuf {
    data.join("candor.sock")
}

/// SHA-256, as tokens are looked up.
pub fn sha256(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// `bytes` random bytes in hexadecimal.
pub fn secret(bytes: usize) -> anyhow::Result<String> {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).map_err(|_| anyhow::anyhow!("draw random bytes"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// All that a token may do.
pub const SCOPES: &str = "ingest read people engage consent admin";

/// Runs `publisher create` and returns the object to print.
pub fn create_publisher(data: &Path, create: &Create) -> anyhow::Result<Json> {
    if let Ok(stream) = UnixStream::connect(socket(data)) {
        return ask(stream, create);
    }
    let _lock = lock(data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let catalog = Catalog::open(&catalog_file(data)).await?;
        let (made, _) = make(data, &catalog, create).await?;
        catalog.close().await;
        Ok(made)
    })
}

fn ask(mut stream: UnixStream, create: &Create) -> anyhow::Result<Json> {
    let line = serde_json::to_string(create)? + "\n";
    stream.write_all(line.as_bytes()).context("ask the running server")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).context("read the running server's answer")?;
    let answer: Json = serde_json::from_str(&answer).context("read the running server's answer")?;
    match answer.get("error").and_then(Json::as_str) {
        Some(error) => bail!("{error}"),
        None => Ok(answer),
    }
}

/// Makes a publisher: keys, catalog rows, secrets that are shown once.
async fn make(
    data: &Path,
    catalog: &Catalog,
    create: &Create,
) -> anyhow::Result<(Json, Publisher)> {
    create.check()?;
    let policy = create.policy()?;
    let account = match &create.account_id {
        Some(id) => id.clone(),
        None => format!("CND-{}", secret(5)?.to_uppercase()),
    };
    let account_id = AccountId::new(&account).context("make an account id")?;
    let or_secret = |given: &Option<String>| match given {
        Some(given) => Ok(given.clone()),
        None => secret(16),
    };
    let (token, passcode) = (or_secret(&create.account_token)?, or_secret(&create.passcode)?);
    let (api_token, password) = (secret(24)?, secret(9)?);
    let publisher = Publisher {
        account_id: account_id.clone(),
        name: create.name.clone(),
        region: create.region.clone(),
        timezone: create.timezone.clone(),
        token_hash: sha256(&token),
        passcode_hash: sha256(&passcode),
    };
    let taken = catalog.publishers().await?.iter().any(|other| other.account_id == account_id);
    if taken {
        bail!("a publisher with the account id {account} exists already");
    }
    if catalog.user(&create.admin_email).await?.is_some() {
        bail!(
            "a user with the e-mail {} exists already: --admin-email another",
            create.admin_email
        );
    }
    // Keys first: a publisher without keys could not be opened.
    match PublisherKeys::create(&keys_folder(data), &account_id) {
        Ok(_) | Err(candor_keys::Error::Exists(_)) => {}
        Err(e) => return Err(e).context("make the publisher's keys"),
    }
    let new = NewPublisher {
        publisher: publisher.clone(),
        api_token: (sha256(&api_token), SCOPES.to_owned()),
        admin: (create.admin_email.clone(), hash_password(&password)?),
        policy: serde_json::to_string(&policy)?,
    };
    catalog.create_publisher(&new, SystemClock.now()).await?;
    let made = json!({
        "account_id": account,
        "account_token": token,
        "passcode": passcode,
        "api_token": api_token,
        "admin": {"email": create.admin_email, "password": password},
    });
    Ok((made, publisher))
}

fn hash_password(password: &str) -> anyhow::Result<String> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| anyhow::anyhow!("draw random bytes"))?;
    let refused = |e: argon2::password_hash::Error| anyhow::anyhow!("hash a password: {e}");
    let salt = SaltString::encode_b64(&salt).map_err(refused)?;
    let hash = argon2::Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(refused)?.to_string())
}

/// Opens the folder's socket: before the server says that it serves, or a command that follows at
/// once would find the folder locked and nobody to ask.
pub fn open_socket(data: &Path) -> anyhow::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let path = socket(data);
    // The folder is locked: a socket in it is of a server that is gone.
    let _ = std::fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).with_context(|| format!("listen on {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The longest command, in bytes: a batch of an import.
pub const IMPORT_BYTES_MAX: usize = 32 << 20;

/// Takes commands on the folder's socket while the server runs.
pub async fn listen(
    server: Arc<Server>,
    data: PathBuf,
    listener: UnixListener,
) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (server, data) = (Arc::clone(&server), data.clone());
        tokio::spawn(async move {
            let uid = stream.peer_cred().map(|peer| peer.uid()).ok();
            let (read, mut write) = stream.into_split();
            let mut read = tokio::io::BufReader::new(read);
            let mut line = Vec::new();
            loop {
                line.clear();
                let limit = IMPORT_BYTES_MAX as u64;
                let mut bounded = tokio::io::AsyncReadExt::take(&mut read, limit);
                match bounded.read_until(b'\n', &mut line).await {
                    Ok(1..) if line.ends_with(b"\n") => {}
                    _ => return,
                }
                let answer = match asked(&line) {
                    Ok(Asked { export: Some(asked), .. }) => {
                        match export::serve(&server, asked, uid, &mut write).await {
                            Ok(()) => continue,
                            Err(error) => Err(error),
                        }
                    }
                    Ok(asked) => run(&server, &data, asked, &line).await,
                    Err(error) => Err(error),
                };
                let answer = answer.unwrap_or_else(|error| json!({"error": format!("{error:#}")}));
                if write.write_all(format!("{answer}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// What a line asks for, where it is not to make a publisher.
#[derive(Deserialize)]
struct Asked {
    import: Option<ImportBatch>,
    export: Option<export::Asked>,
}

/// Some records of an import.
#[derive(Deserialize)]
struct ImportBatch {
    account: String,
    records: Box<RawValue>,
}

fn asked(line: &[u8]) -> anyhow::Result<Asked> {
    serde_json::from_slice(line).context("read the command")
}

async fn run(server: &Arc<Server>, data: &Path, asked: Asked, line: &[u8]) -> anyhow::Result<Json> {
    if let Some(import) = asked.import {
        return take(server, import).await;
    }
    let create: Create = serde_json::from_slice(line).context("read the command")?;
    let (made, publisher) = make(data, &server.catalog, &create).await?;
    server.admit(publisher).await?;
    Ok(made)
}

/// Takes some records of an import in.
async fn take(server: &Arc<Server>, import: ImportBatch) -> anyhow::Result<Json> {
    let account = import.account;
    let tenant = server.tenant(&account).with_context(|| nobody(&account))?;
    let body = format!("{{\"records\":{}}}", import.records.get());
    let decoded = decode::records(body.as_bytes(), &instant)
        .map_err(|(_, message)| anyhow::anyhow!("{message}"))?;
    let sent = Sent::default();
    let taken = server.accept(&tenant, decoded.records, decoded.refused, sent).await;
    let receipt = taken.map_err(|refusal| {
        anyhow::anyhow!(
            "the log did not take a batch ({refusal:?}); the same command goes on from here"
        )
    })?;
    let mut answer = receipt_json(&receipt);
    answer["timezone"] = tenant.publisher.timezone.as_str().into();
    Ok(answer)
}
