//! Who asks: the signed-in user with their role, team and the teams below it; and what of each
//! resource they may see, as a condition of the query and as a mask over its rows.
//!
//! Records that somebody is responsible for (accounts, opportunities, quotes, contracts, orders,
//! tickets, to-dos) carry `owner_id` and `team_id`; what belongs to them (contacts, lines,
//! instalments, interactions) is found through a sub-select on its parent. So a claim or a handover
//! changes one row and the rest follows at once; a copy of the owner on every row could be forgotten.

mod directory;

use std::collections::BTreeMap;

use millrace_models::scope::{Access, Action, Rights, Scope, Visibility};
use sea_orm::ColumnTrait;
use sea_orm::QueryFilter;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Condition, Expr, Query};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::entity::{self, user};
use crate::error::{OperationsError, Result};
use crate::record::Record;
use crate::resource::{Field, Hidden, Kind, Path, Resource};
use crate::row::{self, Row, integer};
use crate::unit::Actor;
pub(crate) use directory::Cache;
use directory::Directory;

/// The one who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: i64,
    /// Their name.
    pub name: String,
    /// The code of their role.
    pub role: String,
    /// What the role may do.
    pub rights: Rights,
    /// Their team.
    pub team_id: Option<i64>,
    /// Their team and all teams below it.
    pub team_tree: Vec<i64>,
    /// What their team is called in the lake.
    pub lake_team: Vec<String>,
    /// What those of the tree are called there.
    pub lake_team_tree: Vec<String>,
    /// The most accounts they may hold.
    pub pool_capacity: Option<i64>,
    /// The most claims they may make in a day.
    pub daily_claims: Option<i64>,
    /// The request they make, for the change log.
    pub request_id: Option<String>,
    /// Why they make it, for the change log.
    pub reason: Option<String>,
}

impl Caller {
    /// The caller that a user is, if the user may sign in.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Unauthenticated`] when there is no such user or they may not sign in.
    pub async fn load<C: ConnectionTrait>(connection: &C, user_id: i64) -> Result<Self> {
        let user = user::Entity::find_by_id(user_id)
            .filter(user::Column::DeletedAt.is_null())
            .one(connection)
            .await?
            .ok_or(OperationsError::Unauthenticated)?;
        Directory::read(connection).await?.caller(user)
    }

