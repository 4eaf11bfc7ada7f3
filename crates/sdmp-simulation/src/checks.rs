//! What must hold after every event, and at the end.

use sdmp_container::ResourceName;
use sdmp_journal::sync::{Next, WaitsFor};
use sdmp_journal::{Authority, Connect, Kind, Resource, Wanted, connect};

use crate::world::World;

impl World {
    /// N31: every want has exactly one next action, and that action can come about.
    pub(crate) fn check(&self, index: usize) {
        let node = &self.nodes[index];
        for (name, want) in node.machine.wants().iter() {
            match &want.next {
                Next::Due(_) => assert!(!want.holders.is_empty(), "{name:?}: due of no holder"),
                Next::Asked(asked) => {
                    for peer in asked {
                        let other = self.index(peer).unwrap();
                        let open = self.open.iter().any(|(end, session)| {
                            let (a, b) = self.sessions[session];
                            *end == index && (a == other || b == other)
                        });
                        assert!(open, "{}: {name:?} asked of a peer without session", node.name);
                    }
                }
                Next::Judging => assert!(
                    self.judging.iter().any(|(end, _)| *end == index),
                    "{}: {name:?} is not being judged",
                    node.name
                ),
                Next::Waits(WaitsFor::Resource(missing)) => assert!(
                    node.machine.wants().get(missing).is_some(),
                    "{}: waits for what is not asked for",
                    node.name
                ),
                Next::Waits(WaitsFor::Room) | Next::Closed(_) | Next::Aside(_) | Next::GivenUp => {}
            }
        }
    }

    /// What nodes lack although a neighbour that is on may give it and they want it: empty once all
    /// have found the same (N36). A want with a final reason is not lacking.
    #[must_use]
    pub fn lacking(&self) -> Vec<String> {
        let mut lacking = Vec::new();
        let on = |index: &usize| !self.off.contains(index);
        // A liar can hide what no other node holds (N54); what others hold must come all the same.
        for from in (0..self.nodes.len()).filter(on).filter(|from| !self.liars.contains(from)) {
            for to in (0..self.nodes.len()).filter(on) {
                if from != to && self.connects(from, to) && self.connects(to, from) {
                    self.lacks(from, to, &mut lacking);
                }
            }
        }
        lacking
    }

    fn connects(&self, at: usize, peer: usize) -> bool {
        matches!(self.connection(at, peer), Connect::Full)
    }

    /// Whether a node takes a session with another, for all or for control only (N17).
    pub(crate) fn may_connect(&self, at: usize, peer: usize) -> bool {
        !matches!(self.connection(at, peer), Connect::No(_))
    }

    fn connection(&self, at: usize, peer: usize) -> Connect {
        let (node, peer) = (&self.nodes[at], &self.nodes[peer]);
        connect(&*node.snapshot(), self.time_of(at), (&node.user, &node.fp), &peer.fp)
    }

    /// What `to` lacks of what `from` has and may give.
    pub(crate) fn lacks(&self, from: usize, to: usize, lacking: &mut Vec<String>) {
        let (giver, taker) = (&self.nodes[from], &self.nodes[to]);
        let (held, known) = (giver.snapshot(), taker.snapshot());
        let authority = Authority::new(&*known, self.time_of(to));
        for id in held.rows(2, usize::MAX) {
            let meta = held.meta(&id).expect("a line has its row");
            if known.meta(&id).is_some() {
                continue;
            }
            let wanted = match authority.wanted(&taker.user, &meta.user) {
                // The revocation of an identity is one, that of anything else is not of the own name.
                Wanted::OwnName => meta.kind == Kind::Identity,
                wanted => wanted.takes(meta.kind),
            };
            let name = ResourceName { author: meta.user.clone(), resource: id };
            if !wanted {
                continue;
            }
            let Some(given) = giver.would_give(&taker.fp, &name, self.time_of(from)) else {
                continue;
            };
            // What one node revoked stays wanted until a second holder says so too (N28).
            let given = Resource::parse(&*given.data).expect("a stored text");
            if *given.id() != name.resource && known.meta(given.id()).is_some() {
                continue;
            }
            let next = taker.machine.wants().get(&name).map(|want| want.next.clone());
            let has_reason = matches!(next, Some(Next::Closed(_) | Next::Aside(_) | Next::GivenUp));
            if !has_reason {
                let (giver, taker, kind) = (&giver.name, &taker.name, meta.kind);
                lacking.push(format!("{taker} lacks a {kind:?} that {giver} has: {next:?}"));
            }
        }
    }
}
