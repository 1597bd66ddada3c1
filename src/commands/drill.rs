//! `millrace drill`: the records behind a number.

use futures::TryStreamExt as _;
use millrace_lake::query::{DrillColumn, DrillRequest, DrillResult, Engine, Row};
use millrace_models::query::Query;
use millrace_models::scope::Access;
use serde_json::Value;

use crate::arguments::{DrillArguments, Format};
use crate::commands::query::{Freshness, filtered};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Records of a table, where nothing else is asked.
const ROWS_OF_A_TABLE: usize = 100;

/// Writes the records on stdout.
///
/// # Errors
///
/// When the query cannot be understood, or the lake not read.
pub(crate) async fn run(context: &Context, options: DrillArguments) -> Result<(), Failure> {
    let usual = (context.format == Format::Table).then_some(ROWS_OF_A_TABLE);
    let most = options.limit.or(usual).unwrap_or(usize::MAX);
    let request = DrillRequest {
        query: Query {
            metrics: vec![options.metric],
            ..filtered(context, &options.filters)?
        },
        order: options.order,
        ..DrillRequest::default()
    };
    let lake = context.lake().await?;
    let freshness = Freshness::of(context, &lake).await?;
    let engine = context.engine(lake);
    let mut result = engine
        .drill(
            &Access::everything(),
            &DrillRequest {
                limit: Some(1),
                ..request.clone()
            },
            context.now,
        )
        .await?;
    result.rows = records(&engine, &request, most, context).await?;
    result.next_cursor = None;
    match context.format {
        Format::Json => output::json(&result)?,
        Format::Csv => {
            let names: Vec<&str> = names(&result.columns);
            let rows: Vec<Vec<String>> = result
                .rows
                .iter()
                .map(|row| {
                    names
                        .iter()
                        .map(|name| value::plain(row.get(*name)))
                        .collect()
                })
                .collect();
            output::csv(&names, rows.iter().map(Vec::as_slice))?;
        }
        Format::Table => {
            let mut text = table(&result);
            let shown = result.rows.len();
            let mut counted = format!("{} records", value::count(i128::from(result.count)));
            if i64::try_from(shown).is_ok_and(|shown| shown < result.count) {
                counted = format!("{shown} of {counted}");
            }
            if let Some(sum) = result.sum {
                let unit = result
                    .columns
                    .iter()
                    .rev()
                    .find_map(unit)
                    .unwrap_or_default();
                counted = format!(
                    "{counted} · sum {}",
                    value::metric(Some(&sum.into()), &unit)
                );
            }
            text.push_str(&freshness.line(&counted, &result.as_of));
            output::write(&text)?;
        }
    }
    Ok(())
}

async fn records(
    engine: &Engine,
    request: &DrillRequest,
    most: usize,
    context: &Context,
) -> Result<Vec<Row>, Failure> {
    let mut batches = engine
        .drill_all(&Access::everything(), request, context.now)
        .await?
        .rows;
    let mut rows = Vec::new();
    while rows.len() < most
        && let Some(batch) = batches.try_next().await?
    {
        rows.extend(batch);
    }
    rows.truncate(most);
    Ok(rows)
}

fn names(columns: &[DrillColumn]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

fn table(result: &DrillResult) -> String {
    let mut table = Table::new(result.columns.iter().map(|column| {
        let align = match column.kind.as_str() {
            "amount" | "number" | "count" => Align::Right,
            _ => Align::Left,
        };
        (column.name.clone(), align)
    }));
    for row in &result.rows {
        table.push(
            result
                .columns
                .iter()
                .map(|column| cell(column, row.get(&column.name)))
                .collect(),
        );
    }
    table.render()
}

fn cell(column: &DrillColumn, value: Option<&Value>) -> String {
    match (column.kind.as_str(), value) {
        (_, None | Some(Value::Null)) => value::NOTHING.to_owned(),
        // The zone stands in the line below the table.
        ("time", Some(Value::String(time))) => time
            .replace('T', " ")
            .chars()
            .take("2026-11-23 16:40".len())
            .collect(),
        ("amount" | "number" | "count", value) => {
            let usual = if column.kind == "amount" {
                "amount"
            } else {
                "count"
            };
            value::metric(value, &unit(column).unwrap_or_else(|| usual.to_owned()))
        }
        (_, value) => value::plain(value),
    }
}

/// The unit of the number, for the column that adds up to it; that of a ratio is of the ratio, not
/// of what stands above its line.
fn unit(column: &DrillColumn) -> Option<String> {
    let unit = serde_json::to_value(column.unit?).ok()?;
    unit.as_str()
        .filter(|unit| *unit != "ratio")
        .map(str::to_owned)
}
