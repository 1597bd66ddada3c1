//! No answer of the server shows what its caller may not see.
//!
//! Every text and every amount of every record is a marker that says where it is from. Every
//! operation of the OpenAPI document is called by every default role: its parameters and bodies
//! are made from the document itself, so a new operation is called as soon as it is described, and
//! one that cannot be called fails the test. Whatever marker stands in an answer must be one that
//! an oracle of its own (all rows of all tables, read by SQL, and rules in words) lets the caller
//! see: before the call or after it, as a call may give or take a record.

mod calls;
mod copies;
mod marks;
mod oracle;
mod planted;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use axum::http::Method;
use millrace_operations::entity::RESOURCES;
use millrace_operations::resource::{Field, Resource};
use serde_json::{Value, json};

use crate::app::{Answer, App, Client};
use calls::{Call, Operations};
use marks::Mark;
use oracle::Tables;
use planted::{Planted, plant};

/// Who asks, from the most modest to the most powerful: what the later do matters to fewer.
const ROLES: [(&str, Option<usize>); 14] = [
    ("rep", Some(0)),
    ("rep", Some(2)),
    ("rep", None),
    ("sales_assistant", Some(0)),
    ("team_lead", Some(2)),
    ("project_manager", Some(1)),
    ("engineering", None),
    ("customer_success", Some(3)),
    ("finance", None),
    ("regional_manager", Some(1)),
    ("general_manager", None),
    ("director", Some(0)),
    ("team_lead", Some(3)),
    ("administrator", None),
];

struct World<'a> {
    app: &'a App,
    operations: Operations,
    planted: Planted,
    people: Vec<Client<'a>>,
    /// As they are now.
    tables: RefCell<Rc<Tables>>,
    /// As they were when the lake read them.
    in_lake: Rc<Tables>,
}

impl<'a> World<'a> {
    async fn new(app: &'a App, seed: u64) -> Self {
        let top = app.team("China", None).await;
        let east = app.team("East", Some(top)).await;
        let shanghai = app.team("Shanghai", Some(east)).await;
        let south = app.team("South", Some(top)).await;
        let teams = [top, east, shanghai, south];
        let mut people = Vec::new();
        for (place, (role, team)) in ROLES.iter().enumerate() {
            let team = team.map(|team| teams[team]);
            people.push(app.user(&format!("p{place}"), role, team).await);
        }
        let callers: Vec<_> = people.iter().map(|one| one.caller().clone()).collect();
        let planted = plant(app, seed, &callers, &teams).await;
        app.bring_into_the_lake().await;
        let document = people[0].get("/api/openapi.json").await.json();
        let tables = Rc::new(Tables::read(app).await);
        Self {
            app,
            operations: Operations::of(document),
            planted,
            people,
            in_lake: Rc::clone(&tables),
            tables: RefCell::new(tables),
        }
    }

    fn tables(&self) -> Rc<Tables> {
        Rc::clone(&self.tables.borrow())
    }

    async fn read_tables(&self) -> Rc<Tables> {
        let tables = Rc::new(Tables::read(self.app).await);
        self.tables.replace(Rc::clone(&tables));
        tables
    }

    /// That every marker of an answer is the caller's to see.
    fn check(&self, client: &Client<'_>, answer: &Answer, seen: &[&Tables], call: &str) {
        let caller = client.caller();
        for mark in marks::found(answer) {
            let Some(record) = self.planted.record(&mark) else {
                continue;
            };
            let may = seen
                .iter()
                .any(|tables| tables.shows(caller, record, mark.field));
            assert!(
                may,
                "{} ({}) may not see {} of {record:?} ({:?}), yet it stands in the answer to {call}: \
                 {} {}",
                caller.name,
                caller.role,
                mark.field_name(),
                seen[0].row(record.0, record.1),
                answer.status,
                String::from_utf8_lossy(&answer.body),
            );
        }
        for record in self.planted.numbered(answer) {
            let may = |tables: &&Tables| {
                tables.knows(caller, record) || tables.is_referred_to(caller, record)
            };
            assert!(
                seen.iter().any(may),
                "{} ({}) may not see {record:?}, yet its number stands in the answer to {call}: {}",
                caller.name,
                caller.role,
                String::from_utf8_lossy(&answer.body),
            );
        }
    }

    /// A record of a resource: one that the caller sees, or one that they do not.
    fn one(
        &self,
        client: &Client<'_>,
        tables: &Tables,
        resource: &'static Resource,
        own: bool,
    ) -> Option<i64> {
        let reads = |id: &i64| tables.reads(client.caller(), (resource.name, *id)) == own;
        tables.ids(resource.name).into_iter().find(reads)
    }

