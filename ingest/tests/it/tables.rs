//! Tables of databases by mapping: the same on PostgreSQL and on `MariaDB`.

use millrace_ingest::{IngestError, IngestReport, OnError};
use millrace_lake::Lake;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::crm::Crm;
use crate::support::{Bench, files_with, ingest_into};

/// Makes a test of a case on both databases.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(crm) = super::Crm::on_postgres().await {
                    super::$case(crm).await;
                }
            })+
        }
        mod on_mariadb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(crm) = super::Crm::on_mariadb().await {
                    super::$case(crm).await;
                }
            })+
        }
    };
}

on_both!(
    what_is_written_corrected_and_deleted_flows_through,
    a_null_clears_what_was_there,
    types_come_in_exactly,
    what_is_no_value_is_named,
    equal_cursors_across_pages,
    events_without_any_key,
    rows_below_the_mark,
    orders_are_replaced_whole,
    who_vanished_is_taken_back,
    two_versions_of_a_quote,
    broken_off_anywhere,
    wrong_names_are_told_the_right_ones,
    ids_that_are_shared,
);

const DEALS: &str = "CREATE TABLE deals (deal_no varchar(40) NOT NULL PRIMARY KEY, customer varchar(80), \
                     opened LOCAL, closed_on date, state varchar(20), worth numeric(18, 2), \
                     gone boolean, updated_at TIME)";

const DEAL_COLUMNS: &str = r#"
[source.columns]
id = "deal_no"
account = "customer"
opened_at = "opened"
closed_at = "closed_on"
outcome = "state"
amount = "worth"
"#;

fn deals(settings: &str) -> String {
    format!(
        "\"deals\"\ncursor = \"updated_at\"\nentity = \"opportunity\"\n{settings}\n{DEAL_COLUMNS}"
    )
}

fn counts(report: &IngestReport) -> Vec<(u64, u64, u64, u64)> {
    let sources = report.sources.iter();
    sources
        .map(|own| (own.read, own.added, own.deleted, own.unchanged))
        .collect()
}

/// Ingests when every transaction is done that was running before, also those of other tests.
async fn settled(bench: &Bench, crm: &Crm, mapping: &str) {
    crm.settle().await;
    bench.ingest(mapping).await.unwrap();
}

async fn told(bench: &Bench) -> Vec<String> {
    bench
        .rows(
            "opportunity",
            &["_op", "id", "account", "outcome", "amount"],
        )
        .await
}

