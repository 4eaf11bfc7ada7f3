//! Keys, good and bad (R13 to R15), through the public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod common;

use common::{der, text};
use der::{Decode, Encode, asn1::UintRef};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use sdmp_crypto::{
    Error,
    error::KeyError,
    random::SystemRandom,
    rsa::{PrivateKey, PublicKey, Signer},
};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The key on the cryptography page of the specification, whose fingerprint stands beside it.
const PUBLISHED: &str = "-----BEGIN PUBLIC KEY-----
MIIBIzANBgkqhkiG9w0BAQEFAAOCARAAMIIBCwKCAQIA2IxlYprmk/QpH1Rsz+WQ
m+WUYqR2xlV+xXDDOesMkwja32aUsjYe1kCS6nTqazEdy4m9utF3Eb3K5i8crTeg
g3GE+iJvYAgGXvMLiAb/Vrj0OqKv8m0BoZnxW7AjCURZ/tDn/YxNk5qnzhZLLMIT
zHQlZsKmBp/ZlrhTr4VgKxKlT4z/NNTPMnLHyFB4XVR6ge20nNWN6RJ03kk85+QI
mCGPU9Us70H6FQYI/e0Iq+64gw8PgpDZP+RSzYvpAr7alCj4/f0jeFzrz+lpsIzY
95bk2ucfasPYkH7m6UP1EmBfZJUn+pnX3CPpeex1h5RCKw4DoMSRgXrfoVjYv80w
QfUCAwEAAQ==
-----END PUBLIC KEY-----";
const PUBLISHED_FINGERPRINT: &str =
    "B_3ji9cDp1SJTyPnxuslQ66IT3zwEf4TvTEnGo60_2KGANVfhRY0XA2crFKIfq6edYcexkMYzfz6y3UsPZZLtw";

fn base64url(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = octets.iter().flat_map(|o| (0..8).rev().map(move |i| usize::from(o >> i & 1)));
    let bits: Vec<_> = bits.collect();
    let digit = |six: &[usize]| six.iter().fold(0, |d, b| d << 1 | b) << (6 - six.len());
    bits.chunks(6).map(|six| char::from(DIGITS[digit(six)])).collect()
}

fn private(name: &str) -> PrivateKey {
    PrivateKey::from_pem(&text(name), None).unwrap()
}

fn refused(text: &str) -> KeyError {
    match PrivateKey::from_pem(text, Some(b"passphrase")).unwrap_err() {
        Error::Key(error) => error,
        other => panic!("{other}"),
    }
}

fn public_refused(der: &[u8]) -> KeyError {
    match PublicKey::from_spki_der(der).unwrap_err() {
        Error::Key(error) => error,
        other => panic!("{other}"),
    }
}

const RSA: &str = "1.2.840.113549.1.1.1";

fn spki_of(oid: &str, parameters: Option<der::AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ObjectIdentifier::new_unwrap(oid), parameters },
        subject_public_key: der::asn1::BitStringRef::from_bytes(key).unwrap(),
    }
    .to_der()
    .unwrap()
}

fn spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = RsaPublicKeyRef {
        modulus: UintRef::new(modulus).unwrap(),
        public_exponent: UintRef::new(exponent).unwrap(),
    };
    spki_of(RSA, Some(der::AnyRef::NULL), &key.to_der().unwrap())
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
    assert!(PublicKey::from_pem(PUBLISHED).unwrap().is_published());
    assert!(!private("rsa-2048.pem").public().is_published());
    let bob = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/published-examples/bob-public.pem"
    );
    match std::fs::read_to_string(bob) {
        Ok(text) => assert!(PublicKey::from_pem(&text).unwrap().is_published()),
        Err(_) => println!("skipped: the published examples are not beside the checkout"),
    }
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
        assert_eq!(*key.to_pem(), pem.trim_end());
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), key.public().octets());
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

