//! The journal: lines, the head that grows, and reading a peer's (N21 to N24).

mod check;
mod cursor;
mod first;
mod head;
mod line;

pub use check::check;
pub use cursor::{Cursor, Read};
pub use first::first_lines;
pub use head::{Head, LONGEST_APPEND};
pub use line::Line;
