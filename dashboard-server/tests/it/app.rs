//! A server over a small lake, made by the ordinary way of ingest and run.

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use millrace_dashboard_server::{AppState, router};
use millrace_ingest::{IngestOptions, OnError, Silent, ingest_mapping};
use millrace_jobs::RunOptions;
use millrace_lake::Lake;
use millrace_models::clock::FixedClock;
use millrace_models::config::Company;
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

/// A server, with the folder that its lake is in.
pub(crate) struct App {
    router: Router,
    _folder: TempDir,
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
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-10-08T02:30:00Z".parse().unwrap()
}

impl App {
    /// A server over a lake of six deals.
    pub(crate) async fn with_deals() -> Self {
        Self::new(true).await
    }

    /// A server over a lake that nothing was ever brought into.
    pub(crate) async fn empty() -> Self {
        Self::new(false).await
    }

    async fn new(filled: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::init(&folder.path().join("lake")).await.unwrap();
        let company = Company {
            name: "水车阀门".to_owned(),
            ..Company::default()
        };
        if filled {
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
            ingest_mapping(&lake, &folder.path().join("mapping.toml"), &options)
                .await
                .unwrap();
            let options = RunOptions {
                company: company.clone(),
                as_of: None,
                now: now(),
                jobs: Vec::new(),
                full: true,
                progress: Arc::new(millrace_jobs::Silent),
            };
            millrace_jobs::run(&lake, &options).await.unwrap();
        }
        let state = AppState::new(lake, company, Arc::new(FixedClock(now())));
        Self {
            router: router(state),
            _folder: folder,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.send(Request::get(address).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, address: &str, body: &Value) -> Answer {
        self.send(
            Request::post(address)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    }
}
