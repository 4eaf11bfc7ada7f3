//! Walks a draft-04 document along its schema positions.
//!
//! A position is a place where draft-04 puts a schema: the root, a member of `properties`, an entry
//! of `allOf` and so on. Everything that this crate promises of extension schemas (no identifiers
//! that move references, no foreign dialect, every `$ref` names a given schema, bounded work) is
//! checked position by position, so a reference to anything that is not a position is refused.

use std::collections::BTreeMap;

use sdmp_container::ResourceUri;
use serde_json::{Map, Value};

use crate::{
    error::DocumentFault,
    pointer::{self, Reference},
};

/// Keywords whose value is an array of schemas, applied to the same instance.
const IN_PLACE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords whose value maps names to schemas, applied below the instance or not at all.
const MAPS: [&str; 3] = ["properties", "patternProperties", "definitions"];
/// Keywords whose value is one schema (or a boolean), applied below the instance.
const BELOW: [&str; 2] = ["additionalProperties", "additionalItems"];

/// Keywords that make a document a schema: one of them must stand at the root.
const ROOT_KEYWORDS: [&str; 26] = [
    "$ref",
    "type",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "enum",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "dependencies",
    "minProperties",
    "maxProperties",
    "items",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "multipleOf",
    "definitions",
];

/// Longest pattern that is compiled, in octets.
const MAX_PATTERN: usize = 1024;
/// Most patterns in one document.
const MAX_PATTERNS: usize = 64;
/// Most schema positions in one document.
const MAX_POSITIONS: usize = 4096;

/// Where a schema position applies another schema to the same instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A position of the same document, by its JSON pointer.
    Here(String),
    /// A position of another document.
    There(ResourceUri, String),
}

/// One place where a schema stands.
#[derive(Debug)]
pub(crate) struct Position {
    /// The positions that it applies in place.
    pub(crate) in_place: Vec<Target>,
    /// How many properties it names itself.
    pub(crate) properties: usize,
}

impl Position {
    /// Whether it applies several schemas to one value. A single one is compiled once, wherever it
    /// is referred to.
    pub(crate) fn merges(&self) -> bool {
        self.in_place.len() > 1
    }
}

/// What one document holds.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Each schema position, by JSON pointer.
    pub(crate) positions: BTreeMap<String, Position>,
    /// How many regular expressions run over member names.
    pub(crate) name_patterns: u64,
    /// The most names that one schema compares with those of an object.
    pub(crate) names: usize,
    patterns: usize,
}

impl Survey {
    /// Walks `document` and rewrites it for bundling: `locate` turns a reference to another
    /// document into the pointer prefix under which the bundle holds it.
    pub(crate) fn take(
        document: &mut Map<String, Value>,
        prefix: &str,
        locate: &mut dyn FnMut(&ResourceUri) -> Result<String, DocumentFault>,
    ) -> Result<Self, DocumentFault> {
        // A document without any keyword accepts everything: most likely it is no schema at all.
        if !ROOT_KEYWORDS.iter().any(|keyword| document.contains_key(*keyword)) {
            return Err(DocumentFault::NotASchema);
        }
        check_dialect(document)?;
        // At the root these only say where the document comes from; its URI already does.
        document.remove("$schema");
        if matches!(document.get("id"), Some(Value::String(_))) {
            document.remove("id");
        }
        let mut walk = Walk { survey: Self::default(), prefix, locate };
        walk.object(document, String::new())?;
        Ok(walk.survey)
    }
}

/// Only draft-04 is validated (R11); other dialects read the same keywords differently.
fn check_dialect(document: &Map<String, Value>) -> Result<(), DocumentFault> {
    match document.get("$schema") {
        None => Ok(()),
        Some(Value::String(dialect))
            if dialect.trim_end_matches('#') == "http://json-schema.org/draft-04/schema" =>
        {
            Ok(())
        }
        Some(_) => Err(DocumentFault::Dialect),
    }
}

