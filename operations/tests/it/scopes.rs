//! No row and no field leaves the caller's scope.
//!
//! The oracle reads all rows by plain SQL and decides by loops over them, with rules written down
//! here once more; it shares nothing with the code under test but the names of columns.

use std::collections::{BTreeMap, BTreeSet};

use millrace_models::scope::{Action, Scope, Visibility};
use millrace_operations::entity::{RESOURCES, account, opportunity, private_note};
use millrace_operations::resource::Resource;
use millrace_operations::resources::{
    Export, Filter, ListQuery, Operator, Sort, delete, get, list, update,
};
use millrace_operations::row::Row;
use millrace_operations::{Caller, ErrorKind};
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{Home, contract, row};
use crate::world::World;

contract! {
    lists_gets_and_exports_agree_with_the_oracle,
    writes_stay_within_scope,
    hidden_fields_are_absent_and_cannot_be_asked_about,
    contact_details_of_the_pool_are_hidden,
}

/// All rows of a table, as numbers by column.
pub(crate) type Rows = Vec<BTreeMap<&'static str, Option<i64>>>;

pub(crate) async fn all_rows(home: &Home) -> BTreeMap<&'static str, Rows> {
    const COLUMNS: [&str; 14] = [
        "id",
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
    ];
    const MORE: [&str; 5] = [
        "uploaded_by_id",
        "user_id",
        "from_user_id",
        "subscription_id",
        "recipient_id",
    ];
    let mut tables = BTreeMap::new();
    for resource in RESOURCES {
        let columns: Vec<&str> = COLUMNS
            .into_iter()
            .chain(MORE)
            .filter(|column| resource.fields.iter().any(|field| field.name == *column))
            .collect();
        let sql = format!("SELECT {} FROM {}", columns.join(", "), resource.table);
        let statement = Statement::from_string(home.store.backend(), sql);
        let rows = home.store.reader().query_all_raw(statement).await.unwrap();
        let rows = rows.iter().map(|row| {
            let cells = columns.iter().enumerate();
            cells
                .map(|(index, column)| (*column, row.try_get_by_index(index).unwrap()))
                .collect()
        });
        tables.insert(resource.name, rows.collect());
    }
    tables
}

/// A target is its own person's, and that of who answers for the team or the person's team.
fn is_aimed_at(
    tables: &BTreeMap<&'static str, Rows>,
    caller: &Caller,
    row: &BTreeMap<&'static str, Option<i64>>,
    scope: Scope,
) -> bool {
    let cell = |column: &str| row.get(column).copied().flatten();
    let person = cell("user_id");
    let users = tables["user"].iter();
    let mut of_person = users.filter(|user| person.is_some() && user["id"] == person);
    let team = cell("team_id").or_else(|| of_person.next()?["team_id"]);
    person == Some(caller.user_id)
        || match scope {
            Scope::Team => team.is_some() && team == caller.team_id,
            Scope::TeamTree => team.is_some_and(|team| caller.team_tree.contains(&team)),
            _ => false,
        }
}

/// Whether a record is within a scope, by the rules in words: it is theirs if they own, wrote or
/// asked for it; their team's if it carries the team; and what hangs on a record follows it.
fn within(
    tables: &BTreeMap<&'static str, Rows>,
    caller: &Caller,
    entity: &str,
    row: &BTreeMap<&'static str, Option<i64>>,
    scope: Scope,
) -> bool {
    const HANGS_ON: [(&str, &str, &str); 18] = [
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
        ("pool_move", "account_id", "account"),
    ];
    const PERSONAL: [(&str, &str); 13] = [
        ("dispatch", "recipient_id"),
        ("handover", "by_id"),
        ("handover", "from_user_id"),
        ("payment_request", "requested_by_id"),
        ("invoice_application", "applied_by_id"),
        ("interaction", "by_id"),
        ("ticket", "requester_id"),
        ("attachment", "uploaded_by_id"),
        ("pool_move", "user_id"),
        ("account", "owner_id"),
        ("opportunity", "owner_id"),
        ("ticket", "owner_id"),
        ("todo", "owner_id"),
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
        "month_close",
    ];
    let cell = |column: &str| row.get(column).copied().flatten();
    if entity == "private_note" {
        return cell("author_id") == Some(caller.user_id);
    }
    if scope == Scope::All || FOR_ALL.contains(&entity) {
        return true;
    }
    let mine = Some(caller.user_id);
    if entity == "target" {
        return is_aimed_at(tables, caller, row, scope);
    }
    if OWNED.contains(&entity) {
        let team = cell("team_id");
        let teams = match scope {
            Scope::Team => team.is_some() && team == caller.team_id,
            Scope::TeamTree => team.is_some_and(|team| caller.team_tree.contains(&team)),
            _ => false,
        };
        if cell("owner_id") == mine || teams {
            return true;
        }
    }
    if PERSONAL
        .iter()
        .any(|(name, column)| *name == entity && cell(column) == mine)
    {
        return true;
    }
    HANGS_ON
        .iter()
        .filter(|(name, ..)| *name == entity)
        .any(|(_, column, parent)| {
            tables[parent]
                .iter()
                .filter(|candidate| candidate["id"] == cell(column))
                .any(|candidate| within(tables, caller, parent, candidate, scope))
        })
}

