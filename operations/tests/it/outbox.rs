//! Reading the change log never skips a transaction that commits late.

use millrace_operations::log::Position;
use millrace_operations::{Actor, Place};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, TransactionTrait};

use crate::support::{Home, contract};

contract! { pages_of_the_log_are_complete }

async fn pages_of_the_log_are_complete(home: Home) {
    let home = home.initialised().await;
    home.settle().await;
    let whole = home
        .store
        .changes_since(Position::default(), 1_000)
        .await
        .unwrap();
    assert!(!whole.more);
    let mut pieces = Vec::new();
    let mut position = Position::default();
    loop {
        let page = home.store.changes_since(position, 3).await.unwrap();
        position = page.next;
        pieces.extend(page.changes);
        if !page.more {
            break;
        }
    }
    assert_eq!(pieces, whole.changes);
    assert_eq!(position, whole.next);
    let nothing = home.store.changes_since(position, 3).await.unwrap();
    assert_eq!((nothing.changes.len(), nothing.next), (0, position));
    home.store
        .write(&Actor::system("test"), async |_| Ok(()))
        .await
        .unwrap();
}

/// Appends an entry by hand, as a unit of work does at its end.
async fn append<C: ConnectionTrait>(connection: &C, name: &str) {
    let sql = format!(
        "INSERT INTO change_log (at, actor, entity, record_id, op, after) \
         VALUES (now(), '{name}', 'account', 1, 'insert', '{{}}')"
    );
    connection.execute_unprepared(&sql).await.unwrap();
}

async fn read(home: &Home, position: &mut Position) -> Vec<String> {
    let page = home.store.changes_since(*position, 100).await.unwrap();
    *position = page.next;
    page.changes
        .into_iter()
        .map(|change| change.actor)
        .collect()
}

async fn connect(home: &Home) -> DatabaseConnection {
    let Place::Url(url) = &home.place else {
        panic!("not PostgreSQL")
    };
    Database::connect(url.clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_with_a_lower_seq_is_not_skipped() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let connection = connect(&home).await;
    let mut position = Position::default();
    let slow = connection.begin().await.unwrap();
    append(&slow, "slow").await;
    append(&connection, "fast").await;
    // The fast one committed with a higher seq: it waits for the slow one instead of hiding it.
    assert!(read(&home, &mut position).await.is_empty());
    slow.commit().await.unwrap();
    home.settle().await;
    assert_eq!(read(&home, &mut position).await, ["slow", "fast"]);
    assert!(read(&home, &mut position).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn order_of_transactions_and_of_seq_may_be_inverted() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let connection = connect(&home).await;
    let mut position = Position::default();
    append(&connection, "before").await;
    home.settle().await;
    assert_eq!(read(&home, &mut position).await, ["before"]);
    let early = connection.begin().await.unwrap();
    early
        .execute_unprepared("SELECT pg_current_xact_id()")
        .await
        .unwrap();
    let late = connection.begin().await.unwrap();
    append(&late, "late 1").await; // the higher transaction, the lower seq
    append(&early, "early").await;
    append(&late, "late 2").await;
    late.commit().await.unwrap();
    assert!(read(&home, &mut position).await.is_empty());
    append(&connection, "after").await;
    early.commit().await.unwrap();
    home.settle().await;
    assert_eq!(
        read(&home, &mut position).await,
        ["early", "late 1", "late 2", "after"]
    );
    let undone = connection.begin().await.unwrap();
    append(&undone, "undone").await;
    append(&connection, "last").await;
    undone.rollback().await.unwrap();
    home.settle().await;
    assert_eq!(read(&home, &mut position).await, ["last"]);
}
