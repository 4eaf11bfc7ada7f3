//! The data directory: own keys and trusted peers, one container a file.
//!
//! ```text
//! keys/NAME.private.json    private_key container, mode 0600
//! keys/NAME.identity.json   identity container
//! peers/NAME.json           identity container of a trusted peer
//! peers/NAME.about          notes about it: address, when its fingerprint was compared
//! ```

mod about;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use sdmp_container::{Container, IdentityType, Limits, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity, private_key};

pub(crate) use about::About;

use crate::error::{Exit, Failure};
use crate::io::{Access, write_atomically};
use crate::passphrase::Passphrase;

const PRIVATE: &str = ".private.json";
const IDENTITY: &str = ".identity.json";
const PEER: &str = ".json";
const ABOUT: &str = ".about";
/// No container that belongs here is longer.
const FILE_LIMIT: u64 = 64 * 1024;

/// The data directory.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

/// Something kept under a name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) identity: Identity,
}

impl Store {
    /// `--data`, which also reads `SDMP_DATA`; else the platform's place for data.
    pub(crate) fn open(data: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(root) = data {
            return Ok(Self { root });
        }
        let platform = etcetera::choose_base_strategy().map_err(|_| {
            Failure::usage("this user has no home directory")
                .remedy("name a directory with --data or SDMP_DATA")
        })?;
        Ok(Self { root: platform.data_dir().join("sdmp") })
    }

