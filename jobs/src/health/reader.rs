//! Reading the marts into histories, a row group a thread.

use std::fs::File;

use anyhow::Context;
use arrow::array::{Array, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, Decimal128Type, TimestampMicrosecondType};
use chrono::{DateTime, TimeZone};
use hashbrown::HashMap;
use millrace_lake::{Table, TableFile};
use millrace_models::health::evidence::{COMPLAINTS, SEVERE};
use millrace_models::health::{
    DayAmount, Decision, Delivery, Evidence, History, Instalment, LineKind, OrderLine, Term, Ticket,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

use super::row::Row;
use crate::raw::{Piece, Raw, Rows, Strings, pieces};

const BATCH_ROWS: usize = 8_192;
const ORDER_COLUMNS: &[&str] = &[
    "account_id",
    "ordered_at",
    "kind",
    "amount",
    "amount_without_tax",
    "product",
];

/// Texts, each by a number of its own.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> anyhow::Result<u32> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).context("more names than can be counted")?;
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The names by their number.
    fn in_order(self) -> Vec<String> {
        let mut names: Vec<(u32, String)> = self
            .numbers
            .into_iter()
            .map(|(name, number)| (number, name))
            .collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

/// The lines of a row group; accounts and products by numbers of its own.
#[derive(Default)]
struct Part {
    accounts: Names,
    products: Names,
    lines: Vec<OrderLine>,
}

/// The order lines of all accounts that have any, and the ids of the accounts, in their order. Days
/// are those of `zone`.
pub(super) fn orders(
    table: &Table,
    zone: impl TimeZone + Copy + Sync,
) -> anyhow::Result<(History, Vec<String>)> {
    let parts: Vec<Part> = row_groups(table)?
        .par_iter()
        .map(|piece| part(piece, &zone))
        .collect::<anyhow::Result<_>>()?;
    let (mut accounts, mut products) = (Names::default(), Names::default());
    let mut lines = Vec::with_capacity(parts.iter().map(|part| part.lines.len()).sum());
    for part in parts {
        let of_part = |own: Names, all: &mut Names| -> anyhow::Result<Vec<u32>> {
            let names = own.in_order();
            names.iter().map(|name| all.number(name)).collect()
        };
        let account_numbers = of_part(part.accounts, &mut accounts)?;
        let product_numbers = of_part(part.products, &mut products)?;
        lines.extend(part.lines.into_iter().map(|line| OrderLine {
            account: account_numbers[line.account] as usize,
            product: line.product.map(|own| product_numbers[own as usize]),
            ..line
        }));
    }
    // In the order of their ids, so that the files' order decides nothing.
    let ids = accounts.in_order();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_unstable_by(|left, right| ids[*left].cmp(&ids[*right]));
    let mut places = vec![0; ids.len()];
    for (place, account) in order.iter().enumerate() {
        places[*account] = place;
    }
    for line in &mut lines {
        line.account = places[line.account];
    }
    let history = History::new(ids.len(), lines);
    let sorted = order.iter().map(|account| ids[*account].clone()).collect();
    Ok((history, sorted))
}

/// What is known beside orders of the accounts whose places are given, from the marts of payments,
/// tickets, quotes, interactions, deliveries and contracts.
pub(super) fn evidence(
    tables: &EvidenceTables,
    places: &HashMap<String, usize>,
    zone: impl TimeZone + Copy + Sync,
) -> anyhow::Result<Vec<(usize, Evidence)>> {
    let mut found: HashMap<usize, Evidence> = HashMap::new();
    let day = |at_us: i64| {
        let at = DateTime::from_timestamp_micros(at_us).unwrap_or_default();
        at.with_timezone(&zone).date_naive().to_epoch_days()
    };
    for (place, instalment) in instalments(&tables.payments, places, day)? {
        found.entry(place).or_default().instalments.push(instalment);
    }
    let columns = [
        "account_id",
        "kind",
        "severity",
        "status",
        "opened_at",
        "resolved_at",
        "closed_at",
        "late_at",
    ];
    each_row(&tables.tickets, &columns, |row| {
        let (Some(opened), Some(place)) = (row.time("opened_at"), place(row, places)) else {
            return;
        };
        if row.text("status") == Some("cancelled") {
            return;
        }
        let is = |name: &str, words: &[&str]| {
            let text = row.text(name).map(str::to_lowercase);
            text.is_some_and(|text| words.contains(&text.as_str()))
        };
        found.entry(place).or_default().tickets.push(Ticket {
            opened: day(opened),
            resolved: row.time("resolved_at").or(row.time("closed_at")).map(day),
            late: row.time("late_at").map(day),
            is_complaint: is("kind", &COMPLAINTS),
            is_severe: is("severity", &SEVERE),
        });
    })?;
    let columns = [
        "account_id",
        "counts",
        "outcome",
        "decided_at",
        "expires_at",
    ];
    each_row(&tables.quotes, &columns, |row| {
        let Some(place) = place(row, places).filter(|_| row.flag("counts")) else {
            return;
        };
        let decided = match row.text("outcome") {
            Some("accepted" | "partial") => row.time("decided_at").map(|at| (at, true)),
            Some("declined" | "expired") => {
                let at = row.time("decided_at").or(row.time("expires_at"));
                at.map(|at| (at, false))
            }
            Some("superseded" | "withdrawn" | "draft") => None,
            // without an answer: when it runs out, which is not seen before
            _ => row.time("expires_at").map(|at| (at, false)),
        };
        if let Some((at, is_accepted)) = decided {
            let decision = Decision {
                day: day(at),
                is_accepted,
            };
            found.entry(place).or_default().decisions.push(decision);
        }
    })?;
    let mut people = Names::default();
    let columns = ["account_id", "at", "two_way", "contact_id"];
    each_row(&tables.activity, &columns, |row| {
        if let (Some(at), Some(place), true) =
            (row.time("at"), place(row, places), row.flag("two_way"))
        {
            let own = found.entry(place).or_default();
            own.two_way.push(day(at));
            let person = row.text("contact_id").map(|person| people.number(person));
            own.people
                .extend(person.and_then(Result::ok).map(|person| (day(at), person)));
        }
    })?;
    for (place, delivery) in deliveries(tables, places, day)? {
        found.entry(place).or_default().deliveries.push(delivery);
    }
    let columns = ["account_id", "signed_at", "expires_at", "renewed_at"];
    each_row(&tables.contracts, &columns, |row| {
        if let (Some(signed), Some(expires), Some(place)) = (
            row.time("signed_at"),
            row.time("expires_at"),
            place(row, places),
        ) {
            found.entry(place).or_default().terms.push(Term {
                signed: day(signed),
                expires: day(expires),
                renewed: row.time("renewed_at").map(day),
            });
        }
    })?;
    Ok(found.into_iter().collect())
}

/// What was promised, by the places of the accounts: the delivery's own, else that of its order. One
/// whose order is not there, as when it was cancelled, is not owed.
fn deliveries(
    tables: &EvidenceTables,
    places: &HashMap<String, usize>,
    day: impl Fn(i64) -> i32,
) -> anyhow::Result<Vec<(usize, Delivery)>> {
    let mut promised: Vec<(Option<String>, Option<usize>, Delivery)> = Vec::new();
    let columns = ["order_id", "account_id", "promised_at", "delivered_at"];
    each_row(&tables.deliveries, &columns, |row| {
        if let Some(at) = row.time("promised_at") {
            let delivery = Delivery {
                promised: day(at),
                delivered: row.time("delivered_at").map(&day),
            };
            let order = row.text("order_id").map(str::to_owned);
            promised.push((order, place(row, places), delivery));
        }
    })?;
    let named = promised.iter().filter_map(|(order, ..)| order.clone());
    let mut orders: HashMap<String, Option<usize>> = named.map(|order| (order, None)).collect();
    if !orders.is_empty() {
        each_row(&tables.orders, &["order_id", "account_id"], |row| {
            let of = row.text("order_id").and_then(|id| orders.get_mut(id));
            if let (Some(of), Some(place)) = (of, place(row, places)) {
                *of = Some(place);
            }
        })?;
    }
    let owed = promised.into_iter().filter_map(|(order, place, delivery)| {
        let of_order = match order {
            Some(order) => Some(orders.get(&order).copied().flatten()?),
            None => None,
        };
        Some((place.or(of_order)?, delivery))
    });
    Ok(owed.collect())
}

/// What was to be paid, by the places of the accounts.
fn instalments(
    table: &Table,
    places: &HashMap<String, usize>,
    day: impl Fn(i64) -> i32,
) -> anyhow::Result<Vec<(usize, Instalment)>> {
    let columns = [
        "plan_id",
        "entry",
        "account_id",
        "due_at",
        "written_off_at",
        "amount",
        "received_at",
        "allocated_amount",
    ];
    let mut plans: HashMap<String, (usize, Instalment)> = HashMap::new();
    each_row(table, &columns, |row| {
        let (Some(plan), Some(place)) = (row.text("plan_id"), place(row, places)) else {
            return;
        };
        let (_, instalment) = plans
            .entry(plan.to_owned())
            .or_insert_with(|| (place, Instalment::default()));
        if row.text("entry") == Some("receipt") {
            let part = row.time("received_at").zip(row.amount("allocated_amount"));
            instalment
                .received
                .extend(part.map(|(at, amount)| DayAmount {
                    day: day(at),
                    amount,
                }));
        } else if let Some(due) = row.time("due_at") {
            instalment.due = day(due);
            instalment.amount = row.amount("amount").unwrap_or(0.0);
            instalment.written_off = row.time("written_off_at").map(&day);
        }
    })?;
    // One that waits for an event is not due.
    let due = plans.into_values().filter(|(_, own)| own.amount > 0.0);
    Ok(due.collect())
}

/// Where evidence is read from.
pub(super) struct EvidenceTables {
    pub(super) payments: Table,
    pub(super) tickets: Table,
    pub(super) quotes: Table,
    pub(super) activity: Table,
    pub(super) deliveries: Table,
    pub(super) contracts: Table,
    pub(super) orders: Table,
}

/// The place of a row's account.
fn place(row: &Row<'_>, places: &HashMap<String, usize>) -> Option<usize> {
    places.get(row.text("account_id")?).copied()
}

fn each_row(table: &Table, columns: &[&str], mut take: impl FnMut(&Row<'_>)) -> anyhow::Result<()> {
    for piece in row_groups(table)? {
        for batch in piece.read(Some(columns), BATCH_ROWS)? {
            Row::all(&batch?).for_each(|row| take(&row));
        }
    }
    Ok(())
}

/// A text of each account that has it, by its id.
type OfAccounts = HashMap<String, String>;

/// What each account is called, and its segment.
pub(super) fn labels(table: &Table) -> anyhow::Result<(OfAccounts, OfAccounts)> {
    let (mut labels, mut segments) = (HashMap::new(), HashMap::new());
    for piece in row_groups(table)? {
        for batch in piece.read(Some(&["account_id", "label", "segment"]), BATCH_ROWS)? {
            let batch = batch?;
            let ids = texts(&batch, "account_id")?;
            for (of, column) in [(&mut labels, "label"), (&mut segments, "segment")] {
                let pairs = ids.iter().zip(texts(&batch, column)?);
                let pairs = pairs.filter_map(|(id, text)| id.zip(text));
                of.extend(pairs.map(|(id, text)| (id.to_owned(), text.to_owned())));
            }
        }
    }
    Ok((labels, segments))
}

/// Some columns of files.
pub(super) fn batches(files: &[TableFile], columns: &[&str]) -> anyhow::Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for file in files {
        let context = || format!("reading {}", file.path.display());
        let handle = File::open(&file.path).with_context(context)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(handle).with_context(context)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder
            .with_projection(mask)
            .build()
            .with_context(context)?;
        for batch in reader {
            batches.push(batch.with_context(context)?);
        }
    }
    Ok(batches)
}

/// All row groups of a mart.
fn row_groups(table: &Table) -> anyhow::Result<Vec<Piece>> {
    let all = Raw {
        table: table.list(),
        rows: Rows::ALL,
    };
    pieces(&all, Strings::Plain)
}

fn part(piece: &Piece, zone: &impl TimeZone) -> anyhow::Result<Part> {
    let mut part = Part::default();
    for batch in piece.read(Some(ORDER_COLUMNS), BATCH_ROWS)? {
        let batch = batch?;
        let (accounts, kinds) = (texts(&batch, "account_id")?, texts(&batch, "kind")?);
        let products = texts(&batch, "product")?;
        let times = primitives::<TimestampMicrosecondType>(&batch, "ordered_at")?;
        let amounts = primitives::<Decimal128Type>(&batch, "amount")?;
        // a mart of an earlier program has none
        let untaxed = primitives::<Decimal128Type>(&batch, "amount_without_tax").ok();
        for row in 0..batch.num_rows() {
            // Nobody's order, or one without a time, is in nobody's history.
            if accounts.is_null(row) || times.is_null(row) {
                continue;
            }
            let at = DateTime::from_timestamp_micros(times.value(row));
            let Some(at) = at else { continue };
            let kind = match kinds.is_valid(row).then(|| kinds.value(row)) {
                Some("return" | "credit") => LineKind::Return,
                Some("cancel") => LineKind::Cancellation,
                _ => LineKind::Sale,
            };
            let product = products.is_valid(row).then(|| products.value(row));
            let hundredths = if amounts.is_null(row) {
                0
            } else {
                amounts.value(row)
            };
            part.lines.push(OrderLine {
                account: part.accounts.number(accounts.value(row))? as usize,
                day: at.with_timezone(zone).date_naive().to_epoch_days(),
                kind,
                amount: hundredths as f64 / 100.0,
                untaxed: untaxed
                    .filter(|own| own.is_valid(row))
                    .map(|own| own.value(row) as f64 / 100.0),
                product: product.map(|own| part.products.number(own)).transpose()?,
            });
        }
    }
    Ok(part)
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> anyhow::Result<&'a StringArray> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_string_opt::<i32>())
        .with_context(|| format!("no column {name} of text"))
}

fn primitives<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> anyhow::Result<&'a PrimitiveArray<T>> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<T>())
        .with_context(|| format!("no column {name} of {}", T::DATA_TYPE))
}
