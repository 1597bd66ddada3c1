//! To-dos: done, put off, passed on, given up.

use chrono::TimeDelta;
use millrace_operations::ErrorKind;
use millrace_operations::entity::todo;
use millrace_operations::resources::create;
use millrace_operations::service::todo::{cancel, complete, reassign, snooze};

use crate::desk::{Desk, field, go, state};
use crate::support::{Home, contract, row};

contract! {
    a_todo_is_done_once,
    it_is_put_off_with_a_reason,
    it_is_passed_on,
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
