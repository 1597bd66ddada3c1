//! Webhooks, called at a server of this machine: what it gets, and what becomes of a copy by what it
//! answers.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use millrace_jobs::mail::Content;
use millrace_jobs::outbox::{Message, Order, Outbox, RenderError, Rendered, Renders};
use millrace_models::config::{Company, DeliverySettings};
use millrace_operations::entity::{dispatch, subscription};
use millrace_operations::resources::create;
use millrace_operations::row::Row;
use millrace_operations::service::subscription::{self as subscriptions, To};
use millrace_operations::setup::initialise;
use millrace_operations::testing::ManualClock;
use millrace_operations::{Caller, Place, Store, Unit};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::year::person;

/// What the server was asked.
#[derive(Debug)]
struct Asked {
    head: Vec<String>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        found.unwrap_or_else(|| panic!("there is no {name} in {self:?}"))
    }
}

/// Takes one call and answers it; by nothing, which ends the connection.
async fn take(listener: &TcpListener, answer: &str) -> Asked {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        match line.trim() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let mut asked = Asked {
        head,
        body: String::new(),
    };
    let length: usize = asked.header("content-length").parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    asked.body = String::from_utf8(body).unwrap();
    stream.write_all(answer.as_bytes()).await.unwrap();
    asked
}

struct Numbers;

impl Renders for Numbers {
    fn render<'a>(&'a self, order: &'a Order<'a>) -> BoxFuture<'a, Result<Rendered, RenderError>> {
        Box::pin(async move {
            Ok(Rendered::Message(Box::new(Message {
                content: Content {
                    subject: "1280000.5, beyond its limit".to_owned(),
                    html: String::new(),
                    text: String::new(),
                    pictures: Vec::new(),
                    files: Vec::new(),
                },
                data: json!({"for": order.caller.name, "won_amount": 1_280_000.5}),
                value: Some(1_280_000.5),
            })))
        })
    }
}

struct Firm {
    clock: Arc<ManualClock>,
    store: Store,
    director: Caller,
    listener: TcpListener,
}

impl Firm {
    async fn new(folder: &std::path::Path) -> Self {
        let start: DateTime<Utc> = "2026-11-02T01:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let place = Place::File(folder.join("operations.db"));
        let store = Store::open(&place, clock.clone(), &Company::default()).await;
        let store = store.unwrap();
        initialise(&store).await.unwrap();
        let id = person(&store, "dora", "director").await;
        let director = store.caller(id).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            clock,
            store,
            director,
            listener,
        }
    }

    fn outbox(&self, allow_private: bool) -> Outbox {
        let settings = DeliverySettings {
            mail: None,
            allow_private,
        };
        Outbox::new(self.store.clone(), settings, Arc::new(Numbers))
    }

    /// Subscribes the address, and has a copy sent to it now; the secret that it is signed with.
    async fn order(&self, name: &str) -> String {
        let port = self.listener.local_addr().unwrap().port();
        let body = json!({
            "name": name, "kind": "dashboard", "rule": "daily 08:00", "channel": "webhook",
            "content": {"metrics": ["won_amount"], "span": "this_month"},
            "url": format!("http://127.0.0.1:{port}/hook?from=millrace"),
        });
        let made = self.subscribe(&body).await;
        let id = made["id"].as_i64().unwrap();
        let work = async |unit: Unit| {
            subscriptions::send_now(&unit, Some(&self.director), id, To::All).await
        };
        let sent = self.store.write(&self.director.actor(), work).await;
        assert_eq!(sent.unwrap().len(), 1);
        made["secret"].as_str().unwrap().to_owned()
    }

    async fn subscribe(&self, body: &Value) -> Row {
        let body = body.as_object().unwrap();
        let made = create(&self.store, &self.director, &subscription::RESOURCE, body).await;
        made.unwrap()
    }

    /// Sends what is due; what the server was asked meanwhile.
    async fn called(&self, answer: &str) -> Asked {
        let outbox = self.outbox(true);
        let (asked, done) = tokio::join!(take(&self.listener, answer), outbox.round());
        done.unwrap();
        asked
    }

    /// Sends what is due; nobody is called.
    async fn silent(&self, allow_private: bool) {
        let outbox = self.outbox(allow_private);
        tokio::select! {
            biased;
            asked = take(&self.listener, "") => panic!("it was called: {asked:?}"),
            done = outbox.round() => { done.unwrap(); }
        }
    }

    async fn receipt(&self) -> dispatch::Model {
        let copies = dispatch::Entity::find().all(self.store.reader()).await;
        copies.unwrap().pop().unwrap()
    }
}

