//! Sessions as the commands open and accept them: one place that knows keys, peers, policies,
//! key logs and carriers, so that a command sees nothing but sessions.
//!
//! [`Dialler::open`] is where every session of this side begins, [`door::Entrance::open`] where
//! every session of a peer comes in.

pub(crate) mod door;
mod target;

use std::time::Duration;

use sdmp_crypto::dh::Groups;
use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Policy, Profile, Role};
use sdmp_transport::{Carrier, SecureSession, SessionReceiver, SessionSender, connect};
use tokio::time::timeout;

pub(crate) use target::{Destination, Target};

use crate::address::Address;
use crate::cli::{Dial, Link};
use crate::cmd::chat::Output;
use crate::error::{Exit, Failure};
use crate::io::warn;
use crate::key_log;
use crate::passphrase::Passphrase;
use crate::record::Recorder;
use crate::settings::Settings;
use crate::store::Store;
use crate::transfer::unexpected;

/// How long the network may take to connect.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

/// What each command may need of this machine.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) passphrase: Passphrase,
    pub(crate) settings: Settings,
}

/// Where peers come in unless another place is given.
const LISTEN: &str = "0.0.0.0:7667";

impl Context {
    /// The key that sessions use.
    fn local(&self, link: &Link) -> Result<LocalIdentity, Failure> {
        self.store.local(&self.key(link.key.as_deref())?, &self.passphrase)
    }

    /// The name of the key that is meant: the named one, the configured one, or the only node key.
    pub(crate) fn key(&self, named: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = named.or(self.settings.key.as_deref()) {
            return Ok(name.to_owned());
        }
        let mut nodes = self.store.list_keys()?;
        nodes.retain(|key| key.identity.kind() == sdmp_container::IdentityType::Node);
        match nodes.as_slice() {
            [only] => Ok(only.name.clone()),
            [] => Err(Failure::usage("there is no key yet that could prove who this node is")
                .remedy("make one with `sdmp key new NAME`")),
            several => {
                let names: Vec<_> = several.iter().map(|key| key.name.as_str()).collect();
                Err(Failure::usage(format!("there are several keys: {}", names.join(", ")))
                    .remedy("choose one with --key NAME"))
            }
        }
    }
}

impl Context {
    /// The place that is meant: the named one, the configured one, or the default.
    pub(crate) fn place(&self, named: Option<&Address>) -> Address {
        named
            .or(self.settings.listen.as_ref())
            .cloned()
            .unwrap_or_else(|| Address::Tcp(LISTEN.to_owned()))
    }

    fn profile(&self, link: &Link) -> Profile {
        link.profile.or(self.settings.profile).unwrap_or_default()
    }
}

/// Everything that opening sessions with one peer takes.
#[derive(Debug)]
pub(crate) struct Dialler {
    address: Address,
    /// The name of the only peer that is accepted.
    peer: String,
    profile: Profile,
    json: bool,
    recorder: Recorder,
    config: Config,
}

impl Dialler {
    pub(crate) fn new(context: &Context, target: &Target, args: &Dial) -> Result<Self, Failure> {
        let profile = context.profile(&args.link);
        warn_if_insecure(profile);
        let Destination { address, name, identity } =
            target.resolve(&context.store, args.peer.as_deref())?;
        let local = context.local(&args.link)?;
        let mut policy = policy(profile, &address);
        if let Some(group) = args.group.or(context.settings.group) {
            policy.offer = Groups::default().named(group);
            policy.max_group_bits = policy.max_group_bits.max(group.bits());
        }
        let config = Config::new(local)
            .with_policy(policy)
            .pin(identity.fingerprint().clone())
            .trust([identity]);
        let config = key_log::attach(config, args.link.key_log.as_deref())?;
        let recorder = Recorder::open(args.link.record.as_deref(), profile)?;
        Ok(Self { address, peer: name, profile, json: args.link.json, recorder, config })
    }

    /// The name of the only peer that is accepted.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// How the events of these sessions are told.
    pub(crate) fn output(&self) -> Output {
        Output {
            json: self.json,
            profile: self.profile,
            many: false,
            aside: self.address.is_stdio(),
            patience: self.config.policy().limits.handshake,
        }
    }

    /// Opens a session, and tells how that came out.
    pub(crate) async fn open(&self, output: Output) -> Result<SecureSession, Failure> {
        let carrier = dial(&self.address).await?;
        let carrier = self.recorder.carrier(carrier, Role::Initiator, &self.address.to_string());
        match connect(carrier, self.config.clone()).await {
            Ok(session) => {
                output.accepted(&session, Some(&self.peer))?;
                Ok(session)
            }
            Err(error) => {
                let failure = Failure::from(error);
                output.rejected(&failure)?;
                Err(failure)
            }
        }
    }
}

/// Opens a connection, and nothing more.
pub(crate) async fn dial(address: &Address) -> Result<Box<dyn Carrier>, Failure> {
    timeout(DIAL_LIMIT, address.dial())
        .await
        .map_err(|_| {
            Failure::new(Exit::Timeout, "dial.timeout", "nobody answers at this address")
                .remedy("check the address, and whether a firewall is in the way")
        })?
        .map_err(|error| {
            Failure::new(Exit::Other, "dial.failed", format!("cannot connect: {error}"))
                .remedy("check the address, and whether the other side listens there")
        })
}

/// Closes, and waits for the peer's close; whether that was authenticated (R41).
pub(crate) async fn close_and_wait(
    sender: &mut SessionSender,
    receiver: &mut SessionReceiver,
    patience: Duration,
) -> Result<bool, Failure> {
    let ending = async {
        sender.finish().await?;
        if receiver.recv().await?.is_some() {
            return Err(unexpected());
        }
        sender.finished().await?;
        Ok(())
    };
    timeout(patience, ending).await.map_err(|_| sdmp_transport::Error::CloseTimeout)??;
    Ok(receiver.closed_authentically())
}

fn policy(profile: Profile, address: &Address) -> Policy {
    Policy { profile, limits: address.limits(), ..Policy::default() }
}

pub(crate) fn warn_if_insecure(profile: Profile) {
    if profile == Profile::Published {
        warn(
            "the published profile is INSECURE: whoever is on the way can alter, drop and \
             repeat messages unnoticed; use it only with peers that implement nothing else",
        );
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start the async runtime", &error))
}

/// Runs a command's async part. A read of standard input that still waits at its end must not
/// keep the program.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
