//! Query strings, read into types. Every word of a query is text; what it must be, its field says.

use super::problem::Problem;
use super::reading::Reading;
use super::routes::Takes;
use crate::domain::fault::Fault;
use crate::domain::field_error::FieldError;
use crate::domain::json_input::{THE_WHOLE, explained};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use schemars::JsonSchema;
use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::future::{Ready, ready};

/// The query of a request.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request).map(Query))
    }
}

impl<T: JsonSchema> Takes for Query<T> {
    const QUERY: bool = true;

    fn tell(reading: &mut Reading<'_>) {
        reading.query::<T>();
    }
}

/// Reads the query of a request. What does not fit is a 422 that names the field; a field without a value is not asked.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    read(request.query_string()).map_err(Problem::from)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, FieldError> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        url::form_urlencoded::parse(text.as_bytes()).filter(|(_, word)| !word.is_empty()).collect();
    if let Some((field, _)) = pairs.iter().find(|(field, word)| field.contains('\0') || word.contains('\0')) {
        let field = if field.contains('\0') { THE_WHOLE } else { field };
        return Err(FieldError::new(field, Fault::NulInQuery));
    }
    let words = pairs.into_iter().map(|(field, word)| (field, Word(word)));
    serde_path_to_error::deserialize(MapDeserializer::new(words)).map_err(|error| {
        let path = error.path().to_string();
        explained(if path == "." { "" } else { &path }, &error.into_inner().to_string())
    })
}

/// The value of one field.
struct Word<'a>(Cow<'a, str>);

impl<'a> IntoDeserializer<'a, Error> for Word<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Word<'_> {
    fn number<N: std::str::FromStr>(&self) -> Result<N, Error> {
        self.0.parse().map_err(|_| Error::custom(format!("must be a whole number, not “{}”", self.0)))
    }
}

impl<'de> Deserializer<'de> for Word<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.into_deserializer().deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &*self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            other => Err(Error::custom(format!("must be true or false, not “{other}”"))),
        }
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(self.number()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.number()?)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::EntryStatus;
    use crate::domain::ids::AccountId;
    use crate::domain::priority::Priority;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Sample {
        status: Option<EntryStatus>,
        account_id: Option<AccountId>,
        priority: Option<Priority>,
        due: Option<bool>,
        q: Option<String>,
    }

    #[test]
    fn words_are_read_as_their_fields_say() {
        let all = read::<Sample>("status=pending&account_id=7&priority=1&due=true&q=%E4%BD%A0+5");
        let expected = Sample {
            status: Some(EntryStatus::Pending),
            account_id: Some(AccountId(7)),
            priority: Some(Priority::FIRST),
            due: Some(true),
            q: Some("你 5".to_owned()),
        };
        assert_eq!(all, Ok(expected));
        assert_eq!(read("status=&q=&due="), Ok(Sample::default()));
        assert_eq!(read(""), Ok(Sample::default()));
    }

    #[test]
    fn what_does_not_fit_is_told_by_field() {
        for (text, field, says) in [
            ("status=open", "status", "“open” is not one of pending, "),
            ("account_id=x", "account_id", "must be a whole number, not “x”"),
            ("account_id=99999999999999999999", "account_id", "must be a whole number"),
            ("priority=11", "priority", "from 1 (first) to 10 (last), not 11"),
            ("due=1", "due", "must be true or false, not “1”"),
            ("q=%00", "q", "U+0000"),
            ("q=a&q=b", "q", "is given twice"),
            ("stats=pending", "stats", "is not known here; there are status, "),
        ] {
            let error = read::<Sample>(text).expect_err("does not fit");
            assert_eq!(error.field, field, "{text}: {error}");
            assert!(error.message().contains(says), "{text}: {error}");
        }
    }
}
