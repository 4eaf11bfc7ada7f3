//! Forged RSASSA-PKCS1-v1_5 signatures (R18): what an attacker who knows the private key's power
//! map, but not the right padding, would try; made with the real private key, so that nothing but
//! the check of the padding prevents it.

use crate::common::{der, text};
use crypto_bigint::{
    BoxedUint, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use der::Decode;
use pkcs1::RsaPrivateKeyRef;
use sdmp_crypto::{
    Error,
    hash::sha512,
    rsa::{PrivateKey, PublicKey, Signer},
};

const MESSAGE: &[u8] = b"message";
/// DigestInfo of SHA-512 before the hash (RFC 8017 section 9.2).
const PREFIX: [u8; 19] =
    [0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40];

/// base^exponent mod modulus, as long as the modulus.
fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let bits = u32::try_from(modulus.len() * 8).unwrap().next_multiple_of(64);
    let number = |octets: &[u8]| BoxedUint::from_be_slice_vartime(octets).resize(bits);
    let params = BoxedMontyParams::new_vartime(Odd::new(number(modulus)).unwrap());
    let result = BoxedMontyForm::new(number(base), &params).pow(&number(exponent)).retrieve();
    let octets = result.to_be_bytes();
    octets[octets.len() - modulus.len()..].to_vec()
}

struct Forger {
    n: Vec<u8>,
    d: Vec<u8>,
    public: PublicKey,
}

impl Forger {
    fn new() -> Self {
        let octets = der(&text("rsa-2048-pkcs1.pem"));
        let key = RsaPrivateKeyRef::from_der(&octets).unwrap();
        let public = PrivateKey::from_pkcs1_der(&octets).unwrap().public().clone();
        let part = |part: &der::asn1::UintRef<'_>| part.as_bytes().to_vec();
        Self { n: part(&key.modulus), d: part(&key.private_exponent), public }
    }

    /// Whether the encoded message `em` passes as a signature.
    fn passes(&self, em: &[u8]) -> bool {
        assert_eq!(em.len(), self.n.len());
        self.verified(&power(em, &self.d, &self.n))
    }

    fn verified(&self, signature: &[u8]) -> bool {
        match self.public.verify(MESSAGE, signature) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error, Error::Signature);
                false
            }
        }
    }
}

/// 0x00 TYPE PADDING... 0x00 INFO, cut or filled at the padding to 256 octets.
fn em(kind: u8, padding: u8, info: &[u8]) -> Vec<u8> {
    let mut em = vec![0, kind];
    em.resize(255 - info.len(), padding);
    em.push(0);
    em.extend_from_slice(info);
    em
}

fn info() -> Vec<u8> {
    [&PREFIX[..], &sha512(MESSAGE)].concat()
}

#[test]
fn the_right_encoding_passes() {
    let forger = Forger::new();
    assert!(forger.passes(&em(1, 0xff, &info())));
    let key = PrivateKey::from_pem(&text("rsa-2048.pem"), None).unwrap();
    let ours = key.sign(MESSAGE).unwrap();
    assert_eq!(ours, power(&em(1, 0xff, &info()), &forger.d, &forger.n));
}

