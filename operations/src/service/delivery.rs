//! What a delivery brings with it: its shipment and its acceptance make instalments due.

use chrono::NaiveDate;

use super::instalment;
use crate::entity::order;
use crate::error::Result;
use crate::row::{Row, integer};
use crate::unit::Unit;

/// A delivery was entered or changed. The first shipment or acceptance under a contract makes the
/// instalments due that wait for it; a later one changes nothing.
pub(crate) async fn written(unit: &Unit, delivery: &Row) -> Result<()> {
    let Some(order_id) = integer(delivery, "order_id") else {
        return Ok(());
    };
    let order: order::Model = unit.get(order_id).await?;
    let Some(contract_id) = order.contract_id else {
        return Ok(());
    };
    for (field, event) in [("shipped_on", "shipment"), ("accepted_on", "acceptance")] {
        let day = delivery.get(field).and_then(|value| value.as_str());
        if let Some(day) = day.and_then(|day| day.parse::<NaiveDate>().ok()) {
            instalment::event(unit, contract_id, event, day).await?;
        }
    }
    Ok(())
}
