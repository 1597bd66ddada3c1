//! What goes to stdout.

pub(crate) mod table;
pub(crate) mod value;

use std::io::{self, Write};

use serde::Serialize;

/// Writes one JSON document and a line feed. A reader that went away is no failure.
///
/// # Errors
///
/// When stdout cannot be written.
pub(crate) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    write(&text)
}

/// Writes rows as CSV.
///
/// # Errors
///
/// When stdout cannot be written.
pub(crate) fn csv<'a>(
    header: &[&str],
    rows: impl IntoIterator<Item = &'a [String]>,
) -> anyhow::Result<()> {
    let mut text = String::new();
    csv_line(&mut text, header.iter().copied());
    for row in rows {
        csv_line(&mut text, row.iter().map(String::as_str));
    }
    write(&text)
}

/// Writes text as it is. A reader that went away is no failure.
///
/// # Errors
///
/// When stdout cannot be written.
pub(crate) fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn csv_line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::csv_line;

    #[test]
    fn quotes_only_what_needs_it() {
        let mut text = String::new();
        csv_line(
            &mut text,
            ["华东", "A, large", "5\" valve", "", "x\ny"].into_iter(),
        );
        assert_eq!(text, "华东,\"A, large\",\"5\"\" valve\",,\"x\ny\"\n");
    }
}
