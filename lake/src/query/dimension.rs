//! What a dimension's name means for the records of a base.

use chrono::NaiveDate;
use millrace_models::catalog::Catalog;
use millrace_models::marts::{ATTRIBUTE_PREFIX, KEPT};
use millrace_models::metric::{Base, Metric, nearest};
use millrace_models::period::Grain;

use super::error::QueryError;
use super::tables::STANDING;

/// Which dimension table tells people's words for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Labels {
    Accounts,
    Users,
    Products,
}

impl Labels {
    pub(super) fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Accounts => ("accounts", "account_id"),
            Self::Users => ("users", "user_id"),
            Self::Products => ("products", "product_id"),
        }
    }
}

/// Another table that the records refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Join {
    pub(super) alias: &'static str,
    pub(super) table: &'static str,
    pub(super) key: &'static str,
    /// The column of the base that holds the key.
    pub(super) column: String,
    /// The column that is wanted of the other table.
    pub(super) attribute: String,
}

impl Join {
    /// The wanted column as the records then have it. Its name is no name of a column, so that
    /// what a metric says of its own columns stays clear.
    pub(super) fn name(&self) -> String {
        identifier(&format!("{}.{}", self.alias, self.attribute))
    }
}

/// A dimension of a base.
#[derive(Debug, Clone)]
pub(super) struct Dimension {
    pub(super) name: String,
    /// SQL over the base `b` and its joins.
    pub(super) expression: String,
    pub(super) join: Option<Join>,
    pub(super) labels: Option<Labels>,
    pub(super) grain: Option<Grain>,
    pub(super) flag: bool,
}

/// The entities a record may refer to: how a mapping names them, their table and key.
const REFERENCES: [(&str, &str, &str, &str, &str); 4] = [
    // reference, catalog entity, table, key, alias
    (
        "opportunity",
        "opportunity",
        "opportunities",
        "opportunity_id",
        "o",
    ),
    ("account", "account", "accounts", "account_id", "a"),
    ("owner", "user", "users", "user_id", "u"),
    ("product", "product", "products", "product_id", "p"),
];

/// Fields of dimension tables that are not dimensions.
const NOT_DIMENSIONS: [&str; 17] = [
    "id",
    "recorded_at",
    "name",
    "created_at",
    "list_price",
    "tags",
    "opened_at",
    "won_at",
    "closed_at",
    "amount",
    "lost_amount",
    "credit_code",
    "phone",
    "address",
    "enabled",
    "on_leave_until",
    "left_on",
];

/// Fields of a deal that others have too, by the same name.
const OPTIONAL: [&str; 1] = ["source"];

/// How an account stands, and the column that says it.
const STANDING_OF: [(&str, &str); 2] = [("value_tier", "value_tier"), ("health_status", "status")];

/// Copies of the account's attributes that every fact carries.
const COPIES: [&str; 3] = ["region", "industry", "segment"];

fn labels_of(name: &str) -> Option<Labels> {
    match name {
        "owner" | "current_owner" | "entered_by" | "requester" | "success_manager" | "user" => {
            Some(Labels::Users)
        }
        "account" | "parent_account" => Some(Labels::Accounts),
        "product" => Some(Labels::Products),
        _ => None,
    }
}

/// Quotes a name for SQL.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text for SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How the account of a record stands now.
fn standing(base: &Base, name: &str) -> Option<Dimension> {
    let own = name.strip_prefix("account.").unwrap_or(name);
    let (_, column) = STANDING_OF.into_iter().find(|(known, _)| *known == own)?;
    let join = Join {
        alias: "h",
        table: STANDING,
        key: "account_id",
        column: base.references.get("account")?.clone(),
        attribute: column.to_owned(),
    };
    Some(Dimension {
        name: name.to_owned(),
        expression: format!("b.{}", join.name()),
        join: Some(join),
        labels: None,
        grain: None,
        flag: false,
    })
}

fn through(
    base: &Base,
    reference: &str,
    attribute: &str,
    catalog: &Catalog,
    copies: bool,
) -> Option<Dimension> {
    let column = base.references.get(reference)?;
    let (_, entity, table, key, alias) = REFERENCES
        .into_iter()
        .find(|(name, ..)| *name == reference)?;
    let stored = match (entity, attribute) {
        ("account", "parent_account") => "parent",
        _ => attribute,
    };
    if !catalog.has(entity, stored) || NOT_DIMENSIONS.contains(&attribute) {
        return None;
    }
    let is_attribute = catalog.is_attribute(entity, stored);
    let plain = Dimension {
        name: attribute.to_owned(),
        expression: String::new(),
        join: None,
        labels: labels_of(attribute),
        grain: None,
        flag: false,
    };
    let has_copies = copies && !KEPT.contains(&&*base.table);
    if has_copies && entity == "account" && !is_attribute && COPIES.contains(&attribute) {
        return Some(Dimension {
            expression: format!("b.{attribute}"),
            ..plain
        });
    }
    let name = match (entity, attribute) {
        _ if is_attribute => format!("{ATTRIBUTE_PREFIX}{attribute}"),
        ("opportunity", "account") => "account_id".to_owned(),
        _ => attribute.to_owned(),
    };
    let join = Join {
        alias,
        table,
        key,
        column: column.clone(),
        attribute: name,
    };
    Some(Dimension {
        expression: format!("b.{}", join.name()),
        join: Some(join),
        ..plain
    })
}

