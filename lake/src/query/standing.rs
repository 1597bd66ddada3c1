//! How an account stands, how it stood, and what its score is made of: as it was told on the days that
//! were scored.

mod events;
mod groups;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::health::Factor;
use millrace_models::marts;
use millrace_models::metric::Base;
use millrace_models::scope::Action;
use serde::Serialize;
use serde_json::Value;

use super::answer::{Row, shown_time};
use super::compile::moment;
use super::dimension::{Labels, identifier, literal};
use super::drill::{read, shown};
use super::error::QueryError;
use super::tables::STANDING;
use super::view::View;
pub use events::{FactorMove, HealthEvent};
pub use groups::{AccountGroup, GroupMember};

/// What changed is told against a day that is so far back.
const BEFORE: TimeDelta = TimeDelta::days(30);
/// The base that says which columns of a score are seen.
const BASE: &str = "health";
const METRIC: &str = "accounts_scored";

/// What a factor added to a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorScore {
    /// Which.
    pub factor: String,
    /// What it measures, in its unit; null without data.
    pub value: Option<f64>,
    /// What it adds to the score.
    pub points: f64,
    /// What it could add at most; 0 without data.
    pub weight: f64,
}

/// The score of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scoring {
    /// The last moment of the day, in the company's zone.
    pub as_of: String,
    /// The columns of `account_health` that the caller sees.
    pub scored: Row,
    /// What the score is made of, as the scorecard lists it.
    pub factors: Vec<FactorScore>,
}

/// A scored day in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoredDay {
    /// The last moment of the day, in the company's zone.
    pub as_of: String,
    /// 0 to 100.
    pub score: f64,
    /// By the score of that day.
    pub status: String,
    /// The one that held.
    pub settled_status: String,
    /// How much of the business was done with it.
    pub value_tier: String,
}

/// The last score of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountScore {
    /// Its id.
    pub account_id: String,
    /// 0 to 100.
    pub score: f64,
    /// By that score.
    pub status: String,
    /// The day of the last order, in the company's zone.
    pub last_order_at: Option<String>,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountStanding {
    /// Its id.
    pub account_id: String,
    /// What people call it.
    pub label: String,
    /// The last score.
    pub now: Scoring,
    /// The last one that is at least 30 days older; none where there is none.
    pub before: Option<Scoring>,
    /// The factors that moved most since then, and what happened meanwhile.
    pub moves: Vec<FactorMove>,
    /// The group that it belongs to; none where it has no kin with a score.
    pub group: Option<AccountGroup>,
    /// All scored days, the oldest first.
    pub days: Vec<ScoredDay>,
}

/// The standing of the account that is called so, by id or name; `None` where the caller sees no
/// score of such an account.
pub(super) async fn of(
    view: View<'_>,
    account: &str,
    now: DateTime<Utc>,
) -> Result<Option<AccountStanding>, QueryError> {
    view.metric(METRIC, Action::Read)?;
    let base = view.registry.base(BASE).ok_or(QueryError::NoMetric)?;
    let words = view.words(Labels::Accounts).await?;
    let id = words.id(account).unwrap_or(account);
    let days = days(view, id, now).await?;
    let Some((_, last)) = days.last() else {
        return Ok(None);
    };
    let last = *last;
    let earlier = days.iter().rev().find(|(_, at)| last - *at >= BEFORE);
    let earlier = earlier.map(|(_, at)| *at);
    let now = scoring(view, base, id, last).await?;
    let before = match earlier {
        Some(at) => scoring(view, base, id, at).await?,
        None => None,
    };
    let moves = match (&before, earlier, &now) {
        (Some(before), Some(from), Some(now)) => {
            events::of(view, id, (before, from), (now, last)).await?
        }
        _ => Vec::new(),
    };
    let label = words.label(id).to_owned();
    let is_of = |group: &AccountGroup| group.members.iter().any(|own| own.account_id == id);
    let group = groups::all(view).await?.into_iter().find(is_of);
    Ok(now.map(|now| AccountStanding {
        account_id: id.to_owned(),
        label,
        now,
        before,
        moves,
        group,
        days: days.into_iter().map(|(day, _)| day).collect(),
    }))
}

/// The groups of accounts with a score.
pub(super) async fn groups(view: View<'_>) -> Result<Vec<AccountGroup>, QueryError> {
    view.metric(METRIC, Action::Read)?;
    groups::all(view).await
}

