//! Every format, as the record that comes of it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use encoding_rs::GB18030;
use millrace_ingest::{Format, inspect};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support::{Bench, test_data};

fn mapping(file: &str, options: &str) -> String {
    format!(
        "[[source]]\nfile = \"{file}\"\nentity = \"order\"\n{options}\n[source.columns]\naccount = \"客户\"\nordered_at = \"日期\"\namount = \"金额\"\n"
    )
}

const EXPECTED: [&str; 2] = [
    "上海阀门|2024-02-29T16:00:00Z|1200.50",
    "苏州管件|2024-03-01T16:00:00Z|300.00",
];

async fn check(name: &str, content: &[u8], options: &str) {
    let bench = Bench::new().await;
    bench.write(name, content);
    bench
        .ingest(&mapping(name, options))
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(
        bench
            .rows("order", &["account", "ordered_at", "amount"])
            .await,
        EXPECTED,
        "{name}"
    );
}

#[tokio::test]
async fn text_in_every_encoding_and_delimiter() {
    let text = "客户,日期,金额\r\n上海阀门,2024/3/1,1200.5\r\n苏州管件,2024/3/2,300\r\n";
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    check("utf8.csv", text.as_bytes(), "").await;
    check("bom.csv", format!("\u{feff}{text}").as_bytes(), "").await;
    check("gbk.csv", &GB18030.encode(text).0, "").await;
    check("utf16.csv", &utf16(text), "").await;
    check("utf16bom.csv", &utf16(&format!("\u{feff}{text}")), "").await;
    check("wrong_name.xls", text.as_bytes(), "").await;
    check("named.csv", &GB18030.encode(text).0, "encoding = \"GBK\"").await;
}

#[tokio::test]
async fn text_in_every_layout() {
    let text = "客户,日期,金额\n上海阀门,2024/3/1,1200.5\n苏州管件,2024/3/2,300\n";
    for (name, delimiter) in [("a.tsv", "\t"), ("a.txt", ";"), ("a.psv", "|")] {
        check(name, text.replace(',', delimiter).as_bytes(), "").await;
    }
    let quoted = "客户,日期,金额\n上海阀门, \"2024/3/1\", \"1,200.5\"\n\"苏州管件\",2024/3/2,300\n";
    check("quoted.csv", quoted.as_bytes(), "").await;
    check(
        "titled.csv",
        format!("订单汇总表,,\n\n{text}").as_bytes(),
        "",
    )
    .await;
    check(
        "padded.csv",
        format!("\n\n{}", text.replace("日期", " 日期 ")).as_bytes(),
        "",
    )
    .await;
    check(
        "footed.csv",
        format!("{text}合计,,1500.5\n").as_bytes(),
        "skip_footer = 1",
    )
    .await;
    check("classic.csv", text.replace('\n', "\r").as_bytes(), "").await;
    check(
        "announced.csv",
        format!("sep=;\n{}", text.replace(',', ";")).as_bytes(),
        "",
    )
    .await;
    check(
        "blank.txt",
        text.replace(',', "  ").as_bytes(),
        "delimiter = \"blank\"",
    )
    .await;
    let fixed =
        "客户  日期      金额    \n上海阀门2024/3/1  1200.5  \n苏州管件2024/3/2  300     \n";
    check("fixed.txt", fixed.as_bytes(), "widths = [4, 10, 8]").await;
    let repeated = text.replace("苏州", "客户,日期,金额\n苏州");
    check("repeated.csv", repeated.as_bytes(), "").await;
}

#[tokio::test]
async fn json_lines() {
    let text = "{\"客户\":\"上海阀门\",\"日期\":\"2024-03-01\",\"金额\":1200.5}\n\n{\"金额\":300,\"日期\":20240302,\"客户\":\"苏州管件\",\"x\":{\"y\":[1]}}\n";
    check("a.jsonl", text.as_bytes(), "").await;
}

#[tokio::test]
async fn files_without_a_header() {
    let bench = Bench::new().await;
    bench.write(
        "a.txt",
        " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n",
    );
    bench
        .ingest(
            "[[source]]\nfile = \"a.txt\"\nentity = \"order\"\nheader = false\ndelimiter = \"blank\"\n[source.columns]\naccount = \"1\"\nordered_at = \"2\"\nquantity = \"3\"\namount = \"4\"\n",
        )
        .await
        .unwrap();
    assert_eq!(
        bench
            .rows("order", &["account", "ordered_at", "quantity", "amount"])
            .await[0],
        "00001|1996-12-31T16:00:00Z|1.0|11.77"
    );
}

