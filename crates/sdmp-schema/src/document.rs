//! Extension schemas: from what the resolver gives to one closed draft-04 document.
//!
//! The schema and everything that it refers to are put into the `definitions` of one document, with
//! each `$ref` rewritten to a JSON pointer inside it. The engine therefore never sees a URI, and has
//! nothing to fetch. Hostile schemas are bounded here: size, depth, number of documents, and the
//! work that one value of an instance can cause.

use std::collections::{BTreeMap, VecDeque};

use sdmp_container::{Limits, ResourceUri, strict};
use serde_json::{Map, Value, json};

use crate::{
    Error, Resolver,
    error::DocumentFault,
    figure,
    walk::{Position, Survey, Target},
};

/// Largest extension schema, in octets.
pub(crate) const MAX_OCTETS: usize = 256 * 1024;
/// Deepest nesting of an extension schema, as of any container (R4).
const MAX_DEPTH: usize = 32;
/// Most members in an extension schema.
const MAX_MEMBERS: usize = 16_384;
/// Most documents that one extension schema may draw in, itself included.
const MAX_DOCUMENTS: usize = 16;
/// Most schemas that may be applied to one value.
const MAX_WEIGHT: u32 = 2048;
/// Longest chain of schemas applied to one value; a loop is an endless chain.
const MAX_CHAIN: u32 = 16;
/// Most properties of schemas that are applied together, added up over all positions: the engine
/// merges them when it compiles, so 1,000 references to 1,000 properties are a million entries.
const MAX_PROPERTIES: u64 = 131_072;

/// An extension schema, ready for the engine.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// The closed draft-04 document.
    pub(crate) schema: Value,
    /// How many regular expressions may run over one member name.
    pub(crate) name_patterns: u64,
    /// How many names may be compared with one member name.
    pub(crate) names: usize,
    /// The most schemas that apply to one value.
    pub(crate) weight: u64,
    /// The octets of all documents together.
    pub(crate) octets: usize,
}

/// A document fault and the resource in which it was found.
struct Fault(ResourceUri, DocumentFault);

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Document { uri: Box::new(fault.0), fault: fault.1 }
    }
}

struct Bundler<'a> {
    resolver: &'a dyn Resolver,
    places: BTreeMap<String, usize>,
    queue: VecDeque<(ResourceUri, Vec<u8>)>,
    surveys: Vec<(ResourceUri, Survey)>,
    definitions: Map<String, Value>,
    octets: usize,
}

/// Bundles the schema `uri`, whose text is `octets`.
pub(crate) fn bundle(
    uri: &ResourceUri,
    octets: Vec<u8>,
    resolver: &dyn Resolver,
) -> Result<Bundle, Error> {
    let mut bundler = Bundler {
        resolver,
        places: BTreeMap::from([(uri.as_str().to_owned(), 0)]),
        queue: VecDeque::from([(uri.clone(), octets)]),
        surveys: Vec::new(),
        definitions: Map::new(),
        octets: 0,
    };
    // A queue and not recursion: references between documents may form long chains and circles.
    while let Some((uri, octets)) = bundler.queue.pop_front() {
        bundler.add(uri, &octets)?;
    }
    let weight = bundler.check_work()?;
    let name_patterns = bundler.surveys.iter().map(|(_, survey)| survey.name_patterns).sum();
    let names = bundler.surveys.iter().map(|(_, survey)| survey.names).max().unwrap_or(0);
    let schema = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        // The root's own keywords must stay inside its definition, where references expect them.
        "allOf": [{ "$ref": "#/definitions/0" }],
        "definitions": bundler.definitions,
    });
    Ok(Bundle { schema, name_patterns, names, weight: u64::from(weight), octets: bundler.octets })
}

