//! The program `sdmp-conformance`: runs the vectors and writes reports.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to the person who runs it"
)]

use clap::Parser;
use sdmp_conformance::error::Error;
use sdmp_conformance::load::{self, LocatedCase};
use sdmp_conformance::report::Report;
use sdmp_conformance::{coverage, operation, run};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Judges an implementation of SDMP 0.12.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Run only cases whose area/id contains this text, or that cite this rule (such as R25)
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List the cases instead of running them
    #[arg(long)]
    list: bool,
    /// Read vectors from this directory instead of those that come with the program
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Write report.json, report.html and report.xml (JUnit) into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match conformance(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn conformance(arguments: &Arguments) -> Result<bool, Error> {
    let directory = arguments.vectors.clone().unwrap_or_else(load::own_directory);
    let all = load::load(&directory)?;
    let chosen: Vec<LocatedCase> =
        all.iter().filter(|located| wanted(located, arguments.only.as_deref())).cloned().collect();
    if arguments.list {
        for located in &chosen {
            println!(
                "{:<50} {:<14} {}",
                located.name(),
                located.case.rules.join(" "),
                located.case.comment
            );
        }
        return Ok(true);
    }
    // Coverage is a property of all vectors; a chosen part says nothing about it.
    let mut coverage = coverage::measure(&all, &coverage::excuses(&directory)?);
    if arguments.only.is_some() {
        coverage.complaints.clear();
        coverage.excused.clear();
    }
    let report = Report { cases: run::run(&chosen, operation::perform), coverage };
    print!("{}", report.table());
    if let Some(out) = &arguments.out {
        write(out, &report)?;
    }
    Ok(report.is_success())
}

fn wanted(located: &LocatedCase, only: Option<&str>) -> bool {
    only.is_none_or(|text| {
        located.name().contains(text) || located.case.rules.iter().any(|rule| rule == text)
    })
}

fn write(directory: &Path, report: &Report) -> Result<(), Error> {
    let failed = |path: &Path, error: &std::io::Error| Error::Unwritable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let json = format!("{:#}\n", report.json());
    for (name, text) in
        [("report.json", json), ("report.html", report.html()), ("report.xml", report.junit())]
    {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    println!("reports: {}", directory.display());
    Ok(())
}
