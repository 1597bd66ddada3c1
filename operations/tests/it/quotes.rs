//! Quotes: prices, versions, alternatives, decisions.

use chrono::{Days, TimeDelta};
use millrace_operations::entity::quote;
use millrace_operations::service::approval::{answer, request};
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{
    For, NewQuote, alternative, draft, lines_of, revise, rewrite,
};
use millrace_operations::service::quote_decision::{Decision, decide, expire_due, send, withdraw};
use millrace_operations::{Actor, ErrorKind, OperationsError, Rule};
use sea_orm::EntityTrait;

use crate::desk::{Desk, field, go, rule, state};
use crate::support::{Home, contract};

contract! {
    prices_come_from_the_list_and_add_up,
    faults_name_the_line,
    a_sent_version_supersedes_those_before_it,
    what_was_sent_stays,
    one_alternative_is_chosen,
    a_part_can_be_accepted,
    time_expires_a_quote_once,
    other_currencies_are_converted,
    a_discount_beyond_the_limit_needs_approval,
}

async fn again(desk: &Desk, id: i64) -> quote::Model {
    let found = quote::Entity::find_by_id(id);
    found.one(desk.home.store.reader()).await.unwrap().unwrap()
}

fn line(product_id: i64, quantity: i64) -> NewLine {
    NewLine {
        product_id: Some(product_id),
        quantity,
        ..NewLine::default()
    }
}

async fn prices_come_from_the_list_and_add_up(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let input = NewQuote {
        price_list_id: Some(desk.prices),
        lines: vec![
            line(desk.valve, 10_000),
            NewLine {
                discount: Some(500),
                ..line(desk.valve, 2_500)
            },
        ],
        ..NewQuote::default()
    };
    let made = go!(
        desk,
        &desk.rep,
        draft(For::Opportunity(deal), input.clone())
    )
    .unwrap();
    // 10 at 80 from the list, 2.5 at 95 from the product: 800.00 + 237.50.
    assert_eq!(made.original_amount, Some(103_750));
    assert_eq!(made.amount, Some(103_750));
    assert_eq!(made.list_amount, Some(105_000));
    assert_eq!(made.discount, Some(119));
    // 707.96 + 210.18 without tax; 600 + 150 of cost.
    assert_eq!(made.amount_without_tax, Some(91_814));
    assert_eq!(made.cost_amount, Some(75_000));
    assert_eq!(made.margin, Some(1_831));
    assert_eq!(
        (made.number.as_str(), made.quote_version),
        ("QUO-2026-00001", 1)
    );
    assert_eq!(made.owner_id, Some(desk.rep.user_id));
    let shown = desk.rep.show(&made);
    assert!(shown.get("margin").is_none() && shown.get("cost_amount").is_none());
    // One line without a cost, and the margin is unknown.
    let input = NewQuote {
        lines: vec![line(desk.valve, 1_000), line(desk.seal, 1_000)],
        ..NewQuote::default()
    };
    let made = go!(desk, &desk.rep, rewrite(made.id, input.clone())).unwrap();
    assert_eq!(made.amount, Some(15_000));
    assert_eq!((made.cost_amount, made.margin), (None, None));
    let lines = desk
        .home
        .store
        .write(&desk.rep.actor(), async |unit| {
            lines_of(&unit, made.id).await
        })
        .await
        .unwrap();
    let positions: Vec<i64> = lines.iter().map(|line| line.position).collect();
    assert_eq!(positions, [1, 2]);
    assert_eq!(lines[0].description, "The valve");
}

