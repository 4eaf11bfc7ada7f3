//! Containers (R5, R7 to R9).

use std::fmt;
use std::sync::{Arc, OnceLock};

use zeroize::Zeroize;

use crate::plain;
use crate::strict::{self, Object, Value};
use crate::{CoreSchema, Error, ErrorKind, Limits, SchemaName, Version, kind};

/// A container: the octets as they were received or written, and the parsed view of them.
///
/// What is signed, hashed or compared is always [`Container::as_bytes`] (R5). Cloning is cheap: the
/// contents are shared. `Debug` shows no content, which may be secret; a container that lists
/// `private_key` is overwritten in memory when its last clone is dropped.
///
/// ```
/// use sdmp_container::{Container, CoreSchema, Message};
///
/// // Received: parsed, and the octets kept.
/// let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;
/// let container = Container::parse(text)?;
/// assert!(container.lists(CoreSchema::Message));
/// let message: Message = container.try_into()?;
/// assert_eq!(message.as_str(), "hello");
///
/// // Written: every typed object becomes a container.
/// assert_eq!(Container::from(message).text(), text);
/// # Ok::<(), sdmp_container::Error>(())
/// ```
#[derive(Clone)]
pub struct Container {
    inner: Arc<Inner>,
}

struct Inner {
    text: String,
    /// Parsed at once from what was received; of a text of ours, or of a form that
    /// [`plain`] knows, only when it is asked for.
    root: OnceLock<Object<'static>>,
    version: Version,
    schemas: Vec<SchemaName>,
    /// Written here from a typed object, whose constructor has checked it.
    written: bool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Only these are secret in the clear; all others would pay for it.
        if self.schemas.contains(&SchemaName::Core(CoreSchema::PrivateKey)) {
            self.text.zeroize();
            if let Some(root) = self.root.get_mut() {
                root.wipe();
            }
        }
    }
}

impl Container {
    /// Parses a container within [`Limits::DEFAULT`]: strict JSON (R3, R4), the member `sdmp` (R7),
    /// its version (R8) and its schema names (R9, R10). Whether the container keeps to those
    /// schemas is a separate question: [`Container::check_core`].
    ///
    /// # Errors
    /// A `json.*` kind, or a `field.*`, `version.*`, `container.*` or `uri.*` kind with a pointer.
    pub fn parse(octets: impl Into<Vec<u8>>) -> Result<Self, Error> {
        Self::parse_within(octets, &Limits::DEFAULT)
    }

    /// As [`Container::parse`], within other limits.
    ///
    /// # Errors
    /// As [`Container::parse`].
    pub fn parse_within(octets: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        let octets = octets.into();
        strict::check_start(&octets, limits)?;
        // Kept as received: what is signed or hashed later are these octets and no others (R5).
        let text = String::from_utf8(octets)
            .map_err(|error| strict::fault_of_utf8(error.as_bytes(), error.utf8_error()))?;
        if let Some(schema) = plain::recognise(&text, limits) {
            let (root, version) = (OnceLock::new(), Version::CURRENT);
            let schemas = vec![schema];
            return Ok(Self {
                inner: Arc::new(Inner { text, root, version, schemas, written: false }),
            });
        }
        let Value::Object(root) = strict::parse_text(&text, limits)? else {
            return Err(Error::new(ErrorKind::NotAnObject));
        };
        let header = Header::read(&root)?;
        let schemas = header.schema_names()?;
        let (version, root) = (header.version, OnceLock::from(root.into_owned()));
        Ok(Self { inner: Arc::new(Inner { text, root, version, schemas, written: false }) })
    }

    /// A container of a typed object's text. It is not parsed: what the object's constructor and
    /// [`Writer`](kind::Writer) made holds.
    pub(crate) fn written(schema: CoreSchema, text: String) -> Self {
        // The text was just written from a typed object; parsing it again could only confirm that.
        let schemas = vec![SchemaName::Core(schema)];
        let (root, version) = (OnceLock::new(), Version::CURRENT);
        Self { inner: Arc::new(Inner { text, root, version, schemas, written: true }) }
    }

