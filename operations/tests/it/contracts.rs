//! From the signature to the money.

use chrono::{Days, NaiveDate, TimeDelta};
use millrace_operations::entity::{
    contract, delivery, invoice_application, order, payment_plan, payment_request, quote_line,
};
use millrace_operations::resources::{create, update};
use millrace_operations::service::contract::{Close, Terms, close, deposit_received, sign};
use millrace_operations::service::contract_draft::{
    Kind, Party, Worth, call_off, draft, from_quote,
};
use millrace_operations::service::ending::{End, end};
use millrace_operations::service::instalment::{NewInstalment, plan, write_off};
use millrace_operations::service::invoice::{self, Application, apply};
use millrace_operations::service::payment_request as requests;
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::NewQuote;
use millrace_operations::service::quote_decision::{Decision, decide};
use millrace_operations::service::receipt::{
    Allocation, NewReceipt, allocate, receive, remove, take_back,
};
use millrace_operations::{Actor, ErrorKind, Record, Rule};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::desk::{Desk, account_of, field, go, rule, state};
use crate::support::{Home, contract, row};

contract! {
    a_contract_waits_for_its_deposit_and_then_wins_the_deal,
    a_contract_entered_late_wins_on_its_day,
    a_lost_deal_comes_back_with_its_contract,
    what_was_accepted_in_part_is_sold_in_part,
    a_framework_contract_is_called_off_within_its_bounds,
    instalments_fall_due_by_their_events,
    instalments_are_the_whole_contract,
    money_is_allocated_to_several_instalments_and_no_further,
    many_who_allocate_at_once_do_not_exceed_the_receipt,
    the_rate_is_frozen_at_signing,
    requests_are_paid_with_their_instalment,
    finance_issues_invoices,
}

fn today(desk: &Desk) -> NaiveDate {
    desk.home.store.calendar().date_of(desk.home.store.now())
}

async fn again<R: Record>(desk: &Desk, id: i64) -> R {
    desk.home
        .store
        .write(&Actor::system("test"), async |unit| unit.get(id).await)
        .await
        .unwrap()
}

async fn plans(desk: &Desk, contract: i64) -> Vec<payment_plan::Model> {
    payment_plan::Entity::find()
        .filter(payment_plan::Column::ContractId.eq(contract))
        .filter(payment_plan::Column::DeletedAt.is_null())
        .order_by_asc(payment_plan::Column::Position)
        .all(desk.home.store.reader())
        .await
        .unwrap()
}

fn share(kind: &str, due_by: &str, share: i64, credit_days: i64) -> NewInstalment {
    NewInstalment {
        kind: kind.to_owned(),
        due_by: due_by.to_owned(),
        share: Some(share),
        credit_days,
        ..NewInstalment::default()
    }
}

/// 30 % in advance, 60 % on shipment, 10 % retained for a year after acceptance.
fn usual() -> Vec<NewInstalment> {
    vec![
        share("advance", "signing", 3_000, 7),
        share("delivery", "shipment", 6_000, 30),
        share("retention", "acceptance", 1_000, 365),
    ]
}

/// A contract over 100.00 for a deal, with the usual instalments.
async fn drafted(desk: &Desk, deal: i64, deposit_amount: Option<i64>) -> contract::Model {
    let quote = desk.accepted(deal, desk.one_valve()).await;
    let terms = Terms {
        deposit_amount,
        instalments: usual(),
        ..Terms::default()
    };
    go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap()
}

fn paid(desk: &Desk, original_amount: i64, allocations: &[(i64, i64)]) -> NewReceipt {
    NewReceipt {
        account_id: desk.account,
        original_amount,
        allocations: allocations
            .iter()
            .map(|(payment_plan_id, amount)| Allocation {
                payment_plan_id: *payment_plan_id,
                amount: *amount,
                on: None,
            })
            .collect(),
        ..NewReceipt::default()
    }
}

