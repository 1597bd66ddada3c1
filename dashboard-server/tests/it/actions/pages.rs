//! What whole pages ask for.

use serde_json::json;

use super::office::{Office, fault};
use crate::app::App;

#[tokio::test]
async fn today_is_ones_own() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    office.todo().await;
    let today = office.rep.get("/api/today").await.is(200);
    assert_eq!(today["todos"][0]["title"], "call");
    for part in ["countdowns", "idle", "next_steps", "quotes_out"] {
        assert!(today[part].is_array(), "{part}");
    }
    let owner = office.rep.caller().user_id.to_string();
    assert_eq!(today["labels"]["user"][owner]["label"], "Name of rep");
    let other = office.lead.get("/api/today").await.is(200);
    assert!(other["todos"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_timeline_has_pages() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    office.advance(deal, &["first_contact"]).await;
    let address = format!("/api/opportunities/{deal}/timeline");
    let first = office.rep.get(&format!("{address}?limit=1")).await.is(200);
    assert_eq!(first["entries"][0]["kind"], "stage_change");
    let next = first["next"].as_str().unwrap();
    let second = office
        .rep
        .get(&format!("{address}?limit=1&cursor={next}"))
        .await
        .is(200);
    assert_ne!(first["entries"], second["entries"]);
    assert!(second["next"].is_null());
    assert_eq!(
        fault(&office.rep.get(&format!("{address}?limit=0")).await),
        "limit"
    );
    office
        .rep
        .get(&format!("{address}?cursor=x"))
        .await
        .is_problem(422, "cursor");
    office
        .rep
        .get(&format!("{address}?page=2"))
        .await
        .is_problem(400, "bad-request");
    let of_account = format!("/api/accounts/{}/timeline", office.account);
    let entries = office.rep.get(&of_account).await.is(200);
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    office
        .other_rep
        .get(&of_account)
        .await
        .is_problem(404, "not-found");
    assert_eq!(json!(entries["next"]), json!(null));
}

#[tokio::test]
async fn a_board_counts_what_it_shows() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    office.deal().await;
    office.advance(deal, &["first_contact"]).await;
    let board = office
        .rep
        .get("/api/opportunities/board?per_column=1")
        .await
        .is(200);
    let columns = board["columns"].as_array().unwrap();
    let counts: Vec<i64> = columns
        .iter()
        .map(|column| column["count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [1, 1, 0, 0, 0, 0]);
    assert_eq!(columns[1]["rows"][0]["id"], deal);
    assert_eq!(columns[1]["rows"][0]["working_days_in_stage"], 0.0);
    assert_eq!(board["pipeline"]["default_pipeline"], true);
    let account = office.account.to_string();
    assert!(board["labels"]["account"][account]["label"].is_string());
    let one = "/api/opportunities/board?filter=stage_id:in:1&search=valves&view=mine";
    let one = office.rep.get(one).await.is(200);
    assert_eq!(
        (&one["columns"][0]["count"], &one["columns"][1]["count"]),
        (&json!(1), &json!(0))
    );
    office.deal().await;
    let stage = columns[0]["stage"]["id"].as_i64().unwrap();
    let column = format!("/api/opportunities/board?per_column=1&stage_id={stage}");
    let first = office.rep.get(&column).await.is(200)["columns"].clone();
    let next = first[0]["next"].as_str().unwrap();
    let rest = format!("{column}&cursor={next}");
    let rest = office.rep.get(&rest).await.is(200)["columns"].clone();
    assert_eq!((&rest[0]["count"], &rest[1]), (&json!(2), &json!(null)));
    assert_ne!(rest[0]["rows"][0]["id"], first[0]["rows"][0]["id"]);
    assert_eq!(rest[0]["next"], json!(null));
    let none = office
        .other_rep
        .get("/api/opportunities/board")
        .await
        .is(200);
    assert!(
        none["columns"]
            .as_array()
            .unwrap()
            .iter()
            .all(|column| column["count"] == 0)
    );
    for wrong in [
        "per_column=0",
        "per_column=x",
        "pipeline_id=99",
        "pipeline_id=99999999999999999999",
        "filter=colour:in:red",
        "sort=name",
        "limit=5",
        "page=2",
        "stage_id=99",
        "stage_id=x",
        "cursor=abc",
    ] {
        let answer = office
            .rep
            .get(&format!("/api/opportunities/board?{wrong}"))
            .await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    // Who sees no amounts sees no sums.
    let engineer = app.user("eve", "engineering", None).await;
    let seen = engineer.get("/api/opportunities/board").await.is(200);
    assert!(seen["columns"][0].get("amount").is_none());
}
