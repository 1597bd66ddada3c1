//! A month is closed by the command, its numbers stay, and what is changed later is told apart.

use serde_json::json;

use crate::company::Company;

const MAPPING: &str = "system = \"books\"\n\n[[source]]\nfile = \"orders*.csv\"\nentity = \"order\"\n\n\
    [source.columns]\nid = \"id\"\naccount = \"account\"\nordered_at = \"ordered\"\namount = \"amount\"\n";

fn numbers(company: &Company) -> serde_json::Value {
    let january = ["--from", "2024-01-01", "--to", "2024-01-31"];
    let arguments: Vec<&str> = ["query", "order_amount"]
        .iter()
        .chain(&january)
        .copied()
        .collect();
    company.json(&arguments)
}

#[test]
fn a_closed_month_keeps_its_number_and_later_orders_are_adjustments() {
    let company = Company::new();
    std::fs::write(company.file("books.toml"), MAPPING).unwrap();
    let orders = "id,account,ordered,amount\n1,A,2024-01-05,100.10\n2,B,2024-01-31,50\n";
    std::fs::write(company.file("orders-1.csv"), orders).unwrap();
    company.ingest("books", "added");
    company.succeed(&["run"]);
    let closed = company.json(&["close", "2024-01", "--note", "checked"]);
    assert_eq!(
        (&closed["month"], &closed["status"]),
        (&json!("2024-01"), &json!("closed"))
    );
    let late = "id,account,ordered,amount\n3,B,2024-01-20,7.25\n";
    std::fs::write(company.file("orders-2.csv"), late).unwrap();
    company.ingest("books", "added");
    company.succeed(&["run"]);
    let answer = numbers(&company);
    assert_eq!(answer["total"]["order_amount"], 150.10);
    assert_eq!(answer["closed_months"], json!(["2024-01"]));
    let listed = company.json(&["adjustments", "order_amount", "--month", "2024-01"]);
    assert_eq!(listed["count"], 1);
    let row = &listed["rows"][0];
    assert_eq!(
        (&row["record"]["order_id"], &row["difference"]),
        (&json!("3"), &json!(7.25))
    );
    // a file says where it came from, not who changed it
    assert_eq!(row["actor"], "orders-2.csv");
    assert_eq!(listed["months"][0]["now"], 157.35);
    let table = String::from_utf8(company.succeed(&["adjustments", "order_amount"]).stdout);
    assert!(table.unwrap().contains("1 of 1 adjustments"));

    for wrong in [
        &["close", "2024-03"][..],
        &["close", "2024-1"],
        &["reopen", "2023-12", "--reason", "x"],
    ] {
        let refused = company.run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
    }
    company.succeed(&["upkeep"]);
    company.succeed(&["reopen", "2024-01", "--reason", "an order was missing"]);
    let answer = numbers(&company);
    assert_eq!(answer["total"]["order_amount"], 157.35);
    assert!(answer.get("closed_months").is_none());
    let all = company.json(&["close", "list"]);
    assert_eq!(all[0]["status"], "reopened");
    assert_eq!(all[0]["reopen_reason"], "an order was missing");
}
