//! Every typed object gives back what stood in the container that it was read from.

use crate::kinds::container;
use sdmp_container::strict::{Object, Value};
use sdmp_container::{
    Authorization, Broadcast, Encrypted, Fingerprint, Found, Identifier, Identity, IdentityType,
    Message, NodeInformation, PrivateKey, Receipt, RequestJournal, RequestResource, Resource,
    ResourceName, ResourceUri, Response, Revoke, SharedKey, Signature, SignatureEntry, Status,
    Timestamp, Trust, UserInformation,
};

/// Writes the object and reads it back, so that both directions have a say.
macro_rules! read {
    ($kind:ident, $object:expr) => {
        $kind::from_container(&container(&$object.to_text())).unwrap()
    };
}

fn fingerprint() -> Fingerprint {
    Fingerprint::from_octets([1; 64])
}

fn identifier() -> Identifier {
    Identifier::from_octets([2; 64])
}

fn moment() -> Timestamp {
    Timestamp::parse("2030-01-02T03:04:05.678Z").unwrap()
}

#[test]
fn of_identities_and_keys() {
    let read = read!(
        Identity,
        Identity::new(IdentityType::User, moment(), "the key".into(), fingerprint())
    );
    assert_eq!((read.kind(), read.expires()), (IdentityType::User, moment()));
    assert_eq!((read.key(), read.fingerprint()), ("the key", &fingerprint()));
    let read = read!(PrivateKey, PrivateKey::new(moment(), "private".into(), fingerprint()));
    assert_eq!((read.expires(), read.key()), (moment(), "private"));
    assert_eq!(read.fingerprint(), &fingerprint());
    let words = vec![Authorization::ALL[1], Authorization::ALL[0]];
    let read = read!(Trust, Trust::new(fingerprint(), words.clone(), Some(moment())).unwrap());
    assert_eq!((read.trustee(), read.authorization()), (&fingerprint(), words.as_slice()));
    assert_eq!(read.expires(), Some(moment()));
    let read = read!(Trust, Trust::new(fingerprint(), words, None).unwrap());
    assert_eq!(read.expires(), None);
}

#[test]
fn of_envelopes() {
    let entry = SignatureEntry::new("AAAA".into(), "BBBB".into());
    let read = read!(
        Signature,
        Signature::new(identifier(), "CCCC".into(), vec![entry.unwrap()]).unwrap()
    );
    assert_eq!((read.identifier(), read.payload()), (&identifier(), "CCCC"));
    let [entry] = read.signatures() else { panic!("{read:?}") };
    assert_eq!((entry.protected(), entry.signature()), ("AAAA", "BBBB"));
    let recipients = vec!["DDDD".to_owned(), "EEEE".to_owned()];
    let iv = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    let read =
        read!(Encrypted, Encrypted::new(iv.clone(), "CCCC".into(), recipients.clone()).unwrap());
    assert_eq!((read.iv(), read.payload(), read.recipients()), (&*iv, "CCCC", &*recipients));
    let read = read!(SharedKey, SharedKey::new(5, "AAAA".into(), "BBBB".into()).unwrap());
    assert_eq!((read.g(), read.p(), read.n()), (5, "AAAA", "BBBB"));
}

