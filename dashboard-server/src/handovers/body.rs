//! By which rule successors are chosen, as clients give it.

use std::collections::BTreeMap;

use millrace_operations::service::handover::{Heir, Rule};
use serde::Deserialize;
use utoipa::ToSchema;

/// Who succeeds in one team or account.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeirBody {
    /// The team or account.
    of: i64,
    /// The successor.
    user_id: i64,
}

/// By which rule successors are chosen. What belongs to one account goes to one successor.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum HandoverRule {
    /// In turn.
    RoundRobin {
        /// The successors.
        #[schema(min_items = 1)]
        successors: Vec<i64>,
    },
    /// By the region of the account.
    Region {
        /// The successor for each region.
        regions: BTreeMap<String, i64>,
        /// The successor for all else.
        otherwise: i64,
    },
    /// By the team that the account or record is of.
    Team {
        /// The successor for each team.
        teams: Vec<HeirBody>,
        /// The successor for all else.
        otherwise: i64,
    },
    /// As listed.
    Accounts {
        /// The successor for each account.
        accounts: Vec<HeirBody>,
        /// The successor for all else.
        otherwise: i64,
    },
}

impl From<HandoverRule> for Rule {
    fn from(body: HandoverRule) -> Self {
        let heirs = |bodies: Vec<HeirBody>| {
            let heir = |body: HeirBody| Heir {
                of: body.of,
                user_id: body.user_id,
            };
            bodies.into_iter().map(heir).collect()
        };
        match body {
            HandoverRule::RoundRobin { successors } => Self::RoundRobin { successors },
            HandoverRule::Region { regions, otherwise } => Self::Region { regions, otherwise },
            HandoverRule::Team { teams, otherwise } => Self::Team {
                teams: heirs(teams),
                otherwise,
            },
            HandoverRule::Accounts {
                accounts,
                otherwise,
            } => Self::Accounts {
                accounts: heirs(accounts),
                otherwise,
            },
        }
    }
}