async fn what_is_written_corrected_and_deleted_flows_through(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\n\
         INSERT INTO deals VALUES ('00123', '甲', '2026-03-01 08:30:00', NULL, 'open', 100.50, false, '2026-10-01 08:00:00'), \
         ('D-2', '乙', '2026-03-02 00:00:00', '2026-04-01', 'won', 2, false, '2026-10-01 08:00:00')"
    ))
    .await;
    let mapping = crm.mapping(&[&deals("deleted = \"gone\"")]);
    let first = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&first), [(2, 2, 0, 0)]);
    assert!(first.sources[0].file.to_string_lossy().ends_with("/deals"));
    assert_eq!(
        bench
            .rows(
                "opportunity",
                &[
                    "_op",
                    "id",
                    "opened_at",
                    "opened_at_is_date",
                    "closed_at",
                    "closed_at_is_date"
                ]
            )
            .await,
        [
            "update|00123|2026-03-01T00:30:00Z|false|-|-",
            // a time at midnight is a time, a date keeps being one
            "update|D-2|2026-03-01T16:00:00Z|false|2026-03-31T16:00:00Z|true",
        ]
    );
    // Nothing is new; after a second reading there is nothing to say about transactions either.
    settled(&bench, &crm, &mapping).await;
    let version = bench.lake.table("raw/opportunity").await.unwrap().version();
    let again = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&again), [(2, 0, 0, 2)]);
    let table = bench.lake.table("raw/opportunity").await.unwrap();
    assert_eq!(table.version(), version, "nothing is committed for nothing");

    crm.run(
        "INSERT INTO deals VALUES ('D-3', '丙', NULL, NULL, 'open', 3, false, '2026-10-02 08:00:00');\n\
         UPDATE deals SET worth = 100.75, updated_at = '2026-10-02 08:00:01' WHERE deal_no = '00123'",
    )
    .await;
    let grown = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&grown), [(3, 2, 0, 1)], "the overlap is read again");
    crm.run(
        "UPDATE deals SET gone = true, customer = NULL, updated_at = '2026-10-03 08:00:00' WHERE deal_no = 'D-2';\n\
         INSERT INTO deals VALUES ('D-4', '丁', NULL, NULL, 'open', 4, true, '2026-10-03 08:00:00')",
    )
    .await;
    let deleted = bench.ingest(&mapping).await.unwrap();
    // One that was never there is not taken back.
    assert_eq!(deleted.sources[0].deleted, 1);
    let deleted = bench.ingest(&mapping).await.unwrap();
    assert_eq!(
        (deleted.sources[0].added, deleted.sources[0].deleted),
        (0, 0)
    );
    crm.run(
        "UPDATE deals SET gone = false, updated_at = '2026-10-04 08:00:00' WHERE deal_no = 'D-2'",
    )
    .await;
    bench.ingest(&mapping).await.unwrap();
    assert_eq!(
        told(&bench).await,
        [
            "update|00123|甲|open|100.50",
            "update|D-2|乙|won|2.00",
            "update|D-3|丙|open|3.00",
            "update|00123|甲|open|100.75",
            "delete|D-2|-|won|2.00",
            "update|D-2|-|won|2.00",
        ]
    );
    // Another mapping of the same rows makes other records of them: all are read again.
    let other = mapping.replace("amount = \"worth\"", "lost_amount = \"worth\"");
    let other = bench.ingest(&other).await.unwrap();
    assert_eq!(other.sources[0].read, 4);
    assert_eq!(other.sources[0].added, 3);
}

async fn a_null_clears_what_was_there(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\nINSERT INTO deals VALUES ('D-1', '甲', NULL, NULL, 'open', 1, false, '2026-10-01 08:00:00')"
    ))
    .await;
    let alone = crm.mapping(&[&deals("")]);
    bench.ingest(&alone).await.unwrap();
    assert_eq!(told(&bench).await, ["update|D-1|甲|open|1.00"]);
    // Where another source describes the same records, a null is only something not said.
    let bench = Bench::new().await;
    bench.write("more.csv", "id,competitor\nD-1,某厂\n");
    let more = "[[source]]\nfile = \"more.csv\"\nentity = \"opportunity\"\n[source.columns]\nid = \"id\"\ncompetitor = \"competitor\"\n";
    let report = bench.ingest(&format!("{alone}{more}")).await.unwrap();
    assert_eq!(report.sources.len(), 2);
    let rows = bench
        .rows("opportunity", &["_op", "id", "competitor"])
        .await;
    assert_eq!(rows, ["upsert|D-1|-", "upsert|D-1|某厂"]);
}

