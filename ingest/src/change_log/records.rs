//! Records of operations as rows of the raw tables: which field is which.

use std::collections::BTreeSet;

use millrace_models::entity::Entity;
use millrace_operations::Store;
use millrace_operations::entity::account;
use millrace_operations::log::{Change, Op};
use millrace_operations::row::Row;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use super::lookup::{self, Lookup, failed};
use super::rows::{RawRow, Reading, text, time};
use crate::convert::Value;
use crate::error::IngestError;

/// Resources that are written otherwise than row by row.
const TOGETHER: [&str; 3] = ["stage_change", "order", "order_line"];

/// The raw table that a record of a resource is a row of.
pub(super) fn entity_of(resource: &str) -> Option<Entity> {
    Some(match resource {
        "account" => Entity::Account,
        "user" => Entity::User,
        "team" => Entity::Team,
        "product" => Entity::Product,
        "opportunity" => Entity::Opportunity,
        "quote" => Entity::Quote,
        "contract" => Entity::Contract,
        "payment_plan" => Entity::PaymentPlan,
        "receipt" => Entity::Receipt,
        "interaction" => Entity::Interaction,
        "ticket" => Entity::Ticket,
        "delivery" => Entity::Delivery,
        "contact" => Entity::Contact,
        "receipt_allocation" => Entity::ReceiptAllocation,
        _ => return None,
    })
}

/// Whether records of a resource are in the lake.
pub(super) fn is_written(resource: &str) -> bool {
    entity_of(resource).is_some() || TOGETHER.contains(&resource)
}

/// The resources whose change is daily business; the others are how the firm is set up.
const BUSINESS: [&str; 20] = [
    "account",
    "contact",
    "account_tag",
    "opportunity",
    "stage_change",
    "quote",
    "quote_line",
    "contract",
    "payment_plan",
    "payment_request",
    "invoice_application",
    "receipt",
    "receipt_allocation",
    "interaction",
    "ticket",
    "todo",
    "order",
    "order_line",
    "delivery",
    "attachment",
];

/// That somebody wrote a record of daily business, where an entry of the log says so.
pub(super) fn business_write(change: &Change) -> Option<RawRow> {
    let user = change
        .actor_id
        .filter(|_| BUSINESS.contains(&change.entity.as_str()))?;
    let user = millrace_models::identity::lake_id("user", user, None);
    Some(
        RawRow::new(Op::Insert.name(), Some(change.at))
            .with("user", text(Some(&user)))
            .with("at", time(Some(change.at)))
            .with("entity", text(Some(&change.entity))),
    )
}

/// A typed record as the change log has it.
pub(super) fn row_of<R: Serialize>(record: &R) -> Row {
    match serde_json::to_value(record) {
        Ok(serde_json::Value::Object(row)) => row,
        _ => Row::new(),
    }
}

/// The row that an entry of the log means.
pub(super) fn row(change: &Change, lookup: &Lookup) -> Option<RawRow> {
    let row = change.after.as_object()?;
    let own = write(&change.entity, change.op, row, lookup)?;
    Some(RawRow {
        op: change.op.name(),
        ..own
    })
}

/// These accounts as they are now.
pub(super) async fn accounts(
    store: &Store,
    ids: &BTreeSet<i64>,
) -> Result<Vec<RawRow>, IngestError> {
    let mut rows = Vec::new();
    let all: Vec<i64> = ids.iter().copied().collect();
    for chunk in all.chunks(500) {
        let found = account::Entity::find()
            .filter(account::Column::Id.is_in(chunk.iter().copied()))
            .filter(account::Column::DeletedAt.is_null())
            .order_by_asc(account::Column::Id)
            .all(store.reader())
            .await
            .map_err(failed)?;
        let records: Vec<Row> = found.iter().map(row_of).collect();
        let tags = lookup::tags(store, &chunk.iter().copied().collect()).await?;
        let lookup = Lookup::for_rows(store, &account::RESOURCE, &records).await?;
        let lookup = lookup.with_tags(tags);
        rows.extend(
            records
                .iter()
                .filter_map(|row| write("account", Op::Update, row, &lookup)),
        );
    }
    Ok(rows)
}

