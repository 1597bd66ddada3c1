//! Lists with filters, search words, an order and a cursor; and one record.

use millrace_models::scope::Action;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{
    Alias, Condition, Expr, LikeExpr, NullOrdering, Order, Query, SelectStatement,
};
use sea_orm::{ConnectionTrait, JsonValue, Value};
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use crate::caller::{Caller, column_of};
use crate::entity;
use crate::error::{OperationsError, Result};
use crate::resource::{Field, Kind, Link, Path, Resource};
use crate::row::{self, Row};
use crate::search_index;
use crate::store::Store;

/// The most rows of one page.
pub const MOST_ROWS: u64 = 100;

/// What a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// One's own records or the pool alone, each answered from an index of its own.
    pub view: Option<View>,
    /// Words that must occur in the fields that are searched.
    pub search: Option<String>,
    /// The order; the latest first without one.
    pub sort: Option<Sort>,
    /// Where to begin, from the page before.
    pub cursor: Option<String>,
    /// How many rows, from 1 to [`MOST_ROWS`]; 50 without it.
    pub limit: Option<u64>,
}

/// A part of the records that a caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The caller's own.
    Mine,
    /// Those that nobody owns.
    Pool,
}

/// A condition on a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// The field.
    pub field: String,
    /// What is compared.
    pub operator: Operator,
    /// With what: none for `is_null` and `is_set`, one or more otherwise.
    pub values: Vec<JsonValue>,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// It is one of the values.
    In,
    /// It is none of them; a field that holds nothing is none of them.
    NotIn,
    /// It is at least the value.
    AtLeast,
    /// It is at most the value.
    AtMost,
    /// It is less than the value.
    Below,
    /// It holds nothing.
    IsNull,
    /// It holds something.
    IsSet,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// The field.
    pub field: String,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// The rows, as the caller may see them.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The records that the caller may read and that meet the query, a page of them.
///
/// # Errors
///
/// When the role may not read them, and when the query names what is not there or not seen.
pub async fn list(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    query: &ListQuery,
) -> Result<Page> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(OperationsError::field(
            "limit",
            format!("must be from 1 to {MOST_ROWS}"),
        ));
    }
    page(store, caller, resource, query, Action::Read, limit).await
}

/// How many records the caller may read and meet the query, on all its pages.
///
/// # Errors
///
/// When the role may not read them, and when the query names what is not there or not seen.
pub async fn count(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    query: &ListQuery,
) -> Result<i64> {
    let select = Query::select()
        .expr(Expr::cust("COUNT(*)"))
        .from(resource.table)
        .cond_where(narrowed(store, caller, resource, query).await?)
        .to_owned();
    match store.reader.query_one(&select).await? {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Ok(0),
    }
}

/// The record of that id, as the caller may see it.
///
/// # Errors
///
/// [`OperationsError::NotFound`] when there is none or the caller may not read it.
pub async fn get(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
) -> Result<Row> {
    let mut select = row::select(resource);
    select
        .and_where(column_of(resource, "id").eq(id))
        .and_where(column_of(resource, "deleted_at").is_null())
        .cond_where(caller.condition(resource, Action::Read)?);
    let result = store.reader.query_one(&select).await?;
    let result = result.ok_or(OperationsError::NotFound {
        entity: resource.name,
        id,
    })?;
    Ok(caller.mask(resource, row::read(resource, &result)?))
}

/// A page of any size.
pub(super) async fn page(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    query: &ListQuery,
    action: Action,
    limit: u64,
) -> Result<Page> {
    let mut select = row::select(resource);
    select.cond_where(matching(store, caller, resource, query, action).await?);
    let sort = query.sort.clone().unwrap_or_else(|| Sort {
        field: "id".to_owned(),
        descending: true,
    });
    let field = resource
        .field(&sort.field)
        .filter(|field| field.sortable && caller.sees(field))
        .ok_or_else(|| {
            unknown(
                caller,
                resource,
                &sort.field,
                |field| field.sortable,
                "sorted",
            )
        })?;
    order(&mut select, resource, field, &sort);
    if let Some(text) = &query.cursor {
        let cursor = Cursor::decode(text, &sort)?;
        select.cond_where(after(resource, field, &sort, &cursor)?);
    }
    select.limit(limit + 1);

    let results = store.reader.query_all(&select).await?;
    let mut rows = results
        .iter()
        .map(|result| row::read(resource, result))
        .collect::<Result<Vec<_>>>()?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| {
        let cursor = Cursor {
            value: last.get(field.name).cloned().unwrap_or_default(),
            id: row::integer(last, "id").unwrap_or_default(),
        };
        cursor.encode(&sort)
    });
    let rows = rows
        .into_iter()
        .map(|row| caller.mask(resource, row))
        .collect();
    Ok(Page { rows, next })
}

