//! Who sees what, in words and loops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::compute::filter_record_batch;
use millrace_models::marts;
use millrace_models::metric::{Metric, Registry};
use millrace_models::scope::{Access, Action, Rights, Scope, Visibility};

use super::world::World;

/// Somebody of the firm.
pub(crate) struct Caller {
    pub(crate) role: &'static str,
    pub(crate) rights: Rights,
    pub(crate) user: i64,
    pub(crate) team: Option<&'static str>,
    pub(crate) tree: &'static [&'static str],
}

/// A mart: the records of operations that its rows are of, the column of the person and that of
/// the team whose they are now.
const WHOSE: [(&str, &str, &[&str], &[&str]); 18] = [
    ("users", "user", &[], &[]),
    ("products", "product", &[], &[]),
    ("accounts", "account", &["owner"], &["team"]),
    ("opportunities", "opportunity", &["owner"], &["team"]),
    (
        "stage_visits",
        "opportunity",
        &["current_owner"],
        &["current_team"],
    ),
    (
        "conversion_cycles",
        "opportunity",
        &["current_owner"],
        &["current_team"],
    ),
    (
        "quote_outcomes",
        "quote",
        &["current_owner"],
        &["current_team"],
    ),
    ("orders", "order", &["current_owner"], &["current_team"]),
    (
        "contracts",
        "contract",
        &["current_owner"],
        &["current_team"],
    ),
    ("payment_performance", "payment_plan", &[], &[]),
    (
        "ticket_service",
        "ticket",
        &["requester", "current_owner"],
        &["current_team"],
    ),
    ("deliveries", "delivery", &[], &[]),
    ("activity", "interaction", &["current_owner"], &[]),
    (
        "user_days",
        "interaction",
        &["current_owner"],
        &["current_team"],
    ),
    (
        "record_quality",
        "account",
        &["current_owner"],
        &["current_team"],
    ),
    ("account_health", "account", &[], &[]),
    ("health_factors", "account", &[], &[]),
    ("health_models", "account", &[], &[]),
];
/// Marts of nobody in particular: all see them who may read them.
const FOR_ALL: [&str; 4] = ["calendar", "users", "products", "health_models"];
/// Marts whose rows also belong to those whose the account is, and those whose the contract is.
const BY_ACCOUNT: [&str; 6] = [
    "payment_performance",
    "ticket_service",
    "deliveries",
    "activity",
    "account_health",
    "health_factors",
];
const BY_CONTRACT: [&str; 1] = ["payment_performance"];
/// Metrics made of amounts, beside those that say so in their name.
const OF_AMOUNTS: [&str; 2] = ["collection_rate", "days_sales_outstanding"];

impl Caller {
    pub(crate) fn access(&self) -> Access {
        let owned = |name: &&str| (*name).to_owned();
        let tree = self.tree.iter().map(owned).collect();
        let team = self.team.iter().map(owned).collect();
        Access::of_user(self.rights.clone(), self.user, team, tree)
    }

    pub(crate) fn scope(&self, entity: &str) -> Option<Scope> {
        self.rights.scope(entity, Action::Read)
    }

    /// The default roles have one scope for all records of work.
    pub(crate) fn sees_all(&self) -> bool {
        self.scope("account") == Some(Scope::All)
    }

    pub(crate) fn hides(&self, column: &str) -> bool {
        if column == "margin" {
            return !self.rights.sees(Visibility::Margin);
        }
        let ends = ["amount", "price"].iter().any(|end| column.ends_with(end));
        // a trend is a share, and shows no amount
        let amount = ends || column.starts_with("amount_") && column != "amount_trend";
        amount && !self.rights.sees(Visibility::Amounts)
    }

    pub(crate) fn may_see(&self, metric: &Metric) -> bool {
        let amounts = metric.name.contains("amount") || OF_AMOUNTS.contains(&&*metric.name);
        let shown = !amounts || self.rights.sees(Visibility::Amounts);
        shown && self.scope(entity_of(&table_of(&metric.name))).is_some()
    }

    pub(crate) fn exports(&self, metric: &str) -> bool {
        let entity = entity_of(&table_of(metric));
        self.rights.scope(entity, Action::Export).is_some()
    }

    pub(crate) fn sees(&self, world: &World, table: &str, row: usize) -> bool {
        if table == "calendar" {
            return true;
        }
        // a judgement of a record is seen by who may read such records
        let entity = match world.cell(table, "record_type", row) {
            Some(own) if table == "record_quality" => own,
            _ => entity_of(table).to_owned(),
        };
        let Some(scope) = self.scope(&entity) else {
            return false;
        };
        scope == Scope::All || FOR_ALL.contains(&table) || self.has(world, table, row, scope)
    }

