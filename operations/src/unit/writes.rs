//! The two statements that write records: one INSERT, one UPDATE, each with its entry in the log.

use std::sync::{Arc, PoisonError};

use sea_orm::JsonValue;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Condition, Expr, Query};

use super::Unit;
use crate::error::{OperationsError, Result};
use crate::log::{Entry, Op};
use crate::resource::Resource;
use crate::row::{self, Row, Values};

/// What is set here and nowhere else.
const SET_HERE: [&str; 5] = ["id", "recorded_at", "updated_at", "deleted_at", "version"];

/// A change of one row.
pub(super) struct Change {
    pub(super) resource: &'static Resource,
    /// The row as read.
    pub(super) before: Row,
    /// What must hold at the very moment of the change, beside the version.
    pub(super) condition: Option<Condition>,
    pub(super) op: Op,
}

impl Unit {
    /// Adds a row.
    pub(crate) async fn insert_row(
        &self,
        resource: &'static Resource,
        mut values: Values,
    ) -> Result<Row> {
        values.retain(|(field, _)| !SET_HERE.contains(&field.name));
        let given = |name: &str| values.iter().any(|(field, _)| field.name == name);
        let number = match resource.prefix.filter(|_| !given("number")) {
            Some(prefix) => Some(self.next_number(prefix).await?),
            None => None,
        };
        let mut columns: Vec<&'static str> = values.iter().map(|(field, _)| field.name).collect();
        let mut cells: Vec<Expr> = values.into_iter().map(|(_, value)| value.into()).collect();
        columns.extend(["recorded_at", "updated_at"]);
        cells.extend([self.now().into(), self.now().into()]);
        if let Some(number) = number {
            columns.push("number");
            cells.push(number.into());
        }
        let insert = Query::insert()
            .into_table(Alias::new(resource.table))
            .columns(columns.into_iter().map(Alias::new))
            .values_panic(cells)
            .returning(row::returning(resource))
            .to_owned();
        let result = self
            .query(&insert)
            .await?
            .ok_or(OperationsError::Poisoned)?;
        let after = row::read(resource, &result)?;
        self.index(resource, None, &after).await?;
        self.log(resource, Op::Insert, None, &after);
        Ok(after)
    }

    /// Changes a row that is still at that version.
    pub(crate) async fn update_row(
        &self,
        resource: &'static Resource,
        id: i64,
        version: i64,
        values: Values,
    ) -> Result<Row> {
        let before = self.get_version(resource, id, version).await?;
        let change = Change {
            resource,
            before,
            condition: None,
            op: Op::Update,
        };
        match self.change(change, values).await? {
            Some(after) => Ok(after),
            None => Err(self.stale(resource, id, version).await?),
        }
    }

    /// Marks a row as deleted that is still at that version.
    pub(crate) async fn delete_row(
        &self,
        resource: &'static Resource,
        id: i64,
        version: i64,
    ) -> Result<Row> {
        let before = self.get_version(resource, id, version).await?;
        let change = Change {
            resource,
            before,
            condition: None,
            op: Op::Delete,
        };
        match self.change(change, Values::new()).await? {
            Some(after) => Ok(after),
            None => Err(self.stale(resource, id, version).await?),
        }
    }

    async fn get_version(&self, resource: &'static Resource, id: i64, version: i64) -> Result<Row> {
        let before = self.get_row(resource, id).await?;
        if row::integer(&before, "version") == Some(version) {
            return Ok(before);
        }
        Err(OperationsError::Stale {
            entity: resource.name,
            id,
            expected: version,
            current: Box::new(before),
        })
    }

    async fn stale(
        &self,
        resource: &'static Resource,
        id: i64,
        version: i64,
    ) -> Result<OperationsError> {
        Ok(OperationsError::Stale {
            entity: resource.name,
            id,
            expected: version,
            current: Box::new(self.get_row(resource, id).await?),
        })
    }

    /// The one UPDATE: from the row as read to the row as written, with its entry.
    pub(super) async fn change(&self, change: Change, values: Values) -> Result<Option<Row>> {
        let Change {
            resource,
            before,
            condition,
            op,
        } = change;
        let version = row::integer(&before, "version").unwrap_or_default();
        let id = row::integer(&before, "id").unwrap_or_default();
        let mut update = Query::update();
        update.table(Alias::new(resource.table));
        for (field, value) in values {
            if !SET_HERE.contains(&field.name) {
                update.value(Alias::new(field.name), value);
            }
        }
        update
            .value("updated_at", self.now())
            .value("version", version + 1)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("version").eq(version))
            .and_where(Expr::col("deleted_at").is_null())
            .returning(row::returning(resource));
        if op == Op::Delete {
            update.value("deleted_at", self.now());
        }
        if let Some(condition) = condition {
            update.cond_where(condition);
        }
        let Some(result) = self.query(&update).await? else {
            return Ok(None);
        };
        let after = row::read(resource, &result)?;
        self.index(resource, Some(&before), &after).await?;
        self.log(resource, op, Some(&before), &after);
        Ok(Some(after))
    }

    fn log(&self, resource: &'static Resource, op: Op, before: Option<&Row>, after: &Row) {
        let entry = Entry {
            actor: Arc::clone(&self.actor),
            at: self.now,
            entity: resource.name,
            record_id: row::integer(after, "id").unwrap_or_default(),
            op,
            before: before.map(|row| JsonValue::Object(row::logged(resource, row))),
            after: JsonValue::Object(row::logged(resource, after)),
        };
        let mut entries = self
            .shared
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        entries.push(entry);
    }
}