pub(crate) fn expected(
    tables: &BTreeMap<&'static str, Rows>,
    caller: &Caller,
    entity: &str,
    pool: bool,
) -> BTreeSet<i64> {
    let Some(scope) = caller.rights.scope(entity, Action::Read) else {
        return BTreeSet::new();
    };
    let claims = pool
        && ["account", "opportunity"].contains(&entity)
        && caller.rights.scope(entity, Action::Claim).is_some();
    // targets of the company and of one's own team are read, and no more
    let announced = |row: &BTreeMap<&'static str, Option<i64>>| {
        let team = row["team_id"];
        row["user_id"].is_none() && (team.is_none() || team == caller.team_id)
    };
    tables[entity]
        .iter()
        .filter(|row| {
            within(tables, caller, entity, row, scope)
                || (claims && row["owner_id"].is_none())
                || (pool && entity == "target" && announced(row))
        })
        .filter_map(|row| row["id"])
        .collect()
}

fn id(row: &Row) -> i64 {
    row["id"].as_i64().unwrap()
}

async fn listed(home: &Home, caller: &Caller, resource: &'static Resource) -> BTreeSet<i64> {
    let mut query = ListQuery {
        limit: Some(5),
        ..ListQuery::default()
    };
    let mut ids = BTreeSet::new();
    loop {
        let page = list(&home.store, caller, resource, &query).await.unwrap();
        for row in &page.rows {
            assert!(ids.insert(id(row)), "twice in the list");
        }
        query.cursor = page.next;
        if query.cursor.is_none() {
            return ids;
        }
    }
}

async fn lists_gets_and_exports_agree_with_the_oracle(home: Home) {
    let home = home.initialised().await;
    for seed in 1..=2 {
        let world = World::generate(&home, seed).await;
        let tables = all_rows(&home).await;
        for caller in &world.people {
            for resource in RESOURCES {
                let name = resource.name;
                let context = format!("{} reads {name}", caller.role);
                if caller.rights.scope(name, Action::Read).is_none() {
                    let refused = list(&home.store, caller, resource, &ListQuery::default()).await;
                    assert_eq!(
                        refused.unwrap_err().kind(),
                        ErrorKind::Forbidden,
                        "{context}"
                    );
                    continue;
                }
                let seen = expected(&tables, caller, name, true);
                assert_eq!(listed(&home, caller, resource).await, seen, "{context}");
                for row in tables[name].iter().step_by(3) {
                    let id = row["id"].unwrap();
                    let found = get(&home.store, caller, resource, id).await;
                    assert_eq!(found.is_ok(), seen.contains(&id), "{context} {id}");
                }
                let export = Export::begin(&home.store, caller, resource, ListQuery::default());
                if caller.rights.scope(name, Action::Export).is_none() || name == "private_note" {
                    assert_eq!(
                        export.unwrap_err().kind(),
                        ErrorKind::Forbidden,
                        "{context}"
                    );
                    continue;
                }
                let mut export = export.unwrap();
                let mut taken = BTreeSet::new();
                while let Some(rows) = export.next().await.unwrap() {
                    taken.extend(rows.iter().map(id));
                }
                assert_eq!(taken, expected(&tables, caller, name, false), "{context}");
            }
        }
    }
}

async fn writes_stay_within_scope(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 7).await;
    let tables = all_rows(&home).await;
    for caller in &world.people {
        for resource in RESOURCES.iter().filter(|resource| resource.open) {
            let seen = expected(&tables, caller, resource.name, true);
            let own = expected(&tables, caller, resource.name, false);
            for row in &tables[resource.name] {
                let id = row["id"].unwrap();
                let may = caller.rights.scope(resource.name, Action::Update).is_some();
                // A version that never was: what may be written is stale, and nothing is changed.
                let kind = update(&home.store, caller, resource, id, 99, &row! {})
                    .await
                    .unwrap_err()
                    .kind();
                let right = match (may, own.contains(&id), seen.contains(&id)) {
                    (true, true, _) => ErrorKind::Stale,
                    (false, ..) | (true, false, true) => ErrorKind::Forbidden,
                    (true, false, false) => ErrorKind::NotFound,
                };
                assert_eq!(
                    kind, right,
                    "{} updates {} {id}",
                    caller.role, resource.name
                );
                if caller.rights.scope(resource.name, Action::Delete).is_some() {
                    let kind = delete(&home.store, caller, resource, id, 99)
                        .await
                        .unwrap_err()
                        .kind();
                    assert_eq!(
                        kind, right,
                        "{} deletes {} {id}",
                        caller.role, resource.name
                    );
                }
            }
        }
    }
}