/// The rows that the caller may read and that a query asks for, whatever its order and page.
pub(crate) async fn narrowed(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    query: &ListQuery,
) -> Result<Condition> {
    matching(store, caller, resource, query, Action::Read).await
}

async fn matching(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    query: &ListQuery,
    action: Action,
) -> Result<Condition> {
    let mut all = Condition::all()
        .add(column_of(resource, "deleted_at").is_null())
        .add(match query.view {
            None => caller.condition(resource, action)?,
            Some(view) => viewed(caller, resource, action, view)?,
        });
    for filter in &query.filters {
        all = all.add(filtered(caller, resource, filter)?);
    }
    let search = query.search.as_deref().unwrap_or_default();
    let words: Vec<&str> = search.split_whitespace().collect();
    all = all.add(search_index::narrowed(&store.reader, caller, resource, &words).await?);
    for word in words {
        all = all.add(searched(caller, resource, word));
    }
    Ok(all)
}

/// The rows of a view that the caller may read. What is theirs, and what they may claim, is in their
/// scope whatever it is; so the database is asked for that alone and can go by one index.
fn viewed(
    caller: &Caller,
    resource: &'static Resource,
    action: Action,
    view: View,
) -> Result<Condition> {
    let scoped = caller.condition(resource, action)?;
    let mut any = Condition::any();
    let mut claimable = false;
    for path in resource.paths {
        match (view, path) {
            (View::Mine, Path::Owner(column) | Path::Author(column)) => {
                any = any.add(column_of(resource, column).eq(caller.user_id));
            }
            (View::Pool, Path::Unowned(column)) => {
                any = any.add(column_of(resource, column).is_null());
                claimable = action == Action::Read
                    && caller.rights.scope(resource.name, Action::Claim).is_some();
            }
            _ => {}
        }
    }
    if any.is_empty() {
        return Err(OperationsError::field(
            "view",
            format!("{} records have no such view", resource.name),
        ));
    }
    let within = view == View::Mine || claimable;
    if within {
        return Ok(any);
    }
    Ok(Condition::all().add(scoped).add(any))
}

fn order(
    select: &mut SelectStatement,
    resource: &'static Resource,
    field: &'static Field,
    sort: &Sort,
) {
    let direction = if sort.descending {
        Order::Desc
    } else {
        Order::Asc
    };
    let column = (Alias::new(resource.table), Alias::new(field.name));
    if field.nullable {
        select.order_by_with_nulls(column, direction.clone(), NullOrdering::Last);
    } else {
        select.order_by(column, direction.clone());
    }
    if field.name != "id" {
        select.order_by((Alias::new(resource.table), Alias::new("id")), direction);
    }
}

/// The rows behind the cursor; what holds nothing comes last in both directions.
fn after(
    resource: &'static Resource,
    field: &'static Field,
    sort: &Sort,
    cursor: &Cursor,
) -> Result<Condition> {
    let beyond = |column: Expr, value: Value| {
        if sort.descending {
            column.lt(value)
        } else {
            column.gt(value)
        }
    };
    let column = || column_of(resource, field.name);
    let id = beyond(column_of(resource, "id"), cursor.id.into());
    if field.name == "id" {
        return Ok(Condition::all().add(id));
    }
    if cursor.value == JsonValue::Null {
        return Ok(Condition::all().add(column().is_null()).add(id));
    }
    let value = comparable(field, &cursor.value).map_err(|_| OperationsError::Cursor)?;
    let mut any = Condition::any()
        .add(beyond(column(), value.clone()))
        .add(Condition::all().add(column().eq(value)).add(id));
    if field.nullable {
        any = any.add(column().is_null());
    }
    Ok(any)
}

