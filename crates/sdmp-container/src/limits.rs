//! How much of a peer's text we are willing to look at (R4, R42).

/// Upper bounds for one JSON text. What exceeds one of them is refused before it costs anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest text, in octets, inclusive.
    pub octets: usize,
    /// The deepest nesting of objects and arrays; the root object is level 1 (R4).
    ///
    /// Values above [`Limits::MAX_DEPTH`] count as [`Limits::MAX_DEPTH`].
    pub depth: usize,
    /// The most object members and array elements in the whole text together. This bounds memory:
    /// each of them costs at most some 64 octets beside the text itself.
    pub members: usize,
}

impl Limits {
    /// Objects of a handshake in plaintext: session creation objects and rejections (R42).
    pub const CLOSED_PLAIN: Self = Self { octets: 4096, depth: 4, members: 64 };

    /// Encrypted network objects before acceptance, and the objects inside them (R42).
    pub const CLOSED_HANDSHAKE: Self = Self { octets: 12_288, depth: 4, members: 64 };

    /// Encrypted network objects after acceptance: closed, but long (R42).
    pub const CLOSED_TRAFFIC: Self = Self { octets: 16 << 20, depth: 4, members: 64 };

    /// Everything else: 16 MiB, 32 levels (R4, R42).
    pub const DEFAULT: Self = Self { octets: 16 << 20, depth: 32, members: 1 << 18 };

    /// A text that was written here, however long.
    pub(crate) const OWN: Self =
        Self { octets: usize::MAX, depth: Self::MAX_DEPTH, members: usize::MAX };

    /// The parser descends one stack frame a level, so no configuration may ask for more than this.
    pub const MAX_DEPTH: usize = 128;
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
