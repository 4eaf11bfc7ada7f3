//! Sealing and opening as the tester needs it: any key, any number, any padding.

use super::case::{Side, Under};
use crate::error::Error;
use sdmp_container::closed::EncryptedObject;
use sdmp_container::{Limits, b64url};
use sdmp_crypto::content::{a256cbc, a256cbc_hs512};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::secret::{Secret, SecretVec};
use sdmp_handshake::schedule::{
    HandshakeSecrets, TrafficSecrets, published_key, transcript_1, transcript_2,
};

/// One step of padding (R33).
pub(super) const PADDING_BLOCK: usize = 8192;

/// All keys of a session, as far as it has come.
#[derive(Debug)]
pub(super) struct Keys {
    side: Side,
    z: SecretVec,
    t1: [u8; 64],
    handshake: HandshakeSecrets,
    traffic: Option<(TrafficSecrets, [u8; 64])>,
}

fn crypto(error: &impl ToString) -> Error {
    Error::vector(error.to_string())
}

impl Keys {
    /// The keys of the handshake.
    pub(super) fn new(side: Side, z: SecretVec, m1: &[u8], m2: &[u8]) -> Result<Self, Error> {
        let t1 = transcript_1(m1, m2);
        let handshake = HandshakeSecrets::derive(&z, &t1).map_err(|error| crypto(&error))?;
        Ok(Self { side, z, t1, handshake, traffic: None })
    }

    /// Adds the traffic keys.
    pub(super) fn prove(&mut self, p3: &[u8], p4: &[u8]) -> Result<(), Error> {
        let t2 = transcript_2(&self.t1, p3, p4);
        let secrets =
            TrafficSecrets::derive(&self.handshake.derived, &t2).map_err(|error| crypto(&error))?;
        self.traffic = Some((secrets, t2));
        Ok(())
    }

    /// T2, once there is one.
    pub(super) fn t2(&self) -> [u8; 64] {
        self.traffic.as_ref().map_or([0; 64], |(_, t2)| *t2)
    }

    /// T1.
    pub(super) fn t1(&self) -> &[u8; 64] {
        &self.t1
    }

    fn octets(&self, under: Under) -> Result<[u8; 64], Error> {
        let forth = self.side == Side::Initiator;
        let traffic = || {
            let (secrets, _) =
                self.traffic.as_ref().ok_or_else(|| Error::vector("no traffic keys yet"))?;
            Ok::<_, Error>(secrets)
        };
        Ok(match (under, forth) {
            (Under::Handshake, true) | (Under::HandshakeBack, false) => {
                *self.handshake.i2r.expose()
            }
            (Under::Handshake, false) | (Under::HandshakeBack, true) => {
                *self.handshake.r2i.expose()
            }
            (Under::Traffic, true) | (Under::TrafficBack, false) => *traffic()?.i2r.expose(),
            (Under::Traffic, false) | (Under::TrafficBack, true) => *traffic()?.r2i.expose(),
            (Under::Unbound | Under::Published, _) => sha512(self.z.expose()),
        })
    }

    /// Encrypts a padded plaintext: ciphertext and, unless it is the published key, tag.
    pub(super) fn seal(
        &self,
        under: Under,
        number: u64,
        iv: &[u8; 16],
        padded: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut octets = padded.to_vec();
        if under == Under::Published {
            let key = a256cbc::Key::new(published_key(&self.z));
            // What is no whole block goes out as it is: it cannot be decrypted anyway.
            let whole = octets.len() / 16 * 16;
            let blocks = octets.get_mut(..whole).unwrap_or_default();
            a256cbc::Encryptor::new(&key, iv).update(blocks).map_err(|error| crypto(&error))?;
            return Ok(octets);
        }
        let key = a256cbc_hs512::Key::new(Secret::new(self.octets(under)?));
        a256cbc_hs512::seal_in_place(&key, iv, &number.to_be_bytes(), &mut octets)
            .map_err(|error| crypto(&error))?;
        Ok(octets)
    }

    /// Opens an object of the peer's; the padded plaintext, or nothing.
    pub(super) fn open(&self, under: Under, number: u64, object: &[u8]) -> Option<Vec<u8>> {
        let object = EncryptedObject::parse(object, &Limits::CLOSED_TRAFFIC).ok()?;
        let mut octets = b64url::decode(object.payload.as_ref()).ok()?;
        if under == Under::Published {
            let key = a256cbc::Key::new(published_key(&self.z));
            a256cbc::decrypt_in_place(&key, &object.iv, &mut octets).ok()?;
            // Nothing but its form shows that this was the key.
            return octets.starts_with(b"{").then_some(octets);
        }
        let key = a256cbc_hs512::Key::new(Secret::new(self.octets(under).ok()?));
        let aad = number.to_be_bytes();
        let length = a256cbc_hs512::open_in_place(&key, &object.iv, &aad, &mut octets).ok()?;
        octets.truncate(length);
        Some(octets)
    }
}

/// Zeros up to the next whole step (R33).
pub(super) fn pad(text: &[u8]) -> Vec<u8> {
    let mut padded = text.to_vec();
    padded.resize(text.len().div_ceil(PADDING_BLOCK).max(1) * PADDING_BLOCK, 0);
    padded
}

/// Without the zeros at the end.
pub(super) fn unpad(padded: &[u8]) -> &[u8] {
    let end = padded.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    padded.get(..end).unwrap_or_default()
}
