//! The home directory: what others could have changed is refused, and several processes may use it.

use std::fs;
use std::thread;

use sdmp_container::IdentityType;
use sdmp_envelope::LocalIdentity;
use sdmp_node::{Error, Home};
use sdmp_testkit::keys;
use sdmp_testkit::nodes::{alice, expiry, mallory};
use zeroize::Zeroizing;

use crate::common::bobs_home;
#[cfg(unix)]
use crate::common::{chmod, mode};

fn no_passphrase() -> Result<Zeroizing<String>, Error> {
    panic!("there is none")
}

#[test]
fn keys_and_peers_come_back() {
    let (_directory, home) = bobs_home();
    let local = home.local("bob", no_passphrase).unwrap();
    assert_eq!(local.identity(), &home.key_identity("bob").unwrap());
    assert_eq!(home.peer("alice").unwrap(), *alice().identity());
    assert_eq!(home.peer("carol"), Err(Error::NoPeer("carol".to_owned())));
    home.update_notes("alice", |notes| notes.address = Some("host:7".to_owned())).unwrap();
    assert_eq!(home.notes("alice").unwrap().address.as_deref(), Some("host:7"));
    let other = home.add_peer("alice", mallory().identity());
    assert_eq!(other, Err(Error::ChangedKey("alice".to_owned())));
    home.remove_peer("alice").unwrap();
    assert_eq!(home.remove_peer("alice"), Err(Error::NoPeer("alice".to_owned())));
    assert!(home.list_peers().unwrap().named.is_empty());
}

#[cfg(unix)]
#[test]
fn everything_is_private() {
    let (directory, home) = bobs_home();
    home.update_notes("alice", |notes| notes.address = Some("host:7".to_owned())).unwrap();
    for name in ["keys", "peers"] {
        let path = directory.path().join(name);
        assert_eq!(mode(&path), 0o700, "{name}");
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn what_others_can_change_is_refused() {
    let (directory, home) = bobs_home();
    let root = directory.path();
    let refused = |path: &std::path::Path, bad: u32| {
        let before = mode(path);
        chmod(path, bad);
        let results = [
            home.peer("alice").map(drop),
            home.list_peers()
                .and_then(|peers| peers.damaged.into_iter().next().map_or(Ok(()), Err)),
            home.notes("alice").map(drop),
            home.add_peer("alice", alice().identity()),
        ];
        chmod(path, before);
        results.into_iter().filter(|result| matches!(result, Err(Error::Writable { .. }))).count()
    };
    for bad in [0o777, 0o770, 0o722] {
        assert_eq!(refused(root, bad), 4, "the home itself, mode {bad:o}");
        assert_eq!(refused(&root.join("peers"), bad), 4, "mode {bad:o}");
        assert_eq!(refused(&root.join("keys"), bad), 4, "mode {bad:o}");
    }
    assert_eq!(refused(&root.join("peers"), 0o1777), 4, "there others can add peers");
    assert_eq!(refused(&root.join("peers/alice.json"), 0o666), 4);
    // Others may add files to it, but cannot move the directories that hold everything.
    assert_eq!(refused(root, 0o1777), 0);
    let private = root.join("keys/bob.private.json");
    chmod(&private, 0o640);
    assert!(matches!(home.check_key("bob"), Err(Error::Readable { mode: 0o640, .. })));
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_damaged_file_among_the_peers_stops_nothing() {
    let (directory, home) = bobs_home();
    let peers = directory.path().join("peers");
    let made = std::process::Command::new("mkfifo").arg(peers.join("pipe.json")).status().unwrap();
    assert!(made.success());
    fs::write(peers.join("broken.json"), "{}").unwrap();
    chmod(&peers.join("broken.json"), 0o600);
    let listed = home.list_peers().unwrap();
    assert_eq!(listed.named.len(), 1);
    assert_eq!(listed.named[0].name, "alice");
    assert_eq!(listed.damaged.len(), 2);
}

#[test]
fn two_that_make_one_key_do_not_mix() {
    for _ in 0..8 {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path());
        let make = |key: std::sync::Arc<sdmp_crypto::rsa::PrivateKey>| {
            let home = home.clone();
            thread::spawn(move || home.add_key("one", &key, IdentityType::Node, expiry(), None))
        };
        let made = [make(keys::alice()), make(keys::bob())].map(|made| made.join().unwrap());
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        assert!(made.iter().any(|made| *made == Err(Error::KeyExists("one".to_owned()))));
        let local: LocalIdentity = home.local("one", no_passphrase).unwrap();
        assert!(made.iter().flatten().any(|identity| identity == local.identity()));
    }
}

#[test]
fn two_that_add_one_peer_do_not_replace_each_other() {
    for _ in 0..8 {
        let (_directory, home) = bobs_home();
        let add = |identity: sdmp_envelope::Identity| {
            let home = home.clone();
            thread::spawn(move || home.add_peer("new", &identity).map(|()| identity))
        };
        let both = [add(alice().identity().clone()), add(mallory().identity().clone())];
        let added: Vec<_> = both.map(|added| added.join().unwrap()).into_iter().flatten().collect();
        assert_eq!(added, [home.peer("new").unwrap()]);
    }
}

#[test]
fn no_note_is_lost() {
    let (_directory, home) = bobs_home();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let home = home.clone();
            thread::spawn(move || {
                for _ in 0..10 {
                    home.update_notes("alice", |notes| {
                        notes.address.get_or_insert_default().push('x');
                    })
                    .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(home.notes("alice").unwrap().address.unwrap().len(), 40);
}

/// A half that is left from elsewhere is never completed with a key that it does not belong to.
#[test]
fn half_a_key_is_not_completed() {
    let (directory, home) = bobs_home();
    let private = directory.path().join("keys/bob.private.json");
    fs::remove_file(&private).unwrap();
    let again = home.add_key("bob", &keys::carol(), IdentityType::Node, expiry(), None);
    assert_eq!(again, Err(Error::KeyExists("bob".to_owned())));
    assert!(!private.exists());
}
