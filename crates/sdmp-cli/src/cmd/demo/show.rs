//! The demo on the terminal, and as JSON lines.

use std::io::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use sdmp_container::b64url;
use serde_json::json;

use super::Play;
use crate::cli::{Demo, Profile};
use crate::error::Failure;
use crate::explain::Explained;
use crate::explain::pretty::{pretty, shortened};
use crate::explain::tap::Side;
use crate::io::print_json;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const INITIATOR: Style = AnsiColor::Cyan.on_default().bold();
const RESPONDER: Style = AnsiColor::Magenta.on_default().bold();
const RULE: Style = AnsiColor::Green.on_default();
const SEEN: Style = AnsiColor::Yellow.on_default();

fn style(side: Side) -> Style {
    match side {
        Side::Initiator => INITIATOR,
        Side::Responder => RESPONDER,
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1000.0)
}

/// The time that each step took: from the object before it, or from the start.
fn steps(play: &Play) -> Vec<Duration> {
    let mut before = play.started;
    play.objects
        .iter()
        .map(|object| {
            let step = object.at.duration_since(before);
            before = object.at;
            step
        })
        .collect()
}

/// Colours appear on a terminal only, and not where `NO_COLOR` is set.
pub(crate) fn text(play: &Play, all: &[Explained<'_>], args: &Demo) -> Result<(), Failure> {
    let mut out = String::new();
    opening(&mut out, play, args);
    for (number, one) in all.iter().enumerate() {
        object(&mut out, number + 1, one, args);
    }
    summary(&mut out, play, all);
    let mut stdout = anstream::stdout().lock();
    stdout
        .write_all(out.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io("cannot write to standard output", &error))
}

macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        {
            $out.push_str(&format!($($argument)*));
            $out.push('\n');
        }
    };
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
    for (side, identity) in [(Side::Initiator, &play.initiator), (Side::Responder, &play.responder)]
    {
        let style = style(side);
        line!(out, "  {style}{}{style:#}  {}", side.name(), identity.fingerprint());
    }
    line!(out, "");
    line!(out, "Each message stands as on the wire; below it, what it says inside, as only the");
    line!(out, "two nodes can see it, who else sees what, and what its receiver checked (rule");
    line!(out, "numbers are those of docs/protocol.md).");
}

fn object(out: &mut String, number: usize, one: &Explained<'_>, args: &Demo) {
    let (from, to) = (one.object.from, one.object.from.other());
    let (name, style) = (one.kind.name(), style(from));
    line!(out, "");
    line!(
        out,
        "{style}{number}. {name}: {} -> {}{style:#}, {} octets",
        from.name(),
        to.name(),
        one.object.text.len()
    );
    line!(out, "   {BOLD}\"{}\"{BOLD:#}", one.kind.purpose());
    line!(out, "   on the wire:");
    let wire = if args.short { shortened(&one.object.text) } else { one.object.text.clone() };
    line!(out, "{DIM}{wire}{DIM:#}");
    for layer in &one.layers {
        line!(out, "   {}:", layer.title);
        line!(out, "{}", pretty(&layer.text, 5));
    }
    line!(out, "   {SEEN}who sees it:{SEEN:#} {}", one.kind.visible(args.profile));
    line!(out, "   {RULE}checked:{RULE:#}");
    for (rule, sentence) in one.kind.checks(args.profile) {
        line!(out, "     {RULE}{rule:<9}{RULE:#} {sentence}");
    }
}

fn summary(out: &mut String, play: &Play, all: &[Explained<'_>]) {
    line!(out, "");
    line!(out, "{BOLD}Summary{BOLD:#}");
    if let Some(id) = &play.session_id {
        line!(out, "  session id, the same on both sides (R44): {}", b64url::encode(id));
    }
    line!(out, "  {:<22} {:>8}   {:>8}", "step", "octets", "ms");
    line!(out, "  {:<22} {:>8}   {:>8}", "two RSA keys", "", millis(play.key_generation));
    for (one, step) in all.iter().zip(steps(play)) {
        let name = format!("{}, {}", one.kind.name(), one.object.from.name());
        line!(out, "  {name:<22} {:>8}   {:>8}", one.object.text.len(), millis(step));
    }
    let (octets, time) = totals(play, all);
    line!(out, "  {:<22} {octets:>8}   {:>8}", "all messages", millis(time));
}

fn totals(play: &Play, all: &[Explained<'_>]) -> (usize, Duration) {
    let octets = all.iter().map(|one| one.object.text.len()).sum();
    (octets, play.ended.duration_since(play.started))
}

/// One object a line: `start`, then a `wire` for each message, then a `summary`.
pub(crate) fn json(play: &Play, all: &[Explained<'_>], args: &Demo) -> Result<(), Failure> {
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
    for (one, step) in all.iter().zip(steps(play)) {
        object_json(one, step, args)?;
    }
    let (octets, time) = totals(play, all);
    print_json(&[
        ("event", "summary".into()),
        ("messages", all.len().into()),
        ("octets", octets.into()),
        ("key_generation_ms", number(play.key_generation)),
        ("session_ms", number(time)),
        ("session", play.session_id.map(|id| b64url::encode(&id)).into()),
    ])
}

fn object_json(one: &Explained<'_>, step: Duration, args: &Demo) -> Result<(), Failure> {
    let checks: Vec<_> = one
        .kind
        .checks(args.profile)
        .into_iter()
        .map(|(rule, check)| json!({"rule": rule, "check": check}))
        .collect();
    let inside: Vec<_> =
        one.layers.iter().map(|layer| json!({"layer": layer.title, "text": layer.text})).collect();
    print_json(&[
        ("event", "wire".into()),
        ("name", one.kind.name().into()),
        ("purpose", one.kind.purpose().into()),
        ("from", one.object.from.name().into()),
        ("to", one.object.from.other().name().into()),
        ("octets", one.object.text.len().into()),
        ("ms", number(step)),
        ("wire", one.object.text.as_str().into()),
        ("inside", inside.into()),
        ("visible", one.kind.visible(args.profile).into()),
        ("checks", checks.into()),
    ])
}

/// Milliseconds with one decimal.
fn number(duration: Duration) -> serde_json::Value {
    json!((duration.as_secs_f64() * 10_000.0).round() / 10.0)
}
