//! Cells that become values, and cells that do not.

use millrace_ingest::{IngestError, OnError};

use crate::support::Bench;

const ORDERS: &str = r#"
[[source]]
file = "orders.csv"
entity = "order"
[source.columns]
account = "客户"
ordered_at = "日期"
amount = "金额"
"#;

#[tokio::test]
async fn dates_without_a_time_keep_their_day() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,2024/3/1,1\n乙,2024年3月1日 08:30,2\n丙,2024-03-01T08:30:00Z,3\n",
    );
    bench.ingest(ORDERS).await.unwrap();
    assert_eq!(
        bench
            .rows("order", &["account", "ordered_at", "ordered_at_is_date"])
            .await,
        [
            "甲|2024-02-29T16:00:00Z|true",
            "乙|2024-03-01T00:30:00Z|false",
            "丙|2024-03-01T08:30:00Z|false",
        ]
    );
}

#[tokio::test]
async fn the_whole_column_decides_the_order_of_day_and_month() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,3/4/2024,1\n乙,25/4/2024,2\n",
    );
    bench.ingest(ORDERS).await.unwrap();
    assert_eq!(
        bench.rows("order", &["ordered_at"]).await,
        ["2024-04-02T16:00:00Z", "2024-04-24T16:00:00Z"]
    );
}

#[tokio::test]
async fn asks_where_the_column_cannot_decide() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,3/4/2024,1\n乙,5/4/2024,2\n",
    );
    let text = bench.ingest(ORDERS).await.unwrap_err().to_string();
    assert!(
        text.contains(
            "column \"日期\" holds dates such as \"3/4/2024\" (row 2): no row of the column tells"
        ),
        "{text}"
    );
    assert!(
        text.contains("ordered_at = { column = \"日期\", format = \"%d/%m/%Y\" }"),
        "{text}"
    );
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,13/4/2024,1\n乙,4/13/2024,2\n",
    );
    let text = bench.ingest(ORDERS).await.unwrap_err().to_string();
    assert!(
        text.contains("no one order of day and month fits it and \"4/13/2024\" (row 3)"),
        "{text}"
    );
    let format = ORDERS.replace("\"日期\"", "{ column = \"日期\", format = \"%m/%d/%Y\" }");
    bench.write("orders.csv", "客户,日期,金额\n甲,3/4/2024,1\n");
    bench.ingest(&format).await.unwrap();
    assert_eq!(
        bench.rows("order", &["ordered_at"]).await,
        ["2024-03-03T16:00:00Z"]
    );
}

#[tokio::test]
async fn files_of_one_source_share_the_order_that_one_of_them_decides() {
    let bench = Bench::new().await;
    bench.write("orders1.csv", "客户,日期,金额\n甲,3/4/2024,1\n");
    bench.write("orders2.csv", "客户,日期,金额\n乙,25/4/2024,2\n");
    bench
        .ingest(&ORDERS.replace("orders.csv", "orders*.csv"))
        .await
        .unwrap();
    assert_eq!(
        bench.rows("order", &["ordered_at"]).await,
        ["2024-04-02T16:00:00Z", "2024-04-24T16:00:00Z"]
    );
}

#[tokio::test]
async fn amounts_as_people_write_them() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\na,2024-01-01,\"1,234.5\"\na,2024-01-01,¥3.2万\na,2024-01-01,（300）\na,2024-01-01,１２\na,2024-01-01,-\n",
    );
    bench.ingest(ORDERS).await.unwrap();
    assert_eq!(
        bench.rows("order", &["amount"]).await,
        ["1234.50", "32000.00", "-300.00", "12.00", "-"]
    );
}

