//! Customer health from the published marts: order histories in, scores and their proof out.
//!
//! Everything is computed in memory from one scan of the `orders` mart, spread over threads by row
//! group, and of those of payments, tickets, quotes and interactions. What a score may see is decided in `models::health`, by the day that it is as of.

mod reader;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use millrace_lake::{Lake, Table};
use millrace_models::config::Company;
use millrace_models::health::probability::ProbabilityModel;
use millrace_models::health::scorecard::{Rating, Scorecard};
use millrace_models::health::{
    Backtest, BacktestError, History, Model, Standing, backtest as measured,
};
use serde::Serialize;

/// The days ahead that the probability in a ranking is about.
pub const HORIZON_DAYS: i32 = 91;
/// What changed is told against as many days before.
const BEFORE_DAYS: u64 = 30;
const YEAR: i32 = 365;

/// What all accounts bought, as published.
#[derive(Debug, Clone)]
pub struct OrderHistory {
    /// By account, in the order of `accounts`.
    history: History,
    accounts: Vec<AccountName>,
    /// Number of the published set that it was read from.
    pub set: i64,
}

/// An account and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountName {
    /// Its id.
    pub account_id: String,
    /// Its name, and its id where another shares the name.
    pub label: String,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountHealth {
    /// Which account.
    #[serde(flatten)]
    pub account: AccountName,
    /// The scorecard.
    #[serde(flatten)]
    pub rating: Rating,
    /// Of an order in the next 91 days, 0 to 1.
    pub repurchase_probability: f64,
    /// Net amount of the last 365 days, in the company's currency.
    pub amount_12_months: f64,
    /// That amount x the probability that no order comes.
    pub amount_at_risk: f64,
    /// The day of the last order.
    pub last_order_on: NaiveDate,
    /// Days with an order.
    pub orders: usize,
}

/// All accounts with an order, the most at risk first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthRanking {
    /// The last day that is seen.
    pub as_of: NaiveDate,
    /// The days ahead that the probability is about.
    pub horizon_days: i32,
    /// Where the probability comes from.
    pub model: Model,
    /// By `amount_at_risk`, then by id.
    pub accounts: Vec<AccountHealth>,
}

/// An account, and how it stood 30 days before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthExplanation {
    /// The last day that is seen.
    pub as_of: NaiveDate,
    /// The days ahead that the probability is about.
    pub horizon_days: i32,
    /// Where the probability comes from.
    pub model: Model,
    /// How it stands.
    #[serde(flatten)]
    pub health: AccountHealth,
    /// How it stood 30 days before; nothing before its first order.
    pub before: Option<Rating>,
}

impl OrderHistory {
    /// Reads the newest published set; `None` before the first.
    ///
    /// Days are those of the company's zone.
    ///
    /// # Errors
    ///
    /// When the lake cannot be read.
    pub async fn read(lake: &Lake, company: &Company) -> anyhow::Result<Option<Self>> {
        let Some(set) = lake.latest_set().await? else {
            return Ok(None);
        };
        let mut tables: Vec<Table> = Vec::new();
        for name in [
            "marts/orders",
            "marts/accounts",
            "marts/payment_performance",
            "marts/ticket_service",
            "marts/quote_outcomes",
            "marts/activity",
        ] {
            let version = set.versions.get(name).copied().unwrap_or(0);
            tables.push(lake.table_at(name, version).await?);
        }
        let zone = company.zone;
        let read = move || -> anyhow::Result<Self> {
            let [orders, accounts, payments, tickets, quotes, activity] = tables
                .try_into()
                .map_err(|_| anyhow::anyhow!("a mart is missing"))?;
            let (history, ids) = reader::orders(&orders, zone)?;
            let labels = reader::labels(&accounts)?;
            let places = ids.iter().cloned().zip(0..).collect();
            let tables = reader::EvidenceTables {
                payments,
                tickets,
                quotes,
                activity,
            };
            let history = history.with_evidence(reader::evidence(&tables, &places, zone)?);
            let accounts = ids.into_iter().map(|account_id| AccountName {
                label: labels.get(&account_id).unwrap_or(&account_id).clone(),
                account_id,
            });
            Ok(Self {
                history,
                accounts: accounts.collect(),
                set: set.id,
            })
        };
        tokio::task::spawn_blocking(read)
            .await
            .context("reading the orders stopped")?
            .map(Some)
    }