async fn a_contract_waits_for_its_deposit_and_then_wins_the_deal(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, Some(2_000)).await;
    assert_eq!((made.status.as_str(), made.amount), ("draft", Some(10_000)));
    let by_rep = go!(desk, &desk.rep, sign(made.id, today(&desk), None)).unwrap_err();
    assert_eq!(by_rep.kind(), ErrorKind::Forbidden);
    let tomorrow = today(&desk).succ_opt().unwrap();
    assert_eq!(
        field(go!(desk, &desk.assistant, sign(made.id, tomorrow, None))),
        "signed_on"
    );
    let signed = go!(desk, &desk.assistant, sign(made.id, today(&desk), None)).unwrap();
    assert_eq!(
        (signed.status.as_str(), signed.effective_on),
        ("signed", None)
    );
    assert_eq!(desk.read(deal).await.outcome, "open");
    let advance = plans(&desk, made.id).await[0].clone();
    assert_eq!(advance.due_on, today(&desk).checked_add_days(Days::new(7)));
    assert_eq!((advance.status.as_str(), advance.amount), ("due", 3_000));

    desk.home.clock.advance(TimeDelta::days(3));
    go!(
        desk,
        &desk.finance,
        receive(paid(&desk, 1_999, &[(advance.id, 1_999)]))
    )
    .unwrap();
    assert_eq!(desk.read(deal).await.outcome, "open");
    go!(
        desk,
        &desk.finance,
        receive(paid(&desk, 1, &[(advance.id, 1)]))
    )
    .unwrap();
    let effective: contract::Model = again(&desk, made.id).await;
    assert_eq!(effective.status, "effective");
    assert_eq!(effective.effective_on, Some(today(&desk)));
    assert_eq!(effective.deposit_received_on, Some(today(&desk)));
    let won = desk.read(deal).await;
    assert_eq!(
        (won.outcome.as_str(), won.won_at),
        ("won", Some(desk.home.store.now()))
    );
    assert_eq!(won.stage_id, desk.stage("delivery_payment").await);
    let twice = go!(desk, &desk.finance, deposit_received(made.id, today(&desk)));
    assert_eq!(state(twice), "effective");
    assert_eq!(
        state(go!(
            desk,
            &desk.assistant,
            sign(made.id, today(&desk), None)
        )),
        "effective"
    );
    let closed = go!(desk, &desk.finance, close(made.id, Close::Completed)).unwrap();
    assert_eq!(closed.status, "completed");
}

async fn a_contract_entered_late_wins_on_its_day(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let signed_on = today(&desk).checked_add_days(Days::new(2)).unwrap();
    desk.home.clock.advance(TimeDelta::days(9));
    go!(desk, &desk.assistant, sign(made.id, signed_on, None)).unwrap();
    let won = desk.read(deal).await;
    assert_eq!(
        won.won_at.unwrap().to_rfc3339(),
        "2026-03-03T16:00:00+00:00"
    );
    let last = desk.moves(deal).await.pop().unwrap();
    assert_eq!(
        (last.kind.as_str(), last.changed_at),
        ("skip", won.won_at.unwrap())
    );
    assert_eq!(last.recorded_at, desk.home.store.now());
}

async fn a_lost_deal_comes_back_with_its_contract(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let lost = End::Lost {
        reason: "silence".to_owned(),
        competitor: None,
        amount: None,
    };
    go!(desk, &desk.rep, end(deal, lost.clone(), None)).unwrap();
    go!(desk, &desk.assistant, sign(made.id, today(&desk), None)).unwrap();
    let won = desk.read(deal).await;
    assert_eq!((won.outcome.as_str(), won.lost_reason), ("won", None));
    assert_eq!(desk.kinds(deal).await, ["open", "close", "reopen", "skip"]);
}

