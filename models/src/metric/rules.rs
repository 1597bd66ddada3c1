//! Whose the rows of a mart are, and which of its columns not everybody sees. Declared once for
//! each table, in `models/metrics/access.toml`; a table without a rule is seen by nobody, and a
//! registry with such a table is not loaded.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use serde::Deserialize;

use super::{Base, Measure, Metric, Registry, RegistryError, Unit};
use crate::marts;
use crate::scope::{Access, Action, Visibility};

/// How a row belongs to people, one way of several; as the paths of a resource of `operations`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Path {
    /// The column holds the id of the person whose it is now.
    Owner(String),
    /// The column holds the name of the team whose it is now.
    Team(String),
    /// The column holds the key of a row of another table; who sees that one sees this.
    Through {
        /// The column.
        column: String,
        /// The other table, which is declared before.
        table: String,
        /// Its key.
        key: String,
    },
    /// Everybody with the right sees it.
    Everybody,
}

/// Rows that are of records of several entities.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinds {
    /// The column that names the entity of a row.
    pub column: String,
    /// The entities that it names.
    pub entities: Vec<String>,
}

/// The rule of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The mart.
    pub table: String,
    /// The entity of `operations` whose read right governs its rows; none where they are nobody's.
    #[serde(default)]
    pub entity: Option<String>,
    /// Where rows are of records of several entities: the right to read its own entity governs
    /// each of them.
    #[serde(default)]
    pub kinds: Option<Kinds>,
    /// How its rows belong to people; any of the ways suffices.
    pub paths: Vec<Path>,
    /// Columns that only those see who see amounts, beside all that are money by their type.
    #[serde(default)]
    pub amounts: Vec<String>,
    /// Columns that only those see who see margins.
    #[serde(default)]
    pub margins: Vec<String>,
}

/// Why a caller does not get a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// Their role does not grant the action on the records.
    Action {
        /// The entity.
        entity: String,
        /// What they may not do.
        action: Action,
    },
    /// Their role does not see fields of that kind, which the number is made of.
    Fields(Visibility),
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Action { entity, action } => {
                let action = match action {
                    Action::Export => "export",
                    _ => "read",
                };
                write!(f, "your role may not {action} {entity}")
            }
            Self::Fields(Visibility::Margin) => f.write_str("your role does not see margins"),
            Self::Fields(_) => f.write_str("your role does not see amounts"),
        }
    }
}

/// The names in an expression.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|name| !name.is_empty())
}

