//! Zip packages: which kind of workbook one is, and whether it is safe to unpack.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::{Format, damaged, guarded, refuse, unreadable};
use crate::error::{IngestError, Refusal};
use crate::limits::{PACKING_RATIO, PART_BYTES, WORKBOOK_BYTES};

const UNPACK: &str = "unpack it and name the file inside";
const SAVE: &str = "save the table in it as xlsx or csv and name that file";

/// Which workbook a zip package is. Its parts that are read whole are unpacked once, counting,
/// because the sizes that a package states are only claims.
pub(super) fn workbook_format(path: &Path) -> Result<Format, IngestError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let size = file.metadata().map_err(unreadable(path))?.len();
    let mut archive = guarded(path, "zip", || ZipArchive::new(BufReader::new(file)))?
        .map_err(|error| damaged(path, "zip", error))?;
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.replace('\\', "/"))
        .collect();
    let has = |end: &str| {
        names
            .iter()
            .any(|name| name.to_ascii_lowercase().ends_with(end))
    };
    let format = if has("xl/workbook.xml") || has("/workbook.xml") || has("xl/sharedstrings.xml") {
        Format::Xlsx
    } else if has("workbook.bin") {
        Format::Xlsb
    } else if has("content.xml") && has("mimetype") {
        let mut mimetype = String::new();
        if let Ok(part) = archive.by_name("mimetype") {
            // What is no text is no mimetype of a spreadsheet either.
            let _ = part.take(200).read_to_string(&mut mimetype);
        }
        if !mimetype.contains("spreadsheet") {
            let what = "an OpenDocument file, but no spreadsheet".into();
            return Err(refuse(path, Refusal::NotATable { what, advice: SAVE }));
        }
        Format::Ods
    } else {
        let (what, advice) = if has("word/document.xml") {
            ("a Word document".to_owned(), SAVE)
        } else if has("ppt/presentation.xml") {
            ("a PowerPoint presentation".to_owned(), SAVE)
        } else if has("index/document.iwa") {
            ("an Apple Numbers or Pages document".to_owned(), SAVE)
        } else {
            let inside = names
                .first()
                .map_or_else(String::new, |name| format!(" with {name}"));
            (format!("a zip archive{inside}"), UNPACK)
        };
        return Err(refuse(path, Refusal::NotATable { what, advice }));
    };
    if format != Format::Xlsx && size > WORKBOOK_BYTES {
        let what = "a workbook of this kind is read whole; this one".to_owned();
        return Err(refuse(
            path,
            Refusal::TooLarge {
                what,
                bytes: size,
                limit: WORKBOOK_BYTES,
            },
        ));
    }
    for index in 0..archive.len() {
        check_part(path, &mut archive, index, format)?;
    }
    Ok(format)
}

fn check_part(
    path: &Path,
    archive: &mut ZipArchive<BufReader<File>>,
    index: usize,
    format: Format,
) -> Result<(), IngestError> {
    let part = archive.by_index(index).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(text) if text.contains("assword") => {
            refuse(path, Refusal::Encrypted)
        }
        error => damaged(path, "zip", error),
    })?;
    let name = part.name().to_owned();
    let lower = name.to_ascii_lowercase();
    let packed = part.compressed_size();
    let too_tight = |unpacked: u64| {
        unpacked > 1 << 20
            && packed > 0
            && unpacked / packed > PACKING_RATIO
            && unpacked > PART_BYTES / 8
    };
    let stated = part.size();
    if too_tight(stated) {
        return Err(refuse(path, Refusal::PackedTooTightly { part: name }));
    }
    // Sheets of xlsx are streamed; pictures and the like are not read at all.
    let streamed = format == Format::Xlsx && lower.contains("worksheets/");
    let read = [".xml", ".bin", ".rels"]
        .iter()
        .any(|end| lower.ends_with(end));
    if streamed || !read {
        return Ok(());
    }
    let unpacked = std::io::copy(&mut part.take(PART_BYTES + 1), &mut std::io::sink())
        .map_err(|error| damaged(path, "zip", error))?;
    if too_tight(unpacked) {
        return Err(refuse(path, Refusal::PackedTooTightly { part: name }));
    }
    if unpacked > PART_BYTES {
        let bytes = unpacked.max(stated);
        return Err(refuse(
            path,
            Refusal::TooLarge {
                what: name,
                bytes,
                limit: PART_BYTES,
            },
        ));
    }
    Ok(())
}