async fn what_was_accepted_in_part_is_sold_in_part(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let line = |product| NewLine {
        product_id: Some(product),
        quantity: 1_000,
        ..NewLine::default()
    };
    let input = NewQuote {
        lines: vec![line(desk.valve), line(desk.seal)],
        ..NewQuote::default()
    };
    let sent = desk.sent(deal, input).await;
    let early = go!(desk, &desk.assistant, from_quote(sent.id, Terms::default()));
    assert_eq!(state(early), "sent");
    let seal = quote_line::Entity::find()
        .filter(quote_line::Column::ProductId.eq(desk.seal))
        .one(desk.home.store.reader())
        .await
        .unwrap()
        .unwrap();
    let decision = Decision::AcceptLines(vec![seal.id]);
    go!(desk, &desk.rep, decide(sent.id, decision.clone(), None)).unwrap();
    let made = go!(desk, &desk.assistant, from_quote(sent.id, Terms::default())).unwrap();
    assert_eq!(
        (made.amount, made.original_amount),
        (Some(5_000), Some(5_000))
    );
    assert_eq!(made.amount_without_tax, Some(4_425));
    let twice = go!(desk, &desk.assistant, from_quote(sent.id, Terms::default()));
    assert_eq!(rule(twice), Rule::HasContract);
    go!(desk, &desk.assistant, close(made.id, Close::Terminated)).unwrap();
    go!(desk, &desk.assistant, from_quote(sent.id, Terms::default())).unwrap();
}

fn worth(original_amount: i64) -> Worth {
    Worth {
        original_amount,
        tax_rate: 1_300,
        ..Worth::default()
    }
}

async fn a_framework_contract_is_called_off_within_its_bounds(home: Home) {
    let desk = Desk::open(home).await;
    let party = Party {
        account_id: desk.account,
        opportunity_id: None,
    };
    let terms = Terms {
        expires_on: today(&desk).checked_add_days(Days::new(100)),
        ..Terms::default()
    };
    let framework = go!(
        desk,
        &desk.finance,
        draft(Kind::Framework, party, Some(worth(10_000)), terms.clone(),)
    )
    .unwrap();
    assert_eq!(framework.owner_id, Some(desk.rep.user_id));
    let off = async |amount| {
        go!(
            desk,
            &desk.finance,
            call_off(framework.id, None, worth(amount), Terms::default(),)
        )
    };
    assert_eq!(rule(off(1).await), Rule::NotRunning);
    go!(desk, &desk.finance, sign(framework.id, today(&desk), None)).unwrap();
    let first = off(6_000).await.unwrap();
    assert_eq!(
        (first.kind.as_str(), first.framework_id),
        ("call_off", Some(framework.id))
    );
    assert_eq!(rule(off(4_001).await), Rule::BeyondFramework);
    off(4_000).await.unwrap();
    go!(desk, &desk.finance, close(first.id, Close::Terminated)).unwrap();
    let last = off(6_000).await.unwrap();
    desk.home.clock.advance(TimeDelta::days(101));
    assert_eq!(rule(off(1).await), Rule::NotRunning);
    let late = go!(desk, &desk.finance, sign(last.id, today(&desk), None));
    assert_eq!(rule(late), Rule::NotRunning);
    let nothing = go!(
        desk,
        &desk.finance,
        draft(Kind::Sale, party, None, Terms::default())
    );
    assert_eq!(field(nothing), "original_amount");
}

