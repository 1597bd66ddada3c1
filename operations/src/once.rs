//! Creates that are made once, however often a client asks for them.
//!
//! A client that does not know whether its create arrived sends it again under the same key. The
//! key is kept in the transaction of the create itself, with the record as its author saw it: either
//! both are there or neither. A key is its user's own, and is remembered for a day.

use sea_orm::JsonValue;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::error::{OperationsError, Result};
use crate::migrations::hex;
use crate::resource::Resource;
use crate::resources;
use crate::row::{self, Row};
use crate::store::Store;
use crate::unit::Unit;
use crate::upkeep::ANSWERS_KEPT;

/// What is answered to a create.
const CREATED: i64 = 201;

/// The key of a request, and what tells the request from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    key: String,
    hash: String,
}

impl RequestKey {
    /// A key for a request: `what` is its operation, `body` what it says.
    pub fn new(key: String, what: &str, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        digest.update(what.as_bytes());
        digest.update([0]);
        digest.update(body);
        Self {
            key,
            hash: hex(&digest.finalize()),
        }
    }
}

/// Runs a create, and gives its record as the caller may see it; under a key that was used before it
/// runs nothing and gives the record of then.
///
/// # Errors
///
/// Those of the work; [`OperationsError::KeyReused`] when the key belongs to another request, and
/// [`OperationsError::NotFound`] when the caller does not see the record of then any more.
pub async fn create<F, Fut>(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    key: Option<&RequestKey>,
    work: F,
) -> Result<Row>
where
    F: Fn(Unit) -> Fut,
    Fut: Future<Output = Result<Row>>,
{
    let Some(key) = key else {
        let row = store.write(&caller.actor(), &work).await?;
        return Ok(caller.mask(resource, row));
    };
    let (row, again) = store
        .write(&caller.actor(), async |unit| {
            if let Some(row) = used(&unit, caller, key).await? {
                return Ok((row, true));
            }
            let row = caller.mask(resource, work(unit.same()).await?);
            keep(&unit, caller, key, &row).await?;
            Ok((row, false))
        })
        .await?;
    if again {
        // That they saw it then does not mean that they may see it now.
        let id = row::integer(&row, "id").unwrap_or_default();
        resources::get(store, caller, resource, id).await?;
    }
    Ok(caller.mask(resource, row))
}

/// Takes the key, or gives the record that was made under it.
async fn used(unit: &Unit, caller: &Caller, key: &RequestKey) -> Result<Option<Row>> {
    let mine = || {
        Expr::col("user_id")
            .eq(caller.user_id)
            .and(Expr::col("key").eq(key.key.as_str()))
    };
    let expired = Query::delete()
        .from_table("idempotency_keys")
        .and_where(mine())
        .and_where(Expr::col("created_at").lte(unit.now() - ANSWERS_KEPT))
        .to_owned();
    unit.run(&expired).await?;
    // Of two at once, the second waits here for the first to end.
    let take = Query::insert()
        .into_table("idempotency_keys")
        .columns(["user_id", "key", "request_hash", "created_at"])
        .values_panic([
            caller.user_id.into(),
            key.key.as_str().into(),
            key.hash.as_str().into(),
            unit.now().into(),
        ])
        .on_conflict(
            OnConflict::columns(["user_id", "key"])
                .do_nothing()
                .to_owned(),
        )
        .to_owned();
    if unit.run(&take).await? > 0 {
        return Ok(None);
    }
    let read = Query::select()
        .columns(["request_hash", "response"])
        .from("idempotency_keys")
        .and_where(mine())
        .to_owned();
    let found = unit.query(&read).await?.ok_or(OperationsError::Busy)?;
    let hash: String = found.try_get_by_index(0)?;
    let response: Option<JsonValue> = found.try_get_by_index(1)?;
    match response {
        _ if hash != key.hash => Err(OperationsError::KeyReused),
        Some(JsonValue::Object(row)) => Ok(Some(row)),
        _ => Err(OperationsError::Damaged {
            entity: "idempotency_key",
            id: caller.user_id,
            detail: "it has no answer".to_owned(),
        }),
    }
}

/// Keeps the answer under the key.
async fn keep(unit: &Unit, caller: &Caller, key: &RequestKey, row: &Row) -> Result<()> {
    let update = Query::update()
        .table("idempotency_keys")
        .value("status", CREATED)
        .value("response", JsonValue::Object(row.clone()))
        .and_where(Expr::col("user_id").eq(caller.user_id))
        .and_where(Expr::col("key").eq(key.key.as_str()))
        .to_owned();
    unit.run(&update).await?;
    Ok(())
}
