//! The tables of each database are taken by each, and the change log goes on behind what was read of it.

use std::collections::BTreeMap;

use millrace_operations::entity::account;
use millrace_operations::lease::{holder, take};
use millrace_operations::log::replay;
use millrace_operations::resources::create;
use millrace_operations::sign_in::{
    Password, SessionRules, SignIn, look_at, set_password, sign_in,
};
use millrace_operations::snapshot::{Loading, Marks, Piece, Shape, Snapshot};
use millrace_operations::testing::Postgres;
use millrace_operations::{OperationsError, Place, Store};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::mpsc;

use crate::change_log::dump;
use crate::support::{Home, contract, row};
use crate::world::World;

contract! {
    each_database_takes_the_tables_of_each,
    what_commits_later_is_not_in_it_and_writers_go_on,
    what_the_lake_has_read_is_behind_its_mark,
    a_row_that_is_none_is_named_and_leaves_nothing,
    it_goes_into_an_empty_database_only,
    a_snapshot_of_another_program_is_refused,
    leases_keep_their_tokens_and_nobody_is_signed_in,
}

/// A snapshot in memory.
struct Held {
    shape: Shape,
    rows: BTreeMap<String, Vec<u8>>,
}

async fn held(store: &Store) -> Held {
    let mut snapshot = Snapshot::begin(store).await.unwrap();
    let held = rest(&mut snapshot).await;
    snapshot.end().await.unwrap();
    held
}

async fn rest(snapshot: &mut Snapshot) -> Held {
    let shape = snapshot.shape().clone();
    let mut rows = BTreeMap::new();
    for table in &shape.tables {
        let (send, mut pieces) = mpsc::channel::<Piece>(1);
        let read = async {
            let count = snapshot.rows(table, &send).await.unwrap().unwrap();
            drop(send);
            count
        };
        let kept = async {
            let mut text = Vec::new();
            let mut rows = 0;
            while let Some(piece) = pieces.recv().await {
                text.extend(piece.text);
                rows += piece.rows;
            }
            (text, rows)
        };
        let (count, (text, counted)) = tokio::join!(read, kept);
        assert_eq!(count, counted);
        let lines = text.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(lines as u64, count, "{}", table.name);
        rows.insert(table.name.clone(), text);
    }
    Held { shape, rows }
}

/// Empty places on both databases.
async fn places(folder: &std::path::Path) -> Vec<Place> {
    let mut places = vec![Place::File(folder.join("restored.db"))];
    if let Some(server) = Postgres::shared() {
        places.push(Place::Url(server.database().await.unwrap()));
    }
    places
}

async fn load(held: &Held, place: &Place, marks: &[i64]) -> Result<Marks, OperationsError> {
    let mut loading = Loading::begin(place, &held.shape, marks.iter().copied(), None).await?;
    for table in &held.shape.tables {
        let text = &held.rows[&table.name];
        let (send, pieces) = mpsc::channel(1);
        let sending = async move {
            // In pieces of some rows, so that their seams are seen.
            let mut rest = &text[..];
            while !rest.is_empty() {
                let end = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                let end = end.map(|(place, _)| place + 1).nth(6).unwrap_or(rest.len());
                let (piece, behind) = rest.split_at(end);
                if send.send(piece.to_vec()).await.is_err() {
                    break;
                }
                rest = behind;
            }
        };
        let ((), rows) = tokio::join!(sending, loading.rows(table, pieces));
        let lines = text.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(rows?, lines as u64, "{}", table.name);
    }
    loading.check().await?;
    let marks = loading.marks();
    loading.commit().await?;
    Ok(marks)
}

/// The rows of a table, in one order and without what differs by nature: marks, and how JSON is spaced.
fn canonical(held: &Held, table: &str) -> Vec<Vec<String>> {
    let shape = held.shape.tables.iter().find(|own| own.name == table);
    let from = usize::from(shape.unwrap().columns[0] == "mark");
    let text = std::str::from_utf8(&held.rows[table]).unwrap();
    let value = |cell: &str| {
        let plain = cell.replace("\\\\", "\\");
        match serde_json::from_str::<serde_json::Value>(&plain) {
            Ok(json) if json.is_object() || json.is_array() => {
                let mut json = json;
                json.sort_all_objects();
                json.to_string()
            }
            _ => cell.to_owned(),
        }
    };
    let rows = text.lines();
    let mut rows: Vec<Vec<String>> = rows
        .map(|line| line.split('\t').skip(from).map(value).collect())
        .collect();
    rows.sort();
    rows
}

fn assert_same(left: &Held, right: &Held) {
    assert_eq!(left.shape.tables, right.shape.tables);
    assert_eq!(left.shape.migrations, right.shape.migrations);
    for table in &left.shape.tables {
        let (own, other) = (canonical(left, &table.name), canonical(right, &table.name));
        assert_eq!(own.len(), other.len(), "{}", table.name);
        for (own, other) in own.iter().zip(&other) {
            assert_eq!(own, other, "{}", table.name);
        }
    }
}

