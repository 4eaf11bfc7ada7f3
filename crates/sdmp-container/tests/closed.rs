//! The closed objects (R12, R40).

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use sdmp_container::closed::{
    EncryptedObject, HandshakeSignature, Rejection, ResourceSignature, SessionCreation,
};
use sdmp_container::{
    Container, Encrypted, Error, Fingerprint, Identifier, Limits, Resource, Response, Signature,
    SignatureEntry, Status, b64url,
};

fn signature(count: usize) -> String {
    let entry = SignatureEntry::new("e30".to_owned(), "AAAA".to_owned()).unwrap();
    let identifier = Identifier::from_octets([3; 64]);
    Signature::new(identifier, "e30".to_owned(), vec![entry; count]).unwrap().to_text()
}

fn session_creation() -> String {
    SessionCreation { g: 2, p: vec![0xff; 384], n: vec![0x55; 384] }.to_text()
}

fn encrypted() -> EncryptedObject<'static> {
    EncryptedObject { iv: [9; 16], payload: b64url::encode(&[7; 8240]).into() }
}

type Parser = fn(&[u8]) -> Result<(), Error>;

/// Every closed object with its parser.
fn objects() -> Vec<(String, Parser)> {
    vec![
        (session_creation(), |octets| SessionCreation::parse(octets).map(drop)),
        (encrypted().to_text(), |octets| {
            EncryptedObject::parse(octets, &Limits::CLOSED_HANDSHAKE).map(drop)
        }),
        (Rejection::BAD_REQUEST.to_owned(), |octets| Rejection::parse(octets).map(drop)),
        (Rejection::NOT_FOUND.to_owned(), |octets| Rejection::parse(octets).map(drop)),
        (signature(1), |octets| HandshakeSignature::parse(octets).map(drop)),
        (signature(1), |octets| ResourceSignature::parse(octets, &Limits::DEFAULT).map(drop)),
    ]
}

/// R12: one signature, no more; and a resource that is parsed already is judged alike.
#[test]
fn resource_signatures_are_checked_in_place_too() {
    let parse = |text: &str| ResourceSignature::parse(text.as_bytes(), &Limits::DEFAULT).map(drop);
    let check = |text: &str| {
        let container = Container::parse(text)?;
        let mut outcome = Ok(());
        let counted =
            allocation_counter::measure(|| outcome = ResourceSignature::check(&container));
        assert!(outcome.is_err() || counted.count_max < 4, "the check copies nothing");
        outcome
    };
    assert_eq!((parse(&signature(1)), check(&signature(1))), (Ok(()), Ok(())));
    let two = signature(2);
    assert_eq!(parse(&two).unwrap_err().code(), "closed.signatures");
    assert_eq!(check(&two), parse(&two));
    let right = signature(1);
    for at in braces(&right) {
        let text = format!("{}\"x\":1,{}", &right[..at], &right[at..]);
        let codes = [parse(&text), check(&text)].map(|outcome| outcome.unwrap_err().code());
        assert!(codes[1] == codes[0] || codes[1] == "container.extra_member", "{codes:?}");
    }
    for (from, to) in [("0.12.0", "0.11.0"), ("[\"signature\"]", "[\"signature\",\"message\"]")] {
        let text = right.replacen(from, to, 1);
        assert_eq!(check(&text), parse(&text));
        assert!(check(&text).is_err());
    }
}

/// R12: whether it is a resource stands in the payload.
#[test]
fn what_may_be_a_resource_is_closed_where_it_is_one() {
    let check = |payload: &[u8], more: &str| {
        let entry = SignatureEntry::new("e30".to_owned(), "AAAA".to_owned()).unwrap();
        let payload = b64url::encode(payload);
        let identifier = Identifier::from_octets([3; 64]);
        let text = Signature::new(identifier, payload, vec![entry]).unwrap().to_text();
        let text = format!("{{{more}{}", &text[1..]);
        let container = Container::parse(text).unwrap();
        ResourceSignature::check_if_resource(&container).map_err(|error| error.code())
    };
    let user = Fingerprint::from_octets([1; 64]);
    let resource = Resource::new(user, None).to_text();
    assert_eq!(check(resource.as_bytes(), ""), Ok(()));
    assert_eq!(check(resource.as_bytes(), "\"x\":1,"), Err("closed.extra_member"));
    let message = resource.replace("[\"resource\"]", "[\"message\"]");
    for other in [message.as_bytes(), b"{}", b"", b"\xff"] {
        assert_eq!(check(other, "\"x\":1,"), Ok(()));
    }
    let message = Container::parse(message).unwrap();
    assert_eq!(ResourceSignature::check_if_resource(&message), Ok(()));
}

