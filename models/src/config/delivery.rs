//! How mails leave, and where webhooks may go.
//!
//! ```toml
//! [mail]
//! host = "smtp.example.com"                # without it no mail leaves
//! security = "starttls"                    # or tls, or none for a server on this machine
//! port = 587                               # 587 for starttls, 465 for tls, 25 for none where left out
//! username = "reports@example.com"
//! password = "…"                           # better as MILLRACE_MAIL_PASSWORD
//! from = "Millrace <reports@example.com>"
//!
//! [webhooks]
//! allow_private = false                    # whether addresses of private networks may be called
//! ```

use std::fmt;

use serde::Deserialize;

use super::server::over;
use super::{ConfigError, read, wrong};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How a connection to the mail server is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From its first byte.
    Tls,
    /// By the command STARTTLS; without it nothing is sent.
    StartTls,
    /// Not at all.
    None,
}

/// The server that mails are handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from being read.
    pub security: Security,
    /// Who signs in there, and with what; nobody where the server does not ask.
    pub login: Option<(String, Secret)>,
    /// Whom mails come from, as `Millrace <reports@example.com>`.
    pub from: String,
}

/// How what people subscribed to reaches them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverySettings {
    /// The mail server; without one no mail leaves.
    pub mail: Option<MailSettings>,
    /// Whether webhooks may call addresses of private networks and of this machine.
    pub allow_private: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct MailTable {
    host: Option<String>,
    port: Option<u16>,
    security: Option<String>,
    username: Option<String>,
    password: Option<String>,
    from: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhooksTable {
    allow_private: Option<bool>,
}

impl DeliverySettings {
    /// Reads the settings from the text of `millrace.toml`, with `MILLRACE_MAIL_HOST`, `_PORT`,
    /// `_SECURITY`, `_USERNAME`, `_PASSWORD`, `_FROM` and `MILLRACE_WEBHOOKS_ALLOW_PRIVATE` over it.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, a key is unknown, or a value makes no sense. A password is not shown.
    pub fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = read(text)?;
        let written = file.webhooks.allow_private.map(|flag| flag.to_string());
        let (key, written) = over("webhooks.allow_private", written, &environment);
        let allow_private = match written.as_deref().map(str::trim) {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => return Err(wrong(&key, other, "write true or false")),
        };
        Ok(Self {
            mail: mail(file.mail, &environment)?,
            allow_private,
        })
    }
}

fn mail(
    table: MailTable,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<Option<MailSettings>, ConfigError> {
    let given = |key: &str, written: Option<String>| {
        let (key, written) = over(key, written, environment);
        let written = written.map(|text| text.trim().to_owned());
        (key, written.filter(|text| !text.is_empty()))
    };
    let (host_key, host) = given("mail.host", table.host);
    let (key, security) = given("mail.security", table.security);
    let security = match security.as_deref() {
        None | Some("starttls") => Security::StartTls,
        Some("tls") => Security::Tls,
        Some("none") => Security::None,
        Some(other) => return Err(wrong(&key, other, "write starttls, tls or none")),
    };
    let (key, port) = given("mail.port", table.port.map(|port| port.to_string()));
    let usual = match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::None => 25,
    };
    let port = match port {
        None => usual,
        Some(text) => text
            .parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| wrong(&key, &text, "write a port from 1 to 65535"))?,
    };
    let (name_key, username) = given("mail.username", table.username);
    let (_, password) = over("mail.password", table.password, environment);
    let (from_key, from) = given("mail.from", table.from);
    let Some(host) = host else {
        return Ok(None);
    };
    if host.contains(['/', ':', '@', ' ']) {
        let expected =
            "write the name of the mail server as smtp.example.com, its port in mail.port";
        return Err(wrong(&host_key, &host, expected));
    }
    let from = from.unwrap_or_default();
    let plain = from
        .rsplit_once('<')
        .map_or(from.as_str(), |(_, rest)| rest);
    if !plain.trim_end_matches('>').contains('@') || from.contains(['\r', '\n']) {
        let expected = "write whom mails come from, as Millrace <reports@example.com>";
        return Err(wrong(&from_key, &from, expected));
    }
    let login = match (username, password) {
        (Some(name), Some(password)) => Some((name, Secret::new(password))),
        (None, None) => None,
        (Some(name), None) => {
            let expected = "it needs a password: set MILLRACE_MAIL_PASSWORD";
            return Err(wrong(&name_key, &name, expected));
        }
        (None, Some(_)) => {
            let expected = "a password needs a user: set mail.username";
            return Err(wrong(&name_key, "", expected));
        }
    };
    if login.is_some() && security == Security::None && !is_own(&host) {
        let expected = "a password must not be sent in the clear: write starttls or tls";
        return Err(wrong("mail.security", "none", expected));
    }
    Ok(Some(MailSettings {
        host,
        port,
        security,
        login,
        from,
    }))
}

/// Whether it is this machine.
fn is_own(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        DeliverySettings::parse(text, |_| None)
            .unwrap_err()
            .to_string()
    }

    const FULL: &str = "[mail]\nhost = \"smtp.example.com\"\nusername = \"a\"\npassword = \"tops3cret\"\n\
                        from = \"Millrace <a@example.com>\"\n[webhooks]\nallow_private = true";

    #[test]
    fn settings_are_read_and_the_environment_goes_over_them() {
        let settings = DeliverySettings::parse(FULL, |_| None).unwrap();
        assert!(settings.allow_private);
        let mail = settings.mail.unwrap();
        assert_eq!((mail.port, mail.security), (587, Security::StartTls));
        assert_eq!(mail.login.unwrap().1.reveal(), "tops3cret");
        let environment = |name: &str| match name {
            "MILLRACE_MAIL_SECURITY" => Some("tls".to_owned()),
            "MILLRACE_MAIL_PASSWORD" => Some("other".to_owned()),
            "MILLRACE_WEBHOOKS_ALLOW_PRIVATE" => Some("false".to_owned()),
            _ => None,
        };
        let settings = DeliverySettings::parse(FULL, environment).unwrap();
        let mail = settings.mail.unwrap();
        assert_eq!((mail.port, settings.allow_private), (465, false));
        assert_eq!(mail.login.unwrap().1.reveal(), "other");
        let none = DeliverySettings::parse("", |_| None).unwrap();
        assert_eq!(none, DeliverySettings::default());
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = DeliverySettings::parse(FULL, |_| None).unwrap();
        assert!(!format!("{settings:?}").contains("tops3cret"));
        let wrong = FULL.replace("username = \"a\"\n", "");
        assert!(!message(&wrong).contains("tops3cret"));
        let plain = FULL.replace("[webhooks]", "security = \"none\"\n[webhooks]");
        assert!(message(&plain).contains("must not be sent in the clear"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let check = |text: &str, expected: &str| {
            let found = message(text);
            assert!(found.starts_with(expected), "{found}");
        };
        check(
            "[mail]\nhost = \"smtp.example.com:25\"\nfrom = \"a@b\"",
            "mail.host is \"smtp.example.com:25\": write the name",
        );
        check("[mail]\nhost = \"smtp\"", "mail.from is \"\": write whom");
        check(
            "[mail]\nsecurity = \"ssl\"",
            "mail.security is \"ssl\": write starttls, tls or none",
        );
        check(
            "[mail]\nhost = \"smtp\"\nfrom = \"a@b\"\nusername = \"a\"",
            "mail.username is \"a\": it needs a password",
        );
        assert!(message("[mail]\nserver = \"a\"").contains("server"));
    }
}
