//! The identities that the tester plays with. Their keys are public: a peer that trusts them must
//! be a peer under test, and nothing else.

use super::case::Who;
use crate::error::Error;
use crate::keys;
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::Identity;
use std::path::Path;
use std::sync::Arc;

/// Who plays whom: the name of the key, the file of the identity, and what the peer does with it.
const PEOPLE: [(Who, &str, &str, &str); 5] = [
    (Who::Tester, "alice", "tester.json", "trust it; a peer that dials expects this one"),
    (Who::Other, "dave", "other.json", "trust it; its key has 2056 bits"),
    (Who::User, "carol", "user.json", "trust it, but refuse it all the same: it is a user's (R16)"),
    (Who::Expired, "erin", "expired.json", "trust it, but refuse it all the same: it has expired"),
    (Who::Stranger, "mallory", "stranger.json", "do not trust it"),
];

/// When the expired identity expired.
const EXPIRED: &str = "2020-01-01T00:00:00.000Z";

/// When the others will.
const EXPIRES: &str = "2099-01-01T00:00:00.000Z";

/// An identity and its private key.
#[derive(Debug, Clone)]
pub struct Person {
    /// The identity, as the peer was given it.
    pub identity: Identity,
    /// The key.
    pub key: Arc<PrivateKey>,
}

impl Person {
    /// The person of this part.
    ///
    /// # Errors
    /// None but for a damaged build: the keys are compiled in.
    pub fn new(who: Who) -> Result<Self, Error> {
        let named = PEOPLE.iter().find(|(other, ..)| *other == who);
        let (_, name, ..) = named.ok_or_else(|| Error::vector("no person has this part"))?;
        let key = keys::private(name)?;
        let kind = if who == Who::User { IdentityType::User } else { IdentityType::Node };
        let expires = if who == Who::Expired { EXPIRED } else { EXPIRES };
        let expires =
            Timestamp::parse(expires).map_err(|error| Error::vector(error.to_string()))?;
        let identity = Identity::create(key.public(), kind, expires)
            .map_err(|error| Error::vector(error.to_string()))?;
        Ok(Self { identity, key })
    }
}

/// Writes the identities into a directory, each as the container that a peer takes over, and gives
/// a line for each file: its name, and what the implementer does with it.
///
/// # Errors
/// A file that cannot be written.
pub fn export(directory: &Path) -> Result<Vec<String>, Error> {
    let failed = |path: &Path, error: &std::io::Error| Error::Unwritable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let mut lines = Vec::new();
    for (who, _, file, what) in PEOPLE {
        let path = directory.join(file);
        let person = Person::new(who)?;
        std::fs::write(&path, person.identity.text()).map_err(|error| failed(&path, &error))?;
        lines.push(format!("{}: {what}", path.display()));
    }
    Ok(lines)
}
