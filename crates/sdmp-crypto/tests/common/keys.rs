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