fn write_parquet(bench: &Bench, name: &str, columns: Vec<(&str, ArrayRef)>, group_rows: usize) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(bench.path(name)).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn parquet_by_columns() {
    let bench = Bench::new().await;
    let times = vec![1_709_251_200_000, 1_709_337_600_000];
    write_parquet(
        &bench,
        "a.parquet",
        vec![
            (
                "客户",
                Arc::new(StringArray::from(vec!["上海阀门 ", "苏州管件"])) as ArrayRef,
            ),
            (
                "日期",
                Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC")),
            ),
            (
                "金额",
                Arc::new(
                    Decimal128Array::from(vec![12_005_000, 3_000_000])
                        .with_precision_and_scale(20, 4)
                        .unwrap(),
                ),
            ),
            ("unused", Arc::new(Int64Array::from(vec![1, 2]))),
        ],
        1,
    );
    bench.ingest(&mapping("a.parquet", "")).await.unwrap();
    assert_eq!(
        bench
            .rows(
                "order",
                &["account", "ordered_at", "ordered_at_is_date", "amount"]
            )
            .await,
        [
            "上海阀门|2024-03-01T00:00:00Z|false|1200.50",
            "苏州管件|2024-03-02T00:00:00Z|false|300.00"
        ]
    );
}

#[tokio::test]
async fn parquet_in_threads_keeps_the_order_of_the_file() {
    let bench = Bench::new().await;
    let ids: Vec<String> = (0..10_000)
        .map(|index| format!("deal-{}", index % 977))
        .collect();
    let times: Vec<i64> = (0..10_000)
        .map(|index| 1_700_000_000_000 + index * 1000)
        .collect();
    let stages: Vec<&str> = (0..10_000)
        .map(|index| ["lead", "quotation", "signing"][index % 3])
        .collect();
    write_parquet(
        &bench,
        "a.parquet",
        vec![
            ("deal", Arc::new(StringArray::from(ids.clone())) as ArrayRef),
            ("at", Arc::new(TimestampMillisecondArray::from(times))),
            ("stage", Arc::new(StringArray::from(stages))),
        ],
        700,
    );
    let mapping = "[[source]]\nfile = \"a.parquet\"\nentity = \"stage_change\"\n[source.columns]\nopportunity = \"deal\"\nstage = \"stage\"\nchanged_at = \"at\"\n";
    let report = bench.ingest(mapping).await.unwrap();
    assert_eq!(report.sources[0].added, 10_000);
    assert_eq!(bench.rows("stage_change", &["opportunity"]).await, ids);
    // Read again with another row group size it is another file with the same records.
    let again = bench
        .ingest(&mapping.replace("deal\"\nstage", "deal\"\nby = { value = \"me\" }\nstage"))
        .await
        .unwrap();
    assert_eq!(again.sources[0].added, 10_000);
    let again = bench.ingest(mapping).await.unwrap();
    assert!(again.sources[0].same_as_before);
}

#[tokio::test]
async fn a_bad_cell_of_parquet_is_named() {
    let bench = Bench::new().await;
    write_parquet(
        &bench,
        "a.parquet",
        vec![
            (
                "客户",
                Arc::new(StringArray::from(vec![Some("甲"), None, Some("丙")])) as ArrayRef,
            ),
            (
                "日期",
                Arc::new(StringArray::from(vec!["2024-03-01", "2024-03-01", "soon"])),
            ),
            ("金额", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ],
        2,
    );
    let text = bench
        .ingest(&mapping("a.parquet", ""))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("a.parquet, row 2, column \"客户\": is empty"),
        "{text}"
    );
    assert!(bench.rows("order", &["account"]).await.is_empty());
}

#[test]
fn workbooks_of_both_date_systems_say_their_own_days() {
    let Some(folder) = test_data("sheetjs/1904") else {
        return;
    };
    for (name, day) in [
        ("1900.xlsx", "1900-04-20"),
        ("1900.xls", "1900-04-20"),
        ("1904.xlsx", "1904-04-21"),
        ("1904.xls", "1904-04-21"),
    ] {
        let inspection = inspect(&folder.join(name)).unwrap();
        let samples = &inspection.columns[1].samples;
        assert!(
            samples.iter().any(|sample| sample == day),
            "{name}: {samples:?}"
        );
    }
}

#[test]
fn merged_cells_are_filled_downwards() {
    let Some(folder) = test_data("sheetjs") else {
        return;
    };
    for name in ["merge_cells.xlsx", "merge_cells.xls"] {
        let inspection = inspect(&folder.join(name)).unwrap();
        assert!(
            matches!(inspection.format, Format::Xlsx | Format::Xls),
            "{name}"
        );
    }
}
