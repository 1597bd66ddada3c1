use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use chrono::TimeDelta;
use insta::assert_json_snapshot;
use millrace_models::config::ServerSettings;
use millrace_operations::sign_in::{Password, set_password};
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

/// A browser with a session.
struct Browser<'a> {
    app: &'a App,
    cookie: String,
    csrf: String,
}

impl Browser<'_> {
    async fn send(&self, method: Method, address: &str, body: &Value) -> Answer {
        self.send_with(method, address, &[("x-csrf-token", &self.csrf)], body)
            .await
    }

    async fn send_with(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::HOST, "localhost:7300")
            .header(
                header::COOKIE,
                format!("theme=dark; millrace_session={}", self.cookie),
            )
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn get(&self, address: &str) -> Answer {
        self.send_with(Method::GET, address, &[], &Value::Null)
            .await
    }
}

async fn try_sign_in(app: &App, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    app.anonymous().post("/api/session", &body).await
}

fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header(header::SET_COOKIE);
    let value = cookie.strip_prefix("millrace_session=").unwrap();
    value.split(';').next().unwrap().to_owned()
}

async fn sign_in<'a>(app: &'a App, username: &str, password: &str) -> Browser<'a> {
    let answer = try_sign_in(app, username, password).await;
    let me = answer.is(200);
    Browser {
        app,
        cookie: cookie_of(&answer),
        csrf: me["csrf_token"].as_str().unwrap().to_owned(),
    }
}

/// A rep who has a password.
async fn with_rep(app: &App) -> i64 {
    let team = app.team("华东", None).await;
    let rep = app.add_user("li", "rep", Some(team)).await;
    app.give_password(rep.user_id).await;
    rep.user_id
}

#[tokio::test]
async fn signs_in_and_says_who_it_is() {
    let app = App::empty().await;
    with_rep(&app).await;
    let answer = try_sign_in(&app, " LI ", PASSWORD).await;
    let cookie = answer.header(header::SET_COOKIE);
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600"),
        "{cookie}"
    );
    let me = answer.is(200);
    let browser = sign_in(&app, "li", PASSWORD).await;
    let again = browser.get("/api/session").await.is(200);
    assert_eq!(again["user_id"], me["user_id"]);
    assert_eq!(again["csrf_token"], browser.csrf);
    assert_ne!(again["csrf_token"], me["csrf_token"]);
    let grant = &me["rights"]["grants"]["account"];
    assert_eq!(grant["scope"], "own");
    assert!(
        grant["actions"]
            .as_array()
            .unwrap()
            .contains(&json!("claim"))
    );
    let mut shown = me.clone();
    shown["csrf_token"] = "[token]".into();
    shown["rights"]["grants"] = "[grants]".into();
    assert_json_snapshot!(shown);
}

#[tokio::test]
async fn the_cookie_is_for_tls_only_where_people_come_by_tls() {
    let settings = ServerSettings {
        public_url: Some("https://crm.example".parse().unwrap()),
        ..ServerSettings::default()
    };
    let app = App::builder().reached(settings).build().await;
    with_rep(&app).await;
    let answer = try_sign_in(&app, "li", PASSWORD).await;
    assert!(answer.header(header::SET_COOKIE).contains("; Secure"));
}

