//! Many connections over one session: none lost, none in another's way, and peers that know no channels
//! served as before.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sdmp_channels::{Frame, Step, write};
use sdmp_handshake::{Profile, SessionLimits};
use sdmp_node::Error;
use sdmp_node::channels::{Fault, Keeper, Services, expose, first, serve};
use sdmp_node::tunnel::{Local, forward, through, to_service};
use sdmp_testkit::nodes::{alice, bob};
use sdmp_testkit::pair::config;
use sdmp_transport::{SecureSession, accept, connect, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::common::sessions;

const LIMIT: Duration = Duration::from_secs(20);

type Served = JoinHandle<Result<(), Error>>;

/// Bob's side: what he offers, and how many sessions he has had.
#[derive(Clone)]
struct Bob {
    services: Arc<Services>,
    /// As an older program does: each session is one stream.
    older: bool,
    sessions: Arc<AtomicUsize>,
    served: Arc<Mutex<VecDeque<Served>>>,
}

impl Bob {
    fn new(services: Services) -> Self {
        Self {
            services: Arc::new(services),
            older: false,
            sessions: Arc::default(),
            served: Arc::default(),
        }
    }

    async fn dial(self) -> Result<SecureSession, Error> {
        let (ours, theirs) = memory::pair(64);
        let of = |own, peer| config(own, &[peer], Profile::Hardened);
        let (alice, bob) = (alice(), bob());
        let (one, other) =
            tokio::join!(connect(ours, of(&alice, &bob)), accept(theirs, of(&bob, &alice)));
        self.sessions.fetch_add(1, Ordering::SeqCst);
        let (other, services) = (other?, Arc::clone(&self.services));
        let served = if self.older {
            tokio::spawn(async move {
                to_service(other, services.service.as_ref().unwrap()).await.map(|_| ())
            })
        } else {
            tokio::spawn(serve(other, services, std::future::pending(), |_| ()))
        };
        self.served.lock().unwrap().push_back(served);
        Ok(one?)
    }

    fn sessions(&self) -> usize {
        self.sessions.load(Ordering::SeqCst)
    }

    /// How the first session came out on his side.
    async fn first(&self) -> Result<(), Error> {
        let first = self.served.lock().unwrap().pop_front().unwrap();
        timeout(LIMIT, first).await.unwrap().unwrap()
    }
}

/// Alice's port, whose connections travel to Bob; dropping the handle is not ending it.
async fn forwarding(bob: &Bob, limits: SessionLimits, channels: bool, socks: bool) -> String {
    let local = Local::bind("0").await.unwrap();
    let at = local.address().unwrap().unwrap().to_string();
    let dialled = bob.clone();
    let dial = move || dialled.clone().dial();
    let keeper = Keeper::new(dial, limits, |_, _| ()).with_channels(channels);
    let keeper = Arc::new(keeper);
    tokio::spawn(forward(
        local,
        move |socket, _| {
            let keeper = Arc::clone(&keeper);
            async move {
                // How it came out shows at the client.
                let _carried: Result<(), Error> = if socks {
                    keeper.carry_socks(socket).await
                } else {
                    keeper.carry(socket).await
                };
            }
        },
        |error| panic!("{error}"),
    ));
    at
}

/// A service that answers with what it got, once that has ended.
async fn echo() -> String {
    service(|mut stream| async move {
        let mut all = Vec::new();
        if stream.read_to_end(&mut all).await.is_ok() {
            stream.write_all(&all).await.unwrap();
        }
    })
    .await
}

async fn service<F>(serve: fn(TcpStream) -> F) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

fn offering(service: String) -> Services {
    Services { service: Some(service), ..Services::default() }
}

/// What comes back for what is sent.
async fn ask(at: &str, octets: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(&octets).await?;
    stream.shutdown().await?;
    let mut back = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut back)).await??;
    Ok(back)
}

