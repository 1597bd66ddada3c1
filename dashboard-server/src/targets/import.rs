//! `POST /api/targets/import`: takes the targets of a sheet.

use std::io::Write as _;

use axum::Json;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use millrace_ingest::IngestError;
use millrace_jobs::targets::{self, BadTarget, Taken};
use millrace_models::scope::Action;
use millrace_operations::entity::target::RESOURCE;
use millrace_operations::service::target::Plan;
use millrace_operations::{FieldError, OperationsError};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::schema;
use crate::state::AppState;

/// The largest sheet taken, in bytes.
pub(crate) const SHEET_BYTES: usize = 8 * 1024 * 1024;

/// A sheet of targets, the file last.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the parts, which are read one by one")]
pub(crate) struct TargetSheet {
    /// `true` to be told what would change, without changing it.
    #[schema(required = false)]
    dry_run: bool,
    /// The file, as the template is.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Take the targets of a sheet
///
/// As a whole or not at all: a cell that cannot be taken is named by sheet, row, column and value. The
/// same sheet again changes nothing. With `dry_run` it says what would change.
#[utoipa::path(
    post,
    path = "/api/targets/import",
    tag = "targets",
    request_body(content = TargetSheet, content_type = "multipart/form-data"),
    responses((status = 200, description = "What changed, or would change", body = schema::TargetPlan))
)]
pub(crate) async fn import(
    State(state): State<AppState>,
    signed: Signed,
    request: Request,
) -> Result<Json<Plan>, ApiError> {
    let caller = &signed.0;
    // changing is half of it: who may add may change as far
    caller.require(&RESOURCE, Action::Create)?;
    let mut parts = Multipart::from_request(request, &state)
        .await
        .map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let mut dry_run = false;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("dry_run") => {
                let text = part.text().await.map_err(broken)?;
                dry_run = text.trim().parse().map_err(|_| {
                    OperationsError::field(
                        "dry_run",
                        format!("must be true or false, not {text:?}"),
                    )
                })?;
            }
            Some("file") => {
                let bytes = part.bytes().await.map_err(broken)?;
                let mut file = tempfile::NamedTempFile::new().map_err(internal)?;
                file.write_all(&bytes).map_err(internal)?;
                let taken = targets::import(state.store(), Some(caller), file.path(), dry_run);
                return match taken.await.map_err(refused)? {
                    Taken::Planned(plan) => Ok(Json(plan)),
                    Taken::Faulty(cells) => Err(OperationsError::Invalid {
                        fields: cells.into_iter().map(fault).collect(),
                    }
                    .into()),
                };
            }
            other => {
                let name = other.unwrap_or_default().to_owned();
                return Err(OperationsError::field(name, "is no part that can be given").into());
            }
        }
    }
    Err(OperationsError::field("file", "is required").into())
}

/// A cell as a field: its place, and what is wrong with what value.
fn fault(cell: BadTarget) -> FieldError {
    let BadTarget {
        sheet,
        row,
        column,
        value,
        message,
    } = cell;
    FieldError {
        field: format!("{sheet}!{column}{row}"),
        message: if value.is_empty() || message.contains(&format!("{value:?}")) {
            message
        } else {
            format!("{value:?}: {message}")
        },
    }
}

/// What was wrong with the file is for who sent it; all else is not.
fn refused(error: anyhow::Error) -> ApiError {
    let error = match error.downcast::<OperationsError>() {
        Ok(own) => return own.into(),
        Err(error) => error,
    };
    match error.downcast::<IngestError>() {
        Ok(IngestError::Refused { refusal, .. }) => {
            OperationsError::field("file", refusal.to_string()).into()
        }
        Ok(other) => ApiError::Internal(other.into()),
        Err(other) => ApiError::Internal(other),
    }
}

fn internal(error: std::io::Error) -> ApiError {
    ApiError::Internal(error.into())
}

fn broken(error: MultipartError) -> ApiError {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::TooLarge {
            limit_bytes: SHEET_BYTES,
        };
    }
    ApiError::BadRequest(format!("the parts cannot be read: {}", error.body_text()))
}
