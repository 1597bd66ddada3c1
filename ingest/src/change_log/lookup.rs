//! What records refer to: numbers, codes and tags.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use millrace_models::identity::{is_numbered, lake_id};
use millrace_operations::entity::{self, account_tag, role, stage};
use millrace_operations::log::Change;
use millrace_operations::resource::{Kind, Resource};
use millrace_operations::row::Row;
use millrace_operations::{OperationsError, Store};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::records;
use crate::convert::Value;
use crate::error::IngestError;

/// Ids of one statement.
const CHUNK: usize = 500;

/// The numbers and codes that the records of a window refer to. None of these ever changes.
#[derive(Default)]
pub(super) struct Lookup {
    numbers: HashMap<(&'static str, i64), String>,
    stages: HashMap<i64, String>,
    roles: HashMap<i64, String>,
    tags: HashMap<i64, String>,
}

impl Lookup {
    pub(super) async fn load<'a>(
        store: &Store,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<Self, IngestError> {
        let mut ids: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
        let mut accounts = BTreeSet::new();
        let mut own = HashMap::new();
        for change in changes {
            let (Some(resource), Some(after)) =
                (entity::resource(&change.entity), change.after.as_object())
            else {
                continue;
            };
            if records::is_written(resource.name) {
                refer(resource, after, &mut ids);
            }
            if resource.name == "account" {
                accounts.insert(change.record_id);
            }
            if let Some(number) = after.get("number").and_then(|number| number.as_str()) {
                own.insert((resource.name, change.record_id), number.to_owned());
            }
        }
        let mut lookup = Self::of(store, ids).await?;
        lookup.numbers.extend(own);
        lookup.tags = tags(store, &accounts).await?;
        Ok(lookup)
    }

    /// What these records refer to.
    pub(super) async fn for_rows(
        store: &Store,
        resource: &'static Resource,
        rows: &[Row],
    ) -> Result<Self, IngestError> {
        let mut ids = BTreeMap::new();
        for row in rows {
            refer(resource, row, &mut ids);
        }
        Self::of(store, ids).await
    }

    async fn of(
        store: &Store,
        ids: BTreeMap<&'static str, BTreeSet<i64>>,
    ) -> Result<Self, IngestError> {
        let mut numbers = HashMap::new();
        for (resource, ids) in ids {
            let Some(resource) = entity::resource(resource) else {
                continue;
            };
            let ids: Vec<i64> = ids.into_iter().collect();
            for chunk in ids.chunks(CHUNK) {
                let select = Query::select()
                    .columns(["id", "number"])
                    .from(Alias::new(resource.table))
                    .and_where(Expr::col("id").is_in(chunk.iter().copied()))
                    .to_owned();
                for row in store.reader().query_all(&select).await.map_err(failed)? {
                    let id: i64 = row.try_get_by_index(0).map_err(failed)?;
                    let number: String = row.try_get_by_index(1).map_err(failed)?;
                    numbers.insert((resource.name, id), number);
                }
            }
        }
        let stages = stage::Entity::find().all(store.reader()).await;
        let roles = role::Entity::find().all(store.reader()).await;
        let stages = stages.map_err(failed)?.into_iter();
        let roles = roles.map_err(failed)?.into_iter();
        Ok(Self {
            numbers,
            stages: stages.map(|stage| (stage.id, stage.code)).collect(),
            roles: roles.map(|role| (role.id, role.code)).collect(),
            tags: HashMap::new(),
        })
    }

    /// What a record of that id is called.
    pub(super) fn name(&self, resource: &'static str, id: i64) -> String {
        let number = self.numbers.get(&(resource, id)).map(String::as_str);
        lake_id(resource, id, number)
    }

    /// What the record is called that a field refers to.
    pub(super) fn refer(&self, row: &Row, field: &str, resource: &'static str) -> Value<'static> {
        let id = row.get(field).and_then(serde_json::Value::as_i64);
        id.map_or(Value::Null, |id| {
            Value::Text(self.name(resource, id).into())
        })
    }

    pub(super) fn stage(&self, id: i64) -> Option<&str> {
        self.stages.get(&id).map(String::as_str)
    }

    pub(super) fn role(&self, id: i64) -> Option<&str> {
        self.roles.get(&id).map(String::as_str)
    }

    /// The tags of an account, with commas between.
    pub(super) fn tags(&self, account_id: i64) -> Option<&str> {
        self.tags.get(&account_id).map(String::as_str)
    }

    pub(super) fn with_tags(mut self, tags: HashMap<i64, String>) -> Self {
        self.tags = tags;
        self
    }
}

/// Adds the ids of records with numbers that a row refers to.
fn refer(resource: &'static Resource, row: &Row, ids: &mut BTreeMap<&'static str, BTreeSet<i64>>) {
    for field in resource.fields {
        let Kind::Reference(to) = field.kind else {
            continue;
        };
        if is_numbered(to)
            && let Some(id) = row.get(field.name).and_then(serde_json::Value::as_i64)
        {
            ids.entry(to).or_default().insert(id);
        }
    }
}

/// The tags that accounts have now.
pub(super) async fn tags(
    store: &Store,
    accounts: &BTreeSet<i64>,
) -> Result<HashMap<i64, String>, IngestError> {
    let ids: Vec<i64> = accounts.iter().copied().collect();
    let mut tags: HashMap<i64, String> = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let select = Query::select()
            .expr(Expr::col(("account_tags", "account_id")))
            .expr(Expr::col(("tags", "name")))
            .from("account_tags")
            .inner_join(
                "tags",
                Expr::col(("tags", "id")).equals(("account_tags", "tag_id")),
            )
            .and_where(Expr::col(("account_tags", "account_id")).is_in(chunk.iter().copied()))
            .and_where(Expr::col(("account_tags", "deleted_at")).is_null())
            .and_where(Expr::col(("tags", "deleted_at")).is_null())
            .order_by(("tags", "name"), sea_orm::sea_query::Order::Asc)
            .to_owned();
        for row in store.reader().query_all(&select).await.map_err(failed)? {
            let id: i64 = row.try_get_by_index(0).map_err(failed)?;
            let name: String = row.try_get_by_index(1).map_err(failed)?;
            let all = tags.entry(id).or_default();
            if !all.is_empty() {
                all.push(',');
            }
            all.push_str(&name);
        }
    }
    Ok(tags)
}

/// The accounts that carry a tag, also where it was taken away since.
pub(super) async fn accounts_with_tag(store: &Store, id: i64) -> Result<Vec<i64>, IngestError> {
    let found = account_tag::Entity::find()
        .filter(account_tag::Column::TagId.eq(id))
        .order_by_asc(account_tag::Column::Id)
        .all(store.reader())
        .await
        .map_err(failed)?;
    Ok(found.into_iter().map(|own| own.account_id).collect())
}

/// An error of the database, as one of operations.
pub(super) fn failed(error: DbErr) -> IngestError {
    IngestError::Operations(OperationsError::from(error))
}
