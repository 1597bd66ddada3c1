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
        .is_problem(400, "cursor");
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
