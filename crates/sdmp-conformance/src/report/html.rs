//! One self-contained page: what passed by area, the cases of each rule, and every case.

use super::{Report, append, escape};
use crate::run::Verdict;
use crate::vector::Area;

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>SDMP 0.12 conformance</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
td.n { text-align: right }
.passed { color: #176b2c } .failed { color: #a3151a; font-weight: 600 }
code { font-size: 90% }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #191919 } td, th { border-color: #444 } .passed { color: #7fd696 } .failed { color: #ff8a8a } }
</style>
<h1>SDMP 0.12 conformance</h1>
";

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut text = String::from(HEAD);
    let verdict = if report.is_success() {
        ("passed", "Everything is as it must be.")
    } else {
        ("failed", "Something is wrong.")
    };
    append(&mut text, format_args!("<p class=\"{}\">{}</p>\n", verdict.0, verdict.1));
    areas(&mut text, report);
    rules(&mut text, report);
    cases(&mut text, report);
    text.push_str("</html>\n");
    text
}

fn areas(text: &mut String, report: &Report) {
    text.push_str("<h2>Areas</h2>\n<table><tr><th>area<th>passed<th>of</tr>\n");
    for area in Area::ALL {
        let (passed, all) = report.totals(area);
        append(
            text,
            format_args!(
                "<tr><td>{}<td class=\"n\">{passed}<td class=\"n\">{all}</tr>\n",
                area.name()
            ),
        );
    }
    text.push_str("</table>\n");
}

fn rules(text: &mut String, report: &Report) {
    text.push_str("<h2>Rules</h2>\n<table><tr><th>rule<th>valid<th>invalid<th>note</tr>\n");
    for (rule, count) in &report.coverage.counts {
        let excuse = report.coverage.excused.iter().find(|(excused, ..)| excused == rule);
        let note = excuse.map_or("", |(_, _, reason)| reason.as_str());
        append(
            text,
            format_args!(
                "<tr><td>{rule}<td class=\"n\">{}<td class=\"n\">{}<td>{}</tr>\n",
                count.valid,
                count.invalid,
                escape(note)
            ),
        );
    }
    text.push_str("</table>\n");
    for complaint in &report.coverage.complaints {
        append(text, format_args!("<p class=\"failed\">{}</p>\n", escape(complaint)));
    }
}

fn cases(text: &mut String, report: &Report) {
    text.push_str("<h2>Cases</h2>\n<table><tr><th>case<th>rules<th>about<th>result</tr>\n");
    for case in &report.cases {
        let (class, result) = match &case.verdict {
            Verdict::Passed => ("passed", "passed"),
            Verdict::Failed(why) => ("failed", why.as_str()),
        };
        append(
            text,
            format_args!(
                "<tr><td><code>{}</code><td>{}<td>{}<td class=\"{class}\">{}</tr>\n",
                escape(&case.located.name()),
                case.located.case.rules.join(" "),
                escape(&case.located.case.comment),
                escape(result)
            ),
        );
    }
    text.push_str("</table>\n");
}
