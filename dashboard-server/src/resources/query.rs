//! What a list is asked for, from the parameters of the address.

use millrace_operations::FieldError;
use millrace_operations::resource::{Kind, Resource};
use millrace_operations::resources::{Filter, ListQuery, Operator, Sort, View};
use serde_json::Value;

use crate::error::ApiError;
use crate::extract::pairs;

/// The most conditions of one list.
const MOST_FILTERS: usize = 20;
/// The most values of one condition.
const MOST_VALUES: usize = 200;
/// The longest search, in characters.
const LONGEST_SEARCH: usize = 200;

/// The operators, as written.
pub(super) const OPERATORS: [(&str, Operator); 7] = [
    ("in", Operator::In),
    ("not_in", Operator::NotIn),
    ("at_least", Operator::AtLeast),
    ("at_most", Operator::AtMost),
    ("below", Operator::Below),
    ("is_null", Operator::IsNull),
    ("is_set", Operator::IsSet),
];

/// Reads the parameters of a list; those that are `extra` are given back as they are.
///
/// # Errors
///
/// When one is unknown, given twice, or cannot be read.
pub(crate) fn read<const N: usize>(
    resource: &'static Resource,
    query: Option<String>,
    extra: [&str; N],
) -> Result<(ListQuery, [Option<String>; N]), ApiError> {
    let mut list = ListQuery::default();
    let mut others = [const { None }; N];
    for (name, value) in pairs(query.as_deref().unwrap_or_default())? {
        let again = match name.as_str() {
            "filter" => {
                if list.filters.len() == MOST_FILTERS {
                    return Err(wrong("filter", format!("at most {MOST_FILTERS} are taken")));
                }
                list.filters.push(filter(resource, &value)?);
                false
            }
            "limit" => {
                let limit = value.parse::<u64>();
                let limit = limit.map_err(|_| wrong("limit", "must be a whole number"))?;
                list.limit.replace(limit).is_some()
            }
            "view" => list.view.replace(view(&value)?).is_some(),
            "sort" => list.sort.replace(sort(&value)).is_some(),
            "search" => {
                if value.chars().count() > LONGEST_SEARCH {
                    let message = format!("must have at most {LONGEST_SEARCH} characters");
                    return Err(wrong("search", message));
                }
                list.search.replace(value).is_some()
            }
            "cursor" => list.cursor.replace(value).is_some(),
            other => match extra.iter().position(|extra| *extra == other) {
                Some(index) => others[index].replace(value).is_some(),
                None => return Err(wrong(&name, "is no parameter of this list")),
            },
        };
        if again {
            return Err(wrong(&name, "is given twice"));
        }
    }
    Ok((list, others))
}

/// A parameter that is `true` or `false`, which it is when it is left out.
pub(super) fn flag(name: &str, given: Option<&str>) -> Result<bool, ApiError> {
    match given {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(wrong(name, "must be true or false")),
    }
}

fn wrong(field: &str, message: impl Into<String>) -> ApiError {
    ApiError::Parameters(vec![FieldError {
        field: field.to_owned(),
        message: message.into(),
    }])
}

fn view(value: &str) -> Result<View, ApiError> {
    match value {
        "mine" => Ok(View::Mine),
        "pool" => Ok(View::Pool),
        _ => Err(wrong("view", "must be mine or pool")),
    }
}

fn sort(value: &str) -> Sort {
    let field = value.strip_prefix('-');
    Sort {
        descending: field.is_some(),
        field: field.unwrap_or(value).to_owned(),
    }
}

/// `field:op:v1,v2`.
fn filter(resource: &'static Resource, text: &str) -> Result<Filter, ApiError> {
    let shape = || wrong("filter", "must be field:op:value,value");
    let (field, rest) = text.split_once(':').ok_or_else(shape)?;
    let (word, written) = match rest.split_once(':') {
        Some((word, values)) => (word, Some(values)),
        None => (rest, None),
    };
    let operator = OPERATORS.iter().find(|(name, _)| *name == word);
    let Some((_, operator)) = operator else {
        let words = OPERATORS.map(|(name, _)| name).join(", ");
        return Err(wrong(
            "filter",
            format!("the operator must be one of {words}"),
        ));
    };
    let bare = matches!(operator, Operator::IsNull | Operator::IsSet);
    let values = match written {
        None | Some("") if bare => Vec::new(),
        Some(written) if !bare => split(written).ok_or_else(shape)?,
        _ => return Err(shape()),
    };
    if values.len() > MOST_VALUES {
        return Err(wrong(
            "filter",
            format!("at most {MOST_VALUES} values are taken"),
        ));
    }
    // An unknown field is for operations to refuse: they know which ones the caller sees.
    let linked = resource.links().any(|link| link.name == field);
    let kind = match resource.field(field) {
        Some(field) => Some(field.kind),
        // What links to a record is compared by its id.
        None => linked.then_some(Kind::Integer),
    };
    let values = values.into_iter().map(|value| typed(kind, value));
    Ok(Filter {
        field: field.to_owned(),
        operator: *operator,
        values: values.collect(),
    })
}

/// The value as its field holds it; what does not fit stays a text, which operations refuse.
fn typed(kind: Option<Kind>, text: String) -> Value {
    match kind {
        Some(kind) if kind.is_integer() => match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        },
        Some(Kind::Flag) => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        },
        _ => text.into(),
    }
}

/// Values between commas; one that holds a comma or a quote is quoted, its quotes doubled.
fn split(text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = if let Some(quoted) = rest.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        values.push(value);
        if after.is_empty() {
            return Some(values);
        }
        rest = after.strip_prefix(',')?;
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use millrace_operations::entity::account;
    use serde_json::json;

    use super::*;

    fn of(query: &str) -> Result<ListQuery, String> {
        let done = read(&account::RESOURCE, Some(query.to_owned()), []);
        done.map(|(list, [])| list)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_all_that_a_list_can_be_asked_for() {
        let list = of("limit=5&cursor=abc&sort=-name&search=%E9%98%80&view=mine\
             &filter=region:in:%E5%8D%8E%E4%B8%9C,%22A,%20%22%22B%22%22%22\
             &filter=credit_days:at_least:30&filter=owner_id:is_null")
        .unwrap();
        assert_eq!((list.limit, list.cursor.as_deref()), (Some(5), Some("abc")));
        let sort = list.sort.unwrap();
        assert_eq!((sort.field.as_str(), sort.descending), ("name", true));
        assert_eq!(
            (list.search.as_deref(), list.view),
            (Some("阀"), Some(View::Mine))
        );
        assert_eq!(list.filters[0].values, [json!("华东"), json!("A, \"B\"")]);
        assert_eq!(list.filters[1].values, [json!(30)]);
        assert_eq!(list.filters[2].operator, Operator::IsNull);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let check = |query: &str, expected: &str| {
            assert_eq!(
                of(query).unwrap_err(),
                format!("the list cannot be asked for that: {expected}")
            );
        };
        check("size=1", "size: is no parameter of this list");
        check("limit=5&limit=6", "limit: is given twice");
        check("limit=-1", "limit: must be a whole number");
        check("view=all", "view: must be mine or pool");
        for wrong in [
            "filter=region",
            "filter=region:in",
            "filter=a:in:%22b",
            "filter=a:is_null:1",
            "filter=a:in:%22b%22c",
        ] {
            check(wrong, "filter: must be field:op:value,value");
        }
        check(
            "filter=a:like:b",
            "filter: the operator must be one of in, not_in, at_least, at_most, below, is_null, is_set",
        );
    }
}
