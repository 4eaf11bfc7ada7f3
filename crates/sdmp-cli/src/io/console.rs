//! Standard output and standard error, written by threads that may wait.
//!
//! A pipe that is not read blocks its writer. Nothing else in the program may block, so each stream has a
//! bounded queue and a thread that writes from it. Lines come out in the order in which they were
//! pushed, across both streams: a line waits for the earlier ones of the other stream, unless that is
//! stuck. What does not fit is dropped, and reported when there is room again.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::progress;

/// How much may wait in one queue.
const ROOM: usize = 1 << 20;
/// The part of it that strangers cannot fill.
const RESERVE: usize = ROOM / 2;
/// What an entry costs beside its text.
const OVERHEAD: usize = 64;
/// A stream that has taken nothing for so long is stuck: the other one goes on without it.
const STUCK: Duration = Duration::from_millis(300);
/// An event waits so long for a reader that takes nothing; then it is dropped.
const PATIENCE: Duration = Duration::from_secs(2);
/// However busy the machine is, the program ends without its last lines after this.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// Exactly these octets.
    Exact(String),
    /// Escape sequences for colours are left out where no terminal is.
    Styled(String),
}

impl Text {
    fn cost(&self) -> usize {
        let (Self::Exact(text) | Self::Styled(text)) = self;
        text.len() + OVERHEAD
    }
}

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<(u64, Text)>,
    /// What the waiting entries cost.
    used: usize,
    /// The entry that is being written, and since when.
    writing: Option<(u64, Instant)>,
    /// When the stream last took something, or had nothing to take.
    moved: Instant,
    dropped: u64,
    failed: Option<io::ErrorKind>,
    started: bool,
}

impl Queue {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            used: 0,
            writing: None,
            moved: Instant::now(),
            dropped: 0,
            failed: None,
            started: false,
        }
    }

    /// The oldest entry that is not written yet.
    fn oldest(&self) -> Option<u64> {
        let writing = self.writing.map(|(ticket, _)| ticket);
        writing.or_else(|| self.waiting.front().map(|(ticket, _)| *ticket))
    }

    /// How long it may still take what waits, where one write may take `patience`; zero where
    /// nothing waits.
    fn time_left(&self, patience: Duration) -> Duration {
        match self.writing {
            Some((_, since)) => patience.saturating_sub(since.elapsed()),
            None if self.waiting.is_empty() => Duration::ZERO,
            // Its thread has not begun: the machine is busy, which is no reader's fault.
            None => patience,
        }
    }

    fn fits(&self, text: &Text, room: usize) -> bool {
        // A text that is longer than the queue goes in alone.
        self.waiting.is_empty() || self.used.saturating_add(text.cost()) <= room
    }
}

#[derive(Debug)]
struct Queues {
    next: u64,
    out: Queue,
    err: Queue,
}

impl Queues {
    fn of(&mut self, stream: Stream) -> &mut Queue {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }

    /// How long the next entry must still wait for earlier ones of the other stream.
    fn must_wait(&self, stream: Stream) -> Option<Duration> {
        let (own, other) = match stream {
            Stream::Out => (&self.out, &self.err),
            Stream::Err => (&self.err, &self.out),
        };
        let earlier =
            other.oldest().is_some_and(|other| own.oldest().is_some_and(|own| other < own));
        // A stream that is not read must not hold the other one up for ever.
        STUCK.checked_sub(other.moved.elapsed()).filter(|left| earlier && !left.is_zero())
    }
}

static QUEUES: LazyLock<Mutex<Queues>> =
    LazyLock::new(|| Mutex::new(Queues { next: 0, out: Queue::new(), err: Queue::new() }));
static CHANGED: Condvar = Condvar::new();
static CHANGED_ASYNC: Notify = Notify::const_new();

fn queues() -> MutexGuard<'static, Queues> {
    QUEUES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn changed() {
    CHANGED.notify_all();
    CHANGED_ASYNC.notify_waiters();
}

/// Queues a text and gives its ticket, or gives the text back where there is no room.
fn try_push(stream: Stream, text: Text, room: usize) -> Result<u64, Text> {
    let mut queues = queues();
    // Tickets order the lines of both streams, which are written by two threads.
    let ticket = queues.next;
    let queue = queues.of(stream);
    if !queue.fits(&text, room) {
        return Err(text);
    }
    if queue.oldest().is_none() {
        queue.moved = Instant::now();
    }
    queue.used = queue.used.saturating_add(text.cost());
    queue.waiting.push_back((ticket, text));
    // Started on first use: most commands write to one stream only.
    if !std::mem::replace(&mut queue.started, true) {
        let thread = std::thread::Builder::new().spawn(move || write_all(stream));
        if let Err(error) = thread {
            queue.waiting.clear();
            queue.failed = Some(error.kind());
        }
    }
    queues.next += 1;
    drop(queues);
    changed();
    Ok(ticket)
}

/// Queues what may be lost: where it does not fit, it is counted.
pub(crate) fn offer(stream: Stream, text: Text) {
    // Half of the room at most: what strangers cause must not push out what the user asked for.
    if try_push(stream, text, RESERVE).is_err() {
        queues().of(stream).dropped += 1;
    }
}

