//! A small lake of random rows: every mart by its schema, so that a new one is in it as well.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use millrace_lake::query::Engine;
use millrace_lake::{Change, Lake, Mode, PublishedSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::config::Company;
use millrace_models::{marts, stage};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

pub(crate) const ACCOUNTS: usize = 8;
const USERS: usize = 17;
/// Deals that facts are of.
const DEALS: usize = 12;
const TEAMS: [&str; 4] = ["全国", "华东", "上海", "华南"];

pub(crate) fn now() -> DateTime<Utc> {
    "2026-07-01T00:00:00Z".parse().unwrap()
}

/// Marts in a folder of their own.
pub(crate) struct World {
    pub(crate) lake: Lake,
    /// The rows of every mart.
    pub(crate) rows: BTreeMap<&'static str, RecordBatch>,
    versions: BTreeMap<String, i64>,
    seed: u64,
    _folder: TempDir,
}

/// Numbers that look random and are the same every time (splitmix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// Of `of` times `of - 1`.
    fn mostly(&mut self, of: usize) -> bool {
        self.below(of) > 0
    }
}

/// The account's own attributes: facts carry copies of them.
fn attribute(seed: u64, account: usize, name: &str) -> String {
    let mut dice = Dice(seed ^ (account as u64) << 8 ^ name.len() as u64);
    format!("{name} {}", dice.below(4))
}

/// The cells of a row, by column; times are hours, so that sums of durations are exact.
struct Line {
    dice: Dice,
    seed: u64,
    table: &'static str,
    place: usize,
    account: Option<usize>,
    /// Of a visit: the visits of a deal are all of the deal's account.
    deal: Option<usize>,
    from_us: i64,
    until_us: Option<i64>,
}

const HOUR_US: i64 = 3_600_000_000;

