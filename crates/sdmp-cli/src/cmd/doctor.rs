//! `sdmp doctor`: whether this machine has what sessions need.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use clap::Args;
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::random::{Random, SystemRandom};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::Config;
use sdmp_node::home::{Named, Protection};
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{accept, connect, tcp};

use crate::error::{Exit, Failure};
use crate::io::{escape, print_json, print_styled};
use crate::link::{Context, block_on};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Keys and peers that end so soon are pointed out.
const SOON_MILLIS: i64 = 30 * DAY_MILLIS;
/// This program did not exist before.
const BUILT_AFTER: &str = "2026-01-01T00:00:00.000Z";

/// What a check found.
#[derive(Clone, Debug)]
enum Finding {
    Fine(String),
    /// It works, but look at it.
    Doubtful(String),
    Broken(String),
}

use Finding::{Broken, Doubtful, Fine};

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print each check as one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, Doctor { json }: Doctor) -> Result<(), Failure> {
    let mut findings = vec![
        ("version", Fine(format!("sdmp {}, SDMP 0.12", env!("CARGO_PKG_VERSION")))),
        ("data directory", data_directory(context.store.root())),
        ("configuration", configuration(context)),
        ("random source", random()),
    ];
    let now = wall_time();
    findings.push(("clock", clock(now.as_ref().ok().copied(), context.store.root())));
    if let Ok(now) = now {
        findings.extend(keys(context, now).into_iter().map(|finding| ("key", finding)));
        findings.extend(peers(context, now).into_iter().map(|finding| ("peer", finding)));
        // A real session over the loopback: it finds what no single check does, such as a firewall.
        let met = block_on(meet(now));
        findings.push(("loopback session", finding(met, "two nodes met, and parted")));
    }
    for (what, finding) in &findings {
        tell(what, finding, json)?;
    }
    let broken = findings.iter().filter(|(_, finding)| matches!(finding, Broken(_))).count();
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Other,
        "doctor",
        format!("{broken} of {} checks failed", findings.len()),
    )
    .remedy("mend what is marked `broken` above"))
}

fn tell(what: &str, finding: &Finding, json: bool) -> Result<(), Failure> {
    let (word, colour, text) = match finding {
        Fine(text) => ("ok", AnsiColor::Green, text),
        Doubtful(text) => ("look", AnsiColor::Yellow, text),
        Broken(text) => ("broken", AnsiColor::Red, text),
    };
    if json {
        return print_json(&[
            ("check", what.into()),
            ("result", word.into()),
            ("text", text.as_str().into()),
        ]);
    }
    let style: Style = colour.on_default().bold();
    print_styled(&format!("{style}{word:<7}{style:#} {what}: {}\n", escape::text(text)))
}

fn finding<T>(result: Result<T, Failure>, fine: &str) -> Finding {
    match result {
        Ok(_) => Fine(fine.to_owned()),
        Err(failure) => Broken(failure.to_string()),
    }
}

fn data_directory(root: &Path) -> Finding {
    let shown = root.display();
    if !root.exists() {
        return Fine(format!("{shown} (made with the first key or peer)"));
    }
    let probe = root.join(format!(".doctor-{}", std::process::id()));
    // Only a new file: a link of another user is never followed.
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    let written = made.and_then(|_| fs::remove_file(&probe));
    if let Err(error) = written {
        return Broken(format!(
            "{shown} cannot be written: {error}; give it to this user, or name another with --data"
        ));
    }
    others_can_enter(root).unwrap_or_else(|| Fine(shown.to_string()))
}

#[cfg(unix)]
fn others_can_enter(root: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(root).ok()?.permissions().mode() & 0o777;
    let shown = root.display();
    if mode & 0o022 != 0 {
        return Some(Broken(format!(
            "{shown} has mode {mode:03o}: others can put keys and peers into it; `chmod 700 {shown}`"
        )));
    }
    (mode & 0o077 != 0).then(|| {
        Doubtful(format!(
            "{shown} has mode {mode:03o}: others see whom you trust; `chmod 700 {shown}`"
        ))
    })
}

#[cfg(not(unix))]
fn others_can_enter(_root: &Path) -> Option<Finding> {
    None
}

fn configuration(context: &Context) -> Finding {
    Fine(match &context.settings.file {
        Some(file) => file.display().to_string(),
        None => "none; the defaults are in force".to_owned(),
    })
}

fn random() -> Finding {
    let (mut one, mut other) = ([0_u8; 32], [0_u8; 32]);
    let mut source = SystemRandom::new();
    match source.fill(&mut one).and_then(|()| source.fill(&mut other)) {
        Err(error) => Broken(format!("the system gives no random octets: {error}")),
        // A constant generator would make every key and session predictable.
        Ok(()) if one == other => {
            Broken("the system gives the same random octets twice".to_owned())
        }
        Ok(()) => Fine("the system gives random octets".to_owned()),
    }
}

