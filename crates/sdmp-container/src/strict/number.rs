//! Numbers, kept exactly (R4).

use std::borrow::Cow;
use std::fmt;

use crate::{ErrorKind, emit};

/// A JSON number, exactly as it was written.
///
/// Two numbers are equal if they are the same integer or, otherwise, written alike.
///
/// ```
/// use sdmp_container::Limits;
/// use sdmp_container::strict::{self, Value};
///
/// let text = br#"{"a":2,"b":2.0,"c":-0,"d":18446744073709551615}"#;
/// let Ok(Value::Object(object)) = strict::parse(text, &Limits::DEFAULT) else { panic!() };
/// let number = |name| object.get(name).and_then(Value::as_number).unwrap();
/// assert_eq!(number("a").as_u64(), Some(2));
/// assert!(!number("b").is_integer() && !number("c").is_integer());
/// assert_eq!(number("d").as_u64(), Some(u64::MAX));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Number<'a>(Repr<'a>);

#[derive(Clone, Debug, PartialEq)]
enum Repr<'a> {
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
    /// An integer beyond 64 bits.
    Long(Cow<'a, str>),
    /// With a fraction, an exponent, or minus zero.
    Other(Cow<'a, str>),
}

impl<'a> Number<'a> {
    /// Judges a number whose spelling is correct JSON.
    pub(super) fn from_text(text: &'a str, is_integer: bool) -> Result<Self, ErrorKind> {
        if is_integer {
            // Minus zero is no integer here: two spellings of one integer would not survive
            // rewriting (R4).
            if text == "-0" {
                return Ok(Self(Repr::Other(Cow::Borrowed(text))));
            }
            // No integer of 64 bits is longer, and most numbers are this short: the slow path is
            // rare.
            if text.len() <= 20 {
                if let Ok(value) = text.parse() {
                    return Ok(Self(Repr::Unsigned(value)));
                }
                if let Ok(value) = text.parse() {
                    return Ok(Self(Repr::Negative(value)));
                }
            }
            // 309 digits and a sign: no need to read a million digits to know.
            if text.len() > 310 {
                return Err(ErrorKind::NumberOutOfRange);
            }
        }
        // Refused although it could be kept exactly: other readers would see infinity or an error
        // (R4).
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {}
            _ => return Err(ErrorKind::NumberOutOfRange),
        }
        let text = Cow::Borrowed(text);
        Ok(Self(if is_integer { Repr::Long(text) } else { Repr::Other(text) }))
    }

    /// Whether the number is written as an integer: no fraction, no exponent, not `-0` (R4).
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        !matches!(self.0, Repr::Other(_))
    }

    /// The integer, if it is one and fits.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        if let Repr::Unsigned(value) = self.0 { Some(value) } else { None }
    }

    /// The integer, if it is one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Unsigned(value) => i64::try_from(value).ok(),
            Repr::Negative(value) => Some(value),
            Repr::Long(_) | Repr::Other(_) => None,
        }
    }

    /// The nearest double; what a parser without exact integers sees.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        reason = "rounding to the nearest double is what is asked for"
    )]
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Unsigned(value) => *value as f64,
            Repr::Negative(value) => *value as f64,
            Repr::Long(text) | Repr::Other(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// About how many characters it was written with: exact for all but integers of 64 bits, which
    /// count as 20. What reading the number costs grows with it.
    #[must_use]
    pub fn written_len(&self) -> usize {
        match &self.0 {
            Repr::Unsigned(_) | Repr::Negative(_) => 20,
            Repr::Long(text) | Repr::Other(text) => text.len(),
        }
    }

    pub(super) fn into_owned(self) -> Number<'static> {
        Number(match self.0 {
            Repr::Unsigned(value) => Repr::Unsigned(value),
            Repr::Negative(value) => Repr::Negative(value),
            Repr::Long(text) => Repr::Long(Cow::Owned(text.into_owned())),
            Repr::Other(text) => Repr::Other(Cow::Owned(text.into_owned())),
        })
    }

    pub(super) fn write(&self, out: &mut String) {
        match &self.0 {
            Repr::Unsigned(value) => out.push_str(&value.to_string()),
            Repr::Negative(value) => out.push_str(&value.to_string()),
            Repr::Long(text) => out.push_str(text),
            // Written as other implementations write doubles, so that rewriting gives one text
            // (R3).
            Repr::Other(_) => emit::double(out, self.as_f64()),
        }
    }
}

impl From<u64> for Number<'_> {
    fn from(value: u64) -> Self {
        Self(Repr::Unsigned(value))
    }
}

impl From<i64> for Number<'_> {
    fn from(value: i64) -> Self {
        Self(u64::try_from(value).map_or(Repr::Negative(value), Repr::Unsigned))
    }
}

impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}
