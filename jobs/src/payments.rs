//! Instalments, and which receipts pay them.
//!
//! Receipts are gone through by their day. One that is allocated, or names its instalment, pays
//! that one. One of a file that names none pays the oldest instalments of its account that are not
//! paid yet, by the day they are due; one of operations waits until somebody allocates it. What is
//! paid beyond an instalment does not count, and goes nowhere else. Money given back is taken off
//! the instalment that it names, else off the newest that is paid.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::HashMap;
use millrace_models::entity::Entity;
use millrace_models::identity::SYSTEM;

use crate::bearings::Bearing;
use crate::columns::{Columns, amounts, texts, times, wholes};
use crate::facts::set_dimensions;
use crate::store::{Record, Store, Text, day_start_us};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World};

const PLAN: Entity = Entity::PaymentPlan;
const RECEIPT: Entity = Entity::Receipt;
const ALLOCATION: Entity = Entity::ReceiptAllocation;

/// The records of payments, and whose they are.
pub(crate) struct Payments {
    pub(crate) plans: Store,
    pub(crate) receipts: Store,
    pub(crate) allocations: Store,
    pub(crate) contracts: Store,
    pub(crate) plan_bearings: Vec<Bearing>,
    pub(crate) receipt_bearings: Vec<Bearing>,
    pub(crate) contract_bearings: Vec<Bearing>,
}

impl Payments {
    /// Finds what the records name: of plans, receipts, allocations and contracts.
    pub(crate) fn resolve(stores: [Store; 4], world: &mut World) -> Self {
        let [plans, receipts, allocations, contracts] = stores;
        Self {
            plan_bearings: Bearing::of_store(world, &plans, "owner"),
            receipt_bearings: Bearing::of_store(world, &receipts, "owner"),
            contract_bearings: Bearing::of_store(world, &contracts, "owner"),
            plans,
            receipts,
            allocations,
            contracts,
        }
    }
}

struct Instalment<'a> {
    record: &'a Record,
    id: Text,
    contract: Option<Text>,
    opportunity: Option<&'a str>,
    account: u32,
    due: Option<i32>,
    written_off_us: Option<i64>,
    amount: i128,
    /// All that was paid, also beyond the amount.
    paid: i128,
    paid_us: Option<i64>,
    dimensions: Dimensions,
}

/// A part of a receipt that pays an instalment.
struct Part {
    instalment: usize,
    line: i32,
    receipt: Text,
    received_us: i64,
    /// What of it counts.
    counts: i128,
}

/// A receipt, or one of its allocations.
struct Payment<'a> {
    day: i32,
    receipt: &'a Text,
    /// The instalment's place, else the account whose oldest it pays.
    to: Target,
    amount: i128,
}

enum Target {
    Instalment(usize),
    Account(u32),
}

impl Instalment<'_> {
    fn counted(&self) -> i128 {
        self.paid.clamp(0, self.amount)
    }

    /// Takes a payment; what of it counts.
    fn pay(&mut self, amount: i128, at_us: i64) -> i128 {
        let before = self.counted();
        self.paid += amount;
        let counts = self.counted() - before;
        if self.counted() < self.amount {
            self.paid_us = None;
        } else if counts > 0 {
            self.paid_us = Some(at_us);
        }
        counts
    }
}

