//! SDMP 0.12 identities, private keys, signature containers and encrypted containers
