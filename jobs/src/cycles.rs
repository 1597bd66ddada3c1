//! Conversion cycles: the episodes of a deal, from its record and from its stage visits.

use chrono::NaiveDate;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::fold::{Visit, Vocabulary};
use millrace_models::stage;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::columns::{Columns, amounts, dates, flags, numbers, texts, times, wholes};
use crate::deals::Deal;
use crate::facts::set_dimensions;
use crate::store::Moment;
use crate::texts::coded;
use crate::world::{Dictionaries, Dimensions, World};

const DAY_US: i64 = 86_400_000_000;
/// Reopened within so many days it is the same deal.
const REOPENED_DAYS: i64 = 90;

/// A deal from an opening to its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Episode<'a> {
    pub(crate) number: i32,
    pub(crate) opened: Option<Moment>,
    pub(crate) won: Option<Moment>,
    pub(crate) closed: Option<Moment>,
    pub(crate) outcome: &'a str,
    pub(crate) stage: Option<&'a str>,
    /// Opened by a stage change that was recorded late.
    late: Option<bool>,
    /// The deal's latest: its record speaks of this one.
    latest: bool,
}

/// The outcome that entering a stage means.
pub(crate) fn outcome_of(stage: &str) -> Option<&'static str> {
    match stage {
        "won" | "delivery_payment" | "delivery_completed" => Some("won"),
        "lost" => Some("lost"),
        "shelved" => Some("shelved"),
        "invalid" => Some("invalid"),
        "duplicate" => Some("duplicate"),
        _ => None,
    }
}

struct Running<'a> {
    opened: Option<Moment>,
    ended: Option<(Moment, &'static str)>,
    stage: Option<&'a str>,
    late: Option<bool>,
}

/// The episodes of a deal, in order: at least one. `visits` are all of the deal.
pub(crate) fn episodes<'a>(
    deal: Option<&Deal<'a>>,
    visits: &[Visit],
    vocabulary: &'a Vocabulary,
) -> Vec<Episode<'a>> {
    let first = visits.first();
    let mut running = Running {
        opened: deal.and_then(|deal| deal.opened).or(first.map(entry)),
        ended: None,
        stage: None,
        late: first.map(|visit| visit.late_entry),
    };
    let mut finished = Vec::new();
    for visit in visits {
        let code = vocabulary.stages.get(visit.stage).unwrap_or_default();
        let (at, outcome) = (entry(visit), outcome_of(code));
        running.stage = Some(code);
        let reopens = (1..=5).contains(&vocabulary.position(visit.stage));
        match (running.ended, outcome) {
            (None, outcome) => running.ended = outcome.map(|outcome| (at, outcome)),
            (Some((_, before)), Some(outcome)) if before == outcome => {}
            (Some(_), None) if !reopens => {}
            (Some((ended, _)), outcome) => {
                if at.at_us - ended.at_us > REOPENED_DAYS * DAY_US {
                    let stage = running.ended.map(|(_, outcome)| outcome);
                    finished.push(Running { stage, ..running });
                    running = Running {
                        opened: Some(at),
                        ended: None,
                        stage: Some(code),
                        late: Some(visit.late_entry),
                    };
                }
                running.ended = outcome.map(|outcome| (at, outcome));
            }
        }
    }
    let mut episodes: Vec<Episode<'a>> = finished
        .iter()
        .enumerate()
        .map(|(index, one)| by_stages(index, one))
        .collect();
    let mut latest = by_stages(episodes.len(), &running);
    latest.latest = true;
    if let Some(deal) = deal {
        by_record(&mut latest, deal, running.ended);
    }
    episodes.push(latest);
    episodes
}

fn entry(visit: &Visit) -> Moment {
    Moment {
        at_us: visit.entered_at_us,
        is_date: visit.entered_is_date,
    }
}

fn by_stages<'a>(index: usize, running: &Running<'a>) -> Episode<'a> {
    let outcome = running.ended.map_or("open", |(_, outcome)| outcome);
    let closed = running.ended.map(|(at, _)| at);
    Episode {
        number: i32::try_from(index + 1).unwrap_or(i32::MAX),
        opened: running.opened,
        won: closed.filter(|_| outcome == "won"),
        closed,
        outcome,
        stage: running.stage,
        late: running.late,
        latest: false,
    }
}

