//! Orders and won deals over two years.

use crate::report::MonthlyReportError;
use crate::report::chart::Shape;
use crate::report::document::Section;
use crate::report::language::Language;
use crate::report::maker::Maker;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let mut charts = Vec::new();
    for metric in ["order_amount", "won_amount"] {
        charts.extend(maker.by_month(metric, Shape::Columns)?);
    }
    if charts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Section {
        id: "results",
        title: maker.of("订单与成单", "Orders and won deals"),
        lead: lead(maker),
        charts,
        tables: Vec::new(),
    }))
}

fn lead(maker: &Maker<'_>) -> Vec<String> {
    let Some(figures) = maker.book.get("figures") else {
        return Vec::new();
    };
    let total = &figures.total;
    let before = maker.month_name(1);
    let mut said = Vec::new();
    for metric in ["order_amount", "won_amount", "average_won_amount"] {
        if !maker.book.has("figures", metric) {
            continue;
        }
        let name = maker.book.name(metric, maker.language);
        let value = maker.told(metric, maker.book.total("figures", metric));
        let against = maker
            .against(total, metric, &before)
            .map_or_else(String::new, |text| format!(", {text}"));
        let few = maker.few(total, metric);
        said.push(match maker.language {
            Language::Zh => format!("{name} {value}{against}{few}。"),
            Language::En => format!("{name}: {value}{against}{few}."),
        });
    }
    said
}
