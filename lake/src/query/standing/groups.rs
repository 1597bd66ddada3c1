//! Groups of companies: the accounts under one parent, as one.

use std::collections::{BTreeMap, HashMap};

use millrace_models::health::Status;
use serde::Serialize;

use super::{BASE, rows};
use crate::query::answer::Row;
use crate::query::dimension::Labels;
use crate::query::error::QueryError;
use crate::query::tables::STANDING;
use crate::query::view::View;

/// A parent of a parent is followed so far up.
const LEVELS: usize = 20;

/// The accounts under one parent that have a score and that the caller sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountGroup {
    /// The id of the uppermost account.
    pub account_id: String,
    /// What people call it.
    pub label: String,
    /// The worst status of its members.
    pub status: Status,
    /// What they bought in 12 months; none for who sees no amounts.
    pub amount_12_months: Option<f64>,
    /// What of that is at risk.
    pub amount_at_risk: Option<f64>,
    /// Those with most at risk first, then those with the least score.
    pub members: Vec<GroupMember>,
}

/// An account of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupMember {
    /// Its id.
    pub account_id: String,
    /// What people call it.
    pub label: String,
    /// 0 to 100.
    pub score: f64,
    /// By that score.
    pub status: Status,
    /// What it bought in 12 months.
    pub amount_12_months: Option<f64>,
    /// What of that is at risk.
    pub amount_at_risk: Option<f64>,
}

/// All groups with at least two such accounts, that with most at risk first.
pub(super) async fn all(view: View<'_>) -> Result<Vec<AccountGroup>, QueryError> {
    let base = view.registry.base(BASE).ok_or(QueryError::NoMetric)?;
    let sees_amounts = view.shows(base, "amount_12_months");
    let accounts = view.source("accounts");
    let names = ["id", "parent"].map(str::to_owned);
    let sql = format!(
        "SELECT account_id AS id, parent_account AS parent FROM {accounts} WHERE parent_account IS NOT NULL"
    );
    let text = |row: &Row, name: &str| row.get(name)?.as_str().map(str::to_owned);
    let pairs = rows(view, &sql, &names).await?.into_iter();
    let parents: HashMap<String, String> = pairs
        .filter_map(|row| Some((text(&row, "id")?, text(&row, "parent")?)))
        .collect();
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let names = [
        "id",
        "score",
        "status",
        "amount_12_months",
        "amount_at_risk",
    ]
    .map(str::to_owned);
    let sql = format!(
        "SELECT account_id AS id, score, status, amount_12_months, amount_at_risk FROM {} WHERE account_id \
         IN (SELECT account_id FROM {accounts} WHERE parent_account IS NOT NULL UNION ALL SELECT \
         parent_account FROM {accounts} WHERE parent_account IS NOT NULL)",
        view.source(STANDING)
    );
    let words = view.words(Labels::Accounts).await?;
    let mut groups: BTreeMap<String, Vec<GroupMember>> = BTreeMap::new();
    for row in rows(view, &sql, &names).await? {
        let (Some(id), Some(status)) = (text(&row, "id"), text(&row, "status")) else {
            continue;
        };
        let number = |name: &str| row.get(name).and_then(serde_json::Value::as_f64);
        let amount = |name: &str| number(name).filter(|_| sees_amounts);
        let member = GroupMember {
            label: words.label(&id).to_owned(),
            score: number("score").unwrap_or_default(),
            status: Status::named(&status).unwrap_or(Status::Unrated),
            amount_12_months: amount("amount_12_months"),
            amount_at_risk: amount("amount_at_risk"),
            account_id: id,
        };
        let root = root(&parents, &member.account_id).to_owned();
        groups.entry(root).or_default().push(member);
    }
    let groups = groups.into_iter().filter(|(_, members)| members.len() > 1);
    let mut groups: Vec<AccountGroup> = groups
        .map(|(root, members)| group(words.label(&root).to_owned(), root, members, sees_amounts))
        .collect();
    groups.sort_by(|left, right| {
        let at_risk = |own: &AccountGroup| own.amount_at_risk.unwrap_or_default();
        let by_risk = at_risk(right).total_cmp(&at_risk(left));
        by_risk.then(badness(right.status).cmp(&badness(left.status)))
    });
    Ok(groups)
}

/// The uppermost account above one.
fn root<'a>(parents: &'a HashMap<String, String>, account: &'a str) -> &'a str {
    let mut own = account;
    for _ in 0..LEVELS {
        match parents.get(own) {
            // two that are each other's parents are one group, by the lesser id
            Some(parent) if parents.get(parent).is_some_and(|up| up == own) => {
                return own.min(parent);
            }
            Some(parent) => own = parent,
            None => return own,
        }
    }
    own
}

fn badness(status: Status) -> u8 {
    match status {
        Status::Red => 3,
        Status::Yellow => 2,
        Status::Green => 1,
        Status::Unrated => 0,
    }
}

fn group(
    label: String,
    root: String,
    mut members: Vec<GroupMember>,
    sees_amounts: bool,
) -> AccountGroup {
    members.sort_by(|left, right| {
        let at_risk = |own: &GroupMember| own.amount_at_risk.unwrap_or_default();
        let by_risk = at_risk(right).total_cmp(&at_risk(left));
        by_risk.then(left.score.total_cmp(&right.score))
    });
    let sum = |of: fn(&GroupMember) -> Option<f64>| {
        let all = members.iter().filter_map(of).sum();
        sees_amounts.then_some(all)
    };
    let worst = members
        .iter()
        .map(|own| own.status)
        .max_by_key(|own| badness(*own));
    AccountGroup {
        account_id: root,
        label,
        status: worst.unwrap_or(Status::Unrated),
        amount_12_months: sum(|own| own.amount_12_months),
        amount_at_risk: sum(|own| own.amount_at_risk),
        members,
    }
}
