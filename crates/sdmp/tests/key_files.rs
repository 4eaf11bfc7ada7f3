//! Keys and identities in files.

use sdmp::home::{self, FileError};

#[test]
fn a_new_key_file_is_private_and_never_replaces_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("me.private.json");
    let expires = "2099-01-01T00:00:00.000Z".parse().unwrap();
    let made = home::new_key_file(&path, expires, Some(b"passphrase")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(matches!(home::new_key_file(&path, expires, None), Err(FileError::Io(_))));
    let read = home::key_file(&path, Some(b"passphrase")).unwrap();
    assert_eq!(read.identity(), made.identity());
    for wrong in [None, Some(&b"other"[..])] {
        assert!(matches!(home::key_file(&path, wrong), Err(FileError::Envelope(_))));
    }
}

#[test]
fn an_identity_file_is_no_key_file_and_the_reverse() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alice.json");
    let alice = sdmp_testkit::nodes::alice();
    std::fs::write(&path, alice.identity().text()).unwrap();
    assert_eq!(home::identity_file(&path).unwrap(), *alice.identity());
    assert_eq!(home::key_file(&path, None).unwrap_err().code(), "envelope.wrong_schema");
    assert_eq!(home::key_file(directory.path().join("no"), None).unwrap_err().code(), "file.io");
    std::fs::write(&path, "not JSON").unwrap();
    assert!(matches!(home::key_file(&path, None), Err(FileError::Container(_))));
    assert!(home::identity_file(&path).is_err());
}
