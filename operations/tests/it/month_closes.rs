//! Months are closed in their order, opened again from the last one, and every act stays on record.

use chrono::{NaiveDate, TimeDelta};
use millrace_operations::entity::month_close;
use millrace_operations::service::month_close::{
    author, close, history, may_close, month_of, reopen, standing,
};
use millrace_operations::{Caller, ErrorKind, OperationsError, Result, Unit};

use crate::support::{Home, contract};

contract! {
    months_are_closed_in_their_order_when_they_are_over,
    the_last_month_is_opened_again_for_a_reason_and_closed_anew,
    of_many_one_closes_a_month,
    who_closes_is_a_matter_of_rights,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn closed(
    home: &Home,
    caller: Option<&Caller>,
    month: &str,
    set: i64,
) -> Result<month_close::Model> {
    let at = home.store.now();
    let work =
        async |unit: Unit| close(&unit, caller, day(month), at, set, Some(" checked ")).await;
    home.store.write(&author(caller, None), work).await
}

async fn opened(
    home: &Home,
    caller: Option<&Caller>,
    month: &str,
    reason: &str,
) -> Result<month_close::Model> {
    let work = async |unit: Unit| reopen(&unit, caller, day(month), reason).await;
    home.store.write(&author(caller, Some(reason)), work).await
}

fn said(refused: Result<impl std::fmt::Debug>) -> String {
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    error.to_string()
}

async fn months_are_closed_in_their_order_when_they_are_over(home: Home) {
    let home = home.initialised().await;
    // it is the 2nd of March
    let early = said(closed(&home, None, "2026-03-01", 1).await);
    assert!(
        early.contains("2026-03 is not over: it can be closed from 2026-04-01 on"),
        "{early}"
    );
    let odd = said(closed(&home, None, "2026-01-02", 1).await);
    assert!(
        odd.contains("must be the first day of a month, not 2026-01-02"),
        "{odd}"
    );
    let first = closed(&home, None, "2026-01-01", 7).await.unwrap();
    assert_eq!(
        (first.published_set, first.note.as_deref()),
        (7, Some("checked"))
    );
    assert_eq!(
        (first.closed_by_id, first.closed_at),
        (None, home.store.now())
    );
    let again = said(closed(&home, None, "2026-01-01", 8).await);
    assert!(again.contains("2026-01 is closed already"), "{again}");
    home.clock.advance(TimeDelta::days(60));
    let skipping = said(may_close(&home.store, None, day("2026-03-01")).await);
    assert!(
        skipping.contains("the next is 2026-02, not 2026-03"),
        "{skipping}"
    );
    for (month, set) in [("2026-02-01", 8), ("2026-03-01", 9)] {
        closed(&home, None, month, set).await.unwrap();
    }
    let months: Vec<_> = standing(home.store.reader()).await.unwrap();
    let months: Vec<_> = months.iter().map(|close| close.month.to_string()).collect();
    assert_eq!(months, ["2026-01-01", "2026-02-01", "2026-03-01"]);
}

async fn the_last_month_is_opened_again_for_a_reason_and_closed_anew(home: Home) {
    let home = home.initialised().await;
    let finance = home.user("finance", "finance", None).await;
    let none = said(opened(&home, None, "2026-01-01", "x").await);
    assert!(none.contains("no month is closed"), "{none}");
    for (month, set) in [("2026-01-01", 3), ("2026-02-01", 4)] {
        closed(&home, Some(&finance), month, set).await.unwrap();
    }
    let earlier = said(opened(&home, Some(&finance), "2026-01-01", "x").await);
    assert!(
        earlier.contains("opened first: 2026-02, not 2026-01"),
        "{earlier}"
    );
    said(opened(&home, Some(&finance), "2026-02-01", "  ").await);
    let february = opened(&home, Some(&finance), "2026-02-01", " 漏记 ")
        .await
        .unwrap();
    assert_eq!(february.reopened_by_id, Some(finance.user_id));
    assert_eq!(february.reopen_reason.as_deref(), Some("漏记"));
    let gone = month_of(&home.store, &finance, february.id).await;
    assert!(
        matches!(gone, Err(OperationsError::State { .. })),
        "{gone:?}"
    );
    let anew = closed(&home, Some(&finance), "2026-02-01", 5)
        .await
        .unwrap();
    assert_ne!(anew.id, february.id);
    assert_eq!(
        month_of(&home.store, &finance, anew.id).await.unwrap(),
        day("2026-02-01")
    );
    let all = history(home.store.reader()).await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|close| (close.published_set, close.reopened_at.is_some()))
        .collect();
    assert_eq!(all, [(5, false), (4, true), (3, false)]);
}

async fn of_many_one_closes_a_month(home: Home) {
    let home = home.initialised().await;
    let closers = (1..=6).map(|set| closed(&home, None, "2026-02-01", set));
    let done = futures::future::join_all(closers).await;
    assert_eq!(
        done.iter().filter(|done| done.is_ok()).count(),
        1,
        "{done:?}"
    );
    assert_eq!(standing(home.store.reader()).await.unwrap().len(), 1);
}

async fn who_closes_is_a_matter_of_rights(home: Home) {
    let home = home.initialised().await;
    for role in ["administrator", "director", "finance"] {
        let caller = home.user(role, role, None).await;
        may_close(&home.store, Some(&caller), day("2026-02-01"))
            .await
            .unwrap();
    }
    closed(&home, None, "2026-02-01", 1).await.unwrap();
    for role in ["rep", "team_lead", "regional_manager", "general_manager"] {
        let caller = home.user(role, role, None).await;
        let refused = may_close(&home.store, Some(&caller), day("2026-03-01")).await;
        assert!(
            matches!(refused, Err(OperationsError::Forbidden { .. })),
            "{role}"
        );
        let refused = opened(&home, Some(&caller), "2026-02-01", "x").await;
        assert!(
            matches!(refused, Err(OperationsError::Forbidden { .. })),
            "{role}"
        );
    }
}
