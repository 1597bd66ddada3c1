//! Leases: of several processes one does a work at a time.
//!
//! A lease ends by itself, so that a process that was killed keeps nobody waiting for long. One that
//! was only slow may go on working after its end and not know it; so every taking counts up a token,
//! and what is written under a lease carries it: whoever comes with a lower one is too late.

use chrono::TimeDelta;
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};

use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is of.
    pub name: String,
    /// Greater with each taking.
    pub token: i64,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// As it called itself.
    pub holder: String,
    /// Greater with each taking.
    pub token: i64,
}

/// Takes the lease of that name for a time, in the name of `holder`; none while another holds it.
///
/// # Errors
///
/// Those of the database.
pub async fn take(
    store: &Store,
    name: &str,
    holder: &str,
    time: TimeDelta,
) -> Result<Option<Lease>> {
    let work = async |unit: Unit| take_in(&unit, name, holder, time).await;
    store.write(&Actor::system(holder), work).await
}

async fn take_in(unit: &Unit, name: &str, holder: &str, time: TimeDelta) -> Result<Option<Lease>> {
    let now = unit.now();
    let over = Query::update()
        .table("leases")
        .value("holder", holder)
        .value("token", Expr::col("token").add(1))
        .value("expires_at", now + time)
        .and_where(Expr::col("name").eq(name))
        .and_where(Expr::col("expires_at").lte(now))
        .to_owned();
    if unit.run(&over).await? == 0 {
        let first = Query::insert()
            .into_table("leases")
            .columns(["name", "holder", "token", "expires_at"])
            .values_panic([name.into(), holder.into(), 1.into(), (now + time).into()])
            .on_conflict(OnConflict::column("name").do_nothing().to_owned())
            .to_owned();
        if unit.run(&first).await? == 0 {
            return Ok(None);
        }
    }
    let read = Query::select()
        .column("token")
        .from("leases")
        .and_where(Expr::col("name").eq(name))
        .to_owned();
    let row = unit.query(&read).await?.ok_or(OperationsError::Busy)?;
    Ok(Some(Lease {
        name: name.to_owned(),
        token: row.try_get_by_index(0)?,
    }))
}

/// Lengthens a lease to end so long from now; whether it is still held.
///
/// # Errors
///
/// Those of the database.
pub async fn lengthen(store: &Store, lease: &Lease, time: TimeDelta) -> Result<bool> {
    end_at(store, lease, time).await
}

/// Gives a lease back.
///
/// # Errors
///
/// Those of the database.
pub async fn give_back(store: &Store, lease: &Lease) -> Result<()> {
    end_at(store, lease, TimeDelta::zero()).await.map(drop)
}

async fn end_at(store: &Store, lease: &Lease, time: TimeDelta) -> Result<bool> {
    let work = async |unit: Unit| {
        let now = unit.now();
        let update = Query::update()
            .table("leases")
            .value("expires_at", now + time)
            .and_where(Expr::col("name").eq(lease.name.as_str()))
            .and_where(Expr::col("token").eq(lease.token))
            .and_where(Expr::col("expires_at").gt(now))
            .to_owned();
        Ok(unit.run(&update).await? > 0)
    };
    store.write(&Actor::system("lease"), work).await
}

/// Whether a lease is still held, in the transaction that hangs on it.
pub(crate) async fn is_held(unit: &Unit, lease: &Lease) -> Result<bool> {
    let read = Query::select()
        .column("token")
        .from("leases")
        .and_where(Expr::col("name").eq(lease.name.as_str()))
        .and_where(Expr::col("token").eq(lease.token))
        .and_where(Expr::col("expires_at").gt(unit.now()))
        .to_owned();
    Ok(unit.query(&read).await?.is_some())
}

/// Who holds the lease of that name now.
///
/// # Errors
///
/// Those of the database.
pub async fn holder(store: &Store, name: &str) -> Result<Option<Held>> {
    let read = Query::select()
        .columns(["holder", "token"])
        .from("leases")
        .and_where(Expr::col("name").eq(name))
        .and_where(Expr::col("expires_at").gt(store.now()))
        .to_owned();
    let row = store.reader().query_one(&read).await?;
    row.map(|row| {
        Ok(Held {
            holder: row.try_get_by_index(0)?,
            token: row.try_get_by_index(1)?,
        })
    })
    .transpose()
}
