//! Calls of every operation, made from the OpenAPI document alone.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use millrace_operations::entity::{self, RESOURCES};
use millrace_operations::resource::Resource;
use serde_json::{Map, Value, json};

use crate::app::Client;

/// Which record of a resource a call is to be about.
type Choose<'a> = &'a dyn Fn(&'static Resource) -> Option<i64>;

/// The operations of a document.
pub(crate) struct Operations {
    document: Value,
    calls: Vec<Call>,
}

/// One operation.
pub(crate) struct Call {
    pub(crate) method: Method,
    path: String,
    operation: Value,
}

/// Where a name of a field says otherwise than its resource is called.
const REFERENCES: [(&str, &str); 14] = [
    ("from_user", "user"),
    ("to_user", "user"),
    ("successor", "user"),
    ("by", "user"),
    ("manager", "user"),
    ("leader", "user"),
    ("parent", "account"),
    ("framework", "contract"),
    ("renews", "contract"),
    ("plan", "payment_plan"),
    ("instalment", "payment_plan"),
    ("line", "quote_line"),
    ("corrects", "stage_change"),
    ("duplicate_of", "opportunity"),
];

impl Operations {
    pub(crate) fn of(document: Value) -> Self {
        let mut calls = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    panic!("{path}: {method} is no method");
                };
                calls.push(Call {
                    method,
                    path: path.clone(),
                    operation: operation.clone(),
                });
            }
        }
        assert!(
            calls.len() > 100,
            "the document has only {} operations",
            calls.len()
        );
        Self { document, calls }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                self.resolved(self.document.pointer(pointer).expect(reference))
            }
            None => schema,
        }
    }

    /// A value that fits a schema. Records are referred to as `choose` says; with `all`, what may
    /// be left out is there, too.
    fn example(&self, name: &str, schema: &Value, all: bool, choose: Choose<'_>) -> Value {
        let schema = self.resolved(schema);
        for key in ["default", "const"] {
            if let Some(value) = schema.get(key).filter(|value| !value.is_null()) {
                return value.clone();
            }
        }
        if let Some(words) = schema["enum"].as_array() {
            return words[0].clone();
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                match self.example(name, part, all, choose) {
                    Value::Object(part) => whole.extend(part),
                    other => return other,
                }
            }
            return Value::Object(whole);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(ways) = schema[key].as_array() {
                let way = ways.iter().find(|way| self.resolved(way)["type"] != "null");
                return self.example(name, way.unwrap(), all, choose);
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
            kind => Some(kind.clone()),
        };
        match kind.as_ref().and_then(Value::as_str) {
            Some("object") => self.object(schema, all, choose),
            Some("array") => {
                let item = self.example(name.trim_end_matches('s'), &schema["items"], all, choose);
                json!([item])
            }
            Some("integer" | "number") => number(name, schema, choose),
            Some("boolean") => true.into(),
            Some("string") => text(name, schema),
            // anything goes
            None => json!({}),
            Some(other) => panic!("{name}: say how an example of {other:?} is made"),
        }
    }

    fn object(&self, schema: &Value, all: bool, choose: Choose<'_>) -> Value {
        let empty = Vec::new();
        let required = schema["required"].as_array().unwrap_or(&empty);
        let properties = schema["properties"].as_object();
        let chosen = properties
            .into_iter()
            .flatten()
            .filter(|(name, _)| all || required.iter().any(|own| own == name.as_str()));
        chosen
            .map(|(name, schema)| (name.clone(), self.example(name, schema, all, choose)))
            .collect::<Map<String, Value>>()
            .into()
    }
}

fn referred(name: &str) -> Option<&'static Resource> {
    let name = name.strip_suffix("_id")?;
    let known = REFERENCES
        .iter()
        .find(|(own, _)| *own == name)
        .map(|(_, target)| *target);
    known.or(Some(name)).and_then(entity::resource)
}

fn number(name: &str, schema: &Value, choose: Choose<'_>) -> Value {
    if let Some(resource) = referred(name) {
        return choose(resource).unwrap_or(1).into();
    }
    schema["minimum"].as_i64().unwrap_or(1).max(1).into()
}

fn text(name: &str, schema: &Value) -> Value {
    match (schema["format"].as_str(), name) {
        (Some("date"), _) => "2026-10-08".into(),
        (Some("date-time"), _) => "2026-10-08T01:00:00Z".into(),
        (_, "month" | "period") if schema["pattern"].is_string() => "2026-10".into(),
        (_, "where") => "[]".into(),
        (_, "currency") => "CNY".into(),
        (_, "username") => "somebody".into(),
        (_, "dimension") => "region".into(),
        (_, "ids") => "1,2,3".into(),
        (_, "q" | "search") => "zz".into(),
        (_, "password" | "new" | "old") => "a longer password 7".into(),
        _ => "x"
            .repeat(usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap())
            .into(),
    }
}

impl Call {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn address(&self, id: i64) -> String {
        self.path.replace("{id}", &id.to_string())
    }

