//! `GET /api/forecast`: what will be won by the end of a month or quarter.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_jobs::forecast::{Forecast, with_targets};
use millrace_lake::query::{ForecastBy, ForecastOrder, ForecastRequest};
use millrace_models::query::Condition;
use millrace_operations::FieldError;
use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::schema;
use crate::state::AppState;

/// What is to be forecast, and which of its open deals are shown.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForecastAsked {
    /// The month or quarter, as `2026-12` or `2026-Q4`; this month where left out.
    #[param(example = "2026-12", pattern = r"^\d{4}-(0[1-9]|1[0-2]|Q[1-4])$")]
    period: Option<String>,
    /// By what it is split.
    #[param(inline, value_type = Option<schema::ForecastBy>)]
    by: Option<ForecastBy>,
    /// Conditions that all must hold, as the `where` of a query: a JSON array.
    #[param(example = r#"[{"dimension":"region","values":["华东"]}]"#)]
    r#where: Option<String>,
    /// Forecast as of then; without it the time is now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<DateTime<Utc>>,
    /// What the open deals are ordered by.
    #[serde(default)]
    #[param(inline, required = false, value_type = Option<schema::ForecastOrder>)]
    order: ForecastOrder,
    /// Open deals on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl ForecastAsked {
    fn request(self) -> Result<ForecastRequest, ApiError> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: String| {
            faults.push(FieldError {
                field: field.to_owned(),
                message,
            });
        };
        let period = match self.period.as_deref().map(str::parse).transpose() {
            Ok(period) => period,
            Err(error) => {
                let error: millrace_models::target::PeriodError = error;
                fault("period", error.to_string());
                None
            }
        };
        let conditions: Vec<Condition> = match self.r#where.as_deref() {
            None => Vec::new(),
            Some(text) => match serde_json::from_str(text) {
                Ok(conditions) => conditions,
                Err(error) => {
                    fault("where", format!("is no list of conditions: {error}"));
                    Vec::new()
                }
            },
        };
        if !faults.is_empty() {
            return Err(ApiError::Parameters(faults));
        }
        Ok(ForecastRequest {
            period,
            by: self.by,
            conditions,
            as_of: self.as_of,
            order: self.order,
            limit: self.limit,
            cursor: self.cursor,
        })
    }
}

/// What will be won
///
/// By the end of a month or quarter: won so far, of the open deals, of deals that are not opened yet,
/// all together with an interval, and how far off such forecasts were in earlier periods. All of it is
/// learned from the deals that the caller sees, and from no others. The open deals are shown page by
/// page; those of all pages add up to its numbers.
#[utoipa::path(
    get,
    path = "/api/forecast",
    tag = "numbers",
    params(ForecastAsked),
    responses((status = 200, description = "The forecast", body = schema::Forecast))
)]
pub(crate) async fn forecast(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(asked): Parameters<ForecastAsked>,
) -> Result<Json<Forecast>, ApiError> {
    let request = asked.request()?;
    let now = state.now();
    let access = caller.access();
    let told = Box::pin(state.engine().forecast(&access, &request, now)).await?;
    let at = request.as_of.unwrap_or(now);
    let forecast = with_targets(state.store(), Some(&caller), told, at).await?;
    Ok(Json(forecast))
}
