//! Properties of key texts.

use sdmp_crypto::rsa::{PrivateKey, PublicKey};

/// R14, R15: a key whose text loads has one canonical text, with the same fingerprint.
pub fn pem(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(key) = PublicKey::from_pem(text) {
        public(&key);
    }
    // Passphrases are slow on purpose; what their parameters may cost has tests of its own.
    if !PrivateKey::is_encrypted_pem(text)
        && let Ok(key) = PrivateKey::from_pem(text, None)
    {
        private(&key);
    }
}

/// R13, R14: a key whose DER loads has one DER, with the same fingerprint.
pub fn der(octets: &[u8]) {
    if let Ok(key) = PublicKey::from_spki_der(octets) {
        assert_eq!(key.spki_der(), octets, "two encodings of one key");
        public(&key);
    }
    let loaded = [PrivateKey::from_pkcs8_der(octets), PrivateKey::from_pkcs1_der(octets)];
    loaded.iter().flatten().for_each(private);
}

fn public(key: &PublicKey) {
    assert!((2048..=8192).contains(&key.bits()), "R13");
    let again = PublicKey::from_pem(key.canonical_pem()).expect("the canonical text loads");
    assert!(
        again.fingerprint() == key.fingerprint() && again.canonical_pem() == key.canonical_pem()
    );
    assert!(key.is_canonical(key.canonical_pem()));
    let again = PublicKey::from_spki_der(key.spki_der()).expect("the canonical DER loads");
    assert_eq!(again.fingerprint(), key.fingerprint());
}

fn private(key: &PrivateKey) {
    public(key.public());
    let again = PrivateKey::from_pem(&key.to_pem().expect("what loads is written"), None)
        .expect("what was written loads");
    assert_eq!(again.public().fingerprint(), key.public().fingerprint());
}