    pub(crate) fn takes_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// The resource that the path begins with.
    pub(crate) fn resource(&self) -> Option<&'static Resource> {
        let first = self
            .path
            .strip_prefix("/api/")?
            .split('/')
            .next()?
            .replace('-', "_");
        RESOURCES
            .iter()
            .find(|resource| resource.table == first)
            .copied()
    }

    /// Whether the caller is signed out by it, or gets another password.
    pub(crate) fn ends_the_session(&self) -> bool {
        ["/api/session", "/api/sessions", "/api/password"].contains(&self.path.as_str())
            && self.method != Method::GET
    }

    /// Whether the answer comes from the lake, which the calls before have not reached.
    pub(crate) fn reads_the_lake(&self) -> bool {
        const OF_THE_LAKE: [&str; 9] = [
            "/api/adjustments",
            "/api/batch",
            "/api/drill",
            "/api/export",
            "/api/forecast",
            "/api/query",
            "/api/reports/monthly",
            "/api/reports/monthly/file",
            "/api/values",
        ];
        OF_THE_LAKE.contains(&self.path.as_str())
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
    }

    /// Whether it says more than which record it is about.
    pub(crate) fn varies(&self) -> bool {
        self.operation.get("requestBody").is_some()
            || self
                .parameters()
                .any(|parameter| parameter["in"] == "query")
    }

    /// Whether the server took the call for one of the operation.
    pub(crate) fn is_understood(&self, status: StatusCode) -> bool {
        ![400, 405, 406, 413, 415, 421].contains(&status.as_u16())
    }

    pub(crate) fn request(
        &self,
        client: &Client<'_>,
        operations: &Operations,
        id: i64,
        version: Option<i64>,
        all: bool,
        choose: Choose<'_>,
    ) -> Request<Body> {
        let mut address = self.address(id);
        assert!(
            !address.contains('{'),
            "{}: say what goes into its path",
            self.path
        );
        let mut query = Vec::new();
        let mut headers = Vec::new();
        for parameter in self.parameters() {
            let parameter = operations.resolved(parameter);
            let name = parameter["name"].as_str().unwrap();
            let required = parameter["required"] == true;
            match parameter["in"].as_str().unwrap() {
                "path" => assert_eq!(name, "id", "{}", self.path),
                "header" if name.eq_ignore_ascii_case("if-match") => {
                    headers.push((name.to_owned(), format!("\"{}\"", version.unwrap_or(1))));
                }
                // what is made under a key is made once: each call has its own
                "header" => assert!(!required, "{}: say what goes into {name}", self.path),
                "query" if required || (all && !["cursor", "filter", "before"].contains(&name)) => {
                    let value = operations.example(name, &parameter["schema"], all, choose);
                    let value = value.as_str().map_or(value.to_string(), str::to_owned);
                    query.push(format!("{name}={}", value.replace(' ', "%20")));
                }
                "query" => {}
                other => panic!("{}: say how to give a parameter in {other}", self.path),
            }
        }
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        let mut request = client.request(self.method.clone(), &address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let Some(content) = self.operation["requestBody"]["content"].as_object() else {
            return request.body(Body::empty()).unwrap();
        };
        if let Some(body) = content.get("application/json") {
            let body = self.body(operations.example("", &body["schema"], all, choose));
            return request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))
                .unwrap();
        }
        let form = content.get("multipart/form-data");
        let form = form.unwrap_or_else(|| panic!("{}: say how its body is made", self.path));
        let parts = operations.example("", &form["schema"], true, choose);
        let mut body = String::new();
        for (name, value) in parts.as_object().unwrap() {
            let file = if name == "file" {
                "; filename=\"a.txt\""
            } else {
                ""
            };
            let value = match (name.as_str(), value) {
                ("entity", _) => "account".to_owned(),
                (_, Value::String(text)) => text.clone(),
                (_, other) => other.to_string(),
            };
            body += &format!(
                "--bound\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
            );
        }
        body += "--bound--\r\n";
        request
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=bound")
            .body(Body::from(body))
            .unwrap()
    }

    /// A body that means something, where the schema alone does not say what that is.
    fn body(&self, example: Value) -> Value {
        let numbers = json!({"metrics": ["opportunities_opened"], "by": ["owner"]});
        match self.path.as_str() {
            "/api/query" => numbers,
            "/api/drill" => json!({"query": numbers}),
            "/api/adjustments" => json!({"metric": "order_amount", "by": ["owner"]}),
            "/api/drivers" => json!({
                "metric": "opportunities_opened", "by": ["owner", "account"],
                "period": {"from": "2020-01-01", "to": "2030-12-31"}, "compare": "previous"
            }),
            "/api/export" => json!({"query": numbers, "format": "csv"}),
            "/api/subscription-preview" => json!({
                "name": "x", "kind": "list", "content": {"resource": "account", "when_empty": true}
            }),
            "/api/batch" => json!({"queries": [{"id": "a", "query": numbers}]}),
            _ => example,
        }
    }
}
