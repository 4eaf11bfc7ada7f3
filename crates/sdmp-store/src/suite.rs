//! The tests that every engine passes; usable for engines of others.
//!
//! An engine says in a [`Place`] how a store is made, opened and copied; the macro
//! [`suite!`](crate::suite!) makes a test of each check.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

pub mod full;
pub mod house;
pub mod journal;
pub mod kept;
pub mod leases;
pub mod people;
pub mod random;
pub mod texts;

use sdmp_journal::Fingerprint;

use crate::{Error, Faults, Store};

/// Where a store of some engine is.
pub trait Place: Sized + Sync {
    /// The engine.
    type Store: Store;

    /// A place without a store, for this node.
    fn new(node: &Fingerprint) -> Self;

    /// Opens the store of this place, or makes it. A store that was opened before is closed by then.
    ///
    /// # Errors
    /// What the engine says.
    fn open(&self, faults: Faults) -> Result<Self::Store, Error>;

    /// Whether stores can be made here. If not, the tests do nothing; say so where it is found out.
    #[must_use]
    fn is_available() -> bool {
        true
    }
}

/// Makes a module with a test for each check of the suite.
///
/// ```text
/// sdmp_store::suite!(memory, MemoryPlace);
/// ```
#[macro_export]
macro_rules! suite {
    ($name:ident, $place:ident) => {
        mod $name {
            $crate::suite!(@ super::$place;
                journal: head_grows_by_up_to_256_and_refuses_what_is_stale,
                journal: is_judged_again_in_the_append,
                journal: the_same_item_makes_one_line,
                journal: any_order_in_one_call_ends_alike,
                journal: first_lines_are_those_of_n21,
                journal: a_snapshot_is_one_state_while_appends_pass,
                journal: the_clock_never_goes_back,
                journal: a_full_disk_leaves_nothing_and_it_goes_on,
                full: a_full_disk_in_any_call_leaves_nothing_and_it_goes_on,
                kept: cursors_and_wants_come_back_with_their_reasons,
                kept: what_was_asked_is_due_again,
                leases: a_session_that_lost_its_peer_keeps_nothing,
                leases: a_want_is_taken_by_one_process_until_the_lease_ends,
                texts: content_is_given_up_and_control_never,
                texts: a_blocked_author_has_lines_without_texts,
                texts: a_text_comes_back_only_as_its_signer_wrote_it,
                texts: sealed_texts_are_opened_once,
                texts: events_tell_what_happened,
                texts: what_is_shown_and_what_goes_first,
                texts: the_newest_node_resource_says_whether_there_is_an_address,
                texts: export_and_import_make_the_same_journal,
                random: the_same_history_ends_alike_on_two_engines,
            );
        }
    };
    (@ $place:path; $($module:ident: $check:ident,)*) => {
        $(#[test]
        fn $check() {
            if <$place as $crate::suite::Place>::is_available() {
                $crate::suite::$module::$check::<$place>();
            }
        })*
    };
}
