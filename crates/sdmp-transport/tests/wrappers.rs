//! What wraps a carrier hands on every method, and the session's limits (R42).

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{ALICE, BOB, config, policy};
use async_trait::async_trait;
use sdmp_handshake::{Policy, SessionLimits};
use sdmp_transport::carrier::{Carrier, CarrierLimits, Chunk, Halves, from_fn, wrap};
use sdmp_transport::{ObjectReceiver, ObjectSender, accept, connect, memory};

/// Notes what it is called with.
#[derive(Clone, Debug, Default)]
struct Probe {
    calls: Arc<Mutex<Vec<&'static str>>>,
    limits: Arc<Mutex<Option<CarrierLimits>>>,
}

impl Probe {
    fn note(&self, call: &'static str) {
        self.calls.lock().unwrap().push(call);
    }

    fn limits(&self) -> CarrierLimits {
        self.limits.lock().unwrap().clone().unwrap()
    }
}

impl Carrier for Probe {
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        *self.limits.lock().unwrap() = Some(limits);
        (Box::new((*self).clone()), self)
    }
}

#[async_trait]
impl ObjectSender for Probe {
    async fn send(&mut self, _object: &[u8]) -> io::Result<()> {
        self.note("send");
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.note("flush");
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.note("finish");
        Ok(())
    }
}

#[async_trait]
impl ObjectReceiver for Probe {
    async fn receive(&mut self) -> io::Result<Chunk> {
        self.note("receive");
        Ok(Chunk::End)
    }
}

async fn hands_everything_on(wrapper: impl FnOnce(Probe) -> Box<dyn Carrier>) {
    let probe = Probe::default();
    let limits = CarrierLimits::new(12_288, Duration::from_secs(7));
    let (mut sender, mut receiver) = wrapper(probe.clone()).split(limits.clone());
    sender.send(b"{}").await.unwrap();
    sender.flush().await.unwrap();
    assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
    sender.finish().await.unwrap();
    assert_eq!(*probe.calls.lock().unwrap(), ["send", "flush", "receive", "finish"]);
    assert_eq!(probe.limits().write_stall(), Duration::from_secs(7));
    limits.set_object_octets(1 << 24);
    assert_eq!(probe.limits().object_octets(), 1 << 24, "raised for those who wrapped it as well");
}

#[tokio::test]
async fn every_wrapper_hands_on_every_method_and_the_limits() {
    hands_everything_on(|probe| Box::new(probe)).await;
    hands_everything_on(|probe| Box::new(Box::new(probe) as Box<dyn Carrier>)).await;
    hands_everything_on(|probe| Box::new(from_fn(|limits| Box::new(probe).split(limits)))).await;
    // Twice, and around halves that are boxed again.
    hands_everything_on(|probe| {
        let once = wrap(probe, |(sender, receiver), _| (Box::new(sender), Box::new(receiver)));
        Box::new(wrap(once, |halves, _| halves))
    })
    .await;
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
