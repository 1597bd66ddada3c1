//! Claiming an account or a lead from the pool.
//!
//! Of many who claim at once, one wins: the change is one UPDATE on the condition that nobody owns
//! the record. The others are told who it was, for a day: they saw it in the pool. After that a
//! record of somebody else is as little theirs to know as any other.
//!
//! A claim is refused when the caller has made all claims of the day (accounts and leads together,
//! and what was given back since counts too), holds as many accounts as the role may, had the record
//! until lately, or when it is routed to a team that the caller has nothing to do with. The time of
//! the cooldown is that of the [move](pool_move) by which they lost it; nothing that happens to the
//! record afterwards restarts it.

use chrono::{Days, TimeDelta};
use millrace_models::scope::{Action, Scope};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set};

use super::pool::{self, Move, PoolRules};
use crate::caller::Caller;
use crate::entity::{account, opportunity, pool_move, team, user};
use crate::error::{OperationsError, Result};
use crate::resource::Resource;
use crate::unit::Unit;

/// How long the losers of a claim are told who won.
const TOLD: TimeDelta = TimeDelta::days(1);
/// How deep a tree of teams is followed, should it have become a circle.
const DEEPEST: usize = 64;

/// Makes the caller the owner of an account that nobody owns.
///
/// # Errors
///
/// [`OperationsError::AlreadyClaimed`] when somebody was faster; [`OperationsError::ClaimLimit`],
/// [`OperationsError::PoolCapacity`], [`OperationsError::Cooldown`] and
/// [`OperationsError::RoutedElsewhere`] when it is not for the caller now.
pub async fn claim(unit: &Unit, caller: &Caller, account_id: i64) -> Result<account::Model> {
    caller.require(&account::RESOURCE, Action::Claim)?;
    let read = unit.get::<account::Model>(account_id).await?;
    if read.owner_id.is_some() {
        return Err(lost(unit, &read).await?);
    }
    daily_limit(unit, caller).await?;
    take(unit, caller, &read, "claim", None).await
}

/// Makes the caller the owner of a lead that nobody owns, and of its account where that is in the
/// pool too: a lead without its customer cannot be worked. Both are one claim.
///
/// # Errors
///
/// Those of [`claim`].
pub async fn claim_lead(
    unit: &Unit,
    caller: &Caller,
    opportunity_id: i64,
) -> Result<opportunity::Model> {
    caller.require(&opportunity::RESOURCE, Action::Claim)?;
    let read = unit.get::<opportunity::Model>(opportunity_id).await?;
    if read.owner_id.is_some() {
        return Err(lost_lead(unit, &read).await?);
    }
    if read.outcome != "open" {
        return Err(OperationsError::field(
            "outcome",
            format!("only open deals are claimed, this one is {}", read.outcome),
        ));
    }
    daily_limit(unit, caller).await?;
    routed_here(unit, caller, &opportunity::RESOURCE, read.id, read.team_id).await?;
    let lead = pool_move::Column::OpportunityId.eq(read.id);
    cooled_down(unit, caller, &opportunity::RESOURCE, read.id, lead).await?;
    let change = opportunity::ActiveModel {
        owner_id: Set(Some(caller.user_id)),
        team_id: Set(caller.team_id),
        ..Default::default()
    };
    let free = Condition::all().add(opportunity::Column::OwnerId.is_null());
    let claimed = unit
        .update_if::<opportunity::Model>(read.id, free, change)
        .await?;
    let Some(claimed) = claimed else {
        let read = unit.get::<opportunity::Model>(read.id).await?;
        return Err(lost_lead(unit, &read).await?);
    };
    let recorded = Move {
        account_id: claimed.account_id,
        opportunity_id: Some(claimed.id),
        kind: "claim",
        user_id: Some(caller.user_id),
        reason: None,
    };
    pool::record(unit, recorded).await?;
    let account = unit.get::<account::Model>(claimed.account_id).await?;
    if account.owner_id.is_none() {
        let reason = format!("with lead {}", claimed.number);
        take(unit, caller, &account, "assign", Some(&reason)).await?;
    }
    Ok(claimed)
}

/// Takes an account out of the pool, if it is still there and for the caller.
async fn take(
    unit: &Unit,
    caller: &Caller,
    read: &account::Model,
    kind: &'static str,
    reason: Option<&str>,
) -> Result<account::Model> {
    routed_here(unit, caller, &account::RESOURCE, read.id, read.team_id).await?;
    let whole = Condition::all()
        .add(pool_move::Column::AccountId.eq(read.id))
        .add(pool_move::Column::OpportunityId.is_null());
    cooled_down(unit, caller, &account::RESOURCE, read.id, whole).await?;
    capacity(unit, caller.user_id, &caller.name, caller.pool_capacity).await?;
    let change = account::ActiveModel {
        pool_state: Set("owned".to_owned()),
        owner_id: Set(Some(caller.user_id)),
        team_id: Set(caller.team_id),
        claimed_at: Set(Some(unit.now())),
        pooled_at: Set(None),
        ..Default::default()
    };
    let free = Condition::all().add(account::Column::OwnerId.is_null());
    let claimed = unit
        .update_if::<account::Model>(read.id, free, change)
        .await?;
    let Some(claimed) = claimed else {
        let read = unit.get::<account::Model>(read.id).await?;
        return Err(lost(unit, &read).await?);
    };
    let recorded = Move {
        account_id: claimed.id,
        opportunity_id: None,
        kind,
        user_id: Some(caller.user_id),
        reason,
    };
    pool::record(unit, recorded).await?;
    Ok(claimed)
}

