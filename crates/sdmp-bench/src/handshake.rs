//! Full mutual handshakes, by-value API, both sides on this thread.

use std::sync::Arc;

use openssl::bn::{BigNum, BigNumContext};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA512, RsaKeyPair, UnparsedPublicKey,
};
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Initiator, Machine, Policy, Profile, Responder, Session, Step};

use crate::rounds::{Contender, Table, timed};
use crate::tls::{OpenSsl, Rustls, noise};

/// Any moment before the identities end.
pub fn now() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().expect("a timestamp")
}

fn node(bits: u32) -> LocalIdentity {
    let key = Arc::new(PrivateKey::generate(bits).expect("a key"));
    let expires = "2099-01-01T00:00:00.000Z".parse().expect("a timestamp");
    let identity = Identity::create(key.public(), IdentityType::Node, expires).expect("a node");
    LocalIdentity::new(identity, key).expect("a node")
}

/// Two nodes that trust each other.
pub fn pair(profile: Profile, group: NamedGroup, bits: u32) -> (Config, Config) {
    let (alice, bob) = (node(bits), node(bits));
    let policy = || {
        let groups = Groups::default();
        Policy { profile, offer: groups.named(group), groups, ..Policy::default() }
    };
    let config = |own: &LocalIdentity, peer: &LocalIdentity| {
        Config::new(own.clone()).with_policy(policy()).trust([peer.identity().clone()])
    };
    (config(&alice, &bob), config(&bob, &alice))
}

/// One whole handshake.
pub fn run(initiator: &Config, responder: &Config) -> (Session, Session) {
    let random = &mut SystemRandom::new();
    let (i, m1) = Initiator::start(initiator.clone(), now(), random).expect("M1");
    let r = Responder::new(responder.clone());
    let (r, m2) = go_on(r.handle(m1.as_bytes(), now(), random).expect("M2"));
    let (i, m3) = go_on(i.handle(m2[0].as_bytes(), now(), random).expect("M3"));
    match r.handle(m3[0].as_bytes(), now(), random).expect("M4") {
        // Published: M4 is the end.
        Step::Complete { session: theirs, send } => {
            let (ours, _) = done(i.handle(send[0].as_bytes(), now(), random).expect("the end"));
            (ours, *theirs)
        }
        step => {
            let (r, flight) = go_on(step);
            let (i, _) = go_on(i.handle(flight[0].as_bytes(), now(), random).expect("M4"));
            let fin = i.handle(flight[1].as_bytes(), now(), random).expect("FIN_R");
            let (ours, fin) = done(fin);
            let (theirs, _) = done(r.handle(fin[0].as_bytes(), now(), random).expect("FIN_I"));
            (ours, theirs)
        }
    }
}

fn go_on<M: Machine>(step: Step<M>) -> (M, Vec<String>) {
    match step {
        Step::Continue { machine, send } => (machine, send),
        other => panic!("{other:?}"),
    }
}

fn done<M: Machine>(step: Step<M>) -> (Session, Vec<String>) {
    match step {
        Step::Complete { session, send } => (*session, send),
        other => panic!("{other:?}"),
    }
}

/// The least that any such handshake costs: for each side two modular exponentiations by OpenSSL
/// and `signatures` signatures and verifications by ring.
fn floor(name: &str, group: NamedGroup, bits: u32, signatures: usize) -> Contender {
    let group = Groups::default().named(group);
    let p = BigNum::from_slice(group.p()).expect("p");
    let exponent_bits = i32::try_from(group.exponent_bits()).expect("a size");
    let key = PrivateKey::generate(bits).expect("a key");
    let pkcs8 = openssl::pkey::PKey::private_key_from_pem(key.to_pem().expect("a key").as_bytes()).expect("a key");
    let signer =
        RsaKeyPair::from_der(&pkcs8.rsa().expect("RSA").private_key_to_der().expect("DER"))
            .expect("a key");
    let public = signer.public().as_ref().to_vec();
    let message = [7; 700];
    Contender::new(
        name,
        timed(move || {
            let mut context = BigNumContext::new_secure().expect("a context");
            for _ in 0..2 {
                let mut x = BigNum::new_secure().expect("a number");
                x.rand(exponent_bits, openssl::bn::MsbOption::ONE, false).expect("randomness");
                x.set_const_time();
                let g = BigNum::from_u32(2).expect("g");
                let mut n = BigNum::new().expect("a number");
                n.mod_exp(&g, &x, &p, &mut context).expect("g^x");
                let mut z = BigNum::new_secure().expect("a number");
                z.mod_exp(&n, &x, &p, &mut context).expect("n^x");
                for _ in 0..signatures {
                    let mut signature = vec![0; signer.public().modulus_len()];
                    let random = ring::rand::SystemRandom::new();
                    signer
                        .sign(&RSA_PKCS1_SHA512, &random, &message, &mut signature)
                        .expect("a signature");
                    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, &public)
                        .verify(&message, &signature)
                        .expect("verified");
                }
            }
        }),
    )
}

fn ours(name: &str, profile: Profile, group: NamedGroup, bits: u32) -> Contender {
    let (initiator, responder) = pair(profile, group, bits);
    Contender::new(name, timed(move || drop(run(&initiator, &responder))))
}

fn tls(group: &str, bits: u32) -> Contender {
    let peers = OpenSsl::new(group, bits);
    Contender::new(format!("OpenSSL TLS 1.3, {group}"), timed(move || peers.handshake()))
}

/// One table for each group and key size.
pub fn measure(rounds: usize) -> Vec<Table> {
    let groups = [
        ("ffdhe2048", NamedGroup::Ffdhe2048),
        ("ffdhe3072", NamedGroup::Ffdhe3072),
        ("ffdhe4096", NamedGroup::Ffdhe4096),
    ];
    let mut tables = Vec::new();
    for bits in [2048, 3072] {
        for (name, group) in groups {
            let rustls = Rustls::new(bits);
            let contenders = vec![
                floor("floor, one signature a side", group, bits, 1),
                floor("floor, two signatures a side", group, bits, 2),
                ours("sdmp published", Profile::Published, group, bits),
                ours("sdmp hardened", Profile::Hardened, group, bits),
                tls(name, bits),
                tls("X25519", bits),
                Contender::new("rustls (ring) TLS 1.3, X25519", timed(move || rustls.handshake())),
                Contender::new("snow Noise_XX_25519, no RSA", timed(noise)),
            ];
            let title = format!("Full mutual handshake, {name}, RSA-{bits}");
            tables.push(Table::measure(&title, rounds, contenders));
        }
    }
    tables
}
