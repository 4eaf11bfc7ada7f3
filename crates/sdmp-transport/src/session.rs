//! An accepted session: containers in, containers out, and an end that both sides agree on.

mod whole;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{FutureExt, Sink, SinkExt, Stream};
use sdmp_container::Container;
use sdmp_envelope::Identity;
use sdmp_handshake::{Accepted, Received};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::PollSender;

use crate::drive::Driver;
use crate::listener::open::OpenSessions;
use crate::task::{App, Command, Cut, Delivery, Export, Status, run};
use crate::{Error, Sessions};
use whole::finished;

/// Containers that may wait between the application and the session's task, each way.
const QUEUE: usize = 16;

/// A session with a peer that was verified and is trusted.
///
/// It is a [`Stream`] of received containers and a [`Sink`] of containers to send, both bounded.
/// Dropping it without [`close`](Self::close) or [`finish`](Self::finish) cuts the session: the
/// peer learns that it was truncated (R41).
///
/// ```
/// use sdmp_container::Message;
/// use sdmp_transport::{accept, connect, memory};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
///
/// let (one, other) = memory::pair(4);
/// let (mut alice, mut bob) = tokio::try_join!(connect(one, alice), accept(other, bob))?;
///
/// alice.send(Message::new("hello")).await?;
/// let received = bob.recv().await?.ok_or("closed")?;
/// assert_eq!(Message::try_from(&received.container)?.as_str(), "hello");
/// tokio::try_join!(alice.close(), bob.close())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SecureSession {
    sender: SessionSender,
    receiver: SessionReceiver,
    close_limit: Duration,
}

/// The sending half of a [`SecureSession`].
#[derive(Debug)]
pub struct SessionSender {
    commands: PollSender<Command>,
    /// Answers for what was handed over, oldest first.
    replies: VecDeque<oneshot::Receiver<Result<(), Error>>>,
    status: watch::Receiver<Status>,
}

/// The receiving half of a [`SecureSession`].
#[derive(Debug)]
pub struct SessionReceiver {
    inbound: mpsc::Receiver<Delivery>,
    status: watch::Receiver<Status>,
    accepted: Arc<Accepted>,
    arrived: Arc<AtomicU64>,
    failed: bool,
}

impl SecureSession {
    /// Starts the task that runs an accepted session; fails if a listener may not have one more with
    /// this peer.
    pub(crate) fn start(
        driver: Driver,
        accepted: Accepted,
        sessions: Option<&Sessions>,
    ) -> Result<Self, Error> {
        // Bounded in both directions: neither side of the application can outrun the carrier.
        let (commands, commands_out) = mpsc::channel(QUEUE);
        let (inbound_in, inbound) = mpsc::channel(QUEUE);
        let (status_in, status) = watch::channel(Status::Open);
        let arrived = Arc::clone(&driver.arrived);
        let close_limit = driver.connection.limits().handshake;
        let app = App::new(commands_out, inbound_in, status_in, accepted.session_id.is_none());
        match sessions {
            Some(sessions) => {
                // Before the task starts, so that a peer at its limit costs nothing.
                let entry = OpenSessions::enter(&sessions.open, &accepted.peer, sessions.per_peer)?;
                let cut = Cut { shutdown: sessions.cut.clone(), distrust: entry.cut.clone() };
                drop(sessions.tasks.spawn(async move {
                    run(driver, app, Some(cut)).await;
                    drop(entry);
                }));
            }
            None => drop(tokio::spawn(run(driver, app, None))),
        }
        Ok(Self {
            sender: SessionSender {
                commands: PollSender::new(commands),
                replies: VecDeque::new(),
                status: status.clone(),
            },
            receiver: SessionReceiver {
                inbound,
                status,
                accepted: Arc::new(accepted),
                arrived,
                failed: false,
            },
            close_limit,
        })
    }

