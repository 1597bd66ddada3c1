//! Text files: their encoding, what stands between their values, their rows.

mod decode;
mod layout;

use std::cell::Cell as Shared;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use csv::ByteRecord;
use encoding_rs::{Encoding, UTF_8};

use self::decode::Decoded;
pub(super) use self::decode::{decode_sample, detect_encoding};
pub(crate) use self::layout::Layout;
use super::{Flow, OnRow, Row, refuse, unreadable};
use crate::error::{IngestError, Refusal};
use crate::limits::RECORD_BYTES;
use crate::mapping::ReadOptions;
use crate::value::{Cell, trim};

const BUFFER: usize = 256 << 10;

/// A text file whose layout is known.
pub(crate) struct TextInput {
    encoding: &'static Encoding,
    layout: Layout,
}

impl TextInput {
    pub(super) fn open(
        path: &Path,
        encoding: &'static Encoding,
        options: &ReadOptions,
    ) -> Result<Self, IngestError> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(unreadable(path))?;
        let read = file
            .take(128 << 10)
            .read_to_end(&mut head)
            .map_err(unreadable(path))?;
        let mut sample = decode_sample(encoding, &head);
        if read == 128 << 10
            && let Some(end) = sample.rfind(['\n', '\r'])
        {
            sample.truncate(end);
        }
        let layout = layout::detect(path, &sample, options).ok_or_else(|| {
            let what = "plain text without columns".into();
            let advice = "a table needs one row a line and a delimiter such as a comma or a tab";
            refuse(path, Refusal::NotATable { what, advice })
        })?;
        Ok(Self { encoding, layout })
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    pub(super) fn scan(&self, path: &Path, on_row: OnRow<'_>) -> Result<(), IngestError> {
        match &self.layout {
            Layout::Delimited {
                delimiter,
                blanks_before_quotes,
                announced,
            } => {
                let filter = blanks_before_quotes.then_some(*delimiter);
                scan_delimited(path, self.encoding, *delimiter, filter, *announced, on_row)
            }
            Layout::Blanks => for_lines(path, self.encoding, &mut |number, line| {
                let cells = line.split_whitespace().map(unquoted).collect();
                on_row(number, &Line { line, cells })
            }),
            Layout::Fixed(widths) => for_lines(path, self.encoding, &mut |number, line| {
                on_row(
                    number,
                    &Line {
                        line,
                        cells: cut(line, widths),
                    },
                )
            }),
        }
    }
}

/// A record of delimited text.
struct Record<'a>(&'a ByteRecord);

impl Row for Record<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        match self.0.get(index) {
            None | Some(b"") => Cell::Empty,
            // What is not UTF-8 has been replaced while decoding.
            Some(bytes) => std::str::from_utf8(bytes).map_or(Cell::Text("\u{fffd}"), Cell::Text),
        }
    }
}

/// A line of fixed width or of runs of blanks.
struct Line<'a> {
    line: &'a str,
    cells: Vec<&'a str>,
}

impl Row for Line<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        match self.cells.get(index) {
            None | Some(&"") => Cell::Empty,
            Some(text) => Cell::Text(text),
        }
    }

    fn line(&self) -> Option<&str> {
        Some(self.line)
    }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
}

/// Cuts a line after so many characters each; what is left over is one more cell.
fn cut<'a>(line: &'a str, widths: &[usize]) -> Vec<&'a str> {
    let mut rest = line;
    let mut cells = Vec::with_capacity(widths.len());
    for width in widths {
        let end = rest
            .char_indices()
            .nth(*width)
            .map_or(rest.len(), |(index, _)| index);
        let (cell, tail) = rest.split_at(end);
        cells.push(trim(cell));
        rest = tail;
    }
    if !rest.trim().is_empty() {
        cells.push(rest.trim());
    }
    cells
}

fn open(path: &Path, encoding: &'static Encoding) -> Result<Decoded<File>, IngestError> {
    let file = File::open(path).map_err(unreadable(path))?;
    Ok(Decoded::new(file, encoding))
}

fn scan_delimited(
    path: &Path,
    encoding: &'static Encoding,
    delimiter: u8,
    filter: Option<u8>,
    announced: bool,
    on_row: OnRow<'_>,
) -> Result<(), IngestError> {
    let used = Rc::new(Shared::new(0));
    let bounded = Bounded {
        inner: open(path, encoding)?,
        used: used.clone(),
    };
    let source: Box<dyn Read> = match filter {
        Some(delimiter) => Box::new(layout::SkipBlanks::new(bounded, delimiter)),
        None => Box::new(bounded),
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(source);
    let mut record = ByteRecord::new();
    loop {
        used.set(0);
        let line = reader.position().line();
        let more =
            reader
                .read_byte_record(&mut record)
                .map_err(|error| match error.into_kind() {
                    csv::ErrorKind::Io(error) if is_endless(&error) => {
                        refuse(path, Refusal::EndlessRecord { line })
                    }
                    csv::ErrorKind::Io(error) => unreadable(path)(error),
                    kind => super::damaged(path, "csv", format!("{kind:?}")),
                })?;
        if !more {
            return Ok(());
        }
        if record.len() > crate::limits::COLUMNS {
            return Err(refuse(path, Refusal::EndlessRecord { line }));
        }
        let line = record.position().map_or(line, csv::Position::line);
        if announced && line == 1 {
            continue;
        }
        if on_row(line, &Record(&record))? == Flow::Stop {
            return Ok(());
        }
    }
}

/// Lines with their numbers, blank ones left out.
pub(super) fn for_lines(
    path: &Path,
    encoding: &'static Encoding,
    on_line: &mut dyn FnMut(u64, &str) -> Result<Flow, IngestError>,
) -> Result<(), IngestError> {
    let mut reader = BufReader::with_capacity(BUFFER, open(path, encoding)?);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let read = (&mut reader)
            .take(RECORD_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(unreadable(path))?;
        if read == 0 {
            return Ok(());
        }
        if u64::try_from(read).is_ok_and(|read| read >= RECORD_BYTES) {
            return Err(refuse(path, Refusal::EndlessRecord { line: number }));
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.trim().is_empty() && on_line(number, text)? == Flow::Stop {
            return Ok(());
        }
    }
}

/// Fails when one record takes more than [`RECORD_BYTES`]; the scan sets `used` back after each.
struct Bounded<R> {
    inner: R,
    used: Rc<Shared<u64>>,
}

#[derive(Debug, thiserror::Error)]
#[error("a record is too long")]
struct Endless;

fn is_endless(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<Endless>())
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let used = self.used.get() + u64::try_from(read).unwrap_or(u64::MAX);
        self.used.set(used);
        if used > RECORD_BYTES {
            Err(io::Error::other(Endless))
        } else {
            Ok(read)
        }
    }
}

/// Whether the encoding needs no decoding beyond a byte order mark.
fn is_utf8(encoding: &'static Encoding) -> bool {
    encoding == UTF_8
}
