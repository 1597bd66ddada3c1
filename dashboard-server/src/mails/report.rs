//! The monthly report of the month before.

use millrace_jobs::outbox::{Message, RenderError, Rendered};
use millrace_jobs::report::MonthlyReportError;
use millrace_lake::query::QueryError;
use millrace_models::period::Grain;
use serde_json::json;

use super::frame::foot;
use super::{Page, query_error};
use crate::reports::of_reader;

pub(super) async fn write(page: &Page<'_>) -> Result<Rendered, RenderError> {
    let first = Grain::Month.start(page.day());
    let month = Grain::Month.start(first.pred_opt().unwrap_or(first));
    let report = of_reader(page.state, page.order.caller, month, page.language).await;
    let report = report.map_err(refused)?;
    let label = month.format("%Y-%m").to_string();
    let (link, foot) = (page.link(&format!("/reports?month={label}")), foot(page));
    let written = tokio::task::spawn_blocking(move || {
        let content = report.mail(link.as_deref(), Some(&foot));
        content.map(|content| (report, content))
    });
    let written = written
        .await
        .map_err(|error| RenderError::Failed(error.into()))?;
    let (report, content) = written.map_err(|error| refused(error.into()))?;
    let told = report.document();
    let data = json!({
        "month": label,
        "set": report.set,
        "title": told.title,
        "facts": told.facts,
        "conclusions": told.conclusions,
        "figures": told.figures,
    });
    Ok(Rendered::Message(Box::new(Message {
        content,
        data,
        value: None,
    })))
}

/// A month that has not begun does so, a font is installed; a question that is refused stays so.
fn refused(error: anyhow::Error) -> RenderError {
    match error.downcast::<MonthlyReportError>() {
        Ok(MonthlyReportError::Query(error)) => query_error(error),
        Ok(error) => RenderError::Failed(error.into()),
        Err(error) => match error.downcast::<QueryError>() {
            Ok(error) => query_error(error),
            Err(error) => RenderError::Failed(error),
        },
    }
}
