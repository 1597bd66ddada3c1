//! API tokens: for programs, in the name of a user, with less than the user's rights.

use chrono::{DateTime, Utc};
use millrace_models::scope::{Allowance, limited};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ConnectionTrait, JsonValue, QueryResult};
use serde::Serialize;

use super::{random_token, token_hash};
use crate::caller::Caller;
use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::Unit;

/// What tokens begin with, so that they are recognised where they leak.
const PREFIX: &str = "mrt_";

/// A token that was made.
#[derive(Debug)]
pub struct ApiToken {
    /// Its id.
    pub id: i64,
    /// The secret, to be shown once.
    pub token: String,
}

/// Makes a token that may do, in the caller's name, what both the caller and the allowances allow.
///
/// # Errors
///
/// When it has no name or no allowance.
pub async fn create_token(
    store: &Store,
    caller: &Caller,
    name: &str,
    allowances: &[Allowance],
    expires_at: Option<DateTime<Utc>>,
) -> Result<ApiToken> {
    if name.trim().is_empty() {
        return Err(OperationsError::field("name", "must not be empty"));
    }
    if allowances.is_empty() {
        return Err(OperationsError::field("scopes", "must allow something"));
    }
    let token = format!("{PREFIX}{}", random_token()?);
    let scopes: JsonValue = serde_json::to_value(allowances)
        .map_err(|error| OperationsError::field("scopes", error.to_string()))?;
    let id = store
        .write(&caller.actor(), async |unit| {
            let insert = Query::insert()
                .into_table("api_tokens")
                .columns([
                    "token_hash",
                    "user_id",
                    "name",
                    "scopes",
                    "created_at",
                    "expires_at",
                ])
                .values_panic([
                    token_hash(&token).into(),
                    caller.user_id.into(),
                    name.trim().into(),
                    scopes.clone().into(),
                    unit.now().into(),
                    expires_at.into(),
                ])
                .returning_col("id")
                .to_owned();
            let row = unit
                .query(&insert)
                .await?
                .ok_or(OperationsError::Poisoned)?;
            Ok(row.try_get_by_index(0)?)
        })
        .await?;
    Ok(ApiToken { id, token })
}

/// Ends a token of the caller.
///
/// # Errors
///
/// When the caller has no such token.
pub async fn revoke_token(store: &Store, caller: &Caller, id: i64) -> Result<()> {
    store
        .write(&caller.actor(), async |unit| {
            let update = Query::update()
                .table("api_tokens")
                .value("revoked_at", unit.now())
                .and_where(Expr::col("id").eq(id))
                .and_where(Expr::col("user_id").eq(caller.user_id))
                .and_where(Expr::col("revoked_at").is_null())
                .to_owned();
            if unit.run(&update).await? == 0 {
                return Err(OperationsError::NotFound {
                    entity: "api_token",
                    id,
                });
            }
            Ok(())
        })
        .await
}

/// Ends all tokens of a user.
pub(crate) async fn end_all(unit: &Unit, user_id: i64) -> Result<()> {
    let update = Query::update()
        .table("api_tokens")
        .value("revoked_at", unit.now())
        .and_where(Expr::col("user_id").eq(user_id))
        .and_where(Expr::col("revoked_at").is_null())
        .to_owned();
    unit.run(&update).await?;
    Ok(())
}

/// Who a token speaks for, with the rights that it has.
///
/// # Errors
///
/// [`OperationsError::Unauthenticated`] when it is unknown, expired or revoked, or its user may not
/// sign in.
pub async fn authenticate_token(store: &Store, token: &str) -> Result<Caller> {
    let now = store.now();
    let select = Query::select()
        .columns(["user_id", "scopes"])
        .from("api_tokens")
        .and_where(Expr::col("token_hash").eq(token_hash(token)))
        .and_where(Expr::col("revoked_at").is_null())
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(now)),
        )
        .to_owned();
    let row = store.reader.query_one(&select).await?;
    let row = row.ok_or(OperationsError::Unauthenticated)?;
    let mut caller = store.caller(row.try_get_by_index(0)?).await?;
    let scopes: JsonValue = row.try_get_by_index(1)?;
    caller.rights = limited(&caller.rights, &allowances(0, scopes)?);
    Ok(caller)
}

/// A token as its owner sees it later: without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownToken {
    /// Its id.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Allowance>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The caller's tokens that can still be used, the latest first.
///
/// # Errors
///
/// Those of the database.
pub async fn tokens(store: &Store, caller: &Caller) -> Result<Vec<KnownToken>> {
    let select = Query::select()
        .columns(["id", "name", "scopes", "created_at", "expires_at"])
        .from("api_tokens")
        .and_where(Expr::col("user_id").eq(caller.user_id))
        .and_where(Expr::col("revoked_at").is_null())
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(store.now())),
        )
        .order_by("id", Order::Desc)
        .to_owned();
    let rows = store.reader.query_all(&select).await?;
    let read = |row: &QueryResult| {
        let id = row.try_get_by_index(0)?;
        Ok(KnownToken {
            id,
            name: row.try_get_by_index(1)?,
            scopes: allowances(id, row.try_get_by_index(2)?)?,
            created_at: row.try_get_by_index(3)?,
            expires_at: row.try_get_by_index(4)?,
        })
    };
    rows.iter().map(read).collect()
}

fn allowances(id: i64, scopes: JsonValue) -> Result<Vec<Allowance>> {
    serde_json::from_value(scopes).map_err(|error| OperationsError::Damaged {
        entity: "api_token",
        id,
        detail: error.to_string(),
    })
}
