//! A server in process: a lake made by the ordinary way of ingest and run, a store with roles and
//! pipeline, and clients for each kind of caller.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use millrace_dashboard_server::{AppState, Parts, router};
use millrace_ingest::{IngestOptions, OnError, Silent, WINDOW, ingest_changes, ingest_mapping};
use millrace_jobs::RunOptions;
use millrace_lake::Lake;
use millrace_models::config::{Company, ServerSettings};
use millrace_models::scope::{Action, Allowance};
use millrace_operations::entity::{RESOURCES, role, team, user};
use millrace_operations::setup::initialise;
use millrace_operations::sign_in::{Password, change_password, create_token, set_password};
use millrace_operations::testing::{ManualClock, Postgres};
use millrace_operations::{Actor, Caller, Place, Record, Store, Unit};
use object_store::memory::InMemory;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, Set,
    Statement,
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

const MAPPING: &str = r#"
zone = "Asia/Shanghai"
system = "crm"

[[source]]
file = "accounts.csv"
entity = "account"
columns = { id = "id", name = "name", region = "region", industry = "industry" }

[[source]]
file = "deals.csv"
entity = "opportunity"
columns = { id = "id", account = "account", owner = "owner", opened_at = "opened", closed_at = "closed", outcome = "outcome", amount = "amount", lost_reason = "reason" }
"#;

const ACCOUNTS: &str = "id,name,region,industry\n\
    A1,上海宏成阀门有限公司,华东,化工\n\
    A2,\"=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\",华东,电力\n\
    A3,广州润朗消防工程有限公司,华南,消防\n";

const DEALS: &str = "id,account,owner,opened,closed,outcome,amount,reason\n\
    D1,A1,王磊,2026-07-01,2026-08-10,won,120000,\n\
    D2,A1,王磊,2026-07-05,2026-08-20,lost,50000,价格\n\
    D3,A2,李建军,2026-08-01,2026-09-15,won,80000.5,\n\
    D4,A3,李建军,2026-08-11,2026-09-20,lost,30000,交期\n\
    D5,A3,邓永成,2026-08-15,2026-09-30,lost,10000,价格\n\
    00123,A3,邓永成,2026-09-01,,open,70000,\n";

/// The password of those who have one.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server, with what it stands on.
pub(crate) struct App {
    router: Router,
    pub(crate) state: AppState,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    administrator: Option<String>,
    lake: Lake,
    company: Company,
    folder: TempDir,
}

/// How a server is to be.
#[derive(Default)]
pub(crate) struct AppBuilder {
    deals: bool,
    database: Option<String>,
    settings: ServerSettings,
    listen: Option<SocketAddr>,
}

impl AppBuilder {
    /// With a lake of six deals.
    pub(crate) fn with_deals(mut self) -> Self {
        self.deals = true;
        self
    }

    /// On PostgreSQL; none where it is not installed.
    pub(crate) async fn on_postgres(mut self) -> Option<Self> {
        self.database = Some(Postgres::shared()?.database().await.unwrap());
        Some(self)
    }

    /// Reached as these settings say.
    pub(crate) fn reached(mut self, settings: ServerSettings) -> Self {
        self.settings = settings;
        self
    }

    pub(crate) async fn build(self) -> App {
        let folder = tempfile::tempdir().unwrap();
        let company = Company {
            name: "水车阀门".to_owned(),
            ..Company::default()
        };
        let lake = Lake::init(&folder.path().join("lake")).await.unwrap();
        if self.deals {
            fill(&lake, &company, &folder).await;
        }
        let place = match self.database {
            Some(url) => Place::Url(url),
            None => Place::File(folder.path().join("operations.db")),
        };
        let clock = Arc::new(ManualClock::at(now()));
        let store = Store::open(&place, clock.clone(), &company).await.unwrap();
        initialise(&store).await.unwrap();
        let state = AppState::new(Parts {
            store: store.clone(),
            lake: lake.clone(),
            attachments: Arc::new(InMemory::new()),
            company: company.clone(),
            settings: self.settings,
            listen: self.listen,
        });
        let mut app = App {
            router: router(state.clone()),
            state,
            store,
            clock,
            administrator: None,
            lake,
            company,
            folder,
        };
        app.administrator = app.client("administrator").await.token;
        app
    }
}

