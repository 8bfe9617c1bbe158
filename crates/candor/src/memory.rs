//! How much memory there is for this process.

use std::fs;

/// Where neither the machine nor its limit can be read.
const UNKNOWN: u64 = 4 << 30;

/// Bytes: the machine's, or what the control group of this process may have.
pub fn total() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    smaller(machine.as_deref(), limit.as_deref())
}

fn smaller(machine: Option<&str>, limit: Option<&str>) -> u64 {
    let machine = machine.and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib << 10)
    });
    let limit = limit.and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(limit).min().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_machine_and_limit_counts() {
        let machine = Some("MemFree:  1 kB\nMemTotal:       24683656 kB\n");
        for (limit, expected) in [
            (None, 24_683_656 << 10),
            (Some("max\n"), 24_683_656 << 10),
            (Some("1073741824\n"), 1 << 30),
        ] {
            assert_eq!(smaller(machine, limit), expected);
        }
        assert_eq!(smaller(Some("nothing"), None), UNKNOWN);
    }
}
