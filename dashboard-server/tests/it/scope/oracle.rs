//! Who sees what, in words and loops over all rows.

use std::collections::BTreeMap;

use millrace_models::scope::{Action, Scope, Visibility};
use millrace_operations::Caller;
use millrace_operations::entity::RESOURCES;
use sea_orm::{ConnectionTrait, Statement};

use super::planted::Record;
use crate::app::App;

type Row = BTreeMap<&'static str, Option<i64>>;

/// What matters of all rows: their ids and whose they are.
pub(crate) struct Tables(BTreeMap<&'static str, Vec<Row>>);

/// The columns that say whose a row is.
const COLUMNS: [&str; 20] = [
    "id",
    "version",
    "owner_id",
    "team_id",
    "account_id",
    "opportunity_id",
    "quote_id",
    "order_id",
    "contract_id",
    "receipt_id",
    "requested_by_id",
    "applied_by_id",
    "by_id",
    "author_id",
    "requester_id",
    "uploaded_by_id",
    "user_id",
    "from_user_id",
    "subscription_id",
    "recipient_id",
];
/// Whether a row is deleted: 0 or 1. A deleted record is read by nobody, but records that refer to
/// it still say what it was called, to those who would see it.
const DELETED: &str = "deleted";
/// What hangs on another record follows it.
const HANGS_ON: [(&str, &str, &str); 17] = [
    ("dispatch", "subscription_id", "subscription"),
    ("account_tag", "account_id", "account"),
    ("contact", "account_id", "account"),
    ("stage_change", "opportunity_id", "opportunity"),
    ("quote_line", "quote_id", "quote"),
    ("order_line", "order_id", "order"),
    ("payment_plan", "contract_id", "contract"),
    ("payment_plan", "account_id", "account"),
    ("payment_request", "account_id", "account"),
    ("invoice_application", "account_id", "account"),
    ("receipt", "account_id", "account"),
    ("receipt_allocation", "receipt_id", "receipt"),
    ("interaction", "account_id", "account"),
    ("ticket", "account_id", "account"),
    ("delivery", "account_id", "account"),
    ("attachment", "account_id", "account"),
    ("pool_move", "account_id", "account"),
];
/// Whose a record is beside its owner and team.
const PERSONAL: [(&str, &str); 9] = [
    ("dispatch", "recipient_id"),
    ("handover", "by_id"),
    ("handover", "from_user_id"),
    ("payment_request", "requested_by_id"),
    ("invoice_application", "applied_by_id"),
    ("interaction", "by_id"),
    ("ticket", "requester_id"),
    ("attachment", "uploaded_by_id"),
    ("pool_move", "user_id"),
];
const OWNED: [&str; 8] = [
    "subscription",
    "account",
    "opportunity",
    "quote",
    "contract",
    "order",
    "ticket",
    "todo",
];
const FOR_ALL: [&str; 14] = [
    "schedule",
    "schedule_run",
    "month_close",
    "user",
    "team",
    "role",
    "tag",
    "product",
    "price_list",
    "price_list_item",
    "pipeline",
    "stage",
    "setting",
    "routing_rule",
];
const AMOUNTS: [&str; 12] = [
    "amount",
    "original_amount",
    "amount_without_tax",
    "list_amount",
    "lost_amount",
    "accepted_amount",
    "deposit_amount",
    "received_amount",
    "allocated_amount",
    "list_price",
    "unit_price",
    "list_unit_price",
];
const MARGINS: [&str; 4] = ["margin", "cost", "cost_amount", "unit_cost"];
/// Hidden while the account waits in the pool.
const IN_POOL: [&str; 4] = ["phone", "address", "delivery_address", "website"];

impl Tables {
    pub(crate) async fn read(app: &App) -> Self {
        let mut tables = BTreeMap::new();
        for resource in RESOURCES {
            let has = |column: &&str| resource.fields.iter().any(|field| field.name == *column);
            let columns: Vec<&str> = COLUMNS.into_iter().filter(has).collect();
            let sql = format!(
                "SELECT {}, CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END FROM {} ORDER BY id",
                columns.join(", "),
                resource.table
            );
            let statement = Statement::from_string(app.store.backend(), sql);
            let rows = app.store.reader().query_all_raw(statement).await.unwrap();
            let rows = rows.iter().map(|row| {
                let cells = columns.iter().enumerate();
                let mut cells: Row = cells
                    .map(|(index, column)| (*column, row.try_get_by_index(index).unwrap()))
                    .collect();
                let deleted: i32 = row.try_get_by_index(columns.len()).unwrap();
                cells.insert(DELETED, Some(deleted.into()));
                cells
            });
            tables.insert(resource.name, rows.collect());
        }
        Self(tables)
    }

    pub(crate) fn ids(&self, entity: &str) -> Vec<i64> {
        let rows = self.0[entity].iter();
        rows.filter(|row| row[DELETED] == Some(0))
            .filter_map(|row| row["id"])
            .collect()
    }

    pub(crate) fn version(&self, entity: &str, id: i64) -> Option<i64> {
        self.row(entity, id)?["version"]
    }

    pub(crate) fn row(&self, entity: &str, id: i64) -> Option<&Row> {
        self.0[entity].iter().find(|row| row["id"] == Some(id))
    }

    pub(crate) fn may(&self, caller: &Caller, entity: &str) -> bool {
        caller.rights.scope(entity, Action::Read).is_some()
    }

    /// Whether the caller reads the record, be it in the pool.
    pub(crate) fn reads(&self, caller: &Caller, (entity, id): Record) -> bool {
        let there = self
            .row(entity, id)
            .is_some_and(|row| row[DELETED] == Some(0));
        there && self.knows(caller, (entity, id))
    }

    /// Whether the caller reads the record, or would if it were not deleted.
    pub(crate) fn knows(&self, caller: &Caller, record: Record) -> bool {
        self.has(caller, record) || self.in_pool(caller, record)
    }

    /// Whether a record that the caller reads refers to this one: its id is a field of that one, and
    /// in the lake ids are human numbers.
    pub(crate) fn is_referred_to(&self, caller: &Caller, (entity, id): Record) -> bool {
        let column = format!("{entity}_id");
        self.0.iter().any(|(table, rows)| {
            let refers = |row: &&Row| row.get(column.as_str()).copied().flatten() == Some(id);
            let mut ids = rows.iter().filter(refers).filter_map(|row| row["id"]);
            ids.any(|own| self.reads(caller, (*table, own)))
        })
    }

    fn has(&self, caller: &Caller, (entity, id): Record) -> bool {
        let Some(scope) = caller.rights.scope(entity, Action::Read) else {
            return false;
        };
        let row = self.row(entity, id);
        row.is_some_and(|row| {
            let announced = entity == "target"
                && row["user_id"].is_none()
                && (row["team_id"].is_none() || row["team_id"] == caller.team_id);
            announced || self.within(caller, entity, row, scope)
        })
    }

    fn in_pool(&self, caller: &Caller, (entity, id): Record) -> bool {
        ["account", "opportunity"].contains(&entity)
            && self.may(caller, entity)
            && caller.rights.scope(entity, Action::Claim).is_some()
            && self
                .row(entity, id)
                .is_some_and(|row| row["owner_id"].is_none())
    }

    /// Whether the caller sees a field of the record.
    pub(crate) fn shows(&self, caller: &Caller, record: Record, field: usize) -> bool {
        let resource = RESOURCES
            .iter()
            .find(|resource| resource.name == record.0)
            .unwrap();
        let name = resource.fields[field].name;
        let hidden = (AMOUNTS.contains(&name) && !caller.rights.sees(Visibility::Amounts))
            || (MARGINS.contains(&name) && !caller.rights.sees(Visibility::Margin))
            || (["phone", "mobile"].contains(&name)
                && record.0 != "user"
                && !caller.rights.sees(Visibility::FullPhone));
        if hidden {
            return false;
        }
        self.has(caller, record) || (self.in_pool(caller, record) && !IN_POOL.contains(&name))
    }

    fn within(&self, caller: &Caller, entity: &str, row: &Row, scope: Scope) -> bool {
        let cell = |column: &str| row.get(column).copied().flatten();
        let mine = Some(caller.user_id);
        if entity == "private_note" {
            return cell("author_id") == mine;
        }
        if scope == Scope::All || FOR_ALL.contains(&entity) {
            return true;
        }
        if entity == "target" {
            let person = cell("user_id").and_then(|id| self.row("user", id));
            let team = cell("team_id").or_else(|| person?["team_id"]);
            return cell("user_id") == mine
                || match scope {
                    Scope::Team => team.is_some() && team == caller.team_id,
                    Scope::TeamTree => team.is_some_and(|team| caller.team_tree.contains(&team)),
                    _ => false,
                };
        }
        if OWNED.contains(&entity) {
            let team = cell("team_id");
            let ours = match scope {
                Scope::Team => team.is_some() && team == caller.team_id,
                Scope::TeamTree => team.is_some_and(|team| caller.team_tree.contains(&team)),
                _ => false,
            };
            if cell("owner_id") == mine || ours {
                return true;
            }
        }
        let personal = PERSONAL.iter().filter(|(name, _)| *name == entity);
        if personal.into_iter().any(|(_, column)| cell(column) == mine) {
            return true;
        }
        HANGS_ON
            .iter()
            .filter(|(name, ..)| *name == entity)
            .filter_map(|(_, column, parent)| Some((*parent, self.row(parent, cell(column)?)?)))
            .any(|(parent, row)| self.within(caller, parent, row, scope))
    }
}
