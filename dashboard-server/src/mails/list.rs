//! A list of records: the first of them in the mail, all of them beside it for those who may export.

use std::io::Cursor;

use chrono::DateTime;
use millrace_jobs::mail::File;
use millrace_jobs::numbers::{decimal, trimmed};
use millrace_jobs::outbox::{Message, RenderError, Rendered};
use millrace_lake::query::DrillColumn;
use millrace_models::scope::Action;
use millrace_models::subscription::List;
use millrace_operations::entity;
use millrace_operations::resource::Resource;
use millrace_operations::resources::{self, Export, ListQuery};
use serde_json::{Value, json};

use super::frame::{Letter, Rows};
use super::{Page, api_error, operations_error};
use crate::answer::Row;
use crate::export::xlsx;
use crate::resources::export::{Cells, name_of};
use crate::resources::query;

/// Records that a mail shows.
const SHOWN: u64 = 50;
/// Records of a file at most.
const MOST: usize = 50_000;
/// Columns that a mail shows.
const COLUMNS: usize = 5;

/// The fields that say most of a record, in their order.
const TELLING: [&str; 22] = [
    "number",
    "name",
    "title",
    "file_name",
    "account_id",
    "opportunity_id",
    "stage_id",
    "status",
    "state",
    "outcome",
    "severity",
    "kind",
    "amount",
    "due_at",
    "due_on",
    "valid_until",
    "expected_close_on",
    "expires_on",
    "owner_id",
    "team_id",
    "region",
    "recorded_at",
];

pub(super) async fn write(page: &Page<'_>, own: &List) -> Result<Rendered, RenderError> {
    let resource = entity::resource(&own.resource)
        .ok_or_else(|| RenderError::Refused(format!("there is no resource {:?}", own.resource)))?;
    let query = (!own.query.is_empty()).then(|| own.query.clone());
    let (asked, []) = query::read(resource, query, []).map_err(api_error)?;
    let (store, caller) = (page.state.store(), page.order.caller);
    let shown = ListQuery {
        limit: Some(SHOWN),
        cursor: None,
        ..asked.clone()
    };
    let found = resources::list(store, caller, resource, &shown).await;
    let found = found.map_err(operations_error)?;
    let count = resources::count(store, caller, resource, &asked).await;
    let count = count.map_err(operations_error)?;
    if count == 0 && !own.when_empty && !page.order.copy.manual {
        return Ok(Rendered::Quiet("the list is empty".to_owned()));
    }
    let raw = found.rows.clone();
    let cells = Cells::new(resource, caller, page.language, page.state.company().zone);
    let written = cells.write(store, caller, found.rows).await;
    let written = written.map_err(operations_error)?;
    let columns = chosen(&cells.columns(), own);
    let mut letter = Letter::new();
    if written.is_empty() {
        letter.line(page.says(
            "现在没有符合条件的记录。",
            "No record meets the conditions now.",
        ));
    } else {
        letter.rows(&table(page, resource, &columns, &raw, &written));
    }
    let link = own.link.as_deref().and_then(|path| page.link(path));
    let left = usize::try_from(count).unwrap_or_default() > written.len();
    let mut files = Vec::new();
    if left {
        let may = caller.rights.scope(resource.name, Action::Export).is_some();
        let whole = may && usize::try_from(count).is_ok_and(|count| count <= MOST);
        if whole {
            files.push(file(page, resource, asked).await?);
        }
        warn(
            page,
            &mut letter,
            count,
            written.len(),
            may,
            whole,
            link.as_deref(),
        );
    }
    if let Some(link) = &link {
        letter.button(page.says("打开列表", "Open the list"), link);
    }
    let name = name_of(resource, page.language);
    let at = page.order.now.with_timezone(&page.state.company().zone);
    let about = match page.language {
        crate::export::Language::Zh => {
            format!("{name} · 共 {count} 条 · {}", at.format("%m-%d %H:%M"))
        }
        crate::export::Language::En => {
            format!("{name} · {count} in all · {}", at.format("%m-%d %H:%M"))
        }
    };
    let title = page.order.subscription.name.clone();
    let data = json!({"resource": resource.name, "count": count, "shown": raw.len(), "rows": raw});
    Ok(Rendered::Message(Box::new(Message {
        content: letter.finish(page, &title, &about, files),
        data,
        value: None,
    })))
}

