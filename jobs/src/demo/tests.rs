use std::collections::BTreeMap;

use millrace_operations::entity::{RESOURCES, opportunity};
use millrace_operations::resources::{ListQuery, list};
use sea_orm::{ConnectionTrait, Statement};

use super::*;
use crate::run::Silent;

struct Filling {
    store: Store,
    logins: Vec<Login>,
    files: std::path::PathBuf,
    folder: tempfile::TempDir,
}

fn options(accounts: usize, months: u32, until: &str, seed: u64) -> DemoOptions {
    DemoOptions {
        accounts,
        months,
        until: until.parse().unwrap(),
        seed,
    }
}

fn password() -> Password {
    Password::from("a demo password".to_owned())
}

impl Filling {
    async fn new(options: DemoOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("operations.db"));
        let attachments = folder.path().join("attachments");
        let files = Files::in_folder(&attachments).unwrap();
        let company = Company::default();
        let filled = fill(&place, &files, &company, &options, &password(), &Silent)
            .await
            .unwrap();
        let logins = filled.logins.clone();
        filled.complete().await.unwrap();
        let morning = options.until.and_hms_opt(0, 30, 0).unwrap().and_utc();
        let clock = Arc::new(SetClock::at(morning));
        Self {
            store: Store::open(&place, clock, &company).await.unwrap(),
            logins,
            files: attachments,
            folder,
        }
    }

    /// The rows of a query, each as text.
    async fn rows(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.store.backend(), sql);
        let rows = self.store.reader().query_all_raw(statement).await.unwrap();
        let text = |row: &sea_orm::QueryResult| row.try_get_by_index::<String>(0).unwrap();
        rows.iter().map(text).collect()
    }

    async fn count(&self, sql: &str) -> i64 {
        let statement =
            Statement::from_string(self.store.backend(), format!("SELECT COUNT(*) FROM {sql}"));
        let row = self.store.reader().query_one_raw(statement).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }

    /// That no row meets the condition; those that do are told.
    async fn none(&self, what: &str, sql: &str) {
        let rows = self.rows(sql).await;
        assert!(rows.is_empty(), "{what}: {rows:?}");
    }

    /// Every table and the change log as text.
    async fn dump(&self) -> BTreeMap<String, Vec<String>> {
        let mut tables = BTreeMap::new();
        let log = "seq at actor_id actor reason entity record_id op before after".split(' ');
        let mut wanted = vec![("change_log", "seq", log.collect::<Vec<_>>())];
        for resource in RESOURCES {
            let columns = resource.fields.iter().map(|field| field.name).collect();
            wanted.push((resource.table, "id", columns));
        }
        for (table, order, columns) in wanted {
            let columns: Vec<String> = columns
                .iter()
                .map(|name| format!("COALESCE(CAST({name} AS TEXT), '∅')"))
                .collect();
            let columns = columns.join(" || '|' || ");
            let sql = format!("SELECT {columns} FROM {table} ORDER BY {order}");
            tables.insert(table.to_owned(), self.rows(&sql).await);
        }
        tables
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn same_options_give_the_same_records() {
    let left = Filling::new(options(12, 4, "2026-03-10", 9))
        .await
        .dump()
        .await;
    let right = Filling::new(options(12, 4, "2026-03-10", 9))
        .await
        .dump()
        .await;
    for (table, rows) in &left {
        assert_eq!(rows, &right[table], "{table}");
    }
    assert!(left["change_log"].len() > 500);
    let other = Filling::new(options(12, 4, "2026-03-10", 10))
        .await
        .dump()
        .await;
    assert_ne!(left["accounts"], other["accounts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_odd_demos_work() {
    for options in [
        options(1, 1, "2026-02-18", 3),
        options(5, 2, "2027-05-01", 4),
        options(9, 3, "2032-02-29", 5),
    ] {
        let demo = Filling::new(options).await;
        let accounts = i64::try_from(options.accounts).unwrap();
        assert_eq!(demo.count("accounts").await, accounts, "{options:?}");
    }
}

#[test]
fn refuses_options_out_of_range() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path()).unwrap();
    for (options, said) in [
        (
            options(0, 24, "2026-11-23", 1),
            "accounts is 0, must be 1 to 1000000",
        ),
        (
            options(1, 0, "2026-11-23", 1),
            "months is 0, must be 1 to 240",
        ),
    ] {
        let error = plan(&Company::default(), &files, &options).err().unwrap();
        assert_eq!(error.to_string(), said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reps_of_a_large_firm_may_hold_their_customers() {
    let demo = Filling::new(options(3_000, 1, "2026-06-30", 1)).await;
    let most = "SELECT CAST(MAX(held) AS TEXT) FROM \
                (SELECT COUNT(*) AS held FROM accounts GROUP BY owner_id HAVING owner_id > 0)";
    let most: i64 = demo.rows(most).await[0].parse().unwrap();
    assert!(
        most > 200,
        "the limits of the default roles would do: {most}"
    );
    let over = "SELECT users.name FROM users JOIN roles ON roles.id = users.role_id WHERE \
                pool_capacity < (SELECT COUNT(*) FROM accounts WHERE owner_id = users.id)";
    demo.none("holds more than the role may", over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_says_that_it_is_one_and_is_made_once() {
    let made = options(2, 1, "2026-03-10", 1);
    let demo = Filling::new(made).await;
    assert_eq!(held(&demo.store).await.unwrap(), Held::Demo(made));
    demo.store
        .write(&Actor::system("demo"), async |unit| {
            mark(&unit, &made, false).await
        })
        .await
        .unwrap();
    assert_eq!(held(&demo.store).await.unwrap(), Held::CutOff);
    let place = Place::File(demo.folder.path().join("operations.db"));
    let files = Files::in_folder(&demo.files).unwrap();
    let again = fill(
        &place,
        &files,
        &Company::default(),
        &made,
        &password(),
        &Silent,
    )
    .await;
    assert_eq!(again.unwrap_err().to_string(), "the store is not empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_password_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("operations.db");
    let files = Files::in_folder(folder.path()).unwrap();
    let weak = Password::from("demo".to_owned());
    let (company, made) = (Company::default(), options(2, 1, "2026-03-10", 1));
    let refused = fill(
        &Place::File(file.clone()),
        &files,
        &company,
        &made,
        &weak,
        &Silent,
    )
    .await;
    assert!(refused.unwrap_err().to_string().contains("10 characters"));
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_right() {
    let demo = Filling::new(options(70, 14, "2026-11-23", 2)).await;
    the_sums_agree(&demo).await;
    the_pipeline_was_kept_to(&demo).await;
    nothing_is_out_of_time(&demo).await;
    targets_are_set_and_within_reach(&demo).await;
    files_are_there(&demo).await;
    everybody_sees_something(&demo).await;
    all_kinds_of_things_happen(&demo).await;
}

async fn the_sums_agree(demo: &Filling) {
    for (what, sql) in [
        (
            "quotes and their lines",
            "SELECT q.number FROM quotes q JOIN quote_lines l ON l.quote_id = q.id AND l.deleted_at IS NULL \
             GROUP BY q.id HAVING SUM(l.amount) <> q.amount",
        ),
        (
            "orders and their lines",
            "SELECT o.number FROM orders o JOIN order_lines l ON l.order_id = o.id \
             GROUP BY o.id HAVING SUM(l.amount) <> o.amount",
        ),
        (
            "orders and their contracts",
            "SELECT o.number FROM orders o JOIN contracts c ON c.id = o.contract_id \
             WHERE o.kind = 'sale' AND o.amount <> c.amount",
        ),
        (
            "contracts and their instalments",
            "SELECT c.number FROM contracts c JOIN payment_plans p ON p.contract_id = c.id \
             GROUP BY c.id HAVING SUM(p.amount) <> c.amount",
        ),
        (
            "instalments and what pays them",
            "SELECT CAST(p.id AS TEXT) FROM payment_plans p LEFT JOIN receipt_allocations a ON a.payment_plan_id = p.id \
             GROUP BY p.id HAVING COALESCE(SUM(a.amount), 0) <> p.received_amount",
        ),
        (
            "receipts and what they pay",
            "SELECT r.number FROM receipts r LEFT JOIN receipt_allocations a ON a.receipt_id = r.id \
             GROUP BY r.id HAVING COALESCE(SUM(a.amount), 0) <> r.allocated_amount",
        ),
        (
            "accepted quotes and contracts",
            "SELECT c.number FROM contracts c JOIN quotes q ON q.id = c.quote_id WHERE q.accepted_amount <> c.amount",
        ),
    ] {
        demo.none(what, sql).await;
    }
}

async fn the_pipeline_was_kept_to(demo: &Filling) {
    for (what, sql) in [
        (
            "a contract that took effect won its deal",
            "SELECT c.number FROM contracts c JOIN opportunities o ON o.id = c.opportunity_id \
             WHERE c.status IN ('effective', 'completed') AND o.outcome <> 'won'",
        ),
        (
            "a deal is won by a contract",
            "SELECT o.number FROM opportunities o WHERE o.outcome = 'won' AND NOT EXISTS (SELECT 1 FROM contracts c \
             WHERE c.opportunity_id = o.id AND c.status IN ('effective', 'completed'))",
        ),
        (
            "who goes on to quote has the requirements, or leave",
            "SELECT CAST(s.id AS TEXT) FROM stage_changes s JOIN stages f ON f.id = s.from_stage_id \
             WHERE f.code = 'requirements' AND s.kind = 'forward' AND s.overridden IS NULL AND NOT EXISTS \
             (SELECT 1 FROM attachments a WHERE a.entity = 'opportunity' AND a.record_id = s.opportunity_id \
             AND a.kind = 'requirements' AND a.recorded_at <= s.recorded_at)",
        ),
        (
            "who goes on to sign has sent a quote",
            "SELECT CAST(s.id AS TEXT) FROM stage_changes s JOIN stages f ON f.id = s.from_stage_id \
             WHERE f.code = 'quotation' AND s.kind = 'forward' AND NOT EXISTS \
             (SELECT 1 FROM quotes q WHERE q.opportunity_id = s.opportunity_id AND q.sent_at <= s.recorded_at)",
        ),
        (
            "no stage is passed over, and moves are in order",
            "SELECT CAST(id AS TEXT) FROM (SELECT id, kind, recorded_at, \
             LAG(recorded_at) OVER (PARTITION BY opportunity_id ORDER BY id) AS before FROM stage_changes) \
             WHERE kind = 'skip' OR before > recorded_at",
        ),
        (
            "a discount beyond the rep's was approved",
            "SELECT number FROM quotes WHERE sent_at IS NOT NULL AND discount > 500 AND approved_at IS NULL",
        ),
        (
            "a completed deal is delivered",
            "SELECT o.number FROM opportunities o WHERE o.completed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \
             orders r JOIN deliveries d ON d.order_id = r.id WHERE r.opportunity_id = o.id AND d.accepted_on IS NOT NULL)",
        ),
    ] {
        demo.none(what, sql).await;
    }
}

async fn nothing_is_out_of_time(demo: &Filling) {
    // The company is eight hours ahead of UTC; the job of the pool runs in the first hour of the day.
    for (what, sql) in [
        (
            "the log is in order of time",
            "SELECT CAST(seq AS TEXT) FROM (SELECT seq, at, LAG(at) OVER (ORDER BY seq) AS before FROM change_log) WHERE at < before",
        ),
        (
            "nothing happens after the end",
            "SELECT entity FROM change_log WHERE at > '2026-11-22T17:00' AND actor <> 'demo'",
        ),
        (
            "people work by day",
            "SELECT at FROM change_log WHERE actor_id IS NOT NULL AND NOT (substr(at, 12, 5) BETWEEN '01:00' AND '10:00')",
        ),
        (
            "deals open before they end",
            "SELECT number FROM opportunities WHERE closed_at < opened_at",
        ),
        (
            "quotes are sent before they are decided",
            "SELECT number FROM quotes WHERE decided_at < sent_at",
        ),
    ] {
        demo.none(what, sql).await;
    }
}

/// Targets of this year and the last, those of teams at least what their reps have, and about what is
/// won.
async fn targets_are_set_and_within_reach(demo: &Filling) {
    for (metric, months, others) in [
        ("won_amount", 24, 0),
        ("order_amount", 24, 0),
        ("win_rate", 24, 10),
    ] {
        for (grain, count) in [("= 'month'", months), ("<> 'month'", others)] {
            let of_company = format!(
                "targets WHERE metric = '{metric}' AND grain {grain} AND team_id IS NULL AND user_id IS NULL"
            );
            assert_eq!(demo.count(&of_company).await, count, "{of_company}");
        }
    }
    let reps = demo
        .count("(SELECT DISTINCT user_id FROM targets WHERE user_id IS NOT NULL)")
        .await;
    assert!(reps >= 17, "{reps}");
    demo.none(
        "a team is to win less than its reps",
        "SELECT t.name || ' ' || own.starts_on FROM targets own JOIN teams t ON t.id = own.team_id \
         WHERE own.metric = 'won_amount' AND own.amount < (SELECT COALESCE(SUM(r.amount), 0) FROM targets r \
         JOIN users u ON u.id = r.user_id WHERE u.team_id = own.team_id AND r.metric = own.metric \
         AND r.starts_on = own.starts_on)",
    )
    .await;
    demo.none(
        "a rate is none",
        "SELECT CAST(value AS TEXT) FROM targets WHERE metric = 'win_rate' AND (value < 1500 OR value > 8500)",
    )
    .await;
    // the whole months of the demo
    let shares = demo
        .rows(
            "SELECT CAST(CAST(SUM(amount) AS REAL) / (SELECT SUM(amount) FROM opportunities WHERE \
             won_at >= '2025-10-01' AND won_at < '2026-11-01') AS TEXT) FROM targets \
             WHERE metric = 'won_amount' AND team_id IS NULL AND user_id IS NULL \
             AND starts_on >= '2025-10-01' AND starts_on < '2026-11-01'",
        )
        .await;
    let share: f64 = shares[0].parse().unwrap();
    assert!((0.8..1.5).contains(&share), "{share}");
}

async fn files_are_there(demo: &Filling) {
    let keys = demo.rows("SELECT object_key FROM attachments").await;
    assert!(keys.len() > 100, "{}", keys.len());
    for key in keys {
        assert!(demo.files.join(&key).is_file(), "{key}");
    }
}

/// Somebody of each role may come in, and sees deals of their own scope.
async fn everybody_sees_something(demo: &Filling) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of_reps = Vec::new();
    for login in &demo.logins {
        let found = user::Entity::find()
            .filter(user::Column::Username.eq(&login.username))
            .one(demo.store.reader())
            .await
            .unwrap();
        let caller = demo.store.caller(found.unwrap().id).await.unwrap();
        let query = ListQuery {
            limit: Some(50),
            ..ListQuery::default()
        };
        let page = list(&demo.store, &caller, &opportunity::RESOURCE, &query).await;
        let rows = page.map_or(0, |page| page.rows.len());
        if login.role == "rep" {
            of_reps.push(rows);
        }
        let most = seen.entry(&login.role).or_default();
        *most = rows.max(*most);
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
    assert!(seen.values().all(|rows| *rows > 0), "{seen:?}");
    let busy = of_reps.iter().filter(|rows| **rows > 0).count();
    assert!(busy > 14, "{of_reps:?}");
    assert_eq!(of_reps.len(), 19, "one has left");
}

/// In this company a project is put off on the days on which its first quote used to be drafted.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_put_off_is_not_quoted_meanwhile() {
    let demo = Filling::new(options(800, 12, "2026-11-25", 1)).await;
    let put_off = demo.count("stage_changes WHERE kind = 'reopen'").await;
    assert!(put_off > 0);
}

/// All that a firm does happens in the demo company too, even in the small one of the tests; an
/// override, one move in fifty, may not.
async fn all_kinds_of_things_happen(demo: &Filling) {
    let mut fewer = Vec::new();
    for (what, least) in [
        ("accounts WHERE owner_id IS NULL", 1),
        ("handovers", 1),
        ("users WHERE left_on IS NOT NULL", 1),
        ("pool_moves WHERE kind = 'claim'", 10),
        ("pool_moves WHERE kind = 'assign'", 3),
        ("opportunities WHERE outcome = 'open'", 10),
        ("opportunities WHERE outcome = 'shelved'", 3),
        ("opportunities WHERE outcome = 'invalid'", 3),
        ("opportunities WHERE outcome = 'duplicate'", 1),
        ("opportunities WHERE completed_at IS NOT NULL", 20),
        ("stage_changes WHERE kind = 'reopen'", 2),
        ("stage_changes WHERE kind = 'back'", 5),
        ("stage_changes WHERE kind = 'correction'", 2),
        ("quotes WHERE alternative IS NOT NULL", 5),
        ("quotes WHERE quote_version > 1", 20),
        ("quotes WHERE outcome = 'partial'", 2),
        ("quotes WHERE outcome = 'expired'", 3),
        ("contracts WHERE kind = 'framework'", 3),
        ("contracts WHERE kind = 'call_off'", 3),
        ("contracts WHERE deposit_received_on IS NOT NULL", 5),
        ("orders WHERE kind <> 'sale'", 2),
        ("invoice_applications WHERE status = 'issued'", 20),
        ("payment_requests WHERE status = 'paid'", 5),
        ("interactions WHERE checked_in_at IS NOT NULL", 50),
        ("tickets WHERE satisfaction IS NOT NULL", 20),
        ("todos WHERE state = 'open'", 30),
        ("private_notes", 3),
    ] {
        let count = demo.count(what).await;
        if count < least {
            fewer.push(format!("{what}: {count} of {least}"));
        }
    }
    assert!(fewer.is_empty(), "{fewer:#?}");
}
