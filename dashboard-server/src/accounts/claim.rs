//! `POST /api/accounts/{id}/claim`: an account of the pool becomes the caller's.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::claim;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Take an account out of the pool
///
/// Of several who claim it at once, one wins; the others are told who it was.
#[utoipa::path(
    post,
    path = "/api/accounts/{id}/claim",
    tag = "accounts",
    params(("id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The account, now the caller's", body = ref("#/components/schemas/AccountOutcome")),
        (status = 404, description = "There is no such account in the pool"),
        (status = 409, description = "`already-claimed`, `pool-capacity` or `cooldown`"),
        (status = 429, description = "`claim-limit`"),
    )
)]
pub(crate) async fn claim(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| claim::claim(&unit, &signed.0, id).await;
    let claimed = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &claimed).await
}
