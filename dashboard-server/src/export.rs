//! `POST /api/export`: all records behind a number, as a file.

mod cells;
mod csv;
mod words;
pub(crate) mod xlsx;

use std::io::{Seek, SeekFrom};

use axum::body::{Body as Payload, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use millrace_lake::query::{DrillColumn, DrillRequest, DrillStream, Row};
use millrace_models::metric::{Label, Metric, Registry};
use millrace_models::query::{Condition, Op, Query};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Body;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;
pub(crate) use words::word;

/// The media type of XLSX.
pub(crate) const XLSX_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Batches that wait between reading and writing.
const WAITING_BATCHES: usize = 4;
/// Bytes of a finished file sent at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Which records, and how they are written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    /// The query that gave the number, with its group among the conditions.
    #[schema(value_type = schema::Query)]
    query: Query,
    /// The metric; the query's first where left out.
    metric: Option<String>,
    /// The column to order by, with a leading `-` highest first.
    order: Option<String>,
    /// The file's format.
    format: Format,
    /// The language of headers and definitions; Chinese where left out.
    #[serde(default)]
    #[schema(required = false)]
    lang: Language,
}

/// The format of a file.
#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Comma-separated, UTF-8 with a byte order mark.
    Csv,
    /// Excel.
    Xlsx,
}

/// A language.
#[derive(Deserialize, ToSchema, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    pub(crate) fn of(self, label: &Label) -> &str {
        match self {
            Self::Zh => &label.zh,
            Self::En => &label.en,
        }
    }

    pub(crate) fn choose(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// All records behind a number, without truncation
#[utoipa::path(
    post,
    path = "/api/export",
    tag = "numbers",
    request_body = ExportRequest,
    responses((status = 200, description = "The file", content(
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )))
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Body(request): Body<ExportRequest>,
) -> Result<Response, ApiError> {
    let now = state.now();
    let drill = DrillRequest {
        query: request.query,
        metric: request.metric,
        order: request.order,
        ..DrillRequest::default()
    };
    let records = state.engine().drill_all(&access, &drill, now).await?;
    let language = request.lang;
    let day = now.with_timezone(&state.company().zone).date_naive();
    let metric = drill
        .metric
        .as_deref()
        .or(drill.query.metrics.first().map(String::as_str))
        .unwrap_or("records")
        .to_owned();
    let DrillStream { columns, rows } = records;
    let payload = match request.format {
        Format::Csv => csv_payload(columns, rows, language),
        Format::Xlsx => {
            let about = about(&state, &drill, language, now).await?;
            xlsx_payload(columns, rows, &about, language, now).await?
        }
    };
    download(&metric, day, request.format, payload)
}

/// The answer that a browser keeps as a file.
pub(crate) fn download(
    name: &str,
    day: NaiveDate,
    format: Format,
    payload: Payload,
) -> Result<Response, ApiError> {
    let (media_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Xlsx => (XLSX_TYPE, "xlsx"),
    };
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{name}-{day}.{ending}\""))
        .map_err(|error| ApiError::Internal(error.into()))?;
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((head, payload).into_response())
}

/// Lines are sent as they are read.
pub(crate) fn csv_payload<E: std::error::Error + Send + Sync + 'static>(
    columns: Vec<DrillColumn>,
    rows: impl Stream<Item = Result<Vec<Row>, E>> + Send + 'static,
    language: Language,
) -> Payload {
    let header = csv::header(&labels(&columns, language));
    let lines = rows.map(move |rows| match rows {
        Ok(rows) => Ok(csv::lines(&rows, &columns, language)),
        Err(error) => {
            // The status is sent already; the connection breaks off, so that half a file is
            // not taken for a whole one.
            tracing::error!(%error, "export broke off");
            Err(error)
        }
    });
    let header = futures::stream::once(async { Ok(header) });
    Payload::from_stream(header.chain(lines))
}

