//! Teams and people.

use millrace_lake::query::Row;
use millrace_operations::service::target::Mark;

use super::pipeline::left_out;
use crate::report::asked::{member, number};
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::{Language, NONE};
use crate::report::maker::Maker;

/// Rows on the page; all of them are in the workbook.
const ROWS: usize = 30;
const METRICS: [&str; 7] = [
    "won_amount",
    "opportunities_won",
    "win_rate",
    "order_amount",
    "quote_acceptance_rate",
    "collection_rate",
    "open_amount",
];

pub(super) fn section(maker: &Maker<'_>) -> Option<Section> {
    let all = [
        ("teams", "team", maker.of("团队", "Teams")),
        ("owners", "owner", maker.of("个人", "People")),
    ];
    let tables = all.into_iter().filter_map(|(id, dimension, title)| {
        let all = maker.book.rows(id).iter().enumerate();
        let rows: Vec<Told<'_>> = all
            .filter(|(_, row)| did(row, dimension))
            .map(|(place, row)| (row, maker.book.aim_of_row(id, place, "won_amount")))
            .collect();
        (!rows.is_empty()).then(|| table(maker, &rows, dimension, title))
    });
    let tables: Vec<Table> = tables.collect();
    (!tables.is_empty()).then(|| Section {
        id: "people",
        title: maker.of("团队与个人", "Teams and people"),
        tables,
        ..Section::default()
    })
}

/// A row, and what its won amount was to reach.
type Told<'a> = (&'a Row, Option<&'a Mark>);

/// Whether there is anything behind the row; of nobody, anything that is not nothing.
fn did(row: &Row, dimension: &str) -> bool {
    let is_somebody = member(row, dimension).is_some();
    METRICS.iter().any(|metric| {
        let told = if is_somebody {
            number(row, &format!("{metric}_n"))
        } else {
            number(row, metric)
        };
        told.is_some_and(|told| told != 0.0)
    })
}

fn table(maker: &Maker<'_>, rows: &[Told<'_>], dimension: &str, title: String) -> Table {
    let has_aims = rows.iter().any(|(_, aim)| aim.is_some());
    let metrics: Vec<&str> = METRICS
        .into_iter()
        .filter(|metric| maker.book.metric(metric).is_some())
        .collect();
    let short_name = |metric: &&str| match (*metric, maker.language) {
        ("won_amount", Language::Zh) => "成单金额".to_owned(),
        ("won_amount", Language::En) => "Won".to_owned(),
        ("opportunities_won", Language::Zh) => "赢单".to_owned(),
        ("opportunities_won", Language::En) => "Deals".to_owned(),
        ("quote_acceptance_rate", Language::Zh) => "报价接受".to_owned(),
        ("quote_acceptance_rate", Language::En) => "Quotes accepted".to_owned(),
        ("collection_rate", Language::En) => "Collected".to_owned(),
        ("open_amount", Language::Zh) => "在手金额".to_owned(),
        ("open_amount", Language::En) => "Open".to_owned(),
        ("order_amount", Language::En) => "Orders".to_owned(),
        (metric, language) => maker.book.name(metric, language),
    };
    let mut names = vec![maker.book.dimension(dimension, maker.language)];
    for metric in &metrics {
        names.push(short_name(metric));
        if *metric == "won_amount" {
            names.push(maker.of("比上月", "Change"));
            if has_aims {
                names.push(maker.of("目标完成", "Of target"));
            }
        }
    }
    let told = |(row, aim): &Told<'_>| {
        let mut cells = vec![Cell::new(maker.member(row, dimension)).strong()];
        for metric in &metrics {
            cells.push(maker.cell(row, metric));
            if *metric == "won_amount" {
                cells.push(maker.change(row, metric));
                if has_aims {
                    cells.push(aim.map_or_else(|| Cell::new(NONE), |mark| maker.reached(mark)));
                }
            }
        }
        cells
    };
    Table {
        title,
        columns: columns(names.iter().map(String::as_str)),
        note: left_out(maker, rows.len(), ROWS),
        rows: rows.iter().take(ROWS).map(told).collect(),
        ..Table::default()
    }
}
