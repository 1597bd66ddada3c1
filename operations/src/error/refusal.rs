//! The rules by which a service refuses, as words that a client translates.

use std::fmt;

use serde::Serialize;

use crate::service::criteria::Missing;

/// A rule of the firm that something was refused by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// The pipeline does not let deals skip stages.
    NoSkipping,
    /// The pipeline does not let deals move back.
    NoMovingBack,
    /// Something uses it: deals stand in the stage, people are in the team or have the role.
    InUse,
    /// The deal is in that stage already.
    SameStage,
    /// A won deal stays after winning, and one that is not won gets there by winning.
    WonOnly,
    /// The stage belongs to another pipeline.
    OtherPipeline,
    /// Only who leads may do it, and says why.
    ManagerOnly,
    /// A signed contract says that the deal is won.
    HasContract,
    /// Something moved the deal since.
    MovedSince,
    /// The deal that it is said to double is itself a duplicate, or the same one.
    NotTheOriginal,
    /// A correction would bring the moves out of their order.
    OutOfOrder,
    /// A correction is made of a move, not of a correction.
    CorrectionOfCorrection,
    /// A newer version was sent.
    NewerVersion,
    /// The quote has no lines.
    NoLines,
    /// The customer's decision comes after the last day that the quote holds.
    NotValidAnyMore,
    /// The discount is beyond what the caller may give without approval.
    NeedsApproval,
    /// The contract does not run on that day.
    NotRunning,
    /// More than the framework contract provides for.
    BeyondFramework,
    /// The instalments do not add up to the contract.
    NotTheWholeAmount,
    /// Money has been received, so the instalments stay.
    AlreadyPaid,
    /// More than is left of the receipt.
    BeyondReceipt,
    /// More than is left of the instalment.
    BeyondInstalment,
    /// More than the contract is worth.
    BeyondContract,
    /// The receipt and the instalment are of different customers.
    OtherAccount,
    /// A refund pays no instalment.
    Refund,
    /// The rate of exchange is frozen at signing and must be given.
    NeedsRate,
    /// Only who has it, or leads them, may do it.
    NotYours,
    /// Who answered a ticket does not rate the answer.
    OwnWork,
    /// Nobody would be left who administers users and roles.
    LastAdministrator,
    /// It would be above itself.
    Circle,
    /// More than is left of the sale.
    BeyondOrder,
    /// Goods that were delivered are returned, not cancelled.
    Delivered,
    /// A metric has one target for each period and whom.
    OneTarget,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoSkipping => "its pipeline does not let deals skip stages",
            Self::NoMovingBack => "its pipeline does not let deals move back",
            Self::InUse => "something uses it",
            Self::SameStage => "it is in that stage already",
            Self::WonOnly => "the stages after winning are for won deals, and for them only",
            Self::OtherPipeline => "the stage belongs to another pipeline",
            Self::ManagerOnly => "only a manager may do that, with a reason",
            Self::HasContract => "there is a contract that stands already",
            Self::MovedSince => "something moved it since: look at it again",
            Self::NotTheOriginal => "it can only double another deal that is no duplicate itself",
            Self::OutOfOrder => "its moves would no longer come one after the other",
            Self::CorrectionOfCorrection => "correct the move itself, not its correction",
            Self::NewerVersion => "a newer version was sent",
            Self::NoLines => "it has no lines",
            Self::NotValidAnyMore => "it held no longer on that day: make a new version",
            Self::NeedsApproval => "its discount needs an approval",
            Self::NotRunning => "the contract does not run on that day",
            Self::BeyondFramework => "it is more than the framework contract provides for",
            Self::NotTheWholeAmount => "the instalments do not add up to the contract",
            Self::AlreadyPaid => "money has been received for it already",
            Self::BeyondReceipt => "it is more than is left of the receipt",
            Self::BeyondInstalment => "it is more than is left of the instalment",
            Self::BeyondContract => "it is more than the contract is worth",
            Self::OtherAccount => "the two belong to different customers",
            Self::Refund => "a refund pays no instalment",
            Self::NeedsRate => "the rate of exchange must be given at signing",
            Self::NotYours => "only who has it, or leads them, may do that: take it first",
            Self::OwnWork => "who answered it does not rate it",
            Self::LastAdministrator => "nobody would be left who administers users and roles",
            Self::Circle => "it would be above itself",
            Self::BeyondOrder => "it is more than is left of the sale",
            Self::Delivered => "what was delivered is returned, not cancelled",
            Self::OneTarget => {
                "it is the target of this metric, period and whom already: change it instead"
            }
        })
    }
}

/// What is missing, in one line for logs and developers.
pub(super) fn lacking(missing: &[Missing]) -> String {
    let texts: Vec<String> = missing.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