async fn hidden_fields_are_absent_and_cannot_be_asked_about(home: Home) {
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
    let home = home.initialised().await;
    let world = World::generate(&home, 11).await;
    for caller in &world.people {
        let amounts = caller.rights.sees(Visibility::Amounts);
        let margins = caller.rights.sees(Visibility::Margin);
        for resource in RESOURCES {
            if caller.rights.scope(resource.name, Action::Read).is_none() {
                continue;
            }
            let page = list(&home.store, caller, resource, &ListQuery::default())
                .await
                .unwrap();
            for row in &page.rows {
                for field in resource.fields {
                    let hidden = (AMOUNTS.contains(&field.name) && !amounts)
                        || (MARGINS.contains(&field.name) && !margins);
                    let phone =
                        ["phone", "mobile"].contains(&field.name) && resource.name != "user";
                    if hidden {
                        assert!(
                            !row.contains_key(field.name),
                            "{} {}",
                            caller.role,
                            field.name
                        );
                    } else if phone
                        && let Some(number) = row.get(field.name).and_then(|n| n.as_str())
                    {
                        let full = caller.rights.sees(Visibility::FullPhone);
                        assert_eq!(number.contains("****"), !full, "{} {number}", caller.role);
                    }
                }
            }
            for field in resource.fields {
                let hidden = (AMOUNTS.contains(&field.name) && !amounts)
                    || (MARGINS.contains(&field.name) && !margins);
                let sorted = ListQuery {
                    sort: Some(Sort {
                        field: field.name.to_owned(),
                        descending: true,
                    }),
                    ..ListQuery::default()
                };
                let filtered = ListQuery {
                    filters: vec![Filter {
                        field: field.name.to_owned(),
                        operator: Operator::IsSet,
                        values: vec![],
                    }],
                    ..ListQuery::default()
                };
                for query in [sorted, filtered] {
                    let answer = list(&home.store, caller, resource, &query).await;
                    if hidden {
                        let error = answer.unwrap_err();
                        assert_eq!(
                            error.kind(),
                            ErrorKind::Invalid,
                            "{} {}",
                            caller.role,
                            field.name
                        );
                        let (_, names) = error
                            .to_string()
                            .split_once(" by ")
                            .map(|(a, b)| (a.to_owned(), b.to_owned()))
                            .unwrap();
                        assert!(!names.split(", ").any(|name| name == field.name), "{names}");
                    }
                }
            }
        }
    }
}

async fn contact_details_of_the_pool_are_hidden(home: Home) {
    let home = home.initialised().await;
    let world = World::generate(&home, 5).await;
    let rep = home.user("outsider", "rep", None).await;
    let page = list(&home.store, &rep, &account::RESOURCE, &ListQuery::default())
        .await
        .unwrap();
    assert!(!page.rows.is_empty());
    for row in &page.rows {
        assert_eq!(row["pool_state"], "pooled");
        for detail in ["phone", "address", "delivery_address", "website"] {
            assert!(!row.contains_key(detail), "{detail}");
        }
    }
    let search = async |caller: &Caller, word: &str| {
        let query = ListQuery {
            search: Some(word.to_owned()),
            ..ListQuery::default()
        };
        list(&home.store, caller, &account::RESOURCE, &query)
            .await
            .unwrap()
            .rows
            .len()
    };
    assert!(search(&rep, "company").await > 0);
    assert_eq!(
        search(&rep, "138000000").await,
        0,
        "a number must not be found by trying"
    );
    assert_eq!(search(world.administrator(), "138000000").await, 12);
    let leads = list(
        &home.store,
        &rep,
        &opportunity::RESOURCE,
        &ListQuery::default(),
    )
    .await
    .unwrap();
    assert!(leads.rows.iter().all(|row| row["owner_id"].is_null()));
    let notes = list(
        &home.store,
        world.administrator(),
        &private_note::RESOURCE,
        &ListQuery::default(),
    )
    .await
    .unwrap();
    let own: Vec<_> = notes
        .rows
        .iter()
        .map(|row| row["author_id"].as_i64().unwrap())
        .collect();
    assert!(
        own.iter()
            .all(|author| *author == world.administrator().user_id)
    );
}
