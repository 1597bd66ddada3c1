//! Two real event logs: dwell times by stage as pandas finds them under the contract's rule.

use crate::company::{Company, assert_close, expected, number};

const METRICS: &str = "dwell_mean,dwell_median,dwell_p90";
const TOLERANCE_HOURS: f64 = 1e-6;

fn check(log: &str) {
    let Some(company) = Company::with("eventlogs", log) else {
        return;
    };
    let expected = expected(&format!("{log}_dwell.json"));
    assert!(company.ingest(log, "added") > 8_000);
    assert_eq!(
        company.ingest(log, "added"),
        0,
        "the same file again adds nothing"
    );
    company.succeed(&["run", "--full"]);

    let answer = company.json(&["query", METRICS, "--by", "stage"]);
    let rows = answer["rows"].as_array().unwrap();
    let stages = expected["by_stage"].as_object().unwrap();
    let measured = rows
        .iter()
        .filter(|row| row["dwell_mean_n"].as_u64() > Some(0))
        .count();
    assert_eq!(measured, stages.len(), "number of stages");
    for (stage, values) in stages {
        let row = rows
            .iter()
            .find(|row| row["stage"] == stage.as_str())
            .unwrap_or_else(|| panic!("no row for stage {stage:?} in {rows:?}"));
        compare(row, values, stage);
    }
    compare(&answer["total"], &expected["overall"], "all stages");
    let open = company.json(&["query", "open_age_median"]);
    assert_eq!(
        open["total"]["open_age_median_n"], expected["open_visits"],
        "open visits"
    );
}

fn compare(row: &serde_json::Value, values: &serde_json::Value, what: &str) {
    for statistic in ["mean", "median", "p90"] {
        let metric = format!("dwell_{statistic}");
        let what = format!("{metric} of {what}");
        assert_close(
            number(&row[&metric]),
            number(&values[statistic]),
            TOLERANCE_HOURS,
            &what,
        );
        assert_eq!(row[format!("{metric}_n")], values["n"], "n of {what}");
    }
}

#[test]
fn helpdesk_dwell_is_that_of_pandas() {
    check("helpdesk");
}

#[test]
fn receipt_dwell_is_that_of_pandas() {
    check("receipt");
}
