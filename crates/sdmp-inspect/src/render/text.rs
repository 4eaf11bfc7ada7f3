//! A report for a terminal, with colours; [`anstyle`] escapes can be stripped.

use anstyle::{AnsiColor, Style};

use sdmp_handshake::Role;

use super::pretty::pretty;
use crate::escape::printable;
use crate::report::{Field, Outcome, Report, Session, Step};
use crate::shorten::{cut, shortened};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const INITIATOR: Style = AnsiColor::Cyan.on_default().bold();
const RESPONDER: Style = AnsiColor::Magenta.on_default().bold();
const NOBODY: Style = Style::new().bold();
const RULE: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const SEEN: Style = AnsiColor::Yellow.on_default();

/// The colour of a side.
#[must_use]
pub fn style(side: Option<Role>) -> Style {
    match side {
        Some(Role::Initiator) => INITIATOR,
        Some(Role::Responder) => RESPONDER,
        None => NOBODY,
    }
}

macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        {
            $out.push_str(&format!($($argument)*));
            $out.push('\n');
        }
    };
}

/// How much of a report is shown.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Long texts on the wire are cut short.
    pub short: bool,
    /// The fields are listed with their meanings.
    pub fields: bool,
}

/// The whole report.
pub fn report(out: &mut String, report: &Report, detail: Detail) {
    for session in &report.sessions {
        head(out, session);
        for (number, one) in (1_usize..).zip(&session.steps) {
            step(out, number, one, detail);
        }
    }
    line!(out, "");
    for note in &report.notes {
        line!(out, "{SEEN}note:{SEEN:#} {note}");
    }
    let count = |outcome| report.count(outcome);
    line!(
        out,
        "{BOLD}checks:{BOLD:#} {} hold, {} fail, {} could not be made here",
        count(Outcome::Holds),
        count(Outcome::Fails),
        count(Outcome::Open)
    );
}

fn head(out: &mut String, session: &Session) {
    let profile = session.profile.map(|profile| format!(", {} profile", profile.name()));
    line!(out, "{BOLD}{}{}{BOLD:#}", printable(&session.title), profile.unwrap_or_default());
    for (side, who) in
        [(Role::Initiator, &session.initiator), (Role::Responder, &session.responder)]
    {
        let Some(who) = who else { continue };
        let style = style(Some(side));
        let how = if who.verified { "proved" } else { "claimed, not verified" };
        let name = who.name.as_deref().map(|name| format!("{}, ", printable(name)));
        line!(
            out,
            "  {style}{}{style:#}  {}{} ({how})",
            side.name(),
            name.unwrap_or_default(),
            who.fingerprint
        );
    }
    if let Some(id) = &session.session_id {
        line!(out, "  session id (R44)  {id}");
    }
    for note in &session.notes {
        line!(out, "  {SEEN}note:{SEEN:#} {note}");
    }
}

/// One object.
pub fn step(out: &mut String, number: usize, one: &Step, detail: Detail) {
    let style = style(one.from);
    let time = one.ms.map(|ms| format!(", at {ms:.1} ms")).unwrap_or_default();
    line!(out, "");
    line!(
        out,
        "{style}{number}. {}: {}{style:#}, {} octets{time}",
        one.kind.name(),
        one.direction(),
        one.octets
    );
    line!(out, "   {BOLD}\"{}\"{BOLD:#}", one.purpose());
    line!(out, "   on the wire:");
    let wire = if detail.short { shortened(&one.wire) } else { one.wire.clone() };
    line!(out, "{DIM}{}{DIM:#}", printable(&wire));
    if detail.fields {
        fields(out, &one.outer);
    }
    for layer in &one.layers {
        line!(out, "   {}:", layer.title);
        line!(out, "{}", pretty(&layer.text, 5));
        if detail.fields {
            fields(out, &layer.fields);
        }
    }
    line!(out, "   {SEEN}who sees it:{SEEN:#} {}", one.visible);
    line!(out, "   {RULE}checked:{RULE:#}");
    for check in &one.checks.0 {
        let style = if check.outcome == Outcome::Fails { BAD } else { RULE };
        let why = check.detail.as_ref().map(|why| format!(" ({})", printable(why)));
        line!(
            out,
            "     {style}{} {:<14}{style:#} {}{}",
            check.outcome.mark(),
            check.rule,
            printable(&check.sentence),
            why.unwrap_or_default()
        );
    }
}

fn fields(out: &mut String, fields: &[Field]) {
    for field in fields {
        line!(
            out,
            "       {RULE}{:<14}{RULE:#} {}: {}",
            field.rule,
            cut(&field.pointer),
            printable(&field.meaning)
        );
    }
}
