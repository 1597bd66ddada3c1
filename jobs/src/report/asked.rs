//! What a monthly report asks, and the answers.
//!
//! Everything that is told comes from these answers. What the reader may not see, and what the lake
//! has no records of, is not asked: the section that lives on it says so or is left out.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Months, NaiveDate, Utc};
use millrace_lake::query::{
    DriversRequest, DriversResult, Engine, MetricInfo, Metrics, QueryError, QueryResult, Row,
};
use millrace_models::metric::{Direction, Unit};
use millrace_models::period::Grain;
use millrace_models::query::{Compare, Condition, Op, Period, Query};
use millrace_models::scope::Access;
use millrace_operations::service::target::{Mark, Marks, marks};
use serde_json::Value;
use tokio::task::JoinSet;

use super::Aims;
use super::language::{Language, Measured};

/// Questions that are asked at the same time.
const AT_ONCE: usize = 3;
/// Rows of a list by account; the workbook says what is left over.
const ACCOUNTS: usize = 200;
/// The numbers on the first page, in their order.
pub(super) const KEY_FIGURES: [&str; 18] = [
    "order_amount",
    "won_amount",
    "opportunities_won",
    "average_won_amount",
    "win_rate",
    "conversion_cycle_median",
    "opportunities_opened",
    "open_amount",
    "weighted_open_amount",
    "quote_acceptance_rate",
    "collection_rate",
    "overdue_amount",
    "new_accounts",
    "sla_met_rate",
    "satisfaction_mean",
    "accounts_at_risk",
    "record_completeness",
    "daily_active_rate",
];
/// How quotes are told.
pub(super) const QUOTES: [&str; 6] = [
    "quotes_sent",
    "quote_acceptance_rate",
    "quote_acceptance_rate_amount",
    "quote_acceptance_rate_first_version",
    "quote_response_median",
    "quote_approval_mean",
];
/// How records and their use are told.
pub(super) const RECORDS: [&str; 7] = [
    "record_completeness",
    "key_completeness",
    "record_defects",
    "interactions",
    "coverage_rate",
    "active_users",
    "daily_active_rate",
];
/// Of what changed, these are accounted for: those whose change has segments.
const ACCOUNTED: [&str; 9] = [
    "order_amount",
    "won_amount",
    "win_rate",
    "conversion_cycle_median",
    "quote_acceptance_rate",
    "collection_rate",
    "opportunities_opened",
    "sla_met_rate",
    "lost_amount",
];
/// So many changes are accounted for.
const CHANGES: usize = 3;
/// Values on fewer records are no ground for anything.
pub(super) const FEW: f64 = 20.0;

/// A question and its answer.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) id: &'static str,
    pub(super) title: [&'static str; 2],
    pub(super) query: Query,
    pub(super) result: QueryResult,
    /// What its numbers were to reach.
    pub(super) marks: Option<Marks>,
}

/// The questions beside whose numbers stands what they were to reach.
const AIMED: [&str; 3] = ["figures", "teams", "owners"];

/// All answers.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) month: Period,
    pub(super) asked: Vec<Asked>,
    pub(super) drivers: Vec<DriversResult>,
    metrics: BTreeMap<String, MetricInfo>,
    pub(super) labels: Metrics,
}

/// Who wants to know.
pub(super) struct Reader<'a> {
    pub(super) engine: &'a Engine,
    pub(super) access: &'a Access,
    pub(super) conditions: &'a [Condition],
    pub(super) now: DateTime<Utc>,
}

struct Question {
    id: &'static str,
    title: [&'static str; 2],
    metrics: &'static [&'static str],
    by: &'static [&'static str],
    conditions: Vec<Condition>,
    period: Period,
    compare: Option<Compare>,
    order: Option<&'static str>,
    limit: Option<usize>,
}

