//! Scores that are kept: how every account stood at the end of a day.
//!
//! A day is scored once it is over, and what was told of it stays: a status is followed by people, and
//! a record that comes in later changes the scores of later days. So the tables of scores are not made
//! anew with the other marts; a run takes them over, and the days lie in partitions of their own. A day
//! is scored again only while it is the last one and its records have changed much, or when that is
//! asked for. The first time, the ends of twelve months are scored as well, so that there is something
//! to compare with.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use hashbrown::HashMap;
use millrace_lake::{Lake, Made, PublishedSet, Table, TableFile};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::health::value::{Before, settled};
use millrace_models::health::{Held, ScorecardRules, Status};
use millrace_models::marts;

use super::{AccountHealth, BEFORE_DAYS, HORIZON_DAYS, OrderHistory, SOURCES};
use crate::columns::{Columns, amounts, numbers, texts, times, wholes};
use crate::facts::{Mart, table_name};
use crate::run::{MartReport, RunOptions, commit};

/// So many ends of months are scored the first time.
const MONTHS: u32 = 12;
/// Records that ended longer ago go on no more.
const RESTS_DAYS: i64 = 31;
/// Days that stay; of earlier ones the ends of months.
const KEPT_DAYS: u64 = 62;
/// The last day is scored again by itself when its orders are more by this part.
const GROWN: u64 = 10;
/// What a table of scores says it was made of: rows of `orders`.
const ORDERS: &str = "orders";
/// And by which rules, as a number.
const RULES: &str = "rules";

/// When a day that was scored is scored again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The last one, when there are many more orders, or other rules.
    Grown,
    /// The last one, when any of the marts that it was made of is another.
    Changed,
    /// All.
    Always,
}

/// What was scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    /// The days, in their order.
    pub days: Vec<NaiveDate>,
    /// Number of the published set.
    pub set: i64,
    /// The tables of scores.
    pub marts: Vec<MartReport>,
}

/// Scores what is to be scored, by the newest published set, and publishes it with the scores;
/// `None` where nothing is. The last day is the one before the options' time.
///
/// # Errors
///
/// When the lake cannot be read or written, another set was published meanwhile, or the gate is shut.
pub async fn score(
    lake: &Lake,
    options: &RunOptions,
    rules: &ScorecardRules,
    again: Again,
) -> anyhow::Result<Option<Scored>> {
    let Some(set) = lake.latest_set().await? else {
        return Ok(None);
    };
    let mut heads = BTreeMap::new();
    let mut told = BTreeMap::new();
    for mart in marts::KEPT {
        let name = table_name(mart);
        let head = lake.table(&name).await?;
        if let Some(version) = set.versions.get(&name) {
            told.insert(name.clone(), lake.table_at(&name, *version).await?);
        }
        heads.insert(name, head);
    }
    let scores = told.get(&table_name(marts::KEPT[0]));
    let mut made_of = BTreeMap::new();
    for name in SOURCES {
        let version = set.versions.get(*name).copied().unwrap_or(0);
        made_of.insert((*name).to_owned(), u64::try_from(version)?);
    }
    let orders = set.versions.get("marts/orders").copied().unwrap_or(0);
    let orders = lake.table_at("marts/orders", orders).await?.rows();
    made_of.insert(ORDERS.to_owned(), orders);
    made_of.insert(RULES.to_owned(), rules.fingerprint());
    let company = &options.company;
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let today = calendar.date_of(options.as_of.unwrap_or(options.now));
    let last = today.pred_opt().context("there is no day before")?;
    let done: BTreeSet<NaiveDate> = scores.into_iter().flat_map(days).collect();
    let is_due = match (scores.filter(|_| done.contains(&last)), again) {
        (None, _) | (_, Again::Always) => true,
        (Some(scores), Again::Changed) => made_of.iter().any(|(name, now)| {
            let before = scores.transaction(name);
            before.and_then(|before| u64::try_from(before).ok()) != Some(*now)
        }),
        (Some(scores), Again::Grown) => {
            let before = |name| {
                scores
                    .transaction(name)
                    .and_then(|own| u64::try_from(own).ok())
            };
            let many = before(ORDERS).unwrap_or(0);
            orders > many + many / GROWN || before(RULES) != Some(rules.fingerprint())
        }
    };
    if !is_due || orders == 0 {
        return Ok(None);
    }
    options.progress.step("account_health");
    let history = OrderHistory::read_set(lake, company, &set).await?;
    let history = history.by(rules.clone());
    let wanted = match again {
        _ if done.is_empty() => first_days(last, &history, &calendar, set.last_event_at),
        Again::Always => done.iter().copied().chain([last]).collect(),
        Again::Grown | Again::Changed => BTreeSet::from([last]),
    };
    let (own_lake, own_told) = (lake.clone(), told.clone());
    let work = move || {
        let written = write(&own_lake, &history, &wanted, &own_told, &calendar)?;
        anyhow::Ok((written, wanted))
    };
    let (written, wanted) = tokio::task::spawn_blocking(work)
        .await
        .context("scoring stopped")??;
    options.progress.step("committing");
    let mut versions = set.versions.clone();
    let mut reports = Vec::new();
    for mart in written {
        options.gate.pass(&mart.table).await?;
        let head = heads.get(&mart.table).context("no table of scores")?;
        let (name, report) = commit(lake, head, mart, &made_of).await?;
        versions.insert(name, report.version);
        reports.push(report);
    }
    options.gate.pass("published").await?;
    let base = set.id;
    let set = PublishedSet {
        versions,
        fence: options.fence,
        made: Made {
            rows: reports.iter().map(|mart| mart.written).sum(),
            ..Made::default()
        },
        ..set
    };
    let set = lake.publish_after(set, Some(base)).await?;
    Ok(Some(Scored {
        days: wanted.into_iter().collect(),
        set,
        marts: reports,
    }))
}

