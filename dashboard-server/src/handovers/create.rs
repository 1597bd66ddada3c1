//! `POST /api/handovers`: hand everything over.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::handover;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::handovers::body::HandoverRule;
use crate::state::AppState;

/// A handover.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverBody {
    /// Who hands over.
    from_user_id: i64,
    /// By which rule successors are chosen.
    rule: HandoverRule,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Hand everything over
///
/// Accounts, open deals and those in delivery, quotes, running contracts, tickets and to-dos, in one
/// action. Past results stay with who made them.
#[utoipa::path(
    post,
    path = "/api/handovers",
    tag = "handovers",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = HandoverBody,
    responses((status = 201, description = "The receipt: what went from whom to whom", body = ref("#/components/schemas/HandoverOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<HandoverBody>,
) -> Result<Shown, ApiError> {
    let rule = body.rule.clone().into();
    let work = async |unit: Unit| {
        handover::hand_over(&unit, &signed.0, body.from_user_id, &rule, &body.reason).await
    };
    state.create(&signed, key.as_ref(), work).await
}
