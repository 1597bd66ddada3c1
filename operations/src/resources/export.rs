//! A list of any length, taken away in pieces.

use millrace_models::scope::Action;

use super::list::{ListQuery, page};
use crate::caller::Caller;
use crate::error::{OperationsError, Result};
use crate::resource::Resource;
use crate::row::Row;
use crate::store::Store;

/// The rows of one piece.
const PIECE: u64 = 1_000;

/// An export under way: the same rows as the list gives, as far as the caller may export them.
///
/// It reads page by page, so that no connection is held while a client downloads, and memory stays
/// small. Rows that change meanwhile may be exported as they were or as they are.
#[derive(Debug)]
pub struct Export {
    store: Store,
    caller: Caller,
    resource: &'static Resource,
    query: ListQuery,
    done: bool,
}

impl Export {
    /// Begins an export of all records that meet the query; its cursor and limit are not looked at.
    ///
    /// # Errors
    ///
    /// When the role may not export them, or nobody may.
    pub fn begin(
        store: &Store,
        caller: &Caller,
        resource: &'static Resource,
        query: ListQuery,
    ) -> Result<Self> {
        if resource.is_personal() {
            return Err(OperationsError::forbidden(resource.name, Action::Export));
        }
        caller.condition(resource, Action::Export)?;
        Ok(Self {
            store: store.clone(),
            caller: caller.clone(),
            resource,
            query: ListQuery {
                cursor: None,
                ..query
            },
            done: false,
        })
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    ///
    /// As in [`super::list()`].
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        if self.done {
            return Ok(None);
        }
        let page = page(
            &self.store,
            &self.caller,
            self.resource,
            &self.query,
            Action::Export,
            PIECE,
        )
        .await?;
        self.done = page.next.is_none();
        self.query.cursor = page.next;
        Ok((!page.rows.is_empty()).then_some(page.rows))
    }
}
