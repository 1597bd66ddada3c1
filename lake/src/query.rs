//! Numbers from the marts: a [`Query`] is compiled from the metric registry to SQL over one
//! published set, a drill-down to the records behind a number, from the same parts. What a caller
//! sees of it, their [`Access`] says: it is part of every statement.

mod adjustments;
mod answer;
mod cache;
mod closed;
mod compile;
mod condition;
mod count_back;
mod dimension;
mod drill;
mod drivers;
mod error;
mod forecast;
mod functions;
mod lists;
mod measured;
mod origin;
mod parts;
mod pins;
mod quantile;
mod reads;
mod rollup;
mod standing;
mod tables;
mod view;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::NumbersSettings;
use millrace_models::metric::{Direction, Label, Measure, Metric, Registry, TimeRole, Unit};
use millrace_models::query::Query;
use millrace_models::scope::{Access, Action};
use serde::Serialize;
use tokio::sync::RwLock;

pub use adjustments::{Adjusted, Adjustment, AdjustmentsRequest, AdjustmentsResult, ClosedNumber};
pub use answer::{Column, ColumnKind, QueryResult, Row};
pub use drill::{DrillColumn, DrillRequest, DrillResult, DrillStream};
pub use drivers::{
    DriversRequest, DriversResult, Factors, FactorsBy, FactorsOf, Flag, Segment, Values,
};
pub use error::QueryError;
pub use forecast::{
    Brought, FORECAST_DEAL_COLUMNS, Figures, ForecastBy, ForecastOrder, ForecastRequest,
    ForecastResult, Group, Learned, OpenDeal, PathDay, Proven, ProvenPeriod,
};
pub use functions::kaplan_meier_median;
pub use origin::{AnsweredBy, Origin, RollupInfo};
pub use quantile::exact_quantile;
pub use standing::{
    AccountGroup, AccountScore, AccountStanding, FactorMove, FactorScore, GroupMember, HealthEvent,
    ScoredDay, Scoring,
};

use crate::{Lake, PublishedSet};
use cache::Answers;
use pins::Pins;
use rollup::Rollups;
use tables::{Memory, Opened};
use view::View;

/// How long the pages of a replaced set can still be turned.
const PAGES_LAST: TimeDelta = TimeDelta::minutes(15);

/// Answers queries over the newest published set. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    lake: Lake,
    zone: Tz,
    calendar: Arc<WorkingCalendar>,
    newest: Arc<RwLock<Option<Arc<Opened>>>>,
    answers: Option<Arc<Answers>>,
    memory: Memory,
    pins: Pins,
    held: Option<Arc<Opened>>,
}

/// A metric as the registry declares it, for people and programs.
#[derive(Debug, Clone, Serialize)]
pub struct MetricInfo {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// What it says.
    pub description: Label,
    /// How it is computed, as an expression over the columns of its table.
    pub formula: String,
    /// The kind of measure.
    pub kind: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The records it is measured on.
    pub entity: String,
    /// The mart that holds them.
    pub table: String,
    /// The column that a period selects by; none for a snapshot.
    pub time: Option<String>,
    /// The role of that time.
    pub time_role: TimeRole,
    /// The dimensions it can be split by.
    pub dimensions: Vec<String>,
    /// Those that a change is accounted for by; none where there is no driver report.
    pub drivers: Vec<String>,
    /// Whether the caller may take its records away as a file.
    pub exportable: bool,
}

/// A dimension and what people call it.
#[derive(Debug, Clone, Serialize)]
pub struct DimensionInfo {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// `time`, `flag` or `text`.
    pub kind: String,
}

/// The registry as this lake can answer it.
#[derive(Debug, Clone, Serialize)]
pub struct Metrics {
    /// The metrics, in the order of their declaration.
    pub metrics: Vec<MetricInfo>,
    /// The dimensions that any of them has.
    pub dimensions: Vec<DimensionInfo>,
}

impl Engine {
    /// An engine over a lake; spans of time are those of `zone`, working hours those of
    /// `calendar`.
    pub fn new(lake: Lake, zone: Tz, calendar: Arc<WorkingCalendar>) -> Self {
        Self {
            pins: Pins::new(lake.clone()),
            lake,
            zone,
            calendar,
            newest: Arc::default(),
            answers: None,
            memory: Memory::default(),
            held: None,
        }
    }

