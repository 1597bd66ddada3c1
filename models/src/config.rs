//! The company's settings: one TOML text, environment variables over it, validated once.
//!
//! Reading the file and the environment is the caller's part; this module only judges text.
//!
//! ```toml
//! [company]
//! name = "Millrace Valves"
//! zone = "Asia/Shanghai"                      # for times without a zone, and for months and days
//!
//! [calendar]
//! hours = ["09:00-12:00", "13:30-18:00"]      # working hours of a working day
//! holidays = ["2026-06-15"]                   # rest days beside the statutory ones
//! workdays = ["2026-06-20"]                   # working days beside the statutory ones
//! ```

mod backup;
mod delivery;
mod numbers;
mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;

pub use backup::BackupSettings;
use backup::BackupTable;
pub use delivery::{DeliverySettings, MailSettings, Secret, Security};
use delivery::{MailTable, WebhooksTable};
pub use numbers::NumbersSettings;
use numbers::NumbersTable;
use server::{DatabaseTable, ServerTable};
pub use server::{ServerSettings, database_url};

/// The name of the settings file inside the data directory.
pub const FILE_NAME: &str = "millrace.toml";

/// What the company's settings can be wrong about.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The text is no TOML, or has a key that does not exist.
    #[error("the settings cannot be read: {0}")]
    Syntax(String),
    /// A key has a value that makes no sense.
    #[error("{key} is {value:?}: {expected}")]
    Value {
        /// The key, as in `calendar.hours`, or the environment variable.
        key: String,
        /// The value as written.
        value: String,
        /// What would be right.
        expected: String,
    },
}

/// The settings of one company, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The name shown on pages and reports.
    pub name: String,
    /// The zone of times without a zone, and of days and months.
    pub zone: Tz,
    /// Working hours of a working day: in order, not overlapping, never empty.
    pub hours: Vec<(NaiveTime, NaiveTime)>,
    /// Days that differ from the statutory calendar: `true` is a working day, `false` a rest day.
    pub overrides: BTreeMap<NaiveDate, bool>,
}

impl Default for Company {
    fn default() -> Self {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        Self {
            name: "Millrace".to_owned(),
            zone: Tz::Asia__Shanghai,
            hours: vec![(at(9, 0), at(12, 0)), (at(13, 30), at(18, 0))],
            overrides: BTreeMap::new(),
        }
    }
}

impl Company {
    /// Reads the settings from the text of `millrace.toml` (empty for the defaults), with
    /// `MILLRACE_COMPANY_NAME`, `MILLRACE_COMPANY_ZONE`, `MILLRACE_CALENDAR_HOURS`,
    /// `MILLRACE_CALENDAR_HOLIDAYS` and `MILLRACE_CALENDAR_WORKDAYS` over it (lists with commas).
    ///
    /// # Errors
    ///
    /// When the text is no TOML, a key is unknown, or a value makes no sense; the message names
    /// the key and the value.
    pub fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = read(text)?;
        let one = |key: &str, written: Option<String>| {
            let variable = variable(key);
            match environment(&variable) {
                Some(value) => (variable, Some(value)),
                None => (key.to_owned(), written),
            }
        };
        let list = |key: &str, written: Option<Vec<String>>| {
            let variable = variable(key);
            match environment(&variable) {
                Some(value) => (
                    variable,
                    Some(
                        value
                            .split(',')
                            .map(|part| part.trim().to_owned())
                            .filter(|part| !part.is_empty())
                            .collect::<Vec<_>>(),
                    ),
                ),
                None => (key.to_owned(), written),
            }
        };

