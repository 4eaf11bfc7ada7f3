//! What every container must pass before anything is believed of it (R8, R11).

use sdmp_container::{Container, CoreSchema};

use crate::Error;

/// A container of the supported version that keeps to each core schema that it lists.
///
/// Its extension schemas, if any, are checked where there is a resolver.
pub(crate) fn current(container: &Container) -> Result<(), Error> {
    // Checked before the schemas: those of another version are other schemas (R8).
    if !container.version().is_0_12() {
        return Err(Error::UnsupportedVersion);
    }
    Ok(container.check_core()?)
}

/// The same, of a container that must list `schema`.
pub(crate) fn current_as(container: &Container, schema: CoreSchema) -> Result<(), Error> {
    if !container.lists(schema) {
        return Err(Error::WrongSchema(schema.name()));
    }
    current(container)
}
