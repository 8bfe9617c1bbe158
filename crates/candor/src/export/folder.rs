//! The folder of an export: files are whole or not there, and what is whole is written down, so
//! that an export that was stopped goes on where it was.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::piece::{Had, Piece, Plan};
use super::rows::is_file;

/// What says how far an export is.
const UNFINISHED: &str = "export.unfinished.json";
/// What says that an export is whole.
const FINISHED: &str = "export.json";

/// A file that is whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Whole {
    name: String,
    rows: u64,
    bytes: u64,
}

/// What an export is and what of it is whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(flatten)]
    plan: Plan,
    files: Vec<Whole>,
}

/// The folder that an export goes to; nobody else writes to it meanwhile.
pub struct Folder {
    path: PathBuf,
    /// Locked, and synced for the names in it.
    lock: File,
    account: String,
    person: Option<String>,
    state: Option<State>,
    /// The file that is being written: its name, and how many bytes it has.
    open: Option<(String, File, u64)>,
}

impl Folder {
    /// Takes an empty folder, which is made where it is missing, or the one where the same export
    /// was interrupted. Only its owner may look into it.
    pub fn take(path: &Path, account: &str, person: Option<&str>) -> anyhow::Result<Folder> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("make the folder {}", path.display()))?;
        let lock = File::open(path).with_context(|| format!("open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{} has an export under way", path.display()),
            Err(TryLockError::Error(e)) => {
                return Err(e).context(format!("lock {}", path.display()));
            }
        }
        let before = match fs::read(path.join(UNFINISHED)) {
            Ok(bytes) => serde_json::from_slice::<State>(&bytes).ok(),
            Err(_) => None,
        };
        let person = person.map(str::to_owned);
        let same = |state: &State| state.account == account && state.person == person;
        let path = path.to_owned();
        let begun = format!("{UNFINISHED}.new");
        let mut entries =
            fs::read_dir(&path).with_context(|| format!("read {}", path.display()))?;
        let is_empty = entries.all(|entry| entry.is_ok_and(|entry| *entry.file_name() == *begun));
        match &before {
            Some(state) if same(state) => {}
            Some(_) => bail!(
                "{} holds another export, unfinished: name an empty folder with --to",
                path.display()
            ),
            None if is_empty => {}
            None => bail!("{} is not empty: name an empty folder with --to", path.display()),
        }
        let account = account.to_owned();
        Ok(Folder { path, lock, account, person, state: before, open: None })
    }

    /// What is whole already.
    pub fn had(&self) -> Option<Had> {
        let state = self.state.as_ref()?;
        let files = state.files.iter().map(|whole| whole.name.clone()).collect();
        Some(Had { offset: state.plan.offset, files })
    }

    /// Takes a piece.
    pub fn put(&mut self, piece: Piece) -> anyhow::Result<()> {
        match piece {
            Piece::Plan(plan) => self.plan(plan),
            Piece::Begin(name) => {
                assert!(is_file(&name), "a file of an export has its name");
                let path = self.path.join(format!("{name}.part"));
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o600);
                let file = options.open(&path);
                let file = file.with_context(|| format!("open {}", path.display()))?;
                self.open = Some((name, file, 0));
                Ok(())
            }
            Piece::Bytes { bytes, .. } => {
                let (name, file, length) = self.open.as_mut().context("a file is open")?;
                let written = file.write_all(&bytes);
                *length += bytes.len() as u64;
                written.with_context(|| format!("write {}", self.path.join(name).display()))
            }
            Piece::End(rows) => self.end(rows),
            Piece::Done => self.done(),
        }
    }

    fn plan(&mut self, plan: Plan) -> anyhow::Result<()> {
        let kept = self.state.take().filter(|_| plan.goes_on);
        let files = kept.map(|state| state.files).unwrap_or_default();
        // What is begun, or was whole before something changed.
        let entries = fs::read_dir(&self.path);
        let entries = entries.with_context(|| format!("read {}", self.path.display()))?;
        for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
            if (is_file(&name) || name == FINISHED) && !files.iter().any(|whole| whole.name == name)
            {
                let path = self.path.join(&name);
                let removed = fs::remove_file(&path);
                removed.with_context(|| format!("remove {}", path.display()))?;
            }
        }
        let (account, person) = (self.account.clone(), self.person.clone());
        self.state = Some(State { account, person, plan, files });
        self.write_down(UNFINISHED)
    }

    fn end(&mut self, rows: u64) -> anyhow::Result<()> {
        let (name, file, bytes) = self.open.take().context("a file is open")?;
        let path = self.path.join(&name);
        let synced = file.sync_all();
        let moved = synced.and_then(|()| fs::rename(self.path.join(format!("{name}.part")), &path));
        moved.with_context(|| format!("write {}", path.display()))?;
        self.state.as_mut().context("a plan came first")?.files.push(Whole { name, rows, bytes });
        self.write_down(UNFINISHED)
    }

    fn done(&mut self) -> anyhow::Result<()> {
        let state = self.state.as_mut().context("a plan came first")?;
        state.files.sort_by(|a, b| a.name.cmp(&b.name));
        self.write_down(FINISHED)?;
        let path = self.path.join(UNFINISHED);
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))
    }

    /// Writes down what is whole, whole or not at all.
    fn write_down(&self, name: &str) -> anyhow::Result<()> {
        let (path, new) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let text = serde_json::to_string_pretty(&self.state).context("write down the progress")?;
        let write = || {
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            self.lock.sync_all()
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.state.iter().flat_map(|state| &state.files).map(|whole| whole.bytes).sum()
    }
}

impl Drop for Folder {
    /// What was begun holds room that others may need, and is begun again anyway.
    fn drop(&mut self) {
        if let Some((name, ..)) = self.open.take() {
            let _ = fs::remove_file(self.path.join(format!("{name}.part")));
        }
    }
}
