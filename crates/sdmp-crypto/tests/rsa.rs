//! Keys, good and bad (R13, R15), through the public interface.

use crate::common;

use crate::common::keys::*;
use crate::common::{der, text};
use der::{Decode, Encode, asn1::UintRef};
use pkcs1::RsaPrivateKeyRef;
use sdmp_crypto::{
    Error,
    error::KeyError,
    rsa::{PrivateKey, PublicKey, Signer},
};
use sdmp_testkit::keys::{PUBLISHED, PUBLISHED_BOB, PUBLISHED_FINGERPRINT};

fn base64url(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = octets.iter().flat_map(|o| (0..8).rev().map(move |i| usize::from(o >> i & 1)));
    let bits: Vec<_> = bits.collect();
    let digit = |six: &[usize]| six.iter().fold(0, |d, b| d << 1 | b) << (6 - six.len());
    bits.chunks(6).map(|six| char::from(DIGITS[digit(six)])).collect()
}

#[test]
fn r15_published_fingerprint() {
    let key = PublicKey::from_pem(PUBLISHED).unwrap();
    assert_eq!(base64url(&key.fingerprint()), PUBLISHED_FINGERPRINT);
    assert_eq!((key.bits(), key.exponent()), (2056, 65_537));
    assert!(key.is_canonical(PUBLISHED));
}

#[test]
fn r13_published_keys_are_known() {
    assert!(PublicKey::from_pem(PUBLISHED).unwrap().is_known_compromised());
    assert!(!private("rsa-2048.pem").public().is_known_compromised());
    assert!(PublicKey::from_pem(PUBLISHED_BOB).unwrap().is_known_compromised());
}

/// R13: these sizes sign, verify, wrap and unwrap; without aws-lc-rs only some sign.
#[test]
fn r13_sizes() {
    for bits in [2048, 2056, 3072, 4096, 8192] {
        let pem = text(&format!("rsa-{bits}.pem"));
        let key = match PrivateKey::from_pem(&pem, None) {
            Ok(key) => key,
            Err(error) => {
                let without = cfg!(not(feature = "aws-lc-rs")) && [2056, 8192].contains(&bits);
                assert!(without && error == Error::Key(KeyError::Unsupported), "{bits}: {error}");
                continue;
            }
        };
        assert_eq!(key.public().bits(), bits);
        assert_eq!(*key.to_pem().unwrap(), pem.trim_end());
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), key.public().modulus_len());
        key.public().verify(b"message", &signature).unwrap();
        assert_eq!(key.public().verify(b"messagf", &signature), Err(Error::Signature));
        let again = PublicKey::from_pem(key.public().canonical_pem()).unwrap();
        assert_eq!((&again, again.fingerprint()), (key.public(), key.public().fingerprint()));
        again.verify(b"message", &signature).unwrap();
    }
}

#[test]
fn r13_the_largest_exponent_works() {
    let key = private("rsa-2048-e33.pem");
    assert_eq!(key.public().exponent(), (1 << 33) - 1);
    key.public().verify(b"message", &key.sign(b"message").unwrap()).unwrap();
}

#[test]
fn r13_weak_keys_have_their_codes() {
    assert_eq!(refused(&text("rsa-1024.pem")), KeyError::TooShort);
    assert_eq!(refused(&text("rsa-2048-e3.pem")), KeyError::Exponent);
    let key = private("rsa-2048.pem");
    let (n, e) = (key.public().modulus(), [1, 0, 1]);
    let with = |at: usize, to: u8| {
        let mut changed = n.to_vec();
        changed[at] = to;
        changed
    };
    assert_eq!(public_refused(&spki(&with(0, 0x7f), &e)), KeyError::TooShort);
    assert_eq!(public_refused(&spki(&with(255, 0), &e)), KeyError::EvenModulus);
    assert_eq!(public_refused(&spki(n, &[1, 0, 0])), KeyError::EvenExponent);
    assert_eq!(public_refused(&spki(n, &[1])), KeyError::Exponent);
    assert_eq!(public_refused(&spki(n, &[2, 0, 0, 0, 1])), KeyError::Exponent);
    assert_eq!(public_refused(&spki(n, &[1; 300])), KeyError::Exponent);
    assert_eq!(public_refused(&spki(&[0xff; 256], &e)), KeyError::SmallFactor);
    assert_eq!(public_refused(&spki(&[0xff; 1025], &e)), KeyError::TooLong);
    assert_eq!(public_refused(&spki(&[0xff; 2048], &e)), KeyError::TooLong);
    assert_eq!(public_refused(&spki(&[0xff; 8192], &e)), KeyError::Oversized);
    assert_eq!(public_refused(&spki(&[1], &e)), KeyError::TooShort);
}

/// R13: no private key with one changed bit is accepted: its parts contradict each other.
#[cfg(feature = "aws-lc-rs")]
#[test]
fn r13_no_changed_bit_of_a_private_key_is_accepted() {
    let octets = der(&text("rsa-2048-pkcs1.pem"));
    for at in 0..octets.len() {
        let mut changed = octets.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(PrivateKey::from_pkcs1_der(&changed).is_err(), "{at}");
    }
    for part in 0..9 {
        // Zero, in place of each of the nine integers.
        let key = RsaPrivateKeyRef::from_der(&octets).unwrap();
        let zero = UintRef::new(&[0]).unwrap();
        let mut parts = [
            zero,
            key.modulus,
            key.public_exponent,
            key.private_exponent,
            key.prime1,
            key.prime2,
            key.exponent1,
            key.exponent2,
            key.coefficient,
        ];
        if part > 0 {
            parts[part] = zero;
            assert!(PrivateKey::from_pkcs1_der(&parts.to_vec().to_der().unwrap()).is_err());
        } else {
            assert_eq!(parts.to_vec().to_der().unwrap(), octets);
        }
    }
}

