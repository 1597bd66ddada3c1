//! Where a database is, and what may be shown of that.

use std::str::FromStr;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::Kind;

/// Where a database is.
pub(crate) struct Address {
    pub(super) options: Options,
    /// The URL without user, password and parameters.
    pub(crate) shown: String,
    /// What tells it from other databases; the same whoever signs in.
    pub(crate) identity: String,
    /// The password, as written and as meant.
    secrets: Vec<String>,
}

pub(super) enum Options {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

/// Why a database cannot be named so: the value that may be shown, and what is expected.
pub(crate) struct WrongAddress {
    pub(crate) value: String,
    pub(crate) expected: String,
}

impl Address {
    /// Takes `env:NAME` from the environment.
    pub(crate) fn resolve(written: &str) -> Result<Address, WrongAddress> {
        let Some(name) = written.strip_prefix("env:") else {
            return Self::parse(written);
        };
        match std::env::var(name) {
            Ok(url) => Self::parse(url.trim()).map_err(|wrong| WrongAddress {
                value: format!("{written} ({})", wrong.value),
                ..wrong
            }),
            Err(_) => Err(WrongAddress {
                value: written.to_owned(),
                expected: format!("in the environment: there is no variable {name}"),
            }),
        }
    }

    fn parse(url: &str) -> Result<Address, WrongAddress> {
        let (shown, secrets) = shown(url);
        let wrong = |why: &str| WrongAddress {
            value: shown.clone(),
            expected: format!(
                "a URL such as \"postgres://user@host/database\" or \"mysql://user@host/database\"{why}"
            ),
        };
        let scheme = url.split("://").next().unwrap_or_default();
        let kind = match scheme {
            "postgres" | "postgresql" => Kind::Postgres,
            "mysql" | "mariadb" => Kind::MySql,
            _ => return Err(wrong("")),
        };
        let mut address = Address {
            options: Options::MySql(Box::default()),
            identity: String::new(),
            shown: shown.clone(),
            secrets,
        };
        let failed = |address: &Address, error: sqlx::Error| {
            wrong(&format!(" ({})", address.cleaned(&error.to_string())))
        };
        match kind {
            Kind::Postgres => {
                let options =
                    PgConnectOptions::from_str(url).map_err(|error| failed(&address, error))?;
                address.identity = format!(
                    "postgres|{}|{}|{:?}|{:?}",
                    options.get_host(),
                    options.get_port(),
                    options.get_socket(),
                    options.get_database()
                );
                address.options =
                    Options::Postgres(Box::new(options.application_name("millrace ingest")));
            }
            Kind::MySql => {
                let options =
                    MySqlConnectOptions::from_str(url).map_err(|error| failed(&address, error))?;
                if options.get_database().is_none_or(str::is_empty) {
                    return Err(wrong(": it names no database"));
                }
                address.identity = format!(
                    "mysql|{}|{}|{:?}|{:?}",
                    options.get_host(),
                    options.get_port(),
                    options.get_socket(),
                    options.get_database()
                );
                address.options = Options::MySql(Box::new(options));
            }
        }
        Ok(address)
    }

    /// A message without the password, whoever put it in.
    pub(crate) fn cleaned(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for secret in &self.secrets {
            message = message.replace(secret.as_str(), "***");
        }
        message
    }
}

/// The URL without user, password and parameters; and the passwords in it.
fn shown(url: &str) -> (String, Vec<String>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        // It may be anything, a password too.
        return ("***".into(), vec![url.to_owned()]);
    };
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may hold a slash, though it should not.
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let mut secrets = Vec::new();
    let written = user.split_once(':').map(|(_, password)| password);
    let named = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.contains("pass"))
        .map(|(_, value)| value);
    for password in written.into_iter().chain(named) {
        secrets.push(password.to_owned());
        secrets.push(percent_decoded(password));
    }
    secrets.retain(|secret| !secret.is_empty());
    (format!("{scheme}://{place}"), secrets)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let (b'%', Some(code)) = (byte, code) {
            bytes.push(code);
            rest = &after[2..];
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let url = "postgres://ann:p%40ss@db.example:5433/crm?sslmode=disable";
        let Ok(address) = Address::parse(url) else {
            panic!("refused");
        };
        assert_eq!(address.shown, "postgres://db.example:5433/crm");
        assert!(!address.identity.contains("ann"), "{}", address.identity);
        let told = address.cleaned("no p@ss and no p%40ss for ann");
        assert_eq!(told, "no *** and no *** for ann");
        for url in [
            "postgres://ann:secret@host:port/crm",
            "oracle://ann:secret@host/crm",
            "secret",
            "mysql://ann:secret@host",
            "mysql://ann:sec/ret@host/crm?socket=/tmp/x&password=secret",
        ] {
            if let Err(wrong) = Address::parse(url) {
                let told = format!("{} {}", wrong.value, wrong.expected);
                assert!(!told.contains("secret"), "{told}");
                assert!(!told.contains("sec/ret"), "{told}");
            }
        }
    }

    #[test]
    fn who_signs_in_makes_no_other_database() {
        let identity = |url: &str| Address::parse(url).ok().map(|own| own.identity);
        assert_eq!(
            identity("mysql://ann:old@host/crm"),
            identity("mariadb://ben:new@host:3306/crm")
        );
        assert_ne!(
            identity("mysql://ann@host/crm"),
            identity("mysql://ann@host/erp")
        );
    }

    #[test]
    fn says_what_the_environment_lacks() {
        let wrong = Address::resolve("env:MILLRACE_THERE_IS_NO_SUCH").err();
        let expected = wrong.map(|wrong| wrong.expected).unwrap_or_default();
        assert!(
            expected.contains("no variable MILLRACE_THERE_IS_NO_SUCH"),
            "{expected}"
        );
    }
}
