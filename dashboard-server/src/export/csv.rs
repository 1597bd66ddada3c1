//! Records as CSV, for spreadsheets: UTF-8 with a byte order mark, and no cell that a
//! spreadsheet would run as a formula.

use std::fmt::Write as _;

use millrace_lake::query::{DrillColumn, Row};

use super::Language;
use super::cells::{Cell, cell};

/// The mark by which Excel knows UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The first line.
pub(crate) fn header(labels: &[String]) -> String {
    let mut text = BYTE_ORDER_MARK.to_owned();
    for (position, label) in labels.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        push_text(&mut text, label);
    }
    text.push_str("\r\n");
    text
}

/// The lines of some records.
pub(crate) fn lines(rows: &[Row], columns: &[DrillColumn], language: Language) -> String {
    let mut text = String::with_capacity(rows.len() * columns.len() * 12);
    for row in rows {
        for (position, column) in columns.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            push(&mut text, &cell(row.get(&column.name), column, language));
        }
        text.push_str("\r\n");
    }
    text
}

fn push(text: &mut String, cell: &Cell<'_>) {
    let written = match cell {
        Cell::Empty => Ok(()),
        Cell::Text(words) => {
            push_text(text, words);
            Ok(())
        }
        Cell::Integer(number) => write!(text, "{number}"),
        Cell::Number(number) => write!(text, "{number}"),
        Cell::Amount(amount) => write!(text, "{amount:.2}"),
        Cell::Flag(flag) => write!(text, "{flag}"),
        Cell::Day(day) => write!(text, "{day}"),
        Cell::Moment(moment) => write!(text, "{}", moment.format("%Y-%m-%d %H:%M:%S")),
    };
    // Writing into a string does not fail.
    let _ = written;
}

fn push_text(text: &mut String, words: &str) {
    let guard = is_formula(words);
    if guard || words.contains([',', '"', '\n', '\r']) {
        text.push('"');
        if guard {
            text.push('\'');
        }
        for one in words.chars() {
            if one == '"' {
                text.push('"');
            }
            text.push(one);
        }
        text.push('"');
    } else {
        text.push_str(words);
    }
}

/// Whether a spreadsheet would take the words for a formula. Blanks in front do not stop it, and
/// the full-width signs work as well where the language is Chinese or Japanese.
fn is_formula(words: &str) -> bool {
    words.starts_with(['\t', '\r', '\n'])
        || words.trim_start().starts_with([
            '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
        ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &Cell<'_>, expected: &str) {
        let mut text = String::new();
        push(&mut text, cell);
        assert_eq!(text, expected);
    }

    #[test]
    fn words_are_quoted_and_formulas_disarmed() {
        let words = Cell::Text;
        check(&words("00123"), "00123");
        check(&words("A, \"large\""), "\"A, \"\"large\"\"\"");
        check(&words("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        check(&words("@SUM(A1)"), "\"'@SUM(A1)\"");
        check(&words("+86 21"), "\"'+86 21\"");
        check(&words(" =1"), "\"' =1\"");
        check(&words("\u{ff1d}1"), "\"'\u{ff1d}1\"");
        check(&words("\tx"), "\"'\tx\"");
        check(&Cell::Number(-3.5), "-3.5");
        check(&Cell::Amount(-3.5), "-3.50");
    }
}
