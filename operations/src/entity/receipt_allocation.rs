//! A part of a receipt that pays an instalment.

use crate::record::record;

record! {
    /// A part of a receipt that pays an instalment.
    "receipt_allocation" in "receipt_allocations", open false, seen by [Through("receipt_id", "receipt")];
    /// The receipt.
    receipt_id: i64 => required, reference("receipt");
    /// The instalment.
    payment_plan_id: i64 => required, reference("payment_plan");
    /// The amount, in fen.
    amount: i64 => required, money;
    /// The day it counts from.
    allocated_on: NaiveDate => required, filter;
}
