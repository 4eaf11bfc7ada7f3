//! Identities: R13 to R16.
#![cfg(feature = "aws-lc-rs")] // for the key of 2056 bits

use crate::common;

use crate::common::{
    EXPIRY, PUBLISHED, PUBLISHED_FINGERPRINT, alice, bob, carol, dave, identity, time,
};
use sdmp_container::{Fingerprint, IdentityType, Timestamp};
use sdmp_crypto::rsa::{PublicKey, Signer};
use sdmp_envelope::{Error, Identity, LocalIdentity, signature};

/// An identity container's text with these values as they stand in JSON.
fn text(version: &str, kind: &str, key: &str, fingerprint: &str) -> String {
    format!(
        concat!(
            r#"{{"sdmp":{{"version":"{}","schemas":["identity"]}},"identity":{{"type":"{}","#,
            r#""expires":"{}","key":"{}","fingerprint":"{}"}}}}"#
        ),
        version, kind, EXPIRY, key, fingerprint
    )
}

/// The text for alice's key, spelled as given.
fn alices(key: &str) -> String {
    text("0.12.0", "node", key, &common::kid(&alice()).to_string())
}

fn parse(text: &str) -> Result<Identity, Error> {
    Identity::parse(text.as_bytes())
}

fn code(text: &str) -> &'static str {
    parse(text).unwrap_err().code()
}

fn json(pem: &str) -> String {
    pem.replace('\n', "\\n")
}

#[test]
fn r14_what_is_created_is_read_back_octet_for_octet() {
    for key in [alice(), carol(), dave()] {
        for kind in [IdentityType::User, IdentityType::Node] {
            let made = Identity::create(key.public(), kind, time(EXPIRY)).unwrap();
            let read = Identity::parse(made.as_bytes()).unwrap();
            assert_eq!(read, made);
            assert_eq!(read.text(), made.text());
            assert_eq!((read.kind(), read.expires()), (kind, time(EXPIRY)));
            assert_eq!(read.public_key(), key.public());
            assert_eq!(*read.fingerprint(), common::kid(&key));
        }
    }
}

#[test]
fn r14_the_text_is_the_one_of_the_profile() {
    let key = json(alice().public().canonical_pem());
    assert_eq!(identity(&alice()).text(), alices(&key));
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----\\n"), "PEM with LF escaped");
    assert!(key.ends_with("-----END PUBLIC KEY-----"), "no LF at the end");
}

/// R15: computed from the parsed key, so other escapes do not give it a second fingerprint.
#[test]
fn r15_another_spelling_of_the_text_is_the_same_identity() {
    let key = json(alice().public().canonical_pem());
    let spellings = [
        key.replace("\\n", "\\u000a"),
        key.replace("\\n", "\\u000A"),
        key.replace('/', "\\/"),
        key.replace("BEGIN", "\\u0042EGIN"),
    ];
    for spelling in spellings {
        assert_ne!(spelling, key);
        let read = parse(&alices(&spelling)).unwrap();
        assert_eq!(read.fingerprint(), identity(&alice()).fingerprint());
        assert!(read.text().contains(&spelling), "the octets stay as received (R5)");
        assert_ne!(read, parse(&alices(&key)).unwrap(), "and other octets are another value");
    }
}

/// R14: one key has one text, so one fingerprint.
#[test]
fn r14_another_text_of_the_key_is_refused() {
    let pem = alice().public().canonical_pem().to_owned();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let folded = |columns: usize| {
        let lines: Vec<_> = body
            .as_bytes()
            .chunks(columns)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        let body = lines.join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----")
    };
    assert_eq!(folded(64), pem);
    let others = [
        format!("{pem}\n"),
        format!("\n{pem}"),
        format!("{pem} "),
        pem.replace('\n', "\r\n"),
        pem.replacen('\n', "\n\n", 1),
    ];
    for other in others {
        let code = code(&alices(&other.replace('\r', "\\r").replace('\n', "\\n")));
        assert!(["identity.key_not_canonical", "key.pem"].contains(&code), "{code} for {other:?}");
    }
    // Not PEM at all, or of other columns, or two documents.
    let broken = [folded(76), folded(48), body, String::new(), format!("{pem}\n{pem}"), "x".into()];
    for other in broken {
        let code = code(&alices(&json(&other)));
        assert!(code.starts_with("key.") || code == "identity.key_not_canonical", "{code}");
    }
}

#[test]
fn r14_other_documents_in_place_of_the_key_are_told_apart() {
    let private = sdmp_testkit::keys::ALICE;
    assert_eq!(code(&alices(&json(private.trim()))), "key.private_in_place_of_public");
    let certificate = PUBLISHED.replace("PUBLIC KEY", "CERTIFICATE");
    assert_eq!(code(&alices(&json(&certificate))), "key.certificate");
    let cut = alice().public().canonical_pem().replacen("MIIB", "", 1);
    assert!(code(&alices(&json(&cut))).starts_with("key."));
}

#[test]
fn r15_the_published_fingerprint_comes_out() {
    let key = PublicKey::from_pem(PUBLISHED).unwrap();
    assert_eq!(Fingerprint::from_octets(key.fingerprint()).to_string(), PUBLISHED_FINGERPRINT);
}

