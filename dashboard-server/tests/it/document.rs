use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use millrace_dashboard_server::openapi;
use millrace_operations::entity::RESOURCES;
use serde_json::{Value, json};

use crate::app::App;

/// The web app's types are made from this file: `UPDATE=1 cargo test -p millrace-dashboard-server`
/// writes it anew.
#[test]
fn the_openapi_document_in_the_repository_is_that_of_the_server() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let mut document = serde_json::to_string_pretty(&openapi()).unwrap();
    document.push('\n');
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &document).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        stored == document,
        "openapi.json is not that of the server: run the tests with UPDATE=1, then \
         `npm --prefix dashboard-server/web run api`"
    );
}

/// What nothing stands behind cannot be generated from.
#[test]
fn every_reference_of_the_document_leads_to_something() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(
                    members
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = openapi();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    found.retain(|reference| {
        document
            .pointer(reference.trim_start_matches('#'))
            .is_none()
    });
    assert!(found.is_empty(), "{found:?}");
}

/// Generated clients name their functions after them.
#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = openapi();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(responses) = operation.get("responses") else {
                continue;
            };
            assert!(responses.is_object());
            let name = operation["operationId"].as_str();
            let name = name.unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name), "{method} {path} is {name} too");
        }
    }
    assert!(names.len() > 200, "{}", names.len());
}

/// The shapes in the document are written beside the types that are sent; this holds them together.
#[tokio::test]
async fn answers_have_the_shape_that_the_document_says() {
    let app = App::with_deals().await;
    let document: Value = serde_json::from_str(&app.get("/api/openapi.json").await.text()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let query = json!({
        "metrics": ["win_rate"], "by": ["region"], "limit": 1,
        "period": {"from": "2026-09-01", "to": "2026-09-30"}, "compare": "previous",
        "where": [{"dimension": "late_entry", "op": "is_null", "values": []}],
        "order": "win_rate", "as_of": "2026-10-01T00:00:00Z"
    });
    let check = |schema: &str, value: &Value| check(&document, schema, value);

    let answer = app.post("/api/query", &query).await.json();
    check("QueryResult", &answer);
    check("Query", &answer["query"]);
    check("Column", &answer["columns"][1]);
    let drill = json!({"query": query, "limit": 1});
    let answer = app.post("/api/drill", &drill).await.json();
    check("DrillResult", &answer);
    check("RecordColumn", &answer["columns"][0]);
    let drivers = json!({
        "metric": "win_rate", "period": {"from": "2026-09-01", "to": "2026-09-30"},
        "compare": "previous", "by": ["region", "product"]
    });
    let answer = app.post("/api/drivers", &drivers).await.json();
    check("DriversResult", &answer);
    check("Segment", &answer["rest"]);
    let forecast = app.get("/api/forecast?by=owner").await.json();
    check("Forecast", &forecast);
    check("ForecastDay", &forecast["path"][0]);
    check("ForecastDeal", &forecast["deals"][0]);
    check("ForecastLearned", &forecast["learned"]);
    check("Status", &app.get("/api/status").await.json());
    let registry = app.get("/api/metrics").await.json();
    check("Registry", &registry);
    check("Metric", &registry["metrics"][0]);
    check("Dimension", &registry["dimensions"][0]);
    let problem = app
        .post("/api/query", &json!({"metrics": ["win_rat"]}))
        .await
        .json();
    check("Problem", &problem);
}

/// Two types of one name would have one schema, of whichever comes last.
#[test]
fn every_shape_has_a_name_of_its_own() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut names: Vec<String> = RESOURCES
        .iter()
        .flat_map(|resource| {
            resource
                .name
                .split('_')
                .map(capitalised)
                .reduce(|a, b| a + &b)
        })
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.extend(shapes(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(
        twice.is_empty(),
        "say `#[schema(as = …)]` for one of each: {twice:?}"
    );
    assert!(names.len() > 100);
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// The names of the schemas that a file declares.
fn shapes(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut given = None;
        for line in lines.by_ref() {
            if let Some((_, rest)) = line.split_once("schema(as = ") {
                given = rest.split([')', ',']).next();
            }
            let words: Vec<&str> = line.split([' ', '<', '(', ';']).collect();
            if let Some(at) = words
                .iter()
                .position(|word| ["struct", "enum"].contains(word))
            {
                names.push(given.unwrap_or(words[at + 1]).to_owned());
                break;
            }
        }
    }
    names
}

/// Every key is known, and every key that must be there is.
fn check(document: &Value, schema: &str, value: &Value) {
    let shape = &document["components"]["schemas"][schema];
    let known: BTreeSet<&str> = shape["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let found: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let unknown: Vec<_> = found.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "{schema} has keys beside its schema: {unknown:?}"
    );
    for required in shape["required"].as_array().into_iter().flatten() {
        assert!(
            found.contains(required.as_str().unwrap()),
            "{schema} lacks {required}"
        );
    }
}
