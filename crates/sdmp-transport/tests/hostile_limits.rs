//! A listener's limits on sessions, failures and descriptors, and trust that changes while it runs.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{ALICE, BOB, MALLORY, config, local, message, text};
use async_trait::async_trait;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use sdmp_transport::listener::{
    Acceptor, Incoming, Limit, ListenerBuilder, ListenerLimits, Report, Source,
};
use sdmp_transport::{Carrier, Error, Listener, SecureSession, Trust, connect, memory};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Connections that a test makes come in here.
struct Doors(mpsc::Receiver<io::Result<(Source, Box<dyn Carrier>)>>);

#[async_trait]
impl Acceptor for Doors {
    async fn next(&mut self) -> io::Result<Incoming> {
        match self.0.recv().await {
            Some(next) => next.map(|(source, carrier)| Incoming::ready(carrier, source)),
            None => std::future::pending().await,
        }
    }
}

type Knocker = mpsc::Sender<io::Result<(Source, Box<dyn Carrier>)>>;

fn bob(trusted: &[&str]) -> (Knocker, ListenerBuilder<Doors>) {
    let (knocker, doors) = mpsc::channel(1);
    (knocker, Listener::builder(Doors(doors), config(BOB, trusted)))
}

fn ip(last: u8) -> Source {
    Source::Ip(Ipv4Addr::new(10, 0, 0, last).into())
}

async fn knock(knocker: &Knocker, source: Source) -> memory::Memory {
    let (here, there) = memory::pair(8);
    let there: Box<dyn Carrier> = Box::new(there);
    knocker.send(Ok((source, there))).await.unwrap();
    here
}

async fn dial(knocker: &Knocker, who: &str, last: u8) -> Result<SecureSession, Error> {
    connect(knock(knocker, ip(last)).await, config(who, &[BOB])).await
}

#[tokio::test]
async fn one_peer_cannot_take_all_sessions() {
    let (knocker, builder) = bob(&[ALICE, MALLORY]);
    let limits = ListenerLimits::default().with_sessions_per_peer(2);
    let mut listener = builder.with_limits(limits).start();
    let mut open = Vec::new();
    for _ in 0..2 {
        let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 1), listener.accept());
        open.push((session.unwrap(), outcome.unwrap().result.unwrap()));
    }
    let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 2), listener.accept());
    assert_eq!(outcome.unwrap().result.unwrap_err(), Error::TooManySessions);
    // Its side had accepted already, and is cut.
    if let Ok(mut session) = session {
        assert!(session.recv().await.unwrap_err().is_cut());
    }
    let (session, outcome) = tokio::join!(dial(&knocker, MALLORY, 1), listener.accept());
    open.push((session.unwrap(), outcome.unwrap().result.unwrap()));
    // A session that has ended makes room.
    let (ours, theirs) = open.remove(0);
    let (one, other) = tokio::join!(ours.close(), theirs.close());
    one.and(other).unwrap();
    sleep(Duration::from_millis(50)).await;
    let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 1), listener.accept());
    assert!(session.is_ok() && outcome.unwrap().result.is_ok());
}

#[tokio::test]
async fn sessions_in_all_are_limited() {
    let (knocker, builder) = bob(&[ALICE]);
    let limits = ListenerLimits::default().with_sessions(1);
    let mut listener = builder.with_limits(limits).start();
    let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 1), listener.accept());
    let _open = (session.unwrap(), outcome.unwrap().result.unwrap());
    assert!(dial(&knocker, ALICE, 2).await.unwrap_err().is_unanswered());
    assert_eq!(listener.counts().over_limit, 1);
}

/// What a stranger makes fail costs two exponentiations; what a peer does costs no right.
#[tokio::test]
async fn a_source_whose_handshakes_fail_is_slowed_down_and_others_are_not() {
    let (knocker, builder) = bob(&[ALICE]);
    let limits = ListenerLimits::default().with_failures_per_second(1).with_failures_at_once(64);
    let mut listener = builder.with_limits(limits).start();
    for _ in 0..80 {
        drop(knock(&knocker, ip(1)).await);
        // One after the other: the limit of half-open ones is not what is tried here.
        while listener.counts().half_open > 0 {
            tokio::task::yield_now().await;
        }
        drop(timeout(Duration::ZERO, listener.accept()).await);
    }
    let counts = listener.counts();
    assert!((10..=16).contains(&counts.over_rate), "{counts:?}");
    assert!(dial(&knocker, ALICE, 1).await.unwrap_err().is_unanswered());
    let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 2), async {
        loop {
            match listener.accept().await.unwrap().result {
                Ok(session) => return session,
                Err(_) => continue,
            }
        }
    });
    drop((session.unwrap(), outcome));
}

#[tokio::test(start_paused = true)]
async fn dropped_connections_are_reported_once_a_source_and_minute() {
    let (knocker, builder) = bob(&[ALICE]);
    let reports = Arc::new(Mutex::new(Vec::<Report>::new()));
    let told = Arc::clone(&reports);
    let listener = builder
        .with_limits(ListenerLimits::default().with_half_open_per_source(1))
        .with_reports(move |report| told.lock().unwrap().push(report))
        .start();
    let mut kept = Vec::new();
    for last in [1, 2] {
        for _ in 0..11 {
            kept.push(knock(&knocker, ip(last)).await);
        }
    }
    while listener.counts().connections < 22 {
        tokio::task::yield_now().await;
    }
    let lines =
        || -> Vec<String> { reports.lock().unwrap().iter().map(Report::to_string).collect() };
    let why = "too many handshakes from there are under way (R42)";
    let first = [1, 2].map(|last| format!("dropped 1 connection from 10.0.0.{last}: {why}"));
    assert_eq!(lines(), first);
    sleep(Duration::from_secs(61)).await;
    let mut rest = lines().split_off(2);
    rest.sort();
    assert_eq!(rest, [1, 2].map(|last| format!("dropped 9 connections from 10.0.0.{last}: {why}")));
    assert_eq!(listener.counts().over_limit, 20);
}

