//! What the machine gives: a disk, fonts, names, a calendar, a way for mail.

use std::path::Path;
use std::time::Duration;

use chrono::{Datelike as _, NaiveDate};
use millrace_models::calendar::WorkingCalendar;
use millrace_operations::Place;
use tokio::io::AsyncReadExt as _;

use super::{Finding, Patient, megabytes};
use crate::report::Fonts;

/// Below so many bytes nothing much can be written any more.
const LITTLE: u64 = 1 << 30;
/// How long a mail server may take to greet.
const GREETING: Duration = Duration::from_secs(5);

/// Whether it can be written, and how much there is room for.
pub(super) fn data_directory(patient: &Patient) -> Vec<Finding> {
    const CHECK: &str = "data directory";
    let folder = &patient.data_dir;
    let shown = folder.display();
    if !folder.is_dir() {
        let says = format!("{shown} is not there");
        return vec![Finding::error(CHECK, says, "make it with `millrace init`")];
    }
    let trial = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let written = std::fs::write(&trial, b"written").and_then(|()| std::fs::remove_file(&trial));
    if let Err(error) = written {
        let says = format!("{shown} cannot be written: {error}");
        let todo = "give the user that Millrace runs as the right to write there";
        return vec![Finding::error(CHECK, says, todo)];
    }
    let taken = size_of(folder);
    let mut found = vec![Finding::ok(CHECK, format!("{shown}, {}", megabytes(taken)))];
    found.extend(space(folder, taken));
    found
}

/// A backup, a rebuild of the marts or a restore each need about as much as there is.
fn space(folder: &Path, taken: u64) -> Option<Finding> {
    const CHECK: &str = "free space";
    let free = free_space(folder)?;
    let says = format!("{} are free", megabytes(free));
    Some(if free < LITTLE.min(taken.max(LITTLE / 10)) {
        let todo = "make room: writing fails when the disk is full";
        Finding::error(CHECK, says, todo)
    } else if free < taken.max(LITTLE) {
        let says = format!(
            "{says}, less than the data need once more ({})",
            megabytes(taken)
        );
        let todo = "make room for a rebuild of the marts and for backups";
        Finding::warning(CHECK, says, todo)
    } else {
        Finding::ok(CHECK, says)
    })
}

/// The free bytes of a file system, by `df`: the standard library does not tell.
fn free_space(folder: &Path) -> Option<u64> {
    let told = std::process::Command::new("df")
        .args(["-P", "-k"])
        .arg(folder)
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    available(&String::from_utf8(told.stdout).ok()?)
}

/// The fourth word of the second line, in kilobytes.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().nth(1)?;
    let kilobytes: u64 = line.split_whitespace().rev().nth(2)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The bytes of all files below a folder.
fn size_of(folder: &Path) -> u64 {
    let mut open = vec![folder.to_owned()];
    let mut all = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(own) if own.is_dir() => open.push(entry.path()),
                Ok(own) => all += own.len(),
                // It went away meanwhile.
                Err(_) => {}
            }
        }
    }
    all
}

/// The settings were read before anything else; here is said which.
pub(super) fn settings(patient: &Patient) -> Finding {
    const CHECK: &str = "settings";
    let file = patient.config_file.display();
    if patient.config_file.exists() {
        Finding::ok(CHECK, format!("{file}: {}", patient.company.name))
    } else {
        let says = format!("there is no {file}: everything is as shipped");
        Finding::warning(
            CHECK,
            says,
            "write one with `millrace init`, and name the company in it",
        )
    }
}

/// Whether reports can be set in Chinese.
pub(super) fn fonts() -> Finding {
    const CHECK: &str = "fonts";
    match Fonts::system() {
        Ok(fonts) => Finding::ok(CHECK, format!("reports are set in {}", fonts.family())),
        Err(_) => Finding::error(
            CHECK,
            "none has Chinese letters: reports cannot be set",
            "install one, as `apt-get install fonts-noto-cjk`",
        ),
    }
}

