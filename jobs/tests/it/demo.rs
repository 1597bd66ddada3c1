//! The demo as its dashboards show it: numbers that a manufacturer would believe.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use millrace_jobs::demo::DemoOptions;
use millrace_lake::query::Engine;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::Company;
use millrace_models::query::{Period, Query};
use millrace_models::scope::Access;

use crate::support::{demo_records, run_at};

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_believable() {
    let folder = tempfile::tempdir().unwrap();
    let now: DateTime<Utc> = "2026-11-23T00:00:00Z".parse().unwrap();
    let options = DemoOptions {
        accounts: 120,
        months: 15,
        until: "2026-11-23".parse().unwrap(),
        seed: 1,
    };
    let lake = demo_records(folder.path(), &options, now).await;
    run_at(&lake, now).await;
    let company = Company::default();
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let engine = Engine::new(lake, company.zone, Arc::new(calendar));
    let year = Period {
        from: "2025-11-01".parse().unwrap(),
        to: "2026-10-31".parse().unwrap(),
    };
    for (metric, least, most) in [
        ("win_rate", 0.27, 0.45),
        ("conversion_cycle_mean", 28.0, 62.0),
        ("quote_acceptance_rate", 0.36, 0.56),
        ("average_won_amount", 70_000.0, 260_000.0),
        ("collection_rate", 0.8, 0.98),
        ("sla_met_rate", 0.7, 0.98),
        ("satisfaction_mean", 3.6, 4.7),
    ] {
        let query = Query {
            metrics: vec![metric.to_owned()],
            period: Some(year),
            ..Query::default()
        };
        let answer = engine
            .query(&Access::everything(), &query, now)
            .await
            .unwrap();
        let value = answer.total[metric].as_f64().unwrap_or(f64::NAN);
        assert!((least..=most).contains(&value), "{metric}: {value}");
    }
}
