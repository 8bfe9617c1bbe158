//! Settings: the compiled-in defaults, then the operator's file, then `CANDOR_…` variables.
//! No other module reads the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The defaults, which are also the operator's manual.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Every setting of a server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub trusted_proxies: Vec<IpNetwork>,
    pub question_seconds_max: u64,
    pub sql_memory_max: usize,
    pub body_bytes_max: usize,
    pub event_age_days_max: u32,
    pub repeats_remembered_max: usize,
    pub members_bytes_max: usize,
    pub log: LogSettings,
    pub store: StoreSettings,
    pub engage: EngageSettings,
}

/// Settings of the durable log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub bytes_max: u64,
    pub file_bytes_max: u64,
}

/// Settings of the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    pub volumes: u16,
    pub flush_rows: usize,
    pub flush_minutes: u64,
    pub columns_mib: usize,
    pub threads: usize,
    /// Of an import that has the folder for itself; nobody sets it.
    #[serde(skip)]
    pub bulk: bool,
}

/// Settings of messages and the ways they go out by.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EngageSettings {
    pub private_webhooks: bool,
}

/// Keys that have no default value and so do not stand in the defaults as settings.
const OPTIONAL: [&str; 3] = ["public_url", "tls_cert", "tls_key"];

impl Config {
    /// The settings of defaults, `file` and this process's environment, later ones winning.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn of_process(file: Option<&Path>) -> anyhow::Result<Config> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // What is traced is no setting of the server.
            .filter(|(name, _)| name != "CANDOR_TRACE");
        Config::load(file, variables)
    }

    /// The settings of defaults, `file` and `environment`, later ones winning.
    ///
    /// # Errors
    /// Names the setting that is unknown (with the nearest known one) or has a wrong value.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Config> {
        let mut settings: Table = DEFAULTS.parse().context("read the compiled-in defaults")?;
        let known = known_keys(&settings);
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("read the configuration {}", path.display()))?;
            let own = text.parse::<Table>().map_err(|error| {
                let before = error.span().map_or(0, |span| span.start).min(text.len());
                let line = 1 + text.as_bytes()[..before].iter().filter(|b| **b == b'\n').count();
                anyhow!("understand {} at line {line}: {}", path.display(), error.message())
            })?;
            overlay(&mut settings, own, "", &known)?;
        }
        let variables: BTreeMap<String, String> =
            environment.filter(|(name, _)| name.starts_with("CANDOR_")).collect();
        for (name, text) in variables {
            let key = name["CANDOR_".len()..].to_lowercase().replace("__", ".");
            check_known(&key, &known).with_context(|| format!("read {name}"))?;
            let default = match key.split_once('.') {
                Some((table, inner)) => settings.get(table).and_then(|table| table.get(inner)),
                None => settings.get(&key),
            };
            let value = match default {
                Some(Value::Array(_)) => list(&text),
                Some(Value::Boolean(_)) if text == "true" || text == "false" => {
                    Value::Boolean(text == "true")
                }
                _ => scalar(&text),
            };
            set(&mut settings, &key, value);
        }
        let config: Result<Config, toml::de::Error> = Value::Table(settings).try_into();
        // The library says in a second line in which setting.
        let in_one_line = |error: toml::de::Error| {
            let said = error.to_string();
            anyhow!("read the settings: {}", said.lines().collect::<Vec<_>>().join(" "))
        };
        let config = config.map_err(in_one_line)?;
        config.check()?;
        Ok(config)
    }

    /// Where people reach this server: what the addresses in messages begin with, without a slash
    /// at the end.
    pub fn base(&self) -> String {
        let own = || {
            let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", self.listen)
        };
        let base = self.public_url.clone().unwrap_or_else(own);
        base.trim_end_matches('/').to_owned()
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            bail!("tls_cert and tls_key go together: set both or neither");
        }
        let address = |url: &String| {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"'<>\\".contains(&byte);
            rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
        };
        if self.public_url.as_ref().is_some_and(|url| !address(url)) {
            bail!("public_url must be an address like https://candor.example.org");
        }
        if !self.store.volumes.is_power_of_two() || self.store.volumes > 1024 {
            bail!("store.volumes must be a power of two up to 1024, not {}", self.store.volumes);
        }
        Ok(())
    }
}

fn known_keys(defaults: &Table) -> Vec<String> {
    let mut keys: Vec<String> = OPTIONAL.map(str::to_owned).to_vec();
    for (key, value) in defaults {
        match value {
            Value::Table(inner) => keys.extend(inner.keys().map(|k| format!("{key}.{k}"))),
            _ => keys.push(key.clone()),
        }
    }
    keys
}

fn overlay(settings: &mut Table, own: Table, prefix: &str, known: &[String]) -> anyhow::Result<()> {
    for (key, value) in own {
        let full = format!("{prefix}{key}");
        match value {
            Value::Table(inner) if prefix.is_empty() => {
                overlay(settings, inner, &format!("{full}."), known)?;
            }
            value => {
                check_known(&full, known)?;
                set(settings, &full, value);
            }
        }
    }
    Ok(())
}

fn check_known(key: &str, known: &[String]) -> anyhow::Result<()> {
    if known.iter().any(|k| k == key) {
        return Ok(());
    }
    let nearest = known.iter().min_by_key(|k| distance(k, key));
    bail!("unknown setting {key:?}; did you mean {:?}?", nearest.map_or("", String::as_str));
}

fn set(settings: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            settings.insert(key.to_owned(), value);
        }
        Some((table, inner)) => {
            if let Some(Value::Table(table)) = settings.get_mut(table) {
                table.insert(inner.to_owned(), value);
            }
        }
    }
}

/// A variable's text as the value it looks like: a list of texts where it has commas.
fn scalar(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Integer(number);
    }
    Value::String(text.to_owned())
}

fn list(text: &str) -> Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Value::Array(parts.map(|part| Value::String(part.into())).collect())
}

/// Levenshtein distance, to name the nearest known setting.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("candor.toml");
        std::fs::write(&path, file)?;
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(Some(&path), environment)
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let config = load(
            "listen = \"127.0.0.1:1\"\n[store]\nvolumes = 4\n",
            &[
                ("CANDOR_LISTEN", "127.0.0.1:2"),
                ("CANDOR_LOG__BYTES_MAX", "77"),
                ("CANDOR_ENGAGE__PRIVATE_WEBHOOKS", "true"),
            ],
        )
        .unwrap();
        assert!(config.engage.private_webhooks);
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.store.volumes, 4);
        assert_eq!(config.log.bytes_max, 77);
        assert_eq!(config.store.flush_rows, 65_536);
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_nearest_known_one() {
        let error = load("lisen = \"x\"", &[]).unwrap_err().to_string();
        assert!(error.contains("\"listen\""), "{error}");
        let error = format!("{:#}", load("", &[("CANDOR_STORE__VOLUME", "4")]).unwrap_err());
        assert!(error.contains("store.volumes"), "{error}");
    }

    #[test]
    fn halves_and_odd_volumes_are_refused() {
        assert!(load("tls_cert = \"a.pem\"", &[]).is_err());
        assert!(load("[store]\nvolumes = 3", &[]).is_err());
        assert!(load("", &[("CANDOR_ENGAGE__PRIVATE_WEBHOOKS", "maybe")]).is_err());
    }
}
