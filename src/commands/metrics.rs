//! `millrace metrics`: what there is to ask for.

use anyhow::anyhow;
use millrace_lake::query::MetricInfo;
use millrace_models::metric::nearest;
use millrace_models::scope::Access;
use serde::Serialize;

use crate::arguments::{Format, MetricsArguments};
use crate::failure::Failure;
use crate::output;
use crate::output::table::{Align, Table};
use crate::settings::Context;

/// Where the second column of a definition begins.
const INDENT: usize = 12;
/// Where its lines end.
const LINE_WIDTH: usize = 98;

/// Writes the registry, or one metric of it, on stdout.
///
/// # Errors
///
/// When there is no such metric, or the lake cannot be read.
pub(crate) async fn run(context: &Context, options: &MetricsArguments) -> Result<(), Failure> {
    let engine = context.engine(context.lake().await?);
    let registry = engine.metrics(&Access::everything()).await?;
    let Some(name) = &options.metric else {
        return {
            let _: () = match context.format {
                Format::Json => output::json(&registry)?,
                Format::Csv => csv(&registry.metrics)?,
                Format::Table => output::write(&table(&registry.metrics))?,
            };
            Ok(())
        };
    };
    let metric = registry
        .metrics
        .iter()
        .find(|metric| metric.name == *name)
        .ok_or_else(|| {
            let names = registry.metrics.iter().map(|metric| metric.name.as_str());
            let suggestions = nearest(name, names);
            let hint = match suggestions.as_slice() {
                [] => "; `millrace metrics` lists them".to_owned(),
                some => format!("; did you mean {}?", some.join(", ")),
            };
            Failure::input(anyhow!("there is no metric {name:?}{hint}")).suggesting(suggestions)
        })?;
    match context.format {
        Format::Json => output::json(metric)?,
        Format::Csv => csv(std::slice::from_ref(metric))?,
        Format::Table => output::write(&described(metric))?,
    }
    Ok(())
}

fn table(metrics: &[MetricInfo]) -> String {
    let mut table = Table::new([
        ("metric", Align::Left),
        ("名称", Align::Left),
        ("name", Align::Left),
        ("unit", Align::Left),
        ("better", Align::Left),
    ]);
    for metric in metrics {
        table.push(vec![
            metric.name.clone(),
            metric.label.zh.clone(),
            metric.label.en.clone(),
            word(&metric.unit),
            word(&metric.direction),
        ]);
    }
    let mut text = table.render();
    text.push_str(&format!(
        "{} metrics · `millrace metrics METRIC` shows a definition and its dimensions\n",
        metrics.len()
    ));
    text
}

fn csv(metrics: &[MetricInfo]) -> anyhow::Result<()> {
    let rows: Vec<[String; 8]> = metrics
        .iter()
        .map(|metric| {
            [
                metric.name.clone(),
                metric.label.zh.clone(),
                metric.label.en.clone(),
                word(&metric.unit),
                word(&metric.direction),
                metric.table.clone(),
                metric.formula.clone(),
                metric.dimensions.join(" "),
            ]
        })
        .collect();
    output::csv(
        &[
            "name",
            "label_zh",
            "label_en",
            "unit",
            "direction",
            "table",
            "formula",
            "dimensions",
        ],
        rows.iter().map(<[String; 8]>::as_slice),
    )
}

fn described(metric: &MetricInfo) -> String {
    format!(
        "{name}  {zh}  {en}\n\n  {description_zh}\n  {description_en}\n\n\
         formula     {formula}\nrecords     {table}\ntime        {time} ({role})\n\
         unit        {unit}\nbetter      {direction}\ndimensions  {dimensions}\n",
        name = metric.name,
        zh = metric.label.zh,
        en = metric.label.en,
        description_zh = metric.description.zh,
        description_en = metric.description.en,
        formula = metric.formula,
        table = metric.table,
        time = metric.time.as_deref().unwrap_or("end of the period"),
        role = word(&metric.time_role),
        unit = word(&metric.unit),
        direction = word(&metric.direction),
        dimensions = wrapped(&metric.dimensions),
    )
}

/// The names in lines of the width of a terminal, below each other.
fn wrapped(names: &[String]) -> String {
    let mut text = String::new();
    let mut width = INDENT;
    for (position, name) in names.iter().enumerate() {
        if position > 0 {
            text.push(',');
            if width + name.len() > LINE_WIDTH {
                text.push('\n');
                text.push_str(&" ".repeat(INDENT));
                width = INDENT;
            } else {
                text.push(' ');
            }
        }
        text.push_str(name);
        width += name.len() + 2;
    }
    text
}

/// The word that an enumeration has in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
