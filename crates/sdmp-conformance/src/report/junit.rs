//! JUnit's XML: one suite an area, one test a case, and the coverage of rules as a suite of its own.

use super::{Report, append, escape};
use crate::run::Verdict;
use crate::vector::Area;

/// The whole document.
pub(super) fn document(report: &Report) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"SDMP 0.12\">\n",
    );
    for area in Area::ALL {
        let (passed, all) = report.totals(area);
        let failed = all.saturating_sub(passed);
        append(
            &mut text,
            format_args!(
                "  <testsuite name=\"{}\" tests=\"{all}\" failures=\"{failed}\">\n",
                area.name()
            ),
        );
        for case in report.cases.iter().filter(|case| case.area() == area) {
            let why = match &case.verdict {
                Verdict::Passed => None,
                Verdict::Failed(why) => Some(why.as_str()),
            };
            test(&mut text, area.name(), &case.located.case.id, case.elapsed.as_secs_f64(), why);
        }
        text.push_str("  </testsuite>\n");
    }
    let complaints = &report.coverage.complaints;
    append(
        &mut text,
        format_args!(
            "  <testsuite name=\"coverage\" tests=\"1\" failures=\"{}\">\n",
            usize::from(!complaints.is_empty())
        ),
    );
    let why = (!complaints.is_empty()).then(|| complaints.join("; "));
    test(&mut text, "coverage", "every-rule-has-cases", 0.0, why.as_deref());
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn test(text: &mut String, class: &str, name: &str, seconds: f64, failure: Option<&str>) {
    append(
        text,
        format_args!(
            "    <testcase classname=\"{class}\" name=\"{}\" time=\"{seconds:.6}\"",
            escape(name)
        ),
    );
    match failure {
        None => text.push_str("/>\n"),
        Some(why) => {
            append(text, format_args!("><failure message=\"{}\"/></testcase>\n", escape(why)))
        }
    }
}
