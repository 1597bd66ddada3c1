//! How a rollup is made: one scan of each file that its table did not have before.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use futures::StreamExt;
use millrace_models::metric::Metric;
use millrace_models::period::Grain;

use super::cells::{Cells, Column, Numbers};
use super::layout::Layout;
use super::{Dictionary, FEW_CELLS, MOST_CELLS, RECORDS_PER_CELL, Rollup, Wish, adds_up, versions};
use crate::query::compile::Selection;
use crate::query::dimension::Dimension;
use crate::query::error::QueryError;
use crate::query::measured::members;
use crate::query::reads::Versions;
use crate::query::view::View;

/// The name that stands for a file in what its cells are known by.
const PART: &str = "the part";

/// What came of making a rollup.
pub(in crate::query) enum Made {
    /// It.
    Rollup(Box<Rollup>),
    /// It would have too many cells, of these versions.
    TooLarge(Versions),
}

/// The metrics that a rollup of these records and time holds.
fn metrics(view: View<'_>, wish: &Wish) -> Vec<&'static Metric> {
    let all = view.registry.metrics().iter();
    all.filter(|metric| {
        metric.entity == wish.spec.entity && metric.time.column == wish.spec.time && adds_up(metric)
    })
    .collect()
}

/// Makes a rollup of a set; none where it has nothing that adds up.
pub(super) async fn build(view: View<'_>, wish: &Wish) -> Result<Option<Made>, QueryError> {
    let (spec, opened) = (&wish.spec, view.opened);
    let metrics = metrics(view, wish);
    let base = view.registry.base(&spec.entity);
    let (Some(base), Some(first), Some(last)) = (base, metrics.first(), opened.set.last_event_at)
    else {
        return Ok(None);
    };
    // nothing lies ahead: the rows are as they are
    let as_of = last.max(opened.set.published_at);
    let selection = Selection::new(view, base, first, &[], None, as_of);
    let mut selection = selection.await?.only(None);
    let dimensions = spec
        .dimensions
        .iter()
        .map(|name| view.dimension(first, base, name))
        .collect::<Result<Vec<_>, _>>()?;
    for dimension in &dimensions {
        selection.join(dimension);
    }
    let span = match (&spec.time, spec.grain) {
        (Some(_), Grain::Month) => view.dimension(first, base, "month")?.expression,
        (Some(_), _) => view.dimension(first, base, "day")?.expression,
        (None, _) => "DATE '1970-01-01'".to_owned(),
    };
    let layout = Layout::new(&selection, &metrics);
    let versions = versions(view, &metrics, spec);
    let others: Versions = versions
        .iter()
        .filter(|(table, _)| base.from.is_some() || **table != base.table)
        .map(|(table, version)| (table.clone(), *version))
        .collect();
    // records that are made of several rows may be so of rows in several files
    let files = if base.from.is_some() {
        None
    } else {
        opened.files(selection.table()).await?
    };
    let before = wish
        .before
        .as_ref()
        .filter(|before| before.layout == layout);
    let mut dictionaries = match before {
        Some(before) => before.dictionaries.clone(),
        None => vec![Dictionary::default(); dimensions.len()],
    };
    let statement = |selection: &Selection<'_>| select(selection, &dimensions, &span, &layout);
    selection.read_part(PART);
    let known = |file: &str| format!("{file}\n{others:?}\n{}", statement(&selection));
    let mut wanted: Vec<(String, Option<String>)> = Vec::new();
    match &files {
        Some(files) => wanted.extend(files.iter().map(|file| (known(file), Some(file.clone())))),
        None => wanted.push((known(&format!("{:?}", versions.get(&base.table))), None)),
    }
    let rows = opened.rows(&format!("marts/{}", base.table));
    let most_cells = usize::try_from(rows / RECORDS_PER_CELL).unwrap_or(usize::MAX);
    let most_cells = most_cells.clamp(FEW_CELLS, MOST_CELLS);
    let mut parts: Vec<(String, Arc<Cells>)> = Vec::with_capacity(wanted.len());
    let (mut count, mut bytes) = (0, 0);
    for (known, file) in wanted {
        let same = before.and_then(|before| before.parts.iter().find(|(own, _)| *own == known));
        let cells = if let Some((_, cells)) = same {
            Arc::clone(cells)
        } else {
            match &file {
                Some(file) => selection.read_part(&opened.part(selection.table(), file).await?),
                None => selection.read_whole(),
            }
            let sql = statement(&selection);
            let Some(cells) = scan(
                view,
                &sql,
                &dimensions,
                &mut dictionaries,
                &layout,
                most_cells - count,
            )
            .await?
            else {
                return Ok(Some(Made::TooLarge(versions)));
            };
            Arc::new(cells)
        };
        count += cells.len();
        bytes += cells.bytes();
        if count > most_cells || bytes > wish.most_bytes {
            return Ok(Some(Made::TooLarge(versions)));
        }
        if cells.len() > 0 {
            parts.push((known, cells));
        }
    }
    Ok(Some(Made::Rollup(Box::new(Rollup {
        spec: spec.clone(),
        table: base.table.clone(),
        versions,
        basis: opened.basis,
        layout,
        dictionaries,
        parts,
    }))))
}

fn select(
    selection: &Selection<'_>,
    dimensions: &[Dimension],
    span: &str,
    layout: &Layout,
) -> String {
    let mut groups: Vec<&str> = dimensions
        .iter()
        .map(|dimension| dimension.expression.as_str())
        .collect();
    groups.push(span);
    let named = groups.iter().enumerate();
    let items = named.map(|(place, sql)| format!("{sql} AS d{place}"));
    let sums = layout.columns.iter().enumerate();
    let items = items.chain(sums.map(|(place, sql)| format!("{sql} AS c{place}")));
    format!(
        "SELECT {} {} GROUP BY {}",
        items.collect::<Vec<_>>().join(", "),
        selection.from(),
        groups.join(", ")
    )
}

/// The cells of one statement; none where there are too many.
async fn scan(
    view: View<'_>,
    sql: &str,
    dimensions: &[Dimension],
    dictionaries: &mut [Dictionary],
    layout: &Layout,
    most: usize,
) -> Result<Option<Cells>, QueryError> {
    tracing::debug!(sql, "rollup");
    let mut stream = view.opened.context.sql(sql).await?.execute_stream().await?;
    let mut days = Vec::new();
    let mut codes: Vec<Vec<u32>> = vec![Vec::new(); dimensions.len()];
    let mut sums: Vec<(Option<Numbers>, Vec<bool>)> = Vec::new();
    sums.resize_with(layout.columns.len(), || (None, Vec::new()));
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if days.len() + batch.num_rows() > most {
            return Ok(None);
        }
        read_keys(&batch, dimensions, dictionaries, &mut days, &mut codes)?;
        for (place, (numbers, there)) in sums.iter_mut().enumerate() {
            let column = batch.column(dimensions.len() + 1 + place);
            if !extend(numbers, column) {
                return Ok(None);
            }
            there.extend((0..column.len()).map(|row| column.is_valid(row)));
        }
    }
    let columns = sums
        .into_iter()
        .map(|(numbers, there)| Column::new(numbers.unwrap_or(Numbers::Whole(Vec::new())), there));
    Ok(Some(Cells::new(&days, &codes, columns.collect())))
}

