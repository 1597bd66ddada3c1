//! A deal from the lead to the money.

use axum::http::{Method, header};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::office::{Office, fault, id, rule, state};
use crate::app::App;

#[tokio::test]
async fn a_deal_goes_its_way_and_says_what_it_lacks() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    let address = |action: &str| format!("/api/opportunities/{deal}/{action}");
    office
        .advance(deal, &["first_contact", "requirements"])
        .await;
    let quotation = office.stage("quotation").await;
    let lacks = office
        .rep
        .get(&address(&format!("missing?stage_id={quotation}")))
        .await
        .is(200);
    assert_eq!(
        lacks["missing"][0]["criterion"],
        json!({"attachment": "requirements"})
    );
    let to = json!({"stage_id": quotation});
    let unmet = office
        .rep
        .post(&address("move"), &to)
        .await
        .is_problem(409, "unmet");
    assert_eq!(unmet["missing"], lacks["missing"]);
    let override_it = json!({"stage_id": quotation, "override_reason": "known customer"});
    assert_eq!(
        rule(&office.rep.post(&address("move"), &override_it).await),
        "manager_only"
    );
    let stale = office
        .rep
        .request(Method::POST, &address("move"))
        .header(header::IF_MATCH, "\"1\"");
    let stale = office.rep.send(stale, &to).await.is_problem(412, "stale");
    assert_eq!(stale["current"]["id"], deal);
    let moved = office
        .lead
        .post(&address("move"), &override_it)
        .await
        .is(200);
    assert_eq!(moved["record"]["stage_id"], quotation);
    assert_eq!(
        moved["labels"]["stage"][quotation.to_string()]["code"],
        "quotation"
    );
    let signing = office.stage("delivery_payment").await;
    let skip = json!({"stage_id": signing});
    assert_eq!(
        rule(&office.rep.post(&address("move"), &skip).await),
        "no_skipping"
    );
    assert_eq!(
        rule(&office.rep.post(&address("move"), &to).await),
        "same_stage"
    );

    let end = |body: Value| {
        let address = address("end");
        let rep = &office.rep;
        async move { rep.post(&address, &body).await }
    };
    assert_eq!(fault(&end(json!({"end": "lost"})).await), "lost_reason");
    assert_eq!(
        fault(&end(json!({"end": "shelved", "competitor": "x"})).await),
        "competitor"
    );
    assert_eq!(
        fault(&end(json!({"end": "duplicate"})).await),
        "duplicate_of_id"
    );
    end(json!({"end": "gone"}))
        .await
        .is_problem(400, "bad-request");
    let lost = json!({"end": "lost", "reason": "price", "competitor": "Other", "lost_amount": 5});
    let lost = end(lost).await.is(200);
    assert_eq!(lost["record"]["outcome"], "lost");
    assert_eq!(state(&end(json!({"end": "shelved"})).await), "lost");
    let open = office
        .rep
        .post(&address("reopen"), &json!({"reason": "new price"}))
        .await
        .is(200);
    assert_eq!(open["record"]["outcome"], "open");
    assert_eq!(
        state(&office.rep.post(&address("complete"), &json!({})).await),
        "open"
    );

    assert_eq!(
        rule(&office.rep.post(&address("shelve-idle"), &Value::Null).await),
        "moved_since"
    );
    app.clock.advance(TimeDelta::days(61));
    let idle = office
        .rep
        .get("/api/opportunities/idle?limit=5")
        .await
        .is(200);
    assert_eq!(idle["rows"][0]["id"], deal);
    assert_eq!(
        fault(&office.rep.get("/api/opportunities/idle?limit=0").await),
        "limit"
    );
    let shelved = office
        .rep
        .post(&address("shelve-idle"), &Value::Null)
        .await
        .is(200);
    assert_eq!(shelved["record"]["outcome"], "shelved");
}

#[tokio::test]
async fn a_move_is_corrected_by_who_leads() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    app.clock.advance(TimeDelta::days(2));
    office.advance(deal, &["first_contact"]).await;
    let body = json!({"changed_at": "2026-10-09T02:30:00Z", "reason": "entered late"});
    let address = "/api/stage-changes/2/correct";
    assert_eq!(rule(&office.rep.post(address, &body).await), "manager_only");
    let corrected = office.lead.post(address, &body).await.is(200);
    assert_eq!(corrected["record"]["corrects_id"], 2);
    let wrong = json!({"changed_at": "2026-10-01T02:30:00Z", "reason": "x"});
    assert_eq!(
        rule(&office.lead.post(address, &wrong).await),
        "out_of_order"
    );
}

