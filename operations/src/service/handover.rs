//! Handover (交接): everything that somebody is working on goes to successors, in one action.
//!
//! What goes: all accounts, open deals and won ones that are not delivered and paid yet, quotes that
//! are not decided, contracts that run or are to be signed, open tickets that they answer, and pending
//! to-dos. What stays: deals that ended, decided quotes, orders, and every stage change, interaction
//! and receipt: results stay with the person who made them, as they are counted by who had the record
//! when it happened, and the history of a record stays attached to it, for only owner and team change.
//! Other fields, stages and follow-ups are not touched.
//!
//! Who may assign accounts, deals, quotes, tickets and to-dos hands over; contracts go with them.
//!
//! What belongs to one account goes to one successor, whatever the rule; what belongs to none is
//! shared out by the rule by itself. The clock of [`super::countdown`] begins anew for the successor.
//! Successors may come to hold more accounts than their role may claim; the preview says so.

mod work;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::{assign, pool};
use crate::caller::Caller;
use crate::entity::{account, handover, opportunity, quote, role, ticket, todo, user};
use crate::error::{OperationsError, Result};
use crate::resource::{Field, Resource};
use crate::unit::Unit;
use work::Work;

/// What one must be allowed to assign to hand over.
static HANDED: [&Resource; 5] = [
    &account::RESOURCE,
    &opportunity::RESOURCE,
    &quote::RESOURCE,
    &ticket::RESOURCE,
    &todo::RESOURCE,
];

/// By which rule successors are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Rule {
    /// In turn.
    RoundRobin {
        /// The successors.
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
        teams: Vec<Heir>,
        /// The successor for all else.
        otherwise: i64,
    },
    /// As listed.
    Accounts {
        /// The successor for each account.
        accounts: Vec<Heir>,
        /// The successor for all else.
        otherwise: i64,
    },
}

/// Who succeeds in one team or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heir {
    /// The team or account.
    pub of: i64,
    /// The successor.
    pub user_id: i64,
}

/// A record that goes to a successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Its resource.
    pub entity: String,
    /// Its id.
    pub id: i64,
    /// The successor.
    pub to_user_id: i64,
}

/// What a successor gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The successor.
    pub user_id: i64,
    /// Their name.
    pub name: String,
    /// How many records of each resource.
    pub records: BTreeMap<String, i64>,
    /// How many accounts they hold afterwards.
    pub accounts_held: i64,
    /// How many their role may claim.
    pub capacity: Option<i64>,
}

/// What a handover does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Who hands over.
    pub from_user_id: i64,
    /// What each successor gets.
    pub shares: Vec<Share>,
    /// Every record.
    pub moved: Vec<Moved>,
}

/// What a handover would do now; nothing is changed.
///
/// # Errors
///
/// When the caller may not assign the records of these people, or one of the successors is not at
/// work or is the one who leaves.
pub async fn preview(unit: &Unit, caller: &Caller, from_user_id: i64, rule: &Rule) -> Result<Plan> {
    let successors = people(unit, caller, from_user_id, rule).await?;
    let moved = Work::to_hand_over(unit, from_user_id)
        .await?
        .share_out(rule);
    let mut shares = Vec::new();
    for person in successors.values() {
        let mut records = BTreeMap::new();
        for one in moved.iter().filter(|one| one.to_user_id == person.id) {
            *records.entry(one.entity.clone()).or_insert(0) += 1;
        }
        let held = account::Entity::find()
            .filter(account::Column::OwnerId.eq(person.id))
            .filter(account::Column::DeletedAt.is_null())
            .count(unit)
            .await?;
        let role_of = role::Entity::find_by_id(person.role_id);
        let capacity = role_of.one(unit).await?.and_then(|role| role.pool_capacity);
        shares.push(Share {
            user_id: person.id,
            name: person.name.clone(),
            accounts_held: i64::try_from(held).unwrap_or(i64::MAX)
                + records.get(account::RESOURCE.name).copied().unwrap_or(0),
            records,
            capacity,
        });
    }
    Ok(Plan {
        from_user_id,
        shares,
        moved,
    })
}