#[test]
fn wrong_encodings_do_not() {
    let forger = Forger::new();
    let hash = sha512(MESSAGE);
    let shifted = |garbage: usize| {
        // Bleichenbacher 2006: little padding, garbage behind the hash.
        let mut em = vec![0, 1];
        em.resize(256 - garbage - 1 - info().len(), 0xff);
        em.push(0);
        em.extend_from_slice(&info());
        em.resize(256, 0x5a);
        em
    };
    let no_null = [&[0x30, 0x4f, 0x30, 0x0b][..], &PREFIX[4..15], &[4, 0x40], &hash].concat();
    let mut sha256 = PREFIX;
    sha256[14] = 1;
    let mut null_with_content = PREFIX.to_vec();
    null_with_content.splice(15..17, [5, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    null_with_content[1] += 8;
    null_with_content[3] += 8;
    let long_length = [&[0x30, 0x81, 0x51][..], &PREFIX[2..], &hash].concat();
    let mut one_in_padding = em(1, 0xff, &info());
    one_in_padding[100] = 0xfe;
    let mut no_separator = em(1, 0xff, &info());
    no_separator[172] = 0xff;
    let mut leading = em(1, 0xff, &info());
    leading[0] = 1;
    for (name, bad) in [
        ("block type 0", em(0, 0xff, &info())),
        ("block type 2", em(2, 0xff, &info())),
        ("padding of zeros", em(1, 0, &info())),
        ("padding of 0xfe", em(1, 0xfe, &info())),
        ("one octet of padding", one_in_padding),
        ("no separator", no_separator),
        ("first octet", leading),
        ("one octet of garbage", shifted(1)),
        ("garbage and 8 octets of padding", shifted(162)),
        ("NULL left out", em(1, 0xff, &no_null)),
        ("NULL with content", em(1, 0xff, &[&null_with_content[..], &hash].concat())),
        ("name of SHA-256", em(1, 0xff, &[&sha256[..], &hash].concat())),
        ("hash of another message", em(1, 0xff, &[&PREFIX[..], &sha512(b"other")].concat())),
        ("no DigestInfo", em(1, 0xff, &hash)),
        ("BER length", em(1, 0xff, &long_length)),
        ("nothing", vec![0; 256]),
    ] {
        assert!(!forger.passes(&bad), "{name}");
    }
}

/// R18: every bit of the encoding counts.
#[test]
fn no_flipped_bit_of_the_encoding_passes() {
    let forger = Forger::new();
    let right = em(1, 0xff, &info());
    // From the second octet on: a number with a higher first octet is not below n.
    for bit in (8..2048).step_by(5) {
        let mut changed = right.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!forger.passes(&changed), "{bit}");
    }
}

/// R37: what the library refuses without the work of a verification is told beforehand.
#[test]
fn r37_only_what_is_below_the_modulus_is_in_range() {
    let forger = Forger::new();
    let key = &forger.public;
    let mut below = forger.n.clone();
    below[255] -= 1;
    for (in_range, signature) in [
        (true, below.clone()),
        (true, vec![0; 256]),
        (false, forger.n.clone()),
        (false, vec![0xff; 256]),
        (false, vec![0; 255]),
        (false, [&[0], &below[..]].concat()),
        (false, vec![]),
    ] {
        assert_eq!(key.is_in_range(&signature), in_range, "{} octets", signature.len());
    }
}

#[test]
fn values_at_the_edges_do_not_pass() {
    let forger = Forger::new();
    let right = power(&em(1, 0xff, &info()), &forger.d, &forger.n);
    assert!(forger.verified(&right));
    let mut one = vec![0; 256];
    one[255] = 1;
    let mut last = forger.n.clone();
    last[255] -= 1;
    // Signature + n, in 257 octets, and in 256 where it fits.
    let mut sum = vec![0; 257];
    let mut carry = 0;
    for at in (0..256).rev() {
        let digit = u16::from(right[at]) + u16::from(forger.n[at]) + carry;
        sum[at + 1] = digit.to_be_bytes()[1];
        carry = digit >> 8;
    }
    sum[0] = carry.to_be_bytes()[1];
    for (name, bad) in [
        ("0", vec![0; 256]),
        ("1", one),
        ("n-1", last),
        ("n", forger.n.clone()),
        ("all ones", vec![0xff; 256]),
        ("signature + n", sum.clone()),
        ("signature + n, cut", sum[1..].to_vec()),
        ("a zero octet before", [&[0], &right[..]].concat()),
        ("a zero octet behind", [&right[..], &[0]].concat()),
        ("the first octet missing", right[1..].to_vec()),
        ("the last octet missing", right[..255].to_vec()),
        ("empty", vec![]),
        ("a megabyte", vec![1; 1 << 20]),
    ] {
        assert!(!forger.verified(&bad), "{name}");
    }
}

#[test]
fn no_flipped_bit_of_the_signature_passes() {
    let forger = Forger::new();
    let right = power(&em(1, 0xff, &info()), &forger.d, &forger.n);
    for bit in 0..2048 {
        let mut changed = right.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!forger.verified(&changed), "{bit}");
    }
}
