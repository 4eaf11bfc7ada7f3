//! Groups and exchanges (R23 to R26), through the public interface.

use crypto_bigint::{
    BoxedUint, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use crypto_primes::{Flavor, is_prime};
use sdmp_crypto::{
    Error,
    dh::{Group, Groups, NamedGroup},
    error::GroupError,
    hash::sha512,
    random::Random,
};
use sdmp_testkit::hex;

/// Safe primes of lengths that no named group has, made by `openssl dhparam -5`.
const P2056: &str = "873d65610db17e676d64d794b76e0a7b2192fa9c9a32c5ea7a41f03da5388ac1bf6406a5ae39dd694e315616\
     5d4be3918bfb3262858c5814b9170917539a9e39838ccf4cef2c12206b8d882887bef63f3abebbcb860b0678\
     850a37be59eae5f7d320a1dd30eec0c5e575b8af524c551eab24a534d9488c5726416615aa93766196dbc4a1\
     991050ca1c03f4fed2427ee0899f48f9971d4ab63b24560ff7334c07c9758281779a5bdcf11de0e8b4c9a941\
     0bc6d2318ceb8f1b07292a1de6c51deabca890d78a11a8c5ea16103b56ff10073df3f5e11fdd68d8c669ae20\
     1fdacbf8e7166d950eb58cb7df65de0c4e356c2b40d9889d865853de867f7cd28a78392f67";
const P2500: &str = "0cb3e331553fe744e93aefe6ab2fc7da92761b12b2d9e3c835fd3f46275c737017895f07ecbb7cdc970c803f\
     9ac719e0898cb72bdfd04b8bcb62187cad4fe9a505ce7f8694c9911323256eff25e3ff10355d55f6bb77f8f3\
     ea4fb0e9d488b01a9e9577b69af00e4d513a23219bc722212af81e7ddd6042cfd35a6b07318b5c92f521c3ee\
     aa8bfe0c09835091e8133e4159618aa9ca0c05f0ff91b343c5b6a9eff663661a687bf0986def39fcb8ebd438\
     89e59863667be1a50110ea23183f7d37aad90d7e7da5984d54fc77e4b6bb5a8903fe2a03b74cc84f1d76d60f\
     5d7762448d2b94df414cac8339bd613f1928e749f66fb7ce3561942043338a79406b558e4e9a997bce6f2b85\
     b60841e36288d8ef248cd8c1b388686413e0691c2b7c31dc7b3832bce3edd81d9df689f9181b066ba14f049c\
     4a09d009ff";
/// A prime of 2048 bits that is not safe, made by `openssl prime -generate`.
const PRIME: &str = "e42abfb391d167daac3f4d2e9b49abb59be66226f0494e9220baed9e65e6cbb28c05a9efe4fc4904066c6472\
     6945d50810080f20167a12dd838d231be8eb5e72f2c0551c71c5d6e9af4ed54bcf7475e543931fcef9cf53d4\
     ea71e7fa9cbd9c8c750f68e77ef2590b769f34214e6c4405282ccba1282c335303624c5f7157f057e643e714\
     c73f7e7ddcb561e41fdbe6ff86f6f21be63a35e965e9f959ba42025b7072e0b355d17b362f3b5c37999dc1c6\
     0f8a47664d6590cbf299a6902141e29844a64e18f7065736fc2695db204e86c43196e454cd5ef732c0ccfda0\
     6f97009c037d4aaf2caa558e0cdb2f3b4658fda57ca71998c993c38299d5604042f9cc4d";

const EXPONENT: &str = "d23f0824128b2f330c5c7fd0a6a3a4506513270e269e0d37f2a74de452e6b438";

/// In ffdhe2048: leading zero octets of Z, N, and SHA-512 of Z for the exponent above; made by
/// multiplying N = 2^k and Z step by step in another language until Z began with zeros.
const LEADING_ZEROS: [(usize, &str, &str); 3] = [
    (
        0,
        "2bd86637ea8bd80ee15846c81248eebdc1a4be3ca05d60d7dcbbfaea7ca34380208e86bbac1f7fc1ee7e3c25\
     339b2ec74609f3f41df99afc2daa0271957d0b54b8eb92c7c6eb4ef372219376ae1b03f999dff7863135d376\
     1349d890edc01d5e6df75eeb3450967be8eb6d6acb29ef936dd1805a5f167f5e00d5c891d16a7c09f00bc6b7\
     11287930a5dddec37e248422903261736a0e6bae3ab71d6f6a9bcc01c5a69a6ec78d58ed411c8fe8b058ad35\
     366431baec533cd0f90a630882729f5a36b604927d7b369e37ead6fb1baba3b83387dfa3bb7756db24f7e218\
     3a54355def807ad31ed6f609dd71f7206bc57ee2049c13b119e6b93b682d4e1abd65beb3",
        "4594109285410e8cdf81774ef6d2386663ad3710016037acbda561c1ab60682ad8a07d98f62eec1ef5fed81d7b49a05e854e83755411970dde4321a87f46dfec",
    ),
    (
        1,
        "939f5bf5723666baa99ec547ea96e0f7bead7a614f9c0d1e986535c11b0adb5d6843592a48e7ea5a082e81cd\
     72d08b515c021dba13f3b40f2d5e57d89d87fe43468059ad7f7cd5e56bb4b89a67e520982571f5352872d31c\
     60c788c3d1f0967d475ed81c05b739c9f8821306a437522d4600b7d15efdbb1becd5c6992caf5b1f3808a516\
     c986f1c8de23ae0677b4dbfaa1340e1b52a51a49f590ebd65fe4767fe7c31aeb4a99d6b7065df71b66f3bd68\
     fd539ba604aac07ccdaa5d74830a1bd8a1b5892242afe53ceece5d4d813ff76ce63e8b6c70131639415b4fe7\
     978c1af6a8e0ab172b8ff77b64df187840b1cdd0d714cbdeedd768776198dfaa2f603bbd",
        "9ef68a07951003eb8e088180d9d40e7b701eb856eefc49315e9d5c3ceca399189b11268d1197ac06976d1402a719e6a0424fac207850cda39a91ea8616cbb344",
    ),
    (
        2,
        "365a56ac37de8bbecf77e9d6a9f01f514a89b91ad0c6b7f1780506fcb59520bc5322fcf75072ff5f2ebfcdf8\
     fef7b2452c80e3237cd49a729f0eb910ac52dcce258ccd3f7704b37338b69e5a89b677abe8d3d709bc5d37f3\
     f861481e09d87ffb19aad53457ed3f610195b7a846f66a9b11c0ad5994c00ebab122d220b626c4335bf31c12\
     f7dd9a626c23fb384931b4a962a9b160f0b4eaeb898e19794c3ed652954007d70bfdd8e465e2b887e2d617aa\
     1fb17442aefd879c62662efffc80f9e76fdd7e0675fc83245562201f8fd54a5f924d39ba1f69dd339fcb171e\
     f0f933b444a0d33777329854c24d2e23a056df446f2890238b3571a815372727f769ae80",
        "1c2de767ee420517147ba28f2812d679d9b7a3854763477c803b6b514f2c43c490b3b3cf75faa1b013abe1dd1ba0980cb2154ffd2f4d01e31fbc9262da04a55f",
    ),
];

/// Numbers of 32-bit digits, the least significant first, as fixed-point fractions.
mod fixed_point {
    pub(crate) fn divide(number: &mut [u32], by: u32) {
        let mut rest = 0;
        for digit in number.iter_mut().rev() {
            let value = rest << 32 | u64::from(*digit);
            *digit = u32::try_from(value / u64::from(by)).unwrap();
            rest = value % u64::from(by);
        }
    }

    pub(crate) fn add(to: &mut [u32], number: &[u32], times: i64) {
        let mut carry = 0i64;
        for (to, digit) in to.iter_mut().zip(number) {
            let value = i64::from(*to) + times * i64::from(*digit) + carry;
            *to = u32::try_from(value & 0xffff_ffff).unwrap();
            carry = value >> 32;
        }
    }
}
use fixed_point::{add, divide};

/// More than 8192 bits of fraction and one digit before the point.
const DIGITS: usize = 270;

fn one() -> Vec<u32> {
    let mut one = vec![0; DIGITS];
    one[DIGITS - 1] = 1;
    one
}

/// e = 1/0! + 1/1! + 1/2! + ...
fn e() -> Vec<u32> {
    let (mut sum, mut term) = (vec![0; DIGITS], one());
    for n in 1.. {
        add(&mut sum, &term, 1);
        divide(&mut term, n);
        if term.iter().all(|digit| *digit == 0) {
            break;
        }
    }
    sum
}

/// pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin 1706).
fn pi() -> Vec<u32> {
    let mut sum = vec![0; DIGITS];
    for (times, x) in [(16, 5), (-4, 239)] {
        let mut power = one();
        divide(&mut power, x);
        for n in (1u32..).step_by(2) {
            let mut term = power.clone();
            divide(&mut term, n);
            add(&mut sum, &term, if n % 4 == 1 { times } else { -times });
            divide(&mut power, x * x);
            if power.iter().all(|digit| *digit == 0) {
                break;
            }
        }
    }
    sum
}

/// 2^b - 2^(b-64) - 1 + 2^64 (floor(2^(b-130) c) + x): RFC 7919 appendix A, RFC 3526.
fn by_formula(bits: u32, constant: &[u32], x: u32) -> Vec<u8> {
    let width = BoxedUint::zero_with_precision(9_216);
    let number = |octets: &[u8]| width.wrapping_add(BoxedUint::from_be_slice_vartime(octets));
    let octets: Vec<u8> = constant.iter().rev().flat_map(|digit| digit.to_be_bytes()).collect();
    let fraction = u32::try_from((DIGITS - 1) * 32).unwrap();
    let middle = number(&octets).shr(fraction - (bits - 130)).wrapping_add(BoxedUint::from(x));
    let power = |n: u32| number(&[1]).shl(n);
    let p = power(bits)
        .wrapping_sub(power(bits - 64))
        .wrapping_sub(power(0))
        .wrapping_add(middle.shl(64));
    let octets = p.to_be_bytes();
    octets[octets.len() - usize::try_from(bits / 8).unwrap()..].to_vec()
}

#[test]
fn r23_the_primes_are_those_of_the_rfcs() {
    let (e, pi) = (e(), pi());
    for (name, constant, x) in [
        (NamedGroup::Ffdhe2048, &e, 560_316),
        (NamedGroup::Ffdhe3072, &e, 2_625_351),
        (NamedGroup::Ffdhe4096, &e, 5_736_041),
        (NamedGroup::Ffdhe6144, &e, 15_705_020),
        (NamedGroup::Ffdhe8192, &e, 10_965_728),
        (NamedGroup::Modp14, &pi, 124_476),
        (NamedGroup::Modp15, &pi, 1_690_314),
        (NamedGroup::Modp16, &pi, 240_904),
        (NamedGroup::Modp17, &pi, 929_484),
        (NamedGroup::Modp18, &pi, 4_743_158),
    ] {
        assert_eq!(Group::named(name).p(), by_formula(name.bits(), constant, x), "{name}");
    }
}

/// q = (p-1)/2 is prime and 2^q = 1 modulo p. Then p is prime too (Pocklington: q is a prime
/// factor of p-1 above the square root of p, and 2^2 - 1 = 3 has no factor in common with p), and
/// 2 generates the subgroup of order q.
#[test]
fn r23_named_groups_are_safe_primes_and_2_generates_the_subgroup() {
    std::thread::scope(|scope| {
        for names in [&NamedGroup::ALL[..5], &NamedGroup::ALL[5..]] {
            scope.spawn(move || {
                for name in names {
                    let p = BoxedUint::from_be_slice_vartime(Group::named(*name).p());
                    let q = p.shr(1);
                    assert!(is_prime(Flavor::Any, &q), "{name}");
                    let params = BoxedMontyParams::new_vartime(Odd::new(p).unwrap());
                    let two = BoxedUint::from(2u8).resize(q.bits_precision());
                    let power = BoxedMontyForm::new(two, &params).pow(&q);
                    assert_eq!(power.retrieve(), BoxedUint::one(), "{name}");
                }
            });
        }
    });
}

#[test]
fn r24_lengths_of_exponents() {
    for (name, bits) in NamedGroup::ALL.into_iter().zip([256, 320, 384, 384, 448].repeat(2)) {
        assert_eq!(Group::named(name).exponent_bits(), bits, "{name}");
    }
}

#[test]
fn names_and_sizes() {
    for name in NamedGroup::ALL {
        let group = Groups::new().named(name);
        assert_eq!(name.name().parse(), Ok(name));
        assert_eq!((group.name(), group.bits(), group.g()), (Some(name.name()), name.bits(), 2));
        assert_eq!(group.prime_len(), usize::try_from(name.bits() / 8).unwrap());
        assert_eq!(Groups::new().find(group.p(), 2), Some(group.clone()));
        assert_eq!(Groups::new().find(group.p(), 5), None);
        assert_eq!(Groups::new().lookup(group.p(), 2), Ok(group));
    }
    for other in ["", "ffdhe1024", "FFDHE2048", "modp5", "ffdhe2048 "] {
        assert_eq!(other.parse::<NamedGroup>(), Err(GroupError::UnknownName), "{other}");
    }
}

/// R23: each (p, g) that is none of ours, with the code of what is wrong with it, at once.
#[test]
fn r23_what_a_peer_may_not_choose() {
    let groups = Groups::new();
    let p = Group::named(NamedGroup::Ffdhe2048).p().to_vec();
    let with = |at: usize, to: u8| {
        let mut changed = p.clone();
        changed[at] = to;
        changed
    };
    for (p, g, error) in [
        (vec![], 2, GroupError::TooShort),
        (vec![23], 2, GroupError::TooShort),
        (vec![0xff; 128], 2, GroupError::TooShort),
        (with(0, 0x7f), 2, GroupError::TooShort),
        (vec![0xff; 1_025], 2, GroupError::TooLong),
        (vec![0xff; 2_048], 2, GroupError::TooLong),
        ([&[0], &p[..]].concat(), 2, GroupError::LeadingZero),
        (vec![0; 256], 2, GroupError::LeadingZero),
        (with(255, 0xfe), 2, GroupError::Even),
        (p.clone(), 0, GroupError::Generator),
        (p.clone(), 1, GroupError::Generator),
        (p.clone(), 3, GroupError::Unknown),
        (p.clone(), u64::MAX, GroupError::Unknown),
        (with(255, 0xfd), 2, GroupError::Unknown),
        (hex::decode(P2056), 5, GroupError::Unknown),
    ] {
        assert_eq!(groups.lookup(&p, g), Err(Error::Group(error)), "{p:02x?}, {g}");
    }
}

#[test]
fn r23_registered_groups() {
    let mut groups = Groups::new();
    for (p, bits, exponent_bits) in [(P2056, 2_056, 320), (P2500, 2_500, 320)] {
        let group = groups.register(&hex::decode(p), 5).unwrap();
        assert_eq!(
            (group.bits(), group.exponent_bits(), group.name()),
            (bits, exponent_bits, None)
        );
        assert_eq!(group.prime_len(), hex::decode(p).len());
        assert_eq!(groups.lookup(&hex::decode(p), 5), Ok(group.clone()));
        // Again costs nothing and adds nothing.
        assert_eq!(groups.register(&hex::decode(p), 5), Ok(group.clone()));

        let mut random = sdmp_crypto::random::SystemRandom::new();
        let ours = group.ephemeral(&mut random).unwrap();
        let theirs = group.ephemeral(&mut random).unwrap();
        let (n, m) = (ours.public().to_vec(), theirs.public().to_vec());
        let z = ours.agree(&m).unwrap();
        assert_eq!((z.len(), z.expose()), (group.prime_len(), theirs.agree(&n).unwrap().expose()));
    }
    let named = groups.register(Group::named(NamedGroup::Modp14).p(), 2).unwrap();
    assert_eq!(named.name(), Some("modp14"));
    assert_eq!(Groups::new().find(&hex::decode(P2056), 5), None);
}

#[test]
fn r23_what_cannot_be_registered() {
    let mut groups = Groups::new();
    let mut composite = hex::decode(P2056);
    composite[100] ^= 1;
    for (p, g, error) in [
        (hex::decode(PRIME), 2, GroupError::NotSafePrime),
        (composite, 2, GroupError::NotSafePrime),
        (hex::decode(P2056), 0, GroupError::Generator),
        (hex::decode(P2056), 1, GroupError::Generator),
        (vec![0xff; 128], 2, GroupError::TooShort),
        (vec![0xff; 2_048], 2, GroupError::TooLong),
        ([vec![0], hex::decode(P2056)].concat(), 5, GroupError::LeadingZero),
        (vec![0xfe; 256], 2, GroupError::Even),
    ] {
        assert_eq!(groups.register(&p, g), Err(Error::Group(error)));
    }
}

/// R26: Z keeps its leading zeros.
#[test]
fn r26_vectors_with_leading_zeros() {
    struct Fixed;
    impl Random for Fixed {
        fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
            octets.copy_from_slice(&hex::decode(EXPONENT));
            Ok(())
        }
    }
    for (zeros, n, hash) in LEADING_ZEROS {
        let ours = Group::named(NamedGroup::Ffdhe2048).ephemeral(&mut Fixed).unwrap();
        let z = ours.agree(&hex::decode(n)).unwrap();
        assert_eq!(z.len(), 256);
        assert_eq!(z.expose().iter().take_while(|octet| **octet == 0).count(), zeros);
        assert_eq!(sha512(z.expose()), hex::decode(hash)[..]);
    }
}
