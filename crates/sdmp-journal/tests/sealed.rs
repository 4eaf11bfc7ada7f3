//! Sealed messages, with real keys (N38 to N42).

use std::sync::Arc;

use sdmp_container::{Container, Fingerprint, Identifier, IdentityType, Message};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{LocalIdentity, encrypted, signature};
use sdmp_journal::authority::Authority;
use sdmp_journal::fact::Fact;
use sdmp_journal::sealed::{
    Attachment, Backlog, Content, Draft, NotShown, Opened, Receipts, Sealed, Waiting, counts, open,
    reads_since, recipients,
};
use sdmp_journal::view::Known;
use sdmp_journal::{Admit, Author, Authorization, Code, Error, Grants, Resource, Rsa, Timestamp};
use sdmp_testkit::nodes::{expiry, local, wall};
use sdmp_testkit::{keys, random::Seeded};

/// A user or node with a real key.
struct Who {
    private: Arc<PrivateKey>,
    local: LocalIdentity,
}

impl Who {
    fn new(private: Arc<PrivateKey>, kind: IdentityType) -> Self {
        let local = local(&private, kind, expiry());
        Self { private, local }
    }

    fn fp(&self) -> Fingerprint {
        self.local.identity().fingerprint().clone()
    }

    fn author(&self) -> Author<'_> {
        Author::of_own_name(&self.local)
    }
}

/// Alice and Bob, users; Carol, a device of Bob's that reads what is encrypted; Dave, a host of his
/// that does not; Mallory, another user.
struct People {
    alice: Who,
    bob: Who,
    carol: Who,
    dave: Who,
    mallory: Who,
    known: Known,
}

fn later(minutes: i64) -> Timestamp {
    Timestamp::from_unix_millis(wall().unix_millis() + minutes * 60_000).unwrap()
}

fn people() -> People {
    let user = |key| Who::new(key, IdentityType::User);
    let node = |key| Who::new(key, IdentityType::Node);
    let (alice, bob, mallory) = (user(keys::alice()), user(keys::bob()), user(keys::mallory()));
    let (carol, dave) = (node(keys::carol()), node(keys::dave()));
    let mut known = Known::new();
    let reads = Grants::of(&[Authorization::ReadEncrypted, Authorization::ReadResource]);
    let hosts = Grants::of(&[Authorization::ReadResource]);
    let mut resources = vec![
        bob.author().trust(&carol.fp(), reads, None, later(-10)).unwrap(),
        bob.author().trust(&dave.fp(), hosts, None, later(-10)).unwrap(),
    ];
    for who in [&alice, &bob, &carol, &dave, &mallory] {
        resources.push(who.author().identity(wall()).unwrap());
    }
    for (line, resource) in (2..).zip(&resources) {
        known.admit(Fact::of(resource, line));
    }
    People { alice, bob, carol, dave, mallory, known }
}

impl People {
    fn draft(&self, content: Content) -> Draft {
        Draft { user: self.alice.fp(), to: vec![self.bob.fp()], created: wall(), content }
    }

    /// Seals a draft by Alice for Bob's keys and publishes it.
    fn publish(&self, draft: &Draft) -> Resource {
        self.publish_by(&self.alice, &self.alice, draft)
    }

    fn publish_by(&self, inner: &Who, outer: &Who, draft: &Draft) -> Resource {
        let authority = Authority::new(&self.known, wall());
        let keys = recipients(&authority, &self.alice.fp(), &[self.bob.fp()]).unwrap();
        let sealed = draft.seal(&inner.local, &keys, &mut Seeded::new(5)).unwrap();
        outer.author().publish(&sealed, wall()).unwrap()
    }

    /// Encrypts any container for Bob, and lets Alice publish it.
    fn publish_raw(&self, inner: &Container, form: encrypted::Form) -> Resource {
        let to = [self.bob.private.public()];
        let sealed = encrypted::seal(inner, &to, form, &mut Seeded::new(6)).unwrap();
        self.alice.author().publish(&sealed, wall()).unwrap()
    }

