//! `POST /api/quotes/price`: what a quote would come to.

use axum::Json;
use axum::extract::State;
use millrace_models::scope::Visibility;
use millrace_operations::Unit;
use millrace_operations::service::quote;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Row;
use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::quotes::body::NewQuoteBody;
use crate::state::AppState;

/// Lines with their prices, and what they come to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Priced {
    /// The lines, with the fields of quote lines.
    #[schema(value_type = Vec<Object>)]
    lines: Vec<Row>,
    /// What they come to.
    totals: PricedTotals,
    /// The discount on list prices, in basis points; none where they come to nothing.
    discount: Option<i64>,
    /// The margin in basis points, for those who see it; none while the cost of a line is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    margin: Option<Option<i64>>,
    /// Whether the caller may give that discount without an approval.
    within_limit: bool,
}

/// What lines come to.
#[derive(Serialize, ToSchema)]
pub(crate) struct PricedTotals {
    /// In the quote's currency, in its hundredths, tax included.
    original_amount: i64,
    /// In the company's, in fen.
    amount: i64,
    /// The same without tax.
    amount_without_tax: i64,
    /// At list prices, in fen.
    list_amount: i64,
}

/// Price the lines of a quote
///
/// As making the quote would, without making it.
#[utoipa::path(
    post,
    path = "/api/quotes/price",
    tag = "quotes",
    request_body = NewQuoteBody,
    responses((status = 200, description = "The lines and what they come to", body = Priced))
)]
pub(crate) async fn price(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<NewQuoteBody>,
) -> Result<Json<Priced>, ApiError> {
    let (whose, input) = body.read()?;
    let work = async |unit: Unit| quote::price(&unit, &signed.0, whose, input.clone()).await;
    let priced = state.write(&signed, work).await?;
    let lines = priced.lines.iter().map(|line| {
        let mut row = signed.0.show(line);
        row.retain(|field, _| !UNSAVED.contains(&field.as_str()));
        row
    });
    let totals = priced.totals;
    let sees_margin = signed.0.rights.sees(Visibility::Margin);
    Ok(Json(Priced {
        lines: lines.collect(),
        totals: PricedTotals {
            original_amount: totals.original_amount,
            amount: totals.amount,
            amount_without_tax: totals.amount_without_tax,
            list_amount: totals.list_amount,
        },
        discount: totals.discount,
        margin: sees_margin.then_some(totals.margin),
        within_limit: priced.within_limit,
    }))
}

/// What a line has only when it is saved.
const UNSAVED: [&str; 7] = [
    "id",
    "quote_id",
    "accepted",
    "recorded_at",
    "updated_at",
    "deleted_at",
    "version",
];