async fn each_database_takes_the_tables_of_each(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 5).await;
    world.live_on(&home).await;
    let odd = row! {"name": "A\tB\\N\n\"阀门\"\\", "region": "\\."};
    create(&home.store, world.administrator(), &account::RESOURCE, &odd)
        .await
        .unwrap();
    home.settle().await;
    let taken = held(&home.store).await;
    assert!(taken.rows["change_log"].len() > 10_000);
    for place in places(home.folder()).await {
        load(&taken, &place, &[]).await.unwrap();
        let there = Home::at(&place).await;
        assert_same(&taken, &held(&there.store).await);
        // What was loaded is what its change log tells.
        there.settle().await;
        let other = there.another().await;
        let played = replay(&there.store, &other.store).await.unwrap();
        assert_eq!(played, taken.shape.log.entries);
        assert_eq!(spaced(dump(&there).await), spaced(dump(&other).await));
        // Life goes on behind it: neither ids nor numbers collide.
        let administrator = world.administrator();
        let new = row! {"name": "New"};
        let made = create(&there.store, administrator, &account::RESOURCE, &new).await;
        let made = made.unwrap();
        assert_eq!(made["number"], "ACC-2026-00014");
        assert_eq!(made["id"], 14);
    }
}

/// Without the spaces that PostgreSQL writes into JSON.
fn spaced(lines: Vec<String>) -> Vec<String> {
    let lines = lines.into_iter();
    lines
        .map(|line| line.replace(": ", ":").replace(", ", ","))
        .collect()
}

async fn what_commits_later_is_not_in_it_and_writers_go_on(home: Home) {
    let home = home.initialised().await;
    let administrator = home.user("ann", "administrator", None).await;
    let mut snapshot = Snapshot::begin(&home.store).await.unwrap();
    let new = row! {"name": "Later"};
    create(&home.store, &administrator, &account::RESOURCE, &new)
        .await
        .unwrap();
    let taken = rest(&mut snapshot).await;
    snapshot.end().await.unwrap();
    assert!(taken.rows["accounts"].is_empty());
    let later = held(&home.store).await;
    assert!(!later.rows["accounts"].is_empty());
    assert!(later.shape.log.entries > taken.shape.log.entries);
}

/// Who made the entries behind a mark, and of what, in their order.
async fn behind(store: &Store, mark: i64) -> Vec<String> {
    let mut mark = mark;
    let mut entries = Vec::new();
    loop {
        let window = store.changes_after(mark, 20).await.unwrap();
        let own = window.changes.iter().map(|(_, change)| {
            let after = serde_json::to_string(&change.after).unwrap();
            format!("{} {} {after}", change.entity, change.record_id)
        });
        entries.extend(own);
        mark = window.next;
        if !window.more {
            return entries;
        }
    }
}

async fn what_the_lake_has_read_is_behind_its_mark(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 8).await;
    world.live_on(&home).await;
    home.settle().await;
    let first = home.store.changes_after(0, 30).await.unwrap().next;
    let second = home.store.changes_after(first, 100).await.unwrap().next;
    let all = home.store.changes_after(0, 1_000_000).await.unwrap().next;
    assert!(first < second && second < all);
    let taken = held(&home.store).await;
    for place in places(home.folder()).await {
        let marks = load(&taken, &place, &[second, first, all, first]).await;
        let marks = marks.unwrap();
        assert_eq!(marks.len(), 3);
        let there = Home::at(&place).await;
        there.settle().await;
        for mark in [0, first, second, all] {
            let new = marks.get(&mark).copied().unwrap_or(0);
            let (own, other) = (
                behind(&home.store, mark).await,
                behind(&there.store, new).await,
            );
            let (own, other) = (json_sorted(own), json_sorted(other));
            assert_eq!(own, other, "{mark} became {new}");
            assert!(there.store.has_reached(new).await.unwrap());
        }
        // What is written from now on is behind all of them.
        let name = row! {"name": "New"};
        create(
            &there.store,
            world.administrator(),
            &account::RESOURCE,
            &name,
        )
        .await
        .unwrap();
        there.settle().await;
        let new = behind(&there.store, marks[&all]).await;
        assert!(new.iter().any(|entry| entry.contains("\"New\"")), "{new:?}");
    }
}

/// PostgreSQL keeps the members of JSON in an order of its own.
fn json_sorted(entries: Vec<String>) -> Vec<String> {
    let sorted = entries.into_iter().map(|entry| {
        let (name, json) = entry.split_once(" {").unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&format!("{{{json}")).unwrap();
        json.sort_all_objects();
        format!("{name} {json}")
    });
    sorted.collect()
}