    /// The peer: verified, and trusted by this side's application.
    #[must_use]
    pub fn peer(&self) -> &Identity {
        &self.receiver.accepted.peer
    }

    /// What was agreed on.
    #[must_use]
    pub fn accepted(&self) -> &Accepted {
        &self.receiver.accepted
    }

    /// Sends one container and waits until the carrier has it. That it was delivered
    /// is known only from the peer's answer or close (R31).
    ///
    /// # Errors
    /// As [`SessionSender::send`].
    pub async fn send(&mut self, container: impl Into<Container>) -> Result<(), Error> {
        self.sender.send(container).await
    }

    /// Waits for the next container; `None` once the peer has closed.
    ///
    /// # Errors
    /// As [`SessionReceiver::recv`].
    pub async fn recv(&mut self) -> Result<Option<Received>, Error> {
        self.receiver.recv().await
    }

    /// Sends our close; we send nothing after it, and may still receive (R41).
    ///
    /// # Errors
    /// As [`SessionSender::finish`].
    pub async fn finish(&mut self) -> Result<(), Error> {
        self.sender.finish().await
    }

    /// Fills `out` with a secret for another protocol, the same on both sides (R44).
    ///
    /// # Errors
    /// As [`SessionSender::export`].
    pub async fn export(
        &mut self,
        label: &str,
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        self.sender.export(label, context, out).await
    }

    /// Closes and waits for the peer's close, as long as a handshake may take at most (R42: 10 s). Containers that were not
    /// received yet are discarded; to keep them, [`finish`](Self::finish) and receive to the end.
    ///
    /// # Errors
    /// [`Error::CloseTimeout`], or how the session was cut.
    pub async fn close(self) -> Result<(), Error> {
        let Self { mut sender, mut receiver, close_limit } = self;
        let ending = async {
            sender.finish().await?;
            while receiver.recv().await?.is_some() {}
            sender.finished().await
        };
        tokio::time::timeout(close_limit, ending).await.map_err(|_| Error::CloseTimeout)?
    }

    /// Two halves that share no lock.
    #[must_use]
    pub fn split(self) -> (SessionSender, SessionReceiver) {
        (self.sender, self.receiver)
    }
}

impl SessionSender {
    /// Sends one container and waits until the carrier has it.
    ///
    /// # Errors
    /// What is wrong with the container (the session goes on), [`Error::Closed`] after our own
    /// close, or how the session ended.
    pub async fn send(&mut self, container: impl Into<Container>) -> Result<(), Error> {
        SinkExt::send(self, container.into()).await
    }

    /// Sends our close, after everything that was sent before; again is no error.
    ///
    /// # Errors
    /// How the session ended, if it did.
    pub async fn finish(&mut self) -> Result<(), Error> {
        SinkExt::close(self).await
    }

    /// Waits until both sides have closed. Call [`finish`](Self::finish) first.
    ///
    /// # Errors
    /// How the session was cut.
    pub async fn finished(&mut self) -> Result<(), Error> {
        finished(&mut self.status).await
    }

    /// Fills `out` with a secret for another protocol, the same on both sides (R44). `label` says
    /// which protocol, `context` binds the secret to what the two agree on.
    ///
    /// # Errors
    /// A label or length that R44 refuses, the published profile (the session goes on), or how the
    /// session ended; [`Error::Closed`] after our own close.
    pub async fn export(
        &mut self,
        label: &str,
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let wish =
            Export { label: label.to_owned(), context: context.to_vec(), length: out.len(), reply };
        let room = poll_fn(|cx| self.commands.poll_reserve(cx)).await;
        if room.is_err() || self.commands.send_item(Command::Export(wish)).is_err() {
            return Err(self.ended());
        }
        let secret = answer.await.map_err(|_| self.ended())??;
        out.copy_from_slice(secret.expose());
        Ok(())
    }

