//! Reading the marts into histories, a row group a thread.

use anyhow::Context;
use arrow::array::{Array, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, Decimal128Type, TimestampMicrosecondType};
use chrono::{DateTime, TimeZone};
use hashbrown::HashMap;
use millrace_lake::Table;
use millrace_models::health::{History, LineKind, OrderLine};
use rayon::prelude::*;

use crate::raw::{Piece, Raw, Rows, Strings, pieces};

const BATCH_ROWS: usize = 8_192;
const ORDER_COLUMNS: &[&str] = &["account_id", "ordered_at", "kind", "amount", "product"];

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

/// What each account is called.
pub(super) fn labels(table: &Table) -> anyhow::Result<HashMap<String, String>> {
    let mut labels = HashMap::new();
    for piece in row_groups(table)? {
        for batch in piece.read(Some(&["account_id", "label"]), BATCH_ROWS)? {
            let batch = batch?;
            let (ids, names) = (texts(&batch, "account_id")?, texts(&batch, "label")?);
            let pairs = ids.iter().zip(names).filter_map(|(id, name)| id.zip(name));
            labels.extend(pairs.map(|(id, name)| (id.to_owned(), name.to_owned())));
        }
    }
    Ok(labels)
}

/// All row groups of a mart.
fn row_groups(table: &Table) -> anyhow::Result<Vec<Piece>> {
    let all = Raw {
        table: table.clone(),
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