    /// The caller of that user name; none where nobody has it or they may not sign in.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn named<C: ConnectionTrait>(connection: &C, username: &str) -> Result<Option<Self>> {
        let user = user::Entity::find()
            .filter(user::Column::Username.eq(username.trim().to_lowercase()))
            .filter(user::Column::DeletedAt.is_null())
            .one(connection)
            .await?;
        let Some(user) = user else {
            return Ok(None);
        };
        match Directory::read(connection).await?.caller(user) {
            Err(OperationsError::Unauthenticated) => Ok(None),
            caller => caller.map(Some),
        }
    }

    /// What the caller sees of the lake.
    pub fn access(&self) -> Access {
        Access::of_user(
            self.rights.clone(),
            self.user_id,
            self.lake_team.clone(),
            self.lake_team_tree.clone(),
        )
    }

    /// The caller as the author of changes.
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: Some(self.user_id),
            name: self.name.clone(),
            reason: self.reason.clone(),
            request_id: self.request_id.clone(),
        }
    }

    /// That the caller's role allows it at all, on whichever records.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Forbidden`] when it does not.
    pub fn require(&self, resource: &'static Resource, action: Action) -> Result<()> {
        match self.rights.scope(resource.name, action) {
            Some(_) => Ok(()),
            None => Err(OperationsError::forbidden(resource.name, action)),
        }
    }

    /// The rows on which the caller may do that.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Forbidden`] when the role does not grant it at all.
    pub fn condition(&self, resource: &'static Resource, action: Action) -> Result<Condition> {
        let scope = self
            .rights
            .scope(resource.name, action)
            .ok_or_else(|| OperationsError::forbidden(resource.name, action))?;
        let mut condition = self.reach(resource, scope);
        let claims = self.may_claim(resource);
        for path in resource.paths.iter().filter(|_| action == Action::Read) {
            match path {
                Path::Unowned(column) if claims => {
                    condition = Condition::any()
                        .add(condition)
                        .add(column_of(resource, column).is_null());
                }
                Path::Announced(team, person) => {
                    let team = column_of(resource, team);
                    let mut ours = Condition::any().add(team.clone().is_null());
                    if let Some(own) = self.team_id {
                        ours = ours.add(team.eq(own));
                    }
                    let announced = Condition::all()
                        .add(column_of(resource, person).is_null())
                        .add(ours);
                    condition = Condition::any().add(condition).add(announced);
                }
                _ => {}
            }
        }
        Ok(condition)
    }

    /// The rows that the caller reads without the right to claim from the pool.
    pub(crate) fn reach_of(&self, resource: &'static Resource) -> Condition {
        match self.rights.scope(resource.name, Action::Read) {
            Some(scope) => self.reach(resource, scope),
            None => nothing(),
        }
    }

    /// Whether the caller may see that field at all, and so filter and sort by it.
    pub fn sees(&self, field: &Field) -> bool {
        match field.hidden {
            None => true,
            Some(Hidden::Without(visibility)) => self.rights.sees(visibility),
            Some(Hidden::Phone) => self.rights.sees(Visibility::FullPhone),
        }
    }

    /// Removes or masks what the caller does not see in a row that they may read. The only place
    /// where that is done.
    pub fn mask(&self, resource: &'static Resource, mut row: Row) -> Row {
        let pooled = self.sees_only_in_pool(resource, &row);
        for field in resource.fields {
            if pooled && field.pool_hidden {
                row.remove(field.name);
            } else if !self.sees(field) {
                let masked = row.remove(field.name);
                if field.hidden == Some(Hidden::Phone)
                    && let Some(number) = masked.as_ref().and_then(|value| value.as_str())
                {
                    row.insert(field.name.to_owned(), mask_phone(number).into());
                }
            }
        }
        row
    }

    /// A record that the caller may read, as they may see it.
    pub fn show<R: Record>(&self, record: &R) -> Row {
        self.mask(R::RESOURCE, row::of(record))
    }

    fn may_claim(&self, resource: &Resource) -> bool {
        self.rights.scope(resource.name, Action::Claim).is_some()
    }

    /// Whether the row is shown only because it waits in the pool.
    fn sees_only_in_pool(&self, resource: &'static Resource, row: &Row) -> bool {
        let unowned = resource
            .paths
            .iter()
            .any(|path| matches!(path, Path::Unowned(column) if integer(row, column).is_none()));
        if !unowned {
            return false;
        }
        let scope = self.rights.scope(resource.name, Action::Read);
        let in_team = resource.paths.iter().any(|path| match path {
            Path::Team(column) => integer(row, column).is_some_and(|team| match scope {
                Some(Scope::Team) => self.team_id == Some(team),
                Some(Scope::TeamTree) => self.team_tree.contains(&team),
                _ => false,
            }),
            _ => false,
        });
        scope != Some(Scope::All) && !in_team
    }

    /// The rows within a scope, by the resource's paths.
    fn reach(&self, resource: &'static Resource, scope: Scope) -> Condition {
        let mut any = Condition::any();
        let mut ways = 0;
        for path in resource.paths {
            let way = match path {
                Path::Author(column) => {
                    return Condition::all().add(column_of(resource, column).eq(self.user_id));
                }
                Path::Everybody => return Condition::all(),
                _ if scope == Scope::All => return Condition::all(),
                Path::Owner(column) => {
                    Condition::all().add(column_of(resource, column).eq(self.user_id))
                }
                Path::Team(column) => match (scope, self.team_id) {
                    (Scope::Team, Some(team)) => {
                        Condition::all().add(column_of(resource, column).eq(team))
                    }
                    (Scope::TeamTree, _) => Condition::all()
                        .add(column_of(resource, column).is_in(self.team_tree.iter().copied())),
                    _ => continue,
                },
                Path::Through(column, parent) => {
                    let Some(parent) = entity::resource(parent) else {
                        continue;
                    };
                    let ids = Query::select()
                        .expr(column_of(parent, "id"))
                        .from(Alias::new(parent.table))
                        .cond_where(self.reach(parent, scope))
                        .to_owned();
                    Condition::all().add(column_of(resource, column).in_subquery(ids))
                }
                Path::About(column) => {
                    let person = column_of(resource, column);
                    let mut ours = Condition::any().add(person.clone().eq(self.user_id));
                    let teams = match scope {
                        Scope::Team => self.team_id.as_slice(),
                        Scope::TeamTree => self.team_tree.as_slice(),
                        Scope::Own | Scope::All => &[],
                    };
                    if !teams.is_empty() {
                        let members = Query::select()
                            .expr(column_of(&user::RESOURCE, "id"))
                            .from(Alias::new(user::RESOURCE.table))
                            .and_where(
                                column_of(&user::RESOURCE, "team_id").is_in(teams.iter().copied()),
                            )
                            .to_owned();
                        ours = ours.add(person.in_subquery(members));
                    }
                    ours
                }
                Path::Unowned(_) | Path::Announced(..) => continue,
            };
            any = any.add(way);
            ways += 1;
        }
        // An empty list of alternatives would let everything through.
        if ways == 0 { nothing() } else { any }
    }
}

/// A condition that no row meets.
fn nothing() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}

/// A column of a resource, by its table.
pub(crate) fn column_of(resource: &'static Resource, column: &'static str) -> Expr {
    Expr::col((Alias::new(resource.table), Alias::new(column)))
}

/// The references of a resource that clients may give, with the resources they refer to.
pub(crate) fn references(
    resource: &'static Resource,
) -> impl Iterator<Item = (&'static Field, &'static Resource)> {
    resource.fields.iter().filter_map(|field| match field.kind {
        Kind::Reference(name) => Some((field, entity::resource(name)?)),
        _ => None,
    })
}

/// The team and all below it; a team is visited once, even if the tree has become a circle.
pub(crate) fn tree(top: Option<i64>, below: &BTreeMap<i64, Vec<i64>>) -> Vec<i64> {
    let mut teams: Vec<i64> = top.into_iter().collect();
    let mut next = 0;
    while let Some(team) = teams.get(next).copied() {
        next += 1;
        for child in below.get(&team).into_iter().flatten() {
            if !teams.contains(child) {
                teams.push(*child);
            }
        }
    }
    teams
}

/// The first three and the last four characters; less of a short one.
fn mask_phone(number: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    if characters.len() < 8 {
        return "*".repeat(characters.len());
    }
    let middle = characters.len() - 7;
    let first: String = characters[..3].iter().collect();
    let last: String = characters[3 + middle..].iter().collect();
    format!("{first}{}{last}", "*".repeat(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_a_phone() {
        assert_eq!(mask_phone("13812345678"), "138****5678");
        assert_eq!(mask_phone("110"), "***");
    }

    #[test]
    fn a_circle_of_teams_ends() {
        let below = BTreeMap::from([(1, vec![2, 3]), (3, vec![1])]);
        assert_eq!(tree(Some(1), &below), [1, 2, 3]);
        assert!(tree(None, &below).is_empty());
    }
}
