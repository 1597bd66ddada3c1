//! Copies of subscriptions, written as their recipient sees the records: a page of numbers, a list, a
//! number that passed a limit, the monthly report.
//!
//! A mail is made of tables and inline styles, as mail programs know nothing else; it is read on a phone
//! and on a desk. What it leaves out it says, with a link to the whole.

mod board;
mod frame;
mod list;
mod report;
mod threshold;

use futures::future::BoxFuture;
use millrace_jobs::numbers::{self, Language as Spoken, Measured};
use millrace_jobs::outbox::{Order, RenderError, Rendered, Renders};
use millrace_lake::query::QueryError;
use millrace_models::metric::Metric;
use millrace_models::subscription::Subject;
use millrace_operations::{ErrorKind, OperationsError};
use serde_json::Value;

use crate::error::ApiError;
use crate::export::Language;
use crate::state::AppState;

/// Writes copies from the records and numbers of a server.
pub struct Renderer {
    state: AppState,
}

impl Renderer {
    /// Over the records and numbers that a server answers from.
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Renders for Renderer {
    fn render<'a>(&'a self, order: &'a Order<'a>) -> BoxFuture<'a, Result<Rendered, RenderError>> {
        Box::pin(async move {
            let page = Page::new(&self.state, order);
            match order.subject {
                Subject::MonthlyReport => report::write(&page).await,
                Subject::Dashboard(own) => board::write(&page, own).await,
                Subject::List(own) => list::write(&page, own).await,
                Subject::Threshold(own) => threshold::write(&page, own).await,
            }
        })
    }
}

/// What the parts of a mail know: the server, whom it is for, and in which words.
pub(crate) struct Page<'a> {
    pub(crate) state: &'a AppState,
    pub(crate) order: &'a Order<'a>,
    pub(crate) language: Language,
}

impl<'a> Page<'a> {
    fn new(state: &'a AppState, order: &'a Order<'a>) -> Self {
        Self {
            state,
            order,
            language: match order.language {
                Spoken::Zh => Language::Zh,
                Spoken::En => Language::En,
            },
        }
    }

    /// A number as it stands on a tile.
    fn short(&self, value: Option<f64>, metric: &Metric) -> String {
        let measured = Measured::of(&metric.name, metric.unit);
        numbers::short(value, measured, self.order.language)
    }

    /// How a number moved, and in which colour.
    fn change(
        &self,
        value: Option<f64>,
        before: Option<f64>,
        metric: &Metric,
    ) -> Option<(String, &'static str)> {
        let measured = Measured::of(&metric.name, metric.unit);
        let (direction, language) = (metric.direction, self.order.language);
        let moved = numbers::change(value, before, measured, direction, language)?;
        let colour = match moved.tone {
            "good" => "#15803d",
            "bad" => "#b91c1c",
            _ => "#6b7280",
        };
        Some((moved.text, colour))
    }

    fn says(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.language.choose(zh, en)
    }

    /// The day that spans of time are seen from: that of the moment that the copy is for.
    fn day(&self) -> chrono::NaiveDate {
        let zone = self.state.company().zone;
        self.order.copy.planned_at.with_timezone(&zone).date_naive()
    }

    /// The address of a path of the app; none where nobody said how it is reached.
    fn link(&self, path: &str) -> Option<String> {
        let base = match &self.state.settings().public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.state.listen()?),
        };
        Some(format!("{base}{path}"))
    }
}

/// A number of an answer.
fn number(value: Option<&Value>) -> Option<f64> {
    let value = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// What the one who asks is refused would be refused again.
fn query_error(error: QueryError) -> RenderError {
    match error {
        // The filter's words and what is near them may be of records that only one of the two sees:
        // who wrote it, who gets it.
        QueryError::Value { .. } => {
            RenderError::Refused("a filter names what the recipient does not see".to_owned())
        }
        QueryError::Metric { .. }
        | QueryError::Dimension { .. }
        | QueryError::Forbidden { .. }
        | QueryError::NoMetric
        | QueryError::Unusable(_) => RenderError::Refused(error.to_string()),
        error => RenderError::Failed(error.into()),
    }
}

fn operations_error(error: OperationsError) -> RenderError {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Forbidden | ErrorKind::NotFound => {
            RenderError::Refused(error.to_string())
        }
        _ => RenderError::Failed(error.into()),
    }
}

fn api_error(error: ApiError) -> RenderError {
    match error {
        ApiError::Operations { error, .. } => operations_error(*error),
        ApiError::Internal(error) => RenderError::Failed(error),
        error => RenderError::Refused(error.to_string()),
    }
}
