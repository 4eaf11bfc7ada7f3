//! Every value of a handshake, computed from the exponents step by step and apart from the
//! machines: HMAC comes from another crate, and the formulas are written out as in section 7.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a vector that cannot be made should stop"
)]

use ring::hmac;
use sdmp_conformance::input::to_hex;
use sdmp_container::b64url;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::hash::sha512;
use sdmp_crypto::secret::{Secret, SecretVec};
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::Profile;
use sdmp_handshake::schedule;
use serde_json::{Map, Value, json};

use super::{Fixed, Plan, WORDS, local, message, wall};

fn mac(key: &[u8], octets: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), octets).as_ref().to_vec()
}

/// HKDF-Expand for up to 64 octets (RFC 5869).
fn expand(prk: &[u8], label: &str, length: usize) -> Vec<u8> {
    let mut okm = mac(prk, &[label.as_bytes(), &[1]].concat());
    okm.truncate(length);
    okm
}

fn counted(octets: &[u8]) -> Vec<u8> {
    [&u32::try_from(octets.len()).unwrap().to_be_bytes()[..], octets].concat()
}

fn secret<const N: usize>(octets: &[u8]) -> Secret<N> {
    Secret::new(octets.try_into().unwrap())
}

fn receipt(what: &str, role: &str, t2: &[u8]) -> String {
    let hash = b64url::encode(t2);
    format!(
        "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"receipt\"]}},\
         \"receipt\":\"sdmp/0.12 {what} {role} {hash}\"}}"
    )
}

fn sign(text: &str, who: &str) -> String {
    sign_octets(text.as_bytes(), &[&local(who)], wall()).unwrap()
}

/// All values by name, and the objects of both sides in the order of each.
pub fn compute(plan: &Plan) -> (Value, [Vec<String>; 2]) {
    let group = plan.group();
    let (exponent_i, ivs_i) = plan.split("initiator");
    let (exponent_r, ivs_r) = plan.split("responder");
    let creation = |exponent: &[u8]| {
        let ephemeral = group.ephemeral(&mut Fixed(exponent.to_vec())).unwrap();
        SessionCreation { g: group.g(), p: group.p().to_vec(), n: ephemeral.public().to_vec() }
    };
    let (creation_i, creation_r) = (creation(&exponent_i), creation(&exponent_r));
    let (m1, m2) = (creation_i.to_text(), creation_r.to_text());
    let z = plan.z();
    let (p3, p4) = (sign(&m1, "alice"), sign(&m2, "bob"));
    let mut values = Map::new();
    for (name, octets) in [
        ("p", group.p()),
        ("exponent_i", &exponent_i),
        ("exponent_r", &exponent_r),
        ("n_i", &creation_i.n),
        ("n_r", &creation_r.n),
        ("z", &z),
    ] {
        values.insert(name.to_owned(), json!(to_hex(octets)));
    }
    values.insert("g".to_owned(), json!(group.g()));
    for (name, text) in [("m1", &m1), ("m2", &m2), ("p3", &p3), ("p4", &p4)] {
        values.insert(name.to_owned(), json!(text));
    }
    let flights = match plan.profile {
        Profile::Hardened => hardened(&mut values, &z, [&m1, &m2, &p3, &p4], &ivs_i, &ivs_r),
        Profile::Published => published(&mut values, &z, [&p3, &p4], &ivs_i, &ivs_r),
    };
    let [mut of_i, mut of_r] = flights;
    of_i.insert(0, m1);
    of_r.insert(0, m2);
    values.insert("ivs_i".to_owned(), ivs_of(&ivs_i, &of_i));
    values.insert("ivs_r".to_owned(), ivs_of(&ivs_r, &of_r));
    (Value::Object(values), [of_i, of_r])
}

/// The initialisation vectors in the order of their objects.
fn ivs_of(ivs: &[[u8; 16]], objects: &[String]) -> Value {
    ivs.iter().take(objects.len() - 1).map(|iv| json!(to_hex(iv))).collect()
}

