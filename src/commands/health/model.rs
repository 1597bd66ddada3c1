//! What the probabilities behind kept scores were learned from.

use millrace_jobs::health::KeptModels;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

const HEADER: [&str; 13] = [
    "as_of",
    "target",
    "kind",
    "horizon_days",
    "learned_from",
    "learned_to",
    "learned_days",
    "learned_rows",
    "learned_positives",
    "calibrated",
    "auc",
    "average_precision",
    "brier",
];

pub(super) fn write(context: &Context, kept: &[KeptModels]) -> Result<(), Failure> {
    match context.format {
        Format::Json => output::json(&kept)?,
        Format::Csv => {
            let rows: Vec<Vec<String>> = kept.iter().flat_map(cells).collect();
            output::csv(&HEADER, rows.iter().map(Vec::as_slice))?;
        }
        Format::Table => output::write(&table(kept))?,
    }
    Ok(())
}

fn cells(own: &KeptModels) -> impl Iterator<Item = Vec<String>> + '_ {
    own.models.iter().map(|model| {
        let day =
            |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let number = |own: Option<f64>| own.map(|own| own.to_string()).unwrap_or_default();
        vec![
            own.as_of.to_string(),
            model.target.clone(),
            model.kind.clone(),
            model.horizon_days.to_string(),
            day(model.learned_from),
            day(model.learned_to),
            model.learned_days.to_string(),
            model.learned_rows.to_string(),
            model.learned_positives.to_string(),
            model.calibrated.to_string(),
            number(model.auc),
            number(model.average_precision),
            number(model.brier),
        ]
    })
}

fn table(kept: &[KeptModels]) -> String {
    if kept.is_empty() {
        return "no scores are kept yet: `millrace run account_health`\n".to_owned();
    }
    let mut table = Table::new([
        ("model of", Align::Left),
        ("probability of", Align::Left),
        ("", Align::Left),
        ("learned from", Align::Left),
        ("days", Align::Right),
        ("rows", Align::Right),
        ("came true", Align::Right),
        ("AUC", Align::Right),
        ("average precision", Align::Right),
        ("Brier", Align::Right),
    ]);
    let number = |own: Option<f64>, decimals| {
        own.map_or_else(
            || value::NOTHING.to_owned(),
            |own| value::decimal(own, decimals),
        )
    };
    for own in kept {
        for model in &own.models {
            let span = match model.learned_from.zip(model.learned_to) {
                Some((from, to)) => format!("{from} to {to}"),
                None => value::NOTHING.to_owned(),
            };
            table.push(vec![
                own.as_of.to_string(),
                model.target.replace('_', " "),
                model.kind.replace('_', " "),
                span,
                value::count(i128::from(model.learned_days)),
                value::count(i128::from(model.learned_rows)),
                value::count(i128::from(model.learned_positives)),
                number(model.auc, 3),
                number(model.average_precision, 3),
                number(model.brier, 4),
            ]);
        }
    }
    table.render()
}
