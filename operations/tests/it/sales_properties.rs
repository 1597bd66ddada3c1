//! Whatever the services are asked to do, in whatever order: sums hold, histories are in order, and
//! the change log played again gives the same tables.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use millrace_operations::entity::{
    contract, invoice_application, opportunity, payment_plan, quote, quote_line, receipt,
    receipt_allocation, stage, stage_change,
};
use millrace_operations::log::replay;
use millrace_operations::service::contract::{Close, Terms, close, sign};
use millrace_operations::service::contract_draft::from_quote;
use millrace_operations::service::correction::{Correction, correct};
use millrace_operations::service::ending::{End, end, reopen};
use millrace_operations::service::instalment::{NewInstalment, happened, plan, write_off};
use millrace_operations::service::interaction::{NewInteraction, register};
use millrace_operations::service::invoice::{Answer, Application, answer, apply};
use millrace_operations::service::moves::effective;
use millrace_operations::service::payment_request;
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{For, NewQuote, draft, revise, rewrite};
use millrace_operations::service::quote_decision::{Decision, decide, expire_due, send};
use millrace_operations::service::receipt::{Allocation, NewReceipt, allocate, receive, take_back};
use millrace_operations::service::stage_move::{Move, complete, move_stage};
use millrace_operations::{Actor, Caller, ErrorKind, Record, Result};
use sea_orm::{EntityTrait, ModelTrait, QueryOrder};

use crate::change_log::dump;
use crate::desk::{Desk, go};
use crate::support::{Dice, Home, contract};

contract! {
    random_work_keeps_what_must_hold,
}

/// How many random calls.
const CALLS: usize = 500;

/// What a call came to: done, or refused for a reason that a client is told.
fn settled<T>(done: Result<T>) -> bool {
    match done {
        Ok(_) => true,
        Err(error) => {
            let expected = [
                ErrorKind::Invalid,
                ErrorKind::Forbidden,
                ErrorKind::NotFound,
                ErrorKind::Conflict,
            ];
            assert!(expected.contains(&error.kind()), "{error}");
            assert!(error.is_public(), "{error}");
            false
        }
    }
}

async fn random_work_keeps_what_must_hold(home: Home) {
    let desk = Desk::open(home).await;
    let mut dice = Dice::new(7);
    let mut deals = vec![desk.deal().await];
    let mut done: BTreeMap<u64, usize> = BTreeMap::new();
    for _ in 0..CALLS {
        let (rep, lead) = (&desk.rep, &desk.lead);
        let anyone = if dice.below(2) == 0 { rep } else { lead };
        let deal = dice.one_of(&deals);
        let kind = dice.below(20);
        let ok = match kind {
            0 => {
                deals.push(desk.deal().await);
                true
            }
            1..=3 => step(&desk, &mut dice, anyone, deal).await,
            4 => ending(&desk, &mut dice, deal, &deals).await,
            5 => settled(go!(desk, rep, reopen(deal, None))),
            6 => {
                desk.attach(deal, "requirements").await;
                true
            }
            7..=10 => quoting(&desk, &mut dice, deal).await,
            11..=13 => contracting(&desk, &mut dice).await,
            14..=17 => paying(&desk, &mut dice).await,
            18 => correcting(&desk, &mut dice).await,
            _ => {
                let hours = i64::try_from(dice.below(200)).unwrap();
                desk.home.clock.advance(TimeDelta::hours(hours));
                let job = Actor::system("expire");
                let work = async |unit| expire_due(&unit, 10).await;
                settled(desk.home.store.write(&job, work).await)
            }
        };
        *done.entry(kind).or_default() += usize::from(ok);
    }
    // The world is not one of refusals.
    assert!(
        done.values().filter(|count| **count > 0).count() >= 18,
        "{done:?}"
    );
    let won = all::<opportunity::Model>(&desk).await;
    assert!(won.iter().any(|deal| deal.outcome == "won"));
    let contracts = all::<contract::Model>(&desk).await;
    assert!(contracts.iter().any(|one| one.status == "effective"));
    sums_hold(&desk).await;
    histories_are_in_order(&desk).await;
    replayed(&desk).await;
}