    /// The same over one set whatever is published meanwhile: that of the number, or the newest. Its answers
    /// are the same to the last bit whenever they are asked for: each statement is worked on by one
    /// thread, and nothing is remembered or added up from sums.
    ///
    /// Whose the records of an older set are is what that set says, so one is for who may see all of
    /// them.
    ///
    /// # Errors
    /// [`QueryError::NothingPublished`], and [`QueryError::Unusable`] where the set is not kept any more.
    pub async fn held(&self, set: Option<i64>) -> Result<(Self, PublishedSet), QueryError> {
        let sets = self.lake.sets().await?;
        let newest = sets.last().ok_or(QueryError::NothingPublished)?;
        let wanted = set.unwrap_or(newest.id);
        let set = sets.iter().find(|set| set.id == wanted).ok_or_else(|| {
            QueryError::Unusable(format!(
                "the published set {wanted} is not kept any more, or never was: the newest is {}",
                newest.id
            ))
        })?;
        let opened = self.open(set.clone(), Memory::default(), true).await?;
        let held = Self {
            answers: None,
            memory: Memory::default(),
            held: Some(Arc::new(opened)),
            ..self.clone()
        };
        Ok((held, set.clone()))
    }

    /// The same, with memory for answers: what does not change is not worked out twice. What
    /// changes by the passing of time alone is then answered as of the minute that began last, or
    /// of the newest set.
    #[must_use]
    pub fn keeping(mut self, settings: NumbersSettings) -> Self {
        let place = cache::place(self.zone, &self.calendar);
        self.answers =
            (settings.cache_bytes > 0).then(|| Arc::new(Answers::new(settings.cache_bytes, place)));
        self.memory = Memory {
            rollups: (settings.rollup_bytes > 0)
                .then(|| Arc::new(Rollups::new(settings.rollup_bytes))),
            lists: Some(Arc::default()),
        };
        self
    }

    /// Done when a question was scanned for that sums could have answered; never without memory
    /// for them.
    pub async fn lacking(&self) {
        match &self.memory.rollups {
            Some(rollups) => rollups.wish().await,
            None => std::future::pending().await,
        }
    }

    /// Makes the sums that were asked for most lately, of those that the newest set lacks; says
    /// whether there were any. Questions are answered meanwhile, from the records.
    ///
    /// # Errors
    /// As [`Engine::query`]; what failed is not tried again before it is asked for again.
    pub async fn warm(&self, now: DateTime<Utc>) -> Result<bool, QueryError> {
        let Some(rollups) = &self.memory.rollups else {
            return Ok(false);
        };
        let opened = match self.opened().await {
            Ok(opened) => opened,
            Err(QueryError::NothingPublished) => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(wish) = rollups.next(&opened, now) else {
            return Ok(false);
        };
        match rollup::make(&opened, &wish).await {
            Ok(Some(made)) => rollups.keep(&wish.spec, made),
            Ok(None) => rollups.forget(&wish.spec),
            Err(error) => {
                rollups.forget(&wish.spec);
                return Err(error);
            }
        }
        Ok(true)
    }

    /// Answers a query, by the records that `access` covers.
    ///
    /// # Errors
    /// [`QueryError`]; for an unknown metric, dimension or value it names the nearest right ones
    /// that the caller may see.
    pub async fn query(
        &self,
        access: &Access,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<QueryResult, QueryError> {
        let opened = self.opened().await?;
        let view = View::new(&opened, access)?;
        match &self.answers {
            Some(answers) => Box::pin(answers.numbers(view, query, now)).await,
            None => answer::answer(view, query, now).await,
        }
    }

    /// A page of the records behind a number, with the count and sum of all of them.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn drill(
        &self,
        access: &Access,
        request: &DrillRequest,
        now: DateTime<Utc>,
    ) -> Result<DrillResult, QueryError> {
        let opened = match drill::set_of(request)? {
            Some(id) => self.opened_set(id, now).await?,
            None => self.opened().await?,
        };
        let view = View::new(&opened, access)?;
        match &self.answers {
            Some(answers) if request.cursor.is_none() => {
                Box::pin(answers.records(view, request, now)).await
            }
            _ => drill::page(view, request, now).await,
        }
    }

    /// All records behind a number, batch by batch, for who may export them.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn drill_all(
        &self,
        access: &Access,
        request: &DrillRequest,
        now: DateTime<Utc>,
    ) -> Result<DrillStream, QueryError> {
        let opened = self.opened().await?;
        drill::stream(View::new(&opened, access)?, request, now).await
    }

