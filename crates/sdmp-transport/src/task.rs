//! The task behind an accepted session: the same loop, with the application's two queues.

mod commands;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use sdmp_handshake::{Event, Received};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::drive::{Driver, Turn};
use commands::perform;
pub(crate) use commands::{Command, Export, Reply};

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    /// The peer sends nothing more; we may.
    PeerClosed {
        authenticated: bool,
    },
    /// Both sides have closed.
    Finished {
        authenticated: bool,
    },
    Failed(Error),
}

/// Octets of received containers that may wait for the application; a larger one waits alone.
const ROOM: u32 = 1 << 20;

/// A received container on its way to the application, and the room that it takes there.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) received: Box<Received>,
    _room: OwnedSemaphorePermit,
}

/// The application's side, as the task sees it.
#[derive(Debug)]
pub(crate) struct App {
    /// `None` once every sender is gone.
    commands: Option<mpsc::Receiver<Command>>,
    /// `None` once the peer has closed or the application has dropped its receiver.
    inbound: Option<mpsc::Sender<Delivery>>,
    room: Arc<Semaphore>,
    status: watch::Sender<Status>,
    /// Received, not yet taken. While something is here nothing more is read: that is the
    /// back-pressure towards the peer.
    backlog: VecDeque<Item>,
    /// Commands that are about to be carried out, or wait until the connection's queue has room.
    waiting: VecDeque<Command>,
    /// Answers owed for what was sealed, and for what the carrier is writing.
    sealed: Vec<Reply>,
    in_flight: Vec<Reply>,
    peer_closed: Option<bool>,
    /// The published profile: our close is the end of our stream (R41).
    close_is_eof: bool,
}

#[derive(Debug)]
enum Item {
    Container(Box<Received>),
    Closed { authenticated: bool },
}

/// What the application wants next.
enum AppRequest {
    Do(Command),
    /// The item at the front of the backlog was handed over.
    Delivered,
    /// No more commands come.
    NoMoreCommands,
    /// The application has dropped its receiver.
    NoMoreReceiver,
    /// The application holds nothing of the session any more.
    Abandoned,
}

impl App {
    pub(crate) fn new(
        commands: mpsc::Receiver<Command>,
        inbound: mpsc::Sender<Delivery>,
        status: watch::Sender<Status>,
        close_is_eof: bool,
    ) -> Self {
        Self {
            commands: Some(commands),
            inbound: Some(inbound),
            room: Arc::new(Semaphore::new(usize::try_from(ROOM).unwrap_or(Semaphore::MAX_PERMITS))),
            status,
            backlog: VecDeque::new(),
            waiting: VecDeque::new(),
            sealed: Vec::new(),
            in_flight: Vec::new(),
            peer_closed: None,
            close_is_eof,
        }
    }

    /// Waits for the application. Cancel safe: an item leaves the backlog only with its permit.
    async fn request(&mut self) -> AppRequest {
        // Reserved by octets as well as by number: sixteen large containers would be too many.
        let room = match self.backlog.front() {
            Some(Item::Container(received)) => Some((&self.room, room_for(received))),
            Some(Item::Closed { .. }) | None => None,
        };
        tokio::select! {
            permit = reserve(self.inbound.as_ref(), room) => match permit {
                Some((permit, room)) => {
                    if let Some(Item::Container(received)) = self.backlog.pop_front() {
                        permit.send(Delivery { received, _room: room });
                    }
                    AppRequest::Delivered
                }
                None => AppRequest::NoMoreReceiver,
            },
            command = next(self.commands.as_mut()), if self.waiting.is_empty() => match command {
                Some(command) => AppRequest::Do(command),
                None => AppRequest::NoMoreCommands,
            },
            () = self.status.closed() => AppRequest::Abandoned,
        }
    }

    /// The receiver is dropped: what comes is discarded, so that the closes can still be exchanged.
    fn stop_delivering(&mut self) {
        self.inbound = None;
        self.backlog.retain(|item| matches!(item, Item::Closed { .. }));
    }

    /// Tells the application of the peer's close once everything before it was handed over.
    fn pass_close(&mut self) {
        if let Some(Item::Closed { authenticated }) = self.backlog.front() {
            let authenticated = *authenticated;
            self.backlog.clear();
            self.peer_closed = Some(authenticated);
            self.status.send_replace(Status::PeerClosed { authenticated });
            self.inbound = None;
        }
    }

    fn answer_in_flight(&mut self, result: &Result<(), Error>) {
        for reply in self.in_flight.drain(..) {
            // A caller that does not wait for the answer does not want it.
            drop(reply.send(result.clone()));
        }
    }
}

fn room_for(received: &Received) -> u32 {
    u32::try_from(received.container.as_bytes().len()).unwrap_or(ROOM).min(ROOM)
}

type Place<'a> = (mpsc::Permit<'a, Delivery>, OwnedSemaphorePermit);

/// Waits for a place in the application's queue; `None` when the receiver is dropped.
async fn reserve<'a>(
    inbound: Option<&'a mpsc::Sender<Delivery>>,
    room: Option<(&Arc<Semaphore>, u32)>,
) -> Option<Place<'a>> {
    match (inbound, room) {
        (Some(inbound), Some((room, octets))) => {
            let permit = inbound.reserve().await.ok()?;
            // A caller that stops receiving gives back the room of what was waiting.
            Some((permit, Arc::clone(room).acquire_many_owned(octets).await.ok()?))
        }
        (Some(inbound), None) => {
            inbound.closed().await;
            None
        }
        (None, _) => pending().await,
    }
}

