//! Workbooks as people keep them.

use std::io::Write as _;

use millrace_ingest::inspect;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::support::Bench;

const ORDERS: &str = r#"
[[source]]
file = "orders.xlsx"
entity = "order"
[source.columns]
account = "客户"
ordered_at = "日期"
amount = "金额"
"#;

fn save(bench: &Bench, name: &str, mut workbook: Workbook) {
    workbook.save(bench.path(name)).unwrap();
}

#[tokio::test]
async fn a_report_with_title_merged_cells_and_a_notes_sheet() {
    let bench = Bench::new().await;
    let mut workbook = Workbook::new();
    workbook
        .add_worksheet()
        .set_name("说明")
        .unwrap()
        .write(0, 0, "2024年订单, 含退货")
        .unwrap();
    let day = Format::new().set_num_format("yyyy/m/d");
    let sheet = workbook.add_worksheet().set_name("订单").unwrap();
    let title = Format::new();
    sheet.merge_range(0, 0, 0, 3, "订单汇总表", &title).unwrap();
    for (column, name) in ["客户", "日期", " 金额\n(元)", "备注"].iter().enumerate() {
        sheet
            .write(2, u16::try_from(column).unwrap(), *name)
            .unwrap();
    }
    sheet.merge_range(3, 0, 4, 0, "上海阀门", &title).unwrap();
    for (row, (month, amount)) in [(3, 1200.5), (4, 300.0), (5, 0.285)].iter().enumerate() {
        let row = u32::try_from(row).unwrap() + 3;
        let date = ExcelDateTime::from_ymd(2024, *month, 1).unwrap();
        sheet.write_with_format(row, 1, &date, &day).unwrap();
        sheet.write(row, 2, *amount).unwrap();
    }
    sheet.write(5, 0, 10086).unwrap();
    save(&bench, "orders.xlsx", workbook);
    let report = bench
        .ingest(&ORDERS.replace("\"金额\"", "\"金额 (元)\""))
        .await
        .unwrap();
    let source = &report.sources[0];
    assert_eq!(
        (source.sheet.as_deref(), source.header_row),
        (Some("订单"), Some(3))
    );
    assert_eq!(
        bench
            .rows(
                "order",
                &["account", "ordered_at", "ordered_at_is_date", "amount"]
            )
            .await,
        [
            "上海阀门|2024-02-29T16:00:00Z|true|1200.50",
            "上海阀门|2024-03-31T16:00:00Z|true|300.00",
            "10086|2024-04-30T16:00:00Z|true|0.29",
        ]
    );
}

#[tokio::test]
async fn an_error_cell_is_named_with_its_sheet() {
    let bench = Bench::new().await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("订单").unwrap();
    for (column, text) in ["客户", "日期", "金额"].iter().enumerate() {
        sheet
            .write(0, u16::try_from(column).unwrap(), *text)
            .unwrap();
    }
    sheet.write(1, 0, "甲").unwrap();
    sheet.write(1, 1, "2024/3/1").unwrap();
    sheet.write(1, 2, "一千二").unwrap();
    save(&bench, "orders.xlsx", workbook);
    let text = bench.ingest(ORDERS).await.unwrap_err().to_string();
    assert!(
        text.contains(
            "orders.xlsx, sheet \"订单\", row 2, column \"金额\": \"一千二\" is not an amount"
        ),
        "{text}"
    );
    let named = ORDERS.replace("entity", "sheet = \"定单\"\nentity");
    let text = bench.ingest(&named).await.unwrap_err().to_string();
    assert!(
        text.contains("has no sheet \"定单\" (did you mean 订单?); its sheets are 订单"),
        "{text}"
    );
}

#[test]
fn a_zip_bomb_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.xlsx");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("xl/workbook.xml", options).unwrap();
    writer.write_all(b"<workbook/>").unwrap();
    writer.start_file("xl/sharedStrings.xml", options).unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..100 {
        writer.write_all(&chunk).unwrap();
    }
    writer.finish().unwrap();
    let text = inspect(&path).unwrap_err().to_string();
    assert!(
        text.contains(
            "its part xl/sharedStrings.xml unpacks to many times what an honest file does"
        ),
        "{text}"
    );
}

#[test]
fn a_workbook_that_breaks_off_is_damaged() {
    let bench = tempfile::tempdir().unwrap();
    let path = bench.path().join("orders.xlsx");
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(0, 0, "客户").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let text = inspect(&path).unwrap_err().to_string();
    assert!(text.contains("is damaged"), "{text}");
}
