//! `POST /api/attachments`: brings a file.

use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{FromRequest, Request, State};
use futures::{StreamExt as _, TryStreamExt as _};
use millrace_operations::service::attachment::{self, NewAttachment};
use millrace_operations::{FieldError, OperationsError, Unit, entity};
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// The longest part beside the file, in bytes.
const PART_BYTES: usize = 4 * 1024;

/// A file and what it belongs to, the file last.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the parts, which are read one by one")]
pub(crate) struct Upload {
    /// The resource of the record, as `opportunity`.
    #[schema(example = "opportunity")]
    entity: String,
    /// The id of the record.
    record_id: i64,
    /// What it is, as `requirements` or `signed_contract`.
    #[schema(max_length = 64, example = "requirements")]
    kind: String,
    /// The file, with its name.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Bring a file
///
/// It is judged by its content, not by what is said of it. The parts before the file say what it
/// belongs to.
#[utoipa::path(
    post,
    path = "/api/attachments",
    tag = "attachments",
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, description = "The record of the file", body = ref("#/components/schemas/AttachmentOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    request: Request,
) -> Result<Shown, ApiError> {
    let mut parts = Multipart::from_request(request, &state)
        .await
        .map_err(no_parts)?;
    let mut told = Told::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some("file") {
            told.read(part).await?;
            continue;
        }
        let file_name = part.file_name().unwrap_or_default().to_owned();
        let input = told.whole(file_name)?;
        let most_bytes = attachment::admit(state.store(), &signed.0, &input).await?;
        let pieces = part.map_err(broken).boxed();
        let files = state.files();
        let stored = files.take_in(&input.file_name, most_bytes, pieces).await?;
        let work = async |unit: Unit| {
            attachment::attach(&unit, &signed.0, input.clone(), stored.clone()).await
        };
        return state.create(&signed, None, work).await;
    }
    Err(OperationsError::field("file", "is required").into())
}

/// What the parts before the file say.
#[derive(Default)]
struct Told {
    entity: Option<String>,
    record_id: Option<String>,
    kind: Option<String>,
}

impl Told {
    async fn read(&mut self, mut part: Field<'_>) -> Result<(), ApiError> {
        let name = part.name().unwrap_or_default().to_owned();
        let place = match name.as_str() {
            "entity" => &mut self.entity,
            "record_id" => &mut self.record_id,
            "kind" => &mut self.kind,
            _ => {
                let fault = "is no part that can be given";
                return Err(OperationsError::field(name, fault).into());
            }
        };
        let mut bytes = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > PART_BYTES {
                return Err(OperationsError::field(name, "is too long").into());
            }
        }
        let text = String::from_utf8(bytes).ok();
        let text = text.filter(|text| !text.contains('\0'));
        *place = Some(text.ok_or_else(|| OperationsError::field(name, "must be a text"))?);
        Ok(())
    }

    /// What the file belongs to, all faults at once.
    fn whole(&self, file_name: String) -> Result<NewAttachment, ApiError> {
        let mut fields = Vec::new();
        let mut fault = |field: &str, message: &str| {
            fields.push(FieldError {
                field: field.to_owned(),
                message: message.to_owned(),
            });
        };
        for (field, given) in [
            ("entity", &self.entity),
            ("record_id", &self.record_id),
            ("kind", &self.kind),
        ] {
            if given.is_none() {
                fault(field, "is required, before the file");
            }
        }
        let record_id = self.record_id.as_deref().map(|text| text.trim().parse());
        if matches!(record_id, Some(Err(_))) {
            fault("record_id", "must be a whole number");
        }
        if self
            .kind
            .as_deref()
            .is_some_and(|kind| kind.trim().is_empty())
        {
            fault("kind", "must not be empty");
        }
        let entity = self.entity.as_deref().unwrap_or_default();
        if self.entity.is_some() && entity::resource(entity).is_none() {
            fault("entity", "is nothing that files can belong to");
        }
        if file_name.trim().is_empty() || file_name.contains('\0') {
            fault("file", "must have a name");
        }
        if !fields.is_empty() {
            return Err(OperationsError::Invalid { fields }.into());
        }
        Ok(NewAttachment {
            entity: entity.to_owned(),
            record_id: record_id.and_then(Result::ok).unwrap_or_default(),
            kind: self.kind.clone().unwrap_or_default(),
            file_name,
        })
    }
}

fn no_parts(rejection: MultipartRejection) -> ApiError {
    ApiError::BadRequest(rejection.body_text())
}

fn broken(error: MultipartError) -> ApiError {
    ApiError::BadRequest(format!("the parts cannot be read: {}", error.body_text()))
}
