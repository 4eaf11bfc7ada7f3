//! Properties of what peers say to a node, and of the machine that listens.

mod guide;
mod script;

pub use script::keeps_its_promises;

use sdmp_container::Container;
use sdmp_journal::exchange::{read_payload, write_payload};
use sdmp_journal::introduction::Introduction;
use sdmp_journal::sealed::{Content, Draft};
use sdmp_journal::{Fingerprint, Identifier, Timestamp};

/// N26: a body that is read is written so that it is read alike.
pub fn exchange(octets: &[u8]) {
    let Ok(payload) = Container::parse(octets) else { return };
    let Ok(opened) = read_payload(&payload) else { return };
    let Ok(body) = opened.body else { return };
    let (user, trust) = (Fingerprint::from_octets([1; 64]), Identifier::from_octets([2; 64]));
    let written = write_payload((&user, &trust), &body, Timestamp::MIN);
    // What is read may be too deep or too long for one more layer; what is written is read.
    let Ok(written) = written else { return };
    let again = read_payload(&written).expect("what is written can be read");
    assert_eq!(again.body, Ok(body));
}

/// N44: a file that is read is of one user, and is written as it was read.
pub fn introduction(octets: &[u8]) {
    let Ok(file) = Introduction::parse(octets) else { return };
    let again = Introduction::parse(file.to_text().as_bytes()).expect("as it was written");
    assert_eq!(again.user(), file.user());
    assert_eq!(again.resources(), file.resources());
}

/// N38, N42: what a message says is sealed so that it is read alike.
pub fn opened(octets: &[u8]) {
    let Ok(container) = Container::parse(octets) else { return };
    let Ok(content) = Content::read(&container) else { return };
    let user = Fingerprint::from_octets([1; 64]);
    let draft = Draft { to: vec![user.clone()], user, created: Timestamp::MIN, content };
    // A file that was not taken is not passed on.
    let Ok(sealed) = draft.container() else { return };
    let again = Content::read(&sealed).expect("what is sealed can be read");
    if !matches!(draft.content, Content::Other(_)) {
        assert_eq!(again, draft.content);
    }
}
