//! The scenarios, and the figures that they are to reach.

use std::time::{Duration, Instant};

use sdmp_crypto::dh::NamedGroup;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::attack::{ATTACKERS, Attack, UPGRADE, attack};
use crate::honest::{self, Dials};
use crate::litter::Litter;
use crate::report::{Row, mib};
use crate::server::{Counts, Kind, Server};
use crate::{Anything, Scale, nodes};

const MIB: u64 = 1024;
/// Half-open handshakes in all (R42).
const HALF_OPEN: u64 = 256;

/// Runs what is wanted and prints the table; whether a figure was missed.
pub(crate) async fn run(
    scale: Scale,
    descriptors: u64,
    wanted: impl Fn(&str) -> bool,
) -> Anything<bool> {
    println!("{descriptors} descriptors a process; {ATTACKERS} hostile addresses\n\n{}", Row::HEAD);
    let mut missed = Vec::new();
    for plan in plans(scale)? {
        if wanted(plan.name) {
            missed.extend(show(hostile(&plan, scale).await?));
        }
    }
    if wanted("insider") {
        missed.extend(show(insider(scale).await?));
    }
    if wanted("idle") {
        missed.extend(show(idle(scale).await?));
    }
    if wanted("growth") {
        missed.extend(show(growth(scale).await?));
    }
    println!();
    for miss in &missed {
        println!("missed: {miss}");
    }
    Ok(!missed.is_empty())
}

fn show(row: Row) -> Vec<String> {
    println!("{}", row.line());
    row.missed.iter().map(|miss| format!("{}: {miss}", row.scenario)).collect()
}

/// Hostile connections of some kind, with honest dials beside them.
struct Plan {
    name: &'static str,
    attacks: Vec<Attack>,
    connections: usize,
    per_second: usize,
    /// Whether its connections say nothing, so that the memory of each can be told.
    knocks: bool,
    kind: Kind,
}

fn plans(scale: Scale) -> Anything<Vec<Plan>> {
    let plan = |name, attacks, connections, per_second| Plan {
        name,
        attacks,
        connections: scale.of(connections),
        per_second: scale.of(per_second),
        knocks: false,
        kind: Kind::Tcp,
    };
    let m1 = |group| -> Anything<_> { Ok(nodes::first_message(group)?.into()) };
    let endless = if scale.short { 1 << 26 } else { 1 << 30 };
    let lump = [b"{\"a\":\"", &[b'a'; 1 << 20][..], b"\"}\n"].concat().repeat(4);
    let record = vec![
        Attack::Endless(endless >> 4),
        Attack::Stops(m1(NamedGroup::Ffdhe4096)?),
        Attack::Third(m1(NamedGroup::Ffdhe3072)?),
        Attack::Says(lump.into()),
    ];
    Ok(vec![
        Plan { knocks: true, ..plan("silent", vec![Attack::Silent], 10_000, 2_000) },
        Plan {
            knocks: true,
            ..plan("slow", vec![Attack::Slow(m1(NamedGroup::Ffdhe3072)?)], 10_000, 2_000)
        },
        plan("flood", Attack::flood()?, 25_000, 5_000),
        plan("stop", vec![Attack::Stops(m1(NamedGroup::Ffdhe4096)?)], 1_000, 200),
        plan("group8192", vec![Attack::Says(m1(NamedGroup::Ffdhe8192)?)], 5_000, 1_000),
        plan("endless", vec![Attack::Endless(endless)], 100, 20),
        plan("third", vec![Attack::Third(m1(NamedGroup::Ffdhe3072)?)], 5_000, 1_000),
        Plan { kind: Kind::Recorded, ..plan("record", record, 400, 80) },
        Plan { kind: Kind::Files, ..plan("files", Vec::new(), 1_000, 200) },
        Plan { kind: Kind::WebSocket, ..plan("fragments", vec![Attack::Fragments], 400, 80) },
        Plan { kind: Kind::WebSocket, ..plan("pings", vec![Attack::Pings], 400, 80) },
        Plan {
            kind: Kind::WebSocket,
            knocks: true,
            ..plan("upgrade", vec![Attack::Slow(UPGRADE.as_bytes().into())], 10_000, 2_000)
        },
    ])
}

