//! Properties of what a node reads and judges.

use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::PublicKey;
use sdmp_journal::fact::Fact;
use sdmp_journal::view::Known;
use sdmp_journal::{
    Admit, Authority, Batch, Candidate, Connect, Cursor, Fingerprint, Head, Identifier, Judge,
    Kind, Line, Read, Resource, Timestamp, Verdict, Verify, View, connect, journal,
};
use std::collections::BTreeSet;

/// N3: what is read is emitted in one form, which is read as the same resource; its identifier is
/// that of its payload.
pub fn resource(octets: &[u8]) {
    let Ok(read) = Resource::parse(octets) else { return };
    let again = Resource::parse(read.text()).expect("what is emitted can be read");
    assert_eq!(again.text(), read.text());
    assert_eq!((again.id(), again.signer(), again.kind()), (read.id(), read.signer(), read.kind()));
    let payload = sdmp_container::b64url::encode(read.payload().as_bytes());
    let id = Identifier::from_octets(sha512(payload.as_bytes()));
    assert_eq!(*read.id(), id);
}

/// N21, N23: a line that is read is written alike, and a cursor moves only along lines that chain,
/// as far as a check of the whole journal comes. The first line is the node's fingerprint.
pub fn lines(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let mut each = text.split('\n');
    let Some(Ok(node)) = each.next().map(str::parse::<Fingerprint>) else { return };
    let texts: Vec<&str> = each.collect();
    let parsed: Option<Vec<Line>> = texts.iter().map(|text| text.parse().ok()).collect();
    for line in parsed.iter().flatten().zip(&texts) {
        assert_eq!(line.0.to_string(), *line.1);
    }
    let checked = journal::check(&Known::new(), &node, texts.iter().copied());
    let Some(parsed) = parsed else {
        assert!(checked.is_err(), "a journal with a line that cannot be read");
        return;
    };
    let mut cursor = Cursor::new(node.clone());
    let since = cursor.last();
    let read = cursor.read(&Known::new(), (since, &parsed), false, Timestamp::MIN);
    if let (Ok(head), false) = (checked, parsed.is_empty()) {
        assert_eq!((read, cursor.head()), (Read::Lines(parsed), &head));
    } else if !matches!(read, Read::Lines(_)) {
        assert_eq!(*cursor.head(), Head::new(&node), "it moved along what does not chain");
    }
}

/// Believes every signature, so that judging is reached.
struct Gullible;

impl Verify for Gullible {
    fn verify(&self, _: &PublicKey, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// N6, N7, N36: texts, one a line, judged together: what is admitted can be admitted again in that
/// order; each explanation agrees with its answer.
pub fn judging(octets: &[u8]) {
    let texts = octets.split(|octet| *octet == b'\n').take(32);
    let candidates: Vec<Candidate> = texts.filter_map(|text| Candidate::parse(text).ok()).collect();
    let Some(own) = candidates.first().map(|one| one.resource().user().clone()) else { return };
    let now = Timestamp::from_unix_millis(1_800_000_000_000).expect("a year that exists");
    let (nothing, mut known) = (Known::new(), Known::new());
    let judge = Judge::new(&own, now);
    let judged = Batch::new(&judge, &nothing, 2).judge(candidates, &Gullible);
    for (line, mut one) in (2..).zip(judged) {
        if let Verdict::Admit { .. } = one.verdict {
            let verdict = judge.judge(&known, &mut one.candidate, &Gullible);
            assert_eq!(verdict, one.verdict, "admitted together and not one after the other");
            known.admit(Fact::of(one.candidate.resource(), line));
        }
    }
    explains_itself(&known, now);
}

fn explains_itself(known: &Known, now: Timestamp) {
    let keys: BTreeSet<&Fingerprint> =
        known.iter().flat_map(|meta| [&meta.user, &meta.signer]).take(16).collect();
    let authority = Authority::new(known, now);
    for user in &keys {
        for key in &keys {
            for what in sdmp_container::Authorization::ALL {
                let why = authority.why_holds(user, key, what);
                assert_eq!(why.answer, authority.holds(user, key, what));
                assert!(why.paths.iter().all(|path| path.is_ok() == why.answer));
            }
            let answer = connect(known, now, (user, user), key);
            let why = authority.why_connect((user, user), key);
            assert_eq!(why.answer, answer == Connect::Full);
            assert_eq!(authority.why_read(user, key).answer, authority.may_read(key, user));
        }
    }
    for meta in known.iter() {
        let stored = known.meta(&meta.id);
        assert!(stored.is_some_and(|stored| stored == *meta));
        for key in &keys {
            let given = authority.may_be_given(key, meta);
            assert!(given || meta.kind != Kind::Identity, "identities are given to all");
        }
    }
}
