//! What is due for the caller: the home page in one call.
//!
//! It is about the caller's own work, whatever their role sees beside. Each part says at most
//! [`MOST`] records, the most pressing first.

use chrono::TimeDelta;
use millrace_models::scope::Action;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::countdown::{self, Countdown};
use super::ending::IDLE_DAYS;
use crate::caller::{Caller, column_of};
use crate::entity::{account, interaction, opportunity, quote, todo};
use crate::error::Result;
use crate::resource::Resource;
use crate::row::{self, Row};
use crate::store::Store;

/// The most records of each part.
pub const MOST: u64 = 100;
/// How many days are looked ahead.
const AHEAD: TimeDelta = TimeDelta::days(7);
/// From how many working days left on an account is shown.
const NEAR_WORKING_DAYS: i64 = 3;
/// Of how many accounts the countdowns are looked at.
const ACCOUNTS: u64 = 2_000;

/// An account that returns to the pool soon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Returning {
    /// The account.
    pub account: Row,
    /// How long it has left.
    pub countdown: Countdown,
}

/// What is due for the caller.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Today {
    /// To-dos that are overdue, due within seven days or without a day; the first due first.
    pub todos: Vec<Row>,
    /// Accounts that return to the pool within three working days, or whose owner was warned.
    pub countdowns: Vec<Returning>,
    /// Deals that nothing moved for long: they are proposed as shelved.
    pub idle: Vec<Row>,
    /// Interactions whose next step comes within seven days, or has come and was not made.
    pub next_steps: Vec<Row>,
    /// Quotes that are out and undecided, the longest first.
    pub quotes_out: Vec<Row>,
}

/// What is due for the caller now. A part that the role does not read is empty.
///
/// # Errors
///
/// Those of the database.
pub async fn today(store: &Store, caller: &Caller) -> Result<Today> {
    let own = Own { store, caller };
    let now = store.now();
    let todos = own
        .rows(&todo::RESOURCE, "owner_id", |select| {
            let column = |name| column_of(&todo::RESOURCE, name);
            let awake = Condition::any().add(column("state").eq("open")).add(
                column("state")
                    .eq("snoozed")
                    .and(column("snoozed_until").lte(now)),
            );
            let due = Condition::any()
                .add(column("due_at").is_null())
                .add(column("due_at").lt(now + AHEAD));
            select.cond_where(awake).cond_where(due);
            select.order_by_expr_with_nulls(
                column("due_at"),
                Order::Asc,
                sea_orm::sea_query::NullOrdering::Last,
            );
        })
        .await?;
    let idle = own
        .rows(&opportunity::RESOURCE, "owner_id", |select| {
            let column = |name| column_of(&opportunity::RESOURCE, name);
            select
                .and_where(column("outcome").eq("open"))
                .and_where(column("last_moved_at").lte(now - TimeDelta::days(IDLE_DAYS)))
                .order_by_expr(column("last_moved_at"), Order::Asc);
        })
        .await?;
    let quotes_out = own
        .rows(&quote::RESOURCE, "owner_id", |select| {
            let column = |name| column_of(&quote::RESOURCE, name);
            select
                .and_where(column("outcome").eq("sent"))
                .order_by_expr(column("sent_at"), Order::Asc);
        })
        .await?;
    let next_steps = own
        .rows(&interaction::RESOURCE, "by_id", |select| {
            let column = |name| column_of(&interaction::RESOURCE, name);
            let not_made = Condition::any()
                .add(column("next_at").gte(now))
                .add(Expr::exists(later_interactions()).not());
            select
                .and_where(column("next_at").lt(now + AHEAD))
                .cond_where(not_made)
                .order_by_expr(column("next_at"), Order::Asc);
        })
        .await?;
    Ok(Today {
        todos,
        countdowns: own.countdowns().await?,
        idle,
        next_steps,
        quotes_out,
    })
}

/// The interactions with the same customer that came later.
fn later_interactions() -> SelectStatement {
    let (later, mine) = ("later", interaction::RESOURCE.table);
    Query::select()
        .expr(Expr::val(1))
        .from_as(mine, later)
        .and_where(Expr::col((later, "account_id")).equals((mine, "account_id")))
        .and_where(Expr::col((later, "at")).gt(Expr::col((mine, "at"))))
        .and_where(Expr::col((later, "deleted_at")).is_null())
        .to_owned()
}

struct Own<'a> {
    store: &'a Store,
    caller: &'a Caller,
}

impl Own<'_> {
    /// The caller's own records that `narrow` leaves, in its order.
    async fn rows(
        &self,
        resource: &'static Resource,
        owner: &'static str,
        narrow: impl FnOnce(&mut SelectStatement),
    ) -> Result<Vec<Row>> {
        if self
            .caller
            .rights
            .scope(resource.name, Action::Read)
            .is_none()
        {
            return Ok(Vec::new());
        }
        let mut select = row::select(resource);
        select
            .and_where(column_of(resource, owner).eq(self.caller.user_id))
            .and_where(column_of(resource, "deleted_at").is_null());
        narrow(&mut select);
        select
            .order_by_expr(column_of(resource, "id"), Order::Asc)
            .limit(MOST);
        let results = self.store.reader().query_all(&select).await?;
        let rows = results.iter().map(|result| {
            let row = row::read(resource, result)?;
            Ok(self.caller.mask(resource, row))
        });
        rows.collect()
    }

    async fn countdowns(&self) -> Result<Vec<Returning>> {
        let (store, caller) = (self.store, self.caller);
        let resource = &account::RESOURCE;
        if caller.rights.scope(resource.name, Action::Read).is_none() {
            return Ok(Vec::new());
        }
        let accounts = account::Entity::find()
            .filter(account::Column::OwnerId.eq(caller.user_id))
            .filter(account::Column::DeletedAt.is_null())
            .order_by_asc(account::Column::Id)
            .limit(ACCOUNTS)
            .all(store.reader())
            .await?;
        let counted =
            countdown::of(store.reader(), store.calendar(), store.now(), &accounts).await?;
        let mut near: Vec<Returning> = accounts
            .iter()
            .zip(counted)
            .filter(|(_, one)| {
                let soon = one.working_days_left <= NEAR_WORKING_DAYS;
                !one.exempt && (soon || one.warned_at.is_some())
            })
            .map(|(account, countdown)| Returning {
                account: caller.show(account),
                countdown,
            })
            .collect();
        near.sort_by_key(|one| (one.countdown.last_day, one.countdown.account_id));
        near.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
        Ok(near)
    }
}
