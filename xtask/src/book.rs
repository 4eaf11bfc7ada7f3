//! The Rust blocks of the README and of the book, as documentation tests.
//!
//! They are here because a published crate cannot reach outside its own directory. There is
//! nothing else in this library: each item takes in one page, and only for the tests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/conformance.md")]
struct Conformance;

#[cfg(doctest)]
#[doc = include_str!("../../docs/cookbook.md")]
struct Cookbook;

#[cfg(doctest)]
#[doc = include_str!("../../docs/examples.md")]
struct Examples;
