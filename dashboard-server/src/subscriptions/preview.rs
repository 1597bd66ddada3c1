//! `POST /api/subscription-preview`: what a copy would say to the one who asks.

use axum::Json;
use axum::extract::State;
use millrace_jobs::numbers::Language;
use millrace_jobs::outbox::{Order, RenderError, Rendered, Renders as _};
use millrace_models::scope::Action;
use millrace_models::subscription::Subject;
use millrace_operations::OperationsError;
use millrace_operations::entity::{dispatch, subscription};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::mails::Renderer;
use crate::state::AppState;

/// A subscription that is being written.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionPreviewBody {
    /// What it is called.
    #[schema(max_length = 200)]
    name: String,
    /// What it is of.
    kind: PreviewKind,
    /// Which numbers, list or threshold.
    content: Value,
    /// In which language.
    language: Option<PreviewLanguage>,
}

/// What a subscription is of.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriptionKindWord)]
enum PreviewKind {
    /// The monthly report.
    MonthlyReport,
    /// A page of numbers.
    Dashboard,
    /// A list.
    List,
    /// A limit.
    Threshold,
}

/// A language of copies.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CopyLanguage)]
enum PreviewLanguage {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// What a copy says.
#[derive(Serialize, ToSchema)]
pub(crate) struct CopyPreview {
    /// The subject.
    subject: String,
    /// As HTML.
    html: String,
    /// As plain text.
    text: String,
    /// The names of the files beside it.
    files: Vec<String>,
    /// The number that a threshold is about.
    value: Option<f64>,
}

/// What a copy of a subscription would say to the one who asks, now
#[utoipa::path(
    post,
    path = "/api/subscription-preview",
    tag = "subscriptions",
    request_body = SubscriptionPreviewBody,
    responses((status = 200, description = "The copy", body = CopyPreview))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Body(body): Body<SubscriptionPreviewBody>,
) -> Result<Json<CopyPreview>, ApiError> {
    caller.require(&subscription::RESOURCE, Action::Create)?;
    let kind = match body.kind {
        PreviewKind::MonthlyReport => "monthly_report",
        PreviewKind::Dashboard => "dashboard",
        PreviewKind::List => "list",
        PreviewKind::Threshold => "threshold",
    };
    let refused = |error: String| ApiError::from(OperationsError::field("content", error));
    let subject = Subject::parse(kind, &body.content).map_err(refused)?;
    let now = state.now();
    let own = unsaved(&body, kind, caller.user_id, now);
    let copy = copy(caller.user_id, now);
    let order = Order {
        subscription: &own,
        subject: &subject,
        copy: &copy,
        caller: &caller,
        language: match body.language {
            Some(PreviewLanguage::En) => Language::En,
            _ => Language::Zh,
        },
        now,
    };
    let renderer = Renderer::new(state.clone());
    match renderer.render(&order).await {
        Ok(Rendered::Message(message)) => Ok(Json(CopyPreview {
            html: message.content.page(),
            subject: message.content.subject,
            text: message.content.text,
            files: message
                .content
                .files
                .into_iter()
                .map(|file| file.name)
                .collect(),
            value: message.value,
        })),
        Ok(Rendered::Quiet(reason)) | Err(RenderError::Refused(reason)) => Err(refused(reason)),
        Err(RenderError::Failed(error)) => Err(ApiError::Internal(error)),
    }
}

/// The subscription as if it were there.
fn unsaved(
    body: &SubscriptionPreviewBody,
    kind: &str,
    owner_id: i64,
    now: chrono::DateTime<chrono::Utc>,
) -> subscription::Model {
    subscription::Model {
        id: 0,
        name: body.name.clone(),
        owner_id,
        kind: kind.to_owned(),
        content: body.content.clone(),
        rule: None,
        zone: None,
        channel: "mail".to_owned(),
        recipients: serde_json::json!([owner_id]),
        url: None,
        secret: None,
        language: None,
        enabled: true,
        recorded_at: now,
        updated_at: now,
        deleted_at: None,
        version: 1,
    }
}

/// A copy of it for somebody, now.
fn copy(recipient_id: i64, now: chrono::DateTime<chrono::Utc>) -> dispatch::Model {
    dispatch::Model {
        id: 0,
        subscription_id: 0,
        recipient_id,
        planned_at: now,
        manual: true,
        channel: "mail".to_owned(),
        address: None,
        state: "planned".to_owned(),
        attempts: 0,
        next_attempt_at: None,
        rendered_at: None,
        sent_at: None,
        subject: None,
        message_id: None,
        reason: None,
        response: None,
        token: 0,
        recorded_at: now,
        updated_at: now,
        deleted_at: None,
        version: 1,
    }
}