/// R13: each part of a private key is needed to be right.
#[test]
fn r13_contradicting_parts_are_refused() {
    let der = der(&text("rsa-2048-pkcs1.pem"));
    let key = RsaPrivateKeyRef::from_der(&der).unwrap();
    let other_der = common::der(&text("rsa-3072.pem"));
    let info = pkcs8::PrivateKeyInfoRef::from_der(&other_der).unwrap();
    let other = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).unwrap();
    let check = |name: &str, changed: RsaPrivateKeyRef<'_>| {
        let error = PrivateKey::from_pkcs1_der(&changed.to_der().unwrap()).unwrap_err();
        assert_eq!(error, Error::Key(KeyError::Inconsistent), "{name}");
    };
    // Parts of another key, and single changed bits.
    let flip = |part: &UintRef<'_>| {
        let mut octets = part.as_bytes().to_vec();
        let middle = octets.len() / 2;
        octets[middle] ^= 4;
        octets
    };
    let (n, p, q) = (flip(&key.modulus), flip(&key.prime1), flip(&key.prime2));
    let (dp, dq) = (flip(&key.exponent1), flip(&key.exponent2));
    let coefficient = flip(&key.coefficient);
    check("prime1", RsaPrivateKeyRef { prime1: UintRef::new(&p).unwrap(), ..key.clone() });
    check("prime2", RsaPrivateKeyRef { prime2: UintRef::new(&q).unwrap(), ..key.clone() });
    check("exponent1", RsaPrivateKeyRef { exponent1: UintRef::new(&dp).unwrap(), ..key.clone() });
    check("exponent2", RsaPrivateKeyRef { exponent2: UintRef::new(&dq).unwrap(), ..key.clone() });
    check(
        "coefficient",
        RsaPrivateKeyRef { coefficient: UintRef::new(&coefficient).unwrap(), ..key.clone() },
    );
    check("other prime", RsaPrivateKeyRef { prime1: other.prime1, ..key.clone() });
    check("p = 1", RsaPrivateKeyRef { prime1: UintRef::new(&[1]).unwrap(), ..key.clone() });
    check("p = n", RsaPrivateKeyRef { prime1: key.modulus, ..key.clone() });
    if cfg!(feature = "aws-lc-rs") {
        // ring never uses d, and so does not look at it.
        let d = flip(&key.private_exponent);
        check(
            "private exponent",
            RsaPrivateKeyRef { private_exponent: UintRef::new(&d).unwrap(), ..key.clone() },
        );
    }
    let changed = RsaPrivateKeyRef { modulus: UintRef::new(&n).unwrap(), ..key.clone() };
    assert!(PrivateKey::from_pkcs1_der(&changed.to_der().unwrap()).is_err());
}

#[test]
fn debug_output_is_redacted() {
    let key = private("rsa-2048.pem");
    let debug = format!("{key:?} {:?}", key.public());
    let start = format!("{:02x?}", &key.public().fingerprint()[..4]);
    let start: String = start.chars().filter(char::is_ascii_hexdigit).collect();
    let public = format!("PublicKey(2048 bits, fingerprint {start}...)");
    assert_eq!(debug, format!("PrivateKey(redacted, {public}) {public}"));
}

#[cfg(feature = "aws-lc-rs")]
mod with_aws_lc_rs {
    use super::*;
    use sdmp_crypto::rsa::OaepHash;

    #[test]
    fn r13_generated_keys_are_good() {
        let key = PrivateKey::generate(2048).unwrap();
        assert_eq!((key.public().bits(), key.public().exponent()), (2048, 65_537));
        let again = PrivateKey::from_pem(&key.to_pem().unwrap(), None).unwrap();
        assert_eq!(again.public(), key.public());
        for bits in [0, 1024, 2047, 2056, 8192] {
            assert_eq!(PrivateKey::generate(bits).unwrap_err(), Error::Key(KeyError::Size));
        }
    }

    #[test]
    fn r22_what_is_wrapped_unwraps() {
        for bits in [2048, 2056, 3072, 4096, 8192] {
            let key = private(&format!("rsa-{bits}.pem"));
            let sealed = key.public().encrypt_oaep(&[7; 64]).unwrap();
            assert_eq!(sealed.len(), key.public().modulus_len());
            let opened = key.decrypt_oaep(&sealed, OaepHash::Sha512).unwrap();
            assert_eq!(opened.expose(), [7; 64]);
            let refused = |sealed: &[u8], hash| key.decrypt_oaep(sealed, hash).unwrap_err();
            assert_eq!(refused(&sealed, OaepHash::Sha1), Error::Decrypt);
            assert_eq!(refused(&sealed[1..], OaepHash::Sha512), Error::Decrypt);
            assert_eq!(refused(&[&[0], &sealed[..]].concat(), OaepHash::Sha512), Error::Decrypt);
            assert_eq!(refused(&[], OaepHash::Sha512), Error::Decrypt);
            let n = key.public().modulus().to_vec();
            assert_eq!(refused(&n, OaepHash::Sha512), Error::Decrypt);
        }
        let key = private("rsa-2048.pem");
        assert_eq!(key.public().encrypt_oaep(&[7; 126]).unwrap().len(), 256);
        assert_eq!(key.public().encrypt_oaep(&[7; 127]).unwrap_err(), Error::Length);
    }
}