/// Hands everything over, and gives the receipt. A second time there is nothing left to go.
///
/// # Errors
///
/// Those of [`preview`], and when there is no reason.
pub async fn hand_over(
    unit: &Unit,
    caller: &Caller,
    from_user_id: i64,
    rule: &Rule,
    reason: &str,
) -> Result<handover::Model> {
    super::release::given(reason)?;
    let successors = people(unit, caller, from_user_id, rule).await?;
    let work = Work::to_hand_over(unit, from_user_id).await?;
    let moved = work.share_out(rule);
    let mut to = moved
        .iter()
        .filter_map(|one| successors.get(&one.to_user_id));
    let mut next = || to.next().ok_or_else(nobody);
    for read in &work.accounts {
        assign::hand_to(unit, read, next()?, reason.trim()).await?;
        pool::cancel_warnings(unit, read.id).await?;
    }
    for (resource, id, version) in work.others() {
        let person = next()?;
        let values = vec![
            (field(resource, "owner_id")?, person.id.into()),
            (field(resource, "team_id")?, person.team_id.into()),
        ];
        unit.update_row(resource, id, version, values).await?;
    }
    let receipt = handover::ActiveModel {
        from_user_id: Set(from_user_id),
        by_id: Set(unit.actor().user_id),
        at: Set(unit.now()),
        reason: Set(Some(reason.trim().to_owned())),
        rule: Set(json(rule)?),
        moved: Set(json(&moved)?),
        ..Default::default()
    };
    unit.insert::<handover::Model>(receipt).await
}

/// Somebody came to another team: what they are working on is that team's from now on.
pub(super) async fn follow(unit: &Unit, person: &user::Model) -> Result<()> {
    let work = Work::of(unit, person.id).await?;
    let accounts = work.accounts.iter();
    let accounts = accounts.map(|read| (&account::RESOURCE, read.id, read.version));
    for (resource, id, version) in accounts.chain(work.others()) {
        let values = vec![(field(resource, "team_id")?, person.team_id.into())];
        unit.update_row(resource, id, version, values).await?;
    }
    Ok(())
}

fn field(resource: &'static Resource, name: &'static str) -> Result<&'static Field> {
    resource.field(name).ok_or(OperationsError::Poisoned)
}

/// The successors that the rule names, by id, if the caller may do it at all.
async fn people(
    unit: &Unit,
    caller: &Caller,
    from_user_id: i64,
    rule: &Rule,
) -> Result<BTreeMap<i64, user::Model>> {
    for resource in HANDED {
        let from = assign::within_reach(unit, caller, resource, from_user_id).await?;
        if from.is_none() {
            return Err(OperationsError::field(
                "from_user_id",
                format!("there is no person {from_user_id} in your teams"),
            ));
        }
    }
    let mut people = BTreeMap::new();
    for id in rule.successors() {
        if id == from_user_id {
            return Err(OperationsError::field(
                "rule",
                "the one who hands over cannot be a successor",
            ));
        }
        for resource in HANDED {
            let person = assign::person(unit, caller, resource, id).await?;
            people.insert(id, person);
        }
    }
    if people.is_empty() {
        return Err(nobody());
    }
    Ok(people)
}

impl Rule {
    fn successors(&self) -> BTreeSet<i64> {
        let named = |heirs: &[Heir], otherwise: i64| {
            let named = heirs.iter().map(|heir| heir.user_id);
            named.chain([otherwise]).collect()
        };
        match self {
            Self::RoundRobin { successors } => successors.iter().copied().collect(),
            Self::Region { regions, otherwise } => {
                regions.values().chain([otherwise]).copied().collect()
            }
            Self::Team { teams, otherwise } => named(teams, *otherwise),
            Self::Accounts {
                accounts,
                otherwise,
            } => named(accounts, *otherwise),
        }
    }
}

fn nobody() -> OperationsError {
    OperationsError::field("rule", "names no successor")
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| OperationsError::Damaged {
        entity: handover::RESOURCE.name,
        id: 0,
        detail: error.to_string(),
    })
}
