//! Signature containers: R17 to R20a, R5.
#![cfg(feature = "aws-lc-rs")] // for the key of 2056 bits

use crate::common::{
    EXPIRY, Forgery, alice, bob, carol, container, dave, header, identity, kid, known, local,
    mallory, message, now, time,
};
use proptest::prelude::*;
use sdmp_container::{Container, IdentityType, Receipt, Signature, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::Signer;
use sdmp_envelope::signature::{self, MAX_SIGNATURES, Verified};
use sdmp_envelope::{Error, Identity};

/// Verifies a text with all known but Mallory.
fn verify(text: &str) -> Result<Verified, Error> {
    signature::verify(&container(text), &known(&[&alice(), &bob(), &carol(), &dave()]), now())
}

fn refused(text: &str) -> Error {
    verify(text).unwrap_err()
}

/// A right signature container by alice over a message, to be changed.
fn forgery() -> Forgery {
    Forgery::new(message("hello").as_bytes(), &[(&header(&alice()), &alice())])
}

#[test]
fn r17_what_one_signed_comes_back_octet_for_octet() {
    // White space and the order of members are the author's (R5).
    let text = "{ \"message\" : \"hello\",\n \"sdmp\":{\"schemas\":[\"message\"],\"version\":\"0.12.0\"} }\n";
    for key in [alice(), carol(), dave()] {
        let signed = crate::common::signed(&container(text), &[&local(&key)], now()).unwrap();
        let verified = verify(&signed).unwrap();
        assert_eq!(verified.container.as_bytes(), text.as_bytes());
        assert_eq!(verified.signers, [identity(&key)]);
    }
}

/// The text that we write is that of the profile, and RSASSA-PKCS1-v1_5 has one signature only.
#[test]
fn r19_the_text_is_the_one_of_the_profile() {
    let signed = crate::common::signed(&message("hello"), &[&local(&alice())], now()).unwrap();
    assert_eq!(signed, forgery().text());
}

#[test]
fn r20_several_signers_are_named_in_order() {
    let signers = [local(&carol()), local(&alice()), local(&dave())];
    let signed = crate::common::signed(&message("we"), &signers.each_ref(), now()).unwrap();
    let verified = verify(&signed).unwrap();
    assert_eq!(verified.signers, [identity(&carol()), identity(&alice()), identity(&dave())]);
    assert_eq!(crate::common::signed(&message("nobody"), &[], now()), Err(Error::NoSigner));
}

/// A caller who counts signers must not count one of them twice.
#[test]
fn r20_who_signed_twice_is_named_once() {
    let signers = [local(&alice()), local(&bob()), local(&alice())];
    let signed = crate::common::signed(&message("again"), &signers.each_ref(), now()).unwrap();
    assert_eq!(verify(&signed).unwrap().signers, [identity(&alice()), identity(&bob())]);
}

#[test]
fn r20_an_unknown_signer_is_no_bad_signature() {
    let signed = crate::common::signed(&message("hi"), &[&local(&mallory())], now()).unwrap();
    assert_eq!(refused(&signed), Error::UnknownSigner(kid(&mallory())));
    assert_eq!(refused(&signed).code(), "signature.unknown_signer");
    // Known ones beside it do not help: every signature must verify.
    let both = [local(&alice()), local(&mallory())];
    let signed = crate::common::signed(&message("hi"), &both.each_ref(), now()).unwrap();
    assert_eq!(refused(&signed), Error::UnknownSigner(kid(&mallory())));
}

/// Whatever the order of the signatures: bad before expired before unknown.
#[test]
fn r20_the_worst_news_is_told() {
    let old = Identity::create(bob().public(), IdentityType::User, now()).unwrap();
    let find = |wanted: &_| {
        [identity(&alice()), old.clone()].into_iter().find(|known| known.fingerprint() == wanted)
    };
    let headers = [header(&alice()), header(&bob()), header(&mallory())];
    let people = [alice(), bob(), mallory()];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let entries: Vec<_> =
            order.iter().map(|at| (headers[*at].as_str(), &*people[*at])).collect();
        let mut forgery = Forgery::new(message("hi").as_bytes(), &entries);
        let outcome = signature::verify(&container(forgery.text()), &find, now());
        assert_eq!(outcome.unwrap_err(), Error::Expired, "{order:?}");
        let bad = order.iter().position(|at| *at == 0).unwrap();
        forgery.entries[bad].1 = b64url::encode(&[7; 256]);
        let outcome = signature::verify(&container(forgery.text()), &find, now());
        assert_eq!(outcome.unwrap_err(), Error::BadSignature, "{order:?}");
    }
}

