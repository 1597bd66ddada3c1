//! Orders: lines signed by their kind, with the time of their order.

mod lines;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::HashMap;
use millrace_models::entity::Entity;
use rayon::prelude::*;

pub(crate) use self::lines::Lines;
use self::lines::{Line, Named, Part};
use crate::columns::{Columns, amounts, flags, numbers, texts, times, wholes};
use crate::facts::{Sink, set_dimensions};
use crate::store::{Text, mart_ids};
use crate::texts::NONE;
use crate::visits::Extent;
use crate::world::{Dictionaries, Dimensions, World};

const ENTITY: Entity = Entity::Order;
const SALE: &str = "sale";
/// Lines of one batch.
const BATCH_ROWS: usize = 64 * 1024;

/// What a record without an id is called, by the number of its row.
pub(crate) fn made_id(seq: i64) -> Text {
    Text::from(format!("~{seq}"))
}

/// A row of `orders`.
struct Order<'a> {
    line: &'a Line,
    id: &'a str,
    number: i32,
    ordered_us: i64,
    amount: Option<i128>,
    untaxed: Option<i128>,
    dimensions: Dimensions,
}

/// What is known of all orders.
pub(crate) struct Seen {
    pub(crate) extent: Extent,
    /// When each account first bought, by its place.
    pub(crate) first_sales: HashMap<u32, i64>,
}

/// Writes the rows of `orders` where they are wanted: one a line, the time that of the order's
/// earliest line.
pub(crate) fn write(
    lines: Lines,
    world: &World,
    dictionaries: &Dictionaries,
    sink: Option<&Sink>,
    now_us: i64,
) -> anyhow::Result<Seen> {
    let mut seen = Seen {
        extent: Extent::NOTHING,
        first_sales: HashMap::new(),
    };
    lines.each_part(&world.systems, |part, named| {
        for line in &part.lines {
            if line.ordered_us <= now_us {
                seen.extent.see(line.ordered_us);
            }
            let account = line.account(named);
            if account != NONE && part.kind(line) == SALE {
                let first = seen.first_sales.entry(account).or_insert(line.ordered_us);
                *first = (*first).min(line.ordered_us);
            }
        }
        let Some(sink) = sink else { return Ok(()) };
        let sums = Sums::of(part, world);
        let chunks = part.lines.par_chunks(BATCH_ROWS);
        let chunks = chunks.zip(sums.numbers.par_chunks(BATCH_ROWS));
        chunks.try_for_each(|(lines, numbers)| {
            let orders = lines.iter().zip(numbers);
            let orders: Vec<Order<'_>> = orders
                .map(|(line, number)| sums.order(part, named, world, line, *number))
                .collect();
            let batch = rows(&orders, part, world, dictionaries, sink.schema())?;
            sink.write(batch, None)
        })
    })?;
    Ok(seen)
}

/// What the lines of an order make together.
struct Sums {
    /// What each order is called, by its number.
    ids: Vec<Text>,
    /// The number of each line within its order and kind.
    numbers: Vec<i32>,
    earliest: HashMap<(u32, u16), i64>,
    sales: HashMap<u32, i128>,
    /// Without tax, where it is known of all lines.
    untaxed_sales: HashMap<u32, Option<i128>>,
}

impl Sums {
    fn of(part: &Part, world: &World) -> Self {
        let mut sums = Self {
            ids: mart_ids(&world.systems, &part.ids()),
            numbers: Vec::with_capacity(part.lines.len()),
            earliest: HashMap::new(),
            sales: HashMap::new(),
            untaxed_sales: HashMap::new(),
        };
        let mut counts: HashMap<(u32, u16), i32> = HashMap::new();
        for line in &part.lines {
            let key = (line.order, line.kind);
            let first = sums.earliest.entry(key).or_insert(line.ordered_us);
            *first = (*first).min(line.ordered_us);
            let number = counts.entry(key).or_default();
            *number += 1;
            sums.numbers.push(*number);
            if part.kind(line) == SALE {
                *sums.sales.entry(line.order).or_default() += line.amount.unwrap_or(0);
                let sum = sums.untaxed_sales.entry(line.order).or_insert(Some(0));
                *sum = sum.zip(line.untaxed).map(|(sum, own)| sum + own);
            }
        }
        sums
    }

    fn order<'a>(
        &'a self,
        part: &Part,
        named: &Named,
        world: &World,
        line: &'a Line,
        number: i32,
    ) -> Order<'a> {
        let key = (line.order, line.kind);
        let ordered_us = self.earliest.get(&key).copied();
        let ordered_us = ordered_us.unwrap_or(line.ordered_us);
        let deal = world.deal(line.system, line.deal.as_ref());
        let bearing = part.bearing(line, named);
        let product = line.product(named);
        Order {
            line,
            id: &self.ids[line.order as usize],
            number,
            ordered_us,
            amount: self.amount(part, line),
            untaxed: self.untaxed(part, line),
            dimensions: world.record_dimensions(&bearing, deal.as_ref(), product, ordered_us),
        }
    }

    /// A sale counts as written; what is returned or credited is taken off, and so is what is
    /// cancelled, where the sale is there to be taken off from.
    fn amount(&self, part: &Part, line: &Line) -> Option<i128> {
        match part.kind(line) {
            "return" | "credit" => Some(-line.amount?.abs()),
            "cancel" => match self.sales.get(&line.order) {
                Some(sold) => Some(-line.amount.unwrap_or(*sold).abs()),
                None => Some(0),
            },
            _ => line.amount,
        }
    }

    /// The same without tax, where that is known.
    fn untaxed(&self, part: &Part, line: &Line) -> Option<i128> {
        match part.kind(line) {
            "return" | "credit" => Some(-line.untaxed?.abs()),
            "cancel" => match self.untaxed_sales.get(&line.order) {
                Some(sold) => {
                    let whole = line.amount.is_none();
                    Some(-line.untaxed.or(sold.filter(|_| whole))?.abs())
                }
                None => Some(0),
            },
            _ => line.untaxed,
        }
    }
}

fn rows(
    orders: &[Order<'_>],
    part: &Part,
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let mut columns = Columns::new(schema, orders.len());
    let late = |own: &Order<'_>| {
        let recorded_us = own.line.recorded_us;
        recorded_us.is_some_and(|at_us| world.calendar.is_late(own.line.ordered_us, at_us))
    };
    columns
        .set("order_id", texts(orders.iter().map(|own| Some(own.id))))?
        .set("line", wholes(orders.iter().map(|own| Some(own.number))))?
        .set(
            "ordered_at",
            times(orders.iter().map(|own| Some(own.ordered_us))),
        )?
        .set(
            "kind",
            texts(orders.iter().map(|own| Some(part.kind(own.line)))),
        )?
        .set("amount", amounts(orders.iter().map(|own| own.amount))?)?
        .set(
            "amount_without_tax",
            amounts(orders.iter().map(|own| own.untaxed))?,
        )?
        .set(
            "quantity",
            numbers(orders.iter().map(|own| own.line.quantity)),
        )?
        .set(
            "late_entry",
            flags(orders.iter().map(|own| Some(late(own)))),
        )?;
    set_dimensions(&mut columns, dictionaries, orders, |own| own.dimensions)?;
    columns.finish()
}