    /// Why nothing can be sent any more.
    fn ended(&self) -> Error {
        match &*self.status.borrow() {
            Status::Failed(error) => error.clone(),
            Status::Finished { .. } => Error::Closed,
            Status::Open | Status::PeerClosed { .. } if self.commands.is_closed() => Error::Closed,
            Status::Open | Status::PeerClosed { .. } => Error::Aborted,
        }
    }

    fn command(
        &mut self,
        make: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Command,
    ) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        if self.commands.send_item(make(reply)).is_err() {
            return Err(self.ended());
        }
        self.replies.push_back(answer);
        Ok(())
    }

    /// Ready when at most `most` of the containers that were handed over still wait for the carrier: for
    /// a sender that wants a few under way, but no long queue before what it has to say next.
    ///
    /// # Errors
    /// As [`send`](Self::send); an error of a container is told once.
    pub fn poll_at_most(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<(), Error>> {
        while let Some(first) = self.replies.front_mut() {
            match first.poll_unpin(cx) {
                Poll::Pending if self.replies.len() <= most => break,
                Poll::Pending => return Poll::Pending,
                Poll::Ready(answer) => {
                    self.replies.pop_front();
                    match answer {
                        Ok(result) => result?,
                        Err(_) => return Poll::Ready(Err(self.ended())),
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Collects answers; the first error is told once.
    fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_at_most(cx, 0)
    }
}

impl Sink<Container> for SessionSender {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Poll::Ready(Err(error)) = self.poll_replies(cx) {
            return Poll::Ready(Err(error));
        }
        match ready!(self.commands.poll_reserve(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(_) => Poll::Ready(Err(self.ended())),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, container: Container) -> Result<(), Error> {
        self.command(|reply| Command::Send { container, reply })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_replies(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.commands.is_closed() {
            match ready!(self.commands.poll_reserve(cx)) {
                Ok(()) => self.command(|reply| Command::Finish { reply })?,
                Err(_) => return Poll::Ready(Err(self.ended())),
            }
            self.commands.close();
        }
        self.poll_replies(cx)
    }
}

impl SessionReceiver {
    /// Waits for the next container; `None` once the peer has closed. Cancel safe.
    ///
    /// # Errors
    /// How the session was cut (`Error::is_cut`) or what the peer did wrong. Everything received
    /// before is handed out first.
    pub async fn recv(&mut self) -> Result<Option<Received>, Error> {
        match self.inbound.recv().await {
            Some(delivery) => Ok(Some(*delivery.received)),
            None => self.end().map(|()| None),
        }
    }

    /// Waits until both sides have closed, as [`SessionSender::finished`]. After the peer's close
    /// nothing but this tells that the session was cut, as long as nothing is sent.
    ///
    /// # Errors
    /// How the session was cut.
    pub async fn finished(&mut self) -> Result<(), Error> {
        finished(&mut self.status).await
    }

    /// The peer: verified, and trusted by this side's application.
    #[must_use]
    pub fn peer(&self) -> &Identity {
        &self.accepted.peer
    }

    /// Whether the peer's end was authenticated (R41); `false` in the published profile, where
    /// an on-path attacker can end the stream, and before the end.
    #[must_use]
    pub fn closed_authentically(&self) -> bool {
        match &*self.status.borrow() {
            Status::PeerClosed { authenticated } | Status::Finished { authenticated } => {
                *authenticated
            }
            Status::Open | Status::Failed(_) => false,
        }
    }

    fn end(&self) -> Result<(), Error> {
        match &*self.status.borrow() {
            Status::PeerClosed { .. } | Status::Finished { .. } => Ok(()),
            Status::Failed(error) => Err(error.clone()),
            Status::Open => Err(Error::Aborted),
        }
    }
}

impl Stream for SessionReceiver {
    type Item = Result<Received, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.failed {
            return Poll::Ready(None);
        }
        if let Some(delivery) = ready!(self.inbound.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(*delivery.received)));
        }
        let end = self.end();
        self.failed = end.is_err();
        Poll::Ready(end.err().map(Err))
    }
}