/// The offsets after which a member can be put in: every opening brace outside strings.
fn braces(text: &str) -> Vec<usize> {
    // No string of these objects holds a brace.
    text.match_indices('{').map(|(at, _)| at + 1).collect()
}

#[test]
fn every_closed_object_refuses_one_more_member_at_every_level() {
    for (text, parse) in objects() {
        assert_eq!(parse(text.as_bytes()), Ok(()));
        let levels = braces(&text);
        assert!(levels.len() >= 3, "the root, sdmp and one more at least");
        for at in levels {
            for more in ["\"x\":1,", "\"\":null,", "\"__proto__\":0,", "\"Sdmp\":\"\","] {
                let text = format!("{}{more}{}", &text[..at], &text[at..]);
                let error = parse(text.as_bytes()).unwrap_err();
                assert_eq!(error.code(), "closed.extra_member", "{text}");
                assert!(error.position(text.as_bytes()).is_some());
            }
        }
    }
}

#[test]
fn every_closed_object_refuses_a_member_twice_at_every_level() {
    for (text, parse) in objects() {
        for at in braces(&text) {
            let name = &text[at..at + text[at..].find(':').unwrap()];
            let text = format!("{}{name}:0,{}", &text[..at], &text[at..]);
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().code(),
                "json.duplicate_member",
                "{text}"
            );
        }
    }
}

/// All orders of the members of an object, at every level together.
fn reversed(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            // serde_json sorts the names, which is another order than ours already.
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(name, value)| format!("\"{name}\" : {}", reversed(value)))
                .collect();
            format!("{{ {} }}", members.join(" ,\n"))
        }
        serde_json::Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(reversed).collect();
            format!("[ {} ]", elements.join(" , "))
        }
        other => other.to_string(),
    }
}

#[test]
fn every_closed_object_may_be_in_another_order() {
    for (text, parse) in objects() {
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            parse(value.to_string().as_bytes()),
            Ok(()),
            "names in the order of the alphabet"
        );
        assert_eq!(parse(reversed(&value).as_bytes()), Ok(()), "and the other way round");
    }
}

#[test]
fn every_closed_object_demands_its_version_and_its_one_schema() {
    for (text, parse) in objects() {
        let code = |from: &str, to: &str| {
            parse(text.replacen(from, to, 1).as_bytes()).map_err(|error| error.code())
        };
        assert_eq!(code("0.12.0", "0.12.99"), Ok(()));
        for version in ["0.11.0", "0.13.0", "1.12.0", "0.120.0"] {
            assert_eq!(code("0.12.0", version), Err("version.unsupported"));
        }
        assert_eq!(code("\"]", "\",\"message\"]"), Err("closed.schemas"));
        assert_eq!(code("[\"", "[\"message\",\""), Err("closed.schemas"));
        assert_eq!(code("[\"", "[\"x"), Err("closed.schemas"));
        assert_eq!(code("\"]", "\",1]"), Err("field.wrong_type"));
    }
}

#[test]
fn session_creation_is_written_as_the_profile_says() {
    let object = SessionCreation { g: 2, p: vec![0xff, 0xee], n: vec![0, 5] };
    assert_eq!(
        object.to_text(),
        r#"{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"connection":{"g":2,"p":"_-4","N":"AAU"}}"#
    );
    assert_eq!(SessionCreation::parse(object.to_text().as_bytes()), Ok(object.clone()));
    let other = object.to_text().replace("shared_key", "connection");
    assert_eq!(SessionCreation::parse(other.as_bytes()), Ok(object));
}

#[test]
fn rejections_are_what_the_open_form_writes() {
    for (status, text) in
        [(Status::BadRequest, Rejection::BAD_REQUEST), (Status::NotFound, Rejection::NOT_FOUND)]
    {
        let open = Response::new(status, String::new(), None).unwrap().to_text();
        assert_eq!(open, text);
        assert_eq!(Rejection::parse(text.as_bytes()), Ok(status));
    }
}

