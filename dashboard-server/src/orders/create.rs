//! `POST /api/orders`: enter an order.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use millrace_operations::Unit;
use millrace_operations::service::order::{self, NewOrder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::quotes::body::LineBody;
use crate::state::AppState;

/// The kinds of orders that are entered.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NewOrderKind)]
enum Kind {
    /// A sale.
    #[default]
    Sale,
    /// Goods come back.
    Return,
    /// Money is given back without goods.
    Credit,
}

/// An order as it is entered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    /// The customer.
    account_id: i64,
    /// The contract.
    contract_id: Option<i64>,
    /// The deal; that of the contract when not given.
    opportunity_id: Option<i64>,
    /// What kind it is; a sale when not given.
    #[serde(default)]
    kind: Kind,
    /// The sale that a return or credit takes back from; required there.
    reverses_id: Option<i64>,
    /// When it was placed; now when not given.
    ordered_at: Option<DateTime<Utc>>,
    /// The day that delivery is promised for.
    promised_on: Option<NaiveDate>,
    /// Where goods are delivered to; as the account says when not given.
    #[schema(max_length = 400)]
    delivery_address: Option<String>,
    /// The price list that prices are taken from.
    price_list_id: Option<i64>,
    /// The currency, as in ISO 4217; that of the contract, the sale or the company when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    rate: Option<i64>,
    /// The lines.
    #[schema(min_items = 1)]
    lines: Vec<LineBody>,
}

impl From<OrderBody> for NewOrder {
    fn from(body: OrderBody) -> Self {
        Self {
            account_id: body.account_id,
            contract_id: body.contract_id,
            opportunity_id: body.opportunity_id,
            kind: match body.kind {
                Kind::Sale => order::Kind::Sale,
                Kind::Return => order::Kind::Return,
                Kind::Credit => order::Kind::Credit,
            },
            reverses_id: body.reverses_id,
            ordered_at: body.ordered_at,
            promised_on: body.promised_on,
            delivery_address: body.delivery_address,
            price_list_id: body.price_list_id,
            currency: body.currency,
            rate: body.rate,
            lines: body.lines.into_iter().map(Into::into).collect(),
        }
    }
}

/// Enter an order
///
/// Lines are priced like those of a quote. A return or credit names the sale that it takes back from.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = OrderBody,
    responses((status = 201, description = "The order", body = ref("#/components/schemas/OrderOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<OrderBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| order::place(&unit, &signed.0, body.clone().into()).await;
    state.create(&signed, key.as_ref(), work).await
}
