//! What follows from scores in the daily work: large accounts get a success manager, and who looks
//! after an account is told when its score falls.
//!
//! It goes by the scores of the newest published set. What was done is known to operations, which does
//! nothing twice; so it may be run again at any time, after a kill too.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use hashbrown::{HashMap, HashSet};
use millrace_lake::{Lake, Table, TableFile};
use millrace_models::health::fall::{DayScore, Fall, Lost};
use millrace_models::health::{Factor, Held, NoticeRules, Status, ValueTier};
use millrace_models::identity::SYSTEM;
use millrace_models::marts;
use millrace_operations::Store;
use millrace_operations::service::fall::{Fallen, Told, tell, told};
use millrace_operations::service::{scorecard, success};

use super::row::Row;
use super::scoring::{day_of, days};
use crate::facts::table_name;

/// What was done after a scoring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Accounts that got a success manager, or another.
    pub given: usize,
    /// Notices of falls.
    pub told: usize,
    /// Falls that wait for the next week.
    pub waiting: usize,
}

/// The version of the scores in the newest set: what was followed once need not be again.
///
/// # Errors
///
/// When the lake cannot be read.
pub async fn scores_version(lake: &Lake) -> anyhow::Result<Option<i64>> {
    let set = lake.latest_set().await?;
    let version = set.and_then(|set| set.versions.get(&table_name(marts::KEPT[0])).copied());
    Ok(version)
}

/// Does what follows from the scores of the newest set.
///
/// # Errors
///
/// When the lake or the database cannot be read or written.
pub async fn follow(lake: &Lake, store: &Store) -> anyhow::Result<Followed> {
    let Some(set) = lake.latest_set().await? else {
        return Ok(Followed::default());
    };
    let [scores, factors] = [marts::KEPT[0], marts::KEPT[1]].map(table_name);
    let (Some(of_scores), Some(of_factors)) = (
        set.versions.get(&scores).copied(),
        set.versions.get(&factors).copied(),
    ) else {
        return Ok(Followed::default());
    };
    let scores = lake.table_at(&scores, of_scores).await?;
    let factors = lake.table_at(&factors, of_factors).await?;
    let Some(last) = days(&scores).max() else {
        return Ok(Followed::default());
    };
    let rules = scorecard::rules(store.reader()).await?.notices;
    let read = {
        let (scores, rules) = (scores.clone(), rules.clone());
        move || Fares::read(&scores, last, &rules)
    };
    let fares = tokio::task::spawn_blocking(read).await??;
    let given = success::assign_missing(store, &fares.large).await?;
    let known = told(store.reader(), &rules, store.now()).await?;
    let find = {
        let rules = rules.clone();
        move || fares.fallen(&scores, &factors, &rules, &known)
    };
    let fallen = tokio::task::spawn_blocking(find).await??;
    let notified = tell(store, &fallen, &rules).await?;
    Ok(Followed {
        given: given.len(),
        told: notified.made.len(),
        waiting: notified.waiting,
    })
}

/// How an account fares on the last scored day.
struct Fare {
    score: f64,
    amount_at_risk: f64,
    held_by: Option<Held>,
}

/// How all fare on the last scored day.
struct Fares {
    last: NaiveDate,
    /// The numbers of those of tier A.
    large: Vec<String>,
    /// Those that somebody would be told of, by their ids in the lake.
    watched: HashMap<String, Fare>,
}

impl Fares {
    fn read(scores: &Table, last: NaiveDate, rules: &NoticeRules) -> anyhow::Result<Self> {
        let mut fares = Self {
            last,
            large: Vec::new(),
            watched: HashMap::new(),
        };
        let columns = [
            "account_id",
            "score",
            "status",
            "value_tier",
            "held_by",
            "amount_at_risk",
        ];
        of_day(scores, last, &columns, |row| {
            let (Some(id), Some(score)) = (row.text("account_id"), row.number("score")) else {
                return;
            };
            let tier = row.text("value_tier").and_then(ValueTier::named);
            if tier == Some(ValueTier::A) {
                fares.large.push(number_of(id).to_owned());
            }
            if tier.is_some_and(|tier| rules.tiers.contains(&tier)) && is_rated(row) {
                let fare = Fare {
                    score,
                    amount_at_risk: row.amount("amount_at_risk").unwrap_or(0.0),
                    held_by: row.text("held_by").and_then(Held::named),
                };
                fares.watched.insert(id.to_owned(), fare);
            }
        })?;
        Ok(fares)
    }

