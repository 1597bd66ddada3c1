//! The dimension tables: accounts, users, products, days.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::{Datelike, Days, NaiveDate};
use hashbrown::HashMap;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::entity::Entity;
use millrace_models::marts::ATTRIBUTE_PREFIX;

use crate::columns::{Columns, amounts, dates, flags, numbers, texts, times};
use crate::cycles::day_number;
use crate::texts::NONE;
use crate::world::{Member, Members, World};

/// The columns of a dimension table with those of its attributes.
pub(crate) fn with_attributes(schema: &SchemaRef, catalog: &Catalog, entity: Entity) -> SchemaRef {
    let attributes = catalog.attributes.get(entity.name()).into_iter().flatten();
    let fields = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .chain(
            attributes
                .map(|name| Field::new(format!("{ATTRIBUTE_PREFIX}{name}"), DataType::Utf8, true)),
        );
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn members(members: &Members, schema: &SchemaRef, id: &str) -> anyhow::Result<Columns> {
    let all = &members.all;
    let mut columns = Columns::new(schema.clone(), all.len());
    columns
        .set(id, texts(all.iter().map(|own| Some(&*own.id))))?
        .set("name", texts(all.iter().map(|own| Some(own.name()))))?
        .set("label", texts(all.iter().map(|own| Some(&*own.label))))?;
    for field in schema.fields() {
        let Some(name) = field.name().strip_prefix(ATTRIBUTE_PREFIX) else {
            continue;
        };
        let value = |own: &'_ Member| own.record.as_ref()?.attributes.get(name).cloned();
        let values: Vec<_> = all.iter().map(value).collect();
        columns.set(field.name(), texts(values.iter().map(Option::as_deref)))?;
    }
    Ok(columns)
}

/// The rows of `accounts`.
pub(crate) fn accounts(
    world: &World,
    schema: &SchemaRef,
    first_sales: &HashMap<u32, i64>,
) -> anyhow::Result<RecordBatch> {
    let entity = Entity::Account;
    let all = &world.accounts.all;
    let mut columns = members(&world.accounts, schema, "account_id")?;
    for field in [
        "region", "industry", "size", "segment", "source", "status", "tags",
    ] {
        columns.set(field, texts(all.iter().map(|own| own.text(entity, field))))?;
    }
    let owner = |own: &Member| {
        let last = own.owners.last().filter(|owner| **owner != NONE);
        last.map(|owner| world.users.get(*owner))
    };
    let created = |own: &Member| Some(own.record.as_ref()?.time(entity, "created_at")?.at_us);
    columns
        .set(
            "parent_account",
            texts(
                all.iter()
                    .map(|own| own.parent.map(|parent| &*world.accounts.get(parent).id)),
            ),
        )?
        .set(
            "owner",
            texts(all.iter().map(|own| owner(own).map(|owner| &*owner.id))),
        )?
        .set(
            "success_manager",
            texts(all.iter().map(|own| {
                let person = own.success_manager.map(|place| world.users.get(place));
                person.map(|person| &*person.id)
            })),
        )?
        .set(
            "team",
            texts(
                (0_u32..)
                    .take(all.len())
                    .map(|place| world.account_team(place)),
            ),
        )?
        .set(
            "active",
            flags(all.iter().map(|own| Some(World::is_active(own)))),
        )?
        .set("created_at", times(all.iter().map(created)))?
        .set(
            "first_order_at",
            times(
                (0_u32..)
                    .take(all.len())
                    .map(|place| first_sales.get(&place).copied()),
            ),
        )?;
    columns.finish()
}

/// The rows of `users`.
pub(crate) fn users(world: &World, schema: &SchemaRef) -> anyhow::Result<RecordBatch> {
    let all = &world.users.all;
    let mut columns = members(&world.users, schema, "user_id")?;
    for field in ["team", "manager", "role", "region"] {
        columns.set(
            field,
            texts(all.iter().map(|own| own.text(Entity::User, field))),
        )?;
    }
    columns.finish()
}

/// The rows of `products`.
pub(crate) fn products(world: &World, schema: &SchemaRef) -> anyhow::Result<RecordBatch> {
    let entity = Entity::Product;
    let all = &world.products.all;
    let mut columns = members(&world.products, schema, "product_id")?;
    columns
        .set(
            "series",
            texts(all.iter().map(|own| own.text(entity, "series"))),
        )?
        .set(
            "list_price",
            amounts(
                all.iter()
                    .map(|own| own.record.as_ref()?.amount(entity, "list_price")),
            )?,
        )?;
    columns.finish()
}

/// The rows of `calendar`: the whole years from the first to the last day.
pub(crate) fn calendar(
    calendar: &WorkingCalendar,
    schema: &SchemaRef,
    first: NaiveDate,
    last: NaiveDate,
) -> anyhow::Result<RecordBatch> {
    let begin = NaiveDate::from_ymd_opt(first.year(), 1, 1).unwrap_or(first);
    let end = NaiveDate::from_ymd_opt(last.year(), 12, 31).unwrap_or(last);
    let days: Vec<NaiveDate> =
        std::iter::successors(Some(begin), |day| day.checked_add_days(Days::new(1)))
            .take_while(|day| *day <= end)
            .collect();
    let written = |format: &'static str| -> Vec<String> {
        days.iter()
            .map(|day| day.format(format).to_string())
            .collect()
    };
    let quarters: Vec<String> = days
        .iter()
        .map(|day| format!("{}-Q{}", day.year(), day.month0() / 3 + 1))
        .collect();
    let mut columns = Columns::new(schema.clone(), days.len());
    let hours = |day: &NaiveDate| {
        Some(if calendar.is_working(*day) {
            calendar.hours_per_day()
        } else {
            0.0
        })
    };
    let column = |values: &[String]| texts(values.iter().map(|value| Some(value.as_str())));
    columns
        .set("date", dates(days.iter().map(|day| Some(day_number(*day)))))?
        .set(
            "working",
            flags(days.iter().map(|day| Some(calendar.is_working(*day)))),
        )?
        .set("working_hours", numbers(days.iter().map(hours)))?
        .set("week", column(&written("%G-W%V")))?
        .set("month", column(&written("%Y-%m")))?
        .set("quarter", column(&quarters))?
        .set("year", column(&written("%Y")))?;
    columns.finish()
}