    fn has(&self, world: &World, table: &str, row: usize, scope: Scope) -> bool {
        let (_, _, people, teams) = rule(table);
        let me = format!("user-{}", self.user);
        let mine = people
            .iter()
            .any(|column| world.cell(table, column, row).as_ref() == Some(&me));
        let ours = teams
            .iter()
            .any(|column| match world.cell(table, column, row) {
                None => false,
                Some(team) => match scope {
                    Scope::Team => self.team == Some(team.as_str()),
                    Scope::TeamTree => self.tree.contains(&team.as_str()),
                    _ => false,
                },
            });
        let by = |other: &str, key: &str| {
            (0..world.rows[other].num_rows()).any(|place| {
                let id = world.cell(other, key, place);
                id == world.cell(table, key, row) && self.has(world, other, place, scope)
            })
        };
        let by_account = BY_ACCOUNT.contains(&table) && by("accounts", "account_id");
        let by_contract = BY_CONTRACT.contains(&table) && by("contracts", "contract_id");
        mine || ours || by_account || by_contract
    }
}

fn rule(
    table: &str,
) -> (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
) {
    WHOSE
        .into_iter()
        .find(|(name, ..)| *name == table)
        .unwrap_or_else(|| panic!("say in this oracle whose the rows of {table} are"))
}

fn entity_of(table: &str) -> &'static str {
    rule(table).1
}

fn table_of(metric: &str) -> String {
    let registry = Registry::shipped().unwrap();
    let metric = registry.metric(metric).unwrap();
    registry.base(&metric.entity).unwrap().table.clone()
}

impl World {
    /// Another lake, with the rows that the caller sees. Attributes of an account that they do not
    /// see are blank in the facts, too.
    pub(crate) async fn filtered(&self, caller: &Caller) -> World {
        let accounts: BTreeSet<String> = (0..self.rows["accounts"].num_rows())
            .filter(|row| caller.sees(self, "accounts", *row))
            .filter_map(|row| self.cell("accounts", "account_id", row))
            .collect();
        let mut tables = BTreeMap::new();
        for table in marts::TABLES.iter().copied() {
            let rows = &self.rows[table];
            let kept: BooleanArray = (0..rows.num_rows())
                .map(|row| Some(caller.sees(self, table, row)))
                .collect();
            let mut columns = rows.columns().to_vec();
            if table != "accounts" && rows.column_by_name("account_id").is_some() {
                for name in ["region", "industry", "segment"] {
                    let Ok(place) = rows.schema().index_of(name) else {
                        continue;
                    };
                    let blanked: StringArray = (0..rows.num_rows())
                        .map(|row| {
                            let account = self.cell(table, "account_id", row)?;
                            accounts
                                .contains(&account)
                                .then(|| self.cell(table, name, row))?
                        })
                        .collect();
                    let blanked: ArrayRef = Arc::new(blanked);
                    columns[place] = blanked;
                }
            }
            let rows = arrow::array::RecordBatch::try_new(rows.schema(), columns).unwrap();
            tables.insert(table, filter_record_batch(&rows, &kept).unwrap());
        }
        World::filled(tables).await
    }
}

/// The members of a dimension that occur in the caller's rows of the facts that they may ask for.
pub(crate) fn members(world: &World, caller: &Caller, name: &str) -> Vec<String> {
    let registry = Registry::shipped().unwrap();
    let visible = |metric: &&Metric| caller.may_see(metric);
    let tables: BTreeSet<String> = registry
        .metrics()
        .iter()
        .filter(visible)
        .map(|metric| table_of(&metric.name))
        .collect();
    // facts of people carry an account that nobody splits them by
    let by_account: BTreeSet<String> = (registry.metrics().iter())
        .filter(|metric| {
            let base = registry.base(&metric.entity).unwrap();
            base.dimensions.contains_key("account") || base.references.contains_key("account")
        })
        .map(|metric| table_of(&metric.name))
        .collect();
    let account_row = |id: &str| {
        (0..world.rows["accounts"].num_rows())
            .find(|row| world.cell("accounts", "account_id", *row).as_deref() == Some(id))
    };
    let label = |table: &str, key: &str, id: &str| {
        let found = (0..world.rows[table].num_rows())
            .find(|row| world.cell(table, key, *row).as_deref() == Some(id));
        found
            .and_then(|row| world.cell(table, "label", row))
            .unwrap_or_else(|| id.to_owned())
    };
    let mut members = BTreeSet::new();
    for table in tables {
        // a score has nobody of its own: all of them are its account's
        if marts::KEPT.contains(&&*table) {
            continue;
        }
        for row in 0..world.rows[&*table].num_rows() {
            if !caller.sees(world, &table, row) {
                continue;
            }
            let account = world.cell(&table, "account_id", row);
            let account = account.filter(|_| by_account.contains(&table));
            let seen = account
                .as_deref()
                .and_then(account_row)
                .filter(|row| caller.sees(world, "accounts", *row));
            let member = match name {
                "account" => account.map(|id| match seen {
                    Some(_) => label("accounts", "account_id", &id),
                    None => id,
                }),
                "region" | "industry" => {
                    seen.and_then(|account| world.cell("accounts", name, account))
                }
                // an account has but one owner, that of today
                "owner" | "current_owner" => world
                    .cell(
                        &table,
                        if table == "accounts" { "owner" } else { name },
                        row,
                    )
                    .map(|id| label("users", "user_id", &id)),
                // of accounts it is no dimension
                "stage" if table == "opportunities" => None,
                _ => world.cell(&table, name, row),
            };
            members.extend(member);
        }
    }
    members.into_iter().collect()
}
