//! Two nodes that trust each other, and sessions between them.
#![allow(dead_code, reason = "each test file uses a part of it")]

#[cfg(feature = "node")]
pub(crate) mod devices;
pub(crate) mod playing;

use std::path::Path;

use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Profile};
use sdmp_node::Home;
use sdmp_testkit::nodes::{alice, bob};
use sdmp_testkit::pair;
use sdmp_testkit::{keys, nodes};
use sdmp_transport::{SecureSession, accept, connect, memory};
use tempfile::TempDir;

pub(crate) fn config(own: &LocalIdentity, peer: &LocalIdentity) -> Config {
    pair::config(own, &[peer], Profile::Hardened)
}

/// A session between Alice and Bob in this process: her end and his.
pub(crate) async fn sessions() -> (SecureSession, SecureSession) {
    let (ours, theirs) = memory::pair(64);
    let (alice, bob) = (alice(), bob());
    let (one, other) =
        tokio::join!(connect(ours, config(&alice, &bob)), accept(theirs, config(&bob, &alice)));
    (one.unwrap(), other.unwrap())
}

/// Bob's home, who trusts Alice.
pub(crate) fn bobs_home() -> (TempDir, Home) {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path());
    let kind = sdmp_container::IdentityType::Node;
    home.add_key("bob", &keys::bob(), kind, nodes::expiry(), None).unwrap();
    home.add_peer("alice", alice().identity()).unwrap();
    (directory, home)
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
pub(crate) fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
