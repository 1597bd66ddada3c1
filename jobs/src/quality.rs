//! How complete and how plausible records are.

mod asked;

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, SchemaRef};
use hashbrown::HashMap;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::completeness::{Completeness, is_phone, shipped};
use millrace_models::entity::Entity;
use rayon::prelude::*;

pub(crate) use self::asked::Askings;
use self::asked::{Asked, Given, Judgement, given};
use crate::bearings::Bearing;
use crate::columns::{Columns, flags, numbers, texts, times, wholes};
use crate::deals::Deal;
use crate::facts::{Sink, set_dimensions};
use crate::partial::NeedsAll;
use crate::payments::{Payments, strays};
use crate::store::{Moment, Record, Store, Text};
use crate::texts::NONE;
use crate::world::{Dictionaries, Dimensions, World};

/// Deals of one batch.
const CHUNK: usize = 64 * 1024;
/// The records that are looked at beside accounts and deals.
pub(crate) struct Records<'a> {
    pub(crate) contacts: (&'a Store, &'a [Bearing]),
    pub(crate) quotes: (&'a Store, &'a [Bearing]),
    pub(crate) tickets: (&'a Store, &'a [Bearing]),
    pub(crate) payments: &'a Payments,
}

/// A row of `record_quality`.
struct Quality<'a> {
    id: &'a str,
    since_us: Option<i64>,
    active: bool,
    judgement: Judgement,
    problems: Vec<&'static str>,
    dimensions: Dimensions,
}

/// What fields records are asked for: found out from all of them, or as it was before.
#[derive(Default)]
struct Asking<'a> {
    /// Of the set before, when these are not all records.
    before: Option<&'a Askings>,
    found: RefCell<Askings>,
}

impl Asking<'_> {
    fn settle(&self, entity: Entity, world: &World, asked: Asked) -> anyhow::Result<Asked> {
        let asked = match self.before {
            None => asked,
            Some(before) => match asked.joined(entity, &world.systems, before) {
                (asked, true) => asked,
                (_, false) => {
                    return Err(NeedsAll("a source fills a field for the first time").into());
                }
            },
        };
        let mut found = self.found.borrow_mut();
        found.insert(entity.name().to_owned(), asked.named(&world.systems));
        Ok(asked)
    }
}

/// Writes the rows of `record_quality`; `before` is what fields were asked for when these are not
/// all records. Gives what fields are asked for.
pub(crate) fn write(
    records: &Records<'_>,
    world: &World,
    dictionaries: &Dictionaries,
    sink: &Sink,
    before: Option<&Askings>,
) -> anyhow::Result<Askings> {
    let asking = Asking {
        before,
        ..Asking::default()
    };
    let put = |entity: Entity, rows: &[Quality<'_>]| {
        let wanted = shipped(entity.name())?;
        sink.write(
            batch(entity, rows, wanted, dictionaries, sink.schema())?,
            None,
        )
    };
    put(Entity::Account, &accounts(records, world, &asking)?)?;
    deals(world, &asking, &put)?;
    let ids = records.quotes.0.mart_ids(&world.systems);
    put(
        Entity::Quote,
        &quotes(records.quotes, &ids, world, &asking)?,
    )?;
    let payments = records.payments;
    let contracts = (&payments.contracts, &payments.contract_bearings[..]);
    let ids = contracts.0.mart_ids(&world.systems);
    put(
        Entity::Contract,
        &of_contracts(contracts, &ids, world, &asking)?,
    )?;
    let ids = records.tickets.0.mart_ids(&world.systems);
    put(Entity::Ticket, &tickets(records.tickets, &ids, world))?;
    let ids = payments.plans.mart_ids(&world.systems);
    put(Entity::PaymentPlan, &plans(payments, &ids, world))?;
    let ids = payments.receipts.mart_ids(&world.systems);
    put(Entity::Receipt, &receipts(payments, &ids, world))?;
    Ok(asking.found.into_inner())
}

/// Whether an end lies before its beginning; by days where either has no time of day.
fn is_before(calendar: &WorkingCalendar, end: Option<Moment>, begin: Option<Moment>) -> bool {
    match (end, begin) {
        (Some(end), Some(begin)) if end.is_date || begin.is_date => {
            calendar.date(end.at_us) < calendar.date(begin.at_us)
        }
        (Some(end), Some(begin)) => end.at_us < begin.at_us,
        _ => false,
    }
}

