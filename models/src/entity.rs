//! The entities that sources are mapped to, their fields, and the Arrow schemas of `lake/raw`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// An id, as written: `00123` stays `00123`.
    Id,
    /// Free text.
    Text,
    /// The id or the name of a record of another entity.
    Reference(Entity),
    /// A moment, or a calendar day where the source gives no time of day.
    Time,
    /// A calendar day.
    Date,
    /// Money, two decimals.
    Amount,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
    /// One of a fixed list.
    Choice(&'static [&'static str]),
}

/// A field of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in mappings and tables.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a mapping must give it.
    pub required: bool,
}

/// An entity that a source can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// A customer.
    Account,
    /// A person of the firm.
    User,
    /// A team; teams form a tree.
    Team,
    /// A product.
    Product,
    /// A deal.
    Opportunity,
    /// A move of a deal to a stage.
    StageChange,
    /// A version of a quote.
    Quote,
    /// A contract.
    Contract,
    /// An order, or a line of one.
    Order,
    /// An instalment that falls due.
    PaymentPlan,
    /// Money received.
    Receipt,
    /// A visit, call, message or meeting.
    Interaction,
    /// A ticket.
    Ticket,
    /// A delivery.
    Delivery,
    /// A measurement of a device in the field.
    DeviceReading,
    /// A person at a customer.
    Contact,
    /// A part of a receipt that pays an instalment.
    ReceiptAllocation,
    /// That a person wrote a business record.
    BusinessWrite,
}

