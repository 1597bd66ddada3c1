//! The nearest right words to a wrong one, for messages.

/// Up to three of `candidates` that look like `wrong`, nearest first.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let folded = fold(wrong);
    let length = folded.chars().count();
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = fold(candidate);
            let contains = length >= 2
                && other.chars().count() >= 2
                && (other.contains(&folded) || folded.contains(&other));
            let distance = distance(&folded, &other);
            let near = distance <= 1 + length.max(other.chars().count()) / 3;
            match (near, contains) {
                (true, _) => Some((distance, candidate)),
                (false, true) => Some((distance + 100, candidate)),
                _ => None,
            }
        })
        .collect();
    scored.sort_by_key(|(distance, _)| *distance);
    scored.truncate(3);
    scored
        .into_iter()
        .map(|(_, candidate)| candidate.to_owned())
        .collect()
}

/// ` (did you mean a, b?)`, or nothing.
pub(crate) fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!(" (did you mean {}?)", nearest.join(" or "))
    }
}

/// Lower case, without blanks, `_` and `-`: what people vary when they name a column.
pub(crate) fn fold(name: &str) -> String {
    name.chars()
        .map(crate::value::half_width)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein distance over characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut current = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let substituted = previous[j] + usize::from(a != *b);
            current.push(substituted.min(previous[j + 1] + 1).min(current[j] + 1));
        }
        previous = current;
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_was_meant() {
        assert_eq!(
            nearest("oportunity", ["account", "opportunity"]),
            ["opportunity"]
        );
        assert_eq!(
            nearest("Close Date", ["close_date", "engage_date"])[0],
            "close_date"
        );
        assert!(nearest("zzz", ["account", "order"]).is_empty());
    }
}
