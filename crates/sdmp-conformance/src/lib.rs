//! Conformance vectors of SDMP 0.12 and their runner.
//!
//! A vector is a case in a JSON file: an input, an operation, and what must come of it. The files
//! that come with this crate test the rules R1 to R45 of the specification by number; they can be
//! run against the crates of this project, or against another implementation by way of a function.
//!
//! ```
//! use sdmp_conformance::{load, operation, run};
//!
//! let cases = load::load(&load::own_directory())?;
//! let reports = run::run(&cases, operation::perform);
//! assert_eq!(reports.len(), cases.len());
//! # Ok::<(), sdmp_conformance::error::Error>(())
//! ```

pub mod coverage;
pub mod error;
pub mod input;
mod keys;
pub mod load;
pub mod node;
pub mod operation;
pub mod peer;
pub mod report;
pub mod rules;
pub mod run;
pub mod vector;

/// The example of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