/// All kinds of columns, into fields and attributes.
async fn types_come_in_exactly(crm: Crm) {
    let bench = Bench::new().await;
    let (float, flag) = if crm.is_postgres {
        ("float4", "boolean")
    } else {
        ("float", "bit(1)")
    };
    crm.run(&format!(
        "CREATE TABLE tickets (id bigint NOT NULL PRIMARY KEY, customer char(8), opened TIME, due LOCAL, \
         seen date, score double precision, small {float}, exact numeric(30, 10), big numeric(20, 0), \
         flag {flag}, note text, cursor_no bigint)"
    ))
    .await;
    let truth = if crm.is_postgres { "true" } else { "b'1'" };
    crm.run(&format!(
        "INSERT INTO tickets VALUES (9223372036854775807, '00123', '2026-03-01 08:30:00.123456', \
         '2026-03-01 08:30:00.123456', '2026-03-01', 0.1, 0.1, 12345678901234567890.0123456789, \
         18446744073709551615, {truth}, '  说明 \"quoted\" \\n', 1)"
    ))
    .await;
    let mapping = crm.mapping(&[
        "\"tickets\"\ncursor = \"cursor_no\"\nentity = \"ticket\"\n[source.columns]\nid = \"id\"\naccount = \"customer\"\n\
         opened_at = \"opened\"\ndue_at = \"due\"\nclosed_at = \"seen\"\nsatisfaction = \"score\"\n\
         [source.attributes]\nsmall = \"small\"\nexact = \"exact\"\nbig = \"big\"\nflag = \"flag\"\nnote = \"note\"\nmoment = \"opened\"\n",
    ]);
    bench.ingest(&mapping).await.unwrap();
    let rows = bench
        .rows(
            "ticket",
            &[
                "id",
                "account",
                "opened_at",
                "due_at",
                "closed_at",
                "closed_at_is_date",
                "satisfaction",
            ],
        )
        .await;
    assert_eq!(
        rows,
        [
            "9223372036854775807|00123|2026-03-01T08:30:00.123456Z|2026-03-01T00:30:00.123456Z|2026-02-28T16:00:00Z|true|0.1"
        ]
    );
    let attributes = &bench.rows("ticket", &["attributes"]).await[0];
    let attributes: serde_json::Value = serde_json::from_str(attributes).unwrap();
    assert_eq!(attributes["exact"], "12345678901234567890.0123456789");
    assert_eq!(attributes["big"], "18446744073709551615");
    assert_eq!(attributes["moment"], "2026-03-01T08:30:00.123456+00:00");
    let small: f64 = attributes["small"].as_str().unwrap().parse().unwrap();
    assert!((small - 0.1).abs() < 1e-8);
    let flag = if crm.is_postgres { "true" } else { "1" };
    assert_eq!(attributes["flag"], flag);
}

async fn what_is_no_value_is_named(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\nALTER TABLE deals ADD COLUMN raw {}",
        if crm.is_postgres { "bytea" } else { "blob" }
    ))
    .await;
    crm.run(
        "INSERT INTO deals VALUES ('D-1', '甲', NULL, NULL, 'open', 1, false, '2026-10-01 08:00:00', NULL), \
         ('D-2', '乙', NULL, NULL, 'asleep', 2, false, '2026-10-01 08:00:00', 'abc')",
    )
    .await;
    let mapping = crm.mapping(&[&format!(
        "{}[source.attributes]\nraw = \"raw\"\n",
        deals("")
    )]);
    let text = bench.ingest(&mapping).await.unwrap_err().to_string();
    assert!(
        text.contains("/deals, row deal_no=D-2, column \"raw\": \"bytes 616263…\" is not a text, number or time"),
        "{text}"
    );
    let mapping = crm.mapping(&[&deals("")]);
    let text = bench.ingest(&mapping).await.unwrap_err().to_string();
    assert!(
        text.contains(
            "/deals, row deal_no=D-2, column \"state\": \"asleep\" is not one of open, won"
        ),
        "{text}"
    );
    assert!(told(&bench).await.is_empty(), "bad input changes nothing");
    // Set aside, the others are read, and the row comes again when it is corrected.
    let file = bench.write("crm.toml", &mapping);
    let report = bench
        .ingest_with(&file, OnError::Reject, false)
        .await
        .unwrap();
    assert_eq!(
        (report.sources[0].added, report.sources[0].rejected),
        (1, 1)
    );
    let rejects = std::fs::read_to_string(report.sources[0].reject_file.as_ref().unwrap()).unwrap();
    assert!(
        rejects.contains("deal_no=D-2,\"state: \"\"asleep\"\" is not one of"),
        "{rejects}"
    );
    crm.run(
        "UPDATE deals SET state = 'won', updated_at = '2026-10-02 08:00:00' WHERE deal_no = 'D-2'",
    )
    .await;
    bench.ingest(&mapping).await.unwrap();
    assert_eq!(
        told(&bench).await,
        ["update|D-1|甲|open|1.00", "update|D-2|乙|won|2.00"]
    );
}

