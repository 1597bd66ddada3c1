//! What a caller sees of deals and their stages, as the forecast learns from it.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::forecast::{Deal, History, To, Visit};
use millrace_models::metric::{Base, Metric};
use millrace_models::query::Condition;
use millrace_models::scope::Action;
use millrace_models::stage;

use super::super::compile::Selection;
use super::super::dimension::Dimension;
use super::super::error::QueryError;
use super::super::tables::texts;
use super::super::view::View;

/// Metrics without a time of their own: a selection by them is of all records.
pub(super) const DEALS: &str = "open_amount";
pub(super) const VISITS: &str = "open_age_median";
/// Stages that are told apart; those of a source with more are one.
const MOST_STAGES: usize = 250;
/// The stage of a deal of which none is known.
const NO_STAGE: &str = "";

/// The deals and their stages.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) history: History,
    /// The id of each deal and the number of its episode.
    pub(super) deals: Vec<(String, i32)>,
    /// The stages, by their numbers.
    pub(super) stages: Vec<String>,
    /// What the groups are, by their numbers: ids of people, or names of teams.
    pub(super) groups: Vec<Option<String>>,
}

/// What is to be read.
pub(super) struct Reading<'a> {
    pub(super) view: View<'a>,
    /// Which deals count; all are learned from.
    pub(super) conditions: &'a [Condition],
    pub(super) group: Option<&'a Dimension>,
    pub(super) as_of: DateTime<Utc>,
}

fn times(batch: &RecordBatch, column: usize) -> Vec<Option<i64>> {
    let column = batch.column(column);
    column
        .as_primitive::<TimestampMicrosecondType>()
        .iter()
        .collect()
}

/// Whether entering a stage means that a deal is won, or that it has ended otherwise; `None` where
/// it goes on.
fn end(code: &str) -> Option<bool> {
    let stage = stage::find(code)?;
    (stage.terminal || stage.position > 5).then_some(stage.position > 5)
}

/// Stages as small numbers.
#[derive(Default)]
struct Stages {
    codes: Vec<String>,
    places: HashMap<String, u8>,
}

impl Stages {
    fn number(&mut self, code: &str) -> u8 {
        if let Some(place) = self.places.get(code) {
            return *place;
        }
        let place = self.codes.len().min(MOST_STAGES);
        if place < MOST_STAGES {
            self.codes.push(code.to_owned());
        } else if self.codes.len() == MOST_STAGES {
            self.codes.push(NO_STAGE.to_owned());
        }
        let place = u8::try_from(place).unwrap_or(u8::MAX);
        self.places.insert(code.to_owned(), place);
        place
    }
}

impl<'a> Reading<'a> {
    fn base(&self, metric: &str) -> Result<(&'static Metric, &'static Base), QueryError> {
        let metric = self.view.metric(metric, Action::Read)?;
        let base = self.view.registry.base(&metric.entity);
        Ok((metric, base.ok_or(QueryError::NoMetric)?))
    }

