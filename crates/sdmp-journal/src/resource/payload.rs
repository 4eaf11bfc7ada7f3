//! The payload of a resource (N4).

use sdmp_container::{Container, CoreSchema, SchemaName, Timestamp};

use crate::error::{Code, Error};
use crate::{Fingerprint, Identifier};

/// A payload: a 0.12.x container that lists `resource`, at most one other core schema and any
/// extension schemas, and keeps to each core schema that it lists (R11). Extension schemas are not
/// judged (R38a).
#[derive(Clone, Debug)]
pub struct Payload {
    container: Container,
    core: Option<CoreSchema>,
    user: Fingerprint,
    trust: Option<Identifier>,
    created: Option<Timestamp>,
}

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// `resource.payload`.
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        let fault = |error| Error::Container(Code::ResourcePayload, error);
        let container = Container::parse(octets).map_err(fault)?;
        if !container.version().is_0_12() {
            return Err(Code::ResourcePayload.into());
        }
        let core = other_core(&container)?;
        container.check_core().map_err(fault)?;
        let resource = sdmp_container::Resource::from_container(&container).map_err(fault)?;
        Ok(Self {
            core,
            user: resource.user().clone(),
            trust: resource.trust().cloned(),
            created: resource.created(),
            container,
        })
    }

    /// The container that was signed.
    #[must_use]
    pub const fn container(&self) -> &Container {
        &self.container
    }

    /// The core schema beside `resource`, if there is one.
    #[must_use]
    pub const fn core(&self) -> Option<CoreSchema> {
        self.core
    }

    /// The user for whom it is published.
    #[must_use]
    pub const fn user(&self) -> &Fingerprint {
        &self.user
    }

    /// The trust under which it is published.
    #[must_use]
    pub const fn trust(&self) -> Option<&Identifier> {
        self.trust.as_ref()
    }

    /// When it says it was made.
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        self.created
    }
}

/// The one core schema beside `resource`.
fn other_core(container: &Container) -> Result<Option<CoreSchema>, Error> {
    let cores = container.schemas().iter().filter_map(|name| match name {
        SchemaName::Core(core) => Some(*core),
        SchemaName::Resource(_) => None,
    });
    let (mut listed, mut other) = (false, None);
    for core in cores {
        if core == CoreSchema::Resource {
            listed = true;
        } else if other.replace(core).is_some() {
            return Err(Code::ResourcePayload.into());
        }
    }
    if listed { Ok(other) } else { Err(Code::ResourcePayload.into()) }
}
