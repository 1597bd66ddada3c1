//! What a file is, by its first bytes and its name.
//!
//! What its sender says of it is not asked. Programs are not taken, nor is what a browser would run:
//! pages and drawings with scripts.

/// The kinds that are taken, for people.
pub(super) const TAKEN: &str = "PDF, pictures, text and tables, office documents, drawings (DWG, DXF, STEP), \
     mail, sound and film, and archives (ZIP, 7z, RAR, GZ)";

/// Media type by the first bytes, at an offset.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"AC10", "image/vnd.dwg"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
];

/// Media types of ZIP archives, of the older office files and of texts, by the ending of the name.
const ZIP: &[(&str, &str)] = &[
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("ofd", "application/ofd"),
    ("zip", "application/zip"),
];
const OFFICE: &[(&str, &str)] = &[
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("et", "application/vnd.ms-excel"),
    ("wps", "application/msword"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("msg", "application/vnd.ms-outlook"),
];
const TEXT: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("md", "text/markdown"),
    ("json", "application/json"),
    ("eml", "message/rfc822"),
    ("dxf", "image/vnd.dxf"),
    ("step", "model/step"),
    ("stp", "model/step"),
    ("txt", "text/plain"),
];

/// The media type of a file that begins so and has that name; none when it is not taken.
pub(super) fn type_of(head: &[u8], name: &str) -> Option<&'static str> {
    let at = |(offset, magic, _): &&(usize, &[u8], &'static str)| {
        head.get(*offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if let Some((_, _, media_type)) = MAGIC.iter().find(at) {
        return Some(media_type);
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default();
    let by_name = |types: &[(&str, &'static str)]| {
        let known = types.iter().find(|(known, _)| *known == ending);
        known.map(|(_, media_type)| *media_type)
    };
    if head.starts_with(b"PK\x03\x04") {
        return by_name(ZIP);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return by_name(OFFICE);
    }
    // What is text in some encoding has no control characters but those of lines and tabs.
    let control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c\x1b".contains(byte);
    let markup = head
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    if head.iter().any(control) || markup == Some(&b'<') {
        return None;
    }
    by_name(TEXT)
}

#[cfg(test)]
mod tests {
    use super::type_of;

    #[test]
    fn a_file_is_what_it_holds() {
        let check = |head: &[u8], name: &str, expected: Option<&str>| {
            assert_eq!(type_of(head, name), expected, "{name}");
        };
        check(b"%PDF-1.7 ...", "offer.exe", Some("application/pdf"));
        check(b"\x89PNG\r\n\x1a\n....", "photo", Some("image/png"));
        check(b"PK\x03\x04....", "list.XLSX", Some(super::ZIP[1].1));
        check(b"PK\x03\x04....", "app.jar", None);
        check("型号,数量\n".as_bytes(), "parts.csv", Some("text/csv"));
        check(b"MZ\x90\0\x03", "invoice.pdf", None);
        check(b"\x7fELF", "drawing.dwg", None);
        check(b"<html><script>", "note.txt", None);
        check(b"\xef\xbb\xbf <svg>", "note.txt", None);
        check(b"echo hello", "run.sh", None);
        check(b"a\0b", "note.txt", None);
        check(b"ISO-10303-21;\nHEADER;", "part.stp", Some("model/step"));
    }
}
