use axum::body::Body;
use axum::http::{Method, header};
use chrono::TimeDelta;
use insta::assert_json_snapshot;
use millrace_operations::entity::{RESOURCES, account, product};
use sea_orm::Set;
use serde_json::{Value, json};

use crate::app::{App, Client};

/// Runs a test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(crate::app::App::empty().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if let Some(builder) = crate::app::App::builder().on_postgres().await {
                        super::$name(builder.build().await).await;
                    }
                }
            )+
        }
    };
}

on_both!(
    a_record_lives_through_its_operations,
    the_second_of_two_editors_gets_both_versions,
    a_create_under_a_key_is_made_once,
    a_key_raced_for_makes_one_record,
    lists_are_narrowed_sorted_and_paged,
    lists_say_how_many_there_are_within_reach,
    accounts_are_found_by_their_tags,
    odd_characters_are_answered,
    every_resource_is_listed_counted_and_taken_away,
);

async fn new_account(client: &Client<'_>, name: &str) -> Value {
    let answer = client
        .post("/api/accounts", &json!({"name": name, "region": "华东"}))
        .await;
    answer.is(201)["record"].clone()
}

async fn a_record_lives_through_its_operations(app: App) {
    let team = app.team("华东", None).await;
    let rep = app.user("li", "rep", Some(team)).await;
    let answer = rep
        .post(
            "/api/accounts",
            &json!({"name": "上海宏成阀门有限公司", "phone": "021-55551234"}),
        )
        .await;
    let made = answer.is(201);
    let id = made["record"]["id"].as_i64().unwrap();
    let address = format!("/api/accounts/{id}");
    assert_eq!(answer.header(header::LOCATION), address);
    assert_eq!(answer.header(header::ETAG), "\"1\"");
    assert_eq!(
        made["labels"]["team"][team.to_string()],
        json!({"label": "华东"})
    );

    let answer = rep.get(&address).await;
    assert_eq!(answer.is(200), made);
    assert_eq!(answer.header(header::ETAG), "\"1\"");

    let request = rep
        .request(Method::PATCH, &address)
        .header(header::IF_MATCH, "\"1\"")
        .header("x-reason", "%E7%94%B5%E8%AF%9D%E6%9B%B4%E6%AD%A3")
        .header("x-request-id", "test-request-1");
    let answer = rep
        .send(request, &json!({"phone": "021-55559999", "region": "华东"}))
        .await;
    assert_eq!(answer.headers["x-request-id"], "test-request-1");
    let changed = answer.is(200);
    assert_eq!(changed["record"]["phone"], "021-55559999");
    assert_eq!(answer.header(header::ETAG), "\"2\"");

    let history = rep.get(&format!("{address}/history?limit=1")).await.is(200);
    let next = history["next"].clone();
    assert_eq!(history["changes"][0]["seq"], next);
    assert_eq!(history["changes"][0]["actor_id"], rep.caller().user_id);
    let mut shown = history;
    shown["next"] = Value::Null;
    shown["changes"][0]["seq"] = Value::Null;
    shown["changes"][0]["actor_id"] = Value::Null;
    assert_json_snapshot!("history_of_an_account", shown);
    let first = rep
        .get(&format!("{address}/history?before={next}"))
        .await
        .is(200);
    assert_eq!(first["changes"][0]["op"], "insert");
    assert_eq!(first["next"], Value::Null);
    let log = app.store.history("account", id, 1).await.unwrap();
    assert_eq!(log[0].request_id.as_deref(), Some("test-request-1"));

    rep.delete(&address, 2).await.is_problem(403, "forbidden");
    let administrator = app.user("root", "administrator", None).await;
    administrator
        .delete(&address, 1)
        .await
        .is_problem(412, "stale");
    administrator.delete(&address, 2).await.is(204);
    rep.get(&address).await.is_problem(404, "not-found");
    rep.get(&format!("{address}/history"))
        .await
        .is_problem(404, "not-found");
}

async fn the_second_of_two_editors_gets_both_versions(app: App) {
    let rep = app.client("rep").await;
    let id = new_account(&rep, "A").await["id"].as_i64().unwrap();
    let address = format!("/api/accounts/{id}");
    rep.patch(&address, 1, &json!({"industry": "化工"}))
        .await
        .is(200);
    let submitted = json!({"industry": "电力"});
    let problem = rep
        .patch(&address, 1, &submitted)
        .await
        .is_problem(412, "stale");
    assert_eq!(problem["submitted"], submitted);
    assert_eq!(problem["current"]["industry"], "化工");
    assert_eq!(problem["current"]["version"], 2);
    let bare = rep.request(Method::PATCH, &address);
    rep.send(bare, &submitted)
        .await
        .is_problem(428, "precondition-required");
    let odd = rep
        .request(Method::PATCH, &address)
        .header(header::IF_MATCH, "*");
    rep.send(odd, &submitted)
        .await
        .is_problem(400, "bad-request");
    assert_eq!(
        rep.get(&address).await.is(200)["record"]["industry"],
        "化工"
    );
}

