//! `millrace forecast`: what will be won by the end of a month or quarter.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::anyhow;
use millrace_jobs::forecast::{Forecast, TargetAhead, with_targets};
use millrace_lake::query::{
    FORECAST_DEAL_COLUMNS, Figures, ForecastBy, ForecastRequest, OpenDeal, Proven,
};
use millrace_models::clock::Clock;
use millrace_models::forecast::backtest::Miss;
use millrace_models::forecast::{Lacking, Sum};
use millrace_models::query::Condition;
use millrace_models::scope::Access;
use serde_json::Value;

use crate::arguments::{ForecastArguments, Format};
use crate::commands::query::Freshness;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// Open deals below a table where nothing else is asked.
const DEALS_SHOWN: usize = 20;
/// Open deals that are asked for at once.
const PAGE: usize = 1000;

/// Writes the forecast on stdout.
///
/// # Errors
///
/// When the question cannot be understood, or lake and database not be read.
pub(crate) async fn run(
    context: &Context,
    options: ForecastArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let period = options.period.as_deref().map(str::parse).transpose();
    let conditions = options.conditions.iter().map(|text| Condition::parse(text));
    let request = ForecastRequest {
        period: period.map_err(|error: millrace_models::target::PeriodError| {
            Failure::input(anyhow!("--period: {error}"))
        })?,
        by: options.by.as_deref().and_then(by),
        conditions: conditions
            .collect::<Result<_, _>>()
            .map_err(Failure::input)?,
        as_of: context.as_of(options.as_of.as_deref())?,
        limit: Some(PAGE),
        ..ForecastRequest::default()
    };
    let lake = context.lake().await?;
    let freshness = Freshness::of(context, &lake).await?;
    let line = Line::new(context.quiet);
    line.say("looking");
    let engine = context.engine(lake);
    let everything = Access::everything();
    let mut told = Box::pin(engine.forecast(&everything, &request, context.now)).await?;
    let most = match (options.limit, context.format) {
        (Some(limit), _) => limit,
        (None, Format::Table) => DEALS_SHOWN,
        (None, _) => usize::MAX,
    };
    while told.deals.len() < most
        && let Some(cursor) = told.next_cursor.take()
    {
        let next = ForecastRequest {
            cursor: Some(cursor),
            ..request.clone()
        };
        let page = Box::pin(engine.forecast(&everything, &next, context.now)).await?;
        told.deals.extend(page.deals);
        told.next_cursor = page.next_cursor;
    }
    told.deals.truncate(most);
    let store = context.store(Arc::new(clock)).await?;
    let at = request.as_of.unwrap_or(context.now);
    let forecast = with_targets(&store, None, told, at).await;
    store.close().await?;
    let forecast = forecast?;
    drop(line);
    match context.format {
        Format::Json => output::json(&forecast)?,
        Format::Csv if options.deals => csv_of_deals(&forecast)?,
        Format::Csv => csv(&forecast)?,
        Format::Table => {
            let mut text = said(&forecast);
            text.push_str(&parts(&forecast));
            if options.deals {
                text.push_str(&deals(&forecast));
            }
            text.push_str(&proof(&forecast));
            let counted = format!("{} open deals", forecast.told.deals_count);
            text.push_str(&freshness.line(&counted, &forecast.told.as_of));
            output::write(&text)?;
        }
    }
    Ok(())
}

fn by(name: &str) -> Option<ForecastBy> {
    [ForecastBy::Team, ForecastBy::Owner]
        .into_iter()
        .find(|by| by.name() == name)
}

fn percent(share: f64) -> String {
    format!("{} %", value::decimal(share * 100.0, 1))
}

fn amount(sum: Sum) -> String {
    value::decimal(sum.amount, 2)
}

fn maybe(sum: Option<Sum>) -> String {
    sum.map_or_else(|| value::NOTHING.to_owned(), amount)
}

