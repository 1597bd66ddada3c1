//! What the score of an account is made of.

use anyhow::anyhow;
use millrace_jobs::health::{AccountName, HealthExplanation, OrderHistory};
use millrace_models::health::scorecard::{Rating, Reading};
use millrace_models::health::{Factor, Held};
use millrace_models::metric::nearest;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// The account that is called so.
///
/// # Errors
///
/// When none is, or several are.
pub(super) fn account(history: &OrderHistory, text: &str) -> Result<AccountName, Failure> {
    match history.find(text).as_slice() {
        [account] => Ok((*account).clone()),
        [] => {
            let labels = history.accounts().iter().map(|own| own.label.as_str());
            let suggestions = nearest(text, labels);
            let hint = match suggestions.first() {
                Some(label) => format!("; did you mean {label:?}?"),
                None => String::new(),
            };
            let error = anyhow!("no account {text:?} has an order{hint}");
            Err(Failure::input(error).suggesting(suggestions))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|own| own.account_id.clone()).collect();
            let error = anyhow!("{text:?} is {} accounts: {}", ids.len(), ids.join(", "));
            Err(Failure::input(error).suggesting(ids))
        }
    }
}

pub(super) fn write(context: &Context, found: &HealthExplanation) -> Result<(), Failure> {
    match context.format {
        Format::Json => output::json(found)?,
        Format::Csv => {
            let rows: Vec<[String; 4]> = found
                .health
                .rating
                .factors
                .iter()
                .map(|own| {
                    [
                        own.factor.name().to_owned(),
                        own.value.map(|value| value.to_string()).unwrap_or_default(),
                        own.points.to_string(),
                        own.weight.to_string(),
                    ]
                })
                .collect();
            let header = ["factor", "value", "points", "weight"];
            output::csv(&header, rows.iter().map(<[String; 4]>::as_slice))?;
        }
        Format::Table => output::write(&table(found))?,
    }
    Ok(())
}

fn table(found: &HealthExplanation) -> String {
    let rating = &found.health.rating;
    let mut table = Table::new([
        ("factor", Align::Left),
        ("", Align::Left),
        ("points", Align::Right),
        ("of", Align::Right),
        ("in 30 days", Align::Right),
    ]);
    for own in &rating.factors {
        let has_data = own.value.is_some();
        let number = |number: f64| {
            if has_data {
                value::decimal(number, 1)
            } else {
                String::new()
            }
        };
        let before = found
            .before
            .as_ref()
            .and_then(|before| points(before, own.factor));
        table.push(vec![
            own.factor.name().replace('_', " "),
            words(own, found),
            number(own.points),
            number(own.weight),
            before.map_or_else(String::new, |before| change(own.points - before)),
        ]);
    }
    if let Some(held) = rating.held_by
        && rating.held_down < 0.0
    {
        table.push(vec![
            held_by(held).to_owned(),
            "held at 59".to_owned(),
            value::decimal(rating.held_down, 1),
            String::new(),
            String::new(),
        ]);
    }
    let before = found.before.as_ref();
    table.close_with(vec![
        "score".to_owned(),
        rating.status.name().to_owned(),
        value::decimal(rating.score, 1),
        "100.0".to_owned(),
        before.map_or_else(String::new, |before| change(rating.score - before.score)),
    ]);
    let mut text = format!("{}\n\n", found.health.account.label);
    text.push_str(&table.render());
    text.push_str(&format!(
        "coverage {} % · {} orders, the last on {} · orders in the next {} days: {} % · {} of {} at \
         risk · as of the end of {}\n",
        value::decimal(rating.coverage * 100.0, 0),
        found.health.orders,
        found.health.last_order_on,
        found.horizon_days,
        value::decimal(found.health.repurchase_probability * 100.0, 1),
        value::decimal(found.health.amount_at_risk, 2),
        value::decimal(found.health.amount_12_months, 2),
        found.as_of
    ));
    let part = |own: Option<f64>, target: &str, otherwise: &str| match own {
        Some(part) => format!("{} %", value::decimal(part * 100.0, 1)),
        None if is_short(found, target) => "not enough history".to_owned(),
        None => otherwise.to_owned(),
    };
    text.push_str(&format!(
        "buys less than half of the year before: {} · a contract runs out and is not renewed: {}\n",
        part(
            found.health.shrink_probability,
            "shrink",
            "nothing bought then"
        ),
        part(
            found.health.non_renewal_probability,
            "non_renewal",
            "none runs out"
        ),
    ));
    text
}

/// Whether there is too little to learn one of the probabilities from.
fn is_short(found: &HealthExplanation, target: &str) -> bool {
    let mut models = found.models.iter();
    models.any(|own| own.target == target && own.kind == "not_enough_history")
}

fn held_by(held: Held) -> &'static str {
    match held {
        Held::OpenComplaint => "open complaint",
        Held::Overdue => "long overdue",
        Held::Silent => "long silence",
    }
}

/// The points of a factor that had data.
fn points(rating: &Rating, factor: Factor) -> Option<f64> {
    let mut factors = rating.factors.iter();
    factors
        .find(|own| own.factor == factor && own.value.is_some())
        .map(|own| own.points)
}

fn change(points: f64) -> String {
    let text = value::decimal(points, 1);
    if points > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// What the factor's number says.
fn words(own: &Reading, found: &HealthExplanation) -> String {
    let Some(number) = own.value else {
        return "no data".to_owned();
    };
    let percent = |part: f64| format!("{} %", value::decimal(part * 100.0, 0));
    match own.factor {
        Factor::Rhythm => {
            let rhythm = found.health.rating.rhythm_days;
            let late = (number - 1.0) * rhythm;
            let rhythm = value::decimal(rhythm, 0);
            if late > 0.0 {
                let late = value::decimal(late, 0);
                format!("{late} days later than its rhythm of {rhythm}")
            } else {
                format!("within its rhythm of {rhythm} days")
            }
        }
        Factor::Frequency => format!("{} order days in 12 months", value::decimal(number, 0)),
        Factor::AmountTrend => {
            let sign = if number > 0.0 { "+" } else { "" };
            format!("{sign}{} against the year before", percent(number))
        }
        Factor::Delivery => format!("{} of deliveries in time", percent(number)),
        Factor::Returns => format!("{} of sales went back", percent(number)),
        Factor::Breadth => format!("{} products in 12 months", value::decimal(number, 0)),
        Factor::Payment => format!("{} of what fell due was paid in time", percent(number)),
        Factor::Interaction => {
            let count = value::decimal(number, 0);
            format!("{count} conversations in 90 days")
        }
        Factor::InteractionTrend => {
            let sign = if number > 0.0 { "+" } else { "" };
            format!("{sign}{} against the 90 days before", percent(number))
        }
        Factor::Contacts if number < 1.5 => "hangs on one person".to_owned(),
        Factor::Contacts => format!("{} persons talk to us", value::decimal(number, 0)),
        Factor::Service => {
            let count = value::decimal(number, 2);
            format!("{count} complaints a typical order's worth")
        }
        Factor::Contract if number < 0.0 => {
            format!(
                "the contract ran out {} days ago",
                value::decimal(-number, 0)
            )
        }
        Factor::Contract => format!("{} days of contract left", value::decimal(number, 0)),
        Factor::QuoteAcceptance => format!("{} of quotes accepted", percent(number)),
    }
}
