//! Hashing, RSA keys, Diffie-Hellman groups, key derivation and content encryption of SDMP 0.12
