//! security.md 5: signatures in M3. Whatever is not the right signature over the right octets by
//! the right key is refused, and refused in the same way (R18, R19, R29, R30, R37).

use std::sync::Arc;

use sdmp_container::closed::{HandshakeSignature, SessionCreation};
use sdmp_container::{Fingerprint, b64url};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::hash::{sha256, sha512};
use sdmp_crypto::rsa::{PrivateKey, Signer};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_envelope::signature::{check_payload, key_id, verify_entry};
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::schedule::{HandshakeSecrets, transcript_1};
use sdmp_handshake::{Connection, Profile};
use sdmp_testkit::{keys, pair::*};

/// What Bob says to an M3 whose plaintext is made from M1: how many octets he sends, and his error.
fn judged(make: impl FnOnce(&str) -> String) -> (Vec<usize>, Option<&'static str>) {
    let config = config(&bob(), &[&alice()], Profile::Hardened);
    let mut bob = Connection::respond(config, at(0), Box::new(Seeded::new(6)));
    let group = Groups::default().named(NamedGroup::Ffdhe2048);
    let ephemeral = group.ephemeral(&mut Seeded::new(5)).unwrap();
    let m1 =
        SessionCreation { g: group.g(), p: group.p().to_vec(), n: ephemeral.public().to_vec() }
            .to_text();
    let mut events = Vec::new();
    feed(&mut bob, m1.as_bytes(), &mut events);
    let m2 = bob.poll_output().unwrap();
    let n = SessionCreation::parse(m2.as_bytes()).unwrap().n;
    let z = ephemeral.agree(&n).unwrap();
    let t1 = transcript_1(m1.as_bytes(), m2.as_bytes());
    let secrets = HandshakeSecrets::derive(&z, &t1).unwrap();
    let key = ContentKey::authenticated(Secret::new(*secrets.i2r.expose()));
    let m3 = network::seal(&key, &[3; 16], 0, make(&m1).as_bytes()).unwrap();
    feed(&mut bob, m3.as_bytes(), &mut events);
    assert!(!accepted(&events));
    let sent = std::iter::from_fn(|| bob.poll_output()).map(|object| object.len()).collect();
    (sent, failure(&events))
}

fn signed(m1: &str) -> String {
    sign_octets(m1.as_bytes(), &[&alice()], wall()).unwrap()
}

fn key() -> Arc<PrivateKey> {
    keys::alice()
}

/// A signature container of these parts, with a right identifier.
fn assembled(payload: &str, protected: &str, signature: &str) -> String {
    let identifier = b64url::encode(&sha512(payload.as_bytes()));
    format!(
        "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"signature\"]}},\"signature\":\
         {{\"identifier\":\"{identifier}\",\"payload\":\"{payload}\",\"signatures\":\
         [{{\"protected\":\"{protected}\",\"signature\":\"{signature}\"}}]}}}}"
    )
}

fn header(alg: &str, kid: &Fingerprint, more: &str) -> String {
    b64url::encode(format!("{{\"alg\":\"{alg}\",\"kid\":\"{kid}\"{more}}}").as_bytes())
}

fn alice_kid() -> Fingerprint {
    alice().identity().fingerprint().clone()
}

/// Signs any header and payload with Alice's key.
fn with_header(m1: &str, protected: &str) -> String {
    let payload = b64url::encode(m1.as_bytes());
    let signature = key().sign(format!("{protected}.{payload}").as_bytes()).unwrap();
    assembled(&payload, protected, &b64url::encode(&signature))
}

#[test]
fn the_parts_put_together_rightly_are_accepted() {
    let (sent, failed) = judged(|m1| with_header(m1, &header("HS512", &alice_kid(), "")));
    assert_eq!((sent.len(), failed), (2, None));
}

#[test]
fn every_wrong_header_and_every_wrong_signing_input_is_refused() {
    let (flight, _) = judged(signed);
    type Make = fn(&str) -> String;
    let wrong: [(&str, Make); 13] = [
        ("alg RS512", |m1| with_header(m1, &header("RS512", &alice_kid(), ""))),
        ("alg none", |m1| with_header(m1, &header("none", &alice_kid(), ""))),
        ("alg hs512", |m1| with_header(m1, &header("hs512", &alice_kid(), ""))),
        ("an additional header", |m1| with_header(m1, &header("HS512", &alice_kid(), ",\"x\":1"))),
        ("crit", |m1| with_header(m1, &header("HS512", &alice_kid(), ",\"crit\":[]"))),
        ("alg twice", |m1| with_header(m1, &header("HS512", &alice_kid(), ",\"alg\":\"HS512\""))),
        ("kid of another key", |m1| {
            let kid = mallory().identity().fingerprint().clone();
            with_header(m1, &header("HS512", &kid, ""))
        }),
        ("kid of the verifier", |m1| {
            let kid = bob().identity().fingerprint().clone();
            with_header(m1, &header("HS512", &kid, ""))
        }),
        ("the payload alone was signed", |m1| {
            let payload = b64url::encode(m1.as_bytes());
            let signature = key().sign(payload.as_bytes()).unwrap();
            assembled(&payload, &header("HS512", &alice_kid(), ""), &b64url::encode(&signature))
        }),
        ("the raw JSON was signed", |m1| {
            let payload = b64url::encode(m1.as_bytes());
            let signature = key().sign(m1.as_bytes()).unwrap();
            assembled(&payload, &header("HS512", &alice_kid(), ""), &b64url::encode(&signature))
        }),
        ("an HMAC keyed with the public key", |m1| {
            let payload = b64url::encode(m1.as_bytes());
            let protected = header("HS512", &alice_kid(), "");
            let pem = alice().identity().public_key().canonical_pem().to_owned();
            let prk = sdmp_crypto::hkdf::Prk::extract(pem.as_bytes(), protected.as_bytes());
            let mut mac = [0; 64];
            prk.expand(&[payload.as_bytes()], &mut mac).unwrap();
            assembled(&payload, &protected, &b64url::encode(&mac))
        }),
        ("a re-serialised M1", |m1| {
            let spaced = m1.replace("\"g\":2", "\"g\": 2");
            assert_ne!(spaced, m1);
            signed(&spaced)
        }),
        ("the signature of a hash that is not SHA-512", |m1| {
            let payload = b64url::encode(m1.as_bytes());
            let protected = header("HS512", &alice_kid(), "");
            let digest = sha256(format!("{protected}.{payload}").as_bytes());
            let signature = key().sign(&digest).unwrap();
            assembled(&payload, &protected, &b64url::encode(&signature))
        }),
    ];
    for (cause, make) in wrong {
        let (sent, failed) = judged(make);
        assert_eq!(sent, flight, "{cause}");
        assert!(failed.is_some(), "{cause}");
    }
}

