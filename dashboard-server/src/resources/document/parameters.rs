//! The parameters of lists, exactly: which fields, with which operators and values.

use millrace_operations::resource::{Field, Kind, Path, Resource};
use millrace_operations::resources::MOST_ROWS;
use serde_json::{Value, json};

/// The parameters of a list.
pub(super) fn list(resource: &'static Resource) -> Vec<Value> {
    let mut parameters = narrowing(resource);
    parameters.push(query(
        "limit",
        "How many rows; 50 without it.",
        &json!({"type": "integer", "minimum": 1, "maximum": MOST_ROWS}),
    ));
    parameters.push(query(
        "cursor",
        "`next` of the page before, with the other parameters as they were.",
        &json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}),
    ));
    parameters.push(query(
        "count",
        "Whether to say how many there are on all pages.",
        &json!({"type": "boolean", "default": false}),
    ));
    parameters
}

/// The parameters of an export.
pub(super) fn export(resource: &'static Resource) -> Vec<Value> {
    let mut parameters = narrowing(resource);
    parameters.push(query(
        "format",
        "The file's format.",
        &json!({"type": "string", "enum": ["csv", "xlsx"], "default": "csv"}),
    ));
    parameters.push(query(
        "lang",
        "The language of headers and words.",
        &json!({"type": "string", "enum": ["zh", "en"], "default": "zh"}),
    ));
    parameters
}

fn narrowing(resource: &'static Resource) -> Vec<Value> {
    let sortable = resource.fields.iter().filter(|field| field.sortable);
    let orders: Vec<String> = sortable
        .flat_map(|field| [field.name.to_owned(), format!("-{}", field.name)])
        .collect();
    let mut parameters = vec![query(
        "sort",
        "The field to order by, with a leading `-` the greatest first; `-id` without it.",
        &json!({"type": "string", "enum": orders}),
    )];
    if resource.fields.iter().any(|field| field.searched) {
        parameters.push(query(
            "search",
            "Words that must all occur.",
            &json!({"type": "string", "maxLength": 200, "pattern": r"^[^\u0000]*$"}),
        ));
    }
    let views = views(resource);
    if !views.is_empty() {
        parameters.push(query(
            "view",
            "One's own records, or those that nobody owns.",
            &json!({"type": "string", "enum": views}),
        ));
    }
    let mut filter = query(
        "filter",
        "Conditions that must all hold: `field:op:value,value` with the operators in, not_in, \
         at_least, at_most, below, is_null and is_set; a value with a comma is quoted.",
        &json!({
            "type": "array",
            "maxItems": 20,
            "items": {"type": "string", "pattern": pattern(resource)},
        }),
    );
    filter["style"] = "form".into();
    filter["explode"] = true.into();
    parameters.push(filter);
    parameters
}

/// The views that a resource has.
fn views(resource: &Resource) -> Vec<&'static str> {
    let has = |fits: fn(&Path) -> bool| resource.paths.iter().any(fits);
    let mine = has(|path| matches!(path, Path::Owner(_) | Path::Author(_)));
    let pool = has(|path| matches!(path, Path::Unowned(_)));
    let views = [mine.then_some("mine"), pool.then_some("pool")];
    views.into_iter().flatten().collect()
}

pub(super) fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "description": description, "schema": schema})
}

/// A regular expression of all conditions that the resource takes.
fn pattern(resource: &'static Resource) -> String {
    const NUMBER: &str = r"-?[0-9]{1,15}";
    const DAY: &str = r"[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
    const CLOCK: &str = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z";
    const WORD: &str = r#"([^,":\u0000]+|"([^"\u0000]|"")*")"#;
    let fields: Vec<&Field> = resource
        .fields
        .iter()
        .filter(|field| field.filterable)
        .collect();
    let named = |fits: &dyn Fn(&Field) -> bool| {
        let names: Vec<&str> = fields
            .iter()
            .filter(|field| fits(field))
            .map(|field| field.name)
            .collect();
        (!names.is_empty()).then(|| format!("({})", names.join("|")))
    };
    let ordered = |names: String, value: &str| {
        format!("{names}:((in|not_in):{value}(,{value})*|(at_least|at_most|below):{value})")
    };
    let mut ways = Vec::new();
    let mut add = |fits: &dyn Fn(&Field) -> bool, value: &str| {
        ways.extend(named(fits).map(|names| ordered(names, value)));
    };
    add(&|field| field.kind.is_integer(), NUMBER);
    add(&|field| field.kind == Kind::Date, DAY);
    add(&|field| field.kind == Kind::Time, &format!("{DAY}T{CLOCK}"));
    add(&|field| field.kind == Kind::Flag, "(true|false)");
    let short = |field: &Field| field.kind == Kind::Text;
    add(&short, WORD);
    for field in &fields {
        if let Kind::Choice(words) = field.kind {
            let words = format!("({})", words.join("|"));
            ways.push(ordered(field.name.to_owned(), &words));
        }
    }
    for link in resource.links() {
        let name = link.name;
        ways.push(format!(
            "{name}:((in|not_in):{NUMBER}(,{NUMBER})*|is_null|is_set)"
        ));
    }
    ways.extend(named(&|_| true).map(|names| format!("{names}:(is_null|is_set)")));
    format!("^({})$", ways.join("|"))
}