/// Whether the mail server answers.
pub(super) async fn mail(patient: &Patient) -> Finding {
    const CHECK: &str = "mail";
    let Some(server) = &patient.mail else {
        return Finding::ok(CHECK, "not configured");
    };
    let (host, port) = (server.host.as_str(), server.port);
    let greeted = tokio::time::timeout(GREETING, async {
        let mut stream = tokio::net::TcpStream::connect((host, port)).await?;
        // Where TLS comes first the server waits for us.
        if port == 465 {
            return Ok(Vec::new());
        }
        let mut greeting = vec![0; 256];
        let read = stream.read(&mut greeting).await?;
        greeting.truncate(read);
        std::io::Result::Ok(greeting)
    });
    let todo = "check the host and the port of [mail], and the firewall";
    match greeted.await {
        Ok(Ok(greeting)) if greeting.is_empty() || greeting.starts_with(b"220") => {
            Finding::ok(CHECK, format!("{host}:{port} answers"))
        }
        Ok(Ok(_)) => {
            let says = format!("{host}:{port} answers, and not as a mail server does");
            Finding::error(CHECK, says, todo)
        }
        Ok(Err(error)) => Finding::error(CHECK, format!("{host}:{port}: {error}"), todo),
        Err(_) => {
            let says = format!("{host}:{port} did not answer in {} s", GREETING.as_secs());
            Finding::error(CHECK, says, todo)
        }
    }
}

/// How it is reached, and whether passwords travel in the clear.
pub(super) fn address(patient: &Patient) -> Finding {
    const CHECK: &str = "address";
    let todo = "put a proxy with TLS in front, and write its address as server.public_url";
    match &patient.server.public_url {
        Some(url) if url.scheme() == "https" => Finding::ok(CHECK, url.to_string()),
        Some(url) => {
            let says = format!("{url}: passwords travel in the clear");
            Finding::warning(CHECK, says, todo)
        }
        None if patient.server.hosts.is_empty() => {
            Finding::ok(CHECK, "by the names of this machine only")
        }
        None => {
            let says = format!(
                "{} without server.public_url: passwords travel in the clear",
                patient.server.hosts.join(", ")
            );
            Finding::warning(CHECK, says, todo)
        }
    }
}

/// Whether this year and the next have their holidays.
pub(super) fn calendar(patient: &Patient) -> Finding {
    const CHECK: &str = "calendar";
    let company = &patient.company;
    let today = patient
        .clock
        .now()
        .with_timezone(&company.zone)
        .date_naive();
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let first = NaiveDate::from_yo_opt(today.year(), 1).unwrap_or(today);
    let last = NaiveDate::from_yo_opt(today.year() + 1, 365).unwrap_or(today);
    let without = calendar.years_without_data(first..=last);
    let own = |year: &i32| !company.overrides.keys().any(|day| day.year() == *year);
    let without: Vec<i32> = without.into_iter().filter(own).collect();
    let zone = company.zone.name();
    if without.is_empty() {
        return Finding::ok(
            CHECK,
            format!("{zone}, holidays are known up to {}", last.year()),
        );
    }
    let years: Vec<String> = without.iter().map(ToString::to_string).collect();
    let says = format!("{zone}, without the holidays of {}", years.join(", "));
    let todo = "write them into [calendar] holidays and workdays when they are published";
    if without.contains(&today.year()) {
        Finding::error(CHECK, says, todo)
    } else {
        Finding::warning(CHECK, says, todo)
    }
}

/// Whether what is said to the database can be read on the way.
pub(super) fn is_open_on_the_way(place: &Place) -> bool {
    let Place::Url(url) = place else {
        return false;
    };
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = before.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let near = ["", "localhost", "127.0.0.1", "::1"];
    let by_socket = query
        .split('&')
        .any(|part| part.starts_with("host=/") || part.starts_with("host=%2F"));
    let secure = [
        "sslmode=require",
        "sslmode=verify-ca",
        "sslmode=verify-full",
    ];
    let is_secure = query.split('&').any(|part| secure.contains(&part));
    !near.contains(&name) && !by_socket && !is_secure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_what_df_says() {
        let text = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
                    /dev/vda         263937492 76032032  19430788      80% /\n";
        assert_eq!(available(text), Some(19_430_788 * 1024));
        let spaced = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                      //nas/a share 100 40 60 40% /mnt\n";
        assert_eq!(available(spaced), Some(60 * 1024));
        assert_eq!(available("df: no such file"), None);
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_by_tls() {
        let open = |url: &str| is_open_on_the_way(&Place::Url(url.to_owned()));
        assert!(open("postgres://ann:secret@db.intern:5432/sales"));
        assert!(!open("postgres://ann@db.intern/sales?sslmode=verify-full"));
        assert!(!open("postgres://ann@localhost/sales"));
        assert!(!open("postgres://ann@[::1]:5432/sales"));
        assert!(!open("postgres://postgres@localhost/test?host=/tmp/pg"));
        assert!(!is_open_on_the_way(&Place::File("operations.db".into())));
    }
}
