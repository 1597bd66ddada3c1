//! Numbers and times as people read them in a terminal.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// What stands where there is no value.
pub(crate) const NOTHING: &str = "–";

/// Bytes as people say them.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    let decimals = usize::from(size < 99.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// A whole number with thousands separators.
pub(crate) fn count(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with thousands separators and this many decimals.
pub(crate) fn decimal(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if number < 0.0 && !zero { "-" } else { "" };
    let whole = whole
        .parse::<i128>()
        .map_or_else(|_| whole.to_owned(), count);
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A metric's value in its unit: `63.1 %`, `1,284,000.00`, `33.0 d`.
pub(crate) fn metric(value: Option<&Value>, unit: &str) -> String {
    let Some(number) = value.and_then(number) else {
        return NOTHING.to_owned();
    };
    match unit {
        "ratio" => format!("{} %", decimal(number * 100.0, 1)),
        "amount" => decimal(number, 2),
        "days" => format!("{} d", decimal(number, 1)),
        "hours" => format!("{} h", decimal(number, 1)),
        _ if number.fract() == 0.0 => decimal(number, 0),
        _ => decimal(number, 2),
    }
}

/// A difference of two values of a metric, with its sign: `-1.3 pt`, `+4.0 d`.
pub(crate) fn change(value: Option<&Value>, unit: &str) -> String {
    let Some(number) = value.and_then(number) else {
        return NOTHING.to_owned();
    };
    let text = match unit {
        "ratio" => format!("{} pt", decimal(number * 100.0, 1)),
        _ => metric(value, unit),
    };
    if number > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// Any JSON value as a cell: text as it is, nothing for null.
pub(crate) fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A time in the company's zone, to the minute.
pub(crate) fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_have_separators_and_units() {
        assert_eq!(count(-1_234_567), "-1,234,567");
        assert_eq!(decimal(12_840_000.5, 2), "12,840,000.50");
        assert_eq!(decimal(-0.001, 1), "0.0");
        assert_eq!(metric(Some(&json!(0.6312)), "ratio"), "63.1 %");
        assert_eq!(metric(Some(&json!(1_284_000)), "amount"), "1,284,000.00");
        assert_eq!(metric(Some(&json!(33)), "days"), "33.0 d");
        assert_eq!(metric(Some(&json!(1234)), "count"), "1,234");
        assert_eq!(metric(Some(&Value::Null), "ratio"), NOTHING);
        assert_eq!(change(Some(&json!(-0.0131)), "ratio"), "-1.3 pt");
        assert_eq!(change(Some(&json!(4)), "days"), "+4.0 d");
    }
}