fn accounts<'a>(
    records: &Records<'_>,
    world: &'a World,
    asking: &Asking<'_>,
) -> anyhow::Result<Vec<Quality<'a>>> {
    const ENTITY: Entity = Entity::Account;
    // of each account with a contact: whether any of them can be reached
    let mut reachable: HashMap<u32, bool> = HashMap::new();
    let (contacts, bearings) = records.contacts;
    for (contact, bearing) in contacts.records.iter().zip(bearings) {
        let text = |field| contact.text(Entity::Contact, field);
        let phone = ["mobile", "phone"].into_iter().filter_map(text);
        let mut phone = phone.map(|own| is_phone(own));
        let mail = text("email").is_some_and(|mail| mail.contains('@'));
        let is_good = text("name").is_some() && (mail || phone.any(|own| own));
        *reachable.entry(bearing.account).or_default() |= is_good;
    }
    let all = &world.accounts.all;
    let value = |record: &'a Record, place: u32, field: &str| match field {
        "contact" => reachable
            .get(&place)
            .map(|good| Given::Text(if *good { "+" } else { "" })),
        _ => given(record, ENTITY, field),
    };
    let known = || {
        let places = (0_u32..).zip(all);
        places.filter_map(|(place, own)| Some((place, own, own.record.as_ref()?)))
    };
    let asked = Asked::of(
        ENTITY,
        &world.systems,
        known().map(|(place, _, record)| (record.system, (record, place))),
        |(record, place), field| value(record, *place, field).is_some(),
    )?;
    let asked = asking.settle(ENTITY, world, asked)?;
    let rows = known().filter_map(|(place, own, record)| {
        let created = record.time(ENTITY, "created_at").map(|at| at.at_us);
        if created.is_some_and(|at_us| at_us > world.as_of_us) {
            return None;
        }
        Some(Quality {
            id: &own.id,
            since_us: created,
            active: World::is_active(own),
            judgement: asked.judge(record.system, |field| value(record, place, field)),
            problems: Vec::new(),
            dimensions: world.dimensions(&[], NONE, place, NONE, i64::MAX),
        })
    });
    Ok(rows.collect())
}

fn of_deal<'a>(deal: &Deal<'a>, field: &str) -> Option<Given<'a>> {
    let there = |is: bool| is.then_some(Given::Something);
    match field {
        "account" => there(deal.account != NONE),
        "owner" => there(deal.owners.last().is_some_and(|(_, owner)| *owner != NONE)),
        "product" => there(deal.product != NONE),
        "amount" => deal.amount.map(|amount| Given::Number(amount as f64)),
        "source" => deal.source.map(Given::Text),
        "expected_close_on" => there(deal.expected_close_on.is_some()),
        "lost_reason" => deal.lost_reason.map(Given::Text),
        "outcome" => Some(Given::Text(deal.outcome.unwrap_or("open"))),
        _ => None,
    }
}

