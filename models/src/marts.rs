//! The marts: the tables that the metric registry reads and that notebooks and BI tools may
//! rely on. Times are microseconds in UTC, amounts `decimal(18, 2)` in the company's currency.
//!
//! Facts hold ids (`owner`, `current_owner`, `account_id`, `product`); the dimension tables hold
//! the `label` that people read. People are as they were at the event; `region`, `industry`,
//! `segment` and the `current_…` columns are copies of today's attributes, for outside readers
//! and for speed, taken when the table was written.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::entity::{money, timestamp};
use crate::health::Factor;

/// All marts, dimensions first.
pub const TABLES: &[&str] = &[
    "calendar",
    "users",
    "products",
    "accounts",
    "opportunities",
    "stage_visits",
    "conversion_cycles",
    "quote_outcomes",
    "orders",
    "contracts",
    "payment_performance",
    "ticket_service",
    "deliveries",
    "activity",
    "user_days",
    "record_quality",
    "account_health",
    "health_factors",
    "health_models",
];

/// Those that hold what was told on a day, and keep it: they are not made of the raw tables anew, as
/// all others are.
pub const KEPT: &[&str] = &["account_health", "health_factors", "health_models"];

/// Those that are made of the raw tables, and only of them.
pub fn built() -> impl Iterator<Item = &'static str> + Clone {
    let tables = TABLES.iter().copied();
    tables.filter(|table| !KEPT.contains(table))
}

/// The prefix of attribute columns in dimension tables.
pub const ATTRIBUTE_PREFIX: &str = "attr_";

/// The partition column of `stage_visits`: the month of leaving in the company's zone (`2024-03`) of
/// the finished visits of deals that have come to an end. The visits of the others lie in
/// [`VISITS_OPEN`] and [`VISITS_RUNNING`], so that what changes lies together.
pub const VISITS_PARTITION: &str = "left_month";
/// The partition column of the tables of scores: the day that was scored
/// (`2024-03-31`), in the company's zone.
pub const SCORED_ON: &str = "scored_on";

/// The column that a mart is partitioned by.
pub fn partition(table: &str) -> Option<&'static str> {
    match table {
        "stage_visits" => Some(VISITS_PARTITION),
        table if KEPT.contains(&table) => Some(SCORED_ON),
        _ => None,
    }
}

/// The partition of the open visits of deals that are under way.
pub const VISITS_OPEN: &str = "open";
/// The partition of the finished visits of these deals.
pub const VISITS_RUNNING: &str = "running";
/// The partition of the visits of an end (`won`, `lost`, …), which is not left.
pub const VISITS_ENDED: &str = "ended";

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}
fn time(name: &str) -> Field {
    Field::new(name, timestamp(), true)
}
fn amount(name: &str) -> Field {
    Field::new(name, money(), true)
}
fn number(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}
fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}
fn whole(name: &str) -> Field {
    Field::new(name, DataType::Int32, true)
}
fn date(name: &str) -> Field {
    Field::new(name, DataType::Date32, true)
}

/// The dimensions that every fact carries.
fn dimensions() -> Vec<Field> {
    [
        "owner",
        "team",
        "manager",
        "current_owner",
        "current_team",
        "account_id",
        "region",
    ]
    .into_iter()
    .chain(["industry", "segment", "product"])
    .map(text)
    .collect()
}

fn fact(own: Vec<Field>) -> Vec<Field> {
    let mut fields = own;
    fields.extend(dimensions());
    fields.push(flag("late_entry"));
    fields
}

