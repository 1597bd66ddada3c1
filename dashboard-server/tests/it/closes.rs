//! Closing a month over HTTP: who may, what the numbers say of it, and opening it again.

use serde_json::json;

use crate::app::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_named_beside_its_numbers_and_opened_again() {
    let app = App::with_deals().await;
    let (finance, rep) = (app.client("finance").await, app.client("rep").await);
    let september = json!({"month": "2026-09-01", "note": "核对完毕"});
    rep.post("/api/month-closes", &september)
        .await
        .is_problem(403, "forbidden");
    let october = json!({"month": "2026-10-01"});
    let early = finance.post("/api/month-closes", &october).await;
    let early = early.is_problem(422, "invalid");
    assert_eq!(early["fields"][0]["field"], "month");
    let closed = finance.post("/api/month-closes", &september).await.is(201);
    let close = &closed["record"];
    assert_eq!(close["note"], "核对完毕");
    assert_eq!(close["closed_by_id"], finance.caller().user_id);

    let query = |from: &str, to: &str| json!({"metrics": ["won_amount"], "period": {"from": from, "to": to}});
    let answer = app
        .post("/api/query", &query("2026-09-01", "2026-10-31"))
        .await;
    let answer = answer.is(200);
    assert_eq!(answer["closed_months"], json!(["2026-09"]));
    let other = app
        .post("/api/query", &query("2026-08-01", "2026-08-31"))
        .await;
    assert!(other.is(200).get("closed_months").is_none());
    let ask = json!({"metric": "won_amount", "month": "2026-09"});
    let listed = app.post("/api/adjustments", &ask).await.is(200);
    let number = &listed["months"][0];
    assert_eq!(number["closed"], answer["total"]["won_amount"]);
    assert_eq!(
        (&number["now"], &listed["count"]),
        (&number["closed"], &json!(0))
    );
    let median = json!({"metric": "conversion_cycle_median"});
    app.post("/api/adjustments", &median).await.is(400);
    let unclosed = json!({"metric": "won_amount", "month": "2026-08"});
    app.post("/api/adjustments", &unclosed).await.is(400);

    let address = format!("/api/month-closes/{}/reopen", close["id"]);
    let reason = json!({"reason": "漏记一单"});
    rep.post(&address, &reason)
        .await
        .is_problem(403, "forbidden");
    let opened = finance.post(&address, &reason).await.is(200);
    assert_eq!(opened["record"]["reopen_reason"], "漏记一单");
    finance
        .post(&address, &reason)
        .await
        .is_problem(409, "state");
    let answer = app
        .post("/api/query", &query("2026-09-01", "2026-10-31"))
        .await;
    assert!(answer.is(200).get("closed_months").is_none());
    // Everybody sees which months were closed, and all of it stays on record.
    let rows = rep.get("/api/month-closes").await.is(200);
    assert_eq!(rows["rows"].as_array().unwrap().len(), 1);
    let history = finance
        .get(&format!("/api/month-closes/{}/history", close["id"]))
        .await;
    assert_eq!(history.is(200)["changes"][0]["reason"], "漏记一单");
}
