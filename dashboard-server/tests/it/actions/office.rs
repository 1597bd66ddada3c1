//! A team at work, and one beside it.

use axum::body::Body;
use axum::http::{Method, header};
use millrace_operations::entity::{account, opportunity, product, stage, ticket, todo};
use millrace_operations::resource::Resource;
use millrace_operations::resources::create;
use millrace_operations::row::Row;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use crate::app::{Answer, App, Client};

/// The people of a team, who see their own, and those of another.
pub(crate) struct Office<'a> {
    pub(crate) app: &'a App,
    pub(crate) rep: Client<'a>,
    pub(crate) lead: Client<'a>,
    pub(crate) assistant: Client<'a>,
    pub(crate) finance: Client<'a>,
    pub(crate) admin: Client<'a>,
    pub(crate) other_rep: Client<'a>,
    pub(crate) other_assistant: Client<'a>,
    pub(crate) account: i64,
}

impl<'a> Office<'a> {
    pub(crate) async fn open(app: &'a App) -> Self {
        let east = Some(app.team("East", None).await);
        let south = Some(app.team("South", None).await);
        let rep = app.user("rep", "rep", east).await;
        let input = json!({"name": "上海宏成阀门有限公司", "region": "华东"});
        let made = make(app, &rep, &account::RESOURCE, &input).await;
        Self {
            app,
            lead: app.user("lead", "team_lead", east).await,
            assistant: app.user("assistant", "sales_assistant", east).await,
            finance: app.user("finance", "finance", None).await,
            admin: app.user("root", "administrator", None).await,
            other_rep: app.user("other_rep", "rep", south).await,
            other_assistant: app.user("other", "sales_assistant", south).await,
            account: made["id"].as_i64().unwrap(),
            rep,
        }
    }

    pub(crate) async fn deal(&self) -> i64 {
        let input = json!({"name": "Valves", "account_id": self.account});
        let made = make(self.app, &self.rep, &opportunity::RESOURCE, &input).await;
        made["id"].as_i64().unwrap()
    }

    pub(crate) async fn ticket(&self) -> i64 {
        let input = json!({"kind": "complaint", "title": "It leaks", "account_id": self.account});
        let made = make(self.app, &self.rep, &ticket::RESOURCE, &input).await;
        made["id"].as_i64().unwrap()
    }

    pub(crate) async fn todo(&self) -> i64 {
        let made = make(
            self.app,
            &self.rep,
            &todo::RESOURCE,
            &json!({"title": "call"}),
        )
        .await;
        made["id"].as_i64().unwrap()
    }

    /// A product at 100.
    pub(crate) async fn valve(&self) -> i64 {
        let product = product::ActiveModel {
            code: Set("valve".to_owned()),
            name: Set("The valve".to_owned()),
            list_price: Set(Some(100_000_000)),
            ..Default::default()
        };
        self.app.insert::<product::Model>(product).await.id
    }

    pub(crate) async fn stage(&self, code: &str) -> i64 {
        let found = stage::Entity::find().filter(stage::Column::Code.eq(code));
        found
            .one(self.app.store.reader())
            .await
            .unwrap()
            .unwrap()
            .id
    }

    /// Moves a deal of the rep up to a stage, one by one.
    pub(crate) async fn advance(&self, deal: i64, codes: &[&str]) {
        for code in codes {
            let body = json!({"stage_id": self.stage(code).await});
            self.rep
                .post(&format!("/api/opportunities/{deal}/move"), &body)
                .await
                .is(200);
        }
    }

    /// Brings a file of the rep.
    pub(crate) async fn upload(&self, entity: &str, record_id: i64, kind: &str) -> Answer {
        let parts = [
            ("entity", entity.to_owned()),
            ("record_id", record_id.to_string()),
            ("kind", kind.to_owned()),
        ];
        upload(&self.rep, &parts, "需求.pdf", b"%PDF-1.7 what we need").await
    }
}

/// A record that somebody makes.
pub(crate) async fn make(
    app: &App,
    client: &Client<'_>,
    resource: &'static Resource,
    input: &Value,
) -> Row {
    let input = input.as_object().unwrap();
    create(&app.store, client.caller(), resource, input)
        .await
        .unwrap()
}

/// A file after parts.
pub(crate) async fn upload(
    client: &Client<'_>,
    parts: &[(&str, String)],
    name: &str,
    bytes: &[u8],
) -> Answer {
    let mut body = Vec::new();
    for (part, value) in parts {
        let head = format!("--cut\r\ncontent-disposition: form-data; name=\"{part}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    let request = client
        .request(Method::POST, "/api/attachments")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
    client.raw(request.body(Body::from(body)).unwrap()).await
}

/// The id of the record that was answered.
#[track_caller]
pub(crate) fn id(answer: &Value) -> i64 {
    answer["record"]["id"].as_i64().unwrap()
}

/// The field that a problem names first.
#[track_caller]
pub(crate) fn fault(answer: &Answer) -> String {
    let problem = answer.is_problem(422, "invalid");
    problem["fields"][0]["field"].as_str().unwrap().to_owned()
}

/// The rule that a problem names.
#[track_caller]
pub(crate) fn rule(answer: &Answer) -> String {
    let problem = answer.is_problem(409, "refused");
    problem["rule"].as_str().unwrap().to_owned()
}

/// The state that a problem names.
#[track_caller]
pub(crate) fn state(answer: &Answer) -> String {
    let problem = answer.is_problem(409, "state");
    problem["state"].as_str().unwrap().to_owned()
}
