//! Orders: lines signed by their kind, with the time of their order.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::{HashMap, HashSet};
use millrace_models::entity::Entity;

use crate::bearings::Bearing;
use crate::columns::{Columns, amounts, flags, numbers, texts, times, wholes};
use crate::facts::set_dimensions;
use crate::raw::Raw;
use crate::store::{
    Moment, Record, Systems, Text, Versions, changed_at, each_row, record_at, seq_at,
};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World, qualified};

const ENTITY: Entity = Entity::Order;

/// An order line as recorded.
pub(crate) struct Line {
    pub(crate) record: Record,
    id: Text,
    ordered: Moment,
    kind: Text,
    pub(crate) bearing: Bearing,
    pub(crate) product: Option<u32>,
}

/// The order lines, and who had each order over time.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) all: Vec<Line>,
    /// By system and id; a line that is written anew says who has the order from then on.
    owners: HashMap<(u16, Text), Versions<Text>>,
}

impl Lines {
    /// Finds what the lines name.
    pub(crate) fn resolve(&mut self, world: &mut World) {
        for line in &mut self.all {
            let system = line.record.system;
            let mut bearing = Bearing::of(world, ENTITY, &line.record, "owner");
            if let Some(history) = self.owners.get(&(system, line.id.clone())) {
                bearing = bearing.with_owners(world, system, history);
            }
            line.bearing = bearing;
            let product = line.record.text(ENTITY, "product");
            line.product = product.map(|product| world.products.resolve(system, product));
        }
    }
}

/// Reads the order lines up to `as_of_us`, in the order in which they came in. A line without an
/// id is called by its place in the raw table, which it keeps.
pub(crate) fn load(
    table: &Raw,
    systems: &mut Systems,
    as_of_us: Option<i64>,
) -> anyhow::Result<Lines> {
    let mut lines: Vec<Line> = Vec::new();
    let mut owners: HashMap<(u16, Text), Versions<Text>> = HashMap::new();
    each_row(table, systems, None, |system, deleted, batch, row| {
        let record = record_at(ENTITY, system, batch, row);
        let Some(ordered) = record.time(ENTITY, "ordered_at") else {
            return;
        };
        if as_of_us.is_some_and(|as_of_us| ordered.at_us > as_of_us) {
            return;
        }
        let own_id = record.text(ENTITY, "id").cloned();
        if deleted {
            let of_system = |line: &Line| line.record.system == system;
            if let Some(id) = own_id {
                lines.retain(|line| !of_system(line) || line.id != id);
            } else if let Some(index) = lines
                .iter()
                .rposition(|line| of_system(line) && line.record.values == record.values)
            {
                lines.remove(index);
            }
            return;
        }
        let id = own_id.unwrap_or_else(|| made_id(seq_at(batch, row)));
        if let (Some(owner), Some(at_us)) = (record.text(ENTITY, "owner"), changed_at(batch, row)) {
            let history = owners.entry((system, id.clone())).or_default();
            history.push(at_us, owner.clone());
        }
        let kind = record
            .text(ENTITY, "kind")
            .cloned()
            .unwrap_or_else(|| Text::from("sale"));
        lines.push(Line {
            record,
            id,
            ordered,
            kind,
            bearing: Bearing::default(),
            product: None,
        });
    })?;
    Ok(Lines { all: lines, owners })
}

/// What a record without an id is called, by the number of its row.
pub(crate) fn made_id(seq: i64) -> Text {
    Text::from(format!("~{seq}"))
}

struct Order<'a> {
    line: &'a Line,
    id: &'a str,
    number: i32,
    ordered: Moment,
    amount: Option<i128>,
    untaxed: Option<i128>,
    dimensions: Dimensions,
}

/// The rows of `orders`: one a line, the time that of the order's earliest line.
pub(crate) fn batch(
    lines: &[Line],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
    now_us: i64,
) -> anyhow::Result<(RecordBatch, Extent)> {
    let ids = ids(lines, &world.systems);
    let mut earliest: HashMap<(u16, &str, &str), Moment> = HashMap::new();
    let mut sales: HashMap<(u16, &str), i128> = HashMap::new();
    let mut untaxed_sales: HashMap<(u16, &str), Option<i128>> = HashMap::new();
    let mut extent = Extent::NOTHING;
    for line in lines {
        let key = (line.record.system, &*line.id, &*line.kind);
        let first = earliest.entry(key).or_insert(line.ordered);
        *first = (*first).min(line.ordered);
        if &*line.kind == "sale" {
            let amount = line.record.amount(ENTITY, "amount").unwrap_or(0);
            *sales.entry((line.record.system, &*line.id)).or_default() += amount;
            let untaxed = line.record.amount(ENTITY, "amount_without_tax");
            let sum = untaxed_sales
                .entry((line.record.system, &*line.id))
                .or_insert(Some(0));
            *sum = sum.zip(untaxed).map(|(sum, own)| sum + own);
        }
        if line.ordered.at_us <= now_us {
            extent.see(line.ordered.at_us);
        }
    }
    let mut counts: HashMap<(u16, &str, &str), i32> = HashMap::new();
    let orders: Vec<Order<'_>> = lines
        .iter()
        .zip(&ids)
        .map(|(line, id)| {
            let key = (line.record.system, &*line.id, &*line.kind);
            let number = counts.entry(key).or_default();
            *number += 1;
            let ordered = earliest.get(&key).copied().unwrap_or(line.ordered);
            Order {
                line,
                id,
                number: *number,
                ordered,
                amount: amount(line, &sales),
                untaxed: untaxed(line, &untaxed_sales),
                dimensions: dimensions(line, world, ordered.at_us),
            }
        })
        .collect();
    Ok((rows(&orders, world, dictionaries, schema)?, extent))
}

