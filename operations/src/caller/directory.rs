//! Roles and teams, kept in memory for as long as they are as they were.
//!
//! Every change of a row makes its version one more, and a new row adds one; so the sum of the
//! versions of both tables is never the same again after a change, whichever process made it. It is
//! read together with the user, in one statement, and the tables only when it is another.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use millrace_models::identity::{labels, lake_id};
use millrace_models::scope::Rights;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{Caller, tree};
use crate::entity::{role, team, user};
use crate::error::{OperationsError, Result};
use crate::row;
use crate::store::Store;

const VERSION: &str = "(SELECT COALESCE(CAST(SUM(version) AS BIGINT), 0) FROM roles) \
                       + (SELECT COALESCE(CAST(SUM(version) AS BIGINT), 0) FROM teams)";

/// All roles and the tree of teams.
#[derive(Debug)]
pub(super) struct Directory {
    roles: BTreeMap<i64, Role>,
    /// The teams right below each team.
    below: BTreeMap<i64, Vec<i64>>,
    /// What each team is called in the lake.
    names: BTreeMap<i64, Vec<String>>,
}

#[derive(Debug)]
struct Role {
    code: String,
    /// What it may do, or why that cannot be read.
    rights: Result<Rights, String>,
    pool_capacity: Option<i64>,
    daily_claims: Option<i64>,
}

/// The directory as last read, and its version.
#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<Option<(i64, Arc<Directory>)>>);

/// The names of teams in the lake: a team is called by its name, and by name and id where two share
/// the name. A team that is alone with its name is found by both, so that it stays found by what
/// the lake learned before another came or went.
fn names(teams: &[team::Model]) -> BTreeMap<i64, Vec<String>> {
    let ids: Vec<String> = teams
        .iter()
        .map(|team| lake_id("team", team.id, None))
        .collect();
    let members = ids.iter().zip(teams);
    let shown = labels(members.map(|(id, team)| (id.as_str(), team.name.as_str())));
    let all = teams.iter().zip(&ids).zip(shown);
    all.map(|((team, id), shown)| {
        let long = format!("{} ({id})", team.name);
        let short = Some(shown).filter(|shown| *shown != long);
        (team.id, short.into_iter().chain([long]).collect())
    })
    .collect()
}

impl Directory {
    pub(super) async fn read<C: ConnectionTrait>(connection: &C) -> Result<Self> {
        let roles = role::Entity::find().all(connection).await?;
        // also those that are gone: their names stay with what was theirs
        let teams = team::Entity::find().all(connection).await?;
        let names = names(&teams);
        let mut below: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for team in teams.iter().filter(|team| team.deleted_at.is_none()) {
            if let Some(parent) = team.parent_id {
                below.entry(parent).or_default().push(team.id);
            }
        }
        let roles = roles.into_iter().map(|role| {
            let known = Role {
                code: role.code,
                rights: serde_json::from_value(role.rights).map_err(|error| error.to_string()),
                pool_capacity: role.pool_capacity,
                daily_claims: role.daily_claims,
            };
            (role.id, known)
        });
        Ok(Self {
            roles: roles.collect(),
            below,
            names,
        })
    }

    /// The caller that a user is, if the user may sign in.
    pub(super) fn caller(&self, user: user::Model) -> Result<Caller> {
        let role = self.roles.get(&user.role_id).filter(|_| user.enabled);
        let role = role.ok_or(OperationsError::Unauthenticated)?;
        let rights = role
            .rights
            .clone()
            .map_err(|detail| OperationsError::Damaged {
                entity: role::RESOURCE.name,
                id: user.role_id,
                detail,
            })?;
        let team_tree = tree(user.team_id, &self.below);
        let names = |teams: &[i64]| -> Vec<String> {
            let known = teams.iter().filter_map(|team| self.names.get(team));
            known.flatten().cloned().collect()
        };
        Ok(Caller {
            user_id: user.id,
            name: user.name,
            role: role.code.clone(),
            rights,
            team_id: user.team_id,
            lake_team: names(user.team_id.as_slice()),
            lake_team_tree: names(&team_tree),
            team_tree,
            pool_capacity: role.pool_capacity,
            daily_claims: role.daily_claims,
            request_id: None,
            reason: None,
        })
    }
}

impl Store {
    /// The caller that a user is, if the user may sign in and has not left: what [`Caller::load`]
    /// gives, in one statement as long as roles and teams are as they were.
    ///
    /// # Errors
    ///
    /// Those of [`Caller::load`].
    pub async fn caller(&self, user_id: i64) -> Result<Caller> {
        let mut select = row::select(&user::RESOURCE);
        select
            .expr(Expr::cust(VERSION))
            .and_where(Expr::col(("users", "id")).eq(user_id))
            .and_where(Expr::col(("users", "deleted_at")).is_null());
        let result = self.reader.query_one(&select).await?;
        let result = result.ok_or(OperationsError::Unauthenticated)?;
        let version: i64 = result.try_get_by_index(user::RESOURCE.fields.len())?;
        let user = row::read(&user::RESOURCE, &result)?;
        let user: user::Model =
            serde_json::from_value(user.into()).map_err(|error| OperationsError::Damaged {
                entity: user::RESOURCE.name,
                id: user_id,
                detail: error.to_string(),
            })?;
        let today = self.calendar.date_of(self.now());
        if user.left_on.is_some_and(|day| day < today) {
            return Err(OperationsError::Unauthenticated);
        }
        self.directory(version).await?.caller(user)
    }

    /// The directory of that version, or a later one.
    async fn directory(&self, version: i64) -> Result<Arc<Directory>> {
        let kept = self.directory.0.read();
        let kept = kept.unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, directory)) = kept.filter(|(of, _)| *of == version) {
            return Ok(directory);
        }
        let directory = Arc::new(Directory::read(&self.reader).await?);
        let mut kept = self
            .directory
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = Some((version, Arc::clone(&directory)));
        Ok(directory)
    }
}
