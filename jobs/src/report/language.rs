//! How a report calls things; its numbers are those of [`crate::numbers`].

use millrace_models::stage;

pub use crate::numbers::Language;
pub(super) use crate::numbers::{
    Measured, NONE, decimal, is_zero, mark, moved, percent, short, signed, tone,
};

/// A stage as people call it; those of other systems are as written.
pub(super) fn stage_name(code: &str, language: Language) -> String {
    match stage::find(code) {
        Some(stage) => language.of(stage.zh, stage.en).to_owned(),
        None => code.to_owned(),
    }
}

/// A health status as people call it.
pub(super) fn status_name(code: &str, language: Language) -> String {
    match code {
        "green" => language.of("绿(健康)", "Green"),
        "yellow" => language.of("黄(关注)", "Yellow"),
        "red" => language.of("红(风险)", "Red"),
        "unrated" => language.of("未评级", "Unrated"),
        other => other,
    }
    .to_owned()
}

/// A number of things in English: `1 deal`, `2 deals`; `thing` in the singular.
pub(super) fn things(count: f64, told: &str, thing: &str) -> String {
    let one = (count - 1.0).abs() < 0.5;
    format!("{told} {thing}{}", if one { "" } else { "s" })
}