impl Bundler<'_> {
    fn add(&mut self, uri: ResourceUri, octets: &[u8]) -> Result<(), Error> {
        self.octets = self.octets.saturating_add(octets.len());
        let mut document = read(&uri, octets).map_err(|fault| Fault(uri.clone(), fault))?;
        let here = prefix(self.surveys.len());
        // The walk can only report faults of this document; a resolver that fails is kept aside.
        let mut failed = None;
        let mut locate = |target: &ResourceUri| match self.locate(target) {
            Ok(Some(place)) => Ok(prefix(place)),
            Ok(None) => Err(DocumentFault::UnresolvedReference),
            Err(error) => {
                failed = Some(error);
                Err(DocumentFault::UnresolvedReference)
            }
        };
        let taken = Survey::take(&mut document, &here, &mut locate);
        if let Some(error) = failed {
            return Err(error);
        }
        let survey = taken.map_err(|fault| Fault(uri.clone(), fault))?;
        let name = self.surveys.len().to_string();
        self.definitions.insert(name, Value::Object(document));
        self.surveys.push((uri, survey));
        Ok(())
    }

    /// The place of `uri` among the definitions; asks the resolver the first time.
    fn locate(&mut self, uri: &ResourceUri) -> Result<Option<usize>, Error> {
        let name = uri.as_str().to_owned();
        if let Some(place) = self.places.get(&name) {
            return Ok(Some(*place));
        }
        let place = self.places.len();
        // Counted before resolving, since a resolver may be slow or cost its user something.
        if place >= MAX_DOCUMENTS {
            return Err(Fault(uri.clone(), DocumentFault::TooComplex).into());
        }
        let Some(octets) = self.resolver.resolve(uri)? else { return Ok(None) };
        self.places.insert(name, place);
        self.queue.push_back((uri.clone(), octets));
        Ok(Some(place))
    }

    /// Checks that every reference leads to a schema and that the work for one value is bounded;
    /// gives the most schemas that apply to one value.
    fn check_work(&self) -> Result<u32, Error> {
        let mut known = BTreeMap::new();
        let mut weight = 0;
        let mut properties = 0_u64;
        for (place, (uri, survey)) in self.surveys.iter().enumerate() {
            for pointer in survey.positions.keys() {
                let work = self
                    .work(place, pointer, MAX_CHAIN, &mut known)
                    .map_err(|fault| Fault(uri.clone(), fault))?;
                // What one value may be checked against: references in place can double at each
                // level.
                if survey.positions.get(pointer).is_some_and(Position::merges) {
                    properties = properties.saturating_add(work.properties);
                }
                if work.schemas > MAX_WEIGHT || properties > MAX_PROPERTIES {
                    return Err(Fault(uri.clone(), DocumentFault::TooComplex).into());
                }
                weight = weight.max(work.schemas);
            }
        }
        Ok(weight)
    }

    /// What applying one position to one value costs; `left` bounds the chain and thereby loops.
    fn work<'a>(
        &'a self,
        place: usize,
        pointer: &'a str,
        left: u32,
        known: &mut BTreeMap<(usize, &'a str), Work>,
    ) -> Result<Work, DocumentFault> {
        if let Some(work) = known.get(&(place, pointer)) {
            // A memory of a shorter chain must not hide that this one is too long.
            return if work.chain < left { Ok(*work) } else { Err(DocumentFault::TooComplex) };
        }
        // A circle of references in place would never end; it shows as a chain that is too long.
        let left = left.checked_sub(1).ok_or(DocumentFault::TooComplex)?;
        let (_, survey) = self.surveys.get(place).ok_or(DocumentFault::DanglingReference)?;
        let position = survey.positions.get(pointer).ok_or(DocumentFault::DanglingReference)?;
        let properties = u64::try_from(position.properties).unwrap_or(u64::MAX);
        let mut work = Work { schemas: 1, chain: 0, properties };
        for target in &position.in_place {
            let (place, pointer) = match target {
                Target::Here(pointer) => (place, pointer),
                Target::There(uri, pointer) => {
                    let place = self.places.get(uri.as_str());
                    (*place.ok_or(DocumentFault::UnresolvedReference)?, pointer)
                }
            };
            let applied = self.work(place, pointer, left, known)?;
            work.schemas = work.schemas.saturating_add(applied.schemas);
            work.properties = work.properties.saturating_add(applied.properties);
            work.chain = work.chain.max(applied.chain.saturating_add(1));
        }
        known.insert((place, pointer), work);
        Ok(work)
    }
}

/// What one value can cause at a schema position.
#[derive(Debug, Clone, Copy)]
struct Work {
    /// How many schemas are applied to the value.
    schemas: u32,
    /// How many properties these name together.
    properties: u64,
    /// The longest chain among them.
    chain: u32,
}

fn prefix(place: usize) -> String {
    format!("/definitions/{place}")
}

/// Reads one document strictly and checks what it says of itself.
fn read(uri: &ResourceUri, octets: &[u8]) -> Result<Map<String, Value>, DocumentFault> {
    if octets.len() > MAX_OCTETS {
        return Err(DocumentFault::TooLarge);
    }
    let limits = Limits { octets: MAX_OCTETS, depth: MAX_DEPTH, members: MAX_MEMBERS };
    let parsed = strict::parse(octets, &limits).map_err(|_| DocumentFault::Json)?;
    let Value::Object(document) = figure::to_json(&parsed).ok_or(DocumentFault::Number)? else {
        return Err(DocumentFault::Json);
    };
    // A document for another publisher must not pass under this name.
    check_origin(uri, &document)?;
    Ok(document)
}

/// A document that is a container must be the published schema of the host that its URI names.
fn check_origin(uri: &ResourceUri, document: &Map<String, Value>) -> Result<(), DocumentFault> {
    let schemas = document.get("sdmp").and_then(|sdmp| sdmp.get("schemas"));
    let lists = |name: &str| {
        let names = schemas.and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|entry| entry.as_str() == Some(name)))
    };
    // A resolver gives verified payloads. A signed container here means that the caller skipped
    // that.
    if lists("signature") {
        return Err(DocumentFault::Signed);
    }
    if !lists("resource") {
        return Ok(());
    }
    let user = document.get("resource").and_then(|resource| resource.get("user"));
    if user.and_then(Value::as_str) == Some(uri.publisher().to_string().as_str()) {
        Ok(())
    } else {
        Err(DocumentFault::Publisher)
    }
}
