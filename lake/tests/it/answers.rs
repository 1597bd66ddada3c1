//! Answers from memory are those of the records: added up from rollups, or given before.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use millrace_lake::query::{DrillRequest, Engine, MetricInfo, Origin, QueryResult};
use millrace_models::config::NumbersSettings;
use millrace_models::metric::{Measure, Registry};
use millrace_models::query::{Compare, Condition, Op, Period, Query};
use millrace_models::scope::Access;
use proptest::prelude::*;
use serde_json::Value;

use crate::scope::world::{World, now};
use crate::scope::{DIMENSIONS, callers, same};

const ROLLUPS: NumbersSettings = NumbersSettings {
    cache_bytes: 0,
    rollup_bytes: 64 << 20,
};
const CACHE: NumbersSettings = NumbersSettings {
    cache_bytes: 64 << 20,
    rollup_bytes: 0,
};
/// Facts that rollups are made of.
const FACTS: [&str; 5] = [
    "stage_visits",
    "conversion_cycles",
    "orders",
    "activity",
    "user_days",
];

fn query(metrics: &[&str], by: &[&str]) -> Query {
    Query {
        metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        ..Query::default()
    }
}

fn condition(text: &str) -> Condition {
    Condition::parse(text).unwrap()
}

/// An answer without how it came about.
fn plain(answer: &QueryResult) -> Value {
    let mut answer = serde_json::to_value(answer).unwrap();
    answer.as_object_mut().unwrap().remove("answered_by");
    answer
}

/// Makes all rollups that were wished for.
async fn warm(engine: &Engine, now: DateTime<Utc>) {
    while engine.warm(now).await.unwrap() {}
}

/// Chooses by the digits of a number.
struct Choice(u64);