/// A record of the table, if there is one.
async fn any<R: Record>(desk: &Desk, dice: &mut Dice) -> i64 {
    fit::<R>(desk, dice, |_| true).await
}

/// A record of the table, mostly one that fits.
async fn fit<R: Record>(desk: &Desk, dice: &mut Dice, fits: impl Fn(&R) -> bool) -> i64 {
    let found: Vec<R> = all(desk).await;
    let wild = dice.below(4) == 0;
    let ids = |wild: bool| -> Vec<i64> {
        let mut ids: Vec<i64> = found
            .iter()
            .filter(|record| wild || fits(record))
            .map(Record::id)
            .collect();
        ids.sort_unstable();
        ids
    };
    let mut from = ids(wild);
    if from.is_empty() {
        from = ids(true);
    }
    if from.is_empty() {
        1
    } else {
        dice.one_of(&from)
    }
}

async fn step(desk: &Desk, dice: &mut Dice, caller: &Caller, deal: i64) -> bool {
    let ago = i64::try_from(dice.below(48)).unwrap();
    let at = (dice.below(3) == 0).then(|| desk.home.store.now() - TimeDelta::hours(ago));
    let position = desk.read(deal).await.stage_id;
    let to = Move {
        // Mostly the next one.
        to_stage_id: if dice.below(4) == 0 {
            any::<stage::Model>(desk, dice).await
        } else {
            position + 1
        },
        changed_at: at,
        reason: Some("on with it".to_owned()),
        override_criteria: dice.below(3) > 0,
    };
    if dice.below(8) == 0 {
        return settled(go!(desk, caller, complete(deal, at)));
    }
    settled(go!(desk, caller, move_stage(deal, to.clone())))
}

async fn ending(desk: &Desk, dice: &mut Dice, deal: i64, deals: &[i64]) -> bool {
    let how = match dice.below(4) {
        0 => End::Shelved { reason: None },
        1 => End::Invalid { reason: None },
        2 => End::Duplicate {
            of: dice.one_of(deals),
        },
        _ => End::Lost {
            reason: "price".to_owned(),
            competitor: None,
            amount: None,
        },
    };
    settled(go!(desk, &desk.rep, end(deal, how.clone(), None)))
}

async fn quoting(desk: &Desk, dice: &mut Dice, deal: i64) -> bool {
    let rep = &desk.rep;
    let lines = (0..=dice.below(3)).map(|_| NewLine {
        product_id: Some(dice.one_of(&[desk.valve, desk.seal])),
        quantity: i64::try_from(dice.below(20_000)).unwrap(),
        discount: Some(i64::try_from(dice.below(600)).unwrap()),
        ..NewLine::default()
    });
    let input = NewQuote {
        price_list_id: Some(desk.prices),
        lines: lines.collect(),
        ..NewQuote::default()
    };
    let id = any::<quote::Model>(desk, dice).await;
    match dice.below(9) {
        0..=2 => {
            let whose = For::Opportunity(deal);
            let made = go!(desk, rep, draft(whose, input.clone()));
            let id = made.as_ref().map_or(0, |made| made.id);
            settled(made) && settled(go!(desk, rep, send(id, None)))
        }
        3 => settled(go!(desk, rep, revise(id, input.clone()))),
        4 => settled(go!(desk, rep, rewrite(id, input.clone()))),
        5 => settled(go!(desk, rep, send(id, None))),
        6 => {
            let line = any::<quote_line::Model>(desk, dice).await;
            let decision = Decision::AcceptLines(vec![line]);
            settled(go!(desk, rep, decide(id, decision.clone(), None)))
        }
        7 => {
            let out = |quote: &quote::Model| quote.outcome == "sent";
            let id = fit(desk, dice, out).await;
            settled(go!(desk, rep, decide(id, Decision::Accept, None)))
        }
        _ => {
            let call = NewInteraction {
                account_id: desk.account,
                opportunity_id: Some(deal),
                kind: "call".to_owned(),
                content: "called".to_owned(),
                two_way: dice.below(2) == 0,
                ..NewInteraction::default()
            };
            settled(go!(desk, rep, register(call.clone())))
        }
    }
}

