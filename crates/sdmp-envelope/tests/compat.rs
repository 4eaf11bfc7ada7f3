//! The older rules: R45, against objects that were made without this project.
#![cfg(feature = "aws-lc-rs")] // for the key of 2056 bits

use crate::common;

use crate::common::{
    EXPIRY, Forgery, PUBLISHED, PUBLISHED_BOB, PUBLISHED_FINGERPRINT, alice, bob, container,
    header, identity, kid, local, message, now, time,
};
use sdmp_container::{Fingerprint, IdentityType, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::{PrivateKey, Signer};
use sdmp_envelope::compat::{self, Hashed, Identity};
use sdmp_envelope::{Error, signature};
use sdmp_testkit::older as fixtures;

/// Bob's fingerprint, published with the SDMP 0.12 text: SHA-512 of his key as bare base64.
const BOB: &str =
    "1Zy3eUBJAAYwfvfmO8uOYFKHY54fIz_jkOzBddcTb-IXlhos_LJcMlMafHABimG0_afp_gc9fNEcfDVM_y-o7A";
/// The identifier of his identity, published likewise: SHA-512 of the raw JSON.
const BOBS_IDENTITY: &str =
    "5w4IzlVU2d6KxWFhNF2hUW-rECxS6Kbi4PJ2B2z0-6n243MfYr0iPlF06S35Usd_zMPemVmPcI2WrifStdlN4A";

/// The day before the published examples expire.
fn then() -> sdmp_container::Timestamp {
    time("2019-12-31T23:59:59.999Z")
}

/// Bare base64 of a key's SubjectPublicKeyInfo: the PEM without its first and last line.
fn bare(key: &PrivateKey) -> String {
    key.public().canonical_pem().lines().filter(|line| !line.starts_with('-')).collect()
}

fn bare_kid(key: &PrivateKey) -> Fingerprint {
    Fingerprint::from_octets(sha512(bare(key).as_bytes()))
}

/// An identity of the older form.
fn older(version: &str, key: &str) -> String {
    format!(
        concat!(
            r#"{{"sdmp":{{"version":"{}","schemas":["identity"]}},"identity":"#,
            r#"{{"type":"user","expires":"{}","key":"{}"}}}}"#
        ),
        version, EXPIRY, key
    )
}

fn parse(text: &str) -> Result<Identity, Error> {
    Identity::parse(text.as_bytes())
}

/// Verifies with alice known under the older name, and bob under that of today.
fn verify(text: &str) -> Result<compat::Verified, Error> {
    let alice = parse(&older("0.11.0", &bare(&alice()))).unwrap();
    let people = [alice, Identity::from(&identity(&bob()))];
    let find = |kid: &Fingerprint| people.iter().find(|one| one.fingerprint() == kid).cloned();
    compat::verify(&container(text), &find, now())
}

/// A signature container by the older rules: identifier and signature of the examples.
fn forgery() -> Forgery {
    let octets = message("hello").as_bytes().to_vec();
    let header = format!(r#"{{"alg":"HS512","kid":"{}"}}"#, bare_kid(&alice()));
    let mut forgery = Forgery::new(&octets, &[(&header, &alice())]);
    forgery.version = "0.11.0".to_owned();
    forgery.identifier = b64url::encode(&sha512(&octets));
    forgery.entries.truncate(1);
    for entry in &mut forgery.entries {
        entry.1 = b64url::encode(&alice().sign(forgery.payload.as_bytes()).unwrap());
    }
    forgery
}

/// The identity that was published with the SDMP 0.12 text, put together from its key.
#[test]
fn r45_the_published_identity_is_read() {
    let bare: String = PUBLISHED_BOB.lines().filter(|line| !line.starts_with('-')).collect();
    let text = older("0.11.0", &bare).replace(EXPIRY, "2020-01-01T00:00:00.000Z");
    let bob = parse(&text).unwrap();
    assert_eq!(bob.fingerprint().to_string(), BOB);
    assert_eq!(bob.kind(), IdentityType::User);
    assert_eq!(bob.expires(), time("2020-01-01T00:00:00.000Z"));
    assert_eq!(bob.public_key().bits(), 2056);
    assert!(bob.is_known_compromised());
    assert_eq!(bob.text(), text);
    assert_eq!(bob.check_usable(then()), Ok(()));
    assert_eq!(bob.check_usable(now()), Err(Error::Expired));
    assert_eq!(Fingerprint::from_octets(sha512(text.as_bytes())).to_string(), BOBS_IDENTITY);
    // Nowhere but here.
    let refused = sdmp_envelope::Identity::parse(text.as_bytes());
    assert_eq!(refused, Err(Error::UnsupportedVersion));
    let key = sdmp_crypto::rsa::PublicKey::from_pem(PUBLISHED_BOB).unwrap();
    assert_eq!(key, *bob.public_key());
    let made = sdmp_envelope::Identity::create(&key, IdentityType::User, time(EXPIRY));
    assert_eq!(made, Err(Error::PublishedKey));
}

#[test]
fn r45_an_older_signature_verifies() {
    let identity = parse(fixtures::identity()).unwrap();
    assert_eq!(identity.fingerprint().to_string(), fixtures::fingerprint());
    assert!(!identity.is_known_compromised());
    let find = |kid: &Fingerprint| (kid == identity.fingerprint()).then(|| identity.clone());
    let signed = compat::parse(fixtures::signed_identity()).unwrap();
    let verified = compat::verify(&signed, &find, then()).unwrap();
    assert_eq!(verified.container.text(), fixtures::identity());
    assert_eq!(verified.hashed, Hashed::RawJson);
    let [signer] = verified.signers.as_slice() else { unreachable!("one signed") };
    assert_eq!((&signer.identity, signer.covers_header), (&identity, false));
    assert_eq!(compat::verify(&signed, &find, now()).unwrap_err(), Error::Expired);
    // By the rules of today it is not one.
    let today = signature::verify(&signed, &|_| None, then()).unwrap_err();
    assert_eq!(today, Error::UnsupportedVersion);
}

#[test]
fn r45_an_older_trust_container_verifies() {
    let identity = parse(fixtures::identity()).unwrap();
    let find = |kid: &Fingerprint| (kid == identity.fingerprint()).then(|| identity.clone());
    let signed = compat::parse(fixtures::signed_trust()).unwrap();
    let verified = compat::verify(&signed, &find, then()).unwrap();
    assert_eq!(verified.container.text(), fixtures::trust());
    // One letter of the payload, and it is another container.
    let changed = fixtures::signed_trust().replacen("eyJ", "eyK", 1);
    assert!(compat::parse(changed).and_then(|text| compat::verify(&text, &find, then())).is_err());
}

/// The signature is deterministic: the key signs what OpenSSL signed.
#[test]
fn r45_a_pkcs1_key_signs_what_others_signed() {
    let key = PrivateKey::from_pem(fixtures::PRIVATE, None).unwrap();
    let payload = b64url::encode(fixtures::identity().as_bytes());
    let signature = b64url::encode(&key.sign(payload.as_bytes()).unwrap());
    assert!(fixtures::signed_identity().contains(&signature));
}

#[test]
fn r45_versions_0_10_to_0_12_and_no_others() {
    let key = bare(&alice());
    for version in ["0.10.0", "0.10.9", "0.11.0", "0.12.0", "0.12.3"] {
        let read = parse(&older(version, &key)).unwrap();
        assert_eq!(*read.fingerprint(), bare_kid(&alice()), "{version}");
        assert_eq!(read.public_key(), alice().public());
        assert!(!read.is_known_compromised());
    }
    for version in ["0.9.0", "0.13.0", "1.11.0"] {
        assert_eq!(parse(&older(version, &key)), Err(Error::UnsupportedVersion), "{version}");
        let text = message("x").text().replace("0.12.0", version);
        assert_eq!(compat::parse(text), Err(Error::UnsupportedVersion), "{version}");
    }
    assert!(compat::parse(message("x").text().replace("0.12.0", "0.10.0")).is_ok());
}

#[test]
fn r45_a_key_has_one_bare_spelling() {
    let bare = bare(&alice());
    assert!(bare.contains('/') && bare.contains('+'), "the test key has both");
    let with = |key: &str| parse(&older("0.11.0", key)).unwrap_err();
    let others = [
        bare.replace('+', "-").replace('/', "_"),
        format!("{bare}="),
        format!("{bare}\\n"),
        bare.replacen('A', "A\\n", 1),
        bare.replacen('A', "*", 1),
    ];
    for other in others {
        assert_eq!(with(&other), Error::KeyNotCanonical, "{other}");
    }
    assert_eq!(with("").code(), "key.der");
    assert_eq!(with("AAAA").code(), "key.der");
    // dave's key needs padding, and has one spelling with it.
    let dave = self::bare(&common::dave());
    assert!(dave.ends_with('='));
    assert!(parse(&older("0.11.0", &dave)).is_ok());
    assert_eq!(with(dave.trim_end_matches('=')), Error::KeyNotCanonical);
}

#[test]
fn r45_a_fingerprint_may_be_missing_but_not_wrong() {
    let with = |key: &str, print: &str| {
        let fingerprint = format!(r#"","fingerprint":"{print}"}}}}"#);
        parse(&older("0.12.0", key).replace(r#""}}"#, &fingerprint))
    };
    let pem = alice().public().canonical_pem().replace('\n', "\\n");
    let (of_bare, of_pem) = (bare_kid(&alice()).to_string(), kid(&alice()).to_string());
    assert!(with(&bare(&alice()), &of_bare).is_ok());
    assert!(with(&pem, &of_pem).is_ok());
    assert_eq!(with(&bare(&alice()), &of_pem), Err(Error::FingerprintMismatch));
    assert_eq!(with(&pem, &of_bare), Err(Error::FingerprintMismatch));
    assert_eq!(with(&pem, "x").unwrap_err().code(), "hash.length");
    let without = parse(&older("0.12.0", &pem)).unwrap();
    assert_eq!(without.fingerprint().to_string(), of_pem);
    assert_eq!(parse(&older("0.12.0", &format!("{pem}\\n"))), Err(Error::KeyNotCanonical));
    // The key on the cryptography page, with the fingerprint given there.
    let published = PUBLISHED.replace('\n', "\\n");
    assert!(with(&published, PUBLISHED_FINGERPRINT).unwrap().is_known_compromised());
}

#[test]
fn r45_other_members_are_still_needed() {
    let text = older("0.11.0", &bare(&alice()));
    let expires = format!(r#""expires":"{EXPIRY}","#);
    for without in [r#""type":"user","#, expires.as_str()] {
        assert_eq!(parse(&text.replace(without, "")), Err(Error::OlderIdentity), "{without}");
    }
    let no_key = text.replace(&bare(&alice()), "").replace(r#""key":"""#, r#""kye":"""#);
    assert_eq!(parse(&no_key), Err(Error::OlderIdentity));
    assert_eq!(parse(&text.replace(EXPIRY, "never")).unwrap_err().code(), "timestamp.shape");
    assert_eq!(parse(&text.replace("user", "cat")).unwrap_err().code(), "field.unexpected_value");
    let number = text.replace(r#""}}"#, r#"","fingerprint":7}}"#);
    assert_eq!(parse(&number), Err(Error::OlderIdentity));
    let other = text.replace("identity", "message");
    assert_eq!(parse(&other).unwrap_err(), Error::WrongSchema("identity"));
    assert_eq!(Error::OlderIdentity.code(), "compat.identity");
}

#[test]
fn r45_the_older_signature_verifies_and_says_what_it_covers() {
    let verified = verify(&forgery().text()).unwrap();
    assert_eq!(verified.container, message("hello"));
    assert_eq!(verified.hashed, Hashed::RawJson);
    assert!(verified.signers.iter().all(|signer| !signer.covers_header));
    // A changed protected header is not noticed: that is what it does not cover. Only
    // the key that the kid names still has to fit.
    let mut changed = forgery();
    for entry in &mut changed.entries {
        let kid = bare_kid(&alice());
        entry.0 = b64url::encode(format!(r#"{{"kid":"{kid}","alg":"HS512"}}"#).as_bytes());
    }
    assert!(verify(&changed.text()).is_ok());
    let mut other = forgery();
    for entry in &mut other.entries {
        entry.0 = b64url::encode(header(&bob()).as_bytes());
    }
    assert_eq!(verify(&other.text()).unwrap_err(), Error::BadSignature);
}

#[test]
fn r45_the_signature_of_today_verifies_as_well() {
    let signed = crate::common::signed(&message("hello"), &[&local(&bob())], now()).unwrap();
    let verified = verify(&signed).unwrap();
    assert_eq!(verified.hashed, Hashed::Payload);
    assert!(verified.signers.iter().all(|signer| signer.covers_header));
    let identities: Vec<_> = verified.signers.into_iter().map(|signer| signer.identity).collect();
    assert_eq!(identities, [Identity::from(&identity(&bob()))]);
}

/// Who signed twice is named once, and covers what one of the two signatures covers.
#[test]
fn r45_who_signed_twice_is_named_once() {
    let older = forgery();
    let header = format!(r#"{{"alg":"HS512","kid":"{}"}}"#, bare_kid(&alice()));
    let today = Forgery::new(message("hello").as_bytes(), &[(&header, &alice())]);
    let both = [older.entries.as_slice(), today.entries.as_slice()].concat();
    for entries in [both.clone(), both.into_iter().rev().collect()] {
        let text = Forgery { entries, ..forgery() }.text();
        let verified = verify(&text).unwrap();
        let covers: Vec<bool> =
            verified.signers.iter().map(|signer| signer.covers_header).collect();
        assert_eq!(covers, [true]);
    }
    let most = older.entries.into_iter().cycle().take(signature::MAX_SIGNATURES).collect();
    let verified = verify(&Forgery { entries: most, ..forgery() }.text()).unwrap();
    assert_eq!(verified.signers.len(), 1);
}

#[test]
fn r45_an_expired_signer_signs_nothing() {
    let text = older("0.11.0", &bare(&alice()));
    let alice = parse(&text).unwrap();
    assert_eq!(alice.text(), text);
    assert_eq!(alice.check_usable(now()), Ok(()));
    assert_eq!(alice.check_usable(time(EXPIRY)), Err(Error::Expired));
    let find = |kid: &Fingerprint| (kid == alice.fingerprint()).then(|| alice.clone());
    let signed = container(forgery().text());
    assert!(compat::verify(&signed, &find, now()).is_ok());
    assert_eq!(compat::verify(&signed, &find, time(EXPIRY)).unwrap_err(), Error::Expired);
}

#[test]
fn r45_the_other_rules_of_signatures_hold() {
    let change = |change: &dyn Fn(&mut Forgery)| {
        let mut forgery = forgery();
        change(&mut forgery);
        verify(&forgery.text()).unwrap_err()
    };
    let zeros = b64url::encode(&[0; 64]);
    assert_eq!(change(&|it| it.identifier.clone_from(&zeros)), Error::IdentifierMismatch);
    let header = |text: &str| b64url::encode(text.as_bytes());
    let none = format!(r#"{{"alg":"none","kid":"{}"}}"#, bare_kid(&alice()));
    let with = |protected: &str| {
        change(&|it| it.entries.iter_mut().for_each(|entry| protected.clone_into(&mut entry.0)))
    };
    assert_eq!(with(&header(&none)), Error::ProtectedHeader);
    let unknown = format!(r#"{{"alg":"HS512","kid":"{zeros}"}}"#);
    let kid: Fingerprint = zeros.parse().unwrap();
    assert_eq!(with(&header(&unknown)), Error::UnknownSigner(kid));
    let garbage = change(&|it| {
        it.entries.iter_mut().for_each(|entry| entry.1 = b64url::encode(&[7; 256]));
    });
    assert_eq!(garbage, Error::BadSignature);
    assert_eq!(change(&|it| it.version = "0.9.0".to_owned()), Error::UnsupportedVersion);
    let many = change(&|it| {
        let many = it.entries.iter().cycle().take(signature::MAX_SIGNATURES + 1);
        it.entries = many.cloned().collect();
    });
    assert_eq!(many, Error::TooManySignatures);
    let other = compat::verify(&message("x"), &|_| None, now()).unwrap_err();
    assert_eq!(other, Error::WrongSchema("signature"));
}

#[test]
fn r45_the_signed_container_is_checked_by_its_schemas() {
    let of = |octets: &[u8]| {
        let mut forgery = Forgery::new(octets, &[(&header(&bob()), &bob())]);
        forgery.version = "0.10.0".to_owned();
        verify(&forgery.text())
    };
    assert!(of(older("0.11.0", &bare(&alice())).as_bytes()).is_ok());
    assert_eq!(of(b"{}").unwrap_err().code(), "field.missing");
    let text = message("x").text().replace(r#""x""#, "7");
    assert_eq!(of(text.as_bytes()).unwrap_err().code(), "field.wrong_type");
    let text = older("0.11.0", &bare(&alice())).replace("expires", "ends");
    assert_eq!(of(text.as_bytes()).unwrap_err(), Error::OlderIdentity);
}

mod encrypted {
    use crate::common::{Seeded, alice, bob, container, dave, message};
    use sdmp_container::{Encrypted, b64url};
    use sdmp_crypto::content::a256cbc;
    use sdmp_crypto::rsa::PrivateKey;
    use sdmp_crypto::secret::Secret;
    use sdmp_envelope::Error;
    use sdmp_envelope::compat::{self, Unwrap};
    use sdmp_envelope::encrypted::{self, Form, Opened};

    /// A container with PKCS#7 padding, its key wrapped as given.
    fn pkcs7(text: &[u8], wrapped: &[u8]) -> String {
        let mut octets = text.to_vec();
        let padding = u8::try_from(16 - text.len() % 16).unwrap();
        octets.resize(text.len() + usize::from(padding), padding);
        let key = a256cbc::Key::new(Secret::new([9; 32]));
        a256cbc::Encryptor::new(&key, &[3; 16]).update(&mut octets).unwrap();
        let (iv, payload) = (b64url::encode(&[3; 16]), b64url::encode(&octets));
        let object = Encrypted::new(iv, payload, vec![b64url::encode(wrapped)]).unwrap();
        object.to_text().replace("0.12.0", "0.11.0")
    }

    fn open(text: &str, key: &PrivateKey) -> Result<Opened, Error> {
        compat::open(&container(text), key, Unwrap::Oaep)
    }

    #[test]
    fn r45_pkcs7_padding_is_read_and_unauthenticated() {
        for key in [alice(), dave()] {
            let wrapped = key.public().encrypt_oaep(&[9; 32]).unwrap();
            for length in 0..20 {
                let inside = message(&"x".repeat(length));
                let opened = open(&pkcs7(inside.as_bytes(), &wrapped), &key).unwrap();
                assert!(matches!(opened, Opened::Unauthenticated(opened) if opened == inside));
            }
        }
    }

    #[test]
    fn r45_the_forms_of_today_are_read_as_well() {
        for form in [Form::Hardened, Form::Published] {
            let random = &mut Seeded::new(1);
            let text =
                crate::common::sealed(&message("x"), &[alice().public()], form, random).unwrap();
            let opened = open(&text, &alice()).unwrap();
            assert_eq!(*opened.container(), message("x"));
            assert_eq!(matches!(opened, Opened::Authenticated(_)), form == Form::Hardened);
        }
    }

    #[test]
    fn r45_failures_look_the_same() {
        let wrapped = alice().public().encrypt_oaep(&[9; 32]).unwrap();
        let short = alice().public().encrypt_oaep(&[9; 31]).unwrap();
        let text = message("x");
        let newer = text.text().replace("0.12.0", "0.13.0");
        let refused = [
            (pkcs7(text.as_bytes(), &wrapped), bob()),
            (pkcs7(text.as_bytes(), &short), alice()),
            (pkcs7(text.as_bytes(), &[1; 256]), alice()),
            (pkcs7(b"not JSON", &wrapped), alice()),
            (pkcs7(newer.as_bytes(), &wrapped), alice()),
            (pkcs7(&[0; 8191], &wrapped), alice()),
        ];
        for (text, key) in refused {
            assert_eq!(open(&text, &key).unwrap_err(), Error::Decrypt);
        }
        let other = open(message("x").text(), &alice()).unwrap_err();
        assert_eq!(other, Error::WrongSchema("encrypted"));
    }

    /// By OpenSSL 3.0: `openssl pkeyutl -encrypt -pubin -inkey alice-public.pem -pkeyopt
    /// rsa_padding_mode:pkcs1` of 32 octets of value 9.
    fn wrapped_by_pkcs1v15() -> Vec<u8> {
        b64url::decode(include_str!("keys/pkcs1v15-of-32-nines-for-alice.txt").trim()).unwrap()
    }

    /// The first half of the switch is a feature, the second a value: without both, nothing.
    #[test]
    fn r45_pkcs1v15_is_not_read_unless_asked_for() {
        let text = pkcs7(message("x").as_bytes(), &wrapped_by_pkcs1v15());
        assert_eq!(open(&text, &alice()).unwrap_err(), Error::Decrypt);
        let today = container(text.replace("0.11.0", "0.12.0"));
        assert_eq!(encrypted::open(&today, &alice()).unwrap_err(), Error::Decrypt);
    }

    #[cfg(feature = "compat-pkcs1v15")]
    #[test]
    fn r45_pkcs1v15_is_read_where_it_is_asked_for() {
        let text = container(pkcs7(message("x").as_bytes(), &wrapped_by_pkcs1v15()));
        let opened = compat::open(&text, &alice(), Unwrap::OaepAndPkcs1v15).unwrap();
        assert_eq!(*opened.container(), message("x"));
        let refused = compat::open(&text, &bob(), Unwrap::OaepAndPkcs1v15).unwrap_err();
        assert_eq!(refused, Error::Decrypt);
    }
}
