//! The typed objects: what is made is read back, and what is read is written alike (R3, R11).

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sdmp_container::strict::{Object, Value};
use sdmp_container::{
    Authorization, Broadcast, Container, CoreSchema, Encrypted, Error, Fingerprint, Found,
    Identifier, Identity, IdentityType, Message, NodeInformation, PrivateKey, Receipt,
    RequestJournal, RequestResource, Resource, ResourceName, ResourceUri, Response, Revoke,
    SchemaName, SharedKey, Signature, SignatureEntry, Status, Timestamp, Trust, UserInformation,
    Version, b64url, kind,
};

fn octets64() -> impl Strategy<Value = [u8; 64]> {
    vec(any::<u8>(), 64).prop_map(|octets| octets.try_into().unwrap())
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    octets64().prop_map(Fingerprint::from_octets)
}

fn identifier() -> impl Strategy<Value = Identifier> {
    octets64().prop_map(Identifier::from_octets)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.unix_millis()..=Timestamp::MAX.unix_millis())
        .prop_map(|millis| Timestamp::from_unix_millis(millis).unwrap())
}

fn base64() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 0..40).prop_map(|octets| b64url::encode(&octets))
}

pub(crate) fn container(text: &str) -> Container {
    Container::parse(text).unwrap()
}

/// What was made is valid, is read back equal, and is written in one way only.
fn round_trip<T: PartialEq + std::fmt::Debug>(
    schema: CoreSchema,
    object: &T,
    to_text: impl Fn(&T) -> String,
    from_container: impl Fn(&Container) -> Result<T, Error>,
) {
    let text = to_text(object);
    let container = container(&text);
    assert_eq!(container.as_bytes(), text.as_bytes());
    assert_eq!(container.version(), Version::CURRENT);
    assert_eq!(container.schemas(), [SchemaName::Core(schema)]);
    let counted = allocation_counter::measure(|| assert_eq!(container.check_core(), Ok(())));
    assert_eq!(counted.count_total, 0, "the check copies nothing");
    assert_eq!(container.root().to_text(), text, "the emitted form is the compact one");
    let again = from_container(&container).unwrap();
    assert_eq!(again, *object);
    assert_eq!(to_text(&again), text);
}

macro_rules! round_trip {
    ($kind:ident, $schema:ident, $object:expr) => {
        round_trip(CoreSchema::$schema, &$object, $kind::to_text, $kind::from_container)
    };
}