fn own(base: &Base, name: &str) -> Option<Dimension> {
    let column = base.dimensions.get(name)?;
    let flag = name == "late_entry";
    let column = format!("b.{}", identifier(column));
    Some(Dimension {
        name: name.to_owned(),
        // a record that does not say when it was recorded is not late
        expression: if flag {
            format!("coalesce({column}, false)")
        } else {
            column
        },
        join: None,
        labels: labels_of(name),
        grain: None,
        flag,
    })
}

fn find(
    metric: &Metric,
    base: &Base,
    name: &str,
    catalog: &Catalog,
    copies: bool,
) -> Option<Dimension> {
    if let Some(grain) = Grain::from_name(name) {
        let column = metric.time.column.as_ref()?;
        return Some(Dimension {
            name: name.to_owned(),
            expression: format!("span_{name}(b.{})", identifier(column)),
            join: None,
            labels: None,
            grain: Some(grain),
            flag: false,
        });
    }
    // what the records of a base say themselves goes before how their account stands now
    if !base.dimensions.contains_key(name)
        && let Some(found) = standing(base, name)
    {
        return Some(found);
    }
    if let Some((reference, attribute)) = name.split_once('.') {
        let found = through(base, reference, attribute, catalog, copies)?;
        return Some(Dimension {
            name: name.to_owned(),
            ..found
        });
    }
    // people of a fact are those at the event: stored with it
    if name == "manager"
        && base.table != "accounts"
        && !KEPT.contains(&&*base.table)
        && !catalog.is_attribute("opportunity", name)
        && !catalog.is_attribute("account", name)
        && catalog.has("user", name)
    {
        return Some(Dimension {
            name: name.to_owned(),
            expression: "b.manager".to_owned(),
            join: None,
            labels: None,
            grain: None,
            flag: false,
        });
    }
    let referred = || {
        REFERENCES
            .iter()
            .find_map(|(reference, ..)| through(base, reference, name, catalog, copies))
    };
    // a field of the deal that no source maps makes way for the next in line
    if OPTIONAL.contains(&name) && !catalog.has("opportunity", name) {
        return referred().or_else(|| own(base, name));
    }
    own(base, name).or_else(referred)
}

/// Every name that `find` knows for this metric.
pub(super) fn names(metric: &Metric, base: &Base, catalog: &Catalog) -> Vec<String> {
    let mut names: Vec<String> = base.dimensions.keys().cloned().collect();
    let standing = STANDING_OF.into_iter().map(|(name, _)| name);
    names.extend(
        standing
            .filter(|name| self::standing(base, name).is_some())
            .map(str::to_owned),
    );
    for (reference, entity, ..) in REFERENCES {
        if !base.references.contains_key(reference) {
            continue;
        }
        for field in catalog.mapped.get(entity).into_iter().flatten() {
            let field = if field == "parent" {
                "parent_account"
            } else {
                field
            };
            for name in [field.to_owned(), format!("{reference}.{field}")] {
                if find(metric, base, &name, catalog, true).is_some() {
                    names.push(name);
                }
            }
        }
    }
    if metric.time.column.is_some() {
        names.extend(Grain::ALL.iter().map(|(name, _)| (*name).to_owned()));
    }
    names.sort();
    names.dedup();
    names
}

/// Finds a dimension, or says which ones are near; attributes of accounts from the fact's own
/// copies, or from the account.
pub(super) fn resolve(
    metric: &Metric,
    base: &Base,
    name: &str,
    catalog: &Catalog,
    copies: bool,
) -> Result<Dimension, QueryError> {
    find(metric, base, name, catalog, copies).ok_or_else(|| {
        let known = names(metric, base, catalog);
        QueryError::Dimension {
            metric: metric.name.clone(),
            name: name.to_owned(),
            suggestions: nearest(name, known.iter().map(String::as_str)),
        }
    })
}

/// The first day of a span as it is written, such as `2026-03` or `2026-W14`.
pub(super) fn span(grain: Grain, text: &str) -> Option<NaiveDate> {
    let number = |part: &str| part.parse::<u32>().ok();
    let year = |part: &str| part.parse::<i32>().ok();
    let day = match grain {
        Grain::Day => text.parse().ok()?,
        Grain::Month => NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?,
        Grain::Year => NaiveDate::from_ymd_opt(year(text)?, 1, 1)?,
        Grain::Quarter => {
            let (y, q) = text.split_once("-Q")?;
            NaiveDate::from_ymd_opt(year(y)?, number(q)?.checked_sub(1)? * 3 + 1, 1)?
        }
        Grain::Week => {
            let (y, w) = text.split_once("-W")?;
            NaiveDate::from_isoywd_opt(year(y)?, number(w)?, chrono::Weekday::Mon)?
        }
    };
    (grain.label(day) == text).then_some(day)
}
