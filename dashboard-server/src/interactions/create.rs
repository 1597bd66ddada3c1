//! `POST /api/interactions`: register an interaction.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::interaction::{self, CheckIn, NewInteraction};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// A check-in at a place.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckInBody {
    /// When it was; now when not given.
    at: Option<DateTime<Utc>>,
    /// The latitude, in millionths of a degree.
    #[schema(minimum = -90_000_000, maximum = 90_000_000)]
    latitude: i64,
    /// The longitude, in millionths of a degree.
    #[schema(minimum = -180_000_000, maximum = 180_000_000)]
    longitude: i64,
    /// How far off that may be, in metres.
    #[schema(minimum = 0, maximum = 1_000_000)]
    accuracy_metres: i64,
    /// The name of the place.
    #[schema(max_length = 400)]
    place: Option<String>,
}

/// What kind of interaction it is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InteractionKind)]
enum Kind {
    /// At the customer's.
    Visit,
    /// By telephone.
    Call,
    /// By message.
    Message,
    /// Together.
    Meeting,
    /// By mail.
    Mail,
    /// To oneself.
    Note,
}

/// An interaction as it is registered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InteractionBody {
    /// The customer.
    account_id: i64,
    /// The deal.
    opportunity_id: Option<i64>,
    /// The person met.
    contact_id: Option<i64>,
    /// What kind it was.
    kind: Kind,
    /// When it was; now when not given.
    at: Option<DateTime<Utc>>,
    /// What was said.
    #[schema(min_length = 1, max_length = 10_000)]
    content: String,
    /// Whether the customer answered.
    #[serde(default)]
    two_way: bool,
    /// Where the caller checked in.
    check_in: Option<CheckInBody>,
    /// What comes next.
    #[schema(max_length = 1000)]
    next_step: Option<String>,
    /// When it comes.
    next_at: Option<DateTime<Utc>>,
}

impl From<InteractionBody> for NewInteraction {
    fn from(body: InteractionBody) -> Self {
        let kind = match body.kind {
            Kind::Visit => "visit",
            Kind::Call => "call",
            Kind::Message => "message",
            Kind::Meeting => "meeting",
            Kind::Mail => "mail",
            Kind::Note => "note",
        };
        Self {
            account_id: body.account_id,
            opportunity_id: body.opportunity_id,
            contact_id: body.contact_id,
            kind: kind.to_owned(),
            at: body.at,
            content: body.content,
            two_way: body.two_way,
            check_in: body.check_in.map(|place| CheckIn {
                at: place.at,
                latitude: place.latitude,
                longitude: place.longitude,
                accuracy_metres: place.accuracy_metres,
                place: place.place,
            }),
            next_step: body.next_step,
            next_at: body.next_at,
        }
    }
}

/// Register an interaction
///
/// Whether it keeps the customer from the pool is decided by rule: a visit with a check-in about when it
/// was, or an answer of the customer.
#[utoipa::path(
    post,
    path = "/api/interactions",
    tag = "interactions",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = InteractionBody,
    responses((status = 201, description = "The interaction", body = ref("#/components/schemas/InteractionOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<InteractionBody>,
) -> Result<Shown, ApiError> {
    let input = NewInteraction::from(body);
    let work = async |unit: Unit| interaction::register(&unit, &signed.0, input.clone()).await;
    state.create(&signed, key.as_ref(), work).await
}
