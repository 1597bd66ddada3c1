//! The same content again adds nothing; grown files add what is new.

use crate::support::Bench;

const DEALS: &str = r#"
[[source]]
file = "deals*.csv"
entity = "opportunity"
[source.columns]
id = "id"
amount = "amount"
"#;

const CALLS: &str = r#"
[[source]]
file = "calls*.csv"
entity = "interaction"
[source.columns]
account = "account"
at = "at"
"#;

async fn added(bench: &Bench, mapping: &str) -> Vec<(u64, u64)> {
    let report = bench.ingest(mapping).await.unwrap();
    report
        .sources
        .iter()
        .map(|source| (source.added, source.unchanged))
        .collect()
}

#[tokio::test]
async fn the_same_file_again_is_not_opened() {
    let bench = Bench::new().await;
    bench.write("deals.csv", "id,amount\na,1\nb,2\n");
    assert_eq!(added(&bench, DEALS).await, [(2, 0)]);
    let report = bench.ingest(DEALS).await.unwrap();
    assert!(report.sources[0].same_as_before);
    assert_eq!(bench.rows("opportunity", &["id"]).await.len(), 2);
}

#[tokio::test]
async fn a_changed_record_is_a_new_version() {
    let bench = Bench::new().await;
    bench.write("deals.csv", "id,amount\na,1\nb,2\n");
    added(&bench, DEALS).await;
    bench.write("deals.csv", "id,amount\na,1\nb,3\nc,4\n");
    assert_eq!(added(&bench, DEALS).await, [(2, 1)]);
    // Back to a value that it had before is a version again.
    bench.write("deals.csv", "id,amount\na,1\nb,2\nc,4\n");
    assert_eq!(added(&bench, DEALS).await, [(1, 2)]);
    assert_eq!(
        bench.rows("opportunity", &["id", "amount"]).await,
        ["a|1.00", "b|2.00", "b|3.00", "c|4.00", "b|2.00"]
    );
}

#[tokio::test]
async fn a_file_with_several_versions_of_an_id_adds_only_what_is_new() {
    let bench = Bench::new().await;
    bench.write("deals.csv", "id,amount\na,1\na,2\nb,1\n");
    assert_eq!(added(&bench, DEALS).await, [(3, 0)]);
    bench.write("deals.csv", "id,amount\na,1\na,2\nb,1\na,3\n");
    assert_eq!(added(&bench, DEALS).await, [(1, 3)]);
}

#[tokio::test]
async fn sources_that_share_an_id_do_not_disturb_each_other() {
    let bench = Bench::new().await;
    bench.write("deals1.csv", "id,amount\na,1\n");
    bench.write("deals2.csv", "id,amount\na,2\n");
    assert_eq!(added(&bench, DEALS).await, [(1, 0), (1, 0)]);
    bench.write("deals1.csv", "id,amount\na,1\nb,1\n");
    assert_eq!(added(&bench, DEALS).await, [(1, 1), (0, 0)]);
}

#[tokio::test]
async fn records_without_ids_are_known_as_often_as_they_are_there() {
    let bench = Bench::new().await;
    bench.write(
        "calls.csv",
        "account,at\nA,2024-01-01\nA,2024-01-01\nB,2024-01-01\n",
    );
    assert_eq!(added(&bench, CALLS).await, [(3, 0)]);
    bench.write(
        "calls.csv",
        "account,at\nA,2024-01-01\nA,2024-01-01\nB,2024-01-01\nA,2024-01-01\nC,2024-01-02\n",
    );
    assert_eq!(added(&bench, CALLS).await, [(2, 3)]);
    // An overlapping file of another name.
    bench.write("calls2.csv", "account,at\nC,2024-01-02\nD,2024-01-03\n");
    assert_eq!(added(&bench, CALLS).await, [(0, 0), (1, 1)]);
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let bench = Bench::new().await;
    bench.write("deals.csv", "id,amount\na,1\n");
    let mapping = bench.write("crm.toml", DEALS);
    let report = bench
        .ingest_with(&mapping, millrace_ingest::OnError::Stop, true)
        .await
        .unwrap();
    assert_eq!(report.sources[0].added, 1);
    assert!(bench.rows("opportunity", &["id"]).await.is_empty());
    assert_eq!(added(&bench, DEALS).await, [(1, 0)]);
}