async fn fill(lake: &Lake, company: &Company, folder: &TempDir) {
    for (name, text) in [
        ("mapping.toml", MAPPING),
        ("accounts.csv", ACCOUNTS),
        ("deals.csv", DEALS),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let options = IngestOptions {
        company_zone: company.zone,
        now: now(),
        on_error: OnError::Stop,
        dry_run: false,
        progress: &Silent,
    };
    ingest_mapping(lake, &folder.path().join("mapping.toml"), &options)
        .await
        .unwrap();
    run(lake, company).await;
}

async fn run(lake: &Lake, company: &Company) {
    millrace_jobs::run(lake, &options(company)).await.unwrap();
}

fn options(company: &Company) -> RunOptions {
    RunOptions {
        company: company.clone(),
        as_of: None,
        now: now(),
        jobs: Vec::new(),
        full: true,
        rows_at_once: millrace_jobs::ROWS_AT_ONCE,
        engine: Arc::new(millrace_jobs::engine::Local),
        gate: Arc::new(millrace_jobs::Open),
        fence: 0,
        progress: Arc::new(millrace_jobs::Silent),
    }
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// That it is a success with that status, and its JSON.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.shown());
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// That it is a problem with that status and code, and the problem.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.shown());
        assert_eq!(
            self.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:millrace:problem:{code}"));
        assert_eq!(problem["status"], status);
        problem
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-10-08T02:30:00Z".parse().unwrap()
}

impl App {
    pub(crate) fn builder() -> AppBuilder {
        AppBuilder::default()
    }

    /// A server over a lake of six deals.
    pub(crate) async fn with_deals() -> Self {
        Self::builder().with_deals().build().await
    }

    /// A server over a lake that nothing was ever brought into, on SQLite.
    pub(crate) async fn empty() -> Self {
        Self::builder().build().await
    }

    /// A new user with that role, whose name is that of the role, as a client with a token for all
    /// that the role may do.
    pub(crate) async fn client(&self, role: &str) -> Client<'_> {
        self.user(role, role, None).await
    }

    /// A new user with that role in that team, as a client.
    pub(crate) async fn user(
        &self,
        username: &str,
        role: &str,
        team_id: Option<i64>,
    ) -> Client<'_> {
        let caller = self.add_user(username, role, team_id).await;
        let all = [
            Action::Create,
            Action::Read,
            Action::Update,
            Action::Delete,
            Action::Export,
            Action::Claim,
            Action::Assign,
        ];
        let allowances = all.map(|action| Allowance {
            entity: "*".to_owned(),
            action,
        });
        let made = create_token(&self.store, &caller, "test", &allowances, None)
            .await
            .unwrap();
        Client {
            app: self,
            token: Some(made.token),
            caller: Some(caller),
        }
    }

    /// A client that nobody has signed in.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client {
            app: self,
            token: None,
            caller: None,
        }
    }

    /// A new user with that role.
    pub(crate) async fn add_user(
        &self,
        username: &str,
        role: &str,
        team_id: Option<i64>,
    ) -> Caller {
        let user = self
            .store
            .write(&Actor::system("test"), async |unit| {
                let role = role::Entity::find()
                    .filter(role::Column::Code.eq(role))
                    .one(&unit)
                    .await?
                    .unwrap();
                let user = user::ActiveModel {
                    username: Set(username.to_owned()),
                    name: Set(format!("Name of {username}")),
                    role_id: Set(role.id),
                    team_id: Set(team_id),
                    ..Default::default()
                };
                unit.insert::<user::Model>(user).await
            })
            .await
            .unwrap();
        self.store.caller(user.id).await.unwrap()
    }

    /// Gives a user the [`PASSWORD`].
    pub(crate) async fn give_password(&self, user_id: i64) {
        let first = Password::from("to be changed soon".to_owned());
        let second = Password::from(PASSWORD.to_owned());
        set_password(&self.store, user_id, &first).await.unwrap();
        change_password(&self.store, user_id, &first, &second)
            .await
            .unwrap();
    }

    /// A new team.
    pub(crate) async fn team(&self, name: &str, parent_id: Option<i64>) -> i64 {
        let team = team::ActiveModel {
            name: Set(name.to_owned()),
            parent_id: Set(parent_id),
            ..Default::default()
        };
        self.insert::<team::Model>(team).await.id
    }

    /// A record that stands there, whoever made it.
    pub(crate) async fn insert<R: Record + Sync>(&self, draft: millrace_operations::Draft<R>) -> R
    where
        millrace_operations::Draft<R>: ActiveModelTrait + Clone + Send + Sync,
    {
        self.store
            .write(&Actor::system("test"), async |unit: Unit| {
                unit.insert::<R>(draft.clone()).await
            })
            .await
            .unwrap()
    }

    /// What the change log says is brought into the lake, and the marts are made of it.
    pub(crate) async fn bring_into_the_lake(&self) {
        ingest_changes(&self.lake, &self.store, WINDOW, now())
            .await
            .unwrap();
        run(&self.lake, &self.company).await;
    }

    /// The last day that is over is scored, by the rules in force.
    pub(crate) async fn score(&self) {
        let rules = millrace_operations::service::scorecard::rules(self.store.reader()).await;
        let again = millrace_jobs::health::Again::Changed;
        millrace_jobs::health::score(&self.lake, &options(&self.company), &rules.unwrap(), again)
            .await
            .unwrap();
    }

    /// What follows from the scores is done.
    pub(crate) async fn follow_scores(&self) {
        let followed = millrace_jobs::health::follow(&self.lake, &self.store);
        followed.await.unwrap();
    }

    /// The whole change log.
    pub(crate) async fn whole_log(&self) -> String {
        let log = self.rows("SELECT CAST(before AS TEXT), CAST(after AS TEXT) FROM change_log");
        let log = log.await.into_iter().map(|row| {
            let cell = |place| row.try_get_by_index::<Option<String>>(place).unwrap();
            format!(
                "{}{}",
                cell(0).unwrap_or_default(),
                cell(1).unwrap_or_default()
            )
        });
        log.collect()
    }

    /// All rows of all files of the lake.
    pub(crate) fn lake_rows(&self) -> String {
        let mut folders = vec![self.folder.path().join("lake")];
        let mut rows = String::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "parquet") {
                    let file = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
                    rows.extend(
                        file.get_row_iter(None)
                            .unwrap()
                            .map(|row| row.unwrap().to_string()),
                    );
                }
            }
        }
        rows
    }

    /// Records by their human numbers.
    pub(crate) async fn numbers(&self) -> BTreeMap<String, (&'static str, i64)> {
        let mut numbers = BTreeMap::new();
        for resource in RESOURCES
            .iter()
            .filter(|resource| resource.prefix.is_some())
        {
            let sql = format!("SELECT number, id FROM {}", resource.table);
            for row in self.rows(&sql).await {
                let number: String = row.try_get_by_index(0).unwrap();
                let id: i64 = row.try_get_by_index(1).unwrap();
                numbers.insert(number, (resource.name, id));
            }
        }
        numbers
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.store.backend(), sql);
        self.store.reader().query_all_raw(statement).await.unwrap()
    }

    /// Sends a request as it is; the answer is still to be read.
    pub(crate) async fn open(&self, mut request: Request<Body>) -> Response<Body> {
        let peer: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (head, body) = response.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// A request of the administrator.
    pub(crate) fn request(&self, method: Method, address: &str) -> Builder {
        let token = self.administrator.as_deref().unwrap_or_default();
        Request::builder()
            .method(method)
            .uri(address)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
    }

    /// GET, as the administrator.
    pub(crate) async fn get(&self, address: &str) -> Answer {
        let request = self.request(Method::GET, address);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// POST, as the administrator.
    pub(crate) async fn post(&self, address: &str, body: &Value) -> Answer {
        let request = self
            .request(Method::POST, address)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }
}

/// Somebody who sends requests.
pub(crate) struct Client<'a> {
    app: &'a App,
    token: Option<String>,
    caller: Option<Caller>,
}

