//! The extension schemas that the project publishes: their signed resources verify, and the URIs
//! name publisher and content (R10, R17 to R20).

use sdmp_container::{Container, ResourceUri, Signature, Timestamp};
use sdmp_envelope::{Error, Identity, signature};
use sdmp_schema::extensions::{self, Extension};

fn now() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().unwrap()
}

#[test]
fn the_published_schemas_are_signed_by_their_publisher() {
    for Extension { uri, schema, resource, publisher, .. } in extensions::ALL {
        let publisher = Identity::parse(publisher.as_bytes()).unwrap();
        let resource = Container::parse(resource).unwrap();
        let known = |kid: &_| (kid == publisher.fingerprint()).then(|| publisher.clone());
        let verified = signature::verify(&resource, &known, now()).unwrap();
        assert_eq!(verified.container.text(), schema);
        assert_eq!(verified.signers.len(), 1);
        let identifier = Signature::from_container(&resource).unwrap().identifier().clone();
        let expected = ResourceUri::new(publisher.fingerprint().clone(), Some(identifier));
        assert_eq!(uri, expected.as_str());
        let stated = sdmp_container::Resource::from_container(&verified.container).unwrap();
        assert_eq!(stated.user(), publisher.fingerprint());
    }
}

/// The test above could not pass by accident: another signature is refused.
#[test]
fn a_changed_resource_does_not_verify() {
    let publisher = Identity::parse(extensions::PUBLISHER.as_bytes()).unwrap();
    let known = |_: &_| Some(publisher.clone());
    let (stream, file) = (extensions::STREAM_RESOURCE, extensions::FILE_RESOURCE);
    let signature_of = |resource: &str| {
        let container = Container::parse(resource).unwrap();
        Signature::from_container(&container).unwrap().signatures()[0].signature().to_owned()
    };
    let changed = stream.replace(&signature_of(stream), &signature_of(file));
    let changed = Container::parse(changed).unwrap();
    assert_eq!(signature::verify(&changed, &known, now()).unwrap_err(), Error::BadSignature);
}
