//! Numbers as people write them: `1,234.50`, `¥1.5万`, `(300)`, `12％`, `１２３`.

use std::fmt;

use super::half_width;

/// Which sign stands before the decimals in a column. `1.234` is 1.234 or 1234 by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DecimalMark {
    /// `1,234.5`.
    #[default]
    Point,
    /// `1.234,5`.
    Comma,
}

/// An exact decimal number: `units` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    units: i128,
    scale: i32,
}

const DIGITS: usize = 30;

impl Decimal {
    pub(crate) fn new(units: i128, scale: i8) -> Self {
        Self {
            units,
            scale: i32::from(scale),
        }
    }

    /// In hundredths, halves rounded away from zero; `None` beyond decimal(18, 2).
    pub(crate) fn hundredths(self) -> Option<i128> {
        const LIMIT: i128 = 1_000_000_000_000_000_000;
        let shift = 2 - self.scale;
        let value = if shift >= 0 {
            self.units.checked_mul(power(shift)?)?
        } else {
            match power(-shift) {
                Some(divisor) => {
                    let half = divisor / 2;
                    let magnitude = self.units.unsigned_abs().checked_add(half.unsigned_abs())?;
                    let rounded = i128::try_from(magnitude).ok()? / divisor;
                    if self.units < 0 { -rounded } else { rounded }
                }
                None => 0,
            }
        };
        (value.abs() < LIMIT).then_some(value)
    }

    /// The whole number, where it is one.
    pub(crate) fn integer(self) -> Option<i64> {
        let value = if self.scale <= 0 {
            self.units.checked_mul(power(-self.scale)?)?
        } else {
            let divisor = power(self.scale)?;
            if self.units % divisor != 0 {
                return None;
            }
            self.units / divisor
        };
        i64::try_from(value).ok()
    }

    /// The nearest float.
    pub(crate) fn float(self) -> f64 {
        format!("{}e{}", self.units, -self.scale)
            .parse()
            .unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (power(self.scale), usize::try_from(self.scale)) {
            (Some(divisor), Ok(width)) if width > 0 => {
                let sign = if self.units < 0 { "-" } else { "" };
                let magnitude = self.units.abs();
                let digits = format!("{:0width$}", magnitude % divisor);
                let fraction = digits.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                write!(f, "{sign}{}{point}{fraction}", magnitude / divisor)
            }
            _ => match power(-self.scale).and_then(|factor| self.units.checked_mul(factor)) {
                Some(value) => write!(f, "{value}"),
                None => write!(f, "{}e{}", self.units, -self.scale),
            },
        }
    }
}

fn power(exponent: i32) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(exponent).ok()?)
}

/// Reads a number as people write it; `None` where it is none.
pub(crate) fn parse(text: &str, mark: DecimalMark) -> Option<Decimal> {
    if mark == DecimalMark::Point
        && let Some(number) = parse_plain(text.as_bytes())
    {
        return Some(number);
    }
    let narrow: String = text
        .chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && *c != '\'')
        .collect();
    let mut rest = narrow.as_str();
    let mut negative = false;
    if let Some(inner) = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        negative = true;
        rest = inner;
    }
    let mut exponent = 0;
    loop {
        let before = rest;
        for sign in [
            "¥",
            "￥",
            "$",
            "€",
            "£",
            "RMB",
            "CNY",
            "USD",
            "EUR",
            "HK$",
            "US$",
            "人民币",
        ] {
            rest = rest.strip_prefix(sign).unwrap_or(rest);
            rest = rest.strip_suffix(sign).unwrap_or(rest);
        }
        for (unit, power) in [
            ("元", 0),
            ("圆", 0),
            ("整", 0),
            ("亿", 8),
            ("万", 4),
            ("萬", 4),
            ("億", 8),
            ("千", 3),
            ("百", 2),
            ("%", -2),
            ("‰", -3),
        ] {
            if let Some(shorter) = rest.strip_suffix(unit) {
                rest = shorter;
                exponent += power;
            }
        }
        if let Some(shorter) = rest.strip_prefix('-').or_else(|| rest.strip_suffix('-')) {
            if negative {
                return None;
            }
            negative = true;
            rest = shorter;
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
        if rest == before {
            break;
        }
    }
    let digits = ungrouped(rest, mark)?;
    let mut number = parse_plain(digits.as_bytes())?;
    number.scale -= exponent;
    if negative {
        number.units = -number.units;
    }
    Some(number)
}

/// `-123.45`, `.5`, `1.2E+5`: digits, at most one point, perhaps an exponent.
fn parse_plain(text: &[u8]) -> Option<Decimal> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut units, mut scale, mut digits, mut pointed) = (0_i128, 0_i32, 0, false);
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                if digits == DIGITS {
                    return None;
                }
                units = units * 10 + i128::from(byte - b'0');
                digits += usize::from(units > 0);
                scale += i32::from(pointed);
                // A zero before the first digit is no digit, but must make "0" a number.
            }
            b'.' if !pointed => pointed = true,
            b'e' | b'E' => {
                let exponent: i32 = std::str::from_utf8(tail).ok()?.parse().ok()?;
                if !(-30..=30).contains(&exponent) {
                    return None;
                }
                scale -= exponent;
                rest = &[];
                continue;
            }
            _ => return None,
        }
        rest = tail;
    }
    if !text
        .first()
        .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
        || !text.iter().any(u8::is_ascii_digit)
    {
        return None;
    }
    Some(Decimal {
        units: if negative { -units } else { units },
        scale,
    })
}

