//! What the tests share: public keys of test people, a fixed day, octets that look random.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test uses its part")]

pub mod people;

use std::sync::Arc;

use sdmp_container::{Container, Fingerprint, IdentityType, Limits, Timestamp, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::{PrivateKey, Signer};
use sdmp_envelope::{Identity, LocalIdentity};

pub use people::*;

/// The key on the specification's cryptography page, published with the SDMP 0.12 text.
pub const PUBLISHED_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIzANBgkqhkiG9w0BAQEFAAOCARAAMIIBCwKCAQIA2IxlYprmk/QpH1Rsz+WQ
m+WUYqR2xlV+xXDDOesMkwja32aUsjYe1kCS6nTqazEdy4m9utF3Eb3K5i8crTeg
g3GE+iJvYAgGXvMLiAb/Vrj0OqKv8m0BoZnxW7AjCURZ/tDn/YxNk5qnzhZLLMIT
zHQlZsKmBp/ZlrhTr4VgKxKlT4z/NNTPMnLHyFB4XVR6ge20nNWN6RJ03kk85+QI
mCGPU9Us70H6FQYI/e0Iq+64gw8PgpDZP+RSzYvpAr7alCj4/f0jeFzrz+lpsIzY
95bk2ucfasPYkH7m6UP1EmBfZJUn+pnX3CPpeex1h5RCKw4DoMSRgXrfoVjYv80w
QfUCAwEAAQ==
-----END PUBLIC KEY-----";
/// The fingerprint that the specification gives for it.
pub const PUBLISHED_FINGERPRINT: &str =
    "B_3ji9cDp1SJTyPnxuslQ66IT3zwEf4TvTEnGo60_2KGANVfhRY0XA2crFKIfq6edYcexkMYzfz6y3UsPZZLtw";

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
    Container::parse(text, &Limits::DEFAULT).unwrap()
}

pub fn message(text: &str) -> Container {
    container(sdmp_container::Message::new(text).unwrap().to_text())
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
