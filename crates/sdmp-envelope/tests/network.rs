//! Encrypted network objects: R32 to R36.

use proptest::prelude::*;
use sdmp_container::closed::EncryptedObject;
use sdmp_container::{Limits, b64url};
use sdmp_crypto::content::a256cbc;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::network::{self, Sealed};
use sdmp_envelope::{ContentKey, Error, PADDING_BLOCK};

const TEXT: &[u8] = br#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;

fn hardened() -> ContentKey {
    ContentKey::authenticated(Secret::new([7; 64]))
}

fn published() -> ContentKey {
    ContentKey::unauthenticated(Secret::new([7; 32]))
}

fn seal(key: &ContentKey, sequence: u64) -> String {
    network::seal(key, &[1; 16], sequence, TEXT).unwrap()
}

fn parse(text: &str) -> Result<Sealed, Error> {
    Sealed::parse(text.as_bytes(), &Limits::CLOSED_TRAFFIC)
}

fn open(text: &str, key: &ContentKey, sequence: u64) -> Result<Vec<u8>, Error> {
    parse(text).and_then(|sealed| sealed.open(key, sequence))
}

/// An object of other parts.
fn object(iv: &[u8; 16], payload: &[u8]) -> String {
    EncryptedObject { iv: *iv, payload: b64url::encode(payload).into() }.to_text()
}

fn payload(text: &str) -> Vec<u8> {
    let object = EncryptedObject::parse(text.as_bytes(), &Limits::CLOSED_TRAFFIC).unwrap();
    b64url::decode(object.payload.as_ref()).unwrap()
}

