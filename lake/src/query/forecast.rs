//! What will be won by the end of a month or quarter, of the deals that the caller sees.
//!
//! The probabilities are learned from these deals alone: what others win and lose is told to nobody
//! by a number about their own. Conditions choose the deals that count, and leave what is learned
//! as it is, so a deal has one probability however the page is filtered. What is won so far, and
//! what was won in earlier periods, is the query of these numbers.

mod history;
mod pages;
mod told;
mod windows;
mod work;

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeZone, Utc};
use datafusion::error::DataFusionError;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::forecast::{Ahead, COVERED, MOST_PERIODS, Sum, Window};
use millrace_models::metric::Metric;
use millrace_models::period::Grain;
use millrace_models::query::{Condition, Period, Query};
use millrace_models::scope::Action;
use millrace_models::target::TargetPeriod;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Row, answer, shown_time};
use super::closed;
use super::drill::{read, shown};
use super::error::QueryError;
use super::reads::{self, Versions};
use super::view::View;
use history::{DEALS, Known, Reading, VISITS};
pub(super) use pages::{Whole, page};
pub use told::{
    Brought, Figures, ForecastResult, Group, Learned, OpenDeal, PathDay, Proven, ProvenPeriod,
};
use work::{Keyed, Tested, Work, seed_of};

/// What is won, and how many deals that is.
const WON: [&str; 2] = ["won_amount", "opportunities_won"];
/// A period begins so many days ahead at most.
const AHEAD_DAYS: i64 = 184;
const SEED: u64 = 0x6d69_6c6c_7261_6365;
/// What is shown of an open deal.
pub const FORECAST_DEAL_COLUMNS: [&str; 9] = [
    "opportunity_id",
    "account_id",
    "product",
    "owner",
    "team",
    "stage",
    "opened_at",
    "expected_close_on",
    "amount",
];

/// Whose the parts of a forecast are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastBy {
    /// Of teams.
    Team,
    /// Of people.
    Owner,
}

impl ForecastBy {
    /// The dimension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Owner => "owner",
        }
    }
}

/// What open deals are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastOrder {
    /// What is expected of them, the most first.
    #[default]
    Expected,
    /// Their amount, the largest first.
    Amount,
    /// Their probability, the highest first.
    Probability,
    /// The working days in their stage, the most first.
    DaysInStage,
    /// The day on which they are expected to be won, the earliest first.
    ExpectedCloseOn,
}

/// What is asked.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ForecastRequest {
    /// The month or quarter; this month where left out.
    pub period: Option<TargetPeriod>,
    /// By what it is split.
    pub by: Option<ForecastBy>,
    /// Conditions that all must hold.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// Answer as of then; without it the time is now.
    pub as_of: Option<DateTime<Utc>>,
    /// What the open deals are ordered by.
    pub order: ForecastOrder,
    /// Open deals on the page, 50 where left out, from 1 to 1000.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// The period that is meant.
///
/// # Errors
/// [`QueryError::Unusable`] for a year, and for a period that is over or far ahead.
fn period(
    calendar: &WorkingCalendar,
    request: &ForecastRequest,
    at: DateTime<Utc>,
) -> Result<TargetPeriod, QueryError> {
    let today = calendar.date_of(at);
    let Some(period) = request
        .period
        .or_else(|| TargetPeriod::around(Grain::Month, today))
    else {
        return Err(QueryError::NoMetric);
    };
    let days = period.days();
    if period.grain() == Grain::Year {
        return Err(QueryError::Unusable(format!(
            "a forecast is of a month or a quarter, such as {} or {}, not of the year {period}",
            Grain::Month.label(today),
            Grain::Quarter.label(today)
        )));
    }
    if days.to < today {
        return Err(QueryError::Unusable(format!(
            "{period} is over: what was won in it is won_amount; as of a day in it, it can be forecast again"
        )));
    }
    if (days.from - today).num_days() > AHEAD_DAYS {
        return Err(QueryError::Unusable(format!(
            "{period} begins more than half a year after {today}"
        )));
    }
    Ok(period)
}

/// The moment that stands for now: of one set and day it is the same, so that the same question has
/// the same answer.
pub(super) fn moment(
    view: View<'_>,
    request: &ForecastRequest,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if let Some(as_of) = request.as_of {
        return as_of;
    }
    let set = &view.opened.set;
    let last = set.last_event_at.unwrap_or(set.complete_to);
    if last > now {
        return reads::moment(view.opened, now);
    }
    let zone = view.opened.zone;
    let midnight = view.opened.calendar.date_of(now).and_time(NaiveTime::MIN);
    let began = zone.from_local_datetime(&midnight).earliest();
    let began = began.map_or(now, |began| began.to_utc());
    began.max(last).max(set.complete_to).min(now)
}

/// The tables that a forecast reads.
pub(super) fn versions(view: View<'_>, request: &ForecastRequest) -> Result<Versions, QueryError> {
    let metrics = [WON[0], WON[1], DEALS, VISITS];
    let metrics = metrics.map(|name| view.metric(name, Action::Read));
    let metrics: Vec<&Metric> = metrics.into_iter().collect::<Result<Vec<_>, _>>()?;
    let asked = request.conditions.iter();
    let asked = asked.map(|condition| condition.dimension.as_str());
    let named = asked.chain(["account", "product", "owner", "team"]);
    Ok(reads::versions(view, &metrics, &named))
}

