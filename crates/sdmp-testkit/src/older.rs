//! Objects in the older form (R45), made without this project; `fixtures/older/README.md` says how.

/// The private key, which is public: PKCS#1 PEM.
pub const PRIVATE: &str = include_str!("../fixtures/older/private.pem");

/// Its public half as PEM.
pub const PUBLIC: &str = include_str!("../fixtures/older/public.pem");

/// The older fingerprint of the key: SHA-512 of it as bare base64.
#[must_use]
pub fn fingerprint() -> &'static str {
    include_str!("../fixtures/older/fingerprint.txt").trim_end()
}

/// The identity, which ended on 2020-01-01.
#[must_use]
pub fn identity() -> &'static str {
    include_str!("../fixtures/older/identity.json").trim_end()
}

/// The identity, signed by its own key.
#[must_use]
pub fn signed_identity() -> &'static str {
    include_str!("../fixtures/older/identity-signature.json").trim_end()
}

/// A trust container.
#[must_use]
pub fn trust() -> &'static str {
    include_str!("../fixtures/older/trust.json").trim_end()
}

/// The trust container, signed by the same key.
#[must_use]
pub fn signed_trust() -> &'static str {
    include_str!("../fixtures/older/trust-signature.json").trim_end()
}

/// Where the files lie, for programs that read files.
#[must_use]
pub fn directory() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/older")
}
