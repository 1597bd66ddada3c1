//! `GET /api/{resource}/export`: all records that a list would give, as a file.

mod cells;
mod words;

use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::Stream;
use millrace_operations::resource::Resource;
use millrace_operations::resources::Export;
use millrace_operations::{Caller, FieldError};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

use super::query;
use crate::answer::{Row, path_of};
use crate::error::ApiError;
use crate::export::{Format, Language, csv_payload, download, xlsx_payload};
use crate::extract::Signed;
use crate::state::AppState;
pub(crate) use cells::Cells;
pub(crate) use words::resource as name_of;

pub(super) async fn export(
    resource: &'static Resource,
    state: AppState,
    Signed(caller): Signed,
    query: Option<String>,
) -> Result<Response, ApiError> {
    let (asked, [format, language]) = query::read(resource, query, ["format", "lang"])?;
    let format: Format = word("format", format.as_deref().unwrap_or("csv"))?;
    let language: Language = word("lang", language.as_deref().unwrap_or("zh"))?;
    let now = state.now();
    let mut export = Export::begin(state.store(), &caller, resource, asked)?;
    // What is wrong with the request shows with the first rows, before the file is begun.
    let first = export.next().await.map_err(ApiError::of_parameters)?;
    let cells = Cells::new(resource, &caller, language, state.company().zone);
    let columns = cells.columns();
    let day = now.with_timezone(&state.company().zone).date_naive();
    let about = about(&state, &caller, resource, language, now);
    let rows = rows(state, caller, export, first, cells);
    let payload = match format {
        Format::Csv => csv_payload(columns, rows, language),
        Format::Xlsx => xlsx_payload(columns, rows, &about, language, now).await?,
    };
    download(&path_of(resource), day, format, payload)
}

/// A parameter that is one of a few words.
fn word<'a, T: Deserialize<'a>>(name: &str, text: &'a str) -> Result<T, ApiError> {
    let deserializer: StrDeserializer<'a, Error> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| {
        ApiError::Parameters(vec![FieldError {
            field: name.to_owned(),
            message: error.to_string(),
        }])
    })
}

/// The rows of the file, read as they are needed.
fn rows(
    state: AppState,
    caller: Caller,
    export: Export,
    first: Option<Vec<Row>>,
    cells: Cells,
) -> impl Stream<Item = Result<Vec<Row>, ApiError>> + Send + 'static {
    let begin = (state, caller, export, first, cells);
    futures::stream::try_unfold(begin, async |(state, caller, mut export, next, cells)| {
        let rows = match next {
            Some(rows) => rows,
            None => match export.next().await? {
                Some(rows) => rows,
                None => return Ok(None),
            },
        };
        let written = cells.write(state.store(), &caller, rows).await?;
        Ok(Some((written, (state, caller, export, None, cells))))
    })
}

/// What the records are: whose, of which resource, when.
fn about(
    state: &AppState,
    caller: &Caller,
    resource: &'static Resource,
    language: Language,
    now: DateTime<Utc>,
) -> Vec<(String, String)> {
    let zone = state.company().zone;
    let at = now
        .with_timezone(&zone)
        .format("%Y-%m-%d %H:%M")
        .to_string();
    let line = |zh, en, value: String| (language.choose(zh, en).to_owned(), value);
    vec![
        line("公司", "Company", state.company().name.clone()),
        line("记录", "Records", words::resource(resource, language)),
        line("导出人", "Exported by", caller.name.clone()),
        line("导出时间", "Exported at", at),
        line("时区", "Time zone", zone.name().to_owned()),
    ]
}