impl Registry {
    /// The rule of a table.
    pub fn rule(&self, table: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.table == table)
    }

    /// What a caller must see to see a column of a base.
    pub fn hidden(&self, base: &Base, column: &str) -> Option<Visibility> {
        let declared = |columns: &[String]| columns.iter().any(|own| own == column);
        if declared(&base.margins) {
            return Some(Visibility::Margin);
        }
        if declared(&base.amounts) {
            return Some(Visibility::Amounts);
        }
        self.hidden_of(&base.table, column)
    }

    fn hidden_of(&self, table: &str, column: &str) -> Option<Visibility> {
        let declared = |columns: &[String]| columns.iter().any(|own| own == column);
        let rule = self.rule(table)?;
        if declared(&rule.margins) {
            return Some(Visibility::Margin);
        }
        let is_money = marts::schema(table)
            .and_then(|schema| Some(schema.field_with_name(column).ok()?.data_type().clone()))
            .is_some_and(|kind| matches!(kind, DataType::Decimal128(..)));
        (is_money || declared(&rule.amounts)).then_some(Visibility::Amounts)
    }

    /// What a caller must see to see the metric: it is an amount, or made of columns that are
    /// hidden from some.
    pub fn needs(&self, metric: &Metric) -> BTreeSet<Visibility> {
        let mut needs = BTreeSet::new();
        if metric.unit == Unit::Amount {
            needs.insert(Visibility::Amounts);
        }
        if let Measure::Compression { of } = &metric.measure
            && let Some(of) = self.metric(of)
        {
            needs.extend(self.needs(of));
        }
        if let Some(base) = self.base(&metric.entity) {
            let columns = metric.expressions().into_iter().flat_map(names);
            needs.extend(columns.filter_map(|column| self.hidden(base, column)));
        }
        needs
    }

    /// That the caller may do this with the records of a metric, and sees what it is made of.
    ///
    /// # Errors
    /// [`Denied`] where they may not.
    pub fn allows(&self, metric: &Metric, access: &Access, action: Action) -> Result<(), Denied> {
        let table = self.base(&metric.entity).map(|base| base.table.as_str());
        let entity = match table.and_then(|table| self.rule(table)) {
            Some(rule) => rule.entity.as_deref(),
            None => Some("*"),
        };
        if let Some(entity) = entity
            && !access.may(entity, action)
        {
            let entity = entity.to_owned();
            return Err(Denied::Action { entity, action });
        }
        match self
            .needs(metric)
            .into_iter()
            .find(|need| !access.sees(*need))
        {
            Some(need) => Err(Denied::Fields(need)),
            None => Ok(()),
        }
    }

    /// That every table has a rule over columns it has, and every select says what it hides.
    pub(super) fn check_rules(&self) -> Result<(), RegistryError> {
        let tables = marts::TABLES.iter().copied();
        for table in tables.chain(self.bases.iter().map(|base| base.table.as_str())) {
            if self.rule(table).is_none() {
                return Err(RegistryError::Rule(table.to_owned()));
            }
        }
        for (place, rule) in self.rules.iter().enumerate() {
            let fail = |reason: String| RegistryError::RuleOf {
                table: rule.table.clone(),
                reason,
            };
            let Some(schema) = marts::schema(&rule.table) else {
                return Err(fail("there is no such table".to_owned()));
            };
            let kinds = rule
                .kinds
                .iter()
                .map(|kinds| Path::Owner(kinds.column.clone()));
            for path in rule.paths.iter().cloned().chain(kinds) {
                let column = match &path {
                    Path::Everybody => continue,
                    Path::Owner(column) | Path::Team(column) => column,
                    Path::Through { column, table, .. } => {
                        // so that no chain of rules comes back to itself
                        if !self.rules[..place].iter().any(|own| own.table == *table) {
                            return Err(fail(format!("{table} is not declared before it")));
                        }
                        column
                    }
                };
                if schema.field_with_name(column).is_err() {
                    return Err(fail(format!("it has no column {column}")));
                }
            }
        }
        for base in &self.bases {
            let Some(select) = &base.from else { continue };
            for name in names(select) {
                let declared = match self.hidden_of(&base.table, name) {
                    None => continue,
                    Some(Visibility::Margin) => &base.margins,
                    Some(_) => &base.amounts,
                };
                if declared.is_empty() {
                    return Err(RegistryError::RuleOf {
                        table: base.table.clone(),
                        reason: format!(
                            "the select of base {} reads {name}: say in `amounts` or `margins` which columns it makes of it",
                            base.name
                        ),
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(metric: &str) -> Vec<Visibility> {
        let registry = Registry::shipped().unwrap();
        let needs = registry.needs(registry.metric(metric).unwrap());
        needs.into_iter().collect()
    }

    #[test]
    fn a_metric_made_of_amounts_is_hidden_with_them() {
        assert_eq!(needs("won_amount"), [Visibility::Amounts]);
        // a ratio, yet its records show what was quoted
        assert_eq!(needs("quote_acceptance_rate_amount"), [Visibility::Amounts]);
        assert_eq!(needs("win_rate"), []);
        assert_eq!(needs("cycle_compression"), []);
    }

    #[test]
    fn columns_are_hidden_by_what_they_hold() {
        let registry = Registry::shipped().unwrap();
        let quote = registry.base("quote").unwrap();
        let hidden = |column| registry.hidden(quote, column);
        assert_eq!(hidden("margin"), Some(Visibility::Margin));
        assert_eq!(hidden("amount"), Some(Visibility::Amounts));
        assert_eq!(hidden("response_hours"), None);
    }

    #[test]
    fn a_role_without_the_right_has_no_such_metric() {
        let registry = Registry::shipped().unwrap();
        let role = crate::scope::default_roles().into_iter();
        let engineering = role.into_iter().find(|role| role.code == "engineering");
        let access = Access::of_user(engineering.unwrap().rights, 1, Vec::new(), Vec::new());
        let allows = |metric: &str, action| {
            registry.allows(registry.metric(metric).unwrap(), &access, action)
        };
        assert_eq!(allows("win_rate", Action::Read), Ok(()));
        assert_eq!(
            allows("won_amount", Action::Read).unwrap_err().to_string(),
            "your role does not see amounts"
        );
        assert_eq!(
            allows("win_rate", Action::Export).unwrap_err().to_string(),
            "your role may not export opportunity"
        );
        let nobody = Access::of_user(crate::scope::Rights::default(), 1, Vec::new(), Vec::new());
        let refused = registry.allows(registry.metric("win_rate").unwrap(), &nobody, Action::Read);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "your role may not read opportunity"
        );
    }
}
