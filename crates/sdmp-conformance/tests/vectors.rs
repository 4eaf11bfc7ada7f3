//! The vectors that come with the crate: their form, and their verdicts.

use sdmp_conformance::report::Report;
use sdmp_conformance::vector::Area;
use sdmp_conformance::{coverage, load, operation, run};
use std::fs;

#[test]
fn every_file_satisfies_the_schema() {
    let directory = load::own_directory();
    let text = fs::read(directory.join("vector.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut files = 0;
    for area in Area::ALL {
        for entry in fs::read_dir(directory.join(area.name())).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let value: serde_json::Value =
                    serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let errors: Vec<String> =
                    validator.iter_errors(&value).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{}: {}", path.display(), errors.join("; "));
                files += 1;
            }
        }
    }
    assert!(files > 0, "there are vectors");
}

#[test]
fn every_vector_passes_and_every_rule_has_cases() {
    let directory = load::own_directory();
    let cases = load::load(&directory).unwrap();
    let coverage = coverage::of_vectors(&cases, &coverage::excuses(&directory).unwrap());
    let report = Report { cases: run::run(&cases, operation::perform), coverage };
    assert!(report.is_success(), "{}", report.table());
}

/// An excuse that names a test which was renamed or removed excuses nothing.
#[test]
fn every_test_that_an_excuse_names_exists() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let excuses = coverage::excuses(&load::own_directory()).unwrap();
    let mut named = 0;
    for (rule, excuse) in &excuses {
        for test in &excuse.tests {
            let (file, function) = test.split_once(": ").expect(test);
            let text = fs::read_to_string(crates.join(file)).expect(test);
            let header = format!("#[test]\nfn {function}() {{");
            assert!(text.contains(&header), "{rule}: {test} is no test");
            named += 1;
        }
    }
    assert!(named >= 15, "{named}");
}

#[test]
fn reports_name_a_failure_and_escape_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("container")).unwrap();
    let file = r#"{"area": "container", "subject": "x", "cases": [{"id": "a", "comment": "<&\"", "rules": ["R1"],
        "operation": "base64url.decode", "input": {"text": "="}, "expected": {"valid": true}}]}"#;
    fs::write(directory.path().join("container/x.json"), file).unwrap();
    let cases = load::load(directory.path()).unwrap();
    let coverage = coverage::measure(&cases, &coverage::excuses(directory.path()).unwrap());
    let report = Report { cases: run::run(&cases, operation::perform), coverage };
    assert!(!report.is_success());
    assert!(report.table().contains("FAILED container/a"));
    assert!(report.html().contains("&lt;&amp;&quot;"));
    assert!(report.junit().contains(r#"failures="1""#));
    assert_eq!(report.json()["cases"][0]["passed"], false);
}

#[test]
fn files_that_break_the_format_are_refused() {
    let write = |name: &str, text: &str| {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("container")).unwrap();
        fs::write(directory.path().join("container").join(name), text).unwrap();
        load::load(directory.path())
    };
    let case = r#"{"id": "a", "comment": "c", "rules": ["R1"], "operation": "x.y", "input": {}, "expected": {"valid": true}}"#;
    let file = |area: &str, cases: &str| {
        format!(r#"{{"area": "{area}", "subject": "s", "cases": [{cases}]}}"#)
    };
    assert_eq!(write("a.json", &file("container", case)).unwrap().len(), 1);
    for wrong in [
        file("crypto", case),
        file("container", &format!("{case},{case}")),
        file("container", &case.replace("R1", "R0")), // no rule
        file("container", &case.replace("true", "false")),
        file("container", &case.replace("\"id\"", "\"extra\": 1, \"id\"")),
        "not json".to_owned(),
    ] {
        assert_eq!(write("a.json", &wrong).unwrap_err().code(), "conformance.format", "{wrong}");
    }
}
