//! Settings of the firm, by their keys: each is read by one service, which says what it may hold.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter};
use serde::de::DeserializeOwned;

use super::attachment::FileRules;
use super::pool::PoolRules;
use super::ticket::TicketRules;
use crate::entity::setting;
use crate::error::{OperationsError, Result};

/// The rules of the customer pool.
pub const POOL: &str = "pool";
/// Until when tickets are due.
pub const TICKETS: &str = "tickets";
/// What files are taken.
pub const ATTACHMENTS: &str = "attachments";
/// By which rules customers are scored.
pub const HEALTH: &str = "health";

/// What a setting holds; the default where it is not set.
pub(super) async fn load<T, C>(connection: &C, key: &str) -> Result<T>
where
    T: DeserializeOwned + Default,
    C: ConnectionTrait,
{
    let found = setting::Entity::find()
        .filter(setting::Column::Key.eq(key))
        .filter(setting::Column::DeletedAt.is_null())
        .one(connection)
        .await?;
    let Some(setting) = found else {
        return Ok(T::default());
    };
    serde_json::from_value(setting.value).map_err(|error| OperationsError::Damaged {
        entity: setting::RESOURCE.name,
        id: setting.id,
        detail: error.to_string(),
    })
}

/// That a setting of that key may hold that.
pub(super) fn check(key: &str, value: &JsonValue) -> Result<()> {
    match key {
        POOL => parse::<PoolRules>(value)?.check(),
        TICKETS => parse::<TicketRules>(value)?.check(),
        ATTACHMENTS => parse::<FileRules>(value)?.check(),
        HEALTH => super::scorecard::check(&parse(value)?),
        _ => Err(OperationsError::field(
            "key",
            format!("must be one of {POOL}, {TICKETS}, {ATTACHMENTS}, {HEALTH}"),
        )),
    }
}

fn parse<T: DeserializeOwned>(value: &JsonValue) -> Result<T> {
    serde_json::from_value(value.clone())
        .map_err(|error| OperationsError::field("value", error.to_string()))
}

/// That a number of a setting is within its bounds.
pub(super) fn within(field: &str, value: i64, least: i64, greatest: i64) -> Result<()> {
    if (least..=greatest).contains(&value) {
        return Ok(());
    }
    Err(OperationsError::field(
        field,
        format!("must be from {least} to {greatest}, not {value}"),
    ))
}
