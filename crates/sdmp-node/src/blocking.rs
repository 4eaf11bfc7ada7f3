//! Work on files within asynchronous code.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does work that waits for the disk. On a runtime with several threads the other tasks go on
/// meanwhile; on one with a single thread they wait, as they would for any computation.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
