//! How much of an input is read.

/// The longest object that a session takes (R42), and some for objects that are refused.
pub(super) const OBJECT_LIMIT: usize = 17 << 20;

/// More objects than this of one input are not read: each is shown with all that is known of it.
const PIECES: usize = 20_000;

/// How many objects may still be read.
#[derive(Debug)]
pub(super) struct Budget {
    rest: usize,
    over: bool,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { rest: PIECES, over: false }
    }

    /// Whether one more may be read.
    pub(super) fn spend(&mut self) -> bool {
        match self.rest.checked_sub(1) {
            Some(rest) => self.rest = rest,
            None => self.over = true,
        }
        !self.over
    }

    pub(super) fn note(&self) -> Option<String> {
        self.over.then(|| format!("only the first {PIECES} objects are read"))
    }
}
