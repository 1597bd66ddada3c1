//! Two purchase histories that nobody here wrote: the simple rules measure what other programs
//! measure (`README.md` of the test data), and the scores beat them.

use serde_json::Value;

use crate::company::{Company, assert_close, number};

/// What a history must give: AUC and average precision of each baseline, and what the probability
/// must reach.
struct Expected {
    accounts: u64,
    positives: u64,
    baselines: [(&'static str, f64, f64); 4],
    probability: (f64, f64),
}

/// Baselines are known to three digits; the fits of other programs differ a little from ours.
const TOLERANCE: f64 = 0.003 + 0.0005;

fn ingested(data: &str) -> Option<Company> {
    let company = Company::with(data, data)?;
    assert!(company.ingest(data, "added") > 0);
    company.succeed(&["run", "--full"]);
    Some(company)
}

fn check(company: &Company, cutoff: &str, expected: &Expected) {
    let found = company.json(&["health", "backtest", "--cutoff", cutoff, "--horizon", "91"]);
    assert_eq!(found["cutoff"], cutoff);
    assert_eq!(found["horizon_days"], 91);
    assert_eq!(found["accounts"], expected.accounts);
    assert_eq!(found["positives"], expected.positives);
    for (name, auc, precision) in expected.baselines {
        let own = &found["baselines"][name];
        assert_close(number(&own["auc"]), auc, TOLERANCE, name);
        assert_close(
            number(&own["average_precision"]),
            precision,
            TOLERANCE,
            name,
        );
    }
    let reaches = |value: &Value, least: f64, what: &str| {
        let value = number(value);
        assert!(value >= least, "{what} is {value}, must reach {least}");
    };
    let probability = &found["probability"];
    reaches(&probability["auc"], expected.probability.0, "AUC");
    reaches(
        &probability["average_precision"],
        expected.probability.1,
        "average precision",
    );
    let simple = ["recency", "rfm"].map(|name| number(&found["baselines"][name]["auc"]));
    let simple = simple[0].max(simple[1]);
    reaches(
        &found["scorecard"]["auc"],
        simple - 0.005,
        "AUC of the scorecard",
    );

    let bins = probability["calibration"].as_array().unwrap();
    assert_eq!(bins.len(), 10);
    let accounts: u64 = bins
        .iter()
        .map(|bin| bin["accounts"].as_u64().unwrap())
        .sum();
    assert_eq!(accounts, expected.accounts);
    let error: f64 = bins
        .iter()
        .map(|bin| {
            let distance = number(&bin["predicted"]) - number(&bin["observed"]);
            distance.abs() * number(&bin["accounts"]) / expected.accounts as f64
        })
        .sum();
    assert!(error <= 0.03, "calibration error {error}");
    assert_close(
        number(&probability["calibration_error"]),
        error,
        1e-9,
        "its own",
    );
}

#[test]
fn cdnow_is_told_better_than_by_the_simple_rules() {
    let Some(company) = ingested("cdnow") else {
        return;
    };
    let expected = Expected {
        accounts: 23_570,
        positives: 3_317,
        baselines: [
            ("recency", 0.828, 0.439),
            ("frequency", 0.825, 0.471),
            ("rfm", 0.829, 0.433),
            ("bg_nbd", 0.834, 0.532),
        ],
        probability: (0.834, 0.532),
    };
    check(&company, "1998-03-31", &expected);

    let early = company.run(&[
        "health",
        "backtest",
        "--cutoff",
        "1996-01-01",
        "--horizon",
        "91",
    ]);
    assert_eq!(early.status.code(), Some(2));
    let message = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(
        message.contains("nobody has ordered by the cutoff"),
        "{message}"
    );
}

#[test]
fn resellers_are_ranked_and_every_score_is_explained() {
    let Some(company) = ingested("adventureworks") else {
        return;
    };
    let expected = Expected {
        accounts: 632,
        positives: 445,
        baselines: [
            ("recency", 0.946, 0.958),
            ("frequency", 0.622, 0.829),
            ("rfm", 0.801, 0.892),
            ("bg_nbd", 0.950, 0.970),
        ],
        probability: (0.968, 0.979),
    };
    check(&company, "2013-08-30", &expected);

    let ranking = company.json(&["health", "rank", "--as-of", "2013-08-30", "--limit", "3"]);
    let accounts = ranking["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 3);
    let at_risk: Vec<f64> = accounts
        .iter()
        .map(|own| number(&own["amount_at_risk"]))
        .collect();
    assert!(at_risk.is_sorted_by(|left, right| left >= right) && at_risk[2] > 0.0);
    for own in accounts {
        let id = own["account_id"].as_str().unwrap();
        let explained = company.json(&["health", "explain", id, "--as-of", "2013-08-30"]);
        assert_eq!(explained["score"], own["score"], "{id}");
        let factors = explained["factors"].as_array().unwrap();
        let points: f64 = factors.iter().map(|factor| number(&factor["points"])).sum();
        let sum = points + number(&explained["held_down"]);
        assert_close(sum, number(&explained["score"]), 1e-9, "sum of the points");
    }

    let nobody = company.run(&["health", "explain", "nobody of that name"]);
    assert_eq!(nobody.status.code(), Some(2));
}
