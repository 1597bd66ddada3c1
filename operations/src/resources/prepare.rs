//! What a new or changed record gets beside the fields that the client gave.

use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, Value};

use crate::caller::Caller;
use crate::credit_code;
use crate::entity::{
    account, account_tag, delivery as delivery_record, opportunity, pipeline,
    schedule as schedule_record, stage, stage_change, subscription as subscription_record,
    target as target_record, ticket as ticket_record,
};
use crate::error::{OperationsError, Result};
use crate::names::normalise;
use crate::resource::{Kind, Path, Resource};
use crate::row::{self, Row, Values};
use crate::service::{
    claim, delivery, organisation, routing, schedule, subscription, target, ticket,
};
use crate::unit::Unit;

/// What must hold of a record that is added (without an id) or changed, before it is written.
pub(super) async fn check(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    id: Option<i64>,
    given: &Row,
) -> Result<()> {
    if resource.name != target_record::RESOURCE.name {
        return Ok(());
    }
    let before = match id {
        Some(id) => Some(unit.get_row(resource, id).await?),
        None => None,
    };
    target::check(unit, caller, before.as_ref(), given).await
}

/// The values of a new record with those that follow from the caller and the time.
pub(super) async fn create(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    mut values: Values,
) -> Result<Values> {
    if resource.name == opportunity::RESOURCE.name && !takes_new(caller, resource) {
        // A lead that waits to be claimed, by those to whom its account is routed.
        let account = values.iter().find_map(|(field, value)| match value {
            Value::BigInt(Some(id)) if field.name == "account_id" => Some(*id),
            _ => None,
        });
        let team = match account {
            Some(id) => unit.get::<account::Model>(id).await?.team_id,
            None => None,
        };
        set(resource, &mut values, "team_id", team.into());
    } else if resource.name == account::RESOURCE.name && !takes_account(unit, caller).await? {
        set(resource, &mut values, "pool_state", "pooled".into());
        set(resource, &mut values, "pooled_at", unit.now().into());
        let text = |name| text_of(&values, name);
        let routed = routing::team_for(unit, text("region"), text("industry"), &[]).await?;
        let team = routed.or(caller.team_id);
        set(resource, &mut values, "team_id", team.into());
    } else if resource.name != target_record::RESOURCE.name {
        own(caller, resource, &mut values);
        if resource.name == account::RESOURCE.name {
            set(resource, &mut values, "pool_state", "owned".into());
            set(resource, &mut values, "claimed_at", unit.now().into());
        }
    }
    if resource.name == opportunity::RESOURCE.name {
        let (pipeline, stage) = first_stage(unit).await?;
        set(resource, &mut values, "pipeline_id", pipeline.into());
        set(resource, &mut values, "stage_id", stage.into());
    }
    if resource.name == ticket_record::RESOURCE.name {
        let due_at = ticket::due_at(unit, text_of(&values, "severity")).await?;
        set(resource, &mut values, "due_at", due_at.into());
    }
    if resource.name == subscription_record::RESOURCE.name {
        if text_of(&values, "channel") == Some("webhook") {
            let secret = subscription::new_secret()?;
            set(resource, &mut values, "secret", secret.into());
        } else {
            let own = serde_json::json!([caller.user_id]);
            set(resource, &mut values, "recipients", own.into());
        }
    }
    // A moment that must be there and that nobody gives is this one.
    for field in resource.fields {
        if field.kind == Kind::Time && !field.nullable && !field.given {
            set(resource, &mut values, field.name, unit.now().into());
        }
    }
    update(resource, values)
}

/// The values of a changed record with those that follow from them.
///
/// # Errors
///
/// When a credit code is given that is none.
pub(super) fn update(resource: &'static Resource, mut values: Values) -> Result<Values> {
    let name = values.iter().find_map(|(field, value)| match value {
        Value::String(Some(name)) if field.name == "name" => Some(normalise(name)),
        _ => None,
    });
    if let Some(name) = name {
        set(resource, &mut values, "normalised_name", name.into());
    }
    if resource.name == account::RESOURCE.name {
        check_code(&mut values)?;
    }
    Ok(values)
}

/// Writes a credit code as the standard has it. An empty one is none.
fn check_code(values: &mut Values) -> Result<()> {
    let given = values
        .iter_mut()
        .find(|(field, _)| field.name == "credit_code");
    let Some((field, value)) = given else {
        return Ok(());
    };
    if let Value::String(Some(text)) = &*value {
        let code = credit_code::parse(text);
        if code.is_none() && !text.trim().is_empty() {
            return Err(OperationsError::field(
                field.name,
                "must be a unified social credit code: 18 characters, the last of which checks the others",
            ));
        }
        *value = Value::String(code);
    }
    Ok(())
}

