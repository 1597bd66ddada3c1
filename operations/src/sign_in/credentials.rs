//! The password of a user.

use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::attempts::{self, Subject};
use super::{Password, session};
use crate::entity::user;
use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// Changes the password of a user who knows it, and ends all their sessions.
///
/// # Errors
///
/// When the old one is wrong or the new one too weak; [`OperationsError::LockedOut`] after too many
/// failures.
pub async fn change_password(
    store: &Store,
    user_id: i64,
    old: &Password,
    new: &Password,
) -> Result<()> {
    let (user, hash) = store
        .write(&Actor::system("sign_in"), async |unit| {
            let user = unit.get::<user::Model>(user_id).await?;
            // Who has found an open session guesses no longer than who has found none.
            let subject = [Subject::username(&user.username)];
            attempts::check(&unit, &subject).await?;
            attempts::failed(&unit, &subject).await?;
            let hash = read(&unit, user_id).await?.map(|(hash, _)| hash);
            Ok((user, hash))
        })
        .await?;
    if !old.verify(hash).await? {
        return Err(OperationsError::Credentials);
    }
    let subject = [Subject::username(&user.username)];
    store
        .write(&Actor::system("sign_in"), async |unit| {
            attempts::succeeded(&unit, &subject).await
        })
        .await?;
    new.check(&user.username)?;
    if old.reveal() == new.reveal() {
        return Err(OperationsError::field(
            "password",
            "must not be the old one",
        ));
    }
    replace(store, user_id, new, false).await
}

/// Gives a user a password that must be changed at the next sign-in, and ends all their sessions.
/// That the one who does this may do it is the caller's part.
///
/// # Errors
///
/// When the password is too weak.
pub async fn set_password(store: &Store, user_id: i64, new: &Password) -> Result<()> {
    let user = user::Entity::find_by_id(user_id)
        .filter(user::Column::DeletedAt.is_null())
        .one(&store.reader)
        .await?
        .ok_or(OperationsError::NotFound {
            entity: "user",
            id: user_id,
        })?;
    new.check(&user.username)?;
    replace(store, user_id, new, true).await
}

/// Gives several users one password, which they may keep: for a demo, whose people are all played by
/// whoever looks at it.
///
/// # Errors
///
/// When the password is too weak.
pub async fn share_password(store: &Store, users: &[i64], password: &Password) -> Result<()> {
    password.check("")?;
    let hash = password.hash().await?;
    store
        .write(&Actor::system("sign_in"), async |unit| {
            for user in users {
                set(&unit, *user, &hash, false).await?;
            }
            Ok(())
        })
        .await
}

async fn replace(store: &Store, user_id: i64, new: &Password, must_change: bool) -> Result<()> {
    let hash = new.hash().await?;
    store
        .write(&Actor::system("sign_in"), async |unit| {
            set(&unit, user_id, &hash, must_change).await?;
            session::end_all(&unit, user_id).await
        })
        .await
}

/// Sets the hash of a user's password.
pub(crate) async fn set(unit: &Unit, user_id: i64, hash: &str, must_change: bool) -> Result<()> {
    let upsert = Query::insert()
        .into_table("credentials")
        .columns(["user_id", "password_hash", "must_change", "changed_at"])
        .values_panic([
            user_id.into(),
            hash.into(),
            must_change.into(),
            unit.now().into(),
        ])
        .on_conflict(
            OnConflict::column("user_id")
                .update_columns(["password_hash", "must_change", "changed_at"])
                .to_owned(),
        )
        .to_owned();
    unit.run(&upsert).await?;
    Ok(())
}

/// The hash of a user's password, and whether it must be changed.
pub(super) async fn read(unit: &Unit, user_id: i64) -> Result<Option<(String, bool)>> {
    let select = Query::select()
        .columns(["password_hash", "must_change"])
        .from("credentials")
        .and_where(Expr::col("user_id").eq(user_id))
        .to_owned();
    let Some(row) = unit.query(&select).await? else {
        return Ok(None);
    };
    Ok(Some((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
}
