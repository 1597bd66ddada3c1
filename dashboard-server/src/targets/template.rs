//! `GET /api/targets/template`: the targets of a year as a sheet that can be filled in.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use millrace_jobs::targets;
use millrace_models::scope::Action;
use millrace_models::target::year_of;
use millrace_operations::entity::target::RESOURCE;
use millrace_operations::{FieldError, OperationsError};
use serde::Deserialize;

use crate::error::ApiError;
use crate::export::{Format, Language, download};
use crate::extract::{Parameters, Signed};
use crate::state::AppState;

/// Of which year, and in which language.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct YearAsked {
    /// The year; this one where left out.
    #[param(minimum = 2000, maximum = 2099)]
    year: Option<i32>,
    /// The language of its headers; Chinese where left out.
    #[serde(default)]
    #[param(required = false)]
    lang: Language,
}

/// The targets of a year as a sheet
///
/// A row a metric and whom it is for, a column a month, quarter or year; with rows to be filled for
/// whom the caller may set targets.
#[utoipa::path(
    get,
    path = "/api/targets/template",
    tag = "targets",
    params(YearAsked),
    responses((status = 200, description = "The sheet", content(
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )))
)]
pub(crate) async fn template(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(asked): Parameters<YearAsked>,
) -> Result<Response, ApiError> {
    caller.require(&RESOURCE, Action::Read)?;
    let today = state.store().calendar().date_of(state.now());
    let year = match asked.year {
        None => year_of(today),
        Some(year) => targets::year(&year.to_string()).ok_or_else(|| {
            let (first, last) = (targets::YEARS.start(), targets::YEARS.end());
            ApiError::Parameters(vec![FieldError {
                field: "year".to_owned(),
                message: format!("must be a year from {first} to {last}, not {year}"),
            }])
        })?,
    };
    let english = matches!(asked.lang, Language::En);
    let bytes = targets::template(state.store(), Some(&caller), year, english).await;
    let bytes = bytes.map_err(|error| match error.downcast::<OperationsError>() {
        Ok(own) => own.into(),
        Err(other) => ApiError::Internal(other),
    })?;
    download(
        &format!("targets-{year}"),
        today,
        Format::Xlsx,
        Body::from(bytes),
    )
}