    /// The octets as they were received or written (R5).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.inner.text.as_bytes()
    }

    /// The same octets as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The version (R8).
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.version
    }

    /// The listed schemas in order (R9).
    #[must_use]
    pub fn schemas(&self) -> &[SchemaName] {
        &self.inner.schemas
    }

    /// Whether a core schema is listed.
    #[must_use]
    pub fn lists(&self, schema: CoreSchema) -> bool {
        self.schemas().iter().any(|name| matches!(name, SchemaName::Core(core) if *core == schema))
    }

    /// Whether a schema is listed that is not a core schema.
    #[must_use]
    pub fn has_extensions(&self) -> bool {
        self.schemas().iter().any(|name| matches!(name, SchemaName::Resource(_)))
    }

    /// The root object with all its members, `sdmp` included.
    #[must_use]
    pub fn root(&self) -> &Object<'static> {
        self.inner.root.get_or_init(|| match strict::parse_text(&self.inner.text, &Limits::OWN) {
            Ok(Value::Object(root)) => root.into_owned(),
            // Not reached: only a text that the writer made, or that was recognised, is parsed as late as this.
            Ok(_) | Err(_) => Object::default(),
        })
    }

    /// Checks the container against every core schema that it lists, in order, through the typed
    /// objects of [`kind`] (R11).
    ///
    /// # Errors
    /// The first fault, with a pointer.
    pub fn check_core(&self) -> Result<(), Error> {
        // Typed objects write only what they would accept.
        if self.inner.written {
            return Ok(());
        }
        for name in self.schemas() {
            if let SchemaName::Core(schema) = name {
                kind::check(self, *schema)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container")
            .field("version", &self.inner.version)
            .field("schemas", &self.inner.schemas)
            // The text may be a private message, so logs get its length only.
            .field("octets", &self.inner.text.len())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Container {
    /// Containers are equal if their octets are (R5).
    fn eq(&self, other: &Self) -> bool {
        self.inner.text == other.inner.text
    }
}

impl Eq for Container {}

/// The member `sdmp` of a root object.
pub(crate) struct Header<'o> {
    pub(crate) version: Version,
    pub(crate) schemas: Vec<&'o str>,
}

impl<'o> Header<'o> {
    /// Reads the member `sdmp`: its form (R7), its version (R8), and that `schemas` holds one or
    /// more different strings; not yet what they name.
    pub(crate) fn read(root: &'o Object<'_>) -> Result<Self, Error> {
        let sdmp = match root.get("sdmp") {
            None => return Err(Error::pointing(ErrorKind::Missing, "/sdmp")),
            Some(Value::Object(sdmp)) => sdmp,
            Some(_) => return Err(Error::pointing(ErrorKind::WrongType, "/sdmp")),
        };
        let version = match sdmp.get("version") {
            None => return Err(Error::pointing(ErrorKind::Missing, "/sdmp/version")),
            Some(Value::String(text)) => {
                text.parse().map_err(|error: Error| error.within("/sdmp/version"))?
            }
            Some(_) => return Err(Error::pointing(ErrorKind::WrongType, "/sdmp/version")),
        };
        let schemas = match sdmp.get("schemas") {
            None => return Err(Error::pointing(ErrorKind::Missing, "/sdmp/schemas")),
            Some(Value::Array(schemas)) => Self::strings(schemas)?,
            Some(_) => return Err(Error::pointing(ErrorKind::WrongType, "/sdmp/schemas")),
        };
        // An additional member of the header could be read by one side and ignored by the other
        // (R7).
        if sdmp.len() != 2 {
            return Err(Error::pointing(ErrorKind::ContainerExtraMember, "/sdmp"));
        }
        Ok(Self { version, schemas })
    }

    fn strings(schemas: &'o [Value<'_>]) -> Result<Vec<&'o str>, Error> {
        let mut strings = Vec::with_capacity(schemas.len());
        // A peer chooses the list: a set keeps the check from being quadratic.
        let mut seen = std::collections::BTreeSet::new();
        for (index, entry) in schemas.iter().enumerate() {
            let text = entry.as_str().ok_or_else(|| {
                Error::pointing(ErrorKind::WrongType, format!("/sdmp/schemas/{index}"))
            })?;
            if schemas.len() > 1 && !seen.insert(text) {
                return Err(Error::pointing(
                    ErrorKind::SchemasDuplicate,
                    format!("/sdmp/schemas/{index}"),
                ));
            }
            strings.push(text);
        }
        if strings.is_empty() {
            return Err(Error::pointing(ErrorKind::SchemasEmpty, "/sdmp/schemas"));
        }
        Ok(strings)
    }

    fn schema_names(&self) -> Result<Vec<SchemaName>, Error> {
        let names = self.schemas.iter().enumerate();
        names
            .map(|(index, text)| {
                text.parse().map_err(|error: Error| error.within(format!("/sdmp/schemas/{index}")))
            })
            .collect()
    }
}