/// Writes to standard output, and waits until that is done.
pub(crate) fn put(text: Text) -> io::Result<()> {
    let mut queues = queues();
    while !queues.out.fits(&text, ROOM) {
        queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
    }
    drop(queues);
    let Ok(ticket) = try_push(Stream::Out, text, usize::MAX) else { return Ok(()) };
    let mut queues = self::queues();
    while queues.out.oldest().is_some_and(|oldest| oldest <= ticket) {
        queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
    }
    queues.out.failed.map_or(Ok(()), |kind| Err(kind.into()))
}

/// Queues for standard output as soon as there is room.
pub(crate) async fn send(text: Text) -> io::Result<()> {
    push_async(&mut Some(text)).await;
    queues().out.failed.map_or(Ok(()), |kind| Err(kind.into()))
}

/// Queues an event for standard output: waits for room, but drops it where the reader has taken
/// nothing for a while. Only for the threads of a runtime that can spare one.
pub(crate) fn put_or_drop(text: Text) -> io::Result<()> {
    match try_push(Stream::Out, text, ROOM) {
        Ok(_) => {}
        // The runtime moves its other tasks to another thread meanwhile.
        Err(text) => tokio::task::block_in_place(|| wait_or_drop(text)),
    }
    queues().out.failed.map_or(Ok(()), |kind| Err(kind.into()))
}

fn wait_or_drop(mut text: Text) {
    loop {
        let mut queues = queues();
        let left = PATIENCE.saturating_sub(queues.out.moved.elapsed());
        if left.is_zero() {
            queues.out.dropped += 1;
            return;
        }
        drop(CHANGED.wait_timeout(queues, left).unwrap_or_else(PoisonError::into_inner));
        match try_push(Stream::Out, text, ROOM) {
            Ok(_) => return,
            Err(refused) => text = refused,
        }
    }
}

/// Cancel safe: the text is taken only when it is queued.
async fn push_async(text: &mut Option<Text>) {
    while let Some(next) = text.take() {
        let mut change = std::pin::pin!(CHANGED_ASYNC.notified());
        // From here on no change is missed.
        change.as_mut().enable();
        let Err(refused) = try_push(Stream::Out, next, ROOM) else { return };
        *text = Some(refused);
        change.await;
    }
}

/// Waits until all is written. A write that takes longer than `patience` is given up.
pub(crate) fn settle(patience: Duration) {
    settle_streams(&[Stream::Out, Stream::Err], patience);
}

/// Waits until standard output has taken everything, however long that takes, and standard error
/// for a second a write.
pub(crate) fn finish() -> io::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(1);
    let mut queues = queues();
    while queues.out.oldest().is_some() {
        queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
    }
    drop(queues);
    settle_streams(&[Stream::Err], PATIENCE);
    self::queues().out.failed.map_or(Ok(()), |kind| Err(kind.into()))
}

fn settle_streams(streams: &[Stream], patience: Duration) {
    let end = Instant::now() + SETTLE_LIMIT;
    let mut queues = queues();
    loop {
        let left = streams.iter().map(|stream| queues.of(*stream).time_left(patience)).max();
        let left = left.unwrap_or_default().min(end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return;
        }
        queues = CHANGED.wait_timeout(queues, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// The thread of one stream.
fn write_all(stream: Stream) {
    loop {
        let text = next(stream);
        // Without the lock: writing may block for as long as a pipe is full.
        let result = write(stream, &text);
        let mut queues = queues();
        let queue = queues.of(stream);
        queue.writing = None;
        queue.moved = Instant::now();
        if let Err(error) = result {
            queue.failed = Some(error.kind());
        }
        let dropped = if queue.waiting.is_empty() { std::mem::take(&mut queue.dropped) } else { 0 };
        drop(queues);
        changed();
        if dropped > 0 {
            let what = match stream {
                Stream::Out => "events were not printed because standard output was not read",
                Stream::Err => "lines are missing here because standard error was not read",
            };
            offer(Stream::Err, Text::Exact(format!("{dropped} {what}\n")));
        }
    }
}

/// Waits for the next entry of a stream, and for the earlier ones of the other.
fn next(stream: Stream) -> Text {
    let mut queues = queues();
    loop {
        if queues.of(stream).waiting.is_empty() {
            queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
        } else if let Some(left) = queues.must_wait(stream) {
            queues = CHANGED.wait_timeout(queues, left).unwrap_or_else(PoisonError::into_inner).0;
        } else if let Some((ticket, text)) = queues.of(stream).waiting.pop_front() {
            let queue = queues.of(stream);
            queue.used = queue.used.saturating_sub(text.cost());
            queue.writing = Some((ticket, Instant::now()));
            return text;
        }
    }
}

fn write(stream: Stream, text: &Text) -> io::Result<()> {
    let write =
        |out: &mut dyn Write, text: &str| out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match (stream, text) {
        (Stream::Out, Text::Exact(text)) => write(&mut io::stdout().lock(), text),
        (Stream::Out, Text::Styled(text)) => write(&mut anstream::stdout().lock(), text),
        (Stream::Err, Text::Exact(text) | Text::Styled(text)) => {
            let mut result = Ok(());
            // A bar that is drawn in the middle of a line would spoil both.
            progress::aside(|| result = write(&mut anstream::stderr().lock(), text));
            result
        }
    }
}