/// The days that a table has scores of.
pub(super) fn days(table: &Table) -> impl Iterator<Item = NaiveDate> + '_ {
    let files = table.files().iter();
    files.filter_map(day_of)
}

pub(super) fn day_of(file: &TableFile) -> Option<NaiveDate> {
    file.partition.as_deref()?.parse().ok()
}

/// The last day and the ends of the months before it; where the records ended earlier, those of the
/// year before their end as well.
fn first_days(
    last: NaiveDate,
    history: &OrderHistory,
    calendar: &WorkingCalendar,
    last_event_at: Option<DateTime<Utc>>,
) -> BTreeSet<NaiveDate> {
    let ended = last_event_at.map_or(last, |at| calendar.date_of(at));
    let is_over = (last - ended).num_days() > RESTS_DAYS;
    let ends = std::iter::once(last).chain(is_over.then_some(ended));
    let mut days: BTreeSet<NaiveDate> = ends.clone().collect();
    for end in ends {
        let first_of_month = end.with_day(1).unwrap_or(end);
        let ends = (0..MONTHS).filter_map(|back| {
            let month = first_of_month.checked_sub_months(Months::new(back))?;
            month.pred_opt()
        });
        days.extend(ends);
    }
    let first = history.first_day();
    days.retain(|day| first.is_some_and(|first| first <= *day));
    days.insert(last);
    // what changed in the last 30 days is told from the beginning
    let before = last.checked_sub_days(Days::new(BEFORE_DAYS));
    days.extend(before.filter(|day| first.is_some_and(|first| first <= *day)));
    days
}

fn is_kept(day: NaiveDate, newest: NaiveDate) -> bool {
    let is_end_of_month = day.succ_opt().is_some_and(|next| next.day() == 1);
    is_end_of_month || newest.signed_duration_since(day).num_days().unsigned_abs() <= KEPT_DAYS
}

/// What holds of an account since a day.
#[derive(Debug, Clone, Copy)]
struct Holding {
    before: Before,
    since_us: i64,
}

