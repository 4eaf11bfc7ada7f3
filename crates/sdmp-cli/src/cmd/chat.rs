//! A session on the terminal: lines become messages, and messages become lines.

mod lines;

use std::io::IsTerminal;
use std::time::Duration;

use sdmp_container::{Container, Identifier, Message};
use sdmp_node::transfer::{Announced, Answer, Refusal};
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::{Exit, Failure};
use crate::io::note;
use crate::output::Output;
use crate::output::Speaker;
use crate::shutdown;
pub(crate) use lines::{Lines, standard_input};

/// After the peer's close, lines that a person still types are sent as long as the next one follows
/// so soon. Lines for all sessions, which the next session would be given, come as soon.
const LAST_LINES: Duration = Duration::from_secs(1);
/// After the peer's close, input that has not said a word yet has so long to begin: a service manager
/// or a test may hold an empty pipe open for ever, and the peer waits for our close.
const FIRST_LINE: Duration = Duration::from_secs(3);
/// How long a peer may take to see that its file is refused.
const REFUSAL_LIMIT: Duration = Duration::from_secs(2);
/// How long a peer may keep silent that is not asked for anything more.
const PATIENCE: Duration = Duration::from_secs(60);

/// When our side ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At the end of our input; then the peer may keep silent for a while only.
    WithInput,
    /// As `WithInput`, but the peer may take its time; and input that ends without a single line (as
    /// `/dev/null` does) means that this side only receives: it waits for the peer's close.
    WithPeer,
}

/// What our side of a conversation says.
#[derive(Debug)]
pub(crate) struct Words {
    lines: Lines,
    /// Whether a program writes them. A person sees that the peer has ended; a program does not, so
    /// what it has begun to say is sent to its end.
    program: bool,
    /// How long the next line may take after the peer's close.
    quiet: Duration,
    ending: Ending,
}

impl Words {
    /// Our standard input, for this session alone; nothing where it carries the session itself.
    pub(crate) fn own(output: Output, ending: Ending) -> Self {
        let program = !std::io::stdin().is_terminal();
        let quiet = if program { FIRST_LINE } else { LAST_LINES };
        // Standard input carries the session, so there are no lines to read.
        let lines = if output.aside { mpsc::channel(1).1 } else { standard_input() };
        Self { lines, program, quiet, ending }
    }

    /// Lines that are for all sessions: those that this one does not take go to the next.
    pub(crate) fn shared(lines: Lines) -> Self {
        let program = !std::io::stdin().is_terminal();
        Self { lines, program, quiet: LAST_LINES, ending: Ending::WithPeer }
    }
}

/// Runs a session until both sides have closed.
pub(crate) async fn converse(
    session: SecureSession,
    words: Words,
    output: Output,
    speaker: Speaker,
) -> Result<(), Failure> {
    let result = both_ways(session, words, output, &speaker).await;
    let result = result.map_err(Failure::after_acceptance);
    match &result {
        Ok(authenticated) => output.closed(*authenticated, &speaker.fingerprint)?,
        Err(failure) => output.failed(failure, &speaker.fingerprint)?,
    }
    result.map(|_| ())
}

async fn both_ways(
    session: SecureSession,
    words: Words,
    output: Output,
    speaker: &Speaker,
) -> Result<bool, Failure> {
    let (sender, mut receiver) = session.split();
    let (heard, hearing) =
        watch::channel(Heard { last: Instant::now(), closed: false, file: None });
    let receiving = receive(&mut receiver, output, speaker, heard);
    let sending = send(sender, words, hearing);
    // Joined and not raced: both sides may send after the other has closed.
    let both = async { tokio::try_join!(receiving, sending) };
    tokio::select! {
        result = both => { result?; }
        () = shutdown::overdue() => return Err(shutdown::cut()),
    }
    Ok(receiver.closed_authentically())
}

/// What the receiving half tells the sending half.
#[derive(Clone, Debug)]
struct Heard {
    last: Instant,
    closed: bool,
    /// The peer announced a file, which this session does not take.
    file: Option<Identifier>,
}

