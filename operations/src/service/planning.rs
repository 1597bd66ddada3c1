//! Up to when the moments of a rule are planned: what is due since then is planned once, by whoever
//! looks first.

use chrono::{DateTime, Utc};
use millrace_models::config::parse_zone;
use millrace_models::schedule::{Rule, Zone};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};

use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// The moments that are planned at once at most; the others follow in the next round.
const MOMENTS: usize = 2_000;

/// When something is due, as its record says.
#[derive(Debug, Clone)]
pub(crate) struct When {
    rule: Rule,
    zone: Zone,
    text: String,
}

impl When {
    /// The rule and zone of a record.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Invalid`] where one is none.
    pub(crate) fn parse(rule: &str, zone: Option<&str>, own: Zone) -> Result<Self> {
        let parsed = rule
            .parse::<Rule>()
            .map_err(|error| OperationsError::field("rule", error.to_string()))?;
        let zone = match zone.map(str::trim).filter(|zone| !zone.is_empty()) {
            Some(zone) => parse_zone(zone).map_err(|expected| {
                OperationsError::field("zone", format!("{zone:?}: {expected}"))
            })?,
            None => own,
        };
        Ok(Self {
            text: format!("{parsed} {zone}"),
            rule: parsed,
            zone,
        })
    }

    /// The moments after one that have come, the earliest first.
    pub(crate) fn due(&self, unit: &Unit, after: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let now = unit.now();
        self.rule
            .between(after, now, self.zone, unit.calendar(), MOMENTS)
    }

    /// The next moments after one.
    pub(crate) fn next(
        &self,
        calendar: &millrace_models::calendar::WorkingCalendar,
        after: DateTime<Utc>,
        most: usize,
    ) -> Vec<DateTime<Utc>> {
        let far = DateTime::<Utc>::MAX_UTC;
        self.rule.between(after, far, self.zone, calendar, most)
    }
}

/// Whose moments are planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject(pub(crate) &'static str, pub(crate) i64);

/// Up to when a subject is planned.
pub(crate) async fn until<C: ConnectionTrait>(
    connection: &C,
    subject: Subject,
) -> Result<Option<DateTime<Utc>>> {
    let read = Query::select()
        .column("until")
        .from("planning_marks")
        .and_where(Expr::col("subject").eq(subject.0))
        .and_where(Expr::col("subject_id").eq(subject.1))
        .to_owned();
    let row = connection.query_one(&read).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// Moves the mark of a subject on.
pub(crate) async fn planned(unit: &Unit, subject: Subject, until: DateTime<Utc>) -> Result<()> {
    let update = Query::update()
        .table("planning_marks")
        .value("until", until)
        .and_where(Expr::col("subject").eq(subject.0))
        .and_where(Expr::col("subject_id").eq(subject.1))
        .to_owned();
    unit.run(&update).await.map(drop)
}

/// Moves the marks of all subjects to a moment: what comes due before is left undone.
pub(crate) async fn skip_to(unit: &Unit, moment: DateTime<Utc>) -> Result<()> {
    let update = Query::update()
        .table("planning_marks")
        .value("until", moment)
        .to_owned();
    unit.run(&update).await.map(drop)
}

/// Another rule, zone or being enabled again begins now: nothing of before is caught up.
pub(crate) async fn follow(unit: &Unit, subject: Subject, when: Option<&When>) -> Result<()> {
    let text = when.map_or("", |when| when.text.as_str());
    let read = Query::select()
        .column("rule")
        .from("planning_marks")
        .and_where(Expr::col("subject").eq(subject.0))
        .and_where(Expr::col("subject_id").eq(subject.1))
        .to_owned();
    let known = unit.query(&read).await?;
    let known: Option<String> = known.map(|row| row.try_get_by_index(0)).transpose()?;
    if known.as_deref() == Some(text) {
        return Ok(());
    }
    let write = Query::insert()
        .into_table("planning_marks")
        .columns(["subject", "subject_id", "rule", "until"])
        .values_panic([
            subject.0.into(),
            subject.1.into(),
            text.into(),
            unit.now().into(),
        ])
        .on_conflict(
            OnConflict::columns(["subject", "subject_id"])
                .update_columns(["rule", "until"])
                .to_owned(),
        )
        .to_owned();
    unit.run(&write).await.map(drop)
}
