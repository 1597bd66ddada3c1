//! `millrace query`: numbers by any dimension.

use millrace_models::query::{Condition, Period, Query};
use millrace_models::scope::Access;
use serde_json::{Map, Value};

use crate::arguments::{Filters, Format, QueryArguments};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// Answers the query on stdout.
///
/// # Errors
///
/// When the query cannot be understood, or the lake not read.
pub(crate) async fn run(context: &Context, options: QueryArguments) -> Result<(), Failure> {
    let mut query = filtered(context, &options.filters)?;
    query.metrics = options.metrics;
    query.by = options.by;
    query.compare = options
        .compare
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: millrace_models::query::QueryError| Failure::input(error))?;
    query.order = options.order;
    query.limit = options.limit;

    let lake = context.lake().await?;
    let freshness = Freshness::of(context, &lake).await?;
    let line = Line::new(context.quiet);
    line.say("counting");
    let result = context
        .engine(lake)
        .query(&Access::everything(), &query, context.now)
        .await?;
    drop(line);
    if context.format == Format::Json {
        return Ok(output::json(&result)?);
    }
    let answer = Answer::new(&serde_json::to_value(&result).map_err(anyhow::Error::new)?);
    match context.format {
        Format::Csv => answer.write_csv()?,
        Format::Table | Format::Json => {
            let mut text = answer.table();
            text.push_str(&freshness.line(&format!("{} rows", answer.rows.len()), &answer.as_of));
            output::write(&text)?;
        }
    }
    Ok(())
}

/// A query of these filters, without metrics.
///
/// # Errors
///
/// When one of them cannot be understood.
pub(crate) fn filtered(context: &Context, filters: &Filters) -> Result<Query, Failure> {
    let conditions = filters
        .conditions
        .iter()
        .map(|text| Condition::parse(text))
        .collect::<Result<_, _>>()
        .map_err(Failure::input)?;
    let period = match (filters.from, filters.to) {
        (Some(from), Some(to)) => Some(Period::new(from, to).map_err(Failure::input)?),
        _ => None,
    };
    Ok(Query {
        conditions,
        period,
        as_of: context.as_of(filters.as_of.as_deref())?,
        ..Query::default()
    })
}

/// What the numbers are complete to, for the line below a table.
pub(crate) struct Freshness {
    complete_to: Option<String>,
    zone: String,
}

impl Freshness {
    /// Of the newest published set.
    ///
    /// # Errors
    ///
    /// When the lake cannot be read.
    pub(crate) async fn of(context: &Context, lake: &millrace_lake::Lake) -> Result<Self, Failure> {
        let zone = context.company.zone;
        Ok(Self {
            complete_to: lake
                .latest_set()
                .await?
                .map(|set| value::time(set.complete_to, zone)),
            zone: zone.name().to_owned(),
        })
    }

    /// `5 rows · as of 2026-11-23 16:40 · complete to 2026-11-23 16:40 (Asia/Shanghai)`
    pub(crate) fn line(&self, counted: &str, as_of: &str) -> String {
        let as_of: String = as_of.replace('T', " ").chars().take(16).collect();
        let complete_to = self.complete_to.as_deref().unwrap_or(value::NOTHING);
        let zone = &self.zone;
        format!("{counted} · as of {as_of} · complete to {complete_to} ({zone})\n")
    }
}

struct Answer {
    columns: Vec<(String, Kind)>,
    rows: Vec<Map<String, Value>>,
    rest: Option<Map<String, Value>>,
    total: Option<Map<String, Value>>,
    as_of: String,
    is_compared: bool,
}

enum Kind {
    Dimension,
    Metric { unit: String },
}

