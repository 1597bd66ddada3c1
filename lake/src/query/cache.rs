//! Answers that were given before.
//!
//! An answer is found again by all that it follows from: the question in its one form, the versions
//! of the tables that it read, the rights and the rows of the one who asks, the declarations, the
//! company's zone and calendar, and the moment where that matters. So nothing is ever taken out
//! because it were stale: what is not asked for any more makes room for what is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::marts;
use millrace_models::metric::Metric;
use millrace_models::query::{Compare, Query};
use millrace_models::scope::{Action, Reach, Rights};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::answer::{self, QueryResult, Row, selected, shown_time};
use super::drill::{self, DrillRequest, DrillResult};
use super::drivers::{self, DriversRequest, DriversResult};
use super::error::QueryError;
use super::forecast::{self, ForecastRequest, ForecastResult};
use super::origin::AnsweredBy;
use super::reads::{self, Versions};
use super::view::View;

/// What an answer is thought to take beside its texts, in bytes.
const ANSWER_BYTES: usize = 4096;
/// What a value of a row is thought to take beside its text, in bytes.
const VALUE_BYTES: usize = 128;

/// What was asked, however it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Numbers(Query),
    /// A first page, and its order.
    Records(Query, Option<String>),
    Members(String),
    /// As JSON.
    Drivers(String),
    /// As JSON.
    Forecast(String),
}

/// What an answer follows from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    question: Question,
    /// Where it matters.
    as_of: Option<DateTime<Utc>>,
    tables: Versions,
    rights: Rights,
    /// The rows of each mart.
    reach: Vec<Reach>,
    declarations: u64,
    basis: u64,
    /// Zone and calendar.
    place: u64,
}

#[derive(Debug)]
enum Kept {
    Numbers(QueryResult),
    Records(DrillResult),
    Members(Vec<String>),
    Drivers(Box<DriversResult>),
    /// With all open deals.
    Forecast(Box<forecast::Whole>),
}

#[derive(Debug)]
struct Answer {
    kept: Kept,
    bytes: u64,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Answer>> for Weight {
    fn weight(&self, _: &Key, answer: &Arc<Answer>) -> u64 {
        answer.bytes
    }
}

/// The answers of one engine.
pub(super) struct Answers {
    cache: Cache<Key, Arc<Answer>, Weight>,
    place: u64,
}

/// Zone and calendar as a number.
pub(super) fn place(zone: Tz, calendar: &WorkingCalendar) -> u64 {
    let mut hasher = DefaultHasher::new();
    zone.name().hash(&mut hasher);
    calendar.hash(&mut hasher);
    hasher.finish()
}

impl Answers {
    /// Room for answers of so many bytes.
    pub(super) fn new(bytes: u64, place: u64) -> Self {
        let about = usize::try_from(bytes).unwrap_or(usize::MAX) / (4 * ANSWER_BYTES);
        Self {
            cache: Cache::with_weighter(about.max(1), bytes, Weight),
            place,
        }
    }

    /// What is kept for a key, or what `compute` gives: of several who ask at once one computes,
    /// and if that one goes away the next.
    async fn get(
        &self,
        key: &Key,
        compute: impl Future<Output = Result<Kept, QueryError>>,
    ) -> Result<(Arc<Answer>, bool), QueryError> {
        match self.cache.get_value_or_guard_async(key).await {
            Ok(answer) => Ok((answer, true)),
            Err(place) => {
                let kept = compute.await?;
                let bytes = u64::try_from(kept.bytes()).unwrap_or(u64::MAX);
                let answer = Arc::new(Answer { kept, bytes });
                // it is no loss where the place was taken meanwhile
                let _ = place.insert(Arc::clone(&answer));
                Ok((answer, false))
            }
        }
    }

    fn key(
        &self,
        view: View<'_>,
        question: Question,
        tables: Versions,
        as_of: Option<DateTime<Utc>>,
    ) -> Key {
        let marts = marts::TABLES.iter();
        Key {
            question,
            as_of,
            tables,
            rights: view.access.rights().clone(),
            reach: marts
                .map(|mart| view.access.reach(view.registry, mart))
                .collect(),
            declarations: view.registry.fingerprint(),
            basis: view.opened.basis,
            place: self.place,
        }
    }

    /// As [`answer::answer`].
    pub(super) async fn numbers(
        &self,
        view: View<'_>,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<QueryResult, QueryError> {
        let metrics = metrics(view, &query.metrics)?;
        let moment = matters(view, &metrics, query, now);
        let question = Query {
            as_of: None,
            ..query.canonical()
        };
        let tables = reads::versions(view, &metrics, &reads::named(query));
        let key = self.key(view, Question::Numbers(question), tables, moment);
        let at = moment.or(query.as_of).unwrap_or(now);
        let compute = async { Ok(Kept::Numbers(answer::answer(view, query, at).await?)) };
        let (answer, before) = self.get(&key, compute).await?;
        let Kept::Numbers(numbers) = &answer.kept else {
            return answer::answer(view, query, at).await;
        };
        let mut numbers = numbers.clone();
        if before {
            numbers.query = query.clone();
            numbers.as_of = shown_time(view.opened, at);
            numbers.answered_by = AnsweredBy::cache();
        }
        Ok(numbers)
    }

