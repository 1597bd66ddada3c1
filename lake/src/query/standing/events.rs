//! What happened between two scores: for the factors that moved most, the records behind them.

use chrono::{DateTime, Utc};
use millrace_models::health::evidence::{COMPLAINTS, SEVERE};
use serde::Serialize;

use super::{FactorScore, Scoring, rows};
use crate::query::compile::moment;
use crate::query::dimension::literal;
use crate::query::error::QueryError;
use crate::query::view::View;

/// So many factors are told.
const FACTORS: usize = 3;
/// Smaller moves are not told.
const SMALLEST: f64 = 0.5;
/// Events of a factor that are listed.
const EVENTS: usize = 10;

/// A factor that moved, and what happened meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorMove {
    /// Which.
    pub factor: String,
    /// The points that it gained or lost.
    pub points: f64,
    /// How many events there were; of none, time alone moved it.
    pub count: usize,
    /// The latest of them, at most 10.
    pub events: Vec<HealthEvent>,
}

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthEvent {
    /// What: `ordered`, `cancelled`, `returned`, `overdue`, `paid`, `opened`, `resolved`, `accepted`,
    /// `declined`, `expired`, `talked`, `delivered`, `delivered_late`, `not_delivered`, `signed`,
    /// `ran_out`.
    pub what: String,
    /// When, in the company's zone.
    pub at: String,
    /// The id of the record.
    pub record: String,
    /// What it is worth, where it is worth something and the caller sees amounts.
    pub amount: Option<f64>,
}

/// The span after one scored day, up to another.
struct Between {
    account: String,
    from: String,
    to: String,
}

impl Between {
    fn holds(&self, column: &str) -> String {
        format!("{column} > {} AND {column} <= {}", self.from, self.to)
    }
}

/// The factors that moved most between two scores of an account.
pub(super) async fn of(
    view: View<'_>,
    account: &str,
    (before, from): (&Scoring, DateTime<Utc>),
    (now, to): (&Scoring, DateTime<Utc>),
) -> Result<Vec<FactorMove>, QueryError> {
    let between = Between {
        account: literal(account),
        from: moment(from.timestamp_micros()),
        to: moment(to.timestamp_micros()),
    };
    let then = |factor: &str| {
        let mut all = before.factors.iter();
        all.find(|own| own.factor == factor && own.weight > 0.0)
    };
    let weighing = now.factors.iter().filter(|own| own.weight > 0.0);
    let mut largest: Vec<(&FactorScore, f64)> = weighing
        .filter_map(|own| Some((own, own.points - then(&own.factor)?.points)))
        .filter(|(_, points)| points.abs() >= SMALLEST)
        .collect();
    largest.sort_by(|left, right| right.1.abs().total_cmp(&left.1.abs()));
    largest.truncate(FACTORS);
    let mut moves = Vec::with_capacity(largest.len());
    for (own, points) in largest {
        let events = events(view, &own.factor, &between).await?;
        moves.push(FactorMove {
            factor: own.factor.clone(),
            points,
            count: events.len(),
            events: events.into_iter().take(EVENTS).collect(),
        });
    }
    Ok(moves)
}

/// The events behind a factor, the latest first.
async fn events(
    view: View<'_>,
    factor: &str,
    between: &Between,
) -> Result<Vec<HealthEvent>, QueryError> {
    let Some((base, select)) = select(view, factor, between) else {
        return Ok(Vec::new());
    };
    let base = view.registry.base(base).ok_or(QueryError::NoMetric)?;
    let sees_amounts = view.shows(base, "amount");
    let sql = format!("SELECT * FROM ({select}) AS e ORDER BY at DESC, record, what");
    let names = ["what", "at", "record", "amount"].map(str::to_owned);
    let found = rows(view, &sql, &names).await?.into_iter();
    let text =
        |row: &crate::query::answer::Row, name: &str| row.get(name)?.as_str().map(str::to_owned);
    let events = found.filter_map(|row| {
        Some(HealthEvent {
            what: text(&row, "what")?,
            at: text(&row, "at")?,
            record: text(&row, "record")?,
            amount: row
                .get("amount")
                .and_then(serde_json::Value::as_f64)
                .filter(|_| sees_amounts),
        })
    });
    Ok(events.collect())
}