/// The forecast as sentences.
fn said(forecast: &Forecast) -> String {
    let told = &forecast.told;
    let figures = &told.total;
    let standing = &figures.standing;
    let count = |sum: Sum| value::decimal(sum.count, 1);
    let mut text = format!(
        "{}: {} won so far in {} deals, {} of {} working days left\n",
        told.period,
        amount(standing.won),
        value::decimal(standing.won.count, 0),
        told.working_days_left,
        told.working_days,
    );
    match (told.lacking, figures.expected, figures.low, figures.high) {
        (None, Some(expected), Some(low), Some(high)) => {
            let _ = writeln!(
                text,
                "expected {} in {} deals, {} of endings between {} and {}",
                amount(expected),
                count(expected),
                percent(told.covered),
                amount(low),
                amount(high),
            );
            let _ = writeln!(
                text,
                "of it {} from open deals and {} from deals not opened yet",
                maybe(figures.from_open),
                maybe(figures.from_new),
            );
        }
        (lacking, ..) => {
            let learned = &told.learned;
            text.push_str(&match lacking {
                Some(Lacking::Wins) => format!(
                    "nothing can be expected yet: {} deals were won so far, it takes {}\n",
                    learned.wins, learned.least_wins
                ),
                _ => format!(
                    "nothing can be expected yet: the deals do not go back {} whole periods\n",
                    learned.least_periods
                ),
            });
        }
    }
    let _ = writeln!(
        text,
        "weighted pipeline {}; {} open deals of {}",
        amount(standing.weighted),
        value::decimal(standing.open.count, 0),
        amount(standing.open),
    );
    for (number, what) in [
        (
            standing.undated,
            "no day on which they are expected: they are in no weighted pipeline",
        ),
        (
            standing.without_amount,
            "no amount: they count with the mean of those won",
        ),
    ] {
        if number > 0 {
            let _ = writeln!(text, "! {number} open deals have {what}");
        }
    }
    if let Some(target) = &forecast.targets.total {
        let _ = writeln!(text, "target {}", against(target));
    }
    text
}

fn against(target: &TargetAhead) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| value::NOTHING.to_owned(), percent);
    format!(
        "{}, {} of it won, {} expected, reached with a chance of {}",
        value::decimal(target.mark.target, 2),
        share(target.mark.attainment),
        share(target.expected_attainment),
        share(target.chance),
    )
}

/// The parts by team or owner.
fn parts(forecast: &Forecast) -> String {
    let told = &forecast.told;
    let Some(by) = told.by else {
        return String::new();
    };
    let mut table = Table::new(
        [(by.name(), Align::Left)].into_iter().chain(
            [
                "won",
                "open",
                "weighted",
                "from open",
                "from new",
                "expected",
                "low",
                "high",
                "target",
                "chance",
            ]
            .map(|name| (name, Align::Right)),
        ),
    );
    let cells = |name: &str, figures: &Figures, target: Option<&TargetAhead>| {
        let standing = &figures.standing;
        vec![
            name.to_owned(),
            amount(standing.won),
            amount(standing.open),
            amount(standing.weighted),
            maybe(figures.from_open),
            maybe(figures.from_new),
            maybe(figures.expected),
            maybe(figures.low),
            maybe(figures.high),
            target.map_or_else(
                || value::NOTHING.to_owned(),
                |target| value::decimal(target.mark.target, 2),
            ),
            target
                .and_then(|target| target.chance)
                .map_or_else(|| value::NOTHING.to_owned(), percent),
        ]
    };
    for (group, target) in told.groups.iter().zip(&forecast.targets.groups) {
        let name = group.name.as_deref().unwrap_or(value::NOTHING);
        table.push(cells(name, &group.figures, target.as_ref()));
    }
    table.close_with(cells("total", &told.total, forecast.targets.total.as_ref()));
    table.render()
}

fn text_of(deal: &OpenDeal, name: &str) -> String {
    match deal.record.get(name) {
        // a day, also where it is a moment
        Some(Value::String(text)) if name == "opened_at" => text.chars().take(10).collect(),
        own => value::plain(own),
    }
}

/// The open deals.
fn deals(forecast: &Forecast) -> String {
    let told = &forecast.told;
    let mut table = Table::new([
        ("deal", Align::Left),
        ("account", Align::Left),
        ("owner", Align::Left),
        ("stage", Align::Left),
        ("days", Align::Right),
        ("expected on", Align::Left),
        ("amount", Align::Right),
        ("probability", Align::Right),
        ("expected", Align::Right),
    ]);
    for deal in &told.deals {
        let nothing = || value::NOTHING.to_owned();
        let shown = |name: &str| {
            let text = text_of(deal, name);
            if text.is_empty() { nothing() } else { text }
        };
        let number =
            |number: Option<f64>| number.map_or_else(nothing, |own| value::decimal(own, 2));
        table.push(vec![
            shown("opportunity_id"),
            shown("account_id"),
            shown("owner"),
            shown("stage"),
            deal.days_in_stage.to_string(),
            shown("expected_close_on"),
            number(deal.record.get("amount").and_then(Value::as_f64)),
            deal.probability.map_or_else(nothing, percent),
            number(deal.expected_amount),
        ]);
    }
    let left = told.deals_count - told.deals.len();
    let mut text = table.render();
    if left > 0 {
        let _ = writeln!(
            text,
            "and {left} more; --limit {} shows them",
            told.deals_count
        );
    }
    text
}