async fn keyed(client: &Client<'_>, key: &str, body: &Value) -> crate::app::Answer {
    let request = client
        .request(Method::POST, "/api/accounts")
        .header("idempotency-key", key);
    client.send(request, body).await
}

async fn a_create_under_a_key_is_made_once(app: App) {
    let (rep, other) = (
        app.user("li", "rep", None).await,
        app.user("wang", "rep", None).await,
    );
    let body = json!({"name": "上海宏成阀门有限公司"});
    let first = keyed(&rep, "k-1", &body).await;
    let made = first.is(201);
    let again = keyed(&rep, "k-1", &body).await;
    assert_eq!(again.is(201), made);
    assert_eq!(
        again.header(header::LOCATION),
        first.header(header::LOCATION)
    );
    keyed(&rep, "k-1", &json!({"name": "B"}))
        .await
        .is_problem(422, "idempotency-key");
    assert_ne!(
        keyed(&other, "k-1", &body).await.is(201)["record"]["id"],
        made["record"]["id"]
    );
    keyed(&rep, "", &body).await.is_problem(400, "bad-request");

    // What failed is not kept: the same key may be used when the request is put right.
    keyed(&rep, "k-2", &json!({"name": ""}))
        .await
        .is_problem(422, "invalid");
    keyed(&rep, "k-2", &body).await.is(201);
    app.clock.advance(TimeDelta::days(1));
    let later = keyed(&rep, "k-1", &body).await.is(201);
    assert_ne!(later["record"]["id"], made["record"]["id"]);
}

async fn a_key_raced_for_makes_one_record(app: App) {
    let rep = app.client("rep").await;
    let body = json!({"name": "A"});
    let racing = (0..8).map(|_| keyed(&rep, "k", &body));
    let answers = futures::future::join_all(racing).await;
    for answer in &answers {
        assert_eq!(answer.is(201), answers[0].is(201));
    }
    let list = rep.get("/api/accounts").await.is(200);
    assert_eq!(list["rows"].as_array().unwrap().len(), 1);
}

async fn lists_are_narrowed_sorted_and_paged(app: App) {
    let rep = app.client("rep").await;
    for (name, region) in [("C, Inc", "华东"), ("A", "华南"), ("B", "华东")] {
        rep.post("/api/accounts", &json!({"name": name, "region": region}))
            .await
            .is(201);
    }
    let names = async |query: &str| -> Vec<String> {
        let list = rep.get(&format!("/api/accounts?{query}")).await.is(200);
        let rows = list["rows"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("sort=name").await, ["A", "B", "C, Inc"]);
    assert_eq!(
        names("sort=-name&filter=region:in:%E5%8D%8E%E4%B8%9C").await,
        ["C, Inc", "B"]
    );
    assert_eq!(names("search=inc&view=mine").await, ["C, Inc"]);
    assert_eq!(names("view=pool").await, Vec::<String>::new());
    let first = rep.get("/api/accounts?sort=name&limit=2").await.is(200);
    let cursor = first["next"].as_str().unwrap();
    assert_eq!(
        names(&format!("sort=name&limit=2&cursor={cursor}")).await,
        ["C, Inc"]
    );
    let check = async |query: &str, field: &str| {
        let problem = rep
            .get(&format!("/api/accounts?{query}"))
            .await
            .is_problem(400, "bad-request");
        assert_eq!(problem["fields"][0]["field"], field, "{query}");
    };
    check("count=1", "count").await;
    check("count=true&count=true", "count").await;
    check("filter=tag_id:at_least:1", "tag_id").await;
    check("filter=tag_id:in:x", "tag_id").await;
    check("page=2", "page").await;
    check("limit=0", "limit").await;
    check("limit=101", "limit").await;
    check("sort=phone", "phone").await;
    check("filter=phone:in:1", "phone").await;
    check("filter=owner_id:in:x", "owner_id").await;
    rep.get("/api/accounts?cursor=x")
        .await
        .is_problem(422, "cursor");
    let other = format!("/api/accounts?cursor={cursor}");
    rep.get(&other).await.is_problem(422, "cursor");
}

async fn lists_say_how_many_there_are_within_reach(app: App) {
    let rep = app.client("rep").await;
    let other = app.user("zhao", "rep", None).await;
    for (client, name, region) in [
        (&rep, "Alpha", "华东"),
        (&rep, "Beta", "华东"),
        (&rep, "Gamma", "华南"),
        (&other, "Gamma & Delta", "华东"),
    ] {
        client
            .post("/api/accounts", &json!({"name": name, "region": region}))
            .await
            .is(201);
    }
    let count = async |client: &Client<'_>, query: &str| {
        let list = client.get(&format!("/api/accounts?{query}")).await.is(200);
        list.get("count").and_then(Value::as_i64)
    };
    assert_eq!(count(&rep, "limit=1").await, None);
    assert_eq!(count(&rep, "count=false").await, None);
    assert_eq!(count(&rep, "count=true&limit=1").await, Some(3));
    assert_eq!(count(&other, "count=true").await, Some(1));
    assert_eq!(
        count(&rep, "count=true&filter=region:in:%E5%8D%8E%E4%B8%9C").await,
        Some(2)
    );
    assert_eq!(count(&rep, "count=true&search=gamma").await, Some(1));
    let first = rep.get("/api/accounts?limit=2").await.is(200);
    let cursor = first["next"].as_str().unwrap();
    let last = format!("count=true&limit=2&cursor={cursor}");
    assert_eq!(count(&rep, &last).await, Some(3));
}

