//! The country of an address, from a table that is embedded (CC0, see `scripts/country-table`). The
//! address itself goes no further than this.

use std::borrow::Cow;
use std::net::IpAddr;

use maxminddb::Reader;
use rust_embed::RustEmbed;
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "country"]
struct Files;

/// What the table says of a network.
#[derive(Deserialize)]
struct Row {
    country_code: String,
}

/// The table, or none in a build without it.
pub struct Countries(Option<Reader<Cow<'static, [u8]>>>);

impl Countries {
    /// Opens the embedded table.
    pub fn open() -> Countries {
        let table = Files::get("country.mmdb").map(|file| Reader::from_source(file.data));
        match table {
            Some(Ok(table)) => return Countries(Some(table)),
            Some(Err(error)) => tracing::warn!(%error, "the table of countries is damaged"),
            None => tracing::info!("this build has no table of countries: none is derived"),
        }
        Countries(None)
    }

    /// The two letters (ISO 3166-1) of an address's country, where the table knows it.
    pub fn of(&self, address: IpAddr) -> Option<String> {
        let row: Row = self.0.as_ref()?.lookup(address.to_canonical()).ok()??;
        let code = row.country_code;
        (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
    }
}