    /// Scores as of the end of `cutoff`, measured by the days after it that are over `today`.
    ///
    /// # Errors
    ///
    /// When there is nobody to score, or the horizon is not over.
    pub fn backtest(
        &self,
        cutoff: NaiveDate,
        horizon_days: i32,
        today: NaiveDate,
    ) -> Result<Backtest, BacktestError> {
        measured(
            &self.history,
            day_number(cutoff),
            horizon_days,
            day_number(today),
        )
    }

    /// All accounts with an order by the end of `as_of`, as they stood then.
    pub fn rank(&self, as_of: NaiveDate) -> HealthRanking {
        let day = day_number(as_of);
        let seen = self.history.until(day);
        let standings = seen.standings(day);
        let model = ProbabilityModel::learn(&seen, day, HORIZON_DAYS);
        let probabilities = model.predict(&seen).probabilities;
        let card = Scorecard::new(&seen, &standings);
        let mut accounts: Vec<AccountHealth> = standings
            .iter()
            .zip(probabilities)
            .map(|(standing, probability)| self.health(standing, &card, probability))
            .collect();
        accounts.sort_by(|left, right| right.amount_at_risk.total_cmp(&left.amount_at_risk));
        HealthRanking {
            as_of,
            horizon_days: HORIZON_DAYS,
            model: model.model(),
            accounts,
        }
    }

    /// How one account of [`OrderHistory::find`] stood at the end of `as_of`, and why; `None` before
    /// its first order.
    pub fn explain(&self, account: &AccountName, as_of: NaiveDate) -> Option<HealthExplanation> {
        let ranking = self.rank(as_of);
        let mut all = ranking.accounts.into_iter();
        let health = all.find(|own| own.account == *account)?;
        let before = as_of.checked_sub_days(Days::new(BEFORE_DAYS))?;
        Some(HealthExplanation {
            as_of,
            horizon_days: ranking.horizon_days,
            model: ranking.model,
            health,
            before: self.rating(account, before),
        })
    }

    /// The accounts that are called `text`: by id, else by name.
    pub fn find(&self, text: &str) -> Vec<&AccountName> {
        let called = |by: fn(&AccountName) -> &str| -> Vec<&AccountName> {
            let own = self.accounts.iter();
            own.filter(|account| by(account) == text).collect()
        };
        let by_id = called(|account| &account.account_id);
        if by_id.is_empty() {
            called(|account| &account.label)
        } else {
            by_id
        }
    }

    /// All accounts with an order line, by id.
    pub fn accounts(&self) -> &[AccountName] {
        &self.accounts
    }

    fn rating(&self, account: &AccountName, on: NaiveDate) -> Option<Rating> {
        let day = day_number(on);
        let seen = self.history.until(day);
        let standings = seen.standings(day);
        let card = Scorecard::new(&seen, &standings);
        let index = self.accounts.iter().position(|own| own == account)?;
        Some(card.rate(&seen.standing(index, day)?))
    }

    fn health(&self, standing: &Standing<'_>, card: &Scorecard, probability: f64) -> AccountHealth {
        let amount = standing.amount_between(0, YEAR);
        AccountHealth {
            account: self.accounts[standing.account].clone(),
            rating: card.rate(standing),
            repurchase_probability: probability,
            amount_12_months: amount,
            amount_at_risk: amount.max(0.0) * (1.0 - probability),
            last_order_on: date(standing.last),
            orders: standing.purchases.len(),
        }
    }
}

/// Days since 1970-01-01.
fn day_number(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}