#[tokio::test]
async fn a_bad_cell_stops_everything_and_is_named() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,2024-03-01,1\n乙,soon,2\n,2024-03-01,3\n",
    );
    let error = bench.ingest(ORDERS).await.unwrap_err();
    let IngestError::BadCells { cells } = &error else {
        panic!("{error}")
    };
    assert_eq!(cells.len(), 2);
    assert_eq!(
        (
            cells[0].row.to_string().as_str(),
            cells[0].column.as_str(),
            cells[0].value.as_str()
        ),
        ("3", "日期", "soon")
    );
    let text = error.to_string();
    assert!(
        text.contains("orders.csv, row 3, column \"日期\": \"soon\" is not a date or time such as"),
        "{text}"
    );
    assert!(
        text.contains("row 4, column \"客户\": is empty, expected the id or name of its account"),
        "{text}"
    );
    assert!(bench.rows("order", &["account"]).await.is_empty());
}

#[tokio::test]
async fn rejected_rows_go_to_a_file_with_their_reasons() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,2024-03-01,1\n乙,soon,2\n丙,2024-03-02,\"3,5,1\"\n",
    );
    let mapping = bench.write("crm.toml", ORDERS);
    let report = bench
        .ingest_with(&mapping, OnError::Reject, false)
        .await
        .unwrap();
    let source = &report.sources[0];
    assert_eq!((source.read, source.added, source.rejected), (3, 1, 2));
    let file = source.reject_file.clone().unwrap();
    assert_eq!(file, bench.path("orders.csv.rejected.csv"));
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\u{feff}row,reason,客户,日期,金额");
    assert!(
        lines[1].starts_with("3,\"日期: \"\"soon\"\" is not a date or time"),
        "{text}"
    );
    assert!(lines[1].ends_with("乙,soon,2"), "{text}");
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn a_delimiter_inside_an_unquoted_value_is_noticed() {
    let bench = Bench::new().await;
    bench.write(
        "orders.csv",
        "客户,日期,金额\n甲,2024-03-01,1\n乙,2024-03-01,1,200\n",
    );
    let text = bench.ingest(ORDERS).await.unwrap_err().to_string();
    assert!(
        text.contains("row 3, column \"4\": \"200\" is not in any of the 3 columns"),
        "{text}"
    );
}

#[tokio::test]
async fn ids_stay_as_written_and_values_are_replaced() {
    let bench = Bench::new().await;
    bench.write(
        "deals.csv",
        "id,stage,product,sector\n00123,Won,GTXPro,technolgy\n00124,engaging, GTX Pro ,\n",
    );
    bench
        .ingest(
            r#"
            system = "erp"
            [[source]]
            file = "deals.csv"
            entity = "opportunity"
            [source.columns]
            id = "id"
            outcome = "stage"
            product = "product"
            stage = { value = "lead" }
            [source.values.outcome]
            engaging = "open"
            [source.values.product]
            GTXPro = "GTX Pro"
            [source.values.sector]
            technolgy = "technology"
            [source.attributes]
            sector = "sector"
            "#,
        )
        .await
        .unwrap();
    assert_eq!(
        bench
            .rows(
                "opportunity",
                &[
                    "_source",
                    "_file",
                    "_op",
                    "id",
                    "outcome",
                    "product",
                    "stage",
                    "attributes"
                ]
            )
            .await,
        [
            "erp|deals.csv|upsert|00123|won|GTX Pro|lead|{\"sector\":\"technology\"}",
            "erp|deals.csv|upsert|00124|open|GTX Pro|lead|-",
        ]
    );
}

#[tokio::test]
async fn a_missing_column_names_the_nearest() {
    let bench = Bench::new().await;
    bench.write("orders.csv", "客户,订货日期,金额\n甲,2024-03-01,1\n");
    let text = bench.ingest(ORDERS).await.unwrap_err().to_string();
    assert!(
        text.contains(
            "has no column \"日期\", which field `ordered_at` is mapped to (did you mean 订货日期?)"
        ),
        "{text}"
    );
    assert!(
        text.ends_with("its columns are 客户, 订货日期, 金额"),
        "{text}"
    );
}
