//! Every number of the registry opens to exactly its records: for each metric, split by each of
//! its dimensions, the records of a row are as many as its n and give its value again. The value
//! is computed here anew, by the plainest means, from nothing but the records.
//!
//! Every seventh pair of a metric and a dimension is tried; all of them with
//! `MILLRACE_TEST_ALL=1`, which takes some minutes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use millrace_ingest::{IngestOptions, OnError, Silent as Quiet, ingest_mapping};
use millrace_jobs::RunOptions;
use millrace_jobs::demo::DemoOptions;
use millrace_jobs::health::{Again, score};
use millrace_lake::query::{DrillRequest, Engine, Row};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::Company;
use millrace_models::health::ScorecardRules;
use millrace_models::metric::{Measure, Registry};
use millrace_models::query::{Condition, Op, Period, Query};
use millrace_models::scope::Access;

use crate::support::{self, demo_records, run_at};

const ZONE: Tz = chrono_tz::Asia::Shanghai;

fn now() -> DateTime<Utc> {
    "2026-11-01T04:00:00Z".parse().unwrap()
}

async fn engine(folder: &std::path::Path) -> Engine {
    let options = DemoOptions {
        accounts: 40,
        months: 8,
        until: "2026-11-01".parse().unwrap(),
        seed: 7,
    };
    let lake = demo_records(folder, &options, now()).await;
    let options = IngestOptions {
        company_zone: ZONE,
        now: now(),
        on_error: OnError::Stop,
        dry_run: false,
        progress: &Quiet,
    };
    ingest_mapping(&lake, &more(folder), &options)
        .await
        .unwrap();
    run_at(&lake, now()).await;
    let options = RunOptions {
        now: now(),
        ..support::options()
    };
    score(&lake, &options, ScorecardRules::shipped(), Again::Changed)
        .await
        .unwrap()
        .expect("accounts have orders");
    let company = Company::default();
    let calendar = WorkingCalendar::chinese(&company.hours, ZONE, &company.overrides);
    Engine::new(lake, ZONE, Arc::new(calendar))
}

/// What so short a demo has too little of: approvals of quotes, and contracts that run out.
fn more(folder: &std::path::Path) -> std::path::PathBuf {
    let mut quotes = "id,account,owner,asked,approved,sent\n".to_owned();
    let mut contracts = "id,account,owner,kind,signed,expires,renews\n".to_owned();
    for place in 0..60_u32 {
        let (month, day) = (5 + place % 5, 1 + place % 27);
        let owner = format!("owner {}", place % 3);
        let hour = 9 + place % 7;
        quotes += &format!(
            "q{place},account {},{owner},2026-0{month}-{day:02} 09:00,2026-0{month}-{day:02} {hour:02}:30,\n",
            place % 11
        );
        let renews = if place > 40 {
            format!("c{}", place - 40)
        } else {
            String::new()
        };
        contracts += &format!(
            "c{place},account {},{owner},service,2025-0{month}-{day:02},2026-0{month}-{day:02},{renews}\n",
            place % 11
        );
    }
    std::fs::write(
        folder.join("more_quotes.csv"),
        quotes.replace(",\n", ",2026-10-01 09:00\n"),
    )
    .unwrap();
    std::fs::write(folder.join("more_contracts.csv"), contracts).unwrap();
    let mapping = folder.join("more.toml");
    std::fs::write(
        &mapping,
        r#"system = "more"
[[source]]
file = "more_quotes.csv"
entity = "quote"
[source.columns]
id = "id"
account = "account"
owner = "owner"
approval_requested_at = "asked"
approved_at = "approved"
sent_at = "sent"
[[source]]
file = "more_contracts.csv"
entity = "contract"
[source.columns]
id = "id"
account = "account"
owner = "owner"
kind = "kind"
signed_on = "signed"
expires_on = "expires"
renews = "renews"
"#,
    )
    .unwrap();
    mapping
}

fn values(rows: &[Row], column: &str) -> Vec<f64> {
    rows.iter()
        .map(|row| row[column].as_f64().unwrap_or(0.0))
        .collect()
}

/// By sorting; between neighbours in proportion.
#[allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "q is in 0..=1"
)]
fn quantile(mut values: Vec<f64>, q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = q * (values.len().checked_sub(1)? as f64);
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(values[below] + (values[above] - values[below]) * place.fract())
}

