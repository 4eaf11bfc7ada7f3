//! The demo on the terminal, and as JSON lines.

use std::time::Duration;

use anstyle::Style;
use sdmp_container::b64url;
use sdmp_handshake::{Profile, Role};
use sdmp_inspect::Session;
use sdmp_inspect::render::text::{Detail, style};
use sdmp_inspect::render::{json as explained, text};
use serde_json::json;

use super::{Demo, Play};
use crate::error::Failure;
use crate::io::{print_json, print_styled};

const BOLD: Style = Style::new().bold();

macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        {
            $out.push_str(&format!($($argument)*));
            $out.push('\n');
        }
    };
}

fn millis(ms: f64) -> String {
    format!("{ms:.1}")
}

/// The milliseconds that each step took: from the object before it, or from the start.
fn steps(told: &Session) -> Vec<f64> {
    let mut before = 0.0;
    told.steps
        .iter()
        .map(|step| {
            let at = step.ms.unwrap_or(before);
            // Differences: a reader compares the cost of messages, not moments.
            let took = at - before;
            before = at;
            took
        })
        .collect()
}

/// Colours appear on a terminal only, and not where `NO_COLOR` is set.
pub(crate) fn text(play: &Play, told: &Session, args: &Demo) -> Result<(), Failure> {
    let mut out = String::new();
    opening(&mut out, play, args);
    for (number, step) in (1_usize..).zip(&told.steps) {
        text::step(&mut out, number, step, Detail { short: args.short, fields: false });
    }
    summary(&mut out, play, told);
    print_styled(&out)
}

fn opening(out: &mut String, play: &Play, args: &Demo) {
    line!(out, "{BOLD}SDMP 0.12, {} profile, {}{BOLD:#}", args.profile.name(), args.group.name());
    line!(
        out,
        "Two nodes talk over TCP, {}. Each has an RSA key of {} bits,",
        play.address,
        args.bits
    );
    line!(out, "and has been given the other's identity beforehand:");
    for (side, identity) in [(Role::Initiator, &play.initiator), (Role::Responder, &play.responder)]
    {
        let style = style(Some(side));
        line!(out, "  {style}{}{style:#}  {}", side.name(), identity.fingerprint());
    }
    line!(out, "");
    line!(out, "Each message stands as on the wire; below it, what it says inside, as only the");
    line!(out, "two nodes can see it, who else sees what, and what its receiver checked (rule");
    line!(out, "numbers are those of docs/protocol.md).");
}

fn summary(out: &mut String, play: &Play, told: &Session) {
    line!(out, "");
    line!(out, "{BOLD}Summary{BOLD:#}");
    if let Some(id) = &play.session_id {
        line!(out, "  session id, the same on both sides (R44): {}", b64url::encode(id));
    }
    line!(out, "  {:<22} {:>8}   {:>8}", "step", "octets", "ms");
    line!(
        out,
        "  {:<22} {:>8}   {:>8}",
        "two RSA keys",
        "",
        millis(in_millis(play.key_generation))
    );
    for (one, took) in told.steps.iter().zip(steps(told)) {
        let name = format!("{}, {}", one.kind.name(), one.from.map_or("?", Role::name));
        line!(out, "  {name:<22} {:>8}   {:>8}", one.octets, millis(took));
    }
    let time = millis(in_millis(play.elapsed));
    line!(out, "  {:<22} {:>8}   {time:>8}", "all messages", octets(told));
}

fn octets(told: &Session) -> usize {
    told.steps.iter().map(|step| step.octets).sum()
}

fn in_millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// One object a line: `start`, then a `wire` for each message, then a `summary`.
pub(crate) fn json(play: &Play, told: &Session, args: &Demo) -> Result<(), Failure> {
    print_json(&[
        ("event", "start".into()),
        ("profile", args.profile.name().into()),
        ("secure", (args.profile == Profile::Hardened).into()),
        ("group", args.group.name().into()),
        ("bits", args.bits.into()),
        ("address", play.address.to_string().into()),
        ("initiator", play.initiator.fingerprint().to_string().into()),
        ("responder", play.responder.fingerprint().to_string().into()),
    ])?;
    for (step, took) in told.steps.iter().zip(steps(told)) {
        let mut members = vec![("event", "wire".into())];
        members.extend(explained::step(step).into_iter().map(|(name, value)| {
            // Here the time of each step; `sdmp inspect` says the moment.
            (name, if name == "ms" { number(took) } else { value })
        }));
        print_json(&members)?;
    }
    print_json(&[
        ("event", "summary".into()),
        ("messages", told.steps.len().into()),
        ("octets", octets(told).into()),
        ("key_generation_ms", number(in_millis(play.key_generation))),
        ("session_ms", number(in_millis(play.elapsed))),
        ("session", play.session_id.map(|id| b64url::encode(&id)).into()),
    ])
}

/// With one decimal.
fn number(ms: f64) -> serde_json::Value {
    json!((ms * 10.0).round() / 10.0)
}
