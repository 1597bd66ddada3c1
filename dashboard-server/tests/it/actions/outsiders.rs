//! What an action tells those who do not see its record: as much as of one that is not there.

use std::collections::BTreeSet;

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::office::{Office, id};
use crate::app::{App, Client};

/// An action on a record: its method, its address with `{id}`, and a body that it takes.
type Action = (Method, &'static str, Value);

fn actions() -> Vec<Action> {
    let reason = || json!({"reason": "x"});
    let nothing = || Value::Null;
    let post = |address, body| (Method::POST, address, body);
    vec![
        post("/api/accounts/{id}/claim", nothing()),
        post("/api/accounts/{id}/release", reason()),
        post(
            "/api/accounts/{id}/assign",
            json!({"user_id": 1, "reason": "x"}),
        ),
        post("/api/accounts/{id}/request", reason()),
        post("/api/opportunities/{id}/claim", nothing()),
        post("/api/opportunities/{id}/release", reason()),
        post(
            "/api/opportunities/{id}/assign",
            json!({"user_id": 1, "reason": "x"}),
        ),
        post("/api/opportunities/{id}/move", json!({"stage_id": 2})),
        post("/api/opportunities/{id}/end", json!({"end": "shelved"})),
        post("/api/opportunities/{id}/reopen", json!({})),
        post("/api/opportunities/{id}/complete", json!({})),
        post("/api/opportunities/{id}/shelve-idle", nothing()),
        post("/api/stage-changes/{id}/correct", reason()),
        (Method::PUT, "/api/quotes/{id}", json!({})),
        post("/api/quotes/{id}/revise", json!({})),
        post("/api/quotes/{id}/alternative", json!({"name": "B"})),
        post("/api/quotes/{id}/request-approval", nothing()),
        post("/api/quotes/{id}/approval", json!({"approved": false})),
        post("/api/quotes/{id}/send", json!({})),
        post("/api/quotes/{id}/decide", json!({"decision": "accepted"})),
        post("/api/quotes/{id}/withdraw", nothing()),
        (Method::PATCH, "/api/interactions/{id}", json!({})),
        (Method::DELETE, "/api/interactions/{id}", nothing()),
        post("/api/tickets/{id}/take", nothing()),
        post("/api/tickets/{id}/assign", json!({"user_id": 1})),
        post("/api/tickets/{id}/respond", json!({"response": "x"})),
        post("/api/tickets/{id}/pause", reason()),
        post("/api/tickets/{id}/resume", nothing()),
        post("/api/tickets/{id}/resolve", json!({"resolution": "x"})),
        post("/api/tickets/{id}/close", json!({})),
        post("/api/tickets/{id}/cancel", reason()),
        post("/api/tickets/{id}/reopen", reason()),
        post("/api/todos/{id}/complete", json!({})),
        post(
            "/api/todos/{id}/snooze",
            json!({"until": "2027-01-01T00:00:00Z", "reason": "x"}),
        ),
        post("/api/todos/{id}/reassign", json!({"user_id": 1})),
        post("/api/todos/{id}/cancel", reason()),
        post(
            "/api/contracts/{id}/call-offs",
            json!({"worth": {"original_amount": 1, "tax_rate": 0}}),
        ),
        post(
            "/api/contracts/{id}/sign",
            json!({"signed_on": "2026-10-08"}),
        ),
        post(
            "/api/contracts/{id}/deposit",
            json!({"received_on": "2026-10-08"}),
        ),
        post("/api/contracts/{id}/close", json!({"how": "terminated"})),
        post(
            "/api/contracts/{id}/instalments",
            json!({"instalments": []}),
        ),
        post(
            "/api/contracts/{id}/events",
            json!({"event": "invoice", "on": "2026-10-08"}),
        ),
        post("/api/payment-plans/{id}/write-off", nothing()),
        post("/api/payment-requests/{id}/send", json!({})),
        post("/api/payment-requests/{id}/cancel", nothing()),
        post(
            "/api/invoice-applications/{id}/issue",
            json!({"invoice_number": "1"}),
        ),
        post("/api/invoice-applications/{id}/reject", nothing()),
        post("/api/invoice-applications/{id}/void", nothing()),
        post("/api/receipts/{id}/allocate", json!({"allocations": []})),
        (Method::DELETE, "/api/receipts/{id}", nothing()),
        (Method::DELETE, "/api/receipt-allocations/{id}", nothing()),
        post("/api/orders/{id}/status", json!({"status": "accepted"})),
        post("/api/subscriptions/{id}/send", nothing()),
        post("/api/subscriptions/{id}/leave", nothing()),
        post("/api/dispatches/{id}/again", nothing()),
        (Method::DELETE, "/api/attachments/{id}", nothing()),
        (Method::GET, "/api/attachments/{id}/content", nothing()),
        (Method::GET, "/api/accounts/{id}/prefill", nothing()),
        (Method::GET, "/api/accounts/{id}/timeline", nothing()),
        (Method::GET, "/api/opportunities/{id}/timeline", nothing()),
        (
            Method::GET,
            "/api/opportunities/{id}/missing?stage_id=2",
            nothing(),
        ),
        (Method::GET, "/api/quotes/{id}/lines", nothing()),
    ]
}

/// Everybody sees people, pipelines and schedules; these are refused by role.
const SEEN: [&str; 9] = [
    "/api/schedules/{id}/run",
    "/api/schedule-runs/{id}/cancel",
    "/api/schedule-runs/{id}/log",
    "/api/month-closes/{id}/reopen",
    "/api/users/{id}",
    "/api/users/{id}/disable",
    "/api/users/{id}/enable",
    "/api/users/{id}/reset-password",
    "/api/pipelines/{id}",
];

async fn send(client: &Client<'_>, action: &Action, id: &str) -> crate::app::Answer {
    let (method, address, body) = action;
    let request = client.request(method.clone(), &address.replace("{id}", id));
    client.send(request, body).await
}

/// One record of each kind, the first of its table.
async fn fill(office: &Office<'_>) {
    let (deal, valve) = (office.deal().await, office.valve().await);
    let lines = json!([{"product_id": valve, "quantity": 1000}]);
    let quote = json!({"opportunity_id": deal, "lines": lines});
    let quote = id(&office.rep.post("/api/quotes", &quote).await.is(201));
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
    let contract = json!({"quote_id": quote, "instalments": [{"kind": "other", "due_by": "signing", "share": 10_000}]});
    office
        .assistant
        .post("/api/contracts/from-quote", &contract)
        .await
        .is(201);
    office
        .assistant
        .post("/api/contracts/1/sign", &json!({"signed_on": "2026-10-08"}))
        .await
        .is(200);
    office
        .rep
        .post("/api/payment-requests", &json!({"payment_plan_id": 1}))
        .await
        .is(201);
    let invoice = json!({"contract_id": 1, "kind": "ordinary", "amount": 1, "tax_rate": 0});
    office
        .rep
        .post("/api/invoice-applications", &invoice)
        .await
        .is(201);
    let receipt = json!({"account_id": office.account, "original_amount": 1, "allocations": [{"payment_plan_id": 1, "amount": 1}]});
    office.finance.post("/api/receipts", &receipt).await.is(201);
    let order = json!({"account_id": office.account, "lines": lines});
    office.assistant.post("/api/orders", &order).await.is(201);
    let talk = json!({"account_id": office.account, "kind": "call", "content": "talked"});
    office.rep.post("/api/interactions", &talk).await.is(201);
    office.ticket().await;
    office.todo().await;
    let list = json!({
        "name": "mine", "kind": "list", "content": {"resource": "opportunity"},
        "rule": "daily 08:00", "recipients": [office.rep.caller().user_id],
    });
    let list = id(&office.rep.post("/api/subscriptions", &list).await.is(201));
    office
        .rep
        .post(&format!("/api/subscriptions/{list}/send"), &Value::Null)
        .await
        .is(200);
    office
        .upload("opportunity", deal, "requirements")
        .await
        .is(201);
}

#[tokio::test]
async fn an_action_is_not_there_for_who_does_not_see_its_record() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    fill(&office).await;
    // For a day it is told who was faster.
    app.clock.advance(TimeDelta::days(2));
    for action in actions() {
        let claims = action.1.ends_with("/claim") || action.1.ends_with("/request");
        let outsider = if claims {
            &office.other_rep
        } else {
            &office.other_assistant
        };
        let context = format!("{} {}", action.0, action.1);
        for unknown in ["1", "999", "9223372036854775807"] {
            let answer = send(outsider, &action, unknown).await;
            let problem = answer.json();
            assert_eq!(answer.status, 404, "{context} of {unknown}: {problem}");
            assert_eq!(
                problem["type"], "urn:millrace:problem:not-found",
                "{context}"
            );
            assert!(
                problem["detail"]
                    .as_str()
                    .unwrap()
                    .starts_with("there is no "),
                "{context}"
            );
        }
        for wrong in [
            "x",
            "-1",
            "0",
            "9223372036854775808",
            "1.5",
            "%00",
            "%F0%9F%92%A7",
        ] {
            let answer = send(&office.admin, &action, wrong).await;
            assert_eq!(answer.status, 404, "{context} of {wrong}");
        }
        send(&app.anonymous(), &action, "1")
            .await
            .is_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn no_action_on_a_record_is_forgotten_here() {
    let app = App::empty().await;
    let document = app.get("/api/openapi.json").await.json();
    let known: BTreeSet<(String, String)> = actions()
        .into_iter()
        .map(|(method, address, _)| {
            let address = address.split('?').next().unwrap_or_default();
            (method.as_str().to_lowercase(), address.to_owned())
        })
        .collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        let generic = ["/history", "/tokens/{id}"]
            .iter()
            .any(|end| path.ends_with(end));
        if !path.contains("{id}")
            || generic
            || SEEN.contains(&path.as_str())
            || path.ends_with("/stages")
        {
            continue;
        }
        for method in item.as_object().unwrap().keys() {
            let shared = path.matches('/').count() == 3 && {
                let plain = ["get", "patch", "delete"].contains(&method.as_str());
                plain && !known.contains(&(method.clone(), path.clone()))
            };
            let listed = known.contains(&(method.clone(), path.clone()));
            assert!(listed || shared, "{method} {path} is not tried");
        }
    }
}
