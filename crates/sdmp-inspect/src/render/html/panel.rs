//! The panel of one object: its octets, what is inside, who sees it, what was checked.

use super::markup::{escape, thousands, two_views};
use crate::message_kind::Kind;
use crate::render::pretty::pretty;
use crate::report::{Check, Field, Layer, Step};
use sdmp_handshake::Role;

/// So much of a text is shown; `--json` has all of it.
const MOST: usize = 20_000;

pub(super) fn panel(out: &mut String, session: usize, place: usize, step: &Step) {
    let side = step.from.map_or("nobody", Role::name);
    let time = step.ms.map(|ms| format!(" · at {ms:.1} ms")).unwrap_or_default();
    out.push_str(&format!(
        "<article class=\"panel {side}\" id=\"s{session}-{place}\" tabindex=\"-1\">\n\
         <h3><span class=\"number\">{place}</span> {} <small>{} · {} octets{time}</small></h3>\n\
         <p class=\"purpose\">“{}”</p>\n",
        two_views("span", step.kind.name(), step.kind.seen_outside().name()),
        escape(&step.direction()).replace("-&gt;", "→"),
        thousands(step.octets),
        two_views("span", step.kind.purpose(), step.kind.seen_outside().purpose())
    ));
    out.push_str(&format!(
        "<p class=\"seen\"><b>Who can see it</b> {}</p>\n",
        escape(step.visible)
    ));
    let stored = step.kind == Kind::Container;
    let title = if stored { "The octets" } else { "As on the wire" };
    out.push_str(&format!("<h4>{title}</h4>\n"));
    out.push_str(&format!("<pre class=\"wire\">{}</pre>\n", escape(&limited(&step.wire))));
    fields(out, &step.outer);
    let sealed = !step.outer.is_empty();
    if sealed {
        out.push_str(
            "<p class=\"outside-only\">Sealed. An eavesdropper sees these octets, their length, \
             when they passed and in which direction, and nothing else.</p>\n",
        );
    }
    for one in &step.layers {
        layer(out, one, sealed);
    }
    checks(out, &step.checks.0, sealed);
    out.push_str("</article>\n");
}

fn layer(out: &mut String, layer: &Layer, sealed: bool) {
    let class = if sealed { "inside sealed" } else { "inside" };
    out.push_str(&format!(
        "<section class=\"{class}\">\n<h4>{}</h4>\n<pre class=\"json\">{}</pre>\n",
        escape(&capitalised(&layer.title)),
        coloured(&limited(&pretty(&layer.text, 0)))
    ));
    fields(out, &layer.fields);
    out.push_str("</section>\n");
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Indented JSON with its member names marked.
fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let body = line.trim_start_matches(' ');
        match body.split_once("\": ") {
            Some((name, value)) if name.starts_with('"') => {
                out.push_str(&" ".repeat(line.len() - body.len()));
                out.push_str(&format!("<span class=\"member\">{}&quot;</span>: ", escape(name)));
                out.push_str(&escape(value));
            }
            _ => out.push_str(&escape(line)),
        }
        out.push('\n');
    }
    out
}

fn limited(text: &str) -> String {
    let length = text.chars().count();
    if length <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head}\n... and {} more characters", thousands(length - MOST))
}

fn fields(out: &mut String, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    out.push_str(
        "<details><summary>Field by field</summary>\n<table><thead><tr><th>rule</th>\
         <th>member</th><th>value</th><th>meaning</th></tr></thead><tbody>",
    );
    for field in fields {
        out.push_str(&format!(
            "<tr><td class=\"rule\">{}</td><td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
            field.rule,
            escape(&limited(&field.pointer)),
            escape(&field.value),
            escape(&field.meaning)
        ));
    }
    out.push_str("</tbody></table></details>\n");
}

fn checks(out: &mut String, checks: &[Check], sealed: bool) {
    let class = if sealed { " class=\"sealed\"" } else { "" };
    out.push_str(&format!("<section{class}>\n<h4>Checked</h4>\n<ul class=\"checks\">\n"));
    for check in checks {
        let detail = check.detail.as_ref().map(|detail| format!(" <em>{}</em>", escape(detail)));
        out.push_str(&format!(
            "<li class=\"{}\"><span class=\"mark\" title=\"{}\">{}</span><span class=\"rule\">{}</span> \
             <span>{}{}</span></li>\n",
            check.outcome.name(),
            check.outcome.name(),
            check.outcome.mark(),
            check.rule,
            escape(&check.sentence),
            detail.unwrap_or_default()
        ));
    }
    out.push_str("</ul>\n</section>\n");
}
