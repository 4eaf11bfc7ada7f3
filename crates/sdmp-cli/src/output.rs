//! The events of sessions: for people on standard error, or as JSON lines on standard output.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sdmp_container::{CoreSchema, Message, b64url};
use sdmp_node::tunnel;
use sdmp_transport::{Received, SecureSession};

use crate::activity;
use crate::error::Failure;
use crate::io::console::{self, Stream, Text};
use crate::io::{escape, json_object, note, printable, unwritable};
use sdmp_handshake::Profile;

/// Where events go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) profile: Profile,
    /// Several sessions at once: each event says whose it is.
    pub(crate) many: bool,
    /// Standard output carries the session: everything goes to standard error.
    pub(crate) aside: bool,
}

/// An event that is still to be reported.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Note(String),
    Line(String),
}

/// Whose session it is.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) fingerprint: String,
    pub(crate) name: String,
    /// Whether more than one peer may be speaking; then each line begins with the name.
    pub(crate) several: Arc<AtomicBool>,
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

    /// A line of results. It waits for a slow reader; where nothing is read any more it is dropped.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        if self.aside {
            note(text);
            return Ok(());
        }
        let line = Text::Exact(format!("{}\n", escape::text(text)));
        console::put_or_drop(line).map_err(|error| unwritable(&error))
    }

    fn json(self, members: &[(&str, serde_json::Value)]) -> Result<(), Failure> {
        self.line(&json_object(members))
    }

    /// The event that a session was accepted, for [`say`](Self::say).
    pub(crate) fn accepted(self, session: &SecureSession, name: Option<&str>) -> Event {
        let peer = session.peer().fingerprint().to_string();
        if !self.json {
            return Event::Note(format!("accepted: {} ({peer})", name.unwrap_or("peer")));
        }
        let id = session.accepted().session_id.map(|id| b64url::encode(&id));
        Event::Line(json_object(&[
            ("event", "accepted".into()),
            ("peer", peer.into()),
            ("name", name.into()),
            ("profile", self.profile.name().into()),
            ("group", session.accepted().group.name().into()),
            ("session", id.into()),
        ]))
    }

    pub(crate) fn say(self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Note(text) => note(&text),
            Event::Line(line) => self.line(&line)?,
        }
        Ok(())
    }

    /// An event of a session, in JSON only; where there are several sessions, it says whose.
    pub(crate) fn event(
        self,
        event: &[(&str, serde_json::Value)],
        peer: &str,
    ) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        self.json(&self.members(event, peer))
    }

    fn members<'a>(
        self,
        event: &[(&'a str, serde_json::Value)],
        peer: &str,
    ) -> Vec<(&'a str, serde_json::Value)> {
        let mut members = event.to_vec();
        if self.many {
            members.push(("peer", peer.into()));
        }
        members
    }

    /// What a peer sent. Nothing of it is dropped: the session waits until it is printed.
    pub(crate) async fn received(self, received: &Received, from: &Speaker) -> Result<(), Failure> {
        let container = &received.container;
        let schemas: Vec<_> = container.schemas().iter().map(ToString::to_string).collect();
        let event = if container.lists(CoreSchema::Message) {
            // Printed without its JSON: for people a message is a line.
            let message = Message::from_container(container)?;
            if !self.json {
                let mut line = printable(message.as_str());
                // Names only where they are needed: scripts of one peer read bare lines.
                if from.several.load(Ordering::Relaxed) {
                    line = format!("{}: {line}", from.name);
                }
                return self.wait(line).await;
            }
            vec![("event", "message".into()), ("message", message.as_str().into())]
        } else if self.json {
            vec![
                ("event", "container".into()),
                ("schemas", schemas.into()),
                ("text", container.text().into()),
            ]
        } else {
            let schemas = printable(&schemas.join(", "));
            note(&format!("a container of another kind came: {schemas}"));
            return Ok(());
        };
        self.wait(json_object(&self.members(&event, &from.fingerprint))).await
    }

    async fn wait(self, line: String) -> Result<(), Failure> {
        // Printing counts as progress, so that a slow terminal is not taken for a stuck session.
        activity::moved();
        if self.aside {
            note(&line);
            return Ok(());
        }
        console::send(Text::Exact(line + "\n")).await.map_err(|error| unwritable(&error))
    }

    pub(crate) fn closed(self, clean: bool, peer: &str) -> Result<(), Failure> {
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

    /// There was no session.
    pub(crate) fn rejected(self, failure: &Failure) {
        if self.json {
            self.by_strangers(&[("event", "rejected".into()), ("code", failure.code.into())]);
        }
    }

    /// There were more attempts from a source about which a line was printed already.
    pub(crate) fn refused_more(self, source: &str, more: u64) {
        if self.json {
            let source = ("source", source.into());
            self.by_strangers(&[("event", "rejected".into()), source, ("more", more.into())]);
        }
        note(&format!("refused {more} more connections from {source}"));
    }

    /// Strangers cause this, so it never waits: what does not fit is counted.
    fn by_strangers(self, event: &[(&str, serde_json::Value)]) {
        let event = json_object(event);
        if self.aside {
            note(&event);
        } else {
            console::offer(Stream::Out, Text::Exact(event + "\n"));
        }
    }

    /// There was a session, and it did not end as it should.
    pub(crate) fn failed(self, failure: &Failure, peer: &str) -> Result<(), Failure> {
        let event =
            [("event", "closed".into()), ("clean", false.into()), ("code", failure.code.into())];
        self.event(&event, peer)
    }
}
