//! Sessions that peers open: one loop for every command that waits for them.

use std::time::Duration;

use sdmp_container::Fingerprint;
use sdmp_handshake::{Config, Profile, SessionLimits};
use sdmp_node::HomeTrust;
use sdmp_transport::SecureSession;
use sdmp_transport::listener::{Listener, ListenerLimits, Outcome};
use tokio::task::JoinSet;

use super::{Context, listed, policy, warn_if_insecure};
use crate::address::Address;
use crate::cli::Door;
use crate::cmd::chat::Output;
use crate::error::{Exit, Failure};
use crate::io::{note, warn};
use crate::key_log;
use crate::record::Recorder;

/// How long open sessions may still finish when the program is told to end.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// Everything that accepting sessions takes.
#[derive(Debug)]
pub(crate) struct Entrance {
    address: Address,
    profile: Profile,
    /// One connection, and its exit code is ours.
    once: bool,
    json: bool,
    trust: HomeTrust,
    recorder: Recorder,
    config: Config,
}

impl Entrance {
    pub(crate) fn new(
        context: &Context,
        address: Option<&Address>,
        args: &Door,
    ) -> Result<Self, Failure> {
        let address = &context.place(address);
        let profile = context.profile(&args.link);
        warn_if_insecure(profile);
        let local = context.local(&args.link)?;
        let trust = trust(context, args)?;
        let mut policy = policy(profile, address);
        policy.max_group_bits = args
            .max_group_bits
            .or(context.settings.max_group_bits)
            .unwrap_or(policy.max_group_bits);
        let config = Config::new(local).with_policy(policy).ask_about_unknown();
        let config = key_log::attach(config, args.link.key_log.as_deref())?;
        Ok(Self {
            address: address.clone(),
            profile,
            once: args.once || address.is_stdio(),
            json: args.link.json,
            trust,
            recorder: Recorder::open(args.link.record.as_deref(), profile)?,
            config,
        })
    }

    /// The same for one session only.
    pub(crate) fn for_one(self) -> Self {
        Self { once: true, ..self }
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
            many: !self.once,
            aside: self.address.is_stdio(),
            patience: self.config.policy().limits.handshake,
        }
    }

    /// Opens the place where peers come in, and says where that is.
    async fn open(&self) -> Result<Listener, Failure> {
        let (acceptor, address) = self.address.bind().await.map_err(|error| {
            Failure::new(Exit::Other, "listen.failed", format!("cannot listen there: {error}"))
                .remedy("choose a free port (port 0 takes any), and a place that you may use")
        })?;
        let acceptor = self.recorder.acceptor(acceptor);
        let limits = ListenerLimits::default();
        let listener = Listener::with(acceptor, self.config.clone(), limits, self.trust.clone());
        note(&format!("listening on {address}"));
        Ok(listener)
    }

    /// Serves every session that comes in until the program is told to end, or only the first one
    /// if that was asked for. `service` begins a conversation with the peer of this name; `ending`
    /// makes the open ones finish.
    pub(crate) async fn serve<S, F>(
        &self,
        output: Output,
        mut service: S,
        ending: impl AsyncFnOnce(),
    ) -> Result<(), Failure>
    where
        S: FnMut(SecureSession, Option<String>) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let mut listener = self.open().await?;
        let mut told = std::pin::pin!(shutdown_signal());
        if self.once {
            let outcome = tokio::select! {
                outcome = listener.accept() => outcome,
                () = &mut told => None,
            };
            let Some(outcome) = outcome else { return Ok(()) };
            let (session, name) = self.admit(output, outcome.result)?;
            let peer = session.peer().fingerprint().clone();
            return while_trusted(&self.trust, &peer, service(session, name)).await;
        }
        let mut sessions = JoinSet::new();
        loop {
            let outcome = tokio::select! {
                outcome = listener.accept() => outcome,
                () = &mut told => None,
                Some(_) = sessions.join_next() => continue,
            };
            let Some(Outcome { source, result, .. }) = outcome else { break };
            match self.admit(output, result) {
                Ok((session, name)) => {
                    let (trust, peer) = (self.trust.clone(), session.peer().fingerprint().clone());
                    let conversation = service(session, name);
                    sessions.spawn(async move {
                        if let Err(failure) = while_trusted(&trust, &peer, conversation).await {
                            note(&format!("a session with {source} ended: {failure}"));
                        }
                    });
                }
                Err(failure) => note(&format!("refused a connection from {source}: {failure}")),
            }
        }
        ending().await;
        if !listener.shutdown(SHUTDOWN_LIMIT).await {
            note("some sessions were still open and were cut");
        }
        Ok(())
    }

    /// Tells how a handshake came out; the session and the name of its peer, if there is one.
    fn admit(
        &self,
        output: Output,
        result: Result<SecureSession, sdmp_transport::Error>,
    ) -> Result<(SecureSession, Option<String>), Failure> {
        let session = result.map_err(Failure::from).or_else(|failure| {
            output.rejected(&failure)?;
            Err(failure)
        })?;
        let name = self.trust.name_of(session.peer().fingerprint());
        output.accepted(&session, name.as_deref())?;
        Ok((session, name))
    }
}

/// Whom these sessions are for: all trusted peers, or those that `--peer` names.
fn trust(context: &Context, args: &Door) -> Result<HomeTrust, Failure> {
    let known = listed(context.store.list_peers()?);
    for name in &args.peers {
        if known.iter().all(|peer| peer.name != *name) {
            context.store.peer(name)?;
        }
    }
    if known.is_empty() {
        warn("no peer is trusted yet, so all are refused until `sdmp peer add NAME FILE` adds one");
    }
    Ok(HomeTrust::new(context.store.clone()).only(args.peers.iter().cloned()))
}

/// A session ends when its peer is trusted no longer.
async fn while_trusted(
    trust: &HomeTrust,
    peer: &Fingerprint,
    conversation: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    tokio::select! {
        result = conversation => result,
        () = trust.revoked(peer) => {
            Err(Failure::new(Exit::NotTrusted, "peer.removed", "this peer is no longer trusted")
                .remedy("`sdmp peer add NAME FILE` trusts it again"))
        }
    }
}

/// Ready when the user or the system asks the program to end.
pub(crate) async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        drop(tokio::signal::ctrl_c().await);
    }
}
