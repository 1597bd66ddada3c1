//! Visits, calls and notes.

use chrono::TimeDelta;
use millrace_operations::ErrorKind;
use millrace_operations::entity::{interaction, private_note};
use millrace_operations::resources::{ListQuery, create, list};
use millrace_operations::service::interaction::{
    CheckIn, NewInteraction, Words, last_effective_at, register, remove, reword,
};

use crate::desk::{Desk, account_of, field, go};
use crate::support::{Home, contract, row};

contract! {
    a_visit_is_verified_by_its_check_in,
    what_it_refers_to_must_be_the_customers,
    its_words_are_the_authors,
    what_keeps_a_customer_is_known,
    a_private_note_is_its_authors_alone,
}

fn at(desk: &Desk, kind: &str) -> NewInteraction {
    NewInteraction {
        account_id: desk.account,
        kind: kind.to_owned(),
        content: "talked about valves".to_owned(),
        ..NewInteraction::default()
    }
}

fn nanjing_road() -> CheckIn {
    CheckIn {
        latitude: 31_230_400,
        longitude: 121_473_700,
        accuracy_metres: 20,
        place: Some("南京路 1 号".to_owned()),
        ..CheckIn::default()
    }
}

async fn a_visit_is_verified_by_its_check_in(home: Home) {
    let desk = Desk::open(home).await;
    let visit = NewInteraction {
        check_in: Some(nanjing_road()),
        ..at(&desk, "visit")
    };
    let made = go!(desk, &desk.rep, register(visit.clone())).unwrap();
    assert!(made.effective);
    assert_eq!(made.checked_in_at, Some(desk.home.store.now()));
    assert_eq!(made.by_id, Some(desk.rep.user_id));
    assert_eq!(
        (made.latitude, made.place.as_deref()),
        (Some(31_230_400), Some("南京路 1 号"))
    );
    let told = NewInteraction {
        two_way: true,
        ..at(&desk, "visit")
    };
    assert!(
        !go!(desk, &desk.rep, register(told.clone()))
            .unwrap()
            .effective
    );
    let note = NewInteraction {
        two_way: true,
        ..at(&desk, "note")
    };
    assert!(
        !go!(desk, &desk.rep, register(note.clone()))
            .unwrap()
            .effective
    );
    let ahead = NewInteraction {
        at: Some(desk.home.store.now() + TimeDelta::hours(1)),
        ..visit.clone()
    };
    assert_eq!(field(go!(desk, &desk.rep, register(ahead.clone()))), "at");
    let nowhere = NewInteraction {
        check_in: Some(CheckIn {
            latitude: 91_000_000,
            ..nanjing_road()
        }),
        ..visit
    };
    assert_eq!(
        field(go!(desk, &desk.rep, register(nowhere.clone()))),
        "latitude"
    );
    assert_eq!(
        field(go!(desk, &desk.rep, register(at(&desk, "dream")))),
        "kind"
    );
}

async fn what_it_refers_to_must_be_the_customers(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let other = account_of(&desk.home, &desk.rep, "Other").await;
    let call = NewInteraction {
        account_id: other,
        opportunity_id: Some(deal),
        ..at(&desk, "call")
    };
    assert_eq!(
        field(go!(desk, &desk.rep, register(call.clone()))),
        "opportunity_id"
    );
    let stranger = desk.home.user("stranger", "rep", None).await;
    assert_eq!(
        field(go!(desk, &stranger, register(at(&desk, "call")))),
        "account_id"
    );
    let generic = row! {"account_id": desk.account, "kind": "call", "at": "2026-03-01T00:00:00Z", "content": "x", "two_way": true};
    let error = create(
        &desk.home.store,
        &desk.rep,
        &interaction::RESOURCE,
        &generic,
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

async fn its_words_are_the_authors(home: Home) {
    let desk = Desk::open(home).await;
    let made = go!(desk, &desk.rep, register(at(&desk, "call"))).unwrap();
    let words = Words {
        content: Some("talked about seals".to_owned()),
        ..Words::default()
    };
    let by_lead = go!(desk, &desk.lead, reword(made.id, words.clone())).unwrap_err();
    assert_eq!(by_lead.kind(), ErrorKind::Forbidden);
    let made = go!(desk, &desk.rep, reword(made.id, words.clone())).unwrap();
    assert_eq!(made.content, "talked about seals");
    let by_rep = go!(desk, &desk.rep, remove(made.id)).unwrap_err();
    assert_eq!(by_rep.kind(), ErrorKind::Forbidden);
    go!(desk, &desk.lead, remove(made.id)).unwrap();
}

async fn what_keeps_a_customer_is_known(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let last = async |by| {
        last_effective_at(desk.home.store.reader(), desk.account, by)
            .await
            .unwrap()
    };
    go!(desk, &desk.rep, register(at(&desk, "call"))).unwrap();
    assert_eq!(last(None).await, None);
    let answered = NewInteraction {
        two_way: true,
        ..at(&desk, "message")
    };
    go!(desk, &desk.rep, register(answered.clone())).unwrap();
    assert_eq!(last(None).await, Some(desk.home.store.now()));
    desk.home.clock.advance(TimeDelta::days(1));
    desk.to(&desk.lead, deal, "first_contact").await.unwrap();
    assert_eq!(
        last(Some(desk.lead.user_id)).await,
        Some(desk.home.store.now())
    );
    let before = desk.home.store.now() - TimeDelta::days(1);
    assert_eq!(last(Some(desk.rep.user_id)).await, Some(before));
    desk.home.clock.advance(TimeDelta::days(1));
    desk.sent(deal, desk.one_valve()).await;
    assert_eq!(
        last(Some(desk.rep.user_id)).await,
        Some(desk.home.store.now())
    );
}

async fn a_private_note_is_its_authors_alone(home: Home) {
    let desk = Desk::open(home).await;
    let note = row! {"account_id": desk.account, "body": "likes tea"};
    create(&desk.home.store, &desk.rep, &private_note::RESOURCE, &note)
        .await
        .unwrap();
    let administrator = desk.home.user("root", "administrator", None).await;
    for (reader, notes) in [(&desk.rep, 1), (&desk.lead, 0), (&administrator, 0)] {
        let page = list(
            &desk.home.store,
            reader,
            &private_note::RESOURCE,
            &ListQuery::default(),
        )
        .await
        .unwrap();
        assert_eq!(page.rows.len(), notes);
    }
}
