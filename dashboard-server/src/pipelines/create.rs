//! `POST /api/pipelines`: make a pipeline.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::pipeline_design;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// A new pipeline.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelineBody {
    /// The Chinese name.
    #[schema(min_length = 1, max_length = 100)]
    name_zh: String,
    /// The English name.
    #[schema(min_length = 1, max_length = 100)]
    name_en: String,
}

/// Make a pipeline
///
/// Without stages; deals enter it when it becomes the default.
#[utoipa::path(
    post,
    path = "/api/pipelines",
    tag = "pipelines",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = PipelineBody,
    responses((status = 201, description = "The pipeline", body = ref("#/components/schemas/PipelineOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<PipelineBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        pipeline_design::create(&unit, &signed.0, body.name_zh.clone(), body.name_en.clone()).await
    };
    state.create(&signed, key.as_ref(), work).await
}