async fn accounts_are_found_by_their_tags(app: App) {
    let admin = app.user("root", "administrator", None).await;
    let rep = app.client("rep").await;
    let other = app.user("zhao", "rep", None).await;
    let mut tags = Vec::new();
    for name in ["VIP", "bidding"] {
        let tag = json!({"name": name, "kind": "custom"});
        let tag = admin.post("/api/tags", &tag);
        tags.push(tag.await.is(201)["record"]["id"].as_i64().unwrap());
    }
    let (vip, bidding) = (tags[0], tags[1]);
    for (client, name, tags) in [
        (&rep, "A", vec![vip]),
        (&rep, "B", vec![vip, bidding]),
        (&rep, "C", vec![]),
        (&other, "D", vec![vip]),
    ] {
        let account = client.post("/api/accounts", &json!({"name": name})).await;
        let account = account.is(201)["record"]["id"].clone();
        for tag in tags {
            let link = json!({"account_id": account, "tag_id": tag});
            client.post("/api/account-tags", &link).await.is(201);
        }
    }
    let names = async |query: &str| -> Vec<String> {
        let path = format!("/api/accounts?sort=name&filter=tag_id:{query}");
        let list = rep.get(&path).await.is(200);
        let rows = list["rows"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&format!("in:{vip}")).await, ["A", "B"]);
    assert_eq!(names(&format!("in:{vip},{bidding}")).await, ["A", "B"]);
    let both = format!("in:{vip}&filter=tag_id:in:{bidding}");
    assert_eq!(names(&both).await, ["B"]);
    assert_eq!(names(&format!("not_in:{bidding}")).await, ["A", "C"]);
    assert_eq!(names("is_set").await, ["A", "B"]);
    assert_eq!(names("is_null").await, ["C"]);

    // A tag that was taken off finds its account no more.
    let links = rep
        .get(&format!("/api/account-tags?filter=tag_id:in:{bidding}"))
        .await
        .is(200);
    let link = format!("/api/account-tags/{}", links["rows"][0]["id"]);
    admin.delete(&link, 1).await.is(204);
    assert_eq!(names(&both).await, Vec::<String>::new());
}

async fn odd_characters_are_answered(app: App) {
    let rep = app.client("rep").await;
    for query in ["search=%00", "search=%FF", "filter=region:in:%00", "%00=1"] {
        rep.get(&format!("/api/accounts?{query}"))
            .await
            .is_problem(400, "bad-request");
    }
    let raw = async |body: &'static [u8]| {
        let request = rep
            .request(Method::POST, "/api/accounts")
            .header(header::CONTENT_TYPE, "application/json");
        app.send(request.body(Body::from(body)).unwrap()).await
    };
    for body in [
        &b"{\"name\":\"\xff\"}"[..],
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":",
        b"[]",
        b"",
    ] {
        raw(body).await.is_problem(400, "bad-request");
    }
    raw(b"{\"name\":\"a\\u0000\"}")
        .await
        .is_problem(422, "invalid");
    let emoji = rep
        .post("/api/accounts", &json!({"name": "🏭 阀门\u{202e}"}))
        .await
        .is(201);
    assert_eq!(emoji["record"]["name"], "🏭 阀门\u{202e}");
    let huge = json!({"name": "a", "credit_days": 9_223_372_036_854_775_807_i64});
    rep.post("/api/accounts", &huge)
        .await
        .is_problem(422, "invalid");
    for id in [
        "9223372036854775807",
        "9223372036854775808",
        "0",
        "-1",
        "1.5",
    ] {
        rep.get(&format!("/api/accounts/{id}"))
            .await
            .is_problem(404, "not-found");
    }
}

