//! What a file is, by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::Encoding;

use super::text::{self, decode_sample};
use super::{Format, package, refuse, unreadable};
use crate::error::{IngestError, Refusal};
use crate::mapping::ReadOptions;

/// What a file turned out to be.
pub(super) enum Found {
    Text(&'static Encoding),
    Jsonl(&'static Encoding),
    Workbook(Format),
    Parquet,
}

const HEAD: u64 = 16 << 10;
const SAVE_AS_TABLE: &str = "save the table in it as xlsx or csv and name that file";

/// First bytes, what they are the first bytes of, and what would help.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (
        b"%PDF",
        "a PDF document",
        "export the table in it from the program that made it",
    ),
    (
        b"\x1f\x8b",
        "a gzip archive",
        "unpack it and name the file inside",
    ),
    (
        b"BZh",
        "a bzip2 archive",
        "unpack it and name the file inside",
    ),
    (
        b"\xfd7zXZ\0",
        "an xz archive",
        "unpack it and name the file inside",
    ),
    (
        b"(\xb5\x2f\xfd",
        "a zstd archive",
        "unpack it and name the file inside",
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        "a 7-Zip archive",
        "unpack it and name the file inside",
    ),
    (
        b"Rar!",
        "a RAR archive",
        "unpack it and name the file inside",
    ),
    (
        b"\x89PNG",
        "a picture",
        "a table is needed, not a picture of one",
    ),
    (
        b"\xff\xd8\xff",
        "a picture",
        "a table is needed, not a picture of one",
    ),
    (
        b"GIF8",
        "a picture",
        "a table is needed, not a picture of one",
    ),
    (
        b"SQLite format 3\0",
        "a SQLite database",
        "export the table in it as csv",
    ),
    (b"ARROW1", "an Arrow file", "save it as parquet"),
    (b"ORC", "an ORC file", "save it as parquet"),
    (b"Obj\x01", "an Avro file", "save it as parquet"),
    (b"{\\rtf", "an RTF document", SAVE_AS_TABLE),
    (b"\x7fELF", "a program", "name the file with the table"),
    (b"MZ\x90", "a program", "name the file with the table"),
];

pub(super) fn sniff(path: &Path, options: &ReadOptions) -> Result<Found, IngestError> {
    let file = File::open(path).map_err(unreadable(path))?;
    if file.metadata().map_err(unreadable(path))?.is_dir() {
        let what = "a folder".into();
        return Err(refuse(
            path,
            Refusal::NotATable {
                what,
                advice: "name a file in it",
            },
        ));
    }
    let mut head = Vec::new();
    file.take(HEAD)
        .read_to_end(&mut head)
        .map_err(unreadable(path))?;
    if head.is_empty() {
        return Err(refuse(path, Refusal::Empty));
    }
    if head.starts_with(b"PAR1") {
        return Ok(Found::Parquet);
    }
    if head.starts_with(b"PAR") && head.get(3) == Some(&b'E') {
        return Err(refuse(path, Refusal::Encrypted));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return package::workbook_format(path).map(Found::Workbook);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return ole(path);
    }
    if matches!(head.as_slice(), [9, 0 | 2 | 4 | 8, 4..=255, 0, ..]) {
        return Ok(Found::Workbook(Format::Xls));
    }
    for (signature, what, advice) in SIGNATURES {
        if head.starts_with(signature) && (signature.len() > 3 || !head.is_ascii()) {
            return Err(refuse(
                path,
                Refusal::NotATable {
                    what: (*what).into(),
                    advice,
                },
            ));
        }
    }
    let encoding = match options.encoding {
        Some(encoding) => encoding,
        None => text::detect_encoding(path, &head)?.ok_or_else(|| {
            let what = "no text and no table of a known kind".into();
            refuse(
                path,
                Refusal::NotATable {
                    what,
                    advice: SAVE_AS_TABLE,
                },
            )
        })?,
    };
    let sample = decode_sample(encoding, &head);
    if let Some((what, advice)) = markup(&sample) {
        return Err(refuse(
            path,
            Refusal::NotATable {
                what: what.into(),
                advice,
            },
        ));
    }
    if sample.trim().is_empty() && u64::try_from(head.len()).is_ok_and(|length| length < HEAD) {
        return Err(refuse(path, Refusal::Empty));
    }
    let text = sample.trim_start();
    let plain = options.delimiter.is_none() && options.widths.is_none();
    if plain && text.starts_with('{') && text.contains('"') {
        return Ok(Found::Jsonl(encoding));
    }
    if plain && text.starts_with('[') && text[1..].trim_start().starts_with(['{', '[']) {
        let what = "one JSON list".into();
        let advice = "write one JSON object a line (jsonl), as `jq -c '.[]'` does";
        return Err(refuse(path, Refusal::NotATable { what, advice }));
    }
    Ok(Found::Text(encoding))
}

/// Old Office documents: xls, encrypted xlsx, or something else.
fn ole(path: &Path) -> Result<Found, IngestError> {
    let size = std::fs::metadata(path).map_err(unreadable(path))?.len();
    if size > crate::limits::WORKBOOK_BYTES {
        let limit = crate::limits::WORKBOOK_BYTES;
        let what = "an xls workbook is read whole; this one".to_owned();
        return Err(refuse(
            path,
            Refusal::TooLarge {
                what,
                bytes: size,
                limit,
            },
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable(path))?;
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|window| window == wide)
    };
    if has("EncryptedPackage") {
        return Err(refuse(path, Refusal::Encrypted));
    }
    if has("Workbook") || has("Book") {
        return Ok(Found::Workbook(Format::Xls));
    }
    let what = if has("WordDocument") {
        "a Word document"
    } else if has("PowerPoint Document") {
        "a PowerPoint presentation"
    } else {
        "an old Office document, but no workbook"
    };
    Err(refuse(
        path,
        Refusal::NotATable {
            what: what.into(),
            advice: SAVE_AS_TABLE,
        },
    ))
}

/// Web pages and XML, however they are called.
fn markup(sample: &str) -> Option<(&'static str, &'static str)> {
    const EXCEL: &str = "open it in Excel and save it as xlsx";
    let start = sample.trim_start_matches('\u{feff}').trim_start();
    if !start.starts_with('<') {
        return None;
    }
    let lower = start.to_ascii_lowercase();
    if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        return Some(("an Excel 2003 XML workbook", EXCEL));
    }
    if lower.contains("schemas.microsoft.com/office/2006/xmlpackage") {
        return Some(("an Office document in one XML file", EXCEL));
    }
    let tags = [
        "<!doctype html",
        "<html",
        "<table",
        "<head",
        "<body",
        "<div",
        "<meta",
    ];
    if tags.iter().any(|tag| lower.contains(tag)) {
        return Some(("a web page, whatever it is called", EXCEL));
    }
    if lower.starts_with("<?xml") || lower.ends_with('>') || lower.contains("</") {
        return Some(("an XML document", SAVE_AS_TABLE));
    }
    None
}
