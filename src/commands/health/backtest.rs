//! The proof of the scores.

use chrono::NaiveDate;
use millrace_models::health::Backtest;
use millrace_models::health::measures::Ranking;
use millrace_models::health::outlook::Proven;
use serde::Serialize;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

#[derive(Serialize)]
struct Document<'a> {
    cutoff: NaiveDate,
    horizon_days: i32,
    #[serde(flatten)]
    found: &'a Backtest,
}

pub(super) fn write(
    context: &Context,
    cutoff: NaiveDate,
    horizon_days: i32,
    found: &Backtest,
) -> Result<(), Failure> {
    match context.format {
        Format::Json => output::json(&Document {
            cutoff,
            horizon_days,
            found,
        })?,
        Format::Csv => {
            let number = |own: Option<f64>| own.map(|own| own.to_string()).unwrap_or_default();
            let rows: Vec<[String; 5]> = rows(found)
                .into_iter()
                .map(|(name, ranking, brier)| {
                    [
                        name.to_owned(),
                        number(ranking.auc),
                        number(ranking.average_precision),
                        number(ranking.lift_at_10),
                        number(brier),
                    ]
                })
                .collect();
            let header = ["score", "auc", "average_precision", "lift_at_10", "brier"];
            output::csv(&header, rows.iter().map(<[String; 5]>::as_slice))?;
        }
        Format::Table => output::write(&text(cutoff, horizon_days, found))?,
    }
    Ok(())
}

/// Every score with how it ranks, and of probabilities their squared error.
fn rows(found: &Backtest) -> [(&'static str, &Ranking, Option<f64>); 6] {
    let baselines = &found.baselines;
    [
        (
            "probability",
            &found.probability.ranking,
            found.probability.brier,
        ),
        ("scorecard", &found.scorecard, None),
        ("recency", &baselines.recency, None),
        ("frequency", &baselines.frequency, None),
        ("rfm", &baselines.rfm, None),
        ("bg_nbd", &baselines.bg_nbd, None),
    ]
}

fn text(cutoff: NaiveDate, horizon_days: i32, found: &Backtest) -> String {
    let number = |own: Option<f64>, decimals| {
        own.map_or_else(
            || value::NOTHING.to_owned(),
            |own| value::decimal(own, decimals),
        )
    };
    let mut table = Table::new([
        ("score", Align::Left),
        ("AUC", Align::Right),
        ("average precision", Align::Right),
        ("lift at 10 %", Align::Right),
        ("Brier", Align::Right),
    ]);
    for (name, ranking, brier) in rows(found) {
        table.push(vec![
            name.to_owned(),
            number(ranking.auc, 3),
            number(ranking.average_precision, 3),
            number(ranking.lift_at_10, 2),
            number(brier, 4),
        ]);
    }
    let mut bins = Table::new([
        ("accounts", Align::Right),
        ("predicted", Align::Right),
        ("ordered again", Align::Right),
    ]);
    let percent = |part: f64| format!("{} %", value::decimal(part * 100.0, 1));
    for bin in &found.probability.calibration {
        bins.push(vec![
            value::count(bin.accounts as i128),
            percent(bin.predicted),
            percent(bin.observed),
        ]);
    }
    let mut text = table.render();
    text.push('\n');
    text.push_str(&bins.render());
    text.push_str(&format!(
        "calibration error {} · {} of {} accounts ordered again in the {} days after {} · learned from \
         {} earlier days\n",
        number(found.probability.calibration_error, 3),
        value::count(found.positives as i128),
        value::count(found.accounts as i128),
        horizon_days,
        cutoff,
        found.model.days
    ));
    text.push_str(&proven("shrinking", &found.shrinking));
    match &found.non_renewal {
        Some(own) => text.push_str(&proven("non-renewal", own)),
        None => text.push_str("non-renewal: not decided before 90 days after the horizon\n"),
    }
    for warning in &found.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text
}

/// How another probability than that of an order did, in a line.
fn proven(name: &str, own: &Proven) -> String {
    let number = |own: Option<f64>, decimals| {
        own.map_or_else(
            || value::NOTHING.to_owned(),
            |own| value::decimal(own, decimals),
        )
    };
    let Some(found) = &own.probability else {
        let why = if own.accounts == 0 {
            "nobody at risk"
        } else {
            "not enough history"
        };
        return format!("{name}: {why}\n");
    };
    let base_rate = own.baselines.base_rate.map(|own| own.brier);
    format!(
        "{name}: {} of {} · AUC {} (last trend {}) · average precision {} ({}) · Brier {} (base rate \
         {}) · calibration error {}\n",
        value::count(own.positives as i128),
        value::count(own.accounts as i128),
        number(found.ranking.auc, 3),
        number(own.baselines.last_trend.auc, 3),
        number(found.ranking.average_precision, 3),
        number(own.baselines.last_trend.average_precision, 3),
        number(found.brier, 4),
        number(base_rate, 4),
        number(found.calibration_error, 3),
    )
}
