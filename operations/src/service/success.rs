//! Success managers: who looks after a customer, whoever sells to it.
//!
//! Those of the role for it are given the large accounts that have none; they and those who manage
//! sales choose otherwise for any account. Who has an account keeps it, however large it is later, as
//! long as they are at work and may have it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::scope::{ADMINISTRATOR, Action, CUSTOMER_SUCCESS, Rights};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::Serialize;

use super::fall;
use crate::caller::Caller;
use crate::entity::{account, role, user};
use crate::error::{OperationsError, Result};
use crate::log::Change;
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// Why the program gave an account to somebody: it is large and had nobody,
pub const BECAUSE_LARGE: &str = "value tier A";
/// or who had it is there no more.
pub const BECAUSE_GONE: &str = "the success manager before left";
/// Who the program calls itself in this.
const ACTOR: &str = "success managers";
/// Accounts that are given in one transaction.
const AT_ONCE: usize = 200;
/// Changes of an account that are looked through for its history.
const CHANGES: u64 = 2_000;
const PAGE: u64 = 200;
const FIELD: &str = "success_manager_id";

/// Somebody who may look after customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuccessManager {
    /// The user.
    pub user_id: i64,
    /// Their name.
    pub name: String,
    /// Whether that is what they are there for; others manage sales.
    pub dedicated: bool,
    /// The accounts that they look after.
    pub accounts: i64,
}

/// That somebody looks after an account since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Appointment {
    /// Who; nobody from then on where there is none.
    pub user_id: Option<i64>,
    /// Their name.
    pub name: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who decided it, where it was a person.
    pub by: Option<String>,
    /// Why, where that was said.
    pub reason: Option<String>,
}

/// The people, and what they may do.
struct People {
    users: BTreeMap<i64, user::Model>,
    dedicated: BTreeSet<i64>,
    managing: BTreeSet<i64>,
}

impl People {
    async fn read(connection: &impl ConnectionTrait, today: NaiveDate) -> Result<Self> {
        let (mut dedicated, mut managing) = (BTreeSet::new(), BTreeSet::new());
        let mut codes = BTreeMap::new();
        for role in role::Entity::find().all(connection).await? {
            let rights: Rights = serde_json::from_value(role.rights.clone()).unwrap_or_default();
            let manages = rights
                .scope(account::RESOURCE.name, Action::Assign)
                .is_some();
            codes.insert(role.id, (role.code, manages));
        }
        let users = user::Entity::find()
            .filter(user::Column::DeletedAt.is_null())
            .filter(user::Column::Enabled.eq(true))
            .order_by_asc(user::Column::Id)
            .all(connection)
            .await?;
        let users: BTreeMap<i64, user::Model> = users
            .into_iter()
            .filter(|person| person.left_on.is_none_or(|day| day >= today))
            .map(|person| (person.id, person))
            .collect();
        for person in users.values() {
            match codes.get(&person.role_id) {
                Some((code, _)) if code == CUSTOMER_SUCCESS => dedicated.insert(person.id),
                Some((code, true)) if code != ADMINISTRATOR => managing.insert(person.id),
                _ => false,
            };
        }
        Ok(Self {
            users,
            dedicated,
            managing,
        })
    }

    fn may_have(&self, user_id: i64) -> bool {
        self.dedicated.contains(&user_id) || self.managing.contains(&user_id)
    }

    /// Those who get what is to be given: there for it, and not away.
    fn receiving(&self, today: NaiveDate) -> impl Iterator<Item = &user::Model> {
        let dedicated = self.dedicated.iter().filter_map(|id| self.users.get(id));
        dedicated.filter(move |person| is_there(person, today))
    }
}

/// Whether somebody is not on leave.
pub(super) fn is_there(person: &user::Model, today: NaiveDate) -> bool {
    person.on_leave_until.is_none_or(|day| day < today)
}

/// Who looks after how many accounts.
async fn loads(connection: &impl ConnectionTrait) -> Result<BTreeMap<i64, i64>> {
    use sea_orm::QuerySelect as _;
    let loads: Vec<(Option<i64>, i64)> = account::Entity::find()
        .select_only()
        .column(account::Column::SuccessManagerId)
        .column_as(account::Column::Id.count(), "accounts")
        .filter(account::Column::SuccessManagerId.is_not_null())
        .filter(account::Column::DeletedAt.is_null())
        .group_by(account::Column::SuccessManagerId)
        .into_tuple()
        .all(connection)
        .await?;
    let loads = loads.into_iter();
    Ok(loads
        .filter_map(|(user, accounts)| Some((user?, accounts)))
        .collect())
}

