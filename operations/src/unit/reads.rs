//! Reading in a unit of work: sea-orm's queries run on it, and nothing but SELECT.

use std::sync::atomic::Ordering;

use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Condition, Expr, Query};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StatementBuilder,
};

use millrace_models::scope::Action;

use super::{Unit, draft};
use crate::caller::{Caller, column_of};
use crate::error::{OperationsError, Result};
use crate::record::Record;
use crate::resource::Resource;
use crate::row::{self, Row};

impl Unit {
    /// The record of that id, unless it is deleted.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn get<R: Record>(&self, id: i64) -> Result<R> {
        draft::record(self.get_row(R::RESOURCE, id).await?)
    }

    /// The record of that id, on which the caller may do that. It holds all fields: what of them may
    /// be answered is for [`Caller::mask`].
    ///
    /// # Errors
    ///
    /// [`OperationsError::NotFound`] when there is none that the caller may read,
    /// [`OperationsError::Forbidden`] when they may read it and no more.
    pub async fn get_for<R: Record>(&self, caller: &Caller, action: Action, id: i64) -> Result<R> {
        let resource = R::RESOURCE;
        self.check(caller, resource, action, id).await?;
        self.get(id).await
    }

    /// That the caller may do it on that very record. What they may not even read is not there.
    pub(crate) async fn check(
        &self,
        caller: &Caller,
        resource: &'static Resource,
        action: Action,
        id: i64,
    ) -> Result<()> {
        let readable = caller.condition(resource, Action::Read)?;
        if !self.exists(resource, id, readable).await? {
            return Err(OperationsError::NotFound {
                entity: resource.name,
                id,
            });
        }
        let allowed = caller.condition(resource, action)?;
        if action != Action::Read && !self.exists(resource, id, allowed).await? {
            return Err(OperationsError::forbidden(resource.name, action));
        }
        Ok(())
    }

    /// Whether there is a record of that id that meets the condition.
    pub(crate) async fn exists(
        &self,
        resource: &'static Resource,
        id: i64,
        condition: Condition,
    ) -> Result<bool> {
        let select = Query::select()
            .expr(column_of(resource, "id"))
            .from(Alias::new(resource.table))
            .and_where(column_of(resource, "id").eq(id))
            .and_where(column_of(resource, "deleted_at").is_null())
            .cond_where(condition)
            .to_owned();
        Ok(self.query(&select).await?.is_some())
    }

    /// The row of that id, unless it is deleted.
    pub(crate) async fn get_row(&self, resource: &'static Resource, id: i64) -> Result<Row> {
        let row = self.find_row(resource, id).await?;
        row.ok_or(OperationsError::NotFound {
            entity: resource.name,
            id,
        })
    }

    /// The row of that id, if there is one that is not deleted.
    pub(crate) async fn find_row(
        &self,
        resource: &'static Resource,
        id: i64,
    ) -> Result<Option<Row>> {
        let mut select = row::select(resource);
        select
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("deleted_at").is_null());
        let found = self.query(&select).await?;
        found.map(|result| row::read(resource, &result)).transpose()
    }

    /// Runs a statement that gives one row or none.
    pub(crate) async fn query<S: StatementBuilder>(
        &self,
        statement: &S,
    ) -> Result<Option<QueryResult>> {
        let found = self.shared.transaction.query_one(statement).await;
        Ok(self.watch(found)?)
    }

    /// Remembers a failure: PostgreSQL keeps nothing of a transaction after one, and neither does
    /// SQLite here, so that a service means the same on both.
    pub(super) fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if result.is_err() {
            self.shared.failed.store(true, Ordering::Release);
        }
        result
    }
}

fn refuse_writes(statement: &Statement) -> Result<(), DbErr> {
    let text = statement.sql.trim_start();
    if text
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("select"))
    {
        return Ok(());
    }
    Err(DbErr::Custom(
        "a unit of work is written to by its own functions only".to_owned(),
    ))
}

#[async_trait::async_trait]
impl ConnectionTrait for Unit {
    fn get_database_backend(&self) -> DbBackend {
        self.shared.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        refuse_writes(&statement)?;
        self.watch(self.shared.transaction.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom(
            "a unit of work runs no text of several statements".to_owned(),
        ))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        refuse_writes(&statement)?;
        self.watch(self.shared.transaction.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        refuse_writes(&statement)?;
        self.watch(self.shared.transaction.query_all_raw(statement).await)
    }
}