fn deals(
    world: &World,
    asking: &Asking<'_>,
    put: &(impl Fn(Entity, &[Quality<'_>]) -> anyhow::Result<()> + Sync),
) -> anyhow::Result<()> {
    const ENTITY: Entity = Entity::Opportunity;
    let deals = &world.deals;
    let one = deals.one_system();
    let filled = deals.filled();
    let asked = match one {
        // all deals are of one source: what it fills is known
        Some(system) => Asked::filled(ENTITY, &world.systems, system, |field| {
            filled.contains(&field)
        })?,
        None => Asked::of(
            ENTITY,
            &world.systems,
            deals
                .places(0, deals.len())
                .map(|deal| (deals.system(deal.place), deal)),
            |deal, field| of_deal(deal, field).is_some(),
        )?,
    };
    let asked = asking.settle(ENTITY, world, asked)?;
    let starts: Vec<usize> = (0..deals.len()).step_by(CHUNK).collect();
    starts.into_par_iter().try_for_each(|start| {
        let own = deals.places(start, start + CHUNK);
        let rows: Vec<Quality<'_>> = own
            .map(|deal| {
                let end = deal.won.or(deal.closed);
                let mut problems = Vec::new();
                if is_before(&world.calendar, end, deal.opened) {
                    problems.push("ended_before_opened");
                }
                let since = deal.opened.map(|at| at.at_us).or(deal.recorded_us);
                Quality {
                    id: deal.id,
                    since_us: since,
                    active: true,
                    judgement: asked.judge(deals.system(deal.place), |field| of_deal(&deal, field)),
                    problems,
                    dimensions: world.deal_dimensions(&deal, i64::MAX),
                }
            })
            .collect();
        put(ENTITY, &rows)
    })
}

/// The rows of a store whose fields are asked for.
fn complete<'a>(
    (store, bearings): (&'a Store, &[Bearing]),
    ids: &'a [Text],
    world: &'a World,
    asking: &Asking<'_>,
    since: impl Fn(&Record) -> Option<i64>,
    problems: impl Fn(&Record) -> Vec<&'static str>,
) -> anyhow::Result<Vec<Quality<'a>>> {
    let entity = store.entity;
    let asked = Asked::of(
        entity,
        &world.systems,
        store.records.iter().map(|record| (record.system, record)),
        |record, field| given(record, entity, field).is_some(),
    )?;
    let asked = asking.settle(entity, world, asked)?;
    let rows = store.records.iter().zip(bearings).zip(ids);
    let rows = rows.filter_map(|((record, bearing), id)| {
        let since_us = since(record);
        if since_us.is_some_and(|at_us| at_us > world.as_of_us) {
            return None;
        }
        Some(Quality {
            id,
            since_us,
            active: true,
            judgement: asked.judge(record.system, |field| given(record, entity, field)),
            problems: problems(record),
            dimensions: dimensions(bearing, record, entity, world),
        })
    });
    Ok(rows.collect())
}

fn dimensions(bearing: &Bearing, record: &Record, entity: Entity, world: &World) -> Dimensions {
    // who sees a deal does not see its tickets by that
    let reference = record
        .text(entity, "opportunity")
        .filter(|_| entity != Entity::Ticket);
    let deal = world.deal(record.system, reference);
    world.record_dimensions(bearing, deal.as_ref(), NONE, i64::MAX)
}

fn quotes<'a>(
    quotes: (&'a Store, &[Bearing]),
    ids: &'a [Text],
    world: &'a World,
    asking: &Asking<'_>,
) -> anyhow::Result<Vec<Quality<'a>>> {
    let time = |record: &Record, field| record.time(Entity::Quote, field);
    complete(
        quotes,
        ids,
        world,
        asking,
        |record| {
            let sent = time(record, "sent_at").or(time(record, "approval_requested_at"));
            sent.map(|at| at.at_us)
        },
        |record| {
            let before =
                |end, begin| is_before(&world.calendar, time(record, end), time(record, begin));
            let mut problems = Vec::new();
            if before("decided_at", "sent_at") {
                problems.push("decided_before_sent");
            }
            if before("approved_at", "approval_requested_at") {
                problems.push("approved_before_requested");
            }
            problems
        },
    )
}

fn of_contracts<'a>(
    contracts: (&'a Store, &[Bearing]),
    ids: &'a [Text],
    world: &'a World,
    asking: &Asking<'_>,
) -> anyhow::Result<Vec<Quality<'a>>> {
    let date = |record: &Record, field| record.date(Entity::Contract, field);
    complete(
        contracts,
        ids,
        world,
        asking,
        |record| {
            let day = date(record, "signed_on").or(date(record, "effective_on"))?;
            Some(crate::store::day_start_us(&world.calendar, day))
        },
        |record| {
            let begin = date(record, "effective_on").or(date(record, "signed_on"));
            let end = date(record, "expires_on");
            match (begin, end) {
                (Some(begin), Some(end)) if end < begin => vec!["expires_before_effective"],
                _ => Vec::new(),
            }
        },
    )
}

fn tickets<'a>(
    (store, bearings): (&'a Store, &[Bearing]),
    ids: &'a [Text],
    world: &World,
) -> Vec<Quality<'a>> {
    const ENTITY: Entity = Entity::Ticket;
    let rows = store.records.iter().zip(bearings).zip(ids);
    rows.filter_map(|((record, bearing), id)| {
        let time = |field| record.time(ENTITY, field);
        let mut problems = Vec::new();
        for (field, name) in [
            ("resolved_at", "resolved_before_opened"),
            ("first_response_at", "answered_before_opened"),
        ] {
            if is_before(&world.calendar, time(field), time("opened_at")) {
                problems.push(name);
            }
        }
        let given = record.number(ENTITY, "satisfaction");
        if given.is_some_and(|given| !(1.0..=5.0).contains(&given)) {
            problems.push("satisfaction_out_of_range");
        }
        let since_us = time("opened_at").map(|at| at.at_us);
        let own = dimensions(bearing, record, ENTITY, world);
        defect(id, since_us, problems, own)
    })
    .collect()
}

