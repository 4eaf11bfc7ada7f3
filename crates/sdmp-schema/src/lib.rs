//! Draft-04 validation of SDMP 0.12 containers: core schemas, registry and resolvers, without network