impl Choice {
    fn below(&mut self, limit: usize) -> usize {
        let limit = limit as u64;
        let chosen = self.0 % limit;
        self.0 = (self.0 / limit).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (self.0 >> 7);
        usize::try_from(chosen).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Whether all of a metric is counts and sums of records as they are.
fn adds_up(info: &MetricInfo) -> bool {
    let registry = Registry::shipped().unwrap();
    let metric = registry.metric(&info.name).unwrap();
    let base = registry.base(&metric.entity).unwrap();
    let measure = match &metric.measure {
        Measure::Count | Measure::Sum { .. } | Measure::Mean { .. } => true,
        Measure::Ratio { per, .. } => per.is_none(),
        _ => false,
    };
    let moving = metric
        .expressions()
        .iter()
        .any(|text| text.contains("{as_of}"));
    measure && !moving && metric.immature.is_none() && !base.ages
}

/// A question that can be asked of a metric, with filters among the values that there are.
async fn question(
    choice: &mut Choice,
    engine: &Engine,
    access: &Access,
    infos: &[MetricInfo],
) -> Query {
    let first = choice.one_of(infos);
    let beside = infos.iter().filter(|info| {
        info.entity == first.entity && info.time == first.time && info.name != first.name
    });
    let mut query = query(&[&first.name], &[]);
    query
        .metrics
        .extend(beside.take(1).map(|info| info.name.clone()));
    let has = |name: &&str| first.dimensions.iter().any(|own| own == name);
    let mut has: Vec<&str> = DIMENSIONS.into_iter().filter(has).collect();
    has.extend(
        ["day", "quarter"]
            .iter()
            .filter(|name| has.contains(&"month") && !has.contains(name))
            .copied()
            .collect::<Vec<_>>(),
    );
    for _ in 0..choice.below(3) {
        let name = (*choice.one_of(&has)).to_owned();
        if !query.by.contains(&name) {
            query.by.push(name);
        }
    }
    for _ in 0..choice.below(3) {
        let name = *choice.one_of(&has);
        let text = match name {
            "month" => format!("month!=2026-0{}", 1 + choice.below(6)),
            "day" => "day=2026-02-10..2026-05-20".to_owned(),
            "quarter" => "quarter=2026-Q2,2026-Q1".to_owned(),
            "late_entry" => "late_entry!=true".to_owned(),
            name if choice.below(4) == 0 => format!("{name} is null"),
            name => {
                let values = engine.values(access, name, now()).await.unwrap();
                if values.is_empty() {
                    continue;
                }
                let one = choice.one_of(&values).clone();
                let op = [Op::In, Op::NotIn, Op::Between][choice.below(3)];
                let mut both = vec![one, choice.one_of(&values).clone()];
                if op == Op::Between {
                    both.sort();
                }
                query.conditions.push(Condition {
                    dimension: name.to_owned(),
                    op,
                    values: both,
                });
                continue;
            }
        };
        query.conditions.push(condition(&text));
    }
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    query.period = match choice.below(4) {
        0 => None,
        1 => Some((day("2026-02-01"), day("2026-04-30"))),
        2 => Some((day("2026-01-13"), day("2026-05-07"))),
        _ => Some((day("2026-06-01"), day("2026-12-31"))),
    }
    .map(|(from, to)| Period { from, to });
    if query.period.is_some() && choice.below(2) == 0 {
        query.compare = Some(Compare::Previous);
    }
    if choice.below(3) == 0 {
        query.limit = Some(2);
    }
    query
}

async fn check(seed: u64, size: usize) {
    let mut choice = Choice(seed);
    let mut world = World::generate(seed, size).await;
    let kept = world.engine().keeping(ROLLUPS);
    let all = callers();
    let caller = choice.one_of(&all);
    let access = caller.access();
    let infos = kept.metrics(&access).await.unwrap().metrics;
    let infos: Vec<MetricInfo> = infos.into_iter().filter(adds_up).collect();
    if infos.is_empty() {
        return;
    }
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(question(&mut choice, &kept, &access, &infos).await);
    }
    for round in 0..4_u64 {
        match round {
            1 => {
                for table in FACTS {
                    world.grow(seed ^ 0x4d, table, 5).await;
                }
            }
            2 => world.renew_accounts(seed ^ 0x63).await,
            3 => world.grow(seed ^ 0x37, "stage_visits", 9).await,
            _ => {}
        }
        let at = now() + TimeDelta::minutes(i64::try_from(round).unwrap());
        if round > 0 {
            world.publish(at).await;
        }
        let at = at + TimeDelta::seconds(1);
        let naive = world.engine();
        for warmed in [false, true] {
            if warmed {
                warm(&kept, at).await;
            }
            for query in &asked {
                let what = format!("{} asks {query:?}, round {round}", caller.role);
                let expected = match naive.query(&access, query, at).await {
                    Ok(expected) => expected,
                    Err(refused) => {
                        // a value that is gone is refused alike
                        let error = kept.query(&access, query, at).await.unwrap_err();
                        assert_eq!(error.to_string(), refused.to_string(), "{what}");
                        continue;
                    }
                };
                let answer = kept.query(&access, query, at).await.unwrap();
                assert!(
                    same(&plain(&answer), &plain(&expected)),
                    "{what}\n rollup {}\n records {}",
                    plain(&answer),
                    plain(&expected)
                );
                // a state of a day that is over is read from the records
                let state = query.period.is_some()
                    && infos
                        .iter()
                        .any(|info| info.time.is_none() && query.metrics.contains(&info.name));
                if warmed && !state {
                    assert_eq!(answer.answered_by.by, Origin::Rollup, "{what}");
                    assert!(!answer.answered_by.rollups.is_empty());
                }
            }
        }
    }
}

fn everything_asked() -> bool {
    std::env::var_os("MILLRACE_TEST_ALL").is_some()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if everything_asked() { 64 } else { 2 },
        max_shrink_iters: 4,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_added_up_is_what_the_records_say(seed in any::<u64>(), size in 8..40_usize) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(seed, size));
    }
}