impl Line {
    fn new(seed: u64, table: &'static str, place: usize) -> Self {
        let salt = table.bytes().fold(0_u64, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let mut dice = Dice(seed ^ salt ^ (place as u64) << 32);
        let scored = marts::KEPT.contains(&table);
        let deal = (table == "stage_visits").then(|| dice.below(DEALS));
        let account = if table == "accounts" || scored {
            Some(place % ACCOUNTS)
        } else {
            let mut of_deal = deal.map(|deal| Dice(seed ^ (deal as u64) << 40));
            let dice = of_deal.as_mut().unwrap_or(&mut dice);
            dice.mostly(8).then(|| dice.below(ACCOUNTS))
        };
        let begin = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let hours = if scored {
            // all accounts on one day, then all on the next
            24 * (100 + place / ACCOUNTS)
        } else {
            dice.below(24 * 170)
        };
        let from_us = begin.timestamp_micros() + hours as i64 * HOUR_US;
        let until_us = dice
            .mostly(3)
            .then(|| from_us + (1 + dice.below(240)) as i64 * HOUR_US);
        Self {
            dice,
            seed,
            table,
            place,
            account,
            deal,
            from_us,
            until_us,
        }
    }

    fn text(&mut self, column: &str) -> Option<String> {
        let own = |name: &str| Some(format!("{name}{}", self.place + 1));
        let key = match (self.table, column) {
            ("accounts", "account_id") => own("A"),
            ("users", "user_id") => own("user-"),
            ("products", "product_id") => own("P"),
            ("opportunities", "opportunity_id") => own("O"),
            ("quote_outcomes", "quote_id") => own("Q"),
            ("orders", "order_id") => own("R"),
            ("contracts", "contract_id") => own("C"),
            ("payment_performance", "plan_id") => own("I"),
            ("ticket_service", "ticket_id") => own("T"),
            ("deliveries", "delivery_id") => own("D"),
            ("activity", "interaction_id") => own("V"),
            ("record_quality", "record_id") => own("X"),
            ("accounts", "name" | "label") => Some(format!("客户{}", self.place)),
            ("users", "name" | "label") => Some(format!("员工{}", self.place)),
            ("products", "name" | "label") => Some(format!("阀门{}", self.place)),
            _ => None,
        };
        if key.is_some() {
            return key;
        }
        let dice = &mut self.dice;
        match column {
            "account_id" => self.account.map(|account| format!("A{}", account + 1)),
            "parent_account" => dice
                .mostly(2)
                .then(|| format!("A{}", dice.below(ACCOUNTS) + 1)),
            "region" | "industry" | "segment" | "size" => {
                Some(attribute(self.seed, self.account?, column))
            }
            "contract_id" => dice.mostly(3).then(|| format!("C{}", dice.below(12) + 1)),
            "opportunity_id" => {
                let deal = self
                    .deal
                    .or_else(|| dice.mostly(8).then(|| dice.below(DEALS)));
                deal.map(|deal| format!("O{}", deal + 1))
            }
            "product" => dice.mostly(4).then(|| format!("P{}", dice.below(3) + 1)),
            "stage" | "next_stage" => Some(
                stage::DEFAULT_PIPELINE[dice.below(stage::DEFAULT_PIPELINE.len())]
                    .code
                    .to_owned(),
            ),
            "outcome" if self.table == "quote_outcomes" => Some(
                dice.one_of(&["sent", "accepted", "partial", "declined"])
                    .to_owned(),
            ),
            "outcome" => Some(
                dice.one_of(&["open", "won", "lost", "shelved", "invalid"])
                    .to_owned(),
            ),
            "status" if self.table == "account_health" => {
                Some(dice.one_of(&["green", "red", "unrated"]).to_owned())
            }
            "kind" => Some(dice.one_of(&["sale", "return", "visit", "call"]).to_owned()),
            "record_type" => {
                let types = [
                    "account",
                    "opportunity",
                    "quote",
                    "contract",
                    "ticket",
                    "receipt",
                ];
                Some(dice.one_of(&types).to_owned())
            }
            name if name.contains("team") => dice.mostly(5).then(|| dice.one_of(&TEAMS).to_owned()),
            name if is_person(name) => dice
                .mostly(5)
                .then(|| format!("user-{}", dice.below(USERS) + 1)),
            _ => dice
                .mostly(5)
                .then(|| format!("{column} {}", dice.below(3))),
        }
    }

    fn time(&mut self, column: &str) -> Option<i64> {
        match column {
            "left_at" | "won_at" | "closed_at" | "decided_at" | "resolved_at" => self.until_us,
            "advanced_at" | "first_response_at" => self.until_us.filter(|_| self.dice.mostly(2)),
            "expires_at" | "due_at" => Some(self.from_us + 30 * 24 * HOUR_US),
            _ => Some(self.from_us),
        }
    }

    fn number(&mut self, column: &str) -> Option<f64> {
        match column {
            "dwell_hours" | "dwell_business_hours" | "cycle_days" | "response_hours" => {
                Some((self.until_us? - self.from_us) as f64 / HOUR_US as f64)
            }
            _ => self
                .dice
                .mostly(6)
                .then(|| self.dice.below(40) as f64 / 4.0),
        }
    }
}

/// Whether a column holds the id of a person.
pub(crate) fn is_person(column: &str) -> bool {
    [
        "owner",
        "current_owner",
        "entered_by",
        "by",
        "user_id",
        "requester",
        "author",
    ]
    .contains(&column)
}

fn generate(seed: u64, table: &'static str, schema: &SchemaRef, count: usize) -> RecordBatch {
    let mut lines: Vec<Line> = (0..count)
        .map(|place| Line::new(seed, table, place))
        .collect();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        let name = field.name().as_str();
        let lines = lines.iter_mut();
        match field.data_type() {
            DataType::Timestamp(..) => {
                let times: TimestampMicrosecondArray = lines.map(|line| line.time(name)).collect();
                Arc::new(times.with_timezone("UTC"))
            }
            DataType::Float64 => Arc::new(
                lines
                    .map(|line| line.number(name))
                    .collect::<Float64Array>(),
            ),
            DataType::Decimal128(precision, scale) => {
                let amounts: Decimal128Array = lines
                    .map(|line| {
                        line.dice
                            .mostly(6)
                            .then(|| line.dice.below(900) as i128 * 100)
                    })
                    .collect();
                Arc::new(
                    amounts
                        .with_precision_and_scale(*precision, *scale)
                        .unwrap(),
                )
            }
            // what numbers a record among others is its place, so that keys are unique
            DataType::Int32 => Arc::new(
                lines
                    .map(|line| Some(i32::try_from(line.place).unwrap()))
                    .collect::<Int32Array>(),
            ),
            DataType::Int64 => Arc::new(
                lines
                    .map(|line| Some(i64::try_from(line.place).unwrap()))
                    .collect::<Int64Array>(),
            ),
            DataType::Boolean => Arc::new(
                lines
                    .map(|line| Some(line.dice.mostly(3)))
                    .collect::<BooleanArray>(),
            ),
            DataType::Date32 => Arc::new(
                lines
                    .map(|line| {
                        line.dice
                            .mostly(5)
                            .then(|| 20_450 + line.dice.below(180) as i32)
                    })
                    .collect::<Date32Array>(),
            ),
            _ => Arc::new(lines.map(|line| line.text(name)).collect::<StringArray>()),
        }
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema.clone(), columns).unwrap()
}

fn catalog() -> Catalog {
    let entity = |name: &str, fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        (name.to_owned(), fields)
    };
    Catalog {
        mapped: BTreeMap::from([
            entity(
                "account",
                &["region", "industry", "segment", "size", "parent", "name"],
            ),
            entity("user", &["name", "manager", "team"]),
            entity("product", &["name", "series"]),
            entity("opportunity", &["source"]),
        ]),
        attributes: BTreeMap::new(),
    }
}

