//! `GET /api/attachments/{id}/content`: the bytes of a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use millrace_operations::service::attachment;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// The bytes of a file
///
/// Always as something to be saved, never as a page.
#[utoipa::path(
    get,
    path = "/api/attachments/{id}/content",
    tag = "attachments",
    params(("id" = i64, Path, description = "The file")),
    responses((status = 200, description = "The bytes", body = String, content_type = "application/octet-stream"))
)]
pub(crate) async fn content(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let (file, bytes) = attachment::open(state.store(), &state.files(), &signed.0, id).await?;
    let name = utf8_percent_encode(&file.file_name, NON_ALPHANUMERIC);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{name}"),
        ),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}
