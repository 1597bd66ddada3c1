//! The unified social credit code (统一社会信用代码) of GB 32100-2015: 18 characters, the last of which
//! checks the others.

/// The characters of a code, each standing for its place; I, O, S, V and Z are not used.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;

/// Whether it is a code, written in capitals without blanks. The first 17 characters are weighted
/// by the powers of 3 modulo 31; the last completes their sum to a multiple of 31.
pub fn is_valid(code: &str) -> bool {
    let values: Option<Vec<usize>> = code
        .bytes()
        .map(|byte| CHARACTERS.iter().position(|known| *known == byte))
        .collect();
    let Some([first @ .., check]) = values.as_deref() else {
        return false;
    };
    let mut weight = 1;
    let mut sum = *check;
    for value in first {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    code.len() == LENGTH && sum.is_multiple_of(31)
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn the_last_character_checks_the_others() {
        // the example of the standard
        assert!(is_valid("91350100M000100Y43"));
        assert!(!is_valid("91350100M000100Y44"));
        assert!(!is_valid("91350100M000100Y4"));
        assert!(!is_valid(""));
    }
}
