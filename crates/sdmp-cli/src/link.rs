//! Sessions as the commands open and accept them: one place that knows keys, peers, policies,
//! key logs and carriers, so that a command sees nothing but sessions.
//!
//! [`Dialler::open`] is where every session of this side begins, [`door::Entrance::open`] where
//! every session of a peer comes in.

pub(crate) mod door;
mod refusals;
mod target;

use std::time::Duration;

use sdmp_crypto::dh::Groups;
use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Policy, Profile, Role, SessionLimits};
use sdmp_node::home::{Listing, Named};
use sdmp_node::{Opener, Recorder};
use sdmp_transport::{Carrier, SecureSession};

pub(crate) use target::{Destination, Target};

use crate::activity;
use crate::args::session::{Dial, Link};
use crate::error::Failure;
use crate::io::warn;
use crate::key_log;
use crate::output::Output;
use crate::passphrase::{self, Passphrase};
use crate::private_file;
use crate::settings::Settings;
use sdmp_node::Address;
use sdmp_node::home::Home;

/// What each command may need of this machine.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) store: Home,
    pub(crate) passphrase: Passphrase,
    pub(crate) settings: Settings,
}

/// What a directory of the home holds. A file that cannot be read adds no trust, and is named.
pub(crate) fn listed(listing: Listing) -> Vec<Named> {
    for damaged in listing.damaged {
        warn(&Failure::from(damaged).to_string());
    }
    listing.named
}

/// About each source of connections one line is printed in this time.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Where peers come in unless another place is given.
const LISTEN: &str = "0.0.0.0:7667";

impl Context {
    /// The key that sessions use.
    fn local(&self, link: &Link) -> Result<LocalIdentity, Failure> {
        passphrase::local(&self.store, &self.key(link.key.as_deref())?, &self.passphrase)
    }

    /// The name of the key that is meant: the named one, the configured one, or the only node key.
    pub(crate) fn key(&self, named: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = named.or(self.settings.key.as_deref()) {
            return Ok(name.to_owned());
        }
        let mut nodes = self.store.list_keys()?.named;
        // A user's identity takes no part in sessions (R16), so it is no candidate.
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
    opener: Opener,
}

impl Dialler {
    pub(crate) fn new(context: &Context, target: &Target, args: &Dial) -> Result<Self, Failure> {
        let profile = context.profile(&args.link);
        warn_if_insecure(profile);
        let Destination { address, name, identity } =
            target.resolve(&context.store, args.peer.as_deref())?;
        let local = context.local(&args.link)?;
        let mut policy = policy(context, &args.link, &address);
        if let Some(group) = args.group.or(context.settings.group) {
            policy.offer = Groups::default().named(group);
            // A group that the user offers by name must be accepted as well.
            policy.max_group_bits = policy.max_group_bits.max(group.bits());
        }
        let config = Config::new(local)
            .with_policy(policy)
            // Trust alone is not enough here: the user named one peer, and any other one is an
            // error.
            .pin(identity.fingerprint().clone())
            .trust([identity]);
        let config = key_log::attach(config, args.link.key_log.as_deref())?;
        let recorder = recorder(&args.link, profile)?;
        Ok(Self {
            address,
            peer: name,
            profile,
            json: args.link.json,
            recorder,
            config,
            opener: Opener::default(),
        })
    }

    /// With a single try: what the peer drops in silence is an error at once.
    pub(crate) fn once(self) -> Self {
        Self { opener: Opener::once(), ..self }
    }

    /// The name of the only peer that is accepted.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// The limits that suit the carrier (R42).
    pub(crate) fn limits(&self) -> &SessionLimits {
        &self.config.policy().limits
    }

    /// How the events of these sessions are told.
    pub(crate) fn output(&self) -> Output {
        Output {
            json: self.json,
            profile: self.profile,
            many: false,
            aside: self.address.is_stdio(),
        }
    }

    /// Opens a session, and tells how that came out.
    pub(crate) async fn open(&self, output: Output) -> Result<SecureSession, Failure> {
        let address = self.address.to_string();
        let dial = async || {
            let carrier = self.address.dial().await?;
            let carrier =
                self.recorder.carrier(activity::watched(carrier), Role::Initiator, &address);
            let carrier: Box<dyn Carrier> = Box::new(carrier);
            Ok(carrier)
        };
        match self.opener.open(&address, dial, &self.config).await {
            Ok(session) => {
                output.say(output.accepted(&session, Some(&self.peer)))?;
                Ok(session)
            }
            Err(error) => {
                let failure = Failure::from(error).before_session();
                // In JSON an event for it as well, since scripts read only that stream.
                output.rejected(&failure);
                Err(failure)
            }
        }
    }
}

fn policy(context: &Context, link: &Link, address: &Address) -> Policy {
    let mut limits = address.limits();
    if let Some(seconds) = link.stall_limit.or(context.settings.stall_limit) {
        limits.write_stall = Duration::from_secs(seconds.into());
    }
    if let Some(seconds) = link.silence_limit.or(context.settings.silence_limit) {
        limits.silence = Some(Duration::from_secs(seconds.into()));
    }
    Policy { profile: context.profile(link), limits, ..Policy::default() }
}

/// Records to the file that `--record` names, or nowhere.
fn recorder(link: &Link, profile: Profile) -> Result<Recorder, Failure> {
    let Some(path) = &link.record else { return Ok(Recorder::default()) };
    let file = private_file::append("the recording", "record.open", path)?;
    Ok(Recorder::new(file, profile, |why| warn(&format!("the recording ends here: {why}"))))
}

pub(crate) fn warn_if_insecure(profile: Profile) {
    if profile == Profile::Published {
        warn(
            "the published profile is INSECURE: an on-path attacker can alter, drop or \
             replay messages undetected; use it only with peers that implement nothing else",
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
    // A blocked read of a terminal cannot be cancelled, and would keep the process alive.
    runtime.shutdown_background();
    result
}