    /// All calls of one operation by one caller: about a record of others and about one's own;
    /// referring to records of others and to one's own.
    async fn call_all(&self, client: &Client<'_>, call: &Call, reached: &mut BTreeSet<String>) {
        for (of_own, refers_to_own) in [(false, false), (true, false), (true, true)] {
            let before = self.tables();
            let id = match call.resource().filter(|_| call.takes_id()) {
                Some(resource) => self.one(client, &before, resource, of_own),
                None => Some(1),
            };
            // without a body and parameters the second time would be as the first
            let again = !of_own && !call.takes_id() || refers_to_own && !call.varies();
            let Some(id) = id.filter(|_| !again) else {
                continue;
            };
            let choose = |resource: &'static Resource| {
                let one = |own| self.one(client, &before, resource, own);
                one(refers_to_own).or_else(|| one(!refers_to_own))
            };
            let version = call
                .resource()
                .and_then(|resource| before.version(resource.name, id));
            let request = call.request(client, &self.operations, id, version, of_own, &choose);
            let what = format!("{} {}", call.method, request.uri());
            let request_path = request.uri().path().to_owned();
            let answer = client.raw(request).await;
            if call.is_understood(answer.status) {
                reached.insert(call.name());
            }
            // The planted files have records and no bytes: reading one fails here, and says nothing.
            let has_no_bytes = request_path.ends_with("/content");
            assert!(
                has_no_bytes || answer.status.as_u16() != 500,
                "{what}: {}",
                String::from_utf8_lossy(&answer.body)
            );
            if call.reads_the_lake() {
                self.check(client, &answer, &[&*self.in_lake], &what);
            } else if call.method != Method::GET && answer.status.is_success() {
                let after = self.read_tables().await;
                self.check(client, &answer, &[&*before, &*after], &what);
            } else {
                self.check(client, &answer, &[&*before], &what);
            }
        }
    }

    /// A list has exactly the records that the oracle gives.
    async fn check_lists(&self, client: &Client<'_>, tables: &Tables) {
        for resource in RESOURCES {
            let address = format!("/api/{}?limit=100", resource.table.replace('_', "-"));
            let answer = client.get(&address).await;
            let what = format!("{} lists {}", client.caller().role, resource.table);
            if !tables.may(client.caller(), resource.name) {
                answer.is_problem(403, "forbidden");
                continue;
            }
            let page = answer.is(200);
            assert_eq!(page["next"], Value::Null, "{what}: one page is enough here");
            let listed: BTreeSet<i64> = page["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_i64().unwrap())
                .collect();
            let expected: BTreeSet<i64> = tables
                .ids(resource.name)
                .into_iter()
                .filter(|id| tables.reads(client.caller(), (resource.name, *id)))
                .collect();
            assert_eq!(listed, expected, "{what}");
        }
    }

    /// Words of what is not seen find nothing, wherever one may look for words; and the record of
    /// somebody else is answered as one that never was.
    async fn look_for_foreign_words(&self, client: &Client<'_>, tables: &Tables) {
        let caller = client.caller();
        for resource in RESOURCES
            .iter()
            .filter(|resource| tables.may(caller, resource.name))
        {
            let foreign = self
                .planted
                .of(resource.name)
                .find(|(_, record)| !tables.reads(caller, *record));
            let Some((n, (_, id))) = foreign else {
                continue;
            };
            let path = format!("/api/{}", resource.table.replace('_', "-"));
            let there = client
                .get(&format!("{path}/{id}"))
                .await
                .is_problem(404, "not-found");
            let gone = client
                .get(&format!("{path}/987654321"))
                .await
                .is_problem(404, "not-found");
            let plain = |mut problem: Value, id: i64| {
                let detail = problem["detail"]
                    .as_str()
                    .unwrap()
                    .replace(&format!(" {id}"), "");
                problem["detail"] = detail.into();
                assert_eq!(problem["id"].take(), id);
                problem
            };
            assert_eq!(
                plain(there, id),
                plain(gone, 987_654_321),
                "{} asks for a {} of others",
                caller.role,
                resource.name
            );
            let marked = |field: &&Field| Mark::text(resource, n, field.name).is_some();
            let fields = resource.fields.iter().filter(marked);
            let searched = fields.clone().filter(|field| field.searched).take(3);
            let filtered = fields.filter(|field| field.filterable).take(2);
            for (field, searched) in searched
                .map(|field| (field, true))
                .chain(filtered.map(|field| (field, false)))
            {
                let word = Mark::of(resource, n, field.name).word();
                let mut addresses = Vec::new();
                if searched {
                    addresses.push(format!("{path}?search={word}"));
                    addresses.push(format!("/api/search?q={word}"));
                    addresses.push(format!(
                        "/api/hints?name={word}&phone={word}&credit_code={word}"
                    ));
                } else {
                    addresses.push(format!("{path}?filter={}:in:{word}", field.name));
                }
                for address in addresses {
                    let answer = client.get(&address).await;
                    if answer.status.is_success() {
                        assert!(
                            marks::found(&answer).next().is_none(),
                            "{} finds something by GET {address}: {}",
                            caller.role,
                            String::from_utf8_lossy(&answer.body)
                        );
                    }
                }
            }
        }
    }

    /// Numbers, records and members: of one metric of each kind of records, as it is the records
    /// that tell.
    async fn look_into_the_lake(&self, client: &Client<'_>, tables: &Tables) {
        let metrics = client.get("/api/metrics").await.is(200);
        let mut kinds = BTreeSet::new();
        for metric in metrics["metrics"].as_array().unwrap() {
            if !kinds.insert(metric["entity"].as_str()) {
                continue;
            }
            let query = json!({"metrics": [metric["name"]]});
            let drill = json!({"query": query, "limit": 1000});
            let what = format!("the records of {}", metric["name"]);
            let batch =
                json!({"queries": [{"id": "a", "drill": drill}, {"id": "b", "query": query}]});
            let answer = client.post("/api/batch", &batch).await;
            assert!(answer.is(200)["results"][0]["result"].is_object(), "{what}");
            self.check(client, &answer, &[tables], &what);
            for format in ["csv", "xlsx"] {
                let export = json!({"query": query, "format": format});
                let answer = client.post("/api/export", &export).await;
                let expected = if metric["exportable"] == true {
                    200
                } else {
                    403
                };
                assert_eq!(answer.status.as_u16(), expected, "{what} as {format}");
                self.check(client, &answer, &[tables], &what);
            }
        }
        for by in ["team", "owner"] {
            let answer = client
                .get(&format!("/api/forecast?limit=1000&by={by}"))
                .await;
            self.check(client, &answer, &[tables], &format!("a forecast by {by}"));
        }
        for dimension in metrics["dimensions"].as_array().unwrap() {
            let name = dimension["name"].as_str().unwrap();
            if dimension["kind"] == "time" {
                continue;
            }
            let what = format!("the values of {name}");
            let answer = client.get(&format!("/api/values?dimension={name}")).await;
            self.check(client, &answer, &[tables], &what);
            let metric = metrics["metrics"]
                .as_array()
                .unwrap()
                .iter()
                .find(|metric| {
                    metric["dimensions"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|own| own == name)
                });
            let query = json!({
                "metrics": [metric.unwrap()["name"]], "by": [name], "limit": 3,
                "where": [{"dimension": name, "op": "in", "values": ["zq"]}],
            });
            let answer = client.post("/api/query", &query).await;
            self.check(client, &answer, &[tables], &what);
        }
    }
}

