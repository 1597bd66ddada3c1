//! Tickets: who answers them, and until when.

use chrono::TimeDelta;
use millrace_operations::entity::{setting, ticket};
use millrace_operations::resources::{create, update};
use millrace_operations::service::ticket::{
    assign, cancel, close, pause, reopen, resolve, respond, resume, take,
};
use millrace_operations::{Caller, ErrorKind, OperationsError, Rule, Target};
use sea_orm::EntityTrait;

use crate::desk::{Desk, field, go, rule, state};
use crate::support::{Home, contract, row, time};

contract! {
    a_ticket_goes_from_opened_to_closed,
    pauses_and_rests_move_the_due_time,
    the_hours_are_a_setting,
    only_those_concerned_work_on_it,
    one_of_many_takes_it,
}

async fn open(desk: &Desk, severity: &str) -> ticket::Model {
    let input = row! {
        "kind": "complaint", "title": "It leaks", "account_id": desk.account, "severity": severity
    };
    let made = create(&desk.home.store, &desk.rep, &ticket::RESOURCE, &input).await;
    read(desk, made.unwrap()["id"].as_i64().unwrap()).await
}

async fn read(desk: &Desk, id: i64) -> ticket::Model {
    let found = ticket::Entity::find_by_id(id).one(desk.home.store.reader());
    found.await.unwrap().unwrap()
}

async fn engineer(desk: &Desk, name: &str) -> Caller {
    desk.home.user(name, "engineering", None).await
}

async fn a_ticket_goes_from_opened_to_closed(home: Home) {
    let desk = Desk::open(home).await;
    let eve = engineer(&desk, "eve").await;
    let made = open(&desk, "high").await;
    assert_eq!(made.requester_id, Some(desk.rep.user_id));
    // Monday 09:30, 8 working hours of 7.5 a day: 8 and half an hour to noon, then the morning after.
    assert_eq!(made.due_at, Some(time("2026-03-03T10:00:00.123456+08:00")));
    let id = made.id;
    let text = || "We look at it".to_owned();
    assert_eq!(rule(go!(desk, &eve, respond(id, text()))), Rule::NotYours);
    let taken = go!(desk, &eve, take(id)).unwrap();
    assert_eq!(
        (taken.status.as_str(), taken.owner_id),
        ("in_progress", Some(eve.user_id))
    );
    desk.home.clock.advance(TimeDelta::hours(1));
    assert_eq!(
        field(go!(desk, &eve, respond(id, " ".to_owned()))),
        "response"
    );
    let answered = go!(desk, &eve, respond(id, text())).unwrap();
    assert_eq!(answered.first_response_at, Some(desk.home.store.now()));
    assert_eq!(state(go!(desk, &eve, respond(id, text()))), "answered");
    assert_eq!(state(go!(desk, &eve, close(id, None))), "in_progress");
    let resolved = go!(desk, &eve, resolve(id, "New seal".to_owned())).unwrap();
    assert_eq!(resolved.resolved_at, Some(desk.home.store.now()));
    assert_eq!(rule(go!(desk, &eve, close(id, Some(5)))), Rule::OwnWork);
    assert_eq!(
        field(go!(desk, &desk.rep, close(id, Some(6)))),
        "satisfaction"
    );
    let stale = go!(desk, &desk.rep, close(Target::at(id, 1), Some(4)));
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Stale);
    let closed = go!(desk, &desk.rep, close(id, Some(4))).unwrap();
    assert_eq!(
        (closed.status.as_str(), closed.satisfaction),
        ("closed", Some(4))
    );
    assert_eq!(
        state(go!(desk, &eve, resolve(id, "again".to_owned()))),
        "closed"
    );
}