/// Rows `from..to` of the same moment.
async fn many(crm: &Crm, from: u32, to: u32, moment: &str) {
    let rows: Vec<String> = (from..to)
        .map(|number| {
            format!("('D-{number:06}', '甲', NULL, NULL, 'open', {number}, false, '{moment}')")
        })
        .collect();
    for rows in rows.chunks(4_000) {
        crm.run(&format!("INSERT INTO deals VALUES {}", rows.join(", ")))
            .await;
    }
}

async fn equal_cursors_across_pages(crm: Crm) {
    // A page has 5,000 rows. With a key, and through a view of which nothing is known.
    crm.run(&format!(
        "{DEALS};\nCREATE VIEW seen_deals AS SELECT * FROM deals"
    ))
    .await;
    many(&crm, 0, 3_000, "2026-10-01 08:00:00").await;
    many(&crm, 3_000, 14_003, "2026-10-02 08:00:00").await;
    many(&crm, 14_003, 14_005, "2026-10-02 08:00:00.000001").await;
    crm.run("UPDATE deals SET updated_at = NULL WHERE deal_no = 'D-000007'")
        .await;
    for table in ["\"deals\"", "\"seen_deals\""] {
        let bench = Bench::new().await;
        let mapping = crm.mapping(&[&deals("").replacen("\"deals\"", table, 1)]);
        let report = bench.ingest(&mapping).await.unwrap();
        assert_eq!(counts(&report), [(14_005, 14_005, 0, 0)], "{table}");
        let mut ids = bench.rows("opportunity", &["id"]).await;
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 14_005, "{table}");
        settled(&bench, &crm, &mapping).await;
        let again = bench.ingest(&mapping).await.unwrap();
        // What has no cursor is read each time.
        assert_eq!(counts(&again), [(11_006, 0, 0, 11_006)], "{table}");
    }
}

async fn events_without_any_key(crm: Crm) {
    let bench = Bench::new().await;
    crm.run("CREATE TABLE moves (deal varchar(20), stage varchar(20), at_time TIME, void int, no bigint)").await;
    crm.run(
        "INSERT INTO moves VALUES ('D-1', 'lead', '2026-10-01 08:00:00', 0, 1), ('D-1', 'quote', '2026-10-02 08:00:00', 0, 1), \
         ('D-1', 'offer', '2026-10-03 08:00:00', 0, 2), ('D-2', 'lead', '2026-10-03 08:00:00', 1, 2)",
    )
    .await;
    let mapping = crm.mapping(&[
        "\"moves\"\ncursor = \"no\"\ndeleted = \"void\"\nentity = \"stage_change\"\n[source.columns]\n\
         opportunity = \"deal\"\nstage = \"stage\"\nchanged_at = \"at_time\"\n",
    ]);
    assert_eq!(
        counts(&bench.ingest(&mapping).await.unwrap()),
        [(4, 3, 0, 1)]
    );
    crm.run("UPDATE moves SET void = 1, no = 3 WHERE stage = 'quote'")
        .await;
    let deleted = bench.ingest(&mapping).await.unwrap();
    assert_eq!(deleted.sources[0].deleted, 1);
    let again = bench.ingest(&mapping).await.unwrap();
    assert_eq!((again.sources[0].added, again.sources[0].deleted), (0, 0));
    crm.run("UPDATE moves SET void = 0, no = 4 WHERE stage = 'quote'")
        .await;
    bench.ingest(&mapping).await.unwrap();
    let rows = bench
        .rows(
            "stage_change",
            &["_op", "opportunity", "stage", "changed_at"],
        )
        .await;
    assert_eq!(
        rows,
        [
            "upsert|D-1|lead|2026-10-01T08:00:00Z",
            "upsert|D-1|quote|2026-10-02T08:00:00Z",
            "upsert|D-1|offer|2026-10-03T08:00:00Z",
            "delete|D-1|quote|2026-10-02T08:00:00Z",
            "upsert|D-1|quote|2026-10-02T08:00:00Z",
        ]
    );
}

