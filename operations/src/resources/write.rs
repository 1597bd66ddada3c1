//! Create, update and delete for the resources that clients may write to directly.

use millrace_models::scope::Action;

use super::prepare;
use crate::caller::{Caller, references};
use crate::error::{FieldError, OperationsError, Result};
use crate::once::{self, RequestKey};
use crate::resource::Resource;
use crate::row::{self, Row, Values};
use crate::store::Store;
use crate::unit::{Target, Unit};

/// Adds a record from the fields given, and gives it as the caller may see it.
///
/// # Errors
///
/// When the role may not, a field is missing, wrong or unknown, or refers to what the caller does
/// not see.
pub async fn create(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    input: &Row,
) -> Result<Row> {
    create_once(store, caller, resource, input, None).await
}

/// [`create`], once for each key: asked for again it gives the record that was made before.
///
/// # Errors
///
/// As in [`create`]; [`OperationsError::KeyReused`].
pub async fn create_once(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    input: &Row,
    key: Option<&RequestKey>,
) -> Result<Row> {
    let work = async |unit: Unit| create_in(&unit, caller, resource, input).await;
    once::create(store, caller, resource, key, work).await
}

/// [`create`] within a unit of work. The row has all fields: what of them may be answered is for
/// [`Caller::mask`].
///
/// # Errors
///
/// Those of [`create`].
pub async fn create_in(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    input: &Row,
) -> Result<Row> {
    allowed(caller, resource, Action::Create)?;
    let missing = resource
        .required_fields()
        .filter(|field| !input.contains_key(field.name))
        .map(|field| FieldError {
            field: field.name.to_owned(),
            message: "is required".to_owned(),
        });
    let values = validate(caller, resource, input, missing.collect())?;
    check_references(unit, caller, resource, input).await?;
    prepare::check(unit, caller, resource, None, input).await?;
    let values = prepare::create(unit, caller, resource, values).await?;
    let row = unit.insert_row(resource, values).await?;
    prepare::created(unit, resource, &row).await?;
    prepare::written(unit, resource, &row).await?;
    Ok(row)
}

/// Changes the fields given, if the record is still at that version, and gives it as it is now.
///
/// # Errors
///
/// As in [`create`]; [`OperationsError::Stale`], with the current record as the caller may see it.
pub async fn update(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
    version: i64,
    input: &Row,
) -> Result<Row> {
    let target = Target::at(id, version);
    let work = async |unit: Unit| update_in(&unit, caller, resource, target, input).await;
    let done = store.write(&caller.actor(), work).await;
    shown(caller, resource, done)
}

/// [`update`] within a unit of work. The row has all fields: what of them may be answered is for
/// [`Caller::mask`].
///
/// # Errors
///
/// Those of [`update`]; of a stale record with all its fields.
pub async fn update_in(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    target: Target,
    input: &Row,
) -> Result<Row> {
    allowed(caller, resource, Action::Update)?;
    let values = validate(caller, resource, input, Vec::new())?;
    unit.check(caller, resource, Action::Update, target.id)
        .await?;
    check_references(unit, caller, resource, input).await?;
    prepare::check(unit, caller, resource, Some(target.id), input).await?;
    let values = prepare::update(resource, values)?;
    let version = if let Some(version) = target.version {
        version
    } else {
        let read = unit.get_row(resource, target.id).await?;
        row::integer(&read, "version").unwrap_or_default()
    };
    let row = unit
        .update_row(resource, target.id, version, values.clone())
        .await?;
    let row = prepare::updated(unit, resource, row, &values).await?;
    prepare::written(unit, resource, &row).await?;
    Ok(row)
}

/// That the caller may make such changes to records at all, whichever they are.
///
/// # Errors
///
/// When the role may not, or a field is wrong or unknown.
pub fn check_changes(caller: &Caller, resource: &'static Resource, changes: &Row) -> Result<()> {
    allowed(caller, resource, Action::Update)?;
    validate(caller, resource, changes, Vec::new()).map(|_| ())
}

/// Marks the record as deleted, if it is still at that version.
///
/// # Errors
///
/// As in [`update`].
pub async fn delete(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
    version: i64,
) -> Result<Row> {
    allowed(caller, resource, Action::Delete)?;
    let done = store
        .write(&caller.actor(), async |unit| {
            unit.check(caller, resource, Action::Delete, id).await?;
            let row = unit.delete_row(resource, id, version).await?;
            prepare::removed(&unit, resource, &row).await?;
            Ok(row)
        })
        .await;
    shown(caller, resource, done)
}

/// What of a resource the role may do by these functions.
fn allowed(caller: &Caller, resource: &'static Resource, action: Action) -> Result<()> {
    if resource.open && caller.rights.scope(resource.name, action).is_some() {
        return Ok(());
    }
    Err(OperationsError::forbidden(resource.name, action))
}

/// The record or the error, as the caller may see it.
fn shown(caller: &Caller, resource: &'static Resource, done: Result<Row>) -> Result<Row> {
    match done {
        Ok(row) => Ok(caller.mask(resource, row)),
        Err(OperationsError::Stale {
            entity,
            id,
            expected,
            current,
        }) => Err(OperationsError::Stale {
            entity,
            id,
            expected,
            current: Box::new(caller.mask(resource, *current)),
        }),
        Err(error) => Err(error),
    }
}

/// That every record referred to is one that the caller sees, beyond the pool.
async fn check_references(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    input: &Row,
) -> Result<()> {
    let mut fields = Vec::new();
    for (field, target) in references(resource) {
        let Some(id) = row::integer(input, field.name) else {
            continue;
        };
        if !unit.exists(target, id, caller.reach_of(target)).await? {
            fields.push(FieldError {
                field: field.name.to_owned(),
                message: format!("there is no {} {id}", target.name),
            });
        }
    }
    if fields.is_empty() {
        return Ok(());
    }
    Err(OperationsError::Invalid { fields })
}

/// The values of the fields given, all faults told at once.
fn validate(
    caller: &Caller,
    resource: &'static Resource,
    input: &Row,
    mut faults: Vec<FieldError>,
) -> Result<Values> {
    let mut values = Values::new();
    for (name, value) in input {
        let field = resource
            .field(name)
            .filter(|field| field.given && caller.sees(field));
        match field.map(|field| (field, row::to_sql(field, value))) {
            Some((field, Ok(value))) => values.push((field, value)),
            Some((_, Err(fault))) => faults.push(fault),
            None => faults.push(FieldError {
                field: name.clone(),
                message: format!("is no field of {} that can be given", resource.name),
            }),
        }
    }
    if faults.is_empty() {
        return Ok(values);
    }
    Err(OperationsError::Invalid { fields: faults })
}