async fn receive(
    receiver: &mut SessionReceiver,
    output: Output,
    speaker: &Speaker,
    heard: watch::Sender<Heard>,
) -> Result<(), Failure> {
    while let Some(received) = receiver.recv().await? {
        if let Some(file) = Announced::read(&received.container) {
            heard.send_modify(|heard| heard.file = Some(file.hash));
            // The sending half answers, and ends the session with an error.
            return std::future::pending().await;
        }
        // Its peer would wait for octets that never come.
        if stream::decode(&received.container).is_some() {
            return Err(Failure::new(
                Exit::Invalid,
                "stream.role",
                "the peer sends a stream of octets, and this session takes lines",
            )
            .remedy("`sdmp pipe` and `sdmp listen --pipe` carry octets"));
        }
        output.received(&received, speaker).await?;
        heard.send_modify(|heard| heard.last = Instant::now());
    }
    heard.send_modify(|heard| heard.closed = true);
    tokio::select! {
        // The other half may wait for input that never comes: it is told here that the session was cut.
        Err(error) = receiver.finished() => Err(error.into()),
        // The sender of the watch lives on in the other half's hands only as a value: keep it until
        // both are done, so that a change is never mistaken for an end.
        () = heard.closed() => Ok(()),
    }
}

async fn send(
    mut sender: SessionSender,
    mut words: Words,
    hearing: watch::Receiver<Heard>,
) -> Result<(), Failure> {
    let mut of_files = hearing.clone();
    let file = async {
        let heard = of_files.wait_for(|heard| heard.file.is_some()).await;
        heard.ok().and_then(|heard| heard.file.clone())
    };
    let file = tokio::select! {
        result = speak(&mut sender, &mut words, hearing) => return result,
        Some(file) = file => file,
    };
    let refused = Answer::Refused(Refusal::Role).container(&file);
    let refused = refused.map_err(|error| Failure::from(sdmp_node::Error::from(error)))?;
    let refusing = async {
        sender.send(refused).await?;
        sender.finish().await?;
        sender.finished().await
    };
    // Whether the peer has seen it makes no difference here.
    drop(tokio::time::timeout(REFUSAL_LIMIT, refusing).await);
    Err(Failure::new(
        Exit::Invalid,
        "file.role",
        "the peer sends a file, and this session takes lines",
    )
    .remedy("`sdmp recv --out DIR` takes files"))
}

/// Sends our lines and our close, and waits for the peer's.
async fn speak(
    sender: &mut SessionSender,
    words: &mut Words,
    mut hearing: watch::Receiver<Heard>,
) -> Result<(), Failure> {
    let mut any = false;
    while let Some(line) = next_line(words, &mut hearing).await {
        any = true;
        if words.program {
            // A program that has begun to speak is heard to its end.
            words.quiet = Duration::MAX;
        }
        sender.send(message(line?)?).await?;
    }
    if !any && words.ending == Ending::WithPeer {
        tokio::select! {
            // Fails only when the session does, and then the receiving half says why.
            _ = hearing.wait_for(|heard| heard.closed) => {}
            () = shutdown::signal() => {}
        }
    }
    sender.finish().await?;
    tokio::select! {
        result = sender.finished() => Ok(result?),
        failure = silence(hearing), if words.ending == Ending::WithInput => Err(failure),
    }
}

/// The next line, or `None` when no more come or are wanted.
async fn next_line(
    words: &mut Words,
    hearing: &mut watch::Receiver<Heard>,
) -> Option<Result<String, Failure>> {
    let quiet = words.quiet;
    let closed = async {
        drop(hearing.wait_for(|heard| heard.closed).await);
        sleep(quiet).await;
    };
    tokio::select! {
        // A signal comes before another line: typed input must not outrun Ctrl-C.
        biased;
        () = shutdown::signal() => None,
        line = words.lines.recv() => line,
        () = closed => {
            if quiet == FIRST_LINE {
                // What comes later is lost, which must not happen in silence.
                note("the peer has closed and standard input says nothing: no more is sent");
            }
            None
        }
    }
}

/// Ready when the peer has neither sent nor closed for too long after our close.
async fn silence(hearing: watch::Receiver<Heard>) -> Failure {
    let mut last = Instant::now();
    loop {
        sleep_until(last + PATIENCE).await;
        let heard = hearing.borrow().clone();
        if heard.closed {
            return std::future::pending().await;
        }
        if heard.last <= last {
            return sdmp_transport::Error::CloseTimeout.into();
        }
        last = heard.last;
    }
}

fn message(line: String) -> Result<Container, Failure> {
    Container::parse(Message::new(line).to_text()).map_err(|error| {
        Failure::new(Exit::Usage, error.code(), format!("this line cannot be sent: {error}"))
    })
}
