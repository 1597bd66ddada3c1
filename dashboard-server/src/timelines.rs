//! What the timelines of accounts and deals share.

use millrace_operations::entity::resource;
use millrace_operations::resources::{Labels, labels};
use millrace_operations::service::timeline::{self, Entry, Of};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::shapes;
use crate::state::AppState;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Where to begin: `next` of the page before.
    cursor: Option<String>,
    /// At most so many entries; 50 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// A page of a timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// What happened, the latest first.
    #[schema(value_type = Vec<shapes::Entry>)]
    entries: Vec<Entry>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
    /// The names of what the records refer to.
    #[schema(schema_with = shapes::labels)]
    labels: Labels,
}

impl Timeline {
    pub(crate) async fn of(
        state: &AppState,
        Signed(caller): &Signed,
        of: Of,
        asked: &Asked,
    ) -> Result<Self, ApiError> {
        let (cursor, limit) = (asked.cursor.as_deref(), asked.limit.unwrap_or(50));
        let page = timeline::timeline(state.store(), caller, of, cursor, limit).await?;
        let records = page.entries.iter();
        let records = records.filter_map(|entry| Some((resource(entry.kind)?, &entry.record)));
        let records: Vec<_> = records.collect();
        Ok(Self {
            labels: labels(state.store(), caller, records).await?,
            entries: page.entries,
            next: page.next,
        })
    }
}
