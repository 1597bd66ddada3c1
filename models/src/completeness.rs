//! Which fields of a record should be filled, declared in `models/metrics/completeness.toml`, and
//! whether what fills them has the form that it must have.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::credit_code;
use crate::metric::RegistryError;

/// The form that a value must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A unified social credit code whose check character is right.
    CreditCode,
    /// A telephone number.
    Phone,
    /// A number above 0.
    Positive,
    /// A contact with a name and a way to reach them; told by the contacts of the account.
    Contact,
}

/// When a field applies to a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Another field of the record.
    pub field: String,
    /// One of these values of it.
    pub is: Vec<String>,
}

/// A field that should be filled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// How much it weighs.
    #[serde(default = "one")]
    pub weight: u32,
    /// The form that its value must have.
    #[serde(default)]
    pub valid: Option<Form>,
    /// When it applies; always where nothing is said.
    #[serde(default)]
    pub when: Option<When>,
}

/// The fields of an entity that should be filled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// The entity.
    pub entity: String,
    /// Its fields, 32 at most.
    pub fields: Vec<Wanted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    record: Vec<Completeness>,
}

fn one() -> u32 {
    1
}

/// What is declared for an entity; none of an entity of which nothing is asked.
///
/// # Errors
/// [`RegistryError`] where the declaration is wrong; a test keeps that from happening.
pub fn shipped(entity: &str) -> Result<Option<&'static Completeness>, RegistryError> {
    static SHIPPED: OnceLock<Result<Vec<Completeness>, RegistryError>> = OnceLock::new();
    let read = || {
        let text = include_str!("../metrics/completeness.toml");
        let file: Result<File, _> = toml::from_str(text);
        file.map(|file| file.record)
            .map_err(|error| RegistryError::File {
                file: "completeness.toml",
                reason: error.to_string(),
            })
    };
    let all = SHIPPED.get_or_init(read).as_ref().map_err(Clone::clone)?;
    Ok(all.iter().find(|own| own.entity == entity))
}

/// Whether a text has the form of a telephone number: 7 to 15 digits (ITU-T E.164), with the usual
/// signs between; a Chinese mobile number as those begin. One digit again and again is none.
pub fn is_phone(text: &str) -> bool {
    let mut digits = String::new();
    for letter in text.trim().chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            '０'..='９' => {
                let value = u32::from(letter) - u32::from('０');
                digits.extend(char::from_digit(value, 10));
            }
            '+' if digits.is_empty() => {}
            ' ' | '-' | '(' | ')' | '（' | '）' | '.' | '/' => {}
            _ => return false,
        }
    }
    let national = digits.strip_prefix("86").filter(|rest| rest.len() == 11);
    let number = national.unwrap_or(&digits);
    if number.len() == 11 && number.starts_with('1') {
        let second = number.as_bytes()[1];
        if !(b'3'..=b'9').contains(&second) {
            return false;
        }
    }
    let first = number.as_bytes().first();
    (7..=15).contains(&digits.len()) && number.bytes().any(|digit| Some(&digit) != first)
}

/// Whether a text has a form.
pub fn has_form(form: Form, text: &str) -> bool {
    match form {
        Form::CreditCode => {
            let code: String = text.chars().filter(|own| !own.is_whitespace()).collect();
            credit_code::is_valid(&code.to_ascii_uppercase())
        }
        Form::Phone => is_phone(text),
        Form::Positive => text.parse().is_ok_and(|number: f64| number > 0.0),
        Form::Contact => !text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Entity;

    #[test]
    fn every_field_that_is_asked_for_exists() {
        for name in ["account", "opportunity", "quote", "contract"] {
            let entity = Entity::from_name(name).unwrap();
            let own = shipped(name).unwrap().unwrap();
            assert!(!own.fields.is_empty() && own.fields.len() <= 32);
            for wanted in &own.fields {
                let known = |name: &str| entity.fields().iter().any(|own| own.name == name);
                let is_contact = wanted.valid == Some(Form::Contact);
                assert!(known(&wanted.name) || is_contact, "{name}.{}", wanted.name);
                assert!(wanted.when.as_ref().is_none_or(|when| known(&when.field)));
                assert!(wanted.weight > 0);
            }
        }
        assert_eq!(shipped("team").unwrap(), None);
    }

    #[test]
    fn knows_telephone_numbers() {
        for right in [
            "13800138000",
            "+86 138-0013-8000",
            "021-62345678",
            "(0571) 8765 4321",
        ] {
            assert!(is_phone(right), "{right}");
        }
        for wrong in [
            "",
            "12345",
            "11111111",
            "12800138000",
            "138x0138000",
            "1234567890123456",
        ] {
            assert!(!is_phone(wrong), "{wrong}");
        }
    }

    #[test]
    fn forms_are_checked() {
        assert!(has_form(Form::CreditCode, "9135 0100 m000 100y43"));
        assert!(!has_form(Form::CreditCode, "913501000000000000"));
        assert!(has_form(Form::Positive, "0.5") && !has_form(Form::Positive, "0"));
    }
}
