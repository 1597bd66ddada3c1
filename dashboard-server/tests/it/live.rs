//! Streams of news: what they tell, to whom, and when they end.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use millrace_operations::entity::team;
use millrace_operations::sign_in::{SessionRules, SignIn, sign_in, sign_out};
use sea_orm::Set;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{App, PASSWORD};

/// A stream that is read.
struct Stream(Body);

impl Stream {
    async fn open(app: &App, request: Request<Body>) -> Self {
        let response = app.open(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        Self(response.into_body())
    }

    /// The next event, by its name; none when there are no more.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let frame = self.0.frame().await?.unwrap();
            let data = frame.into_data().unwrap();
            let text = std::str::from_utf8(&data).unwrap().trim().to_owned();
            // a heartbeat
            if text.starts_with(':') {
                continue;
            }
            let (name, data) = text.split_once('\n').unwrap();
            let name = name.strip_prefix("event: ").unwrap().to_owned();
            let data = data.strip_prefix("data: ").unwrap();
            return Some((name, serde_json::from_str(data).unwrap()));
        }
    }
}

fn request(app: &App) -> Request<Body> {
    let request = app.request(Method::GET, "/api/live");
    request.body(Body::empty()).unwrap()
}

async fn write(app: &App, name: &str) {
    let team = team::ActiveModel {
        name: Set(name.to_owned()),
        ..Default::default()
    };
    app.insert::<team::Model>(team).await;
}

fn tables(news: &Value) -> Vec<&str> {
    let tables = news["tables"].as_array().unwrap();
    tables.iter().map(|table| table.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_and_writes_are_told_as_they_come() {
    let app = App::with_deals().await;
    let mut stream = Stream::open(&app, request(&app)).await;
    let (name, first) = stream.next().await.unwrap();
    assert_eq!(name, "set");
    assert_eq!(first["set"], 1);
    assert!(tables(&first).contains(&"conversion_cycles"));
    for place in 0..20 {
        write(&app, &format!("Team {place}")).await;
    }
    let writes = first["writes"].as_u64().unwrap();
    let mut last = writes;
    while last < writes + 20 {
        let (name, news) = stream.next().await.unwrap();
        assert_eq!(name, "writes");
        last = news["writes"].as_u64().unwrap();
    }
    app.bring_into_the_lake().await;
    let (name, second) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &second["set"]), ("set", &Value::from(2)));
    assert_ne!(second["published_at"], Value::Null);
    assert!(tables(&second).contains(&"users"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_tables_that_one_sees_nothing_of() {
    let app = App::with_deals().await;
    // engineering reads no contracts
    let engineer = app.client("engineering").await;
    let request = engineer.request(Method::GET, "/api/live");
    let mut stream = Stream::open(&app, request.body(Body::empty()).unwrap()).await;
    let (_, first) = stream.next().await.unwrap();
    let seen = tables(&first);
    assert!(seen.contains(&"quote_outcomes"), "{seen:?}");
    assert!(!seen.contains(&"contracts"), "{seen:?}");
    let nobody = Request::get("/api/live").body(Body::empty()).unwrap();
    app.send(nobody).await.is_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let app = App::with_deals().await;
    let rep = app.add_user("li", "rep", None).await;
    app.give_password(rep.user_id).await;
    let with = SignIn {
        username: "li".to_owned(),
        password: PASSWORD.to_owned().into(),
        address: None,
        device: None,
    };
    let session = sign_in(&app.store, SessionRules::default(), &with).await;
    let token = session.unwrap().token;
    let request =
        Request::get("/api/live").header(header::COOKIE, format!("millrace_session={token}"));
    let mut stream = Stream::open(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(stream.next().await.unwrap().0, "set");
    sign_out(&app.store, &token).await.unwrap();
    write(&app, "华南").await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_server() {
    let app = App::with_deals().await;
    let listener = millrace_dashboard_server::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(millrace_dashboard_server::serve(
        listener,
        app.state.clone(),
        async { ended.await.unwrap() },
    ));
    let mut connection = TcpStream::connect(address).await.unwrap();
    let authorization = request(&app).headers()[header::AUTHORIZATION].clone();
    let head = format!(
        "GET /api/live HTTP/1.1\r\nhost: {address}\r\nauthorization: {}\r\n\r\n",
        authorization.to_str().unwrap()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("event: set") {
        assert_ne!(connection.read_buf(&mut read).await.unwrap(), 0);
    }
    end.send(()).unwrap();
    serving.await.unwrap().unwrap();
    connection.read_to_end(&mut read).await.unwrap();
    // the last chunk: the answer is whole
    assert!(String::from_utf8_lossy(&read).ends_with("0\r\n\r\n"));
}
