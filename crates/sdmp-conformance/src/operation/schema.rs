//! Validation of whole containers against their schemas.

use super::{Failure, Operation, Outcome, output};
use crate::error::Error;
use crate::input::Input;
use sdmp_container::{Container, ResourceUri};
use sdmp_schema::{MemoryResolver, Validator};
use serde_json::{Value, json};
use std::sync::Arc;

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    (name == "schema.validate").then_some(validate)
}

fn validate(input: Input<'_>) -> Result<Outcome, Error> {
    let validator = match input.object("extensions") {
        None => Validator::new(),
        Some(extensions) => Validator::with_resolver(Arc::new(resolver(extensions)?)),
    };
    let container = match Container::parse(input.octets("octets")?) {
        Ok(container) => container,
        Err(error) => return Ok(Err(Failure::new(error.code(), error))),
    };
    Ok(validator.validate(&container).map_err(|error| failure(&error)).and_then(|()| output([])))
}

/// The extension schemas of a case: an object from URI to schema, as JSON or as text.
fn resolver(extensions: Input<'_>) -> Result<MemoryResolver, Error> {
    let mut resolver = MemoryResolver::new();
    for (uri, schema) in extensions.0 {
        let uri: ResourceUri =
            uri.parse().map_err(|_| Error::vector(format!("{uri} is no resource URI")))?;
        let text = schema.as_str().map_or_else(|| schema.to_string(), str::to_owned);
        resolver.insert(&uri, text);
    }
    Ok(resolver)
}

fn failure(error: &sdmp_schema::Error) -> Failure {
    let mut failure = Failure::new(error.code(), error);
    let mut detail = |name: &str, value: Value| failure.details.insert(name.to_owned(), value);
    detail("schema", json!(error.schema().to_string()));
    if let Some(violation) = error.violation() {
        detail("pointer", json!(violation.pointer()));
        detail("keyword", json!(violation.keyword()));
    }
    failure
}
