//! The list of live files and the log offset that they cover: sealed, replaced atomically.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candor_event::{DataClass, PersonId};
use candor_keys::PublisherKeys;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::part::{File, Part, sync_folder, write_synced};

const MAGIC: &[u8; 8] = b"CANDORM\x01";
const NAME: &str = "manifest";
const VOLUMES_MAX: u16 = 1024;

/// Everything that makes files a store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The log offset up to which all records are in files.
    pub(crate) covered: u64,
    /// The generation of the newest file; the next one gets the next number.
    pub(crate) generation: u64,
    pub(crate) volumes: u16,
    /// Names by code; codes are the places, in all files.
    pub(crate) events: Vec<Arc<str>>,
    /// The same of properties, for the parts.
    #[serde(default)]
    pub(crate) properties: Vec<Arc<str>>,
    pub(crate) parts: Vec<Part>,
    /// By volume, in order: people files with the first ordinal, and their generation.
    pub(crate) people: Vec<Listed>,
    pub(crate) traits: Vec<Listed>,
    /// (loser, winner) of the merges in force, in the order in which they were made.
    pub(crate) merges: Vec<(PersonId, PersonId)>,
    /// (volume, ordinal) of erased people.
    pub(crate) erased: Vec<(u16, u32)>,
}

/// A file of people or traits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) volume: u16,
    pub(crate) generation: u64,
    pub(crate) file: File,
}

