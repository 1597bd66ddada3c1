//! Marts that were made step by step are those that are made from all records at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_jobs::{ROWS_AT_ONCE, RunOptions, RunReport, run};
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::marts;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::engine::Elsewhere;
use crate::support::{TestLake, options};

/// Sequences of one run; a thousand by `MILLRACE_TEST_SEQUENCES=1000`.
const SEQUENCES: u32 = 12;

/// Numbers from a number (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

/// A step of a sequence.
#[derive(Debug, Clone)]
enum Step {
    /// Rows come in, each made of a number.
    Rows(Vec<u64>),
    /// The marts are brought up to date, as far as the run gets.
    Run { breaks_at: Option<u8> },
    /// A day passes.
    Day,
}

const SYSTEMS: [&str; 3] = ["crm", "erp", "millrace"];
/// Fewer of what makes everything anew.
const ENTITIES: [Entity; 30] = [
    Entity::Account,
    Entity::Account,
    Entity::Account,
    Entity::User,
    Entity::Team,
    Entity::Product,
    Entity::Opportunity,
    Entity::Opportunity,
    Entity::Opportunity,
    Entity::StageChange,
    Entity::StageChange,
    Entity::StageChange,
    Entity::StageChange,
    Entity::Quote,
    Entity::Quote,
    Entity::Contract,
    Entity::Contract,
    Entity::Order,
    Entity::Order,
    Entity::PaymentPlan,
    Entity::PaymentPlan,
    Entity::Receipt,
    Entity::Receipt,
    Entity::ReceiptAllocation,
    Entity::Interaction,
    Entity::Interaction,
    Entity::Ticket,
    Entity::Delivery,
    Entity::Contact,
    Entity::BusinessWrite,
];

