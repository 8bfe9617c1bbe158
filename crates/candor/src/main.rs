//! The Candor server and command line.

mod append;
mod bar;
mod command;
mod config;
mod cores;
mod country;
mod demo;
mod engine;
mod export;
mod http;
mod import;
mod listener;
mod memory;
mod moment;
mod offer;
mod providers;
mod reach;
mod refusal;
mod server;
mod target;
mod threads;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::export::Export;
use crate::http::segments::members;
use crate::import::{Import, Stopped};
use crate::server::{DOORS_WAIT, Doors, Server};
use crate::threads::{Threads, asked_to_stop};

/// Records are taken by one thread and given back by another, and large columns come and go: it is
/// quick at the first and gives the second back to the system (`.cargo/config.toml` says when).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Behavioural analytics and customer engagement that people can vouch for.
#[derive(Parser)]
#[command(name = "candor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a generated shop: its people, their history and live traffic.
    Demo(Demo),
    /// Serve a data folder.
    Serve(Serve),
    /// Take in events or profiles from files: JSON lines, CSV or Parquet.
    Import(Import),
    /// Write what a publisher owns to a folder, as Parquet and JSON lines.
    Export(Export),
    /// Publishers: the organisations that own apps and the data in them.
    Publisher {
        #[command(subcommand)]
        command: PublisherCommand,
    },
}

#[derive(clap::Args)]
struct Serve {
    /// The data folder; made when missing.
    #[arg(long, required_unless_present = "print_config")]
    data: Option<PathBuf>,
    /// The operator's settings.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where to listen, instead of the settings' address.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// A PEM certificate chain: serve TLS.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's PEM key.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Print the resulting settings and end.
    #[arg(long)]
    print_config: bool,
}

#[derive(clap::Args)]
struct Demo {
    /// A folder to keep it in; without one it is gone when the demo ends.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where to listen, instead of 127.0.0.1:8470.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// How many people the shop has.
    #[arg(long, default_value_t = 50_000, value_parser = people)]
    people: u64,
    /// How many days of history.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=365))]
    days: i64,
    /// The same seed makes the same shop.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What can be an address to log in by.
fn email(text: &str) -> Result<String, String> {
    let (name, host) = text.rsplit_once('@').unwrap_or_default();
    let plain = text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    match plain && !name.is_empty() && !host.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("an e-mail address like admin@localhost".to_owned()),
    }
}

/// As many people as a demo may have.
fn people(text: &str) -> Result<u64, String> {
    let people = text.parse().ok().filter(|people| (1..=10_000_000).contains(people));
    people.ok_or_else(|| "a number from 1 to 10,000,000".to_owned())
}

#[derive(Subcommand)]
enum PublisherCommand {
    /// Make a publisher and print its ids and secrets, once, as one JSON object.
    Create(Create),
}

#[derive(clap::Args)]
struct Create {
    /// The data folder, of a running server or not.
    #[arg(long)]
    data: PathBuf,
    /// The name that people read.
    #[arg(long)]
    name: String,
    /// Where its data is kept, as a code.
    #[arg(long, default_value = "local")]
    region: String,
    /// The first user's e-mail.
    #[arg(long, default_value = "admin@localhost", value_parser = email)]
    admin_email: String,
    /// Where its keys are: in the data folder, opened at start without anyone.
    #[arg(long, default_value = "local", value_parser = ["local"])]
    keys: String,
    /// strict, measured, open, or a file with a policy.
    #[arg(long, default_value = "strict")]
    policy: String,
    /// The id that is built into the publisher's apps.
    #[arg(long)]
    account_id: Option<String>,
    /// The token that is built into the publisher's apps.
    #[arg(long)]
    account_token: Option<String>,
    /// The passcode of the REST API.
    #[arg(long)]
    passcode: Option<String>,
    /// IANA name of the publisher's time zone.
    #[arg(long, default_value = "UTC")]
    timezone: String,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CANDOR_TRACE")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn")),
        )
        .init();
    if let Err(error) = cores::off() {
        let _ = writeln!(std::io::stderr(), "candor: {error:#}");
        return ExitCode::FAILURE;
    }
    let done = match arguments.command {
        Command::Demo(demo) => demo_command(demo),
        Command::Serve(serve) => serve_command(serve),
        Command::Import(import) => import_command(&import),
        Command::Export(export) => export::export(&export).map_err(Failure::from),
        Command::Publisher { command: PublisherCommand::Create(create) } => create_command(create),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { error, status }) => {
            let _ = writeln!(std::io::stderr(), "candor: {error:#}");
            ExitCode::from(status)
        }
    }
}