/// That not all records are shown, and where they are.
fn warn(
    page: &Page<'_>,
    letter: &mut Letter,
    count: i64,
    shown: usize,
    may: bool,
    whole: bool,
    link: Option<&str>,
) {
    let zh = match (whole, may) {
        (true, _) => "全部记录见附件。",
        (false, true) => "记录太多，未附文件；请在应用中导出。",
        (false, false) => "您没有导出权限，未附文件。",
    };
    let en = match (whole, may) {
        (true, _) => "All of them are in the attached file.",
        (false, true) => "They are too many for a file: export them in the app.",
        (false, false) => "Your role does not export them, so there is no file.",
    };
    let text = match page.language {
        crate::export::Language::Zh => format!("共 {count} 条，这里是前 {shown} 条。{zh}"),
        crate::export::Language::En => format!("The first {shown} of {count} are shown. {en}"),
    };
    let label = page.says("查看全部", "See all");
    letter.warning(&text, link.map(|link| (label, link)));
}

/// The columns that are shown: those that were asked for, or those that tell most.
fn chosen(all: &[DrillColumn], own: &List) -> Vec<DrillColumn> {
    let find = |name: &str| all.iter().find(|column| column.name == name).cloned();
    if own.columns.is_empty() {
        return TELLING
            .iter()
            .filter_map(|name| find(name))
            .take(COLUMNS)
            .collect();
    }
    own.columns.iter().filter_map(|name| find(name)).collect()
}

fn table(
    page: &Page<'_>,
    resource: &Resource,
    columns: &[DrillColumn],
    raw: &[Row],
    written: &[Row],
) -> Rows {
    let right =
        |column: &DrillColumn| ["amount", "number", "count"].contains(&column.kind.as_str());
    let rows = raw.iter().zip(written).map(|(raw, row)| {
        let cells = columns
            .iter()
            .map(|column| cell(page, column, row.get(&column.name)));
        let id = raw.get("id").and_then(Value::as_i64);
        let link = id.and_then(|id| page.link(&format!("/today?open={}:{id}", resource.name)));
        (cells.collect(), link)
    });
    Rows {
        headers: columns
            .iter()
            .map(|column| page.language.of(&column.label).to_owned())
            .collect(),
        rows: rows.collect(),
        right: columns.iter().map(right).collect(),
    }
}

/// A value as it stands in a mail.
fn cell(page: &Page<'_>, column: &DrillColumn, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(true)) => page.says("是", "yes").to_owned(),
        Some(Value::Bool(false)) => page.says("否", "no").to_owned(),
        Some(Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            match column.kind.as_str() {
                "amount" => decimal(number, 2),
                "count" => decimal(number, 0),
                _ => trimmed(number, 4),
            }
        }
        Some(Value::String(text)) if column.kind == "time" => DateTime::parse_from_rfc3339(text)
            .map_or_else(
                |_| text.clone(),
                |at| at.format("%Y-%m-%d %H:%M").to_string(),
            ),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// All records as a workbook.
async fn file(
    page: &Page<'_>,
    resource: &'static Resource,
    asked: ListQuery,
) -> Result<File, RenderError> {
    let (store, caller) = (page.state.store(), page.order.caller);
    let cells = Cells::new(resource, caller, page.language, page.state.company().zone);
    let columns = cells.columns();
    let labels = columns
        .iter()
        .map(|column| page.language.of(&column.label).to_owned())
        .collect();
    let failed = |error: xlsx::XlsxError| RenderError::Failed(error.into());
    let mut book =
        xlsx::Export::new(columns, labels, page.language, page.order.now).map_err(failed)?;
    let mut export = Export::begin(store, caller, resource, asked).map_err(operations_error)?;
    while let Some(rows) = export.next().await.map_err(operations_error)? {
        let written = cells.write(store, caller, rows).await;
        book.push(&written.map_err(operations_error)?)
            .map_err(failed)?;
    }
    let zone = page.state.company().zone;
    let at = page.order.now.with_timezone(&zone);
    let line = |zh, en, value: String| (page.says(zh, en).to_owned(), value);
    let about = [
        line("公司", "Company", page.state.company().name.clone()),
        line("记录", "Records", name_of(resource, page.language)),
        line("订阅", "Subscription", page.order.subscription.name.clone()),
        line("收件人", "For", caller.name.clone()),
        line(
            "生成时间",
            "Made at",
            at.format("%Y-%m-%d %H:%M").to_string(),
        ),
    ];
    let mut bytes = Cursor::new(Vec::new());
    book.finish(&about, &mut bytes).map_err(failed)?;
    Ok(File {
        name: format!(
            "{}-{}.xlsx",
            resource.table.replace('_', "-"),
            at.date_naive()
        ),
        media_type: crate::export::XLSX_TYPE.to_owned(),
        bytes: bytes.into_inner(),
    })
}
