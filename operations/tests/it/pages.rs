//! What pages ask for in one call: the home page, timelines and the board.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use millrace_operations::entity::{opportunity, todo};
use millrace_operations::resources::{Filter, ListQuery, Operator, View, create, list};
use millrace_operations::service::board::{BoardQuery, Card, board};
use millrace_operations::service::contract::{Terms, sign};
use millrace_operations::service::contract_draft::from_quote;
use millrace_operations::service::interaction::{NewInteraction, register};
use millrace_operations::service::stage_move::complete;
use millrace_operations::service::timeline::{Of, Timeline, timeline};
use millrace_operations::service::today::today;
use millrace_operations::service::todo::snooze;
use millrace_operations::{Caller, ErrorKind};

use crate::desk::{Desk, field, go};
use crate::scopes::{all_rows, expected};
use crate::support::{Home, contract, row};
use crate::world::World;

contract! {
    today_says_what_is_due,
    a_timeline_tells_all_in_order,
    a_board_adds_up,
    a_column_of_a_board_goes_on,
    a_board_says_what_it_cannot_be_asked_for,
    pages_stay_within_scope,
}

async fn talk(desk: &Desk, next_in_days: i64) {
    let input = NewInteraction {
        account_id: desk.account,
        kind: "call".to_owned(),
        content: "talked".to_owned(),
        next_at: Some(desk.home.store.now() + TimeDelta::days(next_in_days)),
        ..NewInteraction::default()
    };
    go!(desk, &desk.rep, register(input.clone())).unwrap();
    desk.home.clock.advance(TimeDelta::minutes(1));
}

