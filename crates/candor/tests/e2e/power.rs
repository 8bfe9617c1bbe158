//! Power cuts: kill -9, and then the disk as it was when each file was last synced.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a folder is on a disk that can lose its power.
pub struct Disk {
    live: PathBuf,
    kept: tempfile::TempDir,
}

impl Disk {
    /// A folder that nobody uses now, all of it synced.
    pub fn of(live: &Path) -> Disk {
        let disk = Disk { live: live.canonicalize().unwrap(), kept: tempfile::tempdir().unwrap() };
        copy(&disk.live, disk.kept.path());
        disk
    }

    /// The library that keeps the disk, and where.
    pub fn layer(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let kept = self.kept.path().canonicalize().unwrap();
        [("LD_PRELOAD", text(library())), ("CUT_LIVE", text(&self.live)), ("CUT_KEPT", text(&kept))]
    }

    /// What was not synced is gone. Nobody uses the folder now.
    pub fn lose(&self) {
        for entry in fs::read_dir(&self.live).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => fs::remove_dir_all(&path).unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
        }
        copy(self.kept.path(), &self.live);
    }
}

/// Built once, by the C compiler that the product needs anyway.
fn library() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("cut.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power/cut.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library);
        assert!(compiler.args([source, "-ldl"]).status().unwrap().success());
        (folder, library)
    };
    &BUILT.get_or_init(build).1
}

#[test]
fn the_layer_keeps_what_is_synced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("before"), "there").unwrap();
    let disk = Disk::of(folder.path());
    let dd = |file: &str, how: &[&str]| {
        let to = format!("of={}", folder.path().join(file).display());
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/zero", "bs=1000", "count=3", "status=none", &to]).args(how);
        assert!(dd.envs(disk.layer()).status().unwrap().success());
    };
    dd("synced", &["conv=fsync"]);
    dd("not-synced", &[]);
    dd("before", &["conv=notrunc"]);
    assert!(folder.path().join("not-synced").exists());
    disk.lose();
    let size = |file: &str| fs::metadata(folder.path().join(file)).map(|data| data.len()).ok();
    assert_eq!((size("synced"), size("not-synced")), (Some(3000), None));
    // What was written over without a sync is there in part at most, whole sectors of it.
    let before = fs::read(folder.path().join("before")).unwrap();
    assert!(
        before == b"there" || (before.len().is_multiple_of(512) && before.iter().all(|b| *b == 0))
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, other) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&path, &other);
        } else if kind.is_file() {
            fs::copy(&path, &other).unwrap();
        }
    }
}
