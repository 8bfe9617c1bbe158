//! Files as batches of records, in their order.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use anyhow::{Context, bail};
use candor_event::Timestamp;
use candor_ingest::decode::{
    Clocks, Elsewhere, Incoming, IncomingSheet, LINE_BYTES_MAX, RefusalCode, Roles, SheetReader,
};
use candor_store::{Piece, TableReader};
use flate2::read::MultiGzDecoder;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::http::events::instant;

/// Records of a batch; they are one frame of the log, and its sheet another.
const BATCH_ROWS: usize = 1_000;

/// Events of a sheet, and about how many bytes they may take.
const SHEET_ROWS: usize = 65_536;
const SHEET_BYTES_MAX: usize = 8 << 20;

/// Rows of a table that are read at once into a sheet.
const ROWS_AT_ONCE: usize = 1_000;

/// What a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// What rows say, and how they say it.
pub enum Rows {
    /// By columns, or in the form of the API.
    Ours(Roles),
    /// As another product exports them, times by the clock of a zone; none: the publisher's.
    Theirs(Elsewhere, Option<TimeZone>),
}

impl Rows {
    /// The same with the publisher's zone.
    pub fn in_zone(self, publishers: &TimeZone) -> Rows {
        match self {
            Rows::Theirs(elsewhere, None) => Rows::Theirs(elsewhere, Some(publishers.clone())),
            rows => rows,
        }
    }

    fn line(&self, index: usize, line: &[u8]) -> Result<Incoming, (RefusalCode, String)> {
        match self {
            Rows::Ours(roles) => roles.line(index, line, &instant),
            Rows::Theirs(elsewhere, zone) => {
                let wall = |number| on_the_wall(number, zone.as_ref()?);
                elsewhere.line(index, line, Clocks { instant: &instant, wall: &wall })
            }
        }
    }
}

/// A number YYYYMMDDhhmmss as the moment that a clock in a zone showed it.
fn on_the_wall(number: i64, zone: &TimeZone) -> Option<Timestamp> {
    let part = |digits: i64| i8::try_from(number / digits % 100).ok();
    let year = i16::try_from(number / 10_000_000_000).ok()?;
    let (month, day) = (part(100_000_000)?, part(1_000_000)?);
    let (hour, minute, second) = (part(10_000)?, part(100)?, part(1)?);
    let shown = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(Timestamp(shown.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()))
}

/// One file to read.
pub struct Input {
    /// What messages call it.
    pub name: String,
    /// None: standard input.
    pub path: Option<PathBuf>,
    pub format: Format,
    /// It is packed by gzip.
    packed: bool,
    /// Its size, where it has one.
    pub bytes: Option<u64>,
    /// What tells it from another file, and from itself once it has changed.
    pub print: Option<String>,
}

/// Records of a file, and where they stand in it.
#[derive(Default)]
pub struct Batch {
    pub records: Vec<Incoming>,
    /// The line of each record.
    pub lines: Vec<u64>,
    /// Events of a table that are plain; of each person all before their records.
    pub sheet: IncomingSheet,
    /// The line of each event of the sheet.
    pub sheet_lines: Vec<u64>,
    /// Lines that are no records: line, code, message.
    pub bad: Vec<(u64, &'static str, String)>,
    /// Rows of the file up to the end of this batch.
    pub rows_read: u64,
    /// About how much of the file was read.
    pub bytes_read: u64,
}

impl Input {
    pub fn new(path: &Path, format: Option<Format>) -> anyhow::Result<Input> {
        if path == Path::new("-") {
            let format = format.unwrap_or(Format::Jsonl);
            if format == Format::Parquet {
                bail!("Parquet is read from its end: name a file instead of -");
            }
            let name = "standard input".to_owned();
            return Ok(Input { name, path: None, format, packed: false, bytes: None, print: None });
        }
        let name = path.display().to_string();
        let facts = std::fs::metadata(path).with_context(|| format!("open {name}"))?;
        if !facts.is_file() {
            bail!("{name} is no file");
        }
        let ending_of = |path: &Path| {
            path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase()
        };
        let packed = ending_of(path) == "gz";
        let ending = if packed { ending_of(&path.with_extension("")) } else { ending_of(path) };
        let format = match (format, ending.as_str()) {
            (Some(format), _) => format,
            (None, "jsonl" | "ndjson" | "json") => Format::Jsonl,
            (None, "csv") => Format::Csv,
            (None, "parquet" | "pq") => Format::Parquet,
            _ => bail!("the name of {name} does not tell what it is: give --format"),
        };
        if packed && format == Format::Parquet {
            bail!("{name} is Parquet within gzip: unpack it first");
        }
        let whole = std::fs::canonicalize(path).with_context(|| format!("open {name}"))?;
        let (size, changed) = (facts.len(), (facts.mtime(), facts.mtime_nsec()));
        let print = Some(format!("{} {size} {changed:?}", whole.display()));
        Ok(Input { name, path: Some(whole), format, packed, bytes: Some(size), print })
    }

