//! Rows as lines of text, in the form of PostgreSQL's COPY.

/// Adds a value to a row.
pub(super) fn push(row: &mut Vec<u8>, value: Option<&str>, is_last: bool) {
    match value {
        None => row.extend_from_slice(b"\\N"),
        Some(text) => {
            for byte in text.bytes() {
                let escaped = match byte {
                    b'\\' => b'\\',
                    b'\n' => b'n',
                    b'\r' => b'r',
                    b'\t' => b't',
                    plain => {
                        row.push(plain);
                        continue;
                    }
                };
                row.extend_from_slice(&[b'\\', escaped]);
            }
        }
    }
    row.push(if is_last { b'\n' } else { b'\t' });
}

/// The values of a row, without its line feed; `None` where it is none.
pub(super) fn values(row: &[u8]) -> Option<Vec<Option<String>>> {
    row.split(|byte| *byte == b'\t').map(value).collect()
}

#[allow(clippy::option_option, reason = "no value, and no text of one")]
fn value(text: &[u8]) -> Option<Option<String>> {
    if text == b"\\N" {
        return Some(None);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        plain.push(match bytes.next()? {
            b'\\' => b'\\',
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            // PostgreSQL writes these three as well.
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            _ => return None,
        });
    }
    String::from_utf8(plain).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let row = [
            Some(""),
            None,
            Some("阀门"),
            Some("a\tb\nc\rd\\N\\"),
            Some("\\N"),
            Some("\u{8}\u{b}\u{c}"),
        ];
        let mut text = Vec::new();
        for (place, value) in row.iter().enumerate() {
            push(&mut text, *value, place + 1 == row.len());
        }
        assert_eq!(text.split(|byte| *byte == b'\n').count(), 2);
        let line = text.strip_suffix(b"\n").unwrap();
        let read = values(line).unwrap();
        let read: Vec<Option<&str>> = read.iter().map(Option::as_deref).collect();
        assert_eq!(read, row);
    }

    #[test]
    fn what_is_no_row_is_none() {
        assert_eq!(values(b"a\\"), None);
        assert_eq!(values(b"\\q"), None);
        assert_eq!(values(b"\xff"), None);
        let controls = values(b"\\v\\f\\b");
        assert_eq!(controls, Some(vec![Some("\u{b}\u{c}\u{8}".to_owned())]));
    }
}
