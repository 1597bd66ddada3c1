//! What moved the numbers of 8,800 real opportunities, from the files to the report.

use serde_json::Value;

use crate::company::{Company, assert_close, number, test_data};

fn maven() -> Option<Company> {
    test_data("expected/lmdi_maven.json")?;
    let company = Company::with("maven-crm", "maven")?;
    company.ingest("maven", "added");
    company.succeed(&["run", "--full"]);
    Some(company)
}

fn sums_to_the_change(report: &Value) {
    let parts = report["segments"].as_array().unwrap().iter();
    let parts = parts.chain([&report["rest"]]);
    let contributions: Vec<f64> = parts.map(|part| number(&part["contribution"])).collect();
    let change = number(&report["change"]);
    let size = contributions
        .iter()
        .fold(change.abs(), |size, part| size.max(part.abs()));
    assert_close(
        contributions.iter().sum(),
        change,
        1e-9 * size,
        "the sum of the parts",
    );
}

/// The numbers before and after, in all and of every segment, are those of `query`.
fn numbers_are_those_of_query(company: &Company, report: &Value, days: [&str; 4]) {
    let metric = report["metric"].as_str().unwrap();
    let ask = |days: [&str; 2], conditions: &[String]| {
        let mut arguments = vec!["query", metric, "--from", days[0], "--to", days[1]];
        for condition in conditions {
            arguments.extend(["--where", condition.as_str()]);
        }
        let answer = company.json(&arguments);
        (
            answer["total"][metric].clone(),
            answer["total"][format!("{metric}_n")].clone(),
        )
    };
    let check = |part: &Value, conditions: &[String]| {
        for (index, when) in ["before", "after"].into_iter().enumerate() {
            let (value, n) = ask([days[2 * index], days[2 * index + 1]], conditions);
            assert_eq!(part[format!("n_{when}")], n, "n {when} of {conditions:?}");
            assert_eq!(
                part[when].as_f64(),
                value.as_f64(),
                "{when} of {conditions:?}"
            );
        }
    };
    check(report, &[]);
    for segment in report["segments"].as_array().unwrap() {
        if segment.get("except").is_some() {
            continue;
        }
        let conditions: Vec<String> = segment["where"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(dimension, value)| match value.as_str() {
                Some(text) => format!("{dimension}=\"{text}\""),
                None => format!("{dimension} is null"),
            })
            .collect();
        check(segment, &conditions);
    }
}

const QUARTERS: [&str; 4] = ["2017-07-01", "2017-09-30", "2017-10-01", "2017-12-31"];

fn drivers(company: &Company, metric: &str, by: &str) -> Value {
    company.json(&[
        "drivers",
        metric,
        "--from",
        QUARTERS[2],
        "--to",
        QUARTERS[3],
        "--compare",
        "previous",
        "--by",
        by,
    ])
}

#[test]
fn no_segment_of_the_win_rate_is_made_up() {
    let Some(company) = maven() else {
        return;
    };
    for by in [
        "manager",
        "owner",
        "product",
        "sector",
        "region",
        "manager,owner,product,sector,region",
    ] {
        for compare in [
            "previous",
            "baseline:2017-04-01..2017-06-30",
            "baseline:2017-01-01..2017-03-31",
        ] {
            let report = company.json(&[
                "drivers",
                "win_rate",
                "--from",
                QUARTERS[2],
                "--to",
                QUARTERS[3],
                "--compare",
                compare,
                "--by",
                by,
            ]);
            sums_to_the_change(&report);
            let segments = report["segments"].as_array().unwrap();
            assert!(
                !segments.is_empty(),
                "the account is there whatever chance says"
            );
            for segment in segments {
                assert_eq!(segment["significant"], false, "{segment} against {compare}");
            }
            assert_eq!(report["chance"], true);
        }
    }
}

#[test]
fn reports_hold_the_numbers_of_query() {
    let Some(company) = maven() else {
        return;
    };
    for metric in [
        "won_amount",
        "win_rate",
        "opportunities_won",
        "average_won_amount",
        "conversion_cycle_mean",
        "conversion_cycle_median",
        "conversion_cycle_km_median",
    ] {
        let report = drivers(&company, metric, "manager,product,sector,region");
        sums_to_the_change(&report);
        numbers_are_those_of_query(&company, &report, QUARTERS);
    }
    let text = company.succeed(&[
        "drivers",
        "won_amount",
        "--from",
        QUARTERS[2],
        "--to",
        QUARTERS[3],
        "--compare",
        "previous",
        "--by",
        "product",
    ]);
    let text = String::from_utf8(text.stdout).unwrap();
    for words in [
        "won_amount: ",
        "Nothing beyond chance",
        "rest",
        "factors by",
    ] {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
}

/// Won revenue from the third to the fourth quarter: deals decided x win rate x deal size.
#[test]
fn the_factors_of_won_revenue_are_those_of_the_expected_file() {
    let Some(company) = maven() else {
        return;
    };
    let file = test_data("expected/lmdi_maven.json").unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let report = drivers(&company, "won_amount", "product,manager");
    let effects = ["effect_deals", "effect_win_rate", "effect_avg_value"];
    // The file's effects are rounded to cents, and its totals are the sums of `rounded` ones.
    let check = |found: &Value, expected: &Value, rounded: usize, what: &str| {
        for (index, effect) in effects.iter().enumerate() {
            let what = format!("{effect} of {what}");
            assert_close(
                number(&found[index]),
                number(&expected[*effect]),
                0.0051 * rounded as f64,
                &what,
            );
        }
    };
    for by in report["factors"]["by"].as_array().unwrap() {
        let expected = &expected[by["dimension"].as_str().unwrap()];
        let rows = by["rows"].as_array().unwrap();
        check(&by["total"], &expected["total"], rows.len(), "all");
        assert_eq!(rows.len(), expected["rows"].as_object().unwrap().len());
        for row in rows {
            let name = row["value"].as_str().unwrap();
            let own = &expected["rows"][name];
            check(&row["effects"], own, 1, name);
            for (index, when) in ["before", "after"].into_iter().enumerate() {
                assert_close(
                    number(&row[when][0]),
                    number(&own["deals"][index]),
                    0.0,
                    "deals",
                );
                assert_close(
                    number(&row[when][1]),
                    number(&own["won"][index]),
                    0.0,
                    "won",
                );
            }
        }
    }
    let flags = report["flags"].as_array().unwrap().iter();
    let differ: Vec<&Value> = flags
        .filter(|flag| flag["kind"] == "factors_differ")
        .collect();
    assert_eq!(
        differ.len(),
        1,
        "the split by product is not that by manager: {}",
        report["flags"]
    );
}
