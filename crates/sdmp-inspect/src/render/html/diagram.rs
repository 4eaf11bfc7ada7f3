//! The sequence diagram: one row for each object, each row a link to its panel.

use super::markup::{escape, thousands, two_views};
use crate::message_kind::Kind;
use crate::report::{Session, Step, Who};
use sdmp_handshake::Role;

const WIDTH: usize = 560;
const LEFT: usize = 120;
const RIGHT: usize = 440;
const TOP: usize = 74;
const ROW: usize = 54;

/// What stands in place of a name for those who do not know it.
const NOBODY: &str = "nobody sees who";

/// More rows than this are counted, and not drawn.
const MOST: usize = 120;

pub(super) fn diagram(out: &mut String, session: usize, told: &Session, steps: &[Step]) {
    let drawn = steps.get(..MOST).unwrap_or(steps);
    let height = TOP + ROW * drawn.len() + 34;
    out.push_str(&format!(
        "<nav class=\"diagram\" aria-label=\"the objects of the session, in their order\">\n\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" aria-label=\"sequence diagram\">\n"
    ));
    bands(out, drawn);
    for (side, x, who) in
        [(Role::Initiator, LEFT, &told.initiator), (Role::Responder, RIGHT, &told.responder)]
    {
        participant(out, side, x, height, who.as_ref());
    }
    for (place, step) in (1_usize..).zip(drawn) {
        row(out, session, place, step);
    }
    let rest = told.steps.len() - drawn.len();
    if rest > 0 {
        out.push_str(&format!(
            "<text class=\"dim\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{} more</text>",
            WIDTH / 2,
            height - 10,
            thousands(rest)
        ));
    }
    out.push_str("</svg>\n</nav>\n");
}

fn participant(out: &mut String, side: Role, x: usize, height: usize, who: Option<&Who>) {
    let name = match who {
        Some(Who { name: Some(name), .. }) => short(name),
        Some(who) => short(&who.fingerprint),
        None => NOBODY.to_owned(),
    };
    out.push_str(&format!(
        "<line class=\"life\" x1=\"{x}\" y1=\"52\" x2=\"{x}\" y2=\"{}\"/>\
         <rect class=\"who {}\" x=\"{}\" y=\"6\" width=\"188\" height=\"46\" rx=\"8\"/>\
         <text class=\"role\" x=\"{x}\" y=\"26\" text-anchor=\"middle\">{}</text>\
         <text class=\"dim\" x=\"{x}\" y=\"43\" text-anchor=\"middle\">{}</text>\n",
        height - 24,
        side.name(),
        x - 94,
        side.name(),
        two_views("tspan", &name, NOBODY)
    ));
}

fn short(text: &str) -> String {
    const MOST: usize = 22;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 3).chain("...".chars()).collect()
}

/// What lies under which key.
fn band(kind: Kind) -> &'static str {
    match kind {
        Kind::M1 | Kind::M2 | Kind::RefusalInPlaintext => "in plaintext",
        Kind::M3 | Kind::M4 => "handshake keys",
        Kind::FinR | Kind::FinI | Kind::Traffic | Kind::Close => "traffic keys",
        Kind::Refusal | Kind::Sealed => "sealed",
        Kind::Container | Kind::Unreadable => "",
    }
}

fn bands(out: &mut String, steps: &[Step]) {
    let mut index = 0;
    while let Some(step) = steps.get(index) {
        let name = band(step.kind);
        let rows = steps.iter().skip(index).take_while(|other| band(other.kind) == name).count();
        let y = TOP + index * ROW;
        if !name.is_empty() {
            out.push_str(&format!(
                "<rect class=\"band {}\" x=\"4\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"/>",
                name.replace(' ', "-"),
                y + 2,
                WIDTH - 8,
                rows * ROW - 4
            ));
            out.push_str(&format!(
                "<text class=\"band-name\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\n",
                WIDTH - 12,
                y + 18
            ));
        }
        index += rows.max(1);
    }
}

fn row(out: &mut String, session: usize, place: usize, step: &Step) {
    let top = TOP + (place - 1) * ROW;
    let y = top + 36;
    let outcome = step.outcome();
    let label = format!(
        "{place}. {}, {}, {} octets, checks: {}",
        step.kind.name(),
        step.direction(),
        step.octets,
        outcome.name()
    );
    out.push_str(&format!(
        "<a class=\"row {}\" href=\"#s{session}-{place}\" aria-label=\"{}\">\
         <rect class=\"hit\" x=\"4\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"/>",
        step.from.map_or("nobody", Role::name),
        escape(&label),
        top + 2,
        WIDTH - 8,
        ROW - 4
    ));
    arrow(out, step.from, y);
    out.push_str(&format!(
        "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\"><tspan class=\"name\">{}</tspan> \
         <tspan class=\"dim\">{} octets</tspan></text>",
        WIDTH / 2,
        y - 9,
        two_views("tspan", step.kind.name(), step.kind.seen_outside().name()),
        thousands(step.octets)
    ));
    if let Some(ms) = step.ms {
        out.push_str(&format!(
            "<text class=\"dim time\" x=\"14\" y=\"{}\">{ms:.1} ms</text>",
            y + 4
        ));
    }
    out.push_str(&format!(
        "<text class=\"mark {}\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text></a>\n",
        outcome.name(),
        WIDTH - 14,
        y + 8,
        outcome.mark()
    ));
}

fn arrow(out: &mut String, from: Option<Role>, y: usize) {
    let (start, end) = (LEFT + 2, RIGHT - 2);
    let (high, low) = (y - 5, y + 5);
    let head = |x: usize, back: usize| {
        format!("<polygon class=\"head\" points=\"{x},{y} {back},{high} {back},{low}\"/>")
    };
    out.push_str(&format!(
        "<line class=\"arrow\" x1=\"{start}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\"/>"
    ));
    if from != Some(Role::Responder) {
        out.push_str(&head(end, end - 11));
    }
    if from != Some(Role::Initiator) {
        out.push_str(&head(start, start + 11));
    }
}
