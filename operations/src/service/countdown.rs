//! When an owned account returns to the pool, and how many working days are left.
//!
//! An owner must have an effective contact within a number of working days (工作日) after the day they
//! got the account or had the last one. A contact is an [effective interaction](interaction) of
//! anybody of the firm, a deal of the account that moved forward, a quote of it that was sent or
//! decided. The last day is the last of these working days, not before the grace of an import ends,
//! and never sooner than the days of the warning after the owner was warned: nobody loses an account
//! unwarned, also when an exemption ends or the job did not run for a while. On the first working day
//! after the last one the account returns.
//!
//! Exempt is an account with an order in the last 12 months, a running contract, or a quote that is
//! out and holds.

use std::cmp::max;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::scope::Action;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use super::pool::PoolRules;
use crate::caller::Caller;
use crate::entity::{account, contract, order, quote};
use crate::error::Result;
use crate::store::Store;

/// For how many days a quote holds that does not say it.
const QUOTE_DAYS: u64 = 30;
/// How many accounts are asked about in one statement.
const CHUNK: usize = 1_000;

/// How an owned account stands towards the pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Countdown {
    /// The account.
    pub account_id: i64,
    /// The last effective contact, or when the owner got it.
    pub counted_from: DateTime<Utc>,
    /// Whether an order, a contract or a quote keeps it from the pool.
    pub exempt: bool,
    /// The last day on which a contact keeps it.
    pub last_day: NaiveDate,
    /// The working day on which it returns otherwise.
    pub returns_on: NaiveDate,
    /// The working days after today up to the last day: 0 on the last day, below 0 behind it.
    pub working_days_left: i64,
    /// When the owner was warned that it returns.
    pub warned_at: Option<DateTime<Utc>>,
    /// Whether it is time for a warning, given or not.
    pub warning: bool,
}

impl Countdown {
    /// Whether it returns today.
    pub(super) fn is_due(&self, today: NaiveDate) -> bool {
        !self.exempt && today >= self.returns_on
    }

    /// Whether its owner is to be warned today.
    pub(super) fn needs_warning(&self) -> bool {
        !self.exempt && self.warning && self.warned_at.is_none()
    }
}

/// The countdowns of those of the accounts that are owned and that the caller reads, by account.
///
/// # Errors
///
/// When the role reads no accounts, and those of the database.
pub async fn countdowns(
    store: &Store,
    caller: &Caller,
    account_ids: &[i64],
) -> Result<BTreeMap<i64, Countdown>> {
    let mut all = BTreeMap::new();
    for ids in account_ids.chunks(CHUNK) {
        let accounts = account::Entity::find()
            .filter(account::Column::Id.is_in(ids.iter().copied()))
            .filter(account::Column::OwnerId.is_not_null())
            .filter(account::Column::DeletedAt.is_null())
            .filter(caller.condition(&account::RESOURCE, Action::Read)?)
            .all(store.reader())
            .await?;
        let found = of(store.reader(), store.calendar(), store.now(), &accounts).await?;
        all.extend(found.into_iter().map(|one| (one.account_id, one)));
    }
    Ok(all)
}

/// The countdowns of owned accounts, in their order.
pub(super) async fn of<C: ConnectionTrait>(
    connection: &C,
    calendar: &WorkingCalendar,
    now: DateTime<Utc>,
    accounts: &[account::Model],
) -> Result<Vec<Countdown>> {
    let rules = PoolRules::load(connection).await?;
    let today = calendar.date_of(now);
    let mut countdowns = Vec::with_capacity(accounts.len());
    for accounts in accounts.chunks(CHUNK) {
        let ids: Vec<i64> = accounts.iter().map(|account| account.id).collect();
        let contacts = last_contacts(connection, &ids, now).await?;
        let exempt = exempt(connection, &ids, now, today, &rules).await?;
        countdowns.extend(accounts.iter().map(|account| {
            let contact = contacts.get(&account.id).copied();
            let exempt = exempt.contains(&account.id);
            countdown(calendar, &rules, today, account, contact, exempt)
        }));
    }
    Ok(countdowns)
}