const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}
const fn required(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

use FieldKind::{Amount, Choice, Date, Flag, Id, Integer, Number, Reference, Text, Time};

/// How a deal can stand.
pub const OUTCOMES: &[&str] = &["open", "won", "lost", "invalid", "duplicate", "shelved"];
/// How a quote can stand.
pub const QUOTE_OUTCOMES: &[&str] = &[
    "sent",
    "accepted",
    "partial",
    "declined",
    "expired",
    "superseded",
    "withdrawn",
];
/// What money received can be; a refund is money given back.
pub const RECEIPT_KINDS: &[&str] = &["payment", "advance", "retention", "refund"];
/// The kinds of an order record.
pub const ORDER_KINDS: &[&str] = &["sale", "return", "credit", "cancel"];

const ACCOUNT: &[Field] = &[
    field("id", Id),
    field("name", Text),
    field("parent", Reference(Entity::Account)),
    field("region", Text),
    field("industry", Text),
    field("size", Text),
    field("segment", Text),
    field("source", Text),
    field("owner", Reference(Entity::User)),
    field("status", Text),
    field("created_at", Time),
    field("tags", Text),
    // that of the owner, or the one it is routed to while nobody owns it
    field("team", Text),
    field("credit_code", Text),
    field("phone", Text),
    field("address", Text),
    field("success_manager", Reference(Entity::User)),
];
const USER: &[Field] = &[
    field("id", Id),
    field("name", Text),
    field("team", Text),
    field("manager", Text),
    field("role", Text),
    field("region", Text),
    field("enabled", Flag),
    // the last day of a leave; it begins when the record says so
    field("on_leave_until", Date),
    // the first day on which the person is no longer there
    field("left_on", Date),
    field("recorded_at", Time),
];
const TEAM: &[Field] = &[
    field("id", Id),
    field("name", Text),
    field("parent", Reference(Entity::Team)),
    field("leader", Reference(Entity::User)),
    field("region", Text),
];
const PRODUCT: &[Field] = &[
    field("id", Id),
    field("name", Text),
    field("series", Text),
    field("list_price", Amount),
];
const OPPORTUNITY: &[Field] = &[
    required("id", Id),
    field("account", Reference(Entity::Account)),
    field("owner", Reference(Entity::User)),
    field("product", Reference(Entity::Product)),
    field("opened_at", Time),
    field("won_at", Time),
    field("closed_at", Time),
    field("recorded_at", Time),
    field("stage", Text),
    field("outcome", Choice(OUTCOMES)),
    field("amount", Amount),
    field("lost_amount", Amount),
    field("competitor", Text),
    field("lost_reason", Text),
    field("source", Text),
    field("expected_close_on", Date),
    field("team", Text),
];
const STAGE_CHANGE: &[Field] = &[
    required("opportunity", Reference(Entity::Opportunity)),
    required("stage", Text),
    required("changed_at", Time),
    field("by", Reference(Entity::User)),
    field("recorded_at", Time),
];
const QUOTE: &[Field] = &[
    required("id", Id),
    field("number", Text),
    field("version", Integer),
    field("opportunity", Reference(Entity::Opportunity)),
    field("account", Reference(Entity::Account)),
    required("sent_at", Time),
    field("valid_until", Date),
    field("decided_at", Time),
    field("outcome", Choice(QUOTE_OUTCOMES)),
    field("amount", Amount),
    field("list_amount", Amount),
    field("accepted_amount", Amount),
    field("margin", Number),
    field("owner", Reference(Entity::User)),
    field("team", Text),
    field("approval_requested_at", Time),
    field("approved_at", Time),
    field("recorded_at", Time),
];
const CONTRACT: &[Field] = &[
    required("id", Id),
    field("account", Reference(Entity::Account)),
    field("opportunity", Reference(Entity::Opportunity)),
    field("effective_on", Date),
    field("expires_on", Date),
    // the contract that it is the successor of
    field("renews", Text),
    field("amount", Amount),
    field("kind", Text),
    field("status", Text),
    field("signed_on", Date),
    field("owner", Reference(Entity::User)),
    field("team", Text),
    field("recorded_at", Time),
];
const ORDER: &[Field] = &[
    required("account", Reference(Entity::Account)),
    required("ordered_at", Time),
    field("amount", Amount),
    field("quantity", Number),
    field("id", Id),
    field("product", Reference(Entity::Product)),
    field("kind", Choice(ORDER_KINDS)),
    field("recorded_at", Time),
    field("contract", Reference(Entity::Contract)),
    field("opportunity", Reference(Entity::Opportunity)),
    field("owner", Reference(Entity::User)),
    field("team", Text),
    field("amount_without_tax", Amount),
];
const PAYMENT_PLAN: &[Field] = &[
    required("id", Id),
    field("account", Reference(Entity::Account)),
    field("contract", Reference(Entity::Contract)),
    required("due_on", Date),
    required("amount", Amount),
    field("kind", Text),
    // what makes it due
    field("event", Text),
    field("written_off", Flag),
    field("recorded_at", Time),
];
const RECEIPT: &[Field] = &[
    required("id", Id),
    field("account", Reference(Entity::Account)),
    required("received_on", Date),
    required("amount", Amount),
    field("plan", Reference(Entity::PaymentPlan)),
    field("kind", Choice(RECEIPT_KINDS)),
    field("recorded_at", Time),
];
const INTERACTION: &[Field] = &[
    field("id", Id),
    required("account", Reference(Entity::Account)),
    required("at", Time),
    field("kind", Text),
    field("by", Reference(Entity::User)),
    field("two_way", Flag),
    field("opportunity", Reference(Entity::Opportunity)),
    field("effective", Flag),
    field("recorded_at", Time),
    // the person met
    field("contact", Reference(Entity::Contact)),
];
const TICKET: &[Field] = &[
    required("id", Id),
    field("account", Reference(Entity::Account)),
    field("kind", Text),
    field("severity", Text),
    required("opened_at", Time),
    field("first_response_at", Time),
    field("resolved_at", Time),
    field("due_at", Time),
    field("satisfaction", Number),
    field("opportunity", Reference(Entity::Opportunity)),
    field("requester", Reference(Entity::User)),
    field("owner", Reference(Entity::User)),
    field("team", Text),
    field("status", Text),
    field("closed_at", Time),
    // working hours in which it stood still, where the source sums them up
    field("paused_hours", Number),
    field("recorded_at", Time),
];
const DELIVERY: &[Field] = &[
    required("id", Id),
    field("order", Reference(Entity::Order)),
    field("account", Reference(Entity::Account)),
    field("promised_on", Date),
    field("delivered_on", Date),
];
const DEVICE_READING: &[Field] = &[
    required("device", Text),
    required("at", Time),
    required("measure", Text),
    required("value", Number),
    field("account", Reference(Entity::Account)),
];
const CONTACT: &[Field] = &[
    field("id", Id),
    required("account", Reference(Entity::Account)),
    field("name", Text),
    field("title", Text),
    field("decision_role", Text),
    field("mobile", Text),
    field("phone", Text),
    field("email", Text),
];
const RECEIPT_ALLOCATION: &[Field] = &[
    field("id", Id),
    required("receipt", Reference(Entity::Receipt)),
    required("plan", Reference(Entity::PaymentPlan)),
    required("amount", Amount),
];
const BUSINESS_WRITE: &[Field] = &[
    required("user", Reference(Entity::User)),
    required("at", Time),
    field("entity", Text),
];

impl Entity {
    /// All entities, those that others refer to first.
    pub const ALL: [Entity; 18] = [
        Entity::Account,
        Entity::User,
        Entity::Team,
        Entity::Product,
        Entity::Opportunity,
        Entity::StageChange,
        Entity::Quote,
        Entity::Contract,
        Entity::Order,
        Entity::PaymentPlan,
        Entity::Receipt,
        Entity::Interaction,
        Entity::Ticket,
        Entity::Delivery,
        Entity::DeviceReading,
        Entity::Contact,
        Entity::ReceiptAllocation,
        Entity::BusinessWrite,
    ];

    /// All entities.
    pub fn all() -> &'static [Entity] {
        &Self::ALL
    }

    /// Its name in mappings, and the name of its table in `lake/raw`.
    pub fn name(self) -> &'static str {
        match self {
            Entity::Account => "account",
            Entity::User => "user",
            Entity::Team => "team",
            Entity::Product => "product",
            Entity::Opportunity => "opportunity",
            Entity::StageChange => "stage_change",
            Entity::Quote => "quote",
            Entity::Contract => "contract",
            Entity::Order => "order",
            Entity::PaymentPlan => "payment_plan",
            Entity::Receipt => "receipt",
            Entity::Interaction => "interaction",
            Entity::Ticket => "ticket",
            Entity::Delivery => "delivery",
            Entity::DeviceReading => "device_reading",
            Entity::Contact => "contact",
            Entity::ReceiptAllocation => "receipt_allocation",
            Entity::BusinessWrite => "business_write",
        }
    }

    /// The entity of that name.
    pub fn from_name(name: &str) -> Option<Entity> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    /// Its fields, in the order of the contract.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Entity::Account => ACCOUNT,
            Entity::User => USER,
            Entity::Team => TEAM,
            Entity::Product => PRODUCT,
            Entity::Opportunity => OPPORTUNITY,
            Entity::StageChange => STAGE_CHANGE,
            Entity::Quote => QUOTE,
            Entity::Contract => CONTRACT,
            Entity::Order => ORDER,
            Entity::PaymentPlan => PAYMENT_PLAN,
            Entity::Receipt => RECEIPT,
            Entity::Interaction => INTERACTION,
            Entity::Ticket => TICKET,
            Entity::Delivery => DELIVERY,
            Entity::DeviceReading => DEVICE_READING,
            Entity::Contact => CONTACT,
            Entity::ReceiptAllocation => RECEIPT_ALLOCATION,
            Entity::BusinessWrite => BUSINESS_WRITE,
        }
    }

    /// Whether records of it can have an id of their own.
    pub fn has_id(self) -> bool {
        self.fields().iter().any(|field| field.kind == Id)
    }

    /// Whether `id` or `name` identifies a record, and one of them must be mapped.
    pub fn is_named(self) -> bool {
        matches!(
            self,
            Entity::Account | Entity::User | Entity::Team | Entity::Product
        )
    }

    /// The field that says when it happened, if any.
    pub fn time_field(self) -> Option<&'static str> {
        match self {
            Entity::Opportunity | Entity::Ticket => Some("opened_at"),
            Entity::StageChange => Some("changed_at"),
            Entity::Quote => Some("sent_at"),
            Entity::Order => Some("ordered_at"),
            Entity::Interaction | Entity::DeviceReading | Entity::BusinessWrite => Some("at"),
            Entity::Account => Some("created_at"),
            _ => None,
        }
    }

    /// The Arrow schema of `raw/<entity>`: `_source`, `_file`, `_seq`, `_op`, `_changed_at`,
    /// `_ingested_at`, the fields (a time with its companion `<field>_is_date`), `attributes`
    /// (a JSON object of strings), `_actor` (who made it so: a user's id, or the name of a job) and
    /// `_reason` (why, where they said). Every column is nullable.
    pub fn raw_schema(self) -> SchemaRef {
        let mut columns = vec![
            ArrowField::new("_source", DataType::Utf8, true),
            ArrowField::new("_file", DataType::Utf8, true),
            ArrowField::new("_seq", DataType::Int64, true),
            ArrowField::new("_op", DataType::Utf8, true),
            ArrowField::new("_changed_at", timestamp(), true),
            ArrowField::new("_ingested_at", timestamp(), true),
        ];
        for field in self.fields() {
            columns.push(ArrowField::new(field.name, field.kind.data_type(), true));
            if field.kind == Time {
                let companion = format!("{}_is_date", field.name);
                columns.push(ArrowField::new(companion, DataType::Boolean, true));
            }
        }
        for name in ["attributes", "_actor", "_reason"] {
            columns.push(ArrowField::new(name, DataType::Utf8, true));
        }
        Arc::new(Schema::new(columns))
    }
}

impl FieldKind {
    /// The Arrow type of a raw column of this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Id | Text | Reference(_) | Choice(_) => DataType::Utf8,
            Time => timestamp(),
            Date => DataType::Date32,
            Amount => money(),
            Number => DataType::Float64,
            Integer => DataType::Int64,
            Flag => DataType::Boolean,
        }
    }
}

/// Microseconds in UTC.
pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Money: `decimal(18, 2)` in the company's currency.
pub fn money() -> DataType {
    DataType::Decimal128(18, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_has_a_schema_without_doubled_columns() {
        for entity in Entity::all() {
            let schema = entity.raw_schema();
            let mut names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
            names.sort();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", entity.name());
            assert_eq!(Entity::from_name(entity.name()), Some(*entity));
        }
    }
}
