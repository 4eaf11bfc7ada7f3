//! Numbers of our parser as the engine and `serde_json` read them, and whole values as the latter
//! holds them.

use std::borrow::Cow;

use jsonschema::json::JsonNumber;
use sdmp_container::strict::{Number, Value};
use serde_json::Value as Plain;

/// A number, of which draft-04 asks whether it is *written* as an integer: 2.0 is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure<'a>(pub(crate) &'a Number<'a>);

impl JsonNumber for Figure<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        Some(self.0.as_f64())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(number(self.0).unwrap_or_else(|| serde_json::Number::from(0_u8)))
    }

    fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    fn is_written_as_integer(&self) -> bool {
        self.0.is_integer()
    }
}

/// The same number for `serde_json`; `None` if it has no such form.
pub(crate) fn number(number: &Number<'_>) -> Option<serde_json::Number> {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => Some(number.into()),
        (None, Some(number)) => Some(number.into()),
        (None, None) => serde_json::Number::from_f64(number.as_f64()),
    }
}

/// The value as `serde_json` holds it; `None` if a number has no such form.
pub(crate) fn to_json(value: &Value<'_>) -> Option<Plain> {
    Some(match value {
        Value::Null => Plain::Null,
        Value::Bool(boolean) => Plain::Bool(*boolean),
        Value::Number(figure) => Plain::Number(number(figure)?),
        Value::String(text) => Plain::String(text.to_string()),
        Value::Array(elements) => {
            Plain::Array(elements.iter().map(to_json).collect::<Option<_>>()?)
        }
        Value::Object(object) => Plain::Object(
            object
                .iter()
                .map(|(name, value)| Some((name.to_string(), to_json(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}
