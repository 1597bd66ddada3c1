//! A page of numbers: its tiles, the chosen one over time, and by the members of a dimension.

use millrace_jobs::numbers::NONE;
use millrace_jobs::outbox::{Message, RenderError, Rendered};
use millrace_lake::query::{QueryError, QueryResult};
use millrace_models::metric::{Metric, Registry};
use millrace_models::query::{Compare, Condition, Op, Period, Query};
use millrace_models::span::Span;
use millrace_models::subscription::{Comparison, Dashboard};
use serde_json::{Value, json};

use super::frame::{Bar, Letter, Point, Tile};
use super::{Page, number, query_error};

/// Members that a mail shows.
const MEMBERS: usize = 10;
/// Points of a line at most: more are no columns any more.
const POINTS: usize = 62;

/// What the numbers are asked over.
pub(super) struct Asked {
    pub(super) days: Period,
    pub(super) before: Option<Period>,
    pub(super) grain: &'static str,
}

/// The days of a span, and those that they are compared with.
pub(super) fn asked(
    page: &Page<'_>,
    span: &str,
    compare: Comparison,
) -> Result<Asked, RenderError> {
    let span: Span = span.parse().map_err(RenderError::Refused)?;
    let days = span.days(page.day());
    let before = match compare {
        Comparison::None => None,
        Comparison::Previous => Some(span.compared(days, false)),
        Comparison::YearAgo => Some(span.compared(days, true)),
    };
    let grain = Span::grain(days);
    let grains = millrace_models::period::Grain::ALL;
    let name = grains.iter().find(|(_, own)| *own == grain);
    Ok(Asked {
        days,
        before,
        grain: name.map_or("month", |(name, _)| *name),
    })
}

impl Asked {
    pub(super) fn query(&self, metric: &str, conditions: &[Condition]) -> Query {
        Query {
            metrics: vec![metric.to_owned()],
            conditions: conditions.to_vec(),
            period: Some(self.days),
            compare: self.before.map(Compare::Baseline),
            ..Query::default()
        }
    }

    /// The days in words.
    pub(super) fn about(&self, page: &Page<'_>) -> String {
        let own = of_days(self.days);
        match self.before {
            Some(before) => format!(
                "{own}{}{}",
                page.says("，对比 ", ", compared with "),
                of_days(before)
            ),
            None => own,
        }
    }
}

/// Days, and whole months as months.
fn of_days(days: Period) -> String {
    use chrono::Datelike as _;
    let after = days.to.succ_opt().unwrap_or(days.to);
    if days.from.day() == 1 && after.day() == 1 {
        let (first, last) = (days.from.format("%Y-%m"), days.to.format("%Y-%m"));
        if first.to_string() == last.to_string() {
            return first.to_string();
        }
        return format!("{first} – {last}");
    }
    if days.from == days.to {
        return days.from.to_string();
    }
    format!("{} – {}", days.from, days.to)
}

/// Conditions in words.
pub(super) fn filters(page: &Page<'_>, registry: &Registry, conditions: &[Condition]) -> String {
    let one = |condition: &Condition| {
        let label = registry.label(&condition.dimension);
        let values: Vec<&str> = condition
            .values
            .iter()
            .map(|value| crate::export::word(&condition.dimension, value, page.language))
            .collect();
        let values = values.join(page.says("、", ", "));
        let name = page.language.of(&label);
        match condition.op {
            Op::In => format!("{name}: {values}"),
            Op::NotIn => format!("{name} ≠ {values}"),
            Op::Between => format!("{name}: {}", condition.values.join(" – ")),
            Op::IsNull => format!("{name}: {}", page.says("（无）", "(none)")),
        }
    };
    let all: Vec<String> = conditions.iter().map(one).collect();
    all.join(" · ")
}

/// A tile with its data.
fn tile(
    page: &Page<'_>,
    metric: &Metric,
    answer: Result<QueryResult, QueryError>,
) -> Result<(Tile, Value), RenderError> {
    let name = page.language.of(&metric.label).to_owned();
    match answer {
        Ok(answer) => {
            let of = |suffix: &str| number(answer.total.get(&format!("{}{suffix}", metric.name)));
            let (value, before, n) = (of(""), of("_before"), of("_n"));
            let moved = page.change(value, before, metric);
            let data = json!({"metric": metric.name, "value": value, "before": before, "n": n});
            let tile = Tile {
                name,
                value: page.short(value, metric),
                change: moved,
                note: n.map_or(String::new(), |n| format!("n={n:.0}")),
            };
            Ok((tile, data))
        }
        // A number that one may not see, or that the filters do not fit, leaves the others.
        Err(
            QueryError::Forbidden { .. } | QueryError::Dimension { .. } | QueryError::Unusable(_),
        ) => {
            let tile = Tile {
                name,
                value: NONE.to_owned(),
                change: None,
                note: page
                    .says(
                        "您的权限或筛选下无此数",
                        "not for you, or not with these filters",
                    )
                    .to_owned(),
            };
            Ok((tile, json!({"metric": metric.name, "value": null})))
        }
        Err(error) => Err(query_error(error)),
    }
}

