//! What the rules cost beside the cryptography.
//!
//! `authority`: one question to what is known of 1,000 contacts with 10,000 trusts; each is to take
//! at most 5 us. `judge`: a resource read and judged, against reading it (which hashes it) and verifying its
//! signature: the ratio is to be at most 1.3.

#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark stops at the first surprise"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sdmp_crypto::rsa::PublicKey;
use sdmp_journal::fact::{Fact, IdentityFact, Meta, TrustFact};
use sdmp_journal::view::Known;
use sdmp_journal::{
    Admit, Authority, Body, Candidate, Connect, Fingerprint, Grants, Identifier, IdentityType,
    Judge, Kind, Resource, Rsa, Timestamp, View, Wanted, connect,
};

const CONTACTS: u32 = 1_000;

fn octets(tag: u8, n: u32) -> [u8; 64] {
    let mut octets = [tag; 64];
    octets[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
    octets
}

fn user(n: u32) -> Fingerprint {
    Fingerprint::from_octets(octets(1, n))
}

fn node(n: u32) -> Fingerprint {
    Fingerprint::from_octets(octets(2, n))
}

fn example() -> (Vec<Resource>, PublicKey) {
    let text = include_str!("../tests/data/node-example.json");
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let texts = value["resources"].as_array().unwrap().iter();
    let all: Vec<Resource> =
        texts.map(|text| Resource::parse(text.as_str().unwrap()).unwrap()).collect();
    let key = all.iter().find_map(|one| match one.body() {
        Body::Identity(identity) => Some(identity.public_key().clone()),
        Body::Trust { .. } | Body::Revoke { .. } | Body::Content => None,
    });
    (all, key.unwrap())
}

/// User 0 and 1,000 contacts, who trust each other; each has three nodes, and one contact more.
struct World {
    known: Known,
    line: u32,
    key: PublicKey,
}

impl World {
    fn meta(&mut self, kind: Kind, user: &Fingerprint) -> Meta {
        self.line += 1;
        Meta {
            id: Identifier::from_octets(octets(3, self.line)),
            kind,
            user: user.clone(),
            signer: user.clone(),
            trust: None,
            created: None,
            line: u64::from(self.line),
            size: 2_000,
        }
    }

    fn identity(&mut self, fp: &Fingerprint, kind: IdentityType) {
        let (meta, key) = (self.meta(Kind::Identity, fp), self.key.clone());
        self.known.admit(Fact::Identity(IdentityFact { meta, kind, expires: Timestamp::MAX, key }));
    }

    fn trust(&mut self, from: &Fingerprint, to: &Fingerprint) -> Meta {
        let meta = self.meta(Kind::Trust, from);
        let trustee = to.clone();
        let fact = TrustFact { meta: meta.clone(), trustee, grants: Grants::ALL, expires: None };
        self.known.admit(Fact::Trust(fact));
        meta
    }
}

fn world() -> (World, Meta) {
    let mut world = World { known: Known::new(), line: 0, key: example().1 };
    for n in 0..=CONTACTS {
        world.identity(&user(n), IdentityType::User);
        for device in 0..3 {
            world.identity(&node(3 * n + device), IdentityType::Node);
            world.trust(&user(n), &node(3 * n + device));
        }
    }
    let mut last = None;
    for n in 1..=CONTACTS {
        world.trust(&user(0), &user(n));
        last = Some(world.trust(&user(n), &user(0)));
        for further in 1..=5 {
            world.trust(&user(n), &user(1 + (n + 7 * further) % CONTACTS));
        }
    }
    assert!(world.known.len() > 14_000);
    (world, last.unwrap())
}

fn authority(c: &mut Criterion) {
    let (world, trust) = world();
    let known = &world.known;
    let now: Timestamp = "2026-12-01T09:00:00.000Z".parse().unwrap();
    let mut group = c.benchmark_group("authority");
    let mut n = 0;
    let mut next = || {
        n = (n + 7) % CONTACTS;
        n + 1
    };
    group.bench_function("may connect", |b| {
        b.iter(|| {
            let answer = connect(known, now, (&user(0), &node(0)), &node(3 * next()));
            assert_eq!(black_box(answer), Connect::Full);
        });
    });
    let message = Meta { kind: Kind::Message, user: user(0), ..trust.clone() };
    let at = Authority::new(known, now);
    group.bench_function("may be given a message", |b| {
        b.iter(|| assert!(at.may_be_given(&node(3 * next()), black_box(&message))));
    });
    group.bench_function("may be given a trust", |b| {
        b.iter(|| assert!(at.may_be_given(&node(1), black_box(&trust))));
    });
    group.bench_function("a stranger may not connect", |b| {
        b.iter(|| black_box(connect(known, now, (&user(0), &node(0)), &node(9_999_999))));
    });
    group.bench_function("is collected", |b| {
        b.iter(|| assert_eq!(at.wanted(&user(0), &user(next())), Wanted::Everything));
    });
    group.finish();
}

fn judge(c: &mut Criterion) {
    let (all, _) = example();
    let now: Timestamp = "2026-12-02T09:00:00.000Z".parse().unwrap();
    let find = |kind| all.iter().find(|one| one.kind() == kind).unwrap();
    let message = find(Kind::Message).text().to_owned();
    let (mut known, own) = (Known::new(), find(Kind::Message).user().clone());
    for (line, one) in (2..).zip(all.iter().filter(|one| one.kind().is_control())) {
        if one.kind() != Kind::Revoke {
            known.admit(Fact::of(one, line));
        }
    }
    let key = known.identities(find(Kind::Message).signer())[0].key.clone();
    let mut group = c.benchmark_group("judge");
    group.bench_function("read and verified", |b| {
        b.iter(|| {
            let resource = Resource::parse(black_box(message.as_str())).unwrap();
            assert!(resource.is_signed_by(&key, &Rsa));
        });
    });
    group.bench_function("read and judged", |b| {
        b.iter(|| {
            let mut candidate = Candidate::parse(black_box(message.as_str())).unwrap();
            let verdict = Judge::new(&own, now).judge(&known, &mut candidate, &Rsa);
            assert_eq!(verdict.name(), "admit");
        });
    });
    group.finish();
}

criterion_group!(benches, authority, judge);
criterion_main!(benches);
