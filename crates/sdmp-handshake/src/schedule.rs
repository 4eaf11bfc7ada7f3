//! The key schedule (section 7 of the protocol; the strings below are its labels).
//!
//! Public so that an implementer can check every intermediate value; a program uses
//! [`Session`](crate::Session).

use sdmp_crypto::hash::{sha512, sha512_parts};
use sdmp_crypto::hkdf::Prk;
use sdmp_crypto::secret::{Secret, SecretVec};

use crate::error::{Error, Misuse};

const HARDENED: &[u8] = b"sdmp/0.12 hardened";

/// The hash of both session creation objects as received: T1.
#[must_use]
pub fn transcript_1(m1: &[u8], m2: &[u8]) -> [u8; 64] {
    sha512_parts(&[HARDENED, &length(m1), m1, &length(m2), m2])
}

/// The hash of T1 and both signed session creations without their padding: T2.
#[must_use]
pub fn transcript_2(t1: &[u8; 64], p3: &[u8], p4: &[u8]) -> [u8; 64] {
    sha512_parts(&[t1, &length(p3), p3, &length(p4), p4])
}

/// u32(x): the octet length, 4 octets, big-endian. All messages are limited far below 2^32.
fn length(octets: &[u8]) -> [u8; 4] {
    u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The keys of M3, M4 and sealed rejections (hardened).
#[derive(Debug)]
#[non_exhaustive]
pub struct HandshakeSecrets {
    /// From the initiator to the responder.
    pub i2r: Secret<64>,
    /// From the responder to the initiator.
    pub r2i: Secret<64>,
    /// S, from which the traffic keys come.
    pub derived: Secret<64>,
}

impl HandshakeSecrets {
    /// Derives them from the shared secret Z, left-padded to the length of p (R26), and T1.
    ///
    /// # Errors
    /// None that a caller can cause: the lengths are fixed.
    pub fn derive(z: &SecretVec, t1: &[u8; 64]) -> Result<Self, Error> {
        let prk = Prk::extract(t1, z.expose());
        Ok(Self {
            i2r: expand(&prk, b"sdmp/0.12 hs i2r")?,
            r2i: expand(&prk, b"sdmp/0.12 hs r2i")?,
            derived: expand(&prk, b"sdmp/0.12 derived")?,
        })
    }
}

/// The keys of everything from FIN on (hardened).
#[derive(Debug)]
#[non_exhaustive]
pub struct TrafficSecrets {
    /// From the initiator to the responder.
    pub i2r: Secret<64>,
    /// From the responder to the initiator.
    pub r2i: Secret<64>,
    /// What [`export`] starts from.
    pub exporter: Secret<64>,
    /// A public name for the session.
    pub session_id: [u8; 32],
}

impl TrafficSecrets {
    /// Derives them from S and T2.
    ///
    /// # Errors
    /// None that a caller can cause: the lengths are fixed.
    pub fn derive(derived: &Secret<64>, t2: &[u8; 64]) -> Result<Self, Error> {
        let prk = Prk::extract(t2, derived.expose());
        let session_id: Secret<32> = expand(&prk, b"sdmp/0.12 session id")?;
        Ok(Self {
            i2r: expand(&prk, b"sdmp/0.12 ap i2r")?,
            r2i: expand(&prk, b"sdmp/0.12 ap r2i")?,
            exporter: expand(&prk, b"sdmp/0.12 exporter")?,
            session_id: *session_id.expose(),
        })
    }
}

/// The one key of the published profile: the first 32 octets of SHA-512(Z).
#[must_use]
pub fn published_key(z: &SecretVec) -> Secret<32> {
    let mut hash = zeroize::Zeroizing::new(sha512(z.expose()));
    let mut key = zeroize::Zeroizing::new([0; 32]);
    for (slot, octet) in key.iter_mut().zip(hash.iter_mut()) {
        *slot = *octet;
    }
    Secret::new(*key)
}

/// A secret for another protocol (R44): HKDF-Expand(exporter, label || 0 || SHA-512(context), n).
///
/// # Errors
/// [`Misuse::Exporter`] for a label that is not 1 to 64 printable ASCII characters or an output of
/// more than 16,320 octets.
pub fn export(exporter: &Prk, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
    const LONGEST: usize = 255 * 64;
    let printable = label.bytes().all(|octet| (0x20..=0x7e).contains(&octet));
    if label.is_empty() || label.len() > 64 || !printable || out.len() > LONGEST {
        return Err(Error::ApiMisuse(Misuse::Exporter));
    }
    exporter.expand(&[label.as_bytes(), &[0], &sha512(context)], out).map_err(local)
}

fn expand<const N: usize>(prk: &Prk, label: &[u8]) -> Result<Secret<N>, Error> {
    let mut out = zeroize::Zeroizing::new([0; N]);
    prk.expand(&[label], out.as_mut_slice()).map_err(local)?;
    Ok(Secret::new(*out))
}

fn local(error: sdmp_crypto::Error) -> Error {
    Error::Local(error.into())
}
