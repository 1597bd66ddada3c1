//! Which team an account without an owner is routed to.
//!
//! The [rules](routing_rule) in force are tried in the order of their places; the first whose
//! conditions (tag, region, industry) all hold decides. Where none does, the team of one of the
//! account's tags does, the oldest tag first. Where there is none either, everybody may claim it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entity::{account, account_tag, routing_rule, tag};
use crate::error::Result;
use crate::unit::Unit;

/// The team that an account is routed to, if any.
pub(super) async fn team_of(unit: &Unit, account: &account::Model) -> Result<Option<i64>> {
    let tags: Vec<i64> = account_tag::Entity::find()
        .select_only()
        .column(account_tag::Column::TagId)
        .filter(account_tag::Column::AccountId.eq(account.id))
        .filter(account_tag::Column::DeletedAt.is_null())
        .order_by_asc(account_tag::Column::Id)
        .into_tuple()
        .all(unit)
        .await?;
    team_for(
        unit,
        account.region.as_deref(),
        account.industry.as_deref(),
        &tags,
    )
    .await
}

/// The team that an account of that region and industry with those tags is routed to, if any.
pub(crate) async fn team_for(
    unit: &Unit,
    region: Option<&str>,
    industry: Option<&str>,
    tags: &[i64],
) -> Result<Option<i64>> {
    let rules = routing_rule::Entity::find()
        .filter(routing_rule::Column::Enabled.eq(true))
        .filter(routing_rule::Column::DeletedAt.is_null())
        .order_by_asc(routing_rule::Column::Position)
        .order_by_asc(routing_rule::Column::Id)
        .all(unit)
        .await?;
    let holds = |rule: &&routing_rule::Model| {
        rule.tag_id.is_none_or(|tag| tags.contains(&tag))
            && (rule.region.is_none() || rule.region.as_deref() == region)
            && (rule.industry.is_none() || rule.industry.as_deref() == industry)
    };
    if let Some(rule) = rules.iter().find(holds) {
        return Ok(Some(rule.team_id));
    }
    for id in tags {
        let tag = tag::Entity::find_by_id(*id)
            .filter(tag::Column::DeletedAt.is_null())
            .one(unit)
            .await?;
        if let Some(team) = tag.and_then(|tag| tag.team_id) {
            return Ok(Some(team));
        }
    }
    Ok(None)
}

/// Routes an account anew, if it waits in the pool and a rule says so: after its tags, region or
/// industry changed.
pub(crate) async fn reroute(unit: &Unit, account_id: i64) -> Result<Option<account::Model>> {
    let account = unit.get::<account::Model>(account_id).await?;
    if account.owner_id.is_some() {
        return Ok(None);
    }
    match team_of(unit, &account).await? {
        Some(team) if account.team_id != Some(team) => {
            let change = account::ActiveModel {
                team_id: Set(Some(team)),
                ..Default::default()
            };
            Ok(Some(unit.update(&account, change).await?))
        }
        _ => Ok(None),
    }
}