#[test]
fn r14_only_the_canonical_text_is_canonical() {
    let key = private("rsa-2048.pem");
    let pem = key.public().canonical_pem();
    assert!(key.public().is_canonical(pem));
    let crlf = pem.replace('\n', "\r\n");
    let narrow = pem.replacen('\n', "\u{0}", 1).replace('\n', "").replace('\u{0}', "\n");
    for other in [format!("{pem}\n"), format!(" {pem}"), crlf] {
        assert_eq!(PublicKey::from_pem(&other).unwrap(), *key.public(), "{other}");
        assert!(!key.public().is_canonical(&other), "{other}");
    }
    for bad in [narrow, pem.replace("PUBLIC", "public"), pem.replace("-----BEGIN", "----BEGIN")] {
        assert!(PublicKey::from_pem(&bad).is_err(), "{bad}");
        assert!(!key.public().is_canonical(&bad), "{bad}");
    }
}

#[test]
fn r14_every_truncation_and_every_appended_octet_is_refused() {
    let public = private("rsa-2048.pem").public().spki_der().to_vec();
    let private = der(&text("rsa-2048.pem"));
    let pkcs1 = der(&text("rsa-2048-pkcs1.pem"));
    for len in 0..public.len() {
        assert!(PublicKey::from_spki_der(&public[..len]).is_err(), "{len}");
    }
    for len in 0..private.len() {
        assert!(PrivateKey::from_pkcs8_der(&private[..len]).is_err(), "{len}");
    }
    for len in 0..pkcs1.len() {
        assert!(PrivateKey::from_pkcs1_der(&pkcs1[..len]).is_err(), "{len}");
    }
    for octet in [0, 0x30, 0xff] {
        let with = |der: &[u8]| [der, &[octet]].concat();
        assert_eq!(public_refused(&with(&public)), KeyError::Der);
        assert!(PrivateKey::from_pkcs8_der(&with(&private)).is_err());
        assert!(PrivateKey::from_pkcs1_der(&with(&pkcs1)).is_err());
    }
}

/// R14: one key has one encoding, so a changed octet is another key or none.
#[test]
fn r14_no_changed_bit_gives_the_same_key() {
    let key = private("rsa-2048.pem");
    let der = key.public().spki_der();
    for bit in 0..der.len() * 8 {
        let mut changed = der.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = PublicKey::from_spki_der(&changed) {
            assert_ne!(other, *key.public());
            assert_eq!(other.spki_der(), changed);
            assert_ne!(other.fingerprint(), key.public().fingerprint());
        }
    }
}

#[test]
fn r14_other_encodings_are_refused() {
    let key = private("rsa-2048.pem");
    let der = key.public().spki_der();
    let inner = &der[24..];
    assert_eq!(inner[..4], [0x30, 0x82, 1, 10], "the RSAPublicKey");
    let replaced = |from: &[u8], to: &[u8]| {
        let at = inner.windows(from.len()).position(|w| w == from).unwrap();
        let mut out = inner[..at].to_vec();
        out.extend_from_slice(to);
        out.extend_from_slice(&inner[at + from.len()..]);
        let len = u16::try_from(out.len() - 4).unwrap();
        out[2..4].copy_from_slice(&len.to_be_bytes());
        spki_of(RSA, Some(der::AnyRef::NULL), &out)
    };
    // Lengths and integers that are longer than they need to be, in the exponent.
    assert_eq!(public_refused(&replaced(&[2, 3, 1, 0, 1], &[2, 0x81, 3, 1, 0, 1])), KeyError::Der);
    assert_eq!(public_refused(&replaced(&[2, 3, 1, 0, 1], &[2, 4, 0, 1, 0, 1])), KeyError::Der);
    // Negative: what the modulus is without its zero octet.
    assert!(inner[4..9] == [2, 0x82, 1, 1, 0]);
    assert_eq!(public_refused(&replaced(&inner[4..9], &[2, 0x82, 1, 0])), KeyError::Der);
    // The indefinite form.
    let mut indefinite = der.to_vec();
    indefinite.splice(1..4, [0x80]);
    indefinite.extend_from_slice(&[0, 0]);
    assert_eq!(public_refused(&indefinite), KeyError::Der);
    // A bit string that ends within an octet.
    let mut bits = der.to_vec();
    assert_eq!(bits[23], 0);
    bits[23] = 1;
    assert_eq!(public_refused(&bits), KeyError::Der);
    // Parameters other than NULL.
    assert_eq!(public_refused(&spki_of(RSA, None, inner)), KeyError::NotDer);
    let zero = der::AnyRef::new(der::Tag::Integer, &[0]).unwrap();
    assert_eq!(public_refused(&spki_of(RSA, Some(zero), inner)), KeyError::NotDer);
    // Another algorithm.
    let pss = "1.2.840.113549.1.1.10";
    assert_eq!(public_refused(&spki_of(pss, None, inner)), KeyError::Algorithm);
}

