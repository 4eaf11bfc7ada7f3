//! Private messages that open here (N40).

use std::sync::Arc;

use sdmp_container::{Fingerprint, Identifier, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_journal::sealed::{Content, NotShown, Opened, open};
use sdmp_journal::{Authorization, Code, Kind, Resource, Rsa};
use sdmp_store::Opening;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::Node;
use super::state::{State, View};
use crate::Error;
use crate::blocking::blocking;

/// So many sealed texts are asked for at a time.
const STEP: usize = 32;

/// A private message that was opened and may be shown: signed inside by its sender (N40).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The resource in which it came.
    pub id: Identifier,
    /// Who wrote it.
    pub from: Fingerprint,
    /// For whom it is.
    pub to: Vec<Fingerprint>,
    /// When it says that it was made.
    pub created: Timestamp,
    /// What it says.
    pub content: Content,
}

impl Node {
    /// The private messages that were opened here, in the order of their lines, at most `limit` of the
    /// latest.
    /// Each is opened for the answer: what was read is not kept in the clear.
    ///
    /// # Errors
    /// What the store says.
    pub fn mail(&self, limit: usize) -> Result<Vec<Mail>, Error> {
        let latest = self.mail_before(None, limit)?;
        Ok(latest.into_iter().rev().map(|(_, mail)| mail).collect())
    }

    /// The private messages on lines of the journal before number `before`, the latest line first, each with
    /// the number of its line: who shows them page by page gives the last one's.
    ///
    /// # Errors
    /// What the store says.
    pub fn mail_before(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Mail)>, Error> {
        blocking(|| {
            let shown = self.state.store.shown(before, limit)?;
            let read = |(line, id): (u64, Identifier)| {
                let mail = read(&self.state, &id).transpose()?;
                Some(mail.map(|mail| (line, mail)))
            };
            shown.into_iter().filter_map(read).collect()
        })
    }

    /// One private message; [`None`] if it does not open here.
    ///
    /// # Errors
    /// What the store says.
    pub fn read(&self, id: &Identifier) -> Result<Option<Mail>, Error> {
        blocking(|| read(&self.state, id))
    }
}

fn read(state: &State, id: &Identifier) -> Result<Option<Mail>, Error> {
    match try_open(state, id)? {
        Some(Ok(Opened::Proven { sealed, content, .. })) => Ok(Some(Mail {
            id: id.clone(),
            from: sealed.user,
            to: sealed.to,
            created: sealed.created,
            content,
        })),
        _ => Ok(None),
    }
}

/// Opens what was admitted, in the background, until the node ends.
pub(super) async fn run(state: Arc<State>, mut lines: watch::Receiver<u64>) {
    loop {
        let opening = Arc::clone(&state);
        match spawn_blocking(move || open_some(&opening)).await {
            // As long as there is more, the next ones at once.
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => warn!(code = error.code(), "messages wait: {error}"),
            Err(_) => return,
        }
        if lines.changed().await.is_err() {
            return;
        }
    }
}

/// Tries some sealed texts; says whether it is worth to go on at once.
fn open_some(state: &State) -> Result<bool, Error> {
    let may = |view: &View<'_>| {
        view.authority().holds(view.user, view.node, Authorization::ReadEncrypted)
    };
    // A host opens nothing.
    if !state.look(may)? {
        return Ok(false);
    }
    let ids = state.store.unopened(STEP)?;
    for id in &ids {
        let opened = try_open(state, id)?;
        if let Some(Ok(opened)) = &opened {
            plan_receipt(state, id, opened)?;
        }
        let result = match opened {
            Some(Ok(Opened::Proven { inner, .. })) => Opening::Shown(inner),
            Some(Err(NotShown::Refused(error))) => {
                Opening::Failed(error.rule().unwrap_or(Code::SealedSigner))
            }
            Some(Ok(_)) => Opening::Failed(Code::SealedSigner),
            Some(Err(_)) | None => Opening::Failed(Code::SealedNotForUs),
        };
        let _first = state.store.opened(id, result)?;
    }
    state.counters.opened.add(ids.len());
    if !ids.is_empty() {
        state.told.ring();
    }
    Ok(ids.len() >= STEP)
}

/// A message that is shown is answered by a receipt, later, if the person wishes that (N41).
fn plan_receipt(state: &State, id: &Identifier, opened: &Opened) -> Result<(), Error> {
    let (Some(mut receipts), Opened::Proven { sealed, content, .. }) = (state.receipts(), opened)
    else {
        return Ok(());
    };
    match content {
        Content::Receipt(of) if sealed.user == state.user => receipts.sent_by_own_device(of),
        _ => {
            let trusts = |view: &View<'_>| view.authority().trusts(view.user, &sealed.user);
            let is_trusted = state.look(trusts)?;
            let (now, whose) = (state.now()?, (&state.user, is_trusted));
            // Without randomness none is planned: it would show when the person reads.
            drop(receipts.shown(id, opened, whose, now, &mut SystemRandom::new()));
        }
    }
    Ok(())
}

/// What is inside of a sealed text; [`None`] if it or its signer's key is not here.
fn try_open(state: &State, id: &Identifier) -> Result<Option<Result<Opened, NotShown>>, Error> {
    let found = state.look(|view| {
        let meta = view.snapshot().meta(id).filter(|meta| meta.kind == Kind::Encrypted)?;
        let identities = view.snapshot().identities(&meta.signer);
        let text = sdmp_journal::sync::Library::text(&view.shelf, id)?;
        Some((text, identities.first()?.key.clone()))
    })?;
    let Some((text, signer)) = found else { return Ok(None) };
    let resource = Resource::parse(&*text)?;
    Ok(Some(open(&resource, &state.user, &state.key, &signer, &Rsa)))
}