async fn ask_many(at: &str, count: u32) {
    let asking: Vec<_> = (0..count)
        .map(|number| {
            let at = at.to_owned();
            tokio::spawn(async move {
                let octets =
                    number.to_be_bytes().repeat(1 + usize::try_from(number % 500).unwrap());
                assert_eq!(ask(&at, octets.clone()).await.unwrap(), octets);
            })
        })
        .collect();
    for asked in asking {
        asked.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_share_one_session_and_none_is_lost() {
    let bob = Bob::new(offering(echo().await));
    let at = forwarding(&bob, SessionLimits::default(), true, false).await;
    ask_many(&at, 120).await;
    assert_eq!(bob.sessions(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_not_read_stops_no_other() {
    // A service that sends without end.
    let flood = service(|mut stream| async move {
        let mut wanted = [0];
        if stream.read(&mut wanted).await.is_ok_and(|read| read == 1) {
            while stream.write_all(&[7; 65_536]).await.is_ok() {}
        } else {
            drop(stream.write_all(b"quick").await);
        }
    })
    .await;
    let bob = Bob::new(offering(flood));
    let at = forwarding(&bob, SessionLimits::default(), true, false).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        stream.write_all(b"x").await.unwrap();
        stream.read_exact(&mut [0; 10_000]).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(ask(&at, Vec::new()).await.unwrap(), b"quick");
    }
    // They go on where they stopped.
    for stream in &mut slow {
        let mut octets = vec![0; 1 << 20];
        timeout(LIMIT, stream.read_exact(&mut octets)).await.unwrap().unwrap();
        assert!(octets.iter().all(|octet| *octet == 7));
    }
    assert_eq!(bob.sessions(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_resets_and_cuts_stay_apart() {
    // What it does is what it is told: end, reset, or end its own direction first.
    let acting = service(|mut stream| async move {
        let mut wanted = [0];
        stream.read_exact(&mut wanted).await.unwrap();
        stream.write_all(&[9; 200_000]).await.unwrap();
        match &wanted {
            b"r" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                stream.set_zero_linger().unwrap();
            }
            b"h" => {
                stream.shutdown().await.unwrap();
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.unwrap();
                assert_eq!(rest.len(), 50_000);
            }
            b"w" => drop(stream.read(&mut [0]).await),
            _ => {}
        }
    })
    .await;
    let bob = Bob::new(offering(acting));
    let at = forwarding(&bob, SessionLimits::default(), true, false).await;
    let tell = async |what: &[u8]| {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        stream.write_all(what).await.unwrap();
        stream
    };
    let read = async |stream: &mut TcpStream| {
        let mut all = Vec::new();
        let read = timeout(LIMIT, stream.read_to_end(&mut all)).await.unwrap();
        (all.len(), read.map(drop).map_err(|error| error.kind()))
    };
    assert_eq!(read(&mut tell(b"e").await).await, (200_000, Ok(())));
    assert_eq!(read(&mut tell(b"r").await).await, (200_000, Err(io::ErrorKind::ConnectionReset)));
    let mut half = tell(b"h").await;
    assert_eq!(read(&mut half).await, (200_000, Ok(())));
    half.write_all(&[1; 50_000]).await.unwrap();
    half.shutdown().await.unwrap();
    // A cut of the session resets what is open, and the next connection has a new session.
    let mut cut = tell(b"w").await;
    cut.read_exact(&mut [0; 200_000]).await.unwrap();
    bob.served.lock().unwrap().front().unwrap().abort();
    assert_eq!(read(&mut cut).await, (0, Err(io::ErrorKind::ConnectionReset)));
    assert_eq!(read(&mut tell(b"e").await).await, (200_000, Ok(())));
    assert_eq!(bob.sessions(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_near_its_limits_is_replaced() {
    let bob = Bob::new(offering(echo().await));
    let limits = SessionLimits { objects: 40, ..SessionLimits::default() };
    let at = forwarding(&bob, limits, true, false).await;
    for _ in 0..15 {
        assert_eq!(ask(&at, vec![1; 10]).await.unwrap(), [1; 10]);
    }
    assert!((2..=6).contains(&bob.sessions()), "{}", bob.sessions());
    assert_eq!(bob.first().await, Ok(()), "closed by both sides");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_without_channels_is_served_as_before() {
    for (older, client, switched_off) in
        [(true, true, false), (false, false, false), (false, true, true), (false, false, true)]
    {
        let mut services = offering(echo().await);
        services.without_channels = switched_off;
        let bob = Bob { older, ..Bob::new(services) };
        let at = forwarding(&bob, SessionLimits::default(), client, false).await;
        ask_many(&at, 6).await;
        // One more where it had to be found out.
        let tried = usize::from(client);
        assert_eq!(bob.sessions(), 6 + tried, "{older} {client} {switched_off}");
    }
}

/// An older client says nothing before its own client does: a service that speaks first is heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_speaks_first_is_heard_by_an_older_client() {
    let greeting = service(|mut stream| async move {
        stream.write_all(b"220 ready").await.unwrap();
        // Until the client goes, however.
        let _gone: io::Result<usize> = stream.read(&mut [0]).await;
    })
    .await;
    let session = Bob::new(offering(greeting)).dial().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(through(session, listener.accept().await.unwrap().0));
    let mut text = [0; 9];
    timeout(LIMIT, client.read_exact(&mut text)).await.unwrap().unwrap();
    assert_eq!(&text, b"220 ready");
}

/// What no message of channels is ends the session, with its code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_breaks_the_rules_of_channels_is_cut() {
    let frame = |id, step| write(&[Frame { id, step }]).unwrap();
    let stream = sdmp_transport::stream::encode(b"x", false).unwrap();
    for (container, fault) in [
        (stream, Fault::Malformed),
        (write(&[]).unwrap(), Fault::Malformed),
        (frame(3, Step::Open(String::new())), Fault::Order),
        (frame(1, Step::Data(vec![1])), Fault::Unknown),
    ] {
        let bob = Bob::new(offering(echo().await));
        let mut session = bob.clone().dial().await.unwrap();
        session.send(write(&[]).unwrap()).await.unwrap();
        assert!(session.recv().await.unwrap().is_some(), "the answer");
        session.send(container).await.unwrap();
        assert_eq!(bob.first().await, Err(Error::Channel(fault)));
        assert!(session.recv().await.is_err());
    }
}

/// Asks a SOCKS server for a destination by name; its answer, and the connection.
async fn socks(at: &str, host: &str, port: u16) -> (u8, TcpStream) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(&[5, 2, 2, 0]).await.unwrap();
    let mut method = [0; 2];
    stream.read_exact(&mut method).await.unwrap();
    assert_eq!(method, [5, 0]);
    let mut request = vec![5, 1, 0, 3, u8::try_from(host.len()).unwrap()];
    request.extend(host.as_bytes());
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await.unwrap();
    let mut answer = [0; 10];
    timeout(LIMIT, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    (answer[1], stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socks_clients_reach_what_the_peer_lists_and_nothing_else() {
    let echo = echo().await;
    let port: u16 = echo.rsplit_once(':').unwrap().1.parse().unwrap();
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let allowed = vec![
        format!("localhost:{port}").parse().unwrap(),
        format!("localhost:{unused}").parse().unwrap(),
    ];
    let bob = Bob::new(Services { allowed, ..Services::default() });
    let at = forwarding(&bob, SessionLimits::default(), true, true).await;
    // The name is resolved at the far side: here only its text is known.
    let (code, mut stream) = socks(&at, "localhost", port).await;
    assert_eq!(code, 0);
    stream.write_all(b"hello").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut back = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut back)).await.unwrap().unwrap();
    assert_eq!(back, b"hello");
    for (host, port, refusal) in
        [("localhost", unused, 4), ("127.0.0.1", port, 2), ("example.org", 443, 2)]
    {
        let (code, mut stream) = socks(&at, host, port).await;
        assert_eq!(code, refusal, "{host}");
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
    // Without a service of its own, a plain connection is refused.
    let plain = forwarding(&bob, SessionLimits::default(), true, false).await;
    assert!(ask(&plain, b"x".to_vec()).await.is_err());
    // Another protocol, another command and another kind of address are no requests.
    for wrong in [
        &b"GET / HTTP/1.1\r\n"[..],
        &[5, 1, 2],
        &[5, 1, 0, 5, 2, 0, 1, 1, 2, 3, 4, 0, 80],
        &[5, 1, 0, 5, 1, 0, 9],
    ] {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        stream.write_all(wrong).await.unwrap();
        let mut all = Vec::new();
        // An end or a reset: both are a refusal.
        let _refused: io::Result<usize> =
            timeout(LIMIT, stream.read_to_end(&mut all)).await.unwrap();
        assert!(all.len() <= 12, "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_of_the_peer_lead_here_if_it_allows_them() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let bob = Bob::new(Services { ports: vec![port], ..Services::default() });
    let session = bob.clone().dial().await.unwrap();
    let (channels, driving) = first(session, &SessionLimits::default());
    tokio::spawn(driving);
    let refused = expose(&channels, port - 1, "127.0.0.1:1", || panic!("open"), |_| ()).await;
    assert_eq!(refused.unwrap_err().code(), "channel.refused");
    let (service, (ready, opened)) = (echo().await, tokio::sync::oneshot::channel());
    let exposing = tokio::spawn(async move {
        expose(&channels, port, &service, || ready.send(()).unwrap(), |_| ()).await
    });
    timeout(LIMIT, opened).await.unwrap().unwrap();
    let at = format!("127.0.0.1:{port}");
    ask_many(&at, 10).await;
    exposing.abort();
    // The port is closed with the session.
    assert!(exposing.await.is_err());
    for _ in 0..100 {
        if TcpStream::connect(&at).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the port is still open");
}

/// The lower end of both: a channel that is dropped is reset, and the session goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_closes_when_its_last_channel_has_ended() {
    let (one, mut other) = sessions().await;
    let (channels, driving) = first(one, &SessionLimits::default());
    let driving = tokio::spawn(driving);
    let greeting = other.recv().await.unwrap().unwrap().container;
    let limits = SessionLimits::default();
    let (theirs, moving) = sdmp_node::channels::second(other, &greeting, &limits).unwrap();
    let moving = tokio::spawn(moving);
    let mut channel = channels.open("x").await.unwrap();
    channels.retire();
    assert_eq!(channels.open("y").await.unwrap_err(), Fault::Closing);
    let (target, mut far) = theirs.accept().await.unwrap();
    assert_eq!(target, "x");
    channel.write_all(b"last").await.unwrap();
    channel.shutdown().await.unwrap();
    let mut text = String::new();
    far.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "last");
    far.shutdown().await.unwrap();
    assert_eq!(channel.read(&mut [0]).await.unwrap(), 0);
    drop((channel, far));
    assert_eq!(timeout(LIMIT, driving).await.unwrap().unwrap(), Ok(()));
    assert_eq!(timeout(LIMIT, moving).await.unwrap().unwrap(), Ok(()));
    assert!(theirs.accept().await.is_none());
}

/// Nothing is offered to the far side of `forward`: what it opens is refused, and nothing else ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_not_asked_for_is_refused_alone() {
    let (ours, mut theirs) = sessions().await;
    let ours = Arc::new(Mutex::new(Some(ours)));
    let dial = move || {
        let session = ours.lock().unwrap().take();
        async move { session.ok_or(Error::NotOffered) }
    };
    let (reason, heard) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let greeting = theirs.recv().await.unwrap().unwrap().container;
        let limits = SessionLimits::default();
        let (channels, driving) = sdmp_node::channels::second(theirs, &greeting, &limits).unwrap();
        tokio::spawn(driving);
        let (_, mut wanted) = channels.accept().await.unwrap();
        let mut unasked = channels.open("tcp:127.0.0.1:22").await.unwrap();
        let refused = unasked.read(&mut [0]).await.unwrap_err();
        reason.send(refused.to_string()).unwrap();
        let mut all = Vec::new();
        wanted.read_to_end(&mut all).await.unwrap();
        wanted.write_all(&all).await.unwrap();
        wanted.shutdown().await.unwrap();
    });
    let keeper: Keeper<_, Error> = Keeper::new(dial, SessionLimits::default(), |_, _| ());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let client = tokio::spawn(async move { ask(&at, vec![7; 100]).await });
    let (stream, _) = listener.accept().await.unwrap();
    timeout(LIMIT, keeper.carry(stream.into())).await.unwrap().unwrap();
    assert_eq!(client.await.unwrap().unwrap(), [7; 100]);
    let refused = timeout(LIMIT, heard).await.unwrap().unwrap();
    assert_eq!(refused, Fault::Reset(sdmp_node::channels::Reason::Refused).to_string());
}
