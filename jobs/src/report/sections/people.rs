//! Teams and people.

use millrace_lake::query::Row;

use super::pipeline::left_out;
use crate::report::asked::number;
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::Language;
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
        let rows: Vec<&Row> = maker.book.rows(id).iter().filter(|row| did(row)).collect();
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

/// Whether there is anything behind the row.
fn did(row: &Row) -> bool {
    METRICS
        .iter()
        .any(|metric| number(row, &format!("{metric}_n")).is_some_and(|count| count > 0.0))
}

fn table(maker: &Maker<'_>, rows: &[&Row], dimension: &str, title: String) -> Table {
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
        }
    }
    let told = |row: &&Row| {
        let mut cells = vec![Cell::new(maker.member(row, dimension)).strong()];
        for metric in &metrics {
            cells.push(maker.cell(row, metric));
            if *metric == "won_amount" {
                cells.push(maker.change(row, metric));
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