/// The product over the event times, each from a count of all records again.
fn km_median(durations: &[f64], events: &[f64]) -> Option<f64> {
    let ended = || {
        durations
            .iter()
            .zip(events)
            .filter(|(_, event)| **event > 0.0)
    };
    let mut times: Vec<f64> = ended().map(|(time, _)| *time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut survival = 1.0;
    for time in times {
        let at_risk = durations.iter().filter(|other| **other >= time).count();
        let died = ended()
            .filter(|(other, _)| other.total_cmp(&time).is_eq())
            .count();
        survival *= 1.0 - died as f64 / at_risk as f64;
        if survival <= 0.5 + 1e-12 {
            return Some(time);
        }
    }
    None
}

fn again(measure: &Measure, rows: &[Row], end: NaiveDate) -> Option<f64> {
    let sum = |column: &str| values(rows, column).iter().sum::<f64>();
    match measure {
        Measure::Count => Some(rows.len() as f64),
        Measure::Sum { .. } | Measure::Distinct { .. } => Some(sum("value")),
        Measure::Mean { .. } => (!rows.is_empty()).then(|| sum("value") / rows.len() as f64),
        Measure::Quantile { q, .. } => quantile(values(rows, "value"), *q),
        Measure::KmMedian { .. } => km_median(&values(rows, "value"), &values(rows, "weight")),
        Measure::Ratio { .. } => (sum("weight") != 0.0).then(|| sum("value") / sum("weight")),
        Measure::CountBack { .. } => count_back(rows, end),
        Measure::Compression { .. } => None,
    }
}

/// Day by day back from the end: a month's days as long as what fell due in it is not more than
/// what is left open, then a part of a month.
fn count_back(rows: &[Row], end: NaiveDate) -> Option<f64> {
    let day = |row: &Row| -> NaiveDate { row["due_at"].as_str().unwrap()[..10].parse().unwrap() };
    let first = rows.iter().map(day).min()?;
    let mut left: f64 = values(rows, "value").iter().sum();
    let mut days = 0.0;
    let mut at = end;
    loop {
        let month = at.format("%Y-%m").to_string();
        let own = rows
            .iter()
            .filter(|row| day(row).format("%Y-%m").to_string() == month);
        let due: f64 = own.map(|row| row["weight"].as_f64().unwrap()).sum();
        let length = f64::from(at.day());
        if left <= 0.0 || at < first {
            return Some(days);
        }
        if left < due {
            return Some(days + length * left / due);
        }
        left -= due;
        days += length;
        at = at - Days::new(u64::from(at.day()));
    }
}

async fn check(engine: &Engine, query: &Query, row: &Row, measure: &Measure) {
    let name = &query.metrics[0];
    let request = DrillRequest {
        query: query.clone(),
        ..DrillRequest::default()
    };
    let stream = engine
        .drill_all(&Access::everything(), &request, now())
        .await
        .unwrap();
    let records: Vec<Row> = stream.rows.try_concat().await.unwrap();
    let what = format!("{name} where {:?} in {:?}", query.conditions, query.period);
    let n = row[&format!("{name}_n")].as_u64().unwrap();
    assert_eq!(records.len() as u64, n, "records of {what}");
    let end = query
        .period
        .map_or(now().with_timezone(&ZONE).date_naive(), |period| period.to);
    match (row[name].as_f64(), again(measure, &records, end)) {
        (Some(shown), Some(found)) => assert!(
            (shown - found).abs() <= 1e-9 * shown.abs().max(1.0),
            "{what}: {shown} is shown, the records give {found}"
        ),
        (shown, found) => assert_eq!(shown, found, "{what}"),
    }
}

fn only(dimension: &str, member: &serde_json::Value) -> Condition {
    let (op, values) = match member {
        serde_json::Value::Null => (Op::IsNull, Vec::new()),
        serde_json::Value::String(text) => (Op::In, vec![text.clone()]),
        other => (Op::In, vec![other.to_string()]),
    };
    Condition {
        dimension: dimension.to_owned(),
        op,
        values,
    }
}

#[tokio::test]
async fn every_number_of_the_registry_opens_to_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path()).await;
    let registry = Registry::shipped().unwrap();
    let mut checked: BTreeMap<String, usize> = BTreeMap::new();
    let step = if std::env::var_os("MILLRACE_TEST_ALL").is_some() {
        1
    } else {
        7
    };
    let mut pair = 0;
    for info in engine.metrics(&Access::everything()).await.unwrap().metrics {
        let measure = &registry.metric(&info.name).unwrap().measure;
        if matches!(measure, Measure::Compression { .. }) {
            continue; // of two periods: the records are those of its mean, which is checked
        }
        let period = Period {
            from: "2026-05-11".parse().unwrap(),
            to: "2026-09-20".parse().unwrap(),
        };
        for (place, dimension) in info.dimensions.iter().enumerate() {
            pair += 1;
            if pair % step != 0 && place > 0 {
                continue;
            }
            let query = Query {
                metrics: vec![info.name.clone()],
                by: vec![dimension.clone()],
                period: (place % 2 == 0).then_some(period),
                ..Query::default()
            };
            let answer = engine
                .query(&Access::everything(), &query, now())
                .await
                .unwrap();
            let ends = [answer.rows.first(), answer.rows.last()];
            for row in ends.into_iter().flatten() {
                let query = Query {
                    by: Vec::new(),
                    conditions: vec![only(dimension, &row[dimension])],
                    ..query.clone()
                };
                check(&engine, &query, row, measure).await;
                *checked.entry(info.name.clone()).or_default() += 1;
            }
            if place == 0 {
                let query = Query {
                    by: Vec::new(),
                    ..query
                };
                check(&engine, &query, &answer.total, measure).await;
            }
        }
    }
    for metric in registry.metrics() {
        if !matches!(metric.measure, Measure::Compression { .. }) {
            let times = checked.get(&metric.name).copied().unwrap_or(0);
            assert!(times >= 3, "{} was checked {times} times", metric.name);
        }
    }
}