/// Writes the scores of days, beside those of the others that stay.
fn write(
    lake: &Lake,
    history: &OrderHistory,
    days: &BTreeSet<NaiveDate>,
    told: &BTreeMap<String, Table>,
    calendar: &WorkingCalendar,
) -> anyhow::Result<Vec<Mart>> {
    let scores = marts::KEPT[0];
    let mut writers = Vec::new();
    for mart in marts::KEPT.iter().copied() {
        let schema = marts::schema(mart).with_context(|| format!("no mart {mart}"))?;
        let writer = lake.writer(&table_name(mart), schema.clone(), marts::partition(mart));
        writers.push((mart, schema, writer));
    }
    let scores = told.get(&table_name(scores));
    let mut holding: HashMap<String, Holding> = HashMap::new();
    let mut holding_of = None;
    for day in days {
        let earlier = scores.into_iter().flat_map(self::days);
        let earlier = earlier.filter(|own| own < day && !days.contains(own)).max();
        if let Some(earlier) = earlier
            && holding_of.is_none_or(|own| own < earlier)
        {
            holding = scores.map_or_else(|| Ok(HashMap::new()), |own| holdings(own, earlier))?;
        }
        let after = day.succ_opt().unwrap_or(*day);
        let moments = Moments {
            as_of_us: calendar.start_of_day_us(after) - 1,
            calendar,
            rules: &history.rules,
        };
        let before = day.checked_sub_days(Days::new(BEFORE_DAYS)).unwrap_or(*day);
        let ranking = history.rank(*day);
        let mut accounts = ranking.accounts;
        accounts.sort_by(|left, right| left.account.account_id.cmp(&right.account.account_id));
        let earlier_scores = history.scores(before);
        holding = accounts
            .iter()
            .map(|own| {
                let held = holding.get(&own.account.account_id);
                (
                    own.account.account_id.clone(),
                    held_now(own, held, &moments),
                )
            })
            .collect();
        holding_of = Some(*day);
        let partition = day.to_string();
        for (mart, schema, writer) in &mut writers {
            let batch = if *mart == marts::KEPT[0] {
                let columns = Columns::new(schema.clone(), accounts.len());
                scores_of(columns, &accounts, &holding, &earlier_scores, &moments)?
            } else if *mart == marts::KEPT[2] {
                let columns = Columns::new(schema.clone(), ranking.models.len());
                super::models::rows(columns, &ranking.models, moments.as_of_us)?
            } else {
                let rows = accounts.iter().map(|own| own.rating.factors.len()).sum();
                factors_of(
                    Columns::new(schema.clone(), rows),
                    &accounts,
                    rows,
                    &moments,
                )?
            };
            writer.write(&batch, Some(&partition))?;
        }
    }
    let newest = days.last().copied().unwrap_or_default();
    let finished = writers.into_iter().map(|(mart, schema, writer)| {
        let table = table_name(mart);
        let kept = told
            .get(&table)
            .map_or(&[][..], |table| table.files())
            .iter();
        let kept = kept.filter(|file| {
            day_of(file).is_some_and(|day| !days.contains(&day) && is_kept(day, newest))
        });
        Ok(Mart {
            kept: kept.cloned().collect(),
            table,
            schema,
            files: writer.finish()?,
        })
    });
    finished.collect()
}

/// When a day ended, and by which rules it is scored.
struct Moments<'a> {
    as_of_us: i64,
    calendar: &'a WorkingCalendar,
    rules: &'a ScorecardRules,
}

fn held_now(own: &AccountHealth, held: Option<&Holding>, moments: &Moments<'_>) -> Holding {
    let status = own.rating.status;
    let before = held.map(|held| held.before);
    let now = settled(
        moments.rules,
        own.rating.score,
        status,
        own.rating.held_by,
        before,
    );
    let same = held.filter(|held| held.before.settled == now);
    Holding {
        before: Before {
            status,
            settled: now,
        },
        since_us: same.map_or(moments.as_of_us, |held| held.since_us),
    }
}

