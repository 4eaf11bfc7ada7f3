//! What is left of a private key in the memory of this process (R14, R24). Linux shows a process its
//! own memory as a file, so that freed memory can be searched without unsafe code.
#![cfg(all(feature = "aws-lc-rs", target_os = "linux"))]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use crate::common::{EXPIRY, Seeded, time};
use sdmp_container::{Container, IdentityType};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::private_key;
use zeroize::Zeroizing;

/// Octets of the key that are searched for: too many to occur by chance.
const NEEDLE: usize = 24;

/// What is searched for; the search passes over this copy.
struct Needle(Zeroizing<Vec<u8>>);

impl Needle {
    fn of(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets[..NEEDLE].to_vec()))
    }

    /// How often the octets are in the memory that this process can write.
    fn count(&self) -> usize {
        let mut memory = File::open("/proc/self/mem").unwrap();
        let mut room = Zeroizing::new(vec![0; 1 << 20]);
        let place = |octets: &[u8]| octets.as_ptr().addr()..octets.as_ptr().addr() + octets.len();
        let own = [place(&room), place(&self.0)];
        let mut found = 0;
        for (start, end) in writable() {
            let mut at = start;
            while at < end {
                let part = &mut room[..(end - at).min(1 << 20)];
                let moved = memory.seek(SeekFrom::Start(at.try_into().unwrap()));
                // A region may have been given back since it was listed.
                if moved.and_then(|_| memory.read_exact(part)).is_ok() {
                    let hits = memchr::memmem::find_iter(part, &self.0[..]);
                    found +=
                        hits.filter(|hit| own.iter().all(|own| !own.contains(&(at + hit)))).count();
                }
                // Parts overlap by one octet less than a needle, so that none is cut in two.
                at += if at + part.len() == end { part.len() } else { part.len() - (NEEDLE - 1) };
            }
        }
        found
    }
}

/// The regions of memory that can be read and written.
fn writable() -> Vec<(usize, usize)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let regions = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        rest.starts_with("rw").then_some((number(start)?, number(end)?))
    });
    regions.collect()
}

/// A line from the middle of the PEM text, and octets of the private exponent.
fn needles(pem: &str) -> [Needle; 2] {
    let line = pem.lines().nth(12).unwrap();
    // 48 octets a line; a line of 64 columns begins on a whole octet.
    let octets = Zeroizing::new(base64(line));
    [Needle::of(&line.as_bytes()[8..]), Needle::of(&octets[8..])]
}

fn base64(line: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(48);
    for four in line.as_bytes().chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, letter| {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                _ => 63,
            };
            bits << 6 | u32::from(value)
        });
        octets.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    octets
}

fn counts(needles: &[Needle; 2]) -> [usize; 2] {
    [needles[0].count(), needles[1].count()]
}

#[test]
fn r14_a_loaded_key_leaves_no_text_of_itself_in_memory() {
    for passphrase in [None, Some(&b"correct horse"[..])] {
        let key = PrivateKey::generate(2048).unwrap();
        let pem = key.to_pem().unwrap();
        let needles = needles(&pem);
        assert_eq!(counts(&needles)[0], 1, "the search finds what is there");
        drop(pem);
        assert_eq!(counts(&needles), [0, 0], "generated");

        let text =
            private_key::create(&key, time(EXPIRY), passphrase, &mut Seeded::new(1)).unwrap();
        drop(key);
        let loaded = {
            let container = Container::parse(text.as_bytes()).unwrap();
            assert_eq!(private_key::is_encrypted(&container).unwrap(), passphrase.is_some());
            private_key::open(&container, passphrase).unwrap()
        };
        drop(text);
        let me = loaded.into_local(IdentityType::Node).unwrap();
        assert_eq!(counts(&needles), [0, 0], "loaded, passphrase: {}", passphrase.is_some());
        drop(me);
        assert_eq!(counts(&needles), [0, 0], "dropped");
    }
}

#[test]
fn r14_a_container_that_is_refused_leaves_no_text_of_its_key() {
    let key = PrivateKey::generate(2048).unwrap();
    let needles = needles(&key.to_pem().unwrap());
    let text = private_key::create(&key, time(EXPIRY), None, &mut Seeded::new(2)).unwrap();
    let damaged = Zeroizing::new(text.replacen("\"expires\":\"", "\"expires\":\"x", 1));
    drop(text);
    let container = Container::parse(damaged.as_bytes()).unwrap();
    drop(damaged);
    assert_eq!(counts(&needles)[0], 2, "its text and its value");
    assert!(private_key::open(&container, None).is_err());
    drop(container);
    assert_eq!(counts(&needles), [0, 0]);
}
