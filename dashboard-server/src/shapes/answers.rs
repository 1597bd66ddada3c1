//! Shapes of answers, held against the values that are really sent by the tests of the document.
#![expect(
    dead_code,
    reason = "the shapes are only described, the domain types are sent"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{ArrayBuilder, Schema};

/// What the document makes of the descriptions of resources.
macro_rules! records {
    ($($one:ident, $many:ident => $schema:literal;)+) => {
        $(
            pub(crate) fn $one() -> Ref {
                Ref::from_schema_name($schema)
            }

            pub(crate) fn $many() -> Schema {
                ArrayBuilder::new().items($one()).build().into()
            }
        )+
    };
}

records! {
    labels, labels_of_several => "Labels";
    account, accounts => "Account";
    opportunity, opportunities => "Opportunity";
    pipeline, pipelines => "Pipeline";
    stage, stages => "Stage";
    quote, quotes => "Quote";
    interaction, interactions => "Interaction";
    todo, todos => "Todo";
    contact, contacts => "Contact";
    user_shown, users_shown => "UserShown";
}

/// Whose records of those that the caller may read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// The caller's own.
    Mine,
    /// Those that nobody owns.
    Pool,
}

/// Who was asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Asked {
    /// The user.
    user_id: i64,
    /// Their name.
    name: String,
}

/// How an owned account stands towards the pool.
#[derive(Serialize, ToSchema)]
pub(crate) struct Countdown {
    /// The account.
    account_id: i64,
    /// The last effective contact, or when the owner got it.
    counted_from: DateTime<Utc>,
    /// Whether an order, a contract or a quote keeps it from the pool.
    exempt: bool,
    /// The last day on which a contact keeps it.
    last_day: NaiveDate,
    /// The working day on which it returns otherwise.
    returns_on: NaiveDate,
    /// The working days after today up to the last day: 0 on the last day, below 0 behind it.
    working_days_left: i64,
    /// When the owner was warned that it returns.
    warned_at: Option<DateTime<Utc>>,
    /// Whether it is time for a warning, given or not.
    warning: bool,
}

/// Where a value comes from.
#[derive(Serialize, ToSchema)]
pub(crate) struct Source {
    /// The resource.
    entity: String,
    /// Its id.
    id: i64,
    /// Its number, where it has one.
    number: Option<String>,
    /// The day, in the company's zone.
    on: NaiveDate,
}

/// A text and where it comes from.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestedText {
    /// The text.
    value: String,
    /// Where it comes from.
    source: Source,
}

/// A number or an id and where it comes from.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestedNumber {
    /// The number.
    value: i64,
    /// Where it comes from.
    source: Source,
}

/// A product that the account bought or was quoted.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoughtProduct {
    /// The product.
    product_id: i64,
    /// What it was called there.
    description: Option<String>,
    /// How much of it, in thousandths.
    quantity: Option<i64>,
    /// The unit.
    unit: Option<String>,
    /// The price of one unit, in millionths, tax included; for those who see prices.
    unit_price: Option<i64>,
    /// The discount on the list price of then, in basis points; for those who see prices.
    discount: Option<i64>,
    /// The tax rate, in basis points.
    tax_rate: Option<i64>,
    /// The order or quote.
    source: Source,
}

/// A person at the account.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownContact {
    /// The contact.
    #[schema(schema_with = contact)]
    contact: (),
    /// The record itself.
    source: Source,
}

/// What is known of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Prefill {
    /// The account.
    account_id: i64,
    /// What was bought, and then what was quoted, the latest of each product.
    products: Vec<BoughtProduct>,
    /// The terms of payment of the last quote that has some.
    payment_terms: Option<SuggestedText>,
    /// The terms of delivery of the last quote that has some.
    delivery_terms: Option<SuggestedText>,
    /// The days of credit of the account.
    credit_days: Option<SuggestedNumber>,
    /// The currency of the last order or quote.
    currency: Option<SuggestedText>,
    /// The person whom the last quote or deal was about.
    contact_id: Option<SuggestedNumber>,
    /// The people at the account, first whom to turn to first.
    contacts: Vec<KnownContact>,
    /// Where the last order went, or else what the last deal or the account says.
    delivery_address: Option<SuggestedText>,
}

/// By what an account is like the typed one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Alike {
    /// The credit code is the same.
    CreditCode,
    /// The name without legal form is the same.
    Name,
    /// The telephone number is the same.
    Phone,
    /// The typed name occurs in its name.
    PartOfName,
}

