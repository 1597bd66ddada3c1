//! Names of companies, made comparable.

/// Legal forms that names end with, the longest first.
const FORMS: &[&str] = &[
    "股份有限公司",
    "有限责任公司",
    "股份",
    "集团有限公司",
    "有限公司",
    "总公司",
    "分公司",
    "集团",
    "公司",
    "corporation",
    "incorporated",
    "limited",
    "company",
    "gmbh",
    "corp",
    "pllc",
    "coltd",
    "llc",
    "ltd",
    "inc",
    "co",
    "ag",
    "sa",
];

/// The name without blanks, punctuation, width, case and legal form: what two spellings of one
/// company have in common. Never empty where the name has a letter or digit.
pub fn normalise(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(half_width)
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let mut rest = plain.as_str();
    while let Some(shorter) = FORMS
        .iter()
        .find_map(|form| rest.strip_suffix(form))
        .filter(|shorter| !shorter.is_empty())
    {
        rest = shorter;
    }
    rest.to_owned()
}

/// The text without width and case: what search compares. Blanks and punctuation stay.
pub fn fold(text: &str) -> String {
    text.chars()
        .map(half_width)
        .flat_map(char::to_lowercase)
        .collect()
}

/// A telephone number without punctuation and the prefix of the country (+86), to compare by; none
/// where there are too few digits to be one.
pub fn phone_key(number: &str) -> Option<String> {
    let digits: String = number
        .chars()
        .map(half_width)
        .filter(char::is_ascii_digit)
        .collect();
    let home = digits.strip_prefix("00").unwrap_or(&digits);
    let home = home.strip_prefix("86").filter(|rest| rest.len() >= 10);
    let key = home.unwrap_or(&digits).to_owned();
    (key.len() >= 7).then_some(key)
}

fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::{fold, normalise, phone_key};

    #[test]
    fn spellings_of_one_company_are_one() {
        for name in [
            "上海阀门股份有限公司",
            " 上海 阀门(股份)有限公司",
            "上海阀门 集团有限公司",
        ] {
            let found = normalise(name);
            assert!(
                found == "上海阀门" || found == "上海阀门股份",
                "{name}: {found}"
            );
        }
        assert_eq!(normalise("ＡＢＣ　Valves Co., Ltd."), "abcvalves");
        assert_eq!(normalise("ABC VALVES LLC"), "abcvalves");
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for number in [
            "13812345678",
            "+86 138-1234-5678",
            "0086 138 1234 5678",
            "１３８１２３４５６７８",
        ] {
            assert_eq!(
                phone_key(number).as_deref(),
                Some("13812345678"),
                "{number}"
            );
        }
        assert_eq!(phone_key("021-5555 1234").as_deref(), Some("02155551234"));
        assert_eq!(phone_key("110"), None);
        assert_eq!(fold("ＡＢ c。"), "ab c。");
    }

    #[test]
    fn a_name_that_is_a_legal_form_stays() {
        assert_eq!(normalise("公司"), "公司");
        assert_eq!(normalise("Co."), "co");
    }
}
