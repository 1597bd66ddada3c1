//! People, pipelines and handovers.

use axum::http::{Method, header};
use millrace_operations::entity::user;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::office::{Office, fault, id, rule};
use crate::app::{App, PASSWORD};

async fn signed_in(app: &App, username: &str, password: &str) -> Result<(String, Value), u16> {
    let body = json!({"username": username, "password": password});
    let answer = app.anonymous().post("/api/session", &body).await;
    if answer.status != 200 {
        return Err(answer.status.as_u16());
    }
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Ok((cookie, answer.json()))
}

#[tokio::test]
async fn a_person_is_entered_changed_and_shut_out() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let found = user::Entity::find_by_id(office.rep.caller().user_id).one(app.store.reader());
    let rep_role = found.await.unwrap().unwrap().role_id;
    let body = json!({"username": "Wang.Lei", "name": "王磊", "role_id": rep_role});
    office
        .rep
        .post("/api/users", &body)
        .await
        .is_problem(403, "forbidden");
    let made = office.admin.post("/api/users", &body).await;
    let entered = made.is(201);
    let person = id(&entered);
    assert_eq!(made.headers["location"], format!("/api/users/{person}"));
    assert_eq!(entered["record"]["username"], "wang.lei");
    assert!(entered["labels"]["role"].is_object());
    let password = entered["password"].as_str().unwrap();
    let (_, me) = signed_in(&app, "wang.lei", password).await.unwrap();
    assert_eq!(me["must_change_password"], true);
    office
        .admin
        .post("/api/users", &body)
        .await
        .is_problem(409, "taken");
    let blank = json!({"username": "a b", "name": "x", "role_id": rep_role});
    assert_eq!(
        fault(&office.admin.post("/api/users", &blank).await),
        "username"
    );

    let address = format!("/api/users/{person}");
    let changed = office
        .admin
        .patch(&address, 1, &json!({"region": "华东", "language": "en"}))
        .await
        .is(200);
    assert_eq!(
        (&changed["record"]["region"], &changed["record"]["language"]),
        (&json!("华东"), &json!("en"))
    );
    let emptied = office
        .admin
        .patch(&address, 2, &json!({"region": null}))
        .await
        .is(200);
    assert_eq!(emptied["record"]["region"], Value::Null);
    office
        .admin
        .patch(&address, 1, &json!({"region": "x"}))
        .await
        .is_problem(412, "stale");
    office
        .rep
        .patch(&address, 3, &json!({"name": "x"}))
        .await
        .is_problem(403, "forbidden");
    assert_eq!(
        rule(
            &office
                .admin
                .patch(&address, 3, &json!({"manager_id": person}))
                .await
        ),
        "circle"
    );

    let action = |action: &str| format!("{address}/{action}");
    let reset = office
        .admin
        .post(&action("reset-password"), &Value::Null)
        .await
        .is(200);
    assert_eq!(
        signed_in(&app, "wang.lei", password).await.unwrap_err(),
        401
    );
    let password = reset["password"].as_str().unwrap();
    let (cookie, _) = signed_in(&app, "wang.lei", password).await.unwrap();
    office
        .rep
        .post(&action("disable"), &Value::Null)
        .await
        .is_problem(403, "forbidden");
    office
        .admin
        .post(&action("disable"), &Value::Null)
        .await
        .is(200);
    let request = app
        .anonymous()
        .request(Method::GET, "/api/session")
        .header(header::COOKIE, cookie);
    app.anonymous()
        .send(request, &Value::Null)
        .await
        .is_problem(401, "unauthenticated");
    office
        .admin
        .post(&action("enable"), &Value::Null)
        .await
        .is(200);
    signed_in(&app, "wang.lei", password).await.unwrap();
}

#[tokio::test]
async fn ones_own_language_is_ones_own() {
    let app = App::empty().await;
    let rep = app.user("li", "rep", None).await;
    app.give_password(rep.caller().user_id).await;
    let (cookie, me) = signed_in(&app, "li", PASSWORD).await.unwrap();
    let request = app
        .anonymous()
        .request(Method::PATCH, "/api/me")
        .header(header::COOKIE, cookie)
        .header("x-csrf-token", me["csrf_token"].as_str().unwrap());
    let changed = app
        .anonymous()
        .send(request, &json!({"language": "en"}))
        .await
        .is(200);
    assert_eq!(
        (&changed["language"], &changed["user_id"]),
        (&json!("en"), &json!(rep.caller().user_id))
    );
    let request = rep.request(Method::PATCH, "/api/me");
    assert_eq!(
        rep.send(request, &json!({"language": "en"})).await.status,
        403,
        "not by a token"
    );
}