/// Octets that a reader might skip, and so give one key several texts.
#[test]
fn r14_nothing_is_skipped() {
    let key = private("rsa-2048.pem");
    let inner = &key.public().spki_der()[24..];
    let longer = spki_of(RSA, Some(der::AnyRef::NULL), &[inner, &[0]].concat());
    assert_eq!(public_refused(&longer), KeyError::Der, "behind the key, within the bit string");
    let mut third = inner.to_vec();
    third.extend_from_slice(&[2, 1, 0]);
    let len = u16::try_from(third.len() - 4).unwrap();
    third[2..4].copy_from_slice(&len.to_be_bytes());
    let third = spki_of(RSA, Some(der::AnyRef::NULL), &third);
    assert_eq!(public_refused(&third), KeyError::Der, "a third integer");

    let (key, pem) = (PublicKey::from_pem(PUBLISHED).unwrap(), PUBLISHED);
    for (name, bad) in [
        ("byte order mark", format!("\u{feff}{pem}")),
        ("no padding", pem.replacen("AQ==", "AQ", 1)),
        ("bits behind the last octet", pem.replacen("AQ==", "AR==", 1)),
        ("header", pem.replacen("KEY-----\n", "KEY-----\nComment: 1\n\n", 1)),
        ("NUL", pem.replacen("MIIB", "MI\0IB", 1)),
        ("empty line", pem.replacen('\n', "\n\n", 1)),
        ("blank in a line", pem.replacen("MIIB", "MI IB", 1)),
        ("two documents", format!("{pem}\n{pem}")),
        ("comment", format!("{pem}\n# mine")),
    ] {
        assert!(PublicKey::from_pem(&bad).is_err(), "{name}");
        assert!(!key.is_canonical(&bad), "{name}");
    }
}

