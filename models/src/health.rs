//! Customer health from the order history and what else is known of an account: how likely it is to
//! order again, a scorecard whose points add up, and the proof of both on the past.
//!
//! Everything here is a function of a [`History`] and a day; a score as of a day is computed from
//! [`History::until`] that day, so what came later cannot be seen, not even by accident. Days count
//! from 1970-01-01 in the company's zone. All of it is deterministic: the same history gives the same
//! bits.

pub mod backtest;
pub mod baselines;
pub mod evidence;
pub mod fall;
mod features;
mod gaps;
pub mod history;
mod learning;
pub mod lift;
mod logistic;
pub mod lunar;
pub mod measures;
pub mod outlook;
pub mod probability;
pub mod purchase_process;
mod renewal;
pub mod rules;
pub mod scorecard;
mod shrink;
mod simplex;
pub mod value;
mod version;

pub use backtest::{Backtest, BacktestError, backtest};
pub use evidence::{Decision, Delivery, Evidence, Instalment, Term, Ticket};
pub use fall::{DayScore, Fall, Lost};
pub use history::{DayAmount, History, LineKind, OrderLine, Standing};
pub use lift::{Gain, Lift};
pub use outlook::Outlook;
pub use probability::{Model, ProbabilityModel};
pub use rules::{Card, NoticeRules, ScorecardRules};
pub use scorecard::{Factor, Held, Rating, Scorecard, Status};
pub use value::ValueTier;
pub use version::{Target, Trial, Version};
