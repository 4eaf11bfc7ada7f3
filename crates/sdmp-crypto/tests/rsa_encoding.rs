//! One key has one text and one encoding (R14): whatever else could be read as it is refused.

use crate::common::keys::*;
use crate::common::{der, text};
use sdmp_crypto::{
    Error,
    error::KeyError,
    rsa::{PrivateKey, PublicKey},
};
use sdmp_testkit::keys::PUBLISHED;

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

/// PKCS#8 may carry attributes, and a second copy of the public key, that no reader would look at.
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