impl World {
    pub(crate) async fn generate(seed: u64, size: usize) -> Self {
        let mut tables = BTreeMap::new();
        for table in marts::TABLES.iter().copied() {
            let count = match table {
                "accounts" => ACCOUNTS,
                "users" => USERS,
                "products" => 3,
                "opportunities" => 12,
                "calendar" => 1,
                _ => size,
            };
            let schema = marts::schema(table).unwrap();
            tables.insert(table, generate(seed, table, &schema, count));
        }
        Self {
            seed,
            ..Self::filled(tables).await
        }
    }

    /// A lake with these rows; they are read again from its files.
    pub(crate) async fn filled(tables: BTreeMap<&'static str, RecordBatch>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::init(&folder.path().join("lake")).await.unwrap();
        let mut world = Self {
            lake,
            rows: BTreeMap::new(),
            versions: BTreeMap::new(),
            seed: 0,
            _folder: folder,
        };
        for (table, rows) in tables {
            world.fill(table, &rows, Mode::Append).await;
        }
        world.publish(now()).await;
        world
    }

    /// Facts more, in files of their own.
    pub(crate) async fn grow(&mut self, seed: u64, table: &'static str, size: usize) {
        let schema = marts::schema(table).unwrap();
        let rows = generate(seed, table, &schema, size);
        self.fill(table, &rows, Mode::Append).await;
    }

    /// Other accounts by the same ids.
    pub(crate) async fn renew_accounts(&mut self, seed: u64) {
        let schema = marts::schema("accounts").unwrap();
        let rows = generate(seed, "accounts", &schema, ACCOUNTS);
        self.fill("accounts", &rows, Mode::Overwrite).await;
    }

    async fn fill(&mut self, mart: &'static str, rows: &RecordBatch, mode: Mode) {
        let name = format!("marts/{mart}");
        let table = self.lake.table(&name).await.unwrap();
        let partition = table.partition_column();
        // files do not hold the column that they are partitioned by
        let schema = table.schema();
        let columns = schema.fields().iter().map(|field| {
            let column = rows.column_by_name(field.name()).cloned();
            column.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
        });
        let rows = &RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
        let mut writer = self.lake.writer(&name, rows.schema(), partition);
        for row in 0..rows.num_rows() {
            let column = |name| partition.and_then(|_| rows.column_by_name(name));
            let left = column("left_at");
            let part = left.map(|left| if left.is_null(row) { "open" } else { "2026-01" });
            let day = column("as_of").map(AsArray::as_primitive::<TimestampMicrosecondType>);
            let day = day.map(|at| format!("{:020}", at.value(row)));
            writer
                .write(&rows.slice(row, 1), part.or(day.as_deref()))
                .unwrap();
        }
        let change = Change {
            mode,
            files: writer.finish().unwrap(),
            kept: Vec::new(),
            schema: None,
            transactions: Vec::new(),
        };
        let version = self.lake.commit(&table, change).await.unwrap();
        self.versions.insert(name.clone(), version);
        let table = self.lake.table_at(&name, version).await.unwrap();
        let mut batches = Vec::new();
        for file in table.files() {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file.path).unwrap());
            batches.extend(reader.unwrap().build().unwrap().map(Result::unwrap));
        }
        let schema = batches
            .first()
            .map_or_else(|| rows.schema(), RecordBatch::schema);
        self.rows
            .insert(mart, concat_batches(&schema, &batches).unwrap());
    }

    pub(crate) async fn publish(&self, at: DateTime<Utc>) {
        let set = PublishedSet {
            id: 0,
            published_at: at,
            complete_to: at,
            versions: self.versions.clone(),
            catalog: catalog(),
            inputs: BTreeMap::new(),
            last_event_at: Some(at),
            ..PublishedSet::default()
        };
        self.lake.publish(set).await.unwrap();
    }

    pub(crate) fn engine(&self) -> Engine {
        let company = Company::default();
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        Engine::new(self.lake.clone(), company.zone, Arc::new(calendar))
    }

    /// Where a choice between several begins.
    pub(crate) fn turn(&self) -> usize {
        (self.seed % 5) as usize
    }

    /// A cell of a text column.
    pub(crate) fn cell(&self, table: &str, column: &str, row: usize) -> Option<String> {
        let texts = self.rows[table].column_by_name(column)?.as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    }

    pub(crate) fn account_labels(&self) -> Vec<(String, String)> {
        let cell = |column, row| self.cell("accounts", column, row).unwrap();
        (0..ACCOUNTS)
            .map(|row| (cell("account_id", row), cell("label", row)))
            .collect()
    }
}
