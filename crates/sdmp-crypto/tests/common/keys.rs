//! Keys of the tests' own, and encodings made by hand.
#![allow(dead_code, reason = "each test uses its part")]

use super::text;
use der::{Encode, asn1::UintRef};
use pkcs1::RsaPublicKeyRef;
use sdmp_crypto::{
    Error,
    error::KeyError,
    rsa::{PrivateKey, PublicKey},
};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The key on the cryptography page of the specification, whose fingerprint stands beside it.
pub(crate) const PUBLISHED: &str = "-----BEGIN PUBLIC KEY-----
MIIBIzANBgkqhkiG9w0BAQEFAAOCARAAMIIBCwKCAQIA2IxlYprmk/QpH1Rsz+WQ
m+WUYqR2xlV+xXDDOesMkwja32aUsjYe1kCS6nTqazEdy4m9utF3Eb3K5i8crTeg
g3GE+iJvYAgGXvMLiAb/Vrj0OqKv8m0BoZnxW7AjCURZ/tDn/YxNk5qnzhZLLMIT
zHQlZsKmBp/ZlrhTr4VgKxKlT4z/NNTPMnLHyFB4XVR6ge20nNWN6RJ03kk85+QI
mCGPU9Us70H6FQYI/e0Iq+64gw8PgpDZP+RSzYvpAr7alCj4/f0jeFzrz+lpsIzY
95bk2ucfasPYkH7m6UP1EmBfZJUn+pnX3CPpeex1h5RCKw4DoMSRgXrfoVjYv80w
QfUCAwEAAQ==
-----END PUBLIC KEY-----";
pub(crate) const PUBLISHED_FINGERPRINT: &str =
    "B_3ji9cDp1SJTyPnxuslQ66IT3zwEf4TvTEnGo60_2KGANVfhRY0XA2crFKIfq6edYcexkMYzfz6y3UsPZZLtw";

pub(crate) fn private(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&text(name), None).unwrap()
}

pub(crate) fn refused(text: &str) -> KeyError {
    match PrivateKey::from_pem(text, Some(b"passphrase")).unwrap_err() {
        Error::Key(error) => error,
        other => panic!("{other}"),
    }
}

pub(crate) fn public_refused(der: &[u8]) -> KeyError {
    match PublicKey::from_spki_der(der).unwrap_err() {
        Error::Key(error) => error,
        other => panic!("{other}"),
    }
}

pub(crate) const RSA: &str = "1.2.840.113549.1.1.1";

pub(crate) fn spki_of(oid: &str, parameters: Option<der::AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ObjectIdentifier::new_unwrap(oid), parameters },
        subject_public_key: der::asn1::BitStringRef::from_bytes(key).unwrap(),
    }
    .to_der()
    .unwrap()
}

pub(crate) fn spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = RsaPublicKeyRef {
        modulus: UintRef::new(modulus).unwrap(),
        public_exponent: UintRef::new(exponent).unwrap(),
    };
    spki_of(RSA, Some(der::AnyRef::NULL), &key.to_der().unwrap())
}
