//! Opaque cursors: the sort value and the id of the last row of a page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::JsonValue;

use super::list::Sort;
use crate::error::{OperationsError, Result};

/// Where the next page begins. It holds nothing that the page before did not show, and the caller's
/// scope is applied anew to the next page; so it need not be signed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    pub(super) value: JsonValue,
    pub(super) id: i64,
}

impl Cursor {
    pub(super) fn encode(&self, sort: &Sort) -> String {
        let parts = serde_json::json!([sort.field, sort.descending, self.value, self.id]);
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    /// Reads a cursor of a list in that order.
    pub(super) fn decode(text: &str, sort: &Sort) -> Result<Self> {
        let parts = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| {
            serde_json::from_slice::<(String, bool, JsonValue, i64)>(&bytes).ok()
        });
        match parts {
            Some((field, descending, value, id))
                if field == sort.field && descending == sort.descending =>
            {
                Ok(Self { value, id })
            }
            _ => Err(OperationsError::Cursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_own_order_only() {
        let sort = |field: &str, descending| Sort {
            field: field.to_owned(),
            descending,
        };
        let cursor = Cursor {
            value: "阀门".into(),
            id: 7,
        };
        let text = cursor.encode(&sort("name", false));
        assert_eq!(Cursor::decode(&text, &sort("name", false)).unwrap(), cursor);
        for wrong in [sort("name", true), sort("id", false)] {
            assert!(matches!(
                Cursor::decode(&text, &wrong),
                Err(OperationsError::Cursor)
            ));
        }
        assert!(matches!(
            Cursor::decode("???", &sort("name", false)),
            Err(OperationsError::Cursor)
        ));
    }
}