#[tokio::test]
async fn a_quote_is_priced_approved_sent_and_decided() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let (deal, valve) = (office.deal().await, office.valve().await);
    let lines =
        |discount: i64| json!([{"product_id": valve, "quantity": 2000, "discount": discount}]);
    let body = json!({"opportunity_id": deal, "lines": lines(0)});
    let priced = office.rep.post("/api/quotes/price", &body).await.is(200);
    assert_eq!(priced["totals"]["amount"], 20_000);
    assert_eq!(priced["lines"][0]["unit_price"], 100_000_000);
    assert!(priced.get("margin").is_none() && priced["lines"][0].get("unit_cost").is_none());
    assert_eq!(priced["within_limit"], true);
    let too_much = json!({"opportunity_id": deal, "lines": lines(3_000)});
    let priced = office
        .lead
        .post("/api/quotes/price", &too_much)
        .await
        .is(200);
    assert_eq!(
        (&priced["within_limit"], &priced["margin"]),
        (&json!(false), &Value::Null)
    );

    let both = json!({"opportunity_id": deal, "account_id": office.account});
    assert_eq!(
        fault(&office.rep.post("/api/quotes", &both).await),
        "opportunity_id"
    );
    let wrong = json!({"opportunity_id": deal, "lines": [{"product_id": 99, "quantity": 1}]});
    assert_eq!(
        fault(&office.rep.post("/api/quotes", &wrong).await),
        "lines[1].product_id"
    );
    let again = || {
        let request = office.rep.request(Method::POST, "/api/quotes");
        request.header("idempotency-key", "one")
    };
    let made = office.rep.send(again(), &body).await;
    let quote = id(&made.is(201));
    assert_eq!(made.headers["location"], format!("/api/quotes/{quote}"));
    let twice = office.rep.send(again(), &body).await.is(201);
    assert_eq!(id(&twice), quote, "the same key makes it once");
    let address = |action: &str| format!("/api/quotes/{quote}/{action}");
    let body_of = json!({"lines": lines(3_000)});
    let itself = format!("/api/quotes/{quote}");
    let rewritten = office.rep.put(&itself, &body_of);
    assert_eq!(rewritten.await.is(200)["record"]["discount"], 3_000);
    let rows = office.rep.get(&address("lines")).await.is(200);
    assert_eq!(rows["rows"][0]["amount"], 14_000);
    office
        .other_rep
        .get(&address("lines"))
        .await
        .is_problem(404, "not-found");

    assert_eq!(
        rule(&office.rep.post(&address("send"), &json!({})).await),
        "needs_approval"
    );
    let waits = office
        .rep
        .post(&address("request-approval"), &Value::Null)
        .await
        .is(200);
    assert_eq!(waits["record"]["outcome"], "in_approval");
    let approve = json!({"approved": true});
    office
        .rep
        .post(&address("approval"), &approve)
        .await
        .is_problem(403, "forbidden");
    assert_eq!(
        rule(&office.lead.post(&address("approval"), &approve).await),
        "needs_approval"
    );
    let director = app.user("director", "director", None).await;
    assert_eq!(
        rule(&director.post(&address("approval"), &approve).await),
        "needs_approval"
    );
    let approved = office
        .admin
        .post(&address("approval"), &approve)
        .await
        .is(200);
    assert_eq!(approved["record"]["outcome"], "approved");
    let sent = office.rep.post(&address("send"), &json!({})).await.is(200);
    assert_eq!(sent["record"]["outcome"], "sent");

    let next = json!({"lines": lines(0)});
    let revised = office.rep.post(&address("revise"), &next).await.is(201);
    assert_eq!(revised["record"]["quote_version"], 2);
    let other = json!({"name": "B", "lines": lines(0)});
    let second = id(&revised);
    let alternative = format!("/api/quotes/{second}/alternative");
    assert_eq!(
        office.rep.post(&alternative, &other).await.is(201)["record"]["alternative"],
        "B"
    );
    office
        .rep
        .post(&alternative, &other)
        .await
        .is_problem(409, "taken");
    let send = format!("/api/quotes/{second}/send");
    office
        .rep
        .post(&send, &json!({"sent_at": "2026-10-08T02:30:00Z"}))
        .await
        .is(200);
    assert_eq!(
        state(
            &office
                .rep
                .post(&address("decide"), &json!({"decision": "accepted"}))
                .await
        ),
        "superseded"
    );
    let decide = format!("/api/quotes/{second}/decide");
    let reason = office
        .rep
        .post(&decide, &json!({"decision": "declined"}))
        .await;
    assert_eq!(fault(&reason), "declined_reason");
    let lines = json!({"decision": "accepted", "line_ids": [1]});
    assert_eq!(fault(&office.rep.post(&decide, &lines).await), "line_ids");
    let accepted = office
        .rep
        .post(&decide, &json!({"decision": "accepted"}))
        .await
        .is(200);
    assert_eq!(accepted["record"]["accepted_amount"], 20_000);
    assert_eq!(
        state(
            &office
                .rep
                .post(&format!("/api/quotes/{second}/withdraw"), &Value::Null)
                .await
        ),
        "accepted"
    );
}

