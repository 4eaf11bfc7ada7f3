//! The machine behind a lock, and the tasks that wait for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sdmp_channels::{Event, Fault, Limits, Machine, Side};
use sdmp_container::Container;
use tokio::sync::Notify;

/// What the channels of one session share. The lock is held for one call of the machine at a time.
#[derive(Debug)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// A channel is gone, so that another one can be opened.
    pub(super) gone: Notify,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) machine: Machine,
    pub(super) opened: VecDeque<(u64, String)>,
    /// The driver waits for something to send.
    sender: Option<Waker>,
    /// The task that accepts channels.
    acceptor: Option<Waker>,
    readers: HashMap<u64, Waker>,
    writers: HashMap<u64, Waker>,
    pub(super) ended: Option<Fault>,
    pub(super) retired: bool,
    pub(super) greeted: bool,
    /// The tasks that wait for the peer's greeting.
    greeting: Vec<Waker>,
}

impl Shared {
    pub(super) fn new(side: Side, limits: Limits) -> Self {
        let inner = Inner {
            machine: Machine::new(side, limits),
            opened: VecDeque::new(),
            sender: None,
            acceptor: None,
            readers: HashMap::new(),
            writers: HashMap::new(),
            ended: None,
            retired: false,
            greeted: false,
            greeting: Vec::new(),
        };
        Self { inner: Mutex::new(inner), gone: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `change` work on the machine, then wakes all that it concerns, after the lock is free.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut woken = Vec::new();
        let result = {
            let mut inner = self.lock();
            let result = change(&mut inner);
            if inner.take_events(&mut woken) {
                self.gone.notify_waiters();
            }
            result
        };
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// The same for something that may give the peer something to hear.
    pub(super) fn act<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let (result, sender) = self.with(|inner| {
            let result = change(inner);
            let spoken = inner.machine.has_output() || inner.ended.is_some();
            (result, if spoken { inner.sender.take() } else { None })
        });
        if let Some(sender) = sender {
            sender.wake();
        }
        result
    }

    /// The next message for the peer; `None` once all is said.
    pub(super) fn poll_message(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Container>, Fault>> {
        self.with(|inner| match inner.machine.poll_message() {
            Ok(None) if inner.machine.is_done() || inner.ended.is_some() => Poll::Ready(Ok(None)),
            Ok(None) => {
                inner.sender = Some(cx.waker().clone());
                Poll::Pending
            }
            message => Poll::Ready(message),
        })
    }

    /// The next channel that the peer has opened; `None` once there are no more.
    pub(super) fn poll_opened(&self, cx: &mut Context<'_>) -> Poll<Option<(u64, String)>> {
        self.with(|inner| match inner.opened.pop_front() {
            None if inner.ended.is_none() && !inner.machine.is_done() => {
                inner.acceptor = Some(cx.waker().clone());
                Poll::Pending
            }
            opened => Poll::Ready(opened),
        })
    }

    /// Ready when the peer has greeted.
    pub(super) fn poll_greeted(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.with(|inner| match inner.ended {
            _ if inner.greeted => Poll::Ready(Ok(())),
            Some(fault) => Poll::Ready(Err(fault)),
            None => {
                inner.greeting.push(cx.waker().clone());
                Poll::Pending
            }
        })
    }

    /// The session has ended.
    pub(super) fn fail(&self, fault: Fault) {
        self.act(|inner| {
            inner.ended.get_or_insert(fault);
            inner.machine.fail(fault);
            let mut woken = std::mem::take(&mut inner.greeting);
            woken.extend(inner.acceptor.take());
            woken
        })
        .into_iter()
        .for_each(Waker::wake);
    }

    /// No more channels; the session closes when the open ones have ended.
    pub(super) fn retire(&self) {
        self.act(|inner| {
            inner.retired = true;
            inner.machine.close();
            inner.acceptor.take()
        })
        .into_iter()
        .for_each(Waker::wake);
    }
}

impl Inner {
    pub(super) fn wait_to_read(&mut self, id: u64, cx: &Context<'_>) {
        self.readers.insert(id, cx.waker().clone());
    }

    pub(super) fn wait_to_write(&mut self, id: u64, cx: &Context<'_>) {
        self.writers.insert(id, cx.waker().clone());
    }

    /// Nothing waits for this channel any more.
    pub(super) fn forget(&mut self, id: u64) {
        self.readers.remove(&id);
        self.writers.remove(&id);
    }

    /// Collects whom the machine's events concern; whether a channel is gone.
    fn take_events(&mut self, woken: &mut Vec<Waker>) -> bool {
        let mut gone = false;
        while let Some(event) = self.machine.poll_event() {
            match event {
                Event::Opened(id, target) => {
                    self.opened.push_back((id, target));
                    woken.extend(self.acceptor.take());
                }
                Event::Readable(id) => woken.extend(self.readers.remove(&id)),
                Event::Writable(id) => woken.extend(self.writers.remove(&id)),
                Event::Gone => gone = true,
                Event::Greeted => {
                    self.greeted = true;
                    woken.append(&mut self.greeting);
                }
            }
        }
        if gone {
            // Whether it was the last one is for the driver and the acceptor to see.
            woken.extend(self.sender.take());
            woken.extend(self.acceptor.take());
        }
        gone
    }
}