    /// Where everything is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    fn peers(&self) -> PathBuf {
        self.root.join("peers")
    }

    /// Writes a new key and its identity; never over another.
    pub(crate) fn add_key(
        &self,
        name: &str,
        key: &PrivateKey,
        kind: IdentityType,
        expires: Timestamp,
        passphrase: Option<&[u8]>,
    ) -> Result<Identity, Failure> {
        self.check_new_key(name)?;
        let identity = Identity::create(key.public(), kind, expires)?;
        make_private_directory(&self.root)?;
        make_private_directory(&self.keys())?;
        self.write_private(name, key, expires, passphrase)?;
        let path = self.keys().join(format!("{name}{IDENTITY}"));
        write_atomically(&path, identity.text(), Access::Everyone)?;
        Ok(identity)
    }

    /// Refuses a name that is not allowed or taken.
    pub(crate) fn check_new_key(&self, name: &str) -> Result<(), Failure> {
        check_name(name)?;
        let taken = [PRIVATE, IDENTITY]
            .iter()
            .any(|suffix| self.keys().join(format!("{name}{suffix}")).exists());
        if taken {
            return Err(Failure::usage(format!("there is a key named {name} already"))
                .remedy("choose another name, or move its files out of the data directory"));
        }
        Ok(())
    }

    /// Replaces the private half, for a new passphrase.
    pub(crate) fn write_private(
        &self,
        name: &str,
        key: &PrivateKey,
        expires: Timestamp,
        passphrase: Option<&[u8]>,
    ) -> Result<(), Failure> {
        let text = private_key::create(key, expires, passphrase, &mut SystemRandom::new())?;
        write_atomically(&self.keys().join(format!("{name}{PRIVATE}")), &text, Access::Owner)
    }

    /// An own key's public half.
    pub(crate) fn key_identity(&self, name: &str) -> Result<Identity, Failure> {
        check_name(name)?;
        let path = self.keys().join(format!("{name}{IDENTITY}"));
        read_identity(&path).map_err(|error| match error {
            Problem::Missing => Failure::usage(format!("there is no key named {name}"))
                .remedy("`sdmp key list` shows the keys, `sdmp key new NAME` makes one"),
            Problem::Other(failure) => failure,
        })
    }

    /// An own key's private half. Asks for its passphrase only if it has one.
    pub(crate) fn private_key(
        &self,
        name: &str,
        passphrase: &Passphrase,
    ) -> Result<private_key::Loaded, Failure> {
        check_name(name)?;
        let path = self.keys().join(format!("{name}{PRIVATE}"));
        let text = read_private(&path).map_err(|error| match error {
            Problem::Missing => Failure::usage(format!("there is no private key named {name}"))
                .remedy("`sdmp key list` shows the keys, `sdmp key new NAME` makes one"),
            Problem::Other(failure) => failure,
        })?;
        let container = Container::parse(text.as_slice(), &Limits::DEFAULT)
            .map_err(|error| broken(&path, &error.to_string()))?;
        let secret = match private_key::is_encrypted(&container) {
            Ok(true) => Some(passphrase.get(&format!("Passphrase of key {name}: "))?),
            Ok(false) => None,
            Err(error) => return Err(broken(&path, &error.to_string())),
        };
        private_key::open(&container, secret.as_ref().map(|secret| secret.as_bytes())).map_err(
            |error| {
                let failure = Failure::from(error);
                let cause = format!("cannot open the key {name}: {}", failure.cause);
                Failure { cause, ..failure }
            },
        )
    }

    /// Whether a private key is there, readable by its owner alone, and fits its identity, as far
    /// as can be seen without a passphrase; says how it is kept.
    pub(crate) fn check_key(&self, name: &str) -> Result<&'static str, Failure> {
        let identity = self.key_identity(name)?;
        let path = self.keys().join(format!("{name}{PRIVATE}"));
        let text = read_private(&path).map_err(|error| match error {
            Problem::Missing => Failure::usage("its private half is missing"),
            Problem::Other(failure) => failure,
        })?;
        let damaged = |error: &dyn std::fmt::Display| broken(&path, &error.to_string());
        let container =
            Container::parse(text.as_slice(), &Limits::DEFAULT).map_err(|error| damaged(&error))?;
        if private_key::is_encrypted(&container).map_err(|error| damaged(&error))? {
            return Ok("protected by a passphrase");
        }
        let loaded = private_key::open(&container, None).map_err(|error| damaged(&error))?;
        LocalIdentity::new(identity, Arc::new(loaded.key))?;
        Ok("not protected by a passphrase")
    }

    /// An own key, ready to sign.
    pub(crate) fn local(
        &self,
        name: &str,
        passphrase: &Passphrase,
    ) -> Result<LocalIdentity, Failure> {
        let identity = self.key_identity(name)?;
        let loaded = self.private_key(name, passphrase)?;
        Ok(LocalIdentity::new(identity, Arc::new(loaded.key))?)
    }

    /// All own keys, by name.
    pub(crate) fn list_keys(&self) -> Result<Vec<Named>, Failure> {
        list(&self.keys(), IDENTITY)
    }

    /// Refuses another identity under a name that is taken: a changed key is never taken silently.
    pub(crate) fn check_new_peer(&self, name: &str, identity: &Identity) -> Result<(), Failure> {
        check_name(name)?;
        match read_identity(&self.peers().join(format!("{name}{PEER}"))) {
            Ok(known) if known.fingerprint() == identity.fingerprint() => Ok(()),
            Err(Problem::Missing) => Ok(()),
            Err(Problem::Other(failure)) => Err(failure),
            Ok(_) => Err(Failure::new(
                Exit::ChangedKey,
                "peer.changed_key",
                format!("{name} is known here with another key"),
            )
            .remedy(format!(
                "if it is somebody else, choose another name; if {name} says, over a channel that you trust, that its key is new, `sdmp peer remove {name}` first; otherwise somebody may be in the way"
            ))),
        }
    }

    /// Trusts an identity under a name.
    pub(crate) fn add_peer(&self, name: &str, identity: &Identity) -> Result<(), Failure> {
        self.check_new_peer(name, identity)?;
        make_private_directory(&self.root)?;
        make_private_directory(&self.peers())?;
        let path = self.peers().join(format!("{name}{PEER}"));
        write_atomically(&path, identity.text(), Access::Everyone)
    }

    /// A trusted peer.
    pub(crate) fn peer(&self, name: &str) -> Result<Identity, Failure> {
        check_name(name)?;
        read_identity(&self.peers().join(format!("{name}{PEER}"))).map_err(|error| match error {
            Problem::Missing => no_peer(name),
            Problem::Other(failure) => failure,
        })
    }

    /// What is noted about a peer; nothing where there are no notes.
    pub(crate) fn about(&self, name: &str) -> Result<About, Failure> {
        let identity = self.peer(name)?;
        let path = self.peers().join(format!("{name}{ABOUT}"));
        match read_file(&path, |_| Ok(())) {
            Ok(text) => About::parse(&text, &identity.fingerprint().to_string())
                .ok_or_else(|| broken(&path, "it holds no notes about a peer")),
            Err(Problem::Missing) => Ok(About::default()),
            Err(Problem::Other(failure)) => Err(failure),
        }
    }

    /// Replaces the notes about a peer.
    pub(crate) fn set_about(&self, name: &str, about: &About) -> Result<(), Failure> {
        let fingerprint = self.peer(name)?.fingerprint().to_string();
        let path = self.peers().join(format!("{name}{ABOUT}"));
        write_atomically(&path, &about.to_text(&fingerprint), Access::Everyone)
    }

    /// All trusted peers, by name.
    pub(crate) fn list_peers(&self) -> Result<Vec<Named>, Failure> {
        list(&self.peers(), PEER)
    }

    /// Trusts a peer no longer.
    pub(crate) fn remove_peer(&self, name: &str) -> Result<(), Failure> {
        check_name(name)?;
        let remove = |suffix| {
            let path = self.peers().join(format!("{name}{suffix}"));
            let removed = fs::remove_file(&path);
            removed.map_err(|error| (error.kind(), path, error))
        };
        let failed = |path: PathBuf, error: &io::Error| {
            Failure::io(format!("cannot remove {}", path.display()), error)
        };
        remove(PEER).map_err(|(kind, path, error)| match kind {
            io::ErrorKind::NotFound => no_peer(name),
            _ => failed(path, &error),
        })?;
        match remove(ABOUT) {
            Err((kind, path, error)) if kind != io::ErrorKind::NotFound => {
                Err(failed(path, &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn no_peer(name: &str) -> Failure {
    Failure::usage(format!("there is no peer named {name}"))
        .remedy("`sdmp peer list` shows the peers, `sdmp peer add NAME FILE` adds one")
}

/// Names become file names, so they are letters, digits and `. _ -`, and never start with a dot
/// or a hyphen: no path, no hidden file, no option.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['.', '-']) {
        return Ok(());
    }
    Err(Failure::usage(
        "a name is 1 to 64 letters, digits, dots, underscores or hyphens, and does not start with a dot or a hyphen",
    ))
}

enum Problem {
    Missing,
    Other(Failure),
}

fn read_file(
    path: &Path,
    check: impl FnOnce(&fs::Metadata) -> Result<(), Failure>,
) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    use std::io::Read;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Problem::Missing,
        _ => Problem::Other(Failure::io(format!("cannot read {}", path.display()), &error)),
    };
    let file = fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check(&metadata).map_err(Problem::Other)?;
    let mut octets = zeroize::Zeroizing::new(Vec::with_capacity(8 * 1024));
    file.take(FILE_LIMIT).read_to_end(&mut octets).map_err(failed)?;
    Ok(octets)
}

fn read_identity(path: &Path) -> Result<Identity, Problem> {
    let octets = read_file(path, |_| Ok(()))?;
    Identity::parse(&octets).map_err(|error| Problem::Other(broken(path, &error.to_string())))
}

fn read_private(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
    read_file(path, |metadata| check_mode(path, metadata))
}

fn broken(path: &Path, cause: &str) -> Failure {
    Failure::new(Exit::Invalid, "store.broken", format!("{} is damaged: {cause}", path.display()))
        .remedy("restore it from a backup, or remove it and make or add it again")
}

/// A private key that others can read is no longer private.
#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let cause =
        format!("the private key {} has mode {mode:03o}: others can read it", path.display());
    Err(Failure::new(Exit::Other, "store.mode", cause).remedy(format!(
        "if nobody has read it, `chmod 600 {}`; otherwise make a new key",
        path.display()
    )))
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &fs::Metadata) -> Result<(), Failure> {
    Ok(())
}

