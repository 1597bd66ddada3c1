//! Numbers as people read them in reports and mails: the same forms as on the pages.

use millrace_models::metric::{Direction, Label, Unit};
use serde::{Deserialize, Serialize};

/// What stands for a number that there is none of.
pub const NONE: &str = "–";
const HOURS_PER_DAY: f64 = 24.0;

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// The language of that code; Chinese for any other.
    pub fn of_code(code: &str) -> Self {
        if code == "en" { Self::En } else { Self::Zh }
    }

    /// One of the two, by the language.
    pub fn of<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// A label of the registry.
    pub fn label(self, label: &Label) -> String {
        self.of(&label.zh, &label.en).clone()
    }

    /// Names one after the other.
    pub fn list(self, names: &[String]) -> String {
        names.join(self.of("、", ", "))
    }
}

/// Digits with thousands separators.
pub fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.chars().all(|own| matches!(own, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{grouped}{rest}")
}

/// At most so many digits: `3`, `3.5`.
pub fn trimmed(value: f64, digits: usize) -> String {
    let text = decimal(value, digits);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// An amount with one decimal in 万 or 亿, or in k, M or B.
fn amount(value: f64, language: Language) -> String {
    let steps: &[(f64, &str)] = language.of(
        &[(1e8, " 亿"), (1e4, " 万")],
        &[(1e9, "B"), (1e6, "M"), (1e3, "k")],
    );
    for (place, (step, name)) in steps.iter().enumerate() {
        let size = value.abs() / step;
        let digits = usize::from(size < 999.95);
        let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
        let rounded = (size * scale).round() / scale;
        // 99,999,999 is 1.0 亿 and not 10,000 万
        if place > 0 && rounded * step >= steps[place - 1].0 {
            let (step, name) = steps[place - 1];
            return format!("{}{name}", decimal(step.copysign(value) / step, 1));
        }
        if rounded >= 1.0 {
            return format!("{}{name}", decimal(value / step, digits));
        }
    }
    decimal(value, 0)
}

fn days(value: f64, language: Language) -> String {
    let text = trimmed(value, usize::from(value.abs() < 100.0));
    match language {
        Language::Zh => format!("{text} 天"),
        Language::En if text == "1" => "1 day".to_owned(),
        Language::En => format!("{text} days"),
    }
}

/// Hours as `5.2 小时`, `3 天 4 小时` or, from ten days on, `12.3 天`.
fn hours(value: f64, language: Language) -> String {
    let size = value.abs();
    if size < HOURS_PER_DAY {
        return format!("{}{}", trimmed(value, 1), language.of(" 小时", " h"));
    }
    if size >= 10.0 * HOURS_PER_DAY {
        return days(value / HOURS_PER_DAY, language);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = size.round();
    let full = (whole / HOURS_PER_DAY).floor();
    let left = whole - full * HOURS_PER_DAY;
    let mut text = format!("{sign}{full}{}", language.of(" 天", " d"));
    if left > 0.0 {
        text.push_str(&format!(" {left}{}", language.of(" 小时", " h")));
    }
    text
}

/// What a metric is measured in, with what its name says of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Its unit.
    pub unit: Unit,
    /// Hours of work, not of the clock.
    pub works: bool,
}

impl Measured {
    /// What the metric of that name is measured in.
    pub fn of(name: &str, unit: Unit) -> Self {
        let works = name.contains("business") || name.contains("ticket");
        Self {
            unit,
            works: works && unit == Unit::Hours,
        }
    }

    /// By the clock.
    pub const fn plain(unit: Unit) -> Self {
        Self { unit, works: false }
    }
}

/// The working hours of a day, by which they are told in days.
const WORKING_HOURS_PER_DAY: f64 = 7.5;

/// A number as it stands in a table.
pub fn short(value: Option<f64>, measured: Measured, language: Language) -> String {
    let Some(value) = value else {
        return NONE.to_owned();
    };
    match measured.unit {
        Unit::Amount => amount(value, language),
        Unit::Ratio => percent(value, language),
        Unit::Days => days(value, language),
        Unit::Hours if measured.works => {
            if value.abs() < WORKING_HOURS_PER_DAY {
                format!(
                    "{}{}",
                    trimmed(value, 1),
                    language.of(" 工作小时", " working h")
                )
            } else {
                let text = trimmed(value / WORKING_HOURS_PER_DAY, 1);
                format!("{text}{}", language.of(" 个工作日", " working days"))
            }
        }
        Unit::Hours => hours(value, language),
        Unit::Count | Unit::Score => trimmed(value, 1),
    }
}

/// A share in percent with one decimal.
pub fn percent(share: f64, language: Language) -> String {
    format!("{}{}", decimal(share * 100.0, 1), language.of(" %", "%"))
}

/// The size of a difference: percents differ by points.
pub fn distance(value: f64, measured: Measured, language: Language) -> String {
    match measured.unit {
        Unit::Ratio => format!(
            "{} {}",
            decimal(value.abs() * 100.0, 1),
            language.of("个百分点", "pt")
        ),
        _ => short(Some(value.abs()), measured, language),
    }
}

/// A difference with its sign.
pub fn signed(value: f64, measured: Measured, language: Language) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{}", distance(value, measured, language))
}

/// How a number moved, in the form that fits its unit: sums and counts by percent, others by
/// distance. `None` where it cannot be said.
pub fn moved(
    value: Option<f64>,
    before: Option<f64>,
    measured: Measured,
    language: Language,
) -> Option<(f64, String)> {
    let (value, before) = (value?, before?);
    let change = value - before;
    let text = match measured.unit {
        Unit::Amount | Unit::Count => {
            if before == 0.0 {
                return None;
            }
            percent(change.abs() / before.abs(), language)
        }
        _ => distance(change, measured, language),
    };
    Some((change, text))
}

/// Whether a change is good, bad or neither.
pub fn tone(change: f64, direction: Direction) -> &'static str {
    match direction {
        _ if change == 0.0 => "",
        Direction::None => "",
        Direction::Up if change > 0.0 => "good",
        Direction::Down if change < 0.0 => "good",
        Direction::Up | Direction::Down => "bad",
    }
}

