//! Which of the daily backups are kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::stamp;

const BEGINNING: &str = "millrace-";
const END: &str = ".tar.zst";

/// How many backups are kept: of so many days, weeks and months each the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Days.
    pub daily: u32,
    /// Weeks, from Monday.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

/// The name of a daily backup of that moment.
pub fn name_of(at: DateTime<Utc>) -> String {
    format!("{BEGINNING}{}{END}", stamp(at))
}

/// The moment of a daily backup, by its name; `None` for any other file.
pub fn taken_at(file: &Path) -> Option<DateTime<Utc>> {
    let name = file.file_name()?.to_str()?;
    let stamp = name.strip_prefix(BEGINNING)?.strip_suffix(END)?;
    let at = NaiveDateTime::parse_from_str(stamp, "%Y%m%dT%H%M%SZ").ok()?;
    // Only what this program writes, letter for letter.
    let at = at.and_utc();
    (name_of(at) == name).then_some(at)
}

/// The day, week or month that a day is in, and its year.
type Slot = fn(NaiveDate) -> (i32, u32);

/// The files that need not be kept any longer: never one that is no daily backup, never the last one.
/// Days, weeks and months are those of the zone; those without a backup do not count.
pub fn to_remove(files: &[PathBuf], kept: Kept, zone: Tz) -> Vec<PathBuf> {
    let mut own: Vec<(DateTime<Utc>, &PathBuf)> = files
        .iter()
        .filter_map(|file| Some((taken_at(file)?, file)))
        .collect();
    own.sort();
    own.reverse();
    let mut stay = BTreeSet::new();
    stay.extend(own.first().map(|(at, _)| *at));
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let slots: [(u32, Slot); 3] = [
        (kept.daily, |day| (day.year(), day.ordinal())),
        (kept.weekly, |day| {
            (day.iso_week().year(), day.iso_week().week())
        }),
        (kept.monthly, |day| (day.year(), day.month())),
    ];
    for (count, slot) in slots {
        let mut seen = BTreeSet::new();
        for (at, _) in &own {
            let slot = slot(day(*at));
            if seen.contains(&slot) {
                continue;
            }
            if seen.len() >= count as usize {
                break;
            }
            seen.insert(slot);
            stay.insert(*at);
        }
    }
    let gone = own.into_iter().filter(|(at, _)| !stay.contains(at));
    gone.map(|(_, file)| file.clone()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn names(files: &[PathBuf]) -> Vec<String> {
        let name = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().map(name).collect()
    }

    fn nightly(last: &str, nights: i64) -> Vec<PathBuf> {
        let last = at(last);
        let nights = (0..nights).map(|night| last - TimeDelta::days(night));
        nights.map(|at| PathBuf::from(name_of(at))).collect()
    }

    #[test]
    fn days_weeks_and_months_are_kept_each_by_its_last() {
        // 02:00 in Shanghai is 18:00 of the day before in UTC.
        let files = nightly("2026-11-29T18:00:00Z", 400);
        let kept = Kept {
            daily: 7,
            weekly: 4,
            monthly: 12,
        };
        let gone = to_remove(&files, kept, Tz::Asia__Shanghai);
        let stay: Vec<PathBuf> = files
            .iter()
            .filter(|own| !gone.contains(own))
            .cloned()
            .collect();
        assert_eq!(
            names(&stay),
            [
                // The days from Tuesday the 24th to Monday the 30th of November,
                "millrace-20261129T180000Z.tar.zst",
                "millrace-20261128T180000Z.tar.zst",
                "millrace-20261127T180000Z.tar.zst",
                "millrace-20261126T180000Z.tar.zst",
                "millrace-20261125T180000Z.tar.zst",
                "millrace-20261124T180000Z.tar.zst",
                "millrace-20261123T180000Z.tar.zst",
                // the Sundays of the two weeks before that these days are not of,
                "millrace-20261121T180000Z.tar.zst",
                "millrace-20261114T180000Z.tar.zst",
                // and the ends of the eleven months before.
                "millrace-20261030T180000Z.tar.zst",
                "millrace-20260929T180000Z.tar.zst",
                "millrace-20260830T180000Z.tar.zst",
                "millrace-20260730T180000Z.tar.zst",
                "millrace-20260629T180000Z.tar.zst",
                "millrace-20260530T180000Z.tar.zst",
                "millrace-20260429T180000Z.tar.zst",
                "millrace-20260330T180000Z.tar.zst",
                "millrace-20260227T180000Z.tar.zst",
                "millrace-20260130T180000Z.tar.zst",
                "millrace-20251230T180000Z.tar.zst",
            ]
        );
    }

    #[test]
    fn the_last_one_stays_whatever_is_kept() {
        let files = nightly("2026-11-29T18:00:00Z", 3);
        let none = Kept {
            daily: 0,
            weekly: 0,
            monthly: 0,
        };
        let gone = to_remove(&files, none, Tz::UTC);
        assert_eq!(names(&gone).len(), 2);
        assert!(!gone.contains(&files[0]));
        assert!(to_remove(&files[..1], none, Tz::UTC).is_empty());
        assert!(to_remove(&[], none, Tz::UTC).is_empty());
    }

    #[test]
    fn days_without_a_backup_do_not_use_up_what_is_kept() {
        let mut files = nightly("2026-11-29T18:00:00Z", 2);
        files.extend(nightly("2026-08-01T18:00:00Z", 3));
        let kept = Kept {
            daily: 4,
            weekly: 0,
            monthly: 0,
        };
        let gone = to_remove(&files, kept, Tz::UTC);
        assert_eq!(names(&gone), ["millrace-20260730T180000Z.tar.zst"]);
    }

    #[test]
    fn of_one_day_the_last_is_kept_and_its_day_is_that_of_the_zone() {
        let files: Vec<PathBuf> = [
            "2026-11-29T15:59:59Z", // still the 29th in Shanghai
            "2026-11-29T16:00:00Z", // the 30th
            "2026-11-30T03:00:00Z",
        ]
        .map(|text| PathBuf::from(name_of(at(text))))
        .to_vec();
        let kept = Kept {
            daily: 7,
            weekly: 0,
            monthly: 0,
        };
        let gone = to_remove(&files, kept, Tz::Asia__Shanghai);
        assert_eq!(names(&gone), ["millrace-20261129T160000Z.tar.zst"]);
    }

    #[test]
    fn foreign_files_are_none_of_its_business() {
        let foreign = [
            "millrace-20200101T000000Z.tar.zst.part",
            "millrace-before-the-move.tar.zst",
            "millrace-20200101T000000Z.tar.zst.bak",
            "Millrace-20200101T000000Z.tar.zst",
            "millrace-2020-01-01T000000Z.tar.zst",
            "millrace-20201301T000000Z.tar.zst",
            "notes.txt",
        ];
        let mut files: Vec<PathBuf> = foreign.iter().map(PathBuf::from).collect();
        files.extend(nightly("2026-11-29T18:00:00Z", 2));
        let kept = Kept {
            daily: 1,
            weekly: 0,
            monthly: 0,
        };
        let gone = to_remove(&files, kept, Tz::UTC);
        assert_eq!(names(&gone), ["millrace-20261128T180000Z.tar.zst"]);
    }
}
