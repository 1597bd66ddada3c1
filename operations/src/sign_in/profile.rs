//! Who somebody is, as their own pages show it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

use crate::caller::Caller;
use crate::entity::{role, team, user};
use crate::error::{OperationsError, Result};
use crate::store::Store;

/// A person as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The name they sign in with.
    pub username: String,
    /// Their role.
    pub role: RoleName,
    /// Their team's name.
    pub team: Option<String>,
    /// The language of their pages: `zh` or `en`.
    pub language: String,
}

/// What a role is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleName {
    /// Its code.
    pub code: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
}

/// Who the caller is.
///
/// # Errors
///
/// [`OperationsError::Unauthenticated`] when they are gone.
pub async fn profile(store: &Store, caller: &Caller) -> Result<Profile> {
    let user = user::Entity::find_by_id(caller.user_id)
        .one(&store.reader)
        .await?
        .ok_or(OperationsError::Unauthenticated)?;
    let role = role::Entity::find_by_id(user.role_id)
        .one(&store.reader)
        .await?
        .ok_or(OperationsError::Unauthenticated)?;
    let team = match user.team_id {
        Some(id) => {
            let found = team::Entity::find_by_id(id)
                .filter(team::Column::DeletedAt.is_null())
                .one(&store.reader)
                .await?;
            found.map(|team| team.name)
        }
        None => None,
    };
    Ok(Profile {
        username: user.username,
        role: RoleName {
            code: role.code,
            name_zh: role.name_zh,
            name_en: role.name_en,
        },
        team,
        language: user.language,
    })
}
