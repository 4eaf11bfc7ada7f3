//! A session by value: what it says of itself, and its close.

use crate::common::by_value::sessions;
use crate::common::*;

use sdmp_handshake::{Ended, Error, Incoming, Misuse, Profile, Role};

#[test]
fn r44_both_sides_know_the_session_by_the_same_names() {
    let (initiator, responder) = sessions(Profile::Hardened, 1);
    let id = initiator.session_id().unwrap();
    assert_eq!(responder.session_id(), Some(id));
    let transcript = initiator.transcript_hash().unwrap();
    assert_eq!(responder.transcript_hash(), Some(transcript));
    assert_eq!((initiator.role(), responder.role()), (Role::Initiator, Role::Responder));
    assert_eq!(initiator.peer(), bob().identity());
    assert_eq!(responder.peer(), alice().identity());
    assert_eq!(initiator.group().bits(), 2048);
    let (other, _) = sessions(Profile::Hardened, 2);
    assert_ne!(other.session_id(), Some(id));
    assert_ne!(other.transcript_hash(), Some(transcript));
    let (published, _) = sessions(Profile::Published, 1);
    assert_eq!((published.session_id(), published.transcript_hash()), (None, None));
}

#[test]
fn r41_the_close_is_an_object_in_the_hardened_profile_only() {
    let mut random = Seeded::new(5);
    let (mut initiator, mut responder) = sessions(Profile::Hardened, 1);
    let close = initiator.close(wall(), &mut random).unwrap().unwrap();
    assert!(matches!(responder.open(close.as_bytes(), wall()), Ok(Incoming::Closed)));
    assert_eq!(responder.end(), Ok(Ended::Authenticated));
    let again = initiator.close(wall(), &mut random);
    assert_eq!(again, Err(Error::ApiMisuse(Misuse::AfterClose)));

    let (mut initiator, mut responder) = sessions(Profile::Published, 1);
    assert_eq!(initiator.close(wall(), &mut random), Ok(None));
    assert_eq!(responder.end(), Ok(Ended::Unauthenticated));
}