/// The base whose amounts they are, and what selects the events of a factor.
#[allow(clippy::too_many_lines, reason = "one factor after another")]
fn select(view: View<'_>, factor: &str, between: &Between) -> Option<(&'static str, String)> {
    const NO_AMOUNT: &str = "CAST(NULL AS DECIMAL(18, 2)) AS amount";
    let of_account = format!("account_id = {}", between.account);
    let orders = |and: &str| {
        format!(
            "SELECT order_id AS record, ordered_at AS at, CASE kind WHEN 'return' THEN 'returned' \
             WHEN 'credit' THEN 'returned' WHEN 'cancel' THEN 'cancelled' ELSE 'ordered' END AS what, \
             sum(amount) AS amount FROM {} WHERE {of_account} AND {}{and} GROUP BY 1, 2, 3",
            view.source("orders"),
            between.holds("ordered_at")
        )
    };
    let either = |first: String, second: String| format!("{first} UNION ALL {second}");
    Some(match factor {
        "rhythm" | "frequency" | "amount_trend" | "breadth" => ("order", orders("")),
        "returns" => ("order", orders(" AND kind IN ('return', 'credit')")),
        "payment" => {
            let of = |column: &str, what: &str, and: &str| {
                format!(
                    "SELECT plan_id AS record, {column} AS at, '{what}' AS what, amount FROM {} WHERE \
                     {of_account} AND entry = 'due' AND {}{and}",
                    view.source("payment_performance"),
                    between.holds(column)
                )
            };
            let late = " AND (paid_at IS NULL OR paid_at >= overdue_at)";
            (
                "instalment",
                either(of("overdue_at", "overdue", late), of("paid_at", "paid", "")),
            )
        }
        "service" => {
            let words = |words: &[&str]| {
                let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
                words.join(", ")
            };
            let of = |column: &str, what: &str| {
                format!(
                    "SELECT ticket_id AS record, {column} AS at, '{what}' AS what, {NO_AMOUNT} FROM {} \
                     WHERE {of_account} AND (lower(kind) IN ({}) OR lower(severity) IN ({})) AND {}",
                    view.source("ticket_service"),
                    words(&COMPLAINTS),
                    words(&SEVERE),
                    between.holds(column)
                )
            };
            (
                "ticket",
                either(of("opened_at", "opened"), of("resolved_at", "resolved")),
            )
        }
        "quote_acceptance" => {
            let of = |column: &str, what: &str, and: &str| {
                format!(
                    "SELECT quote_id AS record, {column} AS at, {what} AS what, amount FROM {} WHERE \
                     {of_account} AND counts AND {}{and}",
                    view.source("quote_outcomes"),
                    between.holds(column)
                )
            };
            let decided =
                "CASE WHEN outcome IN ('accepted', 'partial') THEN 'accepted' ELSE outcome END";
            let told = " AND outcome IN ('accepted', 'partial', 'declined', 'expired')";
            let silent = " AND decided_at IS NULL AND outcome IN ('sent', 'expired')";
            let both = either(
                of("decided_at", decided, told),
                of("expires_at", "'expired'", silent),
            );
            ("quote", both)
        }
        "interaction" | "interaction_trend" | "contacts" => (
            "interaction",
            format!(
                "SELECT interaction_id AS record, at, 'talked' AS what, {NO_AMOUNT} FROM {} WHERE \
                 {of_account} AND two_way AND {}",
                view.source("activity"),
                between.holds("at")
            ),
        ),
        "delivery" => {
            let own = format!(
                "({of_account} OR account_id IS NULL AND order_id IN (SELECT order_id FROM {} WHERE \
                 {of_account}))",
                view.source("orders")
            );
            let of = |column: &str, what: &str, and: &str| {
                format!(
                    "SELECT delivery_id AS record, {column} AS at, {what} AS what, {NO_AMOUNT} FROM {} \
                     WHERE {own} AND {}{and}",
                    view.source("deliveries"),
                    between.holds(column)
                )
            };
            let in_time =
                "CASE WHEN delivered_at > promised_at THEN 'delivered_late' ELSE 'delivered' END";
            let owed = " AND (delivered_at IS NULL OR delivered_at > promised_at)";
            let both = either(
                of("delivered_at", in_time, ""),
                of("promised_at", "'not_delivered'", owed),
            );
            ("order", both)
        }
        "contract" => {
            let of = |column: &str, what: &str| {
                format!(
                    "SELECT contract_id AS record, {column} AS at, '{what}' AS what, amount FROM {} \
                     WHERE {of_account} AND {}",
                    view.source("contracts"),
                    between.holds(column)
                )
            };
            (
                "contract",
                either(of("signed_at", "signed"), of("expires_at", "ran_out")),
            )
        }
        _ => return None,
    })
}