/// The signature that others work out.
fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let script = "import hashlib, hmac, sys; print(hmac.new(sys.argv[1].encode(), sys.argv[2].encode(), hashlib.sha256).hexdigest())";
    let told = std::process::Command::new("python3")
        .args(["-c", script, secret, &format!("{timestamp}.{body}")])
        .output()
        .unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn what_is_called_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    let secret = firm.order("numbers").await;
    let asked = firm.called(TAKEN).await;
    assert_eq!(asked.head[0], "POST /hook?from=millrace HTTP/1.1");
    assert_eq!(asked.header("content-type"), "application/json");
    let timestamp = asked.header("millrace-timestamp");
    assert_eq!(timestamp, firm.store.now().timestamp().to_string());
    assert_eq!(
        asked.header("millrace-signature"),
        format!("sha256={}", signature(&secret, timestamp, &asked.body))
    );
    let receipt = firm.receipt().await;
    assert_eq!(asked.header("millrace-dispatch"), receipt.id.to_string());
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["id"], receipt.id);
    assert_eq!(body["subscription"]["name"], "numbers");
    assert_eq!(
        body["data"],
        json!({"for": "dora", "won_amount": 1_280_000.5})
    );
    assert!(!asked.body.contains(&secret));
    assert_eq!(receipt.state, "sent");
    assert_eq!(receipt.response.as_deref(), Some("204 No Content"));
    firm.silent(true).await;
}

#[tokio::test]
async fn what_is_refused_is_tried_again_later_under_the_same_number() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    firm.order("numbers").await;
    let first = firm.called(BROKEN).await;
    let receipt = firm.receipt().await;
    assert_eq!((receipt.state.as_str(), receipt.attempts), ("retrying", 1));
    let reason = receipt.reason.unwrap();
    assert!(reason.contains("it answered 503"), "{reason}");
    let minute = TimeDelta::minutes(1);
    assert_eq!(receipt.next_attempt_at, Some(firm.store.now() + minute));
    firm.silent(true).await;
    firm.clock.advance(minute);
    let again = firm.called(TAKEN).await;
    let number = |asked: &Asked| asked.header("millrace-dispatch").to_owned();
    assert_eq!(number(&first), number(&again));
    assert_eq!(firm.receipt().await.state, "sent");
}

#[tokio::test]
async fn redirections_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    firm.order("numbers").await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = other.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n"
    );
    tokio::select! {
        biased;
        asked = take(&other, "") => panic!("it was followed: {asked:?}"),
        _ = firm.called(&answer) => {}
    }
    assert_eq!(firm.receipt().await.state, "retrying");
}

#[tokio::test]
async fn what_nobody_answered_may_have_come_and_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    firm.order("numbers").await;
    firm.called("").await;
    let receipt = firm.receipt().await;
    assert_eq!(receipt.state, "unknown");
    let reason = receipt.reason.unwrap();
    assert!(reason.contains("did not answer"), "{reason}");
    firm.clock.advance(TimeDelta::hours(12));
    firm.silent(true).await;
}

#[tokio::test]
async fn private_networks_are_called_only_where_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    firm.order("numbers").await;
    firm.silent(false).await;
    let receipt = firm.receipt().await;
    let reason = receipt.reason.unwrap();
    assert!(reason.contains("private network"), "{reason}");
    assert!(!["sent", "retrying"].contains(&receipt.state.as_str()));
}

/// A receipt is read by the owner of a subscription, too, who may see less than its recipient.
#[tokio::test]
async fn receipts_of_limits_say_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let firm = Firm::new(folder.path()).await;
    let port = firm.listener.local_addr().unwrap().port();
    let watch = |name: &str, limit: f64| {
        json!({
            "name": name, "kind": "threshold", "rule": "daily 10:00", "channel": "webhook",
            "content": {
                "metric": "won_amount", "span": "this_month", "comparison": "above", "limit": limit,
            },
            "url": format!("http://127.0.0.1:{port}/hook"),
        })
    };
    firm.subscribe(&watch("beyond", 1.0)).await;
    firm.clock.advance(TimeDelta::hours(1));
    firm.called(TAKEN).await;
    let told = firm.receipt().await;
    assert_eq!(told.state, "sent");
    assert_eq!(told.subject.as_deref(), Some("beyond"));
    firm.subscribe(&watch("within", 2e6)).await;
    firm.clock.advance(TimeDelta::days(1));
    firm.silent(true).await;
    let copies = dispatch::Entity::find().all(firm.store.reader()).await;
    let reasons: Vec<String> = copies
        .unwrap()
        .into_iter()
        .filter_map(|copy| copy.reason)
        .collect();
    let expected = [
        "it is beyond the limit, and that was told before",
        "it is within the limit",
    ];
    assert_eq!(reasons, expected);
}