#[tokio::test]
async fn a_contract_wins_its_deal_and_is_paid() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let (deal, valve) = (office.deal().await, office.valve().await);
    let body = json!({"opportunity_id": deal, "lines": [{"product_id": valve, "quantity": 1000}]});
    let quote = id(&office.rep.post("/api/quotes", &body).await.is(201));
    office
        .rep
        .post(&format!("/api/quotes/{quote}/send"), &json!({}))
        .await
        .is(200);
    let accept = json!({"decision": "accepted"});
    office
        .rep
        .post(&format!("/api/quotes/{quote}/decide"), &accept)
        .await
        .is(200);
    let from = json!({
        "quote_id": quote, "deposit_amount": 3_000,
        "instalments": [
            {"kind": "advance", "due_by": "signing", "amount": 3_000},
            {"kind": "delivery", "due_by": "shipment", "credit_days": 30, "amount": 7_000},
        ]
    });
    office
        .rep
        .post("/api/contracts/from-quote", &from)
        .await
        .is_problem(403, "forbidden");
    let made = office
        .assistant
        .post("/api/contracts/from-quote", &from)
        .await
        .is(201);
    let contract = id(&made);
    assert_eq!(
        rule(
            &office
                .assistant
                .post("/api/contracts/from-quote", &from)
                .await
        ),
        "has_contract"
    );
    let address = |action: &str| format!("/api/contracts/{contract}/{action}");
    let plan = json!({"instalments": [
        {"kind": "advance", "due_by": "signing", "share": 3_000},
        {"kind": "delivery", "due_by": "shipment", "credit_days": 30, "share": 7_000},
    ]});
    let planned = office
        .assistant
        .post(&address("instalments"), &plan)
        .await
        .is(200);
    let plans: Vec<i64> = planned["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    let part = json!({"instalments": [{"kind": "advance", "due_by": "signing", "share": 3_000}]});
    assert_eq!(
        rule(&office.assistant.post(&address("instalments"), &part).await),
        "not_the_whole_amount"
    );
    let early = json!({"signed_on": "2027-01-01"});
    assert_eq!(
        fault(&office.assistant.post(&address("sign"), &early).await),
        "signed_on"
    );
    let signed = office
        .assistant
        .post(&address("sign"), &json!({"signed_on": "2026-10-08"}))
        .await
        .is(200);
    assert_eq!(
        signed["record"]["status"], "signed",
        "it waits for its deposit"
    );
    let won = office
        .assistant
        .post(&address("deposit"), &json!({"received_on": "2026-10-08"}))
        .await
        .is(200);
    assert_eq!(won["record"]["status"], "effective");
    assert_eq!(
        fault_or_state(
            &office
                .assistant
                .post(&address("deposit"), &json!({"received_on": "2026-10-08"}))
                .await
        ),
        "effective"
    );
    let done = office
        .rep
        .post(&format!("/api/opportunities/{deal}/complete"), &json!({}))
        .await
        .is(200);
    assert_eq!(
        (
            &done["record"]["outcome"],
            done["record"]["completed_at"].is_null()
        ),
        (&json!("won"), false)
    );
    let due = json!({"event": "shipment", "on": "2026-10-08"});
    let due = office
        .assistant
        .post(&address("events"), &due)
        .await
        .is(200);
    assert_eq!(due["rows"][1]["due_on"], "2026-11-07");

    let ask = json!({"payment_plan_id": plans[0], "note": "please"});
    let asked = office.rep.post("/api/payment-requests", &ask).await.is(201);
    let request = format!("/api/payment-requests/{}", id(&asked));
    let beyond = json!({"payment_plan_id": plans[0], "amount": 3_001});
    assert_eq!(
        rule(&office.rep.post("/api/payment-requests", &beyond).await),
        "beyond_instalment"
    );
    office
        .rep
        .post(&format!("{request}/send"), &json!({}))
        .await
        .is(200);
    assert_eq!(
        state(
            &office
                .rep
                .post(&format!("{request}/send"), &json!({}))
                .await
        ),
        "sent"
    );
    office
        .rep
        .post(&format!("{request}/cancel"), &Value::Null)
        .await
        .is(200);

    let apply = json!({"contract_id": contract, "payment_plan_id": plans[0], "kind": "special"});
    let invoice = id(&office
        .rep
        .post("/api/invoice-applications", &apply)
        .await
        .is(201));
    let invoice = format!("/api/invoice-applications/{invoice}");
    let issue = json!({"invoice_number": "24312000000012345678"});
    office
        .rep
        .post(&format!("{invoice}/issue"), &issue)
        .await
        .is_problem(403, "forbidden");
    let issued = office
        .finance
        .post(&format!("{invoice}/issue"), &issue)
        .await
        .is(200);
    assert_eq!(issued["record"]["status"], "issued");
    assert_eq!(
        state(
            &office
                .finance
                .post(&format!("{invoice}/reject"), &Value::Null)
                .await
        ),
        "issued"
    );
    office
        .finance
        .post(&format!("{invoice}/void"), &Value::Null)
        .await
        .is(200);

    let money = json!({
        "account_id": office.account, "original_amount": 4_000,
        "allocations": [{"payment_plan_id": plans[0], "amount": 3_000}]
    });
    office
        .rep
        .post("/api/receipts", &money)
        .await
        .is_problem(403, "forbidden");
    let received = office.finance.post("/api/receipts", &money).await.is(201);
    let receipt = format!("/api/receipts/{}", id(&received));
    assert_eq!(received["record"]["allocated_amount"], 3_000);
    let more =
        |amount: i64| json!({"allocations": [{"payment_plan_id": plans[1], "amount": amount}]});
    assert_eq!(
        rule(
            &office
                .finance
                .post(&format!("{receipt}/allocate"), &more(1_001))
                .await
        ),
        "beyond_receipt"
    );
    let rest = office
        .finance
        .post(&format!("{receipt}/allocate"), &more(1_000))
        .await
        .is(200);
    assert_eq!(rest["record"]["allocated_amount"], 4_000);
    let version = rest["record"]["version"].as_i64().unwrap();
    assert_eq!(
        rule(&office.finance.delete(&receipt, version).await),
        "already_paid"
    );
    for allocation in [1, 2] {
        let taken = office
            .finance
            .delete(&format!("/api/receipt-allocations/{allocation}"), 1)
            .await;
        taken.is(204);
    }
    office
        .finance
        .delete(&receipt, 1)
        .await
        .is_problem(412, "stale");
    office.finance.delete(&receipt, version + 2).await.is(204);
    let written_off = format!("/api/payment-plans/{}/write-off", plans[1]);
    office
        .rep
        .post(&written_off, &Value::Null)
        .await
        .is_problem(403, "forbidden");
    let gone = office
        .finance
        .post(&written_off, &Value::Null)
        .await
        .is(200);
    assert_eq!(gone["record"]["status"], "written_off");
    let closed = office
        .assistant
        .post(&address("close"), &json!({"how": "completed"}))
        .await
        .is(200);
    assert_eq!(closed["record"]["status"], "completed");
}

