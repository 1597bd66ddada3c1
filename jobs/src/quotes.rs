//! Quotes: versions by number, which row stands for a number, when an unanswered one expires.

use std::cmp::Reverse;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{Days, NaiveDate};
use hashbrown::HashMap;
use millrace_models::entity::Entity;

use crate::bearings::Bearing;
use crate::columns::{Columns, amounts, flags, numbers, texts, times, wholes};
use crate::facts::set_dimensions;
use crate::store::{Moment, Record, Store, Text};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World};

const HOUR_US: f64 = 3_600_000_000.0;
const DAY_US: i64 = 86_400_000_000;
/// A quote without a validity is valid for so many days after it was sent.
const VALID_DAYS: i64 = 30;
const ENTITY: Entity = Entity::Quote;

struct Quote<'a> {
    record: &'a Record,
    id: &'a Text,
    number: &'a Text,
    /// 1, 2, …: as recorded, else by time of sending.
    version: i64,
    sent: Option<Moment>,
    decided: Option<Moment>,
    outcome: &'a str,
    first_sent: Option<Moment>,
    counts: bool,
    first_version: bool,
    opportunity: Option<&'a str>,
    dimensions: Dimensions,
}

/// The rows of `quote_outcomes`; `bearings` are those of the quotes.
pub(crate) fn batch(
    store: &Store,
    bearings: &[Bearing],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<(RecordBatch, Extent)> {
    let mut quotes: Vec<Quote<'_>> = store
        .records
        .iter()
        .zip(bearings)
        .filter_map(|(record, bearing)| quote(record, bearing, world))
        .collect();
    let mut numbers: HashMap<(u16, &Text), Vec<usize>> = HashMap::new();
    for (index, quote) in quotes.iter().enumerate() {
        numbers
            .entry((quote.record.system, quote.number))
            .or_default()
            .push(index);
    }
    for own in numbers.into_values() {
        mark(&mut quotes, own);
    }
    let mut extent = Extent::NOTHING;
    for quote in &quotes {
        for moment in [quote.sent, quote.decided].into_iter().flatten() {
            if moment.at_us <= now_us {
                extent.see(moment.at_us);
            }
        }
    }
    Ok((rows(&quotes, world, dictionaries, schema)?, extent))
}

fn quote<'a>(record: &'a Record, bearing: &Bearing, world: &'a World) -> Option<Quote<'a>> {
    let id = record.text(ENTITY, "id")?;
    let seen = |moment: &Moment| moment.at_us <= world.as_of_us;
    let sent = record.time(ENTITY, "sent_at");
    if sent.is_some_and(|sent| !seen(&sent)) {
        return None;
    }
    let decided = record.time(ENTITY, "decided_at");
    let outcome = record.text(ENTITY, "outcome").map_or("sent", AsRef::as_ref);
    let later = decided.is_some_and(|decided| !seen(&decided));
    let reference = record.text(ENTITY, "opportunity");
    let deal = world.deal(record.system, reference);
    let at_us = sent.map_or(i64::MAX, |sent| sent.at_us);
    let product = deal.map_or(NONE, |deal| deal.product);
    Some(Quote {
        record,
        id,
        number: record.text(ENTITY, "number").unwrap_or(id),
        version: record.integer(ENTITY, "version").unwrap_or(i64::MIN),
        sent,
        decided: decided.filter(seen),
        outcome: if later { "sent" } else { outcome },
        first_sent: None,
        counts: false,
        first_version: false,
        opportunity: deal.map(|deal| deal.id).or(reference.map(AsRef::as_ref)),
        dimensions: world.record_dimensions(bearing, deal.as_ref(), product, at_us),
    })
}

/// Finds the first sending of a number, its versions where they are not recorded, and the row
/// that stands for it: of the last version sent, the accepted alternative, else the last sent.
fn mark(quotes: &mut [Quote<'_>], mut own: Vec<usize>) {
    own.sort_by_key(|index| quotes[*index].sent.map_or((1, 0), |sent| (0, sent.at_us)));
    let mut next = own
        .iter()
        .map(|index| quotes[*index].version)
        .max()
        .unwrap_or(0)
        .max(0);
    for index in &own {
        if quotes[*index].version == i64::MIN {
            next += 1;
            quotes[*index].version = next;
        }
    }
    let first_sent = own.first().and_then(|index| quotes[*index].sent);
    let least = own.iter().map(|index| quotes[*index].version).min();
    for index in &own {
        quotes[*index].first_sent = first_sent;
        quotes[*index].first_version = Some(quotes[*index].version) == least;
    }
    let sent = own
        .iter()
        .enumerate()
        .filter(|(_, index)| quotes[**index].sent.is_some());
    let standing = sent.max_by_key(|(order, index)| {
        let quote = &quotes[**index];
        let chosen = match quote.outcome {
            "accepted" => 0,
            "partial" => 1,
            _ => 2,
        };
        (quote.version, Reverse(chosen), quote.sent, *order)
    });
    if let Some((_, index)) = standing {
        quotes[*index].counts = true;
    }
}

impl Quote<'_> {
    fn expires_us(&self, world: &World) -> Option<i64> {
        let valid_until = self.record.date(ENTITY, "valid_until").and_then(|days| {
            let next = u64::try_from(days).ok()?.checked_add(1)?;
            NaiveDate::default().checked_add_days(Days::new(next))
        });
        match valid_until {
            Some(next) => Some(world.calendar.start_of_day_us(next)),
            None => Some(self.sent?.at_us + VALID_DAYS * DAY_US),
        }
    }

    /// Hours from asking for the approval to having it.
    fn approval_hours(&self) -> Option<f64> {
        let [from, to] = ["approval_requested_at", "approved_at"]
            .map(|field| self.record.time(ENTITY, field).map(|moment| moment.at_us));
        let hours = (to? - from?) as f64 / HOUR_US;
        (hours >= 0.0).then_some(hours)
    }

    /// Recorded more than two working days after it was sent.
    fn late(&self, world: &World) -> bool {
        let recorded = self.record.time(ENTITY, "recorded_at");
        match (self.sent, recorded) {
            (Some(sent), Some(recorded)) => world.calendar.is_late(sent.at_us, recorded.at_us),
            _ => false,
        }
    }

    /// Hours from the number's first sending to the customer's decision; whole days where either
    /// has no time of day.
    fn response_hours(&self, world: &World) -> Option<f64> {
        if !matches!(self.outcome, "accepted" | "partial" | "declined") {
            return None;
        }
        let (sent, decided) = (self.first_sent?, self.decided?);
        let hours = if sent.is_date || decided.is_date {
            let date = |moment: Moment| world.calendar.date(moment.at_us);
            (date(decided) - date(sent)).num_hours() as f64
        } else {
            (decided.at_us - sent.at_us) as f64 / HOUR_US
        };
        (hours >= 0.0).then_some(hours)
    }
}

fn rows(
    quotes: &[Quote<'_>],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let mut columns = Columns::new(schema, quotes.len());
    let at = |moment: Option<Moment>| moment.map(|moment| moment.at_us);
    let amount = |field: &'static str| {
        amounts(
            quotes
                .iter()
                .map(move |own| own.record.amount(ENTITY, field)),
        )
    };
    columns
        .set("quote_id", texts(quotes.iter().map(|own| Some(&**own.id))))?
        .set(
            "number",
            texts(quotes.iter().map(|own| Some(&**own.number))),
        )?
        .set(
            "version",
            wholes(quotes.iter().map(|own| i32::try_from(own.version).ok())),
        )?
        .set(
            "opportunity_id",
            texts(quotes.iter().map(|own| own.opportunity)),
        )?
        .set("sent_at", times(quotes.iter().map(|own| at(own.sent))))?
        .set(
            "first_sent_at",
            times(quotes.iter().map(|own| at(own.first_sent))),
        )?
        .set(
            "decided_at",
            times(quotes.iter().map(|own| at(own.decided))),
        )?
        .set(
            "expires_at",
            times(quotes.iter().map(|own| own.expires_us(world))),
        )?
        .set("outcome", texts(quotes.iter().map(|own| Some(own.outcome))))?
        .set(
            "response_hours",
            numbers(quotes.iter().map(|own| own.response_hours(world))),
        )?
        .set("amount", amount("amount")?)?
        .set("list_amount", amount("list_amount")?)?
        .set("accepted_amount", amount("accepted_amount")?)?
        .set(
            "margin",
            numbers(quotes.iter().map(|own| own.record.number(ENTITY, "margin"))),
        )?
        .set("counts", flags(quotes.iter().map(|own| Some(own.counts))))?
        .set(
            "first_version",
            flags(quotes.iter().map(|own| Some(own.first_version))),
        )?
        .set(
            "approval_requested_at",
            times(
                quotes
                    .iter()
                    .map(|own| at(own.record.time(ENTITY, "approval_requested_at"))),
            ),
        )?
        .set(
            "approved_at",
            times(
                quotes
                    .iter()
                    .map(|own| at(own.record.time(ENTITY, "approved_at"))),
            ),
        )?
        .set(
            "approval_hours",
            numbers(quotes.iter().map(Quote::approval_hours)),
        )?
        .set(
            "late_entry",
            flags(quotes.iter().map(|own| Some(own.late(world)))),
        )?;
    set_dimensions(&mut columns, dictionaries, quotes, |own| own.dimensions)?;
    columns.finish()
}
