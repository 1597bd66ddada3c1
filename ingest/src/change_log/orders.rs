//! Orders: a row for each line, all of an order together.

use std::collections::{BTreeMap, BTreeSet};

use millrace_operations::Store;
use millrace_operations::entity::{order, order_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::lookup::{Lookup, failed};
use super::records::row_of;
use super::rows::{Author, RawRow, Reading, amount, text};
use crate::convert::Value;
use crate::error::IngestError;

/// Orders of one statement.
const CHUNK: usize = 500;

/// The rows of these orders as they are now, each behind a row that takes back what a table has of
/// it and in the name of who changed it; no table has those that are `new`. An order that is cancelled or gone has no rows.
pub(super) async fn rows(
    store: &Store,
    orders: &BTreeMap<i64, Author>,
    new: &BTreeSet<i64>,
) -> Result<Vec<RawRow>, IngestError> {
    let ids: Vec<i64> = orders.keys().copied().collect();
    let mut rows = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let found = order::Entity::find()
            .filter(order::Column::Id.is_in(chunk.iter().copied()))
            .order_by_asc(order::Column::Id)
            .all(store.reader())
            .await
            .map_err(failed)?;
        let lines = order_line::Entity::find()
            .filter(order_line::Column::OrderId.is_in(chunk.iter().copied()))
            .filter(order_line::Column::DeletedAt.is_null())
            .order_by_asc(order_line::Column::Position)
            .order_by_asc(order_line::Column::Id)
            .all(store.reader())
            .await
            .map_err(failed)?;
        let mut by_order: BTreeMap<i64, Vec<order_line::Model>> = BTreeMap::new();
        for line in lines {
            by_order.entry(line.order_id).or_default().push(line);
        }
        let records: Vec<_> = found.iter().map(row_of).collect();
        let lookup = Lookup::for_rows(store, &order::RESOURCE, &records).await?;
        for (order, record) in found.iter().zip(&records) {
            let author = orders.get(&order.id).cloned().unwrap_or_default();
            let whole = head(order, record, &lookup).by(author);
            if !new.contains(&order.id) {
                rows.push(RawRow {
                    op: "delete",
                    ..whole.clone()
                });
            }
            if order.deleted_at.is_some() || order.status == "cancelled" {
                continue;
            }
            let lines = by_order.remove(&order.id).unwrap_or_default();
            if lines.is_empty() {
                rows.push(whole.with("amount", amount(order.amount)));
                continue;
            }
            let shares = shares(order.amount, &lines);
            for (line, share) in lines.iter().zip(shares) {
                let product = line.product_id.map(|id| lookup.name("product", id));
                let quantity = line.quantity as f64 / 1_000.0;
                let row = whole
                    .clone()
                    .with("amount", amount(Some(share)))
                    .with("amount_without_tax", amount(untaxed(line, share)))
                    .with("quantity", Value::Number(quantity))
                    .with("product", text(product.as_deref()));
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

fn head(order: &order::Model, record: &millrace_operations::row::Row, lookup: &Lookup) -> RawRow {
    let read = Reading(record);
    RawRow::new("insert", Some(order.updated_at))
        .with("id", text(Some(&order.number)))
        .with("account", lookup.refer(record, "account_id", "account"))
        .with("ordered_at", read.time("ordered_at"))
        .with("kind", read.text("kind"))
        .with("recorded_at", read.time("recorded_at"))
        .with("contract", lookup.refer(record, "contract_id", "contract"))
        .with(
            "opportunity",
            lookup.refer(record, "opportunity_id", "opportunity"),
        )
        .with("owner", lookup.refer(record, "owner_id", "user"))
        .with("team", lookup.refer(record, "team_id", "team"))
}

/// What of the share of a line is no tax.
fn untaxed(line: &order_line::Model, share: i64) -> Option<i64> {
    if line.amount == 0 {
        return Some(share);
    }
    let all = i128::from(share) * i128::from(line.amount_without_tax);
    i64::try_from(all / i128::from(line.amount)).ok()
}

/// What each line is of the order's amount in the company's currency; lines are in the order's.
fn shares(total: Option<i64>, lines: &[order_line::Model]) -> Vec<i64> {
    let sum: i128 = lines.iter().map(|line| i128::from(line.amount)).sum();
    let total = total.map_or(sum, i128::from);
    let (mut before, mut given) = (0_i128, 0_i128);
    lines
        .iter()
        .map(|line| {
            before += i128::from(line.amount);
            // What the lines up to this one are of the whole, less what those before it got.
            let until = if sum == 0 { 0 } else { total * before / sum };
            let share = until - given;
            given = until;
            i64::try_from(share).unwrap_or(i64::MAX)
        })
        .collect()
}
