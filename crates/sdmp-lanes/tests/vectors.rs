//! Published vectors, on every engine that this processor has, alone and among other inputs.

use sdmp_lanes::{Engine, Key, Object, cbc, hmac};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// RFC 4231, test case 2 has a key of 4 octets, which HMAC pads with zeros to any length up to a block.
#[test]
fn rfc_4231_tags_in_each_lane() {
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    let expected = hex("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
         9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    for engine in Engine::all() {
        let key = hmac::Key::new(engine, &key);
        for place in 0..9 {
            let mut inputs: [&[u8]; 9] = [b"something else of another length"; 9];
            inputs[place] = b"what do ya want for nothing?";
            assert_eq!(key.sign(&inputs)[place].as_slice(), expected, "{engine:?}, {place}");
        }
    }
}

/// NIST SP 800-38A, section F.2.5, CBC-AES256.Encrypt.
#[test]
fn sp_800_38a_ciphertext_in_each_lane() {
    let key: [u8; 32] =
        hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4").try_into().unwrap();
    let iv: [u8; 16] = hex("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
    let plaintext = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    let ciphertext = hex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d
         39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
    let key = cbc::Key::new(&key);
    for place in 0..11 {
        let mut bodies: Vec<Vec<u8>> = (0..11).map(|lane| vec![9; lane * 16]).collect();
        bodies[place].clone_from(&plaintext);
        let mut chains = [iv; 11];
        let mut lanes: Vec<_> =
            chains.iter_mut().zip(bodies.iter_mut().map(Vec::as_mut_slice)).collect();
        key.encrypt(&mut lanes);
        assert_eq!(bodies[place], ciphertext);
        assert_eq!(chains[place].as_slice(), &ciphertext[48..]);
        key.decrypt(&iv, &mut bodies[place]);
        assert_eq!(bodies[place], plaintext);
    }
}

/// RFC 7518, appendix B.3 has 42 octets of additional data; an object's are 8. So the parts of that
/// vector are the two above; here the whole is compared with a value computed by Python's
/// `cryptography` for sequence number 7.
#[test]
fn an_object_computed_by_another_program() {
    let key: [u8; 64] = std::array::from_fn(|i| i as u8);
    let iv: [u8; 16] = hex("1af38c2dc2b96ffdd86694092341bc04").try_into().unwrap();
    let text = b"A cipher system must not be required to be secret";
    for engine in Engine::all() {
        let mut objects = [Object::default(), Object::default()];
        for object in &mut objects {
            object.start(7, &iv, text.len()).copy_from_slice(text);
        }
        Key::new(engine, &key).seal(&mut objects);
        assert_eq!(objects[0].body(), hex(OBJECT), "{engine:?}");
        assert_eq!(objects[1].body(), hex(OBJECT), "{engine:?}");
    }
}

const OBJECT: &str = "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373b\
     ccb584ad3e9279c256083e867117276e18ec0273ef592ac198b09941ee5a226addb253b97446dad7\
     aab1459bae3ec8a3370493b4e278d802";
