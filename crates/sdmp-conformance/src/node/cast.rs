//! Who plays: the tester's user and its nodes, and a second user; and what they have signed for good.

use super::case::{Standing, Who};
use super::wire::now;
use crate::error::Error;
use crate::keys;
use sdmp_container::{Fingerprint, IdentityType, Message, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::introduction::{Introduction, Trustee, grants};
use sdmp_journal::{Author, Authorization, Grants, Resource};
use std::path::Path;
use std::sync::Arc;

/// When what every run has in common was signed: the same texts each time.
const SIGNED: &str = "2026-01-01T00:00:00.000Z";
const EXPIRES: &str = "2099-01-01T00:00:00.000Z";
/// A month, in milliseconds.
const MONTH: i64 = 30 * 24 * 3_600_000;

/// What a person's name stands for in files.
const FILES: [(&str, &str); 2] = [
    ("tester.intro", "take it in, and trust its user with read_resource"),
    ("second.intro", "take it in, and trust its user with read_resource"),
];

/// One user: its key, a node, and what introduces both.
#[derive(Debug)]
pub(super) struct Household {
    pub(super) user: LocalIdentity,
    pub(super) node: LocalIdentity,
    /// Identity, trust, the node's identity.
    pub(super) first: [Resource; 3],
    /// A message of the node.
    pub(super) message: Resource,
}

/// A node that one case has for itself.
#[derive(Debug, Clone)]
pub(super) struct Extra {
    pub(super) node: LocalIdentity,
    pub(super) identity: Resource,
    /// The trust in it, but for a stranger; and the bar.
    pub(super) trust: Option<Resource>,
    pub(super) bar: Option<Resource>,
}

/// The two households.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) tester: Household,
    pub(super) second: Household,
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::vector(error.to_string())
}

fn local(key: Arc<PrivateKey>, kind: IdentityType) -> Result<LocalIdentity, Error> {
    let end = keys::timestamp(EXPIRES)?;
    let identity = Identity::create(key.public(), kind, end).map_err(wrong)?;
    LocalIdentity::new(identity, key).map_err(wrong)
}

/// A key that nobody has used before.
pub(super) fn fresh() -> Result<LocalIdentity, Error> {
    let key = PrivateKey::generate(2048).map_err(wrong)?;
    local(Arc::new(key), IdentityType::Node)
}

/// The fingerprint of a key.
pub(super) fn name(of: &LocalIdentity) -> &Fingerprint {
    of.identity().fingerprint()
}

impl Household {
    fn new(user: &str, node: &str, text: &str) -> Result<Self, Error> {
        let user = local(keys::private(user)?, IdentityType::User)?;
        let node = local(keys::private(node)?, IdentityType::Node)?;
        let signed = keys::timestamp(SIGNED)?;
        let by_user = Author::of_own_name(&user);
        let end = Some(keys::timestamp(EXPIRES)?);
        let rights = grants(Trustee::FirstDevice);
        let trust = by_user.trust(name(&node), rights, end, signed).map_err(wrong)?;
        let device = Author::of_node(&node, name(&user).clone(), trust.id().clone());
        let message = device.publish(&Message::new(text).into(), signed).map_err(wrong)?;
        let first = [
            by_user.identity(signed).map_err(wrong)?,
            trust,
            Author::of_own_name(&node).identity(signed).map_err(wrong)?,
        ];
        Ok(Self { user, node, first, message })
    }

    fn introduction(&self) -> Result<String, Error> {
        Ok(Introduction::new(self.first.to_vec()).map_err(wrong)?.to_text())
    }
}

impl Cast {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            tester: Household::new("carol", "alice", "of the tester's first node")?,
            second: Household::new("erin", "dave", "for others than the tester")?,
        })
    }

    /// A node for one case.
    pub(super) fn extra(&self, standing: Standing) -> Result<Extra, Error> {
        let node = fresh()?;
        let now = now()?;
        let by_user = Author::of_own_name(&self.tester.user);
        let identity = Author::of_own_name(&node).identity(now).map_err(wrong)?;
        let rights = Grants::of(&[
            Authorization::ReadResource,
            Authorization::PublishResource,
            Authorization::CreateTrust,
        ]);
        let ago = |months: i64| {
            let millis = now.unix_millis().saturating_sub(months.saturating_mul(MONTH));
            Timestamp::from_unix_millis(millis).unwrap_or(now)
        };
        let end = if standing == Standing::Expired { ago(1) } else { keys::timestamp(EXPIRES)? };
        let trust = match standing {
            Standing::Stranger => None,
            Standing::Full | Standing::Barred | Standing::Expired => {
                Some(by_user.trust(name(&node), rights, Some(end), ago(3)).map_err(wrong)?)
            }
        };
        let bar = match (&trust, standing) {
            (Some(trust), Standing::Barred) => {
                Some(by_user.revoke(trust.id(), false, now).map_err(wrong)?)
            }
            _ => None,
        };
        Ok(Extra { node, identity, trust, bar })
    }

    /// Whose key that is, for those who are in every case.
    pub(super) fn known(&self, who: Who) -> Option<&LocalIdentity> {
        match who {
            Who::User => Some(&self.tester.user),
            Who::First => Some(&self.tester.node),
            Who::Other => Some(&self.second.user),
            Who::OtherNode => Some(&self.second.node),
            Who::Node | Who::Helper => None,
        }
    }
}

/// Writes the files that prepare a node for the play into a directory, and gives a line for each:
/// its name, and what the implementer does with it.
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
    for ((file, what), text) in FILES.into_iter().zip(introductions()?) {
        let path = directory.join(file);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
        lines.push(format!("{}: {what}", path.display()));
    }
    Ok(lines)
}

/// The two introduction files (N44): the tester's user, and the second one.
///
/// # Errors
/// None but for a damaged build: the keys are compiled in.
pub fn introductions() -> Result<[String; 2], Error> {
    let cast = Cast::new()?;
    Ok([cast.tester.introduction()?, cast.second.introduction()?])
}
