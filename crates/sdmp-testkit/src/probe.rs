//! A carrier that notes what it is called with, for tests of what wraps carriers.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sdmp_transport::carrier::{Carrier, CarrierLimits, Chunk, Halves};
use sdmp_transport::{ObjectReceiver, ObjectSender};

/// Notes what it is called with; receives only the end.
#[derive(Clone, Debug, Default)]
pub struct Probe {
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

/// Asserts that what `wrapper` makes of a carrier hands on every method, and the session's limits
/// with all their later changes (R42).
pub async fn assert_hands_everything_on(wrapper: impl FnOnce(Probe) -> Box<dyn Carrier>) {
    let probe = Probe::default();
    let limits = CarrierLimits::new(12_288, Duration::from_secs(7));
    let (mut sender, mut receiver) = wrapper(probe.clone()).split(limits.clone());
    sender.send(b"{}").await.unwrap();
    sender.flush().await.unwrap();
    assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
    sender.finish().await.unwrap();
    assert_eq!(*probe.calls.lock().unwrap(), ["send", "flush", "receive", "finish"]);
    let inner = probe.limits();
    assert_eq!(inner.write_stall(), Duration::from_secs(7));
    limits.set_object_octets(1 << 24);
    assert_eq!(inner.object_octets(), 1 << 24, "raised for the carrier inside as well");
    limits.discard();
    assert!(inner.is_discarding(), "known to the carrier inside as well");
}