    fn open_as(&self, resource: &Resource, user: &Who, key: &Who) -> Result<Opened, NotShown> {
        let signer =
            if *resource.signer() == self.alice.fp() { &self.alice } else { &self.mallory };
        open(resource, &user.fp(), &key.private, signer.private.public(), &Rsa)
    }

    fn code(&self, resource: &Resource) -> &'static str {
        match self.open_as(resource, &self.bob, &self.bob).unwrap_err() {
            NotShown::Refused(error) => error.code(),
            other => panic!("{other:?}"),
        }
    }
}

fn content(opened: Opened) -> Content {
    match opened {
        Opened::Proven { content, .. } => content,
        other => panic!("{other:?}"),
    }
}

#[test]
fn n38_n40_those_in_to_and_the_sender_open_a_message_and_nobody_else() {
    let people = people();
    let resource = people.publish(&people.draft(Content::text("hello *there*")));
    for (user, key) in
        [(&people.bob, &people.bob), (&people.bob, &people.carol), (&people.alice, &people.alice)]
    {
        let opened = people.open_as(&resource, user, key).unwrap();
        assert_eq!(content(opened), Content::text("hello *there*"));
    }
    for key in [&people.dave, &people.mallory] {
        assert_eq!(people.open_as(&resource, &people.bob, key), Err(NotShown::Closed));
    }
}

#[test]
fn n39_keys_are_those_that_hold_read_encrypted() {
    let people = people();
    let authority = Authority::new(&people.known, wall());
    let keys = recipients(&authority, &people.alice.fp(), &[people.bob.fp()]).unwrap();
    let has = |who: &Who| keys.contains(who.private.public());
    assert!(has(&people.alice) && has(&people.bob) && has(&people.carol));
    assert!(!has(&people.dave) && keys.len() == 3);
    let nobody = Fingerprint::from_octets([7; 64]);
    let unknown = recipients(&authority, &people.alice.fp(), std::slice::from_ref(&nobody));
    assert_eq!(unknown, Err(Error::Rule(Code::IdentityUnknown)));
    let many = recipients(&authority, &people.alice.fp(), &vec![people.bob.fp(); 33]);
    assert_eq!(many, Err(Error::Rule(Code::ResourceSize)));
}

#[test]
fn n40_a_message_for_others_is_not_shown() {
    let people = people();
    let mut draft = people.draft(Content::text("x"));
    draft.to = vec![people.mallory.fp()];
    assert_eq!(people.code(&people.publish(&draft)), "sealed.not_for_us");
}

#[test]
fn n40_a_message_that_another_key_signed_inside_is_not_shown() {
    let people = people();
    let draft = people.draft(Content::text("x"));
    let wrapped = people.publish_by(&people.mallory, &people.alice, &draft);
    assert_eq!(people.code(&wrapped), "sealed.signer");
    // Taken out by a recipient, and published again as its own.
    let stolen = people.publish_by(&people.alice, &people.mallory, &draft);
    assert_eq!(people.code(&stolen), "sealed.signer");
}

#[test]
fn n40_a_message_that_names_another_user_is_not_shown() {
    let people = people();
    let mut draft = people.draft(Content::text("x"));
    draft.user = people.mallory.fp();
    assert_eq!(people.code(&people.publish(&draft)), "sealed.user");
    // Signed by the sender, but for another purpose.
    let bare = Container::from(Message::new("x"));
    let signed = signature::sign(&bare, &[&people.alice.local], wall()).unwrap();
    let wrapped = people.publish_raw(&signed, encrypted::Form::Hardened);
    assert_eq!(people.code(&wrapped), "sealed.user");
    // A resource of the sender's cannot be made private afterwards either.
    let public = people.alice.author().publish(&bare, wall()).unwrap();
    let public = Container::parse(public.text()).unwrap();
    let wrapped = people.publish_raw(&public, encrypted::Form::Hardened);
    assert_eq!(people.code(&wrapped), "sealed.user");
}

