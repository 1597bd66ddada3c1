//! What the records of operations are called in the lake.
//!
//! A record with a human number of its own has that number for its id: a drill shows what people
//! say. All others are called by their resource and their id in the database. Ids never change.

/// The system whose ids these are: `_source` of the raw tables, the namespace of references.
pub const SYSTEM: &str = "millrace";

/// The resources whose records have a number of their own. The number of a quote is shared by its
/// versions and alternatives, so it is none.
const NUMBERED: [&str; 7] = [
    "account",
    "opportunity",
    "contract",
    "order",
    "receipt",
    "ticket",
    "delivery",
];

/// Whether the records of a resource are called by their human number.
pub fn is_numbered(resource: &str) -> bool {
    NUMBERED.contains(&resource)
}

/// The id of a record in the lake: its number where the resource [is numbered](is_numbered), else
/// resource and id, as `user-12`.
pub fn lake_id(resource: &str, id: i64, number: Option<&str>) -> String {
    match number.filter(|_| is_numbered(resource)) {
        Some(number) => number.to_owned(),
        None => format!("{resource}-{id}"),
    }
}

/// A number of a text that hardly another text shares, the same in all releases (FNV-1a).
pub fn text_number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What members of a dimension are called: by their name, and by name and id where two share the
/// name. Takes id and name of each, and answers in the same order.
pub fn labels<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let members: Vec<(&str, &str)> = members.into_iter().collect();
    let mut count = std::collections::HashMap::new();
    for (_, name) in &members {
        *count.entry(*name).or_insert(0_u32) += 1;
    }
    members
        .iter()
        .map(|(id, name)| {
            if id != name && count.get(name).is_some_and(|count| *count > 1) {
                format!("{name} ({id})")
            } else {
                (*name).to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_text_is_that_of_the_published_tests() {
        // from the list of test vectors of the hash's authors
        assert_eq!(text_number(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(text_number("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(text_number("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_number_of_its_own_is_the_id() {
        let number = Some("ACC-2026-00007");
        assert_eq!(lake_id("account", 7, number), "ACC-2026-00007");
        assert_eq!(lake_id("quote", 15, Some("QUO-2026-00001")), "quote-15");
        assert_eq!(lake_id("user", 12, None), "user-12");
    }

    #[test]
    fn a_shared_name_has_its_id_behind_it() {
        let members = [("team-1", "East"), ("team-2", "South"), ("team-3", "East")];
        assert_eq!(labels(members), ["East (team-1)", "South", "East (team-3)"]);
    }
}