fn text(dice: &mut Dice, entity: Entity, field: &str) -> String {
    const STAGES: [&str; 8] = [
        "lead",
        "requirements",
        "quotation",
        "signing",
        "won",
        "lost",
        "shelved",
        "odd stage",
    ];
    const NAMES: [&str; 5] = ["阀门一厂", "Bo", "Cy", "1", "Dee"];
    if field == "name" && entity == Entity::Account && dice.roll(5) > 0 {
        return format!("厂 {}", dice.roll(30));
    }
    let words: &[&str] = match (entity, field) {
        (_, "stage") => &STAGES,
        (_, "name") => &NAMES,
        (Entity::User, "team" | "manager") => &["1", "North"],
        (_, "team") => &["1", "2", "North"],
        (Entity::Ticket, "status") => &["open", "paused", "resolved"],
        (Entity::Account, "status") => &["customer", "prospect", "dormant"],
        (Entity::Quote, "number") => &["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "1", "3"],
        (Entity::Contract, "renews") => &["1", "2", "3", "9"],
        (_, "mobile" | "phone") => &["13812345678", "12"],
        (_, "email") => &["a@b.cn", "none"],
        _ => &["华东", "华南", "x"],
    };
    dice.pick(words).to_owned()
}

fn value(dice: &mut Dice, entity: Entity, name: &str, kind: FieldKind) -> Value {
    match kind {
        FieldKind::Id => json!(match dice.roll(30) {
            0 => "crm:1".to_owned(),
            number => format!("{}", number % 14),
        }),
        FieldKind::Reference(Entity::User | Entity::Product) => {
            json!(dice.pick(&["1", "2", "3", "阀门一厂", "Bo", "Nobody", " 2"]))
        }
        FieldKind::Reference(to) if to.is_named() => json!(match dice.roll(20) {
            0 => "Bo".to_owned(),
            1 => "Nobody".to_owned(),
            2 => " 2".to_owned(),
            number => format!("{}", number % 14),
        }),
        FieldKind::Reference(_) => json!(format!("{}", dice.roll(15))),
        FieldKind::Text => json!(text(dice, entity, name)),
        FieldKind::Choice(words) => json!(dice.pick(words)),
        FieldKind::Time => {
            let (month, day) = (dice.roll(12) + 1, dice.roll(28) + 1);
            let (hour, minute) = (dice.roll(24), dice.roll(60));
            json!(match dice.roll(4) {
                0 => format!("2025-{month:02}-{day:02}"),
                _ => format!("2025-{month:02}-{day:02}T{hour:02}:{minute:02}"),
            })
        }
        FieldKind::Date => json!(format!(
            "2025-{:02}-{:02}",
            dice.roll(12) + 1,
            dice.roll(28) + 1
        )),
        FieldKind::Amount => json!(dice.roll(300) as f64 - 20.0),
        FieldKind::Number => json!(dice.roll(6) as f64),
        FieldKind::Integer => json!(dice.roll(3) + 1),
        FieldKind::Flag => json!(dice.roll(2) == 0),
    }
}

/// A row made of a number; `nth` of its sequence.
fn row(seed: u64, nth: usize) -> (Entity, Value) {
    let dice = &mut Dice(seed);
    let mut entity = ENTITIES[dice.roll(ENTITIES.len())];
    // What makes everything anew is seldom.
    if matches!(entity, Entity::User | Entity::Team | Entity::Product) && dice.roll(4) > 0 {
        entity = Entity::Opportunity;
    }
    let system = SYSTEMS[dice.roll(SYSTEMS.len())];
    (entity, row_of(dice, entity, system, nth, false))
}

/// A row of an entity, of a system.
fn row_of(dice: &mut Dice, entity: Entity, system: &str, nth: usize, whole: bool) -> Value {
    let mut row = Map::new();
    row.insert("_source".into(), json!(system));
    let now = DateTime::from_timestamp(1_735_700_000 + nth as i64 * 4000, 0).unwrap();
    let stamp = now.format("%Y-%m-%dT%H:%M").to_string();
    row.insert("_ingested_at".into(), json!(stamp));
    if system == "millrace" {
        let ops = ["insert", "update", "update", "delete"];
        let op = if whole { "insert" } else { dice.pick(&ops) };
        row.insert("_op".into(), json!(op));
        row.insert("_changed_at".into(), json!(stamp));
    }
    for field in entity.fields() {
        let always = field.required || field.name == "id" && system == "millrace";
        if whole || always || dice.roll(5) > 1 {
            let value = value(dice, entity, field.name, field.kind);
            row.insert(field.name.into(), value);
        }
    }
    if whole && entity == Entity::User && row["id"] == "crm:1" {
        // People whose ids are alike are counted from all records: seldom, or nothing else is tried.
        row.insert("id".into(), json!("5"));
    }
    if entity.is_named() && !row.contains_key("id") {
        row.insert("name".into(), json!(dice.pick(&["阀门一厂", "Bo", "Cy"])));
    }
    let is_graded = matches!(entity, Entity::Account | Entity::Opportunity);
    if is_graded && (whole || dice.roll(6) == 0) {
        row.insert(
            "attributes".into(),
            json!({"grade": dice.pick(&["A", "B"])}),
        );
    }
    Value::Object(row)
}

struct Sequence {
    lake: TestLake,
    /// Has the same records, and is only ever built anew.
    anew: TestLake,
    now: DateTime<Utc>,
    rows: usize,
    in_parts: usize,
}

impl Sequence {
    /// Each system has records with all fields, and they are published.
    async fn new() -> Self {
        let mut own = Self {
            lake: TestLake::new().await,
            anew: TestLake::new().await,
            now: options().now,
            rows: 0,
            in_parts: 0,
        };
        let dice = &mut Dice(3);
        let mut rows: BTreeMap<Entity, Vec<Value>> = BTreeMap::new();
        for entity in Entity::all() {
            let each = SYSTEMS.iter().flat_map(|system| [system; 8]);
            let each = each.map(|system| row_of(dice, *entity, system, 0, true));
            rows.insert(*entity, each.collect());
        }
        own.append(rows).await;
        own.run().await;
        own
    }

    /// Another that begins like this.
    async fn copied(&self) -> Self {
        Self {
            lake: self.lake.copied().await,
            anew: self.anew.copied().await,
            ..*self
        }
    }

    async fn take(&mut self, seeds: &[u64]) {
        let mut rows: BTreeMap<Entity, Vec<Value>> = BTreeMap::new();
        for seed in seeds {
            let (entity, row) = row(*seed, self.rows);
            self.rows += 1;
            rows.entry(entity).or_default().push(row);
        }
        self.append(rows).await;
    }

    async fn append(&mut self, rows: BTreeMap<Entity, Vec<Value>>) {
        for (entity, rows) in rows {
            self.lake.raw(entity, json!(rows)).await;
            self.anew.raw(entity, json!(rows)).await;
        }
    }

    fn options(&self, full: bool) -> RunOptions {
        RunOptions {
            now: self.now,
            full,
            // All records at once are read in several parts.
            rows_at_once: if full { 16 } else { ROWS_AT_ONCE },
            ..options()
        }
    }

    async fn run(&mut self) -> RunReport {
        let report = run(&self.lake.lake, &self.options(false)).await.unwrap();
        self.in_parts += usize::from(report.full.is_none() && !report.marts.is_empty());
        report
    }

    /// Runs until a commit, and no further.
    async fn break_off(&self, at: u8) {
        let gate = crate::support::Shut::after(at);
        let options = RunOptions {
            gate: gate.clone(),
            ..self.options(false)
        };
        let done = run(&self.lake.lake, &options).await;
        assert_eq!(done.is_err(), gate.was_shut());
    }

    async fn compare(&mut self) -> Result<(), TestCaseError> {
        self.run().await;
        // All at once is made in parts, as on several machines.
        let elsewhere = RunOptions {
            engine: Arc::new(Elsewhere(2)),
            ..self.options(true)
        };
        run(&self.anew.lake, &elsewhere).await.unwrap();
        for mart in marts::built() {
            let left = self.lake.published(mart).await;
            let right = self.anew.published(mart).await;
            if mart == "calendar" {
                // A day that was once needed stays.
                prop_assert!(right.iter().all(|day| left.contains(day)), "calendar");
                continue;
            }
            let missing: Vec<_> = right.iter().filter(|row| !left.contains(row)).collect();
            let beyond: Vec<_> = left.iter().filter(|row| !right.contains(row)).collect();
            prop_assert!(
                left == right,
                "{mart}: {} rows, anew {}\nmissing {missing:#?}\nbeyond {beyond:#?}",
                left.len(),
                right.len()
            );
        }
        Ok(())
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(any::<u64>(), 1..8).prop_map(Step::Rows),
        1 => prop::collection::vec(any::<u64>(), 30..60).prop_map(Step::Rows),
        5 => Just(Step::Run { breaks_at: None }),
        2 => (0..12_u8).prop_map(|at| Step::Run { breaks_at: Some(at) }),
        1 => Just(Step::Day),
    ];
    prop::collection::vec(step, 4..24)
}

#[test]
fn made_step_by_step_is_made_at_once() {
    let wanted = std::env::var("MILLRACE_TEST_SEQUENCES").ok();
    let cases = wanted.and_then(|text| text.parse().ok());
    let seed = std::env::var("MILLRACE_TEST_SEED").ok();
    let seed: u64 = seed.and_then(|text| text.parse().ok()).unwrap_or(7);
    let config = Config {
        cases: cases.unwrap_or(SEQUENCES),
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let in_parts = std::cell::Cell::new(0);
    let beginning = runtime.block_on(Sequence::new());
    let done = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut sequence = beginning.copied().await;
            for step in &steps {
                match step {
                    Step::Rows(seeds) => sequence.take(seeds).await,
                    Step::Run { breaks_at: None } => {
                        sequence.run().await;
                    }
                    Step::Run {
                        breaks_at: Some(at),
                    } => sequence.break_off(*at).await,
                    Step::Day => sequence.now += TimeDelta::days(1),
                }
            }
            sequence.compare().await?;
            in_parts.set(in_parts.get() + sequence.in_parts);
            Ok(())
        })
    });
    if let Err(error) = done {
        panic!("{error}");
    }
    // Otherwise this would compare builds of everything.
    assert!(in_parts.get() > 0, "no run went on from another");
}