/// PKCS#8 may carry attributes, and a second copy of the public key, that nobody would look at.
#[test]
fn r14_private_documents_carry_nothing_else() {
    let octets = der(&text("rsa-2048.pem"));
    let with = |version: u8, appended: &[u8]| {
        let mut changed = [&octets[..], appended].concat();
        let len = u16::try_from(changed.len() - 4).unwrap();
        changed[2..4].copy_from_slice(&len.to_be_bytes());
        assert_eq!(changed[4..7], [2, 1, 0]);
        changed[6] = version;
        PrivateKey::from_pkcs8_der(&changed).unwrap_err()
    };
    assert!(PrivateKey::from_pkcs8_der(&octets).is_ok());
    assert_eq!(with(0, &[0xa0, 0]), Error::Key(KeyError::NotDer), "attributes");
    assert_eq!(with(1, &[0x81, 3, 0, 1, 2]), Error::Key(KeyError::NotDer), "a public key");
    for (version, appended) in [(1, &[][..]), (2, &[]), (0, &[0x81, 3, 0, 1, 2]), (0, &[5, 0])] {
        assert!(matches!(with(version, appended), Error::Key(_)), "{version} {appended:?}");
    }
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

#[test]
fn r14_other_things_than_keys_are_named() {
    let pem = |text: &str| match PublicKey::from_pem(text).unwrap_err() {
        Error::Key(error) => error,
        other => panic!("{other}"),
    };
    let certificate = text("certificate.pem");
    assert_eq!(pem(&certificate), KeyError::Certificate);
    assert_eq!(refused(&certificate), KeyError::Certificate);
    let relabelled = certificate.replace("CERTIFICATE", "PUBLIC KEY");
    assert_eq!(pem(&relabelled), KeyError::Certificate);
    let relabelled = certificate.replace("CERTIFICATE", "PRIVATE KEY");
    assert_eq!(refused(&relabelled), KeyError::Certificate);

    for private in ["rsa-2048.pem", "rsa-2048-pkcs1.pem", "encrypted-scrypt.pem"] {
        assert_eq!(pem(&text(private)), KeyError::PrivateInPlaceOfPublic, "{private}");
    }
    let relabelled = text("rsa-2048.pem").replace("PRIVATE", "PUBLIC");
    assert_eq!(pem(&relabelled), KeyError::PrivateInPlaceOfPublic);
    let key = private("rsa-2048.pem");
    let public = key.public().canonical_pem();
    assert_eq!(refused(public), KeyError::PublicInPlaceOfPrivate);
    assert_eq!(refused(&public.replace("PUBLIC", "PRIVATE")), KeyError::PublicInPlaceOfPrivate);

    assert_eq!(refused(&text("ec.pem")), KeyError::Algorithm);
    assert_eq!(refused(&text("encrypted-ec.pem")), KeyError::Algorithm);
    assert_eq!(refused(&text("rsa-2048-pss.pem")), KeyError::Algorithm);
    assert_eq!(refused(&text("rsa-2048-3primes.pem")), KeyError::Unsupported);
    assert_eq!(pem(&text("rsa-2048-pkcs1-public.pem")), KeyError::Label);
    assert_eq!(pem("{\"sdmp\":{}}"), KeyError::Pem);
    assert_eq!(pem(&"-----BEGIN PUBLIC KEY-----\n".repeat(1000)), KeyError::Oversized);
}

#[test]
fn r14_every_form_of_a_private_key_is_the_same_key() {
    let key = private("rsa-2048.pem");
    for name in ["rsa-2048-pkcs1.pem", "encrypted-scrypt.pem", "encrypted-pbkdf2-sha512.pem"] {
        let other = PrivateKey::from_pem(&text(name), Some(b"passphrase")).unwrap();
        assert_eq!(other.public(), key.public(), "{name}");
        assert_eq!(other.to_pem(), key.to_pem(), "{name}");
        assert_eq!(PrivateKey::is_encrypted_pem(&text(name)), name.starts_with("encrypted"));
    }
}

#[test]
fn r14_encryption_and_back() {
    let key = private("rsa-2048.pem");
    let mut random = SystemRandom::new();
    let text = key.to_encrypted_pem("pässword".as_bytes(), &mut random).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert!(PrivateKey::is_encrypted_pem(&text));
    let open = |passphrase| PrivateKey::from_pem(&text, passphrase);
    assert_eq!(open(Some("pässword".as_bytes())).unwrap().public(), key.public());
    for wrong in [&b""[..], b"password", b"p\xe4ssword"] {
        assert_eq!(open(Some(wrong)).unwrap_err(), Error::Key(KeyError::Passphrase));
    }
    assert_eq!(open(None).unwrap_err(), Error::Key(KeyError::PassphraseNeeded));
    let again = key.to_encrypted_pem("pässword".as_bytes(), &mut random).unwrap();
    assert_ne!(text, again);
    let empty = key.to_encrypted_pem(b"", &mut random).unwrap_err();
    assert_eq!(empty, Error::Key(KeyError::PassphraseEmpty));
}

#[test]
fn r14_other_encryptions_are_refused() {
    let names = ["pbkdf2-sha256", "aes128", "pbes1", "legacy"];
    for name in names.map(|name| format!("encrypted-{name}.pem")) {
        assert_eq!(refused(&text(&name)), KeyError::Encryption, "{name}");
    }
}

/// A file may not ask for unbounded work: each of these would take minutes, gigabytes, or a panic.
#[test]
fn r14_the_cost_of_a_file_is_bounded() {
    let scrypt = der(&text("encrypted-scrypt.pem"));
    let n = scrypt.windows(4).position(|w| w == [2, 2, 0x40, 0]).expect("N = 16384");
    assert_eq!(scrypt[n + 4..n + 10], [2, 1, 8, 2, 1, 1], "r = 8, p = 1");
    let pbkdf2 = der(&text("encrypted-pbkdf2-sha512.pem"));
    let c = pbkdf2.windows(4).position(|w| w == [2, 2, 8, 0]).expect("2048 iterations");
    let with = |der: &[u8], at: usize, octets: &[u8]| {
        let mut changed = der.to_vec();
        changed[at..at + octets.len()].copy_from_slice(octets);
        refused(&common_pem(&changed))
    };
    // Values of the same length as those in the file, so that no length changes.
    assert_eq!(with(&scrypt, n, &[2, 2, 0x40, 1]), KeyError::Encryption, "no power of two");
    assert_eq!(with(&scrypt, n, &[2, 2, 0, 0]), KeyError::Der, "not minimal");
    assert_eq!(with(&scrypt, n + 4, &[2, 1, 0]), KeyError::Encryption, "r = 0");
    assert_eq!(with(&scrypt, n + 7, &[2, 1, 0]), KeyError::Encryption, "p = 0");
    assert_eq!(with(&scrypt, n + 4, &[2, 1, 0x7f]), KeyError::Cost, "r = 127: 260 MB");
    assert_eq!(with(&scrypt, n + 7, &[2, 1, 0x7f]), KeyError::Cost, "p = 127");
    for n_octets in [&[1][..], &[0], &[0x40, 0, 0, 0, 0, 0, 0], &[0, 0x80, 0, 0, 0, 0, 0, 0, 0]] {
        let error = refused(&resized(&scrypt, n, 2, n_octets));
        let zero_or_one = n_octets.len() == 1;
        assert_eq!(error, if zero_or_one { KeyError::Encryption } else { KeyError::Cost });
    }
    assert_eq!(refused(&resized(&pbkdf2, c, 2, &[0])), KeyError::Encryption, "no iteration");
    for many in [&[0x3d, 9, 1][..], &[0x05, 0xf5, 0xe1, 0], &[0x7f, 0xff, 0xff, 0xff]] {
        assert_eq!(refused(&resized(&pbkdf2, c, 2, many)), KeyError::Cost, "{many:?}");
    }
}

fn common_pem(der: &[u8]) -> String {
    der::pem::encode_string("ENCRYPTED PRIVATE KEY", der::pem::LineEnding::LF, der).unwrap()
}

/// Replaces the integer of `old` octets at `at` and puts the lengths around it right.
fn resized(der: &[u8], at: usize, old: usize, integer: &[u8]) -> String {
    let mut out = der[..at + 1].to_vec();
    out.push(u8::try_from(integer.len()).unwrap());
    out.extend_from_slice(integer);
    out.extend_from_slice(&der[at + 2 + old..]);
    let grow = |octet: u8| u8::try_from(usize::from(octet) + integer.len() - old).unwrap();
    // SEQUENCE (82 xx xx) { SEQUENCE (xx) { OID, SEQUENCE (xx) { SEQUENCE (xx) { OID, SEQUENCE (xx)
    let len = u16::from_be_bytes([out[2], out[3]]) + u16::from(grow(0x80)) - 0x80;
    out[2..4].copy_from_slice(&len.to_be_bytes());
    let mut place = 4;
    for _ in 0..4 {
        assert_eq!(out[place], 0x30);
        out[place + 1] = grow(out[place + 1]);
        place += 2;
        if out[place] == 6 {
            place += 2 + usize::from(out[place + 1]);
        }
    }
    common_pem(&out)
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
fn debug_says_nothing() {
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
        let again = PrivateKey::from_pem(&key.to_pem(), None).unwrap();
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
            assert_eq!(sealed.len(), key.public().octets());
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