/// Help where it was asked for; else one line that says what to change, and status 2.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let text = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".to_owned(),
        _ => error.to_string(),
    };
    // The library explains itself in paragraphs, the usage and the way to help last.
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let text = text.split("\n\nFor more").next().unwrap_or_default();
    let words: Vec<_> = text.trim_start_matches("error: ").split_whitespace().collect();
    let _ = writeln!(std::io::stderr(), "candor: {}; see --help", words.join(" "));
    ExitCode::from(2)
}

/// Why a command ended, and with which status: 2 usage or settings, 1 the work.
struct Failure {
    error: anyhow::Error,
    status: u8,
}

impl Failure {
    fn usage(error: anyhow::Error) -> Failure {
        Failure { error, status: 2 }
    }

    fn work(error: anyhow::Error) -> Failure {
        Failure { error, status: 1 }
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Failure {
        match stopped {
            Stopped::Usage(error) => Failure::usage(error),
            Stopped::Work(error) => Failure::work(error),
        }
    }
}

fn serve_command(serve: Serve) -> Result<(), Failure> {
    let mut config = Config::of_process(serve.config.as_deref()).map_err(Failure::usage)?;
    config.listen = serve.listen.unwrap_or(config.listen);
    config.tls_cert = serve.tls_cert.or(config.tls_cert);
    config.tls_key = serve.tls_key.or(config.tls_key);
    if serve.print_config {
        let text = toml::to_string(&config).context("print the settings").map_err(Failure::work)?;
        let printed = std::io::stdout().write_all(text.as_bytes());
        return printed.context("print the settings").map_err(Failure::work);
    }
    let Some(data) = serve.data else { return Ok(()) };
    if let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) {
        listener::tls_acceptor(cert, key).map_err(Failure::usage)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("start the runtime").map_err(Failure::work)?;
    runtime.block_on(run(data, config, |_| {})).map_err(Failure::work)
}

fn demo_command(wanted: Demo) -> Result<(), Failure> {
    let folder = demo::folder(wanted.data.as_deref());
    if folder.join("catalog.db").exists() {
        let error = anyhow::anyhow!("{} holds data: name an empty --data", folder.display());
        return Err(Failure::usage(error));
    }
    let mut config = Config::load(None, std::iter::empty()).map_err(Failure::usage)?;
    config.listen = wanted.listen.unwrap_or(config.listen);
    let address = config.listen;
    let create = command::Create {
        name: "Demo shop".to_owned(),
        region: "local".to_owned(),
        timezone: "Asia/Kolkata".to_owned(),
        admin_email: "admin@localhost".to_owned(),
        policy: "strict".to_owned(),
        account_id: Some("DEMO-SHOP".to_owned()),
        account_token: None,
        passcode: None,
    };
    let made = command::create_publisher(&folder, &create).map_err(Failure::work)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("start the runtime").map_err(Failure::work)?;
    let traffic = move |server: Arc<Server>| {
        let shop = demo::Shop::new(wanted.seed, wanted.people as usize, wanted.days);
        tokio::spawn(async move {
            if let Err(error) = play(server, shop, wanted.days, &made, address).await {
                tracing::error!(error = format!("{error:#}"), "the demo's traffic ended");
            }
        });
    };
    let served = runtime.block_on(run(folder.clone(), config, traffic));
    if wanted.data.is_none() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    served.map_err(Failure::work)
}

/// Classes the shop's properties, says where to look, and plays history and live traffic.
async fn play(
    server: Arc<Server>,
    mut shop: demo::Shop,
    days: i64,
    made: &serde_json::Value,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let tenant = server.tenant("DEMO-SHOP").context("the demo's publisher is there")?;
    let account = &tenant.publisher.account_id;
    for (name, class) in demo::CLASSES {
        server.catalog.put_class(account, name, class).await?;
    }
    tenant.set_policy(tenant.policy(), server.catalog.classes(account).await?);
    demo::outboxes(&server, &tenant).await?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = std::io::stdout();
    let _ = writeln!(
        out,
        "log-in     {} / {}\napi token  {}\nlook first: who is there now, and who buys\n  \
         curl -H 'Authorization: Bearer {}' http://{address}/api/v1/insights/live",
        text(&made["admin"]["email"]),
        text(&made["admin"]["password"]),
        text(&made["api_token"]),
        text(&made["api_token"]),
    );
    let from = tenant.zone.to_datetime(jiff::Timestamp::now()).date();
    let _ = writeln!(
        out,
        "  curl -H 'Authorization: Bearer {}' http://{address}/api/v1/insights/funnel \\\n    -d \
         '{{\"steps\":[{{\"event\":\"Product Viewed\"}},{{\"event\":\"Added To Cart\"}},\
         {{\"event\":\"Charged\"}}],\"from\":\"{}\",\"to\":\"{from}\"}}'",
        text(&made["api_token"]),
        from.saturating_sub(jiff::Span::new().days(28)),
    );
    let started = std::time::Instant::now();
    let told = |day: i64, events: u64| {
        let mut out = std::io::stdout();
        let (day, seconds) = (day + 1, started.elapsed().as_secs());
        let _ = write!(out, "\rhistory: {day} of {days} days, {events} events, {seconds} s ");
        let _ = out.flush();
    };
    shop.history(&server, &tenant, days, told).await?;
    let _ = writeln!(out, "\nhistory is complete; live traffic goes on until Ctrl-C");
    shop.live(&server, &tenant).await
}

async fn run(
    data: PathBuf,
    mut config: Config,
    and_then: impl FnOnce(Arc<Server>),
) -> anyhow::Result<()> {
    let tls = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(listener::tls_acceptor(cert, key)?),
        _ => None,
    };
    let address = config.listen;
    let socket = TcpListener::bind(address).await;
    let socket = socket.with_context(|| format!("listen on {address}"))?;
    // Where any port will do, the addresses in messages name the one that it is.
    config.listen = socket.local_addr().context("learn where it listens")?;
    let (server, doors) = Server::begin(&data, config).await?;
    let runtime = Handle::current();
    let commands = match command::open_socket(&data) {
        Ok(open) => Some(tokio::spawn(command::listen(Arc::clone(&server), data.clone(), open))),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "no commands are taken while this runs");
            None
        }
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut out = std::io::stdout();
    let _ = writeln!(out, "candor serves {scheme}://{}", socket.local_addr()?);
    let _ = out.flush();
    let opening = tokio::spawn(open(Arc::clone(&server), doors));
    tokio::spawn(members::run(Arc::clone(&server)));
    and_then(Arc::clone(&server));
    let told = Arc::clone(&server);
    tokio::spawn(async move {
        asked_to_stop().await;
        told.closing.send_replace(true);
    });
    let stop = server.closing.subscribe();
    listener::serve(socket, tls, http::router(Arc::clone(&server)), stop).await;
    commands.inspect(JoinHandle::abort);
    let _ = std::fs::remove_file(command::socket(&data));
    if let Some((threads, engine)) = opening.await?? {
        engine.await?;
        tokio::task::spawn_blocking(move || threads.end(&server, &runtime)).await?;
    }
    Ok(())
}

