//! A session on the terminal: lines become messages, messages become lines, and each event can be
//! one JSON object instead.

use std::io::BufRead;
use std::time::Duration;

use sdmp_container::{Container, CoreSchema, Message, b64url};
use sdmp_handshake::Profile;
use sdmp_node::tunnel;
use sdmp_transport::{Received, SecureSession, SessionReceiver, SessionSender};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::{Exit, Failure};
use crate::io::{json_object, note, print_line, printable};

/// After the peer's close, lines that still come are sent as long as the next one follows so soon.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The longest line that becomes a message: sealed, it stays below the 16 MiB of R42.
const LINE_LIMIT: usize = 8 << 20;

/// Where events go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) profile: Profile,
    /// Several sessions at once: each event says whose it is.
    pub(crate) many: bool,
    /// Standard output carries the session: everything goes to standard error.
    pub(crate) aside: bool,
    /// How long the peer may keep silent after our close.
    pub(crate) patience: Duration,
}

/// When our side ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At the end of our input.
    WithInput,
    /// As `WithInput`, but input that ends without a single line (as `/dev/null` does) means that
    /// this side only receives: it waits for the peer's close.
    WithPeer,
}

impl Output {
    /// The same, but everything goes to standard error: standard output has another use.
    pub(crate) fn aside(self) -> Self {
        Self { aside: true, ..self }
    }

    /// The same, for one of several sessions.
    pub(crate) fn several(self) -> Self {
        Self { many: true, ..self }
    }

    /// A line of results.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        if self.aside {
            note(text);
            return Ok(());
        }
        print_line(text)
    }

    fn json(self, members: &[(&str, serde_json::Value)]) -> Result<(), Failure> {
        self.line(&json_object(members))
    }

    pub(crate) fn accepted(
        self,
        session: &SecureSession,
        name: Option<&str>,
    ) -> Result<(), Failure> {
        let peer = session.peer().fingerprint().to_string();
        let id = session.accepted().session_id.map(|id| b64url::encode(&id));
        if self.json {
            return self.json(&[
                ("event", "accepted".into()),
                ("peer", peer.into()),
                ("name", name.into()),
                ("profile", self.profile.name().into()),
                ("group", session.accepted().group.name().into()),
                ("session", id.into()),
            ]);
        }
        note(&format!("accepted: {} ({peer})", name.unwrap_or("peer")));
        Ok(())
    }

    /// An event of a session, for those who want JSON; where there are several, it says whose.
    pub(crate) fn event(
        self,
        event: &[(&str, serde_json::Value)],
        peer: &str,
    ) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let mut members = event.to_vec();
        if self.many {
            members.push(("peer", peer.into()));
        }
        self.json(&members)
    }

    fn received(self, received: &Received, peer: &str) -> Result<(), Failure> {
        let container = &received.container;
        if container.lists(CoreSchema::Message) {
            let message = Message::from_container(container)?;
            return if self.json {
                self.event(
                    &[("event", "message".into()), ("message", message.as_str().into())],
                    peer,
                )
            } else {
                self.line(&printable(message.as_str()))
            };
        }
        let schemas: Vec<_> = container.schemas().iter().map(ToString::to_string).collect();
        if self.json {
            let event = [
                ("event", "container".into()),
                ("schemas", schemas.into()),
                ("text", container.text().into()),
            ];
            return self.event(&event, peer);
        }
        note(&format!("a container of another kind came: {}", printable(&schemas.join(", "))));
        Ok(())
    }

    fn closed(self, clean: bool, peer: &str) -> Result<(), Failure> {
        if self.json {
            self.event(&[("event", "closed".into()), ("clean", clean.into())], peer)
        } else if clean {
            note("closed by both sides");
            Ok(())
        } else {
            note("the stream ended; nothing shows that the peer ended it (R41)");
            Ok(())
        }
    }

    /// How a session ended that moved no messages.
    pub(crate) fn ended(self, result: &Result<bool, Failure>, peer: &str) -> Result<(), Failure> {
        match result {
            Ok(authenticated) if self.json => self.closed(*authenticated, peer),
            Ok(_) => Ok(()),
            Err(failure) => self.failed(failure, peer),
        }
    }

    /// How a stream ended.
    pub(crate) fn told(
        self,
        peer: &str,
        result: Result<tunnel::Ended, sdmp_node::Error>,
    ) -> Result<tunnel::Ended, Failure> {
        let result = result.map_err(|error| Failure::from(error).after_acceptance());
        self.ended(&result.as_ref().map(|_| true).map_err(Clone::clone), peer)?;
        result
    }

    /// The session never was.
    pub(crate) fn rejected(self, failure: &Failure) -> Result<(), Failure> {
        if self.json {
            self.json(&[("event", "rejected".into()), ("code", failure.code.into())])?;
        }
        Ok(())
    }

    /// The session was, and did not end as it should.
    fn failed(self, failure: &Failure, peer: &str) -> Result<(), Failure> {
        if self.json {
            let event = [
                ("event", "closed".into()),
                ("clean", false.into()),
                ("code", failure.code.into()),
            ];
            self.event(&event, peer)?;
        }
        Ok(())
    }
}

/// The lines to send: none where standard input carries the session itself.
pub(crate) fn input(output: Output) -> mpsc::Receiver<Result<String, Failure>> {
    if output.aside { mpsc::channel(1).1 } else { standard_input() }
}