#[test]
fn r20_without_signatures_there_is_nothing_to_believe() {
    let mut forgery = forgery();
    forgery.entries.clear();
    let error = refused(&forgery.text());
    assert_eq!(error.code(), "field.empty");
}

/// Each signature covers the whole payload: their number bounds the work.
#[test]
fn r20_the_number_of_signatures_is_bounded() {
    let mut forgery = forgery();
    forgery.entries = vec![forgery.entries[0].clone(); MAX_SIGNATURES];
    assert_eq!(verify(&forgery.text()).unwrap().signers.len(), 1);
    forgery.entries.push(forgery.entries[0].clone());
    assert_eq!(refused(&forgery.text()), Error::TooManySignatures);
    let one = local(&alice());
    let signed_by = |count: usize| {
        let signers: Vec<_> = std::iter::repeat_n(&one, count).collect();
        crate::common::signed(&message("x"), &signers, now())
    };
    assert_eq!(signed_by(MAX_SIGNATURES + 1), Err(Error::TooManySignatures));
    assert!(verify(&signed_by(MAX_SIGNATURES).unwrap()).is_ok());
}

/// A resolver that answers with another identity is not believed.
#[test]
fn r20_the_identity_must_be_that_of_the_kid() {
    let signed = forgery().text();
    let outcome = signature::verify(&container(signed), &|_| Some(identity(&bob())), now());
    assert_eq!(outcome.unwrap_err(), Error::UnknownSigner(kid(&alice())));
}

#[test]
fn r16_an_expired_signer_does_not_count() {
    let find = known(&[&alice()]);
    let signed = container(forgery().text());
    let end = time(EXPIRY).unix_millis();
    let at = |millis| sdmp_container::Timestamp::from_unix_millis(millis).unwrap();
    assert!(signature::verify(&signed, &find, at(end - 1)).is_ok());
    assert_eq!(signature::verify(&signed, &find, at(end)).unwrap_err(), Error::Expired);
}

