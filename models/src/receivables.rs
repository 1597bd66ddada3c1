//! How many days of what fell due are still to be received.

use chrono::{Datelike, NaiveDate};

/// Days sales outstanding by counting back: what is `open` at the end of the day `end` is taken
/// off what fell due in the month of `end` up to then, then in the month before, and so on; a
/// month that is used up counts with all its days, the last one in proportion. `dues` are what
/// fell due up to `end`, in any order. `None` without dues.
pub fn count_back(open: f64, dues: &[(NaiveDate, f64)], end: NaiveDate) -> Option<f64> {
    let first = dues.iter().map(|(day, _)| *day).min()?;
    let (mut left, mut days) = (open, 0.0);
    let mut until = end;
    while left > 0.0 && until >= first {
        let begin = until.with_day(1).unwrap_or(until);
        let length = ((until - begin).num_days() + 1) as f64;
        let due: f64 = dues
            .iter()
            .filter(|(day, _)| (begin..=until).contains(day))
            .map(|(_, amount)| amount)
            .sum();
        if left < due {
            return Some(days + length * left / due);
        }
        left -= due;
        days += length;
        until = begin.pred_opt().unwrap_or(NaiveDate::MIN);
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn counts_back_over_months() {
        let dues = [
            (day("2026-01-10"), 100.0),
            (day("2026-02-05"), 200.0),
            (day("2026-03-05"), 300.0),
            (day("2026-03-10"), 100.0),
        ];
        let end = day("2026-03-20");
        assert_eq!(count_back(0.0, &dues, end), Some(0.0));
        // half of what fell due in the 20 days of March
        assert_eq!(count_back(200.0, &dues, end), Some(10.0));
        // all of March, and half of February
        assert_eq!(count_back(500.0, &dues, end), Some(20.0 + 14.0));
        // everything: to the beginning of the first month
        assert_eq!(count_back(700.0, &dues, end), Some(20.0 + 28.0 + 31.0));
        assert_eq!(count_back(5.0, &[], end), None);
        // a month without dues is used up at once
        let far = [(day("2026-01-10"), 100.0)];
        assert_eq!(count_back(50.0, &far, end), Some(20.0 + 28.0 + 15.5));
    }
}