/// The mark of a change. Better is a filled one and worse a hollow one, so that colour is not the only
/// sign.
pub fn mark(change: f64, direction: Direction) -> &'static str {
    match tone(change, direction) {
        _ if change == 0.0 => "＝",
        "bad" if change > 0.0 => "△",
        "bad" => "▽",
        _ if change > 0.0 => "▲",
        _ => "▼",
    }
}

/// Whether a number reads as nothing.
pub fn is_zero(text: &str) -> bool {
    !text.contains(|digit: char| ('1'..='9').contains(&digit))
}

/// How a number moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The mark and the size: `▽ 3.0 个百分点`.
    pub text: String,
    /// `good`, `bad` or nothing.
    pub tone: &'static str,
}

/// How a number moved, with its mark; from nothing, by the difference itself.
pub fn change(
    value: Option<f64>,
    before: Option<f64>,
    measured: Measured,
    direction: Direction,
    language: Language,
) -> Option<Change> {
    let difference = value? - before?;
    let text = match moved(value, before, measured, language) {
        Some((_, text)) => text,
        None => short(Some(difference.abs()), measured, language),
    };
    let shown = if is_zero(&text) { 0.0 } else { difference };
    Some(Change {
        text: format!("{} {text}", mark(shown, direction)),
        tone: tone(shown, direction),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: f64, unit: Unit) -> [String; 2] {
        let measured = Measured { unit, works: false };
        [Language::Zh, Language::En].map(|language| short(Some(value), measured, language))
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let cases: [(f64, Unit, [&str; 2]); 14] = [
            (12_840_000.0, Unit::Amount, ["1,284 万", "12.8M"]),
            (102_277.4, Unit::Amount, ["10.2 万", "102.3k"]),
            (99_999_999.0, Unit::Amount, ["1.0 亿", "100.0M"]),
            (999_960.0, Unit::Amount, ["100.0 万", "1.0M"]),
            (-1_234_000.0, Unit::Amount, ["-123.4 万", "-1.2M"]),
            (812.4, Unit::Amount, ["812", "812"]),
            (0.341, Unit::Ratio, ["34.1 %", "34.1%"]),
            (33.0, Unit::Days, ["33 天", "33 days"]),
            (1.0, Unit::Days, ["1 天", "1 day"]),
            (5.24, Unit::Hours, ["5.2 小时", "5.2 h"]),
            (76.0, Unit::Hours, ["3 天 4 小时", "3 d 4 h"]),
            (295.2, Unit::Hours, ["12.3 天", "12.3 days"]),
            (1_733.0, Unit::Count, ["1,733", "1,733"]),
            (-0.04, Unit::Score, ["0", "0"]),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(told(value, unit), expected, "{value} {unit:?}");
        }
        let works = Measured {
            unit: Unit::Hours,
            works: true,
        };
        assert_eq!(short(Some(26.25), works, Language::Zh), "3.5 个工作日");
        assert_eq!(short(None, works, Language::En), NONE);
    }

    #[test]
    fn percents_differ_by_points_and_sums_by_percents() {
        let of = |unit| Measured { unit, works: false };
        let zh = Language::Zh;
        let ratio = moved(Some(0.281), Some(0.311), of(Unit::Ratio), zh);
        assert_eq!(ratio.map(|(_, text)| text).as_deref(), Some("3.0 个百分点"));
        let sum = moved(Some(90.0), Some(120.0), of(Unit::Amount), zh);
        assert_eq!(sum, Some((-30.0, "25.0 %".to_owned())));
        assert_eq!(moved(Some(3.0), Some(0.0), of(Unit::Count), zh), None);
        assert_eq!(moved(None, Some(1.0), of(Unit::Days), zh), None);
        assert_eq!(tone(-1.0, Direction::Down), "good");
        assert_eq!(tone(-1.0, Direction::Up), "bad");
        assert_eq!(tone(-1.0, Direction::None), "");
    }

    #[test]
    fn better_is_told_from_up() {
        let check = |unit, direction, value, before, expected: &str, tone| {
            let measured = Measured::plain(unit);
            let found = change(Some(value), Some(before), measured, direction, Language::En);
            let found = found.unwrap();
            assert_eq!((found.text.as_str(), found.tone), (expected, tone));
        };
        check(Unit::Amount, Direction::Up, 110.0, 100.0, "▲ 10.0%", "good");
        check(Unit::Ratio, Direction::Up, 0.30, 0.40, "▽ 10.0 pt", "bad");
        check(Unit::Days, Direction::Down, 30.0, 34.0, "▼ 4 days", "good");
        check(Unit::Count, Direction::Up, 3.0, 0.0, "▲ 3", "good");
        check(Unit::Count, Direction::None, 3.0, 4.0, "▼ 25.0%", "");
        check(Unit::Amount, Direction::Up, 100.0, 100.0, "＝ 0.0%", "");
    }

    #[test]
    fn hours_of_work_are_known_by_the_metric() {
        assert!(Measured::of("dwell_business_median", Unit::Hours).works);
        assert!(Measured::of("ticket_resolution_mean", Unit::Hours).works);
        assert!(!Measured::of("dwell_median", Unit::Hours).works);
        assert!(!Measured::of("tickets_opened", Unit::Count).works);
    }
}