#[test]
fn n40_what_nobody_signed_is_sender_unproven() {
    let people = people();
    let bare = Container::from(Message::new("x"));
    let signed = signature::sign(&bare, &[&people.alice.local], wall()).unwrap();
    for (inner, form) in [
        (&bare, encrypted::Form::Hardened),
        (&bare, encrypted::Form::Published),
        (&signed, encrypted::Form::Published),
    ] {
        let opened = people.open_as(&people.publish_raw(inner, form), &people.bob, &people.bob);
        assert_eq!(opened, Ok(Opened::Unproven(inner.clone())));
    }
}

#[test]
fn n38_only_what_may_stand_inside_is_shown() {
    let people = people();
    let trust = format!(
        "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"trust\"]}},\"sealed\":{{\"user\":\"{}\",\
         \"to\":[\"{}\"],\"created\":\"{}\"}},\"trust\":{{\"trustee\":\"{}\",\
         \"authorization\":[\"revoke\"]}}}}",
        people.alice.fp(),
        people.bob.fp(),
        wall(),
        people.mallory.fp()
    );
    let trust = Container::parse(trust).unwrap();
    let signed = signature::sign(&trust, &[&people.alice.local], wall()).unwrap();
    let wrapped = people.publish_raw(&signed, encrypted::Form::Hardened);
    assert_eq!(people.code(&wrapped), "resource.kind");
}

#[test]
fn n42_a_file_comes_with_its_message_and_a_wrong_one_does_not() {
    let people = people();
    let with = |file| Content::Message { text: "see".into(), file: Some(Ok(file)) };
    for octets in [vec![], b"data".to_vec(), vec![9; 100_000]] {
        let sent = with(Attachment::new("a b.txt", octets).unwrap());
        let resource = people.publish(&people.draft(sent.clone()));
        let opened = people.open_as(&resource, &people.bob, &people.bob).unwrap();
        assert_eq!(content(opened), sent);
    }
    let good = with(Attachment::new("f", b"data".to_vec()).unwrap());
    for (from, to, code) in [
        ("\"size\":4", "\"size\":5", Code::FileSize),
        ("\"data\":\"ZGF0YQ\"", "\"data\":\"ZGF0YR\"", Code::FileHash),
        ("\"data\":\"ZGF0YQ\"", "\"data\":\"ZGF0YA\"", Code::FileHash),
        ("\"end\":true", "\"end\":false", Code::FileSize),
        ("\"name\":\"f\"", "\"name\":\"../f\"", Code::FileSize),
    ] {
        let resource = people.publish(&people.draft(good.clone()));
        let opened = encrypted::open(resource.payload(), &people.bob.private).unwrap();
        let signed = opened.container().root().get("signature").unwrap().as_object().unwrap();
        let payload = signed.get("payload").unwrap().as_str().unwrap();
        let text = sdmp_container::b64url::decode(payload).unwrap();
        let text = String::from_utf8(text).unwrap();
        let changed = Container::parse(text.replace(from, to)).unwrap();
        assert_ne!(changed.text(), text, "{from}");
        let signed = signature::sign(&changed, &[&people.alice.local], wall()).unwrap();
        let wrapped = people.publish_raw(&signed, encrypted::Form::Hardened);
        let shown = content(people.open_as(&wrapped, &people.bob, &people.bob).unwrap());
        assert_eq!(shown, Content::Message { text: "see".into(), file: Some(Err(code)) }, "{to}");
    }
    assert!(Attachment::new("a/b", vec![]).is_err() && Attachment::new("", vec![]).is_err());
    assert!(Attachment::new("f", vec![0; (2 << 20) + 1]).is_err());
}