async fn rows_below_the_mark(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(DEALS).await;
    let add = async |id: &str, moment: &str| {
        crm.run(&format!(
            "INSERT INTO deals VALUES ('{id}', '甲', NULL, NULL, 'open', 1, false, '{moment}')"
        ))
        .await;
    };
    add("D-1", "2026-10-01 08:00:00").await;
    let mapping = crm.mapping(&[&deals("overlap = \"2m\"")]);
    bench.ingest(&mapping).await.unwrap();
    settled(&bench, &crm, &mapping).await;
    // Within the overlap, and below it.
    add("D-2", "2026-10-01 07:58:00").await;
    add("D-3", "2026-10-01 07:57:59").await;
    bench.ingest(&mapping).await.unwrap();
    assert_eq!(bench.rows("opportunity", &["id"]).await, ["D-1", "D-2"]);
    // Who lists the ids finds what was missed.
    let listing = crm.mapping(&[&deals("overlap = \"2m\"\nvanished = \"delete\"")]);
    bench.ingest(&listing).await.unwrap();
    assert_eq!(
        bench.rows("opportunity", &["id"]).await,
        ["D-1", "D-2", "D-3"]
    );
}

async fn orders_are_replaced_whole(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(
        "CREATE TABLE order_lines (order_no varchar(20) NOT NULL, line int NOT NULL, customer varchar(20), at_day date, \
         amount numeric(12, 2), removed_at TIME, version bigint NOT NULL, PRIMARY KEY (order_no, line))",
    )
    .await;
    crm.run(
        "INSERT INTO order_lines VALUES ('O-1', 1, '甲', '2026-10-01', 10, NULL, 1), ('O-1', 2, '甲', '2026-10-01', 10, NULL, 1), \
         ('O-2', 1, '乙', '2026-10-01', 5, NULL, 2), ('O-3', 1, '乙', '2026-10-01', 7, '2026-10-02 08:00:00', 3)",
    )
    .await;
    let source = "\"order_lines\"\ncursor = \"version\"\noverlap = 0\ndeleted = \"removed_at\"\nentity = \"order\"\n[source.columns]\n\
                  id = \"order_no\"\naccount = \"customer\"\nordered_at = \"at_day\"\namount = \"amount\"\n";
    let mapping = crm.mapping(&[source]);
    let first = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&first), [(4, 3, 0, 0)], "equal lines are two");
    for _ in 0..2 {
        let again = bench.ingest(&mapping).await.unwrap();
        assert_eq!((again.sources[0].added, again.sources[0].deleted), (0, 0));
    }
    // A line is corrected, one is added, one is removed, one order goes as a whole.
    crm.run(
        "UPDATE order_lines SET amount = 11, version = 4 WHERE order_no = 'O-1' AND line = 2;\n\
         INSERT INTO order_lines VALUES ('O-1', 3, '甲', '2026-10-01', 1, NULL, 4);\n\
         UPDATE order_lines SET removed_at = '2026-10-03 08:00:00', version = 5 WHERE order_no = 'O-2'",
    )
    .await;
    let changed = bench.ingest(&mapping).await.unwrap();
    assert_eq!(
        (changed.sources[0].added, changed.sources[0].deleted),
        (3, 2)
    );
    // A line vanishes: only who compares finds it.
    crm.run("DELETE FROM order_lines WHERE order_no = 'O-1' AND line = 1")
        .await;
    let unseen = bench.ingest(&mapping).await.unwrap();
    assert_eq!((unseen.sources[0].added, unseen.sources[0].deleted), (0, 0));
    let comparing =
        crm.mapping(&[&source.replacen("overlap", "vanished = \"delete\"\noverlap", 1)]);
    bench.ingest(&comparing).await.unwrap();
    crm.run("DELETE FROM order_lines").await;
    bench.ingest(&comparing).await.unwrap();
    let empty = bench.ingest(&comparing).await.unwrap();
    assert_eq!(counts(&empty), [(0, 0, 0, 0)]);
    assert_eq!(
        bench
            .rows("order", &["_op", "id", "ordered_at_is_date", "amount"])
            .await,
        [
            "upsert|O-1|true|10.00",
            "upsert|O-1|true|10.00",
            "upsert|O-2|true|5.00",
            "delete|O-1|true|10.00",
            "upsert|O-1|true|10.00",
            "upsert|O-1|true|11.00",
            "upsert|O-1|true|1.00",
            "delete|O-2|true|5.00",
            "delete|O-1|true|11.00",
            "upsert|O-1|true|11.00",
            "upsert|O-1|true|1.00",
            "delete|O-1|true|1.00",
        ]
    );
}

