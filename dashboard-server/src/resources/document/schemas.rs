//! The schemas of a resource: the record, what makes and what changes one, answers and pages.

use millrace_operations::resource::{Field, Kind, Resource};
use serde_json::{Map, Value, json};

use super::super::bulk;
use super::{camel, reference};

/// Text without the character that no database takes for text.
const TEXT: &str = r"^[^\u0000]*$";
/// The same, that is not empty.
const FILLED: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// Schemas that all resources share.
pub(super) fn common() -> Vec<(&'static str, Value)> {
    let text = |description: &str| json!({"type": "string", "description": description});
    let label = json!({
        "type": "object",
        "description": "What a record is called.",
        "required": ["label"],
        "properties": {
            "label": text("Its name, title or number."),
            "number": text("Its human number."),
            "label_zh": text("Its Chinese name, where it has two."),
            "label_en": text("Its English name, where it has two."),
            "code": text("Its code."),
        },
    });
    let labels = json!({
        "type": "object",
        "description": "By resource and id, what the answer refers to and the caller may read.",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": reference("RecordLabel"),
        },
    });
    let anything = json!({"description": "A value of the field."});
    let history = json!({
        "type": "object",
        "description": "A part of a history, the latest change first.",
        "required": ["changes", "next", "labels"],
        "properties": {
            "changes": {"type": "array", "items": reference("Change")},
            "next": {
                "type": ["integer", "null"],
                "format": "int64",
                "description": "What to ask for as `before`, if there are earlier ones.",
            },
            "labels": reference("Labels"),
        },
    });
    let change = json!({
        "type": "object",
        "description": "One change of a record.",
        "required": ["seq", "at", "actor_id", "actor", "reason", "op", "fields"],
        "properties": {
            "seq": {"type": "integer", "format": "int64", "description": "Its place in the change log."},
            "at": {"type": "string", "format": "date-time", "description": "When."},
            "actor_id": {"type": ["integer", "null"], "format": "int64", "description": "The user who did it, when it was one."},
            "actor": text("Their name, or that of the job or command."),
            "reason": {"type": ["string", "null"], "description": "Why, where a reason was given."},
            "op": {"type": "string", "enum": ["insert", "update", "delete"], "description": "What was done."},
            "fields": {
                "type": "array",
                "description": "The fields that it changed, as far as the caller sees them.",
                "items": {
                    "type": "object",
                    "required": ["field", "before", "after"],
                    "properties": {"field": text("The field."), "before": anything, "after": anything},
                },
            },
        },
    });
    vec![
        ("RecordLabel", label),
        ("Labels", labels),
        ("History", history),
        ("Change", change),
    ]
}

/// The schemas of a resource, by name.
pub(super) fn of(resource: &'static Resource) -> Vec<(String, Value)> {
    let name = camel(resource);
    let shown = json!({
        "type": "object",
        "description": format!("{} and what it refers to.", resource.doc.trim().trim_end_matches('.')),
        "required": ["record", "labels"],
        "properties": {"record": reference(&name), "labels": reference("Labels")},
    });
    let outcome = json!({
        "type": "object",
        "description": "The record as it is now; null where the caller does not see it any more, as when it was passed on.",
        "required": ["record", "labels"],
        "properties": {
            "record": {"anyOf": [reference(&name), {"type": "null"}]},
            "labels": reference("Labels"),
        },
    });
    let page = json!({
        "type": "object",
        "description": "A page of records.",
        "required": ["rows", "next", "labels"],
        "properties": {
            "rows": {"type": "array", "items": reference(&name)},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page, if there is one."},
            "count": {"type": "integer", "format": "int64", "description": "How many there are on all pages, where that was asked."},
            "labels": reference("Labels"),
        },
    });
    let mut schemas = vec![
        (name.clone(), record(resource)),
        (format!("{name}Shown"), shown),
        (format!("{name}Outcome"), outcome),
        (format!("{name}Page"), page),
    ];
    if resource.open {
        schemas.push((format!("New{name}"), new(resource)));
        schemas.push((format!("{name}Change"), change(resource)));
    }
    if !bulk::actions(resource).is_empty() {
        schemas.push((format!("{name}Bulk"), bulk_request(resource)));
        schemas.push((format!("{name}BulkDone"), bulk_answer(resource)));
    }
    schemas
}

fn record(resource: &'static Resource) -> Value {
    let always = |field: &&Field| field.hidden.is_none() && !field.pool_hidden;
    let required: Vec<&str> = resource
        .fields
        .iter()
        .filter(always)
        .map(|field| field.name)
        .collect();
    let properties = resource.fields.iter().map(|field| {
        let mut schema = value(field, false);
        if !field.given {
            schema["readOnly"] = true.into();
        }
        (field.name.to_owned(), schema)
    });
    json!({
        "type": "object",
        "description": format!("{} A field that the caller does not see is absent.", resource.doc.trim()),
        "required": required,
        "properties": properties.collect::<Map<_, _>>(),
    })
}

