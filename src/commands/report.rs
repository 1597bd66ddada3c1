//! `millrace report`: reports as files.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use millrace_jobs::report::{
    Aims, Language, MonthlyReport, MonthlyReportError, MonthlyRequest, monthly,
};
use millrace_models::clock::Clock;
use millrace_models::query::Condition;
use millrace_models::scope::Access;
use millrace_operations::Caller;
use serde_json::json;

use crate::arguments::{Format, Lang, ReportArguments, ReportCommand};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// A file that was written.
struct Written {
    name: String,
    bytes: usize,
}

/// Writes the report into files.
///
/// # Errors
///
/// When the month, a condition or the reader is wrong, nothing is published, or a file cannot be written.
pub(crate) async fn run(
    context: &Context,
    options: ReportArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let ReportCommand::Monthly {
        month,
        out,
        lang,
        conditions,
        reader,
        set,
        mail,
    } = options.which;
    let conditions = conditions
        .iter()
        .map(|text| Condition::parse(text))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::input)?;
    let language = match lang {
        Lang::Zh => Language::Zh,
        Lang::En => Language::En,
    };
    let store = context.store(Arc::new(clock)).await?;
    let caller = match reader {
        None => None,
        Some(username) => {
            let caller = Caller::named(store.reader(), &username).await?;
            Some(caller.ok_or_else(|| {
                Failure::input(anyhow!(
                    "nobody who may sign in has the user name {username:?}"
                ))
            })?)
        }
    };
    let (access, scope) = match &caller {
        None => (Access::everything(), everything(language)),
        Some(caller) => (caller.access(), seen_by(&caller.name, language)),
    };
    let aims = Aims {
        store: &store,
        caller: caller.as_ref(),
    };
    let lake = context.lake().await?;
    let line = Line::new(context.quiet);
    line.say("counting");
    let asked = MonthlyRequest {
        month,
        language,
        scope,
        conditions,
        set,
    };
    let engine = context.engine(lake.clone());
    let report = monthly(
        &lake,
        &engine,
        &context.company,
        &access,
        Some(aims),
        &asked,
    )
    .await
    .map_err(|error| match error.downcast_ref() {
        Some(MonthlyReportError::Future { .. }) => Failure::input(error),
        _ => Failure::from(error),
    })?;
    store.close().await?;
    line.say("writing");
    let address = context.server.public_url.as_ref().map(ToString::to_string);
    let (report, written) = tokio::task::spawn_blocking(move || {
        let written = write(&report, &out, address.as_deref(), mail);
        (report, written)
    })
    .await
    .context("writing the report stopped")?;
    let written = written?;
    drop(line);
    tell(context.format, &report, &written)
}

/// What was written, and how the same is made again.
fn tell(format: Format, report: &MonthlyReport, written: &[Written]) -> Result<(), Failure> {
    match format {
        Format::Json => output::json(&json!({
            "month": report.month.format("%Y-%m").to_string(),
            "set": report.set,
            "files": written.iter().map(|file| json!({"file": file.name, "bytes": file.bytes})).collect::<Vec<_>>(),
        }))?,
        Format::Csv => {
            let rows: Vec<[String; 2]> = written
                .iter()
                .map(|file| [file.name.clone(), file.bytes.to_string()])
                .collect();
            output::csv(&["file", "bytes"], rows.iter().map(<[String; 2]>::as_slice))?;
        }
        Format::Table => {
            let mut table = Table::new([("file", Align::Left), ("bytes", Align::Right)]);
            for file in written {
                table.push(vec![file.name.clone(), value::count(file.bytes as i128)]);
            }
            let mut text = table.render();
            text.push_str(&format!(
                "report of {} from published set {}; --set {} makes it again to the byte\n",
                report.month.format("%Y-%m"),
                report.set,
                report.set
            ));
            output::write(&text)?;
        }
    }
    Ok(())
}

fn everything(language: Language) -> String {
    match language {
        Language::Zh => "全公司".to_owned(),
        Language::En => "the whole company".to_owned(),
    }
}

fn seen_by(name: &str, language: Language) -> String {
    match language {
        Language::Zh => format!("{name}可见的记录"),
        Language::En => format!("what {name} may see"),
    }
}

/// Writes all files, each under another name first, so that none is ever half there.
fn write(
    report: &MonthlyReport,
    out: &Path,
    link: Option<&str>,
    mail: bool,
) -> anyhow::Result<Vec<Written>> {
    fs::create_dir_all(out)
        .with_context(|| format!("the folder {} cannot be made", out.display()))?;
    let name = report.file_name();
    let mut files = vec![
        (format!("{name}.pdf"), report.pdf()?),
        (format!("{name}.xlsx"), report.workbook()?),
    ];
    if mail {
        files.push((
            format!("{name}.html"),
            report.mail(link, None)?.page().into_bytes(),
        ));
    }
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = out.join(&name);
        let put = || -> std::io::Result<()> {
            let part = out.join(format!(".{name}.part"));
            let mut file = fs::File::create(&part)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        put().with_context(|| format!("the file {} cannot be written", path.display()))?;
        written.push(Written {
            name: path.display().to_string(),
            bytes: bytes.len(),
        });
    }
    Ok(written)
}