/// Everybody who may look after customers, those first who are there for it.
///
/// # Errors
///
/// Those of the database.
pub async fn people(store: &Store) -> Result<Vec<SuccessManager>> {
    let today = store.calendar().date_of(store.now());
    let people = People::read(store.reader(), today).await?;
    let loads = loads(store.reader()).await?;
    let all = people.dedicated.iter().chain(&people.managing);
    let all = all.filter_map(|id| people.users.get(id));
    let all = all.map(|person| SuccessManager {
        user_id: person.id,
        name: person.name.clone(),
        dedicated: people.dedicated.contains(&person.id),
        accounts: loads.get(&person.id).copied().unwrap_or(0),
    });
    Ok(all.collect())
}

/// Whether somebody chooses success managers at all.
pub fn may_choose(caller: &Caller) -> bool {
    let assigns = caller.rights.scope(account::RESOURCE.name, Action::Assign);
    caller.role == CUSTOMER_SUCCESS || assigns.is_some()
}

/// Gives an account to a success manager, or to none. What that one before was still to do about
/// falls of its score goes with it.
///
/// # Errors
///
/// When the caller does not see the account or may not choose, and when the person may not have it.
pub async fn appoint(
    unit: &Unit,
    caller: &Caller,
    account: &str,
    user_id: Option<i64>,
) -> Result<account::Model> {
    let Some(read) = seen(unit, caller, account).await? else {
        let why = format!("{account:?} is no account of this system that you see");
        return Err(OperationsError::field("account", why));
    };
    if caller.role != CUSTOMER_SUCCESS {
        unit.check(caller, &account::RESOURCE, Action::Assign, read.id)
            .await?;
    }
    if read.success_manager_id == user_id {
        return Ok(read);
    }
    let person = match user_id {
        Some(id) => Some(who_may_have(unit, &read, id).await?),
        None => None,
    };
    give(unit, &read, person.as_ref()).await
}

/// The account of that number, or that is called so in the lake, if the caller sees it. One that they
/// do not see is none to them.
///
/// # Errors
///
/// When there is more than one of that name.
pub async fn seen(
    connection: &impl ConnectionTrait,
    caller: &Caller,
    account: &str,
) -> Result<Option<account::Model>> {
    // where two share a name, the number stands behind it
    let behind = account
        .strip_suffix(')')
        .and_then(|own| own.rsplit_once(" ("));
    let numbers = [Some(account), behind.map(|(_, number)| number)];
    let mut found = account::Entity::find()
        .filter(
            Condition::any()
                .add(account::Column::Number.is_in(numbers.into_iter().flatten()))
                .add(account::Column::Name.eq(account)),
        )
        .filter(account::Column::DeletedAt.is_null())
        .filter(caller.condition(&account::RESOURCE, Action::Read)?)
        .order_by_asc(account::Column::Id)
        .all(connection)
        .await?;
    let numbered = found
        .iter()
        .position(|own| numbers.contains(&Some(own.number.as_str())));
    match (numbered, found.len()) {
        (Some(place), _) => Ok(Some(found.swap_remove(place))),
        (None, 0 | 1) => Ok(found.pop()),
        (None, count) => {
            let why = format!("{account:?} are {count} accounts: name one by its number");
            Err(OperationsError::field("account", why))
        }
    }
}

async fn who_may_have(unit: &Unit, read: &account::Model, user_id: i64) -> Result<user::Model> {
    let people = People::read(unit, unit.today()).await?;
    let person = people.users.get(&user_id);
    let person = person.filter(|person| people.may_have(person.id));
    let Some(person) = person else {
        let why = format!("there is no success manager {user_id} at work");
        return Err(OperationsError::field("user_id", why));
    };
    let own = Caller::load(unit, user_id).await?;
    let seen = own.condition(&account::RESOURCE, Action::Read)?;
    if !unit.exists(&account::RESOURCE, read.id, seen).await? {
        let why = format!("{} does not see this account", person.name);
        return Err(OperationsError::field("user_id", why));
    }
    Ok(person.clone())
}

async fn give(
    unit: &Unit,
    read: &account::Model,
    person: Option<&user::Model>,
) -> Result<account::Model> {
    let change = account::ActiveModel {
        success_manager_id: Set(person.map(|person| person.id)),
        ..Default::default()
    };
    let given = unit.update(read, change).await?;
    if let (Some(before), Some(person)) = (read.success_manager_id, person) {
        fall::pass_on(unit, read.id, before, person).await?;
    }
    Ok(given)
}

