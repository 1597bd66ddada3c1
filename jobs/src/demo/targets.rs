//! What the firm means to reach: as each year begins, the director sets targets of the company, its
//! teams and its reps, from what is planned of their business and a little more.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use millrace_models::metric::Registry;
use millrace_models::period::Grain;
use millrace_models::target::{TargetPeriod, Whom};
use millrace_operations::service::target::{Item, Names, take};
use millrace_operations::{OperationsError, Result, Unit};

use super::catalog::TEAMS;
use super::days::season;
use super::deals::End;
use super::firm::Firm;
use super::people::DIRECTOR;
use super::random::{Dice, rounded};

/// What is asked for beyond what comes by itself.
const STRETCH: f64 = 1.06;
/// What this year is to bring against the one before.
const GROWTH: f64 = 1.08;
/// Orders against deals won: regular customers order without one.
const ORDERS: f64 = 1.3;
/// The company's target against those of its teams, which together ask for more.
const OF_TEAMS: f64 = 0.95;
/// Targets of reps are in five thousands of yuan, in fen; those of the company in a hundred thousand.
const STEP: i64 = 500_000;
const COMPANY_STEP: i64 = 10_000_000;
/// When the first work of a day is done, in minutes of it.
const NINE: i64 = 9 * 60;
/// More deals are to be won than are, in basis points.
const WIN_RATE_MORE: f64 = 200.0;

/// Won and lost deals, and what was won.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    amount: f64,
    won: f64,
    lost: f64,
}

impl Record {
    /// A win rate to aim at, in basis points.
    fn rate(self) -> i64 {
        let decided = self.won + self.lost;
        let rate = if decided > 0.0 {
            self.won / decided
        } else {
            0.4
        };
        let aimed = (rate * 10_000.0 + WIN_RATE_MORE).clamp(1_500.0, 8_500.0);
        rounded(aimed / 100.0) * 100
    }

    fn plus(self, other: Self) -> Self {
        Self {
            amount: self.amount + other.amount,
            won: self.won + other.won,
            lost: self.lost + other.lost,
        }
    }
}

/// What somebody is to reach.
struct Aim {
    whom: Whom,
    /// What is to be won in each month, in fen.
    months: [i64; 12],
    record: Record,
}

fn together<'a>(whom: Whom, parts: impl IntoIterator<Item = &'a Aim>) -> Aim {
    let mut whole = Aim {
        whom,
        months: [0; 12],
        record: Record::default(),
    };
    for part in parts {
        for (sum, own) in whole.months.iter_mut().zip(part.months) {
            *sum += own;
        }
        whole.record = whole.record.plus(part.record);
    }
    whole
}

fn in_steps(amount: f64, step: i64) -> i64 {
    rounded(amount / step as f64).max(1) * step
}

impl Firm {
    /// Sets the targets of the year of a day once, if the demo shows them: of the last year and this
    /// one.
    pub(super) async fn set_targets(&mut self, unit: &Unit, day: NaiveDate) -> Result<()> {
        let year = day.year();
        if year < self.span.end.year() - 1 || self.targets_of == Some(year) {
            return Ok(());
        }
        self.targets_of = Some(year);
        let director = self.person(DIRECTOR)?;
        let at = self.morning(day, NINE);
        let unit = unit.acting(director.actor(), at);
        let items = self.items(&unit, year).await?;
        let plan = take(&unit, Some(&director), &items).await?;
        match plan.refused.first() {
            None => Ok(()),
            Some((_, reason)) => Err(OperationsError::field("target", reason.clone())),
        }
    }