async fn contracting(desk: &Desk, dice: &mut Dice) -> bool {
    let (assistant, finance) = (&desk.assistant, &desk.finance);
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    let day = today.checked_sub_days(Days::new(dice.below(5))).unwrap();
    let instalments: Vec<NewInstalment> = [
        ("advance", "signing", 3_000),
        ("delivery", "shipment", 7_000),
    ]
    .into_iter()
    .map(|(kind, due_by, share)| NewInstalment {
        kind: kind.to_owned(),
        due_by: due_by.to_owned(),
        share: Some(share),
        credit_days: 30,
        ..NewInstalment::default()
    })
    .collect();
    let id = any::<contract::Model>(desk, dice).await;
    match dice.below(10) {
        0..=3 => {
            let accepted = |quote: &quote::Model| quote.accepted_amount.is_some();
            let quote = fit(desk, dice, accepted).await;
            let terms = Terms {
                deposit_amount: (dice.below(2) == 0).then_some(1_000),
                instalments,
                ..Terms::default()
            };
            settled(go!(desk, assistant, from_quote(quote, terms.clone())))
        }
        4..=6 => {
            let unsigned = |contract: &contract::Model| contract.status == "draft";
            let id = fit(desk, dice, unsigned).await;
            settled(go!(desk, assistant, sign(id, day, None)))
        }
        7 => settled(go!(desk, finance, plan(id, instalments.clone()))),
        8 => settled(go!(desk, finance, happened(id, "shipment", day))),
        _ if dice.below(3) == 0 => settled(go!(desk, finance, close(id, Close::Terminated))),
        _ => {
            let wanted = Application {
                contract_id: id,
                payment_plan_id: None,
                title: None,
                credit_code: None,
                kind: "special".to_owned(),
                tax_rate: Some(1_300),
                amount: Some(50_000),
            };
            let applied = go!(desk, &desk.rep, apply(wanted.clone()));
            let issue = Answer::Issue {
                invoice_number: "1".to_owned(),
                issued_on: None,
            };
            let made = applied.as_ref().map_or(0, |made| made.id);
            settled(applied) && settled(go!(desk, finance, answer(made, issue.clone())))
        }
    }
}

async fn paying(desk: &Desk, dice: &mut Dice) -> bool {
    let finance = &desk.finance;
    let mut allocations = Vec::new();
    for _ in 0..=dice.below(2) {
        allocations.push(Allocation {
            payment_plan_id: fit(desk, dice, |plan: &payment_plan::Model| {
                plan.deleted_at.is_none() && plan.received_amount < plan.amount
            })
            .await,
            amount: i64::try_from(dice.below(60_000)).unwrap(),
            on: None,
        });
    }
    match dice.below(10) {
        0..=3 => {
            let money = NewReceipt {
                account_id: desk.account,
                original_amount: i64::try_from(dice.below(200_000)).unwrap(),
                allocations,
                ..NewReceipt::default()
            };
            settled(go!(desk, finance, receive(money.clone())))
        }
        4..=6 => {
            let id = any::<receipt::Model>(desk, dice).await;
            settled(go!(desk, finance, allocate(id, &allocations)))
        }
        7 => {
            let id = any::<receipt_allocation::Model>(desk, dice).await;
            settled(go!(desk, finance, take_back(id)))
        }
        8 => {
            use payment_request::draft;
            let id = allocations[0].payment_plan_id;
            settled(go!(desk, &desk.rep, draft(id, None, None)))
        }
        _ if dice.below(4) == 0 => {
            let id = allocations[0].payment_plan_id;
            settled(go!(desk, finance, write_off(id)))
        }
        _ => true,
    }
}

async fn correcting(desk: &Desk, dice: &mut Dice) -> bool {
    let id = any::<stage_change::Model>(desk, dice).await;
    let ago = i64::try_from(dice.below(96)).unwrap();
    let stage = any::<stage::Model>(desk, dice).await;
    let correction = Correction {
        stage_id: (dice.below(3) == 0).then_some(stage),
        changed_at: Some(desk.home.store.now() - TimeDelta::hours(ago)),
        reason: "a slip".to_owned(),
    };
    settled(go!(desk, &desk.lead, correct(id, correction.clone())))
}

async fn all<R: Record>(desk: &Desk) -> Vec<R> {
    <R as ModelTrait>::Entity::find()
        .all(desk.home.store.reader())
        .await
        .unwrap()
}

