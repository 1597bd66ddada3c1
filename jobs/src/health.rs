//! Customer health from the published marts: order histories in, scores and their proof out.
//!
//! Everything is computed in memory from one scan of the `orders` mart, spread over threads by row
//! group, and of those of payments, tickets, quotes, interactions, deliveries and contracts. What a
//! score may see is decided in `models::health`, by the day that it is as of.

mod care;
mod models;
mod reader;
mod row;
mod scoring;

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use hashbrown::HashMap;
use millrace_lake::{Lake, PublishedSet, Table};
use millrace_models::config::Company;
use millrace_models::health::scorecard::{Rating, Scorecard, Status};
use millrace_models::health::{
    Backtest, BacktestError, Card, History, Model, Outlook, ScorecardRules, Standing, Target,
    ValueTier, backtest as measured,
};
use serde::Serialize;

pub use care::{Followed, follow, scores_version};
pub use models::{KeptModels, ScoringModel, kept as kept_models, kept_in as kept_models_in};
pub use scoring::{Again, Scored, score};

/// The days ahead that the probability in a ranking is about.
pub const HORIZON_DAYS: i32 = 91;
/// What changed is told against as many days before.
const BEFORE_DAYS: u64 = 30;
const YEAR: i32 = 365;
/// Accounts that a preview names.
const MOVED_SHOWN: usize = 50;
/// The marts that scores are made of.
const SOURCES: &[&str] = &[
    "marts/orders",
    "marts/accounts",
    "marts/payment_performance",
    "marts/ticket_service",
    "marts/quote_outcomes",
    "marts/activity",
    "marts/deliveries",
    "marts/contracts",
];

/// What all accounts bought, as published.
#[derive(Debug, Clone)]
pub struct OrderHistory {
    /// By account, in the order of `accounts`.
    history: History,
    accounts: Vec<AccountName>,
    /// The segment of each account.
    segments: Vec<Option<String>>,
    /// By which they are scored.
    rules: ScorecardRules,
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
    /// Of buying less than half of what it bought in the same days a year before; `None` where it bought
    /// nothing then, or the history is too short.
    pub shrink_probability: Option<f64>,
    /// That a contract which runs out in these days is not renewed; `None` where none does, or the history
    /// is too short.
    pub non_renewal_probability: Option<f64>,
    /// Net amount of the last 365 days, in the company's currency.
    pub amount_12_months: f64,
    /// That amount x the probability that no order comes.
    pub amount_at_risk: f64,
    /// How much of the business is done with it, by that amount.
    pub value_tier: ValueTier,
    /// What is past its due day and not received.
    pub overdue_amount: f64,
    /// The day of the last order.
    pub last_order_on: NaiveDate,
    /// Days with an order.
    pub orders: usize,
}

/// Who would stand otherwise by other rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Preview {
    /// The last day that is seen.
    pub as_of: NaiveDate,
    /// How many accounts have each status now.
    pub before: BTreeMap<&'static str, usize>,
    /// How many would have it.
    pub after: BTreeMap<&'static str, usize>,
    /// How many would have another.
    pub count: usize,
    /// Those of them whose score would move most, at most 50.
    pub moved: Vec<MovedAccount>,
}

/// An account that would have another status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MovedAccount {
    /// Which account.
    #[serde(flatten)]
    pub account: AccountName,
    /// Its status now.
    pub before: Status,
    /// The one that it would have.
    pub after: Status,
    /// Its score now.
    pub score_before: f64,
    /// The one that it would have.
    pub score_after: f64,
}

