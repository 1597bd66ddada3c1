//! Whatever is done in operations, in whatever pieces and with whatever breaks the change log is
//! read: the raw tables come to what the tables of operations say.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use millrace_ingest::{IngestError, changes_behind, ingest_changes, ingested_mark};
use millrace_lake::Lake;
use millrace_models::entity::Entity;
use millrace_operations::Place;
use sea_orm::{ConnectionTrait, Database, QueryResult, TransactionTrait};

use crate::office::{Dice, Office};
use crate::support::{Bench, files_with, now, text};

/// Random calls between two readings, and readings.
const CALLS: usize = 25;
const READINGS: usize = 11;

/// The newest version of every record by entity and id, and the events of every deal.
type State = BTreeMap<String, String>;

/// What the raw tables come to, by their own rules.
async fn state(bench: &Bench) -> State {
    let mut state = State::new();
    for entity in Entity::all() {
        let mut rows: Vec<(i64, String, String, String)> = Vec::new();
        let key = match entity {
            Entity::StageChange => "opportunity",
            Entity::BusinessWrite => "user",
            _ => "id",
        };
        for batch in bench.batches(entity.name()).await {
            let seqs = batch.column_by_name("_seq").unwrap();
            let seqs = seqs.as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let columns = entity.fields().iter().map(|field| field.name);
                let told: Vec<String> = columns
                    .chain(["attributes"])
                    .map(|name| text(&batch, name, row))
                    .collect();
                let (op, id) = (text(&batch, "_op", row), text(&batch, key, row));
                assert!(
                    !id.is_empty() && id != "-",
                    "a row of {} without an id",
                    entity.name()
                );
                assert_eq!(text(&batch, "_source", row), "millrace");
                rows.push((seqs.value(row), op, id, told.join("|")));
            }
        }
        rows.sort();
        let numbers: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let gapless: Vec<i64> = (0..i64::try_from(rows.len()).unwrap()).collect();
        assert_eq!(numbers, gapless, "{}", entity.name());
        fold(*entity, rows, &mut state);
    }
    state
}

fn fold(entity: Entity, rows: Vec<(i64, String, String, String)>, state: &mut State) {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, op, id, told) in rows {
        let list = lists.entry(format!("{}/{id}", entity.name())).or_default();
        match (entity, op.as_str()) {
            (Entity::StageChange, "delete") => {
                let place = list.iter().rposition(|own| *own == told);
                let place = place.unwrap_or_else(|| panic!("{told} is not in {list:#?}"));
                list.remove(place);
            }
            (Entity::StageChange | Entity::Order, "insert") => list.push(told),
            // The same write may stand there twice, where two windows meet.
            (Entity::BusinessWrite, "insert") => {
                list.extend((!list.contains(&told)).then_some(told));
            }
            (_, "delete") => list.clear(),
            (_, "insert" | "update") => *list = vec![told],
            other => panic!("{other:?}"),
        }
    }
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        state.insert(key, list.join("\n"));
    }
}

/// Reads what there is, but may be stopped at any moment: dropped where it waits.
async fn interrupted(dice: &mut Dice, lake: &Lake, office: &Office) {
    let window = 1 + dice.below(120);
    let patience = dice.below(400);
    let reading = ingest_changes(lake, &office.store, window, now());
    let stop = async {
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        done = reading => drop(done.unwrap()),
        () = stop => {}
    }
}

async fn random_work(office: Office, seed: u64) {
    let mut dice = Dice::new(seed);
    let (pieces, whole) = (Bench::new().await, Bench::new().await);
    for _ in 0..READINGS {
        office.work(&mut dice, CALLS).await;
        interrupted(&mut dice, &pieces.lake, &office).await;
        if dice.below(3) == 0 {
            // A second process, as after a restart, knows nothing of the first.
            let other = Lake::open(pieces.lake.root()).await.unwrap();
            interrupted(&mut dice, &other, &office).await;
        }
    }
    office.settle().await;
    // Two at once.
    let other = Lake::open(pieces.lake.root()).await.unwrap();
    let (left, right) = tokio::join!(
        ingest_changes(&pieces.lake, &office.store, 60, now()),
        ingest_changes(&other, &office.store, 40, now())
    );
    for done in [left, right] {
        // Who lost a race too often may say so; the other one is ahead.
        assert!(
            matches!(done, Ok(_) | Err(IngestError::Lake(_))),
            "{done:?}"
        );
    }
    ingest_changes(&pieces.lake, &office.store, 500, now())
        .await
        .unwrap();
    let report = ingest_changes(&whole.lake, &office.store, 1_000_000, now())
        .await
        .unwrap();
    assert!(report.entries > 300, "{report:?}");

    let (by_pieces, at_once) = (state(&pieces).await, state(&whole).await);
    for (key, told) in &at_once {
        assert_eq!(by_pieces.get(key), Some(told), "{key}");
    }
    assert_eq!(by_pieces.len(), at_once.len());
    oracle(&office, &at_once).await;

    // Nothing is left, and nothing is added.
    let behind = changes_behind(&whole.lake, &office.store).await.unwrap();
    assert_eq!((behind.entries, behind.since), (0, None));
    let again = ingest_changes(&whole.lake, &office.store, 100, now())
        .await
        .unwrap();
    assert_eq!((again.entries, again.rows.len()), (0, 0));
    assert_eq!(again.mark, report.mark);
    let raw = whole.lake.root().join("raw");
    assert_eq!(files_with(&raw, b"a secret of the customer"), 0);
}