proptest! {
    #[test]
    fn identities(node in any::<bool>(), expires in timestamp(), key in ".*", fingerprint in fingerprint()) {
        let kind = if node { IdentityType::Node } else { IdentityType::User };
        let object = Identity::new(kind, expires, key, fingerprint.clone());
        round_trip!(Identity, Identity, object);
        let object = PrivateKey::new(expires, object.key().to_owned(), fingerprint);
        round_trip!(PrivateKey, PrivateKey, object);
    }

    #[test]
    fn signatures(identifier in identifier(), payload in base64(), entries in vec((base64(), base64()), 1..4)) {
        let entries = entries.into_iter().map(|(protected, signature)| SignatureEntry::new(protected, signature).unwrap());
        round_trip!(Signature, Signature, Signature::new(identifier, payload, entries.collect()).unwrap());
    }

    #[test]
    fn encrypted(iv in any::<[u8; 16]>(), payload in base64(), recipients in vec(base64(), 0..4)) {
        round_trip!(Encrypted, Encrypted, Encrypted::new(b64url::encode(&iv), payload, recipients).unwrap());
    }

    #[test]
    fn connections(g in any::<u64>(), p in base64(), n in base64()) {
        round_trip!(SharedKey, SharedKey, SharedKey::new(g, p, n).unwrap());
    }

    #[test]
    fn resources(user in fingerprint(), other in option::of(identifier()), resource in identifier(), created in timestamp()) {
        let object = Resource::new(user, other.clone());
        round_trip!(Resource, Resource, object.clone());
        round_trip!(Resource, Resource, object.with_created(created));
        round_trip!(Revoke, Revoke, Revoke::new(resource, other));
    }

    #[test]
    fn requests(id in ".*", since in ".*", limit in option::of(1..=u64::MAX), author in fingerprint(), resource in identifier(), entries in vec(".*", 0..5), more in 0..=RequestResource::MAX_MORE) {
        round_trip!(Broadcast, Broadcast, Broadcast::new(since.clone(), entries));
        round_trip!(RequestJournal, RequestJournal, RequestJournal::new(id.clone(), since, limit).unwrap());
        let object = RequestResource::new(id, author.clone(), resource.clone());
        round_trip!(RequestResource, RequestResource, object.clone());
        let more = vec![ResourceName { author, resource }; more];
        round_trip!(RequestResource, RequestResource, object.with_more(more).unwrap());
    }

    #[test]
    fn responses(id in ".*", names in prop::collection::btree_set(".*", 0..5)) {
        let members = names.into_iter().map(|name| (name.into(), Value::Null)).collect();
        let data = Object::from_members(members).unwrap();
        round_trip!(Response, Response, Response::new(Status::Ok, id.clone(), Some(data.clone())).unwrap());
        let found = Found::new(data.clone());
        let both = found.clone().with_revoked(data);
        for answer in [None, Some(found.clone()), Some(both.clone())] {
            let object = Response::answer(id.clone(), answer);
            round_trip!(Response, Response, object.clone());
            round_trip!(Response, Response, object.clone().with_more(vec![]));
            let more = vec![None, Some(found.clone()), Some(both.clone()), None];
            round_trip!(Response, Response, object.with_more(more));
        }
        for status in [Status::BadRequest, Status::NotFound] {
            round_trip!(Response, Response, Response::new(status, id.clone(), None).unwrap());
        }
    }

    #[test]
    fn texts(text in any::<String>(), name in option::of(any::<String>()), ips in vec(".*", 0..4)) {
        round_trip!(Message, Message, Message::new(text.clone()));
        round_trip!(Receipt, Receipt, Receipt::new(text.clone()));
        round_trip!(NodeInformation, Node, NodeInformation::new(name.clone(), ips));
        round_trip!(UserInformation, User, UserInformation::new(text, name));
    }

    #[test]
    fn trusts(trustee in fingerprint(), words in vec(prop::sample::select(&Authorization::ALL[..]), 1..8), expires in option::of(timestamp())) {
        round_trip!(Trust, Trust, Trust::new(trustee, words, expires).unwrap());
    }

    #[test]
    fn versions(major in any::<u64>(), minor in any::<u64>(), patch in any::<u64>()) {
        let version = Version { major, minor, patch };
        prop_assert_eq!(version.to_string().parse(), Ok(version));
        prop_assert_eq!(version.is_0_12(), major == 0 && minor == 12);
    }

    #[test]
    fn any_version_is_refused_or_written_alike(text in "[0-9.+v-]{0,12}") {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.to_string(), text);
        }
    }

    #[test]
    fn uris(publisher in fingerprint(), resource in option::of(identifier())) {
        let uri = ResourceUri::new(publisher.clone(), resource.clone());
        let again: ResourceUri = uri.as_str().parse().unwrap();
        prop_assert_eq!(again.publisher(), &publisher);
        prop_assert_eq!(again.resource(), resource.as_ref());
        prop_assert_eq!(again, uri);
    }

    #[test]
    fn a_changed_uri_is_refused_or_another_one(publisher in fingerprint(), resource in identifier(), at in any::<prop::sample::Index>(), character in any::<char>()) {
        let uri = ResourceUri::new(publisher, Some(resource));
        let mut characters: Vec<char> = uri.as_str().chars().collect();
        let at = at.index(characters.len());
        characters[at] = character;
        let changed: String = characters.into_iter().collect();
        if let Ok(other) = changed.parse::<ResourceUri>() {
            prop_assert_eq!(other.as_str(), &changed);
            prop_assert_eq!(other == uri, changed == uri.as_str());
            prop_assert_eq!((other.publisher(), other.resource()) == (uri.publisher(), uri.resource()), other == uri);
        }
    }

    /// R2: a hash has one text form, so that two names are equal if and only if they are the same.
    #[test]
    fn a_changed_fingerprint_is_refused_or_another_one(fingerprint in fingerprint(), at in 0..86_usize, octet in 0x20..0x7f_u8) {
        let mut text = fingerprint.to_string().into_bytes();
        let same = text[at] == octet;
        text[at] = octet;
        if let Ok(other) = std::str::from_utf8(&text).unwrap().parse::<Fingerprint>() {
            prop_assert_eq!(other == fingerprint, same);
        }
    }
}