async fn who_vanished_is_taken_back(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(DEALS).await;
    many(&crm, 0, 700, "2026-10-01 08:00:00").await;
    let keeping = crm.mapping(&[&deals("")]);
    let deleting = crm.mapping(&[&deals("vanished = \"delete\"")]);
    bench.ingest(&keeping).await.unwrap();
    // What another source of the system knows is not of this table.
    bench.write("more.csv", "id,competitor\nX-1,某厂\n");
    let more = "system = \"crm\"\n[[source]]\nfile = \"more.csv\"\nentity = \"opportunity\"\n[source.columns]\nid = \"id\"\ncompetitor = \"competitor\"\n";
    bench.ingest(more).await.unwrap();
    crm.run("DELETE FROM deals WHERE worth > 600").await;
    let kept = bench.ingest(&keeping).await.unwrap();
    assert_eq!(kept.sources[0].deleted, 0);
    let gone = bench.ingest(&deleting).await.unwrap();
    assert_eq!((gone.sources[0].added, gone.sources[0].deleted), (0, 99));
    let again = bench.ingest(&deleting).await.unwrap();
    assert_eq!((again.sources[0].added, again.sources[0].deleted), (0, 0));
    // They come back as they were, whatever their cursor.
    many(&crm, 601, 602, "2026-01-01 08:00:00").await;
    let back = bench.ingest(&deleting).await.unwrap();
    assert_eq!((back.sources[0].added, back.sources[0].deleted), (1, 0));
    let rows = told(&bench).await;
    assert_eq!(
        rows.iter().filter(|row| row.starts_with("delete|")).count(),
        99
    );
    assert_eq!(rows.last().unwrap(), "update|D-000601|甲|open|601.00");
}

async fn two_versions_of_a_quote(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(
        "CREATE TABLE quotes (no varchar(20), v int, sent LOCAL, total numeric(10, 2), updated_at LOCAL);\n\
         INSERT INTO quotes VALUES ('Q-1', 1, '2026-10-01 08:00:00', 10, '2026-10-01 08:00:00'), \
         ('Q-1', 2, '2026-10-02 08:00:00', 12, '2026-10-02 08:00:00')",
    )
    .await;
    let mapping = crm.mapping(&[
        "\"quotes\"\ncursor = \"updated_at\"\nvanished = \"delete\"\noverlap = \"30d\"\nentity = \"quote\"\n[source.columns]\n\
         id = \"no\"\nversion = \"v\"\nsent_at = \"sent\"\namount = \"total\"\n",
    ]);
    assert_eq!(
        counts(&bench.ingest(&mapping).await.unwrap()),
        [(2, 2, 0, 0)]
    );
    let again = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&again), [(2, 0, 0, 2)]);
    crm.run("DELETE FROM quotes WHERE v = 2").await;
    bench.ingest(&mapping).await.unwrap();
    let rows = bench
        .rows("quote", &["_op", "id", "version", "amount"])
        .await;
    assert_eq!(
        rows,
        [
            "update|Q-1|1|10.00",
            "update|Q-1|2|12.00",
            "delete|Q-1|2|12.00"
        ]
    );
}

