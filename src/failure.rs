//! How a command ends when it does not succeed.

use std::process::ExitCode;

use millrace_dashboard_server::ServeError;
use millrace_lake::LakeError;
use millrace_lake::query::QueryError;
use millrace_operations::OperationsError;
use serde_json::json;

use crate::output;

/// A command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    suggestions: Vec<String>,
    is_input: bool,
    is_answered: bool,
}

impl Failure {
    /// The command or its input is wrong: exit status 2.
    pub(crate) fn input(error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            suggestions: Vec::new(),
            is_input: true,
            is_answered: false,
        }
    }

    /// With the nearest right values.
    pub(crate) fn suggesting(mut self, suggestions: Vec<String>) -> Self {
        self.suggestions = suggestions;
        self
    }

    /// With a document on stdout already.
    pub(crate) fn answered(mut self) -> Self {
        self.is_answered = true;
        self
    }

    /// What was wrong.
    pub(crate) fn message(&self) -> String {
        message(&self.error)
    }

    /// Says on stderr what was wrong (and, where stdout is to be JSON, there as well) and gives
    /// the exit status: 1 when the work failed, 2 when the command or its input is wrong.
    pub(crate) fn report(self, as_json: bool) -> ExitCode {
        let message = message(&self.error);
        eprintln!("error: {message}");
        if as_json && !self.is_answered {
            let document = json!({
                "error": message,
                "suggestions": self.suggestions,
            });
            // The error itself stands on stderr already.
            let _ = output::json(&document);
        }
        ExitCode::from(if self.is_input { 2 } else { 1 })
    }
}

/// The error with its causes, each said once: many errors have their cause in their message.
fn message(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

/// The work failed, unless the error is one of wrong input.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self {
            error,
            suggestions: Vec::new(),
            is_input: false,
            is_answered: false,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::new(error).into()
    }
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        if matches!(error, LakeError::NotInitialised { .. }) {
            Self::input(error)
        } else {
            anyhow::Error::new(error).into()
        }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        anyhow::Error::new(error).into()
    }
}

impl From<OperationsError> for Failure {
    fn from(error: OperationsError) -> Self {
        anyhow::Error::new(error).into()
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let is_input = error.is_input();
        let suggestions = error.suggestions().to_vec();
        Self {
            error: error.into(),
            suggestions,
            is_input,
            is_answered: false,
        }
    }
}