fn read_keys(
    batch: &RecordBatch,
    dimensions: &[Dimension],
    dictionaries: &mut [Dictionary],
    days: &mut Vec<i32>,
    codes: &mut [Vec<u32>],
) -> Result<(), QueryError> {
    for key in members(batch, dimensions)? {
        for ((member, dictionary), codes) in
            key.into_iter().zip(&mut *dictionaries).zip(&mut *codes)
        {
            codes.push(dictionary.code(member));
        }
    }
    let spans = batch.column(dimensions.len()).as_primitive::<Date32Type>();
    days.extend(spans.iter().map(Option::unwrap_or_default));
    Ok(())
}

/// Takes the sums of a batch; false where they are of a kind that is not added up.
fn extend(numbers: &mut Option<Numbers>, column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Int64 => {
            let own = numbers.get_or_insert_with(|| Numbers::Whole(Vec::new()));
            let Numbers::Whole(own) = own else {
                return false;
            };
            own.extend(
                column
                    .as_primitive::<Int64Type>()
                    .iter()
                    .map(Option::unwrap_or_default),
            );
        }
        DataType::Decimal128(_, decimals) => {
            let own = numbers.get_or_insert_with(|| Numbers::Exact(Vec::new(), *decimals));
            let Numbers::Exact(own, _) = own else {
                return false;
            };
            let units = column.as_primitive::<Decimal128Type>();
            own.extend(units.iter().map(Option::unwrap_or_default));
        }
        DataType::Float64 => {
            let own = numbers.get_or_insert_with(|| Numbers::Float(Vec::new()));
            let Numbers::Float(own) = own else {
                return false;
            };
            own.extend(
                column
                    .as_primitive::<Float64Type>()
                    .iter()
                    .map(Option::unwrap_or_default),
            );
        }
        _ => return false,
    }
    true
}
