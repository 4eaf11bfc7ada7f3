//! Reads the members of a case's input, octets above all.

use crate::error::Error;
use serde_json::{Map, Value};

/// The input of a case, with the names of its members in error messages.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Input<'a> {
    /// A member that must be there.
    pub(crate) fn member(self, name: &str) -> Result<&'a Value, Error> {
        self.0.get(name).ok_or_else(|| Error::vector(format!("the input lacks {name}")))
    }

    /// A string that must be there.
    pub(crate) fn text(self, name: &str) -> Result<&'a str, Error> {
        self.member(name)?.as_str().ok_or_else(|| Error::vector(format!("{name} is not a string")))
    }

    /// A string that may be absent.
    pub(crate) fn optional_text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A number that may be absent.
    pub(crate) fn optional_number(self, name: &str) -> Result<Option<u64>, Error> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(Error::vector(format!("{name} is not a whole number"))),
            },
        }
    }

    /// Octets that must be there, in the notation of the vector format.
    pub(crate) fn octets(self, name: &str) -> Result<Vec<u8>, Error> {
        let mut octets = Vec::new();
        append(self.member(name)?, &mut octets)
            .map_err(|what| Error::vector(format!("{name}: {what}")))?;
        Ok(octets)
    }

    /// Octets in hexadecimal that must be there and have this length.
    pub(crate) fn array<const N: usize>(self, name: &str) -> Result<[u8; N], Error> {
        let octets = self.octets(name)?;
        let length = octets.len();
        octets.try_into().map_err(|_| Error::vector(format!("{name} has {length} octets, not {N}")))
    }

    /// The members of an object that may be absent.
    pub(crate) fn object(self, name: &str) -> Option<Input<'a>> {
        self.0.get(name).and_then(Value::as_object).map(Input)
    }

    /// The elements of an array that may be absent.
    pub(crate) fn list(self, name: &str) -> impl Iterator<Item = &'a Value> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

fn append(notation: &Value, octets: &mut Vec<u8>) -> Result<(), String> {
    let members =
        notation.as_object().ok_or("octets are an object with text, hex, base64url or parts")?;
    if let Some(parts) = members.get("parts").and_then(Value::as_array) {
        return parts.iter().try_for_each(|part| append(part, octets));
    }
    let times = match members.get("times") {
        None => 1,
        Some(times) => times
            .as_u64()
            .and_then(|times| usize::try_from(times).ok())
            .ok_or("times is not a whole number")?,
    };
    let run = run(members)?;
    octets.reserve(run.len().saturating_mul(times));
    for _ in 0..times {
        octets.extend_from_slice(&run);
    }
    Ok(())
}

fn run(members: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let string = |name: &str| members.get(name).and_then(Value::as_str);
    if let Some(text) = string("text") {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(text) = string("hex") {
        return from_hex(text).ok_or_else(|| "hex is not pairs of hexadecimal digits".to_owned());
    }
    if let Some(text) = string("base64url") {
        return sdmp_container::b64url::decode(text).map_err(|error| error.to_string());
    }
    Err("octets need text, hex, base64url or parts".to_owned())
}

/// Octets as lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Reads hexadecimal digits; none where they are not pairs of such.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => high.checked_mul(16)?.checked_add(*low),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn octets(notation: Value) -> Result<Vec<u8>, Error> {
        let value = json!({"octets": notation});
        Input(value.as_object().expect("an object")).octets("octets")
    }

    #[test]
    fn notations() {
        let nested = json!({"parts": [{"text": "ab", "times": 2}, {"hex": "00ff"}, {"parts": [{"base64url": "AQ"}]}]});
        assert_eq!(octets(nested), Ok(b"abab\x00\xff\x01".to_vec()));
        for wrong in [
            json!("x"),
            json!({}),
            json!({"hex": "0"}),
            json!({"hex": "zz"}),
            json!({"text": "a", "times": -1}),
        ] {
            assert!(octets(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(to_hex(&[0, 171]), "00ab");
        assert_eq!(from_hex("00ab"), Some(vec![0, 171]));
    }
}