/// Dropped where it waits, again and again and later each time, as a process that is killed.
async fn broken_off_anywhere(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\nCREATE TABLE customers (name varchar(40) PRIMARY KEY, updated_at TIME)"
    ))
    .await;
    many(&crm, 0, 900, "2026-10-01 08:00:00").await;
    crm.run("INSERT INTO customers VALUES ('甲', '2026-10-01 08:00:00')")
        .await;
    let customers = "\"customers\"\ncursor = \"updated_at\"\nentity = \"account\"\n[source.columns]\nname = \"name\"\n";
    let mapping = crm.mapping(&[customers, &deals("")]);
    let file = bench.write("crm.toml", &mapping);
    let mut done = false;
    let mut broken = 0;
    let mut patience = 0;
    while !done {
        // A second process, as after a restart, knows nothing of the first.
        let lake = Lake::open(bench.lake.root()).await.unwrap();
        let reading = ingest_into(&lake, &file, OnError::Stop, false);
        let stop = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            result = reading => { result.unwrap(); done = true; }
            () = stop => broken += 1,
        }
        if !done && broken % 7 == 0 {
            // Something is written in between.
            let number = 10_000 + broken;
            many(&crm, number, number + 1, "2026-10-02 08:00:00").await;
        }
        patience = patience * 3 / 2 + 1;
    }
    assert!(broken > 5);
    bench.ingest(&mapping).await.unwrap();
    let mut ids = bench.rows("opportunity", &["id"]).await;
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "nothing is twice");
    assert_eq!(all, 900 + usize::try_from(broken / 7).unwrap());
    assert_eq!(bench.rows("account", &["name"]).await, ["甲"]);
}

