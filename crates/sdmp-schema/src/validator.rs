//! Validation of containers in the order of R11.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use sdmp_container::{Container, CoreSchema, ResourceUri, SchemaName};

use crate::{
    BuiltIn, Error, Resolver, Schema,
    cost::Budget,
    document,
    engine::Compiled,
    registry::{CONTAINER_SCHEMA, core_schema_text},
};

/// Most extension schemas that are kept compiled at a time.
const CACHED: usize = 64;

/// Validates containers against the container schema and every schema that they list (R11).
///
/// The schemas shipped with this crate are known to every validator; further extension schemas come
/// from a [`Resolver`]. Compiled schemas are kept: the built-in ones once for the process, extension
/// schemas in this validator, the least recently used making place when there are more than 64.
/// A validator is shared between threads by reference.
///
/// ```
/// use sdmp_container::Container;
/// use sdmp_schema::Validator;
///
/// let validator = Validator::new();
/// let text = |message| {
///     format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":{message}}}"#)
/// };
/// assert!(validator.validate(&Container::parse(text("\"hello\""))?).is_ok());
/// let error = validator.validate(&Container::parse(text("7"))?).unwrap_err();
/// assert_eq!((error.code(), error.pointer()), ("schema.type", Some("/message")));
/// # Ok::<(), sdmp_container::Error>(())
/// ```
pub struct Validator {
    resolver: Arc<dyn Resolver>,
    cache: Mutex<Cache>,
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("resolver", &self.resolver).finish_non_exhaustive()
    }
}

impl Default for Validator {
    fn default() -> Self {
        Self::new()
    }
}

impl Validator {
    /// A validator that knows the core schemas and the extension schemas of this crate.
    #[must_use]
    pub fn new() -> Self {
        Self::with_resolver(Arc::new(BuiltIn))
    }

    /// A validator that also knows what `resolver` gives.
    #[must_use]
    pub fn with_resolver(resolver: Arc<dyn Resolver>) -> Self {
        // A resolver cannot replace a built-in schema, which other parts of this project rely on.
        Self { resolver: Arc::new(WithBuiltIn(resolver)), cache: Mutex::default() }
    }

    /// Validates `container` against the container schema, then against each schema that it lists,
    /// in order, each against the whole object (R11). The first failure is reported.
    ///
    /// # Errors
    /// [`Error::Violation`] where the container does not fit a schema; [`Error::Unresolved`],
    /// [`Error::Document`] and the others where a listed extension schema cannot be used.
    pub fn validate(&self, container: &Container) -> Result<(), Error> {
        // First, since everything else relies on the header.
        check_built_in(&Schema::Container, container)?;
        // One for all, so that a container does not buy more work by listing more schemas.
        let budget = Budget::limited();
        for name in container.schemas() {
            match name {
                SchemaName::Core(core) => check_built_in(&Schema::Core(*core), container)?,
                SchemaName::Resource(uri) => {
                    let compiled = self.extension(uri, &budget)?;
                    compiled.check(&Schema::Extension(uri.clone()), container, &budget)?;
                }
            }
        }
        Ok(())
    }

    /// Validates `container` against the container schema and the core schemas that it lists, as
    /// a session does (R38a); extension schemas are passed over.
    ///
    /// # Errors
    /// [`Error::Violation`] where the container does not fit one of them.
    pub fn validate_core(&self, container: &Container) -> Result<(), Error> {
        check_built_in(&Schema::Container, container)?;
        for name in container.schemas() {
            if let SchemaName::Core(core) = name {
                check_built_in(&Schema::Core(*core), container)?;
            }
        }
        Ok(())
    }

    /// The compiled extension schema `uri`, from the cache or the resolver.
    fn extension(&self, uri: &ResourceUri, budget: &Budget) -> Result<Arc<Compiled>, Error> {
        let name = uri.as_str().to_owned();
        if let Some(known) = self.cache().get(&name) {
            return Ok(known);
        }
        // Not under the lock: resolving may be slow, and two threads may do it at once.
        let octets =
            self.resolver.resolve(uri)?.ok_or_else(|| Error::Unresolved(Box::new(uri.clone())))?;
        let bundle = document::bundle(uri, octets, &self.resolver)?;
        if !budget.compile(bundle.octets) {
            return Err(Error::TooCostly(Box::new(uri.clone())));
        }
        let compiled = Compiled::extension(&bundle);
        let fault = |fault| Error::Document { uri: Box::new(uri.clone()), fault };
        let compiled = Arc::new(compiled.map_err(fault)?);
        // Only what compiled is kept: a resolver may give a better document next time.
        self.cache().put(name, Arc::clone(&compiled));
        Ok(compiled)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Each change of the cache is complete before anything in it could panic.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schemas of this crate before those of the application, which cannot replace them.
#[derive(Debug)]
struct WithBuiltIn(Arc<dyn Resolver>);

impl Resolver for WithBuiltIn {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        match BuiltIn.resolve(uri)? {
            Some(known) => Ok(Some(known)),
            None => self.0.resolve(uri),
        }
    }
}

/// Compiled extension schemas, the least recently used first in `order`.
#[derive(Default)]
struct Cache {
    compiled: HashMap<String, Arc<Compiled>>,
    order: VecDeque<String>,
}

impl Cache {
    fn get(&mut self, name: &str) -> Option<Arc<Compiled>> {
        let known = self.compiled.get(name).map(Arc::clone)?;
        if let Some(place) = self.order.iter().position(|entry| entry == name)
            && let Some(entry) = self.order.remove(place)
        {
            self.order.push_back(entry);
        }
        Some(known)
    }

    fn put(&mut self, name: String, compiled: Arc<Compiled>) {
        if self.compiled.insert(name.clone(), compiled).is_none() {
            self.order.push_back(name);
        }
        // Peers choose which schemas are asked for, so the cache needs a bound.
        while self.order.len() > CACHED {
            if let Some(oldest) = self.order.pop_front() {
                self.compiled.remove(&oldest);
            }
        }
    }
}

static CONTAINER: LazyLock<Option<Compiled>> = LazyLock::new(|| compile(CONTAINER_SCHEMA));

/// The core schemas in the order of [`CoreSchema::ALL`].
static CORE: LazyLock<Vec<Option<Compiled>>> =
    LazyLock::new(|| CoreSchema::ALL.map(|schema| compile(core_schema_text(schema))).into());

fn compile(text: &str) -> Option<Compiled> {
    let schema = serde_json::from_str(text).ok()?;
    Compiled::built_in(&schema).ok()
}

fn check_built_in(schema: &Schema, container: &Container) -> Result<(), Error> {
    let compiled = match schema {
        Schema::Container => CONTAINER.as_ref(),
        Schema::Core(core) => {
            let place = CoreSchema::ALL.iter().position(|known| known == core);
            place.and_then(|place| CORE.get(place)?.as_ref())
        }
        Schema::Extension(_) => None,
    };
    let compiled = compiled.ok_or_else(|| Error::BuiltIn(Box::new(schema.clone())))?;
    compiled.check(schema, container, &Budget::unlimited())
}
