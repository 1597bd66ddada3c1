//! What services ask of the records that their input refers to.

use crate::error::{OperationsError, Result};

/// That a record referred to is of the customer that it is used for.
pub(super) fn same_account(field: &'static str, its: i64, account_id: i64) -> Result<()> {
    if its == account_id {
        return Ok(());
    }
    Err(OperationsError::field(field, "belongs to another customer"))
}
