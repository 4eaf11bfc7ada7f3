//! The state diagram of docs/handshake.md is what the machines do: this test walks them, draws
//! what it saw, and compares. `SDMP_BLESS=1` writes the drawing into the document.

use std::fmt::Write as _;
use std::path::PathBuf;

use sdmp_handshake::{Failed, Initiator, Machine, Profile, Responder, Step};
use sdmp_testkit::pair::*;

/// The lines of one role's diagram.
#[derive(Default)]
struct Drawing {
    lines: Vec<String>,
}

impl Drawing {
    fn edge(&mut self, from: &str, to: &str, label: &str) {
        let line = format!("    {from} --> {to}: {label}");
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    fn mermaid(&self) -> String {
        let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
        for line in &self.lines {
            writeln!(text, "{line}").unwrap();
        }
        text + "```\n"
    }
}

fn sends(objects: &[String], names: &[&str]) -> String {
    assert_eq!(objects.len(), names.len());
    if names.is_empty() { "-".to_owned() } else { names.join(" + ") }
}

/// What garbage leads to in a state.
fn refusal(failed: &Failed) -> String {
    let what = match failed.send.first() {
        None => "-".to_owned(),
        Some(object) if object.contains("bad_request") => "bad_request in plaintext".to_owned(),
        Some(_) => format!("{} x not_found, sealed", failed.send.len()),
    };
    format!("bad object / {what}")
}

/// Whether a role asks its application; the drawing has both ways.
const WAYS: [bool; 2] = [true, false];

fn settings(
    own: &sdmp_envelope::LocalIdentity,
    peer: &sdmp_envelope::LocalIdentity,
    ask: bool,
) -> sdmp_handshake::Config {
    if ask {
        config(own, &[], Profile::Hardened).ask_about_unknown()
    } else {
        config(own, &[peer], Profile::Hardened)
    }
}

/// Walks a step through the application's stops, if any; returns the machine or `None` when done.
fn settle<M: Machine>(
    drawing: &mut Drawing,
    from: &str,
    got: &str,
    step: Step<M>,
    sent: &[&str],
    peer: &sdmp_envelope::Identity,
) -> (Option<M>, Vec<String>) {
    let random = &mut Seeded::new(40);
    match step {
        Step::Continue { machine, send } => {
            drawing.edge(from, machine.state(), &format!("{got} / {}", sends(&send, sent)));
            (Some(machine), send)
        }
        Step::Complete { send, .. } => {
            drawing.edge(from, "Session", &format!("{got} / {}", sends(&send, sent)));
            (None, send)
        }
        Step::NeedIdentity(question) => {
            drawing.edge(from, "NeedIdentity", &format!("{got}, signer not in the trusted set"));
            let next = question.provide(Some(peer.clone()), wall(), random).unwrap();
            settle(drawing, "NeedIdentity", "identity, signature holds", next, sent, peer)
        }
        Step::Authorize(question) => {
            drawing.edge(from, "Authorize", got);
            let next = question.trust(wall(), random).unwrap();
            settle(drawing, "Authorize", "trusted", next, sent, peer)
        }
    }
}

/// One handshake with both roles drawn.
fn walk(initiator: &mut Drawing, responder: &mut Drawing, ask: bool) {
    let (ours, theirs) = (alice(), bob());
    let (a, b) = (ours.identity().clone(), theirs.identity().clone());
    let random = &mut Seeded::new(30);
    let (i, m1) = Initiator::start(settings(&ours, &theirs, ask), wall(), random).unwrap();
    initiator.edge("[*]", i.state(), "start / M1");
    let r = Responder::new(settings(&theirs, &ours, ask));
    responder.edge("[*]", r.state(), "connection");

    let from = r.state();
    let step = r.handle(m1.as_bytes(), wall(), random).unwrap();
    let (r, m2) = settle(responder, from, "M1", step, &["M2"], &a);
    let from = i.state();
    let step = i.handle(m2.first().unwrap().as_bytes(), wall(), random).unwrap();
    let (i, m3) = settle(initiator, from, "M2", step, &["M3"], &b);
    let r = r.unwrap();
    let from = r.state();
    let step = r.handle(m3.first().unwrap().as_bytes(), wall(), random).unwrap();
    let (r, flight) = settle(responder, from, "M3", step, &["M4", "FIN_R"], &a);
    let i = i.unwrap();
    let from = i.state();
    let step = i.handle(flight.first().unwrap().as_bytes(), wall(), random).unwrap();
    let (i, _) = settle(initiator, from, "M4", step, &[], &b);
    let i = i.unwrap();
    let from = i.state();
    let step = i.handle(flight.last().unwrap().as_bytes(), wall(), random).unwrap();
    let (_, fin) = settle(initiator, from, "FIN_R", step, &["FIN_I"], &b);
    let r = r.unwrap();
    let from = r.state();
    let step = r.handle(fin.first().unwrap().as_bytes(), wall(), random).unwrap();
    settle(responder, from, "FIN_I", step, &[], &a);
}

/// What a bad object leads to in each state: a handshake is run up to it, then garbage comes.
fn spoil(initiator: &mut Drawing, responder: &mut Drawing) {
    for objects in 0..3 {
        let (ours, theirs) = (alice(), bob());
        let random = &mut Seeded::new(30);
        let (mut i, m1) =
            Initiator::start(settings(&ours, &theirs, false), wall(), random).unwrap();
        let mut r = Responder::new(settings(&theirs, &ours, false));
        let mut to_r = vec![m1];
        let mut to_i: Vec<String> = Vec::new();
        for _ in 0..objects {
            for object in std::mem::take(&mut to_r) {
                match r.handle(object.as_bytes(), wall(), random).unwrap() {
                    Step::Continue { machine, send } => {
                        r = machine;
                        to_i.extend(send);
                    }
                    other => panic!("{other:?}"),
                }
            }
            let object = to_i.remove(0);
            match i.handle(object.as_bytes(), wall(), random).unwrap() {
                Step::Continue { machine, send } => {
                    i = machine;
                    to_r.extend(send);
                }
                other => panic!("{other:?}"),
            }
        }
        let from = i.state();
        let failed = i.handle(b"{}", wall(), random).unwrap_err();
        initiator.edge(from, "Failed", &refusal(&failed));
        let from = r.state();
        let failed = r.handle(b"{}", wall(), random).unwrap_err();
        responder.edge(from, "Failed", &refusal(&failed));
    }
    for drawing in [initiator, responder] {
        drawing.edge(
            "NeedIdentity",
            "Failed",
            "none, not usable, or bad signature / as a bad object",
        );
        drawing.edge("Authorize", "Failed", "refused / as a bad object");
        drawing.edge("Session", "[*]", "close, failure, or end of the stream");
        drawing.edge("Failed", "[*]", "half-close, linger 1 s, close");
    }
}

#[test]
fn the_documents_diagram_is_what_the_machines_do() {
    let (mut initiator, mut responder) = (Drawing::default(), Drawing::default());
    for ask in WAYS {
        walk(&mut initiator, &mut responder, ask);
    }
    spoil(&mut initiator, &mut responder);
    let drawn = format!(
        "### Initiator\n\n{}\n### Responder\n\n{}",
        initiator.mermaid(),
        responder.mermaid()
    );
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/handshake.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once("<!-- diagram: begin -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- diagram: end -->").unwrap();
    #[allow(clippy::disallowed_methods, reason = "a test that is asked to write")]
    let bless = std::env::var_os("SDMP_BLESS").is_some();
    if bless {
        let text = format!("{before}<!-- diagram: begin -->\n{drawn}<!-- diagram: end -->{after}");
        std::fs::write(&path, text).unwrap();
        return;
    }
    assert_eq!(shown, drawn, "run this test with SDMP_BLESS=1 and read what changed");
}

#[test]
fn messages_have_the_names_of_the_documents() {
    use sdmp_handshake::MessageKind::{
        Close, FinInitiator, FinResponder, M1, M2, M3, M4, Rejection, Traffic,
    };
    let all = [M1, M2, M3, M4, FinResponder, FinInitiator, Traffic, Close, Rejection];
    let names = all.map(sdmp_handshake::MessageKind::name);
    let expected = ["M1", "M2", "M3", "M4", "FIN_R", "FIN_I", "traffic", "close", "rejection"];
    assert_eq!(names, expected);
}