async fn today_says_what_is_due(home: Home) {
    let desk = Desk::open(home).await;
    let store = &desk.home.store;
    let now = store.now();
    let add = async |title: &str, due: Option<i64>| {
        let due = due.map(|days| now + TimeDelta::days(days));
        let input = row! {"title": title, "due_at": due};
        let made = create(store, &desk.rep, &todo::RESOURCE, &input)
            .await
            .unwrap();
        made["id"].as_i64().unwrap()
    };
    add("undated", None).await;
    add("tomorrow", Some(1)).await;
    add("overdue", Some(-1)).await;
    add("far", Some(8)).await;
    let off = add("put off", None).await;
    go!(
        desk,
        &desk.rep,
        snooze(off, now + TimeDelta::hours(2), "later")
    )
    .unwrap();
    let deal = desk.deal().await;
    desk.sent(deal, desk.one_valve()).await;
    talk(&desk, 3).await;
    talk(&desk, 20).await;
    let titles = async |caller: &Caller| -> Vec<String> {
        let today = today(store, caller).await.unwrap();
        let todos = today.todos.iter();
        todos
            .map(|row| row["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles(&desk.rep).await, ["overdue", "tomorrow", "undated"]);
    assert!(titles(&desk.lead).await.is_empty(), "only one's own");
    let due = today(store, &desk.rep).await.unwrap();
    assert_eq!((due.quotes_out.len(), due.next_steps.len()), (1, 1));
    assert!(
        due.idle.is_empty() && due.countdowns.is_empty(),
        "the quote keeps the account"
    );
    desk.home.clock.advance(TimeDelta::days(61));
    let due = today(store, &desk.rep).await.unwrap();
    assert_eq!(due.idle.len(), 1);
    assert_eq!(due.countdowns.len(), 1, "the quote holds no longer");
    assert_eq!(due.countdowns[0].account["id"], desk.account);
    assert!(due.todos.iter().any(|row| row["title"] == "put off"));
    // Both steps have come: the first was followed by a talk, the second by none.
    assert_eq!(due.next_steps.len(), 1);
}

async fn whole(desk: &Desk, caller: &Caller, of: Of, limit: u64) -> Vec<Timeline> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = timeline(&desk.home.store, caller, of, cursor.as_deref(), limit)
            .await
            .unwrap();
        cursor.clone_from(&page.next);
        pages.push(page);
        if cursor.is_none() {
            return pages;
        }
    }
}

async fn a_timeline_tells_all_in_order(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    talk(&desk, 1).await;
    let quote = desk.accepted(deal, desk.one_valve()).await;
    desk.home.clock.advance(TimeDelta::hours(30));
    let terms = Terms::default();
    let contract = go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap();
    go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap_err();
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    go!(desk, &desk.assistant, sign(contract.id, today, None)).unwrap();
    desk.attach(deal, "signed_contract").await;
    for of in [Of::Account(desk.account), Of::Opportunity(deal)] {
        let one = whole(&desk, &desk.lead, of, 100).await.remove(0);
        let kinds: Vec<&str> = one.entries.iter().map(|entry| entry.kind).collect();
        let kinds: BTreeSet<&str> = kinds.into_iter().collect();
        for kind in ["stage_change", "quote", "contract", "attachment"] {
            assert!(kinds.contains(kind), "{of:?} {kinds:?}");
        }
        assert_eq!(kinds.contains("interaction"), matches!(of, Of::Account(_)));
        assert!(one.entries.is_sorted_by(|a, b| a.at >= b.at));
        // Page by page it is the same, without gaps and doubles.
        let pages = whole(&desk, &desk.lead, of, 1).await;
        let pages: Vec<_> = pages.into_iter().flat_map(|page| page.entries).collect();
        assert_eq!(pages, one.entries);
    }
    let store = &desk.home.store;
    let outsider = desk.home.user("out", "rep", None).await;
    let unseen = timeline(store, &outsider, Of::Opportunity(deal), None, 5)
        .await
        .unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    let of = Of::Account(desk.account);
    assert_eq!(
        field(timeline(store, &desk.lead, of, None, 0).await),
        "limit"
    );
    let wrong = timeline(store, &desk.lead, of, Some("x"), 5)
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
}

async fn a_board_adds_up(home: Home) {
    let desk = Desk::open(home).await;
    let store = &desk.home.store;
    for amount in [10_000, 20_000, 33_333] {
        let input = row! {"name": "Valves", "account_id": desk.account, "amount": amount};
        create(store, &desk.rep, &opportunity::RESOURCE, &input)
            .await
            .unwrap();
    }
    let moved = desk.deal().await;
    desk.home.clock.advance(TimeDelta::days(1));
    desk.to(&desk.rep, moved, "first_contact").await.unwrap();
    // Tuesday to next Tuesday: five working days there, one and the same in the first stage.
    desk.home.clock.advance(TimeDelta::days(7));
    let query = BoardQuery {
        per_column: Some(2),
        ..BoardQuery::default()
    };
    let shown = board(store, &desk.rep, &query).await.unwrap();
    assert_eq!(shown.columns.len(), 6);
    let first = &shown.columns[0];
    assert_eq!((first.count, first.amount), (3, Some(63_333)));
    assert_eq!(first.weighted_amount, Some(3_167), "5 % of it");
    assert_eq!(first.rows.len(), 2);
    assert!((first.rows[0].working_days_in_stage - 6.0).abs() < 0.01);
    assert!(first.rows[0].stalled);
    let second = &shown.columns[1];
    assert!((second.rows[0].working_days_in_stage - 5.0).abs() < 0.01);
    assert!(!second.rows[0].stalled);
    // Won deals stay until they are completed.
    let deal = desk.deal().await;
    let quote = desk.accepted(deal, desk.one_valve()).await;
    let terms = Terms::default();
    let contract = go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap();
    let today = store.calendar().date_of(store.now());
    go!(desk, &desk.assistant, sign(contract.id, today, None)).unwrap();
    let last = async || board(store, &desk.rep, &query).await.unwrap().columns[5].count;
    assert_eq!(last().await, 1);
    go!(desk, &desk.rep, complete(deal, None)).unwrap();
    assert_eq!(last().await, 0);
}

async fn a_column_of_a_board_goes_on(home: Home) {
    let desk = Desk::open(home).await;
    let store = &desk.home.store;
    for _ in 0..3 {
        desk.deal().await;
    }
    desk.home.clock.advance(TimeDelta::days(7));
    let query = BoardQuery {
        per_column: Some(2),
        ..BoardQuery::default()
    };
    let shown = board(store, &desk.rep, &query).await.unwrap();
    let first = &shown.columns[0];
    // By itself, with the time in stage, or by the list.
    let rest = BoardQuery {
        stage_id: first.stage["id"].as_i64(),
        cursor: first.next.clone(),
        ..query.clone()
    };
    let rest = board(store, &desk.rep, &rest).await.unwrap();
    assert_eq!(rest.columns.len(), 1);
    let column = &rest.columns[0];
    assert_eq!((column.count, column.amount), (3, first.amount));
    assert_eq!((column.rows.len(), &column.next), (1, &None));
    assert!(column.rows[0].working_days_in_stage > 4.0);
    let seen =
        |rows: &[Card]| -> Vec<_> { rows.iter().map(|row| row.record["id"].clone()).collect() };
    assert!(!seen(&first.rows).contains(&seen(&column.rows)[0]));
    let filter = |field: &str, operator, values| Filter {
        field: field.to_owned(),
        operator,
        values,
    };
    let rest = ListQuery {
        filters: vec![
            filter("stage_id", Operator::In, vec![first.stage["id"].clone()]),
            filter("outcome", Operator::In, vec!["open".into(), "won".into()]),
            filter("completed_at", Operator::IsNull, vec![]),
        ],
        cursor: first.next.clone(),
        ..ListQuery::default()
    };
    let rest = list(store, &desk.rep, &opportunity::RESOURCE, &rest)
        .await
        .unwrap();
    assert_eq!(rest.rows.len(), 1);
}

async fn a_board_says_what_it_cannot_be_asked_for(home: Home) {
    let desk = Desk::open(home).await;
    let store = &desk.home.store;
    for (wrong, said) in [
        (
            BoardQuery {
                pipeline_id: Some(99),
                ..BoardQuery::default()
            },
            "pipeline_id",
        ),
        (
            BoardQuery {
                per_column: Some(0),
                ..BoardQuery::default()
            },
            "per_column",
        ),
        (
            BoardQuery {
                per_column: Some(101),
                ..BoardQuery::default()
            },
            "per_column",
        ),
        (
            BoardQuery {
                stage_id: Some(99),
                ..BoardQuery::default()
            },
            "stage_id",
        ),
        (
            BoardQuery {
                cursor: Some("x".to_owned()),
                ..BoardQuery::default()
            },
            "cursor",
        ),
    ] {
        assert_eq!(field(board(store, &desk.rep, &wrong).await), said);
    }
}

/// Against the oracle of the scope tests, for every role.
async fn pages_stay_within_scope(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 3).await;
    let tables = all_rows(&home).await;
    for caller in &world.people {
        let name = opportunity::RESOURCE.name;
        let shown = board(&home.store, caller, &BoardQuery::default()).await;
        let seen = expected(&tables, caller, name, true);
        match shown {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Forbidden),
            Ok(shown) => {
                let cards = shown.columns.iter().flat_map(|column| &column.rows);
                let ids: BTreeSet<i64> = cards
                    .map(|card| card.record["id"].as_i64().unwrap())
                    .collect();
                assert_eq!(ids, seen, "{}", caller.role);
                let count: i64 = shown.columns.iter().map(|column| column.count).sum();
                assert_eq!(count, i64::try_from(seen.len()).unwrap());
                let amounts = shown.columns.iter().any(|column| column.amount.is_some());
                let may = caller
                    .rights
                    .sees(millrace_models::scope::Visibility::Amounts);
                assert_eq!(amounts, may);
            }
        }
        let mine = BoardQuery {
            view: Some(View::Mine),
            ..BoardQuery::default()
        };
        if let Ok(mine) = board(&home.store, caller, &mine).await {
            let cards = mine.columns.iter().flat_map(|column| &column.rows);
            assert!(
                cards
                    .into_iter()
                    .all(|card| card.record["owner_id"] == caller.user_id)
            );
        }
        for id in expected(&tables, caller, "account", true) {
            let page = timeline(&home.store, caller, Of::Account(id), None, 100)
                .await
                .unwrap();
            for entry in &page.entries {
                let theirs = expected(&tables, caller, entry.kind, false);
                let id = entry.record["id"].as_i64().unwrap();
                assert!(theirs.contains(&id), "{} {} {id}", caller.role, entry.kind);
            }
        }
        today(&home.store, caller).await.unwrap();
    }
}
