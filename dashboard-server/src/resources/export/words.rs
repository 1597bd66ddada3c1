//! What resources, fields and choices are called in files, in both languages; the same words that
//! the pages have.

use std::collections::HashMap;
use std::sync::LazyLock;

use millrace_models::metric::Label;
use millrace_operations::resource::{Field, Resource};
use serde::Deserialize;

use crate::export::Language;

/// Chinese and English.
type Pair = (String, String);
type Pairs = HashMap<String, Pair>;

#[derive(Deserialize, Default)]
struct Words {
    entity: Pairs,
    field: Pairs,
    /// Fields that a resource calls otherwise.
    own: HashMap<String, Pairs>,
    choice: HashMap<String, HashMap<String, Pairs>>,
}

// A test reads the file, so it can be read.
static WORDS: LazyLock<Words> =
    LazyLock::new(|| serde_json::from_str(include_str!("words.json")).unwrap_or_default());

fn choose(pair: &Pair, language: Language) -> String {
    match language {
        Language::Zh => pair.0.clone(),
        Language::En => pair.1.clone(),
    }
}

/// What a resource is called.
pub(crate) fn resource(resource: &Resource, language: Language) -> String {
    WORDS
        .entity
        .get(resource.name)
        .map_or_else(|| resource.name.to_owned(), |pair| choose(pair, language))
}

/// What a field is called.
pub(super) fn field(resource: &Resource, field: &Field) -> Label {
    let own = WORDS
        .own
        .get(resource.name)
        .and_then(|own| own.get(field.name));
    let (zh, en) = own.or_else(|| WORDS.field.get(field.name)).map_or_else(
        || (field.name.to_owned(), field.name.to_owned()),
        Clone::clone,
    );
    Label { zh, en }
}

/// What a word of a choice is called.
pub(super) fn choice(resource: &Resource, field: &Field, word: &str, language: Language) -> String {
    let choices = WORDS.choice.get(resource.name);
    let pair = choices.and_then(|fields| fields.get(field.name)?.get(word));
    pair.map_or_else(|| word.to_owned(), |pair| choose(pair, language))
}

#[cfg(test)]
mod tests {
    use millrace_operations::entity::RESOURCES;
    use millrace_operations::resource::Kind;

    use super::*;

    #[test]
    fn everything_has_a_name_in_both_languages() {
        let mut nameless = Vec::new();
        for resource in RESOURCES {
            if !WORDS.entity.contains_key(resource.name) {
                nameless.push(resource.name.to_owned());
            }
            for field in resource.fields {
                let label = super::field(resource, field);
                if label.zh == field.name || label.zh.is_empty() || label.en.is_empty() {
                    nameless.push(format!("{}.{}", resource.name, field.name));
                }
                let Kind::Choice(words) = field.kind else {
                    continue;
                };
                for word in words {
                    if choice(resource, field, word, Language::Zh) == *word {
                        nameless.push(format!("{}.{}={word}", resource.name, field.name));
                    }
                }
            }
        }
        assert!(nameless.is_empty(), "{nameless:?}");
    }
}