    /// As [`drill::page`]; only first pages are kept.
    pub(super) async fn records(
        &self,
        view: View<'_>,
        request: &DrillRequest,
        now: DateTime<Utc>,
    ) -> Result<DrillResult, QueryError> {
        let query = &request.query;
        let asked = request.metric.as_ref().or_else(|| query.metrics.first());
        let name = asked.ok_or(QueryError::NoMetric)?;
        let metrics = metrics(view, std::slice::from_ref(name))?;
        let moment = matters(view, &metrics, query, now);
        let question = Query {
            metrics: vec![name.clone()],
            by: Vec::new(),
            order: None,
            limit: Some(drill::size(request)),
            as_of: None,
            ..query.canonical()
        };
        let order = request.order.as_deref();
        let order = order.map(|order| order.strip_prefix('+').unwrap_or(order).to_owned());
        let mut tables = reads::versions(view, &metrics, &reads::named(query));
        drill::take_labels(view, &metrics, &mut tables);
        let key = self.key(view, Question::Records(question, order), tables, moment);
        let at = moment.or(query.as_of).unwrap_or(now);
        let compute = async { Ok(Kept::Records(drill::page(view, request, at).await?)) };
        let (answer, before) = self.get(&key, compute).await?;
        let Kept::Records(records) = &answer.kept else {
            return drill::page(view, request, at).await;
        };
        let mut records = records.clone();
        if before {
            records.query = query.clone();
            records.as_of = shown_time(view.opened, at);
            records.answered_by = AnsweredBy::cache();
            // the rows are those of this set as well, whose pages can be turned for longer
            records.next_cursor = records
                .next_cursor
                .map(|cursor| drill::moved(&cursor, view.opened.set.id));
        }
        Ok(records)
    }

    /// As [`answer::values`].
    pub(super) async fn members(
        &self,
        view: View<'_>,
        dimension: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, QueryError> {
        let metrics: Vec<&Metric> = view
            .metrics()
            .filter(|metric| {
                let base = view.registry.base(&metric.entity);
                base.is_some_and(|base| view.dimension(metric, base, dimension).is_ok())
            })
            .collect();
        let tables = reads::versions(view, &metrics, &std::iter::once(dimension));
        let key = self.key(view, Question::Members(dimension.to_owned()), tables, None);
        let compute = async { Ok(Kept::Members(answer::values(view, dimension, now).await?)) };
        let (answer, _) = self.get(&key, compute).await?;
        match &answer.kept {
            Kept::Members(members) => Ok(members.clone()),
            _ => answer::values(view, dimension, now).await,
        }
    }

    /// As [`drivers::report`]; which periods it means by itself is a matter of the day.
    pub(super) async fn drivers(
        &self,
        view: View<'_>,
        request: &DriversRequest,
        now: DateTime<Utc>,
    ) -> Result<DriversResult, QueryError> {
        let metric = view.metric(&request.metric, Action::Read)?;
        let mut all = vec![metric];
        all.extend(
            metric
                .factors
                .iter()
                .filter_map(|of| view.registry.metric(of)),
        );
        let query = Query {
            conditions: request.conditions.clone(),
            as_of: request.as_of,
            ..Query::default()
        };
        let moment = matters(view, &all, &query, now);
        let at = moment.or(request.as_of).unwrap_or(now);
        let day = at.with_timezone(&view.opened.zone).date_naive();
        let began = view
            .opened
            .zone
            .from_local_datetime(&day.and_time(NaiveTime::MIN));
        let began = began.earliest().map_or(at, |began| began.to_utc());
        let question = serde_json::to_string(&DriversRequest {
            as_of: None,
            ..request.clone()
        });
        let Ok(question) = question else {
            return drivers::report(view, request, at).await;
        };
        let dimensions = if request.by.is_empty() {
            &metric.drivers
        } else {
            &request.by
        };
        let dimensions = dimensions.iter().map(String::as_str);
        let tables = reads::versions(view, &all, &dimensions.chain(reads::named(&query)));
        let as_of = moment.unwrap_or(began);
        let key = self.key(view, Question::Drivers(question), tables, Some(as_of));
        let compute = async {
            let report = drivers::report(view, request, at).await?;
            Ok(Kept::Drivers(Box::new(report)))
        };
        let (answer, before) = self.get(&key, compute).await?;
        let Kept::Drivers(report) = &answer.kept else {
            return drivers::report(view, request, at).await;
        };
        let mut report = report.as_ref().clone();
        if before {
            report.as_of = shown_time(view.opened, at);
        }
        Ok(report)
    }

    /// As [`forecast::page`] of [`forecast::whole`], which is kept.
    pub(super) async fn forecast(
        &self,
        view: View<'_>,
        request: &ForecastRequest,
        now: DateTime<Utc>,
    ) -> Result<ForecastResult, QueryError> {
        let tables = forecast::versions(view, request)?;
        let at = forecast::moment(view, request, now);
        let asked = forecast::question(request);
        let set = view.opened.set.id;
        let Ok(question) = serde_json::to_string(&asked) else {
            return forecast::page(&forecast::whole(view, &asked, at).await?, request, set);
        };
        let key = self.key(view, Question::Forecast(question), tables, Some(at));
        let compute = async {
            let whole = forecast::whole(view, &asked, at).await?;
            Ok(Kept::Forecast(Box::new(whole)))
        };
        let (answer, _) = self.get(&key, compute).await?;
        match &answer.kept {
            Kept::Forecast(whole) => forecast::page(whole, request, set),
            _ => forecast::page(&forecast::whole(view, &asked, at).await?, request, set),
        }
    }
}

/// The metrics of those names that are really selected, as far as the caller may see them.
fn metrics(view: View<'_>, names: &[String]) -> Result<Vec<&'static Metric>, QueryError> {
    let names = names.iter();
    names
        .map(|name| selected(view, view.metric(name, Action::Read)?))
        .collect()
}

/// The moment that is answered as of, where an answer changes by the passing of time alone.
fn matters(
    view: View<'_>,
    metrics: &[&Metric],
    query: &Query,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let as_of = query.as_of.unwrap_or(now);
    let mut periods = vec![query.period];
    if let Some(Compare::Baseline(period)) = query.canonical().compare {
        periods.push(Some(period));
    }
    // how the records stood then, and which months were closed
    let set = &view.opened.set;
    let earlier = |at: DateTime<Utc>| at < set.complete_to || !set.closes.is_empty();
    let moves = query.as_of.is_some_and(earlier)
        || metrics.iter().any(|metric| {
            let base = view.registry.base(&metric.entity);
            base.is_none_or(|base| reads::moves(view, metric, base, &periods, as_of))
        });
    moves.then(|| {
        query
            .as_of
            .unwrap_or_else(|| reads::moment(view.opened, now))
    })
}

fn row_bytes(row: &Row) -> usize {
    let values = row.iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.len(),
            _ => 0,
        };
        VALUE_BYTES + name.len() + text
    });
    values.sum()
}

