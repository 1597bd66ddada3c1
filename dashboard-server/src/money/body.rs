//! What a receipt pays, as clients give it.

use chrono::NaiveDate;
use millrace_operations::service::receipt::Allocation;
use serde::Deserialize;
use utoipa::ToSchema;

/// A part of a receipt that pays an instalment.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllocationBody {
    /// The instalment.
    payment_plan_id: i64,
    /// The amount, in fen.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: i64,
    /// The day it counts from; that of the receipt when not given.
    on: Option<NaiveDate>,
}

/// The allocations.
pub(crate) fn allocations(bodies: &[AllocationBody]) -> Vec<Allocation> {
    let read = |body: &AllocationBody| Allocation {
        payment_plan_id: body.payment_plan_id,
        amount: body.amount,
        on: body.on,
    };
    bodies.iter().map(read).collect()
}
