//! Session creation objects (R25, R27): the first message of each side.

use crate::closed::root;
use crate::kind::{Fields, SharedKey};
use crate::{CoreSchema, Error, ErrorKind, Limits, b64url};

/// The closed session creation object (R27).
///
/// Whether the group is acceptable and `n` in range is *not* checked here (R23, R25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCreation {
    /// The generator.
    pub g: u64,
    /// The prime: big-endian octets, the first of which is not zero (R25).
    pub p: Vec<u8>,
    /// The public value: big-endian octets.
    pub n: Vec<u8>,
}

impl SessionCreation {
    /// Reads the object from at most 4,096 octets (R42). The schemas `["shared_key"]` and
    /// `["connection"]` are accepted (R27).
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*`, `b64url.*` or `closed.*` kind; `closed.leading_zero_octet`
    /// for a prime with a leading zero octet or of no octets (R25).
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        Self::parse_within(octets, &Limits::CLOSED_PLAIN)
    }

    /// As [`parse`](Self::parse), within other limits.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(octets: &[u8], limits: &Limits) -> Result<Self, Error> {
        let root = root(octets, limits, &["shared_key", "connection"], "connection")?;
        let fields = Fields::member(&root, CoreSchema::SharedKey)?;
        fields.close(&["g", "p", "N"])?;
        let g = fields.unsigned("g", 0)?;
        let p = b64url::decode(fields.base64("p")?)?;
        let n = b64url::decode(fields.base64("N")?)?;
        if p.first().is_none_or(|octet| *octet == 0) {
            return Err(fields.fault(ErrorKind::LeadingZeroOctet, "p"));
        }
        Ok(Self { g, p, n })
    }

    /// The object as text (R27), always with the schema `shared_key`.
    #[must_use]
    pub fn to_text(&self) -> String {
        SharedKey::from_octets(self.g, &self.p, &self.n).to_text()
    }
}