async fn sums_hold(desk: &Desk) {
    let allocations: Vec<receipt_allocation::Model> = all(desk).await;
    let live = || allocations.iter().filter(|one| one.deleted_at.is_none());
    assert!(live().count() > 0);
    for receipt in all::<receipt::Model>(desk).await {
        let held = live().filter(|one| one.receipt_id == receipt.id);
        let sum: i64 = held.map(|one| one.amount).sum();
        assert_eq!(sum, receipt.allocated_amount);
        assert!(sum <= receipt.amount.unwrap());
    }
    let plans: Vec<payment_plan::Model> = all(desk).await;
    for plan in &plans {
        let held = live().filter(|one| one.payment_plan_id == plan.id);
        let sum: i64 = held.map(|one| one.amount).sum();
        assert_eq!(sum, plan.received_amount);
        assert!(sum <= plan.amount);
        assert_eq!(plan.due_on.is_some(), plan.event_on.is_some());
        if plan.status != "written_off" {
            assert_eq!(plan.status == "paid", sum == plan.amount);
        }
    }
    let applications: Vec<invoice_application::Model> = all(desk).await;
    for contract in all::<contract::Model>(desk).await {
        let of = |plan: &&payment_plan::Model| {
            plan.contract_id == Some(contract.id) && plan.deleted_at.is_none()
        };
        let planned: Vec<i64> = plans.iter().filter(of).map(|plan| plan.amount).collect();
        assert!(planned.is_empty() || Some(planned.iter().sum()) == contract.amount);
        let invoiced = applications
            .iter()
            .filter(|one| one.contract_id == Some(contract.id));
        let invoiced: i64 = invoiced.map(|one| one.amount).sum();
        assert!(Some(invoiced) <= contract.amount);
        if let (Some(deal), "effective") = (contract.opportunity_id, contract.status.as_str()) {
            assert_eq!(desk.read(deal).await.outcome, "won");
        }
    }
    let lines: Vec<quote_line::Model> = all(desk).await;
    for quote in all::<quote::Model>(desk).await {
        let own = lines
            .iter()
            .filter(|line| line.quote_id == quote.id && line.deleted_at.is_none());
        let sum: i64 = own.map(|line| line.amount).sum();
        assert_eq!(quote.original_amount, Some(sum));
        assert!(quote.accepted_amount <= quote.amount);
        let decided = !["draft", "sent"].contains(&quote.outcome.as_str());
        assert_eq!(quote.decided_at.is_some(), decided);
    }
}

async fn histories_are_in_order(desk: &Desk) {
    let recorded = stage_change::Entity::find()
        .order_by_asc(stage_change::Column::Id)
        .all(desk.home.store.reader())
        .await
        .unwrap();
    let after_winning = desk.stage("delivery_payment").await;
    for deal in all::<opportunity::Model>(desk).await {
        let own: Vec<stage_change::Model> = recorded
            .iter()
            .filter(|change| change.opportunity_id == deal.id)
            .cloned()
            .collect();
        assert!(own.is_sorted_by_key(|change| change.recorded_at));
        assert!(
            own.iter().all(|change| change.version == 1),
            "never rewritten"
        );
        let moves = effective(own);
        assert!(
            moves.is_sorted_by_key(|change| change.changed_at),
            "{moves:?}"
        );
        let (first, last) = (moves.first().unwrap(), moves.last().unwrap());
        assert_eq!(
            (first.kind.as_str(), first.changed_at),
            ("open", deal.opened_at)
        );
        assert_eq!(
            (last.stage_id, &last.outcome),
            (deal.stage_id, &deal.outcome)
        );
        assert_eq!(deal.outcome == "won", deal.stage_id == after_winning);
        assert!(deal.last_moved_at >= last.changed_at);
        let entered = moves
            .iter()
            .rposition(|change| change.stage_id != deal.stage_id)
            .map_or(0, |before| before + 1);
        assert_eq!(moves[entered].changed_at, deal.stage_entered_at);
    }
}

async fn replayed(desk: &Desk) {
    let other = desk.home.another().await;
    desk.home.settle().await;
    replay(&desk.home.store, &other.store).await.unwrap();
    let (left, right) = (dump(&desk.home).await, dump(&other).await);
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
}
