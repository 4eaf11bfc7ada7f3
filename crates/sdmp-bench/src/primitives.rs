//! Single operations against OpenSSL's.

use std::time::Instant;

use openssl::bn::{BigNum, BigNumContext};
use openssl::hash::MessageDigest;
use openssl::sign::{Signer as OpenSigner, Verifier};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::{PrivateKey, Signer};

use crate::rounds::{Contender, Table, timed};

/// OpenSSL's constant-time g^x or n^x with an exponent of 256 bits.
fn openssl_power(name: &str, base: Vec<u8>, p: &[u8]) -> Contender {
    let p = BigNum::from_slice(p).expect("p");
    let base = BigNum::from_slice(&base).expect("a base");
    Contender::new(
        name,
        timed(move || {
            let mut context = BigNumContext::new_secure().expect("a context");
            let mut x = BigNum::new_secure().expect("a number");
            x.rand(256, openssl::bn::MsbOption::ONE, false).expect("randomness");
            x.set_const_time();
            let mut result = BigNum::new_secure().expect("a number");
            result.mod_exp(&base, &x, &p, &mut context).expect("a power");
        }),
    )
}

/// ffdhe2048 and RSA-2048.
pub fn measure(rounds: usize) -> Table {
    let group = Groups::default().named(NamedGroup::Ffdhe2048);
    let peer = group.ephemeral(&mut SystemRandom::new()).expect("a value").public().to_vec();
    let key = PrivateKey::generate(2048).expect("a key");
    let theirs = openssl::pkey::PKey::private_key_from_pem(key.to_pem().expect("a key").as_bytes()).expect("a key");
    let message = [7; 700];
    let signature = key.sign(&message).expect("a signature");

    let mut contenders =
        vec![openssl_power("OpenSSL n^x, 2048 bits, x of 256", peer.clone(), group.p())];
    let agreed = group.clone();
    contenders.push(Contender::new("sdmp-crypto n^x (agree)", move || {
        let ephemeral = agreed.ephemeral(&mut SystemRandom::new()).expect("a value");
        let start = Instant::now();
        ephemeral.agree(&peer).expect("a secret");
        start.elapsed()
    }));
    contenders.push(openssl_power("OpenSSL g^x", vec![2], group.p()));
    contenders.push(Contender::new(
        "sdmp-crypto g^x (ephemeral)",
        timed(move || {
            group.ephemeral(&mut SystemRandom::new()).expect("a value");
        }),
    ));
    let signer = theirs.clone();
    contenders.push(Contender::new(
        "OpenSSL RSA-2048 sign",
        timed(move || {
            let mut sign = OpenSigner::new(MessageDigest::sha512(), &signer).expect("a signer");
            sign.sign_oneshot_to_vec(&message).expect("a signature");
        }),
    ));
    let public = key.public().clone();
    contenders.push(Contender::new(
        "sdmp-crypto RSA-2048 sign",
        timed(move || {
            key.sign(&message).expect("a signature");
        }),
    ));
    let checked = signature.clone();
    contenders.push(Contender::new(
        "OpenSSL RSA-2048 verify",
        timed(move || {
            let mut verify = Verifier::new(MessageDigest::sha512(), &theirs).expect("a verifier");
            assert!(verify.verify_oneshot(&checked, &message).expect("an answer"));
        }),
    ));
    contenders.push(Contender::new(
        "sdmp-crypto RSA-2048 verify",
        timed(move || {
            public.verify(&message, &signature).expect("verified");
        }),
    ));
    Table::measure("Primitives", rounds, contenders)
}
