//! Parameters of the address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, MapDeserializer};

use crate::error::ApiError;

/// The parameters of the address, each at most once; a struct with `deny_unknown_fields`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = pairs(parts.uri.query().unwrap_or_default())?;
        let read = T::deserialize(MapDeserializer::<_, Error>::new(
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), Text(value))),
        ));
        read.map(Self).map_err(|error| {
            ApiError::BadRequest(format!("the parameters cannot be read: {error}"))
        })
    }
}

/// All parameters of a query string, in their order.
///
/// # Errors
///
/// When one is no UTF-8 or holds U+0000.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let text = percent_decode(spaced.as_bytes()).decode_utf8();
        let text = text.ok().filter(|text| !text.contains('\0'));
        text.map(std::borrow::Cow::into_owned).ok_or_else(|| {
            ApiError::BadRequest(
                "the parameters must be UTF-8 without the character U+0000".to_owned(),
            )
        })
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// A value that is read as whatever its field is.
struct Text<'a>(&'a str);

impl serde::de::IntoDeserializer<'_, Error> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty),+ $(,)?) => {
        $(
            fn $method<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                match self.0.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => visitor.visit_str(self.0),
                }
            }
        )+
    };
}

impl<'de> serde::Deserializer<'de> for Text<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: serde::de::Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        use serde::de::IntoDeserializer as _;
        self.0
            .into_deserializer()
            .deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        limit: Option<u64>,
        way: Option<Way>,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Way {
        Up,
    }

    fn read(query: &str) -> Result<Wanted, String> {
        let request = axum::http::Request::builder().uri(format!("/?{query}"));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let future = Parameters::<Wanted>::from_request_parts(&mut parts, &());
        futures::executor::block_on(future)
            .map(|Parameters(wanted)| wanted)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_is_there_and_refuses_the_rest() {
        assert_eq!(
            read("name=a%2Cb+c&limit=5&way=up"),
            Ok(Wanted {
                name: "a,b c".to_owned(),
                limit: Some(5),
                way: Some(Way::Up)
            })
        );
        let check = |query: &str, expected: &str| {
            let message = read(query).unwrap_err();
            assert!(message.contains(expected), "{query}: {message}");
        };
        check("limit=5", "missing field `name`");
        check("name=a&name=b", "duplicate field `name`");
        check("name=a&sort=b", "unknown field `sort`");
        check("name=a&limit=many", "expected u64");
        check("name=a&way=down", "unknown variant `down`");
        check("name=%00", "U+0000");
        check("name=%FF", "UTF-8");
    }
}
