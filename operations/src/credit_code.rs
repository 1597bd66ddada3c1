//! The unified social credit code (统一社会信用代码) as people write it.

/// The code in capitals and without blanks, width and hyphens, if it is a valid one.
pub fn parse(text: &str) -> Option<String> {
    let code: String = crate::names::fold(text)
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .map(|character| character.to_ascii_uppercase())
        .collect();
    millrace_models::credit_code::is_valid(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn known_codes_are_valid() {
        // The example of the standard, and companies of public record.
        for code in [
            "91350100M000100Y43",
            "9144030071526726XG",
            "91330100799655058B",
            "914403001922038216",
            "91110000802100433B",
            "91110108551385082Q",
            "911100007109250324",
            "91440300708461136T",
        ] {
            assert_eq!(parse(code).as_deref(), Some(code));
            // Any other check character is wrong.
            for last in "0123456789ABCDEFGHJKLMNPQRTUWXY".chars() {
                let other = format!("{}{last}", &code[..17]);
                assert_eq!(parse(&other).is_some(), other == code, "{other}");
            }
        }
    }

    #[test]
    fn spelling_does_not_matter_and_length_does() {
        let written = parse(" ９１３５ 0100-m000100y43 ");
        assert_eq!(written.as_deref(), Some("91350100M000100Y43"));
        for wrong in [
            "",
            "91350100M000100Y4",
            "91350100M000100Y433",
            "9135O100M000100Y43",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