/// Reads a value of a row as text, `-` for null.
fn cell(row: &QueryResult, place: usize) -> String {
    let text = row.try_get_by_index::<Option<String>>(place);
    text.unwrap().unwrap_or_else(|| "-".to_owned())
}

fn moment(row: &QueryResult, place: usize) -> Option<DateTime<Utc>> {
    row.try_get_by_index(place).unwrap()
}

/// A field of a record in the state.
fn field(state: &State, entity: Entity, id: &str, name: &str) -> Option<String> {
    let told = state.get(&format!("{}/{id}", entity.name()))?;
    let place = entity
        .fields()
        .iter()
        .position(|own| own.name == name)
        .unwrap();
    Some(told.split('|').nth(place).unwrap().to_owned())
}

/// How many records of an entity there are.
fn count_of(state: &State, entity: Entity) -> usize {
    let prefix = format!("{}/", entity.name());
    let own = state.keys().filter(|key| key.starts_with(&prefix));
    own.count()
}

/// Compares with what the tables of operations say, asked in plain SQL.
async fn oracle(office: &Office, state: &State) {
    let of = |entity| count_of(state, entity);
    let deals = office
        .ask(
            "SELECT o.number, a.number, s.code, o.outcome, CAST(o.amount AS TEXT), o.lost_reason, \
             CASE WHEN o.owner_id IS NULL THEN NULL ELSE 'user-' || o.owner_id END \
             FROM opportunities o JOIN accounts a ON a.id = o.account_id \
             JOIN stages s ON s.id = o.stage_id WHERE o.deleted_at IS NULL",
        )
        .await;
    assert!(deals.len() > 20);
    assert_eq!(of(Entity::Opportunity), deals.len());
    for deal in &deals {
        let id = cell(deal, 0);
        let is = |name| field(state, Entity::Opportunity, &id, name).unwrap();
        assert_eq!(is("account"), cell(deal, 1));
        assert_eq!(is("stage"), cell(deal, 2));
        assert_eq!(is("outcome"), cell(deal, 3));
        assert_eq!(is("amount").replace('.', "").trim_start_matches('0'), {
            let fen = cell(deal, 4);
            fen.trim_start_matches('0').to_owned()
        });
        assert_eq!(is("lost_reason"), cell(deal, 5));
        assert_eq!(is("owner"), cell(deal, 6));
    }
    let accounts = office
        .ask(
            "SELECT a.number, a.name, a.region, (SELECT COUNT(*) FROM account_tags t \
             WHERE t.account_id = a.id AND t.deleted_at IS NULL), \
             (SELECT MIN(g.name) FROM account_tags t JOIN tags g ON g.id = t.tag_id \
             WHERE t.account_id = a.id AND t.deleted_at IS NULL) \
             FROM accounts a WHERE a.deleted_at IS NULL",
        )
        .await;
    assert_eq!(of(Entity::Account), accounts.len());
    for account in &accounts {
        let id = cell(account, 0);
        let is = |name| field(state, Entity::Account, &id, name).unwrap();
        assert_eq!(
            (is("name"), is("region")),
            (cell(account, 1), cell(account, 2))
        );
        let count: i64 = account.try_get_by_index(3).unwrap();
        let tags = is("tags");
        let told = tags.split(',').filter(|tag| *tag != "-").count();
        assert_eq!(i64::try_from(told).unwrap(), count, "{id}: {tags}");
        assert_eq!(tags.split(',').next().unwrap(), cell(account, 4));
    }
    people(office, state).await;
    counts(office, state).await;
    orders(office, state).await;
    moves(office, state).await;
    writes(office, state).await;
}