/// Reads standard input in a thread of its own: a read that waits must not keep anything else
/// from going on.
pub(crate) fn standard_input() -> mpsc::Receiver<Result<String, Failure>> {
    let (lines, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut number = 0_u64;
        loop {
            number += 1;
            let Some(line) = read_line(&mut input, number).transpose() else { return };
            let last = line.is_err();
            if lines.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// The next line without its end; `None` at the end of the input.
fn read_line(input: &mut impl BufRead, number: u64) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    loop {
        let available =
            input.fill_buf().map_err(|error| Failure::io("cannot read standard input", &error))?;
        if available.is_empty() {
            break;
        }
        let end = available.iter().position(|octet| *octet == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if line.len() > LINE_LIMIT {
            return Err(Failure::usage(format!("line {number} is longer than 8 MiB")));
        }
        if end.is_some() {
            return text(line, number).map(Some);
        }
    }
    if line.is_empty() { Ok(None) } else { text(line, number).map(Some) }
}

fn text(mut line: Vec<u8>, number: u64) -> Result<String, Failure> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line)
        .map_err(|_| Failure::usage(format!("line {number} of standard input is not UTF-8")))
}

/// Runs a session until both sides have closed.
pub(crate) async fn converse(
    session: SecureSession,
    lines: &mut mpsc::Receiver<Result<String, Failure>>,
    output: Output,
    ending: Ending,
) -> Result<(), Failure> {
    let peer = session.peer().fingerprint().to_string();
    let result = both_ways(session, lines, output, ending).await.map_err(Failure::after_acceptance);
    match &result {
        Ok(authenticated) => output.closed(*authenticated, &peer)?,
        Err(failure) => output.failed(failure, &peer)?,
    }
    result.map(|_| ())
}

async fn both_ways(
    session: SecureSession,
    lines: &mut mpsc::Receiver<Result<String, Failure>>,
    output: Output,
    ending: Ending,
) -> Result<bool, Failure> {
    let (sender, mut receiver) = session.split();
    let (heard, hearing) = watch::channel(Heard { last: Instant::now(), closed: false });
    let receiving = receive(&mut receiver, output, heard);
    let sending = send(sender, lines, hearing, ending, output.patience);
    tokio::try_join!(receiving, sending)?;
    Ok(receiver.closed_authentically())
}

/// What the receiving half tells the sending half.
#[derive(Clone, Copy, Debug)]
struct Heard {
    last: Instant,
    closed: bool,
}

async fn receive(
    receiver: &mut SessionReceiver,
    output: Output,
    heard: watch::Sender<Heard>,
) -> Result<(), Failure> {
    let peer = receiver.peer().fingerprint().to_string();
    while let Some(received) = receiver.recv().await? {
        output.received(&received, &peer)?;
        heard.send_modify(|heard| heard.last = Instant::now());
    }
    heard.send_modify(|heard| heard.closed = true);
    // The sender of the watch lives on in the other half's hands only as a value: keep it until
    // both are done, so that a change is never mistaken for an end.
    heard.closed().await;
    Ok(())
}

async fn send(
    mut sender: SessionSender,
    lines: &mut mpsc::Receiver<Result<String, Failure>>,
    mut hearing: watch::Receiver<Heard>,
    ending: Ending,
    patience: Duration,
) -> Result<(), Failure> {
    let mut any = false;
    while let Some(line) = next_line(lines, &mut hearing).await {
        any = true;
        sender.send(message(line?)?).await?;
    }
    if !any && ending == Ending::WithPeer {
        // Fails only when the session does, and then the receiving half says why.
        drop(hearing.wait_for(|heard| heard.closed).await);
    }
    sender.finish().await?;
    tokio::select! {
        result = sender.finished() => Ok(result?),
        failure = silence(hearing, patience) => Err(failure),
    }
}

/// The next line, or `None` when no more come or are wanted.
async fn next_line(
    lines: &mut mpsc::Receiver<Result<String, Failure>>,
    hearing: &mut watch::Receiver<Heard>,
) -> Option<Result<String, Failure>> {
    let closed = async {
        drop(hearing.wait_for(|heard| heard.closed).await);
        sleep(LAST_LINES).await;
    };
    tokio::select! {
        biased;
        line = lines.recv() => line,
        () = closed => None,
    }
}

/// Ready when the peer has neither sent nor closed for too long after our close.
async fn silence(hearing: watch::Receiver<Heard>, patience: Duration) -> Failure {
    let mut last = Instant::now();
    loop {
        sleep_until(last + patience).await;
        let heard = *hearing.borrow();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<Result<String, Exit>> {
        let mut input = std::io::BufReader::with_capacity(3, input);
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input, 1).map_err(|failure| failure.exit).transpose()
        {
            let failed = line.is_err();
            lines.push(line);
            if failed {
                break;
            }
        }
        lines
    }

    #[test]
    fn lines_end_with_lf_crlf_or_the_input() {
        assert_eq!(
            all(b"one\ntwo\r\n\nlast"),
            ["one", "two", "", "last"].map(|s| Ok(s.to_owned()))
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn lines_that_are_no_text_are_refused() {
        assert_eq!(all(b"ok\n\xff\n"), [Ok("ok".to_owned()), Err(Exit::Usage)]);
    }
}
