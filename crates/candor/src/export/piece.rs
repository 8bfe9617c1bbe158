//! What an export is made of on its way from the store to the folder: by a call where one process
//! does both, else by the socket of the running server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Format;

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub account: String,
    /// Everybody, or whom this identity names.
    pub person: Option<String>,
    pub formats: Vec<Format>,
    /// What an export that was interrupted has written.
    pub had: Option<Had>,
}

/// Whole files of an export that was interrupted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Had {
    /// As [`Plan::offset`].
    pub offset: u64,
    pub files: Vec<String>,
}

/// What will be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The place in the log up to which everything is in it, and nothing after it.
    pub offset: u64,
    /// The same as a time.
    pub as_of: String,
    /// Nothing changed since the files that were there: they stay.
    pub goes_on: bool,
    pub people: u64,
    pub events: u64,
    /// The class of each property and trait that is in it.
    pub classes: BTreeMap<String, String>,
}

/// A step of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Once, before all others.
    Plan(Plan),
    /// A file begins.
    Begin(String),
    /// The next bytes of the file; the rows of all files so far.
    Bytes {
        /// Beside the piece where that is a line of JSON.
        #[serde(skip)]
        bytes: Vec<u8>,
        length: usize,
        rows: u64,
    },
    /// The file is whole, and has so many rows.
    End(u64),
    /// All files are.
    Done,
}

/// Takes pieces; an error ends the export.
pub type Tell<'a> = &'a mut (dyn FnMut(Piece) -> anyhow::Result<()> + Send);