/// Who wrote records of which kind, as the change log says.
async fn writes(office: &Office, state: &State) {
    let found = office
        .ask(
            "SELECT DISTINCT 'user-' || actor_id, entity, at FROM change_log \
             WHERE actor_id IS NOT NULL AND entity NOT IN ('user', 'team', 'tag', 'product')",
        )
        .await;
    assert!(found.len() > 100);
    let lines = |(key, told): (&String, &String)| {
        key.starts_with("business_write/")
            .then(|| told.lines().count())
    };
    assert_eq!(state.iter().filter_map(lines).sum::<usize>(), found.len());
}

async fn people(office: &Office, state: &State) {
    let people = office
        .ask(
            "SELECT 'user-' || u.id, u.name, r.code, CASE WHEN u.team_id IS NULL THEN NULL \
             ELSE 'team-' || u.team_id END FROM users u JOIN roles r ON r.id = u.role_id",
        )
        .await;
    assert_eq!(count_of(state, Entity::User), people.len());
    for person in &people {
        let id = cell(person, 0);
        let is = |name| field(state, Entity::User, &id, name).unwrap();
        let told = (is("name"), is("role"), is("team"));
        assert_eq!(told, (cell(person, 1), cell(person, 2), cell(person, 3)));
    }
}

async fn counts(office: &Office, state: &State) {
    let counted = [
        (
            Entity::Quote,
            "quotes WHERE sent_at IS NOT NULL AND deleted_at IS NULL",
        ),
        (Entity::Team, "teams WHERE deleted_at IS NULL"),
        (Entity::Product, "products"),
        (Entity::Contract, "contracts WHERE deleted_at IS NULL"),
        (
            Entity::PaymentPlan,
            "payment_plans WHERE deleted_at IS NULL",
        ),
        (Entity::Receipt, "receipts WHERE deleted_at IS NULL"),
        (Entity::Interaction, "interactions WHERE deleted_at IS NULL"),
        (Entity::Ticket, "tickets WHERE deleted_at IS NULL"),
        (Entity::Delivery, "deliveries WHERE deleted_at IS NULL"),
        (
            Entity::Order,
            "orders WHERE status <> 'cancelled' AND deleted_at IS NULL",
        ),
    ];
    for (entity, from) in counted {
        let rows = office.ask(&format!("SELECT COUNT(*) FROM {from}")).await;
        let count: i64 = rows[0].try_get_by_index(0).unwrap();
        assert_eq!(
            count_of(state, entity),
            usize::try_from(count).unwrap(),
            "{}",
            entity.name()
        );
        assert!(count > 0, "no {} was tried", entity.name());
    }
}

/// The lines of an order add up to it.
async fn orders(office: &Office, state: &State) {
    let place = Entity::Order
        .fields()
        .iter()
        .position(|own| own.name == "amount")
        .unwrap();
    let orders = office
        .ask(
            "SELECT o.number, CAST(o.amount AS TEXT), (SELECT COUNT(*) FROM order_lines l \
             WHERE l.order_id = o.id AND l.deleted_at IS NULL) FROM orders o \
             WHERE o.status <> 'cancelled' AND o.deleted_at IS NULL",
        )
        .await;
    for order in orders {
        let told = &state[&format!("order/{}", cell(&order, 0))];
        let lines: i64 = order.try_get_by_index(2).unwrap();
        assert_eq!(told.lines().count(), usize::try_from(lines.max(1)).unwrap());
        let amounts = told.lines().map(|line| {
            let amount = line.split('|').nth(place).unwrap();
            amount.replace('.', "").parse::<i64>().unwrap()
        });
        assert_eq!(amounts.sum::<i64>().to_string(), cell(&order, 1));
    }
}

/// A move as it stands: its id, what it enters and when.
type Standing = (i64, String, DateTime<Utc>);

