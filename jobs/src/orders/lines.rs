//! Taking up the order lines, so many orders at a time.

use arrow::array::{
    Array, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, Float64Array,
    PrimitiveArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::filter_record_batch;
use hashbrown::HashMap;
use millrace_models::fold::Shard;
use rayon::prelude::*;

use super::{ENTITY, SALE, made_id};
use crate::bearings::Bearing;
use crate::raw::{Piece, Raw, Strings, pieces};
use crate::store::{Systems, Text, Versions, changed_at, op_at, record_at, seq_at, text_in};
use crate::texts::NONE;
use crate::world::World;

const BATCH_ROWS: usize = 8192;
/// A line takes as much memory as so many stage changes.
const WEIGHT: usize = 4;

/// What texts of a system stand for, by number.
#[derive(Default)]
struct Names {
    /// By system.
    numbers: Vec<HashMap<Text, u32>>,
    all: Vec<(u16, Text)>,
    /// Places in the world, once they are found.
    places: Vec<u32>,
}

impl Names {
    fn number(&mut self, system: u16, text: &str) -> u32 {
        let index = usize::from(system);
        if self.numbers.len() <= index {
            self.numbers.resize_with(index + 1, HashMap::new);
        }
        let numbers = &mut self.numbers[index];
        if let Some(number) = numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(NONE);
        let text = Text::from(text);
        numbers.insert(text.clone(), number);
        self.all.push((system, text));
        number
    }

    fn optional(&mut self, system: u16, text: Option<&str>) -> u32 {
        text.map_or(NONE, |text| self.number(system, text))
    }

    fn resolve(&mut self, mut place: impl FnMut(u16, &str) -> u32) {
        let all = self.all.iter();
        self.places = all.map(|(system, text)| place(*system, text)).collect();
    }

    /// The place of a number, [`NONE`] of none.
    fn place(&self, number: u32) -> u32 {
        self.places.get(number as usize).copied().unwrap_or(NONE)
    }
}

/// What the lines name: accounts, people, products and teams.
#[derive(Default)]
pub(super) struct Named {
    accounts: Names,
    owners: Names,
    products: Names,
    teams: Names,
}

/// An order line as recorded.
pub(super) struct Line {
    /// Its order among those of the part.
    pub(super) order: u32,
    pub(super) system: u16,
    /// Among the kinds of the part.
    pub(super) kind: u16,
    pub(super) ordered_us: i64,
    pub(super) recorded_us: Option<i64>,
    pub(super) amount: Option<i128>,
    pub(super) untaxed: Option<i128>,
    pub(super) quantity: Option<f64>,
    pub(super) deal: Option<Text>,
    account: u32,
    owner: u32,
    product: u32,
    team: u32,
}

impl Line {
    /// A place among the accounts, or [`NONE`].
    pub(super) fn account(&self, named: &Named) -> u32 {
        named.accounts.place(self.account)
    }

    /// A place among the products, or [`NONE`].
    pub(super) fn product(&self, named: &Named) -> u32 {
        named.products.place(self.product)
    }
}

/// All that a row says, by which a line without an id is found again.
fn said(rows: &LineColumns<'_>, row: usize, system: u16) -> String {
    let values = record_at(ENTITY, system, rows.batch, row).values;
    let given = values.into_iter().enumerate();
    let given = given.filter_map(|(field, value)| Some((field, value?)));
    format!("{system} {:?}", given.collect::<Vec<_>>())
}

/// The lines of a part of the orders, in the order in which they came in.
#[derive(Default)]
pub(super) struct Part {
    pub(super) lines: Vec<Line>,
    /// System and id of each order.
    orders: Names,
    kinds: Vec<Text>,
    /// Who had an order over time, by order; a line that is written anew says who has the order
    /// from then on.
    owners: HashMap<u32, Versions<u32>>,
    /// Before which of the lines those of an order were deleted.
    deleted: HashMap<u32, usize>,
    /// Where lines without an id are, by all that they say.
    loose: HashMap<String, Vec<usize>>,
    taken_back: Vec<usize>,
}

impl Part {
    /// The system and the id of each order that has lines, by its number.
    pub(super) fn ids(&self) -> Vec<Option<(u16, &Text)>> {
        let mut ids = vec![None; self.orders.all.len()];
        for line in &self.lines {
            let (system, id) = &self.orders.all[line.order as usize];
            ids[line.order as usize] = Some((*system, id));
        }
        ids
    }

    pub(super) fn kind(&self, line: &Line) -> &str {
        &self.kinds[usize::from(line.kind)]
    }

    fn kind_of(&mut self, name: &str) -> u16 {
        let known = self.kinds.iter().position(|own| **own == *name);
        let place = known.unwrap_or_else(|| {
            self.kinds.push(Text::from(name));
            self.kinds.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Takes up what a row names and, where it is one of the part, the row.
    fn take(
        &mut self,
        rows: &LineColumns<'_>,
        row: usize,
        system: u16,
        named: &mut Named,
        as_of_us: Option<i64>,
        is_own: bool,
    ) {
        let is_deleted = op_at(rows.batch, row).as_deref() == Some("delete");
        let ordered_us = value(rows.ordered_at, row);
        let unseen = |at_us: i64| as_of_us.is_some_and(|as_of_us| at_us > as_of_us);
        let is_own = is_own && !ordered_us.is_some_and(unseen);
        if is_deleted {
            if is_own {
                self.delete(rows, row, system);
            }
            return;
        }
        let account = named.accounts.optional(system, text(rows.account, row));
        let owner = named.owners.optional(system, text(rows.owner, row));
        let product = named.products.optional(system, text(rows.product, row));
        let team = named.teams.optional(system, text(rows.team, row));
        let Some(ordered_us) = ordered_us.filter(|_| is_own) else {
            return;
        };
        let order = if let Some(id) = text(rows.id, row) {
            self.orders.number(system, id)
        } else {
            let places = self.loose.entry(said(rows, row, system)).or_default();
            places.push(self.lines.len());
            let id = made_id(seq_at(rows.batch, row));
            self.orders.number(system, &id)
        };
        if owner != NONE
            && let Some(at_us) = changed_at(rows.batch, row)
        {
            self.owners.entry(order).or_default().push(at_us, owner);
        }
        let kind = self.kind_of(text(rows.kind, row).unwrap_or(SALE));
        self.lines.push(Line {
            order,
            system,
            kind,
            ordered_us,
            recorded_us: value(rows.recorded_at, row),
            amount: value(rows.amount, row),
            untaxed: value(rows.untaxed, row),
            quantity: value(rows.quantity, row),
            deal: text(rows.deal, row).map(Text::from),
            account,
            owner,
            product,
            team,
        });
    }

    /// The lines of an order so far, or the last that says the same, are no more.
    fn delete(&mut self, rows: &LineColumns<'_>, row: usize, system: u16) {
        if let Some(id) = text(rows.id, row) {
            let order = self.orders.number(system, id);
            self.deleted.insert(order, self.lines.len());
        } else {
            let same = self.loose.get_mut(&said(rows, row, system));
            self.taken_back.extend(same.and_then(Vec::pop));
        }
    }

    /// Whose a line is.
    pub(super) fn bearing(&self, line: &Line, named: &Named) -> Bearing {
        let owners = match self.owners.get(&line.order) {
            Some(history) => history.map(|owner| Some(named.owners.place(*owner))),
            None if line.owner == NONE => Versions::default(),
            None => Versions(vec![(i64::MIN, named.owners.place(line.owner))]),
        };
        Bearing::new(line.account(named), owners, named.teams.place(line.team))
    }

    /// Leaves out what was deleted.
    fn settle(&mut self) {
        let Self {
            lines,
            deleted,
            taken_back,
            ..
        } = self;
        if deleted.is_empty() && taken_back.is_empty() {
            return;
        }
        taken_back.sort_unstable();
        let mut place = 0;
        lines.retain(|line| {
            let own = place;
            place += 1;
            deleted.get(&line.order).is_none_or(|before| own >= *before)
                && taken_back.binary_search(&own).is_err()
        });
        self.loose = HashMap::new();
    }
}

/// The order lines: those of the first part of the orders, and where the others are read from.
#[derive(Default)]
pub(crate) struct Lines {
    first: Option<Part>,
    pieces: Vec<Piece>,
    /// How many parts there are, a power of two.
    parts: usize,
    as_of_us: Option<i64>,
    named: Named,
}

impl Lines {
    /// Reads the order lines up to `as_of_us`: all that they name, and the lines of the first part,
    /// so many that those of a part take the memory of `rows_at_once` stage changes. A line without
    /// an id is called by its place in the raw table, which it keeps.
    pub(crate) fn load(
        table: &Raw,
        systems: &mut Systems,
        as_of_us: Option<i64>,
        rows_at_once: usize,
    ) -> anyhow::Result<Self> {
        let pieces = pieces(table, Strings::Plain)?;
        let rows = table.rows.about(pieces.iter().map(Piece::rows).sum());
        let at_once = (rows_at_once / WEIGHT).max(1);
        let mut lines = Self {
            first: None,
            pieces,
            parts: rows.div_ceil(at_once).next_power_of_two(),
            as_of_us,
            named: Named::default(),
        };
        lines.first = Some(lines.read(0, |name| systems.number(name))?);
        Ok(lines)
    }

    /// Finds what the lines name.
    pub(crate) fn resolve(&mut self, world: &mut World) {
        let Named {
            accounts,
            owners,
            products,
            teams,
        } = &mut self.named;
        accounts.resolve(|system, text| world.accounts.resolve(system, text));
        owners.resolve(|system, text| world.users.resolve(system, text));
        products.resolve(|system, text| world.products.resolve(system, text));
        teams.resolve(|system, text| {
            let team = world.systems.team(system, text);
            world.text(&team)
        });
    }

    /// Calls `take` for the lines of one part of the orders after the other; lines of an id are in
    /// the same part, whichever system they are of.
    pub(super) fn each_part(
        mut self,
        systems: &Systems,
        mut take: impl FnMut(&Part, &Named) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(first) = self.first.take() {
            take(&first, &self.named)?;
        }
        for index in 1..self.parts {
            let part = self.read(index, |name| systems.find(name).unwrap_or(u16::MAX))?;
            take(&part, &self.named)?;
        }
        Ok(())
    }

    fn read(&mut self, index: usize, mut number: impl FnMut(&str) -> u16) -> anyhow::Result<Part> {
        let Self {
            pieces,
            parts,
            as_of_us,
            named,
            ..
        } = self;
        let mut part = Part::default();
        for round in pieces.chunks(rayon::current_num_threads()) {
            // the first time all rows are looked at, for what they name
            let decoded = round.par_iter().map(|piece| {
                let batches = piece.read(None, BATCH_ROWS)?;
                let own = batches.map(|batch| match index {
                    0 => batch,
                    _ => only(&batch?, index, *parts),
                });
                own.collect::<anyhow::Result<Vec<RecordBatch>>>()
            });
            let decoded = decoded.collect::<anyhow::Result<Vec<_>>>()?;
            for batch in decoded.iter().flatten() {
                let rows = LineColumns::of(batch);
                for row in 0..batch.num_rows() {
                    let system = number(text(rows.source, row).unwrap_or(""));
                    let is_own = index > 0 || rows.part(row, *parts) == 0;
                    part.take(&rows, row, system, named, *as_of_us, is_own);
                }
            }
        }
        part.settle();
        Ok(part)
    }
}

/// The rows of one part.
fn only(batch: &RecordBatch, index: usize, parts: usize) -> anyhow::Result<RecordBatch> {
    let rows = LineColumns::of(batch);
    let own = (0..batch.num_rows()).map(|row| Some(rows.part(row, parts) == index));
    Ok(filter_record_batch(batch, &own.collect::<BooleanArray>())?)
}

/// The columns of order lines.
struct LineColumns<'a> {
    batch: &'a RecordBatch,
    source: Option<&'a StringArray>,
    id: Option<&'a StringArray>,
    account: Option<&'a StringArray>,
    owner: Option<&'a StringArray>,
    product: Option<&'a StringArray>,
    team: Option<&'a StringArray>,
    kind: Option<&'a StringArray>,
    deal: Option<&'a StringArray>,
    ordered_at: Option<&'a TimestampMicrosecondArray>,
    recorded_at: Option<&'a TimestampMicrosecondArray>,
    amount: Option<&'a Decimal128Array>,
    untaxed: Option<&'a Decimal128Array>,
    quantity: Option<&'a Float64Array>,
}

impl<'a> LineColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let texts = |name| batch.column_by_name(name)?.as_string_opt::<i32>();
        Self {
            batch,
            source: texts("_source"),
            id: texts("id"),
            account: texts("account"),
            owner: texts("owner"),
            product: texts("product"),
            team: texts("team"),
            kind: texts("kind"),
            deal: texts("opportunity"),
            ordered_at: values(batch, "ordered_at"),
            recorded_at: values(batch, "recorded_at"),
            amount: values(batch, "amount"),
            untaxed: values(batch, "amount_without_tax"),
            quantity: values(batch, "quantity"),
        }
    }

    /// In which part a row is: by its id, without one by its account.
    fn part(&self, row: usize, parts: usize) -> usize {
        let key = text(self.id, row).or_else(|| text(self.account, row));
        Shard::of(key.unwrap_or(""), parts)
    }
}

fn values<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    text_in(column?, row)
}

fn value<T: ArrowPrimitiveType>(
    column: Option<&PrimitiveArray<T>>,
    row: usize,
) -> Option<T::Native> {
    let column = column?;
    column.is_valid(row).then(|| column.value(row))
}
