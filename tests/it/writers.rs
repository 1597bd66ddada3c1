//! Clients that write to servers until these are gone, and what must then be true of the database, the
//! lake and the marts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::AsArray;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use millrace_lake::Lake;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::served::{Answer, Client, command};

/// A write as a client sent it.
#[derive(Debug, Clone)]
struct Sent {
    key: String,
    name: String,
}

/// What the clients know.
#[derive(Default)]
pub(crate) struct Known {
    /// Accounts that were acknowledged: by name, their id and the last version.
    pub(crate) accounts: BTreeMap<String, (i64, i64)>,
    /// Creates that no answer came for.
    unanswered: Vec<Sent>,
}

/// How many bursts to run: as many as `MILLRACE_TEST_BURSTS` says.
pub(crate) fn bursts(usual: usize) -> usize {
    let wanted = std::env::var("MILLRACE_TEST_BURSTS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Makes the data directory and the database; the first password of the administrator.
pub(crate) fn init(data: &Path, database: Option<&str>) -> String {
    let made = json_of(data, database, &["init"]);
    made["administrator"]["password"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A token that may write accounts.
pub(crate) fn token(address: &str, first: &str) -> String {
    let mut admin = Client::new(address);
    admin.sign_in("admin", first);
    admin.change_password(first, "a much longer password");
    let scopes: Vec<Value> = ["create", "read", "update"]
        .map(|action| json!({"entity": "account", "action": action}))
        .to_vec();
    let token = admin.must(
        201,
        "POST",
        "/api/tokens",
        json!({"name": "test", "scopes": scopes}),
    );
    token.body["token"].as_str().unwrap().to_owned()
}

fn create(client: &mut Client, sent: &Sent) -> std::io::Result<Answer> {
    let body = json!({"name": sent.name, "region": "华东"});
    let key = [("idempotency-key", sent.key.as_str())];
    client.ask("POST", "/api/accounts", &key, Some(&body))
}

fn id_and_version(body: &Value) -> (i64, i64) {
    let number = |name: &str| body["record"][name].as_i64().unwrap();
    (number("id"), number("version"))
}

/// Writes until the server is gone, or it is enough. No other client may have the `name`.
pub(crate) fn write_on(
    address: &str,
    token: &str,
    name: &str,
    acks: &AtomicUsize,
    known: &Mutex<Known>,
    is_enough: &dyn Fn() -> bool,
) {
    let mut client = Client::with_token(address, token);
    for round in 0.. {
        if is_enough() {
            return;
        }
        let sent = Sent {
            key: format!("key-{name}-{round}"),
            name: format!("Company {name} {round}"),
        };
        let Ok(answer) = create(&mut client, &sent) else {
            known.lock().unwrap().unanswered.push(sent);
            return;
        };
        assert_eq!(answer.status, 201, "{}", answer.body);
        let (id, version) = id_and_version(&answer.body);
        acks.fetch_add(1, Ordering::Relaxed);
        known
            .lock()
            .unwrap()
            .accounts
            .insert(sent.name.clone(), (id, version));
        if round % 3 != 0 {
            continue;
        }
        let change = json!({"industry": format!("industry {round}")});
        let path = format!("/api/accounts/{id}");
        let read = format!("\"{version}\"");
        let read = [("if-match", read.as_str())];
        let Ok(answer) = client.ask("PATCH", &path, &read, Some(&change)) else {
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.body);
        acks.fetch_add(1, Ordering::Relaxed);
        let changed = id_and_version(&answer.body);
        known.lock().unwrap().accounts.insert(sent.name, changed);
    }
}

/// Sends the creates again that no answer came for, each to all of the servers: whether they were done
/// nobody knows, and with their keys they are done once.
pub(crate) fn send_again(known: &Mutex<Known>, token: &str, addresses: &[&str]) {
    let mut known = known.lock().unwrap();
    for sent in std::mem::take(&mut known.unanswered) {
        let mut first: Option<(i64, i64)> = None;
        for address in addresses.iter().chain(addresses.first()) {
            let mut client = Client::with_token(address, token);
            let answer = create(&mut client, &sent).unwrap();
            assert_eq!(answer.status, 201, "{}", answer.body);
            let made = id_and_version(&answer.body);
            assert_eq!(first.get_or_insert(made).0, made.0, "{}", sent.name);
        }
        known.accounts.extend(first.map(|made| (sent.name, made)));
    }
}

/// Reads what is left of the change log, and looks everywhere. All servers must be gone.
pub(crate) fn nothing_is_lost_or_twice(data: &Path, database: Option<&str>, known: &Known) {
    runtime().block_on(in_the_database(data, database, known));
    json_of(data, database, &["ingest"]);
    runtime().block_on(in_the_lake(data, known));
    marts_equal_a_full_rebuild(data, database, known.accounts.len());
}

/// Runs the command; its document on stdout.
pub(crate) fn json_of(data: &Path, database: Option<&str>, arguments: &[&str]) -> Value {
    let done = command(data, database)
        .args(["--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What the rounds made between the kills, and a last run completes, is what all records make.
fn marts_equal_a_full_rebuild(data: &Path, database: Option<&str>, accounts: usize) {
    json_of(data, database, &["run"]);
    let step_by_step = runtime().block_on(published(data));
    json_of(data, database, &["upkeep"]);
    let full = json_of(data, database, &["run", "--full"]);
    assert_eq!(full["full"], "it was asked for");
    let at_once = runtime().block_on(published(data));
    assert_eq!(step_by_step["marts/accounts"].len(), accounts);
    for (mart, rows) in &at_once {
        assert_eq!(&step_by_step[mart], rows, "{mart}");
    }
    let status = json_of(data, database, &["status"]);
    let files = |table: &Value| table["files"].as_u64().unwrap();
    for table in status["tables"].as_array().unwrap() {
        assert!(files(table) < 60, "{table}: files are not put together");
    }
}

/// The rows of all marts of the published set as texts, in their order.
pub(crate) async fn published(data: &Path) -> BTreeMap<String, Vec<String>> {
    let lake = Lake::open(&data.join("lake")).await.unwrap();
    let set = lake.latest_set().await.unwrap().unwrap();
    let mut marts = BTreeMap::new();
    for (name, version) in &set.versions {
        let mut rows = Vec::new();
        for file in lake.table_at(name, *version).await.unwrap().files() {
            let opened = std::fs::File::open(&file.path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                let options = FormatOptions::default().with_null("-");
                let columns = batch.columns().iter();
                let columns: Vec<ArrayFormatter<'_>> = columns
                    .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
                    .collect();
                rows.extend((0..batch.num_rows()).map(|row| {
                    let cells = columns.iter().map(|column| column.value(row).to_string());
                    cells.collect::<Vec<_>>().join("|")
                }));
            }
        }
        rows.sort_unstable();
        marts.insert(name.clone(), rows);
    }
    marts
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn rows(connection: &DatabaseConnection, sql: &str) -> Vec<sea_orm::QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.unwrap()
}

/// Each account is there once, at least as it was acknowledged, with one entry for each version.
async fn in_the_database(data: &Path, database: Option<&str>, known: &Known) {
    let url = match database {
        Some(url) => url.to_owned(),
        None => format!("sqlite://{}", data.join("operations.db").display()),
    };
    let connection = Database::connect(url).await.unwrap();
    let mut found = BTreeMap::new();
    for row in rows(&connection, "SELECT name, id, version FROM accounts").await {
        let name: String = row.try_get_by_index(0).unwrap();
        let record: (i64, i64) = (
            row.try_get_by_index(1).unwrap(),
            row.try_get_by_index(2).unwrap(),
        );
        assert_eq!(
            found.insert(name.clone(), record),
            None,
            "{name} is there twice"
        );
    }
    for (name, (id, version)) in &known.accounts {
        let (found_id, found_version) = found[name];
        assert_eq!(found_id, *id, "{name}");
        assert!(
            found_version >= *version,
            "{name}: an acknowledged change is lost"
        );
    }
    assert_eq!(
        found.len(),
        known.accounts.len(),
        "accounts that nobody asked for"
    );
    let mut entries: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let log = "SELECT record_id, op FROM change_log WHERE entity = 'account' ORDER BY seq";
    for row in rows(&connection, log).await {
        let id: i64 = row.try_get_by_index(0).unwrap();
        entries
            .entry(id)
            .or_default()
            .push(row.try_get_by_index(1).unwrap());
    }
    for (name, (id, version)) in &found {
        let own = &entries[id];
        assert_eq!(
            i64::try_from(own.len()).unwrap(),
            *version,
            "{name}: {own:?}"
        );
        assert_eq!(own.iter().filter(|op| *op == "insert").count(), 1, "{name}");
    }
    connection.close().await.unwrap();
}

/// The raw table has each version of each account once.
async fn in_the_lake(data: &Path, known: &Known) {
    let lake = Lake::open(&data.join("lake")).await.unwrap();
    let mut inserts: BTreeMap<String, usize> = BTreeMap::new();
    for file in lake.table("raw/account").await.unwrap().files() {
        let file = std::fs::File::open(&file.path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>();
            let (names, ops) = (text("name"), text("_op"));
            for row in 0..batch.num_rows() {
                if ops.value(row) == "insert" {
                    *inserts.entry(names.value(row).to_owned()).or_default() += 1;
                }
            }
        }
    }
    for name in known.accounts.keys() {
        assert_eq!(inserts.get(name), Some(&1), "{name} in the lake");
    }
    assert_eq!(inserts.len(), known.accounts.len());
}