impl Client<'_> {
    /// Who it is.
    pub(crate) fn caller(&self) -> &Caller {
        self.caller.as_ref().unwrap()
    }

    pub(crate) fn request(&self, method: Method, address: &str) -> Builder {
        let request = Request::builder().method(method).uri(address);
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request with a JSON body, or none where it is null.
    pub(crate) async fn send(&self, request: Builder, body: &Value) -> Answer {
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))
        };
        self.app.send(request.unwrap()).await
    }

    /// Sends a request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        self.app.send(request).await
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.send(self.request(Method::GET, address), &Value::Null)
            .await
    }

    pub(crate) async fn post(&self, address: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, address), body).await
    }

    pub(crate) async fn put(&self, address: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, address), body).await
    }

    /// PATCH of a record at that version.
    pub(crate) async fn patch(&self, address: &str, version: i64, body: &Value) -> Answer {
        let request = self
            .request(Method::PATCH, address)
            .header(header::IF_MATCH, format!("\"{version}\""));
        self.send(request, body).await
    }

    /// DELETE of a record at that version.
    pub(crate) async fn delete(&self, address: &str, version: i64) -> Answer {
        let request = self
            .request(Method::DELETE, address)
            .header(header::IF_MATCH, format!("\"{version}\""));
        self.send(request, &Value::Null).await
    }
}