    /// What moved a metric between two periods, by the records that `access` covers.
    ///
    /// # Errors
    /// As [`Engine::query`]; a measure without parts is refused and says what to ask instead.
    pub async fn drivers(
        &self,
        access: &Access,
        request: &DriversRequest,
        now: DateTime<Utc>,
    ) -> Result<DriversResult, QueryError> {
        let opened = self.opened().await?;
        let view = View::new(&opened, access)?;
        match &self.answers {
            Some(answers) => Box::pin(answers.drivers(view, request, now)).await,
            None => drivers::report(view, request, now).await,
        }
    }

    /// What will be won by the end of a month or quarter, by the deals that `access` covers.
    ///
    /// # Errors
    /// As [`Engine::query`]; a period that is over or far ahead is refused.
    pub async fn forecast(
        &self,
        access: &Access,
        request: &ForecastRequest,
        now: DateTime<Utc>,
    ) -> Result<ForecastResult, QueryError> {
        let opened = self.opened().await?;
        let view = View::new(&opened, access)?;
        if let Some(answers) = &self.answers {
            return Box::pin(answers.forecast(view, request, now)).await;
        }
        let at = forecast::moment(view, request, now);
        let whole = Box::pin(forecast::whole(view, request, at)).await?;
        forecast::page(&whole, request, opened.set.id)
    }

    /// What was changed of the records of closed months since, by the records that `access` covers.
    ///
    /// # Errors
    /// As [`Engine::query`]; a measure that its records do not add up to is refused.
    pub async fn adjustments(
        &self,
        access: &Access,
        request: &AdjustmentsRequest,
        now: DateTime<Utc>,
    ) -> Result<AdjustmentsResult, QueryError> {
        let opened = self.opened().await?;
        adjustments::report(View::new(&opened, access)?, request, now).await
    }

    /// How an account stands, called by its id or name, and what its score is made of; `None` where
    /// the caller sees no score of such an account.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn standing(
        &self,
        access: &Access,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<AccountStanding>, QueryError> {
        let opened = self.opened().await?;
        standing::of(View::new(&opened, access)?, account, now).await
    }