/// A name has one text: another spelling of it is no name, and an escape in JSON is the same name.
#[test]
fn r30_a_second_spelling_of_a_known_name_is_not_known() {
    let spelled = |kid: &str| {
        let protected =
            b64url::encode(format!("{{\"alg\":\"HS512\",\"kid\":\"{kid}\"}}").as_bytes());
        judged(|m1| with_header(m1, &protected))
    };
    let kid = alice_kid().to_string();
    let (start, last) = kid.split_at(kid.len() - 1);
    // The last character of 86 has four bits that mean nothing.
    let twin = char::from(last.as_bytes()[0] + 1);
    let host = format!("sdmp://{kid}");
    let with_pem = alice().identity().public_key().canonical_pem().replace('\n', "\\n");
    for other in [
        format!("{start}{twin}"),
        format!("{kid}="),
        format!("{kid} "),
        kid.replace('-', "+").replace('_', "/") + "==",
        start.to_owned(),
        kid.to_lowercase(),
        host,
        with_pem,
    ] {
        let (sent, failed) = spelled(&other);
        assert_eq!(sent.len(), 2, "{other}");
        assert!(
            matches!(failed, Some("signature.protected_header" | "untrusted.unknown")),
            "{other}: {failed:?}"
        );
    }
    let escaped = format!("\\u00{:02x}{}", kid.as_bytes()[0], kid.split_at(1).1);
    assert_eq!(spelled(&escaped).1, None);
}

#[test]
fn numbers_that_are_no_signatures_are_refused() {
    let modulus_like = [vec![0xff; 256], vec![0; 256], [vec![0; 255], vec![1]].concat()];
    let other_lengths = [vec![], vec![1; 255], vec![1; 257], vec![0x5a; 384], vec![0x5a; 1024]];
    for octets in modulus_like.iter().chain(&other_lengths) {
        let (sent, failed) = judged(|m1| {
            let payload = b64url::encode(m1.as_bytes());
            let protected = header("HS512", &alice_kid(), "");
            assembled(&payload, &protected, &b64url::encode(octets))
        });
        assert_eq!(
            (sent.len(), failed),
            (2, Some("signature.bad_signature")),
            "{} octets",
            octets.len()
        );
    }
    // The right signature behind a zero octet: one number, two spellings.
    let (_, failed) = judged(|m1| {
        let right = signed(m1);
        let octets = b64url::decode(member(&right, "signature")).unwrap();
        let longer = [&[0][..], &octets].concat();
        right.replace(member(&right, "signature"), &b64url::encode(&longer))
    });
    assert!(failed.is_some());
}

#[test]
fn every_changed_bit_of_header_payload_and_signature_is_noticed() {
    let text = signed("{\"a\":1}");
    let kid = alice_kid();
    let holds = |text: &str| -> bool {
        let Ok(object) = HandshakeSignature::parse(text.as_bytes()) else { return false };
        let [entry] = object.signatures() else { return false };
        check_payload(&object).is_ok_and(|payload| payload == b"{\"a\":1}")
            && key_id(entry).is_ok_and(|claimed| claimed == kid)
            && verify_entry(entry, object.payload(), alice().identity().public_key()).is_ok()
    };
    assert!(holds(&text));
    for name in ["protected", "payload", "signature", "identifier"] {
        let right = member(&text, name).to_owned();
        let octets = b64url::decode(&right).unwrap();
        for bit in 0..octets.len() * 8 {
            let mut changed = octets.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = text.replace(&right, &b64url::encode(&changed));
            assert!(!holds(&changed), "bit {bit} of {name}");
        }
    }
}

#[test]
fn a_changed_octet_anywhere_in_the_signed_text_of_m3_is_refused() {
    let (flight, _) = judged(signed);
    let length = signed("{}").len();
    for place in (0..length).step_by(23) {
        let (sent, failed) = judged(|m1| {
            let mut octets = signed(m1).into_bytes();
            octets[place] ^= 1;
            String::from_utf8(octets).unwrap()
        });
        // The patch number of the outer version is free (R8).
        if failed.is_some() {
            assert_eq!(sent, flight, "octet {place}");
        } else {
            assert_eq!(place, signed("{}").find("0.12.0").unwrap() + 5);
        }
    }
}
