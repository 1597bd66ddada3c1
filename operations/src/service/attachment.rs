//! Files that belong to a record: brought, read, removed.
//!
//! A file of the kind `requirements` on a deal is what the stage of that name asks for before it is
//! left. Whose account a file is of follows from its record, so who sees the account sees the file; the
//! file of a record without an account is seen by who brought it.

use bytes::Bytes;
use futures::Stream;
use millrace_models::scope::Action;
use sea_orm::Set;
use serde::{Deserialize, Serialize};

use super::moves;
use super::settings::{self, within};
use crate::caller::Caller;
use crate::entity::{self, account, attachment, opportunity};
use crate::error::{OperationsError, Result};
use crate::files::{Files, Stored};
use crate::resource::{Kind, Resource};
use crate::resources;
use crate::row::integer;
use crate::store::Store;
use crate::unit::{Target, Unit};

/// What files are taken: the setting `attachments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileRules {
    /// The most bytes of a file.
    pub most_bytes: i64,
}

/// The most bytes that the setting may allow, and what is allowed without it.
const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;
const USUAL_BYTES: i64 = 50 * 1024 * 1024;

impl Default for FileRules {
    fn default() -> Self {
        Self {
            most_bytes: USUAL_BYTES,
        }
    }
}

impl FileRules {
    pub(super) fn check(&self) -> Result<()> {
        within("most_bytes", self.most_bytes, 1, MOST_BYTES)
    }
}

/// What a file belongs to, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// The resource of the record.
    pub entity: String,
    /// The record.
    pub record_id: i64,
    /// What it is, as `requirements` or `signed_contract`.
    pub kind: String,
    /// The name of the file.
    pub file_name: String,
}

/// That the caller may bring that file; gives the most bytes that it may have. To be asked before the
/// bytes are taken in.
///
/// # Errors
///
/// When the caller's role may not, or there is no such record that they see.
pub async fn admit(store: &Store, caller: &Caller, input: &NewAttachment) -> Result<u64> {
    caller.require(&attachment::RESOURCE, Action::Create)?;
    let resource = belongs_to(&input.entity)?;
    let rules: FileRules = settings::load(store.reader(), settings::ATTACHMENTS).await?;
    match resources::get(store, caller, resource, input.record_id).await {
        Ok(_) => Ok(u64::try_from(rules.most_bytes).unwrap_or_default()),
        Err(OperationsError::NotFound { .. } | OperationsError::Forbidden { .. }) => {
            Err(no_record(resource, input.record_id))
        }
        Err(error) => Err(error),
    }
}

/// Records a file that was taken in.
///
/// # Errors
///
/// When the caller's role may not, there is no such record that they see beyond the pool, or a field
/// is wrong.
pub async fn attach(
    unit: &Unit,
    caller: &Caller,
    input: NewAttachment,
    stored: Stored,
) -> Result<attachment::Model> {
    caller.require(&attachment::RESOURCE, Action::Create)?;
    let resource = belongs_to(&input.entity)?;
    if !unit
        .exists(resource, input.record_id, caller.reach_of(resource))
        .await?
    {
        return Err(no_record(resource, input.record_id));
    }
    let record = unit.get_row(resource, input.record_id).await?;
    let account_id = if resource.name == account::RESOURCE.name {
        Some(input.record_id)
    } else {
        integer(&record, "account_id")
    };
    let draft = attachment::ActiveModel {
        entity: Set(resource.name.to_owned()),
        record_id: Set(input.record_id),
        account_id: Set(account_id),
        kind: Set(input.kind),
        file_name: Set(input.file_name),
        media_type: Set(stored.media_type.to_owned()),
        bytes: Set(stored.bytes),
        sha256: Set(stored.sha256),
        object_key: Set(stored.object_key),
        uploaded_by_id: Set(Some(caller.user_id)),
        ..Default::default()
    };
    let made = unit.insert_given::<attachment::Model>(draft).await?;
    if resource.name == opportunity::RESOURCE.name {
        moves::touch(unit, made.record_id, unit.now()).await?;
    }
    Ok(made)
}

/// The record and the bytes of a file.
///
/// # Errors
///
/// When the caller does not see it, and those of the object store.
pub async fn open(
    store: &Store,
    files: &Files,
    caller: &Caller,
    id: i64,
) -> Result<(
    attachment::Model,
    impl Stream<Item = Result<Bytes>> + Send + use<>,
)> {
    let row = resources::get(store, caller, &attachment::RESOURCE, id).await?;
    let found: attachment::Model =
        serde_json::from_value(row.into()).map_err(|error| OperationsError::Damaged {
            entity: attachment::RESOURCE.name,
            id,
            detail: error.to_string(),
        })?;
    let bytes = files.open(&found.object_key).await?;
    Ok((found, bytes))
}

/// Removes a file: who brought it does, or whose role deletes. Its bytes stay, as the change log does.
///
/// # Errors
///
/// When the caller may not.
pub async fn remove(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<attachment::Model> {
    let read: attachment::Model = unit.take(caller, Action::Read, target.into()).await?;
    let action = if read.uploaded_by_id == Some(caller.user_id) {
        Action::Update
    } else {
        Action::Delete
    };
    unit.check(caller, &attachment::RESOURCE, action, read.id)
        .await?;
    unit.delete(&read).await
}

/// A resource that files can belong to: an account, or what belongs to one.
fn belongs_to(name: &str) -> Result<&'static Resource> {
    let of_accounts = |resource: &&'static Resource| {
        let account = resource.field("account_id");
        resource.name == account::RESOURCE.name
            || account.is_some_and(|field| field.kind == Kind::Reference("account"))
                && !resource.is_personal()
                && resource.name != attachment::RESOURCE.name
    };
    entity::resource(name)
        .filter(of_accounts)
        .ok_or_else(|| OperationsError::field("entity", "is nothing that files can belong to"))
}

fn no_record(resource: &'static Resource, id: i64) -> OperationsError {
    OperationsError::field("record_id", format!("there is no {} {id}", resource.name))
}
