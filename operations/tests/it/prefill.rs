//! What is known of an account, each with where it comes from.

use millrace_operations::entity::{
    account, contact, opportunity, order, order_line, product, quote, quote_line,
};
use millrace_operations::service::prefill::{Prefill, Source, Suggestion, prefill};
use millrace_operations::{Actor, Caller, ErrorKind, Result, Unit};
use sea_orm::Set;
use serde_json::json;

use crate::support::{Home, contract, time};

contract! {
    every_value_says_where_it_comes_from,
    what_the_caller_does_not_see_is_no_source,
}

struct Ids {
    account: i64,
    valve: i64,
    pump: i64,
}

async fn history(home: &Home, rep: &Caller) -> Ids {
    let work = async |unit: Unit| {
        let mut products = Vec::new();
        for (code, enabled) in [("VALVE", true), ("PUMP", true), ("OLD", false)] {
            let product = product::ActiveModel {
                code: Set(code.to_owned()),
                name: Set(code.to_owned()),
                enabled: Set(enabled),
                ..Default::default()
            };
            products.push(unit.insert::<product::Model>(product).await?.id);
        }
        let account = account::ActiveModel {
            name: Set("A".to_owned()),
            normalised_name: Set("a".to_owned()),
            pool_state: Set("owned".to_owned()),
            owner_id: Set(Some(rep.user_id)),
            created_at: Set(unit.now()),
            credit_days: Set(Some(45)),
            delivery_address: Set(Some("of the account".to_owned())),
            ..Default::default()
        };
        let account = unit.insert::<account::Model>(account).await?.id;
        for (name, primary) in [("Li", false), ("Wang", true)] {
            let person = contact::ActiveModel {
                account_id: Set(account),
                name: Set(name.to_owned()),
                primary_contact: Set(primary),
                mobile: Set(Some("13912345678".to_owned())),
                ..Default::default()
            };
            unit.insert::<contact::Model>(person).await?;
        }
        let deal = opportunity::ActiveModel {
            name: Set("Valves".to_owned()),
            account_id: Set(account),
            contact_id: Set(Some(1)),
            owner_id: Set(Some(rep.user_id)),
            pipeline_id: Set(1),
            stage_id: Set(1),
            stage_entered_at: Set(unit.now()),
            opened_at: Set(unit.now()),
            last_moved_at: Set(unit.now()),
            delivery_address: Set(Some("of the deal".to_owned())),
            ..Default::default()
        };
        unit.insert::<opportunity::Model>(deal).await?;
        // The later order first: it is the day that counts and not the id.
        for (at, address, price) in [
            ("2026-02-27T23:30:00+08:00", Some("gate 3"), 90_000_000),
            ("2025-12-01T10:00:00+08:00", Some("gate 1"), 95_000_000),
        ] {
            let order = order::ActiveModel {
                account_id: Set(account),
                owner_id: Set(Some(rep.user_id)),
                ordered_at: Set(time(at)),
                delivery_address: Set(address.map(ToOwned::to_owned)),
                currency: Set("EUR".to_owned()),
                ..Default::default()
            };
            let order = unit.insert::<order::Model>(order).await?.id;
            let line = order_line::ActiveModel {
                order_id: Set(order),
                position: Set(1),
                product_id: Set(Some(products[0])),
                description: Set("valve DN50".to_owned()),
                quantity: Set(20_000),
                unit_price: Set(price),
                amount: Set(180_000),
                amount_without_tax: Set(159_292),
                ..Default::default()
            };
            unit.insert::<order_line::Model>(line).await?;
        }
        quotes(&unit, rep, account, &products).await?;
        Ok(Ids {
            account,
            valve: products[0],
            pump: products[1],
        })
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap()
}

/// A quote that was sent, and a draft.
async fn quotes(unit: &Unit, rep: &Caller, account: i64, products: &[i64]) -> Result<()> {
    for (sent, terms) in [(true, "30/60/10"), (false, "draft terms")] {
        let quote = quote::ActiveModel {
            account_id: Set(account),
            contact_id: Set(Some(2)),
            owner_id: Set(Some(rep.user_id)),
            outcome: Set(if sent { "sent" } else { "draft" }.to_owned()),
            sent_at: Set(sent.then(|| time("2026-01-15T10:00:00+08:00"))),
            payment_terms: Set(Some(terms.to_owned())),
            ..Default::default()
        };
        let quote = unit.insert::<quote::Model>(quote).await?.id;
        for (position, product) in (1..).zip(products) {
            let line = quote_line::ActiveModel {
                quote_id: Set(quote),
                position: Set(position),
                product_id: Set(Some(*product)),
                description: Set("as quoted".to_owned()),
                quantity: Set(1_000),
                list_unit_price: Set(Some(120_000_000)),
                unit_price: Set(100_000_000),
                unit_cost: Set(Some(70_000_000)),
                amount: Set(10_000),
                amount_without_tax: Set(8_850),
                ..Default::default()
            };
            unit.insert::<quote_line::Model>(line).await?;
        }
    }
    Ok(())
}

fn source(entity: &'static str, id: i64, number: Option<&str>, on: &str) -> Source {
    Source {
        entity,
        id,
        number: number.map(ToOwned::to_owned),
        on: on.parse().unwrap(),
    }
}

fn check(suggestion: Option<&Suggestion>, value: &serde_json::Value, from: &Source) {
    let suggestion = suggestion.unwrap();
    assert_eq!((&suggestion.value, &suggestion.source), (value, from));
}

async fn every_value_says_where_it_comes_from(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let ids = history(&home, &rep).await;
    let known: Prefill = prefill(&home.store, &rep, ids.account).await.unwrap();
    let ordered = source("order", 1, Some("ORD-2026-00001"), "2026-02-27");
    let quoted = source("quote", 1, Some("QUO-2026-00001"), "2026-01-15");
    check(known.delivery_address.as_ref(), &json!("gate 3"), &ordered);
    check(known.currency.as_ref(), &json!("EUR"), &ordered);
    check(known.payment_terms.as_ref(), &json!("30/60/10"), &quoted);
    check(known.contact_id.as_ref(), &json!(2), &quoted);
    let itself = source("account", 1, Some("ACC-2026-00001"), "2026-03-02");
    check(known.credit_days.as_ref(), &json!(45), &itself);
    assert_eq!(known.delivery_terms, None);
    let names: Vec<_> = known
        .contacts
        .iter()
        .map(|known| &known.contact["name"])
        .collect();
    assert_eq!(names, ["Wang", "Li"]);
    assert_eq!(
        known.contacts[0].source,
        source("contact", 2, None, "2026-03-02")
    );
    let products: Vec<_> = known
        .products
        .iter()
        .map(|product| product.product_id)
        .collect();
    assert_eq!(
        products,
        [ids.valve, ids.pump],
        "what is not sold any more is left out"
    );
    let valve = &known.products[0];
    assert_eq!(
        (valve.unit_price, valve.quantity),
        (Some(90_000_000), Some(20_000))
    );
    assert_eq!(valve.source, ordered);
    assert_eq!(valve.discount, Some(1_666), "of the quote: 20 of 120");
    assert_eq!(known.products[1].source, quoted);
    let text = serde_json::to_string(&known).unwrap();
    assert!(!text.contains("70000000"), "no cost leaves: {text}");
}

async fn what_the_caller_does_not_see_is_no_source(home: Home) {
    let home = home.initialised().await;
    let rep = home.user("rep", "rep", None).await;
    let stranger = home.user("stranger", "rep", None).await;
    let engineer = home.user("engineer", "engineering", None).await;
    let finance = home.user("finance", "finance", None).await;
    let ids = history(&home, &rep).await;
    let refused = prefill(&home.store, &stranger, ids.account).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let known = prefill(&home.store, &engineer, ids.account).await.unwrap();
    assert!(known.contacts.is_empty(), "engineering reads no contacts");
    assert_eq!(known.contact_id, None);
    for product in &known.products {
        assert_eq!((product.unit_price, product.discount), (None, None));
    }
    let text = serde_json::to_string(&known).unwrap();
    for hidden in ["000000", "13912345678"] {
        assert!(!text.contains(hidden), "{text}");
    }
    let known = prefill(&home.store, &finance, ids.account).await.unwrap();
    assert_eq!(known.contacts[0].contact["mobile"], "139****5678");
    // The deal is somebody else's: what the order of others says is not theirs to see either.
    let work = async |unit: Unit| {
        let read = unit.get::<account::Model>(ids.account).await?;
        let change = account::ActiveModel {
            owner_id: Set(Some(stranger.user_id)),
            ..Default::default()
        };
        unit.update(&read, change).await
    };
    home.store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
    let known = prefill(&home.store, &stranger, ids.account).await.unwrap();
    assert!(known.products.is_empty() && known.payment_terms.is_none());
    assert_eq!(
        known.delivery_address.unwrap().value,
        json!("of the account")
    );
    assert_eq!(known.contacts.len(), 2);
}