#[test]
fn constructors_refuse_what_readers_refuse() {
    let code = |error: Error| (error.code(), error.pointer().map(str::to_owned));
    let refused = |result: Result<String, Error>| code(result.unwrap_err());
    let at = |code: &'static str, pointer: &str| (code, Some(pointer.to_owned()));
    let (iv, none) = ("A".repeat(22), Vec::new());
    let identifier = Identifier::from_octets([1; 64]);
    let fingerprint = Fingerprint::from_octets([1; 64]);
    let encrypted = |iv: &str, payload: &str, keys: Vec<String>| {
        refused(Encrypted::new(iv.to_owned(), payload.to_owned(), keys).map(|o| o.to_text()))
    };
    assert_eq!(encrypted("AAAA", "", none.clone()), at("encrypted.iv_length", "/encrypted/iv"));
    assert_eq!(encrypted(&iv, "A", none.clone()), at("b64url.length", "/encrypted/payload"));
    assert_eq!(
        encrypted(&iv, "", vec![String::new(), "=".to_owned()]),
        at("b64url.padding", "/encrypted/recipients/1/key")
    );
    let signature = |payload: &str| {
        refused(Signature::new(identifier.clone(), payload.to_owned(), vec![]).map(|o| o.to_text()))
    };
    assert_eq!(signature(""), at("field.empty", "/signature/signatures"));
    assert_eq!(signature("+"), at("b64url.alphabet", "/signature/payload"));
    let entry = |protected: &str, signature: &str| {
        let entry = SignatureEntry::new(protected.to_owned(), signature.to_owned());
        code(entry.map(|_| ()).unwrap_err())
    };
    assert_eq!(entry(" ", ""), at("b64url.white_space", "/protected"));
    assert_eq!(entry("", "B"), at("b64url.length", "/signature"));
    let connection = |p: &str, n: &str| {
        refused(SharedKey::new(2, p.to_owned(), n.to_owned()).map(|o| o.to_text()))
    };
    assert_eq!(connection("AB", ""), at("b64url.trailing_bits", "/connection/p"));
    assert_eq!(connection("", "A"), at("b64url.length", "/connection/N"));
    let journal = RequestJournal::new(String::new(), String::new(), Some(0));
    assert_eq!(refused(journal.map(|o| o.to_text())), at("field.integer_range", "/request/limit"));
    let name = ResourceName { author: fingerprint.clone(), resource: identifier.clone() };
    let request = RequestResource::new(String::new(), fingerprint.clone(), identifier.clone());
    let request = request.with_more(vec![name; 64]);
    assert_eq!(refused(request.map(|o| o.to_text())), at("field.too_many", "/request/more"));
    let trust = Trust::new(fingerprint, vec![], None);
    assert_eq!(refused(trust.map(|o| o.to_text())), at("field.empty", "/trust/authorization"));
    let response =
        |status, data| refused(Response::new(status, String::new(), data).map(|o| o.to_text()));
    assert_eq!(response(Status::Ok, None), at("field.missing", "/response/data"));
    let data = Some(Object::default());
    assert_eq!(response(Status::NotFound, data.clone()), at("field.forbidden", "/response/data"));
    assert_eq!(response(Status::BadRequest, data), at("field.forbidden", "/response/data"));
}

#[test]
fn a_typed_object_reads_only_containers_that_list_its_schema() {
    let message = container(&Message::new("x").to_text());
    let wrong: [Option<Error>; 16] = [
        Identity::from_container(&message).err(),
        Encrypted::from_container(&message).err(),
        Signature::from_container(&message).err(),
        SharedKey::from_container(&message).err(),
        Resource::from_container(&message).err(),
        Broadcast::from_container(&message).err(),
        RequestJournal::from_container(&message).err(),
        RequestResource::from_container(&message).err(),
        Response::from_container(&message).err(),
        Message::from_container(&message).err(),
        Receipt::from_container(&message).err(),
        NodeInformation::from_container(&message).err(),
        UserInformation::from_container(&message).err(),
        Trust::from_container(&message).err(),
        Revoke::from_container(&message).err(),
        PrivateKey::from_container(&message).err(),
    ];
    for (schema, error) in CoreSchema::ALL.into_iter().zip(wrong) {
        let expected = if schema == CoreSchema::Message { None } else { Some("kind.wrong_schema") };
        assert_eq!(error.map(|error| error.code()), expected, "{schema}");
    }
}

#[test]
fn core_names_are_those_of_the_profile() {
    let names = "identity encrypted signature shared_key resource broadcast request_journal \
                 request_resource response message receipt node user trust revoke private_key";
    let ours: Vec<&str> = CoreSchema::ALL.iter().map(|schema| schema.name()).collect();
    assert_eq!(ours.join(" "), names);
    for schema in CoreSchema::ALL {
        assert_eq!(schema.name().parse(), Ok(schema));
        assert_eq!(schema.name().parse::<SchemaName>().unwrap().as_str(), schema.name());
        let empty =
            container(&format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["{schema}"]}}}}"#));
        let error = kind::check(&empty, schema).unwrap_err();
        assert_eq!(error.pointer(), Some(format!("/{}", schema.member()).as_str()));
    }
    assert_eq!("connection".parse::<CoreSchema>().unwrap_err().code(), "container.unknown_schema");
}

#[test]
fn containers_share_their_contents_and_show_none_of_them() {
    let text =
        PrivateKey::new(Timestamp::MAX, "TOP SECRET".to_owned(), Fingerprint::from_octets([0; 64]))
            .to_text();
    let container = container(&text);
    let debug = format!("{container:?}");
    assert!(debug.starts_with("Container { version: ") && debug.contains("PrivateKey"), "{debug}");
    assert!(!debug.contains("SECRET"));
    let again = container.clone();
    assert_eq!(again, container);
    assert_eq!(again.text().as_ptr(), container.text().as_ptr());
}

/// R5, R9: a container is its octets, and says which schemas it lists.
#[test]
fn a_container_is_its_octets() {
    let text = |name: &str| format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["{name}"]}}}}"#);
    let plain = container(&text("message"));
    assert_eq!(plain.text(), text("message"));
    assert_eq!(plain.as_bytes(), text("message").as_bytes());
    assert!(plain.lists(CoreSchema::Message) && !plain.lists(CoreSchema::Node));
    assert!(!plain.has_extensions());
    let extension = format!("sdmp://{0}/{0}", "A".repeat(86));
    assert!(container(&text(&extension)).has_extensions());
    assert_eq!(extension.parse::<SchemaName>().unwrap().to_string(), extension);
    // The same meaning in other octets is another container.
    assert_ne!(plain, container(&text("message").replace(':', ": ")));
}