#[tokio::test]
async fn wrong_names_and_passwords_are_not_told_apart_and_lock_out() {
    let app = App::empty().await;
    with_rep(&app).await;
    let mut details = Vec::new();
    for (username, password) in [("li", "wrong"), ("nobody", "wrong")] {
        let answer = try_sign_in(&app, username, password).await;
        details.push(answer.is_problem(401, "credentials")["detail"].clone());
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(details[0], details[1]);
    for _ in 0..4 {
        try_sign_in(&app, "li", "wrong")
            .await
            .is_problem(401, "credentials");
    }
    let answer = try_sign_in(&app, "li", PASSWORD).await;
    let problem = answer.is_problem(429, "locked-out");
    assert_eq!(problem["until"], "2026-10-08T02:45:00Z");
    assert_eq!(
        answer.header(header::RETRY_AFTER),
        "Thu, 08 Oct 2026 02:45:00 GMT"
    );
    app.clock.advance(TimeDelta::minutes(15));
    try_sign_in(&app, "li", PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_change_by_cookie_needs_the_token_of_its_session() {
    let app = App::empty().await;
    with_rep(&app).await;
    let browser = sign_in(&app, "li", PASSWORD).await;
    let other = sign_in(&app, "li", PASSWORD).await;
    let body = json!({"name": "上海宏成阀门有限公司"});
    let post = async |headers: &[(&str, &str)]| {
        browser
            .send_with(Method::POST, "/api/accounts", headers, &body)
            .await
    };
    post(&[]).await.is_problem(403, "csrf");
    post(&[("x-csrf-token", &other.csrf)])
        .await
        .is_problem(403, "csrf");
    post(&[
        ("x-csrf-token", &browser.csrf),
        ("origin", "https://evil.example"),
    ])
    .await
    .is_problem(403, "foreign-origin");
    post(&[("x-csrf-token", &browser.csrf), ("origin", "null")])
        .await
        .is_problem(403, "foreign-origin");
    post(&[
        ("x-csrf-token", &browser.csrf),
        ("origin", "http://localhost:7300"),
    ])
    .await
    .is(201);
    let sign_in = Request::post("/api/session")
        .header(header::HOST, "localhost:7300")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(
            json!({"username": "li", "password": PASSWORD}).to_string(),
        ))
        .unwrap();
    app.send(sign_in).await.is_problem(403, "foreign-origin");
}

#[tokio::test]
async fn a_password_that_was_given_must_be_changed_first() {
    let app = App::empty().await;
    let user_id = with_rep(&app).await;
    let given = "given by the administrator";
    set_password(&app.store, user_id, &Password::from(given.to_owned()))
        .await
        .unwrap();
    let browser = sign_in(&app, "li", given).await;
    let me = browser.get("/api/session").await.is(200);
    assert_eq!(me["must_change_password"], true);
    for address in [
        "/api/accounts",
        "/api/metrics",
        "/api/tokens",
        "/api/sessions",
    ] {
        browser
            .get(address)
            .await
            .is_problem(403, "password-expired");
    }
    let change = async |old: &str, new: &str| {
        browser
            .send(
                Method::PUT,
                "/api/password",
                &json!({"old": old, "new": new}),
            )
            .await
    };
    let problem = change(given, "short")
        .await
        .is_problem(422, "weak-password");
    assert_eq!(problem["fields"][0]["field"], "new");
    let problem = change("not the password", "a much better one")
        .await
        .is_problem(422, "invalid");
    assert_eq!(
        problem["fields"],
        json!([{"field": "old", "message": "is not the password"}])
    );
    let problem = change(given, given).await.is_problem(422, "invalid");
    assert_eq!(problem["fields"][0]["message"], "must not be the old one");
    let answer = change(given, "a much better one").await;
    answer.is(204);
    browser
        .get("/api/session")
        .await
        .is_problem(401, "unauthenticated");
    let renewed = Browser {
        app: &app,
        cookie: cookie_of(&answer),
        csrf: String::new(),
    };
    let me = renewed.get("/api/session").await.is(200);
    assert_eq!(me["must_change_password"], false);
    renewed.get("/api/accounts").await.is(200);
}

#[tokio::test]
async fn guessing_the_old_password_locks_out_too() {
    let app = App::empty().await;
    with_rep(&app).await;
    let browser = sign_in(&app, "li", PASSWORD).await;
    let body = json!({"old": "wrong", "new": "a much better one"});
    for _ in 0..5 {
        browser
            .send(Method::PUT, "/api/password", &body)
            .await
            .is_problem(422, "invalid");
    }
    let body = json!({"old": PASSWORD, "new": "a much better one"});
    browser
        .send(Method::PUT, "/api/password", &body)
        .await
        .is_problem(429, "locked-out");
}

#[tokio::test]
async fn sessions_end_by_the_user_by_idleness_and_by_age() {
    let app = App::empty().await;
    with_rep(&app).await;
    let (here, there) = (
        sign_in(&app, "li", PASSWORD).await,
        sign_in(&app, "li", PASSWORD).await,
    );
    let sessions = here.get("/api/sessions").await.is(200)["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let current = |session: &&Value| session["current"] == true;
    assert_eq!(
        sessions.as_array().unwrap().iter().filter(current).count(),
        1
    );

    let answer = here
        .send(Method::DELETE, "/api/session", &Value::Null)
        .await;
    answer.is(204);
    assert!(answer.header(header::SET_COOKIE).contains("Max-Age=0"));
    here.get("/api/session")
        .await
        .is_problem(401, "unauthenticated");
    there.get("/api/session").await.is(200);
    let last = sign_in(&app, "li", PASSWORD).await;
    last.send(Method::DELETE, "/api/sessions", &Value::Null)
        .await
        .is(204);
    there
        .get("/api/session")
        .await
        .is_problem(401, "unauthenticated");

    let idle = sign_in(&app, "li", PASSWORD).await;
    app.clock.advance(TimeDelta::hours(11));
    idle.get("/api/session").await.is(200);
    app.clock.advance(TimeDelta::hours(12));
    idle.get("/api/session")
        .await
        .is_problem(401, "unauthenticated");
    let old = sign_in(&app, "li", PASSWORD).await;
    for _ in 0..34 {
        old.get("/api/session").await.is(200);
        app.clock.advance(TimeDelta::hours(10));
    }
    old.get("/api/session")
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_does_less_than_its_user_and_nothing_for_itself() {
    let app = App::empty().await;
    with_rep(&app).await;
    let browser = sign_in(&app, "li", PASSWORD).await;
    let new = json!({
        "name": "nightly",
        "scopes": [{"entity": "account", "action": "read"}, {"entity": "role", "action": "delete"}],
        "expires_at": "2026-10-09T00:00:00Z",
    });
    let made = browser
        .send(Method::POST, "/api/tokens", &new)
        .await
        .is(201);
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("mrt_"));
    let send = async |method: Method, address: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        app.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    };
    send(Method::GET, "/api/accounts", Value::Null)
        .await
        .is(200);
    let problem = send(Method::POST, "/api/accounts", json!({"name": "A"}))
        .await
        .is_problem(403, "forbidden");
    assert_eq!(problem["action"], "create");
    send(Method::GET, "/api/opportunities", Value::Null)
        .await
        .is_problem(403, "forbidden");
    let me = send(Method::GET, "/api/session", Value::Null).await.is(200);
    assert_eq!(
        (&me["csrf_token"], &me["expires_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        me["rights"]["grants"]["account"]["actions"],
        json!(["read"])
    );
    for (method, address, body) in [
        (Method::POST, "/api/tokens", new.clone()),
        (Method::GET, "/api/tokens", Value::Null),
        (Method::DELETE, "/api/sessions", Value::Null),
        (
            Method::PUT,
            "/api/password",
            json!({"old": PASSWORD, "new": "a much better one"}),
        ),
    ] {
        send(method, address, body)
            .await
            .is_problem(403, "person-only");
    }

    let tokens = browser.get("/api/tokens").await.is(200)["tokens"].clone();
    assert_eq!(
        (&tokens[0]["id"], &tokens[0]["name"]),
        (&made["id"], &json!("nightly"))
    );
    assert_eq!(tokens[0]["token"], Value::Null);
    let address = format!("/api/tokens/{}", made["id"]);
    browser
        .send(Method::DELETE, &address, &Value::Null)
        .await
        .is(204);
    browser
        .send(Method::DELETE, &address, &Value::Null)
        .await
        .is_problem(404, "not-found");
    send(Method::GET, "/api/accounts", Value::Null)
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_without_name_or_use_is_refused() {
    let app = App::empty().await;
    with_rep(&app).await;
    let browser = sign_in(&app, "li", PASSWORD).await;
    let check = async |new: Value, field: &str| {
        let answer = browser.send(Method::POST, "/api/tokens", &new).await;
        assert_eq!(
            answer.is_problem(422, "invalid")["fields"][0]["field"],
            field
        );
    };
    let read = json!([{"entity": "account", "action": "read"}]);
    check(json!({"name": " ", "scopes": read}), "name").await;
    check(json!({"name": "n".repeat(101), "scopes": read}), "name").await;
    check(json!({"name": "a", "scopes": []}), "scopes").await;
}

#[tokio::test]
async fn nothing_but_the_sign_in_answers_who_is_not_signed_in() {
    let app = App::empty().await;
    let document = millrace_dashboard_server::openapi();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"].is_array() {
                continue;
            }
            let address = path.replace("{id}", "1");
            let method: Method = method.to_uppercase().parse().unwrap();
            let request = app.anonymous().request(method.clone(), &address);
            let answer = app.anonymous().send(request, &json!({})).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 150, "{asked}");
}
