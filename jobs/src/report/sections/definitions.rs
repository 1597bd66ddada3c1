//! What the numbers mean, and what they were made from.

use std::collections::BTreeSet;

use crate::report::document::{Cell, Column, Section, Table, columns};
use crate::report::maker::Maker;

pub(super) fn section(maker: &Maker<'_>, versions: &[(String, i64)]) -> Section {
    let names: BTreeSet<&str> = maker
        .book
        .asked
        .iter()
        .flat_map(|own| own.query.metrics.iter().map(String::as_str))
        .collect();
    let all = maker.book.labels.metrics.iter();
    let rows = all
        .filter(|metric| names.contains(metric.name.as_str()))
        .map(|metric| {
            vec![
                Cell::new(maker.language.label(&metric.label)).strong(),
                Cell::new(maker.language.label(&metric.description)),
            ]
        })
        .collect();
    let definitions = Table {
        title: maker.of("指标定义", "Definitions"),
        columns: [maker.of("指标", "Figure"), maker.of("定义", "Definition")]
            .map(|name| Column {
                name,
                is_number: false,
            })
            .to_vec(),
        rows,
        note: String::new(),
        ..Table::default()
    };
    let told = versions.iter().map(|(table, version)| {
        let table = table.strip_prefix("marts/").unwrap_or(table);
        vec![Cell::new(table.to_owned()), Cell::new(version.to_string())]
    });
    let made_from = Table {
        title: maker.of("数据版本", "Table versions"),
        columns: columns([
            maker.language.of("表", "Table"),
            maker.language.of("版本", "Version"),
        ]),
        rows: told.collect(),
        note: maker.of(
            "同样的版本重新生成, 得到完全相同的文件。",
            "The same versions give the same file, to the byte.",
        ),
        ..Table::default()
    };
    Section {
        id: "definitions",
        title: maker.of("定义与数据版本", "Definitions and versions"),
        tables: vec![definitions, made_from],
        ..Section::default()
    }
}
