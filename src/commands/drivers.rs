//! `millrace drivers`: what moved a number.

use millrace_lake::query::{DriversRequest, DriversResult, Flag, Segment, Values};
use millrace_models::query::Compare;
use millrace_models::scope::Access;
use serde_json::Value;

use crate::arguments::{DriversArguments, Format};
use crate::commands::query::{Freshness, filtered};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// Writes the report on stdout.
///
/// # Errors
///
/// When the question cannot be understood, or the lake not read.
pub(crate) async fn run(context: &Context, options: DriversArguments) -> Result<(), Failure> {
    let filters = filtered(context, &options.filters)?;
    let compare: Option<Compare> = options
        .compare
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: millrace_models::query::QueryError| Failure::input(error))?;
    let request = DriversRequest {
        metric: options.metric,
        conditions: filters.conditions,
        period: filters.period,
        compare,
        by: options.by,
        depth: options.depth,
        max: options.max,
        as_of: filters.as_of,
    };
    let lake = context.lake().await?;
    let freshness = Freshness::of(context, &lake).await?;
    let line = Line::new(context.quiet);
    line.say("looking");
    let report = context
        .engine(lake)
        .drivers(&Access::everything(), &request, context.now)
        .await?;
    drop(line);
    match context.format {
        Format::Json => output::json(&report)?,
        Format::Csv => {
            let names = [
                "segment",
                "contribution",
                "rate",
                "mix",
                "before",
                "after",
                "n_before",
                "n_after",
                "ci_low",
                "ci_high",
                "significant",
            ];
            let parts = report.segments.iter().chain([&report.rest]);
            let rows: Vec<Vec<String>> = parts.map(plain).collect();
            output::csv(&names, rows.iter().map(Vec::as_slice))?;
        }
        Format::Table => {
            let searched = value::count(i128::try_from(report.searched).unwrap_or(i128::MAX));
            let mut text = told(&report);
            text.push_str(&table(&report));
            text.extend(
                report
                    .flags
                    .iter()
                    .map(|flag| format!("! {}\n", warning(flag, &report))),
            );
            text.push_str(&factors(&report));
            text.push_str(&freshness.line(&format!("{searched} segments searched"), &report.as_of));
            output::write(&text)?;
        }
    }
    Ok(())
}

/// A segment in words: `region 华东, product 阀门 (without region 华东)`.
fn name(values: &Values, except: &[Values]) -> String {
    let one = |values: &Values| {
        let parts = values
            .iter()
            .map(|(dimension, value)| match value::plain(Some(value)) {
                text if text.is_empty() => format!("{dimension} blank"),
                text => format!("{dimension} {text}"),
            });
        parts.collect::<Vec<_>>().join(", ")
    };
    if values.is_empty() {
        return "rest".to_owned();
    }
    if except.is_empty() {
        return one(values);
    }
    let except: Vec<String> = except.iter().map(one).collect();
    format!("{} (without {})", one(values), except.join("; "))
}

fn unit(report: &DriversResult) -> String {
    let unit = serde_json::to_value(report.unit).unwrap_or_default();
    unit.as_str().unwrap_or_default().to_owned()
}

fn shown(number: Option<f64>, unit: &str) -> String {
    value::metric(number.map(Value::from).as_ref(), unit)
}

fn change(number: f64, unit: &str) -> String {
    value::change(Some(&Value::from(number)), unit)
}

/// The report as sentences.
fn told(report: &DriversResult) -> String {
    let unit = unit(report);
    let (period, compared) = (report.period, report.compared);
    let mut text = format!(
        "{}: {} in {} to {}, {} in {} to {}",
        report.metric,
        shown(report.before, &unit),
        compared.from,
        compared.to,
        shown(report.after, &unit),
        period.from,
        period.to,
    );
    let Some(moved) = report.change else {
        text.push_str(": one of the periods has no such number\n");
        return text;
    };
    text.push_str(&format!(", {}", change(moved, &unit)));
    if let Some([low, high]) = report.ci {
        text.push_str(&format!(
            " ({} to {})",
            change(low, &unit),
            change(high, &unit)
        ));
    }
    text.push('\n');
    text.push_str(match (report.chance, report.significant) {
        (true, false) => "Nothing beyond chance: neither the change nor any segment of it.\n",
        (true, true) => {
            "The change is beyond chance, but no segment is: it moved alike everywhere.\n"
        }
        (false, _) if report.common => {
            "These segments deviate beyond chance from how the rest moved:\n"
        }
        (false, _) => "These segments moved beyond chance:\n",
    });
    text
}