/// As it was asked, without what only chooses a page.
pub(super) fn question(request: &ForecastRequest) -> ForecastRequest {
    let query = Query {
        conditions: request.conditions.clone(),
        ..Query::default()
    };
    ForecastRequest {
        conditions: query.canonical().conditions,
        order: ForecastOrder::default(),
        limit: None,
        cursor: None,
        ..request.clone()
    }
}

/// What is won, by members of a dimension.
#[derive(Default)]
struct Won {
    all: Sum,
    by: HashMap<Option<String>, Sum>,
}

impl Won {
    fn of(&self, member: &str) -> Sum {
        self.by
            .get(&Some(member.to_owned()))
            .copied()
            .unwrap_or_default()
    }
}

/// What is shown of deals, by their ids and episodes.
type Records = HashMap<(String, i32), Row>;

struct Asked<'a> {
    view: View<'a>,
    request: &'a ForecastRequest,
    at: DateTime<Utc>,
}

impl Asked<'_> {
    async fn won(&self, by: &str, period: Period) -> Result<Won, QueryError> {
        let query = Query {
            metrics: WON.map(str::to_owned).to_vec(),
            by: vec![by.to_owned()],
            conditions: self.request.conditions.clone(),
            period: Some(period),
            as_of: self.request.as_of,
            ..Query::default()
        };
        let told = answer(self.view, &query, self.at).await?;
        let sum = |row: &Row| {
            let number = |name: &str| row.get(name).and_then(Value::as_f64).unwrap_or_default();
            Sum {
                count: number(WON[1]),
                amount: number(WON[0]),
            }
        };
        let member = |row: &Row| row.get(by).and_then(Value::as_str).map(str::to_owned);
        Ok(Won {
            all: sum(&told.total),
            by: told
                .rows
                .iter()
                .map(|row| (member(row), sum(row)))
                .collect(),
        })
    }

    /// What was won in earlier periods, by their labels.
    async fn earlier(
        &self,
        past: &[(TargetPeriod, Window)],
        grain: &str,
    ) -> Result<Won, QueryError> {
        let (Some((first, _)), Some((last, _))) = (past.last(), past.first()) else {
            return Ok(Won::default());
        };
        let days = Period {
            from: first.days().from,
            to: last.days().to,
        };
        self.won(grain, days).await
    }

    /// All that is read, and what is to be made of it.
    async fn work(
        &self,
        period: TargetPeriod,
        so_far: Sum,
    ) -> Result<(Work, Known, Records), QueryError> {
        let (view, request) = (self.view, self.request);
        let window = windows::of(&view.opened.calendar, period, self.at);
        let (most, a_year) = match period.grain() {
            Grain::Month => (12, 12),
            _ => (8, 4),
        };
        let past = windows::past(
            &view.opened.calendar,
            (period, &window),
            most + MOST_PERIODS,
        );
        let earlier = self.earlier(&past, period.grain_name()).await?;
        let (by_group, group) = match request.by {
            None => (None, None),
            Some(by) => {
                let metric = view.metric(DEALS, Action::Read)?;
                let base = view.registry.base(&metric.entity);
                let base = base.ok_or(QueryError::NoMetric)?;
                let dimension = view.dimension(metric, base, by.name())?;
                let won = self.won(by.name(), period.days()).await?;
                (Some(won), Some(dimension))
            }
        };
        let reading = Reading {
            view,
            conditions: &request.conditions,
            group: group.as_ref(),
            as_of: self.at,
        };
        let known = reading.read().await?;
        let words = match group.as_ref().and_then(|group| group.labels) {
            Some(labels) => Some(view.words(labels).await?),
            None => None,
        };
        let called = known.groups.iter().map(|id| {
            let id = id.as_deref()?;
            let word = words.as_ref().map_or(id, |words| words.label(id));
            Some(word.to_owned())
        });
        let work = Work {
            window,
            past,
            most,
            a_year,
            names: called.collect(),
            so_far,
            by_group,
            earlier,
            seed: SEED ^ seed_of(&period.to_string()),
        };
        let records = self.records(&reading).await?;
        Ok((work, known, records))
    }

    /// The open deals that count, as they are shown.
    async fn records(&self, reading: &Reading<'_>) -> Result<Records, QueryError> {
        let base = self
            .view
            .registry
            .base("deal")
            .ok_or(QueryError::NoMetric)?;
        let columns: Vec<&str> = FORECAST_DEAL_COLUMNS
            .into_iter()
            .filter(|name| self.view.shows(base, name))
            .collect();
        let names = columns.iter().map(|name| (*name).to_owned()).collect();
        let shown = shown(self.view, names).await?;
        let episode = [("episode".to_owned(), None)];
        let mut records = HashMap::new();
        for batch in reading.open(&columns).await? {
            let zone = self.view.opened.zone;
            let rows = read(zone, &shown, &batch)?.into_iter();
            for (row, key) in rows.zip(read(zone, &episode, &batch)?) {
                let number = key.get("episode").and_then(Value::as_i64);
                let number = number.and_then(|number| i32::try_from(number).ok());
                let id = row.get("opportunity_id").and_then(Value::as_str);
                if let Some(id) = id.map(str::to_owned) {
                    records.insert((id, number.unwrap_or(1)), row);
                }
            }
        }
        Ok(records)
    }
}