struct Walk<'a> {
    survey: Survey,
    prefix: &'a str,
    locate: &'a mut dyn FnMut(&ResourceUri) -> Result<String, DocumentFault>,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &mut Value, at: String) -> Result<(), DocumentFault> {
        // What is neither an object nor (where allowed) a boolean fails the meta-schema later.
        let Value::Object(members) = schema else { return Ok(()) };
        if members.contains_key("$schema") {
            return Err(DocumentFault::Dialect);
        }
        // An `id` inside would change what relative references mean, which this walk does not
        // follow.
        if matches!(members.get("id"), Some(Value::String(_))) {
            return Err(DocumentFault::Identifier);
        }
        self.object(members, at)
    }

    fn object(
        &mut self,
        members: &mut Map<String, Value>,
        at: String,
    ) -> Result<(), DocumentFault> {
        if self.survey.positions.len() >= MAX_POSITIONS {
            return Err(DocumentFault::TooComplex);
        }
        self.patterns(members)?;
        let properties = members.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        let required = members.get("required").and_then(Value::as_array).map_or(0, Vec::len);
        self.survey.names = self.survey.names.max(properties + required);
        let mut in_place = Vec::new();
        self.reference(members, &mut in_place)?;
        self.in_place(members, &at, &mut in_place)?;
        self.below(members, &at)?;
        self.survey.positions.insert(at, Position { in_place, properties });
        Ok(())
    }

    fn patterns(&mut self, members: &Map<String, Value>) -> Result<(), DocumentFault> {
        let name_patterns = members.get("patternProperties").and_then(Value::as_object);
        let names = name_patterns.into_iter().flat_map(Map::keys).map(String::as_str);
        let values = members.get("pattern").and_then(Value::as_str);
        let mut count = 0;
        for pattern in names.chain(values) {
            count += 1;
            if pattern.len() > MAX_PATTERN {
                return Err(DocumentFault::TooComplex);
            }
        }
        self.survey.patterns += count;
        // Patterns are compiled for each document, and compiling is the expensive part.
        if self.survey.patterns > MAX_PATTERNS {
            return Err(DocumentFault::TooComplex);
        }
        let added = name_patterns.map_or(0, Map::len);
        self.survey.name_patterns += u64::try_from(added).unwrap_or(u64::MAX);
        Ok(())
    }

    fn reference(
        &mut self,
        members: &mut Map<String, Value>,
        in_place: &mut Vec<Target>,
    ) -> Result<(), DocumentFault> {
        let Some(Value::String(text)) = members.get_mut("$ref") else { return Ok(()) };
        let (target, rewritten) = match Reference::parse(text)? {
            Reference::Here(at) => {
                let rewritten = pointer::fragment(self.prefix, &at);
                (Target::Here(at), rewritten)
            }
            Reference::There(uri, at) => {
                let prefix = (self.locate)(&uri)?;
                let rewritten = pointer::fragment(&prefix, &at);
                (Target::There(uri, at), rewritten)
            }
        };
        *text = rewritten;
        in_place.push(target);
        Ok(())
    }

    fn in_place(
        &mut self,
        members: &mut Map<String, Value>,
        at: &str,
        found: &mut Vec<Target>,
    ) -> Result<(), DocumentFault> {
        for keyword in IN_PLACE_LISTS {
            let Some(Value::Array(entries)) = members.get_mut(keyword) else { continue };
            for (index, entry) in entries.iter_mut().enumerate() {
                let child = pointer::child(&pointer::child(at, keyword), &index.to_string());
                self.applied(entry, child, found)?;
            }
        }
        if let Some(entry) = members.get_mut("not") {
            self.applied(entry, pointer::child(at, "not"), found)?;
        }
        if let Some(Value::Object(entries)) = members.get_mut("dependencies") {
            for (name, entry) in entries {
                let child = pointer::child(&pointer::child(at, "dependencies"), name);
                self.applied(entry, child, found)?;
            }
        }
        Ok(())
    }

    fn applied(
        &mut self,
        schema: &mut Value,
        at: String,
        found: &mut Vec<Target>,
    ) -> Result<(), DocumentFault> {
        if schema.is_object() {
            found.push(Target::Here(at.clone()));
        }
        self.schema(schema, at)
    }

    fn below(&mut self, members: &mut Map<String, Value>, at: &str) -> Result<(), DocumentFault> {
        for keyword in MAPS {
            let Some(Value::Object(entries)) = members.get_mut(keyword) else { continue };
            let at = pointer::child(at, keyword);
            for (name, entry) in entries {
                self.schema(entry, pointer::child(&at, name))?;
            }
        }
        for keyword in BELOW {
            if let Some(entry) = members.get_mut(keyword) {
                self.schema(entry, pointer::child(at, keyword))?;
            }
        }
        match members.get_mut("items") {
            Some(Value::Array(entries)) => {
                let at = pointer::child(at, "items");
                for (index, entry) in entries.iter_mut().enumerate() {
                    self.schema(entry, pointer::child(&at, &index.to_string()))?;
                }
                Ok(())
            }
            Some(entry) => self.schema(entry, pointer::child(at, "items")),
            None => Ok(()),
        }
    }
}