/// The digits without their grouping, with `.` before the decimals.
fn ungrouped(text: &str, mark: DecimalMark) -> Option<String> {
    let (group, point) = match mark {
        DecimalMark::Point => (',', '.'),
        DecimalMark::Comma => ('.', ','),
    };
    let (whole, fraction) = match text.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if fraction.is_some_and(|fraction| fraction.contains(group)) {
        return None;
    }
    let mut parts = whole.split(group);
    let first = parts.next()?;
    let mut digits = first.to_owned();
    let mut groups = 0;
    let all: Vec<&str> = parts.collect();
    for (index, part) in all.iter().enumerate() {
        // Groups of three; of four as some write 万; the last always complete.
        let fits = matches!(part.len(), 3 | 4) || (part.len() == 2 && index + 1 < all.len());
        if !fits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        groups += 1;
        digits.push_str(part);
    }
    if groups > 0 && (first.is_empty() || first.len() > 4) {
        return None;
    }
    if let Some(fraction) = fraction {
        digits.push('.');
        digits.push_str(fraction);
    }
    Some(digits)
}

/// What a value says about the decimal mark of its column, if anything.
pub(crate) fn mark_evidence(text: &str) -> Option<DecimalMark> {
    let last_comma = text.rfind([',', '，']);
    let last_point = text.rfind('.');
    match (last_comma, last_point) {
        (Some(comma), Some(point)) if comma > point => {
            parse(text, DecimalMark::Comma).map(|_| DecimalMark::Comma)
        }
        (Some(_), Some(_)) => parse(text, DecimalMark::Point).map(|_| DecimalMark::Point),
        (Some(_), None) if parse(text, DecimalMark::Point).is_none() => {
            parse(text, DecimalMark::Comma).map(|_| DecimalMark::Comma)
        }
        (None, Some(_)) if parse(text, DecimalMark::Comma).is_none() => {
            parse(text, DecimalMark::Point).map(|_| DecimalMark::Point)
        }
        _ => None,
    }
}

/// Hundredths of a float as it would be written, so that 1.005 is 1.01.
pub(crate) fn float_hundredths(value: f64) -> Option<i128> {
    const EXACT: f64 = 1e13;
    let scaled = value * 100.0;
    let near_half = (scaled.fract().abs() - 0.5).abs() < 1e-4;
    if scaled.abs() < EXACT && !near_half {
        #[allow(clippy::cast_possible_truncation, reason = "below 1e13, so it fits")]
        return Some(i128::from(scaled.round() as i64));
    }
    value
        .is_finite()
        .then(|| parse(&format!("{value}"), DecimalMark::Point)?.hundredths())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let read = parse(text, DecimalMark::Point).map(|number| number.to_string());
        assert_eq!(read.as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn reads_numbers_as_people_write_them() {
        check("1054", "1054");
        check("0", "0");
        check("0.00", "0");
        check("-0.5", "-0.5");
        check(".5", "0.5");
        check("1,234,567.80", "1234567.8");
        check("¥1,200", "1200");
        check("￥ 1200.5元", "1200.5");
        check("1.5万", "15000");
        check("2亿", "200000000");
        check("3.2万元", "32000");
        check("１２，３４５．６", "12345.6");
        check("12.5%", "0.125");
        check("１０％", "0.1");
        check("(300)", "-300");
        check("（1,300.25）", "-1300.25");
        check("-$4.20", "-4.2");
        check("$-4.20", "-4.2");
        check("−7", "-7");
        check("300-", "-300");
        check("1.2E+5", "120000");
        check("6 000 000", "6000000");
        check("€ 12", "12");
        check("1,2345", "12345");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", ".", "abc", "1,23", "12,34,5", "1.2.3", "--1", "1-2", "12abc", "e5", "万",
        ] {
            assert_eq!(parse(text, DecimalMark::Point), None, "{text}");
        }
    }

    #[test]
    fn the_column_says_what_a_comma_is() {
        assert_eq!(mark_evidence("1.234,56"), Some(DecimalMark::Comma));
        assert_eq!(mark_evidence("12,5"), Some(DecimalMark::Comma));
        assert_eq!(mark_evidence("1,234.56"), Some(DecimalMark::Point));
        assert_eq!(mark_evidence("12.5"), Some(DecimalMark::Point));
        assert_eq!(mark_evidence("1,234"), None);
        assert_eq!(mark_evidence("1.234"), None);
        let number = parse("1.234,56", DecimalMark::Comma).map(|number| number.to_string());
        assert_eq!(number.as_deref(), Some("1234.56"));
    }

    #[test]
    fn rounds_money_away_from_zero() {
        let hundredths = |text| parse(text, DecimalMark::Point).and_then(Decimal::hundredths);
        assert_eq!(hundredths("1.005"), Some(101));
        assert_eq!(hundredths("-1.005"), Some(-101));
        assert_eq!(hundredths("1.0049"), Some(100));
        assert_eq!(
            hundredths("9007199254740993.17"),
            Some(900_719_925_474_099_317)
        );
        assert_eq!(hundredths("1e18"), None);
        assert_eq!(float_hundredths(1.005), Some(101));
        assert_eq!(float_hundredths(0.285), Some(29));
        assert_eq!(float_hundredths(-2.5), Some(-250));
    }
}