#[test]
fn a_long_payload_is_not_copied() {
    let text = encrypted().to_text();
    let object = EncryptedObject::parse(text.as_bytes(), &Limits::CLOSED_HANDSHAKE).unwrap();
    assert_eq!(object, encrypted());
    let Cow::Borrowed(payload) = object.payload else { panic!("it was copied") };
    let at = EncryptedObject::PREFIX.len() + 22 + EncryptedObject::MIDDLE.len();
    assert_eq!(payload.as_ptr(), text[at..].as_ptr());
    // In another order it is not recognised by comparison, and not copied either.
    let other = format!(" {text}");
    let object = EncryptedObject::parse(other.as_bytes(), &Limits::CLOSED_HANDSHAKE).unwrap();
    let Cow::Borrowed(payload) = object.payload else { panic!("it was copied") };
    assert_eq!(payload.as_ptr(), other[at + 1..].as_ptr());
}

#[test]
fn the_limits_hold_for_the_text_that_we_write_too() {
    let text = encrypted().to_text();
    let limits = Limits { octets: text.len(), depth: 3, members: 8 };
    assert!(EncryptedObject::parse(text.as_bytes(), &limits).is_ok());
    let code = |limits| EncryptedObject::parse(text.as_bytes(), &limits).unwrap_err().code();
    assert_eq!(code(Limits { octets: text.len() - 1, ..limits }), "json.too_large");
    assert_eq!(code(Limits { depth: 2, ..limits }), "json.too_deep");
    assert_eq!(code(Limits { members: 7, ..limits }), "json.too_many_members");
}

proptest! {
    #[test]
    fn encrypted_objects_are_what_the_open_form_writes(iv in any::<[u8; 16]>(), octets in vec(any::<u8>(), 0..200)) {
        let payload = b64url::encode(&octets);
        let object = EncryptedObject { iv, payload: payload.as_str().into() };
        let open = Encrypted::new(b64url::encode(&iv), payload.clone(), vec![]).unwrap();
        prop_assert_eq!(object.to_text(), open.to_text());
        let text = object.to_text();
        prop_assert_eq!(EncryptedObject::parse(text.as_bytes(), &Limits::DEFAULT), Ok(object.clone()));
        // The same object in the long way, which a space in front forces.
        let other = format!(" {text}");
        prop_assert_eq!(EncryptedObject::parse(other.as_bytes(), &Limits::DEFAULT), Ok(object));
    }

    /// The short way accepts nothing that the long way refuses, and sees the same in it.
    #[test]
    fn both_ways_of_reading_an_encrypted_object_agree(
        changes in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), prop::sample::select(&b"\"\\,:{}[]A=_"[..])]), 0..3),
        cut in option_of_cut(),
    ) {
        let object = EncryptedObject { iv: [9; 16], payload: b64url::encode(&[7; 50]).into() };
        let mut octets = object.to_text().into_bytes();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if let Some((from, length)) = cut {
            let from = from.index(octets.len());
            let to = (from + length).min(octets.len());
            octets.drain(from..to);
        }
        let short = EncryptedObject::parse(&octets, &Limits::DEFAULT);
        let mut spaced = b" ".to_vec();
        spaced.extend_from_slice(&octets);
        let long = EncryptedObject::parse(&spaced, &Limits::DEFAULT);
        prop_assert_eq!(short.as_ref().ok(), long.as_ref().ok());
        if let (Err(short), Err(long)) = (&short, &long) {
            prop_assert_eq!(short.code(), long.code());
        }
        // What the closed form accepts, the open form accepts.
        if short.is_ok() {
            prop_assert!(Container::parse(octets.as_slice()).unwrap().check_core().is_ok());
        }
    }

    #[test]
    fn any_octets_are_refused(octets in vec(any::<u8>(), 0..100)) {
        prop_assert!(SessionCreation::parse(&octets).is_err());
        prop_assert!(EncryptedObject::parse(&octets, &Limits::DEFAULT).is_err());
        prop_assert!(Rejection::parse(&octets).is_err());
        prop_assert!(HandshakeSignature::parse(&octets).is_err());
    }

    #[test]
    fn a_changed_rejection_is_refused_or_says_the_same(at in 0..Rejection::NOT_FOUND.len(), octet in any::<u8>()) {
        let mut octets = Rejection::NOT_FOUND.as_bytes().to_vec();
        octets[at] = octet;
        if let Ok(status) = Rejection::parse(&octets) {
            prop_assert_eq!(status, Status::NotFound);
        }
    }
}

fn option_of_cut() -> impl Strategy<Value = Option<(prop::sample::Index, usize)>> {
    prop::option::of((any::<prop::sample::Index>(), 1..4_usize))
}
