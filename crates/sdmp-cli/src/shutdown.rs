//! How the program ends when it is told to: SIGINT (Ctrl-C) and SIGTERM.
//!
//! A thread of its own waits for signals, so that nothing can keep the program from ending: neither
//! a task that never yields nor a write that is never read. A command that has something to finish
//! holds [`finishing`] meanwhile: the first signal then only makes [`signal`] ready, and the command
//! has 5 s, or 2 s in which nothing moves. Otherwise the first signal ends the program at once, and
//! the second one always does. SIGHUP and SIGQUIT (Ctrl-\) end it at once too, as they would without
//! this, but with the terminal as it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::activity;
use crate::error::{Exit, Failure};
use crate::io::{console, note};
use crate::progress;

/// How long what is under way may still take.
const FINISH_LIMIT: Duration = Duration::from_secs(5);
/// How long nothing may move meanwhile.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
/// How long a command has to report that it was cut, before the program ends without that.
const REPORT_LIMIT: Duration = Duration::from_millis(500);
/// Ending takes a moment: who waits longer is told why.
const EXPLAIN_AFTER: Duration = Duration::from_millis(300);

/// When the first signal came.
static TOLD: LazyLock<watch::Sender<Option<Instant>>> = LazyLock::new(|| watch::channel(None).0);
/// How many commands have something to finish.
static FINISHING: AtomicUsize = AtomicUsize::new(0);

/// As long as it lives, the first signal lets the command finish.
#[derive(Debug)]
pub(crate) struct Finishing(());

/// Says that the command has something to finish.
pub(crate) fn finishing() -> Finishing {
    FINISHING.fetch_add(1, Ordering::SeqCst);
    Finishing(())
}

impl Drop for Finishing {
    fn drop(&mut self) {
        FINISHING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ready when the user or the system has asked the program to end.
pub(crate) async fn signal() {
    told().await;
}

async fn told() -> Instant {
    let mut told = TOLD.subscribe();
    match told.wait_for(Option::is_some).await.map(|at| *at) {
        Ok(Some(at)) => at,
        // The sender is static, so it is never gone.
        _ => std::future::pending().await,
    }
}

/// Ready when the program was told to end, and what is under way has had its time.
pub(crate) async fn overdue() {
    let told = told().await;
    loop {
        // The earlier of the two limits: five seconds in all, two without any progress.
        let end = (told + FINISH_LIMIT).min(told.max(activity::last()) + SILENCE_LIMIT);
        if end <= Instant::now() {
            return;
        }
        tokio::time::sleep_until(end.into()).await;
    }
}

/// What a command returns that was told to end before it was done.
pub(crate) fn cut() -> Failure {
    Failure::new(
        Exit::Cut,
        "interrupted",
        "the program was told to end, and cut what was under way",
    )
    .remedy("what was reported before is complete; give the command again for the rest")
}

/// Starts to wait for signals.
pub(crate) fn watch() -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io("cannot wait for signals", &error);
    let (ready, waiting) = mpsc::channel();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            // A runtime of its own: that of the commands may be busy or blocked.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let started = runtime.and_then(|runtime| {
                let signals = runtime.block_on(async { Signals::new() })?;
                Ok((runtime, signals))
            });
            match started {
                Ok((runtime, signals)) => {
                    drop(ready.send(Ok(())));
                    runtime.block_on(obey(signals));
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        })
        .map_err(failed)?;
    waiting.recv().unwrap_or(Ok(())).map_err(failed)
}

async fn obey(mut signals: Signals) {
    let first = signals.next().await;
    TOLD.send_replace(Some(Instant::now()));
    // Nothing to finish: a user who presses Ctrl-C at a prompt expects the end.
    if FINISHING.load(Ordering::SeqCst) == 0 || !matches!(first, INTERRUPT | TERMINATE) {
        end(128_u8.saturating_add(first));
    }
    let late = async {
        tokio::time::sleep(EXPLAIN_AFTER).await;
        note("ending: what is under way has 5 s; the same signal again ends at once");
        overdue().await;
        tokio::time::sleep(REPORT_LIMIT).await;
    };
    tokio::select! {
        second = signals.next() => end(128_u8.saturating_add(second)),
        () = late => end(Exit::Cut.code()),
    }
}

/// Ends the program now, with the terminal as it was.
fn end(code: u8) -> ! {
    /// A terminal that takes nothing must not keep the program either.
    const TERMINAL_LIMIT: Duration = Duration::from_millis(200);
    crate::passphrase::terminal::restore();
    let (done, waiting) = mpsc::channel();
    // In another thread, so that a blocked terminal cannot keep the process from ending.
    std::thread::spawn(move || {
        progress::clear();
        console::settle(TERMINAL_LIMIT);
        // Fails where it took too long: then the receiver is gone.
        let _ = done.send(());
    });
    // Whether it was done makes no difference any more.
    let _ = waiting.recv_timeout(TERMINAL_LIMIT);
    // Without unwinding: destructors of other threads could block here.
    std::process::exit(i32::from(code));
}

const HANGUP: u8 = 1;
const INTERRUPT: u8 = 2;
const QUIT: u8 = 3;
const TERMINATE: u8 = 15;

/// The signals that end the program, by their numbers.
#[derive(Debug)]
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    quit: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: unless_ignored(HANGUP)?,
            quit: unless_ignored(QUIT)?,
        })
    }

    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
            () = received(self.hangup.as_mut()) => HANGUP,
            () = received(self.quit.as_mut()) => QUIT,
        }
    }
}

/// A handler, unless the program was started with this signal ignored, as `nohup` does: a handler would
/// undo that. Where the system does not tell, its default action stays.
#[cfg(unix)]
fn unless_ignored(number: u8) -> std::io::Result<Option<tokio::signal::unix::Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    match ignored {
        Some(mask) if mask >> (number - 1) & 1 == 0 => {
            signal(SignalKind::from_raw(i32::from(number))).map(Some)
        }
        _ => Ok(None),
    }
}

#[cfg(unix)]
async fn received(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> u8 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPT,
            Err(_) => std::future::pending().await,
        }
    }
}