/// A backtest and what it was made for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    /// The last day that the scores see.
    pub cutoff: NaiveDate,
    /// The days after it that they are judged by.
    pub horizon_days: i32,
    /// What was found.
    #[serde(flatten)]
    pub found: Backtest,
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
    /// What the probabilities were learned from.
    pub models: Vec<ScoringModel>,
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
    /// What the probabilities were learned from.
    pub models: Vec<ScoringModel>,
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
        match lake.latest_set().await? {
            Some(set) => Self::read_set(lake, company, &set).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads a published set.
    async fn read_set(lake: &Lake, company: &Company, set: &PublishedSet) -> anyhow::Result<Self> {
        let mut tables: Vec<Table> = Vec::new();
        for name in SOURCES {
            let version = set.versions.get(*name).copied().unwrap_or(0);
            tables.push(lake.table_at(name, version).await?);
        }
        let (zone, set) = (company.zone, set.id);
        let read = move || -> anyhow::Result<Self> {
            let [
                orders,
                accounts,
                payments,
                tickets,
                quotes,
                activity,
                deliveries,
                contracts,
            ] = tables
                .try_into()
                .map_err(|_| anyhow::anyhow!("a mart is missing"))?;
            let (history, ids) = reader::orders(&orders, zone)?;
            let (labels, mut segments_of) = reader::labels(&accounts)?;
            let places = ids.iter().cloned().zip(0..).collect();
            let tables = reader::EvidenceTables {
                payments,
                tickets,
                quotes,
                activity,
                deliveries,
                contracts,
                orders,
            };
            let history = history.with_evidence(reader::evidence(&tables, &places, zone)?);
            let segments = ids.iter().map(|id| segments_of.remove(id)).collect();
            let accounts = ids.into_iter().map(|account_id| AccountName {
                label: labels.get(&account_id).unwrap_or(&account_id).clone(),
                account_id,
            });
            Ok(Self {
                history,
                accounts: accounts.collect(),
                segments,
                rules: ScorecardRules::default(),
                set,
            })
        };
        tokio::task::spawn_blocking(read)
            .await
            .context("reading the orders stopped")?
    }

    /// The same, scored by other rules than those that are shipped.
    #[must_use]
    pub fn by(mut self, rules: ScorecardRules) -> Self {
        self.rules = rules;
        self
    }

    /// By which rules it is scored.
    pub fn rules(&self) -> &ScorecardRules {
        &self.rules
    }

    fn card(&self) -> Card<'_> {
        Card {
            rules: &self.rules,
            segments: &self.segments,
        }
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
            self.card(),
        )
    }

    /// Backtests of as many cutoffs, a horizon apart, the last horizon ended by `today`; those before
    /// there is anybody to score are left out.
    ///
    /// # Errors
    ///
    /// When the horizon is no length of time.
    pub fn proofs(
        &self,
        cutoffs: u32,
        horizon_days: i32,
        today: NaiveDate,
    ) -> Result<Vec<Proof>, BacktestError> {
        let mut proofs = Vec::new();
        for back in 1..=cutoffs {
            let days = u64::from(back) * u64::try_from(horizon_days).unwrap_or(0);
            let Some(cutoff) = today.checked_sub_days(Days::new(days)) else {
                break;
            };
            match self.backtest(cutoff, horizon_days, today) {
                Ok(found) => proofs.push(Proof {
                    cutoff,
                    horizon_days,
                    found,
                }),
                Err(BacktestError::NobodyOrdered) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(proofs)
    }

    /// All accounts with an order by the end of `as_of`, as they stood then.
    pub fn rank(&self, as_of: NaiveDate) -> HealthRanking {
        let day = day_number(as_of);
        let seen = self.history.until(day);
        let standings = seen.standings(day);
        let outlook = Outlook::of(&seen, day, HORIZON_DAYS, self.rules.years());
        let card = Scorecard::new(&seen, &standings, self.card());
        let amounts: Vec<f64> = standings.iter().map(of_year).collect();
        let tiers = ValueTier::of_amounts(&amounts);
        let places = (0..standings.len()).zip(&standings).zip(tiers);
        let mut accounts: Vec<AccountHealth> = places
            .map(|((place, own), tier)| self.health(own, &card, (&outlook, place), tier))
            .collect();
        accounts.sort_by(|left, right| right.amount_at_risk.total_cmp(&left.amount_at_risk));
        HealthRanking {
            as_of,
            horizon_days: HORIZON_DAYS,
            model: outlook.version(Target::Order).kind,
            models: outlook.versions.iter().map(ScoringModel::from).collect(),
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
            models: ranking.models,
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
        let card = Scorecard::new(&seen, &standings, self.card());
        let index = self.accounts.iter().position(|own| own == account)?;
        Some(card.rate(&seen.standing(index, day)?))
    }

    /// Who would stand otherwise by other rules at the end of a day.
    pub fn preview(&self, rules: &ScorecardRules, on: NaiveDate) -> Preview {
        let day = day_number(on);
        let seen = self.history.until(day);
        let standings = seen.standings(day);
        let other = Card {
            rules,
            ..self.card()
        };
        let [now, then] = [self.card(), other].map(|card| Scorecard::new(&seen, &standings, card));
        let mut preview = Preview {
            as_of: on,
            ..Preview::default()
        };
        for standing in &standings {
            let [before, after] = [now, then].map(|card| card.rate(standing));
            *preview.before.entry(before.status.name()).or_default() += 1;
            *preview.after.entry(after.status.name()).or_default() += 1;
            if before.status != after.status {
                preview.moved.push(MovedAccount {
                    account: self.accounts[standing.account].clone(),
                    before: before.status,
                    after: after.status,
                    score_before: before.score,
                    score_after: after.score,
                });
            }
        }
        let by = |own: &MovedAccount| (own.score_after - own.score_before).abs();
        preview
            .moved
            .sort_by(|left, right| by(right).total_cmp(&by(left)));
        preview.count = preview.moved.len();
        preview.moved.truncate(MOVED_SHOWN);
        preview
    }

    /// The scores at the end of a day alone, by the ids of the accounts.
    fn scores(&self, on: NaiveDate) -> HashMap<&str, f64> {
        let day = day_number(on);
        let seen = self.history.until(day);
        let standings = seen.standings(day);
        let card = Scorecard::new(&seen, &standings, self.card());
        let scores = standings.iter().map(|standing| {
            let account = &self.accounts[standing.account];
            (&*account.account_id, card.rate(standing).score)
        });
        scores.collect()
    }

    /// The day of the first order.
    fn first_day(&self) -> Option<NaiveDate> {
        self.history.first_day().map(date)
    }

    fn health(
        &self,
        standing: &Standing<'_>,
        card: &Scorecard<'_>,
        (outlook, place): (&Outlook, usize),
        value_tier: ValueTier,
    ) -> AccountHealth {
        let amount = of_year(standing);
        let probability = outlook.orders.probabilities[place];
        AccountHealth {
            account: self.accounts[standing.account].clone(),
            rating: card.rate(standing),
            repurchase_probability: probability,
            shrink_probability: outlook.shrink[place],
            non_renewal_probability: outlook.non_renewal[place],
            amount_12_months: amount,
            amount_at_risk: amount.max(0.0) * (1.0 - probability),
            value_tier,
            overdue_amount: standing.overdue_amount(),
            last_order_on: date(standing.last),
            orders: standing.purchases.len(),
        }
    }
}

/// Net amount of the last 365 days.
fn of_year(standing: &Standing<'_>) -> f64 {
    standing.amount_between(0, YEAR)
}

/// Days since 1970-01-01.
fn day_number(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}
