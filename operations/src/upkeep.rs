//! Removing what nobody needs any more: sessions that are over, answers kept for a request that is
//! sent again, old logs of runs.

use chrono::TimeDelta;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, Query};

use crate::error::Result;
use crate::sign_in::SessionRules;
use crate::store::Store;
use crate::unit::Actor;

/// How long the answer to a request is kept for those who send it again.
pub const ANSWERS_KEPT: TimeDelta = TimeDelta::hours(24);

/// How long the log of a run is kept; that it ran stays.
pub const LINES_KEPT: TimeDelta = TimeDelta::days(90);

/// Removes sessions that are over by these rules and answers that were kept long enough; gives how
/// many rows it were.
///
/// # Errors
///
/// Those of the database.
pub async fn remove_expired(store: &Store, rules: SessionRules) -> Result<u64> {
    store
        .write(&Actor::system("upkeep"), async |unit| {
            let now = unit.now();
            let sessions = Query::delete()
                .from_table("sessions")
                .and_where(
                    Expr::col("expires_at")
                        .lte(now)
                        .or(Expr::col("seen_at").lte(now - rules.idle)),
                )
                .to_owned();
            let answers = Query::delete()
                .from_table("idempotency_keys")
                .and_where(Expr::col("created_at").lte(now - ANSWERS_KEPT))
                .to_owned();
            let lines = Query::delete()
                .from_table("run_lines")
                .and_where(Expr::col("at").lte(now - LINES_KEPT))
                .to_owned();
            Ok(unit.run(&sessions).await? + unit.run(&answers).await? + unit.run(&lines).await?)
        })
        .await
}
