//! What the peer sent in one session.

/// What the peer sent in one session.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Every octet, as it came.
    pub octets: Vec<u8>,
    /// The texts of its objects.
    pub objects: Vec<Vec<u8>>,
    /// The padded plaintexts of those that were encrypted.
    pub padded: Vec<Vec<u8>>,
    /// The peer's N.
    pub value: Vec<u8>,
    /// The octets of p.
    pub prime: Vec<u8>,
}