/// The whole, with all open deals.
pub(super) async fn whole(
    view: View<'_>,
    request: &ForecastRequest,
    at: DateTime<Utc>,
) -> Result<Whole, QueryError> {
    let calendar = &view.opened.calendar;
    let period = period(calendar, request, at)?;
    let days = period.days();
    let asked = Asked { view, request, at };
    let versions = closed::versions(view, versions(view, request)?, at).await?;
    let so_far = asked.won("day", days).await?;
    let (work, known, records) = asked.work(period, so_far.all).await?;
    let window = work.window;
    let told = tokio::task::spawn_blocking(move || work.run(&known).keyed(&known))
        .await
        .map_err(|error| QueryError::Engine(DataFusionError::External(Box::new(error))))?;
    let deals = shown_deals(told.open, records, told.lacking.is_none());
    let before = days.from.pred_opt().unwrap_or(days.from);
    let working = calendar.working_day_of(days.to) - calendar.working_day_of(before);
    let told = ForecastResult {
        period,
        days,
        by: request.by,
        conditions: request.conditions.clone(),
        as_of: shown_time(view.opened, at),
        set: view.opened.set.id,
        versions,
        working_days: i64::from(working),
        working_days_left: i64::try_from(window.days()).unwrap_or(i64::MAX),
        covered: COVERED,
        lacking: told.lacking,
        learned: told.learned,
        path: path(calendar, days, at, &so_far, &told.ahead),
        new_before: told.brought,
        proof: told.proof.map(|proof| proven(proof, view)),
        deals_count: deals.len(),
        deals: Vec::new(),
        total: told.total,
        groups: told.groups,
        next_cursor: None,
    };
    Ok(Whole { told, deals })
}

/// Open deals as they are shown, the one with most expected first.
fn shown_deals(open: Vec<Keyed>, mut records: Records, is_told: bool) -> Vec<OpenDeal> {
    let deals = open.into_iter().filter_map(|(key, stage, own)| {
        let probability = is_told.then_some(own.probability);
        let mut record = records.remove(&key)?;
        if let Some(stage) = stage {
            // the one that it was in then
            record.insert("stage".to_owned(), Value::from(stage));
        }
        Some(OpenDeal {
            record,
            days_in_stage: own.days_in_stage,
            probability,
            counted_amount: own.amount,
            expected_amount: probability.map(|probability| probability * own.amount),
            weight: own.weight,
        })
    });
    let mut deals: Vec<OpenDeal> = deals.collect();
    let rank = |deal: &OpenDeal| {
        let expected = deal.expected_amount;
        expected.unwrap_or(deal.weight * deal.counted_amount)
    };
    deals.sort_by(|left, right| {
        let first = rank(right).total_cmp(&rank(left));
        first.then(right.counted_amount.total_cmp(&left.counted_amount))
    });
    deals
}

/// What was won by each day that is over, and what is expected by those that follow.
fn path(
    calendar: &WorkingCalendar,
    days: Period,
    at: DateTime<Utc>,
    so_far: &Won,
    ahead: &[Ahead],
) -> Vec<PathDay> {
    let today = calendar.date_of(at);
    let mut won = Sum::default();
    let mut ahead = ahead.iter();
    let mut last: Option<Ahead> = None;
    let mut path = Vec::new();
    for date in days.from.iter_days().take_while(|date| *date <= days.to) {
        let working = calendar.is_working(date);
        let is_past = date <= today;
        if is_past {
            won = won + so_far.of(&Grain::Day.label(date));
        }
        if date >= today && working {
            last = ahead.next().copied().or(last);
        }
        let ahead = last.filter(|_| date >= today);
        path.push(PathDay {
            date,
            working,
            won: is_past.then_some(won),
            expected: ahead.map(|ahead| ahead.expected),
            low: ahead.map(|ahead| ahead.low),
            high: ahead.map(|ahead| ahead.high),
        });
    }
    path
}

fn proven(tested: Tested, view: View<'_>) -> Proven {
    let periods = tested.periods.into_iter().map(|(period, at_us, proof)| {
        let at = DateTime::from_timestamp_micros(at_us).unwrap_or_default();
        let forecast = &proof.forecast;
        ProvenPeriod {
            period,
            as_of: shown_time(view.opened, at),
            actual: proof.actual,
            expected: forecast.expected,
            low: forecast.low,
            high: forecast.high,
            weighted: forecast.standing.weighted,
            year_before: proof.year_before,
        }
    });
    Proven {
        periods: periods.collect(),
        forecast: tested.forecast,
        weighted: tested.weighted,
        year_before: tested.year_before,
        covered_count: tested.covered_count,
        covered_amount: tested.covered_amount,
    }
}
