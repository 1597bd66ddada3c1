//! From the records of operations to the published marts: they say what the tables say.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, TimeDelta, Utc};
use millrace_jobs::{Live, Round};
use millrace_lake::Lake;
use millrace_models::config::Company;
use millrace_operations::Actor;
use millrace_operations::entity::{opportunity, team};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sea_orm::{EntityTrait, QueryResult, Set};
use serde_json::Value;

use crate::office::{Dice, Office};
use crate::support::to_json;

pub(crate) struct Kept {
    pub(crate) office: Arc<Office>,
    pub(crate) live: Live,
    _folder: tempfile::TempDir,
}

impl Kept {
    pub(crate) async fn over(office: Office) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let live = Live {
            store: office.store.clone(),
            lake: Lake::init(folder.path()).await.unwrap(),
            company: Company::default(),
        };
        Self {
            office: Arc::new(office),
            live,
            _folder: folder,
        }
    }

    /// The same office and folder, seen through another handle of the lake.
    pub(crate) fn beside(kept: Self, lake: Lake) -> Self {
        Self {
            live: Live { lake, ..kept.live },
            ..kept
        }
    }

    async fn mart(&self, name: &str) -> Vec<Value> {
        let set = self.live.lake.latest_set().await.unwrap().unwrap();
        let name = format!("marts/{name}");
        let table = self.live.lake.table_at(&name, set.versions[&name]).await;
        let mut rows = Vec::new();
        for file in table.unwrap().files() {
            let reader = File::open(&file.path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(reader).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                rows.extend((0..batch.num_rows()).map(|row| exact(&batch, row)));
            }
        }
        rows
    }
}

/// A row, its times in microseconds.
fn exact(batch: &RecordBatch, row: usize) -> Value {
    let mut object = to_json(batch, row);
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>()
            && times.is_valid(row)
        {
            object.insert(field.name().clone(), times.value(row).into());
        }
    }
    Value::Object(object)
}

fn cell(row: &QueryResult, place: usize) -> Option<String> {
    row.try_get_by_index(place).unwrap()
}

fn text(row: &Value, name: &str) -> Option<String> {
    row[name].as_str().map(str::to_owned)
}

/// Fen as the marts write amounts.
fn fen(value: &Value) -> Option<i64> {
    value.as_f64().map(|amount| (amount * 100.0).round() as i64)
}

fn micros(row: &QueryResult, place: usize) -> Option<i64> {
    let at: Option<DateTime<Utc>> = row.try_get_by_index(place).unwrap();
    at.map(|at| at.timestamp_micros())
}

async fn the_marts_say_what_the_tables_say(office: Office, seed: u64) {
    let kept = Kept::over(office).await;
    let office = &kept.office;
    let mut dice = Dice::new(seed);
    for _ in 0..3 {
        office.work(&mut dice, 80).await;
        office.settle().await;
        let round = kept.live.round().await.unwrap();
        assert!(round.entries > 0 && round.set.is_some(), "{round:?}");
        deals(&kept).await;
        visits(&kept).await;
        quotes(&kept).await;
        orders(&kept).await;
        accounts(&kept).await;
    }
    assert_eq!(kept.live.round().await.unwrap(), Round::default());
}

