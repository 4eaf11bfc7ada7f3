//! Encrypted containers for recipients: R21, R22.
#![cfg(feature = "aws-lc-rs")]

use crate::common;

use crate::common::{Seeded, alice, bob, carol, container, dave, mallory, message};
use proptest::prelude::*;
use sdmp_container::{Container, Encrypted, b64url};
use sdmp_crypto::content::{a256cbc, a256cbc_hs512};
use sdmp_crypto::rsa::{PrivateKey, PublicKey};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::encrypted::{self, Form, MAX_RECIPIENTS, Opened};
use sdmp_envelope::{Error, LocalIdentity, signature};

const FORMS: [Form; 2] = [Form::Hardened, Form::Published];

fn seal(form: Form, to: &[&PublicKey]) -> Encrypted {
    let text = crate::common::sealed(&message("hello"), to, form, &mut Seeded::new(7)).unwrap();
    Encrypted::from_container(&container(text)).unwrap()
}

fn open(object: &Encrypted, key: &PrivateKey) -> Result<Opened, Error> {
    encrypted::open(&container(object.to_text()), key)
}

fn refused(object: &Encrypted, key: &PrivateKey) -> Error {
    open(object, key).unwrap_err()
}

/// The same object with another payload.
fn with_payload(object: &Encrypted, payload: &[u8]) -> Encrypted {
    let payload = b64url::encode(payload);
    Encrypted::new(object.iv().to_owned(), payload, object.recipients().to_vec()).unwrap()
}

fn with_recipients(object: &Encrypted, recipients: Vec<String>) -> Encrypted {
    Encrypted::new(object.iv().to_owned(), object.payload().to_owned(), recipients).unwrap()
}

/// An object with this plaintext, under a content key of so many octets, for alice.
fn made_by_hand(key: &[u8], mut plaintext: Vec<u8>) -> Encrypted {
    match key.len() {
        64 => {
            let key = a256cbc_hs512::Key::new(Secret::from_slice(key).unwrap());
            a256cbc_hs512::seal_in_place(&key, &[3; 16], &[], &mut plaintext).unwrap();
        }
        32 => {
            let key = a256cbc::Key::new(Secret::from_slice(key).unwrap());
            a256cbc::Encryptor::new(&key, &[3; 16]).update(&mut plaintext).unwrap();
        }
        _ => {}
    }
    let wrapped = b64url::encode(&alice().public().encrypt_oaep(key).unwrap());
    Encrypted::new(b64url::encode(&[3; 16]), b64url::encode(&plaintext), vec![wrapped]).unwrap()
}

fn padded(text: &[u8]) -> Vec<u8> {
    let mut padded = text.to_vec();
    padded.resize(text.len().div_ceil(8192).max(1) * 8192, 0);
    padded
}

#[test]
fn r22_each_recipient_opens_it_and_nobody_else() {
    for form in FORMS {
        let object = seal(form, &[alice().public(), carol().public(), dave().public()]);
        assert_eq!(object.recipients().len(), 3);
        for key in [alice(), carol(), dave()] {
            assert_eq!(*open(&object, &key).unwrap().container(), message("hello"));
        }
        for key in [bob(), mallory()] {
            assert_eq!(refused(&object, &key), Error::Decrypt);
        }
    }
}

/// R21: the type says whether what was opened can have been altered.
#[test]
fn r21_the_type_says_whether_it_is_authenticated() {
    let hardened = open(&seal(Form::Hardened, &[alice().public()]), &alice()).unwrap();
    assert!(matches!(hardened, Opened::Authenticated(_)));
    let published = open(&seal(Form::Published, &[alice().public()]), &alice()).unwrap();
    assert!(matches!(published, Opened::Unauthenticated(_)));
}