fn plans<'a>(payments: &Payments, ids: &'a [Text], world: &World) -> Vec<Quality<'a>> {
    let records = payments.plans.records.iter();
    let rows = records.zip(&payments.plan_bearings).zip(ids);
    rows.filter_map(|((record, bearing), id)| {
        let amount = record.amount(Entity::PaymentPlan, "amount");
        let mut problems = Vec::new();
        if amount.is_none_or(|amount| amount <= 0) {
            problems.push("amount_not_positive");
        }
        let recorded = record.time(Entity::PaymentPlan, "recorded_at");
        let own = world.record_dimensions(bearing, None, NONE, i64::MAX);
        defect(id, recorded.map(|at| at.at_us), problems, own)
    })
    .collect()
}

fn receipts<'a>(payments: &Payments, ids: &'a [Text], world: &World) -> Vec<Quality<'a>> {
    let strays = strays(payments).into_iter();
    strays
        .filter_map(|(place, problem)| {
            let record = &payments.receipts.records[place];
            let day = record.date(Entity::Receipt, "received_on");
            let since_us = day.map(|day| crate::store::day_start_us(&world.calendar, day));
            let bearing = &payments.receipt_bearings[place];
            let own = world.record_dimensions(bearing, None, NONE, i64::MAX);
            defect(&ids[place], since_us, vec![problem], own)
        })
        .collect()
}

/// The row of a record of which no fields are asked, where something is wrong with it.
fn defect<'a>(
    id: &'a Text,
    since_us: Option<i64>,
    problems: Vec<&'static str>,
    dimensions: Dimensions,
) -> Option<Quality<'a>> {
    (!problems.is_empty()).then_some(Quality {
        id,
        since_us,
        active: true,
        judgement: Judgement::default(),
        problems,
        dimensions,
    })
}

/// The names of the fields of each set that occurs, as a dictionary: there are few sets.
fn named(
    sets: impl Iterator<Item = u32>,
    wanted: Option<&Completeness>,
) -> anyhow::Result<ArrayRef> {
    let mut places: HashMap<u32, i32> = HashMap::new();
    let mut words: Vec<String> = Vec::new();
    let keys: Int32Array = sets
        .map(|set| {
            if set == 0 {
                return None;
            }
            let next = i32::try_from(words.len()).unwrap_or(i32::MAX);
            Some(*places.entry(set).or_insert_with(|| {
                let fields = wanted.map_or(&[][..], |wanted| &wanted.fields);
                let own = fields.iter().enumerate();
                let own = own.filter(|(bit, _)| set & (1 << bit) != 0);
                let own: Vec<&str> = own.map(|(_, field)| field.name.as_str()).collect();
                words.push(own.join(", "));
                next
            }))
        })
        .collect();
    let words: ArrayRef = Arc::new(StringArray::from(words));
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys, words,
    )?))
}

fn batch(
    entity: Entity,
    rows: &[Quality<'_>],
    wanted: Option<&Completeness>,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let mut columns = Columns::new(schema, rows.len());
    let share = |own: &Quality<'_>| {
        let judgement = &own.judgement;
        let all = f64::from(judgement.applicable);
        (judgement.applicable > 0).then(|| f64::from(judgement.filled) / all)
    };
    let problems: Vec<Option<String>> = rows
        .iter()
        .map(|own| (!own.problems.is_empty()).then(|| own.problems.join(", ")))
        .collect();
    let count = |own: &Quality<'_>| i32::try_from(own.problems.len()).ok();
    columns
        .set(
            "record_type",
            texts(rows.iter().map(|_| Some(entity.name()))),
        )?
        .set("record_id", texts(rows.iter().map(|own| Some(own.id))))?
        .set("since_at", times(rows.iter().map(|own| own.since_us)))?
        .set("active", flags(rows.iter().map(|own| Some(own.active))))?
        .set(
            "filled",
            numbers(rows.iter().map(|own| Some(f64::from(own.judgement.filled)))),
        )?
        .set(
            "applicable",
            numbers(
                rows.iter()
                    .map(|own| Some(f64::from(own.judgement.applicable))),
            ),
        )?
        .set("completeness", numbers(rows.iter().map(share)))?
        .set(
            "missing",
            named(rows.iter().map(|own| own.judgement.missing), wanted)?,
        )?
        .set(
            "invalid",
            named(rows.iter().map(|own| own.judgement.invalid), wanted)?,
        )?
        .set("defects", wholes(rows.iter().map(count)))?
        .set("problems", texts(problems.iter().map(Option::as_deref)))?;
    set_dimensions(&mut columns, dictionaries, rows, |own| own.dimensions)?;
    columns.finish()
}
