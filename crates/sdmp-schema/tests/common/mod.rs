//! What the tests share.
#![allow(dead_code, reason = "each test uses a part")]

use sdmp_container::{Container, ResourceUri};
use serde_json::{Value, json};

/// A resource URI whose hashes are one letter repeated.
pub(crate) fn uri(letter: char) -> ResourceUri {
    let hash = letter.to_string().repeat(85) + "A";
    format!("sdmp://{hash}/{hash}").parse().unwrap()
}

/// A message container that lists these extension schemas; `members` starts with a comma, if anything.
pub(crate) fn container_with(schemas: &[ResourceUri], members: &str) -> Container {
    let listed: String = schemas.iter().map(|uri| format!(r#","{uri}""#)).collect();
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"{listed}]}},"message":"hello"{members}}}"#
    );
    Container::parse(text).unwrap()
}

/// A message container without extensions.
pub(crate) fn container(members: &str) -> Container {
    container_with(&[], members)
}

/// A schema document: the schema with the dialect declared.
pub(crate) fn document(schema: Value) -> Value {
    let mut schema = schema;
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    }
    schema
}
