//! Targets over HTTP: set one by one and as a sheet, by those who may, and beside the numbers.

use axum::body::Body;
use axum::http::{Method, header};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::app::{Answer, App, Client};

fn target(metric: &str, starts_on: &str, whom: &Value, value: &Value) -> Value {
    let mut body = json!({"metric": metric, "grain": "month", "starts_on": starts_on});
    let own = body.as_object_mut().unwrap();
    own.extend(whom.as_object().unwrap().clone());
    own.extend(value.as_object().unwrap().clone());
    body
}

/// A sheet of these rows.
fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    page.set_name("2026").unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            page.write_string(row, column, *cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

async fn import(client: &Client<'_>, bytes: &[u8], dry_run: bool) -> Answer {
    let mut body = format!(
        "--cut\r\ncontent-disposition: form-data; name=\"dry_run\"\r\n\r\n{dry_run}\r\n\
         --cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"targets.xlsx\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    let request = client
        .request(Method::POST, "/api/targets/import")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
    client.raw(request.body(Body::from(body)).unwrap()).await
}

async fn listed(client: &Client<'_>) -> Vec<Value> {
    let page = client.get("/api/targets?limit=100").await.is(200);
    page["rows"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_set_changed_taken_away_and_refused() {
    let app = App::empty().await;
    let east = app.team("East", None).await;
    let director = app.client("director").await;
    let lead = app.user("lead", "team_lead", Some(east)).await;
    let rep = app.user("rep", "rep", Some(east)).await;
    let company = target(
        "won_amount",
        "2026-10-01",
        &json!({}),
        &json!({"amount": 10_000_000}),
    );
    let made = director.post("/api/targets", &company).await.is(201);
    let (id, version) = (
        &made["record"]["id"],
        made["record"]["version"].as_i64().unwrap(),
    );
    let again = director.post("/api/targets", &company).await;
    let again = again.is_problem(409, "refused");
    assert_eq!((&again["rule"], &again["id"]), (&json!("one_target"), id));

    // who leads sets their team's and no other's; who does not lead sets none
    let of_team = target(
        "win_rate",
        "2026-10-01",
        &json!({"team_id": east}),
        &json!({"value": 3_500}),
    );
    lead.post("/api/targets", &of_team).await.is(201);
    lead.post(
        "/api/targets",
        &target("win_rate", "2026-10-01", &json!({}), &json!({"value": 1})),
    )
    .await
    .is_problem(403, "forbidden");
    let own = json!({"user_id": rep.caller().user_id});
    rep.post(
        "/api/targets",
        &target("win_rate", "2026-10-01", &own, &json!({"value": 1})),
    )
    .await
    .is_problem(403, "forbidden");

    // what is wrong with one is named by its field
    for (wrong, field) in [
        (
            target("no_such", "2026-10-01", &json!({}), &json!({"value": 1})),
            "metric",
        ),
        (
            target(
                "won_amount",
                "2026-10-02",
                &json!({}),
                &json!({"amount": 1}),
            ),
            "starts_on",
        ),
        (
            target("won_amount", "2026-11-01", &json!({}), &json!({"value": 1})),
            "amount",
        ),
        (
            target("win_rate", "2026-11-01", &json!({}), &json!({"amount": 1})),
            "value",
        ),
    ] {
        let refused = director
            .post("/api/targets", &wrong)
            .await
            .is_problem(422, "invalid");
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
    }

    let address = format!("/api/targets/{id}");
    let more = json!({"amount": 12_000_000});
    lead.patch(&address, version, &more)
        .await
        .is_problem(403, "forbidden");
    let changed = director.patch(&address, version, &more).await.is(200);
    assert_eq!(changed["record"]["amount"], 12_000_000);
    director
        .patch(&address, version, &more)
        .await
        .is_problem(412, "stale");
    // everybody sees the company's, and that of the team they are in
    assert_eq!(listed(&rep).await.len(), 2);
    let now = changed["record"]["version"].as_i64().unwrap();
    assert_eq!(director.delete(&address, now).await.status.as_u16(), 204);
    assert_eq!(listed(&director).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_stands_beside_the_number_that_it_is_of_and_no_other() {
    let app = App::with_deals().await;
    let director = app.client("director").await;
    let of_month = target(
        "won_amount",
        "2026-09-01",
        &json!({}),
        &json!({"amount": 10_000_000}),
    );
    director.post("/api/targets", &of_month).await.is(201);
    let ask = |from: &str, to: &str, conditions: Value| json!({"metrics": ["won_amount"], "period": {"from": from, "to": to}, "where": conditions});
    let whole = ask("2026-09-01", "2026-09-30", json!([]));
    let answer = director.post("/api/query", &whole).await.is(200);
    let mark = &answer["targets"]["total"]["won_amount"];
    // 80,000.50 of 100,000
    assert_eq!(mark["target"], 100_000.0);
    assert!(
        (mark["attainment"].as_f64().unwrap() - 0.800_005).abs() < 1e-9,
        "{mark}"
    );
    assert_eq!(
        (&mark["met"], &mark["period"]),
        (&json!(false), &json!("2026-09"))
    );
    // it is over: nothing is said of how far it is
    assert!(mark.get("working_days").is_none());
    for other in [
        ask("2026-09-01", "2026-09-29", json!([])),
        ask("2026-08-01", "2026-08-31", json!([])),
        ask(
            "2026-09-01",
            "2026-09-30",
            json!([{"dimension": "region", "values": ["华东"]}]),
        ),
    ] {
        let answer = director.post("/api/query", &other).await.is(200);
        assert!(answer.get("targets").is_none(), "{other}");
    }
    // a rep's number is not the company's
    let rep = app.client("rep").await;
    let answer = rep.post("/api/query", &whole).await.is(200);
    assert!(answer.get("targets").is_none());
    // by month, each its own
    let mut by_month = ask("2026-08-01", "2026-09-30", json!([]));
    by_month["by"] = json!(["month"]);
    let answer = director.post("/api/query", &by_month).await.is(200);
    let rows = answer["targets"]["rows"].as_array().unwrap();
    assert_eq!(rows[0], json!({}));
    assert_eq!(rows[1]["won_amount"]["target"], 100_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_tried_taken_and_changes_nothing_again() {
    let app = App::empty().await;
    let east = app.team("East", None).await;
    let director = app.client("director").await;
    let rows = sheet(&[
        &["指标", "对象类型", "对象", "2026-10", "2026-Q4"],
        &["won_amount", "公司", "", "120万", "400万"],
        &["win_rate", "team", "East", "35%", ""],
    ]);
    let plan = import(&director, &rows, true).await.is(200);
    assert_eq!(plan["added"].as_array().unwrap().len(), 3);
    assert_eq!(plan["added"][0]["after"], 1_200_000.0);
    assert!(listed(&director).await.is_empty(), "it was only tried");
    import(&director, &rows, false).await.is(200);
    let rates: Vec<Value> = listed(&director)
        .await
        .into_iter()
        .filter(|row| row["team_id"] == east)
        .collect();
    assert_eq!(rates[0]["value"], 3_500);
    let again = import(&director, &rows, false).await.is(200);
    assert_eq!(
        (&again["added"], &again["unchanged"]),
        (&json!([]), &json!(3))
    );

    // the sheet that is handed out holds them, and says the same when it comes back
    let template = director
        .get("/api/targets/template?year=2026&lang=en")
        .await;
    assert_eq!(template.status.as_u16(), 200);
    let back = import(&director, &template.body, false).await.is(200);
    assert_eq!((&back["added"], &back["changed"]), (&json!([]), &json!([])));
    assert_eq!(back["unchanged"], 3);
    for year in [1999, 2100] {
        let address = format!("/api/targets/template?year={year}");
        let refused = director.get(&address).await.is_problem(400, "bad-request");
        assert_eq!(refused["fields"][0]["field"], "year", "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_with_one_fault_changes_nothing() {
    let app = App::empty().await;
    let east = app.team("East", None).await;
    app.team("South", None).await;
    let director = app.client("director").await;
    let rows = sheet(&[
        &["Metric", "For", "Name", "2026-10", "2026-11"],
        &["won_amount", "company", "", "100", "1.005"],
        &["won_amont", "company", "", "100", ""],
        &["won_amount", "team", "Est", "100", ""],
        &["won_amount", "team", "East", "100", "plenty"],
    ]);
    let refused = import(&director, &rows, false)
        .await
        .is_problem(422, "invalid");
    let fields = refused["fields"].as_array().unwrap();
    let places: Vec<&str> = fields
        .iter()
        .map(|own| own["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        places,
        ["2026!E2", "2026!A3", "2026!C4", "2026!E5"],
        "{refused}"
    );
    assert!(
        fields[1]["message"]
            .as_str()
            .unwrap()
            .contains("did you mean won_amount")
    );
    assert!(
        fields[2]["message"]
            .as_str()
            .unwrap()
            .contains("did you mean East")
    );
    assert!(listed(&director).await.is_empty());

    // what is another's is refused by its cell, and the rest with it
    let lead = app.user("lead", "team_lead", Some(east)).await;
    let rows = sheet(&[
        &["Metric", "For", "Name", "2026-10"],
        &["win_rate", "team", "East", "30%"],
        &["win_rate", "team", "South", "30%"],
    ]);
    let refused = import(&lead, &rows, false).await.is_problem(422, "invalid");
    assert_eq!(refused["fields"][0]["field"], "2026!D3");
    assert!(listed(&director).await.is_empty());
    // who sets none is not even read
    let rep = app.user("rep", "rep", Some(east)).await;
    import(&rep, &rows, true).await.is_problem(403, "forbidden");
    // and what is no workbook is said to be none
    let refused = import(&director, b"not a sheet", true)
        .await
        .is_problem(422, "invalid");
    assert_eq!(refused["fields"][0]["field"], "file");
}