impl Kept {
    /// What it takes, about.
    fn bytes(&self) -> usize {
        let own: usize = match self {
            Self::Numbers(numbers) => numbers.rows.iter().map(row_bytes).sum(),
            Self::Records(records) => records.rows.iter().map(row_bytes).sum(),
            Self::Members(members) => members
                .iter()
                .map(|member| size_of::<String>() + member.len())
                .sum(),
            Self::Forecast(whole) => VALUE_BYTES * whole.values(),
            Self::Drivers(report) => {
                VALUE_BYTES * serde_json::to_string(report).map_or(0, |json| json.len() / 16)
            }
        };
        ANSWER_BYTES + own
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    fn key(dimension: &str) -> Key {
        Key {
            question: Question::Members(dimension.to_owned()),
            as_of: None,
            tables: Versions::new(),
            rights: Rights::default(),
            reach: Vec::new(),
            declarations: 0,
            basis: 0,
            place: 0,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_many_at_once_one_computes() {
        let answers = Answers::new(1 << 20, 0);
        let computed = AtomicUsize::new(0);
        let key = key("region");
        let all = join_all((0..16).map(|_| {
            answers.get(&key, async {
                computed.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(Kept::Members(vec!["华东".to_owned()]))
            })
        }))
        .await;
        assert_eq!(computed.load(Ordering::SeqCst), 1);
        let cached = all.iter().filter(|one| one.as_ref().unwrap().1).count();
        assert_eq!(cached, 15);
    }

    #[tokio::test]
    async fn who_goes_away_takes_nobody_along() {
        let answers = Answers::new(1 << 20, 0);
        let key = key("region");
        let mut first = Box::pin(answers.get(&key, std::future::pending()));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(answers.get(&key, async { Ok(Kept::Members(Vec::new())) }));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        let (_, before) = second.await.unwrap();
        assert!(!before, "the second computes itself");
    }

    #[tokio::test]
    async fn what_fails_is_asked_again_and_what_is_too_much_makes_room() {
        let answers = Answers::new(64 << 10, 0);
        let failing = async { Err(QueryError::NoMetric) };
        assert!(answers.get(&key("region"), failing).await.is_err());
        for place in 0..1000 {
            let members = async { Ok(Kept::Members(vec!["x".repeat(100); 10])) };
            let (_, before) = answers
                .get(&key(&place.to_string()), members)
                .await
                .unwrap();
            assert!(!before);
        }
        assert!(answers.cache.weight() <= 64 << 10);
        assert!(answers.cache.len() > 4);
    }
}
