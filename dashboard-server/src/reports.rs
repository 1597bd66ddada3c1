//! The monthly business report, as the app shows it and as files; each by the rights of its reader.

use axum::Json;
use axum::body::Body as Payload;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use millrace_jobs::report::{
    Aims, Document, Language as Told, MonthlyReport, MonthlyReportError, MonthlyRequest, monthly,
};
use millrace_operations::Caller;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::export::{Language, XLSX_TYPE};
use crate::extract::{Parameters, Signed};
use crate::schema;
use crate::state::AppState;

/// Which month, in which language.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The month, as `2026-03`.
    #[param(example = "2026-03", pattern = r"^\d{4}-(0[1-9]|1[0-2])$")]
    month: String,
    /// The language; Chinese where left out.
    #[serde(default)]
    lang: Language,
}

/// Which month, in which language and format.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichFile {
    /// The month, as `2026-03`.
    #[param(example = "2026-03", pattern = r"^\d{4}-(0[1-9]|1[0-2])$")]
    month: String,
    /// The language; Chinese where left out.
    #[serde(default)]
    lang: Language,
    /// The file's format.
    #[param(inline)]
    format: ReportFormat,
}

/// The format of a report.
#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReportFormat {
    /// Pages.
    Pdf,
    /// The data behind every chart, with the definitions.
    Xlsx,
}

/// A report as the app shows it; as [`schema::MonthlyReportShown`].
#[derive(Serialize)]
pub(crate) struct MonthlyReportShown {
    month: NaiveDate,
    set: i64,
    document: Document,
}

/// The monthly business report
///
/// Conclusions in words, key figures against the month before, the year before and targets, and what
/// is behind them, of the records that the caller may see.
#[utoipa::path(
    get,
    path = "/api/reports/monthly",
    tag = "numbers",
    params(Which),
    responses((status = 200, description = "The report", body = schema::MonthlyReportShown))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(which): Parameters<Which>,
) -> Result<Json<MonthlyReportShown>, ApiError> {
    let report = Box::pin(make(&state, &caller, &which.month, which.lang)).await?;
    Ok(Json(MonthlyReportShown {
        month: report.month,
        set: report.set,
        document: report.document().clone(),
    }))
}

/// The monthly business report as a file
#[utoipa::path(
    get,
    path = "/api/reports/monthly/file",
    tag = "numbers",
    params(WhichFile),
    responses((status = 200, description = "The file", content(
        (String = "application/pdf"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )))
)]
pub(crate) async fn file(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(which): Parameters<WhichFile>,
) -> Result<Response, ApiError> {
    let report = Box::pin(make(&state, &caller, &which.month, which.lang)).await?;
    let (ending, media_type) = match which.format {
        ReportFormat::Pdf => ("pdf", "application/pdf"),
        ReportFormat::Xlsx => ("xlsx", XLSX_TYPE),
    };
    let name = format!("attachment; filename=\"{}.{ending}\"", report.file_name());
    let write = move || match which.format {
        ReportFormat::Pdf => report.pdf(),
        ReportFormat::Xlsx => report.workbook(),
    };
    let bytes = tokio::task::spawn_blocking(write)
        .await
        .map_err(|error| ApiError::Internal(error.into()))?
        .map_err(|error| ApiError::Internal(error.into()))?;
    let name = HeaderValue::from_str(&name).map_err(|error| ApiError::Internal(error.into()))?;
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((head, Payload::from(bytes)).into_response())
}

async fn make(
    state: &AppState,
    caller: &Caller,
    month: &str,
    language: Language,
) -> Result<MonthlyReport, ApiError> {
    let is_short = month.len() == 7;
    let day = is_short
        .then(|| format!("{month}-01").parse().ok())
        .flatten();
    let month: NaiveDate = day.ok_or_else(|| {
        ApiError::BadRequest(format!(
            "month {month:?} is not a month: write it as 2026-03"
        ))
    })?;
    of_reader(state, caller, month, language)
        .await
        .map_err(refused)
}

/// The report of a month as its reader sees it.
pub(crate) async fn of_reader(
    state: &AppState,
    caller: &Caller,
    month: NaiveDate,
    language: Language,
) -> anyhow::Result<MonthlyReport> {
    let (language, scope) = match language {
        Language::Zh => (Told::Zh, format!("{}可见的记录", caller.name)),
        Language::En => (Told::En, format!("what {} may see", caller.name)),
    };
    let request = MonthlyRequest {
        month,
        language,
        scope,
        conditions: Vec::new(),
        set: None,
    };
    let access = caller.access();
    let aims = Aims {
        store: state.store(),
        caller: Some(caller),
    };
    let made = monthly(
        state.lake(),
        state.engine(),
        state.company(),
        &access,
        Some(aims),
        &request,
    );
    Box::pin(made).await
}

fn refused(error: anyhow::Error) -> ApiError {
    match error.downcast::<MonthlyReportError>() {
        Ok(MonthlyReportError::Query(error)) => error.into(),
        Ok(error @ (MonthlyReportError::Future { .. } | MonthlyReportError::Font)) => {
            ApiError::Query {
                detail: error.to_string(),
                suggestions: Vec::new(),
            }
        }
        Ok(error) => ApiError::Internal(error.into()),
        Err(error) => match error.downcast::<millrace_lake::query::QueryError>() {
            Ok(error) => error.into(),
            Err(error) => ApiError::Internal(error),
        },
    }
}
