//! Rows that a caller sees, for services that put answers together from several resources.

use millrace_models::scope::Action;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Condition, Order};

use crate::caller::{Caller, column_of};
use crate::error::Result;
use crate::resource::Resource;
use crate::row::{self, Row};

/// Which rows are wanted.
pub(crate) struct Seen {
    pub(crate) resource: &'static Resource,
    /// Beside the caller's scope.
    pub(crate) condition: Condition,
    /// The latest by this field come first.
    pub(crate) latest: &'static str,
    /// Whether what is seen only because it waits in the pool is wanted too.
    pub(crate) pool: bool,
    pub(crate) limit: u64,
}

/// The rows that the caller sees, as they see them; none where the role reads none.
pub(crate) async fn seen<C: ConnectionTrait>(
    connection: &C,
    caller: &Caller,
    wanted: Seen,
) -> Result<Vec<Row>> {
    let resource = wanted.resource;
    if caller.rights.scope(resource.name, Action::Read).is_none() {
        return Ok(Vec::new());
    }
    let scope = if wanted.pool {
        caller.condition(resource, Action::Read)?
    } else {
        caller.reach_of(resource)
    };
    let mut select = row::select(resource);
    select
        .and_where(sea_orm::sea_query::ExprTrait::is_null(column_of(
            resource,
            "deleted_at",
        )))
        .cond_where(scope)
        .cond_where(wanted.condition)
        .order_by_expr(column_of(resource, wanted.latest), Order::Desc)
        .order_by_expr(column_of(resource, "id"), Order::Desc)
        .limit(wanted.limit);
    let results = connection.query_all(&select).await?;
    let rows = results.iter().map(|result| {
        let row = row::read(resource, result)?;
        Ok(caller.mask(resource, row))
    });
    rows.collect()
}
