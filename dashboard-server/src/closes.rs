//! Closing months, opening them again, and what was changed of closed ones since.

pub(crate) mod adjustments;
pub(crate) mod create;
pub(crate) mod reopen;

use millrace_jobs::Live;
use millrace_operations::OperationsError;

use crate::error::ApiError;
use crate::state::AppState;

/// The records and the lake that belong together.
fn live(state: &AppState) -> Live {
    Live {
        store: state.store().clone(),
        lake: state.lake().clone(),
        company: state.company().clone(),
    }
}

/// What a service refuses is told as such.
fn refused(error: anyhow::Error) -> ApiError {
    match error.downcast::<OperationsError>() {
        Ok(own) => own.into(),
        Err(other) => ApiError::Internal(other),
    }
}
