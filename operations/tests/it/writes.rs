//! The one way to write.

use millrace_operations::entity::{account, todo, user};
use millrace_operations::resources::{create, delete, get, update};
use millrace_operations::{Actor, ErrorKind, OperationsError};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Set};

use crate::support::{Home, contract, row};

contract! {
    a_stale_update_is_refused_with_the_current_record,
    a_failed_unit_keeps_nothing,
    an_error_that_is_swallowed_keeps_nothing_either,
    a_unit_runs_nothing_but_select,
    numbers_count_within_the_year,
    concurrent_creates_get_different_numbers,
    faults_are_told_all_at_once,
    a_kept_unit_is_not_committed,
    deleting_is_marking,
    references_to_what_is_not_seen_are_refused,
}

async fn a_stale_update_is_refused_with_the_current_record(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    let made = create(
        &home.store,
        &rep,
        &account::RESOURCE,
        &row! {"name": "上海阀门有限公司"},
    )
    .await
    .unwrap();
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["normalised_name"], "上海阀门");
    assert_eq!(made["owner_id"], rep.user_id);
    let change = row! {"region": "华东"};
    let first = update(&home.store, &rep, &account::RESOURCE, id, 1, &change)
        .await
        .unwrap();
    assert_eq!(first["version"], 2);
    let error = update(
        &home.store,
        &rep,
        &account::RESOURCE,
        id,
        1,
        &row! {"region": "华南"},
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stale);
    let OperationsError::Stale {
        expected, current, ..
    } = error
    else {
        panic!("not stale")
    };
    assert_eq!(expected, 1);
    assert_eq!(current["region"], "华东");
    assert_eq!(*current, first);
}

fn person(username: &str, role_id: i64) -> user::ActiveModel {
    user::ActiveModel {
        username: Set(username.to_owned()),
        name: Set(username.to_owned()),
        role_id: Set(role_id),
        ..Default::default()
    }
}

async fn users(home: &Home) -> usize {
    user::Entity::find()
        .all(home.store.reader())
        .await
        .unwrap()
        .len()
}

async fn a_failed_unit_keeps_nothing(home: Home) {
    let home = home.initialised().await;
    let done = home
        .store
        .write(&Actor::system("test"), async |unit| {
            unit.insert::<user::Model>(person("bob", 1)).await?;
            unit.insert::<user::Model>(person("bob", 1)).await
        })
        .await;
    let error = done.unwrap_err();
    assert!(
        matches!(&error, OperationsError::Taken { constraint } if constraint.contains("username")),
        "{error}"
    );
    assert_eq!(users(&home).await, 1);
}

async fn an_error_that_is_swallowed_keeps_nothing_either(home: Home) {
    let home = home.initialised().await;
    let done = home
        .store
        .write(&Actor::system("test"), async |unit| {
            unit.insert::<user::Model>(person("bob", 1)).await?;
            let refused = unit.insert::<user::Model>(person("eve", 999)).await;
            assert!(matches!(refused, Err(OperationsError::Constraint { .. })));
            Ok(())
        })
        .await;
    assert!(matches!(done, Err(OperationsError::Poisoned)));
    assert_eq!(users(&home).await, 1);
}

async fn a_unit_runs_nothing_but_select(home: Home) {
    let home = home.initialised().await;
    let done = home
        .store
        .write(&Actor::system("test"), async |unit| {
            assert!(person("bob", 1).insert(&unit).await.is_err());
            assert!(user::Entity::delete_by_id(1).exec(&unit).await.is_err());
            assert!(
                unit.execute_unprepared("SELECT 1; DELETE FROM users")
                    .await
                    .is_err()
            );
            Ok(user::Entity::find().all(&unit).await?.len())
        })
        .await;
    assert_eq!(done.unwrap(), 1);
}

async fn numbers_count_within_the_year(home: Home) {
    let numbers = async || {
        home.store
            .write(&Actor::system("test"), async |unit| {
                Ok([
                    unit.next_number("OPP").await?,
                    unit.next_number("OPP").await?,
                    unit.next_number("QUO").await?,
                ])
            })
            .await
            .unwrap()
    };
    assert_eq!(
        numbers().await,
        ["OPP-2026-00001", "OPP-2026-00002", "QUO-2026-00001"]
    );
    // In the company's zone the year begins eight hours earlier than in UTC.
    home.clock
        .advance(chrono::TimeDelta::days(304) + chrono::TimeDelta::hours(15));
    assert_eq!(numbers().await[0], "OPP-2027-00001");
}

async fn concurrent_creates_get_different_numbers(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    let tasks: Vec<_> = (0..24)
        .map(|index| {
            let (store, rep) = (home.store.clone(), rep.clone());
            tokio::spawn(async move {
                let input = row! {"name": format!("Company {index}")};
                create(&store, &rep, &account::RESOURCE, &input).await
            })
        })
        .collect();
    let mut numbers = std::collections::BTreeSet::new();
    for task in tasks {
        let made = task.await.unwrap().unwrap();
        numbers.insert(made["number"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers.len(), 24);
}

async fn faults_are_told_all_at_once(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "rep", None).await;
    let input = row! {"status": "rich", "credit_days": -1, "owner_id": 1, "colour": "red"};
    let error = create(&home.store, &rep, &account::RESOURCE, &input)
        .await
        .unwrap_err();
    let OperationsError::Invalid { fields } = &error else {
        panic!("{error}")
    };
    let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(
        names,
        ["name", "status", "credit_days", "owner_id", "colour"]
    );
    assert_eq!(
        fields[1].message,
        "must be one of prospect, active, dormant, lost, blocked"
    );
}

async fn a_kept_unit_is_not_committed(home: Home) {
    let home = home.initialised().await;
    let kept = std::sync::Mutex::new(None);
    let done = home
        .store
        .write(&Actor::system("test"), async |unit| {
            unit.insert::<user::Model>(person("bob", 1)).await?;
            *kept.lock().unwrap() = Some(unit);
            Ok(())
        })
        .await;
    assert!(matches!(done, Err(OperationsError::UnitKept)));
    drop(kept);
    assert_eq!(users(&home).await, 1);
    // The connection is free again.
    home.user("eve", "rep", None).await;
}

async fn deleting_is_marking(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("ann", "administrator", None).await;
    let made = create(&home.store, &rep, &todo::RESOURCE, &row! {"title": "call"})
        .await
        .unwrap();
    let id = made["id"].as_i64().unwrap();
    let gone = delete(&home.store, &rep, &todo::RESOURCE, id, 1)
        .await
        .unwrap();
    assert_eq!(gone["deleted_at"], gone["updated_at"]);
    let error = get(&home.store, &rep, &todo::RESOURCE, id)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), format!("there is no todo {id}"));
    let again = delete(&home.store, &rep, &todo::RESOURCE, id, 2)
        .await
        .unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    let kept = todo::Entity::find_by_id(id)
        .one(home.store.reader())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.title, "call");
}

async fn references_to_what_is_not_seen_are_refused(home: Home) {
    let home = home.initialised().await;
    let ann = home.user("ann", "rep", None).await;
    let eve = home.user("eve", "rep", None).await;
    let made = create(&home.store, &ann, &account::RESOURCE, &row! {"name": "A"})
        .await
        .unwrap();
    let input = row! {"title": "spy", "account_id": made["id"]};
    let error = create(&home.store, &eve, &todo::RESOURCE, &input)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("account_id: there is no account {}", made["id"])
    );
    create(&home.store, &ann, &todo::RESOURCE, &input)
        .await
        .unwrap();
}