async fn deals(kept: &Kept) {
    let found = kept
        .office
        .ask(
            "SELECT o.number, o.outcome, s.code, CAST(o.amount AS TEXT), o.won_at, a.number, \
             CASE WHEN o.owner_id IS NULL THEN NULL ELSE 'user-' || o.owner_id END, o.closed_at, \
             o.lost_reason FROM opportunities o JOIN stages s ON s.id = o.stage_id \
             JOIN accounts a ON a.id = o.account_id WHERE o.deleted_at IS NULL",
        )
        .await;
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    for row in kept.mart("conversion_cycles").await {
        let id = text(&row, "opportunity_id").unwrap();
        let episode = row["episode"].as_i64();
        let known = latest.get(&id).and_then(|known| known["episode"].as_i64());
        if known < episode {
            latest.insert(id, row);
        }
    }
    assert_eq!(latest.len(), found.len());
    for deal in &found {
        let row = &latest[&cell(deal, 0).unwrap()];
        let outcome = cell(deal, 1).unwrap();
        assert_eq!(text(row, "outcome").as_deref(), Some(&*outcome), "{row}");
        if outcome == "open" {
            assert_eq!(text(row, "stage"), cell(deal, 2), "{row}");
        }
        let amount = cell(deal, 3).map(|fen| fen.parse::<i64>().unwrap());
        assert_eq!(fen(&row["amount"]), amount, "{row}");
        let won = (outcome == "won").then(|| micros(deal, 4)).flatten();
        assert_eq!(row["won_at"].as_i64(), won, "{row}");
        assert_eq!(row["closed_at"].as_i64(), micros(deal, 7), "{row}");
        assert_eq!(text(row, "account_id"), cell(deal, 5));
        assert_eq!(text(row, "current_owner"), cell(deal, 6), "{row}");
        assert_eq!(text(row, "lost_reason"), cell(deal, 8), "{row}");
    }
}

/// The open visit of each open deal is of its stage, since it entered it.
async fn visits(kept: &Kept) {
    let found = kept
        .office
        .ask(
            "SELECT o.number, s.code, o.stage_entered_at FROM opportunities o \
             JOIN stages s ON s.id = o.stage_id WHERE o.outcome = 'open' AND o.deleted_at IS NULL",
        )
        .await;
    assert!(!found.is_empty());
    let mut open: BTreeMap<String, Value> = BTreeMap::new();
    for row in kept.mart("stage_visits").await {
        if row["left_at"].is_null() {
            let id = text(&row, "opportunity_id").unwrap();
            assert_eq!(open.insert(id, row), None, "two open visits of one deal");
        }
    }
    for deal in &found {
        let row = &open[&cell(deal, 0).unwrap()];
        assert_eq!(text(row, "stage"), cell(deal, 1), "{row}");
        // A deal that came back enters its stage again in the lake; operations keeps its first.
        assert!(row["entered_at"].as_i64() >= micros(deal, 2), "{row}");
    }
}

async fn quotes(kept: &Kept) {
    let found = kept
        .office
        .ask(
            "SELECT 'quote-' || q.id, q.outcome, CAST(q.accepted_amount AS TEXT), q.sent_at \
             FROM quotes q WHERE q.sent_at IS NOT NULL AND q.deleted_at IS NULL",
        )
        .await;
    let rows = kept.mart("quote_outcomes").await;
    let rows: BTreeMap<String, Value> = rows
        .into_iter()
        .filter(|row| !row["sent_at"].is_null())
        .map(|row| (text(&row, "quote_id").unwrap(), row))
        .collect();
    assert_eq!(rows.len(), found.len());
    for quote in &found {
        let row = &rows[&cell(quote, 0).unwrap()];
        assert_eq!(text(row, "outcome"), cell(quote, 1), "{row}");
        let accepted = cell(quote, 2).map(|fen| fen.parse::<i64>().unwrap());
        assert_eq!(fen(&row["accepted_amount"]), accepted, "{row}");
        assert_eq!(row["sent_at"].as_i64(), micros(quote, 3));
    }
}

async fn orders(kept: &Kept) {
    let found = kept
        .office
        .ask(
            "SELECT a.number, CAST(SUM(CASE WHEN o.kind = 'sale' THEN o.amount ELSE -o.amount END) \
             AS TEXT) FROM orders o JOIN accounts a ON a.id = o.account_id \
             WHERE o.status <> 'cancelled' AND o.deleted_at IS NULL GROUP BY a.number",
        )
        .await;
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in kept.mart("orders").await {
        *sums.entry(text(&row, "account_id").unwrap()).or_default() += fen(&row["amount"]).unwrap();
    }
    assert_eq!(sums.len(), found.len());
    for account in &found {
        let sum: i64 = cell(account, 1).unwrap().parse().unwrap();
        assert_eq!(sums[&cell(account, 0).unwrap()], sum);
    }
}