/// A clock that is wrong takes expired identities for valid, or the other way round (R6, R16).
fn clock(now: Option<Timestamp>, root: &Path) -> Finding {
    let Some(now) = now else {
        return Broken("it is not between the years 1970 and 9999 (R6): set it".to_owned());
    };
    if BUILT_AFTER.parse::<Timestamp>().is_ok_and(|built| now < built) {
        return Broken(format!("{now} is before this program was made: set it"));
    }
    let written = [root.join("keys"), root.join("peers")].into_iter().filter_map(|directory| {
        let modified = fs::metadata(directory).and_then(|metadata| metadata.modified()).ok()?;
        let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    });
    if written.max().is_some_and(|last| last > now.unix_millis().saturating_add(DAY_MILLIS)) {
        return Doubtful(format!("{now}, but the data directory was written later: set it"));
    }
    Fine(now.to_string())
}

fn lasting(row: &Named, now: Timestamp, what: &str, fine: String) -> Finding {
    let left = row.identity.expires().unix_millis().saturating_sub(now.unix_millis());
    if left <= 0 {
        return Broken(format!("{}: expired on {}; {what}", row.name, row.identity.expires()));
    }
    if left < SOON_MILLIS {
        return Doubtful(format!("{}: expires in {} days; {what}", row.name, left / DAY_MILLIS));
    }
    Fine(fine)
}

fn keys(context: &Context, now: Timestamp) -> Vec<Finding> {
    let keys = match context.store.list_keys() {
        Ok(keys) => keys.named,
        Err(error) => return vec![Broken(Failure::from(error).to_string())],
    };
    if keys.is_empty() {
        return vec![Doubtful("there is none yet; `sdmp key new NAME` makes one".to_owned())];
    }
    keys.iter()
        .map(|key| match context.store.check_key(&key.name) {
            Err(error) => Broken(format!("{}: {}", key.name, Failure::from(error))),
            Ok(protection) => {
                let secret = match protection {
                    Protection::Passphrase => "protected by a passphrase",
                    Protection::None => "not protected by a passphrase",
                };
                let fine = format!("{}: {secret}, until {}", key.name, key.identity.expires());
                lasting(
                    key,
                    now,
                    "make a new one with `sdmp key new`, and give it to your peers",
                    fine,
                )
            }
        })
        .collect()
}

fn peers(context: &Context, now: Timestamp) -> Vec<Finding> {
    let peers = match context.store.list_peers() {
        Ok(peers) => peers,
        Err(error) => return vec![Broken(Failure::from(error).to_string())],
    };
    let broken = peers.damaged.into_iter().map(|error| Broken(Failure::from(error).to_string()));
    let peers = peers.named;
    if peers.is_empty() && broken.len() == 0 {
        return vec![Doubtful(
            "none is trusted yet; `sdmp peer add NAME FILE` adds one".to_owned(),
        )];
    }
    peers
        .iter()
        .map(|peer| {
            let verified =
                context.store.notes(&peer.name).is_ok_and(|notes| notes.verified.is_some());
            let mark = if verified { "verified" } else { "not verified yet" };
            let fine = format!("{}: {mark}, until {}", peer.name, peer.identity.expires());
            // A peer's end breaks nothing here.
            match lasting(peer, now, "ask it for its new identity", fine) {
                Broken(text) => Doubtful(text),
                other => other,
            }
        })
        .chain(broken)
        .collect()
}

/// Two nodes that live for a minute meet over a real TCP connection.
async fn meet(now: Timestamp) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("cannot use the loopback address", &error);
    let (one, other) = (node(now)?, node(now)?);
    let mut acceptor = tcp::TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = acceptor.local_addr().map_err(failed)?;
    let config = Config::new(other.clone()).trust([one.identity().clone()]);
    let answering = async {
        let carrier = acceptor.next().await.map_err(failed)?.open.await.map_err(failed)?;
        Ok::<_, Failure>(accept(carrier, config).await?.close().await?)
    };
    let calling = async {
        let carrier = tcp::dial(&address.to_string()).await.map_err(failed)?;
        let config = Config::new(one).trust([other.identity().clone()]);
        Ok::<_, Failure>(connect(carrier, config).await?.close().await?)
    };
    tokio::try_join!(answering, calling).map(|_| ())
}

fn node(now: Timestamp) -> Result<LocalIdentity, Failure> {
    let key = PrivateKey::generate(2048)?;
    let expires =
        now.unix_millis().checked_add(60_000).and_then(Timestamp::from_unix_millis).ok_or_else(
            || Failure::new(Exit::Other, "clock.unusable", "the clock is at its end"),
        )?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}
