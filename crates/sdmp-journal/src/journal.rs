//! The journal: lines, the head that grows, and reading a peer's (N21 to N24).

mod cursor;
mod head;
mod line;

pub use cursor::{Cursor, Read};
pub use head::{Head, LONGEST_APPEND};
pub use line::Line;
