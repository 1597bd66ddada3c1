//! How the server is reached, and where the records of daily work are.
//!
//! ```toml
//! [server]
//! public_url = "https://crm.example.com"      # behind a proxy: the address that people open
//! hosts = ["crm.intern"]                      # other names that it is reached by
//! trusted_proxies = ["10.0.0.2"]              # whose X-Forwarded-For is believed
//!
//! [database]
//! url = "postgres://millrace@db/millrace"     # instead of the SQLite file in the data directory
//! ```

use std::net::IpAddr;

use serde::Deserialize;
use url::Url;

use super::numbers::NumbersSettings;
use super::{ConfigError, read, variable, wrong};

/// How the server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerSettings {
    /// The address that people open, where it is another than the one that is listened on.
    pub public_url: Option<Url>,
    /// Names of hosts, lower case, that it is reached by beside that and this machine's own.
    pub hosts: Vec<String>,
    /// Proxies that are believed when they say whom a request comes from.
    pub trusted_proxies: Vec<IpAddr>,
    /// How much memory it keeps for answers.
    pub numbers: NumbersSettings,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTable {
    public_url: Option<String>,
    hosts: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseTable {
    url: Option<String>,
}

impl ServerSettings {
    /// Reads the settings from the text of `millrace.toml`, with `MILLRACE_SERVER_PUBLIC_URL`,
    /// `MILLRACE_SERVER_HOSTS` and `MILLRACE_SERVER_TRUSTED_PROXIES` over it (lists with commas).
    ///
    /// # Errors
    ///
    /// When the text is no TOML, a key is unknown, or a value makes no sense.
    pub fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let table = read(text)?.server;
        let mut settings = Self {
            numbers: NumbersSettings::parse(text, &environment)?,
            ..Self::default()
        };
        let (key, written) = over("server.public_url", table.public_url, &environment);
        if let Some(written) = written {
            settings.public_url = Some(parse_public_url(&key, &written)?);
        }
        let (key, written) = listed("server.hosts", table.hosts, &environment);
        for host in written {
            let plain = !host.contains(['/', ':', '@', ' ']) && !host.is_empty();
            if !plain {
                return Err(wrong(
                    &key,
                    &host,
                    "write the name of a host as crm.example.com",
                ));
            }
            settings.hosts.push(host.to_ascii_lowercase());
        }
        let (key, written) = listed(
            "server.trusted_proxies",
            table.trusted_proxies,
            &environment,
        );
        for proxy in written {
            let address = proxy.parse::<IpAddr>();
            let address = address
                .map_err(|_| wrong(&key, &proxy, "write the address of a proxy as 10.0.0.2"))?;
            settings.trusted_proxies.push(address.to_canonical());
        }
        Ok(settings)
    }
}

/// The database of the records of daily work, from the same text with `MILLRACE_DATABASE_URL` over
/// it; none for the file in the data directory.
///
/// # Errors
///
/// When the text is no TOML or a key is unknown.
pub fn database_url(
    text: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, ConfigError> {
    let (_, written) = over("database.url", read(text)?.database.url, &environment);
    Ok(written.filter(|url| !url.trim().is_empty()))
}

fn parse_public_url(key: &str, written: &str) -> Result<Url, ConfigError> {
    let url = written.parse::<Url>().ok();
    let url = url.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    url.filter(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
        .ok_or_else(|| wrong(key, written, "write an address as https://crm.example.com"))
}

/// The key or variable that says it, and what it says.
pub(super) fn over(
    key: &str,
    written: Option<String>,
    environment: impl Fn(&str) -> Option<String>,
) -> (String, Option<String>) {
    let variable = variable(key);
    match environment(&variable) {
        Some(value) => (variable, Some(value)),
        None => (key.to_owned(), written),
    }
}

fn listed(
    key: &str,
    written: Option<Vec<String>>,
    environment: impl Fn(&str) -> Option<String>,
) -> (String, Vec<String>) {
    match over(key, None, environment) {
        (variable, Some(value)) => {
            let parts = value
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            (variable, parts.map(ToOwned::to_owned).collect())
        }
        (key, None) => (key, written.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        ServerSettings::parse(text, |_| None)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn settings_are_read_and_the_environment_goes_over_them() {
        let text = "[server]\npublic_url = \"https://crm.example\"\nhosts = [\"CRM.intern\"]\n\
                    trusted_proxies = [\"10.0.0.2\"]\n[database]\nurl = \"postgres://a/b\"";
        let settings = ServerSettings::parse(text, |_| None).unwrap();
        assert_eq!(
            settings.public_url.unwrap().as_str(),
            "https://crm.example/"
        );
        assert_eq!(settings.hosts, ["crm.intern"]);
        assert_eq!(settings.trusted_proxies[0].to_string(), "10.0.0.2");
        assert_eq!(
            database_url(text, |_| None).unwrap().as_deref(),
            Some("postgres://a/b")
        );
        let environment = |name: &str| match name {
            "MILLRACE_SERVER_HOSTS" => Some("a.example, b.example".to_owned()),
            "MILLRACE_DATABASE_URL" => Some("postgres://c/d".to_owned()),
            _ => None,
        };
        let settings = ServerSettings::parse(text, environment).unwrap();
        assert_eq!(settings.hosts, ["a.example", "b.example"]);
        assert_eq!(
            database_url(text, environment).unwrap().as_deref(),
            Some("postgres://c/d")
        );
        assert_eq!(
            ServerSettings::parse("", |_| None).unwrap(),
            ServerSettings::default()
        );
        assert_eq!(database_url("", |_| None).unwrap(), None);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for wrong in [
            "crm.example",
            "ftp://crm.example",
            "https://crm.example/sub",
        ] {
            assert_eq!(
                message(&format!("[server]\npublic_url = \"{wrong}\"")),
                format!(
                    "server.public_url is {wrong:?}: write an address as https://crm.example.com"
                )
            );
        }
        assert!(message("[server]\nhosts = [\"http://a\"]").starts_with("server.hosts is"));
        assert!(message("[server]\ntrusted_proxies = [\"proxy\"]").contains("10.0.0.2"));
        assert!(message("[server]\nport = 1").contains("port"));
    }
}
