//! Many targets at once, as a sheet brings them: what would change, and changing it.

use std::collections::BTreeMap;

use millrace_models::metric::{Metric, Unit as MetricUnit};
use millrace_models::query::Period;
use millrace_models::scope::Action;
use millrace_models::target::{self, TargetPeriod, Whom};
use sea_orm::{ConnectionTrait, Set};
use serde::Serialize;

use super::{Held, Names, Setter, columns, read};
use crate::caller::Caller;
use crate::entity::target as record;
use crate::error::Result;
use crate::unit::Unit;

/// A target that is to stand.
#[derive(Debug, Clone)]
pub struct Item {
    /// The metric, one that can have a target.
    pub metric: &'static Metric,
    /// For when.
    pub period: TargetPeriod,
    /// For whom.
    pub whom: Whom,
    /// Its value, in parts of the metric's unit.
    pub parts: i64,
}

/// A target that is added or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// The metric.
    pub metric: String,
    /// For when, as `2026-03`, `2026-Q1` or `2026`.
    pub period: TargetPeriod,
    /// The team that it is for.
    pub team_id: Option<i64>,
    /// The person whom it is for.
    pub user_id: Option<i64>,
    /// What the team or the person is called; nothing for the company.
    pub name: Option<String>,
    /// What the metric is measured in.
    pub unit: MetricUnit,
    /// The value so far, in the metric's unit; none of one that is added.
    pub before: Option<f64>,
    /// The value then.
    pub after: f64,
}

/// What would change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// Targets that there are not yet.
    pub added: Vec<Changed>,
    /// Those that have another value.
    pub changed: Vec<Changed>,
    /// How many stand as they are.
    pub unchanged: usize,
    /// What the caller may not set, each by its place among the items.
    #[serde(skip)]
    pub refused: Vec<(usize, String)>,
    #[serde(skip)]
    work: Vec<(Item, Option<record::Model>)>,
}

/// What would change if these targets were to stand. Targets that are not among them stay.
///
/// # Errors
///
/// Those of the database. What the caller may not set is told by `refused`.
pub async fn plan<C: ConnectionTrait>(
    connection: &C,
    caller: Option<&Caller>,
    items: &[Item],
) -> Result<Plan> {
    let Some(days) = spanned(items) else {
        return Ok(Plan::default());
    };
    // not as the caller sees them: what they do not see they may not set either
    let standing = read(connection, None, &[], days).await?;
    let standing: BTreeMap<(String, Whom, TargetPeriod), record::Model> = standing
        .into_iter()
        .filter_map(|own| {
            let held = Held::of(&own)?;
            Some(((own.metric.clone(), held.whom, held.period), own))
        })
        .collect();
    let setter = Setter::read(connection, caller).await?;
    let names = Names::read(connection).await?;
    let mut plan = Plan::default();
    for (place, item) in items.iter().enumerate() {
        let unit = item.metric.unit;
        let key = (item.metric.name.clone(), item.whom, item.period);
        let own = standing.get(&key);
        if unit == MetricUnit::Amount && !setter.sees_amounts() {
            let reason = "your role does not see amounts".to_owned();
            plan.refused.push((place, reason));
            continue;
        }
        let held = own.and_then(Held::of).map(|held| held.parts);
        let action = match own {
            Some(_) => Action::Update,
            None => Action::Create,
        };
        // what stands already is no change, whoever brings it
        if held == Some(item.parts) {
            plan.unchanged += 1;
            continue;
        }
        if !setter.may(action, item.whom) {
            let whom = names.label(item.whom).unwrap_or("the company");
            plan.refused
                .push((place, format!("your role may not set targets of {whom}")));
            continue;
        }
        let changed = Changed {
            metric: item.metric.name.clone(),
            period: item.period,
            team_id: item.whom.team_id(),
            user_id: item.whom.user_id(),
            name: names.label(item.whom).map(str::to_owned),
            unit,
            before: held.map(|parts| target::number(unit, parts)),
            after: target::number(unit, item.parts),
        };
        match own {
            Some(_) => plan.changed.push(changed),
            None => plan.added.push(changed),
        }
        plan.work.push((item.clone(), own.cloned()));
    }
    Ok(plan)
}

/// Has these targets stand: adds those that are not there, changes those that differ. Nothing is done
/// where the caller may not set one of them.
///
/// # Errors
///
/// Those of the database.
pub async fn take(unit: &Unit, caller: Option<&Caller>, items: &[Item]) -> Result<Plan> {
    let plan = plan(unit, caller, items).await?;
    if !plan.refused.is_empty() {
        return Ok(plan);
    }
    for (item, own) in &plan.work {
        let (amount, value) = columns(item.metric.unit, item.parts);
        let mut draft = record::ActiveModel {
            amount: Set(amount),
            value: Set(value),
            ..Default::default()
        };
        if let Some(own) = own {
            unit.update_given(own, draft).await?;
        } else {
            draft.metric = Set(item.metric.name.clone());
            draft.grain = Set(item.period.grain_name().to_owned());
            draft.starts_on = Set(item.period.starts_on());
            draft.team_id = Set(item.whom.team_id());
            draft.user_id = Set(item.whom.user_id());
            unit.insert_given::<record::Model>(draft).await?;
        }
    }
    Ok(plan)
}

/// The days from the first to the last of the items.
fn spanned(items: &[Item]) -> Option<Period> {
    let days = items.iter().map(|item| item.period.days());
    days.reduce(|all, own| Period {
        from: all.from.min(own.from),
        to: all.to.max(own.to),
    })
}