async fn tables(place: &Place) -> i64 {
    match place {
        Place::File(path) => i64::from(path.exists() && std::fs::metadata(path).unwrap().len() > 0),
        Place::Url(_) => {
            let connection = sea_orm::Database::connect(url(place)).await.unwrap();
            let select = "SELECT COUNT(*) FROM information_schema.tables \
                          WHERE table_schema = 'public'";
            let statement = Statement::from_string(DbBackend::Postgres, select);
            let row = connection.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index(0).unwrap()
        }
    }
}

fn url(place: &Place) -> String {
    match place {
        Place::Url(url) => url.clone(),
        Place::File(path) => format!("sqlite:{}", path.display()),
    }
}

async fn a_row_that_is_none_is_named_and_leaves_nothing(home: Home) {
    let home = home.initialised().await;
    home.user("ann", "rep", None).await;
    let mut taken = held(&home.store).await;
    let users = taken.rows.get_mut("users").unwrap();
    let cut = users.iter().position(|byte| *byte == b'\t').unwrap();
    users.remove(cut);
    for place in places(home.folder()).await {
        let error = load(&taken, &place, &[]).await.unwrap_err();
        let is_named =
            matches!(&error, OperationsError::Row { table, row: 1, .. } if table == "users");
        assert!(is_named, "{error}");
        assert_eq!(tables(&place).await, 0);
    }
    // A reference to a row that is not there.
    let mut taken = held(&home.store).await;
    taken.rows.insert("roles".to_owned(), Vec::new());
    for place in places(&home.folder().join("again")).await {
        let error = load(&taken, &place, &[]).await.unwrap_err();
        assert!(error.to_string().contains("users"), "{error}");
        assert_eq!(tables(&place).await, 0);
    }
}

async fn it_goes_into_an_empty_database_only(home: Home) {
    let home = home.initialised().await;
    let taken = held(&home.store).await;
    let Place::Url(_) = &home.place else {
        // A file that is there is the caller's to move away.
        let error = load(&taken, &home.place, &[]).await.unwrap_err();
        assert!(error.to_string().contains("a database already"), "{error}");
        return;
    };
    let error = load(&taken, &home.place, &[]).await.unwrap_err();
    assert!(matches!(error, OperationsError::NotEmpty { .. }), "{error}");
    let loading = Loading::begin(&home.place, &taken.shape, [], Some("before")).await;
    // Given up: everything is as it was.
    drop(loading.unwrap());
    let error = load(&taken, &home.place, &[]).await.unwrap_err();
    assert!(matches!(error, OperationsError::NotEmpty { .. }), "{error}");
    let loading = Loading::begin(&home.place, &taken.shape, [], Some("before")).await;
    loading.unwrap().commit().await.unwrap();
    let count = async |table: &str| -> i64 {
        let select = format!("SELECT COUNT(*) FROM {table}");
        let statement = Statement::from_string(DbBackend::Postgres, select);
        let row = home.store.reader().query_one_raw(statement).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    };
    assert_eq!(count("public.users").await, 0);
    assert_eq!(count("before.users").await, 1);
}

async fn a_snapshot_of_another_program_is_refused(home: Home) {
    let home = home.initialised().await;
    let mut taken = held(&home.store).await;
    taken.shape.migrations[0].checksum = "0".repeat(64);
    for place in places(home.folder()).await {
        let error = load(&taken, &place, &[]).await.unwrap_err();
        assert!(matches!(error, OperationsError::MigrationChanged { .. }));
    }
    "9999_future".clone_into(&mut taken.shape.migrations[0].name);
    for place in places(home.folder()).await {
        let error = load(&taken, &place, &[]).await.unwrap_err();
        assert!(matches!(error, OperationsError::MigrationUnknown { .. }));
    }
}

async fn leases_keep_their_tokens_and_nobody_is_signed_in(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let password = Password::from("long enough for ann".to_owned());
    set_password(&home.store, ann.user_id, &password)
        .await
        .unwrap();
    let who = SignIn {
        username: "ann".to_owned(),
        password,
        address: None,
        device: None,
    };
    let rules = SessionRules::default();
    let session = sign_in(&home.store, rules, &who).await.unwrap();
    let hour = chrono::TimeDelta::hours(1);
    let first = take(&home.store, "marts", "first", hour)
        .await
        .unwrap()
        .unwrap();
    let taken = held(&home.store).await;
    assert!(!taken.rows.contains_key("sessions"));
    for place in places(home.folder()).await {
        load(&taken, &place, &[]).await.unwrap();
        let store = Home::at(&place).await.store;
        assert_eq!(holder(&store, "marts").await.unwrap(), None);
        let next = take(&store, "marts", "next", hour).await.unwrap().unwrap();
        assert!(next.token > first.token);
        let error = look_at(&store, rules, &session.token).await.unwrap_err();
        assert!(matches!(error, OperationsError::Unauthenticated), "{error}");
        sign_in(&store, rules, &who).await.unwrap();
    }
}
