//! What every command knows: where things are, the company's settings, the time.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use millrace_lake::Lake;
use millrace_lake::query::Engine;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::clock::Clock;
use millrace_models::config::{self, BackupSettings, Company, DeliverySettings, ServerSettings};
use millrace_operations::{Place, Store};

use crate::arguments::Format;
use crate::failure::Failure;

/// The records of daily work in the data directory, unless the settings name another database.
const DATABASE_FILE: &str = "operations.db";

/// What every command knows.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where the lake is.
    pub(crate) data_dir: PathBuf,
    /// The settings file, which need not exist.
    pub(crate) config_file: PathBuf,
    /// The settings.
    pub(crate) company: Company,
    /// How the server is reached.
    pub(crate) server: ServerSettings,
    /// Where daily backups go.
    pub(crate) backup: BackupSettings,
    /// How mails leave, and where webhooks may go.
    pub(crate) delivery: DeliverySettings,
    /// Where the records of daily work are.
    pub(crate) place: Place,
    /// How answers are written.
    pub(crate) format: Format,
    /// Whether progress and messages are left out.
    pub(crate) quiet: bool,
    /// When the command began.
    pub(crate) now: DateTime<Utc>,
}

impl Context {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// When the settings file cannot be read or a setting makes no sense.
    pub(crate) fn new(
        data_dir: PathBuf,
        config_file: Option<PathBuf>,
        format: Format,
        quiet: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let named = config_file.is_some();
        let config_file = config_file.unwrap_or_else(|| data_dir.join(config::FILE_NAME));
        let text = match fs::read_to_string(&config_file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !named => String::new(),
            Err(error) => {
                let error = anyhow::Error::new(error);
                let file = config_file.display();
                return Err(Failure::input(
                    error.context(format!("the settings file {file} cannot be read")),
                ));
            }
        };
        let environment = |name: &str| std::env::var(name).ok();
        let read = || -> Result<_, config::ConfigError> {
            let company = Company::parse(&text, environment)?;
            let server = ServerSettings::parse(&text, environment)?;
            let backup = BackupSettings::parse(&text, environment)?;
            let delivery = DeliverySettings::parse(&text, environment)?;
            let database = config::database_url(&text, environment)?;
            Ok((company, server, backup, delivery, database))
        };
        let (company, server, backup, delivery, database) = read()
            .with_context(|| format!("settings {}", config_file.display()))
            .map_err(Failure::input)?;
        let place = match database {
            Some(url) => Place::parse(&url),
            None => Place::File(data_dir.join(DATABASE_FILE)),
        };
        Ok(Self {
            data_dir,
            config_file,
            company,
            server,
            backup,
            delivery,
            place,
            format,
            quiet,
            now,
        })
    }

    /// The directory of the lake.
    pub(crate) fn lake_dir(&self) -> PathBuf {
        self.data_dir.join("lake")
    }

    /// The directory of the files attached to records.
    pub(crate) fn attachments_dir(&self) -> PathBuf {
        self.data_dir.join("attachments")
    }

    /// Opens the records of daily work, bringing their tables up to date.
    ///
    /// # Errors
    ///
    /// When there is no database that can be opened, or a newer program has written it.
    pub(crate) async fn store(&self, clock: Arc<dyn Clock>) -> Result<Store, Failure> {
        Ok(Store::open(&self.place, clock, &self.company).await?)
    }

    /// Opens the lake of the data directory.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be read.
    pub(crate) async fn lake(&self) -> Result<Lake, Failure> {
        Ok(Lake::open(&self.lake_dir()).await?)
    }

    /// What answers queries over this lake.
    pub(crate) fn engine(&self, lake: Lake) -> Engine {
        let company = &self.company;
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        Engine::new(lake, company.zone, Arc::new(calendar))
    }

    /// Says something to the person at the terminal, on stderr.
    pub(crate) fn say(&self, message: &str) {
        if !self.quiet {
            eprintln!("{message}");
        }
    }

    /// The time of `--as-of`, in the company's zone where it names none.
    ///
    /// # Errors
    ///
    /// When it is no time.
    pub(crate) fn as_of(&self, written: Option<&str>) -> Result<Option<DateTime<Utc>>, Failure> {
        let Some(text) = written else {
            return Ok(None);
        };
        parse_time(text, self.company.zone)
            .map(Some)
            .ok_or_else(|| {
                Failure::input(anyhow::anyhow!(
                    "--as-of is {text:?}: write a time as 2026-11-01, 2026-11-01T16:40 or \
                     2026-11-01T16:40:00+08:00"
                ))
            })
    }
}

/// Reads a time; without a zone it is in `zone`, without a time of day it is the day's beginning.
fn parse_time(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    let local = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .or_else(|| {
        let day: NaiveDate = text.parse().ok()?;
        Some(day.and_time(NaiveTime::MIN))
    })?;
    // A time that a change of the clocks skips is that of an hour later.
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| {
            zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1)))
                .earliest()
        })
        .map(|moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_company_zone_unless_they_name_one() {
        let check = |text: &str, expected: &str| {
            let time = parse_time(text, Tz::Asia__Shanghai).map(|time| time.to_rfc3339());
            assert_eq!(time.as_deref(), Some(expected), "{text}");
        };
        check("2026-11-01", "2026-10-31T16:00:00+00:00");
        check("2026-11-01 08:30", "2026-11-01T00:30:00+00:00");
        check("2026-11-01T08:30:15", "2026-11-01T00:30:15+00:00");
        check("2026-11-01T08:30:15Z", "2026-11-01T08:30:15+00:00");
        check("2026-11-01T08:30:15+02:00", "2026-11-01T06:30:15+00:00");
        assert_eq!(parse_time("tomorrow", Tz::UTC), None);
    }
}
