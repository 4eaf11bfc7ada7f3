//! Counters and gauges of a running node, as Prometheus reads them; and what a person may hand to others
//! who help. Neither says who talks with whom, and nothing of a text or a key is in them.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use sdmp_container::Fingerprint;

use super::Node;
use super::status::Status;
use crate::Error;

/// What is counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sessions: Counter,
    pub(crate) dials_failed: Counter,
    pub(crate) received: Counter,
    pub(crate) refused: Counter,
    pub(crate) sent: Counter,
    pub(crate) signed: Counter,
    pub(crate) judged: Counter,
    pub(crate) admitted: Counter,
    pub(crate) appends: Counter,
    pub(crate) append_micros: Counter,
    pub(crate) append_failures: Counter,
    pub(crate) opened: Counter,
    pub(crate) evicted: Counter,
    pub(crate) waits: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Each with its name and what it counts.
    fn all(&self) -> [(&'static str, &'static str, &Counter); 14] {
        [
            ("sessions", "sessions that began", &self.sessions),
            ("dials_failed", "dials that failed", &self.dials_failed),
            ("objects_received", "exchange objects that came", &self.received),
            ("objects_refused", "objects that were no exchange objects", &self.refused),
            ("objects_sent", "exchange objects that were sent", &self.sent),
            ("objects_signed", "exchange objects that were signed (N33)", &self.signed),
            ("resources_judged", "resources that were judged", &self.judged),
            ("resources_admitted", "resources that were admitted", &self.admitted),
            ("appends", "appends to the journal", &self.appends),
            ("append_microseconds", "time that these took", &self.append_micros),
            ("append_failures", "appends that failed", &self.append_failures),
            ("sealed_tried", "sealed texts that were tried", &self.opened),
            ("texts_evicted", "texts that made room", &self.evicted),
            ("waits", "times that the node waited (N2, N49)", &self.waits),
        ]
    }
}

impl Node {
    /// Counters and gauges in the text format of Prometheus. Nothing is served: a program that offers
    /// `/metrics` asks for this text.
    ///
    /// # Errors
    /// [`Error::NodeStopped`].
    pub async fn metrics(&self) -> Result<String, Error> {
        let status = self.status().await?;
        let mut text = String::new();
        for (name, what, counter) in self.state.counters.all() {
            metric(&mut text, (name, "counter", what), &[(String::new(), counter.get())]);
        }
        for (name, what, values) in gauges(&status) {
            metric(&mut text, (name, "gauge", what), &values);
        }
        Ok(text)
    }

    /// What may be handed to who helps: the program's version, numbers, what is next, and which rules were
    /// broken. No text, no key, no address; of fingerprints the first six characters, which are enough to tell
    /// two apart and too few to find one.
    ///
    /// # Errors
    /// [`Error::NodeStopped`].
    pub async fn support(&self) -> Result<String, Error> {
        let status = self.status().await?;
        let mut text = format!("sdmp-node {}\n", env!("CARGO_PKG_VERSION"));
        line(&mut text, format_args!("node {}, {} lines", short(&self.state.node), status.lines));
        for peer in &status.peers {
            let whose = if peer.own { "own" } else { "other" };
            let (node, read, next) = (short(&peer.node), peer.read, &peer.next);
            line(&mut text, format_args!("peer {node} ({whose}), {read} lines read: {next}"));
        }
        let mut wants: BTreeMap<String, u64> = BTreeMap::new();
        for want in &status.wants {
            *wants.entry(kind_of(&want.next)).or_default() += 1;
        }
        for (next, count) in wants {
            line(&mut text, format_args!("wants {count}: {next}"));
        }
        for (at, peer, code) in &status.reports {
            line(&mut text, format_args!("told at {at}: {} {}", short(peer), code.as_str()));
        }
        text.push_str(&self.metrics().await?);
        Ok(text)
    }
}

type Values = Vec<(String, u64)>;

fn gauges(status: &Status) -> Vec<(&'static str, &'static str, Values)> {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let one = |count: u64| vec![(String::new(), count)];
    let connected = status.peers.iter().filter(|peer| peer.connected).count();
    let mut reports: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, _, code) in &status.reports {
        *reports.entry(code.as_str()).or_default() += 1;
    }
    let reports = reports.into_iter().map(|(code, count)| (format!("{{code=\"{code}\"}}"), count));
    vec![
        ("lines", "lines of the journal", one(status.lines)),
        ("peers", "nodes with which there may be a session", one(number(status.peers.len()))),
        ("peers_connected", "nodes with a session", one(number(connected))),
        ("wants", "resources that are wanted and not here", one(number(status.wants.len()))),
        ("reports", "the latest reports about peers, by code (N52)", reports.collect()),
    ]
}

fn metric(text: &mut String, (name, kind, what): (&str, &str, &str), values: &[(String, u64)]) {
    let name = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
    line(text, format_args!("# HELP sdmp_node_{name} {what}"));
    line(text, format_args!("# TYPE sdmp_node_{name} {kind}"));
    for (labels, value) in values {
        line(text, format_args!("sdmp_node_{name}{labels} {value}"));
    }
}

fn line(text: &mut String, what: impl Display) {
    // Writing to a string cannot fail.
    let _written = writeln!(text, "{what}");
}

fn short(key: &Fingerprint) -> String {
    key.to_string().chars().take(6).collect()
}

/// What is next with a want, without times and names.
fn kind_of(next: &str) -> String {
    let words = next.split_whitespace().filter(|word| word.len() < 24 && !word.contains(':'));
    words.collect::<Vec<_>>().join(" ")
}