    /// Those whose scores fell, and by what.
    fn fallen(
        &self,
        scores: &Table,
        factors: &Table,
        rules: &NoticeRules,
        told: &BTreeMap<String, Told>,
    ) -> anyhow::Result<Vec<Fallen>> {
        let (histories, held) = self.histories(scores, rules)?;
        let mut fallen = Vec::new();
        for (id, history) in histories {
            let last = told.get(number_of(&id));
            let fall = Fall::to_tell(rules, &history, last.map(|told| told.fall));
            let (Some(fall), Some(fare)) = (fall, self.watched.get(&id)) else {
                continue;
            };
            let before = held.get(&(id.clone(), fall.from.day)).copied();
            let fallen_account = Fallen {
                account: number_of(&id).to_owned(),
                fall,
                lost: Lost {
                    factors: Vec::new(),
                    held_by: fare.held_by.filter(|own| before != Some(*own)),
                },
                amount_at_risk: fare.amount_at_risk,
                after: last.map(|told| told.todo_id),
            };
            fallen.push((id, fallen_account));
        }
        fallen.sort_by(|left, right| left.0.cmp(&right.0));
        self.explain(factors, &mut fallen)?;
        Ok(fallen.into_iter().map(|(_, own)| own).collect())
    }

    /// The rated scores of the days that count of those that stood so much higher on one of them, and
    /// what held them down.
    #[expect(
        clippy::type_complexity,
        reason = "two maps that are filled in one pass"
    )]
    fn histories(
        &self,
        scores: &Table,
        rules: &NoticeRules,
    ) -> anyhow::Result<(
        HashMap<String, Vec<DayScore>>,
        HashMap<(String, NaiveDate), Held>,
    )> {
        let mut seen: Vec<NaiveDate> = days(scores)
            .filter(|day| (0..=i64::from(rules.days)).contains(&(self.last - *day).num_days()))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        let mut lower = HashSet::new();
        for day in &seen {
            of_day(scores, *day, &["account_id", "score"], |row| {
                let (Some(id), Some(score)) = (row.text("account_id"), row.number("score")) else {
                    return;
                };
                let fare = self.watched.get(id);
                if fare.is_some_and(|now| score - now.score >= rules.points) {
                    lower.insert(id.to_owned());
                }
            })?;
        }
        let (mut histories, mut held) = (HashMap::new(), HashMap::new());
        if lower.is_empty() {
            return Ok((histories, held));
        }
        for day in seen {
            of_day(
                scores,
                day,
                &["account_id", "score", "status", "held_by"],
                |row| {
                    let (Some(id), Some(score)) = (row.text("account_id"), row.number("score"))
                    else {
                        return;
                    };
                    if !lower.contains(id) || !is_rated(row) {
                        return;
                    }
                    let history: &mut Vec<DayScore> = histories.entry(id.to_owned()).or_default();
                    history.push(DayScore { day, score });
                    if let Some(by) = row.text("held_by").and_then(Held::named) {
                        held.insert((id.to_owned(), day), by);
                    }
                },
            )?;
        }
        Ok((histories, held))
    }

    /// Says which factors the falls are made of.
    fn explain(&self, factors: &Table, fallen: &mut [(String, Fallen)]) -> anyhow::Result<()> {
        let mut wanted: BTreeMap<NaiveDate, HashMap<String, usize>> = BTreeMap::new();
        for (place, (id, own)) in fallen.iter().enumerate() {
            for day in [own.fall.from.day, self.last] {
                wanted.entry(day).or_default().insert(id.clone(), place);
            }
        }
        for (day, places) in wanted {
            let sign = if day == self.last { -1.0 } else { 1.0 };
            of_day(factors, day, &["account_id", "factor", "points"], |row| {
                let place = row.text("account_id").and_then(|id| places.get(id));
                let factor = row.text("factor").and_then(Factor::named);
                let points = row.number("points");
                if let (Some(place), Some(factor), Some(points)) = (place, factor, points) {
                    let lost = &mut fallen[*place].1.lost.factors;
                    match lost.iter_mut().find(|(own, _)| *own == factor) {
                        Some((_, own)) => *own += sign * points,
                        None => lost.push((factor, sign * points)),
                    }
                }
            })?;
        }
        Ok(())
    }
}

/// What an account is called in operations: in the lake the system stands in front of it where another
/// has the same id.
fn number_of(id: &str) -> &str {
    let own = id.strip_prefix(SYSTEM).and_then(|id| id.strip_prefix(':'));
    own.unwrap_or(id)
}

fn is_rated(row: &Row<'_>) -> bool {
    let status = row.text("status").and_then(Status::named);
    status.is_some_and(|status| status != Status::Unrated)
}

fn of_day(
    table: &Table,
    day: NaiveDate,
    columns: &[&str],
    mut take: impl FnMut(&Row<'_>),
) -> anyhow::Result<()> {
    let files = table.files().iter();
    let files: Vec<TableFile> = files
        .filter(|own| day_of(own) == Some(day))
        .cloned()
        .collect();
    for batch in &super::reader::batches(&files, columns)? {
        Row::all(batch).for_each(|row| take(&row));
    }
    Ok(())
}