    async fn items(&self, unit: &Unit, year: i32) -> Result<Vec<Item>> {
        let names = Names::read(unit).await?;
        let reps = self.aims_of_reps(year);
        let teams: Vec<Aim> = TEAMS
            .iter()
            .zip(&self.team_ids)
            .enumerate()
            .map(|(team, (_, id))| {
                let own = reps.iter().filter(|(of, _)| *of == team);
                together(Whom::Team(*id), own.map(|(_, aim)| aim))
            })
            .collect();
        let mut above = Vec::new();
        if let Some(east) = names.team("华东大区") {
            let own = teams
                .iter()
                .zip(&TEAMS)
                .filter(|(_, team)| team.lead.is_some());
            above.push(together(Whom::Team(east), own.map(|(aim, _)| aim)));
        }
        if let Some(sales) = names.team("销售中心") {
            above.push(together(Whom::Team(sales), &teams));
        }
        let mut company = together(Whom::Company, &teams);
        for month in &mut company.months {
            *month = in_steps(*month as f64 * OF_TEAMS, COMPANY_STEP);
        }
        let mut items = Vec::new();
        for aim in [&company].into_iter().chain(&above).chain(&teams) {
            items.extend(Self::won(year, aim));
            items.extend(Self::ordered(year, aim));
            items.extend(Self::rate(year, aim));
        }
        for (_, aim) in &reps {
            // who joins later has none before the next year
            if matches!(aim.whom, Whom::Person(0)) {
                continue;
            }
            items.extend(Self::won(year, aim));
        }
        Ok(items)
    }

    /// What each rep is to win, with the place of their team: by what their customers bring over the
    /// whole demo, spread as the business of a year is.
    fn aims_of_reps(&self, year: i32) -> Vec<(usize, Aim)> {
        let span = &self.span;
        let mut records: BTreeMap<usize, Record> = BTreeMap::new();
        for deal in &self.deals {
            if deal.ended < span.open || !span.seen(deal.ended) {
                continue;
            }
            let rep = self.accounts[deal.account].owner(deal.ended);
            let record = records.entry(rep).or_default();
            match deal.end {
                End::Won => {
                    record.won += 1.0;
                    record.amount += deal.amount as f64;
                }
                End::Lost => record.lost += 1.0,
                _ => {}
            }
        }
        let of_year = 365.0 / span.length().max(30.0);
        let growth = if year < span.end.year() { 1.0 } else { GROWTH };
        let middle = |month| NaiveDate::from_ymd_opt(year, month, 15).unwrap_or(span.end);
        let shares = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(|month| season(middle(month)));
        let whole: f64 = shares.iter().sum();
        let reps = self.reps.iter().enumerate();
        reps.map(|(place, rep)| {
            let mut dice = Dice::of(self.seed, "targets", place);
            let record = records.get(&place).copied().unwrap_or_default();
            let demand = dice.between(0.92, 1.12) * STRETCH * growth;
            let amount = record.amount * of_year * demand;
            let person = self
                .people
                .get(rep.name.0)
                .map_or(0, |caller| caller.user_id);
            let aim = Aim {
                whom: Whom::Person(person),
                months: shares.map(|share| in_steps(amount * share / whole, STEP)),
                record,
            };
            (rep.team, aim)
        })
        .collect()
    }

    fn won(year: i32, aim: &Aim) -> Vec<Item> {
        months(year)
            .zip(aim.months)
            .filter_map(|(period, parts)| item("won_amount", period, aim.whom, parts))
            .collect()
    }

    fn ordered(year: i32, aim: &Aim) -> Vec<Item> {
        months(year)
            .zip(aim.months)
            .filter_map(|(period, parts)| {
                let parts = in_steps(parts as f64 * ORDERS, STEP);
                item("order_amount", period, aim.whom, parts)
            })
            .collect()
    }

    /// The same rate for every month, quarter and the year: rates do not add up.
    fn rate(year: i32, aim: &Aim) -> Vec<Item> {
        let parts = aim.record.rate();
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        let year_of = TargetPeriod::around(Grain::Year, first);
        let quarters = year_of.map(TargetPeriod::parts).unwrap_or_default();
        let periods = months(year).chain(quarters).chain(year_of);
        periods
            .filter_map(|period| item("win_rate", period, aim.whom, parts))
            .collect()
    }
}

fn months(year: i32) -> impl Iterator<Item = TargetPeriod> {
    (1..=12).filter_map(move |month| {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        TargetPeriod::around(Grain::Month, first)
    })
}

fn item(metric: &str, period: TargetPeriod, whom: Whom, parts: i64) -> Option<Item> {
    Some(Item {
        metric: Registry::shipped().ok()?.metric(metric)?,
        period,
        whom,
        parts,
    })
}
