//! The keys of a handshake after both public values are known, and what follows from them.

use sdmp_container::closed::Rejection;
use sdmp_crypto::hkdf::Prk;
use sdmp_crypto::random::Random;
use sdmp_crypto::secret::{Secret, SecretVec};
use sdmp_envelope::ContentKey;

use crate::channel::Channel;
use crate::error::Error;
use crate::labels;
use crate::policy::{Config, Profile};
use crate::role::Role;
use crate::schedule::{
    HandshakeSecrets, TrafficSecrets, published_key, transcript_1, transcript_2,
};

/// Both directions, seen from one side.
#[derive(Debug)]
pub(crate) struct Channels {
    pub(crate) send: Channel,
    pub(crate) receive: Channel,
}

impl Channels {
    fn new(role: Role, i2r: ContentKey, r2i: ContentKey) -> Self {
        let (send, receive) = match role {
            Role::Initiator => (i2r, r2i),
            Role::Responder => (r2i, i2r),
        };
        Self { send: Channel::new(send), receive: Channel::new(receive) }
    }

    /// `objects` sealed refusals (R37). Where the random source fails there are fewer: a refusal
    /// is never worth an unsafe object.
    pub(crate) fn refusals(&mut self, objects: usize, random: &mut dyn Random) -> Vec<String> {
        let text = Rejection::NOT_FOUND.as_bytes();
        (0..objects).map_while(|_| self.send.seal(text, random).ok()).collect()
    }
}

/// The handshake's own keys, and what the traffic keys will come from.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) channels: Channels,
    pub(crate) next: Next,
}

/// What is still needed to get from the handshake to the session.
#[derive(Debug)]
pub(crate) enum Next {
    Hardened { derived: Secret<64>, t1: [u8; 64] },
    Published,
}

/// Everything that a hardened session starts from.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) channels: Channels,
    pub(crate) exporter: Prk,
    pub(crate) session_id: [u8; 32],
    pub(crate) t2: [u8; 64],
}

impl Secured {
    /// Derives the handshake keys from Z and both session creation objects as they stood on the
    /// wire. Z is wiped at the end.
    pub(crate) fn derive(
        config: &Config,
        role: Role,
        z: &SecretVec,
        m1: &[u8],
        m2: &[u8],
    ) -> Result<Self, Error> {
        let t1 = transcript_1(m1, m2);
        match config.policy.profile {
            Profile::Hardened => {
                let secrets = HandshakeSecrets::derive(z, &t1)?;
                log(config, labels::HS_I2R, &t1, secrets.i2r.expose());
                log(config, labels::HS_R2I, &t1, secrets.r2i.expose());
                Ok(Self {
                    channels: Channels::new(
                        role,
                        ContentKey::authenticated(secrets.i2r),
                        ContentKey::authenticated(secrets.r2i),
                    ),
                    next: Next::Hardened { derived: secrets.derived, t1 },
                })
            }
            Profile::Published => {
                // One key for both directions: the text knows no other (section 7).
                let key = published_key(z);
                log(config, labels::PUBLISHED_K, &t1, key.expose());
                let copy = Secret::new(*key.expose());
                Ok(Self {
                    channels: Channels::new(
                        role,
                        ContentKey::unauthenticated(key),
                        ContentKey::unauthenticated(copy),
                    ),
                    next: Next::Published,
                })
            }
        }
    }
}

impl Traffic {
    /// Derives the traffic keys from S and the plaintexts of M3 and M4.
    pub(crate) fn derive(
        config: &Config,
        role: Role,
        derived: &Secret<64>,
        t1: &[u8; 64],
        p3: &[u8],
        p4: &[u8],
    ) -> Result<Self, Error> {
        let t2 = transcript_2(t1, p3, p4);
        let secrets = TrafficSecrets::derive(derived, &t2)?;
        log(config, labels::AP_I2R, t1, secrets.i2r.expose());
        log(config, labels::AP_R2I, t1, secrets.r2i.expose());
        log(config, labels::EXPORTER, t1, secrets.exporter.expose());
        log(config, labels::SESSION_ID, t1, &secrets.session_id);
        Ok(Self {
            channels: Channels::new(
                role,
                ContentKey::authenticated(secrets.i2r),
                ContentKey::authenticated(secrets.r2i),
            ),
            exporter: Prk::from_secret(secrets.exporter),
            session_id: secrets.session_id,
            t2,
        })
    }
}

fn log(config: &Config, label: &'static str, t1: &[u8; 64], secret: &[u8]) {
    if let (Some(key_log), Some(handshake)) = (&config.key_log, t1.first_chunk::<32>()) {
        key_log.log(label, handshake, secret);
    }
}
