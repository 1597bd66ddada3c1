//! The operations of a resource.

use millrace_operations::resource::Resource;
use serde_json::{Map, Value, json};

use super::super::{bulk, exported};
use super::parameters::{export, list, query};
use super::{camel, reference};
use crate::answer::path_of;
use crate::document::usual;
use crate::export::XLSX_TYPE;

/// The operations of a path, by method.
type Operations = Vec<(&'static str, Value)>;

/// The paths of a resource with their operations.
pub(super) fn of(resource: &'static Resource) -> Vec<(String, Operations)> {
    let path = format!("/api/{}", path_of(resource));
    let about = Tag(resource);
    let mut many = vec![("get", about.list())];
    let mut one = vec![("get", about.get())];
    if resource.open {
        many.push(("post", about.create()));
        one.extend([("patch", about.change()), ("delete", about.delete())]);
    }
    let mut paths = vec![
        (path.clone(), many),
        (format!("{path}/{{id}}"), one),
        (
            format!("{path}/{{id}}/history"),
            vec![("get", about.history())],
        ),
    ];
    if exported(resource) {
        paths.push((format!("{path}/export"), vec![("get", about.export())]));
    }
    if !bulk::actions(resource).is_empty() {
        paths.push((format!("{path}/bulk"), vec![("post", about.bulk())]));
    }
    paths
}

/// The operations of one resource.
struct Tag(&'static Resource);

impl Tag {
    fn words(&self) -> String {
        self.0.name.replace('_', " ")
    }

    fn operation(
        &self,
        verb: &str,
        summary: &str,
        parameters: Vec<Value>,
        responses: Value,
    ) -> Value {
        json!({
            "tags": [path_of(self.0)],
            "summary": summary,
            "operationId": format!("{verb}_{}", self.0.table),
            "parameters": parameters,
            "responses": responses,
        })
    }

    fn list(&self) -> Value {
        let name = camel(self.0);
        let responses = json!({"200": answer("A page of records", &format!("{name}Page"))});
        let summary = format!("The {} records that the caller may read", self.words());
        self.operation("list", &summary, list(self.0), responses)
    }

    fn get(&self) -> Value {
        let responses = json!({"200": self.shown("The record")});
        let summary = format!("A {} record", self.words());
        self.operation("get", &summary, vec![id()], responses)
    }

    fn create(&self) -> Value {
        let mut created = self.outcome("The record");
        created["headers"]["Location"] = header("Where it is");
        let responses = problems(json!({"201": created}), &["409", "429"]);
        let key = json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same key with the same body is answered with the same record and makes no other, for a day.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        });
        let summary = format!("Add a {} record", self.words());
        let mut operation = self.operation("create", &summary, vec![key], responses);
        operation["requestBody"] = body(&format!("New{}", camel(self.0)));
        operation
    }

    fn change(&self) -> Value {
        let responses = problems(
            json!({"200": self.outcome("The record, changed")}),
            &["409", "412", "428"],
        );
        let summary = format!("Change fields of a {} record", self.words());
        let mut operation = self.operation("change", &summary, vec![id(), if_match()], responses);
        operation["requestBody"] = body(&format!("{}Change", camel(self.0)));
        operation
    }

    fn delete(&self) -> Value {
        let responses = json!({"204": {"description": "It is marked as deleted"}});
        let responses = problems(responses, &["409", "412", "428"]);
        let summary = format!("Mark a {} record as deleted", self.words());
        self.operation("delete", &summary, vec![id(), if_match()], responses)
    }

    fn history(&self) -> Value {
        let responses = json!({"200": answer("The changes, the latest first", "History")});
        let number = json!({"type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_i64});
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 100});
        let parameters = vec![
            id(),
            query("before", "`next` of the part before.", &number),
            query("limit", "How many changes; 50 without it.", &limit),
        ];
        let summary = format!("What happened to a {} record, field by field", self.words());
        self.operation("history_of", &summary, parameters, responses)
    }

    fn export(&self) -> Value {
        let file = json!({"schema": {"type": "string"}});
        let mut content = Map::new();
        content.insert("text/csv".to_owned(), file.clone());
        content.insert(XLSX_TYPE.to_owned(), file);
        let responses = json!({"200": {"description": "The file", "content": content}});
        let summary = format!(
            "All {} records that the list gives, as a file",
            self.words()
        );
        self.operation("export", &summary, export(self.0), responses)
    }

    fn bulk(&self) -> Value {
        let name = camel(self.0);
        let responses = json!({"200": answer("What became of each", &format!("{name}BulkDone"))});
        let summary = format!("The same to many {} records, each by itself", self.words());
        let mut operation = self.operation("bulk", &summary, Vec::new(), responses);
        operation["requestBody"] = body(&format!("{name}Bulk"));
        operation
    }

    fn shown(&self, description: &str) -> Value {
        self.with_version(description, "Shown")
    }

    fn outcome(&self, description: &str) -> Value {
        self.with_version(description, "Outcome")
    }

    fn with_version(&self, description: &str, shape: &str) -> Value {
        let mut response = answer(description, &format!("{}{shape}", camel(self.0)));
        response["headers"] = json!({"ETag": header("The version of the record, for If-Match")});
        response
    }
}

fn answer(description: &str, schema: &str) -> Value {
    json!({
        "description": description,
        "content": {"application/json": {"schema": reference(schema)}},
    })
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

fn body(schema: &str) -> Value {
    json!({
        "required": true,
        "content": {"application/json": {"schema": reference(schema)}},
    })
}

fn id() -> Value {
    json!({
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of the record.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 9_007_199_254_740_991_i64},
    })
}

fn if_match() -> Value {
    json!({
        "name": "If-Match",
        "in": "header",
        "required": true,
        "description": "The ETag of the record that was read: its version in quotes.",
        "schema": {"type": "string", "pattern": "^\"[0-9]{1,15}\"$"},
    })
}

/// The responses with problems that are particular to the operation.
fn problems(mut responses: Value, statuses: &[&str]) -> Value {
    for status in statuses {
        responses[*status] = usual(status);
    }
    responses
}