async fn instalments_fall_due_by_their_events(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let statuses = async || -> Vec<String> {
        let plans = plans(&desk, made.id).await;
        plans.into_iter().map(|plan| plan.status).collect()
    };
    assert_eq!(statuses().await, ["waiting", "waiting", "waiting"]);
    go!(desk, &desk.assistant, sign(made.id, today(&desk), None)).unwrap();
    assert_eq!(statuses().await, ["due", "waiting", "waiting"]);
    let order = desk
        .home
        .store
        .write(&Actor::system("test"), async |unit| {
            let order = order::ActiveModel {
                account_id: Set(desk.account),
                contract_id: Set(Some(made.id)),
                ordered_at: Set(unit.now()),
                ..Default::default()
            };
            unit.insert::<order::Model>(order).await
        })
        .await
        .unwrap();
    let shipped =
        row! {"account_id": desk.account, "order_id": order.id, "shipped_on": "2026-03-01"};
    let shipped = create(
        &desk.home.store,
        &desk.finance,
        &delivery::RESOURCE,
        &shipped,
    )
    .await
    .unwrap();
    let due = plans(&desk, made.id).await[1].due_on.unwrap();
    assert_eq!(due.to_string(), "2026-03-31");
    let accepted = row! {"accepted_on": "2026-03-02"};
    let id = shipped["id"].as_i64().unwrap();
    update(
        &desk.home.store,
        &desk.finance,
        &delivery::RESOURCE,
        id,
        1,
        &accepted,
    )
    .await
    .unwrap();
    let due = plans(&desk, made.id).await[2].due_on.unwrap();
    assert_eq!(due.to_string(), "2027-03-02");
    assert_eq!(statuses().await, ["due", "due", "due"]);
    // A second delivery changes nothing.
    let later = row! {"account_id": desk.account, "order_id": order.id, "shipped_on": "2026-03-02"};
    create(&desk.home.store, &desk.finance, &delivery::RESOURCE, &later)
        .await
        .unwrap();
    let due = plans(&desk, made.id).await[1].due_on.unwrap();
    assert_eq!(due.to_string(), "2026-03-31");
}

async fn instalments_are_the_whole_contract(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let finance = &desk.finance;
    let short = vec![share("advance", "signing", 9_999, 0)];
    assert_eq!(
        rule(go!(desk, finance, plan(made.id, short.clone()))),
        Rule::NotTheWholeAmount
    );
    let undated = vec![share("other", "date", 10_000, 0)];
    assert_eq!(
        field(go!(desk, finance, plan(made.id, undated.clone()))),
        "instalments[1].on"
    );
    let wrong = vec![share("tip", "signing", 10_000, 0)];
    assert_eq!(
        field(go!(desk, finance, plan(made.id, wrong.clone()))),
        "kind"
    );
    let thirds = vec![
        share("progress", "signing", 3_333, 0),
        share("progress", "shipment", 3_333, 0),
        share("progress", "invoice", 3_334, 0),
    ];
    let planned = go!(desk, finance, plan(made.id, thirds.clone())).unwrap();
    let amounts: Vec<i64> = planned.iter().map(|plan| plan.amount).collect();
    assert_eq!(amounts, [3_333, 3_333, 3_334]);
    go!(
        desk,
        finance,
        receive(paid(&desk, 1, &[(planned[0].id, 1)]))
    )
    .unwrap();
    assert_eq!(
        rule(go!(desk, finance, plan(made.id, thirds.clone()))),
        Rule::AlreadyPaid
    );
}

