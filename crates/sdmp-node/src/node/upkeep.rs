//! What a node does by itself now and then: its addresses, receipts, renewals, room.

use std::sync::Arc;
use std::time::Duration;

use sdmp_journal::sync::Input;
use sdmp_journal::{Candidate, Resource};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::warn;

use super::core::Event;
use super::room::{Keeper, Room};
use super::state::State;
use super::writer::Writer;
use super::{near, publish, rights};
use crate::Error;

/// So many turns make an hour, if one is a minute.
const HOUR: u32 = 60;

/// Runs until the core has ended.
pub(super) async fn run(
    state: Arc<State>,
    (writer, events, mut lines): (Writer, mpsc::Sender<Event>, watch::Receiver<u64>),
    (pause, room, ips): (Duration, Room, Vec<String>),
) {
    let (mut keeper, mut turn) = (Keeper::default(), 0_u32);
    loop {
        let ended = async { while lines.changed().await.is_ok() {} };
        tokio::select! {
            () = sleep(pause) => {}
            () = ended => return,
        }
        let is_full = turn.is_multiple_of(HOUR);
        turn = turn.wrapping_add(1);
        let (working, limits, count) = (Arc::clone(&state), room.clone(), *lines.borrow());
        let places = ips.clone();
        let work = move || {
            let mut resources = work(&working, &mut keeper, (&limits, count), is_full);
            take(&mut resources, publish::addresses(&working, &places));
            (resources, keeper)
        };
        let Ok((resources, kept)) = spawn_blocking(work).await else { return };
        keeper = kept;
        for resource in resources {
            publish_one(&writer, resource).await;
        }
        // Trusts that expired give room in a share (N51).
        if is_full && events.send(Event::Input(Input::Room)).await.is_err() {
            return;
        }
    }
}

/// What is to be published now; makes room besides.
fn work(
    state: &State,
    keeper: &mut Keeper,
    (room, lines): (&Room, u64),
    is_full: bool,
) -> Vec<Resource> {
    let mut resources = Vec::new();
    take(&mut resources, receipts(state));
    if is_full {
        take(&mut resources, rights::due(state, None));
        state.book().set_networks(near::own_networks());
    }
    match keeper.make_room(&*state.store, &state.user, room, lines) {
        Ok(0) => {}
        Ok(count) => {
            state.counters.evicted.add(count);
            state.told.ring();
        }
        Err(error) => warn!(code = error.code(), "no room was made: {error}"),
    }
    resources
}

fn take(resources: &mut Vec<Resource>, found: Result<Vec<Resource>, Error>) {
    match found {
        Ok(found) => resources.extend(found),
        // A node without the right to publish or to trust has nothing to do here.
        Err(Error::NotAllowed(_)) => {}
        Err(error) => warn!(code = error.code(), "left for later: {error}"),
    }
}

/// The receipts that are due (N41), sealed.
fn receipts(state: &State) -> Result<Vec<Resource>, Error> {
    let Some(mut receipts) = state.receipts() else { return Ok(Vec::new()) };
    let drafts = receipts.take_due(&state.user, state.now()?);
    drop(receipts);
    let seal = |draft: sdmp_journal::sealed::Draft| publish::seal(state, &draft.to, draft.content);
    drafts.into_iter().map(seal).collect()
}

async fn publish_one(writer: &Writer, resource: Resource) {
    if let Err(error) = writer.append(vec![Candidate::new(resource)]).await {
        warn!(code = error.code(), "not published: {error}");
    }
}