fn filtered(caller: &Caller, resource: &'static Resource, filter: &Filter) -> Result<Condition> {
    if let Some(link) = resource.links().find(|link| link.name == filter.field)
        && let Some(condition) = linked(caller, resource, link, filter)?
    {
        return Ok(condition);
    }
    let field = resource
        .field(&filter.field)
        .filter(|field| field.filterable && caller.sees(field))
        .ok_or_else(|| {
            unknown(
                caller,
                resource,
                &filter.field,
                |field| field.filterable,
                "filtered",
            )
        })?;
    let column = column_of(resource, field.name);
    let values = filter
        .values
        .iter()
        .map(|value| comparable(field, value))
        .collect::<Result<Vec<_>>>()?;
    let one = || match values.as_slice() {
        [value] => Ok(value.clone()),
        _ => Err(OperationsError::field(
            field.name,
            "must be compared with one value",
        )),
    };
    Ok(match filter.operator {
        Operator::In => Condition::all().add(column.is_in(values)),
        Operator::NotIn => Condition::any()
            .add(column.clone().is_not_in(values))
            .add(column.is_null()),
        Operator::AtLeast => Condition::all().add(column.gte(one()?)),
        Operator::AtMost => Condition::all().add(column.lte(one()?)),
        Operator::Below => Condition::all().add(column.lt(one()?)),
        Operator::IsNull => Condition::all().add(column.is_null()),
        Operator::IsSet => Condition::all().add(column.is_not_null()),
    })
}

/// The rows that records which the caller may read link to, or do not; `None` where the role reads no
/// such records.
fn linked(
    caller: &Caller,
    resource: &'static Resource,
    link: &'static Link,
    filter: &Filter,
) -> Result<Option<Condition>> {
    let Some(through) = entity::resource(link.through) else {
        return Ok(None);
    };
    let Some(field) = through.field(link.name).filter(|field| caller.sees(field)) else {
        return Ok(None);
    };
    let Ok(seen) = caller.condition(through, Action::Read) else {
        return Ok(None);
    };
    let mut select = Query::select()
        .expr(column_of(through, link.to))
        .from(through.table)
        .and_where(column_of(through, "deleted_at").is_null())
        .cond_where(seen)
        .to_owned();
    if matches!(filter.operator, Operator::In | Operator::NotIn) {
        let values = filter.values.iter().map(|value| comparable(field, value));
        select.and_where(column_of(through, link.name).is_in(values.collect::<Result<Vec<_>>>()?));
    }
    let id = column_of(resource, "id");
    Ok(Some(Condition::all().add(match filter.operator {
        Operator::In | Operator::IsSet => id.in_subquery(select),
        Operator::NotIn | Operator::IsNull => id.not_in_subquery(select),
        Operator::AtLeast | Operator::AtMost | Operator::Below => {
            return Err(OperationsError::field(
                link.name,
                "is compared by in, not_in, is_null or is_set",
            ));
        }
    })))
}

/// A value to compare with: of the field's kind, whatever its bounds.
fn comparable(field: &'static Field, value: &JsonValue) -> Result<Value> {
    if field.kind.is_integer() {
        return match value.as_i64() {
            Some(number) => Ok(number.into()),
            None => Err(OperationsError::field(
                field.name,
                "must be compared with a whole number",
            )),
        };
    }
    row::to_sql(field, value).map_err(|error| OperationsError::Invalid {
        fields: vec![error],
    })
}

/// The rows in which the word occurs. Contact details of the pool are not searched.
fn searched(caller: &Caller, resource: &'static Resource, word: &str) -> Condition {
    let pooled = resource
        .paths
        .iter()
        .any(|path| matches!(path, Path::Unowned(_)));
    let pattern = || LikeExpr::new(format!("%{}%", escape(&word.to_lowercase()))).escape('\\');
    let mut any = Condition::any().add(Expr::val(1).eq(0));
    for field in resource.fields {
        if !field.searched || field.secret || !caller.sees(field) {
            continue;
        }
        let column = Expr::expr(sea_orm::sea_query::Func::lower(column_of(
            resource, field.name,
        )));
        let mut all = Condition::all().add(column.like(pattern()));
        if pooled && field.pool_hidden {
            all = all.add(caller.reach_of(resource));
        }
        any = any.add(all);
    }
    any
}

fn escape(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn unknown(
    caller: &Caller,
    resource: &'static Resource,
    name: &str,
    fits: impl Fn(&Field) -> bool,
    done: &str,
) -> OperationsError {
    let names: Vec<&str> = resource
        .fields
        .iter()
        .filter(|field| fits(field) && caller.sees(field) && field.kind != Kind::Json)
        .map(|field| field.name)
        .collect();
    OperationsError::field(
        name,
        format!(
            "{} records can be {done} by {}",
            resource.name,
            names.join(", ")
        ),
    )
}
