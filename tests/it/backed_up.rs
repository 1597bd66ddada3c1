//! Backups of a company at work: taken by the command while a server is written to as fast as it can take
//! it, restored elsewhere, on the same database and on the other one. Then records, change log, lake and
//! attachments agree, and everything that was acknowledged before is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use millrace_models::clock::Clock;
use millrace_models::config::Company;
use millrace_operations::entity::{RESOURCES, attachment};
use millrace_operations::log::replay;
use millrace_operations::testing::Postgres;
use millrace_operations::{Place, Store};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use serde_json::{Value, json};

use crate::served::{Client, Server, command};
use crate::writers::{Known, json_of, published, runtime, write_on};

const PASSWORD: &str = "a password of the demo";
/// Clients that write at once.
const CLIENTS: usize = 6;
/// What the names of the accounts begin with that they write.
const WRITTEN: &str = "Company w-";

/// How long backups are taken one after the other, in seconds: two of them, or longer by
/// `MILLRACE_TEST_SECONDS`.
fn seconds() -> u64 {
    let wanted = std::env::var("MILLRACE_TEST_SECONDS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[derive(Debug)]
struct Wall;

impl Clock for Wall {
    fn now(&self) -> chrono::DateTime<Utc> {
        Utc::now()
    }
}

/// A backup, and what the clients knew just before it began and just after it was done.
struct Taken {
    file: PathBuf,
    before: BTreeMap<String, (i64, i64)>,
    after: BTreeMap<String, (i64, i64)>,
}

fn demo(data: &Path, database: Option<&str>) -> String {
    let arguments = [
        "demo",
        "--accounts",
        "25",
        "--months",
        "3",
        "--until",
        "2026-10-31",
    ];
    let made = json_of(
        data,
        database,
        &[&arguments[..], &["--password", PASSWORD]].concat(),
    );
    let logins = made["logins"].as_array().unwrap();
    let administrator = logins.iter().find(|own| own["role"] == "administrator");
    administrator.unwrap()["username"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn token(address: &str, administrator: &str) -> String {
    let mut admin = Client::new(address);
    admin.sign_in(administrator, PASSWORD);
    let scopes = ["create", "read", "update"];
    let scopes = scopes.map(|action| json!({"entity": "account", "action": action}));
    let secret = admin.must(
        201,
        "POST",
        "/api/tokens",
        json!({"name": "test", "scopes": scopes}),
    );
    secret.body["token"].as_str().unwrap().to_owned()
}

/// Takes backups while clients write; the secret that they write with.
fn under_writes(data: &Path, database: Option<&str>, folder: &Path) -> (String, Vec<Taken>) {
    let administrator = demo(data, database);
    let server = Server::start(data, database);
    let secret = token(&server.address, &administrator);
    let known = Mutex::new(Known::default());
    let acks = AtomicUsize::new(0);
    let enough = AtomicBool::new(false);
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (address, secret, acks, known) = (&server.address, &secret, &acks, &known);
            let enough = &enough;
            scope.spawn(move || {
                let is_enough = || enough.load(Ordering::Relaxed);
                write_on(
                    address,
                    secret,
                    &format!("w-{client}"),
                    acks,
                    known,
                    &is_enough,
                );
            });
        }
        // The clients end with this, whatever comes of it.
        let _ended = Ended(&enough);
        let began = Instant::now();
        let until = Duration::from_secs(seconds());
        for number in 0.. {
            if number >= 2 && began.elapsed() >= until {
                break;
            }
            let wanted = acks.load(Ordering::Relaxed) + 4 * CLIENTS;
            while acks.load(Ordering::Relaxed) < wanted {
                std::thread::yield_now();
            }
            let file = folder.join(format!("{number}.tar.zst"));
            let before = known.lock().unwrap().accounts.clone();
            let acked = acks.load(Ordering::Relaxed);
            let clock = Instant::now();
            let said = json_of(data, database, &["backup", file.to_str().unwrap()]);
            let written = acks.load(Ordering::Relaxed) - acked;
            let took = clock.elapsed().as_secs_f64();
            eprintln!(
                "backup {number}: {} bytes in {took:.1} s, {:.2} s of them pinned; {:.0} writes a second \
                 meanwhile",
                said["bytes"],
                said["pinned_seconds"].as_f64().unwrap(),
                written as f64 / took
            );
            // Nobody waited for it to end.
            assert!(written >= CLIENTS, "{written} writes during the backup");
            let after = known.lock().unwrap().accounts.clone();
            taken.push(Taken {
                file,
                before,
                after,
            });
        }
    });
    server.end();
    // What was sent while the last backup was at work is known by now.
    let all = known.into_inner().unwrap().accounts;
    if let Some(last) = taken.last_mut() {
        last.after.extend(all);
    }
    (secret, taken)
}

struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn place(data: &Path, database: Option<&str>) -> Place {
    match database {
        Some(url) => Place::Url(url.to_owned()),
        None => Place::File(data.join("operations.db")),
    }
}

async fn opened(place: &Place) -> Store {
    Store::open(place, Arc::new(Wall), &Company::default())
        .await
        .unwrap()
}

/// Waits until every transaction before this moment has ended, also those that other tests have open in
/// their databases of the same server: the change log is read up to the oldest of them.
async fn settle(store: &Store) {
    if store.backend() != DbBackend::Postgres {
        return;
    }
    let ask = async |end: &str| -> i64 {
        let select = format!("SELECT pg_snapshot_{end}(pg_current_snapshot())::text::bigint");
        let statement = Statement::from_string(DbBackend::Postgres, select);
        let row = store.reader().query_one_raw(statement).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    };
    let next = ask("xmax").await;
    while ask("xmin").await < next {
        tokio::task::yield_now().await;
    }
}

/// Every table as text, without the columns that the log does not keep.
async fn tables(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in RESOURCES {
        let columns: Vec<String> = resource
            .logged_fields()
            .map(|field| format!("COALESCE(CAST({} AS TEXT), '∅')", field.name))
            .collect();
        let columns = columns.join(" || '|' || ");
        let select = format!("SELECT {columns} FROM {} ORDER BY id", resource.table);
        let statement = Statement::from_string(store.backend(), select);
        for row in store.reader().query_all_raw(statement).await.unwrap() {
            let line: String = row.try_get_by_index(0).unwrap();
            // Without the spaces that PostgreSQL writes into JSON.
            let line = line.replace(": ", ":").replace(", ", ",");
            lines.push(format!("{}: {line}", resource.table));
        }
    }
    lines
}

/// The accounts that clients wrote: by name, id and version; each with one entry for each version.
async fn written(store: &Store) -> BTreeMap<String, (i64, i64)> {
    let select = format!(
        "SELECT name, id, version, (SELECT COUNT(*) FROM change_log \
         WHERE entity = 'account' AND record_id = accounts.id) FROM accounts \
         WHERE name LIKE '{WRITTEN}%'"
    );
    let statement = Statement::from_string(store.backend(), select);
    let mut found = BTreeMap::new();
    for row in store.reader().query_all_raw(statement).await.unwrap() {
        let name: String = row.try_get_by_index(0).unwrap();
        let version: i64 = row.try_get_by_index(2).unwrap();
        let entries: i64 = row.try_get_by_index(3).unwrap();
        assert_eq!(entries, version, "{name}");
        let record = (row.try_get_by_index(1).unwrap(), version);
        assert_eq!(found.insert(name, record), None);
    }
    found
}

/// Everything that must be true of what was restored.
fn agrees(taken: &Taken, data: &Path, database: Option<&str>, secret: &str) {
    let own = place(data, database);
    runtime().block_on(async {
        let store = opened(&own).await;
        let found = written(&store).await;
        for (name, (id, version)) in &taken.before {
            let there = found.get(name).unwrap_or_else(|| panic!("{name} is lost"));
            assert_eq!(there.0, *id, "{name}");
            assert!(there.1 >= *version, "{name}: a change is lost");
        }
        // What was on its way when the backup was done its clients may not know of; of each one record.
        let beyond = found.keys().filter(|name| !taken.after.contains_key(*name));
        assert!(beyond.count() <= CLIENTS);
        // The records are what the change log tells.
        let folder = tempfile::tempdir().unwrap();
        let again = match &own {
            Place::File(_) => Place::File(folder.path().join("replayed.db")),
            Place::Url(_) => Place::Url(Postgres::shared().unwrap().database().await.unwrap()),
        };
        let again = opened(&again).await;
        settle(&store).await;
        replay(&store, &again).await.unwrap();
        let (left, right) = (tables(&store).await, tables(&again).await);
        assert_eq!(left.len(), right.len());
        for (left, right) in left.iter().zip(&right) {
            assert_eq!(left, right);
        }
        // The attachments are there, byte for byte.
        let named = attachment::Entity::find()
            .all(store.reader())
            .await
            .unwrap();
        assert!(!named.is_empty());
        for file in named {
            let bytes = std::fs::read(data.join("attachments").join(&file.object_key)).unwrap();
            assert_eq!(i64::try_from(bytes.len()).unwrap(), file.bytes);
        }
        store.close().await.unwrap();
        again.close().await.unwrap();
    });
    // The lake goes on behind what it had read, and its marts are those of all records at once.
    let run = json_of(data, database, &["ingest"]);
    assert!(run.is_object());
    json_of(data, database, &["run"]);
    let step_by_step = runtime().block_on(published(data));
    json_of(data, database, &["run", "--full"]);
    let at_once = runtime().block_on(published(data));
    for (mart, rows) in &at_once {
        assert_eq!(&step_by_step[mart], rows, "{mart}");
    }
    let found = command(data, database)
        .args(["--format", "json", "doctor"])
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    for check in found["checks"].as_array().unwrap() {
        // A machine need not have fonts, nor room.
        let is_ours = !["fonts", "free space", "backup", "calendar"]
            .contains(&check["check"].as_str().unwrap());
        assert!(!is_ours || check["state"] == "ok", "{check}");
    }
    // It serves, and programs come in with the tokens that they had.
    let server = Server::start(data, database);
    let mut client = Client::with_token(&server.address, secret);
    let answer = client.must(200, "GET", "/api/accounts?limit=1", Value::Null);
    assert_eq!(
        answer.body["rows"].as_array().unwrap().len(),
        1,
        "{}",
        answer.body
    );
    client.must(
        201,
        "POST",
        "/api/accounts",
        json!({"name": "After the restore"}),
    );
    server.end();
}

/// Restores the backups, some of them where they are many, and looks whether each agrees with itself.
fn restored(taken: &[Taken], folder: &Path, secret: &str, from_postgres: bool) {
    let some = taken.iter().step_by(taken.len().div_ceil(6));
    // On the kind of database that it is of, and on the other.
    let kinds = [from_postgres, !from_postgres].into_iter().cycle();
    for (number, (taken, into_postgres)) in some.zip(kinds).enumerate() {
        let database = into_postgres.then(other_postgres).flatten();
        let data = folder.join(format!("restored-{number}"));
        let database = database.as_deref();
        let file = taken.file.to_str().unwrap();
        let said = json_of(&data, database, &["restore", file]);
        assert_eq!(said["attachments"]["missing_count"], 0);
        agrees(taken, &data, database, secret);
    }
}

/// An empty database of PostgreSQL.
fn other_postgres() -> Option<String> {
    let server = Postgres::shared()?;
    Some(runtime().block_on(server.database()).unwrap())
}

#[test]
fn a_backup_under_writes_restores_to_a_consistent_system_from_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, taken) = under_writes(&folder.path().join("data"), None, folder.path());
    restored(&taken, folder.path(), &secret, false);
}

