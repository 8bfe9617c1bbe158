//! No core files: a process that dies leaves nothing of its memory on a disk.

use anyhow::Context;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Turns core files off for good. The limit alone does not hold where cores go to a program
/// (core(5), `core_pattern` with a pipe); that the process is not dumpable does, and it keeps
/// others of the same user from reading its memory.
///
/// # Errors
/// When the system refuses, which it should not: better not to start than to start so.
pub fn off() -> anyhow::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("turn core files off")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("make the process undumpable")
}
