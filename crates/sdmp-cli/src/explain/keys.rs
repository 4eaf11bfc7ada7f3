//! The secrets of one session, as the nodes log them on request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sdmp_crypto::secret::Secret;
use sdmp_envelope::ContentKey;
use sdmp_handshake::KeyLog;
use zeroize::Zeroizing;

use super::tap::Side;
use crate::error::{Exit, Failure};

/// A key log in memory, wiped when it is dropped.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<&'static str, Zeroizing<Vec<u8>>>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(redacted)")
    }
}

impl KeyLog for Keys {
    fn log(&self, label: &'static str, _handshake: &[u8; 32], secret: &[u8]) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(label, Zeroizing::new(secret.to_vec()));
    }
}

impl Keys {
    fn secret<const N: usize>(&self, label: &str) -> Result<Secret<N>, Failure> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = keys.get(label).ok_or_else(|| {
            Failure::new(Exit::Other, "explain.no_key", format!("the key log has no {label}"))
        })?;
        Ok(Secret::from_slice(secret)?)
    }

    /// The key of M3 or M4.
    pub(crate) fn handshake(&self, from: Side) -> Result<ContentKey, Failure> {
        let label = match from {
            Side::Initiator => "HS_I2R",
            Side::Responder => "HS_R2I",
        };
        Ok(ContentKey::authenticated(self.secret(label)?))
    }

    /// The key of everything from FIN on.
    pub(crate) fn traffic(&self, from: Side) -> Result<ContentKey, Failure> {
        let label = match from {
            Side::Initiator => "AP_I2R",
            Side::Responder => "AP_R2I",
        };
        Ok(ContentKey::authenticated(self.secret(label)?))
    }

    /// The one key of the published profile.
    pub(crate) fn published(&self) -> Result<ContentKey, Failure> {
        Ok(ContentKey::unauthenticated(self.secret("PUBLISHED_K")?))
    }
}