async fn pauses_and_rests_move_the_due_time(home: Home) {
    let desk = Desk::open(home).await;
    let eve = engineer(&desk, "eve").await;
    let made = open(&desk, "urgent").await;
    // 2.5 hours to noon, 1.5 after 13:30.
    assert_eq!(made.due_at, Some(time("2026-03-02T15:00:00.123456+08:00")));
    let id = made.id;
    go!(desk, &eve, take(id)).unwrap();
    assert_eq!(field(go!(desk, &eve, pause(id, " "))), "reason");
    go!(desk, &eve, pause(id, "waits for a photo")).unwrap();
    assert_eq!(state(go!(desk, &eve, pause(id, "more"))), "paused");
    // Over night: 15 working hours less what is before 09:30 and after.
    desk.home.clock.advance(TimeDelta::hours(24));
    let resumed = go!(desk, &eve, resume(id)).unwrap();
    assert_eq!(
        resumed.due_at,
        Some(time("2026-03-03T15:00:00.123456+08:00"))
    );
    assert_eq!(resumed.paused_working_seconds, 27_000);
    assert_eq!((resumed.paused_at, resumed.status_reason), (None, None));
    // Resolved a moment after noon, reopened two hours later: the time from 13:30 on rested.
    desk.home.clock.advance(TimeDelta::minutes(150));
    go!(desk, &eve, resolve(id, "tightened".to_owned())).unwrap();
    desk.home.clock.advance(TimeDelta::hours(2));
    assert_eq!(field(go!(desk, &desk.rep, reopen(id, ""))), "reason");
    let reopened = go!(desk, &desk.rep, reopen(id, "leaks again")).unwrap();
    assert_eq!(reopened.status, "in_progress");
    assert_eq!(reopened.resolved_at, None);
    assert_eq!(reopened.paused_working_seconds, 28_800);
    assert_eq!(
        reopened.due_at,
        Some(time("2026-03-03T15:30:00.246912+08:00"))
    );
    // Another severity counts from the opening again, pauses left out.
    let input = row! {"severity": "low"};
    let version = reopened.version;
    let store = &desk.home.store;
    let low = update(store, &eve, &ticket::RESOURCE, id, version, &input)
        .await
        .unwrap();
    // 40 + 8 working hours are 6.4 days of 7.5 hours: Monday 2 to Tuesday 10.
    assert_eq!(low["due_at"], "2026-03-10T06:00:00.123456Z");
}

async fn the_hours_are_a_setting(home: Home) {
    let desk = Desk::open(home).await;
    let admin = desk.home.user("root", "administrator", None).await;
    let store = &desk.home.store;
    let set = async |value: serde_json::Value| {
        let input = row! {"key": "tickets", "value": value};
        create(store, &admin, &setting::RESOURCE, &input).await
    };
    let wrong = set(serde_json::json!({"due_working_hours": {"urgent": 0}})).await;
    assert_eq!(field(wrong), "due_working_hours.urgent");
    let wrong = set(serde_json::json!({"due": 3})).await;
    assert_eq!(field(wrong), "value");
    set(serde_json::json!({"due_working_hours": {"urgent": 1}}))
        .await
        .unwrap();
    let made = open(&desk, "urgent").await;
    assert_eq!(made.due_at, Some(time("2026-03-02T10:30:00.123456+08:00")));
}

async fn only_those_concerned_work_on_it(home: Home) {
    let desk = Desk::open(home).await;
    let (eve, max) = (engineer(&desk, "eve").await, engineer(&desk, "max").await);
    let id = open(&desk, "normal").await.id;
    go!(desk, &eve, take(id)).unwrap();
    for done in [
        go!(desk, &max, pause(id, "x")),
        go!(desk, &max, resolve(id, "x".to_owned())),
        go!(desk, &max, cancel(id, "x")),
        go!(desk, &desk.rep, pause(id, "x")),
    ] {
        assert_eq!(rule(done), Rule::NotYours);
    }
    let outsider = desk.home.user("out", "rep", None).await;
    let unseen = go!(desk, &outsider, cancel(id, "x")).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    // Who has it passes it on to anybody at work who answers tickets; others assign in their teams.
    let refused = go!(desk, &max, assign(id, max.user_id)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert_eq!(field(go!(desk, &eve, assign(id, 999))), "user_id");
    let passed = go!(desk, &eve, assign(id, max.user_id)).unwrap();
    assert_eq!(passed.owner_id, Some(max.user_id));
    let given = go!(desk, &desk.lead, assign(id, desk.rep.user_id)).unwrap();
    assert_eq!(
        (given.owner_id, given.team_id),
        (Some(desk.rep.user_id), desk.rep.team_id)
    );
    let cancelled = go!(desk, &desk.rep, cancel(id, "not needed")).unwrap();
    assert_eq!(cancelled.status, "cancelled");
    assert_eq!(
        state(go!(desk, &desk.rep, reopen(id, "after all"))),
        "cancelled"
    );
}

async fn one_of_many_takes_it(home: Home) {
    let desk = Desk::open(home).await;
    let id = open(&desk, "normal").await.id;
    let mut people = Vec::new();
    for index in 0..6 {
        people.push(engineer(&desk, &format!("e{index}")).await);
    }
    let takes = people.into_iter().map(|person| {
        let store = desk.home.store.clone();
        tokio::spawn(async move {
            let work = async |unit| take(&unit, &person, id).await;
            store.write(&person.actor(), work).await
        })
    });
    let mut won = 0;
    for done in takes.collect::<Vec<_>>() {
        match done.await.unwrap() {
            Ok(_) => won += 1,
            Err(OperationsError::AlreadyClaimed { owner, .. }) => {
                assert!(owner.starts_with("Name of e"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(won, 1);
}