/// Opens the doors, and lets begin what works behind them; nothing does where the server is asked
/// to end before. A server that cannot know who is who ends.
async fn open(
    server: Arc<Server>,
    doors: Doors,
) -> anyhow::Result<Option<(Threads, JoinHandle<()>)>> {
    let serving = Arc::clone(&server);
    let opening = async move {
        let mut closing = serving.closing.subscribe();
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return Ok(None),
            opened = when_wanted(doors) => opened?,
        }
        let threads = Threads::start(&serving, &Handle::current())?;
        Ok(Some((threads, tokio::spawn(engine::run(serving)))))
    };
    // What is read there takes a while at a time.
    let begin = tokio::task::spawn_blocking(|| Handle::current().block_on(opening));
    let begun = begin.await.unwrap_or_else(|panic| Err(panic.into()));
    if begun.is_err() {
        server.closing.send_replace(true);
    }
    begun
}

async fn when_wanted(doors: Doors) -> anyhow::Result<()> {
    let wanted = doors.wanted(DOORS_WAIT).await;
    tracing::debug!(wanted, "the doors open");
    doors.open().await
}

fn import_command(import: &Import) -> Result<(), Failure> {
    match import::import(import) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::work(anyhow::anyhow!("some rows were not taken in"))),
        Err(stopped) => Err(stopped.into()),
    }
}

fn create_command(create: Create) -> Result<(), Failure> {
    let policy = match create.policy.as_str() {
        preset @ ("strict" | "measured" | "open") => preset.to_owned(),
        file => std::fs::read_to_string(file)
            .with_context(|| format!("--policy: strict, measured, open or a file, not {file:?}"))
            .map_err(Failure::usage)?,
    };
    let wanted = command::Create {
        name: create.name,
        region: create.region,
        timezone: create.timezone,
        admin_email: create.admin_email,
        policy,
        account_id: create.account_id,
        account_token: create.account_token,
        passcode: create.passcode,
    };
    wanted.check().map_err(Failure::usage)?;
    let made = command::create_publisher(&create.data, &wanted).map_err(Failure::work)?;
    let printed = writeln!(std::io::stdout(), "{made}");
    printed.context("print the publisher").map_err(Failure::work)
}