/// A server that has served a few, so that what is allocated once is not counted.
async fn warm(kind: Kind) -> Anything<(Server, Counts)> {
    let mut server = Server::start(kind).await?;
    let config = nodes::client(NamedGroup::Ffdhe3072);
    for number in 0..20 {
        honest::whole(number, &server.place, config.clone()).await?;
    }
    let counts = server.counts().await?;
    Ok((server, counts))
}

async fn hostile(plan: &Plan, scale: Scale) -> Anything<Row> {
    let (mut server, warm) = warm(plan.kind).await?;
    let (before, descriptors) = (server.memory(), server.descriptors());
    let began = Instant::now();
    let connections = plan.connections;
    let seconds = Duration::from_secs(5);
    let config = nodes::client(NamedGroup::Ffdhe3072);
    let place = server.place.clone();
    let honest = honest::dials(scale.of(100), seconds, &place, config);
    let attacking = async {
        let mut litter = Litter::new(&place.directory)?;
        let open = if plan.kind == Kind::Files {
            litter.strew(connections, plan.per_second).await?;
            None
        } else {
            Some(attack(&plan.attacks, connections, plan.per_second, place.address).await)
        };
        let lasted = began.elapsed();
        // Sessions in files have a day, so they are ended by taking them away.
        sleep(Duration::from_secs(u64::from(plan.kind == Kind::Files))).await;
        let untouched = litter.sweep()?;
        let recovered = recover(&mut server, Instant::now()).await?;
        drop(open);
        Anything::Ok((lasted, recovered, untouched))
    };
    let (dials, attacked) = tokio::join!(honest, attacking);
    let (lasted, recovered, untouched) = attacked?;
    let (counts, memory) = (server.counts().await?.since(warm), server.memory());
    let mut row = Row {
        scenario: plan.name,
        connections,
        rate: Some(count(connections) / lasted.as_secs_f64()),
        counts,
        limit: limit(scale),
        memory,
        recovered: Some(recovered),
        ..Row::default()
    };
    judge(&mut row, &dials);
    // A few may find no free port, or no place where connections wait to be accepted.
    let came = counts.connections * 100 >= u64::try_from(connections)? * 98;
    row.demand(came, "not all connections came in");
    if plan.knocks {
        let each = memory.peak.saturating_sub(before.now) / counts.most_half_open.max(1);
        row.note = format!("{each} KiB each");
        row.demand(each <= 32, "more than 32 KiB for a half-open handshake");
    }
    row.demand(untouched, "a file beside the sessions was changed");
    if plan.kind == Kind::Recorded {
        let recorded = server.recorded();
        row.note = format!("recording of {}", mib(recorded));
        // What one connection that is not accepted may write, as base64 and JSON have it.
        let most = 128 * 2 * u64::try_from(connections + dials.all)?;
        row.demand(recorded <= most, "strangers wrote too much into the recording");
    }
    let left = server.descriptors().saturating_sub(descriptors);
    row.demand(left == 0, format!("{left} descriptors were not given back"));
    row.dials = Some(dials);
    Ok(row)
}

/// The figures that every attack has to respect.
fn judge(row: &mut Row, dials: &Dials) {
    let counts = row.counts;
    row.demand(dials.within(row.limit) * 100 >= dials.all * 99, "honest dials came too late");
    row.demand(row.memory.peak < 256 * MIB, "the server used 256 MiB or more");
    row.demand(counts.most_half_open <= HALF_OPEN, "too many were half-open");
    row.demand(counts.half_open == 0, "half-open handshakes were not given back");
}

fn limit(scale: Scale) -> Duration {
    Duration::from_secs(if scale.short { 10 } else { 2 })
}

/// Waits until nothing is half-open; how long it took since then.
async fn recover(server: &mut Server, since: Instant) -> Anything<Duration> {
    while server.counts().await?.half_open > 0 && since.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(20)).await;
    }
    let recovered = since.elapsed();
    // Descriptors are closed right after.
    sleep(Duration::from_millis(200)).await;
    Ok(recovered)
}