fn countdown(
    calendar: &WorkingCalendar,
    rules: &PoolRules,
    today: NaiveDate,
    account: &account::Model,
    contact: Option<DateTime<Utc>>,
    exempt: bool,
) -> Countdown {
    let got = account.claimed_at.unwrap_or(account.recorded_at);
    let counted_from = contact.map_or(got, |contact| max(contact, got));
    let days = rules.contact_days(account.level.as_deref());
    let mut last_day = working_day_after(calendar, calendar.date_of(counted_from), days);
    if let Some(grace) = account.protected_until {
        last_day = max(last_day, calendar.date_of(grace));
    }
    // A warning counts for the last day that it was given for: one from before the last contact, or
    // from long before a last day that has moved since, was about another.
    let warned_at = account.pool_warned_at.filter(|at| {
        let before = calendar.working_days_between(calendar.date_of(*at), last_day);
        *at >= counted_from && before <= rules.warning_working_days
    });
    let warned_on = warned_at.map_or(today, |at| calendar.date_of(at));
    let soonest = working_day_after(calendar, warned_on, rules.warning_working_days);
    last_day = max(last_day, soonest);
    let left = calendar.working_days_between(today, last_day)
        - calendar.working_days_between(last_day, today);
    Countdown {
        account_id: account.id,
        counted_from,
        exempt,
        last_day,
        returns_on: working_day_after(calendar, last_day, 1),
        working_days_left: left,
        warned_at,
        warning: !exempt && left <= rules.warning_working_days,
    }
}

/// The day that is so many working days after another; the day itself for none.
fn working_day_after(calendar: &WorkingCalendar, from: NaiveDate, days: i64) -> NaiveDate {
    let Ok(days @ 1..) = usize::try_from(days) else {
        return from;
    };
    let mut working = from
        .iter_days()
        .skip(1)
        .filter(|day| calendar.is_working(*day));
    working.nth(days - 1).unwrap_or(NaiveDate::MAX)
}

