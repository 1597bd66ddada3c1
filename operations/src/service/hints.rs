//! Duplicate hints while an account is typed.
//!
//! What is shown, and no more:
//!
//! - of accounts that the caller may read: id, number and name, and by what they are alike. By name
//!   they are found when the typed one occurs in them; by credit code and telephone number when these
//!   are the same;
//! - of accounts that the caller may not read: that the firm has such a customer, by what it is alike,
//!   and who to ask (its owner, or where there is none at work who leads its team, or nobody by
//!   name). They are found only when the whole name without legal form, the whole credit
//!   code or the whole telephone number is the same: a beginning finds nothing, so nobody can feel
//!   their way to a name. Each person to ask is named once, so that their number is not told either.
//!
//! Whoever does not see telephone numbers in full gets no hints by them: they could complete a masked
//! one by trying. A number of an account in the pool is hidden until it is claimed; so by number such
//! an account counts as one that the caller may not read.

use std::collections::BTreeSet;

use millrace_models::scope::{Action, Visibility};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Condition, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::search;
use crate::caller::{Caller, column_of};
use crate::credit_code;
use crate::entity::{account, contact, team, user};
use crate::error::Result;
use crate::names::{normalise, phone_key};
use crate::resources::{Seen, seen};
use crate::search_index::with_phone;
use crate::store::Store;

/// The most accounts shown by each of name, code and number.
const MOST: u64 = 10;

/// What has been typed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The name of the company.
    pub name: Option<String>,
    /// The unified social credit code.
    pub credit_code: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
}

/// By what an account is like the typed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alike {
    /// The credit code is the same.
    CreditCode,
    /// The name without legal form is the same.
    Name,
    /// The telephone number is the same.
    Phone,
    /// The typed name occurs in its name.
    PartOfName,
}

/// An account that the caller may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The account.
    pub account_id: i64,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// By what it is alike.
    pub by: Alike,
}

/// That there is an account that the caller may not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Elsewhere {
    /// By what it is alike.
    pub by: Alike,
    /// Who to ask, where there is somebody.
    pub ask: Option<String>,
}

/// What is like the typed account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hints {
    /// Whether the credit code is valid; none where none is typed.
    pub credit_code_valid: Option<bool>,
    /// The accounts that the caller may read.
    pub known: Vec<Known>,
    /// Of those that they may not.
    pub elsewhere: Vec<Elsewhere>,
}

/// The accounts that are like the typed one, as the caller may know of them.
///
/// # Errors
///
/// When the caller may not enter accounts.
pub async fn hints(store: &Store, caller: &Caller, typed: &Typed) -> Result<Hints> {
    caller.require(&account::RESOURCE, Action::Create)?;
    let mut hints = Hints::default();
    let table = |name| column_of(&account::RESOURCE, name);
    if let Some(text) = given(typed.credit_code.as_ref()) {
        let code = credit_code::parse(text);
        hints.credit_code_valid = Some(code.is_some());
        if let Some(code) = code {
            let same = Condition::all().add(table("credit_code").eq(code));
            hints.add(store, caller, same, Alike::CreditCode).await?;
        }
    }
    if let Some(name) = given(typed.name.as_ref()) {
        let normal = normalise(name);
        if normal.chars().count() >= 2 {
            let same = Condition::all().add(table("normalised_name").eq(normal.as_str()));
            hints.add(store, caller, same, Alike::Name).await?;
            let words: Vec<&str> = name.split_whitespace().collect();
            let part = search::find(store, caller, &account::RESOURCE, &words, MOST).await?;
            for row in &part {
                if fold_contains(row, &normal) {
                    hints.know(row, Alike::PartOfName);
                }
            }
        }
    }
    let key = given(typed.phone.as_ref()).and_then(phone_key);
    if let Some(key) = key.filter(|_| caller.rights.sees(Visibility::FullPhone)) {
        let of_contacts = Query::select()
            .expr(column_of(&contact::RESOURCE, "account_id"))
            .from("contacts")
            .and_where(
                column_of(&contact::RESOURCE, "id")
                    .in_subquery(with_phone(&contact::RESOURCE, &key)),
            )
            .to_owned();
        let same = Condition::any()
            .add(table("id").in_subquery(with_phone(&account::RESOURCE, &key)))
            .add(table("id").in_subquery(of_contacts));
        hints.add(store, caller, same, Alike::Phone).await?;
    }
    Ok(hints)
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// Whether the typed name occurs in the one of the row, not only in its number or code.
fn fold_contains(row: &crate::row::Row, normal: &str) -> bool {
    let name = row.get("normalised_name").and_then(|name| name.as_str());
    name.is_some_and(|name| name.contains(normal))
}

impl Hints {
    /// Adds the accounts that meet the condition.
    async fn add(
        &mut self,
        store: &Store,
        caller: &Caller,
        same: Condition,
        by: Alike,
    ) -> Result<()> {
        // By number an account of the pool is not shown: its numbers are hidden.
        let wanted = Seen {
            resource: &account::RESOURCE,
            condition: same.clone(),
            latest: "id",
            pool: by != Alike::Phone,
            limit: MOST,
        };
        for row in &seen(store.reader(), caller, wanted).await? {
            self.know(row, by);
        }
        let readable = if by == Alike::Phone {
            caller.reach_of(&account::RESOURCE)
        } else {
            caller.condition(&account::RESOURCE, Action::Read)?
        };
        let readable = Query::select()
            .expr(column_of(&account::RESOURCE, "id"))
            .from("accounts")
            .cond_where(readable)
            .to_owned();
        let others: Vec<(Option<i64>, Option<i64>)> = account::Entity::find()
            .select_only()
            .column(account::Column::OwnerId)
            .column(account::Column::TeamId)
            .filter(account::Column::DeletedAt.is_null())
            .filter(same)
            .filter(account::Column::Id.not_in_subquery(readable))
            .order_by_asc(account::Column::Id)
            .limit(MOST)
            .into_tuple()
            .all(store.reader())
            .await?;
        let mut asked: BTreeSet<Elsewhere> = self.elsewhere.drain(..).collect();
        for (owner_id, team_id) in others {
            let ask = who(store, owner_id, team_id).await?;
            asked.insert(Elsewhere { by, ask });
        }
        self.elsewhere = asked.into_iter().collect();
        Ok(())
    }

    /// Adds an account that the caller may read, once.
    fn know(&mut self, row: &crate::row::Row, by: Alike) {
        let text = |field: &str| {
            let value = row.get(field).and_then(|value| value.as_str());
            value.unwrap_or_default().to_owned()
        };
        let account_id = crate::row::integer(row, "id").unwrap_or_default();
        if self
            .known
            .iter()
            .all(|known| known.account_id != account_id)
        {
            self.known.push(Known {
                account_id,
                number: text("number"),
                name: text("name"),
                by,
            });
        }
    }
}

/// The name of the owner, or where there is none at work, of who leads the team.
async fn who(store: &Store, owner_id: Option<i64>, team_id: Option<i64>) -> Result<Option<String>> {
    let mut people: Vec<i64> = owner_id.into_iter().collect();
    if let Some(team_id) = team_id {
        let team = team::Entity::find_by_id(team_id).one(store.reader());
        people.extend(team.await?.and_then(|team| team.leader_id));
    }
    for person in people {
        let found = user::Entity::find_by_id(person)
            .filter(user::Column::Enabled.eq(true))
            .filter(user::Column::DeletedAt.is_null())
            .one(store.reader())
            .await?;
        if let Some(person) = found {
            return Ok(Some(person.name));
        }
    }
    Ok(None)
}