async fn money_is_allocated_to_several_instalments_and_no_further(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let finance = &desk.finance;
    let ids: Vec<i64> = plans(&desk, made.id)
        .await
        .iter()
        .map(|plan| plan.id)
        .collect();
    // An advance comes before there is anything to pay.
    let advance = NewReceipt {
        kind: Some("advance".to_owned()),
        ..paid(&desk, 5_000, &[])
    };
    let money = go!(desk, finance, receive(advance.clone())).unwrap();
    assert_eq!((money.amount, money.allocated_amount), (Some(5_000), 0));
    let to = |plan: usize, amount| Allocation {
        payment_plan_id: ids[plan],
        amount,
        on: None,
    };
    let both = [to(0, 3_000), to(1, 2_000)];
    let money = go!(desk, finance, allocate(money.id, &both)).unwrap();
    assert_eq!(money.allocated_amount, 5_000);
    let now = plans(&desk, made.id).await;
    assert_eq!(
        (now[0].status.as_str(), now[0].received_amount),
        ("paid", 3_000)
    );
    assert_eq!(
        (now[1].status.as_str(), now[1].received_amount),
        ("partly_paid", 2_000)
    );
    assert_eq!(
        rule(go!(desk, finance, allocate(money.id, &[to(1, 1)]))),
        Rule::BeyondReceipt
    );
    let more = go!(desk, finance, receive(paid(&desk, 9_000, &[]))).unwrap();
    assert_eq!(
        state(go!(desk, finance, allocate(more.id, &[to(0, 1)]))),
        "paid"
    );
    assert_eq!(
        rule(go!(desk, finance, allocate(more.id, &[to(1, 4_001)]))),
        Rule::BeyondInstalment
    );
    let twice = [to(1, 4_000), to(1, 1)];
    assert_eq!(state(go!(desk, finance, allocate(more.id, &twice))), "paid");
    assert_eq!(
        field(go!(desk, finance, allocate(more.id, &[to(1, 0)]))),
        "amount"
    );
    let other = account_of(&desk.home, &desk.rep, "Other").await;
    let foreign = NewReceipt {
        account_id: other,
        ..paid(&desk, 100, &[(ids[1], 100)])
    };
    assert_eq!(
        rule(go!(desk, finance, receive(foreign.clone()))),
        Rule::OtherAccount
    );
    let refund = NewReceipt {
        kind: Some("refund".to_owned()),
        ..paid(&desk, 100, &[(ids[1], 100)])
    };
    assert_eq!(
        rule(go!(desk, finance, receive(refund.clone()))),
        Rule::Refund
    );
    let by_rep = go!(desk, &desk.rep, receive(paid(&desk, 100, &[]))).unwrap_err();
    assert_eq!(by_rep.kind(), ErrorKind::Forbidden);

    // What was allocated wrongly is taken back.
    assert_eq!(
        rule(go!(desk, finance, remove(money.id))),
        Rule::AlreadyPaid
    );
    go!(desk, finance, take_back(1)).unwrap();
    go!(desk, finance, take_back(2)).unwrap();
    let now = plans(&desk, made.id).await;
    assert_eq!(
        (now[0].status.as_str(), now[0].received_amount),
        ("waiting", 0)
    );
    go!(desk, finance, remove(money.id)).unwrap();
    let written = go!(desk, finance, write_off(ids[2])).unwrap();
    assert_eq!(written.status, "written_off");
    assert_eq!(
        state(go!(desk, finance, allocate(more.id, &[to(2, 1)]))),
        "written_off"
    );
}

async fn many_who_allocate_at_once_do_not_exceed_the_receipt(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let second = plans(&desk, made.id).await[1].id;
    let money = go!(desk, &desk.finance, receive(paid(&desk, 5_000, &[]))).unwrap();
    let part = Allocation {
        payment_plan_id: second,
        amount: 1_000,
        on: None,
    };
    let tasks = (0..16).map(|_| {
        let (store, finance) = (desk.home.store.clone(), desk.finance.clone());
        tokio::spawn(async move {
            store
                .write(&finance.actor(), async |unit| {
                    allocate(&unit, &finance, money.id, &[part]).await
                })
                .await
        })
    });
    let mut kept = 0;
    for done in tasks.collect::<Vec<_>>() {
        match done.await.unwrap() {
            Ok(_) => kept += 1,
            refused => assert_eq!(rule(refused), Rule::BeyondReceipt),
        }
    }
    assert_eq!(kept, 5);
    assert_eq!(plans(&desk, made.id).await[1].received_amount, 5_000);
}

async fn the_rate_is_frozen_at_signing(home: Home) {
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let usd = NewQuote {
        currency: Some("USD".to_owned()),
        rate: Some(8_000_000),
        ..desk.one_valve()
    };
    let quote = desk.accepted(deal, usd).await;
    let terms = Terms {
        deposit_amount: Some(2_000),
        instalments: usual(),
        ..Terms::default()
    };
    let made = go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap();
    assert_eq!(
        (made.original_amount, made.amount),
        (Some(1_250), Some(10_000))
    );
    assert_eq!(
        rule(go!(
            desk,
            &desk.assistant,
            sign(made.id, today(&desk), None)
        )),
        Rule::NeedsRate
    );
    let rate = Some(7_000_000);
    let signed = go!(desk, &desk.assistant, sign(made.id, today(&desk), rate)).unwrap();
    assert_eq!((signed.rate, signed.rate_on), (rate, Some(today(&desk))));
    assert_eq!(
        (signed.amount, signed.deposit_amount),
        (Some(8_750), Some(1_750))
    );
    let amounts: Vec<i64> = plans(&desk, made.id)
        .await
        .iter()
        .map(|plan| plan.amount)
        .collect();
    assert_eq!(amounts, [2_625, 5_250, 875]);
    go!(desk, &desk.finance, deposit_received(made.id, today(&desk))).unwrap();
    let won = desk.read(deal).await;
    assert_eq!((won.amount, won.rate), (Some(8_750), rate));
}

