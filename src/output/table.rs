//! Tables for a terminal: columns align whatever the script, numbers stand to the right.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table in the making.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    closing: Vec<Vec<String>>,
}

/// No column is wider than this many terminal cells.
const WIDEST: usize = 48;

impl Table {
    /// A table of these columns, without rows.
    pub(crate) fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Align)>) -> Self {
        Self {
            columns: columns
                .into_iter()
                .map(|(name, align)| (name.into(), align))
                .collect(),
            rows: Vec::new(),
            closing: Vec::new(),
        }
    }

    /// Adds a row; it has a cell for every column.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a row below the second rule: the rest or the total.
    pub(crate) fn close_with(&mut self, cells: Vec<String>) {
        self.closing.push(cells);
    }

    /// The text of the table, every line without blanks at its end.
    pub(crate) fn render(&self) -> String {
        let mut widths: Vec<usize> = self.columns.iter().map(|(name, _)| name.width()).collect();
        for row in self.rows.iter().chain(&self.closing) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(clean(cell).width()).min(WIDEST);
            }
        }
        let rule = widths
            .iter()
            .map(|width| "─".repeat(*width))
            .collect::<Vec<_>>()
            .join("──");
        let mut text = String::new();
        let header: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        self.line(&mut text, &widths, &header);
        text.push_str(&rule);
        text.push('\n');
        for row in &self.rows {
            self.line(&mut text, &widths, row);
        }
        if !self.closing.is_empty() {
            text.push_str(&rule);
            text.push('\n');
            for row in &self.closing {
                self.line(&mut text, &widths, row);
            }
        }
        text
    }

    fn line(&self, text: &mut String, widths: &[usize], cells: &[String]) {
        let mut line = String::new();
        for (position, ((cell, width), (_, align))) in
            cells.iter().zip(widths).zip(&self.columns).enumerate()
        {
            if position > 0 {
                line.push_str("  ");
            }
            let cell = shorten(&clean(cell), *width);
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            match align {
                Align::Left => {
                    line.push_str(&cell);
                    line.push_str(&blanks);
                }
                Align::Right => {
                    line.push_str(&blanks);
                    line.push_str(&cell);
                }
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// A record's text must not move the cursor or colour the terminal.
fn clean(cell: &str) -> String {
    cell.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect()
}

fn shorten(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for one in cell.chars() {
        used += one.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(one);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_across_scripts() {
        let mut table = Table::new([("region", Align::Left), ("won_amount", Align::Right)]);
        table.push(vec!["华东".to_owned(), "1,284,000.00".to_owned()]);
        table.push(vec!["North".to_owned(), "-3.50".to_owned()]);
        table.close_with(vec!["total".to_owned(), "1,283,996.50".to_owned()]);
        assert_eq!(
            table.render(),
            "region    won_amount\n\
             ────────────────────\n\
             华东    1,284,000.00\n\
             North          -3.50\n\
             ────────────────────\n\
             total   1,283,996.50\n"
        );
    }

    #[test]
    fn long_cells_are_cut_and_control_characters_are_blanks() {
        assert_eq!(shorten("阀门与管件", 7), "阀门与…");
        let mut table = Table::new([("name", Align::Left)]);
        table.push(vec!["a\u{1b}[31mb\nc".to_owned()]);
        assert!(!table.render().contains('\u{1b}'));
        assert_eq!(table.render().lines().count(), 3);
    }
}
