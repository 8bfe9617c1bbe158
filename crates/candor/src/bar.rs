//! How far a command is, on a terminal.

use std::io::{IsTerminal, Write};
use std::time::Instant;

/// How far something is, on a terminal; nothing elsewhere.
pub struct Bar {
    name: String,
    /// What all of it comes to, where that is known.
    all: Option<u64>,
    started: Instant,
    done: u64,
    rows: u64,
    shown: bool,
}

impl Bar {
    pub fn new(name: &str, all: Option<u64>, started: Instant) -> Bar {
        let shown = std::io::stderr().is_terminal();
        Bar { name: name.to_owned(), all, started, done: 0, rows: 0, shown }
    }

    pub fn at(&mut self, done: u64, rows: u64) {
        (self.done, self.rows) = (done, rows);
    }

    pub fn draw(&self) {
        if !self.shown {
            return;
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.rows as f64 / seconds.max(0.001);
        let share = self.all.map(|all| self.done as f64 / all.max(1) as f64);
        let bar = share.map_or(String::new(), |share| {
            let full = (share * 30.0).round().clamp(0.0, 30.0) as usize;
            format!("[{}{}] {:3.0} % ", "=".repeat(full), " ".repeat(30 - full), share * 100.0)
        });
        let mut out = std::io::stderr();
        let _ = write!(out, "\r\x1b[K{}: {bar}{} rows, {rate:.0} a second", self.name, self.rows);
        let _ = out.flush();
    }

    pub fn end(&self) {
        if self.shown {
            self.draw();
            let _ = writeln!(std::io::stderr());
        }
    }
}