/// The columns of a mart, without the `attr_<name>` columns that dimension tables carry behind
/// them; `None` for an unknown table.
#[allow(clippy::too_many_lines, reason = "one table after another")]
pub fn schema(table: &str) -> Option<SchemaRef> {
    let fields = match table {
        // one row a day; hours of work on it
        "calendar" => vec![
            date("date"),
            flag("working"),
            number("working_hours"),
            text("week"),
            text("month"),
            text("quarter"),
            text("year"),
        ],
        "users" => vec![
            text("user_id"),
            text("name"),
            text("label"),
            text("team"),
            text("manager"),
            text("role"),
            text("region"),
        ],
        "products" => vec![
            text("product_id"),
            text("name"),
            text("label"),
            text("series"),
            amount("list_price"),
        ],
        "accounts" => vec![
            text("account_id"),
            text("name"),
            text("label"),
            text("parent_account"),
            text("region"),
            text("industry"),
            text("size"),
            text("segment"),
            text("source"),
            text("owner"),
            text("team"),
            text("status"),
            time("created_at"),
            text("tags"),
            // the earliest sale, null without one
            time("first_order_at"),
            // not dormant, lost or blocked, and no prospect that nobody works on
            flag("active"),
            // who looks after it, whoever owns it
            text("success_manager"),
        ],
        "opportunities" => vec![
            text("opportunity_id"),
            text("account_id"),
            text("owner"),
            text("team"),
            text("product"),
            text("source"),
            time("opened_at"),
            time("won_at"),
            time("closed_at"),
            text("stage"),
            text("outcome"),
            amount("amount"),
            amount("lost_amount"),
            text("lost_reason"),
            text("competitor"),
            date("expected_close_on"),
        ],
        // one row a visit of a stage; `left_month` is the partition
        "stage_visits" => {
            let mut fields = fact(vec![
                text("opportunity_id"),
                whole("visit"),
                text("stage"),
                time("entered_at"),
                time("left_at"),
                text("next_stage"),
                number("dwell_hours"),
                number("dwell_business_hours"),
                // earlier visits of the deal in this stage, summed
                number("prior_hours"),
                number("prior_business_hours"),
                // the deal's first visit of this stage
                flag("first_entry"),
                // first visits only: when the deal first entered a later stage after it
                time("advanced_at"),
                text("entered_by"),
                amount("amount"),
            ]);
            fields.push(text(VISITS_PARTITION));
            fields
        }
        // one row a deal; a deal reopened after more than 90 days has a row (episode) more
        "conversion_cycles" => fact(vec![
            text("opportunity_id"),
            whole("episode"),
            time("opened_at"),
            time("won_at"),
            time("closed_at"),
            text("outcome"),
            text("stage"),
            // days from opening to winning, or to the end of a deal that was not won
            number("cycle_days"),
            // either end has no time of day: whole calendar days
            flag("whole_days"),
            amount("amount"),
            amount("lost_amount"),
            number("probability"),
            text("lost_reason"),
            text("competitor"),
            text("source"),
            date("expected_close_on"),
        ]),
        // one row a quote version; `counts` marks the row that stands for its number
        "quote_outcomes" => fact(vec![
            text("quote_id"),
            text("number"),
            whole("version"),
            text("opportunity_id"),
            time("sent_at"),
            time("first_sent_at"),
            time("decided_at"),
            time("expires_at"),
            // as recorded; an unanswered quote past `expires_at` is expired
            text("outcome"),
            number("response_hours"),
            amount("amount"),
            amount("list_amount"),
            amount("accepted_amount"),
            number("margin"),
            flag("counts"),
            flag("first_version"),
            time("approval_requested_at"),
            time("approved_at"),
            // calendar hours from asking for the approval to having it
            number("approval_hours"),
        ]),
        // one row an order line; returns and credits are negative
        "orders" => fact(vec![
            text("order_id"),
            whole("line"),
            time("ordered_at"),
            text("kind"),
            amount("amount"),
            number("quantity"),
            // null where the tax is not known
            amount("amount_without_tax"),
        ]),
        // one row a contract; days are the beginning of the day in the company's zone
        "contracts" => fact(vec![
            text("contract_id"),
            text("opportunity_id"),
            text("kind"),
            text("status"),
            amount("amount"),
            // signed; where that is not known, in effect
            time("signed_at"),
            time("effective_at"),
            time("expires_at"),
            // the end of the 90 days after it ran out
            time("decided_at"),
            // its successor, and when that was signed, if within those days
            text("renewed_by"),
            time("renewed_at"),
        ]),
        // one row an instalment (`entry` is due), and one for each part of a receipt that pays it
        // (`entry` is receipt): `allocated_amount` is what of it counts, so that the parts of an
        // instalment never add up to more than it; money given back is negative
        "payment_performance" => fact(vec![
            text("plan_id"),
            text("entry"),
            whole("line"),
            text("contract_id"),
            text("opportunity_id"),
            text("kind"),
            text("event"),
            time("due_at"),
            // the day after
            time("overdue_at"),
            time("written_off_at"),
            // of instalments only: the amount, what counts as received up to the run, and when it
            // was whole
            amount("amount"),
            amount("received_amount"),
            time("paid_at"),
            // of receipts only
            text("receipt_id"),
            time("received_at"),
            amount("allocated_amount"),
        ]),
        // one row a ticket
        "ticket_service" => fact(vec![
            text("ticket_id"),
            text("opportunity_id"),
            text("kind"),
            text("severity"),
            text("status"),
            text("requester"),
            time("opened_at"),
            time("first_response_at"),
            time("resolved_at"),
            time("closed_at"),
            time("due_at"),
            // from when on an open ticket has missed it: a due day is over with its end
            time("late_at"),
            // null while open or without a due time
            flag("in_time"),
            // working hours, without pauses
            number("response_hours"),
            number("resolution_hours"),
            number("paused_hours"),
            time("rated_at"),
            // 1 to 5
            number("satisfaction"),
        ]),
        // one row a delivery; days are the beginning of the day in the company's zone, and the account is
        // that which the delivery names: where it names its order alone, that of the order
        "deliveries" => fact(vec![
            text("delivery_id"),
            text("order_id"),
            time("promised_at"),
            time("delivered_at"),
        ]),
        // one row an interaction; `owner` is who it was
        "activity" => fact(vec![
            text("interaction_id"),
            text("opportunity_id"),
            time("at"),
            text("kind"),
            flag("two_way"),
            flag("effective"),
            // the person met
            text("contact_id"),
        ]),
        // one row a person and day that is worked or on which the person wrote a business record
        "user_days" => fact(vec![
            text("user_id"),
            time("at"),
            flag("working"),
            // a working day, and the person enabled and not on leave
            flag("expected"),
            whole("writes"),
        ]),
        // one row a record: accounts by their weighted fields, opportunities, quotes and contracts
        // by their key fields, others where something is wrong with them
        "record_quality" => fact(vec![
            text("record_type"),
            text("record_id"),
            time("since_at"),
            // accounts: as in `accounts`
            flag("active"),
            // weights of the fields that are filled and valid, and of all that apply
            number("filled"),
            number("applicable"),
            number("completeness"),
            // names of fields, with commas between
            text("missing"),
            text("invalid"),
            // what cannot be true, such as an end before the beginning
            whole("defects"),
            text("problems"),
        ]),
        // one row an account with an order and a scored day, `as_of` its last moment
        "account_health" => {
            let mut fields = vec![
                text("account_id"),
                time("as_of"),
                number("score"),
                // by the score of that day alone
                text("status"),
                // that which holds: changed by 5 points beyond a border, or by a second scoring
                text("settled_status"),
                // the scored day since when that holds
                time("settled_since"),
                text("value_tier"),
                // of an order in the next `horizon_days`
                number("repurchase_probability"),
                whole("horizon_days"),
                number("coverage"),
                // points taken off so that the score is below 60, and why: open_complaint, overdue,
                // silent
                number("held_down"),
                text("held_by"),
                // the score 30 days before, null before the first order
                number("score_before"),
                amount("amount_12_months"),
                // that x the probability that no order comes
                amount("amount_at_risk"),
                amount("overdue_amount"),
                time("last_order_at"),
                number("rhythm_days"),
                whole("orders"),
            ];
            // of buying less than half of what was bought in the same days a year before, and that a
            // contract which runs out is not renewed; null where that cannot be, or is not known
            fields.push(number("shrink_probability"));
            fields.push(number("non_renewal_probability"));
            // what each factor measures, null without data
            fields.extend(Factor::WEIGHTS.iter().map(|(own, _)| number(own.name())));
            fields.push(text(SCORED_ON));
            fields
        }
        // one row an account, scored day and factor: what it measures, what it adds to the score
        // and could add at most
        "health_factors" => vec![
            text("account_id"),
            time("as_of"),
            text("factor"),
            number("value"),
            number("points"),
            number("weight"),
            text(SCORED_ON),
        ],
        // one row a scored day and probability: what its model was learned from, and how it did on the
        // latest of those days without having seen it
        "health_models" => vec![
            time("as_of"),
            // order, shrink, non_renewal
            text("target"),
            // fitted, purchase_process, not_enough_history
            text("kind"),
            whole("horizon_days"),
            // the first and the last of the days that it was learned from, and how many there are
            date("learned_from"),
            date("learned_to"),
            whole("learned_days"),
            // accounts (of contracts: those) on these days, and how many it came true of
            whole("learned_rows"),
            whole("learned_positives"),
            flag("calibrated"),
            whole("trial_rows"),
            whole("trial_positives"),
            number("auc"),
            number("average_precision"),
            number("brier"),
            text(SCORED_ON),
        ],
        _ => return None,
    };
    Some(Arc::new(Schema::new(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_schema() {
        for table in TABLES {
            assert!(schema(table).is_some(), "{table}");
        }
        assert!(schema("nothing").is_none());
    }
}
