//! `PUT /api/pipelines/{id}/stages`: the stages of a pipeline as they are to be.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::entity::stage;
use millrace_operations::service::criteria::Criterion;
use millrace_operations::service::pipeline_design::{self, Arranged, StageDesign};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes;
use crate::state::AppState;

/// A stage as it is to be. Its place is that in the list.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageBody {
    /// The stage; none for a new one.
    id: Option<i64>,
    /// The code of a new one, which stays for ever: the name of the stage in all history.
    #[schema(min_length = 1, max_length = 64)]
    code: Option<String>,
    /// The Chinese name.
    #[schema(min_length = 1, max_length = 100)]
    name_zh: String,
    /// The English name.
    #[schema(min_length = 1, max_length = 100)]
    name_en: String,
    /// The working days that a deal may stay; none when it may stay for ever.
    #[schema(minimum = 1, maximum = 3650)]
    expected_days: Option<i64>,
    /// How likely a deal in it is won, in basis points.
    #[schema(minimum = 0, maximum = 10_000)]
    probability: i64,
    /// What must hold to enter.
    #[serde(default)]
    #[schema(value_type = Vec<shapes::Criterion>)]
    entry_criteria: Vec<Criterion>,
    /// What must hold to leave.
    #[serde(default)]
    #[schema(value_type = Vec<shapes::Criterion>)]
    exit_criteria: Vec<Criterion>,
    /// Whether it is the last one.
    #[serde(default)]
    terminal: bool,
    /// Whether it comes after winning.
    #[serde(default)]
    after_winning: bool,
}

impl From<StageBody> for Arranged {
    fn from(body: StageBody) -> Self {
        Self {
            id: body.id,
            code: body.code,
            design: StageDesign {
                name_zh: body.name_zh,
                name_en: body.name_en,
                position: 0,
                expected_days: body.expected_days,
                probability: body.probability,
                entry_criteria: body.entry_criteria,
                exit_criteria: body.exit_criteria,
                terminal: body.terminal,
                after_winning: body.after_winning,
            },
        }
    }
}

/// Arrange the stages of a pipeline
///
/// All of them, in their order: those that are not named are removed, as long as no deal is in them.
#[utoipa::path(
    put,
    path = "/api/pipelines/{id}/stages",
    tag = "pipelines",
    params(
        ("id" = i64, Path, description = "The pipeline"),
        ("If-Match" = Option<String>, Header, description = "The version of the pipeline that was read, as its ETag"),
    ),
    request_body = Vec<StageBody>,
    responses((status = 200, description = "The stages, in their order", body = ref("#/components/schemas/StagePage")))
)]
pub(crate) async fn arrange(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Vec<StageBody>>,
) -> Result<Json<Rows>, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        let stages = body.iter().cloned().map(Into::into).collect();
        pipeline_design::arrange(&unit, &signed.0, target, stages).await
    };
    let stages = state.write(&signed, work).await?;
    let rows = stages.iter().map(|stage| signed.0.show(stage)).collect();
    let rows = Rows::of(&state, &signed, &stage::RESOURCE, rows).await?;
    Ok(Json(rows))
}