fn cells(segment: &Segment, unit: &str) -> Vec<String> {
    let counted = |count: i64| value::count(i128::from(count));
    let [low, high] = segment.ci;
    vec![
        name(&segment.values, &segment.except),
        change(segment.contribution, unit),
        format!("{} … {}", change(low, unit), change(high, unit)),
        change(segment.rate, unit),
        change(segment.mix, unit),
        shown(segment.before, unit),
        shown(segment.after, unit),
        counted(segment.n_before),
        counted(segment.n_after),
        if segment.significant { "yes" } else { "no" }.to_owned(),
    ]
}

fn table(report: &DriversResult) -> String {
    let unit = unit(report);
    let mut table = Table::new(
        [
            ("segment", Align::Left),
            ("contribution", Align::Right),
            ("95 %", Align::Right),
            ("rate", Align::Right),
            ("mix", Align::Right),
            ("before", Align::Right),
            ("after", Align::Right),
            ("n before", Align::Right),
            ("n after", Align::Right),
            ("beyond chance", Align::Left),
        ]
        .map(|(name, align)| (name.to_owned(), align)),
    );
    for segment in &report.segments {
        table.push(cells(segment, &unit));
    }
    table.close_with(cells(&report.rest, &unit));
    table.render()
}

fn warning(flag: &Flag, report: &DriversResult) -> String {
    let unit = unit(report);
    match flag {
        Flag::Reversal {
            dimension,
            rate,
            mix,
        } => format!(
            "within each {dimension} it moved the other way ({}); the shares of {dimension} changed ({})",
            change(*rate, &unit),
            change(*mix, &unit),
        ),
        Flag::Immature { before, after } => {
            format!("{before} and {after} records are too young to be counted")
        }
        Flag::Unfinished { to } => format!("the period ends on {to} and is not over"),
        Flag::Restated { before, after } => format!(
            "{before} and {after} records were entered more than two working days late: earlier readings said otherwise"
        ),
        Flag::FactorsDiffer {
            factor,
            least,
            most,
        } => format!(
            "what {factor} gave depends on the dimension: {} to {}",
            change(*least, &unit),
            change(*most, &unit),
        ),
    }
}

/// What the factors of a product gave, by each dimension.
fn factors(report: &DriversResult) -> String {
    let Some(factors) = &report.factors else {
        return String::new();
    };
    let unit = unit(report);
    let names = factors
        .names
        .iter()
        .enumerate()
        .map(|(index, name)| match index {
            0 => name.clone(),
            _ => format!("{name} / {}", factors.names[index - 1]),
        });
    let columns = [("factors by".to_owned(), Align::Left)];
    let mut table = Table::new(
        columns
            .into_iter()
            .chain(names.map(|name| (name, Align::Right))),
    );
    let all = [("nothing", &factors.total)].into_iter();
    let by = factors
        .by
        .iter()
        .map(|by| (by.dimension.as_str(), &by.total));
    for (name, total) in all.chain(by) {
        let effects = total.iter().map(|effect| change(*effect, &unit));
        table.push([name.to_owned()].into_iter().chain(effects).collect());
    }
    table.render()
}

fn plain(segment: &Segment) -> Vec<String> {
    let number = |number: Option<f64>| value::plain(number.map(Value::from).as_ref());
    vec![
        name(&segment.values, &segment.except),
        segment.contribution.to_string(),
        segment.rate.to_string(),
        segment.mix.to_string(),
        number(segment.before),
        number(segment.after),
        segment.n_before.to_string(),
        segment.n_after.to_string(),
        segment.ci[0].to_string(),
        segment.ci[1].to_string(),
        segment.significant.to_string(),
    ]
}
