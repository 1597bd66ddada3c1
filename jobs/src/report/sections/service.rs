//! Tickets and whether they were resolved in time.

use millrace_lake::query::Row;

use super::pipeline::left_out;
use crate::report::MonthlyReportError;
use crate::report::asked::number;
use crate::report::chart::Shape;
use crate::report::document::{Cell, Section, Table, columns};
use crate::report::language::Language;
use crate::report::maker::Maker;

const KINDS: usize = 12;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let Some(tickets) = maker.book.get("tickets") else {
        return Ok(None);
    };
    if !maker.book.has("tickets", "tickets_opened") && !maker.book.has("tickets", "sla_met_rate") {
        return Ok(None);
    }
    let mut section = Section {
        id: "service",
        title: maker.of("工单与时限", "Tickets and SLA"),
        lead: sentence(maker).into_iter().collect(),
        ..Section::default()
    };
    section
        .charts
        .extend(maker.by_month("sla_met_rate", Shape::Line)?);
    let count = |row: &Row| {
        number(row, "tickets_opened_n").unwrap_or(0.0)
            + number(row, "sla_met_rate_n").unwrap_or(0.0)
    };
    let mut rows: Vec<&Row> = tickets.rows.iter().filter(|row| count(row) > 0.0).collect();
    rows.sort_by(|one, other| count(other).total_cmp(&count(one)));
    let names = match maker.language {
        Language::Zh => ["类型", "新建", "按时完成率", "比上月", "解决用时", "满意度"],
        Language::En => [
            "Kind",
            "Opened",
            "In time",
            "Change",
            "To resolve",
            "Satisfaction",
        ],
    };
    let told = |row: &Row, name: String| {
        vec![
            Cell::new(name).strong(),
            maker.cell(row, "tickets_opened"),
            maker.cell(row, "sla_met_rate"),
            maker.change(row, "sla_met_rate"),
            maker.cell(row, "ticket_resolution_mean"),
            maker.cell(row, "satisfaction_mean"),
        ]
    };
    let mut cells: Vec<Vec<Cell>> = rows
        .iter()
        .take(KINDS)
        .map(|row| told(row, maker.member(row, "kind")))
        .collect();
    cells.push(told(&tickets.total, maker.of("合计", "All")));
    section.tables.push(Table {
        title: maker.of("按类型", "By kind"),
        columns: columns(names),
        rows: cells,
        note: left_out(maker, rows.len(), KINDS),
        ..Table::default()
    });
    Ok(Some(section))
}

/// How tickets were kept.
pub(super) fn sentence(maker: &Maker<'_>) -> Option<String> {
    let total = &maker.book.get("tickets")?.total;
    number(total, "sla_met_rate")?;
    let told = |metric: &str| maker.told(metric, number(total, metric));
    let (opened, rate) = (told("tickets_opened"), told("sla_met_rate"));
    let against = maker.against(total, "sla_met_rate", &maker.month_name(1));
    let against = against.map_or_else(String::new, |text| format!(", {text}"));
    let few = maker.few(total, "sla_met_rate");
    let mut text = match maker.language {
        Language::Zh => format!("新建工单 {opened} 件, 到期工单按时完成率 {rate}{against}{few}"),
        Language::En => {
            let opened = maker.things(number(total, "tickets_opened"), "new ticket");
            format!("{opened}; of those due {rate} resolved in time{against}{few}")
        }
    };
    if number(total, "satisfaction_mean").is_some() {
        let score = told("satisfaction_mean");
        text.push_str(&match maker.language {
            Language::Zh => format!("; 满意度平均 {score} 分"),
            Language::En => format!("; satisfaction was {score} of 5"),
        });
    }
    Some(text + maker.language.of("。", "."))
}
