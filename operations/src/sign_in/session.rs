//! Sessions: opened by name and password, ended by the user, by idleness or by age.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult};
use serde::Serialize;

use super::attempts::{self, Subject};
use super::{Password, credentials, random_token, token_hash};
use crate::caller::Caller;
use crate::entity::user;
use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// How often the last use of a session is written down at most.
const SEEN: TimeDelta = TimeDelta::minutes(1);

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// Without use.
    pub idle: TimeDelta,
    /// In all.
    pub absolute: TimeDelta,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self {
            idle: TimeDelta::hours(12),
            absolute: TimeDelta::days(14),
        }
    }
}

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The name, in any case.
    pub username: String,
    /// The password.
    pub password: Password,
    /// The address that they come from.
    pub address: Option<String>,
    /// What they come with, to be shown in their list of sessions.
    pub device: Option<String>,
}

/// A session that was opened.
#[derive(Debug)]
pub struct Session {
    /// The secret that the client keeps; the store does not know it.
    pub token: String,
    /// Whose it is.
    pub user_id: i64,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// Somebody who came in.
#[derive(Debug)]
pub struct Authenticated {
    /// Who it is.
    pub caller: Caller,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// Opens a session.
///
/// # Errors
///
/// [`OperationsError::Credentials`] whatever is wrong with name, password or user;
/// [`OperationsError::LockedOut`] after too many failures.
pub async fn sign_in(store: &Store, rules: SessionRules, with: &SignIn) -> Result<Session> {
    let username = with.username.trim().to_lowercase();
    let mut subjects = vec![Subject::username(&username)];
    subjects.extend(with.address.as_deref().map(Subject::address));
    let actor = Actor::system("sign_in");
    // The attempt counts before it is judged, so that many at once cannot all be judged.
    let known = store
        .write(&actor, async |unit| {
            attempts::check(&unit, &subjects).await?;
            attempts::failed(&unit, &subjects).await?;
            credentials_of(&unit, &username).await
        })
        .await?;
    let hash = known.as_ref().map(|(_, hash, _)| hash.clone());
    let fits = with.password.verify(hash).await?;
    let Some((user_id, _, must_change_password)) = known.filter(|_| fits) else {
        return Err(OperationsError::Credentials);
    };
    let token = random_token()?;
    let expires_at = store
        .write(&actor, async |unit| {
            attempts::succeeded(&unit, &subjects).await?;
            let expires_at = unit.now() + rules.absolute;
            let insert = Query::insert()
                .into_table("sessions")
                .columns([
                    "token_hash",
                    "user_id",
                    "created_at",
                    "seen_at",
                    "expires_at",
                    "device",
                ])
                .values_panic([
                    token_hash(&token).into(),
                    user_id.into(),
                    unit.now().into(),
                    unit.now().into(),
                    expires_at.into(),
                    with.device.clone().into(),
                ])
                .to_owned();
            unit.run(&insert).await?;
            remove_expired(&unit).await?;
            Ok(expires_at)
        })
        .await?;
    Ok(Session {
        token,
        user_id,
        expires_at,
        must_change_password,
    })
}

/// Who a session belongs to.
///
/// # Errors
///
/// [`OperationsError::Unauthenticated`] when it is unknown, ended, or its user may not sign in.
pub async fn authenticate(
    store: &Store,
    rules: SessionRules,
    token: &str,
) -> Result<Authenticated> {
    let (found, seen_at) = find(store, rules, token).await?;
    let now = store.now();
    if now - seen_at >= SEEN {
        let seen = Query::update()
            .table("sessions")
            .value("seen_at", now)
            .and_where(Expr::col("token_hash").eq(token_hash(token)))
            .to_owned();
        store
            .write(&Actor::system("sign_in"), async |unit| {
                unit.run(&seen).await
            })
            .await?;
    }
    Ok(found)
}

/// Who a session belongs to, without that it counts as its use: for what waits in its name.
///
/// # Errors
///
/// As [`authenticate`].
pub async fn look_at(store: &Store, rules: SessionRules, token: &str) -> Result<Authenticated> {
    Ok(find(store, rules, token).await?.0)
}

/// Who a session belongs to, and when it was used last.
async fn find(
    store: &Store,
    rules: SessionRules,
    token: &str,
) -> Result<(Authenticated, DateTime<Utc>)> {
    let hash = token_hash(token);
    let now = store.now();
    let select = Query::select()
        .expr(Expr::col(("sessions", "user_id")))
        .expr(Expr::col(("sessions", "seen_at")))
        .expr(Expr::col(("credentials", "must_change")))
        .expr(Expr::col(("sessions", "expires_at")))
        .from("sessions")
        .inner_join(
            "credentials",
            Expr::col(("credentials", "user_id")).equals(("sessions", "user_id")),
        )
        .and_where(Expr::col(("sessions", "token_hash")).eq(hash.as_str()))
        .and_where(Expr::col(("sessions", "expires_at")).gt(now))
        .and_where(Expr::col(("sessions", "seen_at")).gt(now - rules.idle))
        .to_owned();
    let row = store.reader.query_one(&select).await?;
    let row = row.ok_or(OperationsError::Unauthenticated)?;
    let user_id: i64 = row.try_get_by_index(0)?;
    let seen_at: DateTime<Utc> = row.try_get_by_index(1)?;
    let found = Authenticated {
        caller: store.caller(user_id).await?,
        must_change_password: row.try_get_by_index(2)?,
        expires_at: row.try_get_by_index(3)?,
    };
    Ok((found, seen_at))
}

/// Ends a session; harmless when it is over.
///
/// # Errors
///
/// Those of the database.
pub async fn sign_out(store: &Store, token: &str) -> Result<()> {
    let delete = Query::delete()
        .from_table("sessions")
        .and_where(Expr::col("token_hash").eq(token_hash(token)))
        .to_owned();
    store
        .write(&Actor::system("sign_in"), async |unit| {
            unit.run(&delete).await
        })
        .await?;
    Ok(())
}

/// Ends all sessions of a user.
///
/// # Errors
///
/// Those of the database.
pub async fn sign_out_everywhere(store: &Store, user_id: i64) -> Result<()> {
    store
        .write(&Actor::system("sign_in"), async |unit| {
            end_all(&unit, user_id).await
        })
        .await
}

pub(crate) async fn end_all(unit: &Unit, user_id: i64) -> Result<()> {
    let delete = Query::delete()
        .from_table("sessions")
        .and_where(Expr::col("user_id").eq(user_id))
        .to_owned();
    unit.run(&delete).await?;
    Ok(())
}

async fn remove_expired(unit: &Unit) -> Result<()> {
    let delete = Query::delete()
        .from_table("sessions")
        .and_where(Expr::col("expires_at").lte(unit.now()))
        .to_owned();
    unit.run(&delete).await?;
    Ok(())
}

/// The user of that name who may sign in, with the hash of the password and whether it must be
/// changed.
async fn credentials_of(unit: &Unit, username: &str) -> Result<Option<(i64, String, bool)>> {
    let user = user::Entity::find()
        .filter(user::Column::Username.eq(username))
        .filter(user::Column::Enabled.eq(true))
        .filter(user::Column::DeletedAt.is_null())
        .filter(
            user::Column::LeftOn
                .is_null()
                .or(user::Column::LeftOn.gte(unit.today())),
        )
        .one(unit)
        .await?;
    let Some(user) = user else {
        return Ok(None);
    };
    let known = credentials::read(unit, user.id).await?;
    Ok(known.map(|(hash, must_change)| (user.id, hash, must_change)))
}

/// A session of a user, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenSession {
    /// What they came with.
    pub device: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The sessions of a user that have not ended, the last used first; `token` is that of the one who
/// asks.
///
/// # Errors
///
/// Those of the database.
pub async fn sessions(
    store: &Store,
    rules: SessionRules,
    user_id: i64,
    token: Option<&str>,
) -> Result<Vec<OpenSession>> {
    let now = store.now();
    let select = Query::select()
        .columns([
            "device",
            "created_at",
            "seen_at",
            "expires_at",
            "token_hash",
        ])
        .from("sessions")
        .and_where(Expr::col("user_id").eq(user_id))
        .and_where(Expr::col("expires_at").gt(now))
        .and_where(Expr::col("seen_at").gt(now - rules.idle))
        .order_by("seen_at", Order::Desc)
        .order_by("created_at", Order::Desc)
        .to_owned();
    let current = token.map(token_hash);
    let rows = store.reader.query_all(&select).await?;
    let read = |row: &QueryResult| {
        let hash: String = row.try_get_by_index(4)?;
        Ok(OpenSession {
            device: row.try_get_by_index(0)?,
            created_at: row.try_get_by_index(1)?,
            seen_at: row.try_get_by_index(2)?,
            expires_at: row.try_get_by_index(3)?,
            current: current.as_deref() == Some(hash.as_str()),
        })
    };
    rows.iter().map(read).collect()
}
