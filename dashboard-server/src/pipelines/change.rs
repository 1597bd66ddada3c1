//! `PATCH /api/pipelines/{id}`: change a pipeline.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::pipeline_design::{self, PipelineChange};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// What of a pipeline is changed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelineChangeBody {
    /// The Chinese name.
    #[schema(min_length = 1, max_length = 100)]
    name_zh: Option<String>,
    /// The English name.
    #[schema(min_length = 1, max_length = 100)]
    name_en: Option<String>,
    /// Whether a deal may skip stages.
    may_skip: Option<bool>,
    /// Whether a deal may move back.
    may_move_back: Option<bool>,
    /// Whether new deals enter this one; it takes that from the one that had it.
    #[serde(default)]
    default_pipeline: bool,
}

impl From<PipelineChangeBody> for PipelineChange {
    fn from(body: PipelineChangeBody) -> Self {
        Self {
            name_zh: body.name_zh,
            name_en: body.name_en,
            may_skip: body.may_skip,
            may_move_back: body.may_move_back,
            default_pipeline: body.default_pipeline,
        }
    }
}

/// Change a pipeline
#[utoipa::path(
    patch,
    path = "/api/pipelines/{id}",
    tag = "pipelines",
    params(
        ("id" = i64, Path, description = "The pipeline"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = PipelineChangeBody,
    responses((status = 200, description = "The pipeline as it is now", body = ref("#/components/schemas/PipelineOutcome")))
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<PipelineChangeBody>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        pipeline_design::configure(&unit, &signed.0, target, body.clone().into()).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
