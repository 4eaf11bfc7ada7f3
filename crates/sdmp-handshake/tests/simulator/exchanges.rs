//! Exchanges whose shared secret begins with zero octets (R26).

use std::collections::BTreeMap;

use sdmp_crypto::dh::{Groups, NamedGroup};

use sdmp_testkit::pair::Seeded;

/// Agrees `count` times in ffdhe2048, both sides; counts the secrets by their leading zero octets.
pub fn run(count: u64) -> BTreeMap<usize, u64> {
    let group = Groups::default().named(NamedGroup::Ffdhe2048);
    let mut random = Seeded::new(26);
    let mut zeros = BTreeMap::new();
    for number in 0..count {
        let ours = group.ephemeral(&mut random).unwrap();
        let theirs = group.ephemeral(&mut random).unwrap();
        let (n_ours, n_theirs) = (ours.public().to_vec(), theirs.public().to_vec());
        let z = ours.agree(&n_theirs).unwrap();
        assert!(z.ct_eq(theirs.agree(&n_ours).unwrap().expose()), "exchange {number}");
        assert_eq!(z.expose().len(), 256);
        let leading = z.expose().iter().take_while(|octet| **octet == 0).count();
        *zeros.entry(leading).or_default() += 1;
    }
    zeros
}