#[allow(clippy::too_many_lines, reason = "one record after another")]
fn write(resource: &str, op: Op, row: &Row, lookup: &Lookup) -> Option<RawRow> {
    let read = Reading(row);
    let id = read.integer("id")?;
    let refer = |field: &str, to: &'static str| lookup.refer(row, field, to);
    let own = RawRow::new(op.name(), read.moment("updated_at"));
    let numbered = || own.clone().with("id", read.text("number"));
    let named = |resource| {
        own.clone()
            .with("id", Value::Text(lookup.name(resource, id).into()))
    };
    Some(match resource {
        "account" => account_row(numbered(), row, lookup, id),
        "user" => named("user")
            .with("name", read.text("name"))
            .with("team", refer("team_id", "team"))
            .with("manager", refer("manager_id", "user"))
            .with(
                "role",
                text(read.integer("role_id").and_then(|id| lookup.role(id))),
            )
            .with("region", read.text("region"))
            .with("enabled", read.flag("enabled"))
            .with("on_leave_until", read.date("on_leave_until"))
            .with("left_on", read.date("left_on"))
            .with("recorded_at", read.time("recorded_at")),
        "team" => named("team")
            .with("name", read.text("name"))
            .with("parent", refer("parent_id", "team"))
            .with("leader", refer("leader_id", "user"))
            .with("region", read.text("region")),
        "product" => {
            let mut made = named("product")
                .with("name", read.text("name"))
                .with("series", read.text("series"))
                .with("list_price", read.unit_price("list_price"));
            if let Some(code) = read.str("code") {
                made.attributes.insert("code".to_owned(), code.to_owned());
            }
            made
        }
        "opportunity" => deal(numbered(), row, lookup),
        "quote" => quote(named("quote"), read, refer)?,
        "contract" => numbered()
            .with("account", refer("account_id", "account"))
            .with("opportunity", refer("opportunity_id", "opportunity"))
            .with("effective_on", read.date("effective_on"))
            .with("expires_on", read.date("expires_on"))
            .with("renews", refer("renews_id", "contract"))
            .with("amount", read.amount("amount"))
            .with("kind", read.text("kind"))
            .with("status", read.text("status"))
            .with("signed_on", read.date("signed_on"))
            .with("owner", refer("owner_id", "user"))
            .with("team", refer("team_id", "team"))
            .with("recorded_at", read.time("recorded_at")),
        "payment_plan" => named("payment_plan")
            .with("account", refer("account_id", "account"))
            .with("contract", refer("contract_id", "contract"))
            .with("due_on", read.date("due_on"))
            .with("amount", read.amount("amount"))
            .with("kind", read.text("kind"))
            .with("event", read.text("due_by"))
            .with(
                "written_off",
                Value::Flag(read.str("status") == Some("written_off")),
            )
            .with("recorded_at", read.time("recorded_at")),
        "receipt" => numbered()
            .with("account", refer("account_id", "account"))
            .with("received_on", read.date("received_on"))
            .with("amount", read.amount("amount"))
            .with("kind", read.text("kind"))
            .with("recorded_at", read.time("recorded_at")),
        "interaction" => named("interaction")
            .with("account", refer("account_id", "account"))
            .with("at", read.time("at"))
            .with("kind", read.text("kind"))
            .with("by", refer("by_id", "user"))
            .with("two_way", read.flag("two_way"))
            .with("opportunity", refer("opportunity_id", "opportunity"))
            .with("effective", read.flag("effective"))
            .with("contact", refer("contact_id", "contact"))
            .with("recorded_at", read.time("recorded_at")),
        "ticket" => numbered()
            .with("account", refer("account_id", "account"))
            .with("kind", read.text("kind"))
            .with("severity", read.text("severity"))
            .with("opened_at", read.time("opened_at"))
            .with("first_response_at", read.time("first_response_at"))
            .with("resolved_at", read.time("resolved_at"))
            .with("due_at", read.time("due_at"))
            .with("satisfaction", read.number("satisfaction"))
            .with("opportunity", refer("opportunity_id", "opportunity"))
            .with("requester", refer("requester_id", "user"))
            .with("owner", refer("owner_id", "user"))
            .with("team", refer("team_id", "team"))
            .with("status", read.text("status"))
            .with("closed_at", read.time("closed_at"))
            .with("recorded_at", read.time("recorded_at")),
        "delivery" => numbered()
            .with("order", refer("order_id", "order"))
            .with("account", refer("account_id", "account"))
            .with("promised_on", read.date("promised_on"))
            .with("delivered_on", read.date("delivered_on")),
        "contact" => named("contact")
            .with("account", refer("account_id", "account"))
            .with("name", read.text("name"))
            .with("title", read.text("title"))
            .with("decision_role", read.text("decision_role"))
            .with("mobile", read.text("mobile"))
            .with("phone", read.text("phone"))
            .with("email", read.text("email")),
        "receipt_allocation" => named("receipt_allocation")
            .with("receipt", refer("receipt_id", "receipt"))
            .with("plan", refer("payment_plan_id", "payment_plan"))
            .with("amount", read.amount("amount")),
        _ => return None,
    })
}

