//! What wraps a carrier hands on every method, and the session's limits (R42).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{ALICE, BOB, config, policy};
use sdmp_handshake::{Policy, SessionLimits};
use sdmp_testkit::probe::assert_hands_everything_on;
use sdmp_transport::carrier::{Carrier, from_fn, wrap};
use sdmp_transport::listener::{self, Acceptor, Incoming, Source};
use sdmp_transport::{accept, connect, memory};

#[tokio::test]
async fn every_wrapper_hands_on_every_method_and_the_limits() {
    assert_hands_everything_on(|probe| Box::new(probe)).await;
    assert_hands_everything_on(|probe| Box::new(Box::new(probe) as Box<dyn Carrier>)).await;
    assert_hands_everything_on(|probe| Box::new(from_fn(|limits| Box::new(probe).split(limits))))
        .await;
    // Twice, and around halves that are boxed again.
    assert_hands_everything_on(|probe| {
        let once = wrap(probe, |(sender, receiver), _| (Box::new(sender), Box::new(receiver)));
        Box::new(wrap(once, |halves, _| halves))
    })
    .await;
}

/// One connection that carries the probe.
struct One<C>(Option<C>);

#[async_trait::async_trait]
impl<C: Carrier + 'static> Acceptor for One<C> {
    async fn next(&mut self) -> std::io::Result<Incoming> {
        Ok(Incoming::ready(self.0.take().ok_or(std::io::ErrorKind::NotFound)?, Source::Local))
    }
}

#[tokio::test]
async fn a_wrapped_acceptor_wraps_each_carrier() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let (one, _other) = memory::pair(4);
    let mut acceptor = listener::wrap(One(Some(one)), move |carrier, source| {
        keep.lock().unwrap().push(source.clone());
        carrier
    });
    let incoming = acceptor.next().await.unwrap();
    assert!(seen.lock().unwrap().is_empty(), "wrapped only when it is open");
    assert_eq!(incoming.source, Source::Local);
    assert!(incoming.open.await.is_ok());
    assert_eq!(*seen.lock().unwrap(), [Source::Local]);
    assert!(acceptor.next().await.is_err(), "errors are handed on");
}

/// R42: so long before the peer is known, and longer once it is accepted.
#[tokio::test]
async fn a_session_raises_the_limit_when_it_accepts_its_peer() {
    let limits = SessionLimits {
        message_octets: 1 << 20,
        write_stall: Duration::from_secs(9),
        ..SessionLimits::default()
    };
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let (one, other) = memory::pair(4);
    let other = wrap(other, move |halves, limits| {
        assert_eq!(limits.object_octets(), 12_288);
        *keep.lock().unwrap() = Some(limits);
        halves
    });
    let policy = Policy { limits, ..policy() };
    let bob = config(BOB, &[ALICE]).with_policy(policy);
    let (alice, bob) = tokio::join!(connect(one, config(ALICE, &[BOB])), accept(other, bob));
    let limits = seen.lock().unwrap().clone().unwrap();
    assert_eq!(limits.object_octets(), 1 << 20);
    assert_eq!(limits.write_stall(), Duration::from_secs(9));
    assert!(!limits.is_discarding());
    drop((alice, bob));
}
