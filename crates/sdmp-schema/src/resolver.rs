//! Where extension schemas come from: the application gives them, nothing fetches them (R11).

use std::{collections::HashMap, fmt};

use sdmp_container::ResourceUri;

use crate::{Error, extensions};

/// Gives the text of extension schemas by resource URI.
///
/// The text is the *payload* of the published resource: a container that is itself a draft-04
/// schema, or a bare draft-04 schema. A resolver answers for what it gives: this crate checks no
/// signature, so verify a resource before its payload is given here. A schema under a URI never
/// changes (the URI names its content), so what was given once may be cached for good.
pub trait Resolver: Send + Sync + fmt::Debug {
    /// The schema's text, or `None` if this resolver does not know it.
    ///
    /// # Errors
    /// [`Error::resolver`] if it cannot say whether it knows the schema, such as on a broken disk.
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error>;
}

impl<R: Resolver + ?Sized> Resolver for std::sync::Arc<R> {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        (**self).resolve(uri)
    }
}

/// A resolver that knows the extension schemas shipped with this crate, and no others.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

impl Resolver for BuiltIn {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        // The texts are compiled in: these extensions work without any resolver.
        let known = extensions::ALL.iter().find(|known| known.uri == uri.as_str());
        Ok(known.map(|known| known.schema.as_bytes().to_vec()))
    }
}

/// A resolver that knows what was put into it.
///
/// ```
/// use sdmp_container::{Container, ResourceUri};
/// use sdmp_schema::{MemoryResolver, Validator};
/// use std::sync::Arc;
///
/// let uri = format!("sdmp://{}", "A".repeat(86));
/// let known: ResourceUri = uri.parse()?;
/// let schema = r#"{"required": ["temperature"], "properties": {"temperature": {"type": "number"}}}"#;
/// let validator = Validator::with_resolver(Arc::new(MemoryResolver::new().with(&known, schema)));
///
/// let text = format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["{uri}"]}},"temperature":21.5}}"#);
/// assert!(validator.validate(&Container::parse(text)?).is_ok());
/// # Ok::<(), sdmp_container::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryResolver {
    schemas: HashMap<String, Vec<u8>>,
}

impl MemoryResolver {
    /// A resolver that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a schema; the last one given under a URI counts.
    pub fn insert(&mut self, uri: &ResourceUri, schema: impl Into<Vec<u8>>) {
        self.schemas.insert(uri.as_str().to_owned(), schema.into());
    }

    /// Adds a schema, for building in one expression.
    #[must_use]
    pub fn with(mut self, uri: &ResourceUri, schema: impl Into<Vec<u8>>) -> Self {
        self.insert(uri, schema);
        self
    }
}

impl Resolver for MemoryResolver {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.schemas.get(uri.as_str()).cloned())
    }
}