fn dimensions(line: &Line, world: &World, at_us: i64) -> Dimensions {
    let deal = line.record.text(ENTITY, "opportunity");
    let deal = world.deal(line.record.system, deal);
    let product = line.product.unwrap_or(NONE);
    world.record_dimensions(&line.bearing, deal.as_ref(), product, at_us)
}

/// A sale counts as written; what is returned or credited is taken off, and so is what is
/// cancelled, where the sale is there to be taken off from.
fn amount(line: &Line, sales: &HashMap<(u16, &str), i128>) -> Option<i128> {
    let written = line.record.amount(ENTITY, "amount");
    match &*line.kind {
        "return" | "credit" => Some(-written?.abs()),
        "cancel" => match sales.get(&(line.record.system, &*line.id)) {
            Some(sold) => Some(-written.unwrap_or(*sold).abs()),
            None => Some(0),
        },
        _ => written,
    }
}

/// The same without tax, where that is known.
fn untaxed(line: &Line, sales: &HashMap<(u16, &str), Option<i128>>) -> Option<i128> {
    let written = line.record.amount(ENTITY, "amount_without_tax");
    match &*line.kind {
        "return" | "credit" => Some(-written?.abs()),
        "cancel" => match sales.get(&(line.record.system, &*line.id)) {
            Some(sold) => {
                let whole = line.record.amount(ENTITY, "amount").is_none();
                Some(-written.or(sold.filter(|_| whole))?.abs())
            }
            None => Some(0),
        },
        _ => written,
    }
}

fn ids(lines: &[Line], systems: &Systems) -> Vec<Text> {
    let mut owners: HashMap<&str, u16> = HashMap::new();
    let mut shared: HashSet<&str> = HashSet::new();
    for line in lines {
        let owner = *owners.entry(&line.id).or_insert(line.record.system);
        if owner != line.record.system {
            shared.insert(&line.id);
        }
    }
    lines
        .iter()
        .map(|line| {
            if shared.contains(&*line.id) {
                qualified(systems, line.record.system, &line.id)
            } else {
                line.id.clone()
            }
        })
        .collect()
}

fn rows(
    orders: &[Order<'_>],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let mut columns = Columns::new(schema, orders.len());
    let late = |own: &Order<'_>| {
        let recorded = own.line.record.time(ENTITY, "recorded_at");
        recorded.is_some_and(|recorded| {
            world
                .calendar
                .is_late(own.line.ordered.at_us, recorded.at_us)
        })
    };
    columns
        .set("order_id", texts(orders.iter().map(|own| Some(own.id))))?
        .set("line", wholes(orders.iter().map(|own| Some(own.number))))?
        .set(
            "ordered_at",
            times(orders.iter().map(|own| Some(own.ordered.at_us))),
        )?
        .set(
            "kind",
            texts(orders.iter().map(|own| Some(&*own.line.kind))),
        )?
        .set("amount", amounts(orders.iter().map(|own| own.amount))?)?
        .set(
            "amount_without_tax",
            amounts(orders.iter().map(|own| own.untaxed))?,
        )?
        .set(
            "quantity",
            numbers(
                orders
                    .iter()
                    .map(|own| own.line.record.number(ENTITY, "quantity")),
            ),
        )?
        .set(
            "late_entry",
            flags(orders.iter().map(|own| Some(late(own)))),
        )?;
    set_dimensions(&mut columns, dictionaries, orders, |own| own.dimensions)?;
    columns.finish()
}

/// When each account first bought.
pub(crate) fn first_sales(lines: &[Line]) -> HashMap<u32, i64> {
    let mut first: HashMap<u32, i64> = HashMap::new();
    for line in lines.iter().filter(|line| &*line.kind == "sale") {
        if line.bearing.account != NONE {
            let at_us = first
                .entry(line.bearing.account)
                .or_insert(line.ordered.at_us);
            *at_us = (*at_us).min(line.ordered.at_us);
        }
    }
    first
}
