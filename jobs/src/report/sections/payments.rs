//! Payments: what came in of what was due, and how old the rest is.

use millrace_lake::query::Row;
use millrace_models::metric::Unit;

use super::pipeline::left_out;
use super::quotes::comparison;
use crate::report::MonthlyReportError;
use crate::report::asked::{member, number};
use crate::report::chart::{Series, Shape};
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::{Language, Measured, percent};
use crate::report::maker::Maker;

const ACCOUNTS: usize = 10;
const AGES: [&str; 4] = ["0-30", "31-60", "61-90", "90+"];

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let Some(payments) = maker.book.get("payments") else {
        return Ok(None);
    };
    if !has_any(maker) {
        return Ok(None);
    }
    let mut section = Section {
        id: "payments",
        title: maker.of("回款与账龄", "Payments and ageing"),
        lead: sentence(maker).into_iter().collect(),
        ..Section::default()
    };
    let metrics = [
        "collection_rate",
        "overdue_amount",
        "days_sales_outstanding",
        "renewal_rate",
    ];
    section.tables.push(comparison(
        maker,
        &payments.total,
        &metrics,
        maker.of("回款指标", "Payments in figures"),
    ));
    if let Some([now, before]) = ages(maker) {
        let names = [
            maker.of("月末", "end of the month"),
            maker.of("上月末", "a month before"),
        ];
        let labels: Vec<String> = AGES.iter().map(|age| age_name(maker, age)).collect();
        let series =
            [(&names[0], &now), (&names[1], &before)].map(|(name, values)| Series { name, values });
        let measured = Measured::plain(Unit::Amount);
        let svg = maker
            .pen
            .bars(&labels, &series[0], Some(&series[1]), measured, None);
        let title = maker.of("逾期金额, 按逾期天数", "Overdue amount by days overdue");
        section
            .charts
            .push(Maker::chart("ageing", title.clone(), title, svg)?);
    }
    let chart = maker.by_month("collection_rate", Shape::Line)?;
    section.charts.extend(chart);
    let overdue: Vec<&Row> = maker
        .book
        .rows("overdue")
        .iter()
        .filter(|row| number(row, "overdue_amount").is_some_and(|amount| amount > 0.0))
        .collect();
    if !overdue.is_empty() {
        let names = match maker.language {
            Language::Zh => ["客户", "逾期金额", "比上月末", "期次"],
            Language::En => ["Account", "Overdue", "Change", "Instalments"],
        };
        let told = |row: &&Row| {
            vec![
                Cell::new(maker.member(row, "account")).strong(),
                maker.cell(row, "overdue_amount"),
                maker.change(row, "overdue_amount"),
                Cell::new(maker.told("", number(row, "overdue_amount_n"))),
            ]
        };
        section.tables.push(Table {
            title: maker.of("逾期最多的客户", "Accounts that owe most"),
            columns: columns(names),
            note: left_out(maker, overdue.len(), ACCOUNTS),
            rows: overdue.iter().take(ACCOUNTS).map(told).collect(),
            ..Table::default()
        });
    }
    Ok(Some(section))
}

/// Whether anything was due or overdue.
fn has_any(maker: &Maker<'_>) -> bool {
    let has = |metric| maker.book.has("payments", metric);
    has("collection_rate") || has("overdue_amount")
}

fn age_name(maker: &Maker<'_>, age: &str) -> String {
    match (age, maker.language) {
        ("90+", Language::Zh) => "90 天以上".to_owned(),
        ("90+", Language::En) => "over 90 days".to_owned(),
        (age, Language::Zh) => format!("{} 天", age.replace('-', " 至 ")),
        (age, Language::En) => format!("{} days", age.replace('-', " to ")),
    }
}

/// The overdue amounts by age, now and a month before.
fn ages(maker: &Maker<'_>) -> Option<[Vec<Option<f64>>; 2]> {
    let rows = maker.book.rows("ageing");
    let of = |name: &str| {
        AGES.iter()
            .map(|age| {
                let row = rows
                    .iter()
                    .find(|row| member(row, "overdue_age") == Some(age));
                Some(row.and_then(|row| number(row, name)).unwrap_or(0.0))
            })
            .collect::<Vec<_>>()
    };
    let both = [of("overdue_amount"), of("overdue_amount_before")];
    both[0]
        .iter()
        .flatten()
        .any(|amount| *amount > 0.0)
        .then_some(both)
}

/// How much came in, and what is overdue.
pub(super) fn sentence(maker: &Maker<'_>) -> Option<String> {
    let total = &maker.book.get("payments").filter(|_| has_any(maker))?.total;
    let told = |metric: &str| maker.told(metric, number(total, metric));
    let mut parts = Vec::new();
    if number(total, "collection_rate").is_some() {
        let rate = told("collection_rate");
        let against = maker.against(total, "collection_rate", &maker.month_name(1));
        let against = against.map_or_else(String::new, |text| format!("({text})"));
        parts.push(match maker.language {
            Language::Zh => format!("本月到期款回款率 {rate}{against}"),
            Language::En => format!("{rate} of what fell due was received {against}")
                .trim_end()
                .to_owned(),
        });
    }
    if let Some(overdue) = number(total, "overdue_amount") {
        let amount = told("overdue_amount");
        let against = maker.against(
            total,
            "overdue_amount",
            maker.language.of("上月末", "the month before"),
        );
        let against = against.map_or_else(String::new, |text| format!("({text})"));
        let mut part = match maker.language {
            Language::Zh => format!("月末逾期 {amount}{against}"),
            Language::En => format!("{amount} was overdue at the end of the month {against}")
                .trim_end()
                .to_owned(),
        };
        let old = ages(maker)
            .and_then(|both| both[0].last().copied().flatten())
            .filter(|old| *old > 0.0);
        if let (Some(old), true) = (old, overdue > 0.0) {
            let share = percent(old / overdue, maker.language);
            part.push_str(&match maker.language {
                Language::Zh => format!(", 其中 90 天以上占 {share}"),
                Language::En => format!(", {share} of it for over 90 days"),
            });
        }
        parts.push(part);
    }
    let first = maker.book.rows("overdue").first();
    if let Some(amount) = first
        .and_then(|row| number(row, "overdue_amount"))
        .filter(|amount| *amount > 0.0)
    {
        let name = first
            .map(|row| maker.member(row, "account"))
            .unwrap_or_default();
        let amount = maker.told("overdue_amount", Some(amount));
        parts.push(match maker.language {
            Language::Zh => format!("最多的是{name}, {amount}"),
            Language::En => format!("most of all {name} with {amount}"),
        });
    }
    if parts.is_empty() {
        return None;
    }
    Some(parts.join(maker.language.of("; ", "; ")) + maker.language.of("。", "."))
}
