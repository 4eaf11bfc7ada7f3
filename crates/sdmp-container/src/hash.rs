//! The two kinds of SHA-512 values that containers name things with (R2).

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, b64url};

/// Declares a newtype of a SHA-512 value whose text form is 86 characters of base64url.
macro_rules! hash {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 64]);

        impl $name {
            /// From the 64 octets of a SHA-512 value.
            #[must_use]
            pub const fn from_octets(octets: [u8; 64]) -> Self {
                Self(octets)
            }

            /// The 64 octets.
            #[must_use]
            pub const fn as_octets(&self) -> &[u8; 64] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Reads the text form: exactly 86 characters of strict base64url (R1, R2).
            fn from_str(text: &str) -> Result<Self, Error> {
                b64url::decode_array(text, ErrorKind::HashLength).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&b64url::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

hash! {
    /// The fingerprint of a key: what names a user or a node (R2, R15).
    ///
    /// ```
    /// use sdmp_container::Fingerprint;
    ///
    /// let text = "A".repeat(86);
    /// let fingerprint: Fingerprint = text.parse().unwrap();
    /// assert_eq!(fingerprint.as_octets(), &[0; 64]);
    /// assert_eq!(fingerprint.to_string(), text);
    /// assert_eq!("A".repeat(85).parse::<Fingerprint>().unwrap_err().code(), "hash.length");
    /// ```
    Fingerprint
}

hash! {
    /// The identifier of a signed container: what names a resource (R2, R17).
    Identifier
}