/// How far off it was before.
fn proof(forecast: &Forecast) -> String {
    let Some(proof) = &forecast.told.proof else {
        return String::new();
    };
    let Proven { periods, .. } = proof;
    if periods.is_empty() {
        return "no earlier period can be forecast to see how far off it would have been\n"
            .to_owned();
    }
    let mut table = Table::new([
        ("at the same point of", Align::Left),
        ("won", Align::Right),
        ("expected", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("weighted", Align::Right),
        ("a year before", Align::Right),
    ]);
    for own in periods {
        table.push(vec![
            own.period.to_string(),
            amount(own.actual),
            amount(own.expected),
            amount(own.low),
            amount(own.high),
            amount(own.weighted),
            maybe(own.year_before),
        ]);
    }
    let off = |miss: Option<Miss>| {
        miss.map_or_else(
            || value::NOTHING.to_owned(),
            |miss| format!("± {}", percent(miss.amount)),
        )
    };
    let held = proof
        .covered_amount
        .map_or_else(|| value::NOTHING.to_owned(), percent);
    table.close_with(vec![
        "off on average".to_owned(),
        String::new(),
        off(proof.forecast),
        format!("held {held}"),
        String::new(),
        off(proof.weighted),
        off(proof.year_before),
    ]);
    table.render()
}

fn csv(forecast: &Forecast) -> Result<(), Failure> {
    const COLUMNS: [&str; 17] = [
        "period",
        "name",
        "won",
        "won_deals",
        "open",
        "open_deals",
        "weighted",
        "from_open",
        "from_new",
        "expected",
        "expected_deals",
        "low",
        "high",
        "target",
        "attainment",
        "expected_attainment",
        "chance",
    ];
    let told = &forecast.told;
    let row = |name: &str, figures: &Figures, target: Option<&TargetAhead>| {
        let standing = &figures.standing;
        let sum = |sum: Option<Sum>| sum.map_or_else(String::new, |sum| sum.amount.to_string());
        let number = |number: Option<f64>| number.map_or_else(String::new, |own| own.to_string());
        vec![
            told.period.to_string(),
            name.to_owned(),
            standing.won.amount.to_string(),
            standing.won.count.to_string(),
            standing.open.amount.to_string(),
            standing.open.count.to_string(),
            standing.weighted.amount.to_string(),
            sum(figures.from_open),
            sum(figures.from_new),
            sum(figures.expected),
            number(figures.expected.map(|sum| sum.count)),
            sum(figures.low),
            sum(figures.high),
            number(target.map(|target| target.mark.target)),
            number(target.and_then(|target| target.mark.attainment)),
            number(target.and_then(|target| target.expected_attainment)),
            number(target.and_then(|target| target.chance)),
        ]
    };
    let groups = told.groups.iter().zip(&forecast.targets.groups);
    let mut rows: Vec<Vec<String>> = groups
        .map(|(group, target)| {
            let name = group.name.as_deref().unwrap_or_default();
            row(name, &group.figures, target.as_ref())
        })
        .collect();
    rows.push(row("total", &told.total, forecast.targets.total.as_ref()));
    Ok(output::csv(&COLUMNS, rows.iter().map(Vec::as_slice))?)
}

fn csv_of_deals(forecast: &Forecast) -> Result<(), Failure> {
    const OWN: [&str; 5] = [
        "days_in_stage",
        "probability",
        "counted_amount",
        "expected_amount",
        "weight",
    ];
    let columns: Vec<&str> = FORECAST_DEAL_COLUMNS.into_iter().chain(OWN).collect();
    let rows = forecast.told.deals.iter().map(|deal| {
        let number = |number: Option<f64>| number.map_or_else(String::new, |own| own.to_string());
        let mut row: Vec<String> = FORECAST_DEAL_COLUMNS
            .iter()
            .map(|name| value::plain(deal.record.get(*name)))
            .collect();
        row.extend([
            deal.days_in_stage.to_string(),
            number(deal.probability),
            deal.counted_amount.to_string(),
            number(deal.expected_amount),
            deal.weight.to_string(),
        ]);
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    Ok(output::csv(&columns, rows.iter().map(Vec::as_slice))?)
}