/// The rows of `payment_performance`.
pub(crate) fn batch(
    payments: &Payments,
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<(RecordBatch, Extent)> {
    let mut instalments = instalments(payments, world);
    let receipts = payments.receipts.mart_ids(&world.systems);
    let (found, extent) = incoming(payments, &receipts, world, now_us);
    let parts = allocate(&mut instalments, found, world);
    let batch = rows(&instalments, &parts, world, dictionaries, schema)?;
    Ok((batch, extent))
}

fn instalments<'a>(payments: &'a Payments, world: &'a World) -> Vec<Instalment<'a>> {
    let contracts = payments.contracts.by_id();
    let contract_ids = payments.contracts.mart_ids(&world.systems);
    let ids = payments.plans.mart_ids(&world.systems);
    let plans = payments.plans.records.iter().zip(&payments.plan_bearings);
    plans
        .zip(ids)
        .filter_map(|((record, bearing), id)| {
            let amount = record.amount(PLAN, "amount").filter(|own| *own > 0)?;
            let system = record.system;
            let reference = record.text(PLAN, "contract");
            let contract = reference.and_then(|own| contracts.get(&(system, &**own)).copied());
            let parent = contract.map(|place| &payments.contract_bearings[place]);
            let deal = contract.and_then(|place| {
                let record = &payments.contracts.records[place];
                world.deal(system, record.text(Entity::Contract, "opportunity"))
            });
            let mut own = parent.cloned().unwrap_or_default();
            if bearing.account != NONE {
                own.account = bearing.account;
            }
            let due = record.date(PLAN, "due_on");
            let at_us = due.map_or(i64::MAX, |day| day_start_us(&world.calendar, day));
            let product = deal.map_or(NONE, |deal| deal.product);
            Some(Instalment {
                record,
                id,
                contract: match (contract, reference) {
                    (Some(place), _) => Some(contract_ids[place].clone()),
                    (None, Some(written)) => Some(written.clone()),
                    (None, None) => None,
                },
                opportunity: deal.map(|deal| deal.id),
                account: own.account_or(deal.as_ref()),
                due,
                written_off_us: written_off_us(record, at_us),
                amount,
                paid: 0,
                paid_us: None,
                dimensions: world.record_dimensions(&own, deal.as_ref(), product, at_us),
            })
        })
        .collect()
}

/// Since when an instalment is written off; from the day it was due where that is not known.
fn written_off_us(record: &Record, due_us: i64) -> Option<i64> {
    let history = record.versions(PLAN, "written_off")?;
    let last_kept = history.0.iter().rposition(|(_, value)| &**value != "1");
    let first = last_kept.map_or(0, |place| place + 1);
    let (from_us, _) = history.0.get(first)?;
    Some(if *from_us == i64::MIN {
        due_us
    } else {
        *from_us
    })
}

/// The payments by their day; on a day those that say what they pay come first.
fn incoming<'a>(
    payments: &'a Payments,
    ids: &'a [Text],
    world: &World,
    now_us: i64,
) -> (Vec<Payment<'a>>, Extent) {
    // places among the instalments: those without an amount are none
    let mut plans: HashMap<(u16, &str), usize> = HashMap::new();
    let mut place = 0;
    for record in &payments.plans.records {
        if record.amount(PLAN, "amount").is_none_or(|own| own <= 0) {
            continue;
        }
        if let Some(id) = record.text(PLAN, "id") {
            plans.insert((record.system, id), place);
        }
        place += 1;
    }
    let mut parts: HashMap<(u16, &str), Vec<&Record>> = HashMap::new();
    for record in &payments.allocations.records {
        if let Some(receipt) = record.text(ALLOCATION, "receipt") {
            let parts = parts.entry((record.system, receipt)).or_default();
            parts.push(record);
        }
    }
    let mut found = Vec::new();
    let mut extent = Extent::NOTHING;
    let receipts = payments.receipts.records.iter();
    for ((record, bearing), id) in receipts.zip(&payments.receipt_bearings).zip(ids) {
        let (Some(day), Some(amount)) = (
            record.date(RECEIPT, "received_on"),
            record.amount(RECEIPT, "amount"),
        ) else {
            continue;
        };
        let at_us = day_start_us(&world.calendar, day);
        if at_us > world.as_of_us {
            continue;
        }
        if at_us <= now_us {
            extent.see(at_us);
        }
        let back = record
            .text(RECEIPT, "kind")
            .is_some_and(|kind| &**kind == "refund");
        let signed = |amount: i128| if back { -amount.abs() } else { amount };
        let system = record.system;
        let to_plan = |reference: &Text, amount: i128| {
            let place = plans.get(&(system, &**reference))?;
            Some(Payment {
                day,
                receipt: id,
                to: Target::Instalment(*place),
                amount: signed(amount),
            })
        };
        let own = record.text(RECEIPT, "id").map_or("", AsRef::as_ref);
        if let Some(parts) = parts.get(&(system, own)) {
            found.extend(parts.iter().filter_map(|part| {
                let amount = part.amount(ALLOCATION, "amount")?;
                to_plan(part.text(ALLOCATION, "plan")?, amount)
            }));
        } else if let Some(reference) = record.text(RECEIPT, "plan") {
            found.extend(to_plan(reference, amount));
        } else if bearing.account != NONE && world.systems.name(system) != SYSTEM {
            found.push(Payment {
                day,
                receipt: id,
                to: Target::Account(bearing.account),
                amount: signed(amount),
            });
        }
    }
    found.sort_by_key(|own| (own.day, matches!(own.to, Target::Account(_))));
    (found, extent)
}