/// A lack of descriptors is reported, and the connection that waits is told.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_lack_of_descriptors_is_reported_and_passes() {
    const EMFILE: i32 = 24;
    let (knocker, builder) = bob(&[ALICE]);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&reports);
    let mut listener =
        builder.with_reports(move |report| told.lock().unwrap().push(report.limit)).start();
    for _ in 0..100 {
        knocker.send(Err(io::Error::from_raw_os_error(EMFILE))).await.unwrap();
        // The one that waits is taken with the descriptor that was kept, and dropped.
        let waiting = knock(&knocker, ip(1)).await;
        drop(waiting);
    }
    assert!(listener.counts().out_of_descriptors >= 50, "{:?}", listener.counts());
    let reported = reports.lock().unwrap().len();
    assert!((1..=2).contains(&reported), "{reported} reports");
    assert_eq!(reports.lock().unwrap()[0], Limit::Descriptors);
    let (session, outcome) = tokio::join!(dial(&knocker, ALICE, 9), async {
        loop {
            if let Ok(session) = listener.accept().await.unwrap().result {
                return session;
            }
        }
    });
    drop((session.unwrap(), outcome));
}

/// Trusts Alice until it is told otherwise.
#[derive(Clone)]
struct Changing {
    trusts: Arc<AtomicBool>,
    /// What happens between the question and the answer.
    meanwhile: Arc<dyn Fn() + Send + Sync>,
}

#[async_trait]
impl Trust for Changing {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        let alice = local(ALICE).identity().clone();
        (alice.fingerprint() == claimed).then_some(alice)
    }

    async fn authorize(&mut self, _peer: &Identity) -> bool {
        let answer = self.trusts.load(Ordering::Relaxed);
        (self.meanwhile)();
        answer
    }
}

#[tokio::test]
async fn trust_is_asked_at_each_handshake_and_open_sessions_can_be_ended() {
    let trusts = Arc::new(AtomicBool::new(true));
    let (knocker, builder) = bob(&[MALLORY]);
    // The builder makes the configuration ask.
    let changing = Changing { trusts: Arc::clone(&trusts), meanwhile: Arc::new(|| {}) };
    let mut listener = builder.with_trust(changing).start();
    let (alice, outcome) = tokio::join!(dial(&knocker, ALICE, 1), listener.accept());
    let (mut alice, mut served) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    let (mallory, outcome) = tokio::join!(dial(&knocker, MALLORY, 1), listener.accept());
    let (mut mallory, mut other) = (mallory.unwrap(), outcome.unwrap().result.unwrap());
    trusts.store(false, Ordering::Relaxed);
    let gone = local(ALICE).identity().fingerprint().clone();
    assert_eq!(listener.retain_sessions(|peer| *peer.fingerprint() != gone), 1);
    assert_eq!(served.recv().await.unwrap_err(), Error::NoLongerTrusted);
    assert!(alice.recv().await.unwrap_err().is_cut());
    mallory.send(message("still here")).await.unwrap();
    assert_eq!(text(&other.recv().await.unwrap().unwrap().container), "still here");
    let (refused, outcome) = tokio::join!(dial(&knocker, ALICE, 1), listener.accept());
    assert_eq!(outcome.unwrap().result.unwrap_err().code(), "untrusted.refused");
    assert_eq!(refused.unwrap_err().code(), "rejected.sealed");
}

/// The peer is removed after it was asked about, and before its handshake is complete.
#[tokio::test]
async fn a_peer_that_is_removed_during_its_handshake_gets_no_session() {
    let trusts = Arc::new(AtomicBool::new(true));
    let listener: Arc<Mutex<Option<Listener>>> = Arc::default();
    let (knocker, builder) = bob(&[]);
    let (removing, there) = (Arc::clone(&trusts), Arc::clone(&listener));
    let meanwhile = move || {
        // The first time that it is asked.
        if removing.swap(false, Ordering::Relaxed) {
            let open = there.lock().unwrap().as_ref().unwrap().retain_sessions(|_| false);
            assert_eq!(open, 0, "it has none yet");
        }
    };
    let changing = Changing { trusts, meanwhile: Arc::new(meanwhile) };
    *listener.lock().unwrap() = Some(builder.with_trust(changing).start());
    let dialled = dial(&knocker, ALICE, 1).await;
    if let Ok(mut session) = dialled {
        assert!(session.recv().await.is_err());
    }
    let mut listener = listener.lock().unwrap().take().unwrap();
    let outcome = listener.accept().await.unwrap();
    assert_eq!(outcome.result.unwrap_err(), Error::NoLongerTrusted);
}

/// Keepalive, and a limit on what is not acknowledged that follows the session's limit.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn tcp_connections_find_out_when_their_peer_is_gone() {
    use sdmp_transport::{CarrierLimits, tcp};
    use socket2::SockRef;
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    for (stall, limit) in [(30, Some(35)), (3600, None)] {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nonblocking(true).unwrap();
        let same = stream.try_clone().unwrap();
        let carrier = tcp::wrap(tokio::net::TcpStream::from_std(stream).unwrap()).unwrap();
        let limits = CarrierLimits::new(1000, Duration::from_secs(stall));
        let _halves = Box::new(carrier).split(limits);
        let socket = SockRef::from(&same);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_user_timeout().unwrap(), limit.map(Duration::from_secs));
    }
}
