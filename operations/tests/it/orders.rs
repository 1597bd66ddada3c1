//! Orders: sales and what is taken back of them.

use millrace_operations::entity::{contract, order};
use millrace_operations::service::contract::{Terms, sign};
use millrace_operations::service::contract_draft::from_quote;
use millrace_operations::service::order::{Kind, NewOrder, Status, lines_of, place, set_status};
use millrace_operations::service::pricing::NewLine;
use millrace_operations::{ErrorKind, OperationsError, Rule};

use crate::desk::{Desk, account_of, field, go, rule, state};
use crate::support::{Home, contract};

contract! {
    a_sale_is_priced_like_a_quote,
    a_sale_comes_under_its_contract,
    no_more_is_taken_back_than_was_sold,
    an_order_comes_along_and_does_not_go_back,
    only_those_who_enter_orders_do,
}

fn valves(desk: &Desk, quantity: i64) -> NewOrder {
    NewOrder {
        account_id: desk.account,
        lines: vec![NewLine {
            product_id: Some(desk.valve),
            quantity,
            ..NewLine::default()
        }],
        ..NewOrder::default()
    }
}

async fn a_sale_is_priced_like_a_quote(home: Home) {
    let desk = Desk::open(home).await;
    let input = NewOrder {
        price_list_id: Some(desk.prices),
        ..valves(&desk, 10_000)
    };
    let made = go!(desk, &desk.assistant, place(input.clone())).unwrap();
    // Ten at 80 by the price list, 13 % tax.
    assert_eq!(
        (made.amount, made.amount_without_tax),
        (Some(80_000), Some(70_796))
    );
    assert_eq!((made.tax_rate, made.rate), (Some(1_300), None));
    assert_eq!(made.owner_id, Some(desk.rep.user_id), "the account's owner");
    assert_eq!(
        (made.kind.as_str(), made.status.as_str()),
        ("sale", "placed")
    );
    assert!(made.number.starts_with("ORD-2026-"));
    let read = async |unit| lines_of(&unit, made.id).await;
    let lines = desk
        .home
        .store
        .write(&desk.rep.actor(), read)
        .await
        .unwrap();
    assert_eq!((lines.len(), lines[0].amount), (1, 80_000));
    assert_eq!(lines[0].description, "The valve");

    let place_it = async |change: fn(&mut NewOrder)| {
        let mut input = valves(&desk, 1_000);
        change(&mut input);
        go!(desk, &desk.assistant, place(input.clone()))
    };
    assert_eq!(field(place_it(|input| input.lines.clear()).await), "lines");
    assert_eq!(
        field(place_it(|input| input.account_id = 999).await),
        "account_id"
    );
    assert_eq!(
        field(place_it(|input| input.lines[0].quantity = 0).await),
        "lines[1].quantity"
    );
    let future = place_it(|input| input.ordered_at = Some("2027-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(field(future.await), "ordered_at");
    assert_eq!(
        field(place_it(|input| input.currency = Some("EUR".to_owned())).await),
        "rate"
    );
    assert_eq!(
        field(place_it(|input| input.rate = Some(7_000_000)).await),
        "rate"
    );
    assert_eq!(
        field(place_it(|input| input.reverses_id = Some(1)).await),
        "reverses_id"
    );
}

async fn signed(desk: &Desk) -> contract::Model {
    let deal = desk.deal().await;
    let quote = desk.accepted(deal, desk.one_valve()).await;
    let terms = Terms::default();
    let made = go!(desk, &desk.assistant, from_quote(quote.id, terms.clone())).unwrap();
    let today = desk.home.store.calendar().date_of(desk.home.store.now());
    go!(desk, &desk.assistant, sign(made.id, today, None)).unwrap()
}

async fn a_sale_comes_under_its_contract(home: Home) {
    let desk = Desk::open(home).await;
    let contract = signed(&desk).await;
    let input = NewOrder {
        contract_id: Some(contract.id),
        ..valves(&desk, 1_000)
    };
    let made = go!(desk, &desk.assistant, place(input.clone())).unwrap();
    assert_eq!(made.opportunity_id, contract.opportunity_id);
    assert_eq!(made.owner_id, contract.owner_id);
    let other = account_of(&desk.home, &desk.rep, "Another").await;
    let wrong = NewOrder {
        account_id: other,
        ..input.clone()
    };
    assert_eq!(
        field(go!(desk, &desk.assistant, place(wrong.clone()))),
        "contract_id"
    );
    let draft = desk.accepted(desk.deal().await, desk.one_valve()).await;
    let terms = Terms::default();
    let draft = go!(desk, &desk.assistant, from_quote(draft.id, terms.clone())).unwrap();
    let early = NewOrder {
        contract_id: Some(draft.id),
        ..input
    };
    assert_eq!(
        state(go!(desk, &desk.assistant, place(early.clone()))),
        "draft"
    );
}

async fn no_more_is_taken_back_than_was_sold(home: Home) {
    let desk = Desk::open(home).await;
    let sale = valves(&desk, 3_000);
    let sale = go!(desk, &desk.assistant, place(sale.clone())).unwrap();
    let back = |kind, quantity| NewOrder {
        kind,
        reverses_id: Some(sale.id),
        ..valves(&desk, quantity)
    };
    let loose = NewOrder {
        reverses_id: None,
        ..back(Kind::Return, 1_000)
    };
    assert_eq!(
        field(go!(desk, &desk.assistant, place(loose.clone()))),
        "reverses_id"
    );
    let two = back(Kind::Return, 2_000);
    let returned = go!(desk, &desk.assistant, place(two.clone())).unwrap();
    assert_eq!(
        (returned.kind.as_str(), returned.amount),
        ("return", Some(20_000))
    );
    let more = go!(desk, &desk.assistant, place(two.clone()));
    assert_eq!(rule(more), Rule::BeyondOrder);
    let rest = back(Kind::Credit, 1_000);
    go!(desk, &desk.assistant, place(rest.clone())).unwrap();
    let of_return = NewOrder {
        reverses_id: Some(returned.id),
        ..rest
    };
    assert_eq!(
        field(go!(desk, &desk.assistant, place(of_return.clone()))),
        "reverses_id"
    );
    let cancel = go!(
        desk,
        &desk.assistant,
        set_status(sale.id, Status::Cancelled)
    );
    assert_eq!(rule(cancel), Rule::InUse);
    assert!(matches!(
        go!(desk, &desk.assistant, set_status(999, Status::Cancelled)),
        Err(OperationsError::NotFound { entity, .. }) if entity == order::RESOURCE.name
    ));
}

async fn an_order_comes_along_and_does_not_go_back(home: Home) {
    let desk = Desk::open(home).await;
    let input = valves(&desk, 1_000);
    let id = go!(desk, &desk.assistant, place(input.clone())).unwrap().id;
    let to = async |status| go!(desk, &desk.assistant, set_status(id, status));
    assert_eq!(
        to(Status::InProduction).await.unwrap().status,
        "in_production"
    );
    assert_eq!(state(to(Status::InProduction).await), "in_production");
    assert_eq!(to(Status::Delivered).await.unwrap().status, "delivered");
    assert_eq!(rule(to(Status::Cancelled).await), Rule::Delivered);
    assert_eq!(to(Status::Accepted).await.unwrap().status, "accepted");
    assert_eq!(state(to(Status::Delivered).await), "accepted");
    let other = go!(desk, &desk.assistant, place(input.clone())).unwrap().id;
    let cancelled = go!(desk, &desk.assistant, set_status(other, Status::Cancelled)).unwrap();
    assert_eq!(cancelled.status, "cancelled");
}

async fn only_those_who_enter_orders_do(home: Home) {
    let desk = Desk::open(home).await;
    let input = valves(&desk, 1_000);
    let refused = go!(desk, &desk.rep, place(input.clone())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let id = go!(desk, &desk.assistant, place(input.clone())).unwrap().id;
    let refused = go!(desk, &desk.rep, set_status(id, Status::Accepted)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let outsider = desk.home.user("out", "sales_assistant", None).await;
    let unseen = go!(desk, &outsider, set_status(id, Status::Accepted)).unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
}
