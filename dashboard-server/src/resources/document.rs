//! The part of the OpenAPI document that follows from the descriptions of the resources.

mod operations;
mod parameters;
mod schemas;

use millrace_operations::entity::RESOURCES;
use millrace_operations::resource::Resource;
use serde_json::{Value, json};

use crate::answer::path_of;

/// Adds paths, schemas and tags of all resources.
pub(crate) fn add(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas::common() {
            schemas.insert(name.to_owned(), schema);
        }
        for resource in RESOURCES {
            schemas.extend(schemas::of(resource));
        }
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        for resource in RESOURCES {
            for (path, operations) in operations::of(resource) {
                let item = paths.entry(path).or_insert_with(|| json!({}));
                for (method, operation) in operations {
                    // What a handler says of itself goes first: it is the one that answers.
                    if item.get(method).is_none() {
                        item[method] = operation;
                    }
                }
            }
        }
    }
    if let Some(tags) = document["tags"].as_array_mut() {
        for resource in RESOURCES {
            let name = path_of(resource);
            if !tags.iter().any(|tag| tag["name"] == *name) {
                tags.push(json!({"name": name, "description": resource.doc.trim()}));
            }
        }
    }
}

/// The name of a resource in schemas: `payment_plan` is `PaymentPlan`.
fn camel(resource: &Resource) -> String {
    let parts = resource.name.split('_').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect()
}

/// A reference to a schema.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
