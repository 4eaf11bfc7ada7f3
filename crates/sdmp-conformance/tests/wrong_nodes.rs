//! Nodes that are wrong on purpose: each case of the exchange is failed by one of them.
//!
//! One believes everything: it admits and gives whatever it can name, and never ends a session. The other
//! is the same to those who introduced themselves, and ends every other session at the first object.

use sdmp_conformance::node::wire::{Came, Session};
use sdmp_conformance::node::{self, Options};
use sdmp_container::{Fingerprint, Identifier, IdentityType, ResourceName, b64url};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::exchange::{self, Answered, Body, Given, RequestId, Response, Sender};
use sdmp_journal::introduction::{Introduction, Trustee, grants};
use sdmp_journal::{Author, Body as What, Head, Line, LineId, Resource};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(800);

struct Wrong {
    sender: Sender,
    believes: bool,
    introduced: BTreeSet<Fingerprint>,
    state: Mutex<State>,
}

struct State {
    head: Head,
    lines: Vec<Line>,
    texts: BTreeMap<String, String>,
    identities: BTreeMap<Fingerprint, Identity>,
}

fn local(text: &str, kind: IdentityType) -> LocalIdentity {
    let key = Arc::new(PrivateKey::from_pem(text, None).unwrap());
    let end = "2099-01-01T00:00:00.000Z".parse().unwrap();
    LocalIdentity::new(Identity::create(key.public(), kind, end).unwrap(), key).unwrap()
}

impl State {
    /// Takes anything: what it names, and what it says.
    fn admit(&mut self, outer: &Value) {
        let id = outer.pointer("/signature/identifier").and_then(Value::as_str);
        let Some(id) = id.and_then(|id| id.parse::<Identifier>().ok()) else { return };
        let Some(payload) = payload(outer) else { return };
        let user = payload.pointer("/resource/user").and_then(Value::as_str);
        let Some(user) = user.and_then(|user| user.parse::<Fingerprint>().ok()) else { return };
        let text = outer.to_string();
        if let Ok(resource) = Resource::parse(text.as_str())
            && let What::Identity(identity) = resource.body()
        {
            let key = identity.fingerprint().clone();
            self.texts.insert(key.to_string(), text.clone());
            let known =
                Identity::create(identity.public_key(), identity.kind(), identity.expires());
            self.identities.insert(key, known.unwrap());
        }
        if self.texts.insert(id.to_string(), text).is_none() {
            self.lines.push(self.head.append(user, id));
        }
    }
}

fn payload(outer: &Value) -> Option<Value> {
    let payload = outer.pointer("/signature/payload")?.as_str()?;
    serde_json::from_slice(&b64url::decode(payload).ok()?).ok()
}

impl Wrong {
    fn new(believes: bool) -> Self {
        let user = local(include_str!("../vectors/keys/mallory.pem"), IdentityType::User);
        let node = local(include_str!("../vectors/keys/bob.pem"), IdentityType::Node);
        let now = node::wire::now().unwrap();
        let by_user = Author::of_own_name(&user);
        let name = node.identity().fingerprint();
        let trust = by_user.trust(name, grants(Trustee::FirstDevice), None, now).unwrap();
        let mut state = State {
            head: Head::new(name),
            lines: Vec::new(),
            texts: BTreeMap::new(),
            identities: BTreeMap::new(),
        };
        let own = [by_user.identity(now).unwrap(), trust.clone()];
        let introduced: Vec<Resource> = node::introductions()
            .unwrap()
            .iter()
            .flat_map(|text| Introduction::parse(text.as_bytes()).unwrap().resources().to_vec())
            .collect();
        for resource in own.iter().chain(&introduced) {
            state.admit(&serde_json::from_str(resource.text()).unwrap());
        }
        let introduced = state.identities.keys().cloned().collect();
        let user = user.identity().fingerprint().clone();
        let sender = Sender { node, user, trust: trust.id().clone() };
        Self { sender, believes, introduced, state: Mutex::new(state) }
    }