async fn every_resource_is_listed_counted_and_taken_away(app: App) {
    let administrator = app.user("root", "administrator", None).await;
    for resource in RESOURCES {
        let path = format!("/api/{}", resource.table.replace('_', "-"));
        let list = administrator.get(&path).await.is(200);
        assert!(
            list["rows"].is_array() && list["labels"].is_object(),
            "{path}"
        );
        let export = administrator.get(&format!("{path}/export")).await;
        if resource.is_personal() {
            export.is_problem(404, "not-found");
        } else {
            assert!(export.text().starts_with('\u{feff}'), "{path}");
        }
    }
}

#[tokio::test]
async fn faults_are_told_all_at_once() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let body =
        json!({"region": 5, "credit_days": -1, "owner_id": 1, "nonsense": true, "parent_id": 999});
    let problem = rep
        .post("/api/accounts", &body)
        .await
        .is_problem(422, "invalid");
    assert_json_snapshot!("faults_of_an_account", problem);
    let problem = rep
        .post("/api/accounts", &json!({"name": "A", "parent_id": 999}))
        .await
        .is_problem(422, "invalid");
    assert_eq!(
        problem["fields"],
        json!([{"field": "parent_id", "message": "there is no account 999"}])
    );
}

#[tokio::test]
async fn what_only_services_change_has_no_such_method() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let answer = rep.post("/api/stage-changes", &json!({})).await;
    answer.is_problem(405, "method-not-allowed");
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn many_records_are_changed_each_by_itself() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(new_account(&rep, name).await["id"].clone());
    }
    let body = json!({
        "action": "update",
        "items": [{"id": ids[0], "version": 1}, {"id": ids[1], "version": 7}, {"id": 999}, {"id": ids[2]}],
        "changes": {"industry": "化工"},
    });
    let results = rep.post("/api/accounts/bulk", &body).await.is(200)["results"].clone();
    assert_eq!(results[0]["record"]["industry"], "化工");
    assert_eq!(results[1]["problem"]["type"], "urn:millrace:problem:stale");
    assert_eq!(
        results[1]["problem"]["submitted"],
        json!({"industry": "化工"})
    );
    assert_eq!(results[2]["problem"]["status"], 404);
    assert_eq!(results[3]["record"]["version"], 2);

    let release =
        json!({"action": "release", "items": [{"id": ids[0]}, {"id": ids[1], "version": 9}]});
    let problem = rep
        .post("/api/accounts/bulk", &release)
        .await
        .is_problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "reason");
    let mut release = release;
    release["reason"] = "没有需求".into();
    let results = rep.post("/api/accounts/bulk", &release).await.is(200)["results"].clone();
    assert_eq!(results[0]["record"]["owner_id"], Value::Null);
    assert_eq!(results[1]["problem"]["status"], 412);
    let log = app
        .store
        .history("account", ids[0].as_i64().unwrap(), 1)
        .await
        .unwrap();
    assert_eq!(log[0].reason.as_deref(), Some("没有需求"));

    let wrong = json!({"action": "delete", "items": [{"id": 1}], "changes": {}, "user_id": 1});
    let problem = rep
        .post("/api/accounts/bulk", &wrong)
        .await
        .is_problem(422, "invalid");
    assert_eq!(problem["fields"].as_array().unwrap().len(), 2);
    let wrong = json!({"action": "update", "items": [{"id": 1}], "changes": {"nonsense": 1}});
    rep.post("/api/accounts/bulk", &wrong)
        .await
        .is_problem(422, "invalid");
    let wrong = json!({"action": "claim", "items": [{"id": 1}]});
    let problem = rep
        .post("/api/products/bulk", &wrong)
        .await
        .is_problem(422, "invalid");
    assert_eq!(
        problem["fields"][0]["message"],
        "must be one of update, delete"
    );
    let many: Vec<Value> = (1..=101).map(|id| json!({"id": id})).collect();
    let wrong = json!({"action": "delete", "items": many});
    rep.post("/api/accounts/bulk", &wrong)
        .await
        .is_problem(422, "invalid");
}

