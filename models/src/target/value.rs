//! Values of targets, exactly: whole numbers of parts of their unit.

use thiserror::Error;

use crate::metric::Unit;

/// The greatest value, in parts: ten trillion of the currency.
const GREATEST: i64 = 1_000_000_000_000_000;

/// How many digits a value of that unit has behind the point.
pub fn decimals(unit: Unit) -> u32 {
    match unit {
        Unit::Amount => 2,
        Unit::Ratio => 4,
        Unit::Days | Unit::Hours | Unit::Score => 3,
        Unit::Count => 0,
    }
}

/// How many parts one of the unit has.
pub fn parts_of(unit: Unit) -> i64 {
    10_i64.pow(decimals(unit))
}

/// The value as a number of its unit, as metrics have it.
pub fn number(unit: Unit, parts: i64) -> f64 {
    parts as f64 / parts_of(unit) as f64
}

/// Why a text is no value of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// It is no number.
    #[error("{0:?} is no number")]
    Number(String),
    /// It is below nothing.
    #[error("{0:?} is below 0")]
    Negative(String),
    /// It is finer than the unit is held.
    #[error("{text:?} is finer than {what} are held: at most {decimals} digits behind the point")]
    Fine {
        /// The text.
        text: String,
        /// What the unit is of.
        what: &'static str,
        /// How many digits it has.
        decimals: u32,
    },
    /// It is more than there can be.
    #[error("{text:?} is too much: at most {most}")]
    Great {
        /// The text.
        text: String,
        /// The greatest value.
        most: String,
    },
}

fn what(unit: Unit) -> &'static str {
    match unit {
        Unit::Amount => "amounts",
        Unit::Ratio => "shares",
        Unit::Count => "counts",
        Unit::Days => "days",
        Unit::Hours => "hours",
        Unit::Score => "points",
    }
}

/// Reads a value of a unit: `1234567.89`, `1,200,000`, `120万`, `1.2亿`, of shares also `92.5%`.
///
/// # Errors
/// [`ValueError`]; what is finer than the unit is held is refused, not rounded.
pub fn parse(unit: Unit, text: &str) -> Result<i64, ValueError> {
    let refused = || ValueError::Number(text.to_owned());
    let narrow: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，'))
        .map(narrowed)
        .collect();
    let (mut digits, mut power) = (narrow.as_str(), 0_i32);
    for (ending, by) in [("%", -2), ("万", 4), ("亿", 8)] {
        if let Some(shorter) = digits.strip_suffix(ending) {
            let of_shares = ending == "%";
            if of_shares != (unit == Unit::Ratio) {
                return Err(refused());
            }
            (digits, power) = (shorter, by);
            break;
        }
    }
    if digits.starts_with('-') {
        let positive = parse(unit, &narrow[1..]);
        return Err(positive.map_or_else(|_| refused(), |_| ValueError::Negative(text.to_owned())));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(refused());
    }
    let fraction = fraction.trim_end_matches('0');
    let units: i128 = format!("0{whole}{fraction}")
        .parse()
        .map_err(|_| refused())?;
    let behind = i32::try_from(fraction.len()).map_err(|_| refused())?;
    let shift = i32::try_from(decimals(unit)).map_err(|_| refused())? + power - behind;
    let factor = |by: i32| 10_i128.checked_pow(by.unsigned_abs()).ok_or_else(refused);
    let parts = if shift >= 0 {
        units.checked_mul(factor(shift)?).ok_or_else(refused)?
    } else {
        let divisor = factor(shift)?;
        if units % divisor != 0 {
            return Err(ValueError::Fine {
                text: text.to_owned(),
                what: what(unit),
                decimals: decimals(unit),
            });
        }
        units / divisor
    };
    match i64::try_from(parts) {
        Ok(parts) if parts <= GREATEST => Ok(parts),
        _ => Err(ValueError::Great {
            text: text.to_owned(),
            most: write(unit, GREATEST),
        }),
    }
}

/// The narrow form of a full-width digit, point or percent sign.
fn narrowed(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// The value as a plain decimal text, without zeros at its end.
pub fn write(unit: Unit, parts: i64) -> String {
    let of_one = parts_of(unit);
    let (whole, fraction) = (parts / of_one, parts % of_one);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(decimals(unit)).unwrap_or_default();
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: Unit, text: &str, expected: i64) {
        assert_eq!(parse(unit, text), Ok(expected), "{text}");
    }

    #[test]
    fn reads_what_people_write() {
        check(Unit::Amount, "1234567.89", 123_456_789);
        check(Unit::Amount, "1,200,000", 120_000_000);
        check(Unit::Amount, "120万", 120_000_000);
        check(Unit::Amount, "1.2亿", 12_000_000_000);
        check(Unit::Amount, "１２．５", 1_250);
        check(Unit::Amount, "0", 0);
        check(Unit::Ratio, "0.925", 9_250);
        check(Unit::Ratio, "92.5%", 9_250);
        check(Unit::Ratio, "92.25 ％", 9_225);
        check(Unit::Count, "120", 120);
        check(Unit::Count, "1.50万", 15_000);
        check(Unit::Days, "33.5", 33_500);
        check(Unit::Score, ".25", 250);
    }

    #[test]
    fn refuses_what_it_could_not_hold_exactly() {
        let message = |unit, text: &str| parse(unit, text).unwrap_err().to_string();
        assert_eq!(
            message(Unit::Amount, "3333333.333"),
            "\"3333333.333\" is finer than amounts are held: at most 2 digits behind the point"
        );
        assert!(message(Unit::Ratio, "92.255%").contains("shares"));
        assert!(message(Unit::Count, "1.5").contains("at most 0 digits"));
        assert_eq!(message(Unit::Amount, "-5"), "\"-5\" is below 0");
        assert!(message(Unit::Amount, "99999999999999").contains("at most 10000000000000"));
        for none in ["", "x", "1.2.3", "12%", "--5", "-x", "1e5", "."] {
            assert_eq!(
                parse(Unit::Amount, none),
                Err(ValueError::Number(none.to_owned())),
                "{none}"
            );
        }
        assert_eq!(
            parse(Unit::Ratio, "1万"),
            Err(ValueError::Number("1万".to_owned()))
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        for unit in [
            Unit::Amount,
            Unit::Ratio,
            Unit::Count,
            Unit::Days,
            Unit::Hours,
            Unit::Score,
        ] {
            for parts in [0, 1, 7, 100, 12_345, 9_999_999_999, GREATEST] {
                check(unit, &write(unit, parts), parts);
            }
        }
        assert_eq!(write(Unit::Ratio, 9_250), "0.925");
        assert_eq!(write(Unit::Amount, 120_000_000), "1200000");
    }
}