        let mut company = Self::default();
        if let (key, Some(name)) = one("company.name", file.company.name) {
            if name.trim().is_empty() {
                return Err(wrong(&key, &name, "the company needs a name"));
            }
            name.trim().clone_into(&mut company.name);
        }
        if let (key, Some(zone)) = one("company.zone", file.company.zone) {
            company.zone = parse_zone(&zone).map_err(|expected| wrong(&key, &zone, &expected))?;
        }
        if let (key, Some(hours)) = list("calendar.hours", file.calendar.hours) {
            company.hours = parse_hours(&key, &hours)?;
        }
        for (key, days, working) in [
            {
                let (key, days) = list("calendar.holidays", file.calendar.holidays);
                (key, days, false)
            },
            {
                let (key, days) = list("calendar.workdays", file.calendar.workdays);
                (key, days, true)
            },
        ] {
            for day in days.unwrap_or_default() {
                let date = NaiveDate::parse_from_str(&day, "%Y-%m-%d")
                    .map_err(|_| wrong(&key, &day, "write a day as 2026-06-15"))?;
                if company.overrides.insert(date, working) == Some(!working) {
                    return Err(wrong(
                        &key,
                        &day,
                        "the day stands in calendar.holidays too; keep it in one of them",
                    ));
                }
            }
        }
        Ok(company)
    }

    /// The text of a settings file with these settings, as `init` writes it.
    pub fn to_toml(&self) -> String {
        let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let days = |working: bool| {
            self.overrides
                .iter()
                .filter(|(_, kind)| **kind == working)
                .map(|(day, _)| format!("\"{day}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let hours = self
            .hours
            .iter()
            .map(|(from, to)| format!("\"{}-{}\"", from.format("%H:%M"), to.format("%H:%M")))
            .collect::<Vec<_>>()
            .join(", ");
        let mut text = String::new();
        let _ = write!(
            text,
            "# The settings of this installation. Environment variables go over them:\n\
             # MILLRACE_COMPANY_NAME, MILLRACE_COMPANY_ZONE, MILLRACE_CALENDAR_HOURS, …\n\n\
             [company]\nname = {}\nzone = {}      # for times without a zone, and for days and months\n\n\
             [calendar]\nhours = [{hours}]      # working hours of a working day\n\
             holidays = [{}]      # rest days beside the statutory ones, as \"2026-06-15\"\n\
             workdays = [{}]      # working days beside the statutory ones\n",
            quote(&self.name),
            quote(self.zone.name()),
            days(false),
            days(true),
        );
        text
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    company: CompanyTable,
    #[serde(default)]
    calendar: CalendarTable,
    #[serde(default)]
    server: ServerTable,
    #[serde(default)]
    database: DatabaseTable,
    #[serde(default)]
    numbers: NumbersTable,
    #[serde(default)]
    backup: BackupTable,
    #[serde(default)]
    mail: MailTable,
    #[serde(default)]
    webhooks: WebhooksTable,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CompanyTable {
    name: Option<String>,
    zone: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CalendarTable {
    hours: Option<Vec<String>>,
    holidays: Option<Vec<String>>,
    workdays: Option<Vec<String>>,
}

fn read(text: &str) -> Result<File, ConfigError> {
    toml::from_str(text)
        .map_err(|error| ConfigError::Syntax(error.to_string().trim_end().to_owned()))
}

fn variable(key: &str) -> String {
    format!("MILLRACE_{}", key.replace('.', "_").to_ascii_uppercase())
}

fn wrong(key: &str, value: &str, expected: &str) -> ConfigError {
    ConfigError::Value {
        key: key.to_owned(),
        value: value.to_owned(),
        expected: expected.to_owned(),
    }
}

/// Reads the name of a time zone as the tz database writes it.
///
/// # Errors
///
/// What would be right, when there is no such zone.
pub fn parse_zone(text: &str) -> Result<Tz, String> {
    text.trim()
        .parse::<Tz>()
        .map_err(|_| "write a time zone by its name, as Asia/Shanghai or Europe/Berlin".to_owned())
}

fn parse_hours(key: &str, written: &[String]) -> Result<Vec<(NaiveTime, NaiveTime)>, ConfigError> {
    let mut hours: Vec<(NaiveTime, NaiveTime)> = Vec::with_capacity(written.len());
    for span in written {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let Some((from, to)) = span
            .split_once('-')
            .and_then(|(from, to)| Some((time(from)?, time(to)?)))
        else {
            return Err(wrong(key, span, "write a span of hours as 09:00-12:00"));
        };
        if from >= to {
            return Err(wrong(key, span, "the span must end after it begins"));
        }
        if hours.last().is_some_and(|(_, end)| *end > from) {
            return Err(wrong(
                key,
                span,
                "it begins before the span in front of it ends; write them in order",
            ));
        }
        hours.push((from, to));
    }
    if hours.is_empty() {
        return Err(wrong(
            key,
            "[]",
            "a working day needs at least one span of hours",
        ));
    }
    Ok(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Company, ConfigError> {
        Company::parse(text, |_| None)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn empty_text_is_the_default_company() {
        assert_eq!(parse("").unwrap(), Company::default());
        assert_eq!(Company::default().hours.len(), 2);
    }

    #[test]
    fn written_settings_read_back_the_same() {
        let mut company = Company {
            name: "水车 \"阀门\"".to_owned(),
            zone: Tz::Europe__Berlin,
            ..Company::default()
        };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        company.overrides.insert(day("2026-06-15"), false);
        company.overrides.insert(day("2026-06-20"), true);
        assert_eq!(parse(&company.to_toml()).unwrap(), company);
    }

    #[test]
    fn environment_goes_over_the_file() {
        let company = Company::parse(
            "[company]\nname = \"A\"\nzone = \"UTC\"",
            |name| match name {
                "MILLRACE_COMPANY_ZONE" => Some("Asia/Tokyo".to_owned()),
                "MILLRACE_CALENDAR_HOURS" => Some("08:00-12:00, 13:00-17:00".to_owned()),
                _ => None,
            },
        )
        .unwrap();
        assert_eq!(
            (company.name.as_str(), company.zone),
            ("A", Tz::Asia__Tokyo)
        );
        assert_eq!(
            company.hours[1].1,
            NaiveTime::from_hms_opt(17, 0, 0).unwrap()
        );
    }

    #[test]
    fn errors_name_the_key_and_the_value() {
        assert!(
            message("[company]\nzone = \"Asia/Shangai\"")
                .starts_with("company.zone is \"Asia/Shangai\": write a time zone by its name")
        );
        assert!(
            message("[calendar]\nhours = [\"9 to 12\"]")
                .starts_with("calendar.hours is \"9 to 12\"")
        );
        assert!(
            message("[calendar]\nhours = [\"09:00-12:00\", \"11:00-13:00\"]")
                .contains("begins before")
        );
        assert!(message("[calendar]\nhours = []").contains("at least one"));
        assert!(
            message("[calendar]\nholidays = [\"2026/6/15\"]")
                .starts_with("calendar.holidays is \"2026/6/15\"")
        );
        assert!(
            message("[calendar]\nholidays = [\"2026-06-15\"]\nworkdays = [\"2026-06-15\"]")
                .contains("keep it in one of them")
        );
        assert!(message("[company]\nzon = \"UTC\"").contains("zon"));
    }

    #[test]
    fn a_wrong_variable_is_named_itself() {
        let error = Company::parse("", |name| {
            (name == "MILLRACE_COMPANY_ZONE").then(|| "Mars".to_owned())
        })
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("MILLRACE_COMPANY_ZONE is \"Mars\"")
        );
    }
}
