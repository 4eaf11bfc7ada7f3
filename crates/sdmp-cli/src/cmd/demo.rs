//! `sdmp demo`: two nodes, one real TCP connection, and every message explained.

mod show;
pub(crate) mod tap;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sdmp_container::{Container, IdentityType, Message, Timestamp};
use sdmp_crypto::dh::Groups;
use sdmp_crypto::dh::NamedGroup;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::Profile;
use sdmp_handshake::{Config, Policy, Role};
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::{Keys, KnownIdentities, Piece, Report, Session, Transcript, inspect_session};
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{SecureSession, accept, connect, tcp};

use crate::args::values::{bits, group, profile};
use crate::cmd::inspect::write_page;
use crate::error::{Exit, Failure};
use crate::link::{Context, runtime, warn_if_insecure};
use tap::{Wire, tap};

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Print one JSON object a line instead
    #[arg(long)]
    pub(crate) json: bool,
    /// Abbreviate long base64url on the wire
    #[arg(long, conflicts_with = "json")]
    pub(crate) short: bool,
    /// Write one page that shows everything, to be opened in a browser
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "short"])]
    pub(crate) html: Option<PathBuf>,
    /// The profile
    #[arg(long, value_parser = profile(), default_value_t)]
    pub(crate) profile: Profile,
    /// The Diffie-Hellman group, such as ffdhe3072 or modp14
    #[arg(long, value_name = "NAME", value_parser = group, default_value = "ffdhe3072")]
    pub(crate) group: NamedGroup,
    /// The length of the two RSA keys
    #[arg(long, value_parser = bits, default_value = "3072")]
    pub(crate) bits: u32,
}

/// The two identities live for an hour.
const LIFE_MILLIS: i64 = 60 * 60 * 1000;

/// Everything that happened, to be shown.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) initiator: Identity,
    pub(crate) responder: Identity,
    pub(crate) address: SocketAddr,
    pub(crate) key_generation: Duration,
    pub(crate) pieces: Vec<Piece>,
    /// From the first octet to the last.
    pub(crate) elapsed: Duration,
    pub(crate) session_id: Option<[u8; 32]>,
}

pub(super) fn run(_context: &Context, args: Demo) -> Result<(), Failure> {
    let args = &args;
    warn_if_insecure(args.profile);
    let began = Instant::now();
    let (initiator, responder) = two_identities(args.bits)?;
    let key_generation = began.elapsed();
    let keys = Arc::new(SessionKeys::default());
    let runtime = runtime()?;
    let stage = Stage { initiator, responder, keys: Arc::clone(&keys), wire: Wire::new() };
    let mut play = runtime.block_on(stage.play(args, key_generation))?;
    let told = tell(&mut play, &keys, args)?;
    if let Some(path) = &args.html {
        let report = Report { input: "demo", sessions: vec![told], notes: Vec::new() };
        return write_page(path, &report);
    }
    if args.json { show::json(&play, &told, args) } else { show::text(&play, &told, args) }
}

/// Explains what was sent, from the octets and the logged keys alone.
fn tell(play: &mut Play, keys: &SessionKeys, args: &Demo) -> Result<Session, Failure> {
    let transcript = Transcript {
        title: format!("demo, {}, RSA keys of {} bits", args.group.name(), args.bits),
        profile: Some(args.profile),
        time: Some(wall_time()?),
        pieces: std::mem::take(&mut play.pieces),
        notes: Vec::new(),
    };
    let known: KnownIdentities =
        [("node A", play.initiator.clone()), ("node B", play.responder.clone())]
            .into_iter()
            .collect();
    Ok(inspect_session(&transcript, &Keys::none().with_log(keys), &known, wall_time()?))
}

fn two_identities(bits: u32) -> Result<(LocalIdentity, LocalIdentity), Failure> {
    let expires = wall_time()?
        .unix_millis()
        .checked_add(LIFE_MILLIS)
        .and_then(Timestamp::from_unix_millis)
        .ok_or_else(|| Failure::new(Exit::Other, "clock.unusable", "the clock is at its end"))?;
    // Finding primes takes the demo's time, so each core looks for its own.
    std::thread::scope(|scope| {
        let other = scope.spawn(|| identity(bits, expires));
        let one = identity(bits, expires)?;
        let other = other.join().map_err(|_| {
            Failure::new(Exit::Other, "demo.thread", "key generation was aborted")
        })??;
        Ok((one, other))
    })
}

fn identity(bits: u32, expires: Timestamp) -> Result<LocalIdentity, Failure> {
    let key = PrivateKey::generate(bits)?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}

/// The two nodes before they meet.
struct Stage {
    initiator: LocalIdentity,
    responder: LocalIdentity,
    keys: Arc<SessionKeys>,
    wire: Wire,
}

impl Stage {
    async fn play(mut self, args: &Demo, key_generation: Duration) -> Result<Play, Failure> {
        let failed = |error: std::io::Error| Failure::io("cannot use the loopback address", &error);
        let mut acceptor =
            tcp::TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = acceptor.local_addr().map_err(failed)?;
        let (initiator, responder) =
            (self.initiator.identity().clone(), self.responder.identity().clone());

        let config = self.config(args, self.responder.clone()).trust([initiator.clone()]);
        // Time counts from the first octet, not from the search for primes.
        self.wire.restart();
        let wire = self.wire.clone();
        let answering = tokio::spawn(async move {
            let incoming = acceptor.next().await.map_err(failed)?;
            let carrier = incoming.open.await.map_err(failed)?;
            let carrier = tap(carrier, Role::Responder, wire);
            answer(accept(carrier, config).await?).await
        });

        let config = self
            .config(args, self.initiator.clone())
            .trust([responder.clone()])
            .pin(responder.fingerprint().clone());
        let carrier = tcp::dial(address).await.map_err(failed)?;
        let carrier = tap(carrier, Role::Initiator, self.wire.clone());
        let session = connect(carrier, config).await?;
        let session_id = session.accepted().session_id;
        ask(session).await?;
        answering
            .await
            .map_err(|_| Failure::new(Exit::Other, "demo.task", "the responder was aborted"))??;
        let elapsed = self.wire.started().elapsed();
        let pieces = self.wire.take();
        Ok(Play { initiator, responder, address, key_generation, pieces, elapsed, session_id })
    }

    fn config(&self, args: &Demo, local: LocalIdentity) -> Config {
        let policy = Policy {
            profile: args.profile,
            offer: Groups::default().named(args.group),
            // The demo's user chose the group; the default limit is for strangers.
            max_group_bits: 8192,
            ..Policy::default()
        };
        // Both sides log the same keys: whose are shown makes no difference.
        let keys: Arc<SessionKeys> = Arc::clone(&self.keys);
        Config::new(local).with_policy(policy).key_log(keys)
    }
}

async fn ask(mut session: SecureSession) -> Result<(), Failure> {
    session.send(message("Hello! Can you read this, and nobody else?")?).await?;
    expect_message(&mut session).await?;
    Ok(session.close().await?)
}

async fn answer(mut session: SecureSession) -> Result<(), Failure> {
    expect_message(&mut session).await?;
    session.send(message("I can. And I know that it was you who wrote it.")?).await?;
    Ok(session.close().await?)
}

async fn expect_message(session: &mut SecureSession) -> Result<(), Failure> {
    match session.recv().await? {
        Some(_) => Ok(()),
        None => Err(Failure::new(Exit::Cut, "demo.no_message", "the session ended too soon")),
    }
}

fn message(text: &str) -> Result<Container, Failure> {
    Ok(Message::new(text).into())
}