/// A system names an account by what is another system's id of another one.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_only_named_stays_when_the_record_that_shares_the_id_changes() {
    let dice = &mut Dice(11);
    let mut of = |entity: Entity, system: &str, fields: Value| {
        let mut row = row_of(dice, entity, system, 1, true);
        let own = row.as_object_mut().unwrap();
        own.remove("name");
        own.extend(fields.as_object().unwrap().clone());
        BTreeMap::from([(entity, vec![row])])
    };
    let steps = [
        of(
            Entity::Ticket,
            SYSTEMS[1],
            json!({"id": "t77", "account": "77"}),
        ),
        of(
            Entity::Account,
            SYSTEMS[0],
            json!({"id": "77", "region": "华东"}),
        ),
        of(
            Entity::Account,
            SYSTEMS[0],
            json!({"id": "77", "phone": "13800000000"}),
        ),
        of(
            Entity::Contact,
            SYSTEMS[0],
            json!({"id": "c77", "account": "77"}),
        ),
        // and it is gone when nobody names it any more
        of(
            Entity::Ticket,
            SYSTEMS[1],
            json!({"id": "t77", "account": "78"}),
        ),
    ];
    let mut sequence = Sequence::new().await;
    for step in steps {
        sequence.append(step).await;
        sequence.compare().await.unwrap();
    }
    assert_eq!(sequence.in_parts, 5);
}

/// A system calls somebody what the marts call somebody of another system.
#[tokio::test(flavor = "multi_thread")]
async fn people_whose_ids_are_alike_keep_their_own_days() {
    let dice = &mut Dice(12);
    let mut sequence = Sequence::new().await;
    let mut of = |entity: Entity, system: &str, fields: Value| {
        let mut row = row_of(dice, entity, system, 1, true);
        row.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        BTreeMap::from([(entity, vec![row])])
    };
    let write = |day: u32| json!({"user": "Nobody", "at": format!("2025-06-{day:02}T10:00")});
    let alike = json!({"id": "crm:1", "name": "Eve", "recorded_at": "2025-09-01"});
    sequence.append(of(Entity::User, SYSTEMS[1], alike)).await;
    sequence.compare().await.unwrap();
    for day in [3, 10, 17] {
        sequence
            .append(of(Entity::BusinessWrite, SYSTEMS[2], write(day)))
            .await;
        sequence.compare().await.unwrap();
    }
    assert_eq!(sequence.in_parts, 4);
}

/// Days on which nothing happens but that they pass, over the New Year to a day that is worked.
#[tokio::test(flavor = "multi_thread")]
async fn days_that_pass_are_the_same_step_by_step_and_at_once() {
    let mut sequence = Sequence::new().await;
    for _ in 0..6 {
        sequence.now += TimeDelta::days(1);
        sequence.compare().await.unwrap();
    }
    let days = sequence.lake.mart("user_days", &["at", "user_id"]).await;
    let ids = days.iter().filter(|row| row["at"] == "2026-01-04T00:00");
    let ids: Vec<&str> = ids.map(|row| row["user_id"].as_str().unwrap()).collect();
    // there is a record with the id 2, and somebody else whom another system calls so
    assert!(ids.contains(&"named:2"), "{ids:?}");
}