impl Answer {
    fn new(result: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
        let list = |key: &str| {
            result
                .get(key)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice)
        };
        Self {
            columns: list("columns")
                .iter()
                .map(|column| {
                    let kind = if text(column, "kind") == "metric" {
                        Kind::Metric {
                            unit: text(column, "unit"),
                        }
                    } else {
                        Kind::Dimension
                    };
                    (text(column, "name"), kind)
                })
                .collect(),
            rows: list("rows")
                .iter()
                .filter_map(|row| row.as_object().cloned())
                .collect(),
            rest: object(result.get("rest")),
            total: object(result.get("total")),
            as_of: text(result, "as_of"),
            is_compared: result
                .pointer("/query/compare")
                .is_some_and(|compare| !compare.is_null()),
        }
    }

    fn table(&self) -> String {
        let mut columns = Vec::new();
        for (name, kind) in &self.columns {
            match kind {
                Kind::Dimension => columns.push((name.clone(), Align::Left)),
                Kind::Metric { .. } => {
                    columns.push((name.clone(), Align::Right));
                    columns.push(("n".to_owned(), Align::Right));
                    if self.is_compared {
                        columns.push(("before".to_owned(), Align::Right));
                        columns.push(("change".to_owned(), Align::Right));
                    }
                }
            }
        }
        let mut table = Table::new(columns);
        let has_dimensions = self
            .columns
            .iter()
            .any(|(_, kind)| matches!(kind, Kind::Dimension));
        for row in &self.rows {
            table.push(self.cells(row, None));
        }
        if has_dimensions {
            if let Some(rest) = &self.rest {
                table.close_with(self.cells(rest, Some("rest")));
            }
            if let Some(total) = &self.total {
                table.close_with(self.cells(total, Some("total")));
            }
        }
        table.render()
    }

    fn cells(&self, row: &Map<String, Value>, name: Option<&str>) -> Vec<String> {
        let mut cells = Vec::new();
        for (position, (column, kind)) in self.columns.iter().enumerate() {
            match kind {
                Kind::Dimension => cells.push(match (name, position) {
                    (Some(name), 0) => name.to_owned(),
                    (Some(_), _) => String::new(),
                    (None, _) => match value::plain(row.get(column)) {
                        text if text.is_empty() => value::NOTHING.to_owned(),
                        text => text,
                    },
                }),
                Kind::Metric { unit } => {
                    let of = |suffix: &str| row.get(&format!("{column}{suffix}"));
                    cells.push(value::metric(row.get(column), unit));
                    cells.push(value::metric(of("_n"), "count"));
                    if self.is_compared {
                        cells.push(value::metric(of("_before"), unit));
                        cells.push(value::change(of("_change"), unit));
                    }
                }
            }
        }
        cells
    }

    fn write_csv(&self) -> anyhow::Result<()> {
        let mut header: Vec<String> = Vec::new();
        for (name, kind) in &self.columns {
            header.push(name.clone());
            if matches!(kind, Kind::Metric { .. }) {
                header.push(format!("{name}_n"));
                if self.is_compared {
                    header.push(format!("{name}_before"));
                    header.push(format!("{name}_change"));
                }
            }
        }
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                header
                    .iter()
                    .map(|key| value::plain(row.get(key)))
                    .collect()
            })
            .collect();
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        output::csv(&names, rows.iter().map(Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_a_table_with_its_rest_and_total() {
        let answer = Answer::new(&json!({
            "query": {"metrics": ["win_rate", "won_amount"], "by": ["region"], "compare": "previous"},
            "as_of": "2026-11-01T00:00:00+08:00",
            "columns": [
                {"name": "region", "kind": "dimension"},
                {"name": "win_rate", "kind": "metric", "unit": "ratio"},
                {"name": "won_amount", "kind": "metric", "unit": "amount"}
            ],
            "rows": [
                {"region": "华东", "win_rate": 0.634, "win_rate_n": 1412, "win_rate_before": 0.65,
                 "win_rate_change": -0.016, "won_amount": 1_284_000.5, "won_amount_n": 890,
                 "won_amount_before": null, "won_amount_change": null},
                {"region": null, "win_rate": null, "win_rate_n": 0}
            ],
            "rest": {"win_rate": 0.5, "win_rate_n": 2},
            "total": {"win_rate": 0.61, "win_rate_n": 1733}
        }));
        assert_eq!(
            answer.table(),
            "region  win_rate      n  before   change    won_amount    n  before  change\n\
             ───────────────────────────────────────────────────────────────────────────\n\
             华东      63.4 %  1,412  65.0 %  -1.6 pt  1,284,000.50  890       –       –\n\
             –              –      0       –        –             –    –       –       –\n\
             ───────────────────────────────────────────────────────────────────────────\n\
             rest      50.0 %      2       –        –             –    –       –       –\n\
             total     61.0 %  1,733       –        –             –    –       –       –\n"
        );
    }
}