fn scores_of(
    mut columns: Columns,
    accounts: &[AccountHealth],
    holding: &HashMap<String, Holding>,
    before: &HashMap<&str, f64>,
    moments: &Moments<'_>,
) -> anyhow::Result<RecordBatch> {
    let own = || accounts.iter();
    let held = |own: &AccountHealth| holding.get(&own.account.account_id);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "amounts of accounts are far below 2^127"
    )]
    let hundredths = |amount: f64| Some((amount * 100.0).round() as i128);
    columns.set(
        "account_id",
        texts(own().map(|own| Some(&*own.account.account_id))),
    )?;
    columns.set("as_of", times(own().map(|_| Some(moments.as_of_us))))?;
    columns.set("score", numbers(own().map(|own| Some(own.rating.score))))?;
    columns.set(
        "status",
        texts(own().map(|own| Some(own.rating.status.name()))),
    )?;
    columns.set(
        "settled_status",
        texts(own().map(|own| held(own).map(|held| held.before.settled.name()))),
    )?;
    columns.set(
        "settled_since",
        times(own().map(|own| held(own).map(|held| held.since_us))),
    )?;
    columns.set(
        "value_tier",
        texts(own().map(|own| Some(own.value_tier.name()))),
    )?;
    columns.set(
        "repurchase_probability",
        numbers(own().map(|own| Some(own.repurchase_probability))),
    )?;
    columns.set(
        "shrink_probability",
        numbers(own().map(|own| own.shrink_probability)),
    )?;
    columns.set(
        "non_renewal_probability",
        numbers(own().map(|own| own.non_renewal_probability)),
    )?;
    columns.set("horizon_days", wholes(own().map(|_| Some(HORIZON_DAYS))))?;
    columns.set(
        "coverage",
        numbers(own().map(|own| Some(own.rating.coverage))),
    )?;
    columns.set(
        "held_down",
        numbers(own().map(|own| Some(own.rating.held_down))),
    )?;
    columns.set(
        "held_by",
        texts(own().map(|own| own.rating.held_by.map(Held::name))),
    )?;
    columns.set(
        "score_before",
        numbers(own().map(|own| before.get(&*own.account.account_id).copied())),
    )?;
    columns.set(
        "amount_12_months",
        amounts(own().map(|own| hundredths(own.amount_12_months)))?,
    )?;
    columns.set(
        "amount_at_risk",
        amounts(own().map(|own| hundredths(own.amount_at_risk)))?,
    )?;
    columns.set(
        "overdue_amount",
        amounts(own().map(|own| hundredths(own.overdue_amount)))?,
    )?;
    let calendar = moments.calendar;
    columns.set(
        "last_order_at",
        times(own().map(|own| Some(calendar.start_of_day_us(own.last_order_on)))),
    )?;
    columns.set(
        "rhythm_days",
        numbers(own().map(|own| Some(own.rating.rhythm_days))),
    )?;
    columns.set(
        "orders",
        wholes(own().map(|own| i32::try_from(own.orders).ok())),
    )?;
    let factors = accounts.first().map_or(0, |own| own.rating.factors.len());
    for place in 0..factors {
        let name = accounts[0].rating.factors[place].factor.name();
        columns.set(
            name,
            numbers(own().map(|own| own.rating.factors[place].value)),
        )?;
    }
    columns.finish()
}

fn factors_of(
    mut columns: Columns,
    accounts: &[AccountHealth],
    rows: usize,
    moments: &Moments<'_>,
) -> anyhow::Result<RecordBatch> {
    let all = || {
        let own = accounts.iter();
        own.flat_map(|own| own.rating.factors.iter().map(move |factor| (own, factor)))
    };
    columns.set(
        "account_id",
        texts(all().map(|(own, _)| Some(&*own.account.account_id))),
    )?;
    columns.set("as_of", times((0..rows).map(|_| Some(moments.as_of_us))))?;
    columns.set(
        "factor",
        texts(all().map(|(_, own)| Some(own.factor.name()))),
    )?;
    columns.set("value", numbers(all().map(|(_, own)| own.value)))?;
    columns.set("points", numbers(all().map(|(_, own)| Some(own.points))))?;
    columns.set("weight", numbers(all().map(|(_, own)| Some(own.weight))))?;
    columns.finish()
}

/// What held of the accounts on a scored day.
fn holdings(table: &Table, day: NaiveDate) -> anyhow::Result<HashMap<String, Holding>> {
    let files = table.files().iter();
    let files: Vec<TableFile> = files
        .filter(|file| day_of(file) == Some(day))
        .cloned()
        .collect();
    let mut holdings = HashMap::new();
    let columns = ["account_id", "status", "settled_status", "settled_since"];
    for batch in super::reader::batches(&files, &columns)? {
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let since = batch.column_by_name("settled_since");
        let since = since.and_then(|own| own.as_primitive_opt::<TimestampMicrosecondType>());
        let (Some(ids), Some(status), Some(settled), Some(since)) = (
            text("account_id"),
            text("status"),
            text("settled_status"),
            since,
        ) else {
            anyhow::bail!("the scores of {day} lack a column");
        };
        for row in 0..batch.num_rows() {
            let named = |column: &arrow::array::StringArray| {
                let valid = column.is_valid(row);
                valid.then(|| Status::named(column.value(row))).flatten()
            };
            if let (Some(status), Some(settled)) = (named(status), named(settled)) {
                let before = Before { status, settled };
                let since_us = since.value(row);
                holdings.insert(ids.value(row).to_owned(), Holding { before, since_us });
            }
        }
    }
    Ok(holdings)
}
