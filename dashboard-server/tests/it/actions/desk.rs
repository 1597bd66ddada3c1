//! Interactions, tickets, to-dos, orders and files.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::office::{Office, fault, id, rule, state, upload};
use crate::app::{App, Client};

#[tokio::test]
async fn a_visit_with_a_check_in_counts() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let visit = json!({
        "account_id": office.account, "kind": "visit", "content": "saw the plant", "two_way": true,
        "check_in": {"latitude": 31_230_400, "longitude": 121_473_700, "accuracy_metres": 20, "place": "南京路"},
        "next_step": "send a quote", "next_at": "2026-10-12T02:00:00Z"
    });
    let made = office.rep.post("/api/interactions", &visit).await.is(201);
    assert_eq!(made["record"]["effective"], true);
    let address = format!("/api/interactions/{}", id(&made));
    for (field, value, said) in [
        ("account_id", json!(999), "account_id"),
        ("content", json!(" "), "content"),
        ("at", json!("2027-01-01T00:00:00Z"), "at"),
        (
            "check_in",
            json!({"latitude": 91_000_000, "longitude": 0, "accuracy_metres": 0}),
            "latitude",
        ),
    ] {
        let mut wrong = visit.clone();
        wrong[field] = value;
        assert_eq!(
            fault(&office.rep.post("/api/interactions", &wrong).await),
            said
        );
    }
    let outside = office.other_rep.post("/api/interactions", &visit).await;
    assert_eq!(fault(&outside), "account_id");
    let words = json!({"content": "saw the whole plant"});
    let reworded = office.rep.patch(&address, 1, &words).await.is(200);
    assert_eq!(reworded["record"]["content"], "saw the whole plant");
    office
        .lead
        .patch(&address, 2, &words)
        .await
        .is_problem(403, "forbidden");
    office
        .rep
        .delete(&address, 2)
        .await
        .is_problem(403, "forbidden");
    office
        .lead
        .delete(&address, 1)
        .await
        .is_problem(412, "stale");
    office.lead.delete(&address, 2).await.is(204);
}

#[tokio::test]
async fn a_ticket_is_taken_answered_and_rated() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let eve = app.user("eve", "engineering", None).await;
    let max = app.user("max", "engineering", None).await;
    let ticket = office.ticket().await;
    let go = async |client: &Client<'_>, action: &str, body: Value| {
        client
            .post(&format!("/api/tickets/{ticket}/{action}"), &body)
            .await
    };
    assert_eq!(
        rule(&go(&eve, "resolve", json!({"resolution": "x"})).await),
        "not_yours"
    );
    let taken = go(&eve, "take", Value::Null).await.is(200);
    assert_eq!(taken["record"]["owner_id"], eve.caller().user_id);
    let late = go(&max, "take", Value::Null)
        .await
        .is_problem(409, "already-claimed");
    assert_eq!(late["owner"], "Name of eve");
    let refused = go(&max, "assign", json!({"user_id": max.caller().user_id})).await;
    refused.is_problem(403, "forbidden");
    go(&eve, "assign", json!({"user_id": max.caller().user_id}))
        .await
        .is(200);
    let answered = go(&max, "respond", json!({"response": "We look at it"}))
        .await
        .is(200);
    assert!(!answered["record"]["first_response_at"].is_null());
    assert_eq!(
        fault(&go(&max, "pause", json!({"reason": " "})).await),
        "reason"
    );
    let paused = go(&max, "pause", json!({"reason": "waits for a photo"}))
        .await
        .is(200);
    assert_eq!(paused["record"]["status"], "paused");
    app.clock.advance(TimeDelta::hours(1));
    let resumed = go(&max, "resume", Value::Null).await.is(200);
    assert_ne!(resumed["record"]["due_at"], paused["record"]["due_at"]);
    assert_eq!(state(&go(&max, "resume", Value::Null).await), "in_progress");
    go(&max, "resolve", json!({"resolution": "New seal"}))
        .await
        .is(200);
    let reopened = go(&office.rep, "reopen", json!({"reason": "leaks"}))
        .await
        .is(200);
    assert_eq!(reopened["record"]["status"], "in_progress");
    go(&max, "resolve", json!({"resolution": "New valve"}))
        .await
        .is(200);
    assert_eq!(
        rule(&go(&max, "close", json!({"satisfaction": 5})).await),
        "own_work"
    );
    assert_eq!(
        fault(&go(&office.rep, "close", json!({"satisfaction": 6})).await),
        "satisfaction"
    );
    let closed = go(&office.rep, "close", json!({"satisfaction": 4}))
        .await
        .is(200);
    assert_eq!(closed["record"]["satisfaction"], 4);
    assert_eq!(
        state(&go(&office.rep, "cancel", json!({"reason": "x"})).await),
        "closed"
    );
}

