//! How devices and people come to know each other, and what a loss costs (N43 to N46, N50).
//!
//! | what | where | rules |
//! |---|---|---|
//! | twelve words | [`words`] | N43 |
//! | the first lines of a journal | [`first_lines`] | N21, N43 |
//! | introduction files | [`Introduction`] | N44 |
//! | what is given to whom, and for how long | [`grants`], [`Term`] | N45 |
//! | renewing | [`renewals`] | N45 |
//! | a lost device | [`LossPlan`] | N14, N15, N46 |
//! | local states of content | [`LocalState`] | N50 |

mod file;
mod grants;
mod lines;
mod local;
mod loss;
mod renewal;
mod words;

pub use file::{Introduction, LONGEST_FILE, MAX_TEXTS};
pub use grants::{Term, Trustee, grants};
pub use lines::{FirstLines, first_lines};
pub use local::LocalState;
pub use loss::{LossPlan, Means, plan_loss};
pub use renewal::{Renewal, renewals};
pub use words::words;
