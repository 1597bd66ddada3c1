//! The accounts, the most at risk first.

use millrace_jobs::health::{AccountHealth, HealthRanking};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Accounts of a table, where nothing else is asked.
const ROWS_OF_A_TABLE: usize = 20;

pub(super) fn write(
    context: &Context,
    mut ranking: HealthRanking,
    limit: Option<usize>,
) -> Result<(), Failure> {
    let all = ranking.accounts.len();
    let usual = (context.format == Format::Table).then_some(ROWS_OF_A_TABLE);
    ranking
        .accounts
        .truncate(limit.or(usual).unwrap_or(usize::MAX));
    match context.format {
        Format::Json => output::json(&ranking)?,
        Format::Csv => {
            let rows: Vec<Vec<String>> = ranking.accounts.iter().map(cells_of_csv).collect();
            let header = [
                "account_id",
                "label",
                "score",
                "status",
                "coverage",
                "repurchase_probability",
                "amount_12_months",
                "amount_at_risk",
                "orders",
                "last_order_on",
            ];
            output::csv(&header, rows.iter().map(Vec::as_slice))?;
        }
        Format::Table => output::write(&table(&ranking, all))?,
    }
    Ok(())
}

fn cells_of_csv(own: &AccountHealth) -> Vec<String> {
    vec![
        own.account.account_id.clone(),
        own.account.label.clone(),
        own.rating.score.to_string(),
        own.rating.status.name().to_owned(),
        own.rating.coverage.to_string(),
        own.repurchase_probability.to_string(),
        format!("{:.2}", own.amount_12_months),
        format!("{:.2}", own.amount_at_risk),
        own.orders.to_string(),
        own.last_order_on.to_string(),
    ]
}

fn table(ranking: &HealthRanking, all: usize) -> String {
    let mut table = Table::new([
        ("account", Align::Left),
        ("score", Align::Right),
        ("status", Align::Left),
        ("orders again", Align::Right),
        ("last 12 months", Align::Right),
        ("at risk", Align::Right),
        ("last order", Align::Left),
        ("own rhythm", Align::Right),
    ]);
    for own in &ranking.accounts {
        table.push(vec![
            own.account.label.clone(),
            value::decimal(own.rating.score, 0),
            own.rating.status.name().to_owned(),
            format!(
                "{} %",
                value::decimal(own.repurchase_probability * 100.0, 1)
            ),
            value::decimal(own.amount_12_months, 2),
            value::decimal(own.amount_at_risk, 2),
            own.last_order_on.to_string(),
            format!("{} d", value::decimal(own.rating.rhythm_days, 0)),
        ]);
    }
    let mut text = table.render();
    text.push_str(&format!(
        "{} of {} accounts · as of the end of {} · orders again: in the next {} days\n",
        ranking.accounts.len(),
        value::count(all as i128),
        ranking.as_of,
        ranking.horizon_days
    ));
    text
}
