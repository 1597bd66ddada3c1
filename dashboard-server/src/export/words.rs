//! What the codes in records are called.

use millrace_models::stage;

use super::Language;

/// Codes of outcomes and kinds that are written otherwise in Chinese.
const CHINESE: &[(&str, &str)] = &[
    ("open", "进行中"),
    ("won", "赢单"),
    ("lost", "输单"),
    ("invalid", "无效"),
    ("duplicate", "重复"),
    ("shelved", "搁置"),
    ("sent", "已发送"),
    ("accepted", "接受"),
    ("partial", "部分接受"),
    ("declined", "拒绝"),
    ("expired", "过期"),
    ("superseded", "已替换"),
    ("withdrawn", "已撤回"),
    ("sale", "销售"),
    ("return", "退货"),
    ("credit", "折让"),
    ("cancel", "取消"),
];

/// What people call a value of a column; the value itself where it is no code.
pub(crate) fn word<'a>(column: &str, value: &'a str, language: Language) -> &'a str {
    match column {
        "stage" | "next_stage" => {
            stage::find(value).map_or(value, |stage| language.choose(stage.zh, stage.en))
        }
        "outcome" | "kind" if language == Language::Zh => CHINESE
            .iter()
            .find(|(code, _)| *code == value)
            .map_or(value, |(_, word)| *word),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_and_other_values_stay() {
        assert_eq!(word("stage", "quotation", Language::Zh), "方案报价");
        assert_eq!(
            word("stage", "Assign seriousness", Language::Zh),
            "Assign seriousness"
        );
        assert_eq!(word("outcome", "won", Language::Zh), "赢单");
        assert_eq!(word("outcome", "won", Language::En), "won");
        assert_eq!(word("owner", "won", Language::Zh), "won");
    }
}
