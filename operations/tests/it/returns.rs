//! Neglected accounts are warned of and return to the pool: by working days, once, never unwarned.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use millrace_operations::entity::{account, contract, order, pool_move, quote, todo};
use millrace_operations::service::countdown::{Countdown, countdowns};
use millrace_operations::service::interaction::{CheckIn, NewInteraction, register};
use millrace_operations::service::pool::{PoolRules, set_rules};
use millrace_operations::service::return_due::{Returned, return_due};
use millrace_operations::{Actor, Caller, Unit};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use crate::pool::set_clock;
use crate::support::{Home, contract, time};

contract! {
    weekends_and_spring_festival_do_not_count,
    a_contact_counts_and_a_note_does_not,
    orders_contracts_and_quotes_keep_an_account,
    no_more_than_a_number_a_day,
    levels_and_grace,
    two_runs_at_once_return_once,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Eight in the morning of a day.
fn morning(day: NaiveDate) -> DateTime<Utc> {
    time(&format!("{day}T08:00:00+08:00"))
}

/// An account that the rep gets now.
async fn owned(home: &Home, rep: &Caller, level: Option<&str>) -> i64 {
    let work = async |unit: Unit| {
        let account = account::ActiveModel {
            name: Set("A".to_owned()),
            normalised_name: Set("a".to_owned()),
            pool_state: Set("owned".to_owned()),
            owner_id: Set(Some(rep.user_id)),
            claimed_at: Set(Some(unit.now())),
            created_at: Set(unit.now()),
            level: Set(level.map(ToOwned::to_owned)),
            ..Default::default()
        };
        unit.insert::<account::Model>(account).await
    };
    home.store.write(&rep.actor(), work).await.unwrap().id
}

async fn runs(home: &Home) -> Returned {
    return_due(&home.store).await.unwrap()
}

async fn countdown(home: &Home, caller: &Caller, id: i64) -> Countdown {
    let all = countdowns(&home.store, caller, &[id]).await.unwrap();
    all[&id].clone()
}

/// Runs the job every morning, and gives the days on which the account is warned of and returned.
async fn live(home: &Home, id: i64, from: NaiveDate) -> (NaiveDate, NaiveDate) {
    let mut warned = None;
    for offset in 0..60 {
        let today = from + Days::new(offset);
        if morning(today) > home.store.now() {
            set_clock(home, morning(today));
        }
        let done = runs(home).await;
        if done.warned.contains(&id) {
            assert!(warned.replace(today).is_none(), "warned twice");
        }
        if done.returned.contains(&id) {
            return (warned.unwrap(), today);
        }
    }
    panic!("not returned in 60 days");
}

async fn weekends_and_spring_festival_do_not_count(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    // Got on, warned on, last day, returned on; by hand with the calendar of the State Council.
    for (got, warned, last, returned) in [
        // Sunday 4 worked, 5 to 9 worked, 10 to 17 rest, Sunday 18 worked.
        ("2024-02-02", "2024-02-08", "2024-02-18", "2024-02-19"),
        // Sunday 18, then 19 to 23, Monday 26.
        ("2024-02-09", "2024-02-22", "2024-02-26", "2024-02-27"),
        // Monday: 3 to 6, 9 to 11.
        ("2026-03-02", "2026-03-09", "2026-03-11", "2026-03-12"),
        // Friday: 9 to 13, 16 and 17.
        ("2026-03-06", "2026-03-13", "2026-03-17", "2026-03-18"),
    ] {
        set_clock(&home, time(&format!("{got}T17:45:00+08:00")));
        let id = owned(&home, &rep, None).await;
        let at_first = countdown(&home, &rep, id).await;
        assert_eq!(
            (at_first.last_day, at_first.working_days_left),
            (day(last), 7)
        );
        assert_eq!(at_first.returns_on, day(returned), "{got}");
        assert_eq!(
            live(&home, id, day(got)).await,
            (day(warned), day(returned)),
            "{got}"
        );
        let moved = pool_move::Entity::find()
            .filter(pool_move::Column::AccountId.eq(id))
            .all(home.store.reader())
            .await
            .unwrap();
        assert_eq!(moved.len(), 1);
        assert_eq!(moved[0].kind, "return");
        assert_eq!(moved[0].user_id, Some(rep.user_id));
        let warning = todo::Entity::find()
            .filter(todo::Column::AccountId.eq(id))
            .one(home.store.reader())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(warning.state, "cancelled");
        assert!(warning.title.contains(returned), "{}", warning.title);
        let end = day(last) + Days::new(1);
        assert_eq!(warning.due_at, Some(time(&format!("{end}T00:00:00+08:00"))));
    }
}

async fn a_contact_counts_and_a_note_does_not(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let id = owned(&home, &rep, None).await;
    let talks = async |kind: &str, two_way: bool, check_in: Option<CheckIn>| {
        let input = NewInteraction {
            account_id: id,
            kind: kind.to_owned(),
            content: "x".to_owned(),
            two_way,
            check_in,
            ..NewInteraction::default()
        };
        let work = async |unit: Unit| register(&unit, &rep, input.clone()).await;
        let made = home.store.write(&rep.actor(), work).await.unwrap();
        made.effective
    };
    let checked_in = |accuracy_metres: i64| {
        Some(CheckIn {
            latitude: 31_230_400,
            longitude: 121_473_700,
            accuracy_metres,
            ..CheckIn::default()
        })
    };
    set_clock(&home, morning(day("2026-03-11")));
    assert!(!runs(&home).await.warned.is_empty());
    let shown = countdown(&home, &rep, id).await;
    assert!(shown.warning && shown.warned_at.is_some());
    for (kind, two_way, check_in) in [
        ("note", true, None),
        ("call", false, None),
        ("visit", false, None),
        ("visit", true, checked_in(20_000)),
    ] {
        assert!(!talks(kind, two_way, check_in).await, "{kind}");
        assert_eq!(countdown(&home, &rep, id).await, shown);
    }
    assert!(talks("visit", false, checked_in(20)).await);
    let after = countdown(&home, &rep, id).await;
    assert_eq!((after.working_days_left, after.warning), (7, false));
    assert_eq!(after.warned_at, None, "that warning was about another time");
    home.clock.advance(TimeDelta::days(1));
    assert!(talks("message", true, None).await);
    assert_eq!(countdown(&home, &rep, id).await.last_day, day("2026-03-23"));
    assert_eq!(
        live(&home, id, day("2026-03-12")).await.1,
        day("2026-03-24")
    );
}

async fn orders_contracts_and_quotes_keep_an_account(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let [ordered, contracted, quoted] = [
        owned(&home, &rep, None).await,
        owned(&home, &rep, None).await,
        owned(&home, &rep, None).await,
    ];
    let work = async |unit: Unit| {
        let sale = order::ActiveModel {
            account_id: Set(ordered),
            ordered_at: Set(time("2025-04-10T10:00:00+08:00")),
            ..Default::default()
        };
        unit.insert::<order::Model>(sale).await?;
        let running = contract::ActiveModel {
            name: Set("Frame".to_owned()),
            account_id: Set(contracted),
            kind: Set("framework".to_owned()),
            status: Set("effective".to_owned()),
            effective_on: Set(Some(day("2026-01-01"))),
            expires_on: Set(Some(day("2026-04-10"))),
            ..Default::default()
        };
        unit.insert::<contract::Model>(running).await?;
        let out = quote::ActiveModel {
            account_id: Set(quoted),
            outcome: Set("sent".to_owned()),
            sent_at: Set(Some(time("2026-02-20T10:00:00+08:00"))),
            valid_until: Set(Some(day("2026-04-10"))),
            ..Default::default()
        };
        unit.insert::<quote::Model>(out).await
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
    set_clock(&home, morning(day("2026-04-10")));
    assert_eq!(runs(&home).await, Returned::default());
    assert!(countdown(&home, &rep, quoted).await.exempt);
    // All three end on that Friday. First they are warned of; two working days later is the last day.
    for (today, warned, returned) in [
        ("2026-04-11", 3, 0),
        ("2026-04-13", 0, 0),
        ("2026-04-14", 0, 0),
        ("2026-04-15", 0, 3),
    ] {
        set_clock(&home, morning(day(today)) + TimeDelta::hours(3));
        let done = runs(&home).await;
        assert_eq!(
            (done.warned.len(), done.returned.len()),
            (warned, returned),
            "{today}"
        );
    }
}

async fn no_more_than_a_number_a_day(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let other = home.user("other", "rep", None).await;
    for _ in 0..12 {
        owned(&home, &rep, None).await;
    }
    owned(&home, &other, None).await;
    set_clock(&home, morning(day("2026-03-09")));
    assert_eq!(runs(&home).await.warned.len(), 13);
    set_clock(&home, morning(day("2026-03-12")));
    let done = runs(&home).await;
    assert_eq!((done.returned.len(), done.waiting.len()), (11, 2));
    let again = runs(&home).await;
    assert_eq!((again.returned.len(), again.waiting.len()), (0, 2));
    home.clock.advance(TimeDelta::days(1));
    assert_eq!(runs(&home).await.returned, done.waiting);
}

async fn levels_and_grace(home: Home) {
    let home = home.initialised().await;
    let root = home.user("root", "administrator", None).await;
    let rep = home.user("rep", "rep", None).await;
    let rules = PoolRules {
        contact_working_days_by_level: BTreeMap::from([("A".to_owned(), 3)]),
        ..PoolRules::default()
    };
    let work = async |unit| set_rules(&unit, &root, &rules).await;
    home.store.write(&root.actor(), work).await.unwrap();
    let important = owned(&home, &rep, Some("A")).await;
    assert_eq!(
        countdown(&home, &rep, important).await.last_day,
        day("2026-03-05")
    );
    let imported = owned(&home, &rep, None).await;
    let work = async |unit: Unit| {
        let read = unit.get::<account::Model>(imported).await?;
        let change = account::ActiveModel {
            claimed_at: Set(Some(time("2020-01-02T00:00:00+08:00"))),
            protected_until: Set(Some(rules.grace_until(unit.now()))),
            ..Default::default()
        };
        unit.update(&read, change).await
    };
    home.store.write(&root.actor(), work).await.unwrap();
    // The grace ends on Wednesday, 1 April.
    assert_eq!(
        live(&home, important, day("2026-03-02")).await.1,
        day("2026-03-06")
    );
    assert_eq!(
        live(&home, imported, day("2026-03-06")).await,
        (day("2026-03-30"), day("2026-04-02"))
    );
}

async fn two_runs_at_once_return_once(home: Home) {
    let home = home.initialised().await;
    let mut reps = Vec::new();
    for index in 0..4 {
        let rep = home.user(&format!("rep{index}"), "rep", None).await;
        for _ in 0..3 {
            owned(&home, &rep, None).await;
        }
        reps.push(rep);
    }
    for (today, warned, returned) in [("2026-03-09", 12, 0), ("2026-03-12", 0, 12)] {
        set_clock(&home, morning(day(today)));
        let runs: Vec<_> = (0..3)
            .map(|_| {
                let store = home.store.clone();
                tokio::spawn(async move { return_due(&store).await.unwrap() })
            })
            .collect();
        let mut sum = (0, 0);
        for run in runs {
            let done = run.await.unwrap();
            sum = (sum.0 + done.warned.len(), sum.1 + done.returned.len());
        }
        assert_eq!(sum, (warned, returned), "{today}");
    }
    let moves = pool_move::Entity::find()
        .count(home.store.reader())
        .await
        .unwrap();
    let todos = todo::Entity::find()
        .count(home.store.reader())
        .await
        .unwrap();
    assert_eq!((moves, todos), (12, 12));
}
