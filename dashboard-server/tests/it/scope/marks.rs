//! Texts and amounts that say which field of which record they are.

use std::io::{Cursor, Read};

use axum::http::header;
use millrace_operations::entity::RESOURCES;
use millrace_operations::resource::{Kind, Resource};

use crate::app::Answer;

/// A field of a planted record: the place of its resource, its number there, the place of the
/// field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) entity: usize,
    pub(crate) number: usize,
    pub(crate) field: usize,
}

impl Mark {
    pub(crate) fn of(resource: &'static Resource, number: usize, field: &str) -> Self {
        let entity = RESOURCES.iter().position(|own| own.name == resource.name);
        let field = resource.fields.iter().position(|own| own.name == field);
        Self {
            entity: entity.unwrap(),
            number,
            field: field.unwrap(),
        }
    }

    /// As text: no part of it is a mark.
    pub(crate) fn word(self) -> String {
        format!(
            "zq{:02}x{:03}x{:02}qz",
            self.entity, self.number, self.field
        )
    }

    /// As an amount in fen; its yuan have two decimals.
    pub(crate) fn amount(self) -> i64 {
        let digits = format!("77{:02}{:02}{:02}37", self.entity, self.number, self.field);
        digits.parse().unwrap()
    }

    /// The word in a text field, if the field is marked by one.
    pub(crate) fn text(resource: &'static Resource, number: usize, field: &str) -> Option<String> {
        let kind = resource.field(field)?.kind;
        (kind == Kind::Text && !super::planted::is_plain(resource.name, field))
            .then(|| Self::of(resource, number, field).word())
    }

    pub(crate) fn field_name(self) -> &'static str {
        RESOURCES[self.entity].fields[self.field].name
    }
}

/// The text of an answer, also of a workbook.
pub(crate) fn text_of(answer: &Answer) -> String {
    let kind = answer.header(header::CONTENT_TYPE);
    if !kind.contains("spreadsheetml") {
        return String::from_utf8_lossy(&answer.body).into_owned();
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(&answer.body)).unwrap();
    let mut text = String::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

/// All marks in an answer.
pub(crate) fn found(answer: &Answer) -> impl Iterator<Item = Mark> + use<> {
    let text = text_of(answer);
    let mut marks = words(&text);
    marks.extend(amounts(&text));
    marks.sort_unstable();
    marks.dedup();
    marks.into_iter()
}

fn number(text: &str) -> Option<usize> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn words(text: &str) -> Vec<Mark> {
    // letters may come back in capitals
    let lower = text.to_ascii_lowercase();
    let starts = lower.match_indices("zq");
    starts
        .filter_map(|(start, _)| {
            let word = lower.get(start..start + 13)?;
            let inner = word.strip_prefix("zq")?.strip_suffix("qz")?;
            let mut parts = inner.split('x');
            Some(Mark {
                entity: number(parts.next()?)?,
                number: number(parts.next()?)?,
                field: number(parts.next()?)?,
            })
        })
        .collect()
}

/// `77eennff37` in fen, `77eennff.37` in yuan, between other characters than digits.
fn amounts(text: &str) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let mut marks = Vec::new();
    for (start, _) in text.match_indices("77") {
        if start > 0 && (bytes[start - 1].is_ascii_digit() || bytes[start - 1] == b'.') {
            continue;
        }
        let Some(head) = text.get(start..start + 8) else {
            continue;
        };
        let tail = text.get(start + 8..).unwrap_or_default();
        let tail = tail.strip_prefix('.').unwrap_or(tail);
        let ends = tail
            .strip_prefix("37")
            .is_some_and(|rest| !rest.as_bytes().first().is_some_and(u8::is_ascii_digit));
        let read = |from: usize| number(head.get(from..from + 2)?);
        if ends && let (Some(entity), Some(place), Some(field)) = (read(2), read(4), read(6)) {
            marks.push(Mark {
                entity,
                number: place,
                field,
            });
        }
    }
    marks
}

#[test]
fn marks_are_found_again() {
    let mark = Mark {
        entity: 3,
        number: 7,
        field: 21,
    };
    assert_eq!(words(&format!("a {} b", mark.word())), [mark]);
    let fen = mark.amount();
    for text in [
        format!("[{fen}]"),
        format!(",{}.37,", fen / 100),
        fen.to_string(),
    ] {
        assert_eq!(amounts(&text), [mark], "{text}");
    }
    assert!(amounts(&format!("1{fen}")).is_empty());
    assert!(words("zq03****21qz").is_empty());
}
