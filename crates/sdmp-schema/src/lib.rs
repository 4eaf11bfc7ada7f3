#![doc = include_str!("../README.md")]

mod compare;
mod cost;
mod directory;
mod document;
mod engine;
mod error;
pub mod extensions;
mod figure;
mod instance;
mod pointer;
mod registry;
mod resolver;
mod validator;
mod walk;

pub use directory::DirectoryResolver;
pub use error::{DocumentFault, Error, Schema, Violation};
pub use registry::{CONTAINER_SCHEMA, Registry, core_schema_text};
pub use resolver::{BuiltIn, MemoryResolver, Resolver};
pub use validator::Validator;
