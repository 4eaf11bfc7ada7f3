//! The rules of a node (N1 to N28, N51), through sdmp-journal.

mod authority;
mod exchange;
mod journal;
mod resource;

use super::{Failure, Operation, Outcome};
use crate::error::Error;
use crate::input::Input;
use crate::keys::timestamp;
use sdmp_journal::fact::Fact;
use sdmp_journal::view::Known;
use sdmp_journal::{Admit, Code, Fingerprint, Resource, Timestamp};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::OnceLock;

/// The resources that cases name, made by the generator of the vectors.
const RESOURCES: &str = include_str!("../../vectors/keys/node-resources.json");

/// The operations of this area.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "node.resource" => resource::parse,
        "node.make" => resource::make,
        "node.judge" => resource::judge,
        "node.holds" => authority::holds,
        "node.connect" => authority::connects,
        "node.may_be_given" => authority::may_be_given,
        "node.wanted" => authority::wanted,
        "node.journal" => journal::check,
        "node.cursor" => journal::cursor,
        "node.exchange" => exchange::read,
        "node.answer" => exchange::answer,
        "node.clock" => journal::clock,
        _ => return None,
    })
}

/// A resource of the vectors by its name.
fn named(name: &str) -> Result<&'static Resource, Error> {
    static LOADED: OnceLock<BTreeMap<String, Resource>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let texts: BTreeMap<String, String> = serde_json::from_str(RESOURCES).unwrap_or_default();
        let each = texts.into_iter();
        each.filter_map(|(name, text)| Some((name, Resource::parse(text).ok()?))).collect()
    });
    loaded.get(name).ok_or_else(|| Error::vector(format!("there is no resource {name}")))
}

/// What is known: the resources that `known` names, admitted in that order.
fn known(input: Input<'_>) -> Result<Known, Error> {
    let mut known = Known::new();
    for (line, name) in (2..).zip(input.list("known")) {
        let name = name.as_str().ok_or_else(|| Error::vector("known holds names".to_owned()))?;
        known.admit(Fact::of(named(name)?, line));
    }
    Ok(known)
}

/// A value with a text form.
fn value<T: FromStr>(input: Input<'_>, name: &str) -> Result<T, Error> {
    input.text(name)?.parse().map_err(|_| Error::vector(format!("{name} has another form")))
}

fn key(input: Input<'_>, name: &str) -> Result<Fingerprint, Error> {
    value(input, name)
}

fn time(input: Input<'_>, name: &str) -> Result<Timestamp, Error> {
    timestamp(input.text(name)?)
}

fn failed(code: Code) -> Outcome {
    Err(Failure::new(code.as_str(), code))
}