/// Gives the accounts of these numbers that have no success manager one each, and those of success
/// managers who may not have them any more another: always the one with the fewest. Nothing where
/// nobody is there to have them. What it did.
///
/// May be run at any time, again, and by several at once.
///
/// # Errors
///
/// Those of the database; what was given before stays given.
pub async fn assign_missing(store: &Store, large: &[String]) -> Result<Vec<i64>> {
    let actor = Actor::system(ACTOR);
    let gone = async |unit: Unit| replace_gone(&unit, None, AT_ONCE).await;
    let mut all = Vec::new();
    loop {
        let done = store.write(&actor, gone).await?;
        all.extend(&done);
        if done.len() < AT_ONCE {
            break;
        }
    }
    for numbers in large.chunks(AT_ONCE) {
        let work = async |unit: Unit| {
            let missing = account::Entity::find()
                .filter(account::Column::Number.is_in(numbers))
                .filter(account::Column::SuccessManagerId.is_null())
                .filter(account::Column::DeletedAt.is_null())
                .order_by_asc(account::Column::Id)
                .all(&unit)
                .await?;
            share_out(&unit, &missing, BECAUSE_LARGE).await
        };
        all.extend(store.write(&actor, work).await?);
    }
    Ok(all)
}

/// Somebody is there no more, or does something else: their accounts go to others, if there are any.
pub(super) async fn leave(unit: &Unit, user_id: i64) -> Result<()> {
    replace_gone(unit, Some(user_id), usize::MAX)
        .await
        .map(drop)
}

/// Gives accounts of those who may not have them any more to others: of one person, or of all.
async fn replace_gone(unit: &Unit, of: Option<i64>, most: usize) -> Result<Vec<i64>> {
    let people = People::read(unit, unit.today()).await?;
    let having: Vec<i64> = match of {
        Some(user_id) => vec![user_id],
        None => loads(unit).await?.into_keys().collect(),
    };
    let gone = having.into_iter().filter(|user| !people.may_have(*user));
    let accounts = account::Entity::find()
        .filter(account::Column::SuccessManagerId.is_in(gone))
        .filter(account::Column::DeletedAt.is_null())
        .order_by_asc(account::Column::Id)
        .all(unit)
        .await?;
    let first = &accounts[..accounts.len().min(most)];
    share_out(unit, first, BECAUSE_GONE).await
}

/// Gives each of the accounts, in their order, to the one with the fewest; of those with equally few to
/// who was there first.
async fn share_out(unit: &Unit, accounts: &[account::Model], why: &str) -> Result<Vec<i64>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let people = People::read(unit, unit.today()).await?;
    let loads = loads(unit).await?;
    let mut receiving: Vec<(i64, &user::Model)> = people
        .receiving(unit.today())
        .map(|person| (loads.get(&person.id).copied().unwrap_or(0), person))
        .collect();
    let actor = Actor {
        reason: Some(why.to_owned()),
        ..unit.actor().clone()
    };
    let acting = unit.acting(actor, unit.now());
    let mut given = Vec::new();
    for read in accounts {
        let fewest = receiving
            .iter_mut()
            .min_by_key(|(load, own)| (*load, own.id));
        let Some((load, person)) = fewest else { break };
        give(&acting, read, Some(person)).await?;
        *load += 1;
        given.push(read.id);
    }
    Ok(given)
}

/// Who looked after an account since when, the latest first.
///
/// # Errors
///
/// Those of the database.
pub async fn history(store: &Store, account_id: i64) -> Result<Vec<Appointment>> {
    let mut found: Vec<Change> = Vec::new();
    let (mut before, mut looked) = (None, 0);
    while looked < CHANGES {
        let page = store
            .history_before(account::RESOURCE.name, account_id, before, PAGE)
            .await?;
        before = page.last().map(|change| change.seq);
        looked += PAGE;
        let is_last = (page.len() as u64) < PAGE;
        let changed = |change: &Change| held(change.before.as_ref()) != held(Some(&change.after));
        found.extend(page.into_iter().filter(changed));
        if is_last {
            break;
        }
    }
    let ids = found.iter().filter_map(|change| held(Some(&change.after)));
    let people = user::Entity::find()
        .filter(user::Column::Id.is_in(ids))
        .all(store.reader())
        .await?;
    let names: BTreeMap<i64, String> = people.into_iter().map(|own| (own.id, own.name)).collect();
    let appointments = found.into_iter().map(|change| {
        let user_id = held(Some(&change.after));
        Appointment {
            user_id,
            name: user_id.and_then(|id| names.get(&id).cloned()),
            at: change.at,
            by: change.actor_id.map(|_| change.actor),
            reason: change.reason,
        }
    });
    Ok(appointments.collect())
}

fn held(version: Option<&serde_json::Value>) -> Option<i64> {
    version?.get(FIELD)?.as_i64()
}