async fn nothing_is_revealed(app: App, seed: u64, every: usize) {
    let world = World::new(&app, seed).await;
    let tables = world.tables();
    let chosen = || world.people.iter().step_by(every);
    for client in chosen() {
        world.check_lists(client, &tables).await;
        world.look_for_foreign_words(client, &tables).await;
        world.look_into_the_lake(client, &tables).await;
    }
    world.look_into_copies(seed).await;
    let mut reached = BTreeSet::new();
    let (reads, writes): (Vec<&Call>, Vec<&Call>) = world
        .operations
        .calls()
        .iter()
        .partition(|call| call.method == Method::GET);
    for calls in [reads, writes] {
        for client in chosen() {
            for call in &calls {
                if !call.ends_the_session() {
                    world.call_all(client, call, &mut reached).await;
                }
            }
        }
    }
    // what ends the session comes last
    for client in chosen() {
        for call in world
            .operations
            .calls()
            .iter()
            .filter(|call| call.ends_the_session())
        {
            world.call_all(client, call, &mut reached).await;
        }
    }
    let all: BTreeSet<String> = world.operations.calls().iter().map(Call::name).collect();
    let missed: Vec<&String> = all.difference(&reached).collect();
    assert!(
        missed.is_empty(),
        "nobody could call {missed:#?}: say how in scope/calls.rs"
    );
    assert_notes_stay_private(&world).await;
}

/// What private notes say is in no change log and no table of the lake.
async fn assert_notes_stay_private(world: &World<'_>) {
    let note = RESOURCES
        .iter()
        .find(|resource| resource.name == "private_note")
        .unwrap();
    let words: BTreeMap<usize, String> = world
        .planted
        .of("private_note")
        .filter_map(|(n, _)| Some((n, Mark::text(note, n, "body")?)))
        .collect();
    assert!(!words.is_empty());
    let log = world.app.whole_log().await;
    let lake = world.app.lake_rows();
    assert!(lake.contains("zq"), "nothing of the records is in the lake");
    for word in words.values() {
        assert!(!log.contains(word.as_str()), "{word} is in the change log");
        assert!(!lake.contains(word.as_str()), "{word} is in the lake");
    }
}

mod on_sqlite {
    #[tokio::test(flavor = "multi_thread")]
    async fn no_answer_shows_what_its_caller_may_not_see() {
        super::nothing_is_revealed(crate::app::App::empty().await, 1, 1).await;
    }
}

mod on_postgres {
    #[tokio::test(flavor = "multi_thread")]
    async fn no_answer_shows_what_its_caller_may_not_see() {
        if let Some(builder) = crate::app::App::builder().on_postgres().await {
            super::nothing_is_revealed(builder.build().await, 2, 3).await;
        }
    }
}