/// One rollup answers for part of its dimensions, coarser spans and other periods; others and more
/// dimensions are scanned.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_serves_what_is_coarser() {
    let world = World::generate(3, 40).await;
    let engine = world.engine().keeping(ROLLUPS);
    let everybody = Access::everything();
    let origin = async |query: &Query| {
        let answer = engine.query(&everybody, query, now()).await.unwrap();
        answer.answered_by.by
    };
    let wide = query(&["dwell_mean"], &["week", "stage", "region"]);
    assert_eq!(origin(&wide).await, Origin::Scan);
    assert_eq!(origin(&wide).await, Origin::Scan, "until it is made");
    warm(&engine, now()).await;
    assert_eq!(origin(&wide).await, Origin::Rollup);
    let mut narrow = query(&["dwell_business_mean"], &["month"]);
    narrow.conditions = vec![condition("region is null")];
    assert_eq!(origin(&narrow).await, Origin::Rollup);
    let other = query(&["dwell_mean"], &["industry"]);
    assert_eq!(origin(&other).await, Origin::Scan);
    // quantiles are read from the records, the mean beside them is not
    let both = query(&["dwell_mean", "dwell_median"], &["stage"]);
    let answer = engine.query(&everybody, &both, now()).await.unwrap();
    assert_eq!(answer.answered_by.by, Origin::Scan);
    assert_eq!(answer.answered_by.rollups[0].table, "stage_visits");
    // as many cells as records
    let deals = query(&["dwell_mean"], &["opportunity"]);
    origin(&deals).await;
    warm(&engine, now()).await;
    assert_eq!(origin(&deals).await, Origin::Scan);
}

/// The same question is answered from memory, as long as nothing that it reads has changed.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_its_tables() {
    let mut world = World::generate(4, 30).await;
    let engine = world.engine().keeping(CACHE);
    let everybody = Access::everything();
    let ask = async |query: &Query, at| engine.query(&everybody, query, at).await.unwrap();
    let one = Query {
        conditions: vec![condition("month=2026-01..2026-05"), condition("stage!=won")],
        ..query(&["dwell_median"], &["region"])
    };
    let first = ask(&one, now()).await;
    assert_eq!(first.answered_by.by, Origin::Scan);
    // asked in another order, and later
    let other = Query {
        conditions: one.conditions.iter().rev().cloned().collect(),
        ..one.clone()
    };
    let later = now() + TimeDelta::hours(5);
    let again = ask(&other, later).await;
    assert_eq!(again.answered_by.by, Origin::Cache);
    assert_eq!(again.rows, first.rows);
    assert_eq!(again.query, other);
    assert_eq!(again.as_of, "2026-07-01T13:00:00+08:00");
    // a set that leaves its tables as they are
    world.grow(8, "orders", 3).await;
    world.publish(later).await;
    assert_eq!(ask(&one, later).await.answered_by.by, Origin::Cache);
    world.grow(9, "stage_visits", 3).await;
    world.publish(later).await;
    let changed = ask(&one, later).await;
    assert_eq!(changed.answered_by.by, Origin::Scan);
    assert_eq!(
        plain(&changed),
        plain(&world.engine().query(&everybody, &one, later).await.unwrap())
    );
}