    /// Where its bad rows are written down.
    pub fn rejects(&self) -> PathBuf {
        let mut name = match &self.path {
            Some(path) => path.as_os_str().to_owned(),
            None => "import".into(),
        };
        name.push(".rejects.jsonl");
        name.into()
    }
}

/// Reads a file from its row `skip` on and sends batches until it ends or nobody takes them.
pub fn read(input: Input, rows: &Rows, skip: u64, send: &SyncSender<Batch>) -> anyhow::Result<()> {
    let counted = Arc::new(AtomicU64::new(0));
    let source: Box<dyn Read + Send> = match &input.path {
        None => Box::new(std::io::stdin()),
        Some(path) => {
            let file = File::open(path).with_context(|| format!("open {}", input.name))?;
            let counted = Counted { file, read: Arc::clone(&counted) };
            match input.packed {
                true => Box::new(MultiGzDecoder::new(counted)),
                false => Box::new(counted),
            }
        }
    };
    let mut out = Out { send, batch: Batch::default(), sheets: None, row: 0, skip };
    let roles = match rows {
        Rows::Ours(roles) => roles,
        Rows::Theirs(..) if input.format == Format::Jsonl => &Roles::default(),
        Rows::Theirs(..) => bail!("--from reads JSON lines: export them as JSON"),
    };
    let table = match (input.format, &input.path) {
        (Format::Jsonl, _) => return lines(source, rows, &counted, &mut out),
        (Format::Parquet, Some(path)) => TableReader::parquet(path)?,
        (Format::Parquet, None) => bail!("Parquet is read from its end: name a file"),
        (Format::Csv, _) => TableReader::csv(&input.name, source)?,
    };
    self::table(table, roles, &input, &counted, &mut out)
}

/// A file that says how much of it was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The batch that is being filled.
struct Out<'a> {
    send: &'a SyncSender<Batch>,
    batch: Batch,
    /// Of a table whose rows may be events of a sheet.
    sheets: Option<SheetReader>,
    row: u64,
    skip: u64,
}

/// Whether someone still takes batches.
type GoesOn = bool;

