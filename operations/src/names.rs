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

fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::normalise;

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
    fn a_name_that_is_a_legal_form_stays() {
        assert_eq!(normalise("公司"), "公司");
        assert_eq!(normalise("Co."), "co");
    }
}