#[test]
fn r32_the_text_is_the_one_of_the_profile() {
    for key in [hardened(), published()] {
        let text = seal(&key, 0);
        let start = r#"{"sdmp":{"version":"0.12.0","schemas":["encrypted"]},"encrypted":{"iv":""#;
        assert!(text.starts_with(start));
        assert!(text.ends_with(r#"","recipients":[]}}"#));
        assert_eq!(text, object(&[1; 16], &payload(&text)));
        assert_eq!(text.len(), network::sealed_len(&key, TEXT.len()));
    }
}

#[test]
fn r33_the_length_tells_steps_of_8192_octets_and_no_more() {
    for (key, trailer) in [(hardened(), 48), (published(), 0)] {
        for (length, steps) in [
            (1, 1),
            (PADDING_BLOCK - 1, 1),
            (PADDING_BLOCK, 1),
            (PADDING_BLOCK + 1, 2),
            (5 * PADDING_BLOCK, 5),
        ] {
            let text = network::seal(&key, &[1; 16], 0, &vec![b'x'; length]).unwrap();
            assert_eq!(payload(&text).len(), steps * PADDING_BLOCK + trailer, "{length}");
        }
    }
}

/// R35: the sequence number is never sent and must be the right one.
#[test]
fn r35_lost_repeated_and_reordered_objects_do_not_open() {
    for sequence in [0, 1, 255, 256, 1 << 32, u64::MAX] {
        let text = seal(&hardened(), sequence);
        assert_eq!(open(&text, &hardened(), sequence).unwrap(), TEXT);
        for other in [sequence.wrapping_add(1), sequence.wrapping_sub(1), sequence ^ (1 << 63)] {
            assert_eq!(open(&text, &hardened(), other), Err(Error::Decrypt));
        }
    }
}

/// R31: a responder tries two keys; looking leaves the object whole.
#[test]
fn r31_which_key_an_object_is_sealed_with_can_be_asked() {
    let sealed = parse(&seal(&hardened(), 3)).unwrap();
    assert!(sealed.is_sealed_with(&hardened(), 3));
    assert!(!sealed.is_sealed_with(&hardened(), 4));
    assert!(!sealed.is_sealed_with(&ContentKey::authenticated(Secret::new([8; 64])), 3));
    assert!(!sealed.is_sealed_with(&published(), 3), "without a tag this cannot be known");
    assert_eq!(sealed.open(&hardened(), 3).unwrap(), TEXT);
    let short = parse(&object(&[1; 16], &[0; 31])).unwrap();
    assert!(!short.is_sealed_with(&hardened(), 3));
}

#[test]
fn r35_every_octet_counts() {
    let right = payload(&seal(&hardened(), 0));
    for at in (0..right.len()).step_by(61).chain(right.len() - 49..right.len()) {
        let mut changed = right.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(open(&object(&[1; 16], &changed), &hardened(), 0), Err(Error::Decrypt), "{at}");
    }
    for length in [0, 1, 31, 32, 47, 48, 8192, right.len() - 16, right.len() - 1] {
        let cut = object(&[1; 16], &right[..length]);
        assert_eq!(open(&cut, &hardened(), 0), Err(Error::Decrypt), "{length}");
    }
    let mut iv = [1; 16];
    iv[15] ^= 1;
    assert_eq!(open(&object(&iv, &right), &hardened(), 0), Err(Error::Decrypt));
    assert_eq!(open(&object(&[1; 16], &right), &published(), 0), Err(Error::Decrypt));
}

/// R36: an attacker who flips a bit of the published form's vector flips that bit of the text.
#[test]
fn r36_the_published_form_is_malleable() {
    let text = seal(&published(), 0);
    let mut iv = [1; 16];
    iv[2] ^= b's' ^ b'S';
    let changed = open(&object(&iv, &payload(&text)), &published(), 9).unwrap();
    assert_eq!(&changed[..8], br#"{"Sdmp":"#);
    assert_eq!(changed[8..], TEXT[8..]);
}

#[test]
fn r33_a_published_plaintext_that_nobody_padded_is_refused() {
    let of = |mut plaintext: Vec<u8>| {
        let key = a256cbc::Key::new(Secret::new([7; 32]));
        a256cbc::Encryptor::new(&key, &[1; 16]).update(&mut plaintext).unwrap();
        open(&object(&[1; 16], &plaintext), &published(), 0)
    };
    assert!(of(vec![b'x'; PADDING_BLOCK]).is_ok());
    assert_eq!(of(vec![]), Err(Error::Decrypt));
    assert_eq!(of(vec![b'x'; PADDING_BLOCK - 16]), Err(Error::Decrypt));
    assert_eq!(of(vec![0; PADDING_BLOCK]), Err(Error::Decrypt));
    assert_eq!(
        of([vec![b'x'; PADDING_BLOCK], vec![0; PADDING_BLOCK]].concat()),
        Err(Error::Decrypt)
    );
    let most = [vec![b'x'; PADDING_BLOCK + 1], vec![0; PADDING_BLOCK - 1]].concat();
    assert_eq!(of(most).unwrap(), vec![b'x'; PADDING_BLOCK + 1]);
    let partial = object(&[1; 16], &[0; 8193]);
    assert_eq!(open(&partial, &published(), 0), Err(Error::Decrypt));
}

#[test]
fn r32_what_is_no_network_object_is_told_apart() {
    let text = seal(&hardened(), 0);
    let code = |text: String| parse(&text).unwrap_err().code();
    let extra = |at: &str| text.replacen(at, &format!(r#"{at}"more":1,"#), 1);
    for at in ["{", r#"{"sdmp":{"#, r#""encrypted":{"#] {
        assert_eq!(code(extra(at)), "closed.extra_member", "{at}");
    }
    assert_eq!(code(text.replace("[]", r#"[{"key":"AA"}]"#)), "closed.recipients");
    assert_eq!(code(text.replace("0.12.0", "0.11.0")), "version.unsupported");
    assert_eq!(code(text.replace(r#""iv":""#, r#""iv":"A"#)), "encrypted.iv_length");
    assert_eq!(code(text.replace(r#""payload":""#, r#""payload":"+"#)), "b64url.alphabet");
    assert_eq!(code(format!("{text}x")), "json.trailing_data");
    let small = Limits { octets: text.len() - 1, ..Limits::CLOSED_TRAFFIC };
    let refused = Sealed::parse(text.as_bytes(), &small).unwrap_err();
    assert_eq!(refused.code(), "json.too_large");
    // The order of the members is free (R12), and so is white space (R3).
    let spaced = text.replace(':', " : ").replace(',', ",\n");
    assert_eq!(open(&spaced, &hardened(), 0).unwrap(), TEXT);
    let (header, rest) = text.split_at(text.find(r#","encrypted""#).unwrap());
    let rest = rest.trim_start_matches(',').strip_suffix('}').unwrap();
    let swapped = format!("{{{rest},{}}}", header.trim_start_matches('{'));
    assert_eq!(open(&swapped, &hardened(), 0).unwrap(), TEXT);
}

#[test]
fn keys_and_contents_do_not_show() {
    let shown = format!("{:?} {:?}", hardened(), published());
    assert_eq!(
        shown,
        "Authenticated(a256cbc_hs512::Key(redacted)) Unauthenticated(a256cbc::Key(redacted))"
    );
    let sealed = parse(&seal(&hardened(), 0)).unwrap();
    assert_eq!(format!("{sealed:?}"), "Sealed { octets: 8240, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn r33_any_text_round_trips(
        text in proptest::collection::vec(1..=255u8, 1..40_000),
        iv: [u8; 16],
        sequence: u64,
        authenticated: bool,
    ) {
        let key = if authenticated { hardened() } else { published() };
        let sealed = network::seal(&key, &iv, sequence, &text).unwrap();
        prop_assert_eq!(sealed.len(), network::sealed_len(&key, text.len()));
        prop_assert_eq!(open(&sealed, &key, sequence).unwrap(), text);
    }

    /// Whatever comes, there is an answer, and it is not a text.
    #[test]
    fn r35_garbage_does_not_open(
        octets in proptest::collection::vec(any::<u8>(), 0..9000),
        iv: [u8; 16],
    ) {
        prop_assert_eq!(open(&object(&iv, &octets), &hardened(), 0), Err(Error::Decrypt));
        let parsed = Sealed::parse(&octets, &Limits::CLOSED_TRAFFIC);
        prop_assert!(parsed.is_err());
    }
}
