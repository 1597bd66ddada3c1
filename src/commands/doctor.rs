//! `millrace doctor`: what is right and wrong with the installation, and what to do.

use std::sync::Arc;

use millrace_jobs::doctor::{Finding, MailServer, Patient, State, examine, worst};
use millrace_models::clock::Clock;
use serde_json::json;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output;
use crate::progress::Line;
use crate::settings::Context;

/// Makes all checks.
///
/// # Errors
///
/// When one of them ends with an error.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let patient = Patient {
        data_dir: context.data_dir.clone(),
        config_file: context.config_file.clone(),
        company: context.company.clone(),
        server: context.server.clone(),
        backup: context.backup.clone(),
        place: context.place.clone(),
        mail: context.delivery.mail.as_ref().map(|mail| MailServer {
            host: mail.host.clone(),
            port: mail.port,
        }),
        clock: Arc::new(clock),
    };
    let progress = Line::plain(context.quiet);
    let found = Box::pin(examine(&patient, |check| progress.say(check))).await;
    drop(progress);
    report(context.format, &found)
}

/// What is said when the settings cannot even be read.
///
/// # Errors
///
/// Always: that is the finding.
pub(crate) fn unreadable(format: Format, failure: &Failure) -> Result<(), Failure> {
    let finding = Finding {
        check: "settings",
        state: State::Error,
        says: failure.message(),
        todo: Some("mend that in the file; nothing else was looked at".to_owned()),
    };
    report(format, &[finding])
}

fn report(format: Format, found: &[Finding]) -> Result<(), Failure> {
    let state = worst(found);
    match format {
        Format::Json => output::json(&json!({"state": state, "checks": found}))?,
        Format::Csv => {
            let rows: Vec<[String; 4]> = found.iter().map(cells).collect();
            output::csv(
                &["check", "state", "says", "todo"],
                rows.iter().map(<[String; 4]>::as_slice),
            )?;
        }
        Format::Table => output::write(&text(found))?,
    }
    let errors = found.iter().filter(|own| own.state == State::Error).count();
    if errors == 0 {
        return Ok(());
    }
    let error = anyhow::anyhow!("{errors} of {} checks found an error", found.len());
    Err(Failure::from(error).answered())
}

fn name(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Error => "error",
    }
}

fn cells(finding: &Finding) -> [String; 4] {
    [
        finding.check.to_owned(),
        name(finding.state).to_owned(),
        finding.says.clone(),
        finding.todo.clone().unwrap_or_default(),
    ]
}

/// A line for each check, and below it what to do: sentences do not fit into columns.
fn text(found: &[Finding]) -> String {
    let widest = found.iter().map(|own| own.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in found {
        let (state, check) = (name(finding.state), finding.check);
        text.push_str(&format!("{state:<7}  {check:<widest$}  {}\n", finding.says));
        if let Some(todo) = &finding.todo {
            text.push_str(&format!("{:<7}  {:<widest$}  → {todo}\n", "", ""));
        }
    }
    let warnings = found
        .iter()
        .filter(|own| own.state == State::Warning)
        .count();
    let errors = found.iter().filter(|own| own.state == State::Error).count();
    text.push_str(&match (errors, warnings) {
        (0, 0) => "all is well\n".to_owned(),
        (0, warnings) => format!("it works; {warnings} to look at\n"),
        (errors, warnings) => format!("{errors} to mend, {warnings} to look at\n"),
    });
    text
}