async fn requests_are_paid_with_their_instalment(home: Home) {
    use requests::{cancel, draft, send};
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let first = plans(&desk, made.id).await[0].clone();
    let rep = &desk.rep;
    let asked = go!(desk, rep, draft(first.id, None, None)).unwrap();
    assert_eq!((asked.status.as_str(), asked.amount), ("draft", 3_000));
    assert_eq!(
        rule(go!(desk, rep, draft(first.id, Some(3_001), None))),
        Rule::BeyondInstalment
    );
    go!(desk, rep, send(asked.id, None)).unwrap();
    assert_eq!(state(go!(desk, rep, send(asked.id, None))), "sent");
    let other = go!(desk, rep, draft(first.id, Some(1), None)).unwrap();
    go!(desk, rep, cancel(other.id)).unwrap();
    go!(
        desk,
        &desk.finance,
        receive(paid(&desk, 3_000, &[(first.id, 3_000)]))
    )
    .unwrap();
    let asked: payment_request::Model = again(&desk, asked.id).await;
    assert_eq!(asked.status, "paid");
    assert_eq!(state(go!(desk, rep, draft(first.id, None, None))), "paid");
}

async fn finance_issues_invoices(home: Home) {
    use invoice::{Answer, answer};
    let desk = Desk::open(home).await;
    let deal = desk.deal().await;
    let made = drafted(&desk, deal, None).await;
    let by_invoice = vec![
        share("progress", "invoice", 4_000, 30),
        share("progress", "invoice", 6_000, 30),
    ];
    let planned = go!(desk, &desk.finance, plan(made.id, by_invoice.clone())).unwrap();
    let wanted = Application {
        contract_id: made.id,
        payment_plan_id: Some(planned[0].id),
        title: None,
        credit_code: None,
        kind: "special".to_owned(),
        tax_rate: None,
        amount: None,
    };
    assert_eq!(state(go!(desk, &desk.rep, apply(wanted.clone()))), "draft");
    go!(desk, &desk.assistant, sign(made.id, today(&desk), None)).unwrap();
    let applied = go!(desk, &desk.rep, apply(wanted.clone())).unwrap();
    assert_eq!(
        (applied.amount, applied.amount_without_tax),
        (4_000, Some(3_540))
    );
    assert_eq!(applied.title, "上海阀门有限公司");
    let beyond = Application {
        amount: Some(6_001),
        ..wanted.clone()
    };
    assert_eq!(
        rule(go!(desk, &desk.rep, apply(beyond.clone()))),
        Rule::BeyondContract
    );
    let issue = Answer::Issue {
        invoice_number: "25312000".to_owned(),
        issued_on: None,
    };
    let own = go!(desk, &desk.rep, answer(applied.id, issue.clone())).unwrap_err();
    assert_eq!(own.kind(), ErrorKind::Forbidden);
    let issued = go!(desk, &desk.finance, answer(applied.id, issue.clone())).unwrap();
    assert_eq!(
        (issued.status.as_str(), issued.issued_on),
        ("issued", Some(today(&desk)))
    );
    let now = plans(&desk, made.id).await;
    assert_eq!(now[0].due_on, today(&desk).checked_add_days(Days::new(30)));
    assert_eq!(now[1].due_on, None);
    assert_eq!(
        state(go!(desk, &desk.finance, answer(applied.id, Answer::Reject))),
        "issued"
    );
    go!(desk, &desk.finance, answer(applied.id, Answer::Void)).unwrap();
    let void: invoice_application::Model = again(&desk, applied.id).await;
    assert_eq!(void.status, "voided");
}
