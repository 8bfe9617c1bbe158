//! A part on disk: one volume, one time bucket, one generation, as a few Parquet files, one per
//! kind of content and key. Layout: docs/formats/part.md.

mod arrivals;
mod base_files;
mod columns;
mod history;
mod opened;
mod prints;
mod reader;
mod rows;
mod sealed;
mod writer;

use std::path::{Path, PathBuf};
use std::{fs, io};

use bytes::Bytes;
use candor_event::DataClass;
use candor_keys::PublisherKeys;
use serde::{Deserialize, Serialize};

use crate::ahead::Ahead;

pub(crate) use arrivals::{ArrivalReader, Arrived};
pub(crate) use base_files::{BaseFiles, Files};
pub(crate) use columns::TypesByName;
pub(crate) use prints::{Contents, KnownPrint, Print, Told, is_nested};
pub(crate) use reader::{
    read_arrivals, read_base, read_names, read_people, read_segment, read_traits, trait_names,
};
pub(crate) use sealed::SealedPart;
pub(crate) use writer::{
    bucket_of, sync_folder, times_of, write_part, write_people, write_synced, write_traits,
};

/// Days of a time bucket. Below the 194 days that a jump of 24 bits reaches.
pub(crate) const BUCKET_DAYS: i64 = 128;

/// What a file of the store holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Who did what when: a row per person, the events as byte strings.
    History,
    /// When each event arrived, its session and what tells it from a repeat.
    Arrivals,
    /// The event properties of one class: a row per event.
    Properties,
    /// The texts that rows of these name by their numbers: a row per text.
    Values,
    /// Ordinal to person id.
    People,
    /// Traits of one class.
    Traits,
}

/// A file that the manifest names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) kind: Kind,
    pub(crate) class: DataClass,
    /// Name inside the store's folder.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// The file's key, wrapped under its class; empty under the null cipher.
    pub(crate) wrapped_key: Vec<u8>,
}

/// A part that the manifest names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) volume: u16,
    pub(crate) bucket: i64,
    pub(crate) generation: u64,
    pub(crate) events: u64,
    #[serde(default = "Told::unknown")]
    pub(crate) told: Told,
    /// Its properties by the manifest's names; none: it is of a version that did not tell.
    #[serde(default)]
    pub(crate) properties: Option<Vec<u32>>,
    pub(crate) files: Vec<File>,
}

/// Where a file belongs: authenticated with its bytes and not stored in it, so that a file that
/// was moved or renamed does not open.
pub(crate) struct Place<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) keys: &'a PublisherKeys,
    pub(crate) volume: u16,
    pub(crate) bucket: i64,
    pub(crate) generation: u64,
    /// What may have read its files already.
    pub(crate) ahead: Option<&'a Ahead>,
}

impl Place<'_> {
    fn aad(&self, kind: &Kind, class: DataClass) -> Vec<u8> {
        let account = self.keys.account().as_str();
        let (volume, bucket, generation) = (self.volume, self.bucket, self.generation);
        format!("{account}/{volume}/{bucket}/{generation}/{kind:?}/{}", class.name()).into_bytes()
    }

    fn name(&self, kind: &Kind, class: DataClass) -> String {
        let kind = match kind {
            Kind::History => "history".to_owned(),
            Kind::Arrivals => "arrivals".to_owned(),
            Kind::People => "people".to_owned(),
            Kind::Properties => format!("properties-{}", class.name()),
            Kind::Values => format!("values-{}", class.name()),
            Kind::Traits => format!("traits-{}", class.name()),
        };
        format!("v{:04}-b{}-g{:08}-{kind}.parquet", self.volume, self.bucket, self.generation)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// All bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Bytes> {
        match self.ahead.and_then(|ahead| ahead.take(path)) {
            Some(bytes) => Ok(bytes),
            None => Ok(fs::read(path)?.into()),
        }
    }
}
