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
    /// Whether several people share it.
    shared: bool,
}

impl Subject {
    /// The name that was tried, whether it exists or not.
    pub(super) fn username(name: &str) -> Self {
        Self {
            key: format!("user:{name}"),
            allowed: 5,
            shared: false,
        }
    }

    /// The address that it was tried from; an office may share one.
    pub(super) fn address(address: &str) -> Self {
        Self {
            key: format!("address:{address}"),
            allowed: 50,
            shared: true,
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

/// Takes back what [`failed`] counted for an attempt that turned out right: the name begins anew,
/// the address, which others share, loses one.
pub(super) async fn succeeded(unit: &Unit, subjects: &[Subject]) -> Result<()> {
    for subject in subjects {
        let mut update = Query::update();
        update
            .table("sign_in_attempts")
            .value("locked_until", None::<DateTime<Utc>>)
            .and_where(Expr::col("subject").eq(subject.key.as_str()));
        if subject.shared {
            update.value("failures", Expr::col("failures").sub(1_i64));
            update.and_where(Expr::col("failures").gt(0_i64));
        } else {
            update.value("failures", 0_i64);
        }
        unit.run(&update).await?;
    }
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