#[tokio::test]
async fn a_pipeline_is_made_and_arranged() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let names = json!({"name_zh": "项目", "name_en": "Projects"});
    office
        .lead
        .post("/api/pipelines", &names)
        .await
        .is_problem(403, "forbidden");
    let pipeline = id(&office.admin.post("/api/pipelines", &names).await.is(201));
    let address = format!("/api/pipelines/{pipeline}");
    let default = json!({"default_pipeline": true});
    assert_eq!(
        fault(&office.admin.patch(&address, 1, &default).await),
        "default_pipeline"
    );
    let stage = |code: &str, after: bool| {
        json!({
            "code": code, "name_zh": code, "name_en": code, "probability": 1_000, "after_winning": after,
            "exit_criteria": [{"quote": "sent"}, {"field": "expected_close_on"}]
        })
    };
    let stages = format!("{address}/stages");
    let wrong = json!([stage("won", true), stage("start", false)]);
    assert_eq!(fault(&office.admin.put(&stages, &wrong).await), "stages");
    let odd = json!([{"code": "x", "name_zh": "x", "name_en": "x", "probability": 0, "entry_criteria": [{"weather": "fine"}]}]);
    office
        .admin
        .put(&stages, &odd)
        .await
        .is_problem(400, "bad-request");
    let unknown = json!([{"code": "x", "name_zh": "x", "name_en": "x", "probability": 0, "entry_criteria": [{"field": "colour"}]}]);
    assert_eq!(
        fault(&office.admin.put(&stages, &unknown).await),
        "entry_criteria"
    );
    let arranged = json!([
        stage("start", false),
        stage("talk", false),
        stage("won", true)
    ]);
    let arranged = office.admin.put(&stages, &arranged).await.is(200);
    let ids: Vec<i64> = arranged["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(
        arranged["rows"][0]["exit_criteria"][0],
        json!({"quote": "sent"})
    );
    let kept = |id: i64, name: &str, after: bool| {
        json!({
            "id": id, "name_zh": name, "name_en": name, "probability": 500, "after_winning": after
        })
    };
    let again = json!([kept(ids[1], "Talk", false), kept(ids[2], "Won", true)]);
    let again = office.admin.put(&stages, &again).await.is(200);
    assert_eq!(again["rows"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&again["rows"][0]["code"], &again["rows"][0]["position"]),
        (&json!("talk"), &json!(1))
    );
    office.admin.patch(&address, 1, &default).await.is(200);
    assert_eq!(
        fault(&office.admin.put(&stages, &json!([])).await),
        "stages"
    );
    // What deals are in stays.
    office.deal().await;
    assert_eq!(
        rule(
            &office
                .admin
                .put(&stages, &json!([stage("new", false)]))
                .await
        ),
        "in_use"
    );
}

#[tokio::test]
async fn everything_is_handed_over_as_it_was_shown() {
    let app = App::empty().await;
    let office = Office::open(&app).await;
    let deal = office.deal().await;
    let (from, to) = (office.rep.caller().user_id, office.lead.caller().user_id);
    let rule_of = |successors: Value| json!({"by": "round_robin", "successors": successors});
    let ask = json!({"from_user_id": from, "rule": rule_of(json!([to]))});
    let preview = office
        .lead
        .post("/api/handovers/preview", &ask)
        .await
        .is(200);
    assert_eq!(
        preview["shares"][0]["records"],
        json!({"account": 1, "opportunity": 1})
    );
    office
        .rep
        .post("/api/handovers/preview", &ask)
        .await
        .is_problem(403, "forbidden");
    let nobody = json!({"from_user_id": from, "rule": rule_of(json!([]))});
    assert_eq!(
        fault(&office.lead.post("/api/handovers/preview", &nobody).await),
        "rule"
    );
    let odd = json!({"from_user_id": from, "rule": {"by": "age"}});
    office
        .lead
        .post("/api/handovers/preview", &odd)
        .await
        .is_problem(400, "bad-request");
    let mut body = ask.clone();
    body["reason"] = " ".into();
    assert_eq!(
        fault(&office.lead.post("/api/handovers", &body).await),
        "reason"
    );
    body["reason"] = "leaves the firm".into();
    let receipt = office.lead.post("/api/handovers", &body).await.is(201);
    assert_eq!(receipt["record"]["moved"], preview["moved"]);
    let unseen = office
        .rep
        .get(&format!("/api/opportunities/{deal}/timeline"))
        .await;
    unseen.is_problem(404, "not-found");
}