fn list(directory: &Path, suffix: &str) -> Result<Vec<Named>, Failure> {
    let failed =
        |error: &io::Error| Failure::io(format!("cannot read {}", directory.display()), error);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        let file = entry.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(suffix));
        let Some(name) = name.filter(|name| check_name(name).is_ok()) else { continue };
        match read_identity(&entry.path()) {
            Ok(identity) => all.push(Named { name: name.to_owned(), identity }),
            Err(Problem::Missing) => {}
            Err(Problem::Other(failure)) => return Err(failure),
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

#[cfg(unix)]
fn make_private_directory(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(|error| no_directory(path, &error))
}

#[cfg(not(unix))]
fn make_private_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| no_directory(path, &error))
}

fn no_directory(path: &Path, error: &io::Error) -> Failure {
    Failure::io(format!("cannot make the directory {}", path.display()), error)
        .remedy("name a directory that you may write to with --data or SDMP_DATA")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_directory() {
        for good in ["alice", "a", "node-1.example_2", "9"] {
            check_name(good).unwrap();
        }
        let long = "a".repeat(65);
        for bad in
            ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "-option", "a b", "ä", "a\0", &long]
        {
            assert_eq!(check_name(bad).unwrap_err().exit, Exit::Usage, "{bad:?}");
        }
    }
}