/// The events of each deal are its moves with the last correction of each, in their order.
async fn moves(office: &Office, state: &State) {
    let recorded = office
        .ask(
            "SELECT o.number, m.id, m.corrects_id, m.kind, m.outcome, s.code, m.changed_at \
             FROM stage_changes m JOIN opportunities o ON o.id = m.opportunity_id \
             JOIN stages s ON s.id = m.stage_id WHERE o.deleted_at IS NULL ORDER BY m.id",
        )
        .await;
    let mut deals: BTreeMap<String, Vec<Standing>> = BTreeMap::new();
    let mut corrections = 0;
    for row in &recorded {
        let own = deals.entry(cell(row, 0)).or_default();
        let id: i64 = row.try_get_by_index(1).unwrap();
        let corrects: Option<i64> = row.try_get_by_index(2).unwrap();
        let at = moment(row, 6).unwrap();
        let code = cell(row, 5);
        let Some(corrects) = corrects else {
            let enters = match cell(row, 3).as_str() {
                "close" => cell(row, 4),
                "complete" => "delivery_completed".to_owned(),
                _ => code,
            };
            own.push((id, enters, at));
            continue;
        };
        corrections += 1;
        let corrected = own.iter_mut().find(|step| step.0 == corrects).unwrap();
        corrected.2 = at;
        if ![
            "lost",
            "shelved",
            "invalid",
            "duplicate",
            "delivery_completed",
            "won",
        ]
        .contains(&corrected.1.as_str())
        {
            corrected.1 = code;
        }
    }
    assert!(corrections > 3, "only {corrections} corrections");
    let fields = Entity::StageChange.fields();
    let place = |name| fields.iter().position(|own| own.name == name).unwrap();
    let (entered, changed_at) = (place("stage"), place("changed_at"));
    for (deal, standing) in deals {
        let told = &state[&format!("stage_change/{deal}")];
        let mut events: Vec<(String, String)> = told
            .lines()
            .map(|line| {
                let fields: Vec<&str> = line.split('|').collect();
                (fields[changed_at].to_owned(), fields[entered].to_owned())
            })
            .collect();
        // The order of the fold: by time, and what came in first.
        events.sort_by(|left, right| left.0.cmp(&right.0));
        let stages: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
        let expected: Vec<&str> = standing.iter().map(|step| step.1.as_str()).collect();
        assert_eq!(stages, expected, "{deal}");
        for (event, step) in events.iter().zip(&standing) {
            let told: DateTime<Utc> = event.0.parse().unwrap();
            assert_eq!(told, step.2, "{deal}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_work_comes_to_the_same_on_sqlite() {
    random_work(Office::on_sqlite().await, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_work_comes_to_the_same_on_postgres() {
    if let Some(office) = Office::on_postgres().await {
        random_work(office, 4).await;
    }
}

/// The slow one takes its transaction first, and its place in the log first or last.
async fn committed_late(place_first: bool) {
    let Some(office) = Office::on_postgres().await else {
        return;
    };
    let Place::Url(url) = &office.place else {
        panic!("not PostgreSQL")
    };
    let connection = Database::connect(url.clone()).await.unwrap();
    let bench = Bench::new().await;
    office.settle().await;
    ingest_changes(&bench.lake, &office.store, 100, now())
        .await
        .unwrap();
    let append = |name: &str, id: i64| {
        format!(
            "INSERT INTO change_log (at, actor, entity, record_id, op, after) VALUES (now(), 'x', \
             'product', {id}, 'insert', '{{\"id\": {id}, \"name\": \"{name}\"}}')"
        )
    };
    let slow = connection.begin().await.unwrap();
    slow.execute_unprepared("SELECT pg_current_xact_id()")
        .await
        .unwrap();
    if place_first {
        slow.execute_unprepared(&append("slow", 1_000))
            .await
            .unwrap();
    }
    let fast = connection.begin().await.unwrap();
    fast.execute_unprepared(&append("fast", 1_001))
        .await
        .unwrap();
    fast.execute_unprepared(&append("fast too", 1_002))
        .await
        .unwrap();
    if !place_first {
        slow.execute_unprepared(&append("slow", 1_000))
            .await
            .unwrap();
    }
    fast.commit().await.unwrap();
    let names = async || -> Vec<String> {
        let rows = bench.rows("product", &["id", "name"]).await;
        let added = rows
            .into_iter()
            .filter(|row| row.starts_with("product-100"));
        added.collect()
    };
    ingest_changes(&bench.lake, &office.store, 1, now())
        .await
        .unwrap();
    assert!(
        names().await.is_empty(),
        "what follows an open transaction waits for it"
    );
    let before = ingested_mark(&bench.lake, &office.store).await.unwrap();
    slow.commit().await.unwrap();
    office.settle().await;
    ingest_changes(&bench.lake, &office.store, 1, now())
        .await
        .unwrap();
    let expected = [
        "product-1000|slow",
        "product-1001|fast",
        "product-1002|fast too",
    ];
    assert_eq!(names().await, expected);
    assert!(ingested_mark(&bench.lake, &office.store).await.unwrap() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_waited_for() {
    committed_late(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_log_that_is_filled_late_is_waited_for() {
    committed_late(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_than_that_of_the_lake_is_refused() {
    let bench = Bench::new().await;
    let office = Office::on_sqlite().await;
    office.work(&mut Dice::new(1), 10).await;
    ingest_changes(&bench.lake, &office.store, 100, now())
        .await
        .unwrap();
    let younger = Office::on_sqlite().await;
    let refused = ingest_changes(&bench.lake, &younger.store, 100, now()).await;
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("is another database"), "{message}");
}
