//! The open deals of a forecast, page by page.

use serde_json::Value;

use super::super::error::QueryError;
use super::{ForecastOrder, ForecastRequest, ForecastResult, OpenDeal};

/// Open deals on a page where nothing else is asked, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

/// A forecast, and beside it all its open deals, the one with most expected first.
#[derive(Debug)]
pub(in crate::query) struct Whole {
    pub(super) told: ForecastResult,
    pub(super) deals: Vec<OpenDeal>,
}

impl Whole {
    /// How many values it holds, about.
    pub(in crate::query) fn values(&self) -> usize {
        let deals: usize = self.deals.iter().map(|deal| 6 + deal.record.len()).sum();
        // the endings of the whole and of each group
        deals + 500 * (1 + self.told.groups.len())
    }
}

/// A page of the whole: its deals in the order that is asked for.
///
/// # Errors
/// [`QueryError::Unusable`] for a cursor that is none of this set, and for a page of no size or too large.
pub(in crate::query) fn page(
    whole: &Whole,
    request: &ForecastRequest,
    set: i64,
) -> Result<ForecastResult, QueryError> {
    let size = request.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&size) {
        return Err(QueryError::Unusable(format!(
            "limit must be from 1 to {LARGEST_PAGE}, not {size}"
        )));
    }
    let offset = match &request.cursor {
        None => 0,
        Some(text) => {
            let parts = text.strip_prefix('s').and_then(|rest| rest.split_once('o'));
            let parsed =
                parts.and_then(|(set, offset)| Some((set.parse().ok()?, offset.parse().ok()?)));
            match parsed {
                Some((of, offset)) if of == set => offset,
                Some((_, _)) => {
                    return Err(QueryError::Unusable(
                        "the cursor belongs to numbers that are gone: ask again without it"
                            .to_owned(),
                    ));
                }
                None::<(i64, usize)> => {
                    return Err(QueryError::Unusable(format!(
                        "{text:?} is not a cursor of a forecast"
                    )));
                }
            }
        }
    };
    let mut order: Vec<&OpenDeal> = whole.deals.iter().collect();
    let day = |deal: &OpenDeal| {
        let day = deal.record.get("expected_close_on").and_then(Value::as_str);
        day.map_or("9999".to_owned(), str::to_owned)
    };
    let by = |key: fn(&OpenDeal) -> f64| {
        move |left: &&OpenDeal, right: &&OpenDeal| key(right).total_cmp(&key(left))
    };
    match request.order {
        // as they are
        ForecastOrder::Expected => {}
        ForecastOrder::Amount => order.sort_by(by(|deal| deal.counted_amount)),
        ForecastOrder::Probability => order.sort_by(by(|deal| deal.probability.unwrap_or(0.0))),
        ForecastOrder::DaysInStage => order.sort_by(by(|deal| f64::from(deal.days_in_stage))),
        ForecastOrder::ExpectedCloseOn => order.sort_by_cached_key(|deal| day(deal)),
    }
    let deals: Vec<OpenDeal> = order.into_iter().skip(offset).take(size).cloned().collect();
    let end = offset + deals.len();
    Ok(ForecastResult {
        set,
        conditions: request.conditions.clone(),
        next_cursor: (end < whole.deals.len()).then(|| format!("s{set}o{end}")),
        deals,
        ..whole.told.clone()
    })
}