/// What the deal's record says goes over what its stages say.
fn by_record<'a>(episode: &mut Episode<'a>, deal: &Deal<'a>, ended: Option<(Moment, &'a str)>) {
    let recorded = deal.outcome.filter(|outcome| *outcome != "open");
    let recorded = recorded.or(deal.won.map(|_| "won"));
    let recorded = recorded.or_else(|| {
        let stage = deal.stage.filter(|_| deal.outcome.is_none())?;
        outcome_of(stage)
    });
    if let Some(outcome) = recorded {
        episode.outcome = outcome;
    }
    episode.stage = episode.stage.or(deal.stage);
    if episode.outcome == "open" {
        (episode.won, episode.closed) = (None, None);
        return;
    }
    let by_stage = ended.map(|(at, _)| at);
    let won_by_stage = ended
        .filter(|(_, outcome)| *outcome == "won")
        .map(|(at, _)| at);
    episode.won = match episode.outcome {
        "won" => deal.won.or(won_by_stage).or(deal.closed),
        _ => None,
    };
    episode.closed = deal.closed.or(episode.won).or(by_stage);
}

impl Episode<'_> {
    /// When it was won, or ended otherwise; `None` while open.
    pub(crate) fn end(&self) -> Option<Moment> {
        match self.outcome {
            "open" => None,
            "won" => self.won,
            _ => self.closed,
        }
    }

    /// Days from opening to the end: whole calendar days where an end has no time of day; `None`
    /// when open, unknown or negative.
    fn cycle_days(&self, calendar: &WorkingCalendar) -> Option<f64> {
        let (opened, end) = (self.opened?, self.end()?);
        let days = if opened.is_date || end.is_date {
            let date = |moment: Moment| calendar.date(moment.at_us);
            (date(end) - date(opened)).num_days() as f64
        } else {
            (end.at_us - opened.at_us) as f64 / DAY_US as f64
        };
        (days >= 0.0).then_some(days)
    }
}

/// An episode as a row of `conversion_cycles`.
pub(crate) struct Cycle<'a> {
    /// The deal's id in the marts.
    pub(crate) id: &'a str,
    /// Its record, if any.
    pub(crate) deal: Option<Deal<'a>>,
    pub(crate) episode: Episode<'a>,
    pub(crate) dimensions: Dimensions,
}

impl<'a> Cycle<'a> {
    /// The row of an episode; people are those at its end.
    pub(crate) fn new(
        world: &World,
        id: &'a str,
        deal: Option<&Deal<'a>>,
        episode: Episode<'a>,
    ) -> Self {
        let end_us = episode
            .end()
            .or(episode.closed)
            .map_or(i64::MAX, |end| end.at_us);
        let dimensions = deal.map_or(Dimensions::NOTHING, |deal| {
            world.deal_dimensions(deal, end_us)
        });
        Self {
            id,
            deal: deal.copied(),
            episode,
            dimensions,
        }
    }

