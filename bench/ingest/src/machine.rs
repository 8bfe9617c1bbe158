//! On what it was measured.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

/// Bytes of one append.
const APPEND_BYTES: usize = 4096;
const APPENDS: usize = 500;

/// Processor, kernel, compiler, load of the machine before the run.
pub fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
    };
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    json!({
        "step": "machine",
        "cores": std::thread::available_parallelism().map_or(0, |cores| cores.get()),
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "mhz": field(&read("/proc/cpuinfo"), "cpu MHz"),
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "rustc": rustc.unwrap_or_default(),
        "load_average": read("/proc/loadavg").split(' ').take(2).collect::<Vec<_>>().join(" "),
    })
}

/// How long the disk takes to append 4 KiB and to sync them.
pub fn sync(folder: &Path) -> anyhow::Result<Value> {
    let path = folder.join("sync");
    let mut file = File::create(&path).with_context(|| format!("make {}", path.display()))?;
    let bytes = [7; APPEND_BYTES];
    let mut times = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let started = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(&path)?;
    times.sort_unstable_by(f64::total_cmp);
    Ok(json!({
        "step": "sync", "bytes": APPEND_BYTES, "times": APPENDS,
        "ms_median": rounded(times[APPENDS / 2]), "ms_p99": rounded(times[APPENDS * 99 / 100]),
    }))
}

/// Three places behind the point.
pub fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
