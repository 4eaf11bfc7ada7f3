//! A report as one page of HTML that needs nothing else: no network, and no script to be read.
//!
//! Everything that a peer wrote is escaped, and the page's own policy allows exactly the style and
//! the script that stand in it.

mod diagram;
mod markup;
mod panel;

use sdmp_container::b64url;
use sdmp_crypto::hash::sha256;

use crate::report::{Outcome, Report, Session, Who};
use markup::{escape, thousands};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// More objects than this of one session are counted, and not shown.
const MOST: usize = 200;

/// The digest of an inline style or script, as a content security policy names it.
fn source(text: &str) -> String {
    let digest = b64url::encode(&sha256(text.as_bytes())).replace('-', "+").replace('_', "/");
    format!("'sha256-{digest}='")
}

/// The page, complete from `<!doctype html>` to `</html>`. It may hold opened secrets.
#[must_use]
pub fn page(report: &Report) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(SCRIPT)
    );
    let title = match report.sessions.as_slice() {
        [one] => format!("SDMP: {}", one.title),
        several => format!("SDMP: {} sessions", several.len()),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escape(&title)
    );
    header(&mut out, report);
    out.push_str("<main>\n");
    for (number, one) in (1_usize..).zip(&report.sessions) {
        session(&mut out, number, one);
    }
    out.push_str(
        "</main>\n<footer>Made by <code>sdmp</code>. The rule numbers are those of the \
                  protocol page of its book. Nothing on this page was fetched, and it fetches \
                  nothing.</footer>\n",
    );
    out.push_str(&format!("<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    out
}

fn header(out: &mut String, report: &Report) {
    const SESSION: &str = "Each object as it was on the wire, what it says inside, and what was \
                           checked. Choose one in the diagram, or use the arrow keys.";
    let (what, lead) = match report.input {
        "demo" => ("Two nodes meet", SESSION),
        "container" => {
            ("A container, opened", "Each layer, from the outside in, and what was checked.")
        }
        _ => ("A session, opened", SESSION),
    };
    out.push_str(&format!(
        "<header class=\"top\">\n<div><h1>{what}</h1>\n<p class=\"lead\">{lead}</p></div>\n\
         <ul class=\"counts\" aria-label=\"checks\">"
    ));
    for (outcome, words) in [
        (Outcome::Holds, "checks hold"),
        (Outcome::Fails, "fail"),
        (Outcome::Open, "could not be made here"),
    ] {
        out.push_str(&format!(
            "<li class=\"{}\"><b>{}</b> {words}</li>",
            outcome.name(),
            report.count(outcome)
        ));
    }
    out.push_str("</ul>\n</header>\n");
    notes(out, &report.notes);
}

fn notes(out: &mut String, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    out.push_str("<ul class=\"notes\">");
    for note in notes {
        out.push_str(&format!("<li>{}</li>", escape(note)));
    }
    out.push_str("</ul>\n");
}

fn session(out: &mut String, number: usize, session: &Session) {
    out.push_str(&format!("<section class=\"session\" id=\"s{number}\">\n"));
    out.push_str(&format!("<h2>{}</h2>\n<dl class=\"facts\">", escape(&session.title)));
    if let Some(profile) = session.profile {
        fact(out, "profile", profile.name(), "");
    }
    for (name, one) in [("initiator", &session.initiator), ("responder", &session.responder)] {
        if let Some(one) = one {
            fact(out, name, &describe(one), "known");
        }
    }
    if let Some(id) = &session.session_id {
        fact(out, "session id", id, "known");
    }
    out.push_str("</dl>\n");
    notes(out, &session.notes);
    let shown = session.steps.get(..MOST).unwrap_or(&session.steps);
    let is_session = session.steps.iter().any(|step| step.from.is_some());
    out.push_str(if is_session { "<div class=\"layout\">\n" } else { "<div>\n" });
    if is_session {
        diagram::diagram(out, number, session, shown);
    }
    out.push_str("<div class=\"panels\">\n");
    for (place, step) in (1_usize..).zip(shown) {
        panel::panel(out, number, place, step);
    }
    let rest = session.steps.len() - shown.len();
    if rest > 0 {
        out.push_str(&format!(
            "<p class=\"more\">{} more objects are not on this page; <code>--json</code> has all.</p>",
            thousands(rest)
        ));
    }
    out.push_str("</div>\n</div>\n</section>\n");
}

fn fact(out: &mut String, name: &str, value: &str, class: &str) {
    let value = escape(value);
    out.push_str(&format!("<div class=\"{class}\"><dt>{name}</dt><dd>{value}</dd></div>"));
}

fn describe(who: &Who) -> String {
    let how = if who.verified { "proved" } else { "claimed, not verified" };
    let name = who.name.as_deref().map(|name| format!("{name}, ")).unwrap_or_default();
    format!("{name}{} ({how})", who.fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The script and the style are fixed texts: nothing of a report gets into them, and they
    /// cannot end their element early.
    #[test]
    fn the_script_stays_in_its_element() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.to_ascii_lowercase().contains("</s"));
            assert!(!text.contains("innerHTML") && !text.contains("http"));
        }
    }
}
