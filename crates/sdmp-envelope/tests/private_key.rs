//! Private keys in containers: R14, R16.
#![cfg(feature = "aws-lc-rs")]

use crate::common::{EXPIRY, Seeded, alice, bob, container, dave, kid, message, now, time};
use sdmp_container::{IdentityType, PrivateKey as PrivateKeyObject};
use sdmp_crypto::error::KeyError;
use sdmp_crypto::rsa::{OaepHash, Signer};
use sdmp_envelope::{Error, private_key, signature};

fn refused(text: &str, passphrase: Option<&[u8]>) -> Error {
    private_key::open(&container(text), passphrase).unwrap_err()
}

fn key_error(error: KeyError) -> Error {
    Error::Crypto(error.into())
}

#[test]
fn r14_a_plain_key_comes_back_and_works() {
    for key in [alice(), dave()] {
        let text = private_key::create(&key, time(EXPIRY), None, &mut Seeded::new(1)).unwrap();
        let container = container(text.as_str());
        assert!(!private_key::is_encrypted(&container).unwrap());
        let loaded = private_key::open(&container, None).unwrap();
        assert_eq!(loaded.key.public(), key.public());
        assert_eq!(loaded.expires, time(EXPIRY));
        let signed = loaded.key.sign(b"message").unwrap();
        assert_eq!(key.public().verify(b"message", &signed), Ok(()));
        let wrapped = key.public().encrypt_oaep(b"secret").unwrap();
        let unwrapped = loaded.key.decrypt_oaep(&wrapped, OaepHash::Sha512).unwrap();
        assert_eq!(unwrapped.expose(), b"secret");
        // A passphrase that is not needed is not looked at.
        assert!(private_key::open(&container, Some(b"x")).is_ok());
    }
}

#[test]
fn r14_an_encrypted_key_needs_its_passphrase() {
    let passphrase = "four words, one ünïcode".as_bytes();
    let text =
        private_key::create(&alice(), time(EXPIRY), Some(passphrase), &mut Seeded::new(2)).unwrap();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY"));
    assert!(private_key::is_encrypted(&container(text.as_str())).unwrap());
    let loaded = private_key::open(&container(text.as_str()), Some(passphrase)).unwrap();
    assert_eq!(loaded.key.public(), alice().public());

    assert_eq!(refused(&text, None), key_error(KeyError::PassphraseNeeded));
    for wrong in [&b""[..], b"four words", b"FOUR WORDS"] {
        assert_eq!(refused(&text, Some(wrong)), key_error(KeyError::Passphrase));
    }
    let refused = private_key::create(&alice(), time(EXPIRY), Some(b""), &mut Seeded::new(2));
    assert_eq!(refused.unwrap_err(), key_error(KeyError::PassphraseEmpty));
}

#[test]
fn r15_the_fingerprint_must_be_that_of_the_key() {
    let text = private_key::create(&alice(), time(EXPIRY), None, &mut Seeded::new(3)).unwrap();
    let swapped = text.replace(&kid(&alice()).to_string(), &kid(&bob()).to_string());
    assert_eq!(refused(&swapped, None), Error::FingerprintMismatch);
}

#[test]
fn r14_what_is_no_private_key_is_told_apart() {
    let with = |key: &str| {
        let object = PrivateKeyObject::new(time(EXPIRY), key.to_owned(), kid(&alice()));
        refused(&object.to_text(), None)
    };
    let public = alice().public().canonical_pem().to_owned();
    assert_eq!(with(&public), key_error(KeyError::PublicInPlaceOfPrivate));
    let certificate = public.replace("PUBLIC KEY", "CERTIFICATE");
    assert_eq!(with(&certificate), key_error(KeyError::Certificate));
    assert_eq!(with("no key at all"), key_error(KeyError::Pem));
    let pem = alice().to_pem().unwrap();
    assert_eq!(with(&format!("{}\ntrailing", pem.as_str())), key_error(KeyError::Trailing));
    // The tolerance of line breaks is for files that tools wrote.
    let crlf = PrivateKeyObject::new(time(EXPIRY), pem.replace('\n', "\r\n"), kid(&alice()));
    assert!(private_key::open(&container(crlf.to_text()), None).is_ok());
}

#[test]
fn r8_version_and_schema_count() {
    let text = private_key::create(&alice(), time(EXPIRY), None, &mut Seeded::new(4)).unwrap();
    assert_eq!(refused(&text.replace("0.12.0", "0.11.0"), None), Error::UnsupportedVersion);
    let other = message("no key");
    let refused = private_key::open(&other, None).unwrap_err();
    assert_eq!(refused, Error::WrongSchema("private_key"));
    assert_eq!(private_key::is_encrypted(&other), Err(Error::WrongSchema("private_key")));
}

#[test]
fn r16_a_loaded_key_signs_until_its_day() {
    let text = private_key::create(&alice(), time(EXPIRY), None, &mut Seeded::new(5)).unwrap();
    let loaded = private_key::open(&container(text.as_str()), None).unwrap();
    let local = loaded.into_local(IdentityType::User).unwrap();
    assert_eq!(local.identity().kind(), IdentityType::User);
    assert_eq!(*local.identity().fingerprint(), kid(&alice()));
    assert!(signature::sign(&message("in time"), &[&local], now()).is_ok());
    let late = signature::sign(&message("late"), &[&local], time(EXPIRY));
    assert_eq!(late, Err(Error::Expired));
}

#[test]
fn secrets_do_not_show() {
    let text = private_key::create(&alice(), time(EXPIRY), None, &mut Seeded::new(6)).unwrap();
    let container = container(text.as_str());
    let shown = format!("{:?} {container:?}", private_key::open(&container, None).unwrap());
    assert!(!shown.contains("BEGIN") && !shown.contains("MII"), "{shown}");
}
