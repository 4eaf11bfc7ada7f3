//! Private keys under a passphrase (R14): what is read, what it may cost, and back.

use crate::common::keys::*;
use crate::common::{der, text};
use sdmp_crypto::{Error, error::KeyError, random::SystemRandom, rsa::PrivateKey};

#[test]
fn r14_every_form_of_a_private_key_is_the_same_key() {
    let key = private("rsa-2048.pem");
    for name in [
        "rsa-2048-pkcs1.pem",
        "encrypted-scrypt.pem",
        "encrypted-pbkdf2-sha512.pem",
        "encrypted-pbkdf2-sha256.pem",
    ] {
        let other = PrivateKey::from_pem(&text(name), Some(b"passphrase")).unwrap();
        assert_eq!(other.public(), key.public(), "{name}");
        assert_eq!(other.to_pem().unwrap(), key.to_pem().unwrap(), "{name}");
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
    for name in ["aes128", "pbes1", "legacy"].map(|name| format!("encrypted-{name}.pem")) {
        assert_eq!(refused(&text(&name)), KeyError::Encryption, "{name}");
        // Before a passphrase is asked for.
        let error = PrivateKey::from_pem(&text(&name), None).unwrap_err();
        assert_eq!(error, Error::Key(KeyError::Encryption), "{name}");
    }
}

/// What `ssh-keygen -m PKCS8` writes is read where a key is taken over, and nowhere else.
#[test]
fn r14_foreign_keys_may_be_encrypted_with_aes_128() {
    let key = private("rsa-2048.pem");
    let foreign = PrivateKey::from_foreign_pem(&text("encrypted-aes128.pem"), Some(b"passphrase"));
    assert_eq!(foreign.unwrap().public(), key.public());
    for name in ["encrypted-pbes1.pem", "encrypted-legacy.pem"] {
        let error = PrivateKey::from_foreign_pem(&text(name), Some(b"passphrase")).unwrap_err();
        assert_eq!(error, Error::Key(KeyError::Encryption), "{name}");
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
