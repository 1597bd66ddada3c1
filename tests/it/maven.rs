//! 8,800 real opportunities: from the files to the numbers that pandas finds in them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::company::{Company, assert_close, number, test_data};

const METRICS: &str = "win_rate,opportunities_won,opportunities_lost,won_amount,average_won_amount,conversion_cycle_mean,conversion_cycle_median";

/// Metric, the name of its value in the expected file, and half a unit of the last digit there.
const VALUES: &[(&str, &str, f64)] = &[
    ("win_rate", "win_rate", 5.1e-7),
    ("opportunities_won", "won", 0.0),
    ("opportunities_lost", "lost", 0.0),
    ("won_amount", "revenue", 1e-6),
    ("average_won_amount", "avg_won_value", 5.1e-5),
    ("conversion_cycle_mean", "cycle_mean_won", 5.1e-5),
    ("conversion_cycle_median", "cycle_median_won", 5.1e-5),
];

fn check(row: &Value, expected: &Value, what: &str) {
    for (metric, name, tolerance) in VALUES {
        let what = format!("{metric} of {what}");
        assert_close(
            number(&row[*metric]),
            number(&expected[*name]),
            *tolerance,
            &what,
        );
    }
    assert_eq!(
        row["win_rate_n"], expected["closed"],
        "win_rate_n of {what}"
    );
    assert_eq!(
        row["conversion_cycle_mean_n"], expected["won"],
        "conversion_cycle_mean_n of {what}"
    );
}

/// Every member of the expected file has its row, and no other row has a closed deal, except the
/// row of deals without a value.
fn check_all(company: &Company, dimension: &str, expected: &Value) {
    let answer = company.json(&["query", METRICS, "--by", dimension]);
    let mut rows: BTreeMap<String, &Value> = BTreeMap::new();
    for row in answer["rows"].as_array().unwrap() {
        if let Some(member) = row[dimension].as_str() {
            assert!(
                rows.insert(member.replace("-Q", "Q"), row).is_none(),
                "{member} has two rows"
            );
        }
    }
    for (member, values) in expected.as_object().unwrap() {
        let row = rows
            .remove(member)
            .unwrap_or_else(|| panic!("no row for {dimension} {member:?}"));
        check(row, values, member);
    }
    for (member, row) in rows {
        let closed = row["win_rate_n"].as_u64().unwrap_or_default();
        assert_eq!(
            closed, 0,
            "{dimension} {member:?} has {closed} closed deals"
        );
    }
}

fn maven() -> Option<(Company, Value)> {
    let file = test_data("expected/maven_expected.json")?;
    let company = Company::with("maven-crm", "maven")?;
    let expected = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    Some((company, expected))
}

#[test]
fn numbers_are_those_of_pandas_and_their_records_add_up() {
    let Some((company, expected)) = maven() else {
        return;
    };
    assert!(company.ingest("maven", "added") >= 8_800);
    assert_eq!(
        company.ingest("maven", "added"),
        0,
        "the same files again add nothing"
    );
    company.succeed(&["run", "--full"]);

    let total = company.json(&["query", METRICS]);
    assert_eq!(total["rows"].as_array().unwrap().len(), 1);
    check(&total["total"], &expected["overall"], "all deals");
    for (dimension, name) in [
        ("manager", "by_manager"),
        ("owner", "by_agent"),
        ("product", "by_product"),
        ("sector", "by_sector"),
        ("region", "by_region"),
        ("account", "by_account"),
        ("month", "by_close_month"),
        ("quarter", "by_close_quarter"),
    ] {
        check_all(&company, dimension, &expected[name]);
    }
    let repaired = company.run(&["query", "opportunities_opened", "--where", "product=GTXPro"]);
    assert_eq!(
        repaired.status.code(),
        Some(2),
        "the value rule leaves no GTXPro"
    );
}

#[test]
fn a_drill_returns_exactly_the_records_of_its_number() {
    let Some((company, expected)) = maven() else {
        return;
    };
    company.ingest("maven", "added");
    company.succeed(&["run", "--full"]);

    for (region, values) in expected["by_region"].as_object().unwrap() {
        let condition = format!("region={region}");
        let won = company.json(&["drill", "won_amount", "--where", &condition]);
        let rows = won["rows"].as_array().unwrap();
        let sum: f64 = rows.iter().map(|row| number(&row["amount"])).sum();
        assert_eq!(
            rows.len() as u64,
            values["won"].as_u64().unwrap(),
            "records of {region}"
        );
        assert_eq!(won["count"], values["won"], "count of {region}");
        assert_close(sum, number(&values["revenue"]), 1e-6, "sum of the records");
        assert_close(number(&won["sum"]), sum, 1e-6, "sum of the drawer");
        assert_close(number(&won["value"]), sum, 1e-6, "the number");

        let rate = company.json(&["drill", "win_rate", "--where", &condition]);
        assert_eq!(
            rate["count"], values["closed"],
            "records of the win rate of {region}"
        );
        let won = rate["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["outcome"] == "won")
            .count();
        assert_close(
            number(&rate["value"]),
            won as f64 / number(&values["closed"]),
            1e-12,
            "win rate",
        );
    }
}

#[test]
fn wrong_names_are_answered_with_the_right_ones() {
    let Some((company, _)) = maven() else { return };
    company.ingest("maven", "added");
    company.succeed(&["run", "--full"]);
    for (arguments, nearest) in [
        (vec!["query", "win_rat"], "win_rate"),
        (vec!["query", "win_rate", "--by", "manger"], "manager"),
        (vec!["query", "win_rate", "--where", "region=Eest"], "East"),
    ] {
        let output = company.run(&arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(nearest), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty());
    }
}