#[test]
fn n40_the_backlog_gives_the_newest_first_and_authors_in_turn() {
    let (a, b) = (Fingerprint::from_octets([1; 64]), Fingerprint::from_octets([2; 64]));
    let mut backlog = Backlog::default();
    let text = |minutes: Option<i64>, line: u8| Waiting {
        created: minutes.map(later),
        line: u64::from(line),
        id: Identifier::from_octets([line; 64]),
    };
    for (author, minutes, line) in [(&a, 1, 1), (&a, 3, 2), (&a, 2, 3), (&b, 0, 4)] {
        backlog.add(author, text(Some(minutes), line), None);
        backlog.add(author, text(Some(minutes), line), None);
    }
    backlog.add(&a, text(None, 5), Some(later(0)));
    backlog.add(&a, text(Some(-1), 6), Some(later(0)));
    let order: Vec<u64> = std::iter::from_fn(|| backlog.take().map(|(_, one)| one.line)).collect();
    assert_eq!(order, [2, 4, 3, 1, 5]);
    assert!(backlog.is_empty());
}

#[test]
fn n48_what_was_made_before_the_first_trust_is_not_tried() {
    let people = people();
    let since = reads_since(&people.known, &people.bob.fp(), &people.carol.fp());
    assert_eq!(since, Some(later(-10)));
    assert_eq!(reads_since(&people.known, &people.bob.fp(), &people.dave.fp()), None);
}

#[test]
fn n41_a_receipt_leaves_after_10_to_120_minutes_once_and_only_to_the_trusted() {
    let people = people();
    let sealed = Sealed { user: people.alice.fp(), to: vec![people.bob.fp()], created: wall() };
    let id = |number: u8| Identifier::from_octets([number; 64]);
    let opened = |content| Opened::Proven { sealed: sealed.clone(), inner: id(0), content };
    let (bob, mut random) = (people.bob.fp(), Seeded::new(8));
    for number in 1..100 {
        let mut receipts = Receipts::default();
        let message = opened(Content::text("x"));
        receipts.shown(&id(number), &message, (&bob, true), wall(), &mut random).unwrap();
        let due = receipts.next_due().unwrap();
        assert!(due >= later(10) && due <= later(120), "{due}");
        assert!(receipts.take_due(&bob, later(9)).is_empty());
        let drafts = receipts.take_due(&bob, later(121));
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].content, Content::Receipt(id(number)));
        assert_eq!(drafts[0].to, [people.alice.fp()]);
        // Shown again: no second one.
        receipts.shown(&id(number), &message, (&bob, true), wall(), &mut random).unwrap();
        assert_eq!(receipts.next_due(), None);
    }
    let mut receipts = Receipts::default();
    let mut shown = |content, user: &Who, trusted| {
        let opened = opened(content);
        receipts.shown(&id(1), &opened, (&user.fp(), trusted), wall(), &mut random).unwrap();
        receipts.next_due().is_some()
    };
    assert!(!shown(Content::text("x"), &people.bob, false), "not trusted");
    assert!(!shown(Content::text("x"), &people.alice, true), "its own message");
    assert!(!shown(Content::Receipt(id(3)), &people.bob, true), "no receipt of a receipt");
    receipts.sent_by_own_device(&id(1));
    let message = opened(Content::text("x"));
    receipts.shown(&id(1), &message, (&bob, true), wall(), &mut random).unwrap();
    assert_eq!(receipts.next_due(), None);
}

#[test]
fn n41_only_a_receipt_of_one_in_to_counts() {
    let people = people();
    let sealed =
        |user: &Who, to: &Who| Sealed { user: user.fp(), to: vec![to.fp()], created: wall() };
    let message = sealed(&people.alice, &people.bob);
    assert!(counts(&message, &sealed(&people.bob, &people.alice)));
    assert!(!counts(&message, &sealed(&people.mallory, &people.alice)));
    let receipt = people.draft(Content::Receipt(Identifier::from_octets([5; 64])));
    let opened = people.open_as(&people.publish(&receipt), &people.bob, &people.bob).unwrap();
    assert_eq!(content(opened), receipt.content);
}