#[test]
fn a_backup_under_writes_restores_to_a_consistent_system_from_postgres() {
    let Some(url) = other_postgres() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (secret, taken) = under_writes(&folder.path().join("data"), Some(&url), folder.path());
    restored(&taken, folder.path(), &secret, true);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    json_of(&data, None, &["init"]);
    let file = folder.path().join("a.tar.zst");
    let file = file.to_str().unwrap();
    let run = |data: &Path, arguments: &[&str]| {
        let done = command(data, None).args(arguments).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        (
            done.status.code().unwrap(),
            String::from_utf8(done.stdout).unwrap(),
            said,
        )
    };
    let (code, out, _) = run(&data, &["backup", file]);
    assert_eq!(code, 0);
    assert!(
        out.contains("database") && out.contains("attachments  0 files"),
        "{out}"
    );
    let (code, _, said) = run(&data, &["backup", file]);
    assert_eq!(
        (code, said.contains("replace it with --force")),
        (1, true),
        "{said}"
    );
    assert_eq!(run(&data, &["backup"]).0, 2);
    assert_eq!(run(&data, &["backup", file, "--daily"]).0, 2);
    let (code, out, _) = run(&data, &["backup", "--daily"]);
    assert_eq!(
        (code, out.contains("data/backups/millrace-")),
        (0, true),
        "{out}"
    );
    let (code, _, said) = run(&data, &["restore", file]);
    assert_eq!(
        (code, said.contains("is there already")),
        (1, true),
        "{said}"
    );
    let (code, out, _) = run(&data, &["restore", "--check", file]);
    assert_eq!(
        (code, out.contains("the archive is whole")),
        (0, true),
        "{out}"
    );
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    std::fs::write(file, bytes).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    let (code, _, said) = run(&elsewhere, &["restore", file]);
    assert_eq!((code, said.contains("cut off")), (2, true), "{said}");
    assert!(!elsewhere.exists());
    // Settings that cannot be read are a finding as well.
    std::fs::write(data.join("millrace.toml"), "[backup]\ndaily = \"many\"\n").unwrap();
    let (code, out, _) = run(&data, &["doctor"]);
    assert_eq!(
        (code, out.starts_with("error    settings")),
        (1, true),
        "{out}"
    );
    std::fs::write(data.join("millrace.toml"), "").unwrap();
    let (_, out, _) = run(&data, &["doctor"]);
    assert!(out.contains("ok       change log"), "{out}");
    std::fs::remove_file(data.join("operations.db")).unwrap();
    let (code, out, _) = run(&data, &["doctor"]);
    assert_eq!(
        (code, out.contains("error    database")),
        (1, true),
        "{out}"
    );
    // It looks, and makes nothing.
    assert!(!data.join("operations.db").exists());
}
