//! What is kept for each known resource.

use sdmp_container::IdentityType;
use sdmp_journal::fact::{Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::view::Known;
use sdmp_journal::{Admit, Fingerprint, Grants, Identifier, Kind, Timestamp};

use crate::common::{Key, at};

fn meta(kind: Kind, n: u32, user: u32, signer: u32) -> Meta {
    let hash = |tag: u8, n: u32| {
        let mut octets = [tag; 64];
        octets[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
        octets
    };
    Meta {
        id: Identifier::from_octets(hash(1, n)),
        kind,
        user: Fingerprint::from_octets(hash(2, user)),
        signer: Fingerprint::from_octets(hash(2, signer)),
        trust: (user != signer).then(|| Identifier::from_octets(hash(1, 0))),
        created: None,
        line: u64::from(n),
        size: 1000,
    }
}

/// The octets that remain allocated for each of what is admitted.
fn octets_each(count: u32, fact: impl Fn(u32) -> Fact) -> u64 {
    let mut known = Known::new();
    let info = allocation_counter::measure(|| {
        for n in 0..count {
            known.admit(fact(n));
        }
    });
    assert_eq!(known.len(), count as usize);
    info.bytes_current.unsigned_abs() / u64::from(count)
}

/// What the documentation of `Known` says.
#[test]
fn n51_the_memory_of_a_trust_a_revocation_and_a_message_is_as_stated() {
    // A user with 10,000 trusts in as many keys, signed by one of ten devices.
    let trust = octets_each(10_000, |n| {
        let meta = meta(Kind::Trust, n, 0, n % 10);
        let trustee = Fingerprint::from_octets({
            let mut octets = [3; 64];
            octets[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
            octets
        });
        Fact::Trust(TrustFact { meta, trustee, grants: Grants::ALL, expires: None })
    });
    let revocation = octets_each(10_000, |n| {
        let target = meta(Kind::Trust, n + 100_000, 0, 0).id;
        let meta = meta(Kind::Revoke, n, 0, n % 10);
        Fact::Revocation(RevocationFact { meta, target, authorized: false })
    });
    let message = octets_each(10_000, |n| Fact::Content(meta(Kind::Message, n, 0, n % 10)));
    println!("octets for each: trust {trust}, revocation {revocation}, message {message}");
    assert!(trust <= 900, "{trust}");
    assert!(revocation <= 750, "{revocation}");
    assert!(message <= 480, "{message}");
}

#[test]
fn n9_the_memory_of_an_identity_is_as_stated() {
    let key = Key::node("memory").local.identity().public_key().clone();
    let identity = octets_each(1_000, |n| {
        let meta = meta(Kind::Identity, n, n, n);
        let expires: Timestamp = at(0);
        let kind = IdentityType::Node;
        Fact::Identity(IdentityFact { meta, kind, expires, key: key.clone() })
    });
    // The key itself is shared above: what one takes is seen by reading it anew.
    let der = key.spki_der().to_vec();
    let mut read = Vec::new();
    let info = allocation_counter::measure(|| {
        for _ in 0..10 {
            read.push(sdmp_crypto::rsa::PublicKey::from_spki_der(&der).unwrap());
        }
    });
    let each = identity + info.bytes_current.unsigned_abs() / 10;
    println!("octets for each: identity {each}");
    assert!(each <= 2_000, "{each}");
}
