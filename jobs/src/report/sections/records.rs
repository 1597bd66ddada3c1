//! How complete the records are, and whether the program is used.

use millrace_lake::query::Row;

use super::quotes::comparison;
use crate::report::asked::{RECORDS, member, number};
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::Language;
use crate::report::maker::Maker;

pub(super) fn section(maker: &Maker<'_>) -> Option<Section> {
    let total = &maker.book.get("records")?.total;
    let some = RECORDS
        .iter()
        .any(|metric| maker.book.has("records", metric));
    if !some {
        return None;
    }
    let mut tables = vec![comparison(
        maker,
        total,
        &RECORDS,
        maker.of("记录与使用", "Records and use"),
    )];
    let mut rows: Vec<&Row> = maker.book.rows("records_teams").iter().collect();
    rows.retain(|row| member(row, "team").is_some_and(|team| !team.is_empty()));
    let names = match maker.language {
        Language::Zh => [
            "团队",
            "信息完整度",
            "跟进次数",
            "客户覆盖率",
            "活跃用户",
            "日活率",
        ],
        Language::En => [
            "Team",
            "Completeness",
            "Interactions",
            "Coverage",
            "Active people",
            "Daily active",
        ],
    };
    let told = |row: &&Row| {
        vec![
            Cell::new(maker.member(row, "team")).strong(),
            maker.cell(row, "record_completeness"),
            maker.cell(row, "interactions"),
            maker.cell(row, "coverage_rate"),
            maker.cell(row, "active_users"),
            maker.cell(row, "daily_active_rate"),
        ]
    };
    if rows.len() > 1 {
        tables.push(Table {
            title: maker.of("按团队", "By team"),
            columns: columns(names),
            rows: rows.iter().map(told).collect(),
            note: String::new(),
            ..Table::default()
        });
    }
    Some(Section {
        id: "records",
        title: maker.of("记录质量与使用", "Records and use"),
        lead: sentence(maker).into_iter().collect(),
        tables,
        ..Section::default()
    })
}

/// Whether the numbers stand on good records.
pub(super) fn sentence(maker: &Maker<'_>) -> Option<String> {
    let total = &maker.book.get("records")?.total;
    let told = |metric: &str| number(total, metric).map(|value| maker.told(metric, Some(value)));
    let mut parts = Vec::new();
    if let Some(value) = told("record_completeness") {
        parts.push(match maker.language {
            Language::Zh => format!("客户信息完整度 {value}"),
            Language::En => format!("account records are {value} complete"),
        });
    }
    if let Some(value) = told("daily_active_rate") {
        parts.push(match maker.language {
            Language::Zh => format!("工作日有业务记录的人平均占 {value}"),
            Language::En => format!("on a working day {value} of the people wrote a record"),
        });
    }
    let defects = number(total, "record_defects").filter(|count| *count > 0.0);
    if let Some(count) = defects {
        parts.push(match maker.language {
            Language::Zh => format!("{count:.0} 处记录不可能成立, 未计入用时指标"),
            Language::En => format!(
                "left out of durations: {} that cannot be true",
                maker.things(Some(count), "record")
            ),
        });
    }
    if parts.is_empty() {
        return None;
    }
    let text = parts.join("; ") + maker.language.of("。", ".");
    let mut letters = text.chars();
    Some(match (maker.language, letters.next()) {
        (Language::En, Some(first)) => first.to_uppercase().chain(letters).collect(),
        _ => text,
    })
}