    /// The records of a base, and those conditions met.
    async fn selection(
        &self,
        metric: &str,
        conditions: &[Condition],
    ) -> Result<Selection<'a>, QueryError> {
        let (metric, base) = self.base(metric)?;
        Selection::new(self.view, base, metric, conditions, None, self.as_of).await
    }

    /// The open deals that count, with what is shown of them.
    pub(super) async fn open(&self, columns: &[&str]) -> Result<Vec<RecordBatch>, QueryError> {
        let mut selection = self.selection(DEALS, self.conditions).await?;
        selection.restrict(selection.expression("outcome = 'open'"));
        let columns: Vec<String> = columns.iter().map(|name| format!("b.{name}")).collect();
        let sql = format!(
            "SELECT b.episode, {} {} ORDER BY b.opportunity_id, b.episode",
            columns.join(", "),
            selection.from()
        );
        self.view.opened.run(&sql).await
    }

    /// Reads them.
    pub(super) async fn read(&self) -> Result<Known, QueryError> {
        let calendar = &self.view.opened.calendar;
        let chosen = self.chosen().await?;
        let mut selection = self.selection(DEALS, &[]).await?;
        let group = match self.group {
            Some(dimension) => {
                selection.join(dimension);
                dimension.expression.clone()
            }
            None => "NULL".to_owned(),
        };
        let sql = format!(
            "SELECT b.opportunity_id, b.episode, b.opened_at, b.won_at, b.closed_at, b.outcome, \
             CAST(b.amount AS DOUBLE), b.expected_close_on, CAST({group} AS VARCHAR) {} \
             ORDER BY b.opportunity_id, b.episode",
            selection.from()
        );
        let mut known = Known {
            history: History::default(),
            deals: Vec::new(),
            stages: Vec::new(),
            groups: Vec::new(),
        };
        let mut began = Vec::new();
        let mut groups: HashMap<Option<String>, u32> = HashMap::new();
        for batch in self.view.opened.run(&sql).await? {
            let ids = texts(batch.column(0))?;
            let episodes = cast(batch.column(1), &DataType::Int32)?;
            let episodes = episodes.as_primitive::<Int32Type>();
            let [opened, won, closed] = [2, 3, 4].map(|column| times(&batch, column));
            let outcomes = texts(batch.column(5))?;
            let amounts = batch.column(6).as_primitive::<Float64Type>();
            let expected = cast(batch.column(7), &DataType::Date32)?;
            let expected = expected.as_primitive::<Date32Type>();
            let members = texts(batch.column(8))?;
            for (row, (id, member)) in ids.into_iter().zip(members).enumerate() {
                let Some(id) = id else { continue };
                let key = (id, episodes.value(row));
                let next = u32::try_from(known.groups.len()).unwrap_or(u32::MAX);
                let group = *groups.entry(member).or_insert_with_key(|member| {
                    known.groups.push(member.clone());
                    next
                });
                let outcome = outcomes[row].as_deref();
                let won_us = won[row].filter(|_| outcome == Some("won"));
                let is_over = outcome.is_some_and(|outcome| outcome != "open");
                let ended_us = match won_us {
                    None if is_over => closed[row].or(opened[row]).or(Some(i64::MIN)),
                    _ => None,
                };
                known.history.deals.push(Deal {
                    // of a deal that came from nowhere
                    opened_us: opened[row].or(won[row]).or(closed[row]).unwrap_or(i64::MAX),
                    won_us,
                    won_day: won_us.map_or(0, |us| calendar.working_day(us)),
                    ended_us,
                    amount: amounts.is_valid(row).then(|| amounts.value(row)),
                    expected_us: expected
                        .is_valid(row)
                        .then(|| end_of_day(calendar, expected.value(row))),
                    group,
                    counts: chosen.as_ref().is_none_or(|chosen| chosen.contains(&key)),
                });
                known.deals.push(key);
                began.push(opened[row]);
            }
        }
        self.visits(&mut known, &began).await?;
        Ok(known)
    }

    /// The deals that count; all where nothing is asked of them.
    async fn chosen(&self) -> Result<Option<HashSet<(String, i32)>>, QueryError> {
        if self.conditions.is_empty() {
            return Ok(None);
        }
        let selection = self.selection(DEALS, self.conditions).await?;
        let sql = format!("SELECT b.opportunity_id, b.episode {}", selection.from());
        let mut chosen = HashSet::new();
        for batch in self.view.opened.run(&sql).await? {
            let ids = texts(batch.column(0))?;
            let episodes = cast(batch.column(1), &DataType::Int32)?;
            let episodes = episodes.as_primitive::<Int32Type>();
            let keys = ids.into_iter().zip(episodes.values());
            chosen.extend(keys.filter_map(|(id, episode)| Some((id?, *episode))));
        }
        Ok(Some(chosen))
    }

    /// The visits of stages before winning; `began` is when each deal was opened, as far as it is told.
    async fn visits(&self, known: &mut Known, began: &[Option<i64>]) -> Result<(), QueryError> {
        let calendar = &self.view.opened.calendar;
        let mut stages = Stages::default();
        // the stages of the pipeline have numbers of their own, whichever is met first
        for own in stage::DEFAULT_PIPELINE {
            if end(own.code).is_none() {
                stages.number(own.code);
            }
        }
        // where the episodes of each deal begin; they follow each other
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(known.deals.len());
        for (place, (id, _)) in known.deals.iter().enumerate() {
            first.entry(id).or_insert(place);
        }
        let mut seen = vec![false; known.deals.len()];
        let mut earliest: BTreeMap<usize, i64> = BTreeMap::new();
        let selection = self.selection(VISITS, &[]).await?;
        let sql = format!(
            "SELECT b.opportunity_id, b.stage, b.entered_at, b.left_at, b.next_stage {}",
            selection.from()
        );
        for batch in self.view.opened.run(&sql).await? {
            let ids = texts(batch.column(0))?;
            let codes = texts(batch.column(1))?;
            let (entered, left) = (times(&batch, 2), times(&batch, 3));
            let next = texts(batch.column(4))?;
            for (row, id) in ids.iter().enumerate() {
                let (Some(id), Some(entered_us)) = (id, entered[row]) else {
                    continue;
                };
                let code = codes[row].as_deref().unwrap_or(NO_STAGE);
                let Some(mut deal) = first.get(id.as_str()).copied() else {
                    continue;
                };
                if end(code).is_some() {
                    continue;
                }
                // the last episode that had begun by then
                while known
                    .deals
                    .get(deal + 1)
                    .is_some_and(|(other, _)| other == id)
                    && began[deal + 1].is_some_and(|opened| opened <= entered_us)
                {
                    deal += 1;
                }
                seen[deal] = true;
                if began[deal].is_none() {
                    let earlier = earliest.entry(deal).or_insert(entered_us);
                    *earlier = entered_us.min(*earlier);
                }
                let to = match (left[row], next[row].as_deref()) {
                    (None, _) => To::Open,
                    (Some(_), None) => To::Ended,
                    (Some(_), Some(next)) => match end(next) {
                        Some(true) => To::Won,
                        Some(false) => To::Ended,
                        None => To::Stage(stages.number(next)),
                    },
                };
                let visit = Began {
                    deal,
                    stage: stages.number(code),
                    entered_us,
                };
                let visit = visit.ended(calendar, &known.history.deals[deal], left[row], to);
                known.history.visits.push(visit);
            }
        }
        for (deal, entered_us) in earliest {
            known.history.deals[deal].opened_us = entered_us;
        }
        // a source that tells of no stages: the deal is in one all the time
        for (deal, entered_us) in began.iter().enumerate() {
            let Some(entered_us) = entered_us.filter(|_| !seen[deal]) else {
                continue;
            };
            let visit = Began {
                deal,
                stage: stages.number(NO_STAGE),
                entered_us,
            };
            let own = &known.history.deals[deal];
            let visit = visit.ended(calendar, own, None, To::Open);
            known.history.visits.push(visit);
        }
        known.history.visits.sort_unstable_by_key(|visit| {
            (visit.deal, visit.entered_us, visit.left_us, visit.stage)
        });
        let told = stages.codes.iter();
        known.history.told = told
            .map(|code| stage::find(code).map_or(0.0, |stage| stage.probability))
            .collect();
        known.stages = stages.codes;
        Ok(())
    }
}