fn hardened(
    values: &mut Map<String, Value>,
    z: &[u8],
    [m1, m2, p3, p4]: [&String; 4],
    ivs_i: &[[u8; 16]],
    ivs_r: &[[u8; 16]],
) -> [Vec<String>; 2] {
    let parts = [b"sdmp/0.12 hardened".to_vec(), counted(m1.as_bytes()), counted(m2.as_bytes())];
    let t1 = sha512(&parts.concat());
    assert_eq!(t1, schedule::transcript_1(m1.as_bytes(), m2.as_bytes()));
    let prk1 = mac(&t1, z);
    let hs_i2r = expand(&prk1, "sdmp/0.12 hs i2r", 64);
    let hs_r2i = expand(&prk1, "sdmp/0.12 hs r2i", 64);
    let s = expand(&prk1, "sdmp/0.12 derived", 64);
    let t2 = sha512(&[t1.to_vec(), counted(p3.as_bytes()), counted(p4.as_bytes())].concat());
    let prk2 = mac(&t2, &s);
    let ap_i2r = expand(&prk2, "sdmp/0.12 ap i2r", 64);
    let ap_r2i = expand(&prk2, "sdmp/0.12 ap r2i", 64);
    let exporter = expand(&prk2, "sdmp/0.12 exporter", 64);
    let session_id = expand(&prk2, "sdmp/0.12 session id", 32);
    check_schedule(z, &t1, &t2, [&hs_i2r, &hs_r2i, &s, &ap_i2r, &ap_r2i, &exporter, &session_id]);
    let fins = ["initiator", "responder"].map(|role| receipt("fin", role, &t2));
    let closes = ["initiator", "responder"].map(|role| receipt("close", role, &t2));
    let fin_i = sign(&fins[0], "alice");
    let fin_r = sign(&fins[1], "bob");
    for (name, octets) in [
        ("t1", &t1[..]),
        ("prk1", &prk1),
        ("hs_i2r", &hs_i2r),
        ("hs_r2i", &hs_r2i),
        ("s", &s),
        ("t2", &t2[..]),
        ("prk2", &prk2),
        ("ap_i2r", &ap_i2r),
        ("ap_r2i", &ap_r2i),
        ("exporter", &exporter),
        ("session_id", &session_id),
    ] {
        values.insert(name.to_owned(), json!(to_hex(octets)));
    }
    // R44: a secret of 48 octets for another protocol.
    let info = [&b"label\0"[..], &sha512(b"context"), &[1]].concat();
    values
        .insert("export_label_context_48".to_owned(), json!(to_hex(&mac(&exporter, &info)[..48])));
    for (name, text) in [
        ("fin_i_signed", &fins[0]),
        ("fin_r_signed", &fins[1]),
        ("fin_i", &fin_i),
        ("fin_r", &fin_r),
        ("close_i", &closes[0]),
        ("close_r", &closes[1]),
    ] {
        values.insert(name.to_owned(), json!(text));
    }
    let flight = |hs: &[u8], ap: &[u8], ivs: &[[u8; 16]], signed: &str, later: [&str; 3]| {
        let (hs, ap) =
            (ContentKey::authenticated(secret(hs)), ContentKey::authenticated(secret(ap)));
        let mut objects = vec![network::seal(&hs, &ivs[0], 0, signed.as_bytes()).unwrap()];
        for (number, text) in (0..).zip(later) {
            let iv = &ivs[objects.len()];
            objects.push(network::seal(&ap, iv, number, text.as_bytes()).unwrap());
        }
        objects
    };
    let words = WORDS.map(message);
    [
        flight(&hs_i2r, &ap_i2r, ivs_i, p3, [&fin_i, &words[0], &closes[0]]),
        flight(&hs_r2i, &ap_r2i, ivs_r, p4, [&fin_r, &words[1], &closes[1]]),
    ]
}

/// The same through the public key schedule of the crate.
fn check_schedule(z: &[u8], t1: &[u8; 64], t2: &[u8; 64], expected: [&Vec<u8>; 7]) {
    let mut shared = SecretVec::zeroed(z.len());
    shared.expose_mut().copy_from_slice(z);
    let handshake = schedule::HandshakeSecrets::derive(&shared, t1).unwrap();
    let traffic = schedule::TrafficSecrets::derive(&handshake.derived, t2).unwrap();
    let got = [
        &handshake.i2r.expose()[..],
        handshake.r2i.expose(),
        handshake.derived.expose(),
        traffic.i2r.expose(),
        traffic.r2i.expose(),
        traffic.exporter.expose(),
        &traffic.session_id,
    ];
    assert_eq!(got.map(<[u8]>::to_vec).each_ref(), expected);
}

fn published(
    values: &mut Map<String, Value>,
    z: &[u8],
    [p3, p4]: [&String; 2],
    ivs_i: &[[u8; 16]],
    ivs_r: &[[u8; 16]],
) -> [Vec<String>; 2] {
    let k = sha512(z)[..32].to_vec();
    values.insert("k".to_owned(), json!(to_hex(&k)));
    let key = ContentKey::unauthenticated(secret(&k));
    let flight = |ivs: &[[u8; 16]], texts: [&str; 2]| -> Vec<String> {
        let seal = |(iv, text): (&[u8; 16], &str)| network::seal(&key, iv, 0, text.as_bytes());
        ivs.iter().zip(texts).map(|pair| seal(pair).unwrap()).collect()
    };
    let words = WORDS.map(message);
    [flight(ivs_i, [p3, &words[0]]), flight(ivs_r, [p4, &words[1]])]
}