impl Question {
    /// Leaves out what occurs nowhere in the records that the reader sees, for a query that names it is
    /// refused; whether anything is left to ask for.
    async fn keep_known(&mut self, reader: &Reader<'_>) -> Result<bool, QueryError> {
        for condition in &mut self.conditions {
            let known = reader
                .engine
                .values(reader.access, &condition.dimension, reader.now);
            let known = match known.await {
                Ok(known) => known,
                Err(error) if error.is_input() => Vec::new(),
                Err(QueryError::Forbidden { .. }) => Vec::new(),
                Err(error) => return Err(error),
            };
            condition.values.retain(|value| known.contains(value));
            if condition.values.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The whole months from so many before a month to it.
pub(super) fn months(month: Period, before: u32, until: u32) -> Period {
    let back = |day: NaiveDate, count: u32| day.checked_sub_months(Months::new(count));
    let last = back(month.from, until).unwrap_or(month.from);
    Period {
        from: back(month.from, before).unwrap_or(month.from),
        to: Grain::Month.next(last).pred_opt().unwrap_or(last),
    }
}

#[allow(clippy::too_many_lines, reason = "a list")]
fn questions(month: Period) -> Vec<Question> {
    let ask = |id, title, metrics, by| Question {
        id,
        title,
        metrics,
        by,
        conditions: Vec::new(),
        period: month,
        compare: Some(Compare::Previous),
        order: None,
        limit: None,
    };
    let of = |dimension: &str, values: &[&str]| Condition {
        dimension: dimension.to_owned(),
        op: Op::In,
        values: values.iter().map(|own| (*own).to_owned()).collect(),
    };
    let year_before = Compare::Baseline(months(month, 12, 1));
    vec![
        ask(
            "figures",
            ["关键指标, 比上月", "Key figures, against the month before"],
            &KEY_FIGURES,
            &[],
        ),
        Question {
            compare: Some(Compare::YearAgo),
            ..ask(
                "figures_year",
                ["关键指标, 比去年同月", "Key figures, against a year ago"],
                &KEY_FIGURES,
                &[],
            )
        },
        Question {
            period: months(month, 24, 0),
            compare: None,
            ..ask(
                "months",
                ["逐月走势", "By month"],
                &[
                    "order_amount",
                    "won_amount",
                    "opportunities_opened",
                    "opportunities_won",
                    "win_rate",
                    "conversion_cycle_median",
                    "conversion_cycle_p90",
                    "quotes_sent",
                    "quote_acceptance_rate",
                    "collection_rate",
                    "tickets_opened",
                    "sla_met_rate",
                    "interactions",
                    "daily_active_rate",
                ],
                &["month"],
            )
        },
        Question {
            period: months(month, 14, 2),
            compare: None,
            ..ask(
                "cycle_cohorts",
                [
                    "转化周期(含未结), 按登记月份",
                    "Conversion cycle with open deals, by month of opening",
                ],
                &["conversion_cycle_km_median"],
                &["month"],
            )
        },
        ask(
            "stages",
            ["月末各阶段", "Stages at the end of the month"],
            &[
                "stage_open_amount",
                "open_age_median",
                "stalled_count",
                "stalled_amount",
            ],
            &["stage"],
        ),
        Question {
            compare: Some(year_before),
            ..ask(
                "dwell",
                [
                    "阶段停留, 比之前 12 个月",
                    "Dwell by stage, against the 12 months before",
                ],
                &["dwell_median", "dwell_business_median", "dwell_p90"],
                &["stage"],
            )
        },
        Question {
            period: months(month, 11, 0),
            compare: None,
            ..ask(
                "dwell_open",
                [
                    "阶段停留(含未结), 近 12 个月进入",
                    "Dwell with open visits, entered in 12 months",
                ],
                &["dwell_km_median"],
                &["stage"],
            )
        },
        Question {
            // so that all of them have had their 90 days
            period: months(month, 6, 4),
            compare: None,
            ..ask(
                "conversion",
                ["阶段转化率, 90 天内", "Stage conversion within 90 days"],
                &["stage_conversion_rate"],
                &["stage"],
            )
        },
        Question {
            period: months(month, 2, 0),
            compare: None,
            order: Some("opportunities_lost"),
            ..ask(
                "lost",
                ["输单原因, 近 3 个月", "Why deals were lost, 3 months"],
                &["opportunities_lost", "lost_amount"],
                &["lost_reason"],
            )
        },
        ask("quotes", ["报价", "Quotes"], &QUOTES, &[]),
        Question {
            period: months(month, 2, 0),
            ..ask(
                "quotes_series",
                [
                    "报价接受率, 按产品系列, 近 3 个月",
                    "Quote acceptance by series, 3 months",
                ],
                &[
                    "quotes_sent",
                    "quote_acceptance_rate",
                    "quote_acceptance_rate_amount",
                ],
                &["series"],
            )
        },
        Question {
            order: Some("won_amount"),
            ..ask("teams", ["团队", "Teams"], &PEOPLE, &["team"])
        },
        Question {
            order: Some("won_amount"),
            ..ask("owners", ["个人", "People"], &PEOPLE, &["owner"])
        },
        ask(
            "payments",
            ["回款", "Payments"],
            &[
                "collection_rate",
                "overdue_amount",
                "days_sales_outstanding",
                "renewal_rate",
            ],
            &[],
        ),
        ask(
            "ageing",
            ["逾期账龄", "Ageing"],
            &["overdue_amount"],
            &["overdue_age"],
        ),
        Question {
            order: Some("overdue_amount"),
            limit: Some(ACCOUNTS),
            ..ask(
                "overdue",
                ["逾期客户", "Overdue accounts"],
                &["overdue_amount"],
                &["account"],
            )
        },
        ask(
            "tickets",
            ["工单", "Tickets"],
            &[
                "tickets_opened",
                "sla_met_rate",
                "ticket_resolution_mean",
                "satisfaction_mean",
            ],
            &["kind"],
        ),
        ask(
            "health_status",
            ["客户健康状态", "Accounts by health"],
            &["accounts_scored"],
            &["health_status"],
        ),
        ask(
            "health_tiers",
            ["客户等级与健康度", "Health by value tier"],
            &[
                "accounts_scored",
                "health_score_mean",
                "accounts_at_risk",
                "amount_at_risk",
            ],
            &["value_tier"],
        ),
        Question {
            conditions: vec![of("value_tier", &["A", "B"])],
            ..ask(
                "health_moves",
                [
                    "健康度变化, A 与 B 级客户",
                    "Health of tiers A and B against the month before",
                ],
                &["health_score_mean", "amount_at_risk"],
                &["account", "value_tier"],
            )
        },
        Question {
            conditions: vec![of("health_status", &["red"])],
            compare: None,
            order: Some("amount_at_risk"),
            limit: Some(ACCOUNTS),
            ..ask(
                "at_risk",
                ["风险客户(红)", "Accounts at risk (red)"],
                &["amount_at_risk", "health_score_mean"],
                &["account", "value_tier"],
            )
        },
        ask("records", ["记录与使用", "Records and use"], &RECORDS, &[]),
        ask(
            "records_teams",
            ["记录与使用, 按团队", "Records and use by team"],
            &[
                "record_completeness",
                "interactions",
                "coverage_rate",
                "active_users",
                "daily_active_rate",
            ],
            &["team"],
        ),
    ]
}

/// What teams and people are told by.
const PEOPLE: [&str; 8] = [
    "won_amount",
    "opportunities_won",
    "win_rate",
    "order_amount",
    "conversion_cycle_median",
    "quote_acceptance_rate",
    "collection_rate",
    "open_amount",
];

impl Book {
    /// Asks everything.
    pub(super) async fn ask(
        reader: &Reader<'_>,
        aims: Option<Aims<'_>>,
        month: Period,
    ) -> anyhow::Result<Self> {
        let labels = reader.engine.metrics(reader.access).await?;
        let metrics: BTreeMap<String, MetricInfo> = labels
            .metrics
            .iter()
            .map(|metric| (metric.name.clone(), metric.clone()))
            .collect();
        let mut wanted = Vec::new();
        for mut question in questions(month) {
            if !question.keep_known(reader).await? {
                continue;
            }
            if let Some(query) = possible(&question, &metrics, reader.conditions) {
                wanted.push((question.id, question.title, query));
            }
        }
        let mut asked = all_asked(reader, wanted).await?;
        if let Some(aims) = aims {
            for own in asked.iter_mut().filter(|own| AIMED.contains(&own.id)) {
                let numbers = (own.result.rows.as_slice(), &own.result.total);
                own.marks = marks(aims.store, aims.caller, &own.query, numbers, reader.now).await?;
            }
        }
        let mut book = Self {
            month,
            asked,
            drivers: Vec::new(),
            metrics,
            labels,
        };
        book.drivers = book.account_for(reader).await?;
        Ok(book)
    }

    /// The reports of the largest changes of three months against a year ago: a month of a region
    /// holds few deals.
    async fn account_for(&self, reader: &Reader<'_>) -> Result<Vec<DriversResult>, QueryError> {
        let period = months(self.month, 2, 0);
        let metrics: Vec<&str> = ACCOUNTED
            .into_iter()
            .filter(|name| {
                self.metrics
                    .get(*name)
                    .is_some_and(|own| !own.drivers.is_empty())
            })
            .collect();
        let query = Query {
            metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
            conditions: reader.conditions.to_vec(),
            period: Some(period),
            compare: Some(Compare::YearAgo),
            ..Query::default()
        };
        if metrics.is_empty() {
            return Ok(Vec::new());
        }
        let answer = reader.engine.query(reader.access, &query, reader.now);
        let total = answer.await?.total;
        let mut sizes = Vec::new();
        for metric in metrics {
            let count = |name: &str| number(&total, &format!("{metric}{name}")).unwrap_or(0.0);
            let (after, before) = (count(""), count("_before"));
            let records = count("_n").min(count("_before_n"));
            let moved = (after - before).abs() > 0.0;
            if records >= FEW && moved && before.abs() > 0.0 {
                // by standard errors, roughly, so that a large number on few records does not win
                let size = ((after - before) / before).abs() * records.sqrt();
                sizes.push((size, metric));
            }
        }
        sizes.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut reports = Vec::new();
        for (_, metric) in sizes.into_iter().take(CHANGES) {
            let request = DriversRequest {
                metric: metric.to_owned(),
                conditions: reader.conditions.to_vec(),
                period: Some(period),
                compare: Some(Compare::YearAgo),
                max: Some(5),
                ..DriversRequest::default()
            };
            reports.push(
                reader
                    .engine
                    .drivers(reader.access, &request, reader.now)
                    .await?,
            );
        }
        Ok(reports)
    }

    /// The answer to a question; none where it was not asked.
    pub(super) fn get(&self, id: &str) -> Option<&QueryResult> {
        self.asked
            .iter()
            .find(|own| own.id == id)
            .map(|own| &own.result)
    }

    /// What the total of an answer was to reach.
    pub(super) fn aim(&self, id: &str, metric: &str) -> Option<&Mark> {
        let own = self.asked.iter().find(|own| own.id == id)?;
        own.marks.as_ref()?.total.get(metric)
    }

    /// What the numbers of a row of an answer were to reach.
    pub(super) fn aim_of_row(&self, id: &str, row: usize, metric: &str) -> Option<&Mark> {
        let own = self.asked.iter().find(|own| own.id == id)?;
        own.marks.as_ref()?.rows.get(row)?.get(metric)
    }

    /// The rows of an answer, and none where it was not asked.
    pub(super) fn rows(&self, id: &str) -> &[Row] {
        self.get(id).map_or(&[], |result| &result.rows)
    }

    /// A number of the total of an answer.
    pub(super) fn total(&self, id: &str, name: &str) -> Option<f64> {
        number(&self.get(id)?.total, name)
    }

    /// The metric of that name, where the reader may see it.
    pub(super) fn metric(&self, name: &str) -> Option<&MetricInfo> {
        self.metrics.get(name)
    }

    /// Whether there is anything to tell of a metric, by its number of records now or before.
    pub(super) fn has(&self, id: &str, metric: &str) -> bool {
        let some = |name: String| self.total(id, &name).is_some_and(|count| count > 0.0);
        some(format!("{metric}_n")) || some(format!("{metric}_before_n"))
    }

    /// What a metric is measured in.
    pub(super) fn measured(&self, name: &str) -> Measured {
        let unit = self.metric(name).map_or(Unit::Count, |metric| metric.unit);
        Measured::of(name, unit)
    }

    /// Which way is better.
    pub(super) fn direction(&self, name: &str) -> Direction {
        self.metric(name)
            .map_or(Direction::None, |metric| metric.direction)
    }

    /// What people call a metric.
    pub(super) fn name(&self, metric: &str, language: Language) -> String {
        match self.metric(metric) {
            Some(metric) => language.label(&metric.label),
            None => metric.to_owned(),
        }
    }

    /// What people call a dimension.
    pub(super) fn dimension(&self, name: &str, language: Language) -> String {
        let mut all = self.labels.dimensions.iter();
        match all.find(|own| own.name == name) {
            Some(own) => language.label(&own.label),
            None => name.to_owned(),
        }
    }
}

/// The answers in the order of their questions. Several are worked on at the same time, each on a thread
/// of its own: to plan a query takes longer than to read for it. They end with this.
async fn all_asked(
    reader: &Reader<'_>,
    wanted: Vec<(&'static str, [&'static str; 2], Query)>,
) -> anyhow::Result<Vec<Asked>> {
    let mut asking = JoinSet::new();
    let mut waiting = wanted.into_iter().enumerate();
    let mut asked = Vec::new();
    loop {
        while asking.len() < AT_ONCE
            && let Some((place, (id, title, query))) = waiting.next()
        {
            let (engine, access, now) = (reader.engine.clone(), reader.access.clone(), reader.now);
            asking.spawn(async move {
                let result = engine.query(&access, &query, now).await?;
                let asked = Asked {
                    id,
                    title,
                    query,
                    result,
                    marks: None,
                };
                Ok::<_, QueryError>((place, asked))
            });
        }
        match asking.join_next().await {
            Some(done) => asked.push(done.context("a question was broken off")??),
            None => break,
        }
    }
    asked.sort_by_key(|(place, _)| *place);
    Ok(asked.into_iter().map(|(_, asked)| asked).collect())
}

/// The query, with what the reader may see and the lake can be asked; none where nothing is left.
fn possible(
    question: &Question,
    metrics: &BTreeMap<String, MetricInfo>,
    conditions: &[Condition],
) -> Option<Query> {
    let mut conditions: Vec<Condition> = conditions.to_vec();
    conditions.extend(question.conditions.iter().cloned());
    let can = |metric: &&&str| {
        metrics.get(**metric).is_some_and(|info| {
            let has = |name: &str| {
                Grain::from_name(name).is_some() || info.dimensions.iter().any(|own| own == name)
            };
            question.by.iter().all(|name| has(name))
                && conditions.iter().all(|own| has(&own.dimension))
        })
    };
    let asked: Vec<String> = question
        .metrics
        .iter()
        .filter(can)
        .map(|name| (*name).to_owned())
        .collect();
    let order = question
        .order
        .filter(|order| asked.iter().any(|name| name == order));
    (!asked.is_empty()).then(|| Query {
        order: order
            .or(question.limit.and(asked.first().map(String::as_str)))
            .map(str::to_owned),
        metrics: asked,
        by: question.by.iter().map(|name| (*name).to_owned()).collect(),
        conditions,
        period: Some(question.period),
        compare: question.compare,
        limit: question.limit,
        as_of: None,
    })
}

/// A number of a row.
pub(super) fn number(row: &Row, name: &str) -> Option<f64> {
    row.get(name).and_then(Value::as_f64)
}

/// The member of a dimension in a row; none where it has no value.
pub(super) fn member<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str)
}
