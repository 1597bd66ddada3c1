//! What will be won, over HTTP: who may ask, what is refused, and the targets beside it.

use serde_json::{Value, json};

use crate::app::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_short_history_is_told_with_what_it_has() {
    let app = App::with_deals().await;
    let director = app.client("director").await;
    let told = director.get("/api/forecast?by=owner").await.is(200);
    // it is October: both deals were won before, and one is open
    assert_eq!(
        (&told["period"], &told["lacking"]),
        (&json!("2026-10"), &json!("wins"))
    );
    assert_eq!(told["learned"]["wins"], 2);
    assert_eq!(told["total"]["won"]["count"], 0.0);
    assert_eq!(
        told["total"]["open"],
        json!({"count": 1.0, "amount": 70_000.0})
    );
    assert_eq!(told["total"]["expected"], Value::Null);
    assert_eq!(told["groups"][0]["name"], "邓永成");
    let deal = &told["deals"][0];
    assert_eq!(
        (&deal["opportunity_id"], &deal["amount"]),
        (&json!("00123"), &json!(70_000.0))
    );
    assert_eq!(
        (&told["deals_count"], &told["next_cursor"]),
        (&json!(1), &Value::Null)
    );
    // as of September one was won, and what is known of it is the same as for a query then
    let told = director
        .get("/api/forecast?period=2026-Q3&as_of=2026-09-20T00:00:00Z")
        .await;
    let told = told.is(200);
    assert_eq!(
        told["total"]["won"],
        json!({"count": 2.0, "amount": 200_000.5})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_choose_and_what_is_wrong_is_named() {
    let app = App::with_deals().await;
    let director = app.client("director").await;
    let only =
        "%5B%7B%22dimension%22%3A%22owner%22%2C%22values%22%3A%5B%22%E7%8E%8B%E7%A3%8A%22%5D%7D%5D";
    let told = director
        .get(&format!("/api/forecast?where={only}"))
        .await
        .is(200);
    assert_eq!(told["total"]["open"]["count"], 0.0);
    assert_eq!(told["where"][0]["values"], json!(["王磊"]));
    for (address, field) in [
        ("/api/forecast?period=2026-13", "period"),
        ("/api/forecast?where=region", "where"),
    ] {
        let refused = director.get(address).await.is_problem(400, "bad-request");
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
    }
    for (asked, said) in [
        ("period=2026-09", "is over"),
        ("period=2026", "a month or a quarter"),
        ("period=2028-01", "half a year"),
        ("limit=0", "from 1 to 1000, not 0"),
        ("limit=1001", "from 1 to 1000, not 1001"),
    ] {
        let refused = director.get(&format!("/api/forecast?{asked}")).await;
        assert_eq!(refused.status.as_u16(), 400);
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said), "{detail}");
    }
    let unknown = "%5B%7B%22dimension%22%3A%22regoin%22%2C%22values%22%3A%5B%22x%22%5D%7D%5D";
    let refused = director
        .get(&format!("/api/forecast?where={unknown}"))
        .await;
    assert_eq!(refused.json()["suggestions"][0], "region");
    director
        .get("/api/forecast?page=2")
        .await
        .is_problem(400, "bad-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_those_who_see_deals_and_their_amounts() {
    let app = App::with_deals().await;
    assert_eq!(
        app.anonymous().get("/api/forecast").await.status.as_u16(),
        401
    );
    let engineer = app.client("engineering").await;
    assert_eq!(engineer.get("/api/forecast").await.status.as_u16(), 403);
    // none of these deals is the rep's
    let told = app
        .client("rep")
        .await
        .get("/api/forecast?limit=1000")
        .await
        .is(200);
    assert_eq!(told["total"]["open"]["count"], 0.0);
    assert_eq!(
        (&told["deals"], &told["learned"]["wins"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_targets_of_whom_it_is_stand_beside_it() {
    let app = App::with_deals().await;
    let director = app.client("director").await;
    let target = json!({
        "metric": "won_amount", "grain": "month", "starts_on": "2026-10-01", "amount": 10_000_000,
    });
    director.post("/api/targets", &target).await.is(201);
    let told = director.get("/api/forecast?by=team").await.is(200);
    let own = &told["targets"]["total"];
    assert_eq!(
        (&own["target"], &own["attainment"]),
        (&json!(100_000.0), &json!(0.0))
    );
    // nothing is expected, so nothing is said of the chance
    assert_eq!(
        (&own["chance"], &own["expected_attainment"]),
        (&Value::Null, &Value::Null)
    );
    let quarter = director.get("/api/forecast?period=2026-Q4").await.is(200);
    assert_eq!(
        quarter["targets"]["total"],
        Value::Null,
        "November and December have none"
    );
    let rep = app.client("rep").await.get("/api/forecast").await.is(200);
    assert_eq!(
        rep["targets"]["total"],
        Value::Null,
        "it is not of the company"
    );
}
