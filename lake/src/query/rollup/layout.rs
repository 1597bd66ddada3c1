//! Which columns of sums a rollup has.

use std::collections::HashMap;

use millrace_models::metric::Metric;

use crate::query::compile::{Selection, aggregates};

/// The columns of sums of a rollup: what two metrics share is there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The aggregates, as SQL.
    pub(super) columns: Vec<String>,
    places: HashMap<String, Places>,
}

/// Where the sums of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// How many records.
    pub(super) records: usize,
    /// The value, or what stands above the line.
    pub(super) above: Option<usize>,
    /// What stands below the line.
    pub(super) below: Option<usize>,
}

impl Layout {
    /// The columns of these metrics, as a query would select them.
    pub(super) fn new(selection: &Selection<'_>, metrics: &[&Metric]) -> Self {
        let mut layout = Self {
            columns: Vec::new(),
            places: HashMap::new(),
        };
        for metric in metrics {
            let mut places = Places {
                records: 0,
                above: None,
                below: None,
            };
            for item in aggregates(selection, metric, 0) {
                let Some((sql, name)) = item.rsplit_once(" AS ") else {
                    continue;
                };
                let known = layout.columns.iter().position(|column| column == sql);
                let place = known.unwrap_or_else(|| {
                    layout.columns.push(sql.to_owned());
                    layout.columns.len() - 1
                });
                match name {
                    "m0_n" => places.records = place,
                    "m0_v" => places.above = Some(place),
                    "m0_d" => places.below = Some(place),
                    _ => {}
                }
            }
            layout.places.insert(metric.name.clone(), places);
        }
        layout
    }

    /// Where the sums of a metric are.
    pub(super) fn of(&self, metric: &Metric) -> Option<Places> {
        self.places.get(&metric.name).copied()
    }
}
