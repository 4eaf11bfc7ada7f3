//! `sdmp connect`: a session that this side opens.

use std::time::Duration;

use sdmp_crypto::dh::Groups;
use sdmp_handshake::{Config, Policy};
use sdmp_transport::connect;
use tokio::time::timeout;

use super::chat::{Ending, Output, converse, input};
use crate::cli::{Connect, Profile};
use crate::error::{Exit, Failure};
use crate::io::note;
use crate::key_log;
use crate::passphrase::Passphrase;
use crate::store::Store;

/// How long the network may take to connect.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn run(store: &Store, passphrase: &Passphrase, args: &Connect) -> Result<(), Failure> {
    warn_if_insecure(args.profile);
    let peer = store.peer(&args.peer)?;
    let local = store.local(&args.key, passphrase)?;
    let mut policy = Policy {
        profile: profile(args.profile),
        limits: args.address.limits(),
        ..Policy::default()
    };
    let patience = policy.limits.handshake;
    if let Some(group) = args.group {
        policy.offer = Groups::default().named(group);
        policy.max_group_bits = policy.max_group_bits.max(group.bits());
    }
    let config = Config::new(local).policy(policy).pin(peer.fingerprint().clone()).trust([peer]);
    let config = key_log::attach(config, args.key_log.as_deref())?;
    let output = Output {
        json: args.json,
        profile: args.profile,
        many: false,
        aside: args.address.is_stdio(),
        patience,
    };
    let runtime = runtime()?;
    let result = runtime.block_on(talk(args, config, output));
    // A read of standard input that still waits must not keep the program.
    runtime.shutdown_background();
    result
}

async fn talk(args: &Connect, config: Config, output: Output) -> Result<(), Failure> {
    let carrier = timeout(DIAL_LIMIT, args.address.dial())
        .await
        .map_err(|_| {
            Failure::new(Exit::Timeout, "dial.timeout", "nobody answers at this address")
                .remedy("check the address, and whether a firewall is in the way")
        })?
        .map_err(|error| {
            Failure::new(Exit::Other, "dial.failed", format!("cannot connect: {error}"))
                .remedy("check the address, and whether `sdmp listen` runs there")
        })?;
    let session = match connect(carrier, config).await {
        Ok(session) => session,
        Err(error) => {
            let failure = Failure::from(error);
            output.rejected(&failure)?;
            return Err(failure);
        }
    };
    output.accepted(&session, Some(&args.peer))?;
    converse(session, &mut input(output), output, Ending::WithInput).await
}

pub(crate) fn profile(profile: Profile) -> sdmp_handshake::Profile {
    match profile {
        Profile::Hardened => sdmp_handshake::Profile::Hardened,
        Profile::Published => sdmp_handshake::Profile::Published,
    }
}

pub(crate) fn warn_if_insecure(profile: Profile) {
    if profile == Profile::Published {
        note(
            "warning: the published profile is INSECURE: whoever is on the way can alter, drop and \
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
