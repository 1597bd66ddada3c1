//! The services: what the firm does with its records, one file each. See the crate's documentation
//! for how one is written.
//!
//! A service checks the caller itself; its caller opens the unit of work and masks what comes back
//! ([`Caller::show`](crate::Caller::show)). What it refuses it says by a typed error that a client
//! has its own words for: [`Unmet`](crate::OperationsError::Unmet) (what a stage asks for),
//! [`State`](crate::OperationsError::State) (how the record stands),
//! [`Refused`](crate::OperationsError::Refused) (which rule).

pub mod approval;
pub mod assign;
pub mod attachment;
pub mod board;
pub mod claim;
pub mod contract;
pub mod contract_draft;
pub mod correction;
pub mod countdown;
pub mod criteria;
pub(crate) mod delivery;
pub mod dispatch;
pub mod ending;
pub mod fall;
pub mod handover;
pub mod hints;
pub mod instalment;
pub mod interaction;
pub mod invoice;
mod lookup;
pub mod money;
pub mod month_close;
pub mod moves;
pub mod order;
pub(crate) mod organisation;
pub mod payment_request;
pub mod pipeline_design;
pub(crate) mod planning;
pub mod pool;
pub mod prefill;
pub mod pricing;
pub mod quote;
pub mod quote_decision;
pub mod receipt;
pub mod release;
pub mod request;
pub mod return_due;
pub mod routing;
pub mod schedule;
pub mod scorecard;
pub mod search;
pub mod settings;
pub mod stage_move;
pub mod subscription;
pub mod success;
pub mod target;
pub mod ticket;
pub mod timeline;
pub mod today;
pub mod todo;
pub mod user;