#[test]
fn r18_the_header_is_exactly_two_members() {
    let of =
        |header: &str| verify(&Forgery::new(message("x").as_bytes(), &[(header, &alice())]).text());
    let kid = kid(&alice());
    let legal = [
        header(&alice()),
        format!(r#"{{"kid":"{kid}","alg":"HS512"}}"#),
        format!("{{ \"alg\": \"HS512\",\n \"kid\": \"{kid}\" }}"),
        format!(r#"{{"\u0061lg":"HS512","kid":"{kid}"}}"#),
    ];
    for header in legal {
        assert!(of(&header).is_ok(), "{header}");
    }
    let illegal = [
        format!(r#"{{"alg":"RS512","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"hs512","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"","kid":"{kid}"}}"#),
        format!(r#"{{"alg":null,"kid":"{kid}"}}"#),
        format!(r#"{{"alg":["HS512"],"kid":"{kid}"}}"#),
        format!(r#"{{"kid":"{kid}"}}"#),
        r#"{"alg":"HS512"}"#.to_owned(),
        r#"{"alg":"HS512","kid":7}"#.to_owned(),
        r#"{"alg":"HS512","kid":""}"#.to_owned(),
        format!(r#"{{"alg":"HS512","kid":"{kid}A"}}"#),
        format!(r#"{{"alg":"HS512","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"HS512","kid":"{kid}","crit":["b64"],"b64":false}}"#),
        format!(r#"{{"alg":"HS512","alg":"HS512","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS512","\u0061lg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS512","kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"[{{"alg":"HS512","kid":"{kid}"}}]"#),
        format!(r#"{{"alg":"HS512","kid":"{kid}"}}x"#),
        String::new(),
        "null".to_owned(),
        format!(r#"{{"alg":"HS512","kid":"{kid}"}}{}"#, " ".repeat(2000)),
    ];
    for header in illegal {
        assert_eq!(of(&header).unwrap_err(), Error::ProtectedHeader, "{header}");
    }
}

#[test]
fn r18_a_header_that_is_not_base64url_or_utf8_is_refused() {
    let mut forgery = forgery();
    forgery.entries[0].0.push('=');
    assert_eq!(refused(&forgery.text()).code(), "b64url.padding");
    forgery.entries[0].0 = b64url::encode(b"\xff\xfe{}");
    assert_eq!(refused(&forgery.text()), Error::ProtectedHeader);
}

#[test]
fn r19_the_kid_of_another_key_is_a_bad_signature() {
    let text = Forgery::new(message("x").as_bytes(), &[(&header(&bob()), &alice())]).text();
    assert_eq!(refused(&text), Error::BadSignature);
    // Of another size as well.
    let text = Forgery::new(message("x").as_bytes(), &[(&header(&carol()), &alice())]).text();
    assert_eq!(refused(&text), Error::BadSignature);
}

/// R18: whatever the name HS512 suggests, it is never an HMAC; not even one keyed with what
/// is public, the public key.
#[test]
fn r18_an_hmac_keyed_with_the_public_key_is_refused() {
    let mut forgery = forgery();
    let input = format!("{}.{}", forgery.entries[0].0, forgery.payload);
    let alice = alice();
    let keys = [alice.public().canonical_pem().as_bytes(), alice.public().spki_der()];
    for key in keys {
        forgery.entries[0].1 = b64url::encode(&hmac_sha512(key, input.as_bytes()));
        assert_eq!(refused(&forgery.text()), Error::BadSignature);
    }
}

/// RFC 2104 over SHA-512, whose blocks have 128 octets.
fn hmac_sha512(key: &[u8], message: &[u8]) -> [u8; 64] {
    let mut block = [0; 128];
    let short = sha512(key);
    let key = if key.len() > 128 { &short[..] } else { key };
    block[..key.len()].copy_from_slice(key);
    let with = |pad: u8, rest: &[u8]| {
        let padded: Vec<u8> = block.iter().map(|octet| octet ^ pad).collect();
        sha512(&[&padded, rest].concat())
    };
    with(0x5c, &with(0x36, message))
}

/// R19: the published examples sign the payload alone, which leaves the kid uncovered.
#[test]
fn r19_a_signature_over_the_payload_alone_is_refused() {
    let mut forgery = forgery();
    let signature = alice().sign(forgery.payload.as_bytes()).unwrap();
    forgery.entries[0].1 = b64url::encode(&signature);
    assert_eq!(refused(&forgery.text()), Error::BadSignature);
    // Nor over the raw JSON.
    let signature = alice().sign(message("hello").as_bytes()).unwrap();
    forgery.entries[0].1 = b64url::encode(&signature);
    assert_eq!(refused(&forgery.text()), Error::BadSignature);
}

#[test]
fn r19_signatures_of_wrong_length_or_value_are_refused() {
    let forgery = forgery();
    let right = b64url::decode(&forgery.entries[0].1).unwrap();
    let modulus = alice().public().modulus().to_vec();
    let mut minus_one = modulus.clone();
    minus_one[255] -= 1;
    let mut one = vec![0; 256];
    one[255] = 1;
    let wrong = [
        vec![],
        vec![0; 256],
        one,
        minus_one,
        modulus,
        right[..255].to_vec(),
        [&[0], &right[..]].concat(),
        [&right[..], &[0]].concat(),
        [&right[..], &right[..]].concat(),
    ];
    for wrong in wrong {
        let mut forgery = forgery.clone();
        forgery.entries[0].1 = b64url::encode(&wrong);
        assert_eq!(refused(&forgery.text()), Error::BadSignature, "{} octets", wrong.len());
    }
}

#[test]
fn r17_the_identifier_is_the_hash_of_the_payload_as_it_stands() {
    let mut forgery = forgery();
    // The published examples hash the raw JSON.
    forgery.identifier = b64url::encode(&sha512(message("hello").as_bytes()));
    assert_eq!(refused(&forgery.text()), Error::IdentifierMismatch);
    forgery.identifier = b64url::encode(&[0; 64]);
    assert_eq!(refused(&forgery.text()), Error::IdentifierMismatch);
    forgery.identifier.pop();
    assert_eq!(refused(&forgery.text()).code(), "hash.length");
}

/// R17: signing does not make a container of what is none.
#[test]
fn r17_the_payload_must_be_a_valid_container() {
    let of = |octets: &[u8]| {
        refused(&Forgery::new(octets, &[(&header(&alice()), &alice())]).text()).code()
    };
    assert_eq!(of(b""), "json.unexpected_end");
    assert_eq!(of(b"hello"), "json.invalid_literal");
    assert_eq!(of(b"{}"), "field.missing");
    assert_eq!(of(b"\xff"), "json.invalid_utf8");
    assert_eq!(of(&[message("x").as_bytes(), &[0; 16]].concat()), "json.nul");
    let text = |version, rest| {
        format!(r#"{{"sdmp":{{"version":"{version}","schemas":["message"]}},{rest}}}"#)
    };
    assert_eq!(of(text("0.12.0", r#""message":7"#).as_bytes()), "field.wrong_type");
    assert_eq!(of(text("0.12.0", r#""m":"x""#).as_bytes()), "field.missing");
    assert_eq!(
        of(text("0.12.0", r#""message":"x","message":"y""#).as_bytes()),
        "json.duplicate_member"
    );
    assert_eq!(of(text("0.11.0", r#""message":"x""#).as_bytes()), "envelope.unsupported_version");
    assert_eq!(of(text("0.12", r#""message":"x""#).as_bytes()), "version.shape");
}

#[test]
fn r8_version_and_schema_of_the_signature_container_count() {
    let mut forgery = forgery();
    forgery.version = "0.12.3".to_owned();
    assert!(verify(&forgery.text()).is_ok());
    forgery.version = "0.11.0".to_owned();
    assert_eq!(refused(&forgery.text()), Error::UnsupportedVersion);
    let other = signature::verify(&message("x"), &|_| None, now()).unwrap_err();
    assert_eq!(other, Error::WrongSchema("signature"));
}

/// R5: a signature counts for the octets that were signed, not for what they mean.
#[test]
fn r5_other_octets_of_the_same_meaning_are_refused() {
    let mut forgery = forgery();
    let spaced = message("hello").text().replace(":", ": ");
    forgery.payload = b64url::encode(spaced.as_bytes());
    assert_eq!(refused(&forgery.text()), Error::IdentifierMismatch);
    forgery.identifier = b64url::encode(&sha512(forgery.payload.as_bytes()));
    assert_eq!(refused(&forgery.text()), Error::BadSignature);
}

/// A bit flipped anywhere in header, payload or signature: refused, if it is base64url at all.
#[test]
fn r19_every_position_counts() {
    let right = forgery();
    let whole = right.text();
    let places = [&right.entries[0].0, &right.payload, &right.entries[0].1, &right.identifier];
    for place in places {
        let start = whole.find(place.as_str()).unwrap();
        let mut bits = 0u8;
        for at in start..start + place.len() {
            bits = bits.wrapping_add(1);
            let mut octets = whole.clone().into_bytes();
            octets[at] ^= 1 << (bits % 6);
            let Ok(changed) = Container::parse(octets) else {
                continue;
            };
            let outcome = signature::verify(&changed, &known(&[&alice(), &bob()]), now());
            assert!(outcome.is_err(), "octet {at}");
        }
    }
}

/// R20a: what only a handshake may sign.
#[test]
fn r20a_what_belongs_to_the_handshake_is_not_signed() {
    let connection = r#""connection":{"g":2,"p":"AQAB","N":"AQAB"}"#;
    let text = |schemas: &str, rest: &str| {
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":[{schemas}]}},{rest}}}"#)
    };
    let fin = format!("sdmp/0.12 fin initiator {}", b64url::encode(&[7; 64]));
    let close = fin.replace("fin", "close");
    let reserved = [
        text(r#""shared_key""#, connection),
        text(r#""shar\u0065d_key""#, connection),
        text(r#""message","shared_key""#, &format!(r#""message":"x",{connection}"#)),
        Receipt::new(fin.as_str()).to_text(),
        Receipt::new(close).to_text(),
        Receipt::new("").to_text(),
        Receipt::new("any text").to_text(),
        Receipt::new("A".repeat(85)).to_text(),
        text(r#""receipt""#, &format!(r#""receipt":"\u0073{}""#, fin.split_at(1).1)),
        text(r#""receipt","message""#, &format!(r#""message":"x","receipt":"{fin}""#)),
    ];
    for reserved in reserved {
        let outcome =
            crate::common::signed(&container(reserved.as_str()), &[&local(&alice())], now());
        assert_eq!(outcome, Err(Error::ReservedForHandshake), "{reserved}");
    }
    let connection = text(r#""connection""#, connection);
    let parsed = Container::parse(connection);
    assert_eq!(parsed.unwrap_err().code(), "container.unknown_schema");
    // The receipt of something that has an identifier is a receipt like any other.
    let receipt = Receipt::new(b64url::encode(&[9; 64])).to_text();
    let signed = crate::common::signed(&container(receipt), &[&local(&alice())], now()).unwrap();
    assert!(verify(&signed).is_ok());
}

#[test]
fn r17_what_is_no_valid_container_is_not_signed() {
    let text = |version: &str, member: &str| {
        format!(r#"{{"sdmp":{{"version":"{version}","schemas":["message"]}},"{member}":"x"}}"#)
    };
    let sign = |text: String| crate::common::signed(&container(text), &[&local(&alice())], now());
    assert!(sign(text("0.12.1", "message")).is_ok());
    assert_eq!(sign(text("0.13.0", "message")), Err(Error::UnsupportedVersion));
    assert_eq!(sign(text("0.12.0", "massage")).unwrap_err().code(), "field.missing");
}

/// A signature container is a container: it can be signed by the next.
#[test]
fn r17_signatures_nest() {
    let inner = crate::common::signed(&message("hello"), &[&local(&alice())], now()).unwrap();
    let outer =
        crate::common::signed(&container(inner.as_str()), &[&local(&bob())], now()).unwrap();
    let verified = verify(&outer).unwrap();
    assert_eq!((verified.container.text(), verified.signers.len()), (inner.as_str(), 1));
    assert_eq!(verify(verified.container.text()).unwrap().container, message("hello"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn r17_any_message_round_trips(text in ".{0,200}", people in 1..4usize) {
        let signers = [local(&alice()), local(&bob()), local(&dave())];
        let signers: Vec<_> = signers.iter().take(people).collect();
        let signed = crate::common::signed(&message(&text), &signers, now()).unwrap();
        let object = Signature::from_container(&container(signed.as_str())).unwrap();
        prop_assert_eq!(object.signatures().len(), people);
        let verified = verify(&signed).unwrap();
        prop_assert_eq!(verified.container, message(&text));
        prop_assert_eq!(verified.signers.len(), people);
    }

    /// Whatever stands in the parts of a signature container, it is refused without a panic.
    #[test]
    fn r20_garbage_is_refused(
        identifier in "[A-Za-z0-9_-]{86}",
        payload in "[A-Za-z0-9_-]{0,64}",
        protected in "[A-Za-z0-9_-]{0,64}",
        signature in "[A-Za-z0-9_-]{0,64}",
        hashed in any::<bool>(),
    ) {
        let identifier =
            if hashed { b64url::encode(&sha512(payload.as_bytes())) } else { identifier };
        let version = "0.12.0".to_owned();
        let entries = vec![(protected, signature)];
        let text = Forgery { version, identifier, payload, entries }.text();
        prop_assert!(verify(&text).is_err());
    }
}
