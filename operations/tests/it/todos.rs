//! To-dos: done, put off, passed on, given up.

use chrono::TimeDelta;
use millrace_models::health::{Factor, ScorecardRules};
use millrace_operations::entity::todo;
use millrace_operations::entity::{account, setting};
use millrace_operations::resources::create;
use millrace_operations::service::scorecard::{Step, rules, take_step};
use millrace_operations::service::todo::{cancel, complete, reassign, snooze};
use millrace_operations::{Actor, ErrorKind, Unit};

use crate::desk::{Desk, field, go, state};
use crate::support::{Home, contract, row};
use sea_orm::{EntityTrait, Set};

contract! {
    a_todo_is_done_once,
    it_is_put_off_with_a_reason,
    it_is_passed_on,
    a_step_for_a_score_is_made_once,
    rules_of_scores_are_checked,
}

async fn made(desk: &Desk) -> i64 {
    let input = row! {"title": "call back", "account_id": desk.account};
    let made = create(&desk.home.store, &desk.rep, &todo::RESOURCE, &input).await;
    made.unwrap()["id"].as_i64().unwrap()
}

async fn a_todo_is_done_once(home: Home) {
    let desk = Desk::open(home).await;
    let id = made(&desk).await;
    let outsider = desk.home.user("out", "rep", None).await;
    let unseen = go!(desk, &outsider, complete(id, None)).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    let done = go!(desk, &desk.rep, complete(id, Some("they buy".to_owned()))).unwrap();
    assert_eq!(
        (done.state.as_str(), done.result.as_deref()),
        ("done", Some("they buy"))
    );
    assert_eq!(done.completed_at, Some(desk.home.store.now()));
    assert_eq!(state(go!(desk, &desk.rep, complete(id, None))), "done");
    assert_eq!(state(go!(desk, &desk.rep, cancel(id, "x"))), "done");
}

async fn it_is_put_off_with_a_reason(home: Home) {
    let desk = Desk::open(home).await;
    let id = made(&desk).await;
    let now = desk.home.store.now();
    let later = now + TimeDelta::days(2);
    assert_eq!(field(go!(desk, &desk.rep, snooze(id, now, "x"))), "until");
    assert_eq!(field(go!(desk, &desk.rep, snooze(id, later, ""))), "reason");
    let off = go!(desk, &desk.rep, snooze(id, later, "they are away")).unwrap();
    assert_eq!(
        (off.state.as_str(), off.snoozed_until),
        ("snoozed", Some(later))
    );
    let cancelled = go!(desk, &desk.rep, cancel(id, "they moved")).unwrap();
    assert_eq!(cancelled.state, "cancelled");
    let given = row! {"title": "x", "snoozed_until": "2027-01-01T00:00:00Z"};
    let set = create(&desk.home.store, &desk.rep, &todo::RESOURCE, &given).await;
    assert_eq!(field(set), "snoozed_until");
}

async fn it_is_passed_on(home: Home) {
    let desk = Desk::open(home).await;
    let id = made(&desk).await;
    let refused = go!(desk, &desk.assistant, reassign(id, desk.assistant.user_id));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(field(go!(desk, &desk.rep, reassign(id, 999))), "user_id");
    let passed = go!(desk, &desk.rep, reassign(id, desk.finance.user_id)).unwrap();
    assert_eq!(
        (passed.owner_id, passed.team_id),
        (Some(desk.finance.user_id), None)
    );
    // Whose it was does not see it any more.
    let unseen = go!(desk, &desk.rep, complete(id, None)).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
}

async fn a_step_for_a_score_is_made_once(home: Home) {
    let desk = Desk::open(home).await;
    let found = account::Entity::find_by_id(desk.account);
    let account = found.one(desk.home.store.reader()).await.unwrap().unwrap();
    let step = |factor, score| Step {
        account: account.number.clone(),
        factor,
        score,
    };
    let first = step(Factor::Rhythm, 48.31);
    let made = go!(desk, &desk.rep, take_step(&first)).unwrap();
    assert_eq!(made.source, "health");
    assert_eq!(made.owner_id, Some(desk.rep.user_id));
    assert_eq!(made.account_id, Some(desk.account));
    let day = desk.home.store.now() + TimeDelta::hours(8);
    let cause = format!("health:{}:rhythm:48.3:{}:0", desk.account, day.date_naive());
    assert_eq!(made.cause, Some(cause));
    assert!(made.title.starts_with(&account.name));
    // again is the same one, another factor another, and after it was given up there is a new one
    let again = go!(desk, &desk.rep, take_step(&step(Factor::Rhythm, 40.0))).unwrap();
    assert_eq!(again.id, made.id);
    let other = step(Factor::Payment, 48.31);
    let other = go!(desk, &desk.rep, take_step(&other)).unwrap();
    assert_ne!(other.id, made.id);
    go!(desk, &desk.rep, cancel(made.id, "they moved")).unwrap();
    let anew = go!(desk, &desk.rep, take_step(&first)).unwrap();
    assert_ne!(anew.id, made.id);
    // who sees all to-dos gets that one
    let lead = desk.home.user("cs", "customer_success", None).await;
    let seen = go!(desk, &lead, take_step(&first)).unwrap();
    assert_eq!(seen.id, anew.id);
    // who sees the account and not the to-do learns that there is one, and no more
    let heir = desk.home.user("heir", "rep", None).await;
    let handed = account::ActiveModel {
        owner_id: Set(Some(heir.user_id)),
        ..Default::default()
    };
    let work = async |unit: Unit| unit.update(&account, handed.clone()).await;
    let store = &desk.home.store;
    store.write(&Actor::system("test"), work).await.unwrap();
    assert_eq!(field(go!(desk, &heir, take_step(&first))), "factor");
    // of an account that is not seen there is none
    let outsider = desk.home.user("out", "rep", None).await;
    let unseen = go!(desk, &outsider, take_step(&first)).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    let unknown = Step {
        account: "A-1".to_owned(),
        ..first
    };
    assert_eq!(field(go!(desk, &desk.rep, take_step(&unknown))), "account");
}

async fn rules_of_scores_are_checked(home: Home) {
    let desk = Desk::open(home).await;
    let store = &desk.home.store;
    assert_eq!(
        rules(store.reader()).await.unwrap(),
        ScorecardRules::default()
    );
    let admin = desk.home.user("boss", "administrator", None).await;
    let wrong = row! {"key": "health", "value": {"weights": {"rhythm": -3}}};
    let refused = create(store, &admin, &setting::RESOURCE, &wrong).await;
    assert_eq!(field(refused), "value");
    let unknown = row! {"key": "health", "value": {"weights": {"luck": 3}}};
    let refused = create(store, &admin, &setting::RESOURCE, &unknown).await;
    assert_eq!(field(refused), "value");
    let own = row! {"key": "health", "value": {"yellow_from": 50}};
    create(store, &admin, &setting::RESOURCE, &own)
        .await
        .unwrap();
    let known = rules(store.reader()).await.unwrap();
    assert_eq!(known.yellow_from.to_string(), "50");
    assert_eq!(known.weights, ScorecardRules::default().weights);
}