/// The last scores of accounts by their ids.
pub(super) async fn scores(
    view: View<'_>,
    accounts: &[&str],
) -> Result<Vec<AccountScore>, QueryError> {
    view.metric(METRIC, Action::Read)?;
    let ids: Vec<String> = accounts.iter().map(|id| literal(id)).collect();
    let sql = format!(
        "SELECT account_id AS id, score, status, last_order_at FROM {} WHERE account_id IN ({}) \
         ORDER BY account_id",
        view.source(STANDING),
        ids.join(", ")
    );
    // by another name than that of accounts, whose ids are shown as words
    let names = ["id", "score", "status", "last_order_at"].map(str::to_owned);
    let text = |row: &Row, name: &str| row.get(name)?.as_str().map(str::to_owned);
    let rows = rows(view, &sql, &names).await?.into_iter();
    Ok(rows
        .filter_map(|row| {
            Some(AccountScore {
                account_id: text(&row, "id")?,
                score: row.get("score")?.as_f64()?,
                status: text(&row, "status")?,
                last_order_at: text(&row, "last_order_at"),
            })
        })
        .collect())
}

/// The scored days, each with its moment.
async fn days(
    view: View<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<(ScoredDay, DateTime<Utc>)>, QueryError> {
    let sql = format!(
        "SELECT as_of, score, status, settled_status, value_tier FROM {} WHERE account_id = {} AND as_of <= {} \
         ORDER BY as_of",
        view.source("account_health"),
        literal(id),
        moment(now.timestamp_micros())
    );
    let names = ["as_of", "score", "status", "settled_status", "value_tier"];
    let text = |row: &Row, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = rows(view, &sql, &names.map(str::to_owned)).await?;
    let days = rows.into_iter().filter_map(|row| {
        let at = DateTime::parse_from_rfc3339(row["as_of"].as_str()?).ok()?;
        let day = ScoredDay {
            as_of: text(&row, "as_of"),
            score: row["score"].as_f64()?,
            status: text(&row, "status"),
            settled_status: text(&row, "settled_status"),
            value_tier: text(&row, "value_tier"),
        };
        Some((day, at.to_utc()))
    });
    Ok(days.collect())
}

/// The score of a day and what it is made of.
async fn scoring(
    view: View<'_>,
    base: &Base,
    id: &str,
    at: DateTime<Utc>,
) -> Result<Option<Scoring>, QueryError> {
    let of_day = |table: &str, items: &str| {
        format!(
            "SELECT {items} FROM {} WHERE account_id = {} AND as_of = {}",
            view.source(table),
            literal(id),
            moment(at.timestamp_micros())
        )
    };
    let schema = marts::schema("account_health").ok_or(QueryError::NoMetric)?;
    let columns = schema.fields().iter().map(|field| field.name().clone());
    let columns: Vec<String> = columns
        .filter(|name| name != "account_id" && name != "as_of")
        .filter(|name| Some(name.as_str()) != marts::partition(&base.table))
        .filter(|name| view.shows(base, name))
        .collect();
    let items: Vec<String> = columns.iter().map(|name| identifier(name)).collect();
    let sql = of_day("account_health", &items.join(", "));
    let Some(scored) = rows(view, &sql, &columns).await?.pop() else {
        return Ok(None);
    };
    let names = ["factor", "value", "points", "weight"].map(str::to_owned);
    let sql = of_day("health_factors", "factor, value, points, weight");
    let factors = rows(view, &sql, &names).await?.into_iter().map(|row| {
        let number = |name: &str| row.get(name).and_then(Value::as_f64);
        FactorScore {
            factor: row["factor"].as_str().unwrap_or_default().to_owned(),
            value: number("value"),
            points: number("points").unwrap_or_default(),
            weight: number("weight").unwrap_or_default(),
        }
    });
    let mut factors: Vec<FactorScore> = factors.collect();
    let place = |factor: &str| {
        let mut all = Factor::WEIGHTS.iter();
        all.position(|(own, _)| own.name() == factor)
    };
    factors.sort_by_key(|own| place(&own.factor));
    Ok(Some(Scoring {
        as_of: shown_time(view.opened, at),
        scored,
        factors,
    }))
}

async fn rows(view: View<'_>, sql: &str, columns: &[String]) -> Result<Vec<Row>, QueryError> {
    let shown = shown(view, columns.to_vec()).await?;
    let mut rows = Vec::new();
    for batch in view.opened.run(sql).await? {
        rows.extend(read(view.opened.zone, &shown, &batch)?);
    }
    Ok(rows)
}