#[test]
fn r15_the_fingerprint_must_be_that_of_the_key() {
    let key = json(alice().public().canonical_pem());
    let other = common::kid(&bob()).to_string();
    assert_eq!(parse(&text("0.12.0", "node", &key, &other)), Err(Error::FingerprintMismatch));
    assert_eq!(code(&text("0.12.0", "node", &key, other.split_at(1).1)), "hash.length");
    assert_eq!(code(&text("0.12.0", "node", &key, "")), "hash.length");
    // A naive hash of the PEM, as many tools compute it.
    let naive = sdmp_crypto::hash::sha512(alice().public().canonical_pem().as_bytes());
    let naive = Fingerprint::from_octets(naive).to_string();
    assert_eq!(parse(&text("0.12.0", "node", &key, &naive)), Err(Error::FingerprintMismatch));
}

/// R13: a key whose private half is published is no identity, read or made.
#[test]
fn r13_published_keys_are_refused() {
    let key = json(PUBLISHED);
    let refused = parse(&text("0.12.0", "node", &key, PUBLISHED_FINGERPRINT));
    assert_eq!(refused, Err(Error::PublishedKey));
    assert_eq!(Error::PublishedKey.code(), "identity.published_key");
    let key = PublicKey::from_pem(PUBLISHED).unwrap();
    let made = Identity::create(&key, IdentityType::User, time(EXPIRY));
    assert_eq!(made, Err(Error::PublishedKey));
}

#[test]
fn r13_weak_keys_are_refused_with_their_own_code() {
    // n of 1024 bits from a public test key of OpenSSL's making.
    let weak = include_str!("keys/rsa-1024-public.pem");
    assert_eq!(code(&alices(&json(weak.trim()))), "key.too_short");
    let weak = include_str!("keys/rsa-2048-e3-public.pem");
    assert_eq!(code(&alices(&json(weak.trim()))), "key.exponent");
}

#[test]
fn r8_other_versions_are_refused() {
    let key = json(alice().public().canonical_pem());
    let print = common::kid(&alice()).to_string();
    let of = |version: &str| parse(&text(version, "node", &key, &print));
    assert_eq!(of("0.11.0"), Err(Error::UnsupportedVersion));
    assert_eq!(of("0.13.0"), Err(Error::UnsupportedVersion));
    assert_eq!(of("1.12.0"), Err(Error::UnsupportedVersion));
    assert!(of("0.12.0").is_ok());
    assert!(of("0.12.7").is_ok());
    assert_eq!(of("0.12").unwrap_err().code(), "version.shape");
}

#[test]
fn r16_a_container_that_does_not_validate_is_no_identity() {
    let key = json(alice().public().canonical_pem());
    let whole = alices(&key);
    assert_eq!(code(&text("0.12.0", "robot", &key, &"A".repeat(86))), "field.unexpected_value");
    assert_eq!(code(&whole.replace(EXPIRY, "2099-01-01T00:00:00Z")), "timestamp.shape");
    assert_eq!(code(&whole.replace(r#""type":"node","#, "")), "field.missing");
    assert_eq!(code(&whole.replace(r#"["identity"]"#, r#"["message"]"#)), "envelope.wrong_schema");
    let also = whole.replace(r#"["identity"]"#, r#"["identity","message"]"#);
    assert_eq!(code(&also), "field.missing", "each listed schema counts (R11)");
    assert_eq!(code(&format!("{whole} x")), "json.trailing_data");
    // Additional members are allowed here (R12).
    let more = whole.replace(r#""identity":{"#, r#""extra":1,"identity":{"also":2,"#);
    assert!(parse(&more).is_ok());
}

/// R16: from its last millisecond on, an identity neither counts nor signs.
#[test]
fn r16_expired_by_one_millisecond() {
    let identity = identity(&alice());
    let end = identity.expires().unix_millis();
    let at = |millis| Timestamp::from_unix_millis(millis).unwrap();
    assert_eq!(identity.check_usable(at(end - 1)), Ok(()));
    assert_eq!(identity.check_usable(at(end)), Err(Error::Expired));
    assert_eq!(identity.check_usable(at(end + 1)), Err(Error::Expired));

    let local = LocalIdentity::new(identity, alice()).unwrap();
    let message = common::message("late");
    assert!(signature::sign(&message, &[&local], at(end - 1)).is_ok());
    assert_eq!(signature::sign(&message, &[&local], at(end)), Err(Error::Expired));
}

#[test]
fn r16_a_signer_must_have_the_identity_s_key() {
    let refused = LocalIdentity::new(identity(&alice()), bob()).unwrap_err();
    assert_eq!(refused, Error::KeyMismatch);
    let local = LocalIdentity::new(identity(&alice()), alice()).unwrap();
    assert_eq!(local.identity().public_key(), alice().public_key());
}

#[test]
fn debug_shows_names_and_no_keys() {
    let local = common::local(&alice());
    let shown = format!("{local:?} {:?}", identity(&alice()));
    assert!(shown.contains(&common::kid(&alice()).to_string()));
    assert!(!shown.contains("BEGIN") && !shown.contains("MII"), "{shown}");
}
