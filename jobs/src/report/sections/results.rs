//! Orders and won deals over two years.

use millrace_models::metric::Unit;

use crate::report::MonthlyReportError;
use crate::report::chart::Series;
use crate::report::document::Section;
use crate::report::language::{Language, Measured};
use crate::report::maker::Maker;

const MONTHS: u32 = 13;

pub(super) fn section(maker: &Maker<'_>) -> Result<Option<Section>, MonthlyReportError> {
    let mut charts = Vec::new();
    let names = [
        maker.of("本月止 13 个月", "13 months"),
        maker.of("上年同月", "a year before"),
    ];
    for metric in ["order_amount", "won_amount"] {
        if !maker.book.has("months", metric) {
            continue;
        }
        let now = maker.series("months", metric, MONTHS, 0);
        let before = maker.series("months", metric, MONTHS, 12);
        let has_before = before.iter().flatten().any(|value| *value > 0.0);
        let series =
            [(&names[0], &now), (&names[1], &before)].map(|(name, values)| Series { name, values });
        let measured = Measured {
            unit: Unit::Amount,
            works: false,
        };
        let svg = maker.pen.columns(
            &maker.month_labels(MONTHS, 0),
            &series[0],
            has_before.then_some(&series[1]),
            measured,
        );
        let title = maker.book.name(metric, maker.language);
        let told = match maker.language {
            Language::Zh => format!("{title}, 逐月, 与上年同月相比"),
            Language::En => format!("{title} by month, beside the same month a year before"),
        };
        charts.push(Maker::chart(metric, title, told, svg)?);
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
