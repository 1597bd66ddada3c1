//! Quotes: how many went out, how they were taken, how long they took.

use millrace_lake::query::Row;

use super::pipeline::left_out;
use crate::report::MonthlyReportError;
use crate::report::asked::{QUOTES, number};
use crate::report::chart::Shape;
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::Language;
use crate::report::maker::Maker;

const SERIES: usize = 8;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let Some(quotes) = maker.book.get("quotes") else {
        return Ok(None);
    };
    let total = &quotes.total;
    if !maker.book.has("quotes", "quotes_sent")
        && !maker.book.has("quotes", "quote_acceptance_rate")
    {
        return Ok(None);
    }
    let mut section = Section {
        id: "quotes",
        title: maker.of("报价接受", "Quotes"),
        lead: sentence(maker).into_iter().collect(),
        ..Section::default()
    };
    let chart = maker.by_month("quote_acceptance_rate", Shape::Line)?;
    section.charts.extend(chart);
    section.tables.push(comparison(
        maker,
        total,
        &QUOTES,
        maker.of("报价指标", "Quotes in figures"),
    ));
    if let Some(table) = by_series(maker) {
        section.tables.push(table);
    }
    Ok(Some(section))
}

/// Numbers of one answer under each other, against the month before.
pub(super) fn comparison(maker: &Maker<'_>, total: &Row, metrics: &[&str], title: String) -> Table {
    let names = match maker.language {
        Language::Zh => ["指标", "本月", "上月", "变化", "记录数"],
        Language::En => ["Figure", "This month", "Month before", "Change", "Records"],
    };
    let told = |metric: &&str| {
        let before = number(total, &format!("{metric}_before"));
        vec![
            Cell::new(maker.book.name(metric, maker.language)).strong(),
            maker.cell(total, metric),
            Cell::new(maker.told(metric, before)),
            maker.change(total, metric),
            Cell::new(maker.told("", number(total, &format!("{metric}_n")))),
        ]
    };
    let is_shown = |metric: &&&str| {
        maker.book.metric(metric).is_some() && number(total, &format!("{metric}_n")).is_some()
    };
    let seen: Vec<&&str> = metrics.iter().filter(is_shown).collect();
    Table {
        title,
        columns: columns(names),
        rows: seen.iter().copied().map(told).collect(),
        metrics: seen.iter().map(|metric| (**metric).to_owned()).collect(),
        ..Table::default()
    }
}

/// How quotes were taken in the month.
pub(super) fn sentence(maker: &Maker<'_>) -> Option<String> {
    let total = &maker.book.get("quotes")?.total;
    if !maker.book.has("quotes", "quote_acceptance_rate") {
        return None;
    }
    let told = |metric: &str| maker.told(metric, number(total, metric));
    let rate = told("quote_acceptance_rate");
    let against = maker.against(total, "quote_acceptance_rate", &maker.month_name(1));
    let against = against.map_or_else(String::new, |text| format!(", {text}"));
    let few = maker.few(total, "quote_acceptance_rate");
    let sent = told("quotes_sent");
    let mut text = match maker.language {
        Language::Zh => format!("发出报价 {sent} 份; 本月有结果的报价接受率 {rate}{against}{few}"),
        Language::En => {
            let sent = maker.things(number(total, "quotes_sent"), "quote");
            format!("{sent} sent; of those decided, {rate} accepted{against}{few}")
        }
    };
    if number(total, "quote_approval_mean").is_some() {
        let hours = told("quote_approval_mean");
        text.push_str(&match maker.language {
            Language::Zh => format!("; 审批平均用时 {hours}"),
            Language::En => format!("; approvals took {hours} on average"),
        });
    }
    text.push_str(maker.language.of("。", "."));
    Some(text)
}

fn by_series(maker: &Maker<'_>) -> Option<Table> {
    let mut rows: Vec<&Row> = maker.book.rows("quotes_series").iter().collect();
    let decided = |row: &Row| number(row, "quote_acceptance_rate_n").unwrap_or(0.0);
    rows.retain(|row| decided(row) > 0.0);
    rows.sort_by(|one, other| decided(other).total_cmp(&decided(one)));
    if rows.len() < 2 {
        return None;
    }
    let sees_amount = maker.book.metric("quote_acceptance_rate_amount").is_some();
    let mut names = vec![
        maker.book.dimension("series", maker.language),
        maker.of("发出", "Sent"),
        maker.of("有结果", "Decided"),
        maker.of("接受率", "Accepted"),
        maker.of("比之前 3 个月", "Change"),
    ];
    if sees_amount {
        names.push(maker.of("接受率(金额)", "By amount"));
    }
    let told = |row: &&Row| {
        let mut cells = vec![
            Cell::new(maker.member(row, "series")).strong(),
            maker.cell(row, "quotes_sent"),
            Cell::new(maker.told("", number(row, "quote_acceptance_rate_n"))),
            maker.cell(row, "quote_acceptance_rate"),
            maker.change(row, "quote_acceptance_rate"),
        ];
        if sees_amount {
            cells.push(maker.cell(row, "quote_acceptance_rate_amount"));
        }
        cells
    };
    Some(Table {
        title: maker.of("按产品系列(近 3 个月)", "By product series (3 months)"),
        columns: columns(names.iter().map(String::as_str)),
        note: left_out(maker, rows.len(), SERIES),
        rows: rows.iter().take(SERIES).map(told).collect(),
        ..Table::default()
    })
}