fn new(resource: &'static Resource) -> Value {
    let required: Vec<&str> = resource.required_fields().map(|field| field.name).collect();
    json!({
        "type": "object",
        "description": format!("What makes a new record. {}", resource.doc.trim()),
        "required": required,
        "properties": given(resource),
        "additionalProperties": false,
    })
}

fn change(resource: &'static Resource) -> Value {
    json!({
        "type": "object",
        "description": format!("The fields to be changed; others stay. {}", resource.doc.trim()),
        "properties": given(resource),
        "additionalProperties": false,
    })
}

fn given(resource: &'static Resource) -> Map<String, Value> {
    let given = resource.fields.iter().filter(|field| field.given);
    given
        .map(|field| (field.name.to_owned(), value(field, true)))
        .collect()
}

fn bulk_request(resource: &'static Resource) -> Value {
    let actions = bulk::actions(resource);
    let ways = actions
        .into_iter()
        .map(|action| bulk_action(resource, action));
    json!({
        "description": "The same to many records, each by itself.",
        "oneOf": ways.collect::<Vec<_>>(),
    })
}

fn bulk_action(resource: &'static Resource, action: bulk::Action) -> Value {
    let must = matches!(action, bulk::Action::Release | bulk::Action::Assign);
    let mut reason = json!({"type": "string", "pattern": FILLED, "maxLength": bulk::LONGEST_REASON, "description": "Why."});
    if !must {
        reason["pattern"] = TEXT.into();
        make_nullable(&mut reason);
    }
    let id =
        json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": Field::GREATEST});
    let mut properties = json!({
        "action": {"type": "string", "enum": [action.name()], "description": "What is to be done."},
        "items": {
            "type": "array",
            "minItems": 1,
            "maxItems": bulk::MOST_ITEMS,
            "description": "To which records.",
            "items": {
                "type": "object",
                "required": ["id"],
                "additionalProperties": false,
                "properties": {
                    "id": id,
                    "version": {
                        "type": ["integer", "null"],
                        "format": "int64",
                        "minimum": 0,
                        "maximum": Field::GREATEST,
                        "description": "The version that was read; without it the record is taken as it is.",
                    },
                },
            },
        },
        "reason": reason,
    });
    let mut required = vec!["action", "items"];
    if must {
        required.push("reason");
    }
    if action == bulk::Action::Update {
        required.push("changes");
        properties["changes"] = reference(&format!("{}Change", camel(resource)));
    }
    if action == bulk::Action::Assign {
        required.push("user_id");
        properties["user_id"] = id;
    }
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn bulk_answer(resource: &'static Resource) -> Value {
    json!({
        "type": "object",
        "description": "What became of each record, in the order of the request.",
        "required": ["results"],
        "properties": {"results": {"type": "array", "items": {
            "type": "object",
            "description": "A `problem` when it failed; otherwise the `record`, where the caller still sees it.",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer", "format": "int64"},
                "record": reference(&camel(resource)),
                "problem": reference("Problem"),
            },
        }}},
    })
}

/// The schema of a value of a field, as it is shown or as it is given.
fn value(field: &'static Field, given: bool) -> Value {
    let mut schema = match field.kind {
        Kind::Text if given => json!({
            "type": "string",
            "maxLength": field.max_length,
            "pattern": if field.required { FILLED } else { TEXT },
        }),
        Kind::Text => json!({"type": "string"}),
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Date => json!({"type": "string", "format": "date"}),
        Kind::Json if given => json!({
            "type": ["object", "array", "string", "number", "boolean"],
            "additionalProperties": true,
            "items": {},
        }),
        Kind::Json => json!({}),
        _ => json!({"type": "integer", "format": "int64"}),
    };
    if given && field.kind.is_integer() {
        let (least, greatest) = field.bounds();
        schema["minimum"] = least.into();
        schema["maximum"] = greatest.into();
    }
    if field.nullable && schema.get("type").is_some() {
        make_nullable(&mut schema);
    }
    schema["description"] = description(field).into();
    schema
}

fn make_nullable(schema: &mut Value) {
    match schema["type"].take() {
        Value::Array(mut types) => {
            types.push("null".into());
            schema["type"] = types.into();
        }
        one => schema["type"] = json!([one, "null"]),
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
}

fn description(field: &Field) -> String {
    let unit = match field.kind {
        Kind::Money => " In fen: hundredths of the currency.",
        Kind::UnitPrice => " For one unit, in millionths of the currency.",
        Kind::BasisPoints => " In basis points: 10,000 are the whole.",
        Kind::Rate => " In millionths.",
        Kind::Quantity => " In thousandths of the unit.",
        Kind::Time => " In UTC, to the microsecond.",
        Kind::Date => " A calendar day in the company's zone.",
        _ => "",
    };
    let target = match field.kind {
        Kind::Reference(name) => format!(" The id of a {} record.", name.replace('_', " ")),
        _ => String::new(),
    };
    format!("{}{unit}{target}", field.doc.trim())
}
