//! Sealing and opening, against josekit's flattened JSON with the same cipher, and against the sum
//! of the parts: CBC, HMAC, base64url and a copy.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use josekit::jwe::{self, JweHeaderSet, alg::direct::DirectJweAlgorithm};
use sdmp_container::{Container, Message, b64url};
use sdmp_crypto::content::a256cbc;
use sdmp_crypto::dh::NamedGroup;
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::secret::Secret;
use sdmp_handshake::{Profile, Session};

use crate::handshake::{now, pair, run};
use crate::rounds::{Contender, Table, timed};

const KEY: [u8; 64] = [9; 64];

/// A container whose text has exactly this many octets.
pub fn container(octets: usize) -> Container {
    let empty = Message::new(String::new()).to_text().len();
    let text = Message::new("x".repeat(octets - empty)).to_text();
    Container::parse(text).expect("a container")
}

pub fn josekit_seal(text: &[u8]) -> String {
    let mut header = JweHeaderSet::new();
    header.set_content_encryption("A256CBC-HS512", true);
    let encrypter = DirectJweAlgorithm::Dir.encrypter_from_bytes(KEY).expect("a key");
    jwe::serialize_flattened_json(text, Some(&header), None, None, &encrypter).expect("a token")
}

pub fn josekit_open(token: &str) -> Vec<u8> {
    let decrypter = DirectJweAlgorithm::Dir.decrypter_from_bytes(KEY).expect("a key");
    jwe::deserialize_json(token, &decrypter).expect("a token").0
}

/// What no composition of these libraries can do without: encrypt or decrypt, HMAC, base64url,
/// and one copy of the text.
fn parts(text: usize, seal: bool) -> impl FnMut() -> Duration {
    let padded = text.div_ceil(8192) * 8192;
    let mac = ring::hmac::Key::new(ring::hmac::HMAC_SHA512, &KEY[..32]);
    let source = vec![b'x'; padded];
    let encoded = b64url::encode(&source);
    timed(move || {
        let key = a256cbc::Key::new(Secret::new([9; 32]));
        let mut buffer = source.clone();
        if seal {
            a256cbc::Encryptor::new(&key, &[1; 16]).update(&mut buffer).expect("whole blocks");
            std::hint::black_box(ring::hmac::sign(&mac, &buffer));
            std::hint::black_box(b64url::encode(&buffer));
        } else {
            std::hint::black_box(b64url::decode(&encoded).expect("base64url"));
            std::hint::black_box(ring::hmac::sign(&mac, &buffer));
            a256cbc::decrypt_in_place(&key, &[1; 16], &mut buffer).expect("whole blocks");
        }
        std::hint::black_box(buffer);
    })
}

fn sessions() -> Rc<RefCell<(Session, Session)>> {
    let (initiator, responder) = pair(Profile::Hardened, NamedGroup::Ffdhe2048, 2048);
    Rc::new(RefCell::new(run(&initiator, &responder)))
}

/// One table for sealing and one for opening, for each size.
pub fn measure(rounds: usize) -> Vec<Table> {
    let mut tables = Vec::new();
    for kib in [1, 16, 256] {
        let message = container(kib << 10);
        let text = message.as_bytes().to_vec();
        let token = josekit_seal(&text);

        let (pair, sealed) = (sessions(), message.clone());
        let seal = Contender::new(
            "sdmp seal",
            timed(move || {
                let sender = &mut pair.borrow_mut().0;
                std::hint::black_box(
                    sender.seal(&sealed, now(), &mut SystemRandom::new()).expect("an object"),
                );
            }),
        );
        let pair = sessions();
        let open = Contender::new("sdmp open", move || {
            let (sender, receiver) = &mut *pair.borrow_mut();
            let object = sender.seal(&message, now(), &mut SystemRandom::new()).expect("an object");
            let start = Instant::now();
            std::hint::black_box(receiver.open(object.as_bytes(), now()).expect("a message"));
            start.elapsed()
        });
        tables.push(Table::measure(
            &format!("Seal {kib} KiB"),
            rounds * 4,
            vec![
                Contender::new(
                    "josekit, dir, A256CBC-HS512",
                    timed(move || {
                        std::hint::black_box(josekit_seal(&text));
                    }),
                ),
                seal,
                Contender::new("the parts: CBC, HMAC, base64url, copy", parts(kib << 10, true)),
            ],
        ));
        tables.push(Table::measure(
            &format!("Open {kib} KiB"),
            rounds * 4,
            vec![
                Contender::new(
                    "josekit, dir, A256CBC-HS512",
                    timed(move || {
                        std::hint::black_box(josekit_open(&token));
                    }),
                ),
                open,
                Contender::new("the parts: base64url, HMAC, CBC, copy", parts(kib << 10, false)),
            ],
        ));
    }
    tables
}
