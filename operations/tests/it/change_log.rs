//! The change log holds every change, and nothing that it must not.

use millrace_operations::Actor;
use millrace_operations::entity::{RESOURCES, account, private_note};
use millrace_operations::log::{Op, Position, replay};
use millrace_operations::resources::{create, create_in, update, update_in};
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{Home, contract, row, time};
use crate::world::World;

contract! {
    played_again_it_gives_the_same_tables,
    every_change_is_there_with_who_when_and_why,
    a_history_is_written_down_in_everybodys_name_and_time,
    a_private_note_is_logged_without_its_words,
    versions_of_a_record_come_in_their_order,
}

/// Every table as text, without the columns that the log does not keep.
pub(crate) async fn dump(home: &Home) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in RESOURCES {
        let columns: Vec<String> = resource
            .logged_fields()
            .map(|field| format!("COALESCE(CAST({} AS TEXT), '∅')", field.name))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY id",
            columns.join(" || '|' || "),
            resource.table
        );
        let statement = Statement::from_string(home.store.backend(), sql);
        for row in home.store.reader().query_all_raw(statement).await.unwrap() {
            let line: String = row.try_get_by_index(0).unwrap();
            lines.push(format!("{}: {line}", resource.table));
        }
    }
    lines
}

async fn played_again_it_gives_the_same_tables(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 3).await;
    world.live_on(&home).await;
    let other = home.another().await;
    home.settle().await;
    let played = replay(&home.store, &other.store).await.unwrap();
    assert!(played > 200, "{played}");
    let (left, right) = (dump(&home).await, dump(&other).await);
    assert!(left.len() > 200);
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len());
    // Life goes on behind it: neither ids nor numbers collide.
    let administrator = world.administrator();
    let made = create(
        &other.store,
        administrator,
        &account::RESOURCE,
        &row! {"name": "New"},
    )
    .await
    .unwrap();
    assert_eq!(made["number"], "ACC-2026-00013");
    assert_eq!(made["id"], 13);
}

async fn every_change_is_there_with_who_when_and_why(home: Home) {
    let home = home.initialised().await;
    let mut rep = home.user("ann", "rep", None).await;
    home.settle().await;
    let start = home
        .store
        .changes_since(Position::default(), 10_000)
        .await
        .unwrap()
        .next;
    rep.request_id = Some("req-1".to_owned());
    let made = create(&home.store, &rep, &account::RESOURCE, &row! {"name": "A"})
        .await
        .unwrap();
    rep.reason = Some("moved".to_owned());
    let id = made["id"].as_i64().unwrap();
    let updated = update(
        &home.store,
        &rep,
        &account::RESOURCE,
        id,
        1,
        &row! {"region": "华东"},
    )
    .await
    .unwrap();
    home.settle().await;
    let changes = home.store.changes_since(start, 10).await.unwrap().changes;
    assert_eq!(changes.len(), 2);
    let (first, second) = (&changes[0], &changes[1]);
    assert_eq!(
        (first.op, first.entity.as_str(), first.record_id),
        (Op::Insert, "account", id)
    );
    assert_eq!((&first.before, &first.reason), (&None, &None));
    assert_eq!(first.request_id.as_deref(), Some("req-1"));
    assert_eq!(
        (second.actor_id, second.actor.as_str()),
        (Some(rep.user_id), "Name of ann")
    );
    assert_eq!(second.reason.as_deref(), Some("moved"));
    assert_eq!(second.at, home.store.now());
    assert_eq!(second.before.as_ref(), Some(&first.after));
    assert_eq!(second.after.as_object(), Some(&updated));
    assert_eq!(second.after["recorded_at"], "2026-03-02T01:30:00.123456Z");
    let history = home.store.history("account", id, 10).await.unwrap();
    assert_eq!(history, [second.clone(), first.clone()]);
}

async fn a_history_is_written_down_in_everybodys_name_and_time(home: Home) {
    let home = home.initialised().await;
    let (ann, bob) = (
        home.user("ann", "rep", None).await,
        home.user("bob", "director", None).await,
    );
    let (morning, evening) = (
        time("2025-12-30T09:00:00+08:00"),
        time("2026-01-02T18:00:00+08:00"),
    );
    let (account, other) = (row! {"name": "Valves"}, row! {"name": "Pumps"});
    let made = home
        .store
        .write(&Actor::system("history"), async |unit| {
            let then = unit.acting(ann.actor(), morning);
            let first = create_in(&then, &ann, &account::RESOURCE, &account).await?;
            let later = unit.acting(bob.actor(), evening);
            let id = first["id"].as_i64().unwrap();
            let change = row! {"region": "华东"};
            update_in(&later, &bob, &account::RESOURCE, id.into(), &change).await?;
            let second = create_in(&later, &ann, &account::RESOURCE, &other).await?;
            Ok([first, second])
        })
        .await
        .unwrap();
    let numbers = made.clone().map(|row| row["number"].clone());
    assert_eq!(numbers, ["ACC-2025-00001", "ACC-2026-00001"]);
    assert_eq!(made[0]["owner_id"], ann.user_id);
    let id = made[0]["id"].as_i64().unwrap();
    let history = home.store.history("account", id, 10).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|change| (change.at, change.actor_id))
        .collect();
    assert_eq!(
        told,
        [(evening, Some(bob.user_id)), (morning, Some(ann.user_id))]
    );
}

async fn a_private_note_is_logged_without_its_words(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    let made = create(
        &home.store,
        &rep,
        &private_note::RESOURCE,
        &row! {"body": "the buyer drinks"},
    )
    .await
    .unwrap();
    assert_eq!(made["body"], "the buyer drinks");
    let id = made["id"].as_i64().unwrap();
    update(
        &home.store,
        &rep,
        &private_note::RESOURCE,
        id,
        1,
        &row! {"body": "he stopped"},
    )
    .await
    .unwrap();
    let history = home.store.history("private_note", id, 10).await.unwrap();
    assert_eq!(history.len(), 2);
    for change in &history {
        assert!(change.after.get("body").is_none());
    }
    let sql = "SELECT CAST(after AS TEXT) || COALESCE(CAST(before AS TEXT), '') FROM change_log";
    let statement = Statement::from_string(home.store.backend(), sql);
    for row in home.store.reader().query_all_raw(statement).await.unwrap() {
        let text: String = row.try_get_by_index(0).unwrap();
        assert!(
            !text.contains("drinks") && !text.contains("stopped"),
            "{text}"
        );
    }
}

async fn versions_of_a_record_come_in_their_order(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    let made = create(&home.store, &rep, &account::RESOURCE, &row! {"name": "A"})
        .await
        .unwrap();
    let id = made["id"].as_i64().unwrap();
    let writers = (0..16).map(|index| {
        let (store, rep) = (home.store.clone(), rep.clone());
        tokio::spawn(async move {
            loop {
                let read =
                    millrace_operations::resources::get(&store, &rep, &account::RESOURCE, id)
                        .await
                        .unwrap();
                let version = read["version"].as_i64().unwrap();
                let change = row! {"industry": format!("{index}")};
                if update(&store, &rep, &account::RESOURCE, id, version, &change)
                    .await
                    .is_ok()
                {
                    break;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    home.settle().await;
    let changes = home
        .store
        .changes_since(Position::default(), 10_000)
        .await
        .unwrap()
        .changes;
    let versions: Vec<i64> = changes
        .iter()
        .filter(|change| change.entity == "account")
        .map(|change| change.after["version"].as_i64().unwrap())
        .collect();
    assert_eq!(versions, (1..=17).collect::<Vec<_>>());
}