pub(super) async fn write(page: &Page<'_>, own: &Dashboard) -> Result<Rendered, RenderError> {
    let title = &page.order.subscription.name;
    let registry = Registry::shipped().map_err(|error| RenderError::Failed(error.into()))?;
    let access = page.order.caller.access();
    let (engine, now) = (page.state.engine(), page.order.now);
    let asked = asked(page, &own.span, own.compare)?;
    let mut letter = Letter::new();
    let (mut tiles, mut data, mut seen) = (Vec::new(), Vec::new(), 0);
    for name in &own.metrics {
        let metric = registry
            .metric(name)
            .ok_or_else(|| RenderError::Refused(format!("there is no metric {name:?}")))?;
        let query = asked.query(name, &own.conditions);
        let answer = engine.query(&access, &query, now).await;
        seen += usize::from(answer.is_ok());
        let (shown, of) = tile(page, metric, answer)?;
        tiles.push(shown);
        data.push(of);
    }
    if seen == 0 {
        let reason = "the recipient may see none of its numbers, or its filters fit none";
        return Err(RenderError::Refused(reason.to_owned()));
    }
    letter.tiles(&tiles);
    let chosen = own.metric.as_ref().or(own.metrics.first());
    let chosen = chosen.and_then(|name| registry.metric(name));
    let mut rows = Value::Null;
    if let Some(metric) = chosen {
        line(page, &mut letter, &asked, metric, own).await?;
        if let Some(by) = &own.by {
            rows = members(page, &mut letter, registry, &asked, metric, own, by).await?;
        }
    }
    if let Some(address) = own.link.as_deref().and_then(|path| page.link(path)) {
        letter.button(page.says("在看板中打开", "Open the dashboard"), &address);
    }
    let set = page.state.lake().latest_set().await;
    let set = set.map_err(|error| RenderError::Failed(error.into()))?;
    let mut about = asked.about(page);
    let filters = filters(page, registry, &own.conditions);
    if !filters.is_empty() {
        about = format!("{about} · {filters}");
    }
    if let Some(set) = &set {
        let zone = page.state.company().zone;
        let at = set.complete_to.with_timezone(&zone).format("%m-%d %H:%M");
        about = format!("{about} · {} {at}", page.says("数据更新至", "complete to"));
    }
    let data = json!({
        "period": asked.days, "compared": asked.before, "where": own.conditions,
        "numbers": data, "by": own.by, "rows": rows, "set": set.map(|set| set.id),
    });
    Ok(Rendered::Message(Box::new(Message {
        content: letter.finish(page, title, &about, Vec::new()),
        data,
        value: None,
    })))
}

/// The chosen number over time.
async fn line(
    page: &Page<'_>,
    letter: &mut Letter,
    asked: &Asked,
    metric: &Metric,
    own: &Dashboard,
) -> Result<(), RenderError> {
    let query = Query {
        by: vec![asked.grain.to_owned()],
        compare: None,
        ..asked.query(&metric.name, &own.conditions)
    };
    let access = page.order.caller.access();
    let answer = page.state.engine().query(&access, &query, page.order.now);
    // Snapshots have no line, and what may not be seen was said.
    let Ok(answer) = answer.await else {
        return Ok(());
    };
    let points: Vec<(String, f64)> = answer
        .rows
        .iter()
        .filter_map(|row| {
            let name = row.get(asked.grain)?.as_str()?.to_owned();
            Some((name, number(row.get(&metric.name))?))
        })
        .collect();
    let most = points
        .iter()
        .map(|(_, value)| value.abs())
        .fold(0.0, f64::max);
    if points.len() < 2 || points.len() > POINTS || most <= 0.0 {
        return Ok(());
    }
    letter.heading(page.language.of(&metric.label));
    let points: Vec<Point> = points
        .into_iter()
        .map(|(name, value)| Point {
            name,
            value: page.short(Some(value), metric),
            share: value.max(0.0) / most,
        })
        .collect();
    letter.columns(&points);
    Ok(())
}

/// The chosen number by the members of a dimension.
async fn members(
    page: &Page<'_>,
    letter: &mut Letter,
    registry: &Registry,
    asked: &Asked,
    metric: &Metric,
    own: &Dashboard,
    by: &str,
) -> Result<Value, RenderError> {
    let query = Query {
        by: vec![by.to_owned()],
        order: Some(metric.name.clone()),
        ..asked.query(&metric.name, &own.conditions)
    };
    let access = page.order.caller.access();
    let answer = page.state.engine().query(&access, &query, page.order.now);
    let answer = match answer.await {
        Ok(answer) => answer,
        Err(QueryError::Forbidden { .. }) => return Ok(Value::Null),
        Err(error) => return Err(query_error(error)),
    };
    let of = |row: &millrace_lake::query::Row, suffix: &str| {
        number(row.get(&format!("{}{suffix}", metric.name)))
    };
    let most = answer
        .rows
        .iter()
        .filter_map(|row| of(row, ""))
        .fold(0.0, f64::max);
    let label = registry.label(by);
    letter.heading(&format!(
        "{} · {}",
        page.language.of(&metric.label),
        page.language.of(&label)
    ));
    let bars: Vec<Bar> = answer
        .rows
        .iter()
        .take(MEMBERS)
        .map(|row| {
            let name = row.get(by).and_then(Value::as_str);
            let name = name.map_or(page.says("（无）", "(none)"), |name| {
                crate::export::word(by, name, page.language)
            });
            let value = of(row, "");
            let moved = page.change(value, of(row, "_before"), metric);
            Bar {
                name: name.to_owned(),
                value: page.short(value, metric),
                change: moved,
                share: if most > 0.0 {
                    value.unwrap_or_default() / most
                } else {
                    0.0
                },
            }
        })
        .collect();
    letter.bars(&bars);
    let all = answer.rows.len();
    if all > MEMBERS {
        let text = match page.language {
            crate::export::Language::Zh => format!("共 {all} 项，这里是前 {MEMBERS} 项。"),
            crate::export::Language::En => format!("The first {MEMBERS} of {all} are shown."),
        };
        let link = own.link.as_deref().and_then(|path| page.link(path));
        let label = page.says("查看全部", "See all");
        letter.warning(&text, link.as_deref().map(|link| (label, link)));
    }
    Ok(json!(answer.rows))
}
