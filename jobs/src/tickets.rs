//! Tickets: how long they took in working hours without pauses, and whether they were in time.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::Entity;

use crate::bearings::Bearing;
use crate::columns::{Columns, flags, numbers, texts, times};
use crate::facts::set_dimensions;
use crate::store::{Moment, Record, Store, Text};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World};

const ENTITY: Entity = Entity::Ticket;
const DAY_US: i64 = 86_400_000_000;

/// A ticket as it stands; what happened later than the run sees is not there.
struct Ticket<'a> {
    record: &'a Record,
    id: Text,
    opportunity: Option<&'a str>,
    requester: Option<&'a str>,
    opened: Option<Moment>,
    responded: Option<Moment>,
    resolved: Option<Moment>,
    closed: Option<Moment>,
    due: Option<Moment>,
    dimensions: Dimensions,
}

/// The tickets, whose they are, and who asked: places among the users.
pub(crate) struct Tickets<'a> {
    pub(crate) store: &'a Store,
    pub(crate) bearings: &'a [Bearing],
    pub(crate) requesters: &'a [Option<u32>],
}

/// The rows of `ticket_service`.
pub(crate) fn batch(
    own: &Tickets<'_>,
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<(RecordBatch, Extent)> {
    let ids = own.store.mart_ids(&world.systems);
    let records = own.store.records.iter().zip(ids);
    let records = records.zip(own.bearings).zip(own.requesters);
    let tickets: Vec<Ticket<'_>> = records
        .filter_map(|(((record, id), bearing), requester)| {
            let requester = requester.map(|place| &*world.users.get(place).id);
            ticket(record, id, bearing, world).map(|own| Ticket { requester, ..own })
        })
        .collect();
    let mut extent = Extent::NOTHING;
    for ticket in &tickets {
        let moments = [ticket.opened, ticket.responded, ticket.resolved];
        for moment in moments.into_iter().flatten() {
            if moment.at_us <= now_us {
                extent.see(moment.at_us);
            }
        }
    }
    let batch = rows(&tickets, world, dictionaries, schema, now_us)?;
    Ok((batch, extent))
}

fn ticket<'a>(
    record: &'a Record,
    id: Text,
    bearing: &Bearing,
    world: &'a World,
) -> Option<Ticket<'a>> {
    let time = |field| record.time(ENTITY, field);
    let seen = |moment: &Moment| moment.at_us <= world.as_of_us;
    let opened = time("opened_at");
    if opened.is_some_and(|opened| !seen(&opened)) {
        return None;
    }
    let resolved = time("resolved_at").filter(seen);
    let reference = record.text(ENTITY, "opportunity");
    let deal = world.deal(record.system, reference);
    // people are those who resolved it
    let at_us = resolved.map_or(i64::MAX, |moment| moment.at_us);
    Some(Ticket {
        record,
        id,
        opportunity: deal.map(|deal| deal.id).or(reference.map(AsRef::as_ref)),
        requester: None,
        opened,
        responded: time("first_response_at").filter(seen),
        resolved,
        closed: time("closed_at").filter(seen),
        due: time("due_at"),
        // who sees the deal does not see its tickets by that
        dimensions: world.record_dimensions(bearing, None, NONE, at_us),
    })
}

