//! The mail server: a mail is handed over command by command, so that it is known how far it came.
//!
//! Until its last byte has been sent nothing of a mail counts. After that only the server's answer says
//! whether it took it; where that does not come, nobody knows.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use millrace_models::config::{MailSettings, Security};
use millrace_operations::service::dispatch::Outcome;

use super::letter::Letter;

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_mins(1);
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// The server of a round: connected to when the first mail is there.
pub(super) struct Server {
    settings: Option<MailSettings>,
    connection: Option<AsyncSmtpConnection>,
    /// Why it cannot be reached: it is not tried for each mail.
    down: Option<String>,
}

/// Why a command was not done.
enum Refusal {
    /// The server said so: whether for good, and its words.
    Said(bool, String),
    /// The server did not say.
    Silence(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        if error.status().is_some() {
            Self::Said(error.is_permanent(), said(&error))
        } else {
            Self::Silence(said(&error))
        }
    }
}

/// An error with its causes, in a line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

async fn in_time<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(Refusal::from),
        Err(_) => Err(Refusal::Silence(
            "the mail server did not answer".to_owned(),
        )),
    }
}

impl Server {
    pub(super) fn new(settings: Option<MailSettings>) -> Self {
        Self {
            settings,
            connection: None,
            down: None,
        }
    }

    /// Connects, if it is not; why it cannot be.
    pub(super) async fn connect(&mut self) -> Result<(), String> {
        if let Some(reason) = &self.down {
            return Err(reason.clone());
        }
        if let Some(connection) = &self.connection
            && !connection.has_broken()
        {
            return Ok(());
        }
        let Some(settings) = &self.settings else {
            return Err("there is no mail server: set [mail] in the settings".to_owned());
        };
        match connected(settings).await {
            Ok(connection) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(Refusal::Said(_, reason) | Refusal::Silence(reason)) => {
                let reason = format!("{}:{}: {reason}", settings.host, settings.port);
                self.down = Some(reason.clone());
                Err(reason)
            }
        }
    }

    /// Hands a mail over.
    pub(super) async fn hand_over(&mut self, letter: &Letter) -> Outcome {
        let Some(connection) = &mut self.connection else {
            return Outcome::Failed("the mail server is not connected".to_owned());
        };
        if let Err(refusal) = announced(connection, letter).await {
            return match refusal {
                Refusal::Said(for_good, reason) => {
                    // The connection is good for the next mail.
                    if in_time(connection.command(lettre::transport::smtp::commands::Rset))
                        .await
                        .is_err()
                    {
                        self.connection = None;
                    }
                    if for_good {
                        Outcome::Refused(reason)
                    } else {
                        Outcome::Failed(reason)
                    }
                }
                Refusal::Silence(reason) => {
                    self.connection = None;
                    Outcome::Failed(reason)
                }
            };
        }
        match in_time(connection.message(&letter.bytes)).await {
            Ok(answer) => Outcome::Sent(words(&answer)),
            Err(Refusal::Said(true, reason)) => Outcome::Refused(reason),
            Err(Refusal::Said(false, reason)) => Outcome::Failed(reason),
            Err(Refusal::Silence(reason)) => {
                self.connection = None;
                Outcome::Unknown(format!(
                    "the mail was sent and the server did not say that it took it ({reason})"
                ))
            }
        }
    }

    /// Takes leave.
    pub(super) async fn quit(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // Nothing hangs on the answer.
            let _ = in_time(connection.quit()).await;
        }
    }
}

fn words(answer: &Response) -> String {
    let text: Vec<&str> = answer.message().collect();
    format!("{} {}", answer.code(), text.join(" "))
        .trim()
        .to_owned()
}

async fn announced(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), Refusal> {
    let from = letter.envelope.from().cloned();
    in_time(connection.command(Mail::new(from, Vec::new()))).await?;
    for to in letter.envelope.to() {
        in_time(connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    in_time(connection.command(Data)).await?;
    Ok(())
}

async fn connected(settings: &MailSettings) -> Result<AsyncSmtpConnection, Refusal> {
    let hello = ClientId::default();
    let place = (settings.host.clone(), settings.port);
    let tls = || TlsParameters::new(settings.host.clone()).map_err(Refusal::from);
    let wrapped = match settings.security {
        Security::Tls => Some(tls()?),
        Security::StartTls | Security::None => None,
    };
    let connecting =
        AsyncSmtpConnection::connect_tokio1(place, Some(PATIENCE), &hello, wrapped, None);
    let mut connection = in_time(connecting).await?;
    if settings.security == Security::StartTls {
        in_time(connection.starttls(tls()?, &hello)).await?;
    }
    if let Some((name, password)) = &settings.login {
        let login = Credentials::new(name.clone(), password.reveal().to_owned());
        in_time(connection.auth(&MECHANISMS, &login)).await?;
    }
    Ok(connection)
}
