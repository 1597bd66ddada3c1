//! What stands between the values of a text file.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use crate::mapping::{Delimiter, ReadOptions};

/// How the rows of a text file are divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One byte between values, values quoted where they hold it.
    Delimited {
        delimiter: u8,
        /// `a, "b,c"`: blanks before a quote do not belong to the value.
        blanks_before_quotes: bool,
        /// The first line is Excel's `sep=;`.
        announced: bool,
    },
    /// Runs of blanks.
    Blanks,
    /// So many characters each.
    Fixed(Vec<usize>),
}

/// Candidates, with what they win by where two divide equally well: a comma is the likeliest to
/// stand inside values.
const CANDIDATES: [(u8, f64); 5] = [
    (b'\t', 0.04),
    (b';', 0.03),
    (b'|', 0.03),
    (b',', 0.01),
    (b'^', 0.0),
];

/// The layout that the options name, else the one that divides the sample most evenly; `None`
/// where nothing does and the file is not called a table either.
pub(super) fn detect(path: &Path, sample: &str, options: &ReadOptions) -> Option<Layout> {
    if let Some(widths) = &options.widths {
        return Some(Layout::Fixed(widths.clone()));
    }
    let announced = sample.lines().next().and_then(announced_delimiter);
    let delimiter = match (options.delimiter, announced) {
        (Some(Delimiter::Blank), _) => return Some(Layout::Blanks),
        (Some(Delimiter::Byte(byte)), _) | (None, Some(byte)) => Some(byte),
        (None, None) => most_even(sample),
    };
    let delimiter = match delimiter {
        Some(delimiter) => delimiter,
        None if is_divided_by_blanks(sample) => return Some(Layout::Blanks),
        None => {
            let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
            match extension.as_ref().and_then(|extension| extension.to_str()) {
                Some("csv" | "txt" | "dat") => b',',
                Some("tsv" | "tab") => b'\t',
                Some("psv") => b'|',
                Some("ssv") => b';',
                _ => return None,
            }
        }
    };
    Some(Layout::Delimited {
        delimiter,
        blanks_before_quotes: has_blanks_before_quotes(sample, delimiter),
        announced: announced.is_some(),
    })
}

fn announced_delimiter(line: &str) -> Option<u8> {
    match line
        .trim_end()
        .trim_matches('"')
        .strip_prefix("sep=")?
        .as_bytes()
    {
        [byte] => Some(*byte),
        _ => None,
    }
}

fn most_even(sample: &str) -> Option<u8> {
    let mut best: Option<(f64, u8)> = None;
    for (delimiter, bonus) in CANDIDATES {
        let Some(evenness) = evenness(sample, delimiter) else {
            continue;
        };
        let score = evenness + bonus;
        if evenness >= 0.3 && best.is_none_or(|(least, _)| score > least) {
            best = Some((score, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// The share of the records that have the most frequent number of values, where that is at least
/// two.
fn evenness(sample: &str, delimiter: u8) -> Option<f64> {
    if !sample.as_bytes().contains(&delimiter) {
        return None;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample.as_bytes());
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut records = 0;
    for record in reader.byte_records().take(500).flatten() {
        *counts.entry(record.len()).or_default() += 1;
        records += 1;
    }
    let (fields, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (fields > 1).then(|| count as f64 / f64::from(records.max(1)))
}

/// Lines that fall into the same number of words, and are visibly set in columns.
fn is_divided_by_blanks(sample: &str) -> bool {
    let lines: Vec<&str> = sample
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(500)
        .collect();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut aligned = 0;
    for line in &lines {
        *counts.entry(line.split_whitespace().count()).or_default() += 1;
        aligned += usize::from(line.starts_with(' ') || line.trim().contains("  "));
    }
    let Some((words, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
        return false;
    };
    words > 1 && lines.len() > 2 && count * 10 >= lines.len() * 9 && aligned * 2 >= lines.len()
}

fn has_blanks_before_quotes(sample: &str, delimiter: u8) -> bool {
    let bytes = sample.as_bytes();
    bytes.iter().enumerate().any(|(index, byte)| {
        *byte == delimiter
            && bytes.get(index + 1) == Some(&b' ')
            && bytes[index + 1..].iter().find(|byte| **byte != b' ') == Some(&b'"')
    })
}

/// Leaves out blanks between a delimiter and what follows, outside of quotes.
pub(super) struct SkipBlanks<R> {
    inner: R,
    delimiter: u8,
    in_quotes: bool,
    at_start: bool,
    /// The byte before closed a quote, unless it is doubled.
    closed: bool,
}

impl<R> SkipBlanks<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self {
            inner,
            delimiter,
            in_quotes: false,
            at_start: true,
            closed: false,
        }
    }
}

impl<R: Read> Read for SkipBlanks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.inner.read(buffer)?;
            let mut kept = 0;
            for index in 0..read {
                let byte = buffer[index];
                if self.at_start && byte == b' ' {
                    continue;
                }
                let toggles = byte == b'"' && (self.at_start || self.in_quotes || self.closed);
                self.closed = toggles && self.in_quotes;
                self.in_quotes ^= toggles;
                self.at_start =
                    !self.in_quotes && (byte == self.delimiter || matches!(byte, b'\n' | b'\r'));
                buffer[kept] = byte;
                kept += 1;
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sample: &str, expected: Option<u8>) {
        let layout = detect(Path::new("file"), sample, &ReadOptions::default());
        let found = match layout {
            Some(Layout::Delimited { delimiter, .. }) => Some(delimiter),
            Some(Layout::Blanks) => Some(b' '),
            _ => None,
        };
        assert_eq!(found, expected, "{sample}");
    }

    #[test]
    fn leaves_out_blanks_between_values_only() {
        let text = "a,  \"b, \"\"c\"\", d\", e\n";
        let mut read = String::new();
        SkipBlanks::new(text.as_bytes(), b',')
            .read_to_string(&mut read)
            .unwrap();
        assert_eq!(read, "a,\"b, \"\"c\"\", d\",e\n");
    }

    #[test]
    fn finds_what_divides() {
        check("a,b\n1,2\n3,4\n", Some(b','));
        check("a;b\n1,5;2\n3,1;4\n", Some(b';'));
        check("a\tb\n1,5\t2,5\n3,1\t4,5\n", Some(b'\t'));
        check("a|b\n1|2\n", Some(b'|'));
        check("sep=;\na;b\n", Some(b';'));
        check(
            " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00003 19970102  2   20.76\n",
            Some(b' '),
        );
        check(
            "Some words.\nAnd more of them, which are prose.\nThird line\n",
            None,
        );
    }
}
