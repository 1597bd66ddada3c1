//! What contracts say, as clients give it.

use chrono::NaiveDate;
use millrace_operations::service::contract::Terms;
use millrace_operations::service::contract_draft::{self, Party, Worth};
use millrace_operations::service::instalment::NewInstalment;
use serde::Deserialize;
use utoipa::ToSchema;

/// What an instalment is for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InstalmentKind)]
enum For {
    /// Before anything is made.
    Advance,
    /// While it is made.
    Progress,
    /// When it is delivered.
    Delivery,
    /// When it is accepted.
    Acceptance,
    /// Retained for a while.
    Retention,
    /// Anything else.
    Other,
}

/// What makes an instalment due.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InstalmentEvent)]
enum DueBy {
    /// A day.
    Date,
    /// The signing of the contract.
    Signing,
    /// The first shipment.
    Shipment,
    /// The first acceptance.
    Acceptance,
    /// The invoice.
    Invoice,
}

/// An instalment as it is agreed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstalmentBody {
    /// What it is for.
    kind: For,
    /// What makes it due.
    due_by: DueBy,
    /// The day, where it is due by date.
    on: Option<NaiveDate>,
    /// Days of credit after the day or the event.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3650)]
    credit_days: i64,
    /// Its share of the contract in basis points; all instalments have one, or all an amount.
    #[schema(minimum = 0, maximum = 10_000)]
    share: Option<i64>,
    /// Its amount in fen.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: Option<i64>,
}

/// What a contract is worth.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorthBody {
    /// The currency, as in ISO 4217; the company's when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// The amount in its hundredths, tax included.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    original_amount: i64,
    /// An estimate of the rate of another currency, until it is frozen at signing, in millionths.
    #[schema(minimum = 1)]
    rate: Option<i64>,
    /// The tax rate, in basis points.
    #[schema(minimum = 0, maximum = 10_000)]
    tax_rate: i64,
}

/// The kinds of contracts that are made by themselves.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NewContractKind)]
pub(crate) enum Kind {
    /// A sale.
    Sale,
    /// A service.
    Service,
    /// A framework contract.
    Framework,
}

impl From<Kind> for contract_draft::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Sale => Self::Sale,
            Kind::Service => Self::Service,
            Kind::Framework => Self::Framework,
        }
    }
}

/// Bodies with the terms of a contract: `deny_unknown_fields` does not go with `flatten`, so each says
/// them itself.
macro_rules! with_terms {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$meta])* pub(crate) $field: $type,)*
            /// What it is about; the name of the deal or the customer when not given.
            #[schema(min_length = 1, max_length = 200)]
            name: Option<String>,
            /// The deposit in fen, without which the contract takes no effect; none where none is agreed.
            #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
            deposit_amount: Option<i64>,
            /// The last day it runs.
            expires_on: Option<NaiveDate>,
            /// The contract that it renews.
            renews_id: Option<i64>,
            /// The instalments; they can be planned later too.
            #[serde(default)]
            instalments: Vec<InstalmentBody>,
        }

        impl $name {
            /// What is agreed beside the price.
            pub(crate) fn terms(&self) -> Terms {
                Terms {
                    name: self.name.clone(),
                    deposit_amount: self.deposit_amount,
                    expires_on: self.expires_on,
                    renews_id: self.renews_id,
                    instalments: instalments(&self.instalments),
                }
            }
        }
    };
}

with_terms! {
    /// A contract that is made by itself.
    ContractBody {
        /// What kind it is.
        kind: Kind,
        /// The customer.
        account_id: i64,
        /// The deal that it will win, if any.
        opportunity_id: Option<i64>,
        /// What it is worth; required but for framework contracts.
        worth: Option<WorthBody>,
    }
}

with_terms! {
    /// A contract that is made from a quote.
    FromQuoteBody {
        /// The quote, accepted in whole or in part.
        quote_id: i64,
    }
}

with_terms! {
    /// A call-off from a framework contract.
    CallOffBody {
        /// The deal that it will win, if any.
        opportunity_id: Option<i64>,
        /// What it is worth.
        worth: WorthBody,
    }
}

impl ContractBody {
    /// Whose it is.
    pub(crate) fn party(&self) -> Party {
        Party {
            account_id: self.account_id,
            opportunity_id: self.opportunity_id,
        }
    }

    /// What it is worth.
    pub(crate) fn worth(&self) -> Option<Worth> {
        self.worth.as_ref().map(Worth::from)
    }
}

impl CallOffBody {
    /// What it is worth.
    pub(crate) fn worth(&self) -> Worth {
        Worth::from(&self.worth)
    }
}

impl From<&WorthBody> for Worth {
    fn from(body: &WorthBody) -> Self {
        Self {
            currency: body.currency.clone(),
            original_amount: body.original_amount,
            rate: body.rate,
            tax_rate: body.tax_rate,
        }
    }
}

/// The instalments as they are agreed.
pub(crate) fn instalments(bodies: &[InstalmentBody]) -> Vec<NewInstalment> {
    let read = |body: &InstalmentBody| NewInstalment {
        kind: body.kind.word().to_owned(),
        due_by: body.due_by.word().to_owned(),
        on: body.on,
        credit_days: body.credit_days,
        share: body.share,
        amount: body.amount,
    };
    bodies.iter().map(read).collect()
}

impl For {
    fn word(self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Progress => "progress",
            Self::Delivery => "delivery",
            Self::Acceptance => "acceptance",
            Self::Retention => "retention",
            Self::Other => "other",
        }
    }
}

impl DueBy {
    fn word(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Signing => "signing",
            Self::Shipment => "shipment",
            Self::Acceptance => "acceptance",
            Self::Invoice => "invoice",
        }
    }
}
