//! Deliveries: when they were promised, and when they arrived.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use millrace_models::entity::Entity;

use crate::bearings::Bearing;
use crate::columns::{Columns, texts, times};
use crate::facts::set_dimensions;
use crate::store::{Record, Store, Text, day_start_us};
use crate::texts::NONE;
use crate::world::{Dictionaries, Dimensions, World};

const ENTITY: Entity = Entity::Delivery;

struct Delivery<'a> {
    id: Text,
    order: Option<&'a str>,
    promised_us: Option<i64>,
    /// What is later than the run sees has not arrived.
    delivered_us: Option<i64>,
    dimensions: Dimensions,
}

/// The rows of `deliveries`.
pub(crate) fn batch(
    store: &Store,
    bearings: &[Bearing],
    world: &World,
    dictionaries: &Dictionaries,
    schema: SchemaRef,
) -> anyhow::Result<RecordBatch> {
    let records = store.records.iter().zip(store.mart_ids(&world.systems));
    let deliveries: Vec<Delivery<'_>> = records
        .zip(bearings)
        .map(|((record, id), bearing)| delivery(record, id, bearing, world))
        .collect();
    let mut columns = Columns::new(schema, deliveries.len());
    let own = || deliveries.iter();
    columns
        .set("delivery_id", texts(own().map(|own| Some(&*own.id))))?
        .set("order_id", texts(own().map(|own| own.order)))?
        .set("promised_at", times(own().map(|own| own.promised_us)))?
        .set("delivered_at", times(own().map(|own| own.delivered_us)))?;
    set_dimensions(&mut columns, dictionaries, &deliveries, |own| {
        own.dimensions
    })?;
    columns.finish()
}

fn delivery<'a>(record: &'a Record, id: Text, bearing: &Bearing, world: &World) -> Delivery<'a> {
    let day = |field| {
        let day = record.date(ENTITY, field)?;
        Some(day_start_us(&world.calendar, day))
    };
    let promised_us = day("promised_on");
    let at_us = promised_us.unwrap_or(i64::MAX);
    Delivery {
        id,
        order: record.text(ENTITY, "order").map(AsRef::as_ref),
        promised_us,
        delivered_us: day("delivered_on").filter(|at_us| *at_us <= world.as_of_us),
        dimensions: world.record_dimensions(bearing, None, NONE, at_us),
    }
}