impl Out<'_> {
    /// Whether the next row is to be passed over: an import before this one took it in.
    fn passes(&mut self) -> bool {
        self.row += 1;
        self.row <= self.skip
    }

    fn add(
        &mut self,
        line: u64,
        record: Result<Incoming, (&'static str, String)>,
        bytes_read: u64,
    ) -> GoesOn {
        self.put(line, record);
        !self.is_full() || self.send(bytes_read)
    }

    fn put(&mut self, line: u64, record: Result<Incoming, (&'static str, String)>) {
        match record {
            Ok(record) => {
                self.batch.records.push(record);
                self.batch.lines.push(line);
            }
            Err((code, message)) => self.batch.bad.push((line, code, message)),
        }
    }

    fn is_full(&self) -> bool {
        self.batch.records.len() + self.batch.bad.len() >= BATCH_ROWS
    }

    /// Takes some rows of a table in as events of a sheet; those that are not plain are for `row`
    /// to read. None of them was taken in before.
    fn add_plain(
        &mut self,
        piece: &Piece,
        rows: Range<usize>,
        row: &dyn Fn(usize, usize) -> Result<Incoming, (&'static str, String)>,
        bytes_read: &dyn Fn(u64) -> u64,
    ) -> GoesOn {
        let Some(sheets) = &mut self.sheets else { return true };
        let odd = sheets.read(piece, rows.clone(), &instant);
        for (at, odd) in rows.clone().zip(odd) {
            let line = piece.lines[at];
            if odd {
                self.put(line, row(self.batch.records.len(), at));
            } else {
                self.batch.sheet_lines.push(line);
            }
        }
        self.row += rows.len() as u64;
        let Some(sheets) = &self.sheets else { return true };
        // As many rows more are about as large.
        let (rows, bytes) = (sheets.rows(), sheets.bytes());
        let next = bytes + bytes / rows.max(1) * ROWS_AT_ONCE;
        let full = rows >= SHEET_ROWS || next > SHEET_BYTES_MAX || self.is_full();
        !full || self.send(bytes_read(self.row))
    }

    fn index(&self) -> usize {
        self.batch.records.len()
    }

    fn send(&mut self, bytes_read: u64) -> GoesOn {
        let mut batch = std::mem::take(&mut self.batch);
        if let Some(sheets) = &mut self.sheets {
            batch.sheet = sheets.sheet();
        }
        (batch.rows_read, batch.bytes_read) = (self.row, bytes_read);
        self.batch.records.reserve(BATCH_ROWS);
        self.send.send(batch).is_ok()
    }
}

fn table(
    mut table: TableReader,
    roles: &Roles,
    input: &Input,
    counted: &AtomicU64,
    out: &mut Out<'_>,
) -> anyhow::Result<()> {
    let of_columns = roles.columns(table.columns()).map_err(anyhow::Error::msg)?;
    table.only(of_columns.iter().map(|(column, _)| *column));
    out.sheets = roles.sheets(&of_columns);
    // Parquet is not read from front to back: about where it is follows from its rows.
    let share = |row: u64, rows: Option<u64>| match (input.bytes, rows) {
        (Some(bytes), Some(rows)) => (bytes as f64 * row as f64 / rows.max(1) as f64) as u64,
        _ => counted.load(Ordering::Relaxed),
    };
    let rows = table.rows();
    // The piece before was read row by row.
    let mut alone = false;
    while let Some(piece) = table.next_piece()? {
        let read = |index, row| {
            let record = roles.row(index, &of_columns, |column| piece.cell(column, row), &instant);
            record.map_err(|(code, message)| (code.word(), message))
        };
        if out.sheets.is_some() && piece.bad.is_empty() && out.row >= out.skip {
            // Records of rows before must not come after what follows of the same people.
            if !out.batch.records.is_empty() && alone && !out.send(share(out.row, rows)) {
                return Ok(());
            }
            alone = false;
            for first in (0..piece.rows()).step_by(ROWS_AT_ONCE) {
                let some = first..piece.rows().min(first + ROWS_AT_ONCE);
                if !out.add_plain(&piece, some, &read, &|row| share(row, rows)) {
                    return Ok(());
                }
            }
            continue;
        }
        alone = true;
        let mut bad = piece.bad.iter().peekable();
        for row in 0..piece.rows() {
            let line = piece.lines[row];
            while let Some((at, why)) = bad.next_if(|(at, _)| *at < line) {
                if !out.passes()
                    && !out.add(*at, Err(("bad_record", why.clone())), share(out.row, rows))
                {
                    return Ok(());
                }
            }
            if out.passes() {
                continue;
            }
            if !out.add(line, read(out.index(), row), share(out.row, rows)) {
                return Ok(());
            }
        }
        for (at, why) in bad {
            if !out.passes()
                && !out.add(*at, Err(("bad_record", why.clone())), share(out.row, rows))
            {
                return Ok(());
            }
        }
    }
    out.send(share(out.row, rows));
    Ok(())
}

fn lines(
    source: Box<dyn Read + Send>,
    rows: &Rows,
    counted: &AtomicU64,
    out: &mut Out<'_>,
) -> anyhow::Result<()> {
    let mut source = BufReader::with_capacity(1 << 20, source);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than a line may have, and its end.
        let limit = LINE_BYTES_MAX as u64 + 2;
        let read = source.by_ref().take(limit).read_until(b'\n', &mut line);
        if read.context("read on")? == 0 {
            break;
        }
        if !line.ends_with(b"\n") && line.len() as u64 == limit {
            skip_line(&mut source)?;
        }
        let passes = out.passes();
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if passes || text.is_empty() {
            continue;
        }
        let record = rows.line(out.index(), text);
        let record = record.map_err(|(code, message)| (code.word(), message));
        if !out.add(out.row, record, counted.load(Ordering::Relaxed)) {
            return Ok(());
        }
    }
    out.send(counted.load(Ordering::Relaxed));
    Ok(())
}

/// Reads to the end of a line that is too long to be kept.
fn skip_line(source: &mut impl BufRead) -> anyhow::Result<()> {
    loop {
        let buffer = source.fill_buf().context("read on")?;
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                source.consume(end + 1);
                return Ok(());
            }
            None if buffer.is_empty() => return Ok(()),
            None => {
                let length = buffer.len();
                source.consume(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_on_a_wall_is_read_in_its_zone() {
        let read =
            |number, zone: &str| on_the_wall(number, &TimeZone::get(zone).unwrap()).map(|at| at.0);
        assert_eq!(read(20_260_101_053_007, "Asia/Kolkata"), Some(1_767_225_607_000));
        assert_eq!(read(20_260_101_000_000, "UTC"), Some(1_767_225_600_000));
        // The clock was put back: the first of the two.
        assert_eq!(read(20_251_026_023_000, "Europe/Berlin"), Some(1_761_438_600_000));
        for bad in [20_261_301_000_000, 20_260_230_000_000, 20_260_101_250_000, i64::MAX, -1] {
            assert_eq!(read(bad, "UTC"), None, "{bad}");
        }
    }
}