impl Ticket<'_> {
    /// Working hours of the pauses between two moments: those of the history of its status, and
    /// what its source sums up.
    fn paused_hours(&self, calendar: &WorkingCalendar, from_us: i64, to_us: i64) -> f64 {
        let summed = self.record.number(ENTITY, "paused_hours").unwrap_or(0.0);
        let Some(history) = self.record.versions(ENTITY, "status") else {
            return summed;
        };
        let ends = history.0.iter().skip(1).map(|(at_us, _)| *at_us);
        let spans = history.0.iter().zip(ends.chain([i64::MAX]));
        let paused = spans.filter(|((begin_us, status), _)| {
            // a status that was there from the first says not since when
            &**status == "paused" && *begin_us != i64::MIN
        });
        let hours = paused.map(|((begin_us, _), end_us)| {
            calendar.business_hours((*begin_us).max(from_us), end_us.min(to_us))
        });
        summed + hours.sum::<f64>()
    }

    /// Working hours from opening to another moment, without pauses; whole days where either has
    /// no time of day. `None` where it would be before the opening.
    fn hours_to(&self, calendar: &WorkingCalendar, end: Option<Moment>) -> Option<f64> {
        let (opened, end) = (self.opened?, end?);
        let hours = if opened.is_date || end.is_date {
            let (from, to) = (calendar.date(opened.at_us), calendar.date(end.at_us));
            if to < from {
                return None;
            }
            calendar.working_days_between(from, to) as f64 * calendar.hours_per_day()
        } else if end.at_us < opened.at_us {
            return None;
        } else {
            calendar.business_hours(opened.at_us, end.at_us)
        };
        Some((hours - self.paused_hours(calendar, opened.at_us, end.at_us)).max(0.0))
    }

    /// From when on it has missed its due time if it is open.
    fn late_us(&self) -> Option<i64> {
        let due = self.due?;
        Some(if due.is_date {
            due.at_us + DAY_US
        } else {
            due.at_us
        })
    }

    fn in_time(&self, calendar: &WorkingCalendar) -> Option<bool> {
        let (resolved, due) = (self.resolved?, self.due?);
        Some(if resolved.is_date || due.is_date {
            calendar.date(resolved.at_us) <= calendar.date(due.at_us)
        } else {
            resolved.at_us <= due.at_us
        })
    }

    fn satisfaction(&self) -> Option<f64> {
        let given = self.record.number(ENTITY, "satisfaction");
        given.filter(|given| (1.0..=5.0).contains(given))
    }

    fn late_entry(&self, calendar: &WorkingCalendar) -> bool {
        let recorded = self.record.time(ENTITY, "recorded_at");
        matches!((self.opened, recorded), (Some(at), Some(own)) if calendar.is_late(at.at_us, own.at_us))
    }
}

fn rows(
    tickets: &[Ticket<'_>],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<RecordBatch> {
    let calendar = &world.calendar;
    let mut columns = Columns::new(schema, tickets.len());
    let text = |field: &'static str| {
        let own = |own: &'_ Ticket<'_>| own.record.text(ENTITY, field).cloned();
        let values: Vec<Option<Text>> = tickets.iter().map(own).collect();
        texts(values.iter().map(Option::as_deref))
    };
    let at = |moment: Option<Moment>| moment.map(|moment| moment.at_us);
    columns
        .set("ticket_id", texts(tickets.iter().map(|own| Some(&*own.id))))?
        .set(
            "opportunity_id",
            texts(tickets.iter().map(|own| own.opportunity)),
        )?
        .set("requester", texts(tickets.iter().map(|own| own.requester)))?
        .set("kind", text("kind"))?
        .set("severity", text("severity"))?
        .set("status", text("status"))?
        .set("opened_at", times(tickets.iter().map(|own| at(own.opened))))?
        .set(
            "first_response_at",
            times(tickets.iter().map(|own| at(own.responded))),
        )?
        .set(
            "resolved_at",
            times(tickets.iter().map(|own| at(own.resolved))),
        )?
        .set("closed_at", times(tickets.iter().map(|own| at(own.closed))))?
        .set("due_at", times(tickets.iter().map(|own| at(own.due))))?
        .set("late_at", times(tickets.iter().map(Ticket::late_us)))?
        .set(
            "in_time",
            flags(tickets.iter().map(|own| own.in_time(calendar))),
        )?
        .set(
            "response_hours",
            numbers(
                tickets
                    .iter()
                    .map(|own| own.hours_to(calendar, own.responded)),
            ),
        )?
        .set(
            "resolution_hours",
            numbers(
                tickets
                    .iter()
                    .map(|own| own.hours_to(calendar, own.resolved)),
            ),
        )?
        .set(
            "paused_hours",
            numbers(tickets.iter().map(|own| {
                let end_us = own.resolved.map_or(now_us, |end| end.at_us);
                Some(own.paused_hours(calendar, own.opened?.at_us, end_us))
            })),
        )?
        .set(
            "rated_at",
            times(tickets.iter().map(|own| {
                own.satisfaction()?;
                at(own.resolved.or(own.closed).or(own.opened))
            })),
        )?
        .set(
            "satisfaction",
            numbers(tickets.iter().map(Ticket::satisfaction)),
        )?
        .set(
            "late_entry",
            flags(tickets.iter().map(|own| Some(own.late_entry(calendar)))),
        )?;
    set_dimensions(&mut columns, dictionaries, tickets, |own| own.dimensions)?;
    columns.finish()
}
