//! What the tests share beside the test kit: short names, and signatures put together by hand.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test uses its part")]

use std::sync::Arc;

use sdmp_container::{Container, Fingerprint, IdentityType, Timestamp, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::{PrivateKey, PublicKey, Signer};
use sdmp_envelope::encrypted::{self, Form};
use sdmp_envelope::{Error, Identity, LocalIdentity, signature};

pub use sdmp_testkit::keys::*;
pub use sdmp_testkit::nodes::message;
pub use sdmp_testkit::random::Seeded;

pub const EXPIRY: &str = "2099-01-01T00:00:00.000Z";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Long before the test identities end.
pub fn now() -> Timestamp {
    time("2026-01-01T00:00:00.000Z")
}

pub fn identity(key: &PrivateKey) -> Identity {
    Identity::create(key.public(), IdentityType::Node, time(EXPIRY)).unwrap()
}

pub fn local(key: &Arc<PrivateKey>) -> LocalIdentity {
    LocalIdentity::new(identity(key), key.clone()).unwrap()
}

pub fn kid(key: &PrivateKey) -> Fingerprint {
    Fingerprint::from_octets(key.public().fingerprint())
}

/// A resolver that knows the identities of these keys.
pub fn known(keys: &[&Arc<PrivateKey>]) -> impl Fn(&Fingerprint) -> Option<Identity> + use<> {
    let identities: Vec<_> = keys.iter().map(|key| identity(key)).collect();
    move |kid| identities.iter().find(|identity| identity.fingerprint() == kid).cloned()
}

pub fn container(text: impl Into<Vec<u8>>) -> Container {
    Container::parse(text).unwrap()
}

/// The text of what [`signature::sign`] gives, for tests that change it.
pub fn signed(
    container: &Container,
    signers: &[&LocalIdentity],
    now: Timestamp,
) -> Result<String, Error> {
    signature::sign(container, signers, now).map(|signed| signed.text().to_owned())
}

/// The text of what [`encrypted::seal`] gives, likewise.
pub fn sealed(
    container: &Container,
    recipients: &[&PublicKey],
    form: Form,
    random: &mut dyn Random,
) -> Result<String, Error> {
    encrypted::seal(container, recipients, form, random).map(|sealed| sealed.text().to_owned())
}

/// A signature container put together by hand, so that each part can be wrong.
#[derive(Clone, Debug)]
pub struct Forgery {
    pub version: String,
    pub identifier: String,
    pub payload: String,
    /// Protected header and signature, in base64url.
    pub entries: Vec<(String, String)>,
}

impl Forgery {
    /// A right one, with the header and over the octets given.
    pub fn new(octets: &[u8], headers: &[(&str, &PrivateKey)]) -> Self {
        let payload = b64url::encode(octets);
        let entry = |(header, key): &(&str, &PrivateKey)| {
            let protected = b64url::encode(header.as_bytes());
            let signature = key.sign(format!("{protected}.{payload}").as_bytes()).unwrap();
            (protected, b64url::encode(&signature))
        };
        Self {
            version: "0.12.0".to_owned(),
            identifier: b64url::encode(&sha512(payload.as_bytes())),
            entries: headers.iter().map(entry).collect(),
            payload,
        }
    }

    pub fn text(&self) -> String {
        let entry = |(protected, signature): &(String, String)| {
            format!(r#"{{"protected":"{protected}","signature":"{signature}"}}"#)
        };
        let entries: Vec<String> = self.entries.iter().map(entry).collect();
        format!(
            concat!(
                r#"{{"sdmp":{{"version":"{}","schemas":["signature"]}},"signature":"#,
                r#"{{"identifier":"{}","payload":"{}","signatures":[{}]}}}}"#
            ),
            self.version,
            self.identifier,
            self.payload,
            entries.join(",")
        )
    }
}

/// The protected header of a key (R18).
pub fn header(key: &PrivateKey) -> String {
    format!(r#"{{"alg":"HS512","kid":"{}"}}"#, kid(key))
}
