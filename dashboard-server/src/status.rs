//! `GET /api/status`: whose numbers these are, and how fresh.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::numbers::Numbers;
use crate::state::AppState;

/// Whose numbers these are, and how fresh. Without a published set only company and zone are
/// there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    /// The company's name.
    company: String,
    /// The company's time zone.
    #[schema(example = "Asia/Shanghai")]
    zone: String,
    /// The number of the published set.
    set: Option<i64>,
    /// When it was published.
    #[schema(format = DateTime)]
    published_at: Option<String>,
    /// Everything brought in up to then is in it.
    #[schema(format = DateTime)]
    complete_to: Option<String>,
    /// The day of the first event, in the company's zone.
    first_day: Option<NaiveDate>,
    /// The day of the last event, in the company's zone.
    last_day: Option<NaiveDate>,
    /// The versions of its tables.
    versions: BTreeMap<String, i64>,
    /// How often records were written since the server started: another number than before says
    /// that what was read before may have changed.
    writes: u64,
}

/// How fresh the numbers are
#[utoipa::path(
    get,
    path = "/api/status",
    tag = "about",
    responses((status = 200, description = "Company and freshness", body = Status))
)]
pub(crate) async fn status(
    State(state): State<AppState>,
    _: Numbers,
) -> Result<Json<Status>, ApiError> {
    let set = state.lake().latest_set().await?;
    let company = state.company();
    let local = |at: DateTime<Utc>| {
        at.with_timezone(&company.zone)
            .to_rfc3339_opts(SecondsFormat::Secs, false)
    };
    let day = |at: DateTime<Utc>| at.with_timezone(&company.zone).date_naive();
    Ok(Json(Status {
        company: company.name.clone(),
        zone: company.zone.name().to_owned(),
        set: set.as_ref().map(|set| set.id),
        published_at: set.as_ref().map(|set| local(set.published_at)),
        complete_to: set.as_ref().map(|set| local(set.complete_to)),
        first_day: set.as_ref().and_then(|set| set.first_event_at).map(day),
        last_day: set.as_ref().and_then(|set| set.last_event_at).map(day),
        versions: set.map(|set| set.versions).unwrap_or_default(),
        writes: *state.store().written().borrow(),
    }))
}