impl Manifest {
    /// Reads the manifest of a folder; none where there is no store yet.
    pub(crate) fn read(folder: &Path, keys: &PublisherKeys) -> Result<Option<Manifest>, Error> {
        let path = path(folder);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::disk("read", &path, e)),
        };
        Manifest::parse(&path, &bytes, keys).map(Some)
    }

    fn parse(path: &Path, bytes: &[u8], keys: &PublisherKeys) -> Result<Manifest, Error> {
        let sealed = bytes.strip_prefix(MAGIC).ok_or_else(|| {
            Error::corrupt(path, "a manifest of this version begins with CANDORM and 1")
        })?;
        let plain = keys
            .open_sealed(DataClass::Identity, &aad(keys), sealed)
            .map_err(|e| Error::keys(path, e))?;
        let manifest: Manifest =
            serde_json::from_slice(&plain).map_err(|e| Error::corrupt(path, e))?;
        manifest.check().map_err(|why| Error::corrupt(path, why))?;
        Ok(manifest)
    }

    /// What everyone who reads a manifest may take for granted.
    fn check(&self) -> Result<(), &'static str> {
        if !self.volumes.is_power_of_two() || self.volumes > VOLUMES_MAX {
            return Err("the number of volumes is no power of two up to 1024");
        }
        let listed = self.people.iter().chain(&self.traits).map(|listed| listed.volume);
        let named = listed.chain(self.parts.iter().map(|part| part.volume));
        if named.chain(self.erased.iter().map(|erased| erased.0)).any(|v| v >= self.volumes) {
            return Err("it names a volume that there is not");
        }
        let named = self.parts.iter().flat_map(|part| part.properties.iter().flatten());
        if named.max().is_some_and(|last| *last as usize >= self.properties.len()) {
            return Err("a part has a property that it does not name");
        }
        let plain = |name: &str| Path::new(name).file_name().is_some_and(|file| file == name);
        if !self.files().all(|file| plain(&file.name)) {
            return Err("it names a file outside the folder");
        }
        let winners: HashMap<PersonId, PersonId> = self.merges.iter().copied().collect();
        if winners.len() < self.merges.len() {
            return Err("someone is folded into two people");
        }
        for loser in winners.keys() {
            let mut at = loser;
            for _ in 0..=winners.len() {
                match winners.get(at) {
                    Some(winner) if winner == loser => return Err("its merges have a circle"),
                    Some(winner) => at = winner,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Replaces the manifest: from now on its files count and no others.
    pub(crate) fn write(&self, folder: &Path, keys: &PublisherKeys) -> Result<(), Error> {
        let path = path(folder);
        let plain = serde_json::to_vec(self).map_err(|e| Error::corrupt(&path, e))?;
        let sealed = keys
            .sealer(DataClass::Identity)
            .seal(&aad(keys), &plain)
            .map_err(|e| Error::keys(&path, e))?;
        let fresh = folder.join("manifest.new");
        write_synced(&fresh, &[MAGIC.as_slice(), &sealed].concat())?;
        // The files' names first: a manifest must never name what a crash can take away.
        sync_folder(folder)?;
        fs::rename(&fresh, &path).map_err(|e| Error::disk("replace", &path, e))?;
        sync_folder(folder)
    }

    /// Looks whether every file is there, and whole as far as its size tells: most are read only
    /// when something is asked for.
    pub(crate) fn check_files(&self, folder: &Path) -> Result<(), Error> {
        for file in self.files() {
            let path = folder.join(&file.name);
            let bytes = fs::metadata(&path).map_err(|e| Error::disk("open", &path, e))?.len();
            if bytes != file.bytes {
                return Err(Error::corrupt(&path, format!("{} bytes, not {bytes}", file.bytes)));
            }
        }
        Ok(())
    }

    /// Removes files that no manifest names: what a crash left half done.
    pub(crate) fn sweep(&self, folder: &Path) -> Result<(), Error> {
        let live: std::collections::HashSet<&str> = self.files().map(|f| f.name.as_str()).collect();
        let entries = fs::read_dir(folder).map_err(|e| Error::disk("list", folder, e))?;
        for entry in entries {
            let entry = entry.map_err(|e| Error::disk("list", folder, e))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".parquet") && !live.contains(name.as_ref()) || name == "manifest.new"
            {
                let path = entry.path();
                fs::remove_file(&path).map_err(|e| Error::disk("remove", &path, e))?;
            }
        }
        Ok(())
    }

    fn files(&self) -> impl Iterator<Item = &File> {
        let listed = self.people.iter().chain(&self.traits).map(|listed| &listed.file);
        self.parts.iter().flat_map(|part| &part.files).chain(listed)
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

fn aad(keys: &PublisherKeys) -> Vec<u8> {
    format!("{}/manifest", keys.account().as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_back_and_a_flipped_bit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = PublisherKeys::for_tests(1);
        assert!(Manifest::read(folder.path(), &keys).unwrap().is_none());
        let manifest = Manifest { covered: 7, volumes: 4, ..Manifest::default() };
        manifest.write(folder.path(), &keys).unwrap();
        assert_eq!(Manifest::read(folder.path(), &keys).unwrap().unwrap().covered, 7);
        let good = fs::read(path(folder.path())).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(Manifest::parse(Path::new("m"), &bad, &keys).is_err(), "byte {at}");
        }
        let other = PublisherKeys::for_tests(2);
        assert!(Manifest::read(folder.path(), &other).is_err());
    }

    #[test]
    fn what_a_manifest_cannot_say_is_refused() {
        let check = |change: &dyn Fn(&mut Manifest), expected: bool| {
            let mut manifest = Manifest { volumes: 4, ..Manifest::default() };
            change(&mut manifest);
            assert_eq!(manifest.check().is_ok(), expected, "{manifest:?}");
        };
        let id = |seed: u8| PersonId([seed; 16]);
        check(&|_| {}, true);
        check(&|m| m.volumes = 3, false);
        check(&|m| m.volumes = 2048, false);
        check(&|m| m.erased = vec![(3, 0)], true);
        check(&|m| m.erased = vec![(4, 0)], false);
        check(&|m| m.merges = vec![(id(1), id(2)), (id(2), id(3))], true);
        check(&|m| m.merges = vec![(id(1), id(2)), (id(2), id(3)), (id(3), id(1))], false);
        check(&|m| m.merges = vec![(id(1), id(1))], false);
        check(&|m| m.merges = vec![(id(1), id(2)), (id(1), id(3))], false);
    }
}