/// The state that is told, or the field that is wrong.
fn fault_or_state(answer: &crate::app::Answer) -> String {
    let problem = answer.json();
    let state = problem["state"].as_str();
    state
        .unwrap_or_else(|| problem["fields"][0]["field"].as_str().unwrap())
        .to_owned()
}

#[tokio::test]
async fn a_framework_contract_is_called_off_from() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let worth = |amount: i64| json!({"original_amount": amount, "tax_rate": 1_300});
    let frame = json!({"kind": "framework", "account_id": office.account, "worth": worth(10_000)});
    let frame = id(&office
        .assistant
        .post("/api/contracts", &frame)
        .await
        .is(201));
    let sale = json!({"kind": "sale", "account_id": office.account});
    assert_eq!(
        fault(&office.assistant.post("/api/contracts", &sale).await),
        "original_amount"
    );
    let call_off = format!("/api/contracts/{frame}/call-offs");
    let body = |amount: i64| json!({"worth": worth(amount)});
    assert_eq!(
        rule(&office.assistant.post(&call_off, &body(6_000)).await),
        "not_running"
    );
    let sign = format!("/api/contracts/{frame}/sign");
    office
        .assistant
        .post(&sign, &json!({"signed_on": "2026-10-08"}))
        .await
        .is(200);
    office.assistant.post(&call_off, &body(6_000)).await.is(201);
    assert_eq!(
        rule(&office.assistant.post(&call_off, &body(4_001)).await),
        "beyond_framework"
    );
}