/// The octets of both forms, taken apart with the primitives alone.
#[test]
fn r21_the_forms_are_those_of_the_profile() {
    for (form, key_octets, length) in
        [(Form::Hardened, 64, 8192 + 16 + 32), (Form::Published, 32, 8192)]
    {
        let object = seal(form, &[alice().public()]);
        let mut payload = b64url::decode(object.payload()).unwrap();
        assert_eq!(payload.len(), length);
        let wrapped = b64url::decode(&object.recipients()[0]).unwrap();
        let hash = sdmp_crypto::rsa::OaepHash::Sha512;
        let secret = alice().decrypt_oaep(&wrapped, hash).unwrap();
        assert_eq!(secret.len(), key_octets);
        let iv = b64url::decode(object.iv()).unwrap().try_into().unwrap();
        if form == Form::Hardened {
            let key = a256cbc_hs512::Key::new(Secret::from_slice(secret.expose()).unwrap());
            let length = a256cbc_hs512::open_in_place(&key, &iv, &[], &mut payload).unwrap();
            payload.truncate(length);
        } else {
            let key = a256cbc::Key::new(Secret::from_slice(secret.expose()).unwrap());
            a256cbc::decrypt_in_place(&key, &iv, &mut payload).unwrap();
        }
        assert_eq!(payload, padded(message("hello").as_bytes()));
    }
}

/// Content key and vector are fresh for each container.
#[test]
fn r21_nothing_is_used_twice() {
    let random = &mut Seeded::new(8);
    let mut seal = || {
        let text =
            crate::common::sealed(&message("x"), &[alice().public()], Form::Hardened, random);
        Encrypted::from_container(&container(text.unwrap())).unwrap()
    };
    let (one, two) = (seal(), seal());
    assert_ne!(one.iv(), two.iv());
    assert_ne!(one.payload(), two.payload());
    assert_ne!(one.recipients(), two.recipients());
}

/// R22: what existing JavaScript tools write, by OpenSSL 3.0:
/// `openssl pkeyutl -encrypt -pubin -inkey alice-public.pem -pkeyopt rsa_padding_mode:oaep
/// -pkeyopt rsa_oaep_md:sha1` of 64 octets of value 9.
#[test]
fn r22_a_key_wrapped_with_sha_1_is_read() {
    let by_hand = made_by_hand(&[9; 64], padded(message("hello").as_bytes()));
    let wrapped = include_str!("keys/oaep-sha1-of-64-nines-for-alice.txt").trim().to_owned();
    let object = with_recipients(&by_hand, vec![wrapped]);
    assert_eq!(*open(&object, &alice()).unwrap().container(), message("hello"));
}

/// R22: entries for others, or nonsense, do not hide one's own.
#[test]
fn r22_garbage_beside_ones_own_entry_does_not_matter() {
    for form in FORMS {
        let object = seal(form, &[alice().public()]);
        let own = object.recipients()[0].clone();
        let not_a_key = alice().public().encrypt_oaep(&[1; 48]).unwrap();
        let garbage = [
            String::new(),
            b64url::encode(&[0; 256]),
            b64url::encode(&[255; 256]),
            b64url::encode(&[1; 1000]),
            b64url::encode(&not_a_key),
        ];
        for place in 0..=garbage.len() {
            let mut recipients = garbage.to_vec();
            recipients.insert(place, own.clone());
            let object = with_recipients(&object, recipients);
            assert_eq!(*open(&object, &alice()).unwrap().container(), message("hello"));
        }
        let object = with_recipients(&object, garbage.to_vec());
        assert_eq!(refused(&object, &alice()), Error::Decrypt);
    }
}

