//! Failures to sign in, counted in the database, so that restarts and several servers agree.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};

use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// Failures are counted for so long.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// After too many of them nothing is tried for so long.
const LOCK: TimeDelta = TimeDelta::minutes(15);

/// Whose failures are counted.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    key: String,
    /// How many failures are allowed.
    allowed: i64,
}

impl Subject {
    /// The name that was tried, whether it exists or not.
    pub(super) fn username(name: &str) -> Self {
        Self {
            key: format!("user:{name}"),
            allowed: 5,
        }
    }

    /// The address that it was tried from; an office may share one.
    pub(super) fn address(address: &str) -> Self {
        Self {
            key: format!("address:{address}"),
            allowed: 50,
        }
    }
}

/// That none of the subjects is locked out.
pub(super) async fn check(unit: &Unit, subjects: &[Subject]) -> Result<()> {
    for subject in subjects {
        if let Some((_, _, Some(until))) = read(unit, subject).await?
            && until > unit.now()
        {
            return Err(OperationsError::LockedOut { until });
        }
    }
    Ok(())
}

/// Counts a failure for each of the subjects.
pub(super) async fn failed(unit: &Unit, subjects: &[Subject]) -> Result<()> {
    let now = unit.now();
    for subject in subjects {
        let (failures, started) = match read(unit, subject).await? {
            Some((failures, started, _)) if now - started < WINDOW => (failures + 1, started),
            _ => (1, now),
        };
        let locked_until = (failures >= subject.allowed).then(|| now + LOCK);
        let upsert = Query::insert()
            .into_table("sign_in_attempts")
            .columns(["subject", "failures", "window_started_at", "locked_until"])
            .values_panic([
                subject.key.as_str().into(),
                failures.into(),
                started.into(),
                locked_until.into(),
            ])
            .on_conflict(
                OnConflict::column("subject")
                    .update_columns(["failures", "window_started_at", "locked_until"])
                    .to_owned(),
            )
            .to_owned();
        unit.run(&upsert).await?;
    }
    Ok(())
}

/// Forgets the failures of a subject.
pub(super) async fn forget(unit: &Unit, subject: &Subject) -> Result<()> {
    let delete = Query::delete()
        .from_table("sign_in_attempts")
        .and_where(Expr::col("subject").eq(subject.key.as_str()))
        .to_owned();
    unit.run(&delete).await?;
    Ok(())
}

type Attempts = (i64, DateTime<Utc>, Option<DateTime<Utc>>);

async fn read(unit: &Unit, subject: &Subject) -> Result<Option<Attempts>> {
    let select = Query::select()
        .columns(["failures", "window_started_at", "locked_until"])
        .from("sign_in_attempts")
        .and_where(Expr::col("subject").eq(subject.key.as_str()))
        .to_owned();
    let Some(row) = unit.query(&select).await? else {
        return Ok(None);
    };
    Ok(Some((
        row.try_get_by_index(0)?,
        row.try_get_by_index(1)?,
        row.try_get_by_index(2)?,
    )))
}
