//! Copies of subscriptions, sent to everybody by a real mail server and read back: each holds what its
//! recipient may see, whatever its owner sees and wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use millrace_dashboard_server::Renderer;
use millrace_jobs::outbox::Outbox;
use millrace_operations::Actor;
use millrace_operations::entity::{RESOURCES, dispatch, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use super::marks;
use super::oracle::Tables;
use super::planted::Dice;
use super::{Client, World};
use crate::app::Answer;
use crate::post::Post;

/// Metrics of a page of numbers.
const TILES: usize = 6;
/// Pages, and thresholds.
const PAGES: usize = 6;
const LIMITS: usize = 4;
/// Who gets a monthly report, as every so-manieth.
const REPORTED: usize = 3;

/// What people are subscribed to.
struct Written {
    kind: &'static str,
    content: Value,
}

impl World<'_> {
    /// Sends many subscriptions of somebody who sees everything to everybody else.
    pub(super) async fn look_into_copies(&self, seed: u64) {
        let post = Post::open();
        let owner = self.people.last().unwrap();
        let addresses = self.give_addresses().await;
        let everybody: Vec<i64> = addresses.values().map(|place| self.id(*place)).collect();
        let mut kinds = BTreeMap::new();
        for (number, written) in self.contents(owner, seed).await.into_iter().enumerate() {
            let some = everybody.iter().step_by(match written.kind {
                "monthly_report" => REPORTED,
                _ => 1,
            });
            let name = format!("copy {number}");
            let body = json!({
                "name": name, "kind": written.kind, "content": written.content,
                "rule": "daily 08:00", "recipients": some.collect::<Vec<_>>(),
            });
            let made = owner.post("/api/subscriptions", &body).await.is(201);
            let send = format!("/api/subscriptions/{}/send", made["record"]["id"]);
            owner.post(&send, &Value::Null).await.is(200);
            kinds.insert(name, written);
        }
        let renders = Renderer::new(self.app.state.clone());
        let outbox = Outbox::new(self.app.store.clone(), post.settings(), Arc::new(renders));
        let sent = outbox.round().await.unwrap();
        let mut told = BTreeMap::new();
        for mail in post.mails(usize::try_from(sent).unwrap()) {
            let place = addresses[mail["envelope"][1][0].as_str().unwrap()];
            let subscribed = kinds.iter().find(|(name, _)| {
                mail["html"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("“{name}”"))
            });
            let (name, written) = subscribed.expect("a mail says what one is subscribed to");
            let found = self.read(&self.people[place], written, &mail, name);
            *told.entry((written.kind, place)).or_insert(0) += found;
        }
        // Who sees everything is told of records; that others are told less is looked at above.
        let all = self.people.len() - 1;
        for kind in ["dashboard", "list"] {
            assert!(told[&(kind, all)] > 0, "no {kind} tells of any record");
        }
        let copies = dispatch::Entity::find()
            .filter(dispatch::Column::Manual.eq(true))
            .all(self.app.store.reader())
            .await
            .unwrap();
        let states: BTreeSet<&str> = copies.iter().map(|copy| copy.state.as_str()).collect();
        let known = BTreeSet::from(["sent", "withheld", "quiet"]);
        assert!(states.is_subset(&known), "{states:?}");
        self.receipts_tell_nothing().await;
    }

    fn id(&self, place: usize) -> i64 {
        self.people[place].caller().user_id
    }

    /// Mail addresses for all, by whose place among the people they are.
    async fn give_addresses(&self) -> BTreeMap<String, usize> {
        let mut addresses = BTreeMap::new();
        for place in 0..self.people.len() {
            let address = format!("p{place}@people.example");
            let (id, own) = (self.id(place), address.clone());
            let work = async |unit: millrace_operations::Unit| {
                let read: user::Model = unit.get(id).await?;
                let change = user::ActiveModel {
                    email: Set(Some(own.clone())),
                    ..Default::default()
                };
                unit.update(&read, change).await
            };
            let actor = Actor::system("test");
            self.app.store.write(&actor, work).await.unwrap();
            addresses.insert(address, place);
        }
        addresses
    }

    /// The marks of a mail, all of which its reader may see.
    fn read(&self, client: &Client<'_>, written: &Written, mail: &Value, name: &str) -> usize {
        let tables = match written.kind {
            "list" => self.tables(),
            _ => self.in_lake.clone(),
        };
        let what = format!("{name}, a {} of {}", written.kind, written.content);
        let tables: [&Tables; 1] = [&tables];
        let mut answers = vec![answer(
            "text/plain",
            format!("{} {} {}", mail["subject"], mail["html"], mail["text"]).into_bytes(),
        )];
        for part in mail["parts"].as_array().unwrap() {
            let bytes = STANDARD.decode(part["base64"].as_str().unwrap()).unwrap();
            answers.push(answer(part["type"].as_str().unwrap(), bytes));
        }
        let mut count = 0;
        for answer in &answers {
            self.check(client, answer, &tables, &what);
            count += marks::found(answer).count();
        }
        count
    }

    /// Who gets a copy reads its receipt: neither the owner's words nor what is near them stand there.
    async fn receipts_tell_nothing(&self) {
        for client in &self.people {
            let receipts = client.get("/api/dispatches?limit=100").await;
            if receipts.status.is_success() {
                self.check(client, &receipts, &[&*self.tables()], "the receipts");
            }
        }
    }

    /// Pages of numbers, lists, limits and a report; some with words of records in their filters.
    async fn contents(&self, owner: &Client<'_>, seed: u64) -> Vec<Written> {
        let known = owner.get("/api/metrics").await.is(200);
        let metrics: Vec<&Value> = known["metrics"].as_array().unwrap().iter().collect();
        let accounts = owner.get("/api/values?dimension=account").await.is(200);
        let accounts = accounts["values"].as_array().unwrap().clone();
        let mut dice = Dice(seed);
        let span = "2020-01-01..2030-12-31";
        let mut all = vec![Written {
            kind: "monthly_report",
            content: json!({}),
        }];
        for page in 0..PAGES {
            let lead = metrics[dice.below(metrics.len())];
            let by = lead["dimensions"].as_array().unwrap();
            let by = &by[dice.below(by.len())];
            let mut names = vec![lead["name"].clone()];
            names.extend((1..TILES).map(|_| metrics[dice.below(metrics.len())]["name"].clone()));
            names.dedup();
            let conditions = if page % 2 == 1 {
                let account = &accounts[dice.below(accounts.len())];
                json!([{"dimension": "account", "op": "in", "values": [account]}])
            } else {
                json!([])
            };
            all.push(Written {
                kind: "dashboard",
                content: json!({"metrics": names, "by": by, "span": span, "where": conditions}),
            });
        }
        for _ in 0..LIMITS {
            let metric = metrics[dice.below(metrics.len())];
            all.push(Written {
                kind: "threshold",
                content: json!({
                    "metric": metric["name"], "span": span, "comparison": "above", "limit": -1.0,
                }),
            });
        }
        for resource in RESOURCES {
            if owner
                .caller()
                .require(resource, millrace_models::scope::Action::Read)
                .is_err()
            {
                continue;
            }
            let fields: Vec<&str> = resource.fields.iter().map(|field| field.name).collect();
            all.push(Written {
                kind: "list",
                content: json!({
                    "resource": resource.name, "columns": fields, "when_empty": true,
                }),
            });
        }
        all
    }
}

fn answer(kind: &str, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    Answer {
        status: StatusCode::OK,
        headers,
        body,
    }
}