fn account_row(own: RawRow, row: &Row, lookup: &Lookup, id: i64) -> RawRow {
    let read = Reading(row);
    let mut made = own
        .with("name", read.text("name"))
        .with("parent", lookup.refer(row, "parent_id", "account"))
        .with("region", read.text("region"))
        .with("industry", read.text("industry"))
        .with("size", read.text("size"))
        .with("segment", read.text("segment"))
        .with("source", read.text("source"))
        .with("owner", lookup.refer(row, "owner_id", "user"))
        .with("status", read.text("status"))
        .with("created_at", read.time("created_at"))
        .with("tags", text(lookup.tags(id)))
        .with("team", lookup.refer(row, "team_id", "team"))
        .with("credit_code", read.text("credit_code"))
        .with("phone", read.text("phone"))
        .with("address", read.text("address"))
        .with(
            "success_manager",
            lookup.refer(row, "success_manager_id", "user"),
        );
    attributes(&mut made, row);
    if let Some(level) = read.str("level") {
        made.attributes.insert("level".to_owned(), level.to_owned());
    }
    made
}

fn deal(own: RawRow, row: &Row, lookup: &Lookup) -> RawRow {
    let read = Reading(row);
    let stage = read.integer("stage_id").and_then(|id| lookup.stage(id));
    let mut made = own
        .with("account", lookup.refer(row, "account_id", "account"))
        .with("owner", lookup.refer(row, "owner_id", "user"))
        .with("product", lookup.refer(row, "product_id", "product"))
        .with("opened_at", read.time("opened_at"))
        .with("won_at", read.time("won_at"))
        .with("closed_at", read.time("closed_at"))
        .with("recorded_at", read.time("recorded_at"))
        .with("stage", text(stage))
        .with("outcome", read.text("outcome"))
        .with("amount", read.amount("amount"))
        .with("lost_amount", read.amount("lost_amount"))
        .with("competitor", read.text("competitor"))
        .with("lost_reason", read.text("lost_reason"))
        .with("source", read.text("source"))
        .with("expected_close_on", read.date("expected_close_on"))
        .with("team", lookup.refer(row, "team_id", "team"));
    attributes(&mut made, row);
    made
}