/// Of many who ask first at once each is answered, whoever reads the files of a table first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_are_all_answered() {
    let mut world = World::generate(4, 30).await;
    for seed in 8..14 {
        world.grow(seed, "stage_visits", 3).await;
    }
    world.publish(now()).await;
    let asked = Query {
        conditions: vec![condition("stage!=won"), condition("region!=region 1")],
        ..query(&["dwell_mean"], &["stage"])
    };
    for _ in 0..6 {
        let engine = world.engine().keeping(ROLLUPS);
        let all = (0..16).map(|_| {
            let (engine, asked) = (engine.clone(), asked.clone());
            tokio::spawn(async move { engine.query(&Access::everything(), &asked, now()).await })
        });
        let all: Vec<_> = all.collect();
        let mut answers = Vec::new();
        for one in all {
            answers.push(plain(&one.await.unwrap().unwrap()));
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

/// What changes by the passing of time alone is kept for a minute, and says as of when it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_age_is_answered_as_of_the_minute() {
    let world = World::generate(4, 30).await;
    let engine = world.engine().keeping(CACHE);
    let everybody = Access::everything();
    let ages = query(&["open_age_median"], &[]);
    let at = |seconds| now() + TimeDelta::seconds(seconds);
    let ask =
        async |query: &Query, seconds| engine.query(&everybody, query, at(seconds)).await.unwrap();
    let first = ask(&ages, 70).await;
    assert_eq!(first.as_of, "2026-07-01T08:01:00+08:00");
    let exact = Query {
        as_of: Some(at(60)),
        ..ages.clone()
    };
    let naive = world
        .engine()
        .query(&everybody, &exact, at(70))
        .await
        .unwrap();
    assert_eq!(first.rows, naive.rows);
    assert_eq!(ask(&ages, 119).await.answered_by.by, Origin::Cache);
    let next = ask(&ages, 120).await;
    assert_eq!(next.answered_by.by, Origin::Scan);
    assert_ne!(next.rows, first.rows);
    // of what is over, the moment does not matter
    let over = Query {
        period: Some(Period {
            from: "2026-05-01".parse().unwrap(),
            to: "2026-05-31".parse().unwrap(),
        }),
        ..ages.clone()
    };
    ask(&over, 0).await;
    assert_eq!(ask(&over, 7_200).await.answered_by.by, Origin::Cache);
}

/// What one sees is not given to another, numbers, records and members alike.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_the_callers_own() {
    let world = World::generate(6, 40).await;
    let naive = world.engine();
    let engine = world.engine().keeping(NumbersSettings {
        cache_bytes: 64 << 20,
        rollup_bytes: 64 << 20,
    });
    let numbers = query(&["interactions"], &["account"]);
    let records = DrillRequest {
        query: query(&["interactions"], &[]),
        limit: Some(5),
        ..DrillRequest::default()
    };
    for _ in 0..2 {
        for caller in callers().into_iter().step_by(2) {
            let access = caller.access();
            let expected = naive.query(&access, &numbers, now()).await;
            let answer = engine.query(&access, &numbers, now()).await;
            match (answer, expected) {
                (Ok(answer), Ok(expected)) => {
                    assert_eq!(plain(&answer), plain(&expected), "{}", caller.role);
                }
                (answer, expected) => assert_eq!(answer.is_ok(), expected.is_ok()),
            }
            let expected = naive.drill(&access, &records, now()).await;
            let answer = engine.drill(&access, &records, now()).await;
            if let (Ok(answer), Ok(expected)) = (answer, expected) {
                assert_eq!(answer.rows, expected.rows, "{}", caller.role);
                assert_eq!(answer.value, expected.value);
                assert_eq!(answer.count, expected.count);
            }
            let expected = naive.values(&access, "account", now()).await.ok();
            let answer = engine.values(&access, "account", now()).await.ok();
            assert_eq!(answer, expected, "{}", caller.role);
        }
        warm(&engine, now()).await;
    }
}

/// A page that was kept is turned in the set that is asked now.
#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_of_a_kept_page_is_of_the_newest_set() {
    let mut world = World::generate(7, 40).await;
    let engine = world.engine().keeping(CACHE);
    let everybody = Access::everything();
    let mut request = DrillRequest {
        query: query(&["order_amount"], &[]),
        limit: Some(3),
        order: Some("-value".to_owned()),
        ..DrillRequest::default()
    };
    engine.drill(&everybody, &request, now()).await.unwrap();
    world.grow(8, "activity", 3).await;
    let later = now() + TimeDelta::days(1);
    world.publish(later).await;
    let kept = engine.drill(&everybody, &request, later).await.unwrap();
    assert_eq!(kept.answered_by.by, Origin::Cache);
    request.cursor = kept.next_cursor;
    let later = later + TimeDelta::hours(1);
    let next = engine.drill(&everybody, &request, later).await.unwrap();
    assert_eq!(next.rows.len(), 3);
    assert_ne!(next.rows, kept.rows);
}
