//! Contracts: when they run out, and what succeeded them.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::{HashMap, HashSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::Entity;

use crate::bearings::Bearing;
use crate::columns::{Columns, amounts, flags, texts, times};
use crate::facts::set_dimensions;
use crate::store::{Record, Store, Text, day_start_us};
use crate::texts::NONE;
use crate::world::{Dictionaries, Dimensions, World};

const ENTITY: Entity = Entity::Contract;
/// A contract is renewed by a successor that is signed up to so many days after it ran out.
const RENEWED_WITHIN_DAYS: i32 = 90;

struct Contract<'a> {
    record: &'a Record,
    id: Text,
    /// The day it was signed, else the day it took effect.
    signed: Option<i32>,
    expires: Option<i32>,
    account: u32,
    opportunity: Option<&'a str>,
    /// The successor's place among the contracts.
    renewed_by: Option<usize>,
    dimensions: Dimensions,
}

/// The rows of `contracts`; `bearings` are those of the contracts.
pub(crate) fn batch(
    store: &Store,
    bearings: &[Bearing],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let ids = store.mart_ids(&world.systems);
    let mut contracts: Vec<Contract<'_>> = store
        .records
        .iter()
        .zip(bearings)
        .zip(ids)
        .filter_map(|((record, bearing), id)| contract(record, bearing, id, world))
        .collect();
    let successors = successors(&contracts);
    for (place, successor) in successors {
        contracts[place].renewed_by = Some(successor);
    }
    rows(&contracts, world, dictionaries, schema)
}

fn contract<'a>(
    record: &'a Record,
    bearing: &Bearing,
    id: Text,
    world: &'a World,
) -> Option<Contract<'a>> {
    let date = |field| record.date(ENTITY, field);
    let signed = date("signed_on").or(date("effective_on"));
    let at_us = signed.map_or(i64::MAX, |day| day_start_us(&world.calendar, day));
    if signed.is_some() && at_us > world.as_of_us {
        return None;
    }
    let reference = record.text(ENTITY, "opportunity");
    let deal = world.deal(record.system, reference);
    let product = deal.map_or(NONE, |deal| deal.product);
    Some(Contract {
        record,
        id,
        signed,
        expires: date("expires_on"),
        account: bearing.account_or(deal.as_ref()),
        opportunity: deal.map(|deal| deal.id).or(reference.map(AsRef::as_ref)),
        renewed_by: None,
        dimensions: world.record_dimensions(bearing, deal.as_ref(), product, at_us),
    })
}

impl Contract<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        self.record.text(ENTITY, field).map(AsRef::as_ref)
    }

    fn at(&self, calendar: &WorkingCalendar, field: &str) -> Option<i64> {
        Some(day_start_us(calendar, self.record.date(ENTITY, field)?))
    }
}

/// The successor of each contract that has one, by places: a contract that says that it renews it;
/// where no contract of a source says so, the next one of the same account and kind that begins
/// after it and is signed within 90 days of its end, before or after. Of several the first signed.
fn successors(contracts: &[Contract<'_>]) -> BTreeMap<usize, usize> {
    let mut by_id: HashMap<(u16, &str), usize> = HashMap::new();
    let mut telling: HashSet<u16> = HashSet::new();
    for (place, own) in contracts.iter().enumerate() {
        if let Some(id) = own.text("id") {
            by_id.insert((own.record.system, id), place);
        }
        if own.text("renews").is_some() {
            telling.insert(own.record.system);
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut kindred: HashMap<(u16, u32, Option<&str>), Vec<usize>> = HashMap::new();
    for (place, own) in contracts.iter().enumerate() {
        let system = own.record.system;
        if let Some(before) = own.text("renews") {
            pairs.extend(by_id.get(&(system, before)).map(|before| (*before, place)));
        } else if !telling.contains(&system) && own.account != NONE && own.signed.is_some() {
            let key = (system, own.account, own.text("kind"));
            kindred.entry(key).or_default().push(place);
        }
    }
    for group in kindred.into_values() {
        for before in &group {
            let after = group.iter().filter(|after| {
                let (before, after) = (&contracts[*before], &contracts[**after]);
                let (Some(begun), Some(end), Some(signed)) =
                    (before.signed, before.expires, after.signed)
                else {
                    return false;
                };
                signed > begun && signed > end - RENEWED_WITHIN_DAYS
            });
            pairs.extend(after.map(|after| (*before, *after)));
        }
    }
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (before, after) in pairs {
        let (Some(end), Some(signed)) = (contracts[before].expires, contracts[after].signed) else {
            continue;
        };
        if before == after || signed > end + RENEWED_WITHIN_DAYS {
            continue;
        }
        let known = first.entry(before).or_insert(after);
        if contracts[*known].signed > Some(signed) {
            *known = after;
        }
    }
    first
}

fn rows(
    contracts: &[Contract<'_>],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let calendar = &world.calendar;
    let start = |day: i32| day_start_us(calendar, day);
    let successor = |own: &Contract<'_>| own.renewed_by.map(|place| &contracts[place]);
    let text = |field: &'static str| texts(contracts.iter().map(move |own| own.text(field)));
    let late = |own: &Contract<'_>| {
        let recorded = own.record.time(ENTITY, "recorded_at");
        let signed = own.signed.map(start);
        matches!((signed, recorded), (Some(at), Some(own)) if calendar.is_late(at, own.at_us))
    };
    let mut columns = Columns::new(schema, contracts.len());
    columns
        .set(
            "contract_id",
            texts(contracts.iter().map(|own| Some(&*own.id))),
        )?
        .set(
            "opportunity_id",
            texts(contracts.iter().map(|own| own.opportunity)),
        )?
        .set("kind", text("kind"))?
        .set("status", text("status"))?
        .set(
            "amount",
            amounts(
                contracts
                    .iter()
                    .map(|own| own.record.amount(ENTITY, "amount")),
            )?,
        )?
        .set(
            "signed_at",
            times(contracts.iter().map(|own| own.signed.map(start))),
        )?
        .set(
            "effective_at",
            times(contracts.iter().map(|own| own.at(calendar, "effective_on"))),
        )?
        .set(
            "expires_at",
            times(contracts.iter().map(|own| own.expires.map(start))),
        )?
        .set(
            "decided_at",
            times(
                contracts
                    .iter()
                    .map(|own| own.expires.map(|day| start(day + RENEWED_WITHIN_DAYS + 1))),
            ),
        )?
        .set(
            "renewed_by",
            texts(
                contracts
                    .iter()
                    .map(|own| successor(own).map(|after| &*after.id)),
            ),
        )?
        .set(
            "renewed_at",
            times(
                contracts
                    .iter()
                    .map(|own| successor(own)?.signed.map(start)),
            ),
        )?
        .set(
            "late_entry",
            flags(contracts.iter().map(|own| Some(late(own)))),
        )?;
    set_dimensions(&mut columns, dictionaries, contracts, |own| own.dimensions)?;
    columns.finish()
}