fn allocate(
    instalments: &mut [Instalment<'_>],
    found: Vec<Payment<'_>>,
    world: &World,
) -> Vec<Part> {
    let mut by_account: HashMap<u32, Vec<usize>> = HashMap::new();
    for (place, own) in instalments.iter().enumerate() {
        by_account.entry(own.account).or_default().push(place);
    }
    for places in by_account.values_mut() {
        places.sort_by_key(|place| (instalments[*place].due.unwrap_or(i32::MAX), *place));
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut lines: HashMap<usize, i32> = HashMap::new();
    for payment in found {
        let received_us = day_start_us(&world.calendar, payment.day);
        let mut pay = |instalments: &mut [Instalment<'_>], place: usize, amount: i128| {
            let counts = instalments[place].pay(amount, received_us);
            if counts != 0 {
                let line = lines.entry(place).or_default();
                *line += 1;
                parts.push(Part {
                    instalment: place,
                    line: *line,
                    receipt: payment.receipt.clone(),
                    received_us,
                    counts,
                });
            }
        };
        let account = match payment.to {
            Target::Instalment(place) => {
                pay(instalments, place, payment.amount);
                continue;
            }
            Target::Account(account) => account,
        };
        let places = by_account.get(&account).map_or(&[][..], Vec::as_slice);
        let mut left = payment.amount;
        for place in places.iter().copied() {
            let own = &instalments[place];
            let gone = own.written_off_us.is_some_and(|at_us| at_us <= received_us);
            let open = (own.amount - own.paid.max(0)).max(0);
            let part = left.min(open);
            if left > 0 && part > 0 && !gone {
                pay(instalments, place, part);
                left -= part;
            }
        }
        for place in places.iter().rev().copied() {
            let part = (-left).min(instalments[place].counted());
            if left < 0 && part > 0 {
                // what was paid beyond the amount is not there to be taken back
                instalments[place].paid = instalments[place].counted();
                pay(instalments, place, -part);
                left += part;
            }
        }
    }
    parts
}

fn rows(
    instalments: &[Instalment<'_>],
    parts: &[Part],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let calendar = &world.calendar;
    // the instalments, then the parts
    let all: Vec<(&Instalment<'_>, Option<&Part>)> = instalments
        .iter()
        .map(|own| (own, None))
        .chain(
            parts
                .iter()
                .map(|part| (&instalments[part.instalment], Some(part))),
        )
        .collect();
    let plan = |(own, part): &(_, Option<&Part>)| part.is_none().then_some(*own);
    let text = |field: &'static str| {
        let texts_of = all
            .iter()
            .map(move |(own, _)| own.record.text(PLAN, field).map(AsRef::as_ref));
        texts(texts_of)
    };
    let due = |days: i32| {
        let start = all.iter();
        times(start.map(move |(own, _)| Some(day_start_us(calendar, own.due? + days))))
    };
    let mut columns = Columns::new(schema, all.len());
    columns
        .set("plan_id", texts(all.iter().map(|(own, _)| Some(&*own.id))))?
        .set(
            "entry",
            texts(
                all.iter()
                    .map(|(_, part)| Some(if part.is_some() { "receipt" } else { "due" })),
            ),
        )?
        .set(
            "line",
            wholes(
                all.iter()
                    .map(|(_, part)| Some(part.map_or(0, |part| part.line))),
            ),
        )?
        .set(
            "contract_id",
            texts(all.iter().map(|(own, _)| own.contract.as_deref())),
        )?
        .set(
            "opportunity_id",
            texts(all.iter().map(|(own, _)| own.opportunity)),
        )?
        .set("kind", text("kind"))?
        .set("event", text("event"))?
        .set("due_at", due(0))?
        .set("overdue_at", due(1))?
        .set(
            "written_off_at",
            times(all.iter().map(|(own, _)| own.written_off_us)),
        )?
        .set(
            "amount",
            amounts(all.iter().map(|row| Some(plan(row)?.amount)))?,
        )?
        .set(
            "received_amount",
            amounts(all.iter().map(|row| Some(plan(row)?.counted())))?,
        )?
        .set("paid_at", times(all.iter().map(|row| plan(row)?.paid_us)))?
        .set(
            "receipt_id",
            texts(all.iter().map(|(_, part)| Some(&*(*part)?.receipt))),
        )?
        .set(
            "received_at",
            times(all.iter().map(|(_, part)| Some((*part)?.received_us))),
        )?
        .set(
            "allocated_amount",
            amounts(all.iter().map(|(_, part)| Some((*part)?.counts)))?,
        )?;
    set_dimensions(&mut columns, dictionaries, &all, |(own, _)| own.dimensions)?;
    columns.finish()
}

/// What records of payments name that is not there, or cannot be: receipts and allocations of
/// instalments that no source has, amounts that are none. By receipt, as they are called.
pub(crate) fn strays(payments: &Payments) -> Vec<(usize, &'static str)> {
    let plans = payments.plans.by_id();
    let mut known: HashMap<(u16, &str), bool> = HashMap::new();
    for part in &payments.allocations.records {
        let (Some(receipt), Some(plan)) = (
            part.text(ALLOCATION, "receipt"),
            part.text(ALLOCATION, "plan"),
        ) else {
            continue;
        };
        let there = plans.contains_key(&(part.system, &**plan));
        *known.entry((part.system, receipt)).or_insert(true) &= there;
    }
    let mut strays = Vec::new();
    for (place, record) in payments.receipts.records.iter().enumerate() {
        let id = record.text(RECEIPT, "id").map_or("", AsRef::as_ref);
        let plan = record.text(RECEIPT, "plan");
        let named = plan.is_none_or(|plan| plans.contains_key(&(record.system, &**plan)));
        if !named || known.get(&(record.system, id)) == Some(&false) {
            strays.push((place, "unknown_instalment"));
        }
    }
    strays
}
