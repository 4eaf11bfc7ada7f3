//! Why an answer is what it is (N20).

use std::collections::BTreeSet;
use std::sync::Arc;

use sdmp_container::{Authorization, Fingerprint};

use super::{Authority, Broken};
use crate::error::Code;
use crate::fact::TrustFact;
use crate::{Identifier, View};

/// The most paths that are told.
pub const MOST_PATHS: usize = 8;

/// An answer, and why (N20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Of which key it is asked.
    pub who: Fingerprint,
    /// What it may.
    pub may: May,
    /// For which user.
    pub user: Fingerprint,
    /// Whether it may.
    pub answer: bool,
    /// The ways by which it may; if by none, each up to its first broken link. The shortest are
    /// first, at most 8. A user's own key needs none.
    pub paths: Vec<Path>,
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Do what an authorization says (N12).
    Do(Authorization),
    /// Have a session with a node of the user (N17).
    Connect,
    /// Be given the user's content (N18).
    Read,
}

impl May {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Do(authorization) => authorization.name(),
            Self::Connect => "connect",
            Self::Read => "read",
        }
    }
}

/// The trusts that together give an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The links, up to the first that is broken.
    pub links: Vec<Link>,
}

impl Path {
    /// Whether all of it holds.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.links.iter().all(|link| link.broken.is_none())
    }
}

/// One trust of a path, or where one is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The trust; none where one is missing, or where the key itself is at fault.
    pub trust: Option<Identifier>,
    /// Who signed it: the user's key or a node.
    pub from: Fingerprint,
    /// In whom it is.
    pub to: Fingerprint,
    /// Why it does not count.
    pub broken: Option<Broken>,
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// Why a key holds an authorization for a user, or does not (N12, N20).
    #[must_use]
    pub fn why_holds(&self, user: &Fingerprint, key: &Fingerprint, what: Authorization) -> Why {
        let answer = self.holds(user, key, what);
        let paths =
            if user == key && answer { Vec::new() } else { self.ways(user, key, Some(what), true) };
        told(key, May::Do(what), user, answer, paths)
    }

    /// Why node `y` may have a session with node `x` of `user`, or may not (N17, N20).
    #[must_use]
    pub fn why_connect(&self, (user, x): (&Fingerprint, &Fingerprint), y: &Fingerprint) -> Why {
        let own = self.ways(user, x, None, false);
        let mut ends = self.ways(user, y, None, true);
        for other in self.users_of(y, user) {
            let through =
                joined(&self.ways(&other, y, None, true), &self.ways(user, &other, None, false));
            ends.extend(if self.view.trusts(&other, user).is_empty() {
                through
            } else {
                joined(&through, &self.ways(&other, user, None, false))
            });
        }
        let paths = joined(&ends, &own);
        let answer = x != y && paths.iter().any(Path::is_ok);
        told(y, May::Connect, user, answer, paths)
    }

    /// Why a node may be given a user's content, or may not (N18, N20).
    #[must_use]
    pub fn why_read(&self, user: &Fingerprint, node: &Fingerprint) -> Why {
        const READ: Option<Authorization> = Some(Authorization::ReadResource);
        let mut paths = self.ways(user, node, READ, true);
        for other in self.users_of(node, user) {
            paths.extend(joined(
                &self.ways(&other, node, READ, true),
                &self.ways(user, &other, READ, true),
            ));
        }
        told(node, May::Read, user, self.may_read(node, user), paths)
    }

    /// Each trust of a user in a key as a path; what is at fault with the key itself comes last.
    fn ways(
        &self,
        user: &Fingerprint,
        key: &Fingerprint,
        what: Option<Authorization>,
        known: bool,
    ) -> Vec<Path> {
        let end = if known { self.check_key(key) } else { self.check_not_ended(key) };
        let fault = |trust, broken| Link {
            trust,
            from: user.clone(),
            to: key.clone(),
            broken: Some(broken),
        };
        let trusts = self.view.trusts(user, key);
        if trusts.is_empty() {
            let broken =
                end.err().unwrap_or(Broken { code: Code::AuthorityMissing, by: None, line: None });
            return vec![Path { links: vec![fault(None, broken)] }];
        }
        let path = |trust: &Arc<TrustFact>| {
            let mut links = self.links(trust, what);
            if let (Err(broken), true) = (&end, links.iter().all(|link| link.broken.is_none())) {
                links.push(fault(None, broken.clone()));
            }
            Path { links }
        };
        best(trusts.iter().map(path).collect())
    }

    /// The links of a trust's chain, up to the first that is broken.
    fn links(&self, trust: &Arc<TrustFact>, what: Option<Authorization>) -> Vec<Link> {
        let parent = self.parent(trust).ok().flatten();
        let mut links = Vec::new();
        for link in parent.iter().chain([trust]) {
            let lacks = what.filter(|what| !link.grants.has(*what) && Arc::ptr_eq(link, trust));
            let broken = self.check_link(link).err();
            let broken =
                broken.or_else(|| lacks.map(|_| Broken::new(Code::TrustLacks, Some(&link.meta))));
            let is_broken = broken.is_some();
            links.push(Link {
                trust: Some(link.meta.id.clone()),
                from: link.meta.signer.clone(),
                to: link.trustee.clone(),
                broken,
            });
            if is_broken {
                break;
            }
        }
        links
    }

    /// The other users of whom trusts in a key are known, each once.
    fn users_of(&self, key: &Fingerprint, but: &Fingerprint) -> BTreeSet<Fingerprint> {
        let trusts = self.view.trusts_in(key);
        let users = trusts.iter().map(|trust| trust.meta.user.clone());
        users.filter(|user| user != but).collect()
    }
}

/// Every path of the one followed by every path of the other; a broken one is not followed.
fn joined(first: &[Path], then: &[Path]) -> Vec<Path> {
    let (ok, mut paths): (Vec<&Path>, Vec<Path>) = (
        first.iter().filter(|path| path.is_ok()).collect(),
        first.iter().filter(|path| !path.is_ok()).cloned().collect(),
    );
    for path in ok {
        for more in then {
            paths.push(Path { links: path.links.iter().chain(&more.links).cloned().collect() });
        }
    }
    best(paths)
}

/// The best of these: those that hold, then the shortest. A path that is made of others needs no
/// more of them than are told in the end.
fn best(mut paths: Vec<Path>) -> Vec<Path> {
    paths.sort_by_key(|path| (!path.is_ok(), path.links.len()));
    paths.truncate(MOST_PATHS);
    paths
}

/// The paths that answer, or else all: the shortest first.
fn told(
    who: &Fingerprint,
    may: May,
    user: &Fingerprint,
    answer: bool,
    mut paths: Vec<Path>,
) -> Why {
    if answer {
        paths.retain(Path::is_ok);
    }
    paths.sort_by_key(|path| path.links.len());
    paths.truncate(MOST_PATHS);
    Why { who: who.clone(), may, user: user.clone(), answer, paths }
}
