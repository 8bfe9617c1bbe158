//! How far an import came, in a file of the data folder, and its bad rows, in a file beside the
//! one they came from.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::files::Input;
use crate::command::sha256;

/// Rows of a file that the log holds.
#[derive(Default, Serialize, Deserialize)]
pub struct Progress {
    pub rows: u64,
    pub complete: bool,
    /// None: what is read cannot be told from another, so nothing is written down.
    #[serde(skip)]
    path: Option<PathBuf>,
}

impl Progress {
    /// How far an import of this very file came before; from its beginning where `again` says so.
    pub fn open(
        data: &Path,
        account: &str,
        input: &Input,
        again: bool,
    ) -> anyhow::Result<Progress> {
        let Some(print) = &input.print else { return Ok(Progress::default()) };
        let folder = data.join("imports");
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let name: String =
            sha256(&format!("{account} {print}")).iter().map(|b| format!("{b:02x}")).collect();
        let path = folder.join(format!("{}.json", &name[..32]));
        let before = match fs::read(&path) {
            Ok(bytes) if !again => serde_json::from_slice(&bytes).unwrap_or_default(),
            _ => Progress::default(),
        };
        Ok(Progress { path: Some(path), ..before })
    }

    /// Writes down how far it is, whole or not at all.
    pub fn write(&self) -> anyhow::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let new = path.with_extension("new");
        let bytes = serde_json::to_vec(self).context("write down the progress")?;
        let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, path));
        written.with_context(|| format!("write {}", path.display()))
    }

    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.complete = true;
        self.write()
    }
}

/// Line, code and reason of each bad row; nothing of what stands in it.
pub struct Rejects {
    path: PathBuf,
    /// Go on in the file of the import before.
    goes_on: bool,
    file: Option<BufWriter<File>>,
}

impl Rejects {
    pub fn new(path: PathBuf, goes_on: bool) -> Rejects {
        Rejects { path, goes_on, file: None }
    }

    pub fn add(&mut self, line: u64, code: &str, message: &str) -> anyhow::Result<()> {
        let failed = || format!("write {}", self.path.display());
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.create(true).write(true).append(self.goes_on).truncate(!self.goes_on);
            let file = options.open(&self.path).with_context(failed)?;
            self.file = Some(BufWriter::new(file));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let row = json!({"line": line, "code": code, "message": message});
        writeln!(file, "{row}").with_context(failed)
    }

    pub fn flush(&mut self) -> anyhow::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().with_context(|| format!("write {}", self.path.display()))
    }

    pub fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        if self.file.is_some() {
            let mut out = std::io::stderr();
            let _ = writeln!(out, "bad rows: {}", self.path.display());
        }
        Ok(())
    }
}
