//! What must hold of teams, roles, people, accounts above accounts, and settings, whoever changes them
//! and by whichever way: checked on what was written, in its unit of work.

use chrono::NaiveDate;
use millrace_models::scope::{Action, Rights};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter};

use super::settings;
use crate::entity::{
    RESOURCES, account, opportunity, role, routing_rule, setting, tag, team, user,
};
use crate::error::{OperationsError, Result, Rule};
use crate::resource::{Kind, Resource};
use crate::row::{Row, integer};
use crate::unit::Unit;

/// How far up a tree is followed.
const DEEPEST: usize = 256;

/// A record was added or changed.
pub(crate) async fn written(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    if [team::RESOURCE.name, account::RESOURCE.name].contains(&resource.name) {
        above_itself(unit, resource, row, "parent_id").await
    } else if resource.name == user::RESOURCE.name {
        above_itself(unit, resource, row, "manager_id").await?;
        somebody_administers(unit, resource, row).await
    } else if resource.name == role::RESOURCE.name {
        rights(row)?;
        somebody_administers(unit, resource, row).await
    } else if resource.name == setting::RESOURCE.name {
        let key = row.get("key").and_then(JsonValue::as_str);
        let value = row.get("value").unwrap_or(&JsonValue::Null);
        settings::check(key.unwrap_or_default(), value)
    } else {
        Ok(())
    }
}

/// A record was marked as deleted.
pub(crate) async fn removed(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    let users: &[&'static Resource] = if resource.name == team::RESOURCE.name {
        &[
            &user::RESOURCE,
            &team::RESOURCE,
            &account::RESOURCE,
            &opportunity::RESOURCE,
            &routing_rule::RESOURCE,
            &tag::RESOURCE,
        ]
    } else if resource.name == role::RESOURCE.name {
        &[&user::RESOURCE]
    } else {
        return Ok(());
    };
    let id = integer(row, "id").unwrap_or_default();
    for user in users {
        if refers(unit, user, resource, id).await? {
            return Err(refused(resource, row, Rule::InUse));
        }
    }
    Ok(())
}

/// Whether a record of one resource refers to that one of another.
async fn refers(
    unit: &Unit,
    referring: &'static Resource,
    used: &'static Resource,
    id: i64,
) -> Result<bool> {
    let mut any = Condition::any();
    for field in referring.fields {
        if field.kind == Kind::Reference(used.name) {
            any = any.add(Expr::col(field.name).eq(id));
        }
    }
    let select = Query::select()
        .expr(Expr::col("id"))
        .from(referring.table)
        .and_where(Expr::col("deleted_at").is_null())
        .cond_where(any)
        .limit(1)
        .to_owned();
    Ok(unit.query_one(&select).await?.is_some())
}

/// That a record is not among those above it.
async fn above_itself(
    unit: &Unit,
    resource: &'static Resource,
    row: &Row,
    parent: &'static str,
) -> Result<()> {
    let id = integer(row, "id");
    let mut next = integer(row, parent);
    for _ in 0..DEEPEST {
        let Some(above) = next else { return Ok(()) };
        if Some(above) == id {
            break;
        }
        let found = unit.find_row(resource, above).await?;
        next = found.and_then(|row| integer(&row, parent));
    }
    Err(refused(resource, row, Rule::Circle))
}

/// That the rights of a role can be read and name what there is.
fn rights(row: &Row) -> Result<()> {
    let value = row.get("rights").cloned().unwrap_or_default();
    let fault = |message: String| Err(OperationsError::field("rights", message));
    if let Some(unknown) = value
        .as_object()
        .and_then(|parts| parts.keys().find(|key| !PARTS.contains(&key.as_str())))
    {
        return fault(format!(
            "has no part {unknown:?}: it has {}",
            PARTS.join(", ")
        ));
    }
    let rights: Rights = match serde_json::from_value(value) {
        Ok(rights) => rights,
        Err(error) => return fault(error.to_string()),
    };
    let known =
        |name: &String| *name == "*" || RESOURCES.iter().any(|resource| resource.name == *name);
    match rights.grants.keys().find(|name| !known(name)) {
        Some(name) => fault(format!("grants {name:?}, which is no kind of records")),
        None => Ok(()),
    }
}

/// What rights are made of.
const PARTS: [&str; 2] = ["grants", "visibility"];

/// That somebody is left who may sign in and change users and roles.
async fn somebody_administers(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    let roles = role::Entity::find()
        .filter(role::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    let administers = |role: &&role::Model| {
        serde_json::from_value::<Rights>(role.rights.clone()).is_ok_and(|rights| {
            [user::RESOURCE.name, role::RESOURCE.name]
                .iter()
                .all(|name| rights.scope(name, Action::Update).is_some())
        })
    };
    let roles: Vec<i64> = roles
        .iter()
        .filter(administers)
        .map(|role| role.id)
        .collect();
    let today: NaiveDate = unit.today();
    let found = user::Entity::find()
        .filter(user::Column::RoleId.is_in(roles))
        .filter(user::Column::Enabled.eq(true))
        .filter(user::Column::DeletedAt.is_null())
        .filter(
            user::Column::LeftOn
                .is_null()
                .or(user::Column::LeftOn.gte(today)),
        )
        .one(unit)
        .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(refused(resource, row, Rule::LastAdministrator)),
    }
}

fn refused(resource: &'static Resource, row: &Row, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: resource.name,
        id: integer(row, "id").unwrap_or_default(),
        rule,
    }
}