    /// The last scores of accounts, by their ids; of those that have one and that the caller sees.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn scores(
        &self,
        access: &Access,
        accounts: &[&str],
    ) -> Result<Vec<AccountScore>, QueryError> {
        let opened = self.opened().await?;
        standing::scores(View::new(&opened, access)?, accounts).await
    }

    /// The groups of accounts that have a score and that the caller sees.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn groups(&self, access: &Access) -> Result<Vec<AccountGroup>, QueryError> {
        let opened = self.opened().await?;
        standing::groups(View::new(&opened, access)?).await
    }

    /// The values of a dimension in the newest set, sorted; those that occur in the caller's
    /// records.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub async fn values(
        &self,
        access: &Access,
        dimension: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, QueryError> {
        let opened = self.opened().await?;
        let view = View::new(&opened, access)?;
        match &self.answers {
            Some(answers) => Box::pin(answers.members(view, dimension, now)).await,
            None => answer::values(view, dimension, now).await,
        }
    }

    /// The registry as far as the caller may see it, with the dimensions that the newest set can
    /// answer.
    ///
    /// # Errors
    /// As [`Engine::query`]; a lake without a published set has no dimensions, which is none.
    pub async fn metrics(&self, access: &Access) -> Result<Metrics, QueryError> {
        let registry = Registry::shipped()?;
        let opened = match self.opened().await {
            Ok(opened) => Some(opened),
            Err(QueryError::NothingPublished) => None,
            Err(error) => return Err(error),
        };
        let catalog = opened
            .map(|opened| opened.set.catalog.clone())
            .unwrap_or_default();
        let mut metrics = Vec::new();
        let mut names = Vec::new();
        for metric in registry.metrics() {
            if registry.allows(metric, access, Action::Read).is_err() {
                continue;
            }
            let Some(base) = registry.base(&metric.entity) else {
                continue;
            };
            let dimensions = dimension::names(metric, base, &catalog);
            names.extend(dimensions.iter().cloned());
            metrics.push(MetricInfo {
                name: metric.name.clone(),
                label: metric.label.clone(),
                description: metric.description.clone(),
                formula: formula(metric),
                kind: kind(&metric.measure).to_owned(),
                unit: metric.unit,
                direction: metric.direction,
                entity: base.name.clone(),
                table: base.table.clone(),
                time: metric.time.column.clone(),
                time_role: metric.time.role,
                drivers: metric
                    .drivers
                    .iter()
                    .filter(|name| dimensions.contains(name))
                    .cloned()
                    .collect(),
                dimensions,
                exportable: registry.allows(metric, access, Action::Export).is_ok(),
            });
        }
        names.sort();
        names.dedup();
        let dimensions = names
            .into_iter()
            .map(|name| DimensionInfo {
                label: registry.label(&name),
                kind: if millrace_models::period::Grain::from_name(&name).is_some() {
                    "time"
                } else if name == "late_entry" {
                    "flag"
                } else {
                    "text"
                }
                .to_owned(),
                name,
            })
            .collect();
        Ok(Metrics {
            metrics,
            dimensions,
        })
    }

    async fn opened(&self) -> Result<Arc<Opened>, QueryError> {
        if let Some(held) = &self.held {
            return Ok(Arc::clone(held));
        }
        let set = self
            .lake
            .latest_set()
            .await?
            .ok_or(QueryError::NothingPublished)?;
        if let Some(opened) = self.newest.read().await.as_ref()
            && opened.set.id >= set.id
        {
            return Ok(Arc::clone(opened));
        }
        // of many who ask after a set was published one opens it
        let mut newest = self.newest.write().await;
        if let Some(opened) = newest.as_ref()
            && opened.set.id >= set.id
        {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(self.open(set, self.memory.clone(), false).await?);
        *newest = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// The set of a page before. Whose the records are is what that set says, so it is answered
    /// from only until shortly after a newer one was published.
    async fn opened_set(&self, id: i64, now: DateTime<Utc>) -> Result<Arc<Opened>, QueryError> {
        let newest = self.opened().await?;
        if newest.set.id == id {
            return Ok(newest);
        }
        let sets = self.lake.sets().await?;
        let replaced = sets
            .iter()
            .filter(|set| set.id > id)
            .min_by_key(|set| set.id);
        let fresh = replaced.is_none_or(|next| now - next.published_at <= PAGES_LAST);
        let set = sets.iter().find(|set| set.id == id).filter(|_| fresh);
        let set = set.cloned().ok_or(QueryError::Unusable(
            "the cursor belongs to numbers that are gone: ask again without it".to_owned(),
        ))?;
        Ok(Arc::new(self.open(set, Memory::default(), false).await?))
    }

    async fn open(
        &self,
        set: PublishedSet,
        memory: Memory,
        in_order: bool,
    ) -> Result<Opened, QueryError> {
        let (lake, calendar) = (&self.lake, &self.calendar);
        Opened::open(lake, set, self.zone, calendar, memory, &self.pins, in_order).await
    }
}

fn kind(measure: &Measure) -> &'static str {
    match measure {
        Measure::Ratio { .. } => "ratio",
        Measure::Compression { .. } => "derived",
        _ => "simple",
    }
}

fn formula(metric: &Metric) -> String {
    let core = match &metric.measure {
        Measure::Count => "count(*)".to_owned(),
        Measure::Distinct { value } => format!("count(DISTINCT {value})"),
        Measure::Sum { value } => format!("sum({value})"),
        Measure::Mean { value } => format!("sum({value}) / count(*)"),
        Measure::Quantile { value, q } => format!("exact_quantile({value}, {q})"),
        Measure::KmMedian { value, event } => format!("km_median({value}, event: {event})"),
        Measure::CountBack { value, sales, at } => {
            format!("count_back({at}, {sales}, open: {value})")
        }
        Measure::Ratio {
            numerator,
            denominator,
            per,
            inner,
        } => match (per, inner) {
            (Some(per), Some(inner)) => {
                format!(
                    "sum({numerator}) / sum({denominator}) over one row per {per} with orders = {inner}"
                )
            }
            _ => format!("sum({numerator}) / sum({denominator})"),
        },
        Measure::Compression { of } => format!("1 - {of} / {of} of the compared period"),
    };
    match &metric.condition {
        Some(condition) => format!("{core} where {condition}"),
        None => core,
    }
}