    fn listen(self: Arc<Self>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let wrong = Arc::clone(&self);
                std::thread::spawn(move || wrong.serve(stream.unwrap()));
            }
        });
        address
    }

    fn serve(&self, stream: TcpStream) {
        let claimed = Mutex::new(None);
        let known = |key: &Fingerprint| {
            *claimed.lock().unwrap() = Some(key.clone());
            self.state.lock().unwrap().identities.get(key).cloned()
        };
        let own = self.sender.node.clone();
        let limit = Duration::from_secs(5);
        let Ok(mut session) = Session::accept(stream, own, &known, limit) else { return };
        let peer = claimed.lock().unwrap().clone().unwrap();
        let patient = self.believes || self.introduced.contains(&peer);
        self.say(&mut session, ask(LineId::first(&peer)));
        while let Ok(came) = session.receive(Duration::from_secs(60)) {
            match came {
                Came::Object(_) if !patient => return,
                Came::Object(object) => {
                    let outer: Value = serde_json::from_slice(object.as_bytes()).unwrap();
                    let inside = payload(&outer).unwrap_or_else(|| outer.clone());
                    self.hear(&mut session, &inside);
                }
                Came::End | Came::Nothing => return,
            }
        }
    }

    fn say(&self, session: &mut Session, body: Body) {
        let object = exchange::seal(&self.sender, &body, node::wire::now().unwrap()).unwrap();
        drop(session.send(&object));
    }

    /// Believes what it is told, and answers what it understands.
    fn hear(&self, session: &mut Session, inside: &Value) {
        if let Some(request) = inside.get("request") {
            if let Some(body) = self.answer(request) {
                self.say(session, body);
            }
        } else if let Some(response) = inside.get("response") {
            self.take(session, response);
            for more in response["more"].as_array().into_iter().flatten() {
                self.take(session, more);
            }
        } else {
            self.want(session, inside);
        }
    }

    fn take(&self, session: &mut Session, given: &Value) {
        if given["data"].get("journal").is_some() {
            return self.want(session, &given["data"]);
        }
        for text in ["data", "revoked"] {
            self.state.lock().unwrap().admit(&given[text]);
        }
    }

    fn want(&self, session: &mut Session, journal: &Value) {
        let entries = journal["journal"]["entries"].as_array().cloned().unwrap_or_default();
        let lines = entries.iter().filter_map(|line| line.as_str()?.parse::<Line>().ok());
        let names = lines.map(|line| ResourceName { author: line.author, resource: line.id });
        let names: Vec<ResourceName> = names.take(1_024).collect();
        for names in names.chunks(64) {
            let identifier = RequestId::fresh(&mut SystemRandom::new()).unwrap();
            self.say(session, Body::RequestResource { identifier, names: names.to_vec() });
        }
    }

    fn answer(&self, request: &Value) -> Option<Body> {
        let identifier: RequestId = request["identifier"].as_str()?.parse().ok()?;
        let state = self.state.lock().unwrap();
        let answered = match request["type"].as_str()? {
            "journal" => {
                let since: LineId = request["since"].as_str()?.parse().ok()?;
                let place = state.lines.iter().position(|line| line.lid == since);
                let entries = state.lines.iter().skip(place.map_or(0, |place| place + 1));
                Answered::Lines(exchange::Lines { since, entries: entries.cloned().collect() })
            }
            "resource" => {
                let more = request["more"].as_array().into_iter().flatten();
                let given = |name: &Value| {
                    let text = state.texts.get(name["resource"].as_str()?)?;
                    Some(Given { data: text.as_str().into(), revoked: None })
                };
                Answered::Resources([request].into_iter().chain(more).map(given).collect())
            }
            _ => return None,
        };
        Some(Body::Response(Response { identifier, answered }))
    }
}

fn ask(since: LineId) -> Body {
    let identifier = RequestId::fresh(&mut SystemRandom::new()).unwrap();
    Body::RequestJournal { identifier, since, limit: 4_096 }
}

/// The names of the cases that a node fails.
fn failed(believes: bool) -> BTreeSet<String> {
    let wrong = Arc::new(Wrong::new(believes));
    let identity = wrong.sender.node.identity().clone();
    let mut options = Options::new(wrong.listen(), identity);
    options.patience = PATIENCE;
    let reports = node::run(&options, &|_| ()).unwrap();
    let failed = reports.iter().filter(|report| !report.passed());
    failed.map(|report| report.located.name()).collect()
}

#[test]
fn each_case_finds_a_node_that_is_wrong() {
    let believes = std::thread::spawn(|| failed(true));
    let refuses = failed(false);
    let believes = believes.join().unwrap();
    let all = node::cases::all();
    assert!(all.len() >= 60, "{} cases", all.len());
    let names: BTreeSet<String> = all.iter().map(|case| node::located(case).name()).collect();
    assert_eq!(names.len(), all.len(), "two cases have one name");
    let found: BTreeSet<String> = believes.union(&refuses).cloned().collect();
    let missed: Vec<&String> = names.difference(&found).collect();
    assert!(missed.is_empty(), "no wrong node fails these: {missed:#?}");
    // Neither fails by what it does right: the two are told apart.
    assert!(believes.len() < all.len() && refuses.len() < all.len());
}
