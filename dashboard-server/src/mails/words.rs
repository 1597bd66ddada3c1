//! Numbers as they stand in a mail; the same as on the pages.

use millrace_models::metric::{Direction, Metric, Unit};
use serde_json::Value;

use crate::export::Language;

/// What stands for a number that there is none of.
pub(super) const NONE: &str = "–";
const WORKING_HOURS_PER_DAY: f64 = 7.5;

/// A number with thousands separators and that many decimals, at most or always.
pub(super) fn decimal(value: f64, most: usize, always: bool) -> String {
    let text = format!("{:.most$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = if always {
        part
    } else {
        part.trim_end_matches('0')
    };
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let dot = if part.is_empty() { "" } else { "." };
    let is_zero = !text.contains(|digit: char| ('1'..='9').contains(&digit));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{grouped}{dot}{part}")
}

fn amount(value: f64, language: Language) -> String {
    let steps: &[(f64, &str)] = match language {
        Language::Zh => &[(1e8, " 亿"), (1e4, " 万")],
        Language::En => &[(1e9, "B"), (1e6, "M"), (1e3, "k")],
    };
    for (step, name) in steps {
        let size = value.abs() / step;
        // 99,999,999 is 1.0 亿 and not 10,000 万: rounded first, the step chosen after.
        if (size * 10.0).round() >= 10.0 {
            let digits = usize::from((size * 10.0).round() < 10_000.0);
            return format!("{}{name}", decimal(value / step, digits, true));
        }
    }
    decimal(value, 0, false)
}

fn days(value: f64, language: Language) -> String {
    let text = decimal(value, usize::from(value.abs() < 100.0), false);
    match language {
        Language::Zh => format!("{text} 天"),
        Language::En if text == "1" => "1 day".to_owned(),
        Language::En => format!("{text} days"),
    }
}

fn hours(value: f64, working: bool, language: Language) -> String {
    let per_day = if working { WORKING_HOURS_PER_DAY } else { 24.0 };
    if value.abs() < per_day {
        let text = decimal(value, 1, false);
        return match (working, language) {
            (false, Language::Zh) => format!("{text} 小时"),
            (false, Language::En) => format!("{text} h"),
            (true, Language::Zh) => format!("{text} 工作小时"),
            (true, Language::En) => format!("{text} working h"),
        };
    }
    if !working {
        return days(value / per_day, language);
    }
    let text = decimal(value / per_day, 1, false);
    match language {
        Language::Zh => format!("{text} 个工作日"),
        Language::En => format!("{text} working days"),
    }
}

/// Whether hours of a metric are working hours.
fn is_working(metric: &Metric) -> bool {
    metric.name.contains("business") || metric.name.contains("ticket")
}

/// A number as it stands on a tile.
pub(super) fn short(value: Option<f64>, metric: &Metric, language: Language) -> String {
    let Some(value) = value else {
        return NONE.to_owned();
    };
    match metric.unit {
        Unit::Amount => amount(value, language),
        Unit::Ratio => percent(value, language),
        Unit::Days => days(value, language),
        Unit::Hours => hours(value, is_working(metric), language),
        Unit::Count | Unit::Score => decimal(value, 1, false),
    }
}

fn percent(value: f64, language: Language) -> String {
    let sign = language.choose(" %", "%");
    format!("{}{sign}", decimal(value * 100.0, 1, true))
}

/// A number of an answer.
pub(super) fn number(value: Option<&Value>) -> Option<f64> {
    let value = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// How a number changed.
pub(super) struct Change {
    /// Without its sign, after the mark that says where it went.
    pub(super) text: String,
    /// Its colour.
    pub(super) colour: &'static str,
}

/// Percent for amounts and counts, points for ratios, the difference itself otherwise; better is a
/// filled mark and worse a hollow one, so that colour is not the only sign.
pub(super) fn change(
    value: Option<f64>,
    before: Option<f64>,
    metric: &Metric,
    language: Language,
) -> Option<Change> {
    let (value, before) = (value?, before?);
    let difference = value - before;
    let size = difference.abs();
    let text = match metric.unit {
        Unit::Ratio => format!(
            "{} {}",
            decimal(size * 100.0, 1, true),
            language.choose("个百分点", "pt")
        ),
        Unit::Amount | Unit::Count if before != 0.0 => percent(size / before.abs(), language),
        _ => short(Some(size), metric, language),
    };
    let moved = text.contains(|digit: char| ('1'..='9').contains(&digit));
    let up = difference > 0.0;
    let better = match metric.direction {
        Direction::Up => Some(up),
        Direction::Down => Some(!up),
        Direction::None => None,
    };
    let (mark, colour) = match (moved, better, up) {
        (false, ..) => ("＝", "#6b7280"),
        (true, Some(true), true) => ("▲", "#15803d"),
        (true, Some(true), false) => ("▼", "#15803d"),
        (true, Some(false), true) => ("△", "#b91c1c"),
        (true, Some(false), false) => ("▽", "#b91c1c"),
        (true, None, true) => ("▲", "#6b7280"),
        (true, None, false) => ("▼", "#6b7280"),
    };
    Some(Change {
        text: format!("{mark} {text}"),
        colour,
    })
}

#[cfg(test)]
mod tests {
    use millrace_models::metric::Registry;

    use super::*;

    #[test]
    fn numbers_are_written_as_on_the_pages() {
        let registry = Registry::shipped().unwrap();
        let check = |name: &str, value: f64, zh: &str, en: &str| {
            let metric = registry.metric(name).unwrap();
            assert_eq!(short(Some(value), metric, Language::Zh), zh);
            assert_eq!(short(Some(value), metric, Language::En), en);
        };
        check("won_amount", 12_840_000.0, "1,284 万", "12.8M");
        check("won_amount", 99_999_999.0, "1.0 亿", "100.0M");
        check("won_amount", 1_234.4, "1,234", "1.2k");
        check("win_rate", 0.341, "34.1 %", "34.1%");
        check("conversion_cycle_median", 33.0, "33 天", "33 days");
        check("dwell_median", 5.2, "5.2 小时", "5.2 h");
        check("opportunities_won", 12_345.0, "12,345", "12,345");
        assert_eq!(decimal(-0.04, 1, true), "0.0");
        assert_eq!(decimal(-1_234_567.891, 2, true), "-1,234,567.89");
    }

    #[test]
    fn better_is_told_from_up() {
        let registry = Registry::shipped().unwrap();
        let check = |name: &str, value: f64, before: f64, expected: &str| {
            let metric = registry.metric(name).unwrap();
            let found = change(Some(value), Some(before), metric, Language::En).unwrap();
            assert_eq!(found.text, expected);
        };
        check("won_amount", 110.0, 100.0, "▲ 10.0%");
        check("win_rate", 0.30, 0.40, "▽ 10.0 pt");
        check("conversion_cycle_median", 30.0, 34.0, "▼ 4 days");
        check("won_amount", 100.0, 100.0, "＝ 0.0%");
    }
}