    /// What the record says of the deal, on the row of its latest episode only: amounts add up.
    fn latest(&self) -> Option<Deal<'a>> {
        self.deal.filter(|_| self.episode.latest)
    }

    fn probability(&self) -> Option<f64> {
        stage::find(self.episode.stage?).map(|stage| stage.probability)
    }

    fn late(&self, calendar: &WorkingCalendar) -> bool {
        let recorded = self.deal.and_then(|deal| deal.recorded_us);
        match (self.episode.opened, recorded) {
            (Some(opened), Some(recorded_us)) => calendar.is_late(opened.at_us, recorded_us),
            _ => self.episode.late.unwrap_or(false),
        }
    }

    /// The batch of `conversion_cycles`.
    pub(crate) fn batch(
        rows: &[Self],
        schema: SchemaRef,
        calendar: &WorkingCalendar,
        dictionaries: &Dictionaries,
    ) -> anyhow::Result<RecordBatch> {
        let mut columns = Columns::new(schema, rows.len());
        let at = |moment: Option<Moment>| moment.map(|moment| moment.at_us);
        let is_date = |row: &Self| {
            let ends = [row.episode.opened, row.episode.end()];
            ends.into_iter().flatten().any(|end| end.is_date)
        };
        columns
            .set("opportunity_id", texts(rows.iter().map(|row| Some(row.id))))?
            .set(
                "episode",
                wholes(rows.iter().map(|row| Some(row.episode.number))),
            )?
            .set(
                "opened_at",
                times(rows.iter().map(|row| at(row.episode.opened))),
            )?
            .set("won_at", times(rows.iter().map(|row| at(row.episode.won))))?
            .set(
                "closed_at",
                times(rows.iter().map(|row| at(row.episode.closed))),
            )?
            .set(
                "outcome",
                texts(rows.iter().map(|row| Some(row.episode.outcome))),
            )?
            .set("stage", texts(rows.iter().map(|row| row.episode.stage)))?
            .set(
                "cycle_days",
                numbers(rows.iter().map(|row| row.episode.cycle_days(calendar))),
            )?
            .set(
                "whole_days",
                flags(rows.iter().map(|row| Some(is_date(row)))),
            )?
            .set(
                "amount",
                amounts(rows.iter().map(|row| row.latest()?.amount))?,
            )?
            .set(
                "lost_amount",
                amounts(rows.iter().map(|row| row.latest()?.lost_amount))?,
            )?
            .set("probability", numbers(rows.iter().map(Self::probability)))?
            .set(
                "lost_reason",
                texts(rows.iter().map(|row| row.deal?.lost_reason)),
            )?
            .set(
                "competitor",
                texts(rows.iter().map(|row| row.deal?.competitor)),
            )?
            .set("source", texts(rows.iter().map(|row| row.deal?.source)))?
            .set(
                "expected_close_on",
                dates(rows.iter().map(|row| row.deal?.expected_close_on)),
            )?;
        set_dimensions(&mut columns, dictionaries, rows, |row| row.dimensions)?;
        columns.set(
            "late_entry",
            flags(rows.iter().map(|row| Some(row.late(calendar)))),
        )?;
        columns.finish()
    }

    /// The batch of `opportunities`, a row a deal: its first and its latest episode.
    pub(crate) fn deals(
        rows: &[(Option<Moment>, &Self)],
        schema: SchemaRef,
        dictionaries: &Dictionaries,
    ) -> anyhow::Result<Columns> {
        let mut columns = Columns::new(schema, rows.len());
        let at = |moment: Option<Moment>| moment.map(|moment| moment.at_us);
        columns
            .set(
                "opportunity_id",
                texts(rows.iter().map(|(_, row)| Some(row.id))),
            )?
            .set(
                "account_id",
                coded(
                    rows.iter().map(|(_, row)| row.dimensions.account),
                    &dictionaries.accounts,
                )?,
            )?
            .set(
                "owner",
                coded(
                    rows.iter().map(|(_, row)| row.dimensions.current_owner),
                    &dictionaries.users,
                )?,
            )?
            .set(
                "team",
                coded(
                    rows.iter().map(|(_, row)| row.dimensions.current_team),
                    &dictionaries.texts,
                )?,
            )?
            .set(
                "product",
                coded(
                    rows.iter().map(|(_, row)| row.dimensions.product),
                    &dictionaries.products,
                )?,
            )?
            .set(
                "source",
                texts(rows.iter().map(|(_, row)| row.deal?.source)),
            )?
            .set(
                "opened_at",
                times(rows.iter().map(|(opened, _)| at(*opened))),
            )?
            .set(
                "won_at",
                times(rows.iter().map(|(_, row)| at(row.episode.won))),
            )?
            .set(
                "closed_at",
                times(rows.iter().map(|(_, row)| at(row.episode.closed))),
            )?
            .set(
                "stage",
                texts(rows.iter().map(|(_, row)| row.episode.stage)),
            )?
            .set(
                "outcome",
                texts(rows.iter().map(|(_, row)| Some(row.episode.outcome))),
            )?
            .set(
                "amount",
                amounts(rows.iter().map(|(_, row)| row.deal?.amount))?,
            )?
            .set(
                "lost_amount",
                amounts(rows.iter().map(|(_, row)| row.deal?.lost_amount))?,
            )?
            .set(
                "lost_reason",
                texts(rows.iter().map(|(_, row)| row.deal?.lost_reason)),
            )?
            .set(
                "competitor",
                texts(rows.iter().map(|(_, row)| row.deal?.competitor)),
            )?
            .set(
                "expected_close_on",
                dates(rows.iter().map(|(_, row)| row.deal?.expected_close_on)),
            )?;
        Ok(columns)
    }
}

/// Days since 1970.
pub(crate) fn day_number(date: NaiveDate) -> i32 {
    let days = (date - NaiveDate::default()).num_days();
    i32::try_from(days).unwrap_or(i32::MAX)
}
