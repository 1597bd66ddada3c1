//! Bodies that several actions share.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// Why.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub(crate) reason: String,
}

/// Why, if it is said.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptionalReason {
    /// Why.
    #[schema(max_length = 1000)]
    pub(crate) reason: Option<String>,
}

/// Who gets it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonBody)]
pub(crate) struct Successor {
    /// The user.
    pub(crate) user_id: i64,
}

/// Who gets it, and why.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assignment {
    /// The user.
    pub(crate) user_id: i64,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub(crate) reason: String,
}

/// A language of the pages.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PageLanguage)]
pub(crate) enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// Its code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// A field that is there: null empties it, while one that is left out stays.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
