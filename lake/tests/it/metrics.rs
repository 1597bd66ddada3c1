//! `tests/slt/*.slt`: metrics over marts whose few records stand in the file, so that the expected
//! numbers can be worked out by hand.
//!
//! A statement is `FILL mart AS select`: columns that the select does not name are null, the
//! others are cast. A query is a query object as JSON; its answer is one line a row, with the
//! members of its dimensions, then the value and the n of each metric, and a last line `*` for the
//! total where there are dimensions (`rest` where a limit leaves some over).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, new_null_array};
use arrow::compute::cast;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use millrace_lake::query::{Engine, QueryError, Row};
use millrace_lake::{Change, Lake, Mode, PublishedSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::config::Company;
use millrace_models::marts;
use millrace_models::query::Query;
use millrace_models::scope::Access;
use serde_json::Value;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};
use tempfile::TempDir;

struct Marts {
    lake: Lake,
    engine: Engine,
    versions: BTreeMap<String, i64>,
    published: bool,
    _directory: TempDir,
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Query(#[from] QueryError),
    #[error("{0}")]
    Lake(#[from] millrace_lake::LakeError),
    #[error("{0}")]
    Select(#[from] datafusion::error::DataFusionError),
    #[error("{0}")]
    Arrow(#[from] arrow::error::ArrowError),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Script(String),
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn catalog() -> Catalog {
    let entity = |name: &str, fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        (name.to_owned(), fields)
    };
    Catalog {
        mapped: BTreeMap::from([
            entity("account", &["region", "industry"]),
            entity("opportunity", &["source"]),
        ]),
        attributes: BTreeMap::new(),
    }
}

impl Marts {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let lake = Lake::init(&directory.path().join("lake")).await.unwrap();
        let company = Company::default();
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        let mut versions = BTreeMap::new();
        for mart in marts::TABLES {
            let name = format!("marts/{mart}");
            versions.insert(name.clone(), lake.table(&name).await.unwrap().version());
        }
        Self {
            engine: Engine::new(lake.clone(), company.zone, Arc::new(calendar)),
            lake,
            versions,
            published: false,
            _directory: directory,
        }
    }

    async fn fill(&mut self, mart: &str, select: &str) -> Result<u64, Failed> {
        let name = format!("marts/{mart}");
        let table = self.lake.table(&name).await?;
        let schema = table.schema();
        let mut rows = 0;
        let mut writer = self
            .lake
            .writer(&name, schema.clone(), table.partition_column());
        for batch in SessionContext::new().sql(select).await?.collect().await? {
            for field in batch.schema().fields() {
                if schema.field_with_name(field.name()).is_err() {
                    return Err(Failed::Script(format!(
                        "{mart} has no column {}",
                        field.name()
                    )));
                }
            }
            let columns =
                schema
                    .fields()
                    .iter()
                    .map(|field| match batch.column_by_name(field.name()) {
                        Some(column) => cast(column, field.data_type()),
                        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
                    });
            let batch = RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)?;
            rows += batch.num_rows();
            for row in 0..batch.num_rows() {
                let left = batch.column_by_name("left_at");
                let partition = table.partition_column().zip(left).map(|(_, left)| {
                    if left.is_null(row) { "open" } else { "2026-01" }
                });
                let scored = batch.column_by_name(marts::SCORED_ON);
                let scored = scored.map(|day| day.as_string::<i32>().value(row));
                writer.write(&batch.slice(row, 1), partition.or(scored))?;
            }
        }
        let change = Change {
            mode: Mode::Append,
            files: writer.finish()?,
            kept: Vec::new(),
            schema: None,
            transactions: Vec::new(),
        };
        let version = self.lake.commit(&table, change).await?;
        self.versions.insert(name, version);
        Ok(rows as u64)
    }

    async fn ask(&mut self, query: &Query) -> Result<Vec<Vec<String>>, Failed> {
        if !self.published {
            let set = PublishedSet {
                id: 0,
                published_at: at("2026-04-01T00:00:00Z"),
                complete_to: at("2026-04-01T00:00:00Z"),
                versions: self.versions.clone(),
                catalog: catalog(),
                inputs: BTreeMap::new(),
                last_event_at: Some(at("2026-03-31T00:00:00Z")),
                ..PublishedSet::default()
            };
            self.lake.publish(set).await?;
            self.published = true;
        }
        let answer = self
            .engine
            .query(&Access::everything(), query, at("2026-04-01T00:00:00Z"))
            .await?;
        let mut lines: Vec<Vec<String>> = answer.rows.iter().map(|row| line(query, row)).collect();
        if !query.by.is_empty() {
            for (name, row) in [("rest", answer.rest.as_ref()), ("*", Some(&answer.total))] {
                let Some(row) = row else { continue };
                let mut row = row.clone();
                for dimension in &query.by {
                    row.insert(dimension.clone(), name.into());
                }
                lines.push(line(query, &row));
            }
        }
        Ok(lines)
    }
}

fn line(query: &Query, row: &Row) -> Vec<String> {
    let shown = |name: &str| match row.get(name) {
        None | Some(Value::Null) => "NULL".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => {
            let rounded = format!("{:.6}", number.as_f64().unwrap_or(f64::NAN));
            rounded
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        Some(other) => other.to_string(),
    };
    let mut cells: Vec<String> = query.by.iter().map(|name| shown(name)).collect();
    for metric in &query.metrics {
        cells.push(shown(metric));
        cells.push(shown(&format!("{metric}_n")));
        for more in ["before", "events", "censored", "immature"] {
            let name = format!("{metric}_{more}");
            if row.contains_key(&name) {
                cells.push(shown(&name));
            }
        }
    }
    cells
}

#[async_trait]
impl AsyncDB for Marts {
    type Error = Failed;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, Failed> {
        if let Some(rest) = text.strip_prefix("FILL ") {
            let (mart, select) = rest
                .split_once(" AS")
                .ok_or_else(|| Failed::Script("FILL mart AS select".to_owned()))?;
            return Ok(DBOutput::StatementComplete(self.fill(mart, select).await?));
        }
        let rows = self.ask(&serde_json::from_str(text)?).await?;
        let columns = rows.first().map_or(0, Vec::len);
        Ok(DBOutput::Rows {
            types: vec![DefaultColumnType::Any; columns],
            rows,
        })
    }

    async fn shutdown(&mut self) {}
}

async fn check(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/slt")
        .join(file);
    let mut runner = Runner::new(|| async { Ok(Marts::new().await) });
    runner.run_file_async(path).await.unwrap();
}

#[tokio::test]
async fn deals_give_their_metrics() {
    check("opportunities.slt").await;
}

#[tokio::test]
async fn stage_visits_give_their_metrics() {
    check("stages.slt").await;
}

#[tokio::test]
async fn quotes_give_their_metrics() {
    check("quotes.slt").await;
}

#[tokio::test]
async fn orders_give_their_metrics() {
    check("orders.slt").await;
}

#[tokio::test]
async fn approvals_of_quotes_give_their_metric() {
    check("approvals.slt").await;
}

#[tokio::test]
async fn instalments_and_contracts_give_their_metrics() {
    check("payments.slt").await;
}

#[tokio::test]
async fn tickets_give_their_metrics() {
    check("tickets.slt").await;
}

#[tokio::test]
async fn what_people_do_gives_its_metrics() {
    check("activity.slt").await;
}

#[tokio::test]
async fn scores_give_their_metrics() {
    check("health.slt").await;
}

#[tokio::test]
async fn records_give_the_metrics_of_their_quality() {
    check("records.slt").await;
}