/// A version of a quote, once the customer or who approves it has it.
fn quote(
    own: RawRow,
    read: Reading<'_>,
    refer: impl Fn(&str, &'static str) -> Value<'static>,
) -> Option<RawRow> {
    let sent = read.moment("sent_at").is_some();
    if !sent && read.moment("approval_requested_at").is_none() {
        return None;
    }
    // Before sending it stands in no outcome of the lake.
    let outcome = if sent {
        read.text("outcome")
    } else {
        Value::Null
    };
    Some(
        own.with("number", read.text("number"))
            .with("version", read.whole("quote_version"))
            .with("opportunity", refer("opportunity_id", "opportunity"))
            .with("account", refer("account_id", "account"))
            .with("sent_at", read.time("sent_at"))
            .with("valid_until", read.date("valid_until"))
            .with("decided_at", read.time("decided_at"))
            .with("outcome", outcome)
            .with("amount", read.amount("amount"))
            .with("list_amount", read.amount("list_amount"))
            .with("accepted_amount", read.amount("accepted_amount"))
            .with("margin", read.share("margin"))
            .with("owner", refer("owner_id", "user"))
            .with("team", refer("team_id", "team"))
            .with("approval_requested_at", read.time("approval_requested_at"))
            .with("approved_at", read.time("approved_at"))
            .with("recorded_at", read.time("recorded_at")),
    )
}

/// What else was read from a source.
fn attributes(made: &mut RawRow, row: &Row) {
    let Some(attributes) = row.get("attributes").and_then(|own| own.as_object()) else {
        return;
    };
    for (name, value) in attributes {
        let written = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        made.attributes.insert(name.clone(), written);
    }
}

#[cfg(test)]
mod tests {
    use millrace_operations::entity::{RESOURCES, resource};
    use millrace_operations::resource::{Kind, Resource};
    use serde_json::json;

    use super::*;

    /// A record of which every field has a value.
    fn filled(resource: &Resource) -> Row {
        let fields = resource.fields.iter().map(|field| {
            let value = match field.kind {
                Kind::Text => json!("text"),
                Kind::Choice(words) => json!(words[0]),
                Kind::Flag => json!(true),
                Kind::Time => json!("2026-03-02T01:30:00Z"),
                Kind::Date => json!("2026-03-02"),
                Kind::Json => json!({"colour": "red", "none": null}),
                _ => json!(7),
            };
            (field.name.to_owned(), value)
        });
        fields.collect()
    }

    /// Fields of the lake that operations does not know of its records.
    const UNKNOWN: &[(&str, &str)] = &[
        ("account", "tags"),
        ("user", "role"),
        ("opportunity", "stage"),
        ("receipt", "plan"),
        ("ticket", "paused_hours"),
    ];

    #[test]
    fn every_field_that_operations_knows_is_written_and_no_other() {
        let mut written = 0;
        for resource in RESOURCES.iter().copied() {
            let Some(entity) = entity_of(resource.name) else {
                continue;
            };
            let lookup = Lookup::default();
            let row = write(resource.name, Op::Update, &filled(resource), &lookup).unwrap();
            for (name, _) in &row.values {
                let known = entity.fields().iter().any(|field| field.name == *name);
                assert!(known, "{} has no field {name}", entity.name());
            }
            for field in entity.fields() {
                let named = |(name, _): &(&str, Value<'_>)| *name == field.name;
                let left_out = UNKNOWN.contains(&(entity.name(), field.name));
                assert_eq!(
                    row.values.iter().any(named),
                    !left_out,
                    "{}.{}",
                    entity.name(),
                    field.name
                );
            }
            written += 1;
        }
        assert_eq!(written, 14);
    }

    #[test]
    fn prices_and_shares_are_in_the_units_of_the_lake() {
        let product = resource("product").unwrap();
        let mut row = filled(product);
        row.insert("list_price".to_owned(), json!(100_004_999));
        let made = write("product", Op::Insert, &row, &Lookup::default()).unwrap();
        assert!(made.values.contains(&("list_price", Value::Amount(10_000))));
        let mut row = filled(resource("quote").unwrap());
        row.insert("margin".to_owned(), json!(-250));
        let made = write("quote", Op::Insert, &row, &Lookup::default()).unwrap();
        assert!(made.values.contains(&("margin", Value::Number(-0.025))));
    }

    #[test]
    fn a_draft_of_a_quote_stays_at_home() {
        let mut row = filled(resource("quote").unwrap());
        row.insert("sent_at".to_owned(), json!(null));
        let asked = write("quote", Op::Update, &row, &Lookup::default()).unwrap();
        assert!(asked.values.iter().all(|(name, _)| *name != "outcome"));
        row.insert("approval_requested_at".to_owned(), json!(null));
        assert_eq!(write("quote", Op::Update, &row, &Lookup::default()), None);
    }
}
