//! Sessions that peers open: one loop for every command that waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sdmp_container::Fingerprint;
use sdmp_handshake::{Config, Profile, Role, SessionLimits};
use sdmp_node::{HomeTrust, Recorder};
use sdmp_transport::SecureSession;
use sdmp_transport::listener::{self, Listener, ListenerLimits, Outcome};
use tokio::task::JoinSet;

use super::refusals::Refusals;
use super::{Context, listed, policy, recorder, warn_if_insecure};
use crate::activity;
use crate::address::bind;
use crate::args::session::Door;
use crate::error::{Exit, Failure};
use crate::io::{note, warn};
use crate::key_log;
use crate::output::{Output, Speaker};
use crate::shutdown;
use sdmp_node::Address;

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
    /// Whether more than one peer may be speaking.
    several: Arc<AtomicBool>,
    recorder: Recorder,
    config: Config,
    listener_limits: ListenerLimits,
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
        let mut policy = policy(context, &args.link, address);
        policy.max_group_bits = args
            .max_group_bits
            .or(context.settings.max_group_bits)
            .unwrap_or(policy.max_group_bits);
        let config = Config::new(local).with_policy(policy).ask_about_unknown();
        let config = key_log::attach(config, args.link.key_log.as_deref())?;
        Ok(Self {
            address: address.clone(),
            profile,
            // Standard input and output can carry one session only.
            once: args.once || address.is_stdio(),
            json: args.link.json,
            trust,
            several: Arc::default(),
            recorder: recorder(&args.link, profile)?,
            config,
            listener_limits: listener_limits(args),
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
        }
    }

    /// Opens the place where peers come in; also where that is.
    async fn open(&self) -> Result<(Listener, String), Failure> {
        let (acceptor, address) = bind(&self.address).await?;
        let recorder = self.recorder.clone();
        let acceptor = listener::wrap(acceptor, move |carrier, source| {
            recorder.carrier(activity::watched(carrier), Role::Responder, &source.to_string())
        });
        let listener = Listener::builder(acceptor, self.config.clone())
            .with_limits(self.listener_limits)
            .with_trust(self.trust.clone())
            .with_reports(|report| warn(&report.to_string()))
            .start();
        Ok((listener, address))
    }

    /// Whose session this is.
    pub(crate) fn speaker(&self, session: &SecureSession, name: Option<String>) -> Speaker {
        let fingerprint = session.peer().fingerprint().to_string();
        let name = name.unwrap_or_else(|| fingerprint.clone());
        // A single peer needs no name before each line.
        if !self.once && self.trust.may_be_several() {
            self.several.store(true, Ordering::Relaxed);
        }
        Speaker { fingerprint, name, several: Arc::clone(&self.several) }
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
        let (mut listener, address) = self.open().await?;
        // From here on a signal lets open sessions finish; before, it ends the program at once. What
        // is said comes after it: a program that reads it may send one.
        let _finishing = shutdown::finishing();
        note(&format!("listening on {address}"));
        if self.once {
            return self.serve_one(listener, output, service).await;
        }
        let mut sessions = JoinSet::new();
        let mut refusals = Refusals::new(output);
        loop {
            let outcome = tokio::select! {
                outcome = listener.accept() => outcome,
                () = shutdown::signal() => None,
                // Taken out as they end: the set must not grow with the number of sessions ever
                // served.
                Some(_) = sessions.join_next() => continue,
                () = refusals.minute() => continue,
            };
            let Some(Outcome { source, result, .. }) = outcome else { break };
            match handshake(result) {
                Ok(session) => {
                    let conversation = self.begin(session, output, &mut service);
                    sessions.spawn(async move {
                        if let Err(failure) = conversation.await {
                            // One session's failure is not the listener's: it goes on.
                            note(&format!("a session with {source} ended: {failure}"));
                        }
                    });
                }
                Err(failure) => refusals.refused(&source, &failure),
            }
        }
        refusals.finish();
        ending().await;
        let finished = tokio::select! {
            finished = listener.shutdown(SHUTDOWN_LIMIT) => finished,
            () = shutdown::overdue() => false,
        };
        if finished { Ok(()) } else { Err(shutdown::cut()) }
    }

    /// Serves the first connection only.
    async fn serve_one<S, F>(
        &self,
        mut listener: Listener,
        output: Output,
        mut service: S,
    ) -> Result<(), Failure>
    where
        S: FnMut(SecureSession, Option<String>) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let outcome = tokio::select! {
            outcome = listener.accept() => outcome,
            () = shutdown::signal() => None,
        };
        let Some(outcome) = outcome else { return Ok(()) };
        let session = handshake(outcome.result).inspect_err(|failure| output.rejected(failure))?;
        tokio::select! {
            result = self.begin(session, output, &mut service) => result,
            () = shutdown::overdue() => Err(shutdown::cut()),
        }
    }

    /// A conversation as long as its peer is trusted. It says first that the session was accepted,
    /// for which it may have to wait: the accept loop never does.
    fn begin<S, F>(
        &self,
        session: SecureSession,
        output: Output,
        service: &mut S,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'static + use<S, F>
    where
        S: FnMut(SecureSession, Option<String>) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (trust, peer) = (self.trust.clone(), session.peer().fingerprint().clone());
        let name = trust.name_of(&peer);
        // Made here and printed by the session's own task: printing may have to wait for a reader.
        let accepted = output.accepted(&session, name.as_deref());
        let conversation = service(session, name);
        async move {
            output.say(accepted)?;
            while_trusted(&trust, &peer, conversation).await
        }
    }
}

/// A session, or why there is none.
fn handshake(
    result: Result<SecureSession, sdmp_transport::Error>,
) -> Result<SecureSession, Failure> {
    result.map_err(|error| Failure::from(error).before_session())
}

/// How many sessions there may be at the same time.
fn listener_limits(args: &Door) -> ListenerLimits {
    let limits = ListenerLimits::default();
    limits
        .with_sessions(args.max_sessions.unwrap_or(limits.sessions))
        .with_sessions_per_peer(args.max_sessions_per_peer.unwrap_or(limits.sessions_per_peer))
}

/// Whom these sessions are for: all trusted peers, or those that `--peer` names.
fn trust(context: &Context, args: &Door) -> Result<HomeTrust, Failure> {
    let known = listed(context.store.list_peers()?);
    for name in &args.peers {
        // A misspelt name is an error now, not a peer who is refused later.
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