/// A trusted peer whose object does not end: 16 MiB are the limit (R42).
async fn insider(scale: Scale) -> Anything<Row> {
    use sdmp_transport::{carrier, tcp};
    let (mut server, warm) = warm(Kind::Tcp).await?;
    let stream = honest::dial_from(honest::address(0), server.place.address).await?;
    let carrier = carrier::wrap(tcp::wrap(stream)?, |(sender, receiver), _| {
        (Box::new(Pouring { sender, whole: 3 }), receiver)
    });
    let mut session =
        sdmp_transport::connect(carrier, nodes::client(NamedGroup::Ffdhe3072)).await?;
    let began = Instant::now();
    let poured = session.send(nodes::message("x")).await;
    let config = nodes::client(NamedGroup::Ffdhe3072);
    let dials = honest::dials(scale.of(100), Duration::from_secs(1), &server.place, config).await;
    let recovered = recover(&mut server, began).await?;
    let (counts, memory) = (server.counts().await?.since(warm), server.memory());
    let mut row = Row {
        scenario: "insider",
        connections: 1,
        counts,
        limit: limit(scale),
        memory,
        recovered: Some(recovered),
        ..Row::default()
    };
    row.demand(poured.is_err(), "an object of 1 GiB was taken");
    judge(&mut row, &dials);
    row.dials = Some(dials);
    Ok(row)
}

/// Sends so many objects as they are, and one that does not end.
#[derive(Debug)]
struct Pouring {
    sender: Box<dyn sdmp_transport::ObjectSender>,
    whole: usize,
}

#[async_trait::async_trait]
impl sdmp_transport::ObjectSender for Pouring {
    async fn send(&mut self, object: &[u8]) -> std::io::Result<()> {
        if let Some(whole) = self.whole.checked_sub(1) {
            self.whole = whole;
            return self.sender.send(object).await;
        }
        // A line feed inside of a string ends no object.
        self.sender.send(b"{\"sdmp\":\"").await?;
        let lump = vec![b'a'; 1 << 20];
        for _ in 0..1 << 10 {
            self.sender.send(&lump).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> std::io::Result<()> {
        self.sender.finish().await
    }
}

/// Sessions that have exchanged a message each way, and now wait.
async fn idle(scale: Scale) -> Anything<Row> {
    let (mut server, warm) = warm(Kind::Tcp).await?;
    let before = server.memory();
    let sessions = scale.of(1_000);
    let config = nodes::client(NamedGroup::Ffdhe3072);
    let mut open = Vec::new();
    for number in 0..sessions {
        open.push(honest::session(number, &server.place, config.clone()).await?);
    }
    let memory = server.memory();
    let each = memory.now.saturating_sub(before.now) / u64::try_from(sessions)?;
    let mut row = Row {
        scenario: "idle",
        connections: sessions,
        counts: server.counts().await?.since(warm),
        memory,
        note: format!("{each} KiB each"),
        ..Row::default()
    };
    row.demand(each <= 32, "more than 32 KiB for an idle session");
    drop(open);
    Ok(row)
}

/// Whole sessions, one after the other on eight places; what stays behind after the first tenth.
async fn growth(scale: Scale) -> Anything<Row> {
    let (mut server, warm) = warm(Kind::Tcp).await?;
    let all = scale.of(20_000);
    let config = nodes::client(NamedGroup::Ffdhe2048);
    let mut running = JoinSet::new();
    let mut early = None;
    let began = Instant::now();
    for number in 0..all {
        let (place, config) = (server.place.clone(), config.clone());
        running.spawn(async move { honest::whole(number, &place, config).await });
        if running.len() >= 8 {
            running.join_next().await.ok_or("nothing ran")???;
        }
        if number == all / 10 {
            early = Some(server.memory());
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    let lasted = began.elapsed();
    sleep(Duration::from_millis(500)).await;
    let memory = server.memory();
    let grown = memory.now.saturating_sub(early.map_or(0, |early| early.now));
    let mut row = Row {
        scenario: "growth",
        connections: all,
        rate: Some(count(all) / lasted.as_secs_f64()),
        counts: server.counts().await?.since(warm),
        memory,
        note: format!("grown by {}", mib(grown)),
        ..Row::default()
    };
    row.demand(grown <= MIB, "the server grew by more than 1 MiB");
    Ok(row)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