#[test]
fn of_resources_and_journals() {
    let read = read!(Resource, Resource::new(fingerprint(), Some(identifier())));
    assert_eq!((read.user(), read.trust()), (&fingerprint(), Some(&identifier())));
    assert_eq!(read.created(), None);
    let created = Timestamp::MAX;
    let read = read!(Resource, Resource::new(fingerprint(), None).with_created(created));
    assert_eq!((read.trust(), read.created()), (None, Some(created)));
    let other = Identifier::from_octets([3; 64]);
    let read = read!(Revoke, Revoke::new(identifier(), Some(other.clone())));
    assert_eq!((read.resource(), read.authorization()), (&identifier(), Some(&other)));
    let entries = vec!["one".to_owned(), "two".to_owned()];
    let read = read!(Broadcast, Broadcast::new("before".into(), entries.clone()));
    assert_eq!((read.since(), read.entries()), ("before", &*entries));
    let read =
        read!(RequestJournal, RequestJournal::new("id".into(), "before".into(), Some(7)).unwrap());
    assert_eq!((read.identifier(), read.since(), read.limit()), ("id", "before", Some(7)));
    let read =
        read!(RequestResource, RequestResource::new("id".into(), fingerprint(), identifier()));
    assert_eq!((read.identifier(), read.author()), ("id", &fingerprint()));
    assert_eq!((read.resource(), read.more()), (&identifier(), &[][..]));
    let name = |resource| ResourceName { author: fingerprint(), resource };
    let more = vec![name(other.clone()), name(identifier())];
    let read = read!(RequestResource, read.with_more(more.clone()).unwrap());
    assert_eq!(read.more(), &*more);
    let all: Vec<ResourceName> = read.resources().cloned().collect();
    assert_eq!(all, [name(identifier()), name(other), name(identifier())]);
}

#[test]
fn of_answers_and_texts() {
    let data = Object::from_members(vec![("a".into(), Value::Null)]).unwrap();
    let read = read!(Response, Response::new(Status::Ok, "id".into(), Some(data.clone())).unwrap());
    assert_eq!((read.status(), read.identifier(), read.data()), (Status::Ok, "id", Some(&data)));
    let read = read!(Response, Response::new(Status::NotFound, "id".into(), None).unwrap());
    assert_eq!((read.status(), read.data()), (Status::NotFound, None));
    assert_eq!((read.found(), read.revoked(), read.more()), (None, None, None));
    let other = Object::from_members(vec![("b".into(), Value::Null)]).unwrap();
    let found = Found::new(data.clone()).with_revoked(other.clone());
    let answer = Response::answer("id".into(), Some(found.clone()));
    let read = read!(Response, answer.with_more(vec![None, Some(found.clone())]));
    assert_eq!(
        (read.status(), read.data(), read.revoked()),
        (Status::Ok, Some(&data), Some(&other))
    );
    assert_eq!((found.data(), found.revoked()), (&data, Some(&other)));
    assert_eq!(read.found(), Some(&found));
    assert_eq!(read.more(), Some(&[None, Some(found)][..]));
    assert_eq!(read!(Message, Message::new("hello")).as_str(), "hello");
    assert_eq!(read!(Receipt, Receipt::new("thanks")).as_str(), "thanks");
    let ips = vec!["192.0.2.1".to_owned()];
    let read = read!(NodeInformation, NodeInformation::new(Some("node".into()), ips.clone()));
    assert_eq!((read.name(), read.ips()), (Some("node"), &*ips));
    let read = read!(UserInformation, UserInformation::new("user".into(), Some("me".into())));
    assert_eq!((read.name(), read.about()), ("user", Some("me")));
    let read = read!(UserInformation, UserInformation::new("user".into(), None));
    assert_eq!(read.about(), None);
}

#[test]
fn of_words_and_names() {
    let types = [IdentityType::User, IdentityType::Node].map(|one| one.to_string());
    assert_eq!(types, ["user", "node"]);
    let statuses = [Status::Ok, Status::BadRequest, Status::NotFound].map(|one| one.to_string());
    assert_eq!(statuses, ["ok", "bad_request", "not_found"]);
    for word in Authorization::ALL {
        assert_eq!(word.to_string(), word.name());
        assert_eq!(word.name().parse(), Ok(word));
    }
    let uri = ResourceUri::new(fingerprint(), None);
    assert_eq!(format!("{uri:?}"), format!("ResourceUri(sdmp://{})", fingerprint()));
}

#[test]
fn of_objects() {
    let object = Object::from_members(vec![("a".into(), Value::Null)]).unwrap();
    assert_eq!((object.len(), object.is_empty()), (1, false));
    let members: Vec<_> = (&object).into_iter().collect();
    assert_eq!(members, object.iter().collect::<Vec<_>>());
    assert_eq!(members.len(), 1);
    let none = Object::from_members(Vec::new()).unwrap();
    assert!(none.is_empty() && (&none).into_iter().next().is_none());
}