async fn next(commands: Option<&mut mpsc::Receiver<Command>>) -> Option<Command> {
    match commands {
        Some(commands) => commands.recv().await,
        None => pending().await,
    }
}

/// Runs an accepted session to its end, or until it is cut.
pub(crate) async fn run(mut driver: Driver, mut app: App, cut: Option<Cut>) {
    let result = tokio::select! {
        result = to_the_end(&mut driver, &mut app) => result,
        // Outside of the session's own loop, so that no state of it can delay a cut.
        error = cut_off(cut.as_ref()) => Err(error),
    };
    // The carrier goes first, so that the peer learns of the end while the application still reads.
    drop(driver);
    app.answer_in_flight(&result);
    let failure = result.clone().err().unwrap_or(Error::Closed);
    for reply in app.sealed.drain(..) {
        // A caller that does not wait for the answer does not want it.
        drop(reply.send(Err(failure.clone())));
    }
    // Before the queues end: who finds one ended looks here for the reason.
    app.status.send_replace(match result {
        Ok(()) => Status::Finished { authenticated: app.peer_closed.unwrap_or(false) },
        Err(error) => Status::Failed(error),
    });
    app.commands = None;
    app.waiting.clear();
    tokio::select! {
        () = hand_out(app) => {}
        // A shutdown must not wait for an application that does not read.
        _ = cut_off(cut.as_ref()) => {}
    }
}

/// What ends a session from outside.
#[derive(Debug)]
pub(crate) struct Cut {
    /// The listener is shut down.
    pub(crate) shutdown: CancellationToken,
    /// The peer is no longer trusted.
    pub(crate) distrust: CancellationToken,
}

/// Why a session is cut, when it is.
async fn cut_off(cut: Option<&Cut>) -> Error {
    let Some(Cut { shutdown, distrust }) = cut else { return pending().await };
    tokio::select! {
        () = shutdown.cancelled() => Error::ShutDown,
        () = distrust.cancelled() => Error::NoLongerTrusted,
    }
}

async fn to_the_end(driver: &mut Driver, app: &mut App) -> Result<(), Error> {
    let result = session(driver, app).await;
    match &result {
        Ok(()) => driver.finish().await,
        Err(_) => driver.deliver_refusal().await,
    }
    result
}

/// What was received before the end is still the application's.
async fn hand_out(mut app: App) {
    let Some(inbound) = app.inbound.take() else { return };
    for item in app.backlog.drain(..) {
        let Item::Container(received) = item else { continue };
        let room = Some((&app.room, room_for(&received)));
        let Some((permit, room)) = reserve(Some(&inbound), room).await else { return };
        permit.send(Delivery { received, _room: room });
    }
}

async fn session(driver: &mut Driver, app: &mut App) -> Result<(), Error> {
    loop {
        take_events(driver, app)?;
        app.pass_close();
        perform(driver, app)?;
        if driver.start_write() {
            app.in_flight.append(&mut app.sealed);
        } else if driver.is_idle() {
            // What had no object to write is done: the published profile's close.
            app.in_flight.append(&mut app.sealed);
            app.answer_in_flight(&Ok(()));
            if app.close_is_eof {
                driver.half_close();
            }
        }
        // Not before the application has taken everything: its queue still needs this task.
        if driver.connection.is_finished() && driver.is_idle() && app.backlog.is_empty() {
            return Ok(());
        }
        let read = app.backlog.is_empty();
        match driver.turn(read, app.request()).await? {
            Turn::Wrote => app.answer_in_flight(&Ok(())),
            Turn::Handled | Turn::App(AppRequest::Delivered) => {}
            Turn::App(AppRequest::Do(command)) => app.take_commands(command),
            Turn::App(AppRequest::NoMoreReceiver) => app.stop_delivering(),
            Turn::App(AppRequest::NoMoreCommands) => app.commands = None,
            Turn::App(AppRequest::Abandoned) if driver.connection.is_output_finished() => {
                return outlast(driver, app).await;
            }
            // Dropped without a close: the peer must see a truncation, not a clean end (R41).
            Turn::App(AppRequest::Abandoned) => return Err(Error::Closed),
        }
    }
}

/// Our side has closed, and the application waits no more: the peer still gets the time to close too, as
/// a kernel does for a socket. What it sends meanwhile is discarded.
async fn outlast(driver: &mut Driver, app: &mut App) -> Result<(), Error> {
    let limit = driver.connection.limits().handshake;
    let ending = async {
        loop {
            app.stop_delivering();
            take_events(driver, app)?;
            app.pass_close();
            driver.start_write();
            if driver.connection.is_finished() && driver.is_idle() {
                return Ok(());
            }
            match driver.turn(true, pending::<()>()).await? {
                Turn::Wrote | Turn::Handled | Turn::App(()) => {}
            }
        }
    };
    tokio::time::timeout(limit, ending).await.unwrap_or(Err(Error::CloseTimeout))
}

fn take_events(driver: &mut Driver, app: &mut App) -> Result<(), Error> {
    while let Some(event) = driver.connection.poll_event() {
        match event {
            Event::Message(received) if app.inbound.is_some() => {
                app.backlog.push_back(Item::Container(received));
            }
            Event::Closed { authenticated } => {
                app.backlog.push_back(Item::Closed { authenticated });
            }
            Event::Failed(error) => return Err(error.into()),
            // The receiver is dropped.
            Event::Message(_) => {}
            // The handshake is over: its events do not come again.
            Event::NeedIdentity { .. } | Event::Authorize { .. } | Event::Accepted(_) | _ => {}
        }
    }
    Ok(())
}