/// R22: whatever is wrong behind the form of the container, the answer is the same.
#[test]
fn r22_all_failures_look_the_same() {
    let hello = message("hello");
    let right = seal(Form::Hardened, &[alice().public()]);
    let payload = b64url::decode(right.payload()).unwrap();
    let mut changed = payload.clone();
    changed[100] ^= 1;
    let of = |key: &[u8], plaintext: &[u8]| made_by_hand(key, plaintext.to_vec());
    let mut zeros = padded(hello.as_bytes());
    zeros.extend([0; 8192]);
    let invalid = br#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":7}"#;
    let other = hello.text().replace("0.12.0", "0.11.0");
    let mut refusals = vec![
        with_payload(&right, &changed),
        with_payload(&right, &payload[..payload.len() - 1]),
        with_payload(&right, &payload[..payload.len() - 16]),
        with_payload(&right, &payload[..16]),
        with_payload(&right, &[]),
        seal(Form::Hardened, &[bob().public()]),
        seal(Form::Published, &[bob().public()]),
        of(&[9; 48], &padded(hello.as_bytes())),
        of(&[], &padded(hello.as_bytes())),
    ];
    for key in [&[9; 64][..], &[9; 32]] {
        refusals.extend([
            of(key, &padded(hello.as_bytes())[..4096]),
            of(key, &[]),
            of(key, &[0; 8192]),
            of(key, &zeros),
            of(key, &padded(b"not JSON")),
            of(key, &padded(b"\xff\xff")),
            of(key, &padded(invalid)),
            of(key, &padded(other.as_bytes())),
        ]);
    }
    for (at, object) in refusals.iter().enumerate() {
        let error = refused(object, &alice());
        assert_eq!((&error, error.code()), (&Error::Decrypt, "encrypted.decrypt"), "{at}");
    }
}

