//! The record that a service is asked to work on.

use millrace_models::scope::Action;

use super::Unit;
use crate::caller::Caller;
use crate::error::{OperationsError, Result};
use crate::record::Record;

/// A record, and the version that its caller decided by. A bare id takes it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: i64,
    /// The version that was read, as in `If-Match`.
    pub version: Option<i64>,
}

impl Target {
    /// A record at a version.
    pub fn at(id: i64, version: i64) -> Self {
        Self {
            id,
            version: Some(version),
        }
    }
}

impl From<i64> for Target {
    fn from(id: i64) -> Self {
        Self { id, version: None }
    }
}

impl Unit {
    /// The record on which the caller may do that, if it is still at the version asked for.
    ///
    /// # Errors
    ///
    /// As [`Unit::get_for`]; [`OperationsError::Stale`] with the record as the caller may see it.
    pub async fn take<R: Record>(
        &self,
        caller: &Caller,
        action: Action,
        target: Target,
    ) -> Result<R> {
        let record: R = self.get_for(caller, action, target.id).await?;
        match target.version {
            Some(expected) if expected != record.version() => Err(OperationsError::Stale {
                entity: R::RESOURCE.name,
                id: target.id,
                expected,
                current: Box::new(caller.show(&record)),
            }),
            _ => Ok(record),
        }
    }

    /// The record that a field refers to: one that the caller sees, beyond the pool.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Invalid`] when there is none.
    pub(crate) async fn refer<R: Record>(
        &self,
        caller: &Caller,
        field: &'static str,
        id: i64,
    ) -> Result<R> {
        if self
            .exists(R::RESOURCE, id, caller.reach_of(R::RESOURCE))
            .await?
        {
            return self.get(id).await;
        }
        let message = format!("there is no {} {id}", R::RESOURCE.name);
        Err(OperationsError::field(field, message))
    }
}