async fn wrong_names_are_told_the_right_ones(crm: Crm) {
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\nCREATE TABLE customers (name varchar(40))"
    ))
    .await;
    let right = crm.mapping(&[&deals("")]);
    let said = async |mapping: &str| bench.ingest(mapping).await.unwrap_err().to_string();
    let text = said(&right.replace("table = \"deals\"", "table = \"deal\"")).await;
    assert!(
        text.contains(
            "has no table \"deal\" (did you mean deals?); its tables are customers, deals"
        ),
        "{text}"
    );
    let text = said(&right.replace("\"worth\"", "\"wort\"")).await;
    assert!(
        text.contains(
            "/deals has no column \"wort\", which field `amount` is mapped to (did you mean worth?)"
        ),
        "{text}"
    );
    let text = said(&right.replace("cursor = \"updated_at\"", "cursor = \"updated\"")).await;
    assert!(
        text.contains("\"updated\", which `cursor` is mapped to (did you mean updated_at?)"),
        "{text}"
    );
    let text = said(&right.replace("cursor = \"updated_at\"", "cursor = \"state\"")).await;
    assert!(text.contains("the cursor \"state\" is"), "{text}");
    let text = said(&right.replace(
        "cursor = \"updated_at\"",
        "cursor = \"updated_at\"\noverlap = 100",
    ))
    .await;
    assert!(
        text.contains("so `overlap` must be a length of time such as \"10m\""),
        "{text}"
    );
    // A name is a name, whatever is in it.
    let text = said(&right.replace(
        "table = \"deals\"",
        "table = 'deals\"; DROP TABLE deals; --'",
    ))
    .await;
    assert!(text.contains("has no table"), "{text}");
    bench.ingest(&right).await.unwrap();
    // Who is told what of the password.
    let url = "//root:hunter2@localhost/there_is_none";
    let wrong = right.replace(
        &crm.url,
        &format!(
            "{}{url}",
            if crm.is_postgres {
                "postgres:"
            } else {
                "mysql:"
            }
        ),
    );
    let text = said(&wrong).await;
    assert!(
        text.contains("localhost/there_is_none cannot be reached"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

async fn ids_that_are_shared(crm: Crm) {
    let bench = Bench::new().await;
    crm.run("CREATE TABLE deals (deal_no varchar(40), customer varchar(80), opened LOCAL, closed_on date, state varchar(20), worth int, updated_at TIME)")
        .await;
    crm.run(
        "INSERT INTO deals VALUES ('D-1', '甲', NULL, NULL, 'open', 1, '2026-10-01 08:00:00'), \
         ('D-1', '甲', NULL, NULL, 'won', 1, '2026-10-02 08:00:00')",
    )
    .await;
    let mapping = crm.mapping(&[&deals("")]);
    let error = bench.ingest(&mapping).await.unwrap_err();
    assert!(matches!(error, IngestError::SharedId { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("more than one row has deal_no \"D-1\""),
        "{error}"
    );
    crm.run("UPDATE deals SET deal_no = NULL WHERE state = 'won'")
        .await;
    let text = bench.ingest(&mapping).await.unwrap_err().to_string();
    assert!(
        text.contains("column \"deal_no\": is empty, expected an id"),
        "{text}"
    );
}

/// However long it takes and however far below its cursor is: no overlap helps here.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_on_postgres_is_read() {
    let Some(crm) = Crm::on_postgres().await else {
        return;
    };
    let bench = Bench::new().await;
    crm.run(
        "CREATE TABLE deals (deal_no text PRIMARY KEY, customer text, opened timestamp, closed_on date, state text, worth int, \
         updated_at bigserial)",
    )
    .await;
    let mapping = crm.mapping(&[&deals("overlap = 0")]);
    let add = |id: &str| format!("INSERT INTO deals (deal_no, state) VALUES ('{id}', 'open')");
    let other = crm.another().await;
    crm.run(&add("D-1")).await;
    let slow = other.begin().await.unwrap();
    slow.execute_unprepared(&add("slow")).await.unwrap();
    for id in ["D-2", "D-3", "D-4"] {
        crm.run(&add(id)).await;
        bench.ingest(&mapping).await.unwrap();
    }
    assert_eq!(
        bench.rows("opportunity", &["id"]).await,
        ["D-1", "D-2", "D-3", "D-4"]
    );
    slow.commit().await.unwrap();
    crm.run(&add("D-5")).await;
    settled(&bench, &crm, &mapping).await;
    assert_eq!(
        bench.rows("opportunity", &["id"]).await,
        ["D-1", "D-2", "D-3", "D-4", "slow", "D-5"]
    );
    // Nothing runs any more: the mark follows, and only the last is read again.
    settled(&bench, &crm, &mapping).await;
    let last = bench.ingest(&mapping).await.unwrap();
    assert_eq!(counts(&last), [(1, 0, 0, 1)]);
}

/// What is secret is nowhere in the lake, and who signs in makes no other source.
#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_kept_nowhere() {
    let Some(crm) = Crm::on_postgres().await else {
        return;
    };
    let bench = Bench::new().await;
    crm.run(&format!(
        "{DEALS};\nINSERT INTO deals VALUES ('D-1', '甲', NULL, NULL, 'open', 1, false, '2026-10-01 08:00:00')"
    ))
    .await;
    let mapping = crm.mapping(&[&deals("")]);
    for password in ["hunter2", "hunter3", "hunter3"] {
        let secret = mapping.replace("postgres@", &format!("postgres:{password}@"));
        assert_ne!(secret, mapping);
        let report = bench.ingest(&secret).await.unwrap();
        assert!(!format!("{report:?}").contains("hunter"));
    }
    assert_eq!(told(&bench).await, ["update|D-1|甲|open|1.00"]);
    assert_eq!(files_with(bench.lake.root(), b"hunter"), 0);
    assert!(files_with(bench.lake.root(), b"/deals") > 0);
}