/// That the caller has a claim left today.
async fn daily_limit(unit: &Unit, caller: &Caller) -> Result<()> {
    let Some(limit) = caller.daily_claims else {
        return Ok(());
    };
    let made = pool_move::Entity::find()
        .filter(pool_move::Column::UserId.eq(caller.user_id))
        .filter(pool_move::Column::Kind.eq("claim"))
        .filter(pool_move::Column::At.gte(pool::start_of_today(unit)))
        .count(unit)
        .await?;
    if i64::try_from(made).unwrap_or(i64::MAX) < limit {
        return Ok(());
    }
    let tomorrow = unit.today() + Days::new(1);
    Err(OperationsError::ClaimLimit {
        limit,
        until: pool::start_of_day(unit, tomorrow),
    })
}

/// Whether the caller has room for one more account.
pub(crate) async fn has_room(unit: &Unit, caller: &Caller) -> Result<bool> {
    match capacity(unit, caller.user_id, &caller.name, caller.pool_capacity).await {
        Ok(()) => Ok(true),
        Err(OperationsError::PoolCapacity { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// That the person has room for one more account.
pub(super) async fn capacity(
    unit: &Unit,
    user_id: i64,
    name: &str,
    capacity: Option<i64>,
) -> Result<()> {
    let Some(capacity) = capacity else {
        return Ok(());
    };
    let held = account::Entity::find()
        .filter(account::Column::OwnerId.eq(user_id))
        .filter(account::Column::DeletedAt.is_null())
        .count(unit)
        .await?;
    let held = i64::try_from(held).unwrap_or(i64::MAX);
    if held < capacity {
        return Ok(());
    }
    Err(OperationsError::PoolCapacity {
        holder: name.to_owned(),
        capacity,
        held,
    })
}

/// That the caller did not have the record until lately.
async fn cooled_down(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
    moves: impl sea_orm::sea_query::IntoCondition,
) -> Result<()> {
    let last = pool_move::Entity::find()
        .filter(moves.into_condition())
        .filter(pool_move::Column::UserId.eq(caller.user_id))
        .filter(pool_move::Column::Kind.is_in(["release", "return"]))
        .order_by_desc(pool_move::Column::At)
        .one(unit)
        .await?;
    let Some(last) = last else {
        return Ok(());
    };
    let rules = PoolRules::load(unit).await?;
    let until = last.at + TimeDelta::days(rules.cooldown_days);
    if unit.now() >= until {
        return Ok(());
    }
    Err(OperationsError::Cooldown {
        entity: resource.name,
        id,
        until,
    })
}

/// That the record is routed to nobody, or to the caller's team, one above or one below it.
async fn routed_here(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
    routed: Option<i64>,
) -> Result<()> {
    let Some(routed) = routed else {
        return Ok(());
    };
    let everywhere = caller.rights.scope(resource.name, Action::Claim) == Some(Scope::All);
    if everywhere || caller.team_tree.contains(&routed) {
        return Ok(());
    }
    let mut above = caller.team_id;
    for _ in 0..DEEPEST {
        let Some(team_id) = above else { break };
        if team_id == routed {
            return Ok(());
        }
        let team = team::Entity::find_by_id(team_id).one(unit).await?;
        above = team.and_then(|team| team.parent_id);
    }
    Err(OperationsError::RoutedElsewhere {
        entity: resource.name,
        id,
    })
}

/// What the one who came too late for an account is told.
async fn lost(unit: &Unit, read: &account::Model) -> Result<OperationsError> {
    told(
        unit,
        &account::RESOURCE,
        read.id,
        read.owner_id,
        read.claimed_at,
    )
    .await
}

/// What the one who came too late for a lead is told.
async fn lost_lead(unit: &Unit, read: &opportunity::Model) -> Result<OperationsError> {
    let last = pool_move::Entity::find()
        .filter(pool_move::Column::OpportunityId.eq(read.id))
        .filter(pool_move::Column::Kind.is_in(["claim", "assign"]))
        .order_by_desc(pool_move::Column::At)
        .one(unit)
        .await?;
    let at = last.map(|last| last.at);
    told(unit, &opportunity::RESOURCE, read.id, read.owner_id, at).await
}

async fn told(
    unit: &Unit,
    resource: &'static Resource,
    id: i64,
    owner_id: Option<i64>,
    at: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<OperationsError> {
    let entity = resource.name;
    let recent = at.is_some_and(|at| unit.now() - at <= TOLD);
    let (Some(owner_id), true) = (owner_id, recent) else {
        return Ok(OperationsError::NotFound { entity, id });
    };
    let owner = unit.get::<user::Model>(owner_id).await?;
    Ok(OperationsError::AlreadyClaimed {
        entity,
        id,
        owner_id,
        owner: owner.name,
    })
}
