//! What will be won by the end of a month or quarter, of the deals that the caller sees.
//!
//! The probabilities are learned from these deals alone: what others win and lose is told to nobody
//! by a number about their own. Conditions choose the deals that count, and leave what is learned
//! as it is, so a deal has one probability however the page is filtered. What is won so far, and
//! what was won in earlier periods, is the query of these numbers.

mod history;
mod windows;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use datafusion::error::DataFusionError;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::forecast::backtest::{Miss, Proof, backtest};
use millrace_models::forecast::simulate::Endings;
use millrace_models::forecast::{
    Ahead, COVERED, LEAST_PERIODS, LEAST_WON, Lacking, MOST_PERIODS, Open, Outlook, Standing, Sum,
    Window,
};
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

/// What is won, and how many deals that is.
const WON: [&str; 2] = ["won_amount", "opportunities_won"];
/// Open deals on a page where nothing else is asked, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;
/// A period begins so many days ahead at most.
const AHEAD_DAYS: i64 = 184;
const SEED: u64 = 0x6d69_6c6c_7261_6365;
/// What is shown of an open deal.
const COLUMNS: [&str; 9] = [
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
    /// Open deals on the page, 50 where left out, at most 1000.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// What the history was enough for, or not.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Learned {
    /// Deals that were won by then.
    pub wins: usize,
    /// Finished visits of stages that the probabilities are made of.
    pub visits: usize,
    /// Open ones.
    pub open_visits: usize,
    /// Past periods that the deals which are not opened yet are counted in.
    pub periods: usize,
    /// Deals that must have been won.
    pub least_wins: usize,
    /// Past periods that there must be.
    pub least_periods: usize,
}

/// The numbers of all deals, or of a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// What is told without looking back.
    #[serde(flatten)]
    pub standing: Standing,
    /// What of the open deals is expected to be won within the period.
    pub from_open: Option<Sum>,
    /// What is expected of deals that are not opened yet.
    pub from_new: Option<Sum>,
    /// All together.
    pub expected: Option<Sum>,
    /// The least of the interval.
    pub low: Option<Sum>,
    /// The most of it.
    pub high: Option<Sum>,
    /// The endings that the interval is of.
    #[serde(skip)]
    pub endings: Option<Endings>,
}

impl Figures {
    fn standing(standing: Standing) -> Self {
        Self {
            standing,
            from_open: None,
            from_new: None,
            expected: None,
            low: None,
            high: None,
            endings: None,
        }
    }

    /// The chance that at least that amount is won.
    pub fn chance_of(&self, amount: f64) -> Option<f64> {
        self.endings.as_ref().map(|endings| endings.reach(amount))
    }

    fn is_empty(&self) -> bool {
        let standing = &self.standing;
        let expected = self.expected.map_or(0.0, |sum| sum.count);
        standing.won.count + standing.open.count + expected == 0.0
    }

    fn amount(&self) -> f64 {
        self.expected.unwrap_or(self.standing.weighted).amount
    }
}

/// The numbers of a team or a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What it is called; none of deals without one.
    pub name: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A day of the period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathDay {
    /// The day.
    pub date: NaiveDate,
    /// Whether it is worked.
    pub working: bool,
    /// What was won by its end, or by now; none of days to come.
    pub won: Option<Sum>,
    /// What is expected to be won by its end, from today on.
    pub expected: Option<Sum>,
    /// The least of the interval.
    pub low: Option<Sum>,
    /// The most of it.
    pub high: Option<Sum>,
}

/// What an earlier period brought of deals that were not opened yet at the same point of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brought {
    /// The period.
    pub period: TargetPeriod,
    /// What it brought.
    #[serde(flatten)]
    pub sum: Sum,
}