/// The last effective contact of each account that has one, up to now.
async fn last_contacts<C: ConnectionTrait>(
    connection: &C,
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<BTreeMap<i64, DateTime<Utc>>> {
    let latest = |table: &'static str, time: &'static str| -> SelectStatement {
        Query::select()
            .expr(Expr::col((table, "account_id")))
            .expr(Expr::col((table, time)).max())
            .from(table)
            .and_where(Expr::col((table, "account_id")).is_in(ids.iter().copied()))
            .and_where(Expr::col((table, time)).lte(now))
            .and_where(Expr::col((table, "deleted_at")).is_null())
            .add_group_by([Expr::col((table, "account_id"))])
            .to_owned()
    };
    let interactions = latest("interactions", "at")
        .and_where(Expr::col(("interactions", "effective")).eq(true))
        .to_owned();
    let progress = Query::select()
        .expr(Expr::col(("opportunities", "account_id")))
        .expr(Expr::col(("stage_changes", "changed_at")).max())
        .from("stage_changes")
        .inner_join(
            "opportunities",
            Expr::col(("opportunities", "id")).equals(("stage_changes", "opportunity_id")),
        )
        .and_where(Expr::col(("opportunities", "account_id")).is_in(ids.iter().copied()))
        .and_where(Expr::col(("opportunities", "deleted_at")).is_null())
        .and_where(Expr::col(("stage_changes", "kind")).is_in(["forward", "skip", "complete"]))
        .and_where(Expr::col(("stage_changes", "changed_at")).lte(now))
        .and_where(Expr::col(("stage_changes", "deleted_at")).is_null())
        .add_group_by([Expr::col(("opportunities", "account_id"))])
        .to_owned();
    let mut contacts = BTreeMap::new();
    for select in [
        interactions,
        progress,
        latest("quotes", "sent_at"),
        latest("quotes", "decided_at"),
    ] {
        for row in connection.query_all(&select).await? {
            let id: i64 = row.try_get_by_index(0)?;
            let at: DateTime<Utc> = row.try_get_by_index(1)?;
            let last = contacts.entry(id).or_insert(at);
            *last = max(at, *last);
        }
    }
    Ok(contacts)
}

/// Those of the accounts that an order, a contract or a quote keeps from the pool.
async fn exempt<C: ConnectionTrait>(
    connection: &C,
    ids: &[i64],
    now: DateTime<Utc>,
    today: NaiveDate,
    rules: &PoolRules,
) -> Result<BTreeSet<i64>> {
    let since = now
        .checked_sub_months(Months::new(rules.order_months))
        .unwrap_or_default();
    let ordered = order::Entity::find()
        .select_only()
        .column(order::Column::AccountId)
        .distinct()
        .filter(order::Column::AccountId.is_in(ids.iter().copied()))
        .filter(order::Column::Kind.eq("sale"))
        .filter(order::Column::Status.ne("cancelled"))
        .filter(order::Column::OrderedAt.gte(since))
        .filter(order::Column::OrderedAt.lte(now))
        .filter(order::Column::DeletedAt.is_null());
    let contracted = contract::Entity::find()
        .select_only()
        .column(contract::Column::AccountId)
        .distinct()
        .filter(contract::Column::AccountId.is_in(ids.iter().copied()))
        .filter(contract::Column::Status.eq("effective"))
        .filter(
            contract::Column::ExpiresOn
                .is_null()
                .or(contract::Column::ExpiresOn.gte(today)),
        )
        .filter(contract::Column::DeletedAt.is_null());
    let sent_since = now - Days::new(QUOTE_DAYS);
    let quoted = quote::Entity::find()
        .select_only()
        .column(quote::Column::AccountId)
        .distinct()
        .filter(quote::Column::AccountId.is_in(ids.iter().copied()))
        .filter(quote::Column::Outcome.eq("sent"))
        .filter(
            quote::Column::ValidUntil
                .gte(today)
                .or(quote::Column::ValidUntil
                    .is_null()
                    .and(quote::Column::SentAt.gte(sent_since))),
        )
        .filter(quote::Column::DeletedAt.is_null());
    let mut exempt = BTreeSet::new();
    exempt.extend(ordered.into_tuple::<i64>().all(connection).await?);
    exempt.extend(contracted.into_tuple::<i64>().all(connection).await?);
    exempt.extend(quoted.into_tuple::<i64>().all(connection).await?);
    Ok(exempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Worked out by hand with the calendar of the State Council beside it.
    #[test]
    fn seven_working_days_after() {
        let company = millrace_models::config::Company::default();
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        for (from, last, returns) in [
            // Monday: Tu We Th Fr, Mo Tu We; Thursday.
            ("2026-03-02", "2026-03-11", "2026-03-12"),
            // Friday: Mo Tu We Th Fr, Mo Tu; Wednesday.
            ("2026-03-06", "2026-03-17", "2026-03-18"),
            // Saturday and Sunday count like the Friday before.
            ("2026-03-07", "2026-03-17", "2026-03-18"),
            ("2026-03-08", "2026-03-17", "2026-03-18"),
            // Spring Festival 2024: Sunday 4 worked, Mo Tu We Th Fr, 10 to 17 rest, Sunday 18 worked.
            ("2024-02-02", "2024-02-18", "2024-02-19"),
            // From the eve: Sunday 18 worked, Mo Tu We Th Fr, Mo; Tuesday.
            ("2024-02-09", "2024-02-26", "2024-02-27"),
        ] {
            let found = working_day_after(&calendar, day(from), 7);
            assert_eq!(found, day(last), "{from}");
            assert_eq!(
                working_day_after(&calendar, found, 1),
                day(returns),
                "{from}"
            );
        }
        assert_eq!(
            working_day_after(&calendar, day("2026-03-07"), 0),
            day("2026-03-07")
        );
    }
}