/// The text that a field is given.
fn text_of<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    values.iter().find_map(|(field, value)| match value {
        Value::String(Some(text)) if field.name == name => Some(text.as_str()),
        _ => None,
    })
}

/// What else follows from a changed record: an account of the pool is routed anew.
pub(super) async fn updated(
    unit: &Unit,
    resource: &'static Resource,
    row: Row,
    given: &Values,
) -> Result<Row> {
    let routes = given
        .iter()
        .any(|(field, _)| ["region", "industry"].contains(&field.name));
    let id = row::integer(&row, "id").unwrap_or_default();
    if resource.name == ticket_record::RESOURCE.name
        && given.iter().any(|(field, _)| field.name == "severity")
    {
        ticket::severity_changed(unit, &row).await?;
        return unit.get_row(resource, id).await;
    }
    if resource.name == subscription_record::RESOURCE.name {
        return subscription::secured(unit, row).await;
    }
    if resource.name == account::RESOURCE.name
        && routes
        && routing::reroute(unit, id).await?.is_some()
    {
        return unit.get_row(resource, id).await;
    }
    Ok(row)
}

/// What else is recorded with a new record.
pub(super) async fn created(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    if resource.name == account_tag::RESOURCE.name {
        let account_id = row::integer(row, "account_id").unwrap_or_default();
        routing::reroute(unit, account_id).await?;
    }
    if resource.name != opportunity::RESOURCE.name {
        return Ok(());
    }
    let id = |field: &str| row::integer(row, field).unwrap_or_default();
    let change = stage_change::ActiveModel {
        opportunity_id: Set(id("id")),
        stage_id: Set(id("stage_id")),
        outcome: Set("open".to_owned()),
        changed_at: Set(unit.now()),
        by_id: Set(unit.actor().user_id),
        kind: Set("open".to_owned()),
        ..Default::default()
    };
    unit.insert::<stage_change::Model>(change).await?;
    Ok(())
}

/// What else follows from a record that was created or changed.
pub(super) async fn written(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    if resource.name == delivery_record::RESOURCE.name {
        return delivery::written(unit, row).await;
    }
    if resource.name == schedule_record::RESOURCE.name {
        return schedule::written(unit, row).await;
    }
    if resource.name == subscription_record::RESOURCE.name {
        return subscription::written(unit, row).await;
    }
    organisation::written(unit, resource, row).await
}

/// What must hold for a record to be deleted.
pub(super) async fn removed(unit: &Unit, resource: &'static Resource, row: &Row) -> Result<()> {
    organisation::removed(unit, resource, row).await
}

/// Whether an account that the caller enters is theirs: they claim accounts and have room for one more.
async fn takes_account(unit: &Unit, caller: &Caller) -> Result<bool> {
    Ok(takes_new(caller, &account::RESOURCE) && claim::has_room(unit, caller).await?)
}

/// Whether accounts or deals that the caller enters are theirs; those of others enter the pool.
fn takes_new(caller: &Caller, resource: &'static Resource) -> bool {
    let claims = caller.rights.scope(resource.name, Action::Claim);
    claims.is_some() && caller.daily_claims != Some(0)
}

/// The caller and their team, where the record belongs to people. Of two who have to do with it, as
/// the one who asks and the one who answers, the caller is the first; the other is assigned.
fn own(caller: &Caller, resource: &'static Resource, values: &mut Values) {
    let mut owned = false;
    for path in resource.paths {
        match path {
            Path::Owner(_) if owned => return,
            Path::Owner(column) | Path::Author(column) => {
                set(resource, values, column, caller.user_id.into());
                owned = true;
            }
            Path::Team(column) => set(resource, values, column, caller.team_id.into()),
            _ => {}
        }
    }
}

/// Sets a field that has no value yet; nothing where the resource has no such field.
fn set(resource: &'static Resource, values: &mut Values, name: &str, value: Value) {
    let given = values.iter().any(|(field, _)| field.name == name);
    if let Some(field) = resource.field(name).filter(|_| !given) {
        values.push((field, value));
    }
}

/// The first stage of the default pipeline.
async fn first_stage(unit: &Unit) -> Result<(i64, i64)> {
    let none =
        || OperationsError::field("pipeline_id", "there is no default pipeline with a stage");
    let pipeline = pipeline::Entity::find()
        .filter(pipeline::Column::DefaultPipeline.eq(true))
        .filter(pipeline::Column::DeletedAt.is_null())
        .one(unit)
        .await?
        .ok_or_else(none)?;
    let stage = stage::Entity::find()
        .filter(stage::Column::PipelineId.eq(pipeline.id))
        .filter(stage::Column::DeletedAt.is_null())
        .order_by_asc(stage::Column::Position)
        .one(unit)
        .await?
        .ok_or_else(none)?;
    Ok((pipeline.id, stage.id))
}
