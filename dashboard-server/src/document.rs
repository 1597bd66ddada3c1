//! The OpenAPI 3.1 document: what the handlers say of themselves, what follows from the resources,
//! and what is the same for all operations.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::resources;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// What the statuses of problems mean, whatever the operation.
const MEANINGS: [(&str, &str); 14] = [
    ("400", "The parameters or the body cannot be read"),
    ("401", "Nobody is signed in"),
    (
        "403",
        "The role does not allow it, or the password must be changed first",
    ),
    ("404", "There is no such record that the caller may see"),
    ("409", "It contradicts how the record stands"),
    ("412", "The record has changed since it was read"),
    ("413", "The body is too large"),
    ("415", "The body is not declared as application/json"),
    ("421", "The host is not served here"),
    ("422", "Some values are wrong; `fields` says which"),
    ("428", "The header If-Match is missing"),
    (
        "429",
        "It was too often; `until` says when it can be tried again",
    ),
    ("500", "The server failed; its log says why"),
    ("503", "The server is busy; try again"),
];

/// What a problem of any other status means.
const DEFAULT: &str = "What went wrong, and what would be right";

/// The document, from what the handlers say of themselves.
pub(crate) fn complete(handlers: &OpenApi) -> Value {
    let mut document = serde_json::to_value(handlers).unwrap_or_default();
    resources::document::add(&mut document);
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "millrace_session",
            "description": "Set by POST /api/session. Requests other than GET and HEAD repeat the \
                            `csrf_token` of GET /api/session in the header X-CSRF-Token.",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Made by POST /api/tokens: `mrt_…`.",
        },
    });
    let problems = MEANINGS
        .iter()
        .map(|(status, meaning)| ((*status).to_owned(), problem(meaning)));
    let problems = problems.chain([("default".to_owned(), problem(DEFAULT))]);
    let problems: Map<String, Value> = problems
        .map(|(status, response)| (name(&status), response))
        .collect();
    document["components"]["responses"] = problems.into();
    document["security"] = json!([{"session": []}, {"token": []}]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                name_operation(path, operation);
                add_problems(path, operation);
            }
        }
    }
    document
}

/// A handler is named after what it does, and several resources do the same: `close` of
/// `/api/tickets/{id}/close` is `close_tickets`. Generated clients need the names to be unique.
fn name_operation(path: &str, operation: &mut Map<String, Value>) {
    let resource = path.split('/').nth(2).unwrap_or_default().replace('-', "_");
    if let Some(Value::String(name)) = operation.get_mut("operationId")
        && !name.ends_with(&resource)
    {
        *name = format!("{name}_{resource}");
    }
}

/// Every operation fails in the same shape; said once here instead of at each.
fn add_problems(path: &str, operation: &mut Map<String, Value>) {
    let mut possible = vec!["421", "500", "503"];
    let open = operation.get("security").is_some();
    possible.extend(if open { &["403"][..] } else { &["401", "403"] });
    let parameters = operation.get("parameters").and_then(Value::as_array);
    if parameters.is_some_and(|all| all.iter().any(|one| one["in"] != "path")) {
        possible.push("400");
    }
    if operation.contains_key("requestBody") {
        possible.extend(["400", "413", "415", "422"]);
    }
    if path.contains("{id}") {
        possible.push("404");
    }
    let responses = operation
        .entry("responses")
        .or_insert_with(|| json!({}))
        .as_object_mut();
    let Some(responses) = responses else { return };
    for (status, response) in responses.iter_mut() {
        let failed = status.starts_with(['4', '5']);
        if failed && response.get("content").is_none() && response.get("$ref").is_none() {
            *response = problem(response["description"].as_str().unwrap_or(DEFAULT));
        }
    }
    possible.push("default");
    for status in possible {
        let usual = usual(status);
        responses.entry(status).or_insert(usual);
    }
    responses.sort_keys();
}

/// What a problem of that status usually means.
pub(crate) fn usual(status: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{}", name(status)) })
}

/// The name of a response in the components.
fn name(status: &str) -> String {
    format!("Problem{}", status.trim_start_matches("default"))
}

fn problem(description: &str) -> Value {
    json!({
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    })
}