/// An earlier period as it was forecast at the same point of it, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProvenPeriod {
    /// The period.
    pub period: TargetPeriod,
    /// The moment that it is forecast at, in the company's zone.
    pub as_of: String,
    /// What was won in it.
    pub actual: Sum,
    /// What was expected.
    pub expected: Sum,
    /// The least of the interval.
    pub low: Sum,
    /// The most of it.
    pub high: Sum,
    /// The weighted pipeline of then.
    pub weighted: Sum,
    /// What was won in the same period a year before it.
    pub year_before: Option<Sum>,
}

/// How forecasts of earlier periods did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proven {
    /// The periods, the latest first.
    pub periods: Vec<ProvenPeriod>,
    /// How far off the forecast was.
    pub forecast: Option<Miss>,
    /// How far off the weighted pipeline was.
    pub weighted: Option<Miss>,
    /// How far off the same period a year before was.
    pub year_before: Option<Miss>,
    /// The share of periods whose number of deals lay within the interval.
    pub covered_count: Option<f64>,
    /// The same of the amounts.
    pub covered_amount: Option<f64>,
}

/// An open deal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenDeal {
    /// What the caller sees of it.
    #[serde(flatten)]
    pub record: Row,
    /// Working days that it has been in its stage.
    pub days_in_stage: i32,
    /// The probability that it is won within the period; none where the history is too short.
    pub probability: Option<f64>,
    /// The amount that counts: its own, or the mean of deals won where it has none.
    pub counted_amount: f64,
    /// That amount times the probability.
    pub expected_amount: Option<f64>,
    /// What of its amount is in the weighted pipeline: the probability that is told of its stage, 0
    /// where it is not expected to be won by the end of the period.
    pub weight: f64,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastResult {
    /// The month or quarter.
    pub period: TargetPeriod,
    /// Its days.
    pub days: Period,
    /// By what it is split.
    pub by: Option<ForecastBy>,
    /// The conditions that all deals met.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The published set.
    pub set: i64,
    /// The versions of the marts that were read.
    pub versions: BTreeMap<String, i64>,
    /// Working days of the period, and those that are left of it, today among them.
    pub working_days: i64,
    /// See there.
    pub working_days_left: i64,
    /// Of so many endings in ten the interval holds.
    pub covered: f64,
    /// Why nothing is expected; none where something is.
    pub lacking: Option<Lacking>,
    /// What was learned from.
    pub learned: Learned,
    /// All deals that count.
    pub total: Figures,
    /// The parts of it, the one with most expected first.
    pub groups: Vec<Group>,
    /// The days of the period.
    pub path: Vec<PathDay>,
    /// What is expected of deals that are not opened yet is the mean of these.
    pub new_before: Vec<Brought>,
    /// How it did before; none where nothing is expected.
    pub proof: Option<Proven>,
    /// How many open deals count.
    pub deals_count: usize,
    /// Those of this page.
    pub deals: Vec<OpenDeal>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
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

/// A forecast, and beside it all its open deals, the one with most expected first.
#[derive(Debug)]
pub(super) struct Whole {
    told: ForecastResult,
    deals: Vec<OpenDeal>,
}

impl Whole {
    /// How many values it holds, about.
    pub(super) fn values(&self) -> usize {
        let deals: usize = self.deals.iter().map(|deal| 6 + deal.record.len()).sum();
        // the endings of the whole and of each group
        deals + 500 * (1 + self.told.groups.len())
    }
}

/// A page of the whole: its deals in the order that is asked for.
///
/// # Errors
/// [`QueryError::Unusable`] for a cursor that is none of this set.
pub(super) fn page(
    whole: &Whole,
    request: &ForecastRequest,
    set: i64,
) -> Result<ForecastResult, QueryError> {
    let offset = match &request.cursor {
        None => 0,
        Some(text) => {
            let parts = text.strip_prefix('s').and_then(|rest| rest.split_once('o'));
            let parsed =
                parts.and_then(|(set, offset)| Some((set.parse().ok()?, offset.parse().ok()?)));
            match parsed {
                Some((of, offset)) if of == set => offset,
                Some((_, _)) => {
                    return Err(QueryError::Unusable(
                        "the cursor belongs to numbers that are gone: ask again without it"
                            .to_owned(),
                    ));
                }
                None::<(i64, usize)> => {
                    return Err(QueryError::Unusable(format!(
                        "{text:?} is not a cursor of a forecast"
                    )));
                }
            }
        }
    };
    let size = request.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let mut order: Vec<&OpenDeal> = whole.deals.iter().collect();
    let day = |deal: &OpenDeal| {
        let day = deal.record.get("expected_close_on").and_then(Value::as_str);
        day.map_or("9999".to_owned(), str::to_owned)
    };
    let by = |key: fn(&OpenDeal) -> f64| {
        move |left: &&OpenDeal, right: &&OpenDeal| key(right).total_cmp(&key(left))
    };
    match request.order {
        // as they are
        ForecastOrder::Expected => {}
        ForecastOrder::Amount => order.sort_by(by(|deal| deal.counted_amount)),
        ForecastOrder::Probability => order.sort_by(by(|deal| deal.probability.unwrap_or(0.0))),
        ForecastOrder::DaysInStage => order.sort_by(by(|deal| f64::from(deal.days_in_stage))),
        ForecastOrder::ExpectedCloseOn => order.sort_by_cached_key(|deal| day(deal)),
    }
    let deals: Vec<OpenDeal> = order.into_iter().skip(offset).take(size).cloned().collect();
    let end = offset + deals.len();
    Ok(ForecastResult {
        set,
        conditions: request.conditions.clone(),
        next_cursor: (end < whole.deals.len()).then(|| format!("s{set}o{end}")),
        deals,
        ..whole.told.clone()
    })
}

/// What is won, by members of a dimension.
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

    /// The open deals that count, as they are shown.
    async fn records(
        &self,
        reading: &Reading<'_>,
    ) -> Result<HashMap<(String, i32), Row>, QueryError> {
        let base = self
            .view
            .registry
            .base("deal")
            .ok_or(QueryError::NoMetric)?;
        let columns: Vec<&str> = COLUMNS
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
    let asked = Asked { view, request, at };
    let versions = versions(view, request)?;
    let versions = closed::versions(view, versions, at).await?;
    let window = windows::of(calendar, period, at);
    let most = if period.grain() == Grain::Month {
        12
    } else {
        8
    };
    let a_year = if period.grain() == Grain::Month {
        12
    } else {
        4
    };
    let past = windows::past(calendar, (period, &window), most + MOST_PERIODS as u32);
    let so_far = asked.won("day", period.days()).await?;
    let earlier = match (past.last(), past.first()) {
        (Some((first, _)), Some((last, _))) => {
            let days = Period {
                from: first.days().from,
                to: last.days().to,
            };
            asked.won(period.grain_name(), days).await?
        }
        _ => Won {
            all: Sum::default(),
            by: HashMap::new(),
        },
    };
    let by_group = match request.by {
        Some(by) => Some(asked.won(by.name(), period.days()).await?),
        None => None,
    };
    let group = match request.by {
        Some(by) => {
            let metric = view.metric(DEALS, Action::Read)?;
            let base = view.registry.base(&metric.entity);
            Some(view.dimension(metric, base.ok_or(QueryError::NoMetric)?, by.name())?)
        }
        None => None,
    };
    let reading = Reading {
        view,
        conditions: &request.conditions,
        group: group.as_ref(),
        as_of: at,
    };
    let known = reading.read().await?;
    let names = match group.as_ref().and_then(|group| group.labels) {
        Some(labels) => Some(view.words(labels).await?),
        None => None,
    };
    let named = known.groups.iter().map(|id| {
        let id = id.as_deref()?;
        Some(
            names
                .as_ref()
                .map_or(id, |words| words.label(id))
                .to_owned(),
        )
    });
    let names: Vec<Option<String>> = named.collect();
    let mut records = asked.records(&reading).await?;
    let work = Work {
        window,
        past,
        most: most as usize,
        a_year,
        is_split: request.by.is_some(),
        names,
        so_far: so_far.all,
        by_group,
        earlier,
        seed: SEED ^ seed_of(&period.to_string()),
    };
    let told = tokio::task::spawn_blocking(move || work.run(&known).keyed(&known))
        .await
        .map_err(|error| QueryError::Engine(DataFusionError::External(Box::new(error))))?;
    let mut deals: Vec<OpenDeal> = told
        .open
        .into_iter()
        .filter_map(|(key, stage, own)| {
            let probability = told.lacking.is_none().then_some(own.probability);
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
        })
        .collect();
    let rank = |deal: &OpenDeal| {
        deal.expected_amount
            .unwrap_or(deal.weight * deal.counted_amount)
    };
    deals.sort_by(|left, right| {
        let first = rank(right).total_cmp(&rank(left));
        first.then(right.counted_amount.total_cmp(&left.counted_amount))
    });
    let days = period.days();
    let told = ForecastResult {
        period,
        days,
        by: request.by,
        conditions: request.conditions.clone(),
        as_of: shown_time(view.opened, at),
        set: view.opened.set.id,
        versions,
        working_days: i64::from(
            calendar.working_day_of(days.to)
                - calendar.working_day_of(days.from.pred_opt().unwrap_or(days.from)),
        ),
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

/// A number for a text, the same wherever it is made.
fn seed_of(text: &str) -> u64 {
    let bytes = text.bytes();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
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

/// What is worked out away from everything that waits.
struct Work {
    window: Window,
    past: Vec<(TargetPeriod, Window)>,
    most: usize,
    a_year: usize,
    is_split: bool,
    /// What the groups are called.
    names: Vec<Option<String>>,
    so_far: Sum,
    by_group: Option<Won>,
    earlier: Won,
    seed: u64,
}

/// An open deal: its id and episode, its stage where that is known, and what is told of it.
type Keyed = ((String, i32), Option<String>, Open);

/// What came of it.
struct Told<Deal> {
    lacking: Option<Lacking>,
    learned: Learned,
    total: Figures,
    groups: Vec<Group>,
    ahead: Vec<Ahead>,
    brought: Vec<Brought>,
    proof: Option<Tested>,
    open: Vec<Deal>,
}

/// Proofs and their periods.
struct Tested {
    periods: Vec<(TargetPeriod, i64, Proof)>,
    forecast: Option<Miss>,
    weighted: Option<Miss>,
    year_before: Option<Miss>,
    covered_count: Option<f64>,
    covered_amount: Option<f64>,
}

impl Told<Open> {
    /// With the ids of the open deals.
    fn keyed(self, known: &Known) -> Told<Keyed> {
        let Self {
            lacking,
            learned,
            total,
            groups,
            ahead,
            brought,
            proof,
            open,
        } = self;
        let open = open.into_iter().map(|own| {
            let stage = known.stages.get(usize::from(own.stage));
            let stage = stage.filter(|stage| !stage.is_empty()).cloned();
            (known.deals[own.deal as usize].clone(), stage, own)
        });
        Told {
            lacking,
            learned,
            total,
            groups,
            ahead,
            brought,
            proof,
            open: open.collect(),
        }
    }
}

impl Work {
    fn run(&self, known: &Known) -> Told<Open> {
        let history = &known.history;
        let windows: Vec<Window> = self.past.iter().map(|(_, window)| *window).collect();
        let mut learned = Learned {
            wins: history
                .deals
                .iter()
                .filter(|deal| deal.won_us.is_some_and(|won| won <= self.window.at_us))
                .count(),
            least_wins: LEAST_WON,
            least_periods: LEAST_PERIODS,
            ..Learned::default()
        };
        let counts = |own: &&Open| history.deals[own.deal as usize].counts;
        let counting =
            |open: &[Open]| -> Vec<Open> { open.iter().filter(counts).copied().collect() };
        let outlook = match Outlook::new(history, self.window, &windows) {
            Ok(outlook) => outlook,
            Err(lacking) => {
                let open = history.open_at(&self.window);
                let figures = |group: Option<u32>, won: Sum| {
                    let standing = Standing::of(history, &self.window, &open, group);
                    Figures::standing(standing.with_won(won))
                };
                return Told {
                    lacking: Some(lacking),
                    learned,
                    total: figures(None, self.so_far),
                    groups: self.groups(&|group, won| figures(Some(group), won)),
                    ahead: Vec::new(),
                    brought: Vec::new(),
                    proof: None,
                    open: counting(&open),
                };
            }
        };
        learned.visits = outlook.visits;
        learned.open_visits = outlook.censored;
        let figures = |group: Option<u32>, won: Sum, seed: u64| {
            let forecast = outlook.forecast(group, seed).with_won(won);
            Figures {
                standing: forecast.standing,
                from_open: Some(forecast.from_open),
                from_new: Some(forecast.from_new),
                expected: Some(forecast.expected),
                low: Some(forecast.low),
                high: Some(forecast.high),
                endings: Some(forecast.endings),
            }
        };
        let total = figures(None, self.so_far, self.seed);
        let groups = self.groups(&|group, won| {
            let name = self.names[group as usize].as_deref().unwrap_or_default();
            figures(Some(group), won, self.seed ^ seed_of(name))
        });
        let own = Standing::of(history, &self.window, outlook.open(), None).won;
        let moved = total.standing.won - own;
        let ahead = outlook.path(self.seed).into_iter().map(|day| Ahead {
            expected: day.expected + moved,
            low: day.low + moved,
            high: day.high + moved,
        });
        let brought: Vec<Brought> = outlook
            .brought(None)
            .into_iter()
            .zip(&self.past)
            .map(|(sum, (period, _))| Brought {
                period: *period,
                sum,
            })
            .collect();
        learned.periods = brought.len();
        Told {
            lacking: None,
            learned,
            total,
            groups,
            ahead: ahead.collect(),
            brought,
            proof: Some(self.proof(known, &windows)),
            open: counting(outlook.open()),
        }
    }

    /// The groups that there is anything of, the one with most expected first.
    fn groups(&self, figures: &dyn Fn(u32, Sum) -> Figures) -> Vec<Group> {
        let Some(won) = &self.by_group else {
            return Vec::new();
        };
        if !self.is_split {
            return Vec::new();
        }
        let mut left: HashMap<&Option<String>, Sum> =
            won.by.iter().map(|(name, sum)| (name, *sum)).collect();
        let mut groups: Vec<Group> = (0_u32..)
            .zip(&self.names)
            .map(|(number, name)| Group {
                name: name.clone(),
                figures: figures(number, left.remove(name).unwrap_or_default()),
            })
            .collect();
        // who has nothing now, and had something when a month was closed
        groups.extend(left.into_iter().map(|(name, won)| Group {
            name: name.clone(),
            figures: Figures::standing(Standing::default().with_won(won)),
        }));
        groups.retain(|group| !group.figures.is_empty());
        groups.sort_by(|left, right| {
            let first = right.figures.amount().total_cmp(&left.figures.amount());
            first.then_with(|| left.name.cmp(&right.name))
        });
        groups
    }

    fn proof(&self, known: &Known, windows: &[Window]) -> Tested {
        let actual = |window: &Window| {
            let period = self
                .past
                .iter()
                .find(|(_, own)| own.opens_us == window.opens_us);
            period.map_or_else(Sum::default, |(period, _)| {
                self.earlier.of(&period.to_string())
            })
        };
        let tested = backtest(
            &known.history,
            windows,
            (self.most, self.a_year),
            actual,
            self.seed,
        );
        let periods = tested.proofs.into_iter().map(|proof| {
            let (period, window) = self.past[proof.place];
            (period, window.at_us, proof)
        });
        Tested {
            periods: periods.collect(),
            forecast: tested.forecast,
            weighted: tested.weighted,
            year_before: tested.year_before,
            covered_count: tested.covered_count,
            covered_amount: tested.covered_amount,
        }
    }
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