#[tokio::test]
async fn a_todo_is_put_off_passed_on_and_done() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let todo = office.todo().await;
    let address = |action: &str| format!("/api/todos/{todo}/{action}");
    let past = json!({"until": "2026-10-01T00:00:00Z", "reason": "x"});
    assert_eq!(
        fault(&office.rep.post(&address("snooze"), &past).await),
        "until"
    );
    let later = json!({"until": "2026-10-12T00:00:00Z", "reason": "away"});
    let off = office.rep.post(&address("snooze"), &later).await.is(200);
    assert_eq!(off["record"]["state"], "snoozed");
    let to = json!({"user_id": office.lead.caller().user_id});
    let passed = office.rep.post(&address("reassign"), &to).await.is(200);
    assert_eq!(passed["record"], Value::Null, "it is out of sight");
    let done = office
        .lead
        .post(&address("complete"), &json!({"result": "they buy"}))
        .await
        .is(200);
    assert_eq!(done["record"]["result"], "they buy");
    assert_eq!(
        state(
            &office
                .lead
                .post(&address("cancel"), &json!({"reason": "x"}))
                .await
        ),
        "done"
    );
}

#[tokio::test]
async fn an_order_is_entered_and_taken_back_from() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let valve = office.valve().await;
    let order = |more: Value| {
        let mut body = json!({
            "account_id": office.account, "lines": [{"product_id": valve, "quantity": 2000}]
        });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    office
        .rep
        .post("/api/orders", &order(json!({})))
        .await
        .is_problem(403, "forbidden");
    let sale = office
        .assistant
        .post("/api/orders", &order(json!({})))
        .await
        .is(201);
    assert_eq!(sale["record"]["amount"], 20_000);
    let back = order(json!({"kind": "return", "reverses_id": id(&sale)}));
    office.assistant.post("/api/orders", &back).await.is(201);
    assert_eq!(
        rule(&office.assistant.post("/api/orders", &back).await),
        "beyond_order"
    );
    let loose = order(json!({"kind": "credit"}));
    assert_eq!(
        fault(&office.assistant.post("/api/orders", &loose).await),
        "reverses_id"
    );
    let status = format!("/api/orders/{}/status", id(&sale));
    let to = |status: &str| json!({"status": status});
    assert_eq!(
        rule(&office.assistant.post(&status, &to("cancelled")).await),
        "in_use"
    );
    let delivered = office
        .assistant
        .post(&status, &to("delivered"))
        .await
        .is(200);
    assert_eq!(delivered["record"]["status"], "delivered");
    assert_eq!(
        state(&office.assistant.post(&status, &to("in_production")).await),
        "delivered"
    );
    office
        .rep
        .post(&status, &to("accepted"))
        .await
        .is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_file_comes_back_as_it_went() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    let made = office.upload("opportunity", deal, "requirements").await;
    let record = made.is(201);
    let file = id(&record);
    assert_eq!(record["record"]["media_type"], "application/pdf");
    assert_eq!(record["record"]["account_id"], office.account);
    assert_eq!(made.headers["location"], format!("/api/attachments/{file}"));
    let content = format!("/api/attachments/{file}/content");
    let bytes = office.rep.get(&content).await;
    bytes.is(200);
    assert_eq!(bytes.body, b"%PDF-1.7 what we need");
    assert_eq!(
        bytes.headers["content-disposition"],
        "attachment; filename*=UTF-8''%E9%9C%80%E6%B1%82%2Epdf"
    );
    assert_eq!(bytes.headers["x-content-type-options"], "nosniff");
    office
        .other_rep
        .get(&content)
        .await
        .is_problem(404, "not-found");
    // The file opens the stage.
    office
        .advance(deal, &["first_contact", "requirements", "quotation"])
        .await;

    let part = |name: &'static str, value: &str| (name, value.to_owned());
    let whole = [
        part("entity", "opportunity"),
        part("record_id", &deal.to_string()),
        part("kind", "x"),
    ];
    let send = async |parts: &[(&str, String)], name: &str, bytes: &[u8]| {
        upload(&office.rep, parts, name, bytes).await
    };
    assert_eq!(fault(&send(&whole[..2], "a.pdf", b"%PDF-1").await), "kind");
    assert_eq!(fault(&send(&whole, "a.pdf", b"MZ\x90\0").await), "file");
    assert_eq!(fault(&send(&whole, "a.pdf", b"").await), "file");
    assert_eq!(fault(&send(&whole, "", b"%PDF-1").await), "file");
    for (index, value, said) in [
        (0, "product", "entity"),
        (0, "nothing", "entity"),
        (1, "x", "record_id"),
        (1, "99999999999999999999", "record_id"),
        (1, "999", "record_id"),
        (2, " ", "kind"),
        (2, "a\0b", "kind"),
    ] {
        let mut parts = whole.clone();
        value.clone_into(&mut parts[index].1);
        assert_eq!(
            fault(&send(&parts, "a.pdf", b"%PDF-1").await),
            said,
            "{value:?}"
        );
    }
    let odd = [whole.as_slice(), &[part("colour", "red")]].concat();
    assert_eq!(fault(&send(&odd, "a.pdf", b"%PDF-1").await), "colour");
    office
        .rep
        .post("/api/attachments", &json!({}))
        .await
        .is_problem(400, "bad-request");
    let outside = upload(&office.other_rep, &whole, "a.pdf", b"%PDF-1").await;
    assert_eq!(fault(&outside), "record_id");

    let address = format!("/api/attachments/{file}");
    office
        .assistant
        .delete(&address, 1)
        .await
        .is_problem(403, "forbidden");
    office.rep.delete(&address, 1).await.is(204);
    office.rep.get(&content).await.is_problem(404, "not-found");
}
