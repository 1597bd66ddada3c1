//! A number that passed a limit.

use millrace_jobs::outbox::{Message, RenderError, Rendered};
use millrace_models::metric::Registry;
use millrace_models::subscription::{Comparison, Side, Threshold};
use serde_json::json;

use super::board::{asked, filters};
use super::frame::{Letter, Tile};
use super::{Page, number, query_error};

pub(super) async fn write(page: &Page<'_>, own: &Threshold) -> Result<Rendered, RenderError> {
    let registry = Registry::shipped().map_err(|error| RenderError::Failed(error.into()))?;
    let metric = registry
        .metric(&own.metric)
        .ok_or_else(|| RenderError::Refused(format!("there is no metric {:?}", own.metric)))?;
    let asked = asked(page, &own.span, Comparison::Previous)?;
    let query = asked.query(&own.metric, &own.conditions);
    let access = page.order.caller.access();
    let answer = page
        .state
        .engine()
        .query(&access, &query, page.order.now)
        .await
        .map_err(query_error)?;
    let of = |suffix: &str| number(answer.total.get(&format!("{}{suffix}", own.metric)));
    let (value, before, n) = (of(""), of("_before"), of("_n"));
    let name = page.language.of(&metric.label);
    let shown = page.short(value, metric);
    let limit = page.short(Some(own.limit), metric);
    let beyond = value.is_some_and(|value| match own.comparison {
        Side::Above => value > own.limit,
        Side::Below => value < own.limit,
    });
    let side = match (own.comparison, beyond) {
        (Side::Above, true) => page.says("高于", "above"),
        (Side::Below, true) => page.says("低于", "below"),
        _ => page.says("未越过", "within"),
    };
    let title = match page.language {
        crate::export::Language::Zh => format!("{name} {shown}，{side} {limit}"),
        crate::export::Language::En => format!("{name}: {shown}, {side} {limit}"),
    };
    let mut letter = Letter::new();
    let moved = page.change(value, before, metric);
    letter.tiles(&[
        Tile {
            name: name.to_owned(),
            value: shown,
            change: moved,
            note: n.map_or(String::new(), |n| format!("n={n:.0}")),
        },
        Tile {
            name: page.says("阈值", "Limit").to_owned(),
            value: limit,
            change: None,
            note: match own.comparison {
                Side::Above => page.says("高于时提醒", "told when above"),
                Side::Below => page.says("低于时提醒", "told when below"),
            }
            .to_owned(),
        },
    ]);
    letter.note(page.language.of(&metric.description));
    let quiet = own.quiet_hours;
    letter.note(&match page.language {
        crate::export::Language::Zh => format!("{quiet} 小时内最多提醒一次。"),
        crate::export::Language::En => format!("Told once in {quiet} hours at most."),
    });
    if let Some(address) = own.link.as_deref().and_then(|path| page.link(path)) {
        letter.button(page.says("查看明细", "See the records"), &address);
    }
    let mut about = asked.about(page);
    let filters = filters(page, registry, &own.conditions);
    if !filters.is_empty() {
        about = format!("{about} · {filters}");
    }
    let data = json!({
        "metric": own.metric, "value": value, "before": before, "n": n, "limit": own.limit,
        "comparison": own.comparison, "beyond": beyond, "period": asked.days, "where": own.conditions,
    });
    Ok(Rendered::Message(Box::new(Message {
        content: letter.finish(page, &title, &about, Vec::new()),
        data,
        value,
    })))
}