#[tokio::test]
async fn a_list_is_taken_away_in_peoples_words() {
    let app = App::empty().await;
    let lead = app.user("lead", "director", None).await;
    let account = account::ActiveModel {
        name: Set("=cmd|' /C calc'!A0".to_owned()),
        normalised_name: Set("cmd".to_owned()),
        pool_state: Set("owned".to_owned()),
        owner_id: Set(Some(lead.caller().user_id)),
        phone: Set(Some("13812345678".to_owned())),
        created_at: Set("2026-10-08T02:30:00Z".parse().unwrap()),
        ..Default::default()
    };
    app.insert::<account::Model>(account).await;
    let answer = lead.get("/api/accounts/export?format=csv&lang=zh").await;
    assert_eq!(
        answer.header(header::CONTENT_DISPOSITION),
        "attachment; filename=\"accounts-2026-10-08.csv\""
    );
    insta::assert_snapshot!(
        "accounts_as_csv",
        answer
            .text()
            .trim_start_matches('\u{feff}')
            .replace("\r\n", "\n")
    );
    let answer = lead
        .get("/api/accounts/export?format=xlsx&lang=en&filter=owner_id:is_set")
        .await;
    assert_eq!(answer.body[..2], *b"PK");
    lead.get("/api/accounts/export?format=pdf")
        .await
        .is_problem(400, "bad-request");
    lead.get("/api/accounts/export?sort=phone")
        .await
        .is_problem(400, "bad-request");
    let rep = app.client("rep").await;
    rep.get("/api/accounts/export")
        .await
        .is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_private_note_is_its_authors_and_its_history_says_nothing() {
    let app = App::empty().await;
    let rep = app.client("rep").await;
    let note = rep
        .post("/api/private-notes", &json!({"body": "between us"}))
        .await
        .is(201);
    let address = format!("/api/private-notes/{}", note["record"]["id"]);
    rep.patch(&address, 1, &json!({"body": "still between us"}))
        .await
        .is(200);
    let history = rep.get(&format!("{address}/history")).await;
    assert!(!history.text().contains("between us"));
    let changes = history.is(200)["changes"].clone();
    assert_eq!(
        (&changes[0]["op"], &changes[0]["fields"]),
        (&json!("update"), &json!([]))
    );
    let administrator = app.user("root", "administrator", None).await;
    for address in [address.clone(), format!("{address}/history")] {
        administrator
            .get(&address)
            .await
            .is_problem(404, "not-found");
    }
    assert_eq!(
        administrator.get("/api/private-notes").await.is(200)["rows"],
        json!([])
    );
}

#[tokio::test]
async fn the_past_of_a_hidden_field_is_hidden_too() {
    let app = App::empty().await;
    let administrator = app.user("root", "administrator", None).await;
    let product = product::ActiveModel {
        code: Set("V-1".to_owned()),
        name: Set("阀门".to_owned()),
        cost: Set(Some(5_000_000)),
        ..Default::default()
    };
    let id = app.insert::<product::Model>(product).await.id;
    let address = format!("/api/products/{id}");
    administrator
        .patch(&address, 1, &json!({"cost": 6_000_000, "name": "蝶阀"}))
        .await
        .is(200);
    let fields = async |client: &Client<'_>| -> Vec<String> {
        let history = client.get(&format!("{address}/history")).await.is(200);
        let fields = history["changes"][0]["fields"].as_array().unwrap().iter();
        fields
            .map(|field| field["field"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(fields(&administrator).await, ["name", "cost"]);
    assert_eq!(fields(&app.client("rep").await).await, ["name"]);
}

#[tokio::test]
async fn a_method_that_is_not_there_says_which_are() {
    let app = App::empty().await;
    let document = millrace_dashboard_server::openapi();
    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path.replace("{id}", "1");
        let answer = app
            .send(
                app.request(Method::TRACE, &address)
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        answer.is_problem(405, "method-not-allowed");
        let allowed: Vec<&str> = answer.header(header::ALLOW).split(',').collect();
        for method in item.as_object().unwrap().keys() {
            assert!(
                allowed.contains(&method.to_uppercase().as_str()),
                "{path}: {allowed:?}"
            );
        }
    }
}
