//! Targets beside a forecast: how what is expected stands to them, and the chance that they are
//! reached. The forecast is of the lake, the targets are of operations.

use chrono::{DateTime, Utc};
use millrace_lake::query::{Figures, ForecastResult, Row};
use millrace_models::query::Query;
use millrace_operations::service::target::{Mark, marks};
use millrace_operations::{Caller, OperationsError, Store};
use serde::Serialize;
use serde_json::json;

/// The metric whose targets they are.
const METRIC: &str = "won_amount";

/// A target, and how a forecast stands to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetAhead {
    /// How what is won so far stands to it.
    #[serde(flatten)]
    pub mark: Mark,
    /// How far what is expected is towards it; none where nothing is expected.
    pub expected_attainment: Option<f64>,
    /// The chance that it is reached; none where nothing is expected.
    pub chance: Option<f64>,
}

/// The targets beside a forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TargetsAhead {
    /// That of the whole.
    pub total: Option<TargetAhead>,
    /// Those of the groups, in their order.
    pub groups: Vec<Option<TargetAhead>>,
}

/// A forecast and its targets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The forecast.
    #[serde(flatten)]
    pub told: ForecastResult,
    /// Its targets.
    pub targets: TargetsAhead,
}

/// A forecast with the targets that the caller sees; all where there is no caller. `at` is the moment
/// that it is of.
///
/// # Errors
///
/// Those of the database.
pub async fn with_targets(
    store: &Store,
    caller: Option<&Caller>,
    told: ForecastResult,
    at: DateTime<Utc>,
) -> Result<Forecast, OperationsError> {
    let query = Query {
        metrics: vec![METRIC.to_owned()],
        by: told.by.iter().map(|by| by.name().to_owned()).collect(),
        conditions: told.conditions.clone(),
        period: Some(told.days),
        ..Query::default()
    };
    let row = |figures: &Figures| {
        let won = json!(figures.standing.won.amount);
        Row::from_iter([(METRIC.to_owned(), won)])
    };
    let rows = told.groups.iter().map(|group| {
        let mut row = row(&group.figures);
        if let (Some(by), Some(name)) = (told.by, &group.name) {
            row.insert(by.name().to_owned(), json!(name));
        }
        row
    });
    let rows: Vec<Row> = rows.collect();
    let found = marks(store, caller, &query, (&rows, &row(&told.total)), at).await?;
    let found = found.unwrap_or_default();
    let groups = told.groups.iter().enumerate().map(|(place, group)| {
        let mark = found.rows.get(place)?.get(METRIC)?;
        Some(ahead(mark, &group.figures))
    });
    let targets = TargetsAhead {
        total: found.total.get(METRIC).map(|mark| ahead(mark, &told.total)),
        groups: groups.collect(),
    };
    Ok(Forecast { told, targets })
}

fn ahead(mark: &Mark, figures: &Figures) -> TargetAhead {
    let expected = figures.expected.map(|sum| sum.amount);
    TargetAhead {
        expected_attainment: expected
            .filter(|_| mark.target > 0.0)
            .map(|expected| expected / mark.target),
        chance: figures.chance_of(mark.target),
        mark: *mark,
    }
}
