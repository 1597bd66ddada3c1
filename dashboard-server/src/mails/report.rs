//! The monthly report of the month before.

use chrono::NaiveDate;
use millrace_jobs::outbox::{RenderError, Rendered};
use millrace_models::period::Grain;
use millrace_models::subscription::{Comparison, Dashboard};

use super::{Page, board};

/// The numbers of the report's page of conclusions.
const NUMBERS: [&str; 9] = [
    "won_amount",
    "win_rate",
    "conversion_cycle_median",
    "quote_acceptance_rate",
    "order_amount",
    "collection_rate",
    "overdue_amount",
    "sla_met_rate",
    "accounts_at_risk",
];

pub(super) async fn write(page: &Page<'_>) -> Result<Rendered, RenderError> {
    let first = Grain::Month.start(page.day());
    let month = Grain::Month.start(first.pred_opt().unwrap_or(first));
    monthly_report(page, month).await
}

/// THE PLACE WHERE THE MONTHLY REPORT IS CALLED: `month` is the first day of the month that it is of,
/// `page.order.caller` whose rights it is made by, `page.language` its language. The report's own
/// `Content`, with its pictures and its files, goes into the message; until then it is the numbers of
/// the month, compared with the month before.
async fn monthly_report(page: &Page<'_>, month: NaiveDate) -> Result<Rendered, RenderError> {
    let label = Grain::Month.label(month);
    let last = Grain::Month.next(month);
    let last = last.pred_opt().unwrap_or(last);
    let numbers = Dashboard {
        metrics: NUMBERS.map(str::to_owned).to_vec(),
        metric: Some(NUMBERS[0].to_owned()),
        by: Some("current_team".to_owned()),
        conditions: Vec::new(),
        span: format!("{month}..{last}"),
        compare: Comparison::Previous,
        link: Some(format!("/dashboard?period={month}..{last}")),
    };
    let title = match page.language {
        crate::export::Language::Zh => format!("{label} 经营月报"),
        crate::export::Language::En => format!("Monthly report {label}"),
    };
    board::written(page, &numbers, &title).await
}