async fn accounts(kept: &Kept) {
    let found = kept
        .office
        .ask(
            "SELECT a.number, a.name, a.region, CASE WHEN a.owner_id IS NULL THEN NULL \
             ELSE 'user-' || a.owner_id END FROM accounts a WHERE a.deleted_at IS NULL",
        )
        .await;
    let rows = kept.mart("accounts").await;
    let rows: BTreeMap<String, Value> = rows
        .into_iter()
        .map(|row| (text(&row, "account_id").unwrap(), row))
        .collect();
    assert_eq!(rows.len(), found.len());
    for account in &found {
        let row = &rows[&cell(account, 0).unwrap()];
        assert_eq!(text(row, "name"), cell(account, 1));
        assert_eq!(text(row, "region"), cell(account, 2));
        assert_eq!(text(row, "owner"), cell(account, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marts_say_what_the_tables_say_on_sqlite() {
    the_marts_say_what_the_tables_say(Office::on_sqlite().await, 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marts_say_what_the_tables_say_on_postgres() {
    if let Some(office) = Office::on_postgres().await {
        the_marts_say_what_the_tables_say(office, 12).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_is_renamed_has_its_new_name_in_all_of_history() {
    let kept = Kept::over(Office::on_sqlite().await).await;
    kept.office.work(&mut Dice::new(5), 40).await;
    kept.live.round().await.unwrap();
    let teams = async || -> Vec<Option<String>> {
        let rows = kept.mart("stage_visits").await;
        let mut teams: Vec<_> = rows.iter().map(|row| text(row, "team")).collect();
        teams.sort();
        teams.dedup();
        teams.retain(Option::is_some);
        teams
    };
    let before = teams().await;
    assert!(!before.is_empty());
    let found = team::Entity::find().all(kept.office.store.reader()).await;
    let found = found.unwrap();
    kept.office
        .store
        .write(&Actor::system("test"), async |unit| {
            for team in &found {
                let change = team::ActiveModel {
                    name: Set(format!("华东 {}", team.id)),
                    ..Default::default()
                };
                unit.update(team, change).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    kept.live.round().await.unwrap();
    let after = teams().await;
    assert_eq!(after.len(), before.len());
    for team in after.into_iter().flatten() {
        assert!(team.starts_with("华东 "), "{team}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_without_news_publishes_nothing_until_the_next_day() {
    let kept = Kept::over(Office::on_sqlite().await).await;
    kept.office.work(&mut Dice::new(1), 10).await;
    let first = kept.live.round().await.unwrap();
    assert_eq!(first.set, Some(1));
    assert_eq!(kept.live.round().await.unwrap(), Round::default());
    kept.office.clock.advance(TimeDelta::days(1));
    let next = kept.live.round().await.unwrap();
    assert_eq!((next.entries, next.set), (0, Some(2)));
    // Two at once end in sets that are whole; who was too late says so, or did the same again.
    kept.office.work(&mut Dice::new(2), 10).await;
    let other = Live {
        lake: Lake::open(kept.live.lake.root()).await.unwrap(),
        ..kept.live.clone()
    };
    let (left, right) = tokio::join!(kept.live.round(), other.round());
    assert!(left.is_ok() || right.is_ok(), "{left:?} {right:?}");
    kept.live.round().await.unwrap();
    deals(&kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_published_without_being_asked_for() {
    let kept = Kept::over(Office::on_sqlite().await).await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let live = kept.live.clone();
    let keeping = tokio::spawn(async move {
        live.keep_fresh(async { drop(ended.await) }).await;
    });
    kept.office.work(&mut Dice::new(3), 30).await;
    let deals = opportunity::Entity::find()
        .all(kept.office.store.reader())
        .await
        .unwrap();
    assert!(!deals.is_empty());
    let wanted = deals
        .iter()
        .filter(|deal| deal.deleted_at.is_none())
        .count();
    let published = async {
        loop {
            if kept.live.lake.latest_set().await.unwrap().is_some()
                && kept.mart("opportunities").await.len() == wanted
            {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), published)
        .await
        .expect("the write is never published");
    end.send(()).unwrap();
    keeping.await.unwrap();
}
