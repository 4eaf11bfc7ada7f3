//! Session creation objects in their open form (R25, R27).

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, b64url};

/// The object of the schema `shared_key`: one side of a Diffie-Hellman exchange.
///
/// A handshake reads the closed form instead:
/// [`SessionCreation`](crate::closed::SessionCreation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedKey {
    g: u64,
    p: String,
    n: String,
}

impl SharedKey {
    /// Makes the object; `p` and `n` are base64url of big-endian octets (R25).
    ///
    /// # Errors
    /// A `b64url.*` kind (R1).
    pub fn new(g: u64, p: String, n: String) -> Result<Self, Error> {
        b64url::check(&p).map_err(|error| error.within("/connection/p"))?;
        b64url::check(&n).map_err(|error| error.within("/connection/N"))?;
        Ok(Self { g, p, n })
    }

    /// Makes the object of octets.
    pub(crate) fn from_octets(g: u64, p: &[u8], n: &[u8]) -> Self {
        Self { g, p: b64url::encode(p), n: b64url::encode(n) }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (g, p, n) = Self::read(root)?;
        Ok(Self { g, p: p.to_owned(), n: n.to_owned() })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root).map(drop)
    }

    fn read<'o>(root: &'o Object<'_>) -> Result<(u64, &'o str, &'o str), Error> {
        let fields = Fields::member(root, CoreSchema::SharedKey)?;
        Ok((fields.unsigned("g", 0)?, fields.base64("p")?, fields.base64("N")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::SharedKey)
            .open()
            .unsigned("g", self.g)
            .string("p", &self.p)
            .string("N", &self.n)
            .finish()
    }

    /// The generator.
    #[must_use]
    pub const fn g(&self) -> u64 {
        self.g
    }

    /// The prime, in base64url.
    #[must_use]
    pub fn p(&self) -> &str {
        &self.p
    }

    /// The public value `N`, in base64url.
    #[must_use]
    pub fn n(&self) -> &str {
        &self.n
    }
}
