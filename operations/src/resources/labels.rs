//! What the records that others refer to are called.

use std::collections::{BTreeMap, BTreeSet};

use millrace_models::scope::Action;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Query};
use serde::Serialize;

use crate::caller::{Caller, column_of, references};
use crate::entity;
use crate::error::Result;
use crate::resource::{Field, Kind, Resource};
use crate::row::{self, Row};
use crate::store::Store;

/// By the name of the resource and the id of the record.
pub type Labels = BTreeMap<&'static str, BTreeMap<i64, Label>>;

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Its name, title or number.
    pub label: String,
    /// Its human number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its Chinese name, where it has two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_zh: Option<String>,
    /// Its English name, where it has two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_en: Option<String>,
    /// Its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Fields that a record is called by, the best first.
const NAMES: &[&str] = &[
    "name",
    "title",
    "name_zh",
    "file_name",
    "number",
    "code",
    "key",
];
/// What else a label says.
const MORE: &[&str] = &["number", "name_zh", "name_en", "code"];

/// The labels of all records that the rows refer to and that the caller may read; deleted ones, too:
/// what was sold keeps its name.
///
/// # Errors
///
/// Those of the database.
pub async fn labels<'a>(
    store: &Store,
    caller: &Caller,
    rows: impl IntoIterator<Item = (&'static Resource, &'a Row)>,
) -> Result<Labels> {
    let mut wanted: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for (resource, row) in rows {
        for (field, target) in references(resource) {
            if let Some(id) = row::integer(row, field.name) {
                wanted.entry(target.name).or_default().insert(id);
            }
        }
        // An attachment says the kind of its record by name.
        let named = row.get("entity").and_then(|name| name.as_str());
        if let (Some(target), Some(id)) = (
            named.and_then(entity::resource),
            row::integer(row, "record_id"),
        ) {
            wanted.entry(target.name).or_default().insert(id);
        }
    }
    let mut labels = Labels::new();
    for (name, ids) in wanted {
        let Some(target) = entity::resource(name) else {
            continue;
        };
        let found = of_resource(store, caller, target, &ids).await?;
        if !found.is_empty() {
            labels.insert(target.name, found);
        }
    }
    Ok(labels)
}

async fn of_resource(
    store: &Store,
    caller: &Caller,
    target: &'static Resource,
    ids: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Label>> {
    if caller.rights.scope(target.name, Action::Read).is_none() {
        return Ok(BTreeMap::new());
    }
    let shown = |name: &&str| target.field(name).filter(|field| is_open(field));
    let Some(name) = NAMES.iter().find_map(shown) else {
        return Ok(BTreeMap::new());
    };
    let more: Vec<&'static Field> = MORE.iter().filter_map(shown).collect();
    let mut select = Query::select();
    select
        .expr(column_of(target, "id"))
        .expr(column_of(target, name.name))
        .from(Alias::new(target.table))
        .and_where(column_of(target, "id").is_in(ids.iter().copied()))
        .cond_where(caller.condition(target, Action::Read)?);
    for field in &more {
        select.expr(column_of(target, field.name));
    }
    let rows = store.reader.query_all(&select).await?;
    let mut labels = BTreeMap::new();
    for row in rows {
        let mut label = Label {
            label: row.try_get_by_index(1)?,
            number: None,
            label_zh: None,
            label_en: None,
            code: None,
        };
        for (index, field) in (2..).zip(&more) {
            let text: Option<String> = row.try_get_by_index(index)?;
            match field.name {
                "number" => label.number = text,
                "name_zh" => label.label_zh = text,
                "name_en" => label.label_en = text,
                _ => label.code = text,
            }
        }
        labels.insert(row.try_get_by_index(0)?, label);
    }
    Ok(labels)
}

/// Whether all who may read the record see the field.
fn is_open(field: &Field) -> bool {
    matches!(field.kind, Kind::Text | Kind::Choice(_))
        && field.hidden.is_none()
        && !field.pool_hidden
        && !field.secret
}