/// An account that the caller may read.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownAccount {
    /// The account.
    account_id: i64,
    /// Its number.
    number: String,
    /// Its name.
    name: String,
    /// By what it is alike.
    by: Alike,
}

/// That there is an account that the caller may not read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Elsewhere {
    /// By what it is alike.
    by: Alike,
    /// Who to ask, where there is somebody.
    ask: Option<String>,
}

/// What is like the typed account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hints {
    /// Whether the credit code is valid; none where none is typed.
    credit_code_valid: Option<bool>,
    /// The accounts that the caller may read.
    known: Vec<KnownAccount>,
    /// Of those that they may not.
    elsewhere: Vec<Elsewhere>,
}

/// A record that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hit {
    /// Its resource: `account`, `contact`, `opportunity` or `quote`.
    entity: String,
    /// The record.
    #[schema(value_type = Object)]
    record: (),
}

/// An account that returns to the pool soon.
#[derive(Serialize, ToSchema)]
pub(crate) struct Returning {
    /// The account.
    #[schema(schema_with = account)]
    account: (),
    /// How long it has left.
    countdown: Countdown,
}

/// What is due.
#[derive(Serialize, ToSchema)]
pub(crate) struct Due {
    /// To-dos that are overdue, due within seven days or without a day; the first due first.
    #[schema(schema_with = todos)]
    todos: (),
    /// Accounts that return to the pool within three working days, or whose owner was warned.
    countdowns: Vec<Returning>,
    /// Deals that nothing moved for long: they are proposed as shelved.
    #[schema(schema_with = opportunities)]
    idle: (),
    /// Interactions whose next step comes within seven days, or has come and was not made.
    #[schema(schema_with = interactions)]
    next_steps: (),
    /// Quotes that are out and undecided, the longest first.
    #[schema(schema_with = quotes)]
    quotes_out: (),
}

/// How long a deal on the board has been in its stage.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimeInStage {
    /// How many working days it has been in the stage, all its visits together, to a tenth.
    working_days_in_stage: f64,
    /// Whether that is more than the stage expects.
    stalled: bool,
}

/// A deal on the board.
pub(crate) fn cards() -> Schema {
    let card = utoipa::openapi::schema::AllOfBuilder::new()
        .item(opportunity())
        .item(Ref::from_schema_name("TimeInStage"));
    ArrayBuilder::new().items(card).build().into()
}

/// The deals in a stage.
#[derive(Serialize, ToSchema)]
#[schema(as = BoardColumn)]
pub(crate) struct Column {
    /// The stage.
    #[schema(schema_with = stage)]
    stage: (),
    /// How many deals are in it.
    count: i64,
    /// What they come to, in fen; for those who see amounts.
    amount: Option<i64>,
    /// The same times the probability of the stage.
    weighted_amount: Option<i64>,
    /// The first of them, the latest first.
    #[schema(schema_with = cards)]
    rows: (),
    /// Where the rest begins in the list of opportunities, if there is more.
    next: Option<String>,
}

/// What must hold: one key of these.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Criterion {
    /// That field of the deal is filled.
    Field(String),
    /// A file of that kind is attached to the deal.
    Attachment(String),
    /// A quote of the deal stands so.
    Quote(QuoteState),
    /// A contract of the deal stands so.
    Contract(ContractState),
}

/// How a quote must stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuoteState {
    /// Sent, and neither declined, expired nor withdrawn since.
    Sent,
    /// Accepted, in whole or in part.
    Accepted,
}

/// How a contract must stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContractState {
    /// Signed, effective or not yet.
    Signed,
    /// Effective.
    Effective,
}

/// A record that goes to a successor.
#[derive(Serialize, ToSchema)]
pub(crate) struct Moved {
    /// Its resource.
    entity: String,
    /// Its id.
    id: i64,
    /// The successor.
    to_user_id: i64,
}

/// What a successor gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Share {
    /// The successor.
    user_id: i64,
    /// Their name.
    name: String,
    /// How many records of each resource.
    records: BTreeMap<String, i64>,
    /// How many accounts they hold afterwards.
    accounts_held: i64,
    /// How many their role may claim.
    capacity: Option<i64>,
}

/// What a handover does.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plan {
    /// Who hands over.
    from_user_id: i64,
    /// What each successor gets.
    shares: Vec<Share>,
    /// Every record.
    moved: Vec<Moved>,
}

/// An entry of a timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry {
    /// When it happened.
    at: DateTime<Utc>,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// The resource of the record.
    kind: String,
    /// The record.
    #[schema(value_type = Object)]
    record: (),
}