/// A visit of a stage that began.
struct Began {
    deal: usize,
    stage: u8,
    entered_us: i64,
}

impl Began {
    /// With its end. What its deal's record says ends a visit that nothing followed.
    fn ended(self, calendar: &WorkingCalendar, deal: &Deal, left_us: Option<i64>, to: To) -> Visit {
        let by_record = match (deal.won_us, deal.ended_us) {
            (Some(us), _) => Some((us, To::Won)),
            (None, Some(us)) => Some((us, To::Ended)),
            (None, None) => None,
        };
        let (left_us, to) = match (to, by_record) {
            (To::Open, Some((us, to))) => (Some(us.max(self.entered_us)), to),
            _ => (left_us, to),
        };
        let entered = calendar.working_day(self.entered_us);
        Visit {
            deal: u32::try_from(self.deal).unwrap_or(u32::MAX),
            stage: self.stage,
            to,
            entered_us: self.entered_us,
            left_us: left_us.unwrap_or(i64::MAX),
            entered,
            left: left_us.map_or(entered, |us| calendar.working_day(us)),
        }
    }
}

/// The first moment after a day, less one.
fn end_of_day(calendar: &WorkingCalendar, day: i32) -> i64 {
    let next = NaiveDate::from_epoch_days(day.saturating_add(1)).unwrap_or(NaiveDate::MAX);
    calendar.start_of_day_us(next) - 1
}