/// The file is finished on disk before its first byte is sent.
pub(crate) async fn xlsx_payload<E: Into<ApiError>>(
    columns: Vec<DrillColumn>,
    rows: impl Stream<Item = Result<Vec<Row>, E>> + Send,
    about: &[(String, String)],
    language: Language,
    now: DateTime<Utc>,
) -> Result<Payload, ApiError> {
    let internal = |error: anyhow::Error| ApiError::Internal(error);
    let labels = labels(&columns, language);
    let about = about.to_vec();
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<Row>>(WAITING_BATCHES);
    let writing = tokio::task::spawn_blocking(move || -> anyhow::Result<std::fs::File> {
        let mut export = xlsx::Export::new(columns, labels, language, now)?;
        while let Some(batch) = receiver.blocking_recv() {
            export.push(&batch)?;
        }
        let mut file = tempfile::tempfile()?;
        export.finish(&about, &mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    });
    let mut rows = std::pin::pin!(rows);
    while let Some(batch) = rows.try_next().await.map_err(Into::into)? {
        if sender.send(batch).await.is_err() {
            break; // The writer failed; it says why below.
        }
    }
    drop(sender);
    let file = writing
        .await
        .map_err(|error| internal(error.into()))?
        .map_err(internal)?;
    Ok(Payload::from_stream(chunks(file)))
}

fn labels(columns: &[DrillColumn], language: Language) -> Vec<String> {
    columns
        .iter()
        .map(|column| language.of(&column.label).to_owned())
        .collect()
}

fn chunks(file: std::fs::File) -> impl Stream<Item = std::io::Result<Bytes>> {
    futures::stream::try_unfold(tokio::fs::File::from_std(file), async |mut file| {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    })
}

/// What the records are: definition, filters, period, freshness.
async fn about(
    state: &AppState,
    drill: &DrillRequest,
    language: Language,
    now: DateTime<Utc>,
) -> Result<Vec<(String, String)>, ApiError> {
    let registry = Registry::shipped().map_err(|error| ApiError::Internal(error.into()))?;
    let set = state.lake().latest_set().await?;
    let zone = state.company().zone;
    let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let query = &drill.query;
    let mut lines = Vec::new();
    let mut line = |zh, en, value: String| {
        lines.push((language.choose(zh, en).to_owned(), value));
    };
    let metric: Option<&Metric> = drill
        .metric
        .as_deref()
        .or(query.metrics.first().map(String::as_str))
        .and_then(|name| registry.metric(name));
    line("公司", "Company", state.company().name.clone());
    if let Some(metric) = metric {
        let name = format!("{} ({})", language.of(&metric.label), metric.name);
        line("指标", "Metric", name);
        line(
            "定义",
            "Definition",
            language.of(&metric.description).to_owned(),
        );
    }
    if let Some(period) = query.period {
        line("期间", "Period", format!("{} – {}", period.from, period.to));
    }
    for condition in &query.conditions {
        let label = registry.label(&condition.dimension);
        line(
            "筛选",
            "Filter",
            format!("{} {}", language.of(&label), describe(condition, language)),
        );
    }
    line("截至", "As of", time(query.as_of.unwrap_or(now)));
    if let Some(set) = set {
        line("数据更新至", "Complete to", time(set.complete_to));
        line("数据版本", "Published set", set.id.to_string());
    }
    line("时区", "Time zone", zone.name().to_owned());
    Ok(lines)
}

fn describe(condition: &Condition, language: Language) -> String {
    let values: Vec<&str> = condition
        .values
        .iter()
        .map(|value| word(&condition.dimension, value, language))
        .collect();
    match condition.op {
        Op::In => format!("= {}", values.join(language.choose("、", ", "))),
        Op::NotIn => format!("≠ {}", values.join(language.choose("、", ", "))),
        Op::Between => values.join(" – "),
        Op::IsNull => language.choose("为空", "is empty").to_owned(),
    }
}