async fn faults_name_the_line(home: Home) {
    let desk = Desk::open(home).await;
    let whose = For::Account(desk.account);
    let faults = [
        (line(999, 1_000), "lines[2].product_id"),
        (line(desk.valve, 0), "lines[2].quantity"),
        (
            NewLine {
                quantity: 1,
                ..NewLine::default()
            },
            "lines[2].unit_price",
        ),
        (
            NewLine {
                unit_price: Some(1),
                discount: Some(1),
                ..line(desk.valve, 1)
            },
            "lines[2].discount",
        ),
        (
            NewLine {
                discount: Some(10_001),
                ..line(desk.valve, 1)
            },
            "lines[2].discount",
        ),
        (
            NewLine {
                unit_price: Some(i64::MAX),
                ..line(desk.valve, i64::MAX)
            },
            "lines[2].quantity",
        ),
    ];
    for (wrong, expected) in faults {
        let input = NewQuote {
            lines: vec![line(desk.valve, 1_000), wrong],
            ..NewQuote::default()
        };
        assert_eq!(
            field(go!(desk, &desk.rep, draft(whose, input.clone()))),
            expected
        );
    }
    let other = desk.home.user("other", "rep", None).await;
    assert_eq!(
        field(go!(desk, &other, draft(whose, desk.one_valve()))),
        "account_id"
    );
    let engineer = desk.home.user("engineer", "engineering", None).await;
    let error = go!(desk, &engineer, draft(whose, desk.one_valve())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

async fn a_sent_version_supersedes_those_before_it(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let first = desk.sent(deal, desk.one_valve()).await;
    let second = go!(desk, &desk.rep, revise(first.id, desk.one_valve())).unwrap();
    assert_eq!(
        (second.number.clone(), second.quote_version),
        (first.number.clone(), 2)
    );
    let third = go!(desk, &desk.rep, revise(first.id, desk.one_valve())).unwrap();
    assert_eq!(third.quote_version, 3);
    assert_eq!(again(&desk, first.id).await.outcome, "sent");
    desk.home.clock.advance(TimeDelta::hours(1));
    go!(desk, &desk.rep, send(third.id, None)).unwrap();
    assert_eq!(again(&desk, first.id).await.outcome, "superseded");
    assert_eq!(
        rule(go!(desk, &desk.rep, send(second.id, None))),
        Rule::NewerVersion
    );
    let late = go!(desk, &desk.rep, decide(first.id, Decision::Accept, None));
    assert_eq!(state(late), "superseded");
    go!(desk, &desk.rep, decide(third.id, Decision::Accept, None)).unwrap();
    assert_eq!(
        state(go!(desk, &desk.rep, revise(first.id, desk.one_valve()))),
        "accepted"
    );
}

async fn what_was_sent_stays(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let whose = For::Opportunity(deal);
    let empty = go!(desk, &desk.rep, draft(whose, NewQuote::default())).unwrap();
    assert_eq!(
        rule(go!(desk, &desk.rep, send(empty.id, None))),
        Rule::NoLines
    );
    let sent = desk.sent(deal, desk.one_valve()).await;
    assert_eq!(
        state(go!(desk, &desk.rep, rewrite(sent.id, desk.one_valve()))),
        "sent"
    );
    assert_eq!(state(go!(desk, &desk.rep, send(sent.id, None))), "sent");
    let tomorrow = desk.home.store.now() + TimeDelta::days(1);
    let early = go!(
        desk,
        &desk.rep,
        decide(sent.id, Decision::Accept, Some(tomorrow))
    );
    assert_eq!(field(early), "decided_at");
    let silent = Decision::Decline {
        reason: String::new(),
    };
    assert_eq!(
        field(go!(desk, &desk.rep, decide(sent.id, silent.clone(), None))),
        "declined_reason"
    );
    let declined = Decision::Decline {
        reason: "too dear".to_owned(),
    };
    let declined = go!(desk, &desk.rep, decide(sent.id, declined.clone(), None)).unwrap();
    assert_eq!(declined.outcome, "declined");
    assert_eq!(declined.decided_at, Some(desk.home.store.now()));
    assert_eq!(state(go!(desk, &desk.rep, withdraw(sent.id))), "declined");
    let other = desk.sent(deal, desk.one_valve()).await;
    let withdrawn = go!(desk, &desk.rep, withdraw(other.id)).unwrap();
    assert_eq!(withdrawn.outcome, "withdrawn");
}

async fn one_alternative_is_chosen(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let first = desk.sent(deal, desk.one_valve()).await;
    let second = go!(
        desk,
        &desk.rep,
        alternative(first.id, "B".to_owned(), desk.one_valve())
    )
    .unwrap();
    assert_eq!(
        (second.quote_version, second.alternative.as_deref()),
        (1, Some("B"))
    );
    let twice = go!(
        desk,
        &desk.rep,
        alternative(first.id, "B".to_owned(), desk.one_valve())
    );
    assert!(matches!(twice, Err(OperationsError::Taken { .. })));
    go!(desk, &desk.rep, send(second.id, None)).unwrap();
    assert_eq!(again(&desk, first.id).await.outcome, "sent");
    go!(desk, &desk.rep, decide(second.id, Decision::Accept, None)).unwrap();
    assert_eq!(again(&desk, first.id).await.outcome, "superseded");
}

async fn a_part_can_be_accepted(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let input = NewQuote {
        lines: vec![line(desk.valve, 1_000), line(desk.seal, 1_000)],
        ..NewQuote::default()
    };
    let sent = desk.sent(deal, input).await;
    let lines = desk
        .home
        .store
        .write(&desk.rep.actor(), async |unit| {
            lines_of(&unit, sent.id).await
        })
        .await
        .unwrap();
    for wrong in [vec![], vec![lines[0].id, 999]] {
        let decision = Decision::AcceptLines(wrong);
        let done = go!(desk, &desk.rep, decide(sent.id, decision.clone(), None));
        assert_eq!(field(done), "accepted_lines");
    }
    let decision = Decision::AcceptLines(vec![lines[1].id]);
    let decided = go!(desk, &desk.rep, decide(sent.id, decision.clone(), None)).unwrap();
    assert_eq!(decided.outcome, "partial");
    assert_eq!(decided.accepted_amount, Some(5_000));
    assert_eq!(decided.amount, Some(15_000));
}

async fn time_expires_a_quote_once(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    let until = NewQuote {
        valid_until: today.checked_add_days(Days::new(10)),
        ..desk.one_valve()
    };
    let dated = desk.sent(deal, until).await;
    let open = desk.sent(deal, desk.one_valve()).await;
    let expire = async || {
        let job = Actor::system("expire");
        let work = async |unit| expire_due(&unit, 100).await;
        desk.home.store.write(&job, work).await.unwrap()
    };
    desk.home.clock.advance(TimeDelta::days(10));
    assert_eq!(expire().await, 0);
    desk.home.clock.advance(TimeDelta::days(2));
    assert_eq!((expire().await, expire().await), (1, 0));
    let expired = again(&desk, dated.id).await;
    assert_eq!(expired.outcome, "expired");
    // With the end of its last day, 12 March in Shanghai.
    assert_eq!(
        expired.decided_at.unwrap().to_rfc3339(),
        "2026-03-12T16:00:00+00:00"
    );
    desk.home.clock.advance(TimeDelta::days(18));
    assert_eq!(expire().await, 0);
    desk.home.clock.advance(TimeDelta::days(1));
    assert_eq!(expire().await, 1);
    assert_eq!(again(&desk, open.id).await.outcome, "expired");
    // The answer came in time and is entered late.
    let late = go!(desk, &desk.rep, decide(dated.id, Decision::Accept, None));
    assert_eq!(rule(late), Rule::NotValidAnyMore);
    let then = Some(dated.sent_at.unwrap() + TimeDelta::days(3));
    let decided = go!(desk, &desk.rep, decide(dated.id, Decision::Accept, then)).unwrap();
    assert_eq!(
        (decided.outcome.as_str(), decided.decided_at),
        ("accepted", then)
    );
}

async fn other_currencies_are_converted(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let whose = For::Opportunity(deal);
    let usd = NewQuote {
        currency: Some("USD".to_owned()),
        ..desk.one_valve()
    };
    assert_eq!(
        field(go!(desk, &desk.rep, draft(whose, usd.clone()))),
        "rate"
    );
    let usd = NewQuote {
        rate: Some(8_000_000),
        ..usd
    };
    let made = go!(desk, &desk.rep, draft(whose, usd.clone())).unwrap();
    // 100 CNY are 12.50 USD.
    assert_eq!(
        (made.original_amount, made.amount),
        (Some(1_250), Some(10_000))
    );
    let listed = NewQuote {
        price_list_id: Some(desk.prices),
        ..usd.clone()
    };
    assert_eq!(
        field(go!(desk, &desk.rep, draft(whose, listed.clone()))),
        "price_list_id"
    );
}

async fn a_discount_beyond_the_limit_needs_approval(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let (rep, lead) = (&desk.rep, &desk.lead);
    let less = |discount| NewQuote {
        lines: vec![NewLine {
            discount: Some(discount),
            ..line(desk.valve, 1_000)
        }],
        ..NewQuote::default()
    };
    desk.sent(deal, less(500)).await;
    let whose = For::Opportunity(deal);
    let made = go!(desk, rep, draft(whose, less(900))).unwrap();
    assert_eq!(
        rule(go!(desk, rep, send(made.id, None))),
        Rule::NeedsApproval
    );
    go!(desk, rep, request(made.id)).unwrap();
    assert_eq!(
        state(go!(desk, rep, rewrite(made.id, less(900)))),
        "in_approval"
    );
    let own = go!(desk, rep, answer(made.id, true)).unwrap_err();
    assert_eq!(own.kind(), ErrorKind::Forbidden);
    go!(desk, lead, answer(made.id, true)).unwrap();
    let sent = go!(desk, rep, send(made.id, None)).unwrap();
    assert_eq!(sent.outcome, "sent");
    let more = go!(desk, rep, draft(whose, less(1_100))).unwrap();
    go!(desk, rep, request(more.id)).unwrap();
    assert_eq!(
        rule(go!(desk, lead, answer(more.id, true))),
        Rule::NeedsApproval
    );
    let back = go!(desk, lead, answer(more.id, false)).unwrap();
    assert_eq!(back.outcome, "draft");
}
