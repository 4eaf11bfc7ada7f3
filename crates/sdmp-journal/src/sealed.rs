//! Private messages (N38 to N42): what is nested in what, for whom, and what is shown.
//!
//! Outside in: a resource of kind `encrypted`; in it a signature container by the resource's signer;
//! in that a container with the member `sealed`, which says for whom it is. It lists no `resource`,
//! so a recipient cannot publish what it opens.
//!
//! | what | where | rules |
//! |---|---|---|
//! | what is said, and its text | [`Content`], [`Draft`] | N38, N42 |
//! | whose keys | [`recipients`] | N39 |
//! | sealing | [`Draft::seal`] | N38, N39 |
//! | opening | [`open()`] | N40 |
//! | in which order | [`Backlog`] | N40 |
//! | receipts | [`Receipts`] | N41 |
//! | files | [`Attachment`] | N42 |

mod attachment;
mod backlog;
mod content;
mod open;
mod receipt;
mod recipients;
mod seal;

pub use attachment::{Attachment, FILE, LONGEST_FILE, STREAM};
pub use backlog::{Backlog, Waiting};
pub use content::Content;
#[cfg(feature = "aws-lc-rs")]
pub use open::open;
pub use open::{NotShown, Opened, Sealed, judge};
pub use receipt::{Receipts, counts};
pub use recipients::{MAX_USERS, reads_since, recipients};
pub use seal::Draft;

/// The longest text of a message, in octets (N51).
pub const LONGEST_TEXT: usize = 256 << 10;
