//! A session by value: what it says of itself, and its close.

use sdmp_testkit::pair::*;
use sdmp_testkit::sessions::sessions;

use sdmp_handshake::{Ended, Error, Misuse, Opened, Profile, Role};

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
    let secrets = [&initiator, &responder].map(|side| {
        let mut out = [0; 32];
        side.export("a test", b"its context", &mut out).unwrap();
        out
    });
    assert_eq!(secrets[0], secrets[1]);
    assert_ne!(secrets[0], [0; 32]);
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
    assert!(matches!(responder.open(close.as_bytes(), wall()), Ok(Opened::Closed)));
    assert_eq!(responder.end(), Ok(Ended::Authenticated));
    let again = initiator.close(wall(), &mut random);
    assert_eq!(again, Err(Error::ApiMisuse(Misuse::AfterClose)));

    let (mut initiator, mut responder) = sessions(Profile::Published, 1);
    assert_eq!(initiator.close(wall(), &mut random), Ok(None));
    assert_eq!(responder.end(), Ok(Ended::Unauthenticated));
}

/// R42, R35: an object's length is known before it is sealed, and is what it becomes.
#[test]
fn the_length_of_an_object_is_known_before() {
    for profile in [Profile::Hardened, Profile::Published] {
        let (initiator, _) = sessions(profile, 3);
        let (mut sender, _) = initiator.split();
        for length in [1, 8000, 9000] {
            let container = message(&"x".repeat(length));
            let expected = sender.sealed_len(&container);
            let object = sender.seal(&container, wall(), &mut Seeded::new(6)).unwrap();
            assert_eq!(object.len(), expected);
        }
        sender.close(wall(), &mut Seeded::new(6)).unwrap();
        assert_eq!(sender.sealed_len(&message("x")), 0);
    }
}
