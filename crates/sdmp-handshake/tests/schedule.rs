//! The key schedule against values computed elsewhere (hashlib and hmac of Python): two peers that
//! derive the same wrong keys understand each other perfectly.

use sdmp_crypto::hkdf::Prk;
use sdmp_crypto::secret::SecretVec;
use sdmp_handshake::schedule::{
    HandshakeSecrets, TrafficSecrets, export, published_key, transcript_1, transcript_2,
};
use sdmp_testkit::hex;

/// M1, M2, P3, P4 and Z of all values below.
const MESSAGES: [&[u8]; 4] = [b"first message", b"second", b"third one", b"fourth"];

fn z() -> SecretVec {
    SecretVec::from_vec((0..48).collect())
}

const T1: &str = "\
    8590b5ff11bb18853d691bdcd60ef91ed039e73b0da80b66c1459d4b97af9f965a6153764dcf460b7991fcf2\
    1a011effb2550fda5b2d714dc75b46e314c40cf9";
const T2: &str = "\
    c892b471c871f730e2c25b4e21f75259de8e419c569d3e83483b89fb19806730acad12d287b1fb4308c4912a\
    fff3acaa2998b790bb81bf8e7e8f238ec2c2b95e";
const HS_I2R: &str = "\
    bd79ead8f0eb21b6a95b584239c1fbff1b6f648bfa05938f716a1f815542bb16a604a43b86b33497d0193bff\
    568b6258314a2603fc049b8b3d80892b8ec11524";
const HS_R2I: &str = "\
    01b1aa6d53a20433bbd55be695a295f1c2ccc345e330ca336c7ec449e9f7912de9cc4882410ca02bf691f1c8\
    be7fdbeaa6ef6aca018ac759de505c9e83ac21ba";
const DERIVED: &str = "\
    de5a94f54d9b45c908054f95ba1ca94efd0330e73e9a2cc1e22ee0ac27bb152eb9705f703fdbcc394e82cefe\
    98dcf086e3b5a0b649f9dbdbb884286a61a5ad40";
const AP_I2R: &str = "\
    56cf01375648275bd95d2fd8f6577f5db77af7134048f2dbb289bf731ea85b571d51d77ac8508c97e4bc13ae\
    6d8a2754bb9c184cbdd8341e5ea88191124bc6a1";
const AP_R2I: &str = "\
    87c386e4abd912533c33bcfd2625fbd650817b746c1804b66e0337e960139333e9e86f55c9f2ea8abd13b267\
    a6c2c31975422a9f610560218b4df9867d4c0dbb";
const EXPORTER: &str = "\
    48c7bea6b9d1c8e6d4832de14cfb07638fc674fa6ce0f398ec621011874346ef9775f5514c656b449165f09c\
    c0e8eefe77ba760b9712bcad9526932da574d0ac";
const SESSION_ID: &str = "\
    5e0bdd9781b728e9e4981c697c5b75a94cb1974490c02fd34a5c8749642f8797";
const PUBLISHED_K: &str = "\
    622be417916f1b0e9ce8c952171b11b6d2e2932d6197cc17431b9ffdf03fd0ad";
const EXPORTED: &str = "\
    66ce7f1eae44da613096e615a98aa19e09c83542049d2c4b9d936f9a86440e6c9c3dda12e7a607e9";

fn transcripts() -> ([u8; 64], [u8; 64]) {
    let [m1, m2, p3, p4] = MESSAGES;
    let t1 = transcript_1(m1, m2);
    (t1, transcript_2(&t1, p3, p4))
}

#[test]
fn transcripts_are_the_hashes_of_lengths_and_octets() {
    let (t1, t2) = transcripts();
    assert_eq!((hex::encode(&t1).as_str(), hex::encode(&t2).as_str()), (T1, T2));
    let [m1, m2, ..] = MESSAGES;
    assert_ne!(transcript_1(&[m1, m2].concat(), b""), t1, "lengths tell the messages apart");
}

#[test]
fn r31_r35_keys_are_those_of_the_specification() {
    let (t1, t2) = transcripts();
    let keys = HandshakeSecrets::derive(&z(), &t1).unwrap();
    assert_eq!(hex::encode(keys.i2r.expose()), HS_I2R);
    assert_eq!(hex::encode(keys.r2i.expose()), HS_R2I);
    assert_eq!(hex::encode(keys.derived.expose()), DERIVED);
    let keys = TrafficSecrets::derive(&keys.derived, &t2).unwrap();
    assert_eq!(hex::encode(keys.i2r.expose()), AP_I2R);
    assert_eq!(hex::encode(keys.r2i.expose()), AP_R2I);
    assert_eq!(hex::encode(keys.exporter.expose()), EXPORTER);
    assert_eq!(hex::encode(&keys.session_id), SESSION_ID);
}

#[test]
fn r36_the_published_key_is_the_hash_of_z() {
    assert_eq!(hex::encode(published_key(&z()).expose()), PUBLISHED_K);
}

#[test]
fn r44_exported_secrets_and_their_bounds() {
    let (t1, t2) = transcripts();
    let derived = HandshakeSecrets::derive(&z(), &t1).unwrap().derived;
    let exporter = Prk::from_secret(TrafficSecrets::derive(&derived, &t2).unwrap().exporter);
    let mut out = [0; 40];
    export(&exporter, "EXPERIMENTAL test", b"context", &mut out).unwrap();
    assert_eq!(hex::encode(&out), EXPORTED);
    let longest = "x".repeat(64);
    assert!(export(&exporter, &longest, b"", &mut [0; 1]).is_ok());
    assert!(export(&exporter, &format!("{longest}x"), b"", &mut [0; 1]).is_err());
    for label in ["", "a\nb", "\u{7f}", "\u{e9}"] {
        assert!(export(&exporter, label, b"", &mut [0; 1]).is_err(), "{label:?}");
    }
    assert!(export(&exporter, " ~", b"", &mut vec![0; 255 * 64]).is_ok());
    assert!(export(&exporter, " ~", b"", &mut vec![0; 255 * 64 + 1]).is_err());
}