/// Why the type says *unauthenticated*: in CBC, a bit flipped in the vector is that bit flipped in
/// the first block, and nothing notices.
#[test]
fn r21_a_change_of_the_published_form_goes_unnoticed() {
    let text = |sum| {
        format!(
            r#"{{"message":"{sum} euros","sdmp":{{"version":"0.12.0","schemas":["message"]}}}}"#
        )
    };
    let random = &mut Seeded::new(12);
    let right = container(text(1));
    let sealed =
        crate::common::sealed(&right, &[alice().public()], Form::Published, random).unwrap();
    let object = Encrypted::from_container(&container(sealed)).unwrap();
    let mut iv = b64url::decode(object.iv()).unwrap();
    iv[r#"{"message":""#.len()] ^= b'1' ^ b'9';
    let (iv, recipients) = (b64url::encode(&iv), object.recipients().to_vec());
    let changed = Encrypted::new(iv, object.payload().to_owned(), recipients).unwrap();
    match open(&changed, &alice()).unwrap() {
        Opened::Unauthenticated(opened) => assert_eq!(opened, container(text(9))),
        Opened::Authenticated(_) => unreachable!("there is no tag"),
    }
}

#[test]
fn r22_one_to_256_recipients() {
    let none = crate::common::sealed(&message("x"), &[], Form::Hardened, &mut Seeded::new(9));
    assert_eq!(none, Err(Error::Recipients));
    let (alice, bob) = (alice(), bob());
    let sealed_for = |count: usize| {
        let many = vec![bob.public(); count];
        crate::common::sealed(&message("x"), &many, Form::Hardened, &mut Seeded::new(9))
    };
    assert_eq!(sealed_for(MAX_RECIPIENTS + 1), Err(Error::Recipients));
    let most = Encrypted::from_container(&container(sealed_for(MAX_RECIPIENTS).unwrap())).unwrap();
    assert_eq!(most.recipients().len(), MAX_RECIPIENTS);

    let object = seal(Form::Hardened, &[alice.public()]);
    let own = object.recipients()[0].clone();
    assert_eq!(refused(&with_recipients(&object, vec![]), &alice), Error::Recipients);
    // One's own is the last of as many as there may be.
    let mut recipients = vec![b64url::encode(b"short"); MAX_RECIPIENTS - 1];
    recipients.push(own);
    assert!(open(&with_recipients(&object, recipients.clone()), &alice).is_ok());
    recipients.push(String::new());
    assert_eq!(refused(&with_recipients(&object, recipients), &alice), Error::Recipients);
}

#[test]
fn r8_form_version_and_schema_have_their_own_errors() {
    let text = seal(Form::Hardened, &[alice().public()]).to_text();
    let code = |text: String| encrypted::open(&container(text), &alice()).unwrap_err().code();
    assert_eq!(code(text.replace("0.12.0", "0.11.0")), "envelope.unsupported_version");
    assert_eq!(code(text.replace(r#""iv":""#, r#""iv":"AA"#)), "encrypted.iv_length");
    assert_eq!(code(text.replace(r#""payload":""#, r#""payload":"="#)), "b64url.padding");
    assert_eq!(code(text.replace(r#""key":""#, r#""key":" "#)), "b64url.white_space");
    assert_eq!(code(text.replace("recipients", "recipient")), "field.missing");
    let other = encrypted::open(&message("x"), &alice()).unwrap_err();
    assert_eq!(other, Error::WrongSchema("encrypted"));
}

#[test]
fn r17_what_is_no_valid_container_is_not_sealed() {
    let text = |version: &str, member: &str| {
        format!(r#"{{"sdmp":{{"version":"{version}","schemas":["message"]}},"{member}":"x"}}"#)
    };
    let seal = |text: String| {
        let random = &mut Seeded::new(10);
        crate::common::sealed(&container(text), &[alice().public()], Form::Hardened, random)
    };
    assert!(seal(text("0.12.0", "message")).is_ok());
    assert_eq!(seal(text("0.11.0", "message")), Err(Error::UnsupportedVersion));
    assert_eq!(seal(text("0.12.0", "massage")).unwrap_err().code(), "field.missing");
}

/// Who wrote it is told by a signature inside.
#[test]
fn signed_then_sealed_then_opened_then_verified() {
    let signer: LocalIdentity = common::local(&bob());
    let signed = crate::common::signed(&message("from bob"), &[&signer], common::now()).unwrap();
    let signed: Container = container(signed);
    let random = &mut Seeded::new(11);
    let sealed =
        crate::common::sealed(&signed, &[alice().public()], Form::Published, random).unwrap();
    let opened = encrypted::open(&container(sealed), &alice()).unwrap();
    assert_eq!(*opened.container(), signed);
    let find = common::known(&[&bob()]);
    let verified = signature::verify(opened.container(), &find, common::now()).unwrap();
    assert_eq!(verified.container, message("from bob"));
}

/// A random source that fails leaves nothing half done.
#[test]
fn a_random_source_that_fails_is_reported() {
    #[derive(Debug)]
    struct Dry;
    impl sdmp_crypto::random::Random for Dry {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
            Err(sdmp_crypto::Error::Random)
        }
    }
    let outcome =
        crate::common::sealed(&message("x"), &[alice().public()], Form::Hardened, &mut Dry);
    assert_eq!(outcome, Err(Error::Crypto(sdmp_crypto::Error::Random)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn r21_any_message_round_trips(text in ".{0,9000}", hardened in any::<bool>(), seed: u64) {
        let form = if hardened { Form::Hardened } else { Form::Published };
        let to = [bob(), alice()];
        let to: Vec<_> = to.iter().map(|key| key.public()).collect();
        let sealed = crate::common::sealed(&message(&text), &to, form, &mut Seeded::new(seed)).unwrap();
        let opened = encrypted::open(&container(sealed), &alice()).unwrap();
        prop_assert_eq!(opened.container(), &message(&text));
    }

    /// R35: with a tag, every changed octet of vector and payload is noticed.
    #[test]
    fn r21_a_changed_octet_of_the_hardened_form_is_noticed(at in 0..8240usize, bit in 0..8u32) {
        let object = seal(Form::Hardened, &[alice().public()]);
        let mut payload = b64url::decode(object.payload()).unwrap();
        payload[at] ^= 1 << bit;
        prop_assert_eq!(refused(&with_payload(&object, &payload), &alice()), Error::Decrypt);
    }
}
