//! What stands in a sheet of targets.

use std::collections::BTreeMap;

use millrace_ingest::SheetForm;
use millrace_models::metric::nearest;
use millrace_models::target::{TargetPeriod, Whom, parse};
use millrace_operations::service::target::{self, Item, Names};

use super::BadTarget;

/// The columns that say what a row is of, with their headers in both languages.
pub(super) const METRIC: [&str; 2] = ["指标", "Metric"];
pub(super) const KIND: [&str; 2] = ["对象类型", "For"];
pub(super) const NAME: [&str; 2] = ["对象", "Name"];
/// Whom a row is for.
pub(super) const COMPANY: [&str; 2] = ["公司", "company"];
pub(super) const TEAM: [&str; 2] = ["团队", "team"];
pub(super) const PERSON: [&str; 2] = ["个人", "person"];

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) items: Vec<Item>,
    /// Where each of them stands.
    pub(super) places: Vec<BadTarget>,
    pub(super) faults: Vec<BadTarget>,
}

/// Reads the targets of a sheet, all faults at once.
pub(super) fn read(sheet: &SheetForm, names: &Names) -> Form {
    let mut reading = Reading {
        sheet,
        names,
        form: Form::default(),
        seen: BTreeMap::new(),
    };
    match sheet.rows.split_first() {
        Some((header, rows)) => {
            if let Some(columns) = reading.columns(header.number, &header.cells) {
                for row in rows {
                    reading.row(&columns, row.number, &row.cells);
                }
            }
        }
        None => reading.fault(1, 0, "", "the sheet has no header: begin with the template"),
    }
    reading.form
}

/// Which column is what.
struct Columns {
    metric: usize,
    kind: usize,
    name: usize,
    periods: Vec<(usize, TargetPeriod)>,
}

struct Reading<'a> {
    sheet: &'a SheetForm,
    names: &'a Names,
    form: Form,
    /// Where each target was met first, and its value.
    seen: BTreeMap<(String, Whom, TargetPeriod), (u64, usize, i64)>,
}

impl Reading<'_> {
    fn place(&self, row: u64, column: usize, value: &str, message: &str) -> BadTarget {
        BadTarget {
            sheet: self.sheet.name.clone(),
            row,
            column: letters(column),
            value: value.to_owned(),
            message: message.to_owned(),
        }
    }

    fn fault(&mut self, row: u64, column: usize, value: &str, message: &str) {
        let fault = self.place(row, column, value, message);
        self.form.faults.push(fault);
    }

    fn columns(&mut self, row: u64, header: &[String]) -> Option<Columns> {
        let (mut metric, mut kind, mut name) = (None, None, None);
        let mut periods = Vec::new();
        for (column, text) in header.iter().enumerate() {
            let is = |words: [&str; 2]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
            if is(METRIC) {
                metric = metric.or(Some(column));
            } else if is(KIND) {
                kind = kind.or(Some(column));
            } else if is(NAME) {
                name = name.or(Some(column));
            } else if let Ok(period) = text.parse::<TargetPeriod>() {
                if periods.iter().any(|(_, known)| *known == period) {
                    self.fault(row, column, text, "another column is of this period, too");
                }
                periods.push((column, period));
            }
            // any other column is for people: labels, units, notes
        }
        let mut found = |place: Option<usize>, words: [&str; 2]| {
            if place.is_none() {
                let message = format!("the header has no column {} ({})", words[0], words[1]);
                self.fault(row, 0, "", &message);
            }
            place
        };
        let metric = found(metric, METRIC);
        let kind = found(kind, KIND);
        let name = found(name, NAME);
        if periods.is_empty() {
            let message = "the header has no period: a column as 2026-03, 2026-Q1 or 2026";
            self.fault(row, 0, "", message);
        }
        if !self.form.faults.is_empty() {
            return None;
        }
        Some(Columns {
            metric: metric?,
            kind: kind?,
            name: name?,
            periods,
        })
    }

    fn row(&mut self, columns: &Columns, number: u64, cells: &[String]) {
        let cell = |column: usize| cells.get(column).map_or("", |text| text.trim());
        if columns
            .periods
            .iter()
            .all(|(column, _)| cell(*column).is_empty())
        {
            return;
        }
        let metric = match target::metric(cell(columns.metric)) {
            Ok(metric) => Some(metric),
            Err(message) => {
                self.fault(number, columns.metric, cell(columns.metric), &message);
                None
            }
        };
        let (kind, name) = (cell(columns.kind), cell(columns.name));
        let whom = match self.whom(kind, name) {
            Ok(whom) => Some(whom),
            Err((of_name, message)) => {
                let (column, value) = if of_name {
                    (columns.name, name)
                } else {
                    (columns.kind, kind)
                };
                self.fault(number, column, value, &message);
                None
            }
        };
        let (Some(metric), Some(whom)) = (metric, whom) else {
            return;
        };
        for (column, period) in &columns.periods {
            let text = cell(*column);
            if text.is_empty() {
                continue;
            }
            let parts = match parse(metric.unit, text) {
                Ok(parts) => parts,
                Err(error) => {
                    self.fault(number, *column, text, &error.to_string());
                    continue;
                }
            };
            let key = (metric.name.clone(), whom, *period);
            match self.seen.get(&key) {
                Some((_, _, same)) if *same == parts => continue,
                Some((row, other, _)) => {
                    let message = format!(
                        "the cell {}{row} says something else of the same target",
                        letters(*other)
                    );
                    self.fault(number, *column, text, &message);
                    continue;
                }
                None => {}
            }
            self.seen.insert(key, (number, *column, parts));
            let place = self.place(number, *column, text, "");
            self.form.places.push(place);
            self.form.items.push(Item {
                metric,
                period: *period,
                whom,
                parts,
            });
        }
    }

    /// For whom a row is; else whether the name is wrong, and what.
    fn whom(&self, kind: &str, name: &str) -> Result<Whom, (bool, String)> {
        let is = |words: [&str; 2]| words.iter().any(|word| word.eq_ignore_ascii_case(kind));
        if is(COMPANY) {
            return Ok(Whom::Company);
        }
        let people = is(PERSON);
        if !people && !is(TEAM) {
            let message = format!(
                "must be {}, {} or {} (company, team, person)",
                COMPANY[0], TEAM[0], PERSON[0]
            );
            return Err((false, message));
        }
        let found = if people {
            self.names.person(name).map(Whom::Person)
        } else {
            self.names.team(name).map(Whom::Team)
        };
        found.ok_or_else(|| {
            let what = if people { "person" } else { "team" };
            let near = nearest(name, self.names.known(people));
            let hint = if near.is_empty() {
                String::new()
            } else {
                format!(": did you mean {}?", near.join(", "))
            };
            (true, format!("there is no {what} of that name{hint}"))
        })
    }
}

/// A column as sheets name it: A, B, …, Z, AA.
fn letters(column: usize) -> String {
    let (mut left, mut text) = (column + 1, String::new());
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or_default();
        text.insert(0, char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        let named: Vec<String> = [0, 25, 26, 27, 51, 52, 701, 702]
            .into_iter()
            .map(letters)
            .collect();
        assert_eq!(named, ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }
}
