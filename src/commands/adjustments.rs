//! `millrace adjustments`: what was changed of closed months since, by whom and why.

use millrace_lake::query::{Adjustment, AdjustmentsRequest, AdjustmentsResult};
use millrace_models::query::Condition;
use millrace_models::scope::Access;
use serde_json::Value;

use crate::arguments::{AdjustmentsArguments, Format};
use crate::commands::query::Freshness;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Adjustments of a table, where nothing else is asked.
const ROWS_OF_A_TABLE: usize = 100;
const MOST: usize = 1000;

/// Writes the adjustments on stdout.
///
/// # Errors
///
/// When what is asked cannot be understood, or the lake not read.
pub(crate) async fn run(context: &Context, options: AdjustmentsArguments) -> Result<(), Failure> {
    let conditions = options.conditions.iter().map(|text| Condition::parse(text));
    let conditions = conditions
        .collect::<Result<_, _>>()
        .map_err(Failure::input)?;
    let usual = (context.format == Format::Table).then_some(ROWS_OF_A_TABLE);
    let most = options.limit.or(usual).unwrap_or(usize::MAX);
    let mut request = AdjustmentsRequest {
        metric: options.metric,
        by: options.by,
        conditions,
        month: options.month,
        made: options.made,
        limit: Some(most.min(MOST)),
        as_of: context.as_of(options.as_of.as_deref())?,
        cursor: None,
    };
    let lake = context.lake().await?;
    let freshness = Freshness::of(context, &lake).await?;
    let engine = context.engine(lake);
    let access = Access::everything();
    let mut result = engine.adjustments(&access, &request, context.now).await?;
    while result.rows.len() < most && result.next_cursor.is_some() {
        request.cursor = result.next_cursor.take();
        let next = engine.adjustments(&access, &request, context.now).await?;
        result.rows.extend(next.rows);
        result.next_cursor = next.next_cursor;
    }
    result.rows.truncate(most);
    let (header, rows) = cells(&result);
    match context.format {
        Format::Json => output::json(&result)?,
        Format::Csv => output::csv(
            &header.iter().map(String::as_str).collect::<Vec<_>>(),
            rows.iter().map(Vec::as_slice),
        )?,
        Format::Table => {
            let unit = serde_json::to_value(result.unit).map_err(anyhow::Error::new)?;
            let mut text = sums(&result, unit.as_str().unwrap_or_default());
            let mut table = Table::new(header.into_iter().map(|name| (name, Align::Left)));
            for row in rows {
                table.push(row);
            }
            text.push_str(&table.render());
            let counted = format!("{} of {} adjustments", result.rows.len(), result.count);
            text.push_str(&freshness.line(&counted, &result.as_of));
            output::write(&text)?;
        }
    }
    Ok(())
}

/// The closed numbers, each with what was adjusted by the month of the change.
fn sums(result: &AdjustmentsResult, unit: &str) -> String {
    let number = |value: Option<f64>| value::metric(value.map(Value::from).as_ref(), unit);
    let columns = ["closed month", "closed", "made in", "adjusted", "n", "now"];
    let aligned = columns.map(|name| (name, Align::Right));
    let mut table = Table::new(aligned);
    // a ratio is adjusted above and below its line, so its parts are told in the JSON
    let adjusted = |value: f64, weight: Option<f64>| match weight {
        Some(weight) => format!("{value:+} / {weight:+}"),
        None => value::metric(Some(&value.into()), unit),
    };
    for month in &result.months {
        table.push(vec![
            month.month.clone(),
            number(month.closed),
            String::new(),
            String::new(),
            String::new(),
            number(month.now),
        ]);
        for made in result.made.iter().filter(|made| made.month == month.month) {
            table.push(vec![
                String::new(),
                String::new(),
                made.made.clone(),
                adjusted(made.value, made.weight),
                made.records.to_string(),
                String::new(),
            ]);
        }
    }
    table.render()
}

/// The adjustments as text, with a column for each part of what a record is called.
fn cells(result: &AdjustmentsResult) -> (Vec<String>, Vec<Vec<String>>) {
    let named = result.rows.first().map(|row| row.record.keys().cloned());
    let named: Vec<String> = named.into_iter().flatten().collect();
    let weighted = result
        .rows
        .iter()
        .any(|row| row.weight_difference.is_some());
    let head = ["month", "made", "made_at", "actor", "reason"].map(str::to_owned);
    let tail = ["before", "after", "difference"].map(str::to_owned);
    let weight = weighted.then(|| "weight_difference".to_owned());
    let header = head
        .into_iter()
        .chain(named.iter().cloned())
        .chain(tail)
        .chain(weight);
    let row = |row: &Adjustment| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let number = |value: Option<f64>| value::plain(value.map(Value::from).as_ref());
        let mut cells = vec![
            row.month.clone(),
            row.made.clone(),
            row.made_at
                .chars()
                .take(16)
                .collect::<String>()
                .replace('T', " "),
            optional(&row.actor),
            optional(&row.reason),
        ];
        cells.extend(named.iter().map(|name| value::plain(row.record.get(name))));
        cells.extend([
            number(row.before),
            number(row.after),
            number(Some(row.difference)),
        ]);
        cells.extend(weighted.then(|| number(row.weight_difference)));
        cells
    };
    (header.collect(), result.rows.iter().map(row).collect())
}
